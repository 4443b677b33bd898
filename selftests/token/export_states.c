// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets in every state can be exported, and work on in the target. W10, W11, W15.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "hand_over.h"
#include "harness.h"

/* Sockets in every state, of TCP and UDP, over IPv4 and IPv6. */
FIXTURE(inet) {
	struct agent target;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(inet) {
	int family;
};

FIXTURE_VARIANT_ADD(inet, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(inet, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(inet)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
}

FIXTURE_TEARDOWN(inet)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(inet, W10_unbound_stream_exports_and_can_listen)
{
	const struct address any = loopback(variant->family, 0);
	int fd = socket(variant->family, SOCK_STREAM, 0);
	struct address address;
	int imported, client;

	ASSERT_LE(0, fd);
	imported = hand_over(&self->target, fd);
	ASSERT_LE(0, imported);
	ASSERT_EQ(0, agent_bind(&self->target, imported, &any.storage,
				any.size));
	ASSERT_EQ(0, agent_listen(&self->target, imported, 1));
	address = bound_address(fd);
	client = socket(variant->family, SOCK_STREAM, 0);
	ASSERT_LE(0, client);
	EXPECT_EQ(0, connect(client, (void *)&address.storage, address.size));
	EXPECT_LE(0, agent_accept(&self->target, imported, 0));
}

TEST_F(inet, W10_unbound_stream_exports_and_can_connect)
{
	int listener = tcp_listener(variant->family);
	const struct address address = bound_address(listener);
	int fd = socket(variant->family, SOCK_STREAM, 0);
	int imported, peer;

	ASSERT_LE(0, listener);
	ASSERT_LE(0, fd);
	imported = hand_over(&self->target, fd);
	ASSERT_LE(0, imported);
	ASSERT_EQ(0, agent_connect(&self->target, imported, &address.storage,
				   address.size));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, pass_bytes(fd, peer));
}

TEST_F(inet, W10_unbound_datagram_exports_and_can_send)
{
	int receiver = udp_bound(variant->family);
	const struct address address = bound_address(receiver);
	int fd = socket(variant->family, SOCK_DGRAM, 0);
	char seen[8] = { 0 };
	int imported;

	ASSERT_LE(0, receiver);
	ASSERT_LE(0, fd);
	imported = hand_over(&self->target, fd);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, agent_sendto(&self->target, imported, "text", 4, 0,
				  &address.storage, address.size));
	ASSERT_EQ(0, wait_for_poll(receiver, POLLIN));
	EXPECT_EQ(4, recv(receiver, seen, sizeof(seen), 0));
	EXPECT_STREQ("text", seen);
}

TEST_F(inet, W11_listening_stream_accepts_in_the_target)
{
	int listener = tcp_listener(variant->family);
	const struct address address = bound_address(listener);
	char seen[8] = { 0 };
	int imported, client, accepted;

	ASSERT_LE(0, listener);
	imported = hand_over(&self->target, listener);
	ASSERT_LE(0, imported);
	client = socket(variant->family, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, (void *)&address.storage, address.size));
	accepted = agent_accept(&self->target, imported, 0);
	ASSERT_LE(0, accepted);
	ASSERT_EQ(5, agent_send(&self->target, accepted, "hello", 5, 0));
	ASSERT_EQ(0, wait_for_poll(client, POLLIN));
	EXPECT_EQ(5, recv(client, seen, sizeof(seen), 0));
	EXPECT_STREQ("hello", seen);
}

TEST_F(inet, W11_connected_stream_works_in_the_target)
{
	char seen[8] = { 0 };
	int fds[2], imported;

	ASSERT_EQ(0, tcp_pair(variant->family, fds));
	imported = hand_over(&self->target, fds[0]);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, agent_send(&self->target, imported, "ping", 4, 0));
	ASSERT_EQ(0, wait_for_poll(fds[1], POLLIN));
	EXPECT_EQ(4, recv(fds[1], seen, sizeof(seen), 0));
	EXPECT_STREQ("ping", seen);
	ASSERT_EQ(4, send(fds[1], "pong", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, imported, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("pong", seen);
}

TEST_F(inet, W11_accepted_stream_works_in_the_target)
{
	char seen[8] = { 0 };
	int fds[2], imported;

	ASSERT_EQ(0, tcp_pair(variant->family, fds));
	imported = hand_over(&self->target, fds[1]);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, send(fds[0], "ping", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, imported, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("ping", seen);
}

TEST_F(inet, W11_bound_datagram_receives_in_the_target)
{
	int fd = udp_bound(variant->family);
	const struct address address = bound_address(fd);
	int sender = socket(variant->family, SOCK_DGRAM, 0);
	char seen[8] = { 0 };
	int imported;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, sender);
	imported = hand_over(&self->target, fd);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, sendto(sender, "text", 4, 0, (void *)&address.storage,
			    address.size));
	EXPECT_EQ(4, agent_recv(&self->target, imported, seen, 4, 0));
	EXPECT_STREQ("text", seen);
}

TEST_F(inet, W11_connected_datagram_works_in_the_target)
{
	int fd = udp_bound(variant->family);
	const struct address from = bound_address(fd);
	int peer = udp_bound(variant->family);
	const struct address to = bound_address(peer);
	char seen[8] = { 0 };
	int imported;

	ASSERT_EQ(0, connect(fd, (void *)&to.storage, to.size));
	ASSERT_EQ(0, connect(peer, (void *)&from.storage, from.size));
	imported = hand_over(&self->target, fd);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, agent_send(&self->target, imported, "ping", 4, 0));
	ASSERT_EQ(0, wait_for_poll(peer, POLLIN));
	EXPECT_EQ(4, recv(peer, seen, sizeof(seen), 0));
	EXPECT_STREQ("ping", seen);
	ASSERT_EQ(4, send(peer, "pong", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, imported, seen, 4, 0));
	EXPECT_STREQ("pong", seen);
}

/* Windows exports an AF_UNIX socket like any other, and so do we. */
FIXTURE(local) {
	struct agent target;
	int fds[2];
};

FIXTURE_VARIANT(local) {
	int type;
};

FIXTURE_VARIANT_ADD(local, stream) { .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(local, datagram) { .type = SOCK_DGRAM };
FIXTURE_VARIANT_ADD(local, seqpacket) { .type = SOCK_SEQPACKET };

FIXTURE_SETUP(local)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0,
				self->fds));
}

FIXTURE_TEARDOWN(local)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(local, W15_unix_socket_exports_and_works_in_the_target)
{
	char seen[8] = { 0 };
	int imported;

	imported = hand_over(&self->target, self->fds[0]);
	ASSERT_LE(0, imported);
	ASSERT_EQ(4, agent_send(&self->target, imported, "ping", 4, 0));
	EXPECT_EQ(4, recv(self->fds[1], seen, sizeof(seen), MSG_DONTWAIT));
	EXPECT_STREQ("ping", seen);
	ASSERT_EQ(4, send(self->fds[1], "pong", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, imported, seen, 4, 0));
	EXPECT_STREQ("pong", seen);
}

SOCKDUP_TEST_MAIN
