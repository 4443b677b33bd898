// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens to other users' control groups: what they keep of these, and for how long, and
 * what is told of a group to those who cannot see it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "control_group.h"
#include "hand_over.h"
#include "harness.h"

#define GROUP		CONTROL_GROUPS "/sockdup-strange"
#define BELOW		GROUP "/below"

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
	struct sockdup_socket socket = { .fd = fd };
	struct sockdup_set set = {
		.sockets = &socket,
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

SOCKDUP_TEST_MAIN
