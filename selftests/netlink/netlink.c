// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: what each command does, what it says of a request that
 * it refuses, and its notifications.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"
#include "page.h"
#include "scene.h"
#include "trace_log.h"

#define LONG_TTL_MS	3600000

#define SOURCE_UID	1001

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
}

TEST_F(command, query_tells_all_of_a_token)
{
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, genl_query(&self->genl, &self->info, &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			self->fd);
	EXPECT_EQ(0, self->token.socket.remote.size);
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

/* Ends, each with its count and its notification. */

struct hearing {
	struct scene scene;
	struct genl genl;
	struct genl ears;
};

static void hearing_set_up(struct __test_metadata *_metadata,
			   struct hearing *hearing)
{
	ASSERT_EQ(0, scene_open(&hearing->scene));
	ASSERT_EQ(0, genl_open(&hearing->genl));
	ASSERT_EQ(0, genl_open(&hearing->ears));
	ASSERT_EQ(0, genl_join(&hearing->ears));
}

static void hearing_tear_down(struct hearing *hearing)
{
	genl_close(&hearing->genl);
	genl_close(&hearing->ears);
	scene_close(&hearing->scene);
}

static int end_by_netlink(struct scene *scene)
{
	struct genl genl;
	int error = genl_open(&genl);

	if (error)
		return error;
	error = genl_revoke_id(&genl, id_of(&scene->info));
	genl_close(&genl);
	return error;
}

FIXTURE(end) {
	struct hearing hearing;
};

FIXTURE_VARIANT(end) {
	int command;
	int count;
	int (*come)(struct scene *scene);
	unsigned int flags;
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(end, by_import) {
	SOCKDUP_CMD_TOKEN_IMPORTED_NTF, SOCKDUP_A_STATS_IMPORTED,
	end_by_import, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_revocation) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_revocation, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_revocation_through_netlink) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_netlink, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_decline) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_decline, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_deadline) {
	SOCKDUP_CMD_TOKEN_EXPIRED_NTF, SOCKDUP_A_STATS_EXPIRED,
	end_by_deadline, 0, 300
};

FIXTURE_VARIANT_ADD(end, with_handle) {
	SOCKDUP_CMD_TOKEN_HANDLE_CLOSED_NTF, SOCKDUP_A_STATS_HANDLE_CLOSED,
	end_with_handle, SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, with_target) {
	SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF, SOCKDUP_A_STATS_TARGET_DIED,
	end_with_target, 0, LONG_TTL_MS
};

FIXTURE_SETUP(end)
{
	hearing_set_up(_metadata, &self->hearing);
}

FIXTURE_TEARDOWN(end)
{
	hearing_tear_down(&self->hearing);
}

/* A notification has the token's id and its exporter's user, and nothing else. */
static void expect_notification(struct __test_metadata *_metadata,
				const struct genl_token *event,
				const struct sockdup_protocol_info *info,
				uid_t uid)
{
	struct genl_token wanted;

	memset(&wanted, 0, sizeof(wanted));
	wanted.command = event->command;
	wanted.id = id_of(info);
	wanted.uid = uid;
	EXPECT_EQ(wanted.id, event->id);
	EXPECT_EQ(wanted.uid, event->uid);
	EXPECT_EQ(0, event->source);
	EXPECT_EQ(0, event->target);
	EXPECT_EQ(0, memcmp(&wanted, event, sizeof(wanted)));
}

static bool is_of(__u64 id, const struct sockdup_protocol_info *infos,
		  unsigned int count)
{
	while (count--)
		if (id == id_of(&infos[count]))
			return true;
	return false;
}

/* The next notification of one of these tokens. Others have tokens as well. */
static int next_of(struct genl *ears, const struct sockdup_protocol_info *infos,
		   unsigned int count, struct genl_token *event)
{
	int command;

	do {
		command = genl_event(ears, event);
	} while (command >= 0 && !is_of(event->id, infos, count));
	return command;
}

static int next_of_scene(struct hearing *hearing, struct genl_token *event)
{
	return next_of(&hearing->ears, &hearing->scene.info, 1, event);
}

TEST_F(end, is_told_once_by_a_notification_of_its_own)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *genl = &self->hearing.genl;
	struct sockdup_protocol_info infos[2];
	struct genl_token event;

	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	infos[0] = scene->info;
	ears->secret = &scene->info;
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, next_of(ears, infos, 1, &event));
	expect_notification(_metadata, &event, &infos[0], geteuid());
	ASSERT_EQ(0, variant->come(scene));
	ASSERT_EQ(variant->command, next_of(ears, infos, 1, &event));
	expect_notification(_metadata, &event, &infos[0], geteuid());
	EXPECT_FALSE(ears->leaked);
	/* And no more until the test exports again. */
	ASSERT_EQ(0, genl_export(genl, scene->fd, getpid(), 0, &infos[1]));
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, next_of(ears, infos, 2, &event));
	EXPECT_EQ(id_of(&infos[1]), event.id);
}

/* What others still let go of counts as well, so these are lower bounds. */
TEST_F(end, is_counted)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *genl = &self->hearing.genl;
	struct genl_stats before, after;
	struct genl_token event;

	ASSERT_EQ(0, genl_stats(genl, NULL, &before));
	ASSERT_TRUE(before.all);
	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	ASSERT_EQ(0, genl_stats(genl, NULL, &after));
	EXPECT_LT(before.counts[SOCKDUP_A_STATS_EXPORTED],
		  after.counts[SOCKDUP_A_STATS_EXPORTED]);
	ASSERT_EQ(0, variant->come(scene));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  next_of_scene(&self->hearing, &event));
	ASSERT_EQ(variant->command, next_of_scene(&self->hearing, &event));
	ASSERT_EQ(0, genl_stats(genl, NULL, &after));
	EXPECT_LT(before.counts[variant->count], after.counts[variant->count]);
}

/* Notifications, and who gets them. */

FIXTURE(notification) {
	struct hearing hearing;
	struct genl_token event;
};

FIXTURE_SETUP(notification)
{
	hearing_set_up(_metadata, &self->hearing);
}

FIXTURE_TEARDOWN(notification)
{
	hearing_tear_down(&self->hearing);
}

TEST_F(notification, tells_of_an_export_by_netlink)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *genl = &self->hearing.genl;

	ASSERT_EQ(0, genl_export(genl, scene->fd, scene->target.pid, 0,
				 &scene->info));
	ears->secret = &scene->info;
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  next_of_scene(&self->hearing, &self->event));
	expect_notification(_metadata, &self->event, &scene->info, geteuid());
	EXPECT_FALSE(ears->leaked);
}

TEST_F(notification, tells_of_each_token_of_a_target_that_died)
{
	struct sockdup_protocol_info infos[3];
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	int i, j, found = 0;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, scene_export(scene, 0, LONG_TTL_MS));
		infos[i] = scene->info;
		ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
			  next_of(ears, infos, i + 1, &self->event));
	}
	ASSERT_EQ(0, kill(scene->target.pid, SIGKILL));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF,
			  next_of(ears, infos, 3, &self->event));
		for (j = 0; j < 3; j++)
			found |= (id_of(&infos[j]) == self->event.id) << j;
	}
	EXPECT_EQ(7, found);
}

/* It is for readers in all pid namespaces. */
TEST_F(notification, names_no_process)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct agent source;
	int fd;

	ASSERT_EQ(0, agent_spawn_isolated(&source));
	ASSERT_EQ(0, agent_setuid(&source, SOURCE_UID));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&source, fd, 1, &scene->info));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
	expect_notification(_metadata, &self->event, &scene->info, SOURCE_UID);
	EXPECT_EQ(0, agent_stop(&source));
}

/* Exports one that only those in @ears' namespace hear of, whose end it is. */
static int export_last(struct scene *scene, struct agent *source, int fd,
		       __u64 *id)
{
	struct sockdup_protocol_info info;
	int error = agent_duplicate(source, fd, scene->target.pid, &info);

	*id = id_of(&info);
	return error;
}

TEST_F(notification, is_told_in_the_network_namespace_of_the_exporter_alone)
{
	struct scene *scene = &self->hearing.scene;
	struct genl inside, *outside = &self->hearing.ears;
	struct agent source;
	__u64 last;
	int fd;

	ASSERT_EQ(0, agent_spawn(&source));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, genl_open(&inside));
	ASSERT_EQ(0, genl_join(&inside));
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);
	/* The target is in the outer one. */
	ASSERT_LE(0, agent_import(&scene->target, &scene->info, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_IMPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);

	ASSERT_EQ(0, export_last(scene, &source, fd, &last));
	do {
		ASSERT_LE(0, genl_event(outside, &self->event));
		EXPECT_NE(id_of(&scene->info), self->event.id);
	} while (self->event.id != last);

	/* Nor is what happens outside told inside. */
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);
	genl_close(&inside);
	EXPECT_EQ(0, agent_stop(&source));
}

/* Exports in a network namespace that ends with this process. */
static int export_from_nowhere(struct scene *scene, unsigned int count)
{
	int error = unshare(CLONE_NEWNET) ? -errno : 0;

	while (count-- && !error)
		error = scene_export(scene, 0, LONG_TTL_MS);
	return -error;
}

TEST_F(notification, of_a_network_namespace_that_is_gone_is_told_to_nobody)
{
	const unsigned int rounds = stress(200);
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		pid = fork();
		if (!pid)
			_exit(export_from_nowhere(scene, 8));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		/* They end while the namespace does. */
		ASSERT_EQ(-SIGKILL, agent_kill(&scene->target));
		ASSERT_EQ(0, agent_spawn(&scene->target));
	}
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
}

/* Takes what comes, until nothing has come for a second. */
static void take_all(struct genl *ears)
{
	struct pollfd poll_fd = { .fd = genl_fd(ears), .events = POLLIN };
	struct genl_token event;

	while (poll(&poll_fd, 1, 1000) > 0)
		genl_event(ears, &event);
}

TEST_F(notification, that_a_listener_has_no_room_for_is_missed_in_the_open)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	const int room = 1;
	int i, command;

	ASSERT_EQ(0, setsockopt(genl_fd(ears), SOL_SOCKET, SO_RCVBUF,
				&room, sizeof(room)));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, scene_export(scene, 0, 0));
		ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
	}
	/* Whatever there was room for may come first, or after. */
	do {
		command = genl_event(ears, &self->event);
	} while (command > 0);
	EXPECT_EQ(-ENOBUFS, command);
	/* The next one comes, unless others are still in its way. */
	for (i = 0; i < 5 && command < 0; i++) {
		take_all(ears);
		ASSERT_EQ(0, scene_export(scene, 0, 0));
		command = genl_event_on(ears, id_of(&scene->info),
					&self->event);
	}
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, command);
}

/* Requests that are refused. */

#define NO_PROCESS	0x3fffffff
#define CLOSED_FD	99
#define TCP_FD		100
#define UNCONNECTED_FD	101

/* An attribute of a request: so many bytes, the first of them a number. */
struct piece {
	int type;
	unsigned int size;
	long long value;
};

FIXTURE(refusal) {
	struct genl genl;
};

FIXTURE_VARIANT(refusal) {
	int command;
	struct piece pieces[4];
	int error;
	int blamed;
	int missing;
	bool list;
};

#define A(name)		SOCKDUP_A_TOKEN_##name
#define PROTOCOL_INFO_SIZE	sizeof(struct sockdup_protocol_info)

#define REFUSED(cmd, err, at_fault, ...)				\
	.command = SOCKDUP_CMD_##cmd, .error = (err),			\
	.blamed = (at_fault), .pieces = { __VA_ARGS__ }

#define REFUSED_FOR_WANT_OF(attribute, cmd, ...)			\
	.command = SOCKDUP_CMD_##cmd, .error = -EINVAL,			\
	.missing = (attribute), .pieces = { __VA_ARGS__ }

#define LIST_REFUSED(err, at_fault, ...)				\
	.list = true, REFUSED(TOKEN_GET, err, at_fault, __VA_ARGS__)

FIXTURE_VARIANT_ADD(refusal, export_of_nothing) {
	REFUSED_FOR_WANT_OF(A(FD), TOKEN_EXPORT, { A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_nobody) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_two) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(PEER_FD), 4, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_negative_fd) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(FD), { A(FD), 4, -1 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_closed_fd) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(FD), { A(FD), 4, CLOSED_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_file) {
	REFUSED(TOKEN_EXPORT, -ENOTSOCK, A(FD), { A(FD), 4, STDIN_FILENO },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_short_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 2, TCP_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 8, TCP_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_empty_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 0, 0 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_number) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_number) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_process) {
	REFUSED(TOKEN_EXPORT, -ESRCH, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, NO_PROCESS })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_kernel_thread) {
	REFUSED(TOKEN_EXPORT, -ESRCH, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 2 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_short_target) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 2, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_peer) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_closed_peer) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, CLOSED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_file_as_peer) {
	REFUSED(TOKEN_EXPORT, -ENOTSOCK, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, STDIN_FILENO })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_tcp_peer) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_an_unconnected_peer) {
	REFUSED(TOKEN_EXPORT, -ENOTCONN, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_peer) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 8, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_for_no_time) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, export_for_ever) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_time) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 8, 1000 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_id) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(ID), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_protocol_info) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PROTOCOL_INFO), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 },
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_source) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(SOURCE), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(SOURCE), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_user) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(UID), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_unknown_attribute) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 200, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, query_of_nothing) {
	REFUSED_FOR_WANT_OF(A(PROTOCOL_INFO), TOKEN_QUERY)
};

FIXTURE_VARIANT_ADD(refusal, query_by_too_few_bytes) {
	REFUSED(TOKEN_QUERY, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE - 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_too_many_bytes) {
	REFUSED(TOKEN_QUERY, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE + 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_bytes_that_say_another_size) {
	REFUSED(TOKEN_QUERY, -EINVAL, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE + 8 })
};

FIXTURE_VARIANT_ADD(refusal, query_by_bytes_that_name_nothing) {
	REFUSED(TOKEN_QUERY, -ENOENT, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_an_id) {
	REFUSED(TOKEN_QUERY, -EINVAL, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, query_with_an_unknown_attribute) {
	REFUSED(TOKEN_QUERY, -EINVAL, 200, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_of_nothing) {
	REFUSED(TOKEN_REVOKE, -EINVAL, 0)
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_two_names) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(ID), { A(ID), 8, 1 },
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_a_short_id) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(ID), { A(ID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_an_id_of_nothing) {
	REFUSED(TOKEN_REVOKE, -ENOENT, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_too_few_bytes) {
	REFUSED(TOKEN_REVOKE, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE - 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_bytes_that_name_nothing) {
	REFUSED(TOKEN_REVOKE, -ENOENT, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_target) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(TARGET), { A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_of_nothing) {
	REFUSED_FOR_WANT_OF(A(ID), TOKEN_GET)
};

FIXTURE_VARIANT_ADD(refusal, get_by_a_long_id) {
	REFUSED(TOKEN_GET, -EINVAL, A(ID), { A(ID), 16, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_an_id_of_nothing) {
	REFUSED(TOKEN_GET, -ENOENT, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_target) {
	REFUSED(TOKEN_GET, -EINVAL, A(TARGET), { A(ID), 8, 1 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_source) {
	REFUSED(TOKEN_GET, -EINVAL, A(SOURCE), { A(ID), 8, 1 },
		{ A(SOURCE), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_user) {
	REFUSED(TOKEN_GET, -EINVAL, A(UID), { A(ID), 8, 1 }, { A(UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_bytes) {
	REFUSED(TOKEN_GET, -EINVAL, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, list_by_id) {
	LIST_REFUSED(-EINVAL, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, list_for_no_number) {
	LIST_REFUSED(-ERANGE, A(TARGET), { A(TARGET), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_from_a_negative_number) {
	LIST_REFUSED(-ERANGE, A(SOURCE), { A(SOURCE), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, list_of_no_user) {
	LIST_REFUSED(-EINVAL, A(UID), { A(UID), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, list_of_a_short_user) {
	LIST_REFUSED(-EINVAL, A(UID), { A(UID), 2, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_by_group) {
	LIST_REFUSED(-EINVAL, A(GID), { A(GID), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_with_an_unknown_attribute) {
	LIST_REFUSED(-EINVAL, 200, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_of_no_user) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_UID,
		{ SOCKDUP_A_STATS_UID, 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_of_a_long_user) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_UID,
		{ SOCKDUP_A_STATS_UID, 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_with_a_count) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_HELD,
		{ SOCKDUP_A_STATS_HELD, 8, 1 })
};

FIXTURE_SETUP(refusal)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(TCP_FD, dup3(tcp_listener(AF_INET), TCP_FD, O_CLOEXEC));
	ASSERT_EQ(UNCONNECTED_FD, dup3(socket(AF_UNIX, SOCK_STREAM, 0),
				       UNCONNECTED_FD, O_CLOEXEC));
	ASSERT_EQ(-1, fcntl(CLOSED_FD, F_GETFD));
}

FIXTURE_TEARDOWN(refusal)
{
	genl_close(&self->genl);
}

static void put_piece(struct nlmsghdr *request, const struct piece *piece)
{
	char bytes[256] = { 0 };

	memcpy(bytes, &piece->value, sizeof(piece->value));
	mnl_attr_put(request, piece->type, piece->size, bytes);
}

static void ignore(const struct genl_token *token, void *context)
{
}

static int call(struct genl *genl, bool list)
{
	int error = genl_send(genl);

	if (error)
		return error;
	return list ? genl_list_step(genl, ignore, NULL) : genl_finish(genl);
}

/* Linux 6.1 has a family refuse a list within the list, by words alone. */
static bool can_blame(const struct genl *genl)
{
	const struct nlmsghdr *message = (const void *)genl->reply;

	return message->nlmsg_type == NLMSG_ERROR;
}

TEST_F(refusal, has_a_reason_and_makes_no_token)
{
	struct genl_stats before, after;
	struct nlmsghdr *request;
	unsigned int i;

	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &before));
	request = genl_begin(&self->genl, variant->command);
	if (variant->list)
		request->nlmsg_flags |= NLM_F_DUMP;
	for (i = 0; i < ARRAY_SIZE(variant->pieces); i++) {
		if (variant->pieces[i].type)
			put_piece(request, &variant->pieces[i]);
	}
	EXPECT_EQ(variant->error, call(&self->genl, variant->list));
	EXPECT_STRNE("", self->genl.message);
	EXPECT_EQ(can_blame(&self->genl) ? variant->blamed : 0,
		  self->genl.blamed);
	EXPECT_EQ(variant->missing, self->genl.missing);
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &after));
	EXPECT_EQ(before.counts[SOCKDUP_A_STATS_EXPORTED],
		  after.counts[SOCKDUP_A_STATS_EXPORTED]);
}

/* Refusals as an administrator sees them. */

static int watched_export(struct genl *genl)
{
	struct sockdup_protocol_info info;

	return genl_export(genl, CLOSED_FD, 1, 0, &info);
}

static int watched_query(struct genl *genl)
{
	struct sockdup_protocol_info info = { .size = sizeof(info) };
	struct genl_token token;

	return genl_query(genl, &info, &token);
}

static int watched_revoke(struct genl *genl)
{
	return genl_revoke_id(genl, 1);
}

static int watched_get(struct genl *genl)
{
	struct genl_token token;

	return genl_get(genl, 1, &token);
}

static int watched_list(struct genl *genl)
{
	const struct genl_filter nobodys = { .by_uid = true, .uid = -1 };

	return genl_list(genl, &nobodys, NULL, 0);
}

static int watched_stats(struct genl *genl)
{
	const __u32 nobody = -1;
	struct genl_stats stats;

	return genl_stats(genl, &nobody, &stats);
}

FIXTURE(watched) {
	struct genl genl;
};

FIXTURE_VARIANT(watched) {
	const char *command;
	int (*call)(struct genl *genl);
	int error;
};

FIXTURE_VARIANT_ADD(watched, export) { "token-export", watched_export, -EBADF };
FIXTURE_VARIANT_ADD(watched, query) { "token-query", watched_query, -ENOENT };
FIXTURE_VARIANT_ADD(watched, revoke) { "token-revoke", watched_revoke, -ENOENT };
FIXTURE_VARIANT_ADD(watched, get) { "token-get", watched_get, -ENOENT };
FIXTURE_VARIANT_ADD(watched, list) { "token-get", watched_list, -EINVAL };
FIXTURE_VARIANT_ADD(watched, stats) { "stats-get", watched_stats, -EINVAL };

FIXTURE_SETUP(watched)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(longjmp(_metadata->env, 1), "no tracefs here");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, genl_open(&self->genl));
}

FIXTURE_TEARDOWN(watched)
{
	EXPECT_EQ(0, trace_log_close());
	genl_close(&self->genl);
}

TEST_F(watched, refusal_is_traced_with_its_error)
{
	struct trace_line line = { .times = 1 };

	ASSERT_EQ(-1, fcntl(CLOSED_FD, F_GETFD));
	ASSERT_EQ(variant->error, variant->call(&self->genl));
	snprintf(line.text, sizeof(line.text),
		 ": sockdup_netlink_refuse: command=%s error=%d\n",
		 variant->command, variant->error);
	EXPECT_EQ(0, trace_log_wait(line));
	EXPECT_EQ(1, trace_log_count("sockdup_netlink_refuse"));
}

SOCKDUP_TEST_MAIN
