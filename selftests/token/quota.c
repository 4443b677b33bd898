// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tokens may cost: sockets held for each user, tokens that wait for each
 * process, and memory. Whatever is taken comes back with the end of the
 * token, to whom it was taken from. W9.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"

/* The soft RLIMIT_NOFILE of a user here; an agent needs some itself. */
#define LIMIT	12

/*
 * A source that may spend LIMIT, and targets that have the device open, so
 * that lives may be long. Each test has users of its own, who owe nothing for
 * what another test let go of a moment ago.
 */
struct user {
	uid_t a;		/* the source's */
	uid_t b;
	struct agent source;
	struct agent target;
	struct agent other_target;
	int fd;			/* the source's */
	struct sockdup_protocol_info infos[4 * LIMIT];
};

FIXTURE(user) {
	struct user user;
};

static int spawn_user(struct agent *agent, uid_t uid, unsigned int limit)
{
	int error = agent_spawn(agent);

	if (!error)
		error = agent_setrlimit(agent, RLIMIT_NOFILE, limit);
	if (!error && uid)
		error = agent_setuid(agent, uid);
	return error;
}

static int spawn_target(struct agent *agent)
{
	int error = agent_spawn(agent);

	if (!error)
		error = agent_open(agent, DEVICE_PATH, O_RDWR);
	return error < 0 ? error : 0;
}

static void user_set_up(struct __test_metadata *_metadata, struct user *user)
{
	user->a = 100000 + 2 * getpid();
	user->b = user->a + 1;
	ASSERT_EQ(0, spawn_user(&user->source, user->a, LIMIT));
	ASSERT_EQ(0, spawn_target(&user->target));
	ASSERT_EQ(0, spawn_target(&user->other_target));
	user->fd = agent_socket(&user->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, user->fd);
}

static void user_tear_down(struct __test_metadata *_metadata,
			   struct user *user)
{
	agent_kill(&user->source);
	agent_kill(&user->target);
	agent_kill(&user->other_target);
}

FIXTURE_SETUP(user)
{
	user_set_up(_metadata, &self->user);
}

FIXTURE_TEARDOWN(user)
{
	user_tear_down(_metadata, &self->user);
}

static int export_one(struct agent *source, int fd, struct agent *target,
		      struct sockdup_protocol_info *info)
{
	return agent_export(source, fd, target->pid, 0, LONG_TTL_MS, info);
}

/*
 * Exports until that is refused: how many there were, and -errno where it was
 * refused for another reason than ENOBUFS, or not at all.
 */
static int fill_from(struct agent *source, int fd, struct agent *target,
		     struct sockdup_protocol_info infos[4 * LIMIT])
{
	int count, error;

	for (count = 0; count < 4 * LIMIT; count++) {
		error = export_one(source, fd, target, &infos[count]);
		if (error)
			return error == -ENOBUFS ? count : error;
	}
	return -EDQUOT;
}

static int fill(struct user *user)
{
	return fill_from(&user->source, user->fd, &user->target, user->infos);
}

/* Another process of a user, with a socket. */
static int spawn_another(struct agent *agent, uid_t uid, unsigned int limit,
			 int *fd)
{
	int error = spawn_user(agent, uid, limit);

	if (error)
		return error;
	*fd = agent_socket(agent, AF_INET, SOCK_STREAM, 0);
	return *fd < 0 ? *fd : 0;
}

TEST_F(user, W9_may_spend_the_limit_and_then_gets_ENOBUFS)
{
	EXPECT_EQ(LIMIT, fill(&self->user));
	EXPECT_EQ(-ENOBUFS,
		  export_one(&self->user.source, self->user.fd,
			     &self->user.target, &self->user.infos[0]));
}

TEST_F(user, W9_spends_one_limit_in_all_processes)
{
	struct sockdup_protocol_info info;
	struct agent another;
	int fd;

	ASSERT_EQ(0, spawn_another(&another, self->user.a, LIMIT, &fd));
	ASSERT_EQ(0, export_one(&another, fd, &self->user.target, &info));
	EXPECT_EQ(LIMIT - 1, fill(&self->user));
	EXPECT_EQ(-ENOBUFS,
		  export_one(&another, fd, &self->user.target, &info));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_spends_one_limit_on_all_targets)
{
	ASSERT_EQ(0,
		  export_one(&self->user.source, self->user.fd,
			     &self->user.other_target, &self->user.infos[0]));
	EXPECT_EQ(LIMIT - 1, fill(&self->user));
	EXPECT_EQ(-ENOBUFS,
		  export_one(&self->user.source, self->user.fd,
			     &self->user.other_target, &self->user.infos[0]));
}

TEST_F(user, W9_at_the_limit_leaves_others_theirs)
{
	struct sockdup_protocol_info infos[4 * LIMIT];
	struct agent another;
	int fd;

	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(0, spawn_another(&another, self->user.b, LIMIT, &fd));
	EXPECT_EQ(LIMIT, fill_from(&another, fd, &self->user.target, infos));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_has_the_limit_that_the_exporter_has_now)
{
	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(0, agent_setrlimit(&self->user.source, RLIMIT_NOFILE,
				     LIMIT + 3));
	EXPECT_EQ(3, fill(&self->user));
	ASSERT_EQ(0, agent_setrlimit(&self->user.source, RLIMIT_NOFILE, LIMIT));
	EXPECT_EQ(0, fill(&self->user));
}

TEST_F(user, W9_has_the_limit_of_each_exporter)
{
	struct sockdup_protocol_info infos[4 * LIMIT];
	struct agent another;
	int fd;

	ASSERT_EQ(0, spawn_another(&another, self->user.a, LIMIT + 5, &fd));
	ASSERT_EQ(LIMIT, fill(&self->user));
	EXPECT_EQ(5, fill_from(&another, fd, &self->user.target, infos));
	EXPECT_EQ(0, fill(&self->user));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_refused_holds_no_socket)
{
	int fds[2], fd;

	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	fd = agent_give(&self->user.source, fds[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOBUFS,
		  export_one(&self->user.source, fd, &self->user.target,
			     &self->user.infos[0]));
	ASSERT_EQ(0, agent_close(&self->user.source, fd));
	EXPECT_EQ(0, wait_for_end(fds[1]));
}

TEST_F(user, W9_root_has_no_limit)
{
	struct sockdup_protocol_info info;
	struct agent root;
	int i, fd;

	ASSERT_EQ(0, spawn_another(&root, 0, LIMIT, &fd));
	for (i = 0; i < 4 * LIMIT; i++)
		EXPECT_EQ(0, export_one(&root, fd, &self->user.target, &info));
	EXPECT_EQ(0, agent_stop(&root));
}

TEST_F(user, W9_root_of_a_user_namespace_has_its_users_limit)
{
	struct sockdup_protocol_info infos[4 * LIMIT];
	struct agent another;
	int fd;

	if (agent_unshare(&self->user.source, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->user.source, 0, self->user.a));
	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(0, spawn_another(&another, self->user.a, LIMIT, &fd));
	EXPECT_EQ(0, fill_from(&another, fd, &self->user.target, infos));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_root_without_the_capability_has_a_limit)
{
	const struct rlimit limit = { .rlim_cur = 64, .rlim_max = 64 };
	struct sockdup_protocol_info info;
	int fd = tcp_listener(AF_INET);
	int count = -1, error;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	do {
		count++;
		error = try_export(fd, self->user.target.pid, 0, LONG_TTL_MS,
				   &info);
	} while (!error && count <= 64);
	EXPECT_EQ(-ENOBUFS, error);
	EXPECT_GE(64, count);
}

/* Who pays. */

TEST_F(user, W9_who_really_exports_pays)
{
	struct sockdup_protocol_info info;
	struct agent another;
	int fd;

	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(0, spawn_another(&another, 0, LIMIT, &fd));
	ASSERT_EQ(0, agent_setresuid(&another, self->user.a, self->user.b, 0));
	EXPECT_EQ(-ENOBUFS,
		  export_one(&another, fd, &self->user.target, &info));
	ASSERT_EQ(0, agent_setresuid(&another, -1, 0, -1));
	ASSERT_EQ(0, agent_setresuid(&another, self->user.b, self->user.a, 0));
	EXPECT_EQ(0, export_one(&another, fd, &self->user.target, &info));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_who_paid_gets_it_back)
{
	struct sockdup_protocol_info infos[4 * LIMIT];
	struct agent another;
	int i, fd;

	ASSERT_EQ(0, spawn_another(&another, 0, LIMIT, &fd));
	ASSERT_EQ(0, agent_setresuid(&another, self->user.a, self->user.a, 0));
	ASSERT_EQ(LIMIT, fill_from(&another, fd, &self->user.target,
				   self->user.infos));
	ASSERT_EQ(0, agent_setresuid(&another, -1, 0, -1));
	ASSERT_EQ(0, agent_setresuid(&another, self->user.b, self->user.b, 0));
	/* An import gives back before it returns. */
	for (i = 0; i < LIMIT; i++)
		ASSERT_LE(0, agent_import(&self->user.target,
					  &self->user.infos[i], 0));
	EXPECT_EQ(LIMIT, fill(&self->user));
	EXPECT_EQ(LIMIT, fill_from(&another, fd, &self->user.target, infos));
	EXPECT_EQ(0, agent_stop(&another));
}

TEST_F(user, W9_who_uses_a_handle_pays_not_who_opened_it)
{
	const struct rlimit limit = { .rlim_cur = LIMIT, .rlim_max = LIMIT };
	struct sockdup_protocol_info info;
	int device = device_open();
	int fd = tcp_listener(AF_INET);
	int status, count = 0;
	pid_t pid;

	/* The test is root, and opened the device; the child is the user. */
	ASSERT_LE(0, device);
	ASSERT_LE(0, fd);
	pid = fork();
	if (!pid) {
		if (setrlimit(RLIMIT_NOFILE, &limit) || setgroups(0, NULL) ||
		    setresuid(self->user.a, self->user.a, self->user.a))
			_exit(UCHAR_MAX);
		while (count <= LIMIT &&
		       !raw_export(device, fd, self->user.target.pid,
				   LONG_TTL_MS, &info))
			count++;
		_exit(count);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(LIMIT, WEXITSTATUS(status));
	EXPECT_EQ(0, fill(&self->user));
}

TEST_F(user, W9_who_was_killed_still_pays)
{
	struct sockdup_protocol_info infos[4 * LIMIT];
	struct agent another;
	int fd;

	ASSERT_EQ(LIMIT, fill(&self->user));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->user.source));
	ASSERT_EQ(0, spawn_another(&another, self->user.a, LIMIT, &fd));
	EXPECT_EQ(0, fill_from(&another, fd, &self->user.target, infos));
	/* And no more than before. */
	ASSERT_LE(0, agent_import(&self->user.target, &self->user.infos[0], 0));
	EXPECT_EQ(1, fill_from(&another, fd, &self->user.target, infos));
	EXPECT_EQ(0, agent_stop(&another));
}

/* What comes back. */

struct refill {
	struct agent *source;
	int fd;
	struct agent *target;
	int count;
	int error;
};

static bool is_refilled(void *context)
{
	struct sockdup_protocol_info info;
	struct refill *refill = context;
	int error;

	do {
		error = export_one(refill->source, refill->fd, refill->target,
				   &info);
		refill->count += !error;
	} while (!error && refill->count < LIMIT);
	if (error && error != -ENOBUFS)
		refill->error = error;
	return refill->count == LIMIT || refill->error;
}

/* 0 where the user can spend the limit again, and no more. */
static int refill(struct agent *source, int fd, struct agent *target)
{
	struct refill refill = {
		.source = source,
		.fd = fd,
		.target = target,
	};
	struct sockdup_protocol_info info;
	int error;

	error = wait_until(is_refilled, &refill);
	if (!error)
		error = refill.error;
	if (error)
		return error;
	error = export_one(source, fd, target, &info);
	return error == -ENOBUFS ? 0 : -EDQUOT;
}

static int end_by_revocation(struct user *user)
{
	int i, error = 0;

	for (i = 0; i < LIMIT && !error; i++)
		error = agent_revoke(&user->source, &user->infos[i]);
	return error;
}

static int end_by_decline(struct user *user)
{
	int i, error = 0;

	for (i = 0; i < LIMIT && !error; i++)
		error = agent_revoke(&user->target, &user->infos[i]);
	return error;
}

static int end_by_import(struct user *user)
{
	int i, fd = 0;

	for (i = 0; i < LIMIT && fd >= 0; i++)
		fd = agent_import(&user->target, &user->infos[i], 0);
	return fd < 0 ? fd : 0;
}

static int end_by_death(struct user *user)
{
	return agent_kill(&user->target) == -SIGKILL ? 0 : -ECHILD;
}

static int end_by_exec(struct user *user)
{
	int error = agent_exec(&user->source, AGENT_MAIN);

	if (error)
		return error;
	user->fd = agent_socket(&user->source, AF_INET, SOCK_STREAM, 0);
	return user->fd < 0 ? user->fd : 0;
}

FIXTURE(end) {
	struct user user;
};

FIXTURE_VARIANT(end) {
	int (*come)(struct user *user);
	unsigned int flags;
	unsigned int ttl_ms;
};

static int await_end(struct user *user)
{
	(void)user;
	return 0;
}

FIXTURE_VARIANT_ADD(end, by_revocation) {
	end_by_revocation, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_decline) { end_by_decline, 0, LONG_TTL_MS };
FIXTURE_VARIANT_ADD(end, by_import) { end_by_import, 0, LONG_TTL_MS };
FIXTURE_VARIANT_ADD(end, by_deadline) { await_end, 0, 1500 };
FIXTURE_VARIANT_ADD(end, by_death_of_target) { end_by_death, 0, LONG_TTL_MS };
FIXTURE_VARIANT_ADD(end, with_handle) {
	end_by_exec, SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS
};

FIXTURE_SETUP(end)
{
	user_set_up(_metadata, &self->user);
}

FIXTURE_TEARDOWN(end)
{
	user_tear_down(_metadata, &self->user);
}

TEST_F(end, W9_gives_back_what_was_spent)
{
	struct user *user = &self->user;
	int i;

	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, agent_export(&user->source, user->fd,
					  user->target.pid, variant->flags,
					  variant->ttl_ms, &user->infos[i]));
	ASSERT_EQ(0, variant->come(user));
	EXPECT_EQ(0, refill(&user->source, user->fd, &user->other_target));
}

TEST_F(user, W9_gets_back_what_was_spent_once_a_killed_source_has_expired)
{
	struct agent another;
	int i, fd;

	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, agent_export(&self->user.source, self->user.fd,
					  self->user.target.pid, 0, 3000,
					  &self->user.infos[i]));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->user.source));
	ASSERT_EQ(0, spawn_another(&another, self->user.a, LIMIT, &fd));
	EXPECT_EQ(0, refill(&another, fd, &self->user.target));
	EXPECT_EQ(0, agent_stop(&another));
}

/* A close of the source's own would take an hour. */
TEST_F(user, W9_gets_back_what_was_spent_on_a_socket_that_lingers)
{
	struct sockdup_protocol_info info;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, make_linger(fds[0], fds[1]));
	ASSERT_EQ(0, agent_entrust(&self->user.source, fds[0],
				   self->user.target.pid, 0, LONG_TTL_MS,
				   &info));
	ASSERT_EQ(0, agent_revoke(&self->user.source, &info));
	EXPECT_EQ(0, refill(&self->user.source, self->user.fd,
			    &self->user.target));
	ASSERT_EQ(0, close(fds[1]));
}

/*
 * Users, each with a socket that lingers: more of them than a workqueue of
 * Linux 6.1 has at work at a time.
 */
#define LINGERERS	600

/* In the name of @uid, a connection that the token alone keeps open. */
static int export_lingering(uid_t uid, const struct agent *target, int *peer)
{
	struct sockdup_protocol_info info;
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	*peer = fds[1];
	error = make_linger(fds[0], fds[1]);
	if (error)
		return error;
	if (setresuid(uid, 0, 0))
		return -errno;
	error = try_export(fds[0], target->pid, 0, LONG_TTL_MS, &info);
	close(fds[0]);
	return error;
}

TEST_F(user, waits_for_none_of_very_many_whose_sockets_linger)
{
	const uid_t first = 1000000 + getpid() * LINGERERS;
	struct sockdup_protocol_info info;
	int peers[LINGERERS];
	int i, fds[2];

	for (i = 0; i < LINGERERS; i++)
		ASSERT_EQ(0, export_lingering(first + i, &self->user.target,
					      &peers[i]));
	/* Dropped in the order of their deadlines, this one last. */
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, agent_entrust(&self->user.source, fds[0],
				   self->user.target.pid, 0, LONG_TTL_MS,
				   &info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->user.target));
	EXPECT_EQ(0, wait_for_end(fds[1]));
}

/* Many exporters of one user at once, at a limit that none may pass. */

#define EXPORTERS	6
#define CROWD_LIMIT	40

/* Tries again and again; gives how often it succeeded. */
static int crowd_in(uid_t uid, int start, int target, unsigned int tries)
{
	const struct rlimit limit = {
		.rlim_cur = CROWD_LIMIT,
		.rlim_max = CROWD_LIMIT,
	};
	struct sockdup_protocol_info info;
	int device, fd, count = 0;
	char byte;

	if (setrlimit(RLIMIT_NOFILE, &limit) || setgroups(0, NULL) ||
	    setresuid(uid, uid, uid))
		return UCHAR_MAX;
	device = device_open();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (device < 0 || fd < 0 || read(start, &byte, 1))
		return UCHAR_MAX;
	while (tries--)
		count += !raw_export(device, fd, target, LONG_TTL_MS, &info);
	return count;
}

TEST_F(user, W9_does_not_pass_the_limit_in_a_crowd)
{
	const unsigned int tries = stress(2000);
	pid_t pids[EXPORTERS];
	int i, start[2], status, sum = 0;

	ASSERT_EQ(0, pipe2(start, O_CLOEXEC));
	for (i = 0; i < EXPORTERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			close(start[1]);
			_exit(crowd_in(self->user.a, start[0],
				       self->user.target.pid, tries));
		}
	}
	close(start[1]);
	for (i = 0; i < EXPORTERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		ASSERT_NE(UCHAR_MAX, WEXITSTATUS(status));
		sum += WEXITSTATUS(status);
	}
	EXPECT_LT(0, sum);
	EXPECT_GE(CROWD_LIMIT, sum);
	/* What they had spent, and nothing else, is spent. */
	ASSERT_EQ(0, agent_setrlimit(&self->user.source, RLIMIT_NOFILE,
				     CROWD_LIMIT));
	EXPECT_EQ(CROWD_LIMIT - sum, fill(&self->user));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->user.target));
	ASSERT_EQ(0, agent_setrlimit(&self->user.source, RLIMIT_NOFILE, LIMIT));
	EXPECT_EQ(0, refill(&self->user.source, self->user.fd,
			    &self->user.other_target));
}

/* Memory, which the exporter's control group pays. */

#define CGROUPS		"/sys/fs/cgroup/"
#define CGROUP		CGROUPS "sockdup-selftest"
#define MEMORY_TOKENS	8000
#define TOKEN_BYTES	150	/* a lower bound */

struct spender {
	struct agent target;
	int device;
	pid_t source;
	int orders[2];		/* pipes to the source, and from it */
	int reports[2];
};

FIXTURE(memory) {
	struct spender spender;
};

/* A value of the group's memory.stat, -errno where there is none. */
static long memory_stat(const char *name)
{
	FILE *file = fopen(CGROUP "/memory.stat", "re");
	long value, found = -ENOENT;
	char key[64];

	if (!file)
		return -errno;
	while (fscanf(file, "%63s %ld", key, &value) == 2) {
		if (!strcmp(key, name))
			found = value;
	}
	fclose(file);
	return found;
}

/* One export and report for the start, then many. */
static int serve_orders(struct spender *spender, int target)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockdup_protocol_info info;
	unsigned int i;
	char order;

	close(spender->orders[1]);
	while (read(spender->orders[0], &order, 1) == 1) {
		for (i = 0; i < (order == 'm' ? MEMORY_TOKENS : 1); i++) {
			if (raw_export(spender->device, fd, target, LONG_TTL_MS,
				       &info))
				return 1;
		}
		if (write(spender->reports[1], &order, 1) != 1)
			return 1;
	}
	return 0;
}

static int give_order(struct spender *spender, char order)
{
	char report;

	if (write(spender->orders[1], &order, 1) != 1 ||
	    wait_for_poll(spender->reports[0], POLLIN) ||
	    read(spender->reports[0], &report, 1) != 1)
		return -EPIPE;
	return 0;
}

FIXTURE_SETUP(memory)
{
	char text[16];

	if (write_string(CGROUPS "cgroup.subtree_control", "+memory"))
		SKIP(longjmp(_metadata->env, 1),
		     "no control groups for memory here");
	ASSERT_TRUE(!mkdir(CGROUP, 0755) || errno == EEXIST);
	ASSERT_EQ(0, agent_spawn(&self->spender.target));
	self->spender.device = device_open();
	ASSERT_LE(0, self->spender.device);
	ASSERT_EQ(0, pipe2(self->spender.orders, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->spender.reports, O_CLOEXEC));
	self->spender.source = fork();
	if (!self->spender.source)
		_exit(serve_orders(&self->spender, self->spender.target.pid));
	ASSERT_LT(0, self->spender.source);
	close(self->spender.orders[0]);
	close(self->spender.reports[1]);
	snprintf(text, sizeof(text), "%d", self->spender.source);
	ASSERT_EQ(0, write_string(CGROUP "/cgroup.procs", text));
	ASSERT_EQ(0, give_order(&self->spender, 'o'));
}

static bool cgroup_is_removed(void *context)
{
	(void)context;
	return !rmdir(CGROUP);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->spender.orders[1]);
	kill(self->spender.source, SIGKILL);
	waitpid(self->spender.source, NULL, 0);
	agent_kill(&self->spender.target);
	EXPECT_EQ(0, wait_until(cgroup_is_removed, NULL));
}

static bool memory_is_below(void *context)
{
	return memory_stat("slab") < *(long *)context;
}

TEST_F(memory, W9_of_tokens_is_charged_to_the_exporters_group)
{
	long before = memory_stat("slab"), after;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, give_order(&self->spender, 'm'));
	after = memory_stat("slab");
	EXPECT_LE(before + MEMORY_TOKENS * TOKEN_BYTES, after);
}

TEST_F(memory, W9_of_tokens_is_given_back_with_their_end)
{
	long half = memory_stat("slab") + MEMORY_TOKENS * TOKEN_BYTES / 2;

	ASSERT_EQ(0, give_order(&self->spender, 'm'));
	ASSERT_LE(half, memory_stat("slab"));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->spender.target));
	EXPECT_EQ(0, wait_until(memory_is_below, &half));
}

SOCKDUP_TEST_MAIN
