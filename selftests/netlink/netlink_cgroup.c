// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens to a control group, by netlink: exported, listed and told of.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control_group.h"
#include "genl.h"
#include "hand_over.h"
#include "harness.h"

#define GROUP		CONTROL_GROUPS "/sockdup-netlink"
#define BELOW		GROUP "/below"

/* More than the default. */
#define LONGER_MS	120000

FIXTURE(cgroup) {
	struct agent target;
	int group;
	__u64 ino;
	int fd;
	struct sockdup_protocol_info info;
	__u64 id;
	struct sockdup_token_info token;
};

FIXTURE_SETUP(cgroup)
{
	struct stat status;

	if (group_make(GROUP))
		SKIP(longjmp(_metadata->env, 1), "no control groups here");
	self->group = group_open(GROUP);
	ASSERT_LE(0, self->group);
	ASSERT_EQ(0, fstat(self->group, &status));
	self->ino = status.st_ino;
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, group_move(GROUP, self->target.pid));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->group,
					    SOCKDUP_EXPORT_TO_CGROUP, 0, &self->info,
					    &self->id));
}

FIXTURE_TEARDOWN(cgroup)
{
	sockdup_revoke_id(self->id);
	agent_kill(&self->target);
	EXPECT_EQ(0, group_remove(GROUP));
}

TEST_F(cgroup, exported_process_in_it_imports)
{
	EXPECT_EQ(id_of(&self->info), self->id);
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->fd, &self->info));
}

TEST_F(cgroup, list_shows_its_inode_and_no_process)
{
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(0, self->token.target);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_CGROUP, self->token.target_flags);
	EXPECT_EQ(self->ino, self->token.target_cgroup);
	EXPECT_EQ(0, self->token.target_uid);
	ASSERT_EQ(0, sockdup_revoke_id(self->id));
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->target.pid, 0, 0,
					    &self->info, &self->id));
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(0, self->token.target_flags);
	EXPECT_EQ(0, self->token.target_cgroup);
}

TEST_F(cgroup, with_a_user_list_shows_both)
{
	struct sockdup_set set = {
		.fds = &self->fd,
		.socket_count = 1,
		.cgroup = self->group,
	};

	ASSERT_EQ(0, sockdup_export_set(&set, TARGET_UID, SOCKDUP_EXPORT_TO_USER |
					SOCKDUP_EXPORT_TO_CGROUP, 0, &self->info));
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &self->token));
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP,
		  self->token.target_flags);
	EXPECT_EQ(self->ino, self->token.target_cgroup);
	EXPECT_EQ(TARGET_UID, self->token.target_uid);
	EXPECT_EQ(0, sockdup_revoke(&self->info));
}

TEST_F(cgroup, subscriber_is_told_of_it)
{
	struct sockdup_subscription *subscription;
	struct sockdup_token_event event;

	ASSERT_EQ(0, sockdup_subscribe(&subscription));
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->group,
					    SOCKDUP_EXPORT_TO_CGROUP, 0, &self->info,
					    &self->id));
	do {
		ASSERT_EQ(0, wait_for_poll(sockdup_subscription_fd(subscription),
					   POLLIN));
		ASSERT_EQ(0, sockdup_next_event(subscription, &event));
	} while (event.id != self->id);
	EXPECT_EQ(SOCKDUP_HAPPENING_EXPORTED, event.what);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_CGROUP, event.target_flags);
	EXPECT_EQ(self->ino, event.target_cgroup);
	EXPECT_EQ(0, event.target_uid);
	sockdup_unsubscribe(subscription);
}

/* The number that a reader without privilege, to whom BELOW is the root, has of a group. */
static int number_from_below(int fd, int group, __u64 *number)
{
	struct sockdup_protocol_info info;
	struct sockdup_token_info token;
	__u64 id;

	if (sockdup_netlink_export(fd, group, SOCKDUP_EXPORT_TO_CGROUP, 0, &info, &id) ||
	    sockdup_find_by_id(id, &token) || sockdup_revoke_id(id))
		return -errno;
	*number = token.target_cgroup;
	return token.target_flags == SOCKDUP_EXPORT_TO_CGROUP ? 0 : -EPROTO;
}

static int look_from_below(int fd, int group)
{
	__u64 number, number_below;
	int below = group_open(BELOW), error;
	struct stat status;

	sockdup_release();
	error = fstat(below, &status) ? -errno : group_move(BELOW, getpid());
	if (!error && unshare(CLONE_NEWCGROUP))
		error = -errno;
	error = error ? : become_user(SOURCE_UID) ? :
		number_from_below(fd, group, &number) ? :
		number_from_below(fd, below, &number_below);
	if (error)
		return error;
	return !number && number_below == status.st_ino ? 0 : -ERANGE;
}

TEST_F(cgroup, has_no_number_where_the_reader_does_not_see_it)
{
	pid_t child;

	ASSERT_EQ(0, group_make(BELOW));
	child = fork();
	if (!child)
		_exit(-look_from_below(self->fd, self->group));
	EXPECT_EQ(0, outcome_of(child));
	EXPECT_EQ(0, group_remove(BELOW));
}

static int listen_inside(int fd, int group)
{
	struct sockdup_subscription *subscription;
	struct sockdup_protocol_info info;
	struct sockdup_token_event event;
	int error;

	sockdup_release();
	error = become_user(SOURCE_UID) ? : become_root_inside(CLONE_NEWNET);
	if (error)
		return error;
	if (sockdup_subscribe(&subscription) ||
	    sockdup_netlink_export(fd, group, SOCKDUP_EXPORT_TO_CGROUP, 0, &info, NULL))
		return -errno;
	error = wait_for_poll(sockdup_subscription_fd(subscription), POLLIN);
	if (error || sockdup_next_event(subscription, &event))
		return error ? : -errno;
	sockdup_revoke(&info);
	return event.id == id_of(&info) && !event.target_cgroup &&
	       event.target_flags == SOCKDUP_EXPORT_TO_CGROUP ? 0 : -EPROTO;
}

TEST_F(cgroup, has_no_number_in_a_notification_to_another_user_namespace)
{
	pid_t child = fork();

	if (!child)
		_exit(-listen_inside(self->fd, self->group));
	EXPECT_EQ(0, outcome_of(child));
}

/* Netlink does not look whether the exporter may write to the group: that takes a lock. */
TEST_F(cgroup, long_life_needs_the_device_or_privilege)
{
	struct sockdup_protocol_info info;
	pid_t child;
	int status;

	ASSERT_EQ(0, chown(GROUP, SOURCE_UID, -1));
	child = fork();
	if (!child) {
		sockdup_release();
		if (setresuid(SOURCE_UID, SOURCE_UID, SOURCE_UID))
			_exit(1);
		if (!sockdup_netlink_export(self->fd, self->group,
					    SOCKDUP_EXPORT_TO_CGROUP, LONGER_MS, &info,
					    NULL) || errno != EPERM ||
		    !sockdup_error_text())
			_exit(2);
		_exit(sockdup_export(self->fd, self->group, SOCKDUP_EXPORT_TO_CGROUP |
				     SOCKDUP_EXPORT_END_ON_CLOSE, LONGER_MS, &info) ?
		      3 : 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* Root has the privilege. */
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->group,
					    SOCKDUP_EXPORT_TO_CGROUP, LONGER_MS, &info,
					    &self->id));
}

TEST_F(cgroup, removed_is_ESRCH)
{
	struct sockdup_protocol_info info;

	agent_kill(&self->target);
	ASSERT_EQ(0, group_remove(GROUP));
	EXPECT_EQ(-1, sockdup_netlink_export(self->fd, self->group,
					     SOCKDUP_EXPORT_TO_CGROUP, 0, &info, NULL));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_STREQ("cgroup-fd", sockdup_error_attribute());
	EXPECT_EQ(-1, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(ENOENT, errno);
}

SOCKDUP_TEST_MAIN
