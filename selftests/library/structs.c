// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs that functions of the device fill, for callers older and newer than
 * the library. netlink_structs has those of the netlink functions.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness.h"
#include "guarded.h"

/* A struct that changes its size breaks every program that was built before. */
#define SIZE(type, size64, size32)					\
	EXPECT_EQ(sizeof(long) == 8 ? (size64) : (size32), sizeof(struct type))

TEST(sizes_are_those_of_the_first_version)
{
	SIZE(sockdup_protocol_info, 128, 128);
	SIZE(sockdup_identity, 16, 16);
	SIZE(sockdup_description, 208, 204);
	SIZE(sockdup_network_events, 64, 64);
	SIZE(sockdup_registration, 64, 64);
	SIZE(sockdup_socket_info, 456, 448);
	SIZE(sockdup_token_info, 568, 556);
	SIZE(sockdup_set, 72, 56);
	SIZE(sockdup_filter, 64, 64);
	SIZE(sockdup_stats, 200, 192);
	SIZE(sockdup_token_event, 56, 48);
	SIZE(sockdup_inbox_options, 56, 52);
	SIZE(sockdup_posting, 96, 84);
}

FIXTURE(structs) {
	int socket;
	int event;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(structs)
{
	self->socket = udp_bound(AF_INET);
	ASSERT_LE(0, self->socket);
	self->event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	ASSERT_EQ(0, try_duplicate(self->socket, getpid(), &self->info));
}

FIXTURE_TEARDOWN(structs)
{
	try_revoke(&self->info);
}

TEST_F(structs, description)
{
	GUARDED(sockdup_description) description;

	GUARDED_POISON(&description);
	ASSERT_EQ(0, try_query(&self->info, &description.it));
	EXPECT_TRUE(GUARDED_FITS(&description));
}

TEST_F(structs, network_events)
{
	GUARDED(sockdup_network_events) happened;

	ASSERT_EQ(0, try_event_select(self->socket, self->event,
				      SOCKDUP_FD_WRITE,
				      SOCKDUP_EVENT_KIND_EVENT));
	GUARDED_POISON(&happened);
	ASSERT_EQ(0, try_event_enumerate(self->socket, 0, &happened.it));
	EXPECT_EQ(SOCKDUP_FD_WRITE, happened.it.events);
	EXPECT_TRUE(GUARDED_FITS(&happened));
}

TEST_F(structs, registration)
{
	GUARDED(sockdup_registration) registration;

	GUARDED_POISON(&registration);
	ASSERT_EQ(0, try_event_query(self->socket, &registration.it));
	EXPECT_TRUE(GUARDED_FITS(&registration));
}

TEST_F(structs, inbox_options)
{
	GUARDED(sockdup_inbox_options) options;
	int inbox = sockdup_inbox_open(NULL);

	ASSERT_LE(0, inbox);
	GUARDED_POISON(&options);
	ASSERT_LE(0, sockdup_inbox_bind(getpid(), 0, &options.it));
	EXPECT_TRUE(GUARDED_FITS(&options));
	close(inbox);
}

/* The reserve is the caller's zeroes. */
TEST_F(structs, posting)
{
	int inbox = sockdup_inbox_open(NULL), fd;
	struct iovec room = { };

	GUARDED(sockdup_posting) posting = {
		.it = {
			.fds = &fd,
			.socket_count = 1,
			.message = &room,
			.message_count = 1,
			.ttl_ms = 60000,
		},
	};

	ASSERT_LE(0, inbox);
	ASSERT_EQ(0, sockdup_post(sockdup_inbox_bind(getpid(), 0, NULL), self->socket, 0, 0));
	memset(posting.guard, POISON, GUARD_SIZE);
	ASSERT_EQ(0, sockdup_accept_set(inbox, &posting.it, 0));
	EXPECT_TRUE(GUARDED_FITS(&posting));
	EXPECT_EQ(60000, posting.it.ttl_ms);
	EXPECT_EQ(&room, posting.it.message);
	close(inbox);
}

/* The kernel's own, which tells how much of it the caller knows. */

union any_info {
	struct sockdup_info it;
	unsigned char bytes[sizeof(struct sockdup_info) + GUARD_SIZE];
};

static int ask(union any_info *info, unsigned int size)
{
	info->it.size = size;
	return sockdup_info(&info->it) ? -errno : 0;
}

TEST(info_of_an_older_caller)
{
	union any_info info;

	memset(&info, POISON, sizeof(info));
	memset(&info, 0, SOCKDUP_INFO_SIZE_VER0);
	ASSERT_EQ(0, ask(&info, SOCKDUP_INFO_SIZE_VER0));
	EXPECT_EQ(SOCKDUP_INFO_SIZE_VER0, info.it.size);
	EXPECT_EQ(128, info.it.protocol_info_size);
	EXPECT_TRUE(bytes_are(info.bytes + SOCKDUP_INFO_SIZE_VER0, POISON,
			      sizeof(info) - SOCKDUP_INFO_SIZE_VER0));
}

TEST(info_of_a_newer_caller)
{
	union any_info info = { };

	ASSERT_EQ(0, ask(&info, sizeof(info)));
	EXPECT_EQ(sizeof(info), info.it.size);
	EXPECT_EQ(128, info.it.protocol_info_size);
	EXPECT_TRUE(bytes_are(info.bytes + sizeof(info.it), 0, GUARD_SIZE));
}

TEST(info_of_a_newer_caller_who_asks_for_what_is_not_known)
{
	union any_info info = { };

	info.bytes[sizeof(info) - 1] = 1;
	EXPECT_EQ(-E2BIG, ask(&info, sizeof(info)));
}

TEST(info_of_a_caller_who_knows_less_than_the_first_version)
{
	union any_info info = { };

	EXPECT_EQ(-EINVAL, ask(&info, SOCKDUP_INFO_SIZE_VER0 - 1));
	EXPECT_EQ(-EINVAL, ask(&info, 0));
}

SOCKDUP_TEST_MAIN
