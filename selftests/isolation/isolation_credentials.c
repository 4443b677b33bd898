// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports by netlink through a socket that another opened: the sender's
 * credentials must say what the opener's say. They need not be the same
 * object, as the kernel makes a new one of many calls that change nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"
#include "result.h"

#define OTHER_ID	1001

/* Capabilities that the tests change, each in one set. */
#define LOWERED		CAP_SYS_NICE	/* permitted, not effective */
#define LENDABLE	CAP_CHOWN	/* inheritable, not ambient */

static const gid_t groups[] = { 5001, 5002 };
static const gid_t other_groups[] = { 5001, 5003 };

enum capability_set { EFFECTIVE, PERMITTED, INHERITABLE };

/* Gives or takes one capability in one set of the caller. */
static int set_capability(enum capability_set set, unsigned int capability,
			  bool given)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2], *half;
	__u32 *word;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	half = &data[capability / 32];
	word = &half->inheritable;
	if (set == EFFECTIVE)
		word = &half->effective;
	else if (set == PERMITTED)
		word = &half->permitted;
	*word &= ~(1U << capability % 32);
	*word |= given ? 1U << capability % 32 : 0;
	return result(syscall(SYS_capset, &header, data));
}

/* What the opener and the sender begin with, so that each can change alone. */
static int prepare(void)
{
	int error;

	/* User ids change without capabilities. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) ||
	    setgroups(ARRAY_SIZE(groups), groups))
		return -errno;
	error = set_capability(EFFECTIVE, LOWERED, false);
	return error ? error : set_capability(INHERITABLE, LENDABLE, true);
}

/* Calls that make new credentials, with the content of the old ones. */

static int set_same_securebits(void)
{
	return result(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
}

static int join_session_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ?
	       -errno : 0;
}

static int set_same_users(void)
{
	return result(setresuid(0, 0, 0));
}

static int set_same_groups(void)
{
	return result(setgroups(ARRAY_SIZE(groups), groups));
}

static int leave_and_return(void)
{
	return result(seteuid(OTHER_ID) ? -1 : seteuid(0));
}

/* Calls that change one thing each. */

static int change_real_user(void)
{
	return result(setresuid(OTHER_ID, -1, -1));
}

/* The id of file accesses follows, and is set back. */
static int change_effective_user(void)
{
	if (setresuid(-1, OTHER_ID, -1))
		return -errno;
	setfsuid(0);
	return setfsuid(-1) ? -EPROTO : 0;
}

static int change_saved_user(void)
{
	return result(setresuid(-1, -1, OTHER_ID));
}

static int change_file_user(void)
{
	setfsuid(OTHER_ID);
	return setfsuid(-1) == OTHER_ID ? 0 : -EPROTO;
}

static int change_real_group(void)
{
	return result(setresgid(OTHER_ID, -1, -1));
}

static int change_effective_group(void)
{
	if (setresgid(-1, OTHER_ID, -1))
		return -errno;
	setfsgid(0);
	return setfsgid(-1) ? -EPROTO : 0;
}

static int change_saved_group(void)
{
	return result(setresgid(-1, -1, OTHER_ID));
}

static int change_file_group(void)
{
	setfsgid(OTHER_ID);
	return setfsgid(-1) == OTHER_ID ? 0 : -EPROTO;
}

static int drop_a_group(void)
{
	return result(setgroups(1, groups));
}

static int drop_all_groups(void)
{
	return result(setgroups(0, NULL));
}

static int change_a_group(void)
{
	return result(setgroups(ARRAY_SIZE(other_groups), other_groups));
}

static int drop_effective(void)
{
	return set_capability(EFFECTIVE, CAP_SYS_TIME, false);
}

static int drop_effective_beyond_32(void)
{
	return set_capability(EFFECTIVE, CAP_SYSLOG, false);
}

static int drop_permitted(void)
{
	return set_capability(PERMITTED, LOWERED, false);
}

static int drop_inheritable(void)
{
	return set_capability(INHERITABLE, LENDABLE, false);
}

static int add_inheritable(void)
{
	return set_capability(INHERITABLE, CAP_SYS_TIME, true);
}

static int add_ambient(void)
{
	return result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, LENDABLE, 0,
			    0));
}

static int drop_from_bounding_set(void)
{
	return result(prctl(PR_CAPBSET_DROP, CAP_SYS_PACCT, 0, 0, 0));
}

/* The kernel gives whoever enters one every capability, and these securebits. */
static int prepare_for_user_namespace(void)
{
	return result(setgroups(ARRAY_SIZE(groups), groups));
}

static int enter_user_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

FIXTURE(same) {
	struct genl genl;
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(same) {
	int (*renew)(void);
};

FIXTURE_VARIANT_ADD(same, with_the_same_securebits) { set_same_securebits };
FIXTURE_VARIANT_ADD(same, in_another_session_keyring) { join_session_keyring };
FIXTURE_VARIANT_ADD(same, with_the_same_users_set_anew) { set_same_users };
FIXTURE_VARIANT_ADD(same, with_the_same_groups_set_anew) { set_same_groups };
FIXTURE_VARIANT_ADD(same, after_a_time_as_another_user) { leave_and_return };

FIXTURE_SETUP(same)
{
	if (variant->renew == join_session_keyring &&
	    access("/proc/keys", F_OK))
		SKIP(longjmp(_metadata->env, 1), "this kernel has no keyrings");
	ASSERT_EQ(0, prepare());
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, genl_open(&self->genl));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(same)
{
	genl_close(&self->genl);
	agent_kill(&self->target);
}

TEST_F(same, credentials_export)
{
	int fd;

	ASSERT_EQ(0, variant->renew());
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info))
		TH_LOG("%s", self->genl.message);
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->fd, self->target.pid, fd));
}

/* The socket too may have been opened before or after. */
TEST_F(same, credentials_export_through_an_older_socket_and_a_newer_one)
{
	struct genl newer;

	ASSERT_EQ(0, variant->renew());
	ASSERT_EQ(0, genl_open(&newer));
	ASSERT_EQ(0, variant->renew());
	EXPECT_EQ(0, genl_export(&newer, self->fd, self->target.pid, 0,
				 &self->info));
	EXPECT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	genl_close(&newer);
}

/* One who opens a netlink socket, and one who sends through it. */
FIXTURE(differing) {
	struct genl genl;
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(differing) {
	int (*prepare)(void);
	int (*change)(void);
};

FIXTURE_VARIANT_ADD(differing, in_the_real_user) { prepare, change_real_user };
FIXTURE_VARIANT_ADD(differing, in_the_effective_user) {
	prepare, change_effective_user
};

FIXTURE_VARIANT_ADD(differing, in_the_saved_user) { prepare, change_saved_user };
FIXTURE_VARIANT_ADD(differing, in_the_user_of_files) { prepare, change_file_user };
FIXTURE_VARIANT_ADD(differing, in_the_real_group) { prepare, change_real_group };
FIXTURE_VARIANT_ADD(differing, in_the_effective_group) {
	prepare, change_effective_group
};

FIXTURE_VARIANT_ADD(differing, in_the_saved_group) { prepare, change_saved_group };
FIXTURE_VARIANT_ADD(differing, in_the_group_of_files) { prepare, change_file_group };
FIXTURE_VARIANT_ADD(differing, by_a_missing_group) { prepare, drop_a_group };
FIXTURE_VARIANT_ADD(differing, by_missing_groups) { prepare, drop_all_groups };
FIXTURE_VARIANT_ADD(differing, by_another_group) { prepare, change_a_group };
FIXTURE_VARIANT_ADD(differing, by_a_missing_effective_capability) {
	prepare, drop_effective
};

FIXTURE_VARIANT_ADD(differing, by_a_missing_effective_capability_beyond_32) {
	prepare, drop_effective_beyond_32
};

FIXTURE_VARIANT_ADD(differing, by_a_missing_permitted_capability) {
	prepare, drop_permitted
};

FIXTURE_VARIANT_ADD(differing, by_a_missing_inheritable_capability) {
	prepare, drop_inheritable
};

FIXTURE_VARIANT_ADD(differing, by_a_further_inheritable_capability) {
	prepare, add_inheritable
};

FIXTURE_VARIANT_ADD(differing, by_a_further_ambient_capability) {
	prepare, add_ambient
};

FIXTURE_VARIANT_ADD(differing, in_the_bounding_set) {
	prepare, drop_from_bounding_set
};

FIXTURE_VARIANT_ADD(differing, in_the_user_namespace) {
	prepare_for_user_namespace, enter_user_namespace
};

FIXTURE_SETUP(differing)
{
	ASSERT_EQ(0, variant->prepare());
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(differing)
{
	genl_close(&self->genl);
	agent_kill(&self->target);
}

/* fork(), but both have one table of descriptors. */
static pid_t fork_with_same_files(void)
{
	return syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
}

/*
 * The test opens the socket, and a child changes and sends: -errno of the
 * export. A change that fails is -EPROTO.
 */
static int export_in_child(struct genl *genl, int fd, pid_t target,
			   int (*change)(void))
{
	struct sockdup_protocol_info info;
	pid_t pid = fork_with_same_files();

	if (!pid) {
		if (change && change())
			_exit(EPROTO);
		_exit(-genl_export(genl, fd, target, 0, &info));
	}
	return outcome_of(pid);
}

/*
 * A child changes and opens the socket, which the test then finds among its
 * descriptors, at the number where @genl has its own.
 */
static int open_in_child(struct genl *genl, int (*change)(void))
{
	const int number = genl_fd(genl);
	pid_t pid = fork_with_same_files();
	struct genl other;

	if (!pid) {
		if ((change && change()) || genl_open(&other))
			_exit(EPROTO);
		/* No two sockets have one port. */
		if (dup3(genl_fd(&other), number, O_CLOEXEC) < 0)
			_exit(errno);
		genl_close(&other);
		_exit(0);
	}
	return outcome_of(pid);
}

TEST_F(differing, sender_does_not_export)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, export_in_child(&self->genl, self->fd, self->target.pid,
				     NULL))
		TH_LOG("A sender of equal credentials does not export either.");
	EXPECT_EQ(-EPERM, export_in_child(&self->genl, self->fd,
					  self->target.pid, variant->change));
}

TEST_F(differing, opener_keeps_the_sender_from_exporting)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, open_in_child(&self->genl, NULL));
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info))
		TH_LOG("A socket of equal credentials does not export either.");
	ASSERT_EQ(0, open_in_child(&self->genl, variant->change));
	EXPECT_EQ(-EPERM, genl_export(&self->genl, self->fd, self->target.pid,
				      0, &self->info));
	EXPECT_NE(NULL, strstr(self->genl.message, "reopen"));
}

/* The sender's own change, in the socket's own process. */
TEST_F(differing, process_no_longer_exports)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, genl_export(&self->genl, self->fd, self->target.pid, 0,
				 &self->info));
	ASSERT_EQ(0, variant->change());
	EXPECT_EQ(-EPERM, genl_export(&self->genl, self->fd, self->target.pid,
				      0, &self->info));
	EXPECT_NE(NULL, strstr(self->genl.message, "reopen"));
}

SOCKDUP_TEST_MAIN
