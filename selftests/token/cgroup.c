// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens to a control group: any process in it or below it may import, and nobody else.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "control_group.h"
#include "hand_over.h"
#include "harness.h"

#define ROOT		CONTROL_GROUPS
#define GROUP		ROOT "/sockdup-cgroup"
#define BELOW		GROUP "/below"
#define BESIDE		ROOT "/sockdup-beside"

/* The default, and more than that. */
#define LIFE_MS		60000
#define LONGER_MS	(2 * LIFE_MS)

/* The test, as root, exports to GROUP, where the target is. It and the stranger are not. */
FIXTURE(cgroup) {
	struct agent target;
	struct agent stranger;
	int group;
	int fd;
	int peer;
	struct sockdup_protocol_info info;
	struct sockdup_description description;
};

FIXTURE_SETUP(cgroup)
{
	int fds[2];

	if (group_make(GROUP))
		SKIP(longjmp(_metadata->env, 1), "no control groups here");
	ASSERT_EQ(0, group_make(BELOW));
	ASSERT_EQ(0, group_make(BESIDE));
	self->group = group_open(GROUP);
	ASSERT_LE(0, self->group);
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_spawn(&self->stranger));
	ASSERT_EQ(0, group_move(GROUP, self->target.pid));
	ASSERT_EQ(0, group_move(BESIDE, self->stranger.pid));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_export(self->fd, self->group, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
}

FIXTURE_TEARDOWN(cgroup)
{
	try_revoke(&self->info);
	agent_kill(&self->target);
	agent_kill(&self->stranger);
	EXPECT_EQ(0, group_remove(BELOW));
	EXPECT_EQ(0, group_remove(GROUP));
	EXPECT_EQ(0, group_remove(BESIDE));
}

TEST_F(cgroup, feature_is_told)
{
	struct sockdup_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, sockdup_info(&info));
	EXPECT_TRUE(info.features & SOCKDUP_FEATURE_EXPORT_TO_CGROUP);
}

TEST_F(cgroup, process_in_it_imports)
{
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, library_has_a_function_for_it)
{
	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, sockdup_duplicate_cgroup(self->fd, self->group, &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, process_below_it_imports)
{
	ASSERT_EQ(0, group_move(BELOW, self->target.pid));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, process_above_what_is_below_is_EPERM)
{
	int below = group_open(BELOW);

	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, try_export(self->fd, below, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, group_move(BELOW, self->target.pid));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
	close(below);
}

TEST_F(cgroup, process_elsewhere_is_EPERM_and_changes_nothing)
{
	EXPECT_EQ(-EPERM, agent_import(&self->stranger, &self->info, 0));
	/* Root, which exported, is not there either. */
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, stranger_elsewhere_neither_queries_nor_revokes)
{
	ASSERT_EQ(0, agent_setuid(&self->stranger, OTHER_UID));
	EXPECT_EQ(-EPERM, agent_query(&self->stranger, &self->info,
				      &self->description));
	EXPECT_EQ(-EPERM, agent_revoke(&self->stranger, &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, wrong_secret_is_ENOENT)
{
	struct sockdup_protocol_info wrong = self->info;

	wrong.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &wrong, 0));
	EXPECT_EQ(-ENOENT, agent_import(&self->stranger, &wrong, 0));
}

TEST_F(cgroup, process_that_starts_later_imports)
{
	struct agent later;

	EXPECT_EQ(0, agent_stop(&self->target));
	ASSERT_EQ(0, agent_spawn(&later));
	ASSERT_EQ(0, group_move(GROUP, later.pid));
	EXPECT_EQ(1, imports_well(&later, self->fd, &self->info));
	EXPECT_EQ(0, agent_stop(&later));
}

TEST_F(cgroup, group_without_a_process_can_be_the_target)
{
	EXPECT_EQ(0, agent_stop(&self->target));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, group_move(GROUP, self->stranger.pid));
	EXPECT_EQ(1, imports_well(&self->stranger, self->fd, &self->info));
}

TEST_F(cgroup, process_that_left_is_EPERM)
{
	ASSERT_EQ(0, group_move(BESIDE, self->target.pid));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, group_move(GROUP, self->target.pid));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, child_and_thread_import)
{
	EXPECT_LE(0, agent_import_by(&self->target, AGENT_CHILD, &self->info, 0));
	ASSERT_EQ(0, try_export(self->fd, self->group, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
	EXPECT_LE(0, agent_import_by(&self->target, AGENT_THREAD, &self->info, 0));
}

TEST_F(cgroup, first_to_import_has_the_socket)
{
	struct agent_race race;

	ASSERT_EQ(0, agent_import_race(&self->target, &self->info, 8, &race));
	EXPECT_EQ(1, race.won);
	EXPECT_EQ(7, race.enoent);
}

TEST_F(cgroup, process_of_any_user_imports)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, process_in_other_namespaces_imports)
{
	struct agent inside;

	ASSERT_EQ(0, agent_spawn_isolated(&inside));
	ASSERT_EQ(0, agent_unshare(&inside, CLONE_NEWNS | CLONE_NEWCGROUP));
	ASSERT_EQ(0, group_move(BELOW, inside.pid));
	if (!agent_unshare(&inside, CLONE_NEWUSER))
		EXPECT_EQ(0, agent_map_users(&inside, 7, TARGET_UID));
	EXPECT_LE(0, agent_import(&inside, &self->info, 0));
	EXPECT_EQ(0, agent_stop(&inside));
}

/* The importing thread counts, and not the process that it is of. */
struct importer {
	const struct sockdup_protocol_info *info;
	int orders[2];
	int tid;
	int result;
	sem_t ready;
};

static void *import_when_told(void *context)
{
	struct importer *importer = context;
	char order;

	importer->tid = syscall(SYS_gettid);
	sem_post(&importer->ready);
	if (read_exactly(importer->orders[0], &order, 1))
		return NULL;
	importer->result = try_socket(importer->info, 0);
	return NULL;
}

TEST_F(cgroup, thread_in_it_imports_for_a_process_that_is_not)
{
	struct importer importer = { .info = &self->info, .result = -EPROTO };
	char text[16];
	pthread_t thread;

	/* The agents are in groups of their own kind; this one takes threads. */
	ASSERT_EQ(0, agent_kill(&self->target) == -SIGKILL ? 0 : 1);
	ASSERT_EQ(0, rmdir(BELOW));
	ASSERT_EQ(0, write_string(GROUP "/cgroup.type", "threaded"));
	ASSERT_EQ(0, sem_init(&importer.ready, 0, 0));
	ASSERT_EQ(0, pipe2(importer.orders, O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&thread, NULL, import_when_told, &importer));
	sem_wait(&importer.ready);
	snprintf(text, sizeof(text), "%d", importer.tid);
	ASSERT_EQ(0, write_string(GROUP "/cgroup.threads", text));
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
	ASSERT_EQ(0, write_exactly(importer.orders[1], "i", 1));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, same_file(0, self->fd, 0, importer.result));
	ASSERT_EQ(0, group_make(BELOW));
}

TEST_F(cgroup, query_tells_whom_it_is_for)
{
	ASSERT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(0, self->description.for_caller);
	ASSERT_EQ(0, group_move(GROUP, getpid()));
	EXPECT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(1, self->description.for_caller);
	ASSERT_EQ(0, group_move(ROOT, getpid()));
}

/* Both a user and a group. */

static int to_both(int fd, int group, uid_t uid, struct sockdup_protocol_info *info)
{
	struct sockdup_set set = {
		.fds = &fd,
		.socket_count = 1,
		.cgroup = group,
	};

	return sockdup_export_set(&set, uid, SOCKDUP_EXPORT_TO_USER |
				  SOCKDUP_EXPORT_TO_CGROUP, 0, info) ? -errno : 0;
}

static int import_both(const struct sockdup_protocol_info *info)
{
	int fd;
	struct sockdup_set set = { .fds = &fd, .socket_count = 1 };

	return sockdup_import_set(info, 0, &set, NULL) ? -errno : fd;
}

TEST_F(cgroup, with_a_user_it_takes_both)
{
	struct sockdup_protocol_info info;

	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, agent_setuid(&self->stranger, TARGET_UID));
	ASSERT_EQ(0, to_both(self->fd, self->group, OTHER_UID, &info));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &info, 0));
	EXPECT_EQ(0, try_revoke(&info));
	ASSERT_EQ(0, to_both(self->fd, self->group, TARGET_UID, &info));
	EXPECT_EQ(-EPERM, agent_import(&self->stranger, &info, 0));
	EXPECT_EQ(-EPERM, import_both(&info));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &info));
}

TEST_F(cgroup, with_a_user_query_tells_both)
{
	struct sockdup_protocol_info info;
	struct stat status;

	ASSERT_EQ(0, fstat(self->group, &status));
	ASSERT_EQ(0, to_both(self->fd, self->group, TARGET_UID, &info));
	ASSERT_EQ(0, try_query(&info, &self->description));
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP,
		  self->description.target_flags);
	EXPECT_EQ(TARGET_UID, self->description.target_uid);
	EXPECT_EQ(status.st_ino, self->description.target_cgroup);
	EXPECT_EQ(0, self->description.target_pid);
	EXPECT_EQ(0, try_revoke(&info));
}

TEST_F(cgroup, with_a_user_the_pid_namespace_counts)
{
	struct sockdup_protocol_info info;
	struct agent inside;

	ASSERT_EQ(0, agent_spawn_isolated(&inside));
	ASSERT_EQ(0, group_move(GROUP, inside.pid));
	ASSERT_EQ(0, to_both(self->fd, self->group, 0, &info));
	EXPECT_EQ(-EPERM, agent_import(&inside, &info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &info));
	EXPECT_EQ(0, agent_stop(&inside));
}

TEST_F(cgroup, query_tells_the_group_and_no_process)
{
	struct stat status;

	ASSERT_EQ(0, fstat(self->group, &status));
	ASSERT_EQ(0, try_query(&self->info, &self->description));
	EXPECT_EQ(0, self->description.target_pid);
	EXPECT_EQ(0, self->description.target_uid);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_CGROUP, self->description.target_flags);
	EXPECT_EQ(status.st_ino, self->description.target_cgroup);
}

TEST_F(cgroup, process_in_it_queries_and_declines)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, agent_query(&self->target, &self->info, &self->description));
	EXPECT_EQ(SOCKDUP_EXPORT_TO_CGROUP, self->description.target_flags);
	EXPECT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

/* What cannot be a target. */

static int to_group(int fd, int group, struct sockdup_protocol_info *info)
{
	int error = try_export(fd, group, SOCKDUP_EXPORT_TO_CGROUP, 0, info);

	if (!error)
		try_revoke(info);
	return error;
}

static int to_path(int fd, const char *path, int flags)
{
	struct sockdup_protocol_info info;
	int group = open(path, flags | O_CLOEXEC), error;

	if (group < 0)
		return -ENOEXEC;
	error = to_group(fd, group, &info);
	close(group);
	return error;
}

TEST_F(cgroup, descriptor_without_rights_to_read_is_enough)
{
	EXPECT_EQ(0, to_path(self->fd, GROUP, O_PATH | O_DIRECTORY));
}

TEST_F(cgroup, root_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, to_path(self->fd, ROOT, O_RDONLY | O_DIRECTORY));
}

TEST_F(cgroup, what_is_no_group_is_EBADF)
{
	struct sockdup_protocol_info info;

	EXPECT_EQ(-EBADF, to_path(self->fd, GROUP "/cgroup.procs", O_RDONLY));
	EXPECT_EQ(-EBADF, to_path(self->fd, "/tmp", O_RDONLY | O_DIRECTORY));
	EXPECT_EQ(-EBADF, to_path(self->fd, "/proc/self", O_RDONLY | O_DIRECTORY));
	EXPECT_EQ(-EBADF, to_group(self->fd, self->peer, &info));
	EXPECT_EQ(-EBADF, to_group(self->fd, 999, &info));
	EXPECT_EQ(-EBADF, to_group(self->fd, -1, &info));
}

TEST_F(cgroup, removed_group_is_ESRCH)
{
	struct sockdup_protocol_info info;
	int below = group_open(BELOW);

	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(-ESRCH, to_group(self->fd, below, &info));
	close(below);
}

TEST_F(cgroup, no_socket_is_ENOTSOCK)
{
	struct sockdup_protocol_info info;

	EXPECT_EQ(-ENOTSOCK, to_group(self->group, self->group, &info));
	EXPECT_EQ(-EBADF, to_group(-1, self->group, &info));
}

static int raw(struct sockdup_export *export, struct sockdup_protocol_info *info)
{
	int device = device_open(), error;

	export->size = sizeof(*export);
	export->info_size = sizeof(*info);
	export->info = (uintptr_t)info;
	error = device_ioctl(device, SOCKDUP_IOC_EXPORT, export);
	close(device);
	if (!error)
		try_revoke(info);
	return error;
}

TEST_F(cgroup, target_in_two_ways_is_EINVAL)
{
	const unsigned int others[] = {
		SOCKDUP_EXPORT_TO_PEER,
		SOCKDUP_EXPORT_TO_PIDFD,
		SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_USER,
	};
	struct sockdup_protocol_info info;
	struct sockdup_export export;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		export = (struct sockdup_export){
			.fd = self->fd,
			.flags = SOCKDUP_EXPORT_TO_CGROUP | others[i],
			.cgroup = self->group,
		};
		EXPECT_EQ(-EINVAL, raw(&export, &info));
	}
	export = (struct sockdup_export){
		.fd = self->fd,
		.flags = SOCKDUP_EXPORT_TO_CGROUP,
		.target = self->target.pid,
		.cgroup = self->group,
	};
	EXPECT_EQ(-EINVAL, raw(&export, &info));
	export.target = 0;
	EXPECT_EQ(0, raw(&export, &info));
}

TEST_F(cgroup, group_without_its_flag_is_EINVAL)
{
	struct sockdup_protocol_info info;
	struct sockdup_export export = {
		.fd = self->fd,
		.target = self->target.pid,
		.cgroup = self->group,
	};

	EXPECT_EQ(-EINVAL, raw(&export, &info));
	export.cgroup = 0;
	EXPECT_EQ(0, raw(&export, &info));
	export.__reserved = 1;
	EXPECT_EQ(-EINVAL, raw(&export, &info));
}

/* It would be descriptor 0, which the caller did not mean. */
TEST_F(cgroup, struct_without_a_group_is_EINVAL)
{
	struct sockdup_protocol_info info;
	struct sockdup_export export = {
		.size = SOCKDUP_EXPORT_SIZE_VER0,
		.flags = SOCKDUP_EXPORT_TO_CGROUP,
		.fd = self->fd,
		.info_size = sizeof(info),
		.info = (uintptr_t)&info,
	};
	int device = device_open();

	ASSERT_EQ(0, dup2(self->group, STDIN_FILENO));
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_EXPORT, &export));
	close(device);
}

/* One number cannot name both. */
TEST_F(cgroup, library_takes_both_in_a_set_alone)
{
	struct sockdup_set set = {
		.fds = &self->fd,
		.socket_count = 1,
		.cgroup = self->group,
	};
	struct sockdup_protocol_info info;

	EXPECT_EQ(-EINVAL, try_export(self->fd, self->group, SOCKDUP_EXPORT_TO_USER |
				      SOCKDUP_EXPORT_TO_CGROUP, 0, &info));
	EXPECT_EQ(-1, sockdup_export_set(&set, self->target.pid, 0, 0, &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sockdup_export_set(&set, self->group, SOCKDUP_EXPORT_TO_CGROUP,
					 0, &info));
	EXPECT_EQ(EINVAL, errno);
	set.cgroup = 0;
	EXPECT_EQ(0, sockdup_export_set(&set, self->group, SOCKDUP_EXPORT_TO_CGROUP,
					0, &info));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &info));
}

/* How long it lives. */

/* An agent of a user, its descriptor of a socket, and that of GROUP. */
static int spawn_source(struct agent *source, int fd, int *group)
{
	int error = agent_spawn(source);

	if (!error)
		error = agent_setuid(source, SOURCE_UID);
	if (error)
		return error;
	*group = agent_open(source, GROUP, O_RDONLY | O_DIRECTORY);
	return *group < 0 ? *group : agent_give(source, dup(fd));
}

static int export_for(struct agent *source, int fd, int group, unsigned int ttl_ms,
		      struct sockdup_protocol_info *info)
{
	int error = agent_export(source, fd, group, SOCKDUP_EXPORT_TO_CGROUP, ttl_ms,
				 info);

	if (!error)
		try_revoke(info);
	return error;
}

TEST_F(cgroup, long_life_needs_a_group_that_the_exporter_may_write_to)
{
	struct sockdup_protocol_info info;
	struct agent source;
	int group, fd;

	fd = spawn_source(&source, self->fd, &group);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, export_for(&source, fd, group, LIFE_MS, &info));
	EXPECT_EQ(-EPERM, export_for(&source, fd, group, LONGER_MS, &info));
	ASSERT_EQ(0, chmod(GROUP, 0777));
	EXPECT_EQ(0, export_for(&source, fd, group, LONGER_MS, &info));
	ASSERT_EQ(0, chmod(GROUP, 0755));
	EXPECT_EQ(-EPERM, export_for(&source, fd, group, LONGER_MS, &info));
	ASSERT_EQ(0, chown(GROUP, SOURCE_UID, -1));
	EXPECT_EQ(0, export_for(&source, fd, group, LONGER_MS, &info));
	EXPECT_EQ(0, agent_stop(&source));
}

/* The device open in a process there is no reason: any process can get there. */
TEST_F(cgroup, long_life_is_not_given_by_a_handle_there)
{
	struct sockdup_protocol_info info;
	struct agent source;
	int group, fd;

	ASSERT_LE(0, agent_open(&self->target, DEVICE_PATH, O_RDWR));
	fd = spawn_source(&source, self->fd, &group);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, export_for(&source, fd, group, LONGER_MS, &info));
	EXPECT_EQ(0, agent_stop(&source));
}

TEST_F(cgroup, deadline_ends_it)
{
	struct sockdup_protocol_info info;

	ASSERT_EQ(0, try_export(self->fd, self->group, SOCKDUP_EXPORT_TO_CGROUP, 100,
				&info));
	EXPECT_EQ(0, try_revoke(&self->info));
	close(self->fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &info, 0));
}

TEST_F(cgroup, token_outlives_its_exporter)
{
	struct sockdup_protocol_info info;
	struct agent source;
	int group, fd;

	fd = spawn_source(&source, self->fd, &group);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_export(&source, fd, group, SOCKDUP_EXPORT_TO_CGROUP, 0,
				  &info));
	EXPECT_EQ(0, agent_stop(&source));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &info));
}

TEST_F(cgroup, removal_ends_it)
{
	struct sockdup_protocol_info info;
	struct sockdup_outcome outcome;
	int below = group_open(BELOW);

	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, try_export(self->fd, below, SOCKDUP_EXPORT_TO_CGROUP |
				SOCKDUP_EXPORT_REPORT, 0, &info));
	close(below);
	close(self->fd);
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, rmdir(BELOW));
	/* At once, before the worker has seen it. */
	EXPECT_EQ(-ENOENT, try_query(&info, &self->description));
	EXPECT_EQ(0, wait_for_end(self->peer));
	ASSERT_EQ(1, sockdup_outcome_next(&outcome, WAIT_MS));
	EXPECT_EQ(SOCKDUP_OUTCOME_TARGET_DIED, outcome.kind);
	EXPECT_EQ(id_of(&info), outcome.id);
}

TEST_F(cgroup, removal_of_what_is_above_needs_that_below_to_be_gone)
{
	struct sockdup_protocol_info info;
	int below = group_open(BELOW);

	ASSERT_EQ(0, try_export(self->fd, below, SOCKDUP_EXPORT_TO_CGROUP, 0, &info));
	ASSERT_EQ(0, group_move(BESIDE, self->target.pid));
	ASSERT_EQ(-1, rmdir(GROUP));
	EXPECT_EQ(0, try_query(&info, &self->description));
	ASSERT_EQ(0, rmdir(BELOW));
	ASSERT_EQ(0, rmdir(GROUP));
	EXPECT_EQ(-ENOENT, try_query(&info, &self->description));
	EXPECT_EQ(-ENOENT, try_query(&self->info, &self->description));
	close(self->fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
	close(below);
}

TEST_F(cgroup, group_of_the_same_name_is_another_one)
{
	struct sockdup_protocol_info info;
	int below = group_open(BELOW);

	ASSERT_EQ(0, try_export(self->fd, below, SOCKDUP_EXPORT_TO_CGROUP, 0, &info));
	ASSERT_EQ(0, rmdir(BELOW));
	ASSERT_EQ(0, group_make(BELOW));
	ASSERT_EQ(0, group_move(BELOW, self->target.pid));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &info, 0));
	close(below);
}

#define MANY	300

TEST_F(cgroup, removal_of_many_ends_all)
{
	struct sockdup_protocol_info info;
	char path[64];
	int fds[2], group;
	unsigned int i;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), BELOW "/%u", i);
		ASSERT_EQ(0, group_make(path));
		group = group_open(path);
		ASSERT_LE(0, group);
		ASSERT_EQ(0, try_export(fds[0], group, SOCKDUP_EXPORT_TO_CGROUP,
					LIFE_MS, &info));
		close(group);
	}
	close(fds[0]);
	EXPECT_EQ(0, recv_nothing(fds[1]));
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), BELOW "/%u", i);
		ASSERT_EQ(0, rmdir(path));
	}
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(-ENOENT, try_query(&info, &self->description));
}

/* Races. */

TEST_F(cgroup, move_against_import_has_the_socket_or_not)
{
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i, won = 0;
	int result;

	for (i = 0; i < stress(2000); i++) {
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = self->info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		ASSERT_EQ(0, group_move(BESIDE, self->target.pid));
		result = agent_wait(&self->target, &reply);
		ASSERT_EQ(0, group_move(GROUP, self->target.pid));
		if (result >= 0) {
			won++;
			ASSERT_EQ(0, agent_close(&self->target, result));
			ASSERT_EQ(0, try_export(self->fd, self->group,
						SOCKDUP_EXPORT_TO_CGROUP, 0,
						&self->info));
		} else {
			ASSERT_EQ(-EPERM, result);
			ASSERT_EQ(0, try_query(&self->info, &self->description));
		}
	}
	TH_LOG("%u of %u imports were before the move", won, i);
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, removal_against_import_has_one_winner)
{
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i, won = 0;
	int below, result;

	for (i = 0; i < stress(2000); i++) {
		ASSERT_EQ(0, group_make(BELOW));
		below = group_open(BELOW);
		ASSERT_EQ(0, group_move(BELOW, self->target.pid));
		ASSERT_EQ(0, try_export(self->fd, below, SOCKDUP_EXPORT_TO_CGROUP, 0,
					&self->info));
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = self->info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		ASSERT_EQ(0, group_move(BESIDE, self->target.pid));
		ASSERT_EQ(0, rmdir(BELOW));
		result = agent_wait(&self->target, &reply);
		if (result >= 0) {
			won++;
			ASSERT_EQ(0, agent_close(&self->target, result));
		} else {
			ASSERT_TRUE(result == -EPERM || result == -ENOENT);
		}
		ASSERT_EQ(-ENOENT, try_query(&self->info, &self->description));
		close(below);
	}
	TH_LOG("%u of %u imports were before the removal", won, i);
}

SOCKDUP_TEST_MAIN
