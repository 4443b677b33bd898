// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module cannot go while a token lives, and can once none does. W61.
 *
 * No process here has the device open when it counts: tokens are made and
 * ended by agents that exit.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "harness.h"
#include "module.h"
#include "registration.h"

#define SHORT_USER		65531
#define REGISTERING_USER	65532

FIXTURE(unload) {
	struct agent target;
	int source;
	int peer;
	struct sockdup_protocol_info info;
};

/* An export by a process that is gone when this returns. */
static int export_and_exit(int fd, pid_t pid,
			   struct sockdup_protocol_info *info)
{
	int fds[2], status, error;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	child = fork();
	if (!child) {
		error = try_duplicate(fd, pid, info);
		if (!error)
			error = write_exactly(fds[1], info, sizeof(*info));
		_exit(-error);
	}
	close(fds[1]);
	error = read_exactly(fds[0], info, sizeof(*info));
	close(fds[0]);
	if (waitpid(child, &status, 0) != child || status)
		return -ECHILD;
	return error;
}

/* Revokes @info in a process that is gone when this returns. */
static int revoke_and_exit(const struct sockdup_protocol_info *info)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(-try_revoke(info));
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

FIXTURE_SETUP(unload)
{
	int fds[2];

	ASSERT_EQ(0, module_wait_until_unused());
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, export_and_exit(self->source, self->target.pid,
				     &self->info));
}

FIXTURE_TEARDOWN(unload)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(unload, W61_token_alone_refuses_rmmod)
{
	EXPECT_EQ(-EWOULDBLOCK, module_remove());
}

TEST_F(unload, W61_refused_rmmod_leaves_the_token)
{
	int fd;

	ASSERT_EQ(-EWOULDBLOCK, module_remove());
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(unload, W61_revoke_of_the_last_token_lets_the_module_go)
{
	ASSERT_EQ(-EWOULDBLOCK, module_remove());
	ASSERT_EQ(0, revoke_and_exit(&self->info));
	EXPECT_EQ(0, module_wait_until_unused());
}

TEST_F(unload, W61_end_of_the_target_lets_the_module_go)
{
	ASSERT_EQ(-EWOULDBLOCK, module_remove());
	ASSERT_EQ(0, agent_stop(&self->target));
	EXPECT_EQ(0, module_wait_until_unused());
}

TEST_F(unload, W61_imported_socket_alone_does_not_hold_the_module)
{
	int fd = agent_import(&self->target, &self->info, SOCKDUP_IMPORT_INHERITABLE);

	ASSERT_LE(0, fd);
	/* Executing anew closes the agent's device, and not the socket. */
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_MAIN));
	EXPECT_EQ(0, module_wait_until_unused());
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(unload, W61_each_of_two_tokens_refuses_rmmod)
{
	struct sockdup_protocol_info other;

	ASSERT_EQ(0, export_and_exit(self->source, self->target.pid, &other));
	ASSERT_EQ(0, revoke_and_exit(&self->info));
	EXPECT_EQ(-EWOULDBLOCK, module_remove());
	ASSERT_EQ(0, revoke_and_exit(&other));
	EXPECT_EQ(0, module_wait_until_unused());
}

/* Another user's token, which ends when its time is over, without the user's processes. */
static int export_shortly_and_exit(int fd, pid_t pid)
{
	struct sockdup_protocol_info info;
	pid_t child = fork();

	if (!child)
		_exit(-(become_user(SHORT_USER) ?: try_export(fd, pid, 0, 100, &info)));
	return outcome_of(child);
}

/* A registration of another user than the handle's, until the sweep finds its socket closed. */
static int register_and_exit(void)
{
	pid_t child = fork();
	int device, error, event, fd;

	if (!child) {
		device = sockdup_open();
		event = eventfd(0, 0);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		error = become_user(REGISTERING_USER) ?:
			try_event_select(fd, event, SOCKDUP_FD_READ, 0);
		close(fd);
		_exit(-(error ?: wait_for_registrations(device, 0)));
	}
	return outcome_of(child);
}

TEST_F(unload, W61_sweep_that_lets_go_last_lets_the_module_go)
{
	ASSERT_EQ(0, revoke_and_exit(&self->info));
	EXPECT_EQ(0, export_shortly_and_exit(self->source, self->target.pid));
	EXPECT_EQ(0, register_and_exit());
	EXPECT_EQ(0, module_wait_until_unused());
}

/* The module really goes, and comes back. */
FIXTURE(removal) {
	struct agent target;
};

static int remove_module_when_unused(void)
{
	int error;

	do {
		error = module_remove();
	} while (error == -EWOULDBLOCK);
	return error;
}

/* Exports by a process that is gone when this returns. */
static int export_many_and_exit(int fd, pid_t pid, unsigned int count)
{
	struct sockdup_protocol_info info;
	int status, error = 0;
	pid_t child = fork();

	if (!child) {
		while (count-- && !error)
			error = try_export(fd, pid, 0, LONG_TTL_MS, &info);
		_exit(-error);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

FIXTURE_SETUP(removal)
{
	if (access(module_path(), R_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	ASSERT_EQ(0, module_wait_until_unused());
}

FIXTURE_TEARDOWN(removal)
{
	agent_kill(&self->target);
	EXPECT_EQ(0, module_insert());
}

TEST_F(removal, W61_waits_for_the_files_of_a_dead_target)
{
	const unsigned int rounds = stress(60);
	unsigned int i;
	int pair[2];

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, module_insert());
		ASSERT_EQ(0, agent_spawn(&self->target));
		/* An end that is told at once, unlike that of a connection. */
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
					pair));
		ASSERT_EQ(0, export_many_and_exit(pair[0], self->target.pid,
						  1 << i % 12));
		ASSERT_EQ(0, close(pair[0]));
		ASSERT_EQ(-EWOULDBLOCK, module_remove());
		ASSERT_EQ(0, recv_nothing(pair[1]));
		ASSERT_EQ(0, kill(self->target.pid, SIGKILL));
		ASSERT_EQ(0, remove_module_when_unused());
		ASSERT_EQ(-ENOTCONN, recv_nothing(pair[1]));
		ASSERT_EQ(0, close(pair[1]));
		ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	}
}

SOCKDUP_TEST_MAIN
