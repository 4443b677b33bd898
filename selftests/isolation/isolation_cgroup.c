// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens to other users' control groups: what they keep of these, and for how long, and
 * what is told of a group to those who cannot see it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control_group.h"
#include "hand_over.h"
#include "harness.h"
#include "page.h"

#define GROUP		CONTROL_GROUPS "/sockdup-strange"
#define BELOW		GROUP "/below"

/* The default, and more than that. */
#define LIFE_MS		60000
#define LONGER_MS	(2 * LIFE_MS)

FIXTURE(cgroup) {
	int group;
	int below;
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
	self->group = group_open(GROUP);
	ASSERT_LE(0, self->group);
	self->below = group_open(BELOW);
	ASSERT_LE(0, self->below);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = fds[0];
	self->peer = fds[1];
}

FIXTURE_TEARDOWN(cgroup)
{
	try_revoke(&self->info);
	EXPECT_EQ(0, group_remove(BELOW));
	EXPECT_EQ(0, group_remove(GROUP));
}

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

/* The library's handle stays open. */
TEST_F(cgroup, handle_that_exported_to_it_does_not_keep_it)
{
	ASSERT_EQ(0, try_export(self->fd, self->below, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(0, group_wait_until_none_is_kept(GROUP));
}

TEST_F(cgroup, handle_that_exported_to_a_user_in_it_does_not_keep_it)
{
	ASSERT_EQ(0, to_both(self->fd, self->below, SOURCE_UID, &self->info));
	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(0, group_wait_until_none_is_kept(GROUP));
}

TEST_F(cgroup, live_token_does_not_keep_it)
{
	ASSERT_EQ(0, try_export(self->fd, self->below, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(0, group_wait_until_none_is_kept(GROUP));
	close(self->fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* A process in BELOW to which that is the root asks about a token. */
static int query_from_below(const struct sockdup_protocol_info *info,
			    struct sockdup_description *description)
{
	int error = group_move(BELOW, getpid());

	if (error || unshare(CLONE_NEWCGROUP))
		return error ? : -errno;
	return try_query(info, description);
}

static int expect_number_below(int group, int fd, bool seen)
{
	struct sockdup_description description;
	struct sockdup_protocol_info info;
	struct stat status;
	int error;

	sockdup_release();
	error = fstat(group, &status) ? -errno :
		try_export(fd, group, SOCKDUP_EXPORT_TO_CGROUP |
			   SOCKDUP_EXPORT_END_ON_CLOSE, 0, &info);
	if (!error)
		error = query_from_below(&info, &description);
	if (error)
		return error;
	return description.target_flags == SOCKDUP_EXPORT_TO_CGROUP &&
	       description.for_caller == 1 &&
	       description.target_cgroup == (seen ? status.st_ino : 0) ? 0 : -EPROTO;
}

TEST_F(cgroup, has_no_number_where_the_caller_does_not_see_it)
{
	pid_t child = fork();

	if (!child)
		_exit(-expect_number_below(self->group, self->fd, false));
	EXPECT_EQ(0, outcome_of(child));
	child = fork();
	if (!child)
		_exit(-expect_number_below(self->below, self->fd, true));
	EXPECT_EQ(0, outcome_of(child));
}

/* An export that has named the group, and waits for its user to let it write. */
struct exporter {
	struct page page;
	int fd;
	int group;
	int result;
};

static void *export_slowly(void *context)
{
	struct exporter *exporter = context;

	exporter->result = try_export(exporter->fd, exporter->group,
				      SOCKDUP_EXPORT_TO_CGROUP, 0,
				      exporter->page.memory);
	return NULL;
}

/* The kernel keeps nothing of it while it waits. */
TEST_F(cgroup, removed_before_the_export_is_over_is_ESRCH)
{
	struct exporter exporter = { .fd = self->fd, .group = self->below };
	pthread_t thread;

	if (page_open_missing(&exporter.page))
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, pthread_create(&thread, NULL, export_slowly, &exporter));
	ASSERT_EQ(0, page_wait_for_user(&exporter.page));
	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(0, group_wait_until_none_is_kept(GROUP));
	ASSERT_EQ(0, page_fill(&exporter.page));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-ESRCH, exporter.result);
	page_close(&exporter.page);
}

/* An import that waits for its user to let it tell who exported. */
struct importer {
	struct page page;
	int device;
	int result;
};

static void *import_slowly(void *context)
{
	struct importer *importer = context;

	importer->result = device_ioctl(importer->device, SOCKDUP_IOC_IMPORT,
					importer->page.memory);
	return NULL;
}

TEST_F(cgroup, import_that_is_not_over_does_not_keep_it)
{
	const struct sockdup_import import = {
		.size = sizeof(import),
		.info_size = sizeof(self->info),
		.info = (uintptr_t)&self->info,
	};
	struct importer importer = { .device = device_open() };
	pthread_t thread;

	if (page_open(&importer.page))
		SKIP(return, "this kernel has no userfaultfd with write protection");
	memcpy(importer.page.memory, &import, sizeof(import));
	ASSERT_EQ(0, page_protect(&importer.page, true));
	ASSERT_EQ(0, try_export(self->fd, self->below, SOCKDUP_EXPORT_TO_CGROUP, 0,
				&self->info));
	ASSERT_EQ(0, group_move(BELOW, getpid()));
	ASSERT_EQ(0, pthread_create(&thread, NULL, import_slowly, &importer));
	ASSERT_EQ(0, page_wait_for_user(&importer.page));
	ASSERT_EQ(0, group_move(CONTROL_GROUPS, getpid()));
	ASSERT_EQ(0, rmdir(BELOW));
	EXPECT_EQ(0, group_wait_until_none_is_kept(GROUP));
	ASSERT_EQ(0, page_protect(&importer.page, false));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-ENOENT, importer.result);
	page_close(&importer.page);
}

/* The first process of a pid namespace exports, and ends the namespace. */
static int export_from_inside(int fd, int group, struct sockdup_protocol_info *info)
{
	int ends[2], error;
	pid_t init;

	sockdup_release();
	if (pipe2(ends, O_CLOEXEC) || unshare(CLONE_NEWPID))
		return -errno;
	init = fork();
	if (!init) {
		error = to_both(fd, group, 0, info);
		if (!error)
			error = write_exactly(ends[1], info, sizeof(*info));
		_exit(-error);
	}
	error = outcome_of(init);
	return error ? : read_exactly(ends[0], info, sizeof(*info));
}

TEST_F(cgroup, token_to_a_user_in_it_ends_with_the_pid_namespace)
{
	int ends[2], error;
	pid_t child;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	child = fork();
	if (!child) {
		error = export_from_inside(self->fd, self->group, &self->info);
		if (!error)
			error = write_exactly(ends[1], &self->info, sizeof(self->info));
		_exit(-error);
	}
	ASSERT_EQ(0, outcome_of(child));
	ASSERT_EQ(0, read_exactly(ends[0], &self->info, sizeof(self->info)));
	close(self->fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, try_query(&self->info, &self->description));
}

/* Exports as the owner of GROUP, but by a mount that does not let it write there. */
static int export_for_long(int fd, int flags)
{
	char path[] = "/tmp/sockdup-group-XXXXXX";
	struct sockdup_protocol_info info;
	int group;

	if (!mkdtemp(path) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(GROUP, path, NULL, MS_BIND, NULL) ||
	    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | flags, NULL))
		return -errno;
	sockdup_release();
	group = group_open(path);
	if (group < 0)
		return group;
	umount2(path, MNT_DETACH);
	rmdir(path);
	if (become_user(SOURCE_UID))
		return -ENOEXEC;
	return sockdup_export(fd, group, SOCKDUP_EXPORT_TO_CGROUP |
			      SOCKDUP_EXPORT_END_ON_CLOSE, LONGER_MS,
			      &info) ? -errno : 0;
}

FIXTURE(mounted) {
};

FIXTURE_VARIANT(mounted) {
	int flags;
	int error;
};

FIXTURE_VARIANT_ADD(mounted, to_write) {
	.flags = 0, .error = 0
};

FIXTURE_VARIANT_ADD(mounted, to_read) {
	.flags = MS_RDONLY, .error = -EPERM
};

FIXTURE_SETUP(mounted)
{
	if (group_make(GROUP))
		SKIP(longjmp(_metadata->env, 1), "no control groups here");
}

FIXTURE_TEARDOWN(mounted)
{
	EXPECT_EQ(0, group_remove(GROUP));
}

TEST_F(mounted, long_life_needs_a_mount_to_write)
{
	int fd = tcp_listener(AF_INET);
	pid_t child;

	ASSERT_EQ(0, chown(GROUP, SOURCE_UID, -1));
	child = fork();
	if (!child)
		_exit(-export_for_long(fd, variant->flags));
	EXPECT_EQ(variant->error, outcome_of(child));
}

SOCKDUP_TEST_MAIN
