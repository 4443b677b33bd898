// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registrations of sockets of other kinds than TCP: datagrams, AF_UNIX, and what is
 * built on TCP. W69, W70, W75, W77, W79, W86.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>

#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "traffic.h"

/* Two sockets that are connected to each other, of any family. */
FIXTURE(pair) {
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(pair) {
	int family;
	int type;
};

FIXTURE_VARIANT_ADD(pair, unix_stream) { AF_UNIX, SOCK_STREAM };
FIXTURE_VARIANT_ADD(pair, unix_seqpacket) { AF_UNIX, SOCK_SEQPACKET };
FIXTURE_VARIANT_ADD(pair, unix_dgram) { AF_UNIX, SOCK_DGRAM };
FIXTURE_VARIANT_ADD(pair, udp_ipv4) { AF_INET, SOCK_DGRAM };
FIXTURE_VARIANT_ADD(pair, udp_ipv6) { AF_INET6, SOCK_DGRAM };

static int udp_pair(int family, int fds[2])
{
	struct address addresses[2];
	int i;

	for (i = 0; i < 2; i++) {
		fds[i] = udp_bound(family);
		if (fds[i] < 0)
			return fds[i];
		addresses[i] = bound_address(fds[i]);
	}
	for (i = 0; i < 2; i++)
		if (begin_to_connect(fds[i], &addresses[!i]))
			return -errno;
	return 0;
}

static int make_pair(int family, int type, int fds[2])
{
	if (family != AF_UNIX)
		return udp_pair(family, fds);
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds);
}

FIXTURE_SETUP(pair)
{
	int fds[2];

	ASSERT_EQ(0, make_pair(variant->family, variant->type, fds));
	self->fd = fds[0];
	self->peer = fds[1];
	self->event = new_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(pair)
{
	close(self->fd);
	close(self->peer);
	close(self->event);
}

TEST_F(pair, data_is_told)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_FALSE(event_is_set(self->event));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(pair, W69_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(pair, W70_rearm_tells_of_data_that_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(pair, W86_idle_socket_tells_of_room_alone)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
	EXPECT_EQ(0, take(self->fd));
}

/*
 * Connections that protocols make over TCP. A socket that has not connected, and
 * a listener.
 */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef AF_SMC
#define AF_SMC		43
#endif

FIXTURE(stacked) {
	int fd;
	int event;
	int listener;
	struct address address;
};

FIXTURE_VARIANT(stacked) {
	int family;
	int protocol;
};

FIXTURE_VARIANT_ADD(stacked, mptcp) { AF_INET, IPPROTO_MPTCP };
FIXTURE_VARIANT_ADD(stacked, smc) { AF_SMC, 0 };

FIXTURE_SETUP(stacked)
{
	const struct address any = loopback(AF_INET, 0);
	const int type = SOCK_STREAM | SOCK_CLOEXEC;

	self->listener = socket(variant->family, type, variant->protocol);
	if (self->listener < 0)
		SKIP(longjmp(_metadata->env, 1), "no such sockets: %s",
		     strerror(errno));
	ASSERT_EQ(0, bind(self->listener, (const void *)&any.storage,
			  any.size));
	ASSERT_EQ(0, listen(self->listener, SOMAXCONN));
	self->address = bound_address(self->listener);
	self->fd = socket(variant->family, type, variant->protocol);
	ASSERT_LE(0, self->fd);
	self->event = new_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(stacked)
{
	close(self->fd);
	close(self->listener);
	close(self->event);
}

/*
 * The other end of a connection, or -errno. Each is accepted: a listener that closes
 * with one that waits makes some kernels warn of locks of AF_SMC's own.
 */
static int accept_from(int listener)
{
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	return peer < 0 ? -errno : peer;
}

static int connect_to_listener(int fd, int listener,
			       const struct address *address)
{
	int error = begin_to_connect(fd, address);

	return error ? error : accept_from(listener);
}

TEST_F(stacked, waiting_connection_is_told)
{
	ASSERT_EQ(0, ask(self->listener, self->event, ACCEPT));
	EXPECT_EQ(0, take(self->listener));
	ASSERT_EQ(0, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(ACCEPT, come(self->listener, self->event, ACCEPT));
	EXPECT_LE(0, accept_from(self->listener));
}

TEST_F(stacked, W75_success_is_told_without_error)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(0, *error_of(&happened, CONNECT));
	EXPECT_LE(0, accept_from(self->listener));
}

TEST_F(stacked, W86_idle_connection_tells_of_room_alone)
{
	ASSERT_LE(0, connect_to_listener(self->fd, self->listener,
					 &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~CONNECT));
	EXPECT_EQ(WRITE, come(self->fd, self->event, WRITE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(stacked, data_is_told)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, arrive(peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, arrive(peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	close(peer);
}

/* There is something to receive, too, which the end is. */
TEST_F(stacked, W77_end_of_the_peer_is_told_as_data_as_well)
{
	struct sockdup_network_events happened;
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, close(peer));
	EXPECT_EQ(READ | CLOSE, come_with(self->fd, self->event, READ | CLOSE,
					  &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(stacked, W79_shutdown_of_sending_there_is_an_end)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, shutdown(peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
	close(peer);
}

/* These cannot tell whose it is. */
TEST_F(stacked, W79_shutdown_of_receiving_here_counts_as_an_end)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
	close(peer);
}

/* UDP. */
TEST(W86_bound_udp_socket_tells_of_room_alone)
{
	int fd = udp_bound(AF_INET);
	int event = new_event();

	ASSERT_EQ(0, ask(fd, event, ALL));
	EXPECT_EQ(WRITE, take(fd));
	EXPECT_EQ(0, take(fd));
}

TEST(registration_of_a_socket_whose_users_can_hold_up_a_look_is_refused)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		SKIP(return, "the kernel has no AF_VSOCK");
	EXPECT_EQ(-EOPNOTSUPP, ask(fd, new_event(), ALL));
	EXPECT_EQ(0, close(fd));
}

TEST(registration_of_a_socket_that_transmits_when_looked_at_is_refused)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		SKIP(return, "the kernel has no AF_XDP");
	EXPECT_EQ(-EOPNOTSUPP, ask(fd, new_event(), ALL));
	EXPECT_EQ(0, close(fd));
}

TEST(error_of_a_datagram_is_told_with_its_data)
{
	struct sockdup_network_events happened;
	int event = new_event();
	int fds[2];

	ASSERT_EQ(0, udp_pair(AF_INET, fds));
	ASSERT_EQ(0, close(fds[1]));
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(fds[0], event, READ));
	ASSERT_EQ(1, send(fds[0], "x", 1, 0));
	EXPECT_EQ(READ, come_with(fds[0], event, READ, &happened));
	EXPECT_EQ(ECONNREFUSED, *error_of(&happened, READ));
}

SOCKDUP_TEST_MAIN
