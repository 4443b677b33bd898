// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target named by an AF_UNIX socket: it is the process in which the other
 * end was connected, listened on or created as half of a pair, and nobody
 * who got hold of that end since. W90.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/un.h>

#include "harness.h"

/* An abstract name that the kernel chooses. */
static const struct sockaddr_un any_name = { .sun_family = AF_UNIX };

#define ANY_NAME_SIZE	sizeof(sa_family_t)

static int local_listener(int type, struct address *address)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const void *)&any_name, ANY_NAME_SIZE) ||
	    listen(fd, 4))
		return -errno;
	*address = bound_address(fd);
	return fd;
}

/* An agent that has connected to the test. */
FIXTURE(peer) {
	struct agent agent;
	struct agent other;
	int listener;
	struct address address;
	int end;		/* the agent's */
	int channel;		/* the test's */
	int source;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(peer) {
	int type;
};

FIXTURE_VARIANT_ADD(peer, of_a_stream) { SOCK_STREAM };
FIXTURE_VARIANT_ADD(peer, of_packets) { SOCK_SEQPACKET };

FIXTURE_SETUP(peer)
{
	ASSERT_EQ(0, agent_spawn(&self->agent));
	ASSERT_EQ(0, agent_spawn(&self->other));
	self->listener = local_listener(variant->type, &self->address);
	ASSERT_LE(0, self->listener);
	self->end = agent_socket(&self->agent, AF_UNIX, variant->type, 0);
	ASSERT_LE(0, self->end);
	ASSERT_EQ(0, agent_connect(&self->agent, self->end,
				   &self->address.storage,
				   self->address.size));
	self->channel = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->channel);
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
}

FIXTURE_TEARDOWN(peer)
{
	agent_kill(&self->agent);
	agent_kill(&self->other);
}

static int export_to_peer(int fd, int channel,
			  struct sockdup_protocol_info *info)
{
	return try_export(fd, channel, SOCKDUP_EXPORT_TO_PEER, 0, info);
}

TEST_F(peer, W90_that_connected_is_the_target)
{
	ASSERT_EQ(0, export_to_peer(self->source, self->channel, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->other, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->agent, &self->info, 0));
}

TEST_F(peer, W90_that_closed_its_end_is_still_the_target)
{
	ASSERT_EQ(0, agent_close(&self->agent, self->end));
	ASSERT_EQ(0, export_to_peer(self->source, self->channel, &self->info));
	EXPECT_LE(0, agent_import(&self->agent, &self->info, 0));
}

TEST_F(peer, W90_that_executed_another_program_is_still_the_target)
{
	ASSERT_EQ(0, agent_exec(&self->agent, AGENT_MAIN));
	ASSERT_EQ(0, export_to_peer(self->source, self->channel, &self->info));
	EXPECT_LE(0, agent_import(&self->agent, &self->info, 0));
}

TEST_F(peer, W90_that_gave_its_end_away_is_still_the_target)
{
	ASSERT_EQ(0, agent_duplicate(&self->agent, self->end, self->other.pid,
				     &self->info));
	ASSERT_LE(0, agent_import(&self->other, &self->info, 0));
	ASSERT_EQ(0, agent_close(&self->agent, self->end));
	ASSERT_EQ(0, export_to_peer(self->source, self->channel, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->other, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->agent, &self->info, 0));
}

TEST_F(peer, W90_that_gave_its_end_away_and_ended_is_esrch)
{
	ASSERT_EQ(0, agent_duplicate(&self->agent, self->end, self->other.pid,
				     &self->info));
	ASSERT_LE(0, agent_import(&self->other, &self->info, 0));
	ASSERT_EQ(0, agent_stop(&self->agent));
	EXPECT_EQ(-ESRCH, export_to_peer(self->source, self->channel,
					 &self->info));
}

TEST_F(peer, W90_is_not_a_child_of_the_one_that_connected)
{
	ASSERT_EQ(0, export_to_peer(self->source, self->channel, &self->info));
	EXPECT_EQ(-EPERM, agent_import_by(&self->agent, AGENT_CHILD,
					  &self->info, 0));
	EXPECT_LE(0, agent_import_by(&self->agent, AGENT_THREAD, &self->info,
				     0));
}

/* As the agent sees it, which exports to the test. */
TEST_F(peer, W90_that_listened_is_the_target)
{
	int source = agent_socket(&self->agent, AF_INET, SOCK_STREAM, 0);
	int fd;

	ASSERT_LE(0, source);
	ASSERT_EQ(0, agent_export(&self->agent, source, self->end,
				  SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->agent, &self->info, 0));
	fd = try_socket(&self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, fd, self->agent.pid, source));
}

TEST_F(peer, W90_that_listens_is_the_target_before_it_accepts)
{
	int source = agent_socket(&self->other, AF_INET, SOCK_STREAM, 0);
	int end = agent_socket(&self->other, AF_UNIX, variant->type, 0);

	ASSERT_EQ(0, agent_connect(&self->other, end, &self->address.storage,
				   self->address.size));
	ASSERT_EQ(0, agent_export(&self->other, source, end,
				  SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	EXPECT_LE(0, try_socket(&self->info, 0));
}

/* A token with both flags is bound as it should, and ends as it should. */
TEST_F(peer, W90_target_loses_the_token_with_the_sources_handle)
{
	int source = agent_socket(&self->agent, AF_INET, SOCK_STREAM, 0);

	ASSERT_EQ(0, agent_export(&self->agent, source, self->end,
				  SOCKDUP_EXPORT_TO_PEER |
				  SOCKDUP_EXPORT_END_ON_CLOSE, 0,
				  &self->info));
	ASSERT_EQ(0, agent_stop(&self->agent));
	EXPECT_EQ(-ENOENT, try_socket(&self->info, 0));
}

FIXTURE(nobody) {
	int source;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(nobody)
{
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
}

FIXTURE_TEARDOWN(nobody)
{
}

TEST_F(nobody, W90_is_the_peer_of_a_connected_datagram_socket)
{
	int fds[2];
	struct address address;

	fds[0] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[1] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind(fds[0], (const void *)&any_name, ANY_NAME_SIZE));
	address = bound_address(fds[0]);
	ASSERT_EQ(0, connect(fds[1], (void *)&address.storage, address.size));
	EXPECT_EQ(-ENOTCONN, export_to_peer(self->source, fds[1],
					    &self->info));
	EXPECT_EQ(-ENOTCONN, export_to_peer(self->source, fds[0],
					    &self->info));
}

TEST_F(nobody, W90_is_the_peer_of_a_socket_that_failed_to_connect)
{
	struct address address;
	int listener = local_listener(SOCK_STREAM, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, close(listener));
	ASSERT_NE(0, connect(fd, (void *)&address.storage, address.size));
	EXPECT_EQ(-ENOTCONN, export_to_peer(self->source, fd, &self->info));
}

TEST_F(nobody, W90_is_the_peer_of_a_connected_socket_of_another_family)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	EXPECT_EQ(-EINVAL, export_to_peer(self->source, fds[0], &self->info));
}

/* Whoever holds the ends of a pair, its creator is the peer of both. */
TEST(W90_creator_of_a_pair_is_the_target_whoever_holds_the_ends)
{
	struct sockdup_protocol_info info;
	int fd = tcp_listener(AF_INET);
	struct agent agent;
	int pair[2];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_spawn(&agent));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_LE(0, agent_give(&agent, pair[1]));
	ASSERT_EQ(0, export_to_peer(fd, pair[0], &info));
	EXPECT_EQ(-EPERM, agent_import(&agent, &info, 0));
	EXPECT_LE(0, try_socket(&info, 0));
	EXPECT_EQ(0, agent_stop(&agent));
}

SOCKDUP_TEST_MAIN
