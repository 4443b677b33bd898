// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockdup_release(): what it ends, and that everything works afterwards.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

#include "harness.h"
#include "module.h"
#include "result.h"

/* A token that ends with the handle, one that does not, and a registration. */
FIXTURE(release) {
	int socket;
	int event;
	struct sockdup_protocol_info until_close;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(release)
{
	self->socket = udp_bound(AF_INET);
	ASSERT_LE(0, self->socket);
	self->event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	ASSERT_EQ(0, try_export(self->socket, getpid(),
				SOCKDUP_EXPORT_END_ON_CLOSE, 0,
				&self->until_close));
	ASSERT_EQ(0, try_duplicate(self->socket, getpid(), &self->info));
	ASSERT_EQ(0, try_event_select(self->socket, self->event,
				      SOCKDUP_FD_READ,
				      SOCKDUP_EVENT_KIND_EVENT));
}

FIXTURE_TEARDOWN(release)
{
	try_revoke(&self->info);
}

TEST_F(release, ends_the_tokens_that_ask_for_it)
{
	struct sockdup_description description;

	ASSERT_EQ(0, try_query(&self->until_close, &description));
	sockdup_release();
	EXPECT_EQ(-ENOENT, try_query(&self->until_close, &description));
}

TEST_F(release, leaves_other_tokens)
{
	int fd;

	sockdup_release();
	fd = try_socket(&self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->socket, 0, fd));
}

TEST_F(release, ends_registrations)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, try_event_query(self->socket, &registration));
	ASSERT_EQ(SOCKDUP_FD_READ, registration.mask);
	sockdup_release();
	ASSERT_EQ(0, try_event_query(self->socket, &registration));
	EXPECT_EQ(0, registration.mask);
}

/* How many descriptors here are of the device. */
static int handle_count(void)
{
	char link[64], name[64];
	int fd, count = 0;
	ssize_t length;

	for (fd = 0; fd < 1024; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, name, sizeof(name) - 1);
		if (length < 0)
			continue;
		name[length] = '\0';
		count += !strcmp(name, DEVICE_PATH);
	}
	return count;
}

TEST_F(release, leaves_no_descriptor)
{
	EXPECT_EQ(1, handle_count());
	sockdup_release();
	EXPECT_EQ(0, handle_count());
	/* Once more, of nothing. */
	sockdup_release();
	EXPECT_LE(0, sockdup_open());
	EXPECT_EQ(1, handle_count());
}

TEST_F(release, lets_the_module_go)
{
	EXPECT_EQ(-EWOULDBLOCK, module_remove());
	ASSERT_EQ(0, try_revoke(&self->info));
	sockdup_release();
	EXPECT_EQ(0, module_wait_until_unused());
}

TEST_F(release, gives_up_a_handle_that_was_chosen)
{
	int fd = device_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sockdup_use(fd));
	EXPECT_EQ(2, handle_count());
	sockdup_release();
	EXPECT_EQ(1, handle_count());
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, handle_count());
}

/* Another thread, which never notices. */
struct caller {
	int socket;
	int error;
	unsigned int calls;
	atomic_bool over;
};

static void *export_and_revoke(void *context)
{
	struct sockdup_protocol_info info;
	struct caller *caller = context;

	do {
		caller->error = try_duplicate(caller->socket, getpid(), &info) ?:
				try_revoke(&info);
		caller->calls++;
	} while (!caller->error && !caller->over);
	return NULL;
}

TEST_F(release, does_not_disturb_calls_in_other_threads)
{
	const unsigned int rounds = stress(60000);
	struct caller callers[2] = { };
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i].socket = self->socket;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    export_and_revoke, &callers[i]));
	}
	for (i = 0; i < rounds; i++) {
		sockdup_release();
		/* So that the number is not always the handle's. */
		if (i % 2)
			ASSERT_LE(0, sockdup_open());
	}
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i].over = true;
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_EQ(0, callers[i].error)
			TH_LOG("after %u calls", callers[i].calls);
	}
}

/* Another thread, which lets go of the handle all the time. */
static void *release_again_and_again(void *context)
{
	atomic_bool *over = context;

	while (!*over)
		sockdup_release();
	return NULL;
}

/* What lies behind the room of an import. */
static bool is_untouched(const void *memory, size_t size)
{
	const char *byte = memory;

	while (size--)
		if (*byte++ != 0x55)
			return false;
	return true;
}

/* A command that is issued again still has the caller's room, not what the token holds. */
TEST_F(release, import_with_little_room_stays_within_it)
{
	const unsigned int rounds = stress(200000);
	char carried[1 + 64], names[1 + 3][SOCKDUP_NAME_SIZE];
	int given[4] = { self->socket, self->socket, self->socket, self->socket };
	int fds[1 + 3];
	struct iovec payload = { "1234567", 7 };
	struct iovec room = { carried, 1 };
	struct sockdup_set set = {
		.fds = given,
		.socket_count = ARRAY_SIZE(given),
		.payload = &payload,
		.payload_count = 1,
	};
	unsigned int i, refused = 0;
	atomic_bool over = false;
	pthread_t thread;
	int error = 0;

	ASSERT_EQ(0, sockdup_export_set(&set, getpid(), 0, 0, &self->info));
	memset(fds, 0x55, sizeof(fds));
	memset(names, 0x55, sizeof(names));
	memset(carried, 0x55, sizeof(carried));
	ASSERT_EQ(0, pthread_create(&thread, NULL, release_again_and_again, &over));
	for (i = 0; i < rounds && !(error && error != -EMSGSIZE); i++) {
		set = (struct sockdup_set){
			.fds = fds,
			.names = names,
			.socket_count = 1,
			.payload = &room,
			.payload_count = 1,
		};
		error = result(sockdup_import_set(&self->info, 0, &set, NULL));
		refused += error == -EMSGSIZE;
	}
	over = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(rounds, refused)
		TH_LOG("the last one: %d", error);
	EXPECT_EQ(true, is_untouched(fds + 1, sizeof(fds) - sizeof(fds[0])));
	EXPECT_EQ(true, is_untouched(names + 1, sizeof(names) - sizeof(names[0])));
	EXPECT_EQ(true, is_untouched(carried + 1, sizeof(carried) - 1));
}

TEST_F(release, query_with_little_room_stays_within_it)
{
	const unsigned int rounds = stress(200000);
	struct sockdup_protocol_info descriptions[1 + 3];
	char names[1 + 3][SOCKDUP_NAME_SIZE];
	int given[4] = { self->socket, self->socket, self->socket, self->socket };
	const struct sockdup_set set = {
		.fds = given,
		.socket_count = ARRAY_SIZE(given),
	};
	unsigned int i, refused = 0;
	atomic_bool over = false;
	pthread_t thread;
	int error = 0;

	ASSERT_EQ(0, sockdup_export_set(&set, getpid(), 0, 0, &self->info));
	memset(descriptions, 0x55, sizeof(descriptions));
	memset(names, 0x55, sizeof(names));
	ASSERT_EQ(0, pthread_create(&thread, NULL, release_again_and_again, &over));
	for (i = 0; i < rounds && !(error && error != -EMSGSIZE); i++) {
		error = result(sockdup_query_set(&self->info, names, descriptions, 1));
		refused += error == -EMSGSIZE;
	}
	over = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(rounds, refused)
		TH_LOG("the last one: %d", error);
	EXPECT_EQ(true, is_untouched(names + 1, sizeof(names) - sizeof(names[0])));
	EXPECT_EQ(true, is_untouched(descriptions + 1,
				     sizeof(descriptions) - sizeof(descriptions[0])));
}

SOCKDUP_TEST_MAIN
