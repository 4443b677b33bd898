// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens to a user: any process that is wholly that user's, in the exporter's user and
 * pid namespace, may import, and nobody else. W90.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "hand_over.h"
#include "harness.h"

/* The default, and more than that. */
#define LIFE_MS		60000
#define LONGER_MS	(2 * LIFE_MS)

/* The test exports, as root. */
FIXTURE(user) {
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
	struct sockdup_description description;
};

static int spawn_as(struct agent *agent, uid_t uid)
{
	int error = agent_spawn(agent);

	return error ? error : agent_setuid(agent, uid);
}

/*
 * The tokens of a test, which end with none of its processes: a later test may wait for
 * the module to be free.
 */
static struct sockdup_protocol_info made[32];
static unsigned int made_count;

static int note(int error, const struct sockdup_protocol_info *info)
{
	if (!error && made_count < ARRAY_SIZE(made))
		made[made_count++] = *info;
	return error;
}

static void revoke_all(void)
{
	while (made_count)
		try_revoke(&made[--made_count]);
}

static int to_user_for(int fd, uid_t uid, unsigned int ttl_ms,
		       struct sockdup_protocol_info *info)
{
	return note(try_export(fd, uid, SOCKDUP_EXPORT_TO_USER, ttl_ms, info),
		    info);
}

static int to_user(int fd, uid_t uid, struct sockdup_protocol_info *info)
{
	return to_user_for(fd, uid, 0, info);
}

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, spawn_as(&self->target, TARGET_UID));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, to_user(self->fd, TARGET_UID, &self->info));
}

FIXTURE_TEARDOWN(user)
{
	revoke_all();
	agent_kill(&self->target);
}

TEST_F(user, W90_any_process_of_the_user_imports)
{
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(user, W90_library_has_a_function_for_it)
{
	ASSERT_EQ(0, note(sockdup_duplicate_user(self->fd, TARGET_UID,
						 &self->info), &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(user, W90_process_that_starts_later_imports)
{
	struct agent later;

	EXPECT_EQ(0, agent_stop(&self->target));
	ASSERT_EQ(0, spawn_as(&later, TARGET_UID));
	EXPECT_EQ(1, imports_well(&later, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&later));
}

TEST_F(user, W90_user_without_a_process_can_be_the_target)
{
	struct agent only;

	ASSERT_EQ(0, to_user(self->fd, OTHER_UID, &self->info));
	ASSERT_EQ(0, spawn_as(&only, OTHER_UID));
	EXPECT_EQ(1, imports_well(&only, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&only));
}

TEST_F(user, W90_first_to_import_has_the_socket)
{
	struct agent second;

	ASSERT_EQ(0, spawn_as(&second, TARGET_UID));
	EXPECT_EQ(1, imports_well(&second, self->fd, &self->info));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, agent_stop(&second));
}

TEST_F(user, W90_one_of_many_threads_has_the_socket)
{
	struct agent_race race;

	ASSERT_EQ(0, agent_import_race(&self->target, &self->info, 8, &race));
	EXPECT_EQ(1, race.won);
	EXPECT_EQ(7, race.enoent);
}

TEST_F(user, W90_thread_and_forked_child_import)
{
	EXPECT_LE(0, agent_import_by(&self->target, AGENT_THREAD, &self->info,
				     0));
	ASSERT_EQ(0, to_user(self->fd, TARGET_UID, &self->info));
	EXPECT_LE(0, agent_import_by(&self->target, AGENT_CHILD, &self->info,
				     0));
}

TEST_F(user, W90_process_after_execve_imports)
{
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_MAIN));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(user, W90_own_user_can_be_the_target)
{
	struct agent another;

	ASSERT_EQ(0, to_user(self->fd, geteuid(), &self->info));
	ASSERT_EQ(0, agent_spawn(&another));
	EXPECT_EQ(1, imports_well(&another, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&another));
	ASSERT_EQ(0, to_user(self->fd, geteuid(), &self->info));
	EXPECT_EQ(1, same_file(0, self->fd, 0, try_socket(&self->info, 0)));
}

TEST_F(user, W90_another_user_is_EPERM_and_changes_nothing)
{
	struct agent stranger;

	ASSERT_EQ(0, spawn_as(&stranger, OTHER_UID));
	EXPECT_EQ(-EPERM, agent_import(&stranger, &self->info, 0));
	EXPECT_EQ(-EPERM, agent_query(&stranger, &self->info,
				      &self->description));
	EXPECT_EQ(-EPERM, agent_revoke(&stranger, &self->info));
	/* Root, which exported, is not the user either. */
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&stranger));
}

TEST_F(user, W90_wrong_secret_is_ENOENT)
{
	struct sockdup_protocol_info wrong = self->info;

	wrong.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &wrong, 0));
	EXPECT_EQ(-ENOENT, try_socket(&wrong, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(user, W90_process_and_user_of_one_number_are_not_mixed_up)
{
	struct agent process, user;

	ASSERT_EQ(0, agent_spawn(&process));
	ASSERT_EQ(0, spawn_as(&user, process.pid));
	ASSERT_EQ(0, try_duplicate(self->fd, process.pid, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&user, &self->info, 0));
	ASSERT_EQ(0, to_user(self->fd, process.pid, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&process, &self->info, 0));
	EXPECT_EQ(1, imports_well(&user, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&user));
	EXPECT_EQ(0, agent_stop(&process));
}

TEST_F(user, W90_no_such_user_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, to_user(self->fd, -1, &self->info));
}

/* It is not negative, in any type. */
TEST_F(user, W90_largest_user_id_is_a_target)
{
	const uid_t largest = -2;
	struct agent agent;

	ASSERT_EQ(0, to_user(self->fd, largest, &self->info));
	ASSERT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(largest, self->description.target_uid);
	ASSERT_EQ(0, spawn_as(&agent, largest));
	EXPECT_EQ(1, imports_well(&agent, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&agent));
}

TEST_F(user, W90_no_socket_is_ENOTSOCK)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	EXPECT_EQ(-ENOTSOCK, to_user(fd, TARGET_UID, &self->info));
	EXPECT_EQ(-EBADF, to_user(-1, TARGET_UID, &self->info));
	close(fd);
}

TEST_F(user, W90_query_tells_the_user_and_no_process)
{
	ASSERT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(0, self->description.target_pid);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER, self->description.target_flags);
	EXPECT_EQ(TARGET_UID, self->description.target_uid);
	EXPECT_EQ(getpid(), self->description.source.pid);
	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &self->info));
	ASSERT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(self->target.pid, self->description.target_pid);
	EXPECT_EQ(0, self->description.target_flags);
	EXPECT_EQ(0, self->description.target_uid);
}

TEST_F(user, W90_process_of_the_user_queries_and_revokes)
{
	ASSERT_EQ(0, agent_query(&self->target, &self->info,
				 &self->description));
	EXPECT_EQ(0, self->description.target_pid);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER, self->description.target_flags);
	EXPECT_EQ(TARGET_UID, self->description.target_uid);
	EXPECT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(user, W90_exporter_revokes)
{
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(user, W90_deadline_ends_it)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, to_user_for(fds[0], TARGET_UID, 50, &self->info));
	close(fds[0]);
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(user, W90_import_without_room_leaves_it)
{
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE, 3));
	EXPECT_EQ(-EMFILE, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE, 64));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

/* A program whose file gives it another user keeps that one as its saved id. */
TEST_F(user, W90_setuid_program_is_EPERM)
{
	static const char path[] = "/tmp/sockdup_agent_setuid";
	struct agent program;
	char copy[128];

	ASSERT_EQ(0, spawn_as(&program, TARGET_UID));
	snprintf(copy, sizeof(copy), "cp /proc/%d/exe %s", program.pid, path);
	ASSERT_EQ(0, system(copy));
	ASSERT_EQ(0, chown(path, OTHER_UID, -1));
	ASSERT_EQ(0, chmod(path, 04755));
	ASSERT_EQ(0, agent_exec_path(&program, AGENT_MAIN, path));
	EXPECT_EQ(-EPERM, agent_import(&program, &self->info, 0));
	ASSERT_EQ(0, agent_setresuid(&program, -1, TARGET_UID, -1));
	EXPECT_EQ(-EPERM, agent_import(&program, &self->info, 0));
	ASSERT_EQ(0, agent_setresuid(&program, -1, -1, TARGET_UID));
	EXPECT_EQ(1, imports_well(&program, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&program));
	unlink(path);
}

/* A process of which only some ids are the user's. */
FIXTURE(partly) {
	struct agent agent;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(partly) {
	uid_t real;
	uid_t effective;
	uid_t saved;
};

FIXTURE_VARIANT_ADD(partly, real) { TARGET_UID, 0, 0 };
FIXTURE_VARIANT_ADD(partly, effective) { 0, TARGET_UID, 0 };
FIXTURE_VARIANT_ADD(partly, saved) { 0, 0, TARGET_UID };
FIXTURE_VARIANT_ADD(partly, not_real) { OTHER_UID, TARGET_UID, TARGET_UID };
FIXTURE_VARIANT_ADD(partly, not_effective) { TARGET_UID, OTHER_UID, TARGET_UID };
FIXTURE_VARIANT_ADD(partly, not_saved) { TARGET_UID, TARGET_UID, OTHER_UID };

FIXTURE_SETUP(partly)
{
	ASSERT_EQ(0, agent_spawn(&self->agent));
	ASSERT_EQ(0, agent_setresuid(&self->agent, variant->real,
				     variant->effective, variant->saved));
	ASSERT_EQ(0, to_user(tcp_listener(AF_INET), TARGET_UID, &self->info));
}

FIXTURE_TEARDOWN(partly)
{
	revoke_all();
	agent_kill(&self->agent);
}

TEST_F(partly, W90_the_users_is_EPERM)
{
	EXPECT_EQ(-EPERM, agent_import(&self->agent, &self->info, 0));
}

/* An exporter without rights. */
FIXTURE(exporter) {
	struct agent source;
	struct agent own;
	struct agent target;
	int peer;
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(exporter)
{
	int fds[2];

	ASSERT_EQ(0, spawn_as(&self->source, SOURCE_UID));
	ASSERT_EQ(0, spawn_as(&self->own, SOURCE_UID));
	ASSERT_EQ(0, spawn_as(&self->target, TARGET_UID));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = agent_give(&self->source, fds[0]);
	ASSERT_LE(0, self->fd);
	self->peer = fds[1];
}

FIXTURE_TEARDOWN(exporter)
{
	revoke_all();
	agent_kill(&self->source);
	agent_kill(&self->own);
	agent_kill(&self->target);
}

static int agent_to_user(struct agent *source, int fd, uid_t uid,
			 unsigned int flags, unsigned int ttl_ms,
			 struct sockdup_protocol_info *info)
{
	return note(agent_export(source, fd, uid, SOCKDUP_EXPORT_TO_USER | flags,
				 ttl_ms, info), info);
}

TEST_F(exporter, W90_may_export_to_its_own_user_and_to_another)
{
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID, 0, 0,
				   &self->info));
	EXPECT_LE(0, agent_import(&self->own, &self->info, 0));
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, TARGET_UID, 0, 0,
				   &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->source, &self->info, 0));
	EXPECT_EQ(-EPERM, agent_import(&self->own, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(exporter, W90_may_ask_for_a_long_life_for_its_own_user_alone)
{
	EXPECT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID, 0,
				   LONGER_MS, &self->info));
	/* A handle that a process of that user has open makes no difference. */
	ASSERT_LE(0, agent_open(&self->target, DEVICE_PATH, O_RDWR));
	EXPECT_EQ(-EPERM, agent_to_user(&self->source, self->fd, TARGET_UID, 0,
					LONGER_MS, &self->info));
	EXPECT_EQ(0, agent_to_user(&self->source, self->fd, TARGET_UID, 0,
				   LIFE_MS, &self->info));
	EXPECT_EQ(-EPERM, agent_to_user(&self->source, self->fd, 0, 0,
					LONGER_MS, &self->info));
}

TEST_F(exporter, W90_with_the_capability_may_ask_for_a_long_life)
{
	EXPECT_EQ(0, to_user_for(self->peer, TARGET_UID, LONGER_MS,
				 &self->info));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(exporter, W90_that_ends_leaves_the_token)
{
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID, 0, 0,
				   &self->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import(&self->own, &self->info, 0));
}

/* As after a logout. */
TEST_F(exporter, W90_that_was_the_users_last_process_leaves_the_token)
{
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID, 0, 0,
				   &self->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->own));
	ASSERT_EQ(0, spawn_as(&self->own, SOURCE_UID));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import(&self->own, &self->info, 0));
}

TEST_F(exporter, W90_takes_the_token_along_if_asked_to)
{
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID,
				   SOCKDUP_EXPORT_END_ON_CLOSE, 0, &self->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, agent_import(&self->own, &self->info, 0));
}

TEST_F(exporter, W9_pays_for_tokens_to_any_user)
{
	/* One that owes nothing for what other tests have let go of. */
	const uid_t uid = 100000 + getpid();
	struct sockdup_protocol_info next;
	const int limit = 12;
	int count = 0, error;
	struct agent source;

	ASSERT_EQ(0, spawn_as(&source, uid));
	self->fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_setrlimit(&source, RLIMIT_NOFILE, limit));
	for (;;) {
		error = agent_to_user(&source, self->fd,
				      count % 2 ? TARGET_UID : uid + count, 0, 0,
				      &next);
		if (error || ++count > limit)
			break;
		self->info = next;
	}
	EXPECT_EQ(-ENOBUFS, error);
	EXPECT_EQ(limit, count);
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, agent_to_user(&source, self->fd, uid, 0, 0, &self->info));
	EXPECT_EQ(0, agent_stop(&source));
}

TEST_F(exporter, W90_user_in_another_user_namespace_is_EPERM)
{
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, TARGET_UID, 0, 0,
				   &self->info));
	if (agent_unshare(&self->target, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->target, TARGET_UID, TARGET_UID));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-EPERM, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(exporter, W90_in_a_user_namespace_names_its_users)
{
	struct sockdup_description description;
	const uid_t inside = 7;

	if (agent_unshare(&self->source, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->source, inside, SOURCE_UID));
	EXPECT_EQ(-EINVAL, agent_to_user(&self->source, self->fd, SOURCE_UID, 0,
					 0, &self->info));
	EXPECT_EQ(-EINVAL, agent_to_user(&self->source, self->fd, -1, 0, 0,
					 &self->info));
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, inside, 0,
				   LONGER_MS, &self->info));
	/* The same user outside is a stranger, who exported nothing, but may look. */
	EXPECT_EQ(-EPERM, agent_import(&self->own, &self->info, 0));
	ASSERT_EQ(0, agent_query(&self->own, &self->info, &description));
	EXPECT_EQ(SOURCE_UID, description.target_uid);
	ASSERT_EQ(0, agent_query(&self->source, &self->info, &description));
	EXPECT_EQ(inside, description.target_uid);
	EXPECT_LE(0, agent_import_by(&self->source, AGENT_CHILD, &self->info,
				     0));
}

TEST_F(exporter, W90_reader_that_does_not_map_the_user_sees_the_overflow_user)
{
	struct sockdup_description description;

	if (agent_unshare(&self->own, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->own, 7, SOURCE_UID));
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, TARGET_UID, 0, 0,
				   &self->info));
	ASSERT_EQ(0, agent_query(&self->own, &self->info, &description));
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER, description.target_flags);
	EXPECT_EQ(NOBODY, description.target_uid);
	EXPECT_EQ(0, description.target_pid);
}

/* A pid namespace with an init of root's and two processes of a user. */
FIXTURE(inside) {
	struct agent outer;
	struct agent init;
	struct agent source;
	struct agent other;
	int peer;
	int fd;
	struct sockdup_protocol_info info;
};

/*
 * By the death of its init, which kills the others and waits until they are reaped: the
 * test does this, as it has started them. Those that are none any more are left out.
 */
static int end_namespace(struct agent *init, struct agent *source,
			 struct agent *other)
{
	if (!init->pid)
		return 0;
	if (kill(init->pid, SIGKILL))
		return -errno;
	agent_kill(source);
	agent_kill(other);
	return agent_kill(init) == -SIGKILL ? 0 : -ECHILD;
}

FIXTURE_SETUP(inside)
{
	int fds[2];

	ASSERT_EQ(0, spawn_as(&self->outer, SOURCE_UID));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&self->init));
	ASSERT_EQ(1, agent_getpid(&self->init));
	ASSERT_EQ(0, spawn_as(&self->source, SOURCE_UID));
	ASSERT_EQ(0, spawn_as(&self->other, SOURCE_UID));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = agent_give(&self->source, fds[0]);
	ASSERT_LE(0, self->fd);
	self->peer = fds[1];
	ASSERT_EQ(0, agent_to_user(&self->source, self->fd, SOURCE_UID, 0,
				   LONGER_MS, &self->info));
}

FIXTURE_TEARDOWN(inside)
{
	revoke_all();
	end_namespace(&self->init, &self->source, &self->other);
	agent_kill(&self->outer);
}

TEST_F(inside, W90_a_pid_namespace_its_processes_import)
{
	EXPECT_LE(0, agent_import(&self->other, &self->info, 0));
}

TEST_F(inside, W90_a_pid_namespace_those_outside_are_EPERM)
{
	EXPECT_EQ(-EPERM, agent_import(&self->outer, &self->info, 0));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(inside, W90_a_pid_namespace_those_outside_exchange_nothing_with_it)
{
	int fd = agent_socket(&self->outer, AF_INET, SOCK_STREAM, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_to_user(&self->outer, fd, SOURCE_UID, 0, 0,
				   &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->other, &self->info, 0));
}

/* It is what the kernel watches, and not whom the token is for. */
TEST_F(inside, W90_a_pid_namespace_its_init_is_EPERM)
{
	EXPECT_EQ(-EPERM, agent_import(&self->init, &self->info, 0));
	EXPECT_EQ(0, recv_nothing(self->peer));
}

TEST_F(inside, W90_a_pid_namespace_the_token_ends_with_it)
{
	ASSERT_EQ(0, agent_close(&self->source, self->fd));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, end_namespace(&self->init, &self->source, &self->other));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, try_query(&self->info,
				     &(struct sockdup_description){ }));
}

TEST_F(inside, W90_a_pid_namespace_the_token_does_not_end_with_its_exporter)
{
	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import(&self->other, &self->info, 0));
}

TEST_F(inside, W90_a_pid_namespace_tokens_from_outside_do_not_end_with_it)
{
	int fds[2], fd;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	fd = agent_give(&self->outer, fds[0]);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_to_user(&self->outer, fd, SOURCE_UID, 0, 0,
				   &self->info));
	ASSERT_EQ(0, agent_close(&self->outer, fd));
	ASSERT_EQ(0, end_namespace(&self->init, &self->source, &self->other));
	EXPECT_EQ(0, recv_nothing(fds[1]));
	EXPECT_LE(0, agent_import(&self->outer, &self->info, 0));
}

SOCKDUP_TEST_MAIN
