// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what by netlink: a user with the user's own tokens, a privileged
 * program with all of them, and nobody through a socket that another opened.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"

#define NETLINK_EXPORT	\
	"/sys/module/" SOCKDUP_DEVICE_NAME "/parameters/netlink_export"

/* A user, who has a token, and root, who has another, for the same target. */
FIXTURE(user) {
	struct genl genl;
	struct agent root;
	struct agent target;
	uid_t uid;
	int root_fd;
	int fd;
	struct sockdup_protocol_info mine;
	struct sockdup_protocol_info theirs;
	struct genl_token token;
	struct genl_stats stats;
};

FIXTURE_VARIANT(user) {
	bool root_inside;
	int stats_error;
	int join_error;
};

/* A number that the user namespace does not know is no user there. */
FIXTURE_VARIANT_ADD(user, without_privilege) { false, -EPERM, -EPERM };
FIXTURE_VARIANT_ADD(user, who_is_root_of_a_namespace) { true, -EINVAL, 0 };

FIXTURE_SETUP(user)
{
	self->uid = 100000 + getpid();
	ASSERT_EQ(0, agent_spawn(&self->root));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->root_fd = agent_socket(&self->root, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->root_fd);
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_duplicate(&self->root, self->root_fd,
				     self->target.pid, &self->theirs));
	ASSERT_EQ(0, become_user(self->uid));
	if (variant->root_inside)
		ASSERT_EQ(0, become_root_inside(CLONE_NEWNET));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->mine));
}

FIXTURE_TEARDOWN(user)
{
	genl_close(&self->genl);
	agent_stop(&self->target);
	agent_stop(&self->root);
}

TEST_F(user, lists_own_tokens_alone)
{
	struct genl_token tokens[2];

	self->genl.secret = &self->mine;
	ASSERT_EQ(1, genl_list(&self->genl, NULL, tokens, 2));
	EXPECT_EQ(id_of(&self->mine), tokens[0].id);
	EXPECT_EQ(geteuid(), tokens[0].uid);
	EXPECT_EQ(getpid(), tokens[0].source);
	EXPECT_FALSE(self->genl.leaked);
}

TEST_F(user, finds_nobody_elses_by_a_filter)
{
	struct genl_filter filters[] = {
		{ .source = self->root.pid },
		{ .source = self->root.pid, .target = self->target.pid },
	};
	struct genl_filter both = { .target = self->target.pid };
	struct genl_token tokens[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++)
		EXPECT_EQ(0, genl_list(&self->genl, &filters[i], tokens, 2));
	ASSERT_EQ(1, genl_list(&self->genl, &both, tokens, 2));
	EXPECT_EQ(id_of(&self->mine), tokens[0].id);
}

TEST_F(user, gets_own_tokens_alone)
{
	EXPECT_EQ(0, genl_get(&self->genl, id_of(&self->mine), &self->token));
	EXPECT_EQ(-ENOENT, genl_get(&self->genl, id_of(&self->theirs),
				    &self->token));
	EXPECT_EQ(SOCKDUP_A_TOKEN_ID, self->genl.blamed);
	EXPECT_STRNE("", self->genl.message);
}

TEST_F(user, queries_own_tokens_alone)
{
	EXPECT_EQ(0, genl_query(&self->genl, &self->mine, &self->token));
	EXPECT_EQ(-EPERM, genl_query(&self->genl, &self->theirs,
				     &self->token));
	EXPECT_EQ(SOCKDUP_A_TOKEN_PROTOCOL_INFO, self->genl.blamed);
	EXPECT_STRNE("", self->genl.message);
}

TEST_F(user, revokes_own_tokens_by_id)
{
	ASSERT_EQ(0, genl_revoke_id(&self->genl, id_of(&self->mine)));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->mine, 0));
}

TEST_F(user, revokes_own_tokens_by_bytes)
{
	ASSERT_EQ(0, genl_revoke(&self->genl, &self->mine));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->mine, 0));
}

TEST_F(user, revokes_nobody_elses)
{
	EXPECT_EQ(-ENOENT, genl_revoke_id(&self->genl, id_of(&self->theirs)));
	EXPECT_EQ(-EPERM, genl_revoke(&self->genl, &self->theirs));
	EXPECT_LE(0, agent_import(&self->target, &self->theirs, 0));
}

/* As the target; the id, which is no secret, is not enough for that. */
TEST_F(user, queries_and_declines_what_is_meant_for_it)
{
	ASSERT_EQ(0, agent_duplicate(&self->root, self->root_fd, getpid(),
				     &self->theirs));
	EXPECT_EQ(-ENOENT, genl_revoke_id(&self->genl, id_of(&self->theirs)));
	EXPECT_EQ(0, genl_query(&self->genl, &self->theirs, &self->token));
	EXPECT_EQ(getpid(), self->token.target);
	EXPECT_EQ(0, genl_revoke(&self->genl, &self->theirs));
	EXPECT_EQ(-ENOENT, genl_revoke(&self->genl, &self->theirs));
}

TEST_F(user, learns_own_figures_alone)
{
	const __u32 other = 1;

	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &self->stats));
	EXPECT_EQ(geteuid(), self->stats.uid);
	EXPECT_EQ(1, self->stats.held);
	EXPECT_FALSE(self->stats.all);
	EXPECT_EQ(variant->stats_error,
		  genl_stats(&self->genl, &other, &self->stats));
	EXPECT_EQ(SOCKDUP_A_STATS_UID, self->genl.blamed);
	EXPECT_STRNE("", self->genl.message);
}

TEST_F(user, listens_in_a_network_namespace_of_its_own_alone)
{
	struct sockdup_protocol_info info;

	ASSERT_EQ(variant->join_error, genl_join(&self->genl));
	if (variant->join_error)
		return;
	ASSERT_EQ(0, agent_duplicate(&self->root, self->root_fd,
				     self->target.pid, &info));
	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &info));
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event(&self->genl, &self->token));
	EXPECT_EQ(id_of(&info), self->token.id);
}

TEST_F(user, has_strangers_wait_no_longer_than_usual)
{
	EXPECT_EQ(-EPERM, genl_export(&self->genl, self->fd, self->target.pid,
				      LONG_TTL_MS, &self->mine));
	EXPECT_EQ(SOCKDUP_A_TOKEN_TTL_MS, self->genl.blamed);
	EXPECT_STRNE("", self->genl.message);
}

/* The test is root. */
FIXTURE(root) {
	struct genl genl;
	struct agent user;
	struct agent target;
	uid_t uid;
	int user_fd;
	int fd;
	struct sockdup_protocol_info mine;
	struct sockdup_protocol_info theirs;
	struct genl_token token;
	struct genl_stats stats;
};

FIXTURE_SETUP(root)
{
	self->uid = 100000 + getpid();
	ASSERT_EQ(0, agent_spawn(&self->user));
	ASSERT_EQ(0, agent_setuid(&self->user, self->uid));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->user_fd = agent_socket(&self->user, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->user_fd);
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_duplicate(&self->user, self->user_fd,
				     self->target.pid, &self->theirs));
	ASSERT_EQ(0, genl_open(&self->genl));
}

FIXTURE_TEARDOWN(root)
{
	write_string(NETLINK_EXPORT, "1");
	genl_close(&self->genl);
	agent_kill(&self->target);
	agent_kill(&self->user);
}

TEST_F(root, sees_all_tokens)
{
	const struct genl_filter filter = {
		.by_uid = true,
		.uid = self->uid,
	};

	ASSERT_EQ(1, genl_list(&self->genl, &filter, &self->token, 1));
	EXPECT_EQ(id_of(&self->theirs), self->token.id);
	EXPECT_EQ(0, genl_get(&self->genl, id_of(&self->theirs),
			      &self->token));
	EXPECT_EQ(0, genl_query(&self->genl, &self->theirs, &self->token));
	EXPECT_EQ(self->uid, self->token.uid);
}

TEST_F(root, revokes_all_tokens)
{
	EXPECT_EQ(0, genl_revoke_id(&self->genl, id_of(&self->theirs)));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->theirs, 0));
}

TEST_F(root, without_the_capability_is_any_other_user)
{
	struct genl later;

	ASSERT_EQ(0, drop_capability(CAP_SYS_ADMIN));
	ASSERT_EQ(0, genl_open(&later));
	EXPECT_EQ(-ENOENT, genl_get(&self->genl, id_of(&self->theirs),
				    &self->token));
	EXPECT_EQ(-ENOENT, genl_revoke_id(&later, id_of(&self->theirs)));
	ASSERT_EQ(0, genl_stats(&later, NULL, &self->stats));
	EXPECT_FALSE(self->stats.all);
	genl_close(&later);
}

/*
 * A capability that the sender alone has is of no use to a program that merely
 * writes; one that names the kernel as the destination means it.
 */
TEST_F(root, with_the_capability_lends_it_to_no_socket)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	struct nlmsghdr *request;
	struct genl weak;

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	ASSERT_EQ(0, drop_capability(CAP_SYS_ADMIN));
	ASSERT_EQ(0, genl_open(&weak));
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
	request = genl_begin(&weak, SOCKDUP_CMD_TOKEN_GET);
	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id_of(&self->theirs));
	ASSERT_EQ(request->nlmsg_len, write(genl_fd(&weak), request,
					    request->nlmsg_len));
	EXPECT_EQ(-ENOENT, genl_finish(&weak));
	EXPECT_EQ(0, genl_get(&self->genl, id_of(&self->theirs),
			      &self->token));
	genl_close(&weak);
}

TEST_F(root, of_a_user_namespace_in_the_outer_network_hears_nothing)
{
	struct genl genl;

	ASSERT_EQ(0, become_user(self->uid));
	ASSERT_EQ(0, become_root_inside(0));
	ASSERT_EQ(0, genl_open(&genl));
	EXPECT_EQ(-EPERM, genl_join(&genl));
	genl_close(&genl);
}

/* Exports, for which the opener and the sender must have the same rights. */

static void expect_reopen(struct __test_metadata *_metadata,
			  struct genl *genl, int error)
{
	EXPECT_EQ(-EPERM, error);
	EXPECT_NE(NULL, strstr(genl->message, "reopen"));
}

TEST_F(root, exports_by_a_socket_that_it_reopened)
{
	int error;

	ASSERT_EQ(0, drop_capability(CAP_NET_RAW));
	error = genl_export(&self->genl, self->fd, self->target.pid, 0,
			    &self->mine);
	expect_reopen(_metadata, &self->genl, error);
	/* For the rest, the same user is enough. */
	EXPECT_EQ(0, genl_get(&self->genl, id_of(&self->theirs),
			      &self->token));
	genl_close(&self->genl);
	ASSERT_EQ(0, genl_open(&self->genl));
	EXPECT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->mine));
}

/* A change that is taken back counts as none. */
TEST_F(root, exports_with_the_rights_that_it_opened_with)
{
	ASSERT_EQ(0, seteuid(self->uid));
	EXPECT_EQ(-EPERM, genl_export(&self->genl, self->fd, self->target.pid,
				      0, &self->mine));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->mine));
}

static int export_as_child(const struct genl *genl, int fd, pid_t target,
			   uid_t uid)
{
	struct sockdup_protocol_info info;
	struct genl own = *genl;

	if (uid && seteuid(uid))
		return errno;
	return -genl_export(&own, fd, target, 0, &info);
}

TEST_F(root, exports_by_its_parents_socket_with_the_same_rights_alone)
{
	const uid_t uids[] = { 0, self->uid };
	const int errors[] = { 0, EPERM };
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(uids); i++) {
		pid = fork();
		if (!pid)
			_exit(export_as_child(&self->genl, self->fd,
					      self->target.pid, uids[i]));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		EXPECT_EQ(errors[i], WEXITSTATUS(status));
	}
}

static int set_effective(unsigned int capability, bool given)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	__u32 *word = &data[capability / 32].effective;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*word &= ~(1U << capability % 32);
	*word |= given ? 1U << capability % 32 : 0;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Without the capability it sees what belongs to the namespace of a socket alone. */
TEST_F(root, exports_in_the_network_namespace_of_its_socket)
{
	struct genl here, there;
	__u64 id;

	ASSERT_EQ(0, genl_join(&self->genl));
	ASSERT_EQ(0, set_effective(CAP_SYS_ADMIN, false));
	ASSERT_EQ(0, genl_open(&here));
	ASSERT_EQ(0, set_effective(CAP_SYS_ADMIN, true));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, set_effective(CAP_SYS_ADMIN, false));
	ASSERT_EQ(0, genl_open(&there));

	ASSERT_EQ(0, genl_export(&here, self->fd, self->target.pid, 0,
				 &self->mine));
	id = id_of(&self->mine);
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(&self->genl, id, &self->token));
	EXPECT_EQ(0, genl_get(&here, id, &self->token));
	EXPECT_EQ(-ENOENT, genl_get(&there, id, &self->token));
	EXPECT_EQ(0, genl_revoke_id(&here, id));
	genl_close(&there);
	genl_close(&here);
}

TEST_F(root, closes_the_way_to_export)
{
	ASSERT_EQ(0, write_string(NETLINK_EXPORT, "0"));
	EXPECT_EQ(-EOPNOTSUPP, genl_export(&self->genl, self->fd,
					   self->target.pid, 0, &self->mine));
	EXPECT_STRNE("", self->genl.message);
	/* That way alone. */
	EXPECT_EQ(0, genl_revoke_id(&self->genl, id_of(&self->theirs)));
	EXPECT_EQ(0, try_duplicate(self->fd, self->target.pid, &self->mine));
	ASSERT_EQ(0, write_string(NETLINK_EXPORT, "1"));
	EXPECT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->mine));
}

/* Asks and does not listen, until the kernel notices. */
static int fill_up(struct genl *genl)
{
	const int room = 1;
	socklen_t size = sizeof(int);
	int i, error = 0;

	if (setsockopt(genl_fd(genl), SOL_SOCKET, SO_RCVBUF, &room,
		       sizeof(room)))
		return -errno;
	for (i = 0; i < 1000 && error != ENOBUFS; i++) {
		genl_begin(genl, SOCKDUP_CMD_STATS_GET);
		if (genl_send(genl) && errno != ENOBUFS)
			return -errno;
		if (getsockopt(genl_fd(genl), SOL_SOCKET, SO_ERROR, &error,
			       &size))
			return -errno;
	}
	return error == ENOBUFS ? 0 : -ETIME;
}

TEST_F(root, has_no_token_whose_bytes_did_not_arrive)
{
	struct genl_stats before;
	struct nlmsghdr *request;
	struct genl deaf;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &before));
	ASSERT_EQ(0, genl_open(&deaf));
	ASSERT_EQ(0, fill_up(&deaf));
	request = genl_begin(&deaf, SOCKDUP_CMD_TOKEN_EXPORT);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, fds[0]);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET, self->target.pid);
	genl_send(&deaf);
	ASSERT_EQ(0, close(fds[0]));
	/* It was made, and taken back. */
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &self->stats));
	EXPECT_LT(before.counts[SOCKDUP_A_STATS_EXPORTED],
		  self->stats.counts[SOCKDUP_A_STATS_EXPORTED]);
	EXPECT_LT(before.counts[SOCKDUP_A_STATS_REVOKED],
		  self->stats.counts[SOCKDUP_A_STATS_REVOKED]);
	EXPECT_EQ(0, genl_list(&self->genl,
			       &(struct genl_filter){ .source = getpid() },
			       NULL, 0));
	EXPECT_EQ(0, wait_for_end(fds[1]));
	genl_close(&deaf);
}

/*
 * A user's token, and a reader who is the same user or not quite, in the same
 * namespaces or in others.
 */
struct reader {
	int namespaces;		/* of its own, CLONE_NEW* */
	uid_t real;
	uid_t effective;
	struct sockdup_protocol_info info;
};

FIXTURE(view) {
	struct agent source;
	struct agent target;
	struct reader reader;
};

FIXTURE_VARIANT(view) {
	int namespaces;
	int real;		/* to be added to the user's number */
	int effective;
	bool root;
	int error;		/* for all that shows or ends the token */
	int stats_error;
};

FIXTURE_VARIANT_ADD(view, of_the_same_user) {
	.error = 0
};

FIXTURE_VARIANT_ADD(view, of_another_real_user) {
	.real = 1, .error = -ENOENT
};

FIXTURE_VARIANT_ADD(view, of_another_effective_user) {
	.effective = 1, .error = -ENOENT
};

FIXTURE_VARIANT_ADD(view, from_another_network_namespace) {
	.namespaces = CLONE_NEWNET, .error = -ENOENT
};

FIXTURE_VARIANT_ADD(view, from_a_pid_namespace_without_the_exporter) {
	.namespaces = CLONE_NEWPID, .error = -ENOENT, .stats_error = -EPERM
};

FIXTURE_VARIANT_ADD(view, of_root_in_other_namespaces) {
	.namespaces = CLONE_NEWNET | CLONE_NEWPID, .root = true
};

FIXTURE_SETUP(view)
{
	const uid_t uid = 100000 + 2 * getpid();
	int fd;

	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_setuid(&self->source, uid));
	fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&self->source, fd, self->target.pid,
				     &self->reader.info));
	self->reader.namespaces = variant->namespaces;
	self->reader.real = variant->root ? 0 : uid + variant->real;
	self->reader.effective = variant->root ? 0 : uid + variant->effective;
}

FIXTURE_TEARDOWN(view)
{
	agent_kill(&self->source);
	agent_kill(&self->target);
}

typedef int (*reader_act)(struct genl *genl,
			  const struct sockdup_protocol_info *info);

static int act_as(const struct reader *reader, reader_act act)
{
	struct genl genl;
	int error;

	if (setresuid(reader->real, reader->effective, reader->effective))
		return -errno;
	error = genl_open(&genl);
	return error ? error : act(&genl, &reader->info);
}

static int in_child(const struct reader *reader, reader_act act,
		    int (*act_there)(const struct reader *reader,
				     reader_act act))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(-act_there(reader, act));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EPROTO;
	return -WEXITSTATUS(status);
}

/* A pid namespace is its children's. */
static int act_inside(const struct reader *reader, reader_act act)
{
	if (unshare(reader->namespaces))
		return -errno;
	return in_child(reader, act, act_as);
}

/* Does something as the reader; the result, -errno or 0. */
static int as_reader(const struct reader *reader, reader_act act)
{
	return in_child(reader, act, act_inside);
}

/* 0 where the token is shown, -ENOENT where it is not there, else -EPROTO. */
static int look(struct genl *genl, const struct sockdup_protocol_info *info)
{
	struct genl_token token;
	const int got = genl_get(genl, id_of(info), &token);
	const int listed = genl_list(genl, NULL, NULL, 0);

	if (!got && listed >= 1)
		return 0;
	return got == -ENOENT && !listed ? -ENOENT : -EPROTO;
}

static int look_by_bytes(struct genl *genl,
			 const struct sockdup_protocol_info *info)
{
	struct genl_token token;

	return genl_query(genl, info, &token);
}

static int revoke_by_id(struct genl *genl,
			const struct sockdup_protocol_info *info)
{
	return genl_revoke_id(genl, id_of(info));
}

static int count_own(struct genl *genl,
		     const struct sockdup_protocol_info *info)
{
	struct genl_stats stats;

	return genl_stats(genl, NULL, &stats);
}

TEST_F(view, shows_the_readers_own_tokens)
{
	EXPECT_EQ(variant->error, as_reader(&self->reader, look));
	EXPECT_EQ(variant->error ? -EPERM : 0,
		  as_reader(&self->reader, look_by_bytes));
}

TEST_F(view, lets_the_reader_revoke_what_it_shows)
{
	const struct sockdup_protocol_info *info = &self->reader.info;

	EXPECT_EQ(variant->error ? -EPERM : 0,
		  as_reader(&self->reader, genl_revoke));
	EXPECT_EQ(-ENOENT, as_reader(&self->reader, revoke_by_id));
	if (variant->error)
		EXPECT_LE(0, agent_import(&self->target, info, 0));
}

TEST_F(view, lets_the_reader_revoke_by_id_what_it_shows)
{
	EXPECT_EQ(variant->error, as_reader(&self->reader, revoke_by_id));
}

TEST_F(view, has_figures_of_all_namespaces_in_the_initial_one_alone)
{
	EXPECT_EQ(variant->stats_error, as_reader(&self->reader, count_own));
}

/* A socket that one user opens, and another's program is made to write to. */
FIXTURE(fed) {
	struct genl genl;
	struct agent sender;
	struct agent target;
	int end;		/* the sender's, of the socket */
	int fd;			/* the sender's, of another */
	struct sockdup_protocol_info info;
	uid_t opener;
};

FIXTURE_VARIANT(fed) {
	uid_t opener;
	uid_t sender;
};

FIXTURE_VARIANT_ADD(fed, by_a_user_to_root) { 1001, 0 };
FIXTURE_VARIANT_ADD(fed, by_root_to_a_user) { 0, 1001 };
FIXTURE_VARIANT_ADD(fed, by_a_user_to_another) { 1001, 1002 };

FIXTURE_SETUP(fed)
{
	ASSERT_EQ(0, agent_spawn(&self->sender));
	ASSERT_EQ(0, agent_spawn(&self->target));
	if (variant->sender)
		ASSERT_EQ(0, agent_setuid(&self->sender, variant->sender));
	self->fd = agent_socket(&self->sender, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_duplicate(&self->sender, self->fd, self->target.pid,
				     &self->info));
	ASSERT_EQ(0, seteuid(variant->opener));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, seteuid(0));
	self->end = agent_give(&self->sender,
			       fcntl(genl_fd(&self->genl), F_DUPFD_CLOEXEC, 0));
	ASSERT_LE(0, self->end);
}

FIXTURE_TEARDOWN(fed)
{
	genl_close(&self->genl);
	agent_kill(&self->sender);
	agent_kill(&self->target);
}

static void expect_refusal(struct __test_metadata *_metadata, struct genl *genl,
			   struct agent *sender, int end)
{
	const struct nlmsghdr *request = (const void *)genl->request;

	genl->message[0] = '\0';
	ASSERT_EQ(request->nlmsg_len, agent_write(sender, end, genl->request,
						  request->nlmsg_len));
	EXPECT_EQ(-EPERM, genl_finish(genl));
	EXPECT_STRNE("", genl->message);
}

TEST_F(fed, does_not_export)
{
	struct genl *genl = &self->genl;
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_EXPORT);

	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, self->fd);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET, self->target.pid);
	expect_refusal(_metadata, genl, &self->sender, self->end);
	EXPECT_NE(NULL, strstr(genl->message, "reopen"));
}

TEST_F(fed, does_not_revoke)
{
	struct genl *genl = &self->genl;
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_REVOKE);

	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id_of(&self->info));
	expect_refusal(_metadata, genl, &self->sender, self->end);
	request = genl_begin(genl, SOCKDUP_CMD_TOKEN_REVOKE);
	mnl_attr_put(request, SOCKDUP_A_TOKEN_PROTOCOL_INFO,
		     sizeof(self->info), &self->info);
	expect_refusal(_metadata, genl, &self->sender, self->end);
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(fed, tells_nothing)
{
	struct genl *genl = &self->genl;
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_QUERY);

	mnl_attr_put(request, SOCKDUP_A_TOKEN_PROTOCOL_INFO,
		     sizeof(self->info), &self->info);
	expect_refusal(_metadata, genl, &self->sender, self->end);
	request = genl_begin(genl, SOCKDUP_CMD_TOKEN_GET);
	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id_of(&self->info));
	expect_refusal(_metadata, genl, &self->sender, self->end);
	genl_begin(genl, SOCKDUP_CMD_STATS_GET);
	expect_refusal(_metadata, genl, &self->sender, self->end);
}

static void fail_to_show(const struct genl_token *token, void *shown)
{
	*(bool *)shown = true;
}

TEST_F(fed, lists_nothing)
{
	struct genl *genl = &self->genl;
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_GET);
	bool shown = false;

	request->nlmsg_flags |= NLM_F_DUMP;
	genl->message[0] = '\0';
	ASSERT_EQ(request->nlmsg_len, agent_write(&self->sender, self->end,
						  request, request->nlmsg_len));
	EXPECT_EQ(-EPERM, genl_list_step(genl, fail_to_show, &shown));
	EXPECT_STRNE("", genl->message);
	EXPECT_FALSE(shown);
}

SOCKDUP_TEST_MAIN
