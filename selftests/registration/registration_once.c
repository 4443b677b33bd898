// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCKDUP_EVENT_ONCE: READ, OOB and ACCEPT are recorded once until they are
 * re-armed. And re-arming by those who hold the socket and did not register.
 * W70, W71, W78, W81, X4.
 *
 * That a network event does not come is seen by another one, made to come later,
 * that comes alone.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "connection.h"
#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "tcp.h"
#include "traffic.h"

/* Rounds in which somebody re-arms without end. */
#define ROUNDS		20000
#define DISTURBERS	4

TEST_F(tcp, X4_new_data_is_not_told_before_a_rearm)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ | WRITE));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ | WRITE, come(self->fd, self->event, READ | WRITE));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "y"));
	EXPECT_FALSE(event_is_set(self->event));
	ASSERT_EQ(0, try_event_rearm(self->fd, WRITE));
	EXPECT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

/* The kernel looks at such data in the wake-up itself. */
TEST_F(tcp, X4_new_data_is_not_told_where_read_alone_is_asked_for)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "y"));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, X4_new_urgent_data_is_not_told_before_a_rearm)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, OOB | WRITE));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(OOB | WRITE, come(self->fd, self->event, OOB | WRITE));
	ASSERT_EQ(1, receive_urgent(self->fd));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, WRITE));
	EXPECT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, OOB));
	EXPECT_EQ(OOB, take(self->fd));
}

TEST_F(tcp, W70_rearm_tells_of_data_that_is_left)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "xy"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W70_data_that_comes_after_a_rearm_is_told)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "y"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W71_rearm_of_what_is_recorded_tells_it_once)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, next_registration_has_no_flag_of_the_one_before)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "y"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W78_end_is_told_by_the_rearm_of_a_read_and_once)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(CLOSE, take(self->fd));
	ASSERT_EQ(0, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(0, take(self->fd));
}

/* Without the flag, too. */
TEST_F(tcp, W78_end_is_told_by_the_rearm_of_a_read_where_events_are_edges)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(CLOSE, take(self->fd));
}

/* Sockets that a worker looks at. */
FIXTURE(datagrams) {
	int fds[2];
	int event;
};

FIXTURE_VARIANT(datagrams) {
	int family;
	int type;
};

FIXTURE_VARIANT_ADD(datagrams, unix_datagram) { AF_UNIX, SOCK_DGRAM };
FIXTURE_VARIANT_ADD(datagrams, unix_stream) { AF_UNIX, SOCK_STREAM };

FIXTURE_SETUP(datagrams)
{
	self->event = new_event();
	ASSERT_LE(0, self->event);
	ASSERT_EQ(0, socketpair(variant->family, variant->type | SOCK_CLOEXEC,
				0, self->fds));
}

FIXTURE_TEARDOWN(datagrams)
{
	close(self->event);
	close(self->fds[0]);
	close(self->fds[1]);
}

TEST_F(datagrams, X4_new_data_is_not_told_before_a_rearm)
{
	ASSERT_EQ(0, ask_once(self->fds[0], self->event, READ | WRITE));
	ASSERT_EQ(0, arrive(self->fds[1], self->fds[0], "x"));
	ASSERT_EQ(READ | WRITE,
		  come(self->fds[0], self->event, READ | WRITE));
	ASSERT_EQ(0, arrive(self->fds[1], self->fds[0], "y"));
	ASSERT_EQ(0, try_event_rearm(self->fds[0], WRITE));
	EXPECT_EQ(WRITE, come(self->fds[0], self->event, WRITE));
	ASSERT_EQ(0, try_event_rearm(self->fds[0], READ));
	EXPECT_EQ(READ, take(self->fds[0]));
}

FIXTURE(listener) {
	int fd;
	int event;
	struct address address;
	int clients[2];
};

FIXTURE_SETUP(listener)
{
	self->event = new_event();
	ASSERT_LE(0, self->event);
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	self->address = bound_address(self->fd);
	ASSERT_EQ(0, ask_once(self->fd, self->event, ACCEPT | READ | WRITE));
	self->clients[0] = connect_to(&self->address, 0);
	ASSERT_LE(0, self->clients[0]);
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	self->clients[1] = connect_to(&self->address, 0);
	ASSERT_LE(0, self->clients[1]);
}

FIXTURE_TEARDOWN(listener)
{
	close(self->clients[0]);
	close(self->clients[1]);
	close(self->fd);
	close(self->event);
}

TEST_F(listener, X4_new_connection_is_not_told_before_a_rearm)
{
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_LE(0, accept4(self->fd, NULL, NULL, SOCK_CLOEXEC));
	ASSERT_EQ(0, try_event_rearm(self->fd, ACCEPT));
	EXPECT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, accept4(self->fd, NULL, NULL, SOCK_CLOEXEC));
	ASSERT_EQ(0, try_event_rearm(self->fd, ACCEPT));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(listener, W81_accepted_socket_inherits_the_flag)
{
	int fd = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_event_inherit(fd, self->fd));
	ASSERT_EQ(WRITE, take(fd));
	ASSERT_EQ(0, arrive(self->clients[0], fd, "x"));
	ASSERT_EQ(READ, come(fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->clients[0], fd, "y"));
	ASSERT_EQ(0, try_event_rearm(fd, WRITE));
	EXPECT_EQ(WRITE, take(fd));
}

/* A process of another user that holds the socket. */
FIXTURE(stranger) {
	struct agent agent;
	int fd;
	int peer;
	int event;
	int agent_fd;
};

FIXTURE_SETUP(stranger)
{
	struct connection connection;

	ASSERT_EQ(0, agent_spawn(&self->agent));
	connection_set_up(_metadata, &connection, AF_INET);
	self->fd = connection.fd;
	self->peer = connection.peer;
	self->event = connection.event;
	self->agent_fd = agent_give(&self->agent, dup(self->fd));
	ASSERT_LE(0, self->agent_fd);
	ASSERT_EQ(0, agent_setuid(&self->agent, NOBODY));
}

FIXTURE_TEARDOWN(stranger)
{
	agent_stop(&self->agent);
}

TEST_F(stranger, receive_and_rearm_count_for_who_registered)
{
	char byte;

	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "xy"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, agent_recv(&self->agent, self->agent_fd, &byte, 1, 0));
	EXPECT_FALSE(event_is_set(self->event));
	ASSERT_EQ(0, agent_event_rearm(&self->agent, self->agent_fd, READ));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

/* No more than the query does. */
TEST_F(stranger, learns_by_a_rearm_whether_there_is_a_registration)
{
	struct sockdup_registration registration;
	int other = agent_give(&self->agent, dup(self->peer));

	ASSERT_LE(0, other);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_EQ(0, agent_event_rearm(&self->agent, self->agent_fd, ALL));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(0, agent_event_rearm(&self->agent, self->agent_fd, ALL));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_EQ(READ, registration.mask);
	EXPECT_EQ(-ENOENT, agent_event_rearm(&self->agent, other, ALL));
	ASSERT_EQ(0, ask(self->fd, self->event, 0));
	EXPECT_EQ(-ENOENT, agent_event_rearm(&self->agent, self->agent_fd,
					     ALL));
}

TEST_F(stranger, rearms_no_more_than_was_registered_for)
{
	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_event_rearm(&self->agent, self->agent_fd,
				       ALL & ~READ));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

/*
 * Processes that re-arm without end. These tests show that network events come and calls
 * end among them. They do not show each precaution of the kernel's against such
 * processes: a look or an enumeration is rarely hit often enough to come to nothing
 * without it, and the tests pass then, too.
 */
FIXTURE(among_rearms) {
	int fd;
	int peer;
	int event;
	pid_t children[DISTURBERS];
};

static void rearm_without_end(int fd)
{
	int device = device_open();

	for (;;)
		rearm_events(device, fd, ALL);
}

static pid_t disturb(int fd)
{
	pid_t child = fork();

	if (!child)
		rearm_without_end(fd);
	return child < 0 ? -errno : child;
}

static void leave_alone(const pid_t children[DISTURBERS])
{
	int i;

	for (i = 0; i < DISTURBERS; i++) {
		if (children[i] <= 0)
			continue;
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

FIXTURE_SETUP(among_rearms)
{
	struct connection connection;
	int i;

	connection_set_up(_metadata, &connection, AF_INET);
	self->fd = connection.fd;
	self->peer = connection.peer;
	self->event = connection.event;
	for (i = 0; i < DISTURBERS; i++) {
		self->children[i] = disturb(self->fd);
		ASSERT_LT(0, self->children[i]);
	}
}

FIXTURE_TEARDOWN(among_rearms)
{
	leave_alone(self->children);
}

/*
 * One byte at a time, each told. A re-arm that looked before the receive may report
 * after it, while the next byte is on its way, which is then told as well.
 */
TEST_F_TIMEOUT(among_rearms, data_is_told, 300)
{
	unsigned int rounds = stress(ROUNDS);
	int size;

	ASSERT_EQ(0, ask_once(self->fd, self->event, ALL));
	while (rounds--) {
		ASSERT_EQ(1, send(self->peer, "x", 1, 0));
		do {
			ASSERT_LE(0, come(self->fd, self->event, READ));
			size = receive(self->fd, 8);
			ASSERT_EQ(0, try_event_rearm(self->fd, READ));
		} while (size == -EAGAIN);
		ASSERT_EQ(1, size);
	}
	ASSERT_EQ(0, finish(self->peer, self->fd));
	EXPECT_LE(0, come(self->fd, self->event, CLOSE));
}

/* Though something is recorded all the time. */
TEST_F_TIMEOUT(among_rearms, enumerations_end, 300)
{
	unsigned int rounds = stress(ROUNDS);
	int events;

	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask_once(self->fd, self->event, ALL));
	while (rounds--) {
		events = take(self->fd);
		ASSERT_LE(0, events);
		EXPECT_EQ(0, events & ~(WRITE | CLOSE | CONNECT));
	}
}

/* Each attempt's own outcome. */
TEST(attempts_are_told_among_rearms)
{
	struct sockdup_network_events all = { 0 };
	int listener = tcp_listener(AF_INET);
	struct address address = bound_address(listener);
	pid_t children[DISTURBERS] = { 0 };
	unsigned int rounds = stress(ROUNDS / 20);
	int event = new_event();
	int fd, i;

	while (rounds--) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ask_once(fd, event, CONNECT));
		for (i = 0; i < 2; i++)
			children[i] = disturb(fd);
		ASSERT_EQ(-EINPROGRESS, begin_to_connect(fd, &address));
		EXPECT_EQ(CONNECT, come_with(fd, event, CONNECT, &all));
		EXPECT_EQ(0, *error_of(&all, CONNECT));
		leave_alone(children);
		children[0] = 0;
		children[1] = 0;
		close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
		close(fd);
	}
}

SOCKDUP_TEST_MAIN
