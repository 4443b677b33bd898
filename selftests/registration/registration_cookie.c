// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCKDUP_EVENT_BY_COOKIE: who has registered a socket enumerates it without a
 * descriptor. W80.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "tcp.h"
#include "traffic.h"

/* Enough that one is found among many. */
#define SOCKETS	100

static __u64 cookie_of(int fd)
{
	__u64 cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) ? 0 : cookie;
}

static int take_by(__u64 cookie)
{
	struct sockdup_network_events happened = { 0 };
	int error = try_event_enumerate_cookie(cookie, 0, &happened);

	return error ? error : (int)happened.events;
}

/* A connection of which an agent has the first end, too. */
FIXTURE(held) {
	struct agent agent;
	struct connection connection;
	__u64 cookie;
	int theirs;
};

FIXTURE_SETUP(held)
{
	ASSERT_EQ(0, agent_spawn(&self->agent));
	connection_set_up(_metadata, &self->connection, AF_INET);
	self->cookie = cookie_of(self->connection.fd);
	ASSERT_NE(0, self->cookie);
	ASSERT_EQ(0, ask(self->connection.fd, self->connection.event, READ));
	self->theirs = agent_give(&self->agent, dup(self->connection.fd));
	ASSERT_LE(0, self->theirs);
}

FIXTURE_TEARDOWN(held)
{
	agent_stop(&self->agent);
}

TEST_F(held, W53_W80_registration_goes_on_without_a_descriptor)
{
	struct connection *it = &self->connection;

	close(it->fd);
	EXPECT_EQ(0, take_by(self->cookie));
	ASSERT_EQ(1, send(it->peer, "x", 1, 0));
	ASSERT_EQ(0, wait_for_event(it->event));
	EXPECT_EQ(READ, take_by(self->cookie));
	EXPECT_FALSE(event_is_set(it->event));
	EXPECT_EQ(0, take_by(self->cookie));
}

TEST_F(held, W80_last_close_ends_it)
{
	struct connection *it = &self->connection;

	ASSERT_EQ(0, arrive(it->peer, it->fd, "x"));
	close(it->fd);
	ASSERT_EQ(0, agent_close(&self->agent, self->theirs));
	EXPECT_EQ(-ENOENT, take_by(self->cookie));
}

TEST_F(held, another_handle_finds_nothing)
{
	struct sockdup_event_enumerate argument = {
		.size = sizeof(argument),
		.flags = SOCKDUP_EVENT_BY_COOKIE,
		.cookie = self->cookie,
	};
	int device = device_open();

	EXPECT_EQ(-ENOENT, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE,
					&argument));
	ASSERT_EQ(0, register_events(device, self->connection.fd,
				     self->connection.event, READ));
	EXPECT_EQ(-ENOENT, take_by(self->cookie));
	EXPECT_EQ(0, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE, &argument));
}

TEST_F(held, next_registration_is_found_and_a_cancelled_one_is_not)
{
	struct connection *it = &self->connection;

	ASSERT_EQ(0, ask(it->fd, it->event, WRITE));
	EXPECT_EQ(WRITE, take_by(self->cookie));
	ASSERT_EQ(0, ask(it->fd, it->event, 0));
	EXPECT_EQ(-ENOENT, take_by(self->cookie));
}

TEST_F(held, the_socket_is_named_in_one_way)
{
	struct sockdup_event_enumerate argument = {
		.size = sizeof(argument),
		.fd = self->connection.fd,
		.cookie = self->cookie,
	};
	int device = device_open();

	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE,
					&argument));
	argument.flags = SOCKDUP_EVENT_BY_COOKIE;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE,
					&argument));
	EXPECT_EQ(-EINVAL, take_by(0));
	/* What a caller of the first version cannot say. */
	argument.fd = 0;
	argument.size = SOCKDUP_EVENT_ENUMERATE_SIZE_VER0;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE,
					&argument));
}

TEST_F(tcp, a_cookie_that_nobody_had_asked_for_is_unknown)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	EXPECT_EQ(-ENOENT, take_by(cookie_of(self->fd)));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST(each_of_many_is_found)
{
	int fds[SOCKETS], event = new_event(), expected, i;
	__u64 cookies[SOCKETS];

	for (i = 0; i < SOCKETS; i++) {
		fds[i] = udp_bound(AF_INET);
		ASSERT_LE(0, fds[i]);
		cookies[i] = cookie_of(fds[i]);
		/* Every other one has something to tell. */
		ASSERT_EQ(0, ask(fds[i], event, i % 2 ? READ : WRITE));
	}
	for (i = 0; i < SOCKETS; i += 3)
		close(fds[i]);
	for (i = 0; i < SOCKETS; i++) {
		expected = i % 2 ? 0 : WRITE;
		if (i % 3 == 0)
			expected = -ENOENT;
		EXPECT_EQ(expected, take_by(cookies[i]));
	}
}

SOCKDUP_TEST_MAIN
