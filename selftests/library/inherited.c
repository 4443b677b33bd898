// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handle that another process opened, used in a jail without the device: what
 * each command does for the process that calls, and what belongs to the handle.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "harness.h"

#define LONG_TTL_MS	3600000
#define USER_UID	1001

/* In memory that the test shares with its child. */
struct shared {
	struct sockdup_protocol_info info;
	struct sockdup_protocol_info other;
};

/* The test opens a handle, which its child inherits into the jail. */
FIXTURE(inherited) {
	int handle;
	int fds[2];
	int event;
	char jail[32];
	struct shared *shared;
	pid_t child;
	/* The test writes to let the child go on, and the child likewise. */
	int go[2];
	int gone[2];
};

#define SELF	FIXTURE_DATA(inherited)

FIXTURE_SETUP(inherited)
{
	self->handle = fcntl(sockdup_open(), F_DUPFD_CLOEXEC, 3);
	ASSERT_LE(0, self->handle);
	strcpy(self->jail, "/tmp/sockdup-jail-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->jail));
	ASSERT_EQ(0, tcp_pair(AF_INET, self->fds));
	self->event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	ASSERT_EQ(0, pipe2(self->go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->gone, O_CLOEXEC));
}

FIXTURE_TEARDOWN(inherited)
{
	if (self->child > 0)
		kill(self->child, SIGKILL);
	rmdir(self->jail);
}

/* Where the child is, for the sake of its exit code. */
#define STEP(number, condition)						\
	do {								\
		if (!(condition))					\
			_exit(number);					\
	} while (0)

static bool wait_for(int pipe)
{
	char byte;

	return read(pipe, &byte, 1) == 1;
}

static bool tell(int pipe)
{
	return write(pipe, "", 1) == 1;
}

/* In the child: there is no device any more, but the handle. */
static void enter_jail(const SELF *self)
{
	STEP(101, !chroot(self->jail) && !chdir("/"));
	STEP(102, sockdup_open() < 0 && errno == ENODEV);
	STEP(103, !sockdup_use(self->handle));
	STEP(104, sockdup_open() >= 0 && sockdup_open() != self->handle);
	close(self->handle);
}

static int start(SELF *self, void (*run)(const SELF *self))
{
	self->child = fork();
	if (self->child < 0)
		return -errno;
	if (!self->child) {
		enter_jail(self);
		run(self);
		_exit(0);
	}
	return 0;
}

static int finish(SELF *self)
{
	pid_t child = self->child;
	int status;

	self->child = 0;
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status);
}

/* The last descriptors of the handle; the library opens another. */
static void close_handle(const SELF *self)
{
	close(self->handle);
	sockdup_release();
}

static void export_to_parent(const SELF *self)
{
	STEP(1, !try_duplicate(self->fds[0], getppid(), &self->shared->info));
}

TEST_F(inherited, export_is_by_the_caller)
{
	struct sockdup_identity source;
	int fd;

	ASSERT_EQ(0, start(self, export_to_parent));
	const pid_t child = self->child;

	ASSERT_EQ(0, finish(self));
	fd = sockdup_import(&self->shared->info, 0, &source);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->fds[0], 0, fd));
	EXPECT_EQ(child, source.pid);
}

static void import_what_is_ones_own(const SELF *self)
{
	int fd;

	STEP(1, wait_for(self->go[0]));
	STEP(2, try_socket(&self->shared->other, 0) == -EPERM);
	fd = try_socket(&self->shared->info, 0);
	STEP(3, fd >= 0);
	/* The end of the connection, which nobody but the child has. */
	STEP(4, !tell(self->fds[1]) || wait_for(fd));
}

TEST_F(inherited, import_is_by_the_caller)
{
	ASSERT_EQ(0, start(self, import_what_is_ones_own));
	ASSERT_EQ(0, try_duplicate(self->fds[0], self->child,
				   &self->shared->info));
	ASSERT_EQ(0, try_duplicate(self->fds[0], getpid(),
				   &self->shared->other));
	ASSERT_TRUE(tell(self->go[1]));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, try_revoke(&self->shared->other));
}

static void ask_and_end_as_a_user(const SELF *self)
{
	struct sockdup_description description;

	STEP(1, !become_user(USER_UID));
	STEP(2, wait_for(self->go[0]));
	STEP(3, try_query(&self->shared->other, &description) == -EPERM);
	STEP(4, try_revoke(&self->shared->other) == -EPERM);
	STEP(5, !try_query(&self->shared->info, &description));
	STEP(6, description.target_pid == getpid());
	STEP(7, !try_revoke(&self->shared->info));
}

TEST_F(inherited, query_and_revoke_are_by_the_caller)
{
	ASSERT_EQ(0, start(self, ask_and_end_as_a_user));
	ASSERT_EQ(0, try_duplicate(self->fds[0], self->child,
				   &self->shared->info));
	ASSERT_EQ(0, try_duplicate(self->fds[0], getpid(),
				   &self->shared->other));
	ASSERT_TRUE(tell(self->go[1]));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, try_revoke(&self->shared->other));
}

static void export_until_close(const SELF *self)
{
	STEP(1, !try_export(self->fds[0], getppid(),
			    SOCKDUP_EXPORT_END_ON_CLOSE, 0,
			    &self->shared->info));
	STEP(2, tell(self->gone[1]) && wait_for(self->go[0]));
}

TEST_F(inherited, token_that_ends_on_close_ends_with_the_handle)
{
	struct sockdup_description description;

	/* It outlives the process that exported; */
	ASSERT_EQ(0, start(self, export_until_close));
	ASSERT_TRUE(tell(self->go[1]));
	ASSERT_EQ(0, finish(self));
	EXPECT_EQ(0, try_query(&self->shared->info, &description));
	close_handle(self);
	EXPECT_EQ(-ENOENT, try_query(&self->shared->info, &description));
}

TEST_F(inherited, token_that_ends_on_close_outlives_the_opener)
{
	struct sockdup_description description;

	ASSERT_EQ(0, start(self, export_until_close));
	ASSERT_TRUE(wait_for(self->gone[0]));
	close_handle(self);
	EXPECT_EQ(0, try_query(&self->shared->info, &description));
	ASSERT_TRUE(tell(self->go[1]));
	ASSERT_EQ(0, finish(self));
	EXPECT_EQ(-ENOENT, try_query(&self->shared->info, &description));
}

static void register_socket(const SELF *self)
{
	STEP(1, !try_event_select(self->fds[0], self->event, SOCKDUP_FD_READ,
				  SOCKDUP_EVENT_KIND_EVENT));
}

TEST_F(inherited, registration_ends_with_the_handle)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, start(self, register_socket));
	const pid_t child = self->child;

	ASSERT_EQ(0, finish(self));
	ASSERT_EQ(0, try_event_query(self->fds[0], &registration));
	EXPECT_EQ(SOCKDUP_FD_READ, registration.mask);
	EXPECT_EQ(child, registration.source.pid);
	close_handle(self);
	ASSERT_EQ(0, try_event_query(self->fds[0], &registration));
	EXPECT_EQ(0, registration.mask);
}

static int enumerate_through_another_handle(const SELF *self)
{
	struct sockdup_network_events happened;
	struct sockdup_registration registration;
	pid_t child = fork();
	int status;

	if (!child) {
		STEP(1, !try_event_query(self->fds[0], &registration));
		STEP(2, registration.mask && !registration.own);
		_exit(-try_event_enumerate(self->fds[0], 0, &happened));
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(inherited, registrations_are_common)
{
	struct sockdup_network_events happened;
	struct sockdup_registration registration;

	ASSERT_EQ(0, start(self, register_socket));
	ASSERT_EQ(0, finish(self));
	ASSERT_EQ(0, try_event_query(self->fds[0], &registration));
	EXPECT_TRUE(registration.own);
	ASSERT_TRUE(tell(self->fds[1]));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	EXPECT_EQ(-EPERM, enumerate_through_another_handle(self));
	EXPECT_EQ(0, try_event_enumerate(self->fds[0], 0, &happened));
	EXPECT_EQ(SOCKDUP_FD_READ, happened.events);
	/* What is unread is told again. */
	EXPECT_EQ(0, try_event_rearm(self->fds[0], SOCKDUP_FD_READ));
	EXPECT_EQ(0, try_event_enumerate(self->fds[0], 0, &happened));
	EXPECT_EQ(SOCKDUP_FD_READ, happened.events);
}

/* With another user's process as the target. */

static void wait_as_a_user(const SELF *self)
{
	STEP(1, !become_user(USER_UID));
	STEP(2, tell(self->gone[1]) && wait_for(self->go[0]));
}

TEST_F(inherited, handle_does_not_make_its_user_a_ready_target)
{
	struct sockdup_protocol_info info;

	ASSERT_EQ(0, start(self, wait_as_a_user));
	ASSERT_TRUE(wait_for(self->gone[0]));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, try_export(self->fds[0], self->child, 0, LONG_TTL_MS,
				     &info));
	ASSERT_TRUE(tell(self->go[1]));
	EXPECT_EQ(0, finish(self));
}

/* Out of the jail, the same process opens a handle of its own. */
TEST_F(inherited, open_makes_a_ready_target)
{
	struct sockdup_protocol_info info;

	self->child = fork();
	if (!self->child) {
		STEP(1, !become_user(USER_UID));
		STEP(2, tell(self->gone[1]) && wait_for(self->go[0]));
		STEP(3, sockdup_open() >= 0);
		STEP(4, tell(self->gone[1]) && wait_for(self->go[0]));
		_exit(0);
	}
	ASSERT_TRUE(wait_for(self->gone[0]));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, try_export(self->fds[0], self->child, 0, LONG_TTL_MS,
				     &info));
	ASSERT_TRUE(tell(self->go[1]));
	ASSERT_TRUE(wait_for(self->gone[0]));
	EXPECT_EQ(0, try_export(self->fds[0], self->child, 0, LONG_TTL_MS,
				&info));
	ASSERT_TRUE(tell(self->go[1]));
	EXPECT_EQ(0, finish(self));
}

/* A server that opens, jails itself and then forks. */
TEST_F(inherited, handle_that_was_chosen_goes_on_to_children)
{
	pid_t child;
	int status;

	ASSERT_EQ(0, sockdup_use(sockdup_open()));
	ASSERT_EQ(0, chroot(self->jail));
	child = fork();
	if (!child) {
		STEP(1, !try_duplicate(self->fds[0], getppid(),
				       &self->shared->info));
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LE(0, try_socket(&self->shared->info, 0));
}

TEST_F(inherited, handle_that_was_not_chosen_does_not)
{
	pid_t child;
	int status;

	ASSERT_LE(0, sockdup_open());
	ASSERT_EQ(0, chroot(self->jail));
	child = fork();
	if (!child) {
		STEP(1, try_duplicate(self->fds[0], getppid(),
				      &self->shared->info) == -ENODEV);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(inherited, use_of_what_is_no_handle_is_refused)
{
	int kept = sockdup_open();

	EXPECT_EQ(-1, sockdup_use(self->fds[0]));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sockdup_use(self->event));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sockdup_use(-1));
	EXPECT_EQ(EBADF, errno);
	close(self->event);
	EXPECT_EQ(-1, sockdup_use(self->event));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(kept, sockdup_open());
}

SOCKDUP_TEST_MAIN
