// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who else has the socket after its source has exported it and closed its
 * descriptor: a thread that sleeps in a call on it, and an io_uring. Both take
 * what comes first, and keep the socket open.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <poll.h>

#include "call.h"
#include "ring.h"

static int connect_to(const struct address *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (const void *)&address->storage, address->size))
		return -errno;
	return fd;
}

static int send_byte(int fd)
{
	return send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/**
 * struct sockets - what the test is the source of
 * @listener: a listener
 * @address: where that listens
 * @connection: one end of a connection
 * @peer: the other, which stays with the test
 */
struct sockets {
	int listener;
	struct address address;
	int connection;
	int peer;
};

static int sockets_open(struct sockets *sockets)
{
	int fds[2], error;

	sockets->listener = tcp_listener(AF_INET);
	if (sockets->listener < 0)
		return sockets->listener;
	sockets->address = bound_address(sockets->listener);
	error = tcp_pair(AF_INET, fds);
	sockets->connection = fds[0];
	sockets->peer = fds[1];
	return error;
}

FIXTURE(thread) {
	struct agent target;
	struct sockets sockets;
};

FIXTURE_SETUP(thread)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, sockets_open(&self->sockets));
}

FIXTURE_TEARDOWN(thread)
{
	agent_kill(&self->target);
}

TEST_F(thread, accept_under_way_takes_the_next_connection)
{
	struct call call;
	int fd;

	ASSERT_EQ(0, call_accept(&call, self->sockets.listener));
	fd = agent_give(&self->target, self->sockets.listener);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, connect_to(&self->sockets.address));
	EXPECT_LE(0, call_wait(&call));
	EXPECT_EQ(0, agent_poll(&self->target, fd, POLLIN, 0));
	ASSERT_LE(0, connect_to(&self->sockets.address));
	EXPECT_LE(0, agent_accept(&self->target, fd, 0));
}

TEST_F(thread, accept_that_a_signal_ended_takes_no_connection)
{
	struct call call;
	int fd;

	ASSERT_EQ(0, call_accept(&call, self->sockets.listener));
	ASSERT_EQ(-EINTR, call_interrupt(&call));
	fd = agent_give(&self->target, self->sockets.listener);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, connect_to(&self->sockets.address));
	EXPECT_LE(0, agent_accept(&self->target, fd, 0));
}

TEST_F(thread, recv_under_way_takes_the_next_data)
{
	struct call call;
	char bytes[2];
	int fd;

	ASSERT_EQ(0, call_recv(&call, self->sockets.connection));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_byte(self->sockets.peer));
	EXPECT_EQ(1, call_wait(&call));
	EXPECT_EQ(-EAGAIN, agent_recv(&self->target, fd, bytes, sizeof(bytes),
				      MSG_DONTWAIT));
}

TEST_F(thread, recv_under_way_keeps_the_connection_open)
{
	struct call call;
	int fd;

	ASSERT_EQ(0, call_recv(&call, self->sockets.connection));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_close(&self->target, fd));
	EXPECT_EQ(0, recv_nothing(self->sockets.peer));
	ASSERT_EQ(0, send_byte(self->sockets.peer));
	EXPECT_EQ(1, call_wait(&call));
	EXPECT_EQ(0, wait_for_end(self->sockets.peer));
}

TEST_F(thread, shutdown_ends_recv_under_way)
{
	struct call call;
	int fd;

	ASSERT_EQ(0, call_recv(&call, self->sockets.connection));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_shutdown(&self->target, fd, SHUT_RDWR));
	EXPECT_EQ(0, call_wait(&call));
}

FIXTURE(io_uring) {
	struct agent target;
	struct sockets sockets;
	struct ring ring;
};

FIXTURE_SETUP(io_uring)
{
	int error = ring_open(&self->ring);

	if (error == -EOPNOTSUPP)
		SKIP(longjmp(_metadata->env, 1), "no io_uring for us here");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, sockets_open(&self->sockets));
}

FIXTURE_TEARDOWN(io_uring)
{
	agent_kill(&self->target);
}

TEST_F(io_uring, request_takes_the_next_connection)
{
	int fd;

	ASSERT_EQ(0, ring_submit_accept(&self->ring, self->sockets.listener));
	fd = agent_give(&self->target, self->sockets.listener);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, connect_to(&self->sockets.address));
	EXPECT_LE(0, ring_wait(&self->ring));
	EXPECT_EQ(0, agent_poll(&self->target, fd, POLLIN, 0));
}

TEST_F(io_uring, request_takes_the_next_data)
{
	char bytes[2];
	int fd;

	ASSERT_EQ(0, ring_submit_recv(&self->ring, self->sockets.connection, bytes, 1));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_byte(self->sockets.peer));
	EXPECT_EQ(1, ring_wait(&self->ring));
	EXPECT_EQ(-EAGAIN, agent_recv(&self->target, fd, bytes, sizeof(bytes),
				      MSG_DONTWAIT));
}

TEST_F(io_uring, request_keeps_the_connection_open)
{
	char byte;
	int fd;

	ASSERT_EQ(0, ring_submit_recv(&self->ring, self->sockets.connection, &byte, 1));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_close(&self->target, fd));
	EXPECT_EQ(0, recv_nothing(self->sockets.peer));
	ring_close(&self->ring);
	EXPECT_EQ(0, wait_for_end(self->sockets.peer));
}

TEST_F(io_uring, with_the_file_registered_keeps_the_connection_open)
{
	int fd;

	ASSERT_EQ(0, ring_register_file(&self->ring, self->sockets.connection));
	fd = agent_give(&self->target, self->sockets.connection);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_close(&self->target, fd));
	EXPECT_EQ(0, recv_nothing(self->sockets.peer));
	ring_close(&self->ring);
	EXPECT_EQ(0, wait_for_end(self->sockets.peer));
}

SOCKDUP_TEST_MAIN
