// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: what each command does, and what it counts.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"
#include "page.h"

FIXTURE(command) {
	struct genl genl;
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
	struct genl_token token;
};

FIXTURE_SETUP(command)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(command)
{
	genl_close(&self->genl);
	agent_kill(&self->target);
}

TEST_F(command, exports_to_a_process)
{
	int fd;

	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->fd, self->target.pid, fd));
}

TEST_F(command, exports_to_the_peer_of_a_socket)
{
	int fd, channel = agent_channel(&self->target);

	ASSERT_LE(0, channel);
	ASSERT_EQ(0, genl_export_to_peer(&self->genl, self->fd, channel,
					 &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->fd, self->target.pid, fd));
}

TEST_F(command, exports_by_the_same_protocol_info_as_the_device)
{
	struct sockdup_protocol_info other;

	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &other));
	EXPECT_NE(0, memcmp(self->info.opaque, other.opaque,
			    sizeof(other.opaque)));
	memcpy(other.opaque, self->info.opaque, sizeof(other.opaque));
	EXPECT_EQ(0, memcmp(&self->info, &other, sizeof(other)));
}

TEST_F(command, exports_for_the_default_time)
{
	struct sockdup_info limits = { .size = sizeof(limits) };

	ASSERT_EQ(0, sockdup_info(&limits));
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_query(&self->genl, &self->info, &self->token));
	EXPECT_GE(limits.default_ttl_ms,
		  self->token.left_ms + self->token.age_ms);
	EXPECT_LE(limits.default_ttl_ms - 2,
		  self->token.left_ms + self->token.age_ms);
}

TEST_F(command, exports_for_the_time_that_is_asked_for)
{
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid,
				 LONG_TTL_MS, &self->info));
	ASSERT_EQ(0, genl_query(&self->genl, &self->info, &self->token));
	EXPECT_GE(LONG_TTL_MS, self->token.left_ms + self->token.age_ms);
	EXPECT_LE(LONG_TTL_MS - 2, self->token.left_ms + self->token.age_ms);
}

TEST_F(command, exports_what_is_held_until_it_expires)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 500,
				 &self->info));
	ASSERT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(-ENOENT, genl_query(&self->genl, &self->info, &self->token));
}

static void expect_all_told(struct __test_metadata *_metadata,
			    const struct genl_token *token,
			    const struct sockdup_protocol_info *info,
			    pid_t target, int fd)
{
	struct address local = bound_address(fd), remote = peer_address(fd);
	struct stat status;

	ASSERT_EQ(0, fstat(fd, &status));
	EXPECT_EQ(id_of(info), token->id);
	EXPECT_EQ(target, token->target);
	EXPECT_EQ(getpid(), token->source);
	EXPECT_EQ(geteuid(), token->uid);
	EXPECT_EQ(getegid(), token->gid);
	EXPECT_LT(0, token->left_ms);
	EXPECT_EQ(1, token->socket_count);
	EXPECT_EQ(1, token->described);
	EXPECT_EQ(AF_INET, token->socket.family);
	EXPECT_EQ(SOCK_STREAM, token->socket.type);
	EXPECT_EQ(IPPROTO_TCP, token->socket.protocol);
	EXPECT_STREQ(info->protocol_name, token->socket.name);
	EXPECT_TRUE(same_address(&local, &token->socket.local));
	EXPECT_TRUE(same_address(&remote, &token->socket.remote));
	EXPECT_EQ(status.st_ino, token->socket.inode);
	EXPECT_FALSE(token->socket.ipv6_only);
	EXPECT_EQ(network_namespace(), token->socket.netns);
}

TEST_F(command, query_tells_all_of_a_token)
{
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_query(&self->genl, &self->info, &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			self->fd);
	EXPECT_EQ(0, self->token.socket.remote.size);
	EXPECT_EQ(TCP_LISTEN, self->token.socket.state);
}

/* 0 where none is told. */
static __u32 state_of(struct genl *genl,
		      const struct sockdup_protocol_info *info)
{
	struct genl_token token = { };

	return genl_get(genl, id_of(info), &token) ? ~0U : token.socket.state;
}

TEST_F(command, get_tells_all_of_a_token)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info), &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			fds[0]);
	EXPECT_NE(0, self->token.socket.remote.size);
	EXPECT_EQ(TCP_ESTABLISHED, self->token.socket.state);
}

/* A socket that has no such thing has no attribute for it. */
TEST_F(command, get_tells_the_addresses_of_each_family)
{
	const struct {
		int family;
		int type;
	} kinds[] = {
		{ AF_INET, SOCK_DGRAM },
		{ AF_INET6, SOCK_STREAM },
		{ AF_INET6, SOCK_DGRAM },
		{ AF_UNIX, SOCK_STREAM },
		{ AF_UNIX, SOCK_SEQPACKET },
	};
	struct address local, remote;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fd = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, genl_export(&self->genl, fd, self->target.pid, 0,
					 &self->info));
		ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info),
				      &self->token));
		local = bound_address(fd);
		remote = peer_address(fd);
		EXPECT_EQ(kinds[i].family, self->token.socket.family);
		EXPECT_EQ(kinds[i].type, self->token.socket.type);
		EXPECT_TRUE(same_address(&local, &self->token.socket.local))
			TH_LOG("local address of family %d", kinds[i].family);
		EXPECT_TRUE(same_address(&remote, &self->token.socket.remote))
			TH_LOG("remote address of family %d", kinds[i].family);
		ASSERT_EQ(0, close(fd));
	}
}

/* Those whose sockets can be kept from telling are not asked. */
TEST_F(command, get_tells_no_address_of_other_families)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, genl_export(&self->genl, fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info), &self->token));
	EXPECT_EQ(AF_NETLINK, self->token.socket.family);
	EXPECT_EQ(0, self->token.socket.local.size);
	EXPECT_EQ(0, self->token.socket.remote.size);
}

TEST_F(command, get_tells_both_ends_of_a_connection)
{
	struct address local, remote;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET6, fds));
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info), &self->token));
	local = bound_address(fds[0]);
	remote = bound_address(fds[1]);
	EXPECT_TRUE(same_address(&local, &self->token.socket.local));
	EXPECT_TRUE(same_address(&remote, &self->token.socket.remote));
}

TEST_F(command, get_tells_whether_ipv6_is_all)
{
	int only, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, genl_export(&self->genl, fd, self->target.pid, 0,
				 &self->info));
	for (only = 0; only <= 1; only++) {
		ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
					sizeof(only)));
		ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info),
				      &self->token));
		EXPECT_EQ(only, self->token.socket.ipv6_only);
	}
}

/* As the socket is now, not as it was when it was exported. */
TEST_F(command, get_tells_the_state_of_a_socket)
{
	struct address address = loopback(AF_INET, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int peer;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (const void *)&address.storage, address.size));
	ASSERT_EQ(0, genl_export(&self->genl, fd, self->target.pid, 0,
				 &self->info));
	EXPECT_EQ(TCP_CLOSE, state_of(&self->genl, &self->info));
	address = bound_address(self->fd);
	ASSERT_EQ(0, connect(fd, (const void *)&address.storage,
			     address.size));
	EXPECT_EQ(TCP_ESTABLISHED, state_of(&self->genl, &self->info));
	peer = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, shutdown(peer, SHUT_WR));
	EXPECT_EQ(0, wait_for_end(fd));
	EXPECT_EQ(TCP_CLOSE_WAIT, state_of(&self->genl, &self->info));
	ASSERT_EQ(0, close(peer));
}

static int connected_to_itself(int family)
{
	struct address address = loopback(family, 0);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const void *)&address.storage, address.size))
		return -errno;
	address = bound_address(fd);
	return connect(fd, (const void *)&address.storage, address.size) ?
	       -errno : fd;
}

static int half_of_a_pair(int type)
{
	int pair[2];

	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) ? -errno :
								   pair[0];
}

TEST_F(command, get_tells_the_state_of_each_family)
{
	const struct {
		int fd;
		__u32 state;
	} sockets[] = {
		{ tcp_listener(AF_INET6), TCP_LISTEN },
		{ socket(AF_INET6, SOCK_STREAM, 0), TCP_CLOSE },
		{ socket(AF_INET, SOCK_DGRAM, 0), TCP_CLOSE },
		{ connected_to_itself(AF_INET), TCP_ESTABLISHED },
		{ connected_to_itself(AF_INET6), TCP_ESTABLISHED },
		{ socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), TCP_CLOSE },
		{ socket(AF_UNIX, SOCK_STREAM, 0), TCP_CLOSE },
		{ half_of_a_pair(SOCK_STREAM), TCP_ESTABLISHED },
		{ half_of_a_pair(SOCK_DGRAM), TCP_ESTABLISHED },
		{ socket(AF_NETLINK, SOCK_RAW, 0), 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sockets); i++) {
		ASSERT_LE(0, sockets[i].fd);
		ASSERT_EQ(0, genl_export(&self->genl, sockets[i].fd,
					 self->target.pid, 0, &self->info));
		EXPECT_EQ(sockets[i].state,
			  state_of(&self->genl, &self->info))
			TH_LOG("state of socket %u", i);
	}
}

TEST_F(command, query_takes_nothing_from_a_token)
{
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_query(&self->genl, &self->info, &self->token));
	ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->info), &self->token));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(command, revoke_ends_what_the_bytes_name)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, close(fds[0]));
	ASSERT_EQ(0, recv_nothing(fds[1]));
	ASSERT_EQ(0, genl_revoke(&self->genl, &self->info));
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-ENOENT, genl_revoke(&self->genl, &self->info));
}

TEST_F(command, revoke_ends_what_an_id_names)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, close(fds[0]));
	ASSERT_EQ(0, genl_revoke_id(&self->genl, id_of(&self->info)));
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-ENOENT, genl_revoke_id(&self->genl, id_of(&self->info)));
}

/* The bytes import, so each of them counts; the id does nothing of the kind. */
TEST_F(command, wants_the_secret_where_it_wants_the_bytes)
{
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	self->info.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_EQ(-ENOENT, genl_query(&self->genl, &self->info, &self->token));
	EXPECT_EQ(-ENOENT, genl_revoke(&self->genl, &self->info));
	self->info.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(command, for_imports_there_is_none)
{
	int command;

	for (command = SOCKDUP_CMD_STATS_GET + 1; command < 256; command++) {
		if (command == SOCKDUP_CMD_POST_GET || command == SOCKDUP_CMD_POST_REVOKE)
			continue;
		genl_begin(&self->genl, command);
		EXPECT_EQ(-EOPNOTSUPP, genl_call(&self->genl));
	}
}

/* What the kernel refuses before it asks the family, it gives no reason for. */
TEST_F(command, for_a_list_of_counts_there_is_none)
{
	genl_begin(&self->genl, SOCKDUP_CMD_STATS_GET)->nlmsg_flags |=
		NLM_F_DUMP;
	EXPECT_EQ(-EOPNOTSUPP, genl_call(&self->genl));
}

/* A socket whose lock is held by who sends from memory that does not come. */

struct sender {
	int fd;
	struct page page;
};

static void *send_page(void *arg)
{
	const struct sender *sender = arg;

	send(sender->fd, sender->page.memory, sender->page.size, MSG_NOSIGNAL);
	return NULL;
}

TEST_F(command, get_waits_for_no_lock_of_a_socket)
{
	struct sender sender;
	pthread_t thread;
	int fds[2];
	pid_t pid;

	if (page_open_missing(&sender.page))
		SKIP(return, "no userfaultfd here");
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	sender.fd = fds[0];
	ASSERT_EQ(0, genl_export(&self->genl, fds[0], self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_page, &sender));
	ASSERT_EQ(0, page_wait_for_user(&sender.page));
	pid = fork();
	if (!pid)
		_exit(-genl_get(&self->genl, id_of(&self->info), &self->token));
	EXPECT_EQ(0, wait_for_death(pid));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, page_fill(&sender.page));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

/* Counts. */

TEST_F(command, stats_tell_what_a_user_holds)
{
	const __u32 uid = 100000 + getpid();
	struct genl_stats stats;
	struct agent source;
	int i, fd;

	ASSERT_EQ(0, agent_spawn(&source));
	ASSERT_EQ(0, agent_setuid(&source, uid));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, genl_stats(&self->genl, &uid, &stats));
		EXPECT_EQ(uid, stats.uid);
		EXPECT_EQ(i, stats.held);
		ASSERT_EQ(0, agent_duplicate(&source, fd, self->target.pid,
					     &self->info));
	}
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, genl_stats(&self->genl, &uid, &stats));
	EXPECT_EQ(2, stats.held);
	EXPECT_EQ(0, agent_stop(&source));
}

TEST_F(command, stats_are_of_the_caller_where_no_user_is_named)
{
	struct genl_stats stats;

	genl_close(&self->genl);
	ASSERT_EQ(0, setreuid(100000 + getpid(), 0));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &stats));
	EXPECT_EQ(getuid(), stats.uid);
	EXPECT_EQ(0, stats.held);
	EXPECT_TRUE(stats.all);
}

SOCKDUP_TEST_MAIN
