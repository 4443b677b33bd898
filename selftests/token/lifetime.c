// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a socket lives: as long as a descriptor or a token holds it, and
 * no longer. Told by the peer of its connection. W53-W58, W60.
 */
#include "harness.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>

/* A connection over IPv4 or IPv6, exported and imported where a test wants. */
FIXTURE(tcp) {
	struct agent target;
	int source;
	int peer;
	int fd;		/* the target's */
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(tcp) {
	int family;
};

FIXTURE_VARIANT_ADD(tcp, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(tcp, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(tcp)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(variant->family, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
}

FIXTURE_TEARDOWN(tcp)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

static int import_info(struct agent *target,
		       const struct sockdup_protocol_info *info, int *fd)
{
	*fd = agent_import(target, info, 0);
	return *fd < 0 ? *fd : 0;
}

/*
 * A FIN would be the last thing that arrives: what the target sends behind
 * the close, and the peer reads, shows that there was none.
 */
static int passes_to(struct agent *target, int fd, int peer)
{
	char sent[] = "behind the close", seen[sizeof(sent)] = { 0 };

	if (agent_send(target, fd, sent, sizeof(sent), 0) != sizeof(sent))
		return -EIO;
	if (recv(peer, seen, sizeof(seen), MSG_WAITALL) != sizeof(seen))
		return -EPIPE;
	return memcmp(sent, seen, sizeof(sent)) ? -EBADMSG : 0;
}

TEST_F(tcp, W53_close_by_source_sends_no_fin)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, passes_to(&self->target, self->fd, self->peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->peer));
}

TEST_F(tcp, W53_close_by_target_sends_no_fin)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->peer));
	EXPECT_EQ(0, pass_bytes(self->peer, self->source));
}

TEST_F(tcp, W53_close_frees_that_descriptor_alone)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(-EBADF, agent_fcntl(&self->target, self->fd, F_GETFD, 0));
	EXPECT_LE(0, fcntl(self->source, F_GETFD));
}

TEST_F(tcp, W53_end_of_target_sends_no_fin)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(tcp, W53_listener_closed_by_source_accepts_in_target)
{
	int listener = tcp_listener(variant->family);
	const struct address address = bound_address(listener);
	int client;

	ASSERT_EQ(0, try_duplicate(listener, self->target.pid, &self->info));
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(listener));
	client = socket(variant->family, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, (void *)&address.storage, address.size));
	EXPECT_LE(0, agent_accept(&self->target, self->fd, 0));
}

TEST_F(tcp, W54_last_close_by_target_ends_the_connection)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(tcp, W54_last_close_by_source_ends_the_connection)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(tcp, W54_end_of_the_last_holder_ends_the_connection)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(tcp, W54_linger_of_the_source_applies_to_targets_last_close)
{
	const struct linger abort = { .l_onoff = 1, .l_linger = 0 };

	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, setsockopt(self->source, SOL_SOCKET, SO_LINGER, &abort,
				sizeof(abort)));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(-ECONNRESET, wait_for_end(self->peer));
}

TEST_F(tcp, W54_linger_of_the_target_applies_to_sources_last_close)
{
	const struct linger abort = { .l_onoff = 1, .l_linger = 0 };

	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, agent_setsockopt(&self->target, self->fd, SOL_SOCKET,
				      SO_LINGER, &abort, sizeof(abort)));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(-ECONNRESET, wait_for_end(self->peer));
}

TEST_F(tcp, W54_last_close_of_a_listener_frees_its_address)
{
	int listener = tcp_listener(variant->family);
	const struct address address = bound_address(listener);

	ASSERT_EQ(0, try_duplicate(listener, self->target.pid, &self->info));
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(listener));
	ASSERT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(0, wait_for_free_address(SOCK_STREAM, &address));
}

TEST_F(tcp, W55_token_keeps_the_connection_that_source_closed)
{
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->peer));
}

TEST_F(tcp, W55_import_works_after_source_closed)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_EQ(0, passes_to(&self->target, self->fd, self->peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(tcp, W55_data_that_arrives_in_between_is_there)
{
	char seen[8] = { 0 };

	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_EQ(4, agent_recv(&self->target, self->fd, seen, 4,
				MSG_WAITALL));
	EXPECT_STREQ("text", seen);
}

TEST_F(tcp, W55_token_keeps_a_listener_that_takes_connections)
{
	int listener = tcp_listener(variant->family);
	const struct address address = bound_address(listener);
	int client;

	ASSERT_EQ(0, try_duplicate(listener, self->target.pid, &self->info));
	ASSERT_EQ(0, close(listener));
	client = socket(variant->family, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, (void *)&address.storage, address.size));
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_LE(0, agent_accept(&self->target, self->fd, 0));
}

TEST_F(tcp, W58_revoked_token_is_enoent)
{
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(tcp, W58_second_revoke_is_enoent)
{
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(-ENOENT, try_revoke(&self->info));
}

TEST_F(tcp, W58_revoke_after_import_is_enoent)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_EQ(-ENOENT, try_revoke(&self->info));
}

TEST_F(tcp, W58_revoke_after_import_leaves_the_import)
{
	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(-ENOENT, try_revoke(&self->info));
	EXPECT_EQ(0, passes_to(&self->target, self->fd, self->peer));
}

TEST_F(tcp, W58_revoke_closes_a_socket_that_nobody_else_holds)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(tcp, W58_revoke_leaves_a_socket_that_source_holds)
{
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	EXPECT_EQ(0, pass_bytes(self->peer, self->source));
}

TEST_F(tcp, W58_target_declines_by_revoke)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(tcp, W58_revoke_ends_one_of_two_tokens)
{
	struct sockdup_protocol_info other;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid, &other));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, import_info(&self->target, &other, &self->fd));
	EXPECT_EQ(0, passes_to(&self->target, self->fd, self->peer));
}

TEST_F(tcp, W60_sends_and_closes_in_turn_all_succeed)
{
	char seen[32] = { 0 };

	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_EQ(6, agent_send(&self->target, self->fd, "first ", 6, 0));
	EXPECT_EQ(0, close(self->source));
	EXPECT_EQ(6, agent_send(&self->target, self->fd, "second", 6, 0));
	EXPECT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(12, recv(self->peer, seen, 12, MSG_WAITALL));
	EXPECT_STREQ("first second", seen);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(tcp, W60_source_sends_after_targets_close)
{
	char seen[32] = { 0 };

	ASSERT_EQ(0, import_info(&self->target, &self->info, &self->fd));
	EXPECT_EQ(6, agent_send(&self->target, self->fd, "first ", 6, 0));
	EXPECT_EQ(6, send(self->source, "second", 6, 0));
	EXPECT_EQ(0, agent_close(&self->target, self->fd));
	EXPECT_EQ(6, send(self->source, " third", 6, 0));
	EXPECT_EQ(0, close(self->source));
	EXPECT_EQ(18, recv(self->peer, seen, 18, MSG_WAITALL));
	EXPECT_STREQ("first second third", seen);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* A source that ends on its own, and a target. Neither is the test. */
FIXTURE(processes) {
	struct agent source;
	struct agent target;
	int source_fd;
	int peer;
	struct sockdup_protocol_info info;
};

/* Has @agent connect to the test. */
static int connect_agent(struct agent *agent, int *fd, int *peer)
{
	int listener = tcp_listener(AF_INET);
	const struct address address = bound_address(listener);
	int error;

	*fd = agent_socket(agent, AF_INET, SOCK_STREAM, 0);
	error = agent_connect(agent, *fd, &address.storage, address.size);
	*peer = error ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return *peer < 0 ? -ENOTCONN : 0;
}

FIXTURE_SETUP(processes)
{
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, connect_agent(&self->source, &self->source_fd,
				   &self->peer));
	ASSERT_EQ(0, agent_duplicate(&self->source, self->source_fd,
				     self->target.pid, &self->info));
}

FIXTURE_TEARDOWN(processes)
{
	agent_kill(&self->source);
	agent_kill(&self->target);
}

TEST_F(processes, W56_import_works_after_source_exited)
{
	int fd;

	ASSERT_EQ(0, agent_stop(&self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, passes_to(&self->target, fd, self->peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(processes, W56_import_works_after_source_was_killed)
{
	int fd;

	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, passes_to(&self->target, fd, self->peer));
}

TEST_F(processes, W56_import_works_while_source_is_a_zombie)
{
	int fd;

	ASSERT_EQ(0, agent_exit(&self->source, 0));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, passes_to(&self->target, fd, self->peer));
}

TEST_F(processes, W56_socket_ends_with_the_import_after_source_exited)
{
	int fd;

	ASSERT_EQ(0, agent_stop(&self->source));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_close(&self->target, fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(processes, W57_end_of_target_closes_a_socket_that_nobody_else_holds)
{
	ASSERT_EQ(0, agent_stop(&self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_stop(&self->target));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(processes, W57_death_of_target_closes_it_before_it_is_reaped)
{
	ASSERT_EQ(0, agent_stop(&self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_exit(&self->target, 0));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(processes, W57_end_of_target_leaves_a_socket_that_source_holds)
{
	char seen[8] = { 0 };

	ASSERT_EQ(0, agent_stop(&self->target));
	ASSERT_EQ(4, agent_send(&self->source, self->source_fd, "text", 4, 0));
	EXPECT_EQ(4, recv(self->peer, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("text", seen);
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(processes, W57_target_lives_until_its_last_thread_ends)
{
	ASSERT_LT(0, agent_park_thread(&self->target));
	ASSERT_EQ(0, agent_exit_leader(&self->target));
	ASSERT_EQ(0, agent_stop(&self->source));
	EXPECT_EQ(0, recv_nothing(self->peer));
	/* The test runs as the user who exported, and so may ask. */
	EXPECT_EQ(0, try_query(&self->info, &(struct sockdup_description){ 0 }));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

SOCKDUP_TEST_MAIN
