// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library within a process: where it keeps its handle, what it makes of
 * descriptors that are not open, how its handle is opened, given and let go.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"

/* The library's descriptors have numbers from here on, where there is room. */
#define HIGH	64

/* What a call gave, without the sign of an errno. */
static int result(int value)
{
	return value < 0 ? -errno : value;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* The lowest number from @lowest on that is not open. */
static int closed_number(int lowest)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD, lowest);

	close(fd);
	return fd;
}

/* What is open, beside the one descriptor that is not. */
struct resources {
	int socket;
	int event;
	int pidfd;
};

static int duplicate(const struct resources *have, int closed)
{
	struct sockdup_protocol_info info;

	return sockdup_duplicate(closed, getpid(), &info);
}

static int duplicate_pidfd(const struct resources *have, int closed)
{
	struct sockdup_protocol_info info;

	return sockdup_duplicate_pidfd(closed, have->pidfd, &info);
}

static int duplicate_to_closed_pidfd(const struct resources *have, int closed)
{
	struct sockdup_protocol_info info;

	return sockdup_duplicate_pidfd(have->socket, closed, &info);
}

static int export_to_closed_peer(const struct resources *have, int closed)
{
	struct sockdup_protocol_info info;

	return sockdup_export(have->socket, closed, SOCKDUP_EXPORT_TO_PEER, 0,
			      &info);
}

static int event_select(const struct resources *have, int closed)
{
	return sockdup_event_select(closed, have->event, SOCKDUP_FD_READ,
				    SOCKDUP_EVENT_KIND_EVENT);
}

static int event_select_closed_event(const struct resources *have, int closed)
{
	return sockdup_event_select(have->socket, closed, SOCKDUP_FD_READ,
				    SOCKDUP_EVENT_KIND_EVENT);
}

static int event_register(const struct resources *have, int closed)
{
	return sockdup_event_register(closed, have->event, SOCKDUP_FD_READ,
				      SOCKDUP_EVENT_KIND_EVENT,
				      SOCKDUP_EVENT_ONCE);
}

static int event_cancel(const struct resources *have, int closed)
{
	return sockdup_event_select(closed, -1, 0, SOCKDUP_EVENT_KIND_EVENT);
}

static int event_enumerate(const struct resources *have, int closed)
{
	struct sockdup_network_events happened;

	return sockdup_event_enumerate(closed, 0, &happened);
}

static int event_rearm(const struct resources *have, int closed)
{
	return sockdup_event_rearm(closed, SOCKDUP_FD_READ);
}

static int event_inherit(const struct resources *have, int closed)
{
	return sockdup_event_inherit(closed, have->socket);
}

static int event_inherit_of_closed(const struct resources *have, int closed)
{
	return sockdup_event_inherit(have->socket, closed);
}

static int event_query(const struct resources *have, int closed)
{
	struct sockdup_registration registration;

	return sockdup_event_query(closed, &registration);
}

FIXTURE(closed) {
	struct resources have;
};

FIXTURE_VARIANT(closed) {
	int (*call)(const struct resources *have, int closed);
};

FIXTURE_VARIANT_ADD(closed, duplicate) { .call = duplicate };
FIXTURE_VARIANT_ADD(closed, duplicate_pidfd) { .call = duplicate_pidfd };
FIXTURE_VARIANT_ADD(closed, duplicate_to_closed_pidfd) { .call = duplicate_to_closed_pidfd };
FIXTURE_VARIANT_ADD(closed, export_to_closed_peer) { .call = export_to_closed_peer };
FIXTURE_VARIANT_ADD(closed, event_select) { .call = event_select };
FIXTURE_VARIANT_ADD(closed, event_select_closed_event) { .call = event_select_closed_event };
FIXTURE_VARIANT_ADD(closed, event_register) { .call = event_register };
FIXTURE_VARIANT_ADD(closed, event_cancel) { .call = event_cancel };
FIXTURE_VARIANT_ADD(closed, event_enumerate) { .call = event_enumerate };
FIXTURE_VARIANT_ADD(closed, event_rearm) { .call = event_rearm };
FIXTURE_VARIANT_ADD(closed, event_inherit) { .call = event_inherit };
FIXTURE_VARIANT_ADD(closed, event_inherit_of_closed) { .call = event_inherit_of_closed };
FIXTURE_VARIANT_ADD(closed, event_query) { .call = event_query };

FIXTURE_SETUP(closed)
{
	self->have.socket = udp_bound(AF_INET);
	ASSERT_LE(0, self->have.socket);
	self->have.event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->have.event);
	self->have.pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	ASSERT_LE(0, self->have.pidfd);
}

FIXTURE_TEARDOWN(closed)
{
}

/*
 * The first time the library has nothing open, and could open its handle under
 * the number that the caller means; the second time it has done so, if ever.
 */
TEST_F(closed, is_ebadf_at_the_first_use_and_later)
{
	const int lowest[] = { 0, HIGH };
	unsigned int i, time;
	int fd;

	for (i = 0; i < ARRAY_SIZE(lowest); i++) {
		sockdup_release();
		fd = closed_number(lowest[i]);
		for (time = 0; time < 3; time++) {
			EXPECT_EQ(-EBADF, result(variant->call(&self->have, fd)))
				TH_LOG("number %d, time %u", fd, time);
			/* Has the handle opened, if it was not. */
			ASSERT_LE(0, sockdup_open());
		}
	}
}

/* What a forked child gives is added up from one on; 0 is that all is well. */
static int in_child(int (*run)(void))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(run());
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status);
}

/* Where the handle is. */
static int with_streams_closed(void)
{
	struct sockdup_protocol_info info;
	int fd, stream, socket = udp_bound(AF_INET);

	for (stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		close(stream);
	if (try_duplicate(socket, getpid(), &info) || try_revoke(&info))
		return 1;
	for (stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if (is_open(stream))
			return 2;
	/* The program's own take these numbers, as they always did. */
	fd = dup(socket);
	return fd == STDIN_FILENO ? 0 : 3;
}

TEST(handle_is_no_standard_stream)
{
	EXPECT_EQ(0, in_child(with_streams_closed));
}

TEST(handle_leaves_low_numbers_to_the_program)
{
	const int lowest = closed_number(0);
	int fd = sockdup_open();

	EXPECT_LE(HIGH, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(lowest, closed_number(0));
	EXPECT_EQ(fd, sockdup_open());
}

static int limit_descriptors(rlim_t limit)
{
	struct rlimit old;

	if (getrlimit(RLIMIT_NOFILE, &old))
		return -errno;
	old.rlim_cur = limit;
	return setrlimit(RLIMIT_NOFILE, &old) ? -errno : 0;
}

TEST(handle_is_as_high_as_the_limit_allows)
{
	int fd;

	ASSERT_EQ(0, limit_descriptors(HIGH));
	fd = sockdup_open();
	EXPECT_LE(HIGH / 2, fd);
	EXPECT_GT(HIGH, fd);
	sockdup_release();
	ASSERT_EQ(0, limit_descriptors(10));
	fd = sockdup_open();
	EXPECT_LE(8, fd);
	EXPECT_GT(10, fd);
}

static int with_one_number_left(void)
{
	int fd;

	while (dup(STDIN_FILENO) >= 0)
		;
	close(STDERR_FILENO + 1);
	fd = sockdup_open();
	if (fd != STDERR_FILENO + 1)
		return 1;
	sockdup_release();
	return is_open(fd) ? 2 : 0;
}

TEST(handle_takes_the_last_number)
{
	ASSERT_EQ(0, limit_descriptors(20));
	EXPECT_EQ(0, in_child(with_one_number_left));
}

static int with_one_stream_left(void)
{
	while (dup(STDIN_FILENO) >= 0)
		;
	close(STDIN_FILENO);
	if (sockdup_open() >= 0 || errno != EMFILE)
		return 1;
	return is_open(STDIN_FILENO) ? 2 : 0;
}

TEST(handle_does_not_take_the_last_number_if_it_is_a_standard_stream)
{
	ASSERT_EQ(0, limit_descriptors(20));
	EXPECT_EQ(0, in_child(with_one_stream_left));
}

/* A program that closes what it does not know, and reuses the number. */
TEST(handle_whose_number_became_the_programs_is_given_up)
{
	struct sockdup_protocol_info info;
	int fd, socket = udp_bound(AF_INET);

	ASSERT_LE(0, socket);
	fd = sockdup_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(fd, dup2(socket, fd));
	ASSERT_EQ(0, close(socket));
	EXPECT_EQ(0, try_duplicate(fd, getpid(), &info));
	EXPECT_EQ(0, try_revoke(&info));
	sockdup_release();
	EXPECT_EQ(1, is_open(fd));
}

static void *cancel_oneself_and_open(void *context)
{
	pthread_cancel(pthread_self());
	sockdup_open();
	pthread_testcancel();
	return NULL;
}

TEST(cancelled_thread_leaves_the_library_to_the_others)
{
	pthread_t thread;
	void *value;

	sockdup_release();
	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_oneself_and_open,
				    NULL));
	ASSERT_EQ(0, pthread_join(thread, &value));
	ASSERT_EQ(PTHREAD_CANCELED, value);
	EXPECT_LE(0, sockdup_open());
}

SOCKDUP_TEST_MAIN
