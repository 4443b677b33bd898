// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handle that a token was exported through: SOCKDUP_EXPORT_END_ON_CLOSE
 * ends the token with the handle's last descriptor, and nothing else of the
 * handle does. W55, W56 for tokens without the flag.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

#include "harness.h"

#define UNTIL_CLOSE	SOCKDUP_EXPORT_END_ON_CLOSE

static int export_through(int device, int fd, pid_t pid, unsigned int flags,
			  struct sockdup_protocol_info *info)
{
	return raw_export_with(device, fd, pid, flags, LONG_TTL_MS, info);
}

/* A connection that a token alone keeps open from this end. */
static int export_held(int device, pid_t pid, unsigned int flags,
		       struct sockdup_protocol_info *info, int *peer)
{
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	*peer = fds[1];
	error = export_through(device, fds[0], pid, flags, info);
	close(fds[0]);
	return error;
}

/* The test is the source. */
FIXTURE(handle) {
	struct agent target;
	int device;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(handle)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->device = device_open();
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(handle)
{
	agent_kill(&self->target);
}

TEST_F(handle, closed_ends_a_token_that_asks_for_it)
{
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(handle, W55_closed_leaves_a_token_that_does_not)
{
	struct sockdup_protocol_info info;
	int peer;

	ASSERT_EQ(0, export_held(self->device, self->target.pid, 0,
				 &self->info, &self->peer));
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &info, &peer));
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, wait_for_end(peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(handle, closed_leaves_the_tokens_of_another_handle)
{
	struct sockdup_protocol_info info;
	int other = device_open();
	int peer;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, export_held(other, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &info, &peer));
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, wait_for_end(peer));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, close(other));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(handle, of_the_target_closed_leaves_the_token)
{
	int device = agent_open(&self->target, DEVICE_PATH, O_RDWR);

	ASSERT_LE(0, device);
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	ASSERT_EQ(0, agent_close(&self->target, device));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

#define TARGETS	3

TEST_F(handle, closed_ends_the_tokens_of_every_target)
{
	struct sockdup_protocol_info infos[TARGETS];
	struct agent targets[TARGETS];
	int peers[TARGETS];
	int i;

	for (i = 0; i < TARGETS; i++) {
		ASSERT_EQ(0, agent_spawn(&targets[i]));
		ASSERT_EQ(0, export_held(self->device, targets[i].pid,
					 UNTIL_CLOSE, &infos[i], &peers[i]));
	}
	ASSERT_EQ(0, close(self->device));
	for (i = 0; i < TARGETS; i++) {
		EXPECT_EQ(0, wait_for_end(peers[i]));
		EXPECT_EQ(-ENOENT, agent_import(&targets[i], &infos[i], 0));
		EXPECT_EQ(0, agent_stop(&targets[i]));
	}
}

TEST_F(handle, closed_ends_any_number_of_tokens)
{
	const unsigned int tokens = stress(1000);
	unsigned int i;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	for (i = 0; i < tokens; i++)
		ASSERT_EQ(0, export_through(self->device, pair[0],
					    self->target.pid, UNTIL_CLOSE,
					    &self->info));
	ASSERT_EQ(0, close(pair[0]));
	ASSERT_EQ(0, recv_nothing(pair[1]));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(pair[1]));
}

TEST_F(handle, closed_ends_what_other_ends_have_left)
{
	enum { REVOKED, IMPORTED, DEAD, FIRST_LEFT, LAST_LEFT, ALL };
	struct sockdup_protocol_info infos[ALL];
	struct agent dead;
	int peers[ALL];
	int i;

	ASSERT_EQ(0, agent_spawn(&dead));
	for (i = 0; i < ALL; i++)
		ASSERT_EQ(0, export_held(self->device,
					 i == DEAD ? dead.pid :
						     self->target.pid,
					 UNTIL_CLOSE, &infos[i], &peers[i]));
	ASSERT_EQ(0, try_revoke(&infos[REVOKED]));
	ASSERT_LE(0, agent_import(&self->target, &infos[IMPORTED], 0));
	ASSERT_EQ(-SIGKILL, agent_kill(&dead));
	ASSERT_EQ(0, wait_for_end(peers[REVOKED]));
	ASSERT_EQ(0, wait_for_end(peers[DEAD]));
	ASSERT_EQ(0, recv_nothing(peers[FIRST_LEFT]));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(peers[FIRST_LEFT]));
	EXPECT_EQ(0, wait_for_end(peers[LAST_LEFT]));
	EXPECT_EQ(0, recv_nothing(peers[IMPORTED]));
}

TEST_F(handle, closed_after_a_failed_export_ends_the_others)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(-EFAULT, export_through(self->device, fds[0],
					  self->target.pid, UNTIL_CLOSE,
					  NULL));
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	ASSERT_EQ(-EFAULT, export_through(self->device, fds[0],
					  self->target.pid, UNTIL_CLOSE,
					  NULL));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(self->peer));
	ASSERT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, wait_for_end(fds[1]));
}

TEST_F(handle, closed_does_not_wait_for_a_lingering_socket)
{
	struct address address;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	address = bound_address(fds[0]);
	ASSERT_EQ(0, make_linger(fds[0], fds[1]));
	ASSERT_EQ(0, export_through(self->device, fds[0], self->target.pid,
				    UNTIL_CLOSE, &self->info));
	ASSERT_EQ(0, close(fds[0]));
	/* An hour, or no time at all. */
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_closing(&address));
	ASSERT_EQ(0, close(fds[1]));
}

TEST_F(handle, closed_against_import_has_one_winner)
{
	const unsigned int rounds = stress(20);
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i;
	int value;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, export_held(self->device, self->target.pid,
					 UNTIL_CLOSE, &self->info,
					 &self->peer));
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = self->info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		usleep(i * 50);
		ASSERT_EQ(0, close(self->device));
		value = agent_wait(&self->target, &reply);
		if (value >= 0) {
			EXPECT_EQ(0, recv_nothing(self->peer));
			ASSERT_EQ(0, agent_close(&self->target, value));
		} else {
			EXPECT_EQ(-ENOENT, value);
		}
		EXPECT_EQ(0, wait_for_end(self->peer));
		ASSERT_EQ(0, close(self->peer));
		self->device = device_open();
		ASSERT_LE(0, self->device);
	}
}

/* A handle with descriptors in two processes. */

static int wait_for_child(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* A child with a copy of every descriptor, which ends with the pipe. */
static pid_t fork_idle(int *until)
{
	char byte;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) != 0);
	}
	close(fds[0]);
	*until = fds[1];
	return pid;
}

TEST_F(handle, closed_is_still_open_in_a_forked_child)
{
	int until;
	pid_t pid;

	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	pid = fork_idle(&until);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, try_query(&self->info, &(struct sockdup_description){}));
	ASSERT_EQ(0, close(until));
	ASSERT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(handle, used_by_a_child_is_still_open_in_its_parent)
{
	int fds[2], report[2];
	pid_t pid;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, pipe2(report, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		if (export_through(self->device, fds[0], self->target.pid,
				   UNTIL_CLOSE, &self->info))
			_exit(1);
		_exit(write_exactly(report[1], &self->info,
				    sizeof(self->info)) ? 2 : 0);
	}
	ASSERT_EQ(0, read_exactly(report[0], &self->info, sizeof(self->info)));
	ASSERT_EQ(0, wait_for_child(pid));
	ASSERT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, recv_nothing(fds[1]));
	EXPECT_EQ(0, try_query(&self->info, &(struct sockdup_description){}));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(fds[1]));
}

TEST_F(handle, closed_is_still_open_while_it_is_sent)
{
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, export_held(self->device, self->target.pid, UNTIL_CLOSE,
				 &self->info, &self->peer));
	ASSERT_EQ(0, send_descriptor(pair[0], self->device));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, try_query(&self->info, &(struct sockdup_description){}));
	/* Never received, the descriptor goes with the socket it is in. */
	ASSERT_EQ(0, close(pair[0]));
	ASSERT_EQ(0, close(pair[1]));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* The library's handle, which lives as long as the process. */
struct parties {
	struct agent source;
	struct agent target;
	int fd;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE(library) {
	struct parties parties;
};

FIXTURE_SETUP(library)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->parties.source));
	ASSERT_EQ(0, agent_spawn(&self->parties.target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->parties.peer = fds[1];
	self->parties.fd = agent_give(&self->parties.source, fds[0]);
	ASSERT_LE(0, self->parties.fd);
}

FIXTURE_TEARDOWN(library)
{
	agent_kill(&self->parties.source);
	agent_kill(&self->parties.target);
}

static int export_and_close(struct parties *parties, unsigned int flags)
{
	int error = agent_export(&parties->source, parties->fd,
				 parties->target.pid, flags, LONG_TTL_MS,
				 &parties->info);

	return error ? error : agent_close(&parties->source, parties->fd);
}

TEST_F(library, ends_a_token_with_its_process)
{
	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	ASSERT_EQ(0, recv_nothing(self->parties.peer));
	ASSERT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, wait_for_end(self->parties.peer));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(library, ends_a_token_with_its_process_when_that_is_killed)
{
	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->parties.source));
	EXPECT_EQ(0, wait_for_end(self->parties.peer));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(library, ends_a_token_before_its_process_is_reaped)
{
	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	ASSERT_EQ(0, agent_exit(&self->parties.source, 0));
	EXPECT_EQ(0, wait_for_end(self->parties.peer));
}

TEST_F(library, ends_a_token_with_the_exec_of_its_process)
{
	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	ASSERT_EQ(0, agent_exec(&self->parties.source, AGENT_MAIN));
	EXPECT_EQ(0, wait_for_end(self->parties.peer));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(library, ends_no_socket_that_its_process_had_imported_before)
{
	int fd;

	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	fd = agent_import(&self->parties.target, &self->parties.info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, recv_nothing(self->parties.peer));
	ASSERT_EQ(0, agent_close(&self->parties.target, fd));
	EXPECT_EQ(0, wait_for_end(self->parties.peer));
}

TEST_F(library, W56_leaves_a_token_without_the_flag)
{
	ASSERT_EQ(0, export_and_close(&self->parties, 0));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->parties.source));
	EXPECT_EQ(0, recv_nothing(self->parties.peer));
	EXPECT_LE(0,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(library, W56_leaves_a_token_without_the_flag_at_exec)
{
	ASSERT_EQ(0, export_and_close(&self->parties, 0));
	ASSERT_EQ(0, agent_exec(&self->parties.source, AGENT_MAIN));
	EXPECT_EQ(0, recv_nothing(self->parties.peer));
	EXPECT_LE(0,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(library, ends_a_token_though_its_socket_lingers)
{
	struct address address;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	address = bound_address(fds[0]);
	ASSERT_EQ(0, make_linger(fds[0], fds[1]));
	self->parties.fd = agent_give(&self->parties.source, fds[0]);
	ASSERT_LE(0, self->parties.fd);
	ASSERT_EQ(0, export_and_close(&self->parties, UNTIL_CLOSE));
	/* The process would wait at its exit, if that were its close. */
	ASSERT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, wait_for_closing(&address));
	ASSERT_EQ(0, close(fds[1]));
}

SOCKDUP_TEST_MAIN
