// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a target. It ends the tokens bound to it, at once and however it
 * came; nothing that only looks like it does. W57.
 *
 * The source is the test, which lives on. Lives are of an hour, so that no
 * deadline explains what is seen.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "harness.h"

#define USER_A	1001
#define USER_B	1002

/* A connection that a token alone keeps open from this end. */
static int export_held(pid_t pid, unsigned int ttl_ms,
		       struct sockdup_protocol_info *info, int *peer)
{
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	*peer = fds[1];
	error = try_export(fds[0], pid, 0, ttl_ms, info);
	close(fds[0]);
	return error;
}

/* The ways to die. */

static int die_by_exit(struct agent *agent)
{
	return agent_stop(agent);
}

static int die_by_kill(struct agent *agent)
{
	return agent_kill(agent) == -SIGKILL ? 0 : -ECHILD;
}

static int die_unreaped(struct agent *agent)
{
	return agent_exit(agent, 0);
}

static int die_of_signal_unreaped(struct agent *agent)
{
	return kill(agent->pid, SIGSEGV) ? -errno : wait_for_death(agent->pid);
}

static bool is_gone(void *context)
{
	const struct agent *agent = context;

	return kill(agent->pid, 0) && errno == ESRCH;
}

/* Nobody waits for it: no zombie is left, not even for a moment. */
static int die_without_parents_care(struct agent *agent)
{
	int error;

	signal(SIGCHLD, SIG_IGN);
	if (kill(agent->pid, SIGKILL))
		return -errno;
	error = wait_until(is_gone, agent);
	close(agent->to);
	close(agent->from);
	agent->pid = 0;
	return error;
}

static int die_while_stopped(struct agent *agent)
{
	if (kill(agent->pid, SIGSTOP))
		return -errno;
	return die_by_kill(agent);
}

static int die_with_threads(struct agent *agent)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (agent_park_thread(agent) < 0)
			return -EAGAIN;
	}
	return die_unreaped(agent);
}

static int die_after_the_leader(struct agent *agent)
{
	int error;

	if (agent_park_thread(agent) < 0)
		return -EAGAIN;
	error = agent_exit_leader(agent);
	return error ? error : die_of_signal_unreaped(agent);
}

static int die_after_exec(struct agent *agent)
{
	int error = agent_exec(agent, AGENT_MAIN);

	return error ? error : die_unreaped(agent);
}

static int die_after_exec_by_thread(struct agent *agent)
{
	int error = agent_exec(agent, AGENT_THREAD);

	return error ? error : die_unreaped(agent);
}

FIXTURE(death) {
	struct agent target;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(death) {
	int (*die)(struct agent *agent);
};

FIXTURE_VARIANT_ADD(death, by_exit) { die_by_exit };
FIXTURE_VARIANT_ADD(death, by_kill) { die_by_kill };
FIXTURE_VARIANT_ADD(death, unreaped) { die_unreaped };
FIXTURE_VARIANT_ADD(death, of_signal_unreaped) { die_of_signal_unreaped };
FIXTURE_VARIANT_ADD(death, without_parents_care) { die_without_parents_care };
FIXTURE_VARIANT_ADD(death, while_stopped) { die_while_stopped };
FIXTURE_VARIANT_ADD(death, with_threads) { die_with_threads };
FIXTURE_VARIANT_ADD(death, after_the_leader) { die_after_the_leader };
FIXTURE_VARIANT_ADD(death, after_exec) { die_after_exec };
FIXTURE_VARIANT_ADD(death, after_exec_by_thread) { die_after_exec_by_thread };

FIXTURE_SETUP(death)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, export_held(self->target.pid, LONG_TTL_MS, &self->info,
				 &self->peer));
}

FIXTURE_TEARDOWN(death)
{
	agent_kill(&self->target);
}

TEST_F(death, W57_drops_a_token)
{
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, variant->die(&self->target));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, try_revoke(&self->info));
}

#define TOKENS	24

TEST_F(death, W57_drops_every_token)
{
	struct sockdup_protocol_info infos[TOKENS];
	int peers[TOKENS];
	int i;

	for (i = 0; i < TOKENS; i++)
		ASSERT_EQ(0, export_held(self->target.pid, LONG_TTL_MS - i,
					 &infos[i], &peers[i]));
	ASSERT_EQ(0, variant->die(&self->target));
	for (i = 0; i < TOKENS; i++)
		EXPECT_EQ(0, wait_for_end(peers[i]));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* What a target does and lives on. */

static int spawn_and_end_thread(struct agent *agent)
{
	struct agent_request request;
	struct agent_reply reply;

	agent_prepare(&request, AGENT_GETPID, -1);
	request.actor = AGENT_THREAD;
	if (agent_post(agent, &request))
		return -EPIPE;
	return agent_wait(agent, &reply) == agent->pid ? 0 : -EPROTO;
}

static int spawn_and_end_child(struct agent *agent)
{
	struct agent_request request;
	struct agent_reply reply;

	agent_prepare(&request, AGENT_GETPID, -1);
	request.actor = AGENT_CHILD;
	if (agent_post(agent, &request))
		return -EPIPE;
	return agent_wait(agent, &reply) > 0 ? 0 : -EPROTO;
}

static int end_leader(struct agent *agent)
{
	if (agent_park_thread(agent) < 0)
		return -EAGAIN;
	return agent_exit_leader(agent);
}

static int exec_leader(struct agent *agent)
{
	return agent_exec(agent, AGENT_MAIN);
}

static int exec_thread(struct agent *agent)
{
	return agent_exec(agent, AGENT_THREAD);
}

static int exec_thread_of_many(struct agent *agent)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (agent_park_thread(agent) < 0)
			return -EAGAIN;
	}
	return agent_exec(agent, AGENT_THREAD);
}

static int stop_and_continue(struct agent *agent)
{
	if (kill(agent->pid, SIGSTOP) ||
	    waitpid(agent->pid, NULL, WUNTRACED) != agent->pid ||
	    kill(agent->pid, SIGCONT))
		return -errno;
	return 0;
}

static int detach_from_tracer(struct agent *agent)
{
	if (ptrace(PTRACE_ATTACH, agent->pid, NULL, NULL) ||
	    waitpid(agent->pid, NULL, 0) != agent->pid ||
	    ptrace(PTRACE_DETACH, agent->pid, NULL, NULL))
		return -errno;
	return 0;
}

/*
 * A true death, seen to its end. Two of them: the first may be looked at
 * together with what came before it, and be the first to be looked at.
 */
static int outlive_deaths(void)
{
	struct sockdup_protocol_info info;
	struct agent other;
	int i, peer, error;

	for (i = 0; i < 2; i++) {
		error = agent_spawn(&other);
		if (error)
			return error;
		error = export_held(other.pid, LONG_TTL_MS, &info, &peer);
		agent_kill(&other);
		if (!error)
			error = wait_for_end(peer);
		if (error)
			return error;
		close(peer);
	}
	return 0;
}

FIXTURE(life) {
	struct agent target;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(life) {
	int (*go_on)(struct agent *agent);
	bool answers;	/* can be asked to import when it has gone on */
};

FIXTURE_VARIANT_ADD(life, after_end_of_thread) { spawn_and_end_thread, true };
FIXTURE_VARIANT_ADD(life, after_end_of_child) { spawn_and_end_child, true };
FIXTURE_VARIANT_ADD(life, after_end_of_leader) { end_leader, false };
FIXTURE_VARIANT_ADD(life, after_exec) { exec_leader, true };
FIXTURE_VARIANT_ADD(life, after_exec_by_thread) { exec_thread, true };
FIXTURE_VARIANT_ADD(life, after_exec_by_thread_of_many) {
	exec_thread_of_many, true
};

FIXTURE_VARIANT_ADD(life, after_stop) { stop_and_continue, true };
FIXTURE_VARIANT_ADD(life, after_tracing) { detach_from_tracer, true };

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, export_held(self->target.pid, LONG_TTL_MS, &self->info,
				 &self->peer));
}

FIXTURE_TEARDOWN(life)
{
	agent_kill(&self->target);
}

TEST_F(life, W57_goes_on_and_keeps_the_token)
{
	struct sockdup_description description;

	ASSERT_EQ(0, variant->go_on(&self->target));
	ASSERT_EQ(0, outlive_deaths());
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, try_query(&self->info, &description));
	EXPECT_EQ(self->target.pid, description.target_pid);
	if (variant->answers)
		EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(life, W57_goes_on_and_new_tokens_are_welcome)
{
	struct sockdup_protocol_info info;
	int peer;

	ASSERT_EQ(0, variant->go_on(&self->target));
	ASSERT_EQ(0, export_held(self->target.pid, LONG_TTL_MS, &info, &peer));
	ASSERT_EQ(0, outlive_deaths());
	EXPECT_EQ(0, recv_nothing(peer));
	if (variant->answers)
		EXPECT_LE(0, agent_import(&self->target, &info, 0));
}

TEST_F(life, W57_ends_at_last_and_drops_the_token)
{
	ASSERT_EQ(0, variant->go_on(&self->target));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* A pid namespace whose first process is killed, and all others with it. */
FIXTURE(namespace) {
	struct agent init;
	struct agent member;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&self->init));
	ASSERT_EQ(0, agent_spawn(&self->member));
	ASSERT_EQ(1, agent_getpid(&self->init));
	ASSERT_EQ(2, agent_getpid(&self->member));
}

FIXTURE_TEARDOWN(namespace)
{
	agent_kill(&self->member);
	agent_kill(&self->init);
}

TEST_F(namespace, W57_end_drops_tokens_of_its_processes)
{
	ASSERT_EQ(0, export_held(self->member.pid, LONG_TTL_MS, &self->info,
				 &self->peer));
	ASSERT_EQ(0, kill(self->init.pid, SIGKILL));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(namespace, W57_end_drops_tokens_of_its_first_process)
{
	ASSERT_EQ(0, export_held(self->init.pid, LONG_TTL_MS, &self->info,
				 &self->peer));
	ASSERT_EQ(0, agent_stop(&self->member));
	ASSERT_EQ(0, kill(self->init.pid, SIGKILL));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

struct thread {
	pid_t process;
	pid_t id;
};

/* A thread that is dead, and kept by its tracer. */
FIXTURE(traced) {
	struct agent target;
	struct thread thread;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(traced)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->thread.process = self->target.pid;
	self->thread.id = agent_park_thread(&self->target);
	ASSERT_LT(0, self->thread.id);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, self->thread.id, NULL, NULL));
}

FIXTURE_TEARDOWN(traced)
{
	kill(self->target.pid, SIGKILL);
	waitpid(self->thread.id, NULL, __WALL);
	agent_kill(&self->target);
}

static bool thread_is_dead(void *context)
{
	const struct thread *thread = context;
	char path[64], line[256];
	char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat",
		 thread->process, thread->id);
	file = fopen(path, "re");
	if (!file)
		return true;
	state = fgets(line, sizeof(line), file);
	fclose(file);
	state = state ? strrchr(state, ')') : NULL;
	return state && state[1] && state[2] == 'Z';
}

TEST_F(traced, W57_thread_drops_the_tokens_once_it_is_let_go)
{
	ASSERT_EQ(0, export_held(self->target.pid, LONG_TTL_MS, &self->info,
				 &self->peer));
	ASSERT_EQ(0, kill(self->target.pid, SIGKILL));
	ASSERT_EQ(0, wait_until(thread_is_dead, &self->thread));
	ASSERT_EQ(self->thread.id, waitpid(self->thread.id, NULL, __WALL));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(traced, W57_thread_does_not_keep_tokens_beyond_their_lives)
{
	ASSERT_EQ(0, export_held(self->target.pid, 2000, &self->info,
				 &self->peer));
	ASSERT_EQ(0, kill(self->target.pid, SIGKILL));
	ASSERT_EQ(0, wait_until(thread_is_dead, &self->thread));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, try_revoke(&self->info));
}

/* Death at the same time as other things. */

/* Exports to a process on its way out for as long as that is accepted. */
static int export_until_refused(int fd, pid_t pid)
{
	struct sockdup_protocol_info info;
	int error;

	do {
		error = try_export(fd, pid, 0, LONG_TTL_MS, &info);
	} while (!error);
	return error;
}

TEST(W57_death_during_exports_leaves_no_token)
{
	const unsigned int rounds = stress(60);
	unsigned int i, spin;
	int pair[2];
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
					pair));
		pid = fork();
		if (!pid) {
			for (spin = 0; spin < i; spin++)
				sched_yield();
			_exit(0);
		}
		EXPECT_EQ(-ESRCH, export_until_refused(pair[0], pid));
		ASSERT_EQ(0, close(pair[0]));
		EXPECT_EQ(0, wait_for_end(pair[1]));
		ASSERT_EQ(0, close(pair[1]));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
}

TEST(W57_death_during_an_import_leaves_neither_token_nor_socket)
{
	const unsigned int rounds = stress(25);
	struct sockdup_protocol_info info;
	struct agent_request request;
	struct agent target;
	unsigned int i;
	int peer;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, agent_spawn(&target));
		ASSERT_EQ(0, export_held(target.pid, LONG_TTL_MS, &info,
					 &peer));
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = info;
		ASSERT_EQ(0, agent_post(&target, &request));
		usleep(i * 100);
		ASSERT_EQ(-SIGKILL, agent_kill(&target));
		EXPECT_EQ(0, wait_for_end(peer));
		EXPECT_EQ(-ENOENT, try_revoke(&info));
		ASSERT_EQ(0, close(peer));
	}
}

#define TARGETS	12

TEST(W57_death_of_many_at_once_drops_the_tokens_of_all)
{
	struct sockdup_protocol_info info;
	struct agent targets[TARGETS];
	int peers[TARGETS];
	int i;

	for (i = 0; i < TARGETS; i++) {
		ASSERT_EQ(0, agent_spawn(&targets[i]));
		ASSERT_EQ(0, export_held(targets[i].pid, LONG_TTL_MS, &info,
					 &peers[i]));
	}
	for (i = 0; i < TARGETS; i++)
		ASSERT_EQ(0, kill(targets[i].pid, SIGKILL));
	for (i = 0; i < TARGETS; i++)
		EXPECT_EQ(0, wait_for_end(peers[i]));
	for (i = 0; i < TARGETS; i++)
		EXPECT_EQ(-SIGKILL, agent_kill(&targets[i]));
}

/*
 * Two users with tokens for the same targets. What the first exported takes
 * an hour to close.
 */
struct users {
	struct agent a;
	struct agent b;
	struct agent targets[2];
	int lingering;		/* the peer of what user A exported */
	struct address address;
	int peer;		/* that of what user B exported */
};

FIXTURE(users) {
	struct users users;
};

static int entrust_lingering(struct users *users)
{
	struct sockdup_protocol_info info;
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	users->lingering = fds[1];
	users->address = bound_address(fds[0]);
	error = make_linger(fds[0], fds[1]);
	if (error)
		return error;
	return agent_entrust(&users->a, fds[0], users->targets[0].pid, 0,
			     LONG_TTL_MS, &info);
}

static int entrust_other(struct users *users, int target, unsigned int ttl_ms)
{
	struct sockdup_protocol_info info;
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	users->peer = fds[1];
	return agent_entrust(&users->b, fds[0], users->targets[target].pid, 0,
			     ttl_ms, &info);
}

FIXTURE_SETUP(users)
{
	int i;

	ASSERT_EQ(0, agent_spawn(&self->users.a));
	ASSERT_EQ(0, agent_spawn(&self->users.b));
	ASSERT_EQ(0, agent_setuid(&self->users.a, USER_A));
	ASSERT_EQ(0, agent_setuid(&self->users.b, USER_B));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_spawn(&self->users.targets[i]));
		/* An open device allows the long lives. */
		ASSERT_LE(0, agent_open(&self->users.targets[i], DEVICE_PATH,
					O_RDWR));
	}
	ASSERT_EQ(0, entrust_lingering(&self->users));
}

FIXTURE_TEARDOWN(users)
{
	int i;

	/* With data unread, that is a reset, and the lingering is over. */
	close(self->users.lingering);
	for (i = 0; i < 2; i++)
		agent_kill(&self->users.targets[i]);
	EXPECT_EQ(0, agent_stop(&self->users.a));
	EXPECT_EQ(0, agent_stop(&self->users.b));
}

TEST_F(users, W57_wait_for_no_other_users_lingering_socket)
{
	ASSERT_EQ(0, entrust_other(&self->users, 0, LONG_TTL_MS));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->users.targets[0]));
	EXPECT_EQ(0, wait_for_end(self->users.peer));
	EXPECT_EQ(0, wait_for_closing(&self->users.address));
}

/* What is dropped when the other's socket is already in the way. */
TEST_F(users, W57_wait_for_no_other_users_socket_that_lingers_already)
{
	ASSERT_EQ(0, entrust_other(&self->users, 1, LONG_TTL_MS));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->users.targets[0]));
	ASSERT_EQ(0, wait_for_closing(&self->users.address));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->users.targets[1]));
	EXPECT_EQ(0, wait_for_end(self->users.peer));
	EXPECT_EQ(0, wait_for_closing(&self->users.address));
}

TEST_F(users, deadline_waits_for_no_other_users_lingering_socket)
{
	ASSERT_EQ(-SIGKILL, agent_kill(&self->users.targets[0]));
	ASSERT_EQ(0, wait_for_closing(&self->users.address));
	ASSERT_EQ(0, entrust_other(&self->users, 1, 500));
	EXPECT_EQ(0, wait_for_end(self->users.peer));
	EXPECT_EQ(0, wait_for_closing(&self->users.address));
}

SOCKDUP_TEST_MAIN
