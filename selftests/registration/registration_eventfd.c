// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event object of a registration: which is taken, and what is left of it as it
 * is. W68.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "connection.h"
#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "traffic.h"

FIXTURE(object) {
	struct connection connection;
	int fd;
};

FIXTURE_SETUP(object)
{
	connection_set_up(_metadata, &self->connection, AF_INET);
	self->fd = self->connection.fd;
}

FIXTURE_TEARDOWN(object)
{
	close(self->fd);
}

/* Each error leaves the registration that there was. */
TEST_F(object, W68_that_is_no_eventfd_is_EINVAL)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, CLOSE));
	EXPECT_EQ(-EINVAL, ask(self->fd, pipes[0], READ));
	EXPECT_EQ(-EINVAL, ask(self->fd, self->fd, READ));
	EXPECT_EQ(-EINVAL, ask(self->fd, epoll_create1(EPOLL_CLOEXEC), READ));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(object, W68_that_is_not_open_is_EBADF)
{
	ASSERT_EQ(0, ask(self->fd, self->connection.event, CLOSE));
	EXPECT_EQ(-EBADF, ask(self->fd, -1, READ));
	EXPECT_EQ(-EBADF, ask(self->fd, 1 << 20, READ));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(object, W68_for_what_is_no_socket_is_ENOTSOCK)
{
	int event = self->connection.event;
	struct sockdup_registration registration;

	EXPECT_EQ(-ENOTSOCK, ask(event, event, READ));
	EXPECT_EQ(-ENOTSOCK, ask(event, event, 0));
	EXPECT_EQ(-ENOTSOCK, take(event));
	EXPECT_EQ(-ENOTSOCK, try_event_rearm(event, READ));
	EXPECT_EQ(-ENOTSOCK, try_event_query(event, &registration));
}

TEST_F(object, W68_for_what_is_not_open_is_EBADF)
{
	struct sockdup_registration registration;

	EXPECT_EQ(-EBADF, ask(-1, self->connection.event, READ));
	EXPECT_EQ(-EBADF, ask(-1, self->connection.event, 0));
	EXPECT_EQ(-EBADF, take(-1));
	EXPECT_EQ(-EBADF, try_event_rearm(-1, READ));
	EXPECT_EQ(-EBADF, try_event_query(-1, &registration));
}

TEST_F(object, that_is_set_stays_set)
{
	const __u64 count = 5;

	ASSERT_EQ(8, write(self->connection.event, &count, sizeof(count)));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_TRUE(event_is_set(self->connection.event));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_FALSE(event_is_set(self->connection.event));
}

TEST_F(object, that_is_full_stays_set)
{
	const __u64 count = UINT64_MAX - 1;

	ASSERT_EQ(8, write(self->connection.event, &count, sizeof(count)));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_TRUE(event_is_set(self->connection.event));
}

TEST_F(object, that_is_not_set_stays_so)
{
	__u64 count;

	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_EQ(-1, read(self->connection.event, &count, sizeof(count)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(object, whose_descriptor_was_closed_is_set_for_its_other_holders)
{
	int copy = dup(self->connection.event);

	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	ASSERT_EQ(0, close(self->connection.event));
	ASSERT_EQ(0, arrive(self->connection.peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, copy, READ));
}

TEST_F(object, that_all_have_closed_harms_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	ASSERT_EQ(0, close(self->connection.event));
	ASSERT_EQ(0, arrive(self->connection.peer, self->fd, "x"));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

FIXTURE(semaphore) {
	int fd;
	int event;
	int epoll;
};

FIXTURE_VARIANT(semaphore) {
	unsigned int count;
};

FIXTURE_VARIANT_ADD(semaphore, of_0) { 0 };
FIXTURE_VARIANT_ADD(semaphore, of_1) { 1 };
FIXTURE_VARIANT_ADD(semaphore, of_5) { 5 };

/* Whoever is woken finds it writable, so that no wake-up goes unseen. */
FIXTURE_SETUP(semaphore)
{
	struct epoll_event any = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	self->fd = udp_bound(AF_INET);
	ASSERT_LE(0, self->fd);
	self->event = eventfd(variant->count,
			      EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	ASSERT_LE(0, self->event);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->event, &any));
	ASSERT_EQ(1, epoll_wait(self->epoll, &any, 1, 0));
}

FIXTURE_TEARDOWN(semaphore)
{
	close(self->epoll);
	close(self->event);
	close(self->fd);
}

static unsigned int count_reads(int event)
{
	unsigned int count = 0;
	__u64 one;

	while (read(event, &one, sizeof(one)) == sizeof(one))
		count++;
	return count;
}

TEST_F(semaphore, is_EINVAL_and_keeps_its_count)
{
	EXPECT_EQ(-EINVAL, ask(self->fd, self->event, READ));
	EXPECT_EQ(variant->count, count_reads(self->event));
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(semaphore, is_EINVAL_and_wakes_nobody)
{
	const __u64 one = 1;
	struct epoll_event seen;

	EXPECT_EQ(-EINVAL, ask(self->fd, self->event, READ));
	EXPECT_EQ(0, epoll_wait(self->epoll, &seen, 1, 0));
	ASSERT_EQ(8, write(self->event, &one, sizeof(one)));
	EXPECT_EQ(1, epoll_wait(self->epoll, &seen, 1, 0));
}

SOCKDUP_TEST_MAIN
