// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very many tokens: all of them end, and nobody else waits for that. Nothing
 * here is timed, as the machine may be slow and busy; who waits for whom is
 * told by the order in which things end. The runner of the tests sees to it
 * that the kernel does not complain of processors or tasks that are stuck.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "census.h"
#include "clock.h"
#include "harness.h"

/* Tokens for one target; only where there are so many does the order tell. */
#define TOKENS		1000000
/* Targets of many, and the tokens for each: some, and very many. */
#define TARGETS		500
#define SOME_EACH	20
#define MANY_EACH	1000

/* Threads that export without end. */
#define STREAMS		8

/* At least 1. */
static unsigned int ms_until(long long end_ms)
{
	const long long left_ms = end_ms - now_ms();

	return left_ms > 0 ? left_ms : 1;
}

/* Until the test kills it, or ends. */
static pid_t start_process(uid_t uid, void (*live)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(uid, uid, uid))
			_exit(EXIT_FAILURE);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		live(arg);
		_exit(EXIT_FAILURE);
	}
	return pid;
}

static void stop_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/**
 * struct traffic - sockets that another user passes on all the time
 * @pid: the process, whose memory this is as well
 * @count: sockets that were passed
 * @error: why no more are
 */
struct traffic {
	pid_t pid;
	atomic_uint count;
	atomic_int error;
};

static int pass_socket(int device, int fd)
{
	struct sockdup_protocol_info info;
	int error;

	error = raw_export(device, fd, getpid(), 0, &info);
	if (error)
		return error;
	fd = raw_import(device, &info, 0, NULL);
	return fd < 0 ? fd : close(fd);
}

static void pass_sockets(void *arg)
{
	int device = device_open(), fd = tcp_listener(AF_INET);
	struct traffic *traffic = arg;

	while (!atomic_load(&traffic->error)) {
		atomic_store(&traffic->error, pass_socket(device, fd));
		atomic_fetch_add(&traffic->count, 1);
	}
}

static struct traffic *start_traffic(void)
{
	struct traffic *traffic;

	traffic = mmap(NULL, sizeof(*traffic), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (traffic == MAP_FAILED)
		return NULL;
	traffic->pid = start_process(OTHER_UID, pass_sockets, traffic);
	return traffic->pid < 0 ? NULL : traffic;
}

static bool is_moving(void *context)
{
	struct traffic *traffic = context;

	return atomic_load(&traffic->count) > 1;
}

/* 0 once a socket has been passed from beginning to end. */
static int wait_for_traffic(struct traffic *traffic)
{
	int error;

	atomic_store(&traffic->count, 0);
	error = wait_until(is_moving, traffic);
	return error ? error : atomic_load(&traffic->error);
}

/**
 * struct bystander - a process for which another user has a token
 * @agent: the process
 * @peer: of the socket that the token alone holds
 */
struct bystander {
	struct agent agent;
	int peer;
};

static int start_bystander(struct bystander *bystander, struct agent *source,
			   unsigned int ttl_ms)
{
	struct sockdup_protocol_info info;
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	bystander->peer = fds[1];
	error = agent_spawn(&bystander->agent);
	if (error)
		return error;
	/* An open device allows the long lives. */
	error = agent_open(&bystander->agent, DEVICE_PATH, O_RDWR);
	if (error < 0)
		return error;
	return agent_entrust(source, fds[0], bystander->agent.pid, 0, ttl_ms,
			     &info);
}

struct mass {
	struct traffic *traffic;
	struct agent stranger;		/* who exports to the bystanders */
	struct bystander due;
	struct bystander dead;
	struct agent target;
	unsigned int flags;		/* of the exports */
	int device;
	int source;
	int peer;
};

FIXTURE(mass) {
	struct mass mass;
};

FIXTURE_SETUP(mass)
{
	int fds[2];

	ASSERT_EQ(0, wait_for_held(0));
	self->mass.traffic = start_traffic();
	ASSERT_NE(NULL, self->mass.traffic);
	ASSERT_EQ(0, agent_spawn(&self->mass.target));
	ASSERT_EQ(0, agent_spawn(&self->mass.stranger));
	ASSERT_EQ(0, agent_setuid(&self->mass.stranger, OTHER_UID));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->mass.source = fds[0];
	self->mass.peer = fds[1];
	self->mass.device = device_open();
	ASSERT_LE(0, self->mass.device);
}

FIXTURE_TEARDOWN(mass)
{
	stop_process(self->mass.traffic->pid);
	agent_kill(&self->mass.target);
	agent_kill(&self->mass.stranger);
	agent_kill(&self->mass.due.agent);
	agent_kill(&self->mass.dead.agent);
}

static int start_bystanders(struct mass *mass, unsigned int due_ms)
{
	int error = start_bystander(&mass->dead, &mass->stranger, LONG_TTL_MS);

	if (error)
		return error;
	return start_bystander(&mass->due, &mass->stranger, due_ms);
}

/* @count tokens for the target, all of which end at @end_ms. */
static int export_many(struct mass *mass, unsigned int count, long long end_ms)
{
	struct sockdup_protocol_info info;
	int error = 0;

	while (count-- && !error)
		error = raw_export_with(mass->device, mass->source,
					mass->target.pid, mass->flags,
					ms_until(end_ms), &info);
	return error;
}

/* One token of others is due, and one target of theirs dies. */
static void expect_bystanders(struct __test_metadata *_metadata,
			      struct mass *mass)
{
	EXPECT_EQ(-SIGKILL, agent_kill(&mass->dead.agent));
	EXPECT_EQ(0, wait_for_end(mass->dead.peer));
	EXPECT_EQ(0, wait_for_end(mass->due.peer));
}

/* 0 once none is left; however long that takes, fewer are left all the time. */
static int wait_for_mass(void)
{
	long held;
	int error = 0;

	do {
		held = held_by_tokens();
		if (held > 0)
			error = wait_for_held(held - 1);
	} while (held > 0 && !error);
	return held < 0 ? held : error;
}

/* @count tokens have begun to end; others are at work all the time. */
static void expect_end(struct __test_metadata *_metadata, struct mass *mass,
		       unsigned int count)
{
	const long long start = now_ms();
	unsigned int passed;
	long held;

	atomic_store(&mass->traffic->count, 0);
	expect_bystanders(_metadata, mass);
	held = held_by_tokens();
	TH_LOG("bystanders noticed after %lld ms, %ld tokens left",
	       now_ms() - start, held);
	EXPECT_EQ(0, wait_for_mass());
	passed = atomic_load(&mass->traffic->count);
	TH_LOG("all ended after %lld ms; others passed %u sockets",
	       now_ms() - start, passed);
	EXPECT_EQ(0, wait_for_traffic(mass->traffic));
	if (count >= TOKENS) {
		EXPECT_LT(count / 2, held);
		EXPECT_LT(0, passed);
		/* Nor does this drop wait for others. */
		EXPECT_GT(4 * count, passed);
	}
}

TEST_F_TIMEOUT(mass, goes_with_its_target, 900)
{
	const unsigned int count = stress(TOKENS);

	ASSERT_EQ(0, export_many(&self->mass, count, now_ms() + LONG_TTL_MS));
	ASSERT_EQ(count, held_by_tokens());
	close(self->mass.source);
	ASSERT_EQ(0, recv_nothing(self->mass.peer));
	ASSERT_EQ(0, start_bystanders(&self->mass, 1));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->mass.target));
	expect_end(_metadata, &self->mass, count);
	EXPECT_EQ(0, wait_for_end(self->mass.peer));
}

TEST_F_TIMEOUT(mass, goes_with_its_deadline, 900)
{
	unsigned int count = stress(TOKENS);
	long long start = now_ms(), end;

	/* How long does it take to export a tenth? Enough for them all. */
	ASSERT_EQ(0, export_many(&self->mass, count / 10 + 1, 0));
	end = start + 15 * (now_ms() - start) + 5000;
	ASSERT_EQ(0, start_bystanders(&self->mass, end - now_ms()));
	ASSERT_EQ(0, export_many(&self->mass, count, end));
	count = held_by_tokens();
	TH_LOG("%u left %lld ms before the deadline", count, end - now_ms());
	sleep_until_ms(end);
	expect_end(_metadata, &self->mass, count);
	EXPECT_EQ(0, recv_nothing(self->mass.peer));
}

static void *close_handle(void *mass)
{
	close(((struct mass *)mass)->device);
	return NULL;
}

TEST_F_TIMEOUT(mass, goes_with_its_handle, 900)
{
	const unsigned int count = stress(TOKENS);
	pthread_t closer;

	self->mass.flags = SOCKDUP_EXPORT_END_ON_CLOSE;
	ASSERT_EQ(0, export_many(&self->mass, count, now_ms() + LONG_TTL_MS));
	ASSERT_EQ(count, held_by_tokens());
	close(self->mass.source);
	ASSERT_EQ(0, recv_nothing(self->mass.peer));
	ASSERT_EQ(0, start_bystanders(&self->mass, 1));
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_handle, &self->mass));
	expect_end(_metadata, &self->mass, count);
	EXPECT_EQ(0, pthread_join(closer, NULL));
	EXPECT_EQ(0, wait_for_end(self->mass.peer));
}

/* Exports until the target is dead. */
static void *export_on(void *mass)
{
	long error;

	do {
		error = export_many(mass, 1, 0);
	} while (!error);
	return (void *)error;
}

/* More tokens of one target are due whenever somebody looks. */
TEST_F(mass, without_end_leaves_time_for_others)
{
	pthread_t streams[STREAMS];
	void *error;
	int i;

	ASSERT_EQ(0, start_bystanders(&self->mass, 2000));
	for (i = 0; i < STREAMS; i++)
		ASSERT_EQ(0, pthread_create(&streams[i], NULL, export_on,
					    &self->mass));
	expect_bystanders(_metadata, &self->mass);
	EXPECT_EQ(0, wait_for_traffic(self->mass.traffic));
	ASSERT_EQ(0, kill(self->mass.target.pid, SIGKILL));
	for (i = 0; i < STREAMS; i++) {
		ASSERT_EQ(0, pthread_join(streams[i], &error));
		EXPECT_EQ(-ESRCH, (long)error);
	}
	EXPECT_EQ(0, wait_for_mass());
}

/* Many targets, each with a socket of its own. */
struct crowd {
	struct agent stranger;		/* who exports to the bystander */
	struct bystander bystander;
	pid_t pids[TARGETS];
	int peers[TARGETS];
	unsigned int count;
	int device;
};

FIXTURE(crowd) {
	struct crowd crowd;
};

static void wait_for_ever(void *unused)
{
	for (;;)
		pause();
}

FIXTURE_SETUP(crowd)
{
	unsigned int i;

	ASSERT_EQ(0, wait_for_held(0));
	self->crowd.device = device_open();
	ASSERT_LE(0, self->crowd.device);
	self->crowd.count = stress(TARGETS);
	if (self->crowd.count > TARGETS)
		self->crowd.count = TARGETS;
	for (i = 0; i < self->crowd.count; i++) {
		self->crowd.pids[i] = start_process(0, wait_for_ever, NULL);
		ASSERT_LT(0, self->crowd.pids[i]);
	}
	ASSERT_EQ(0, agent_spawn(&self->crowd.stranger));
	ASSERT_EQ(0, agent_setuid(&self->crowd.stranger, OTHER_UID));
}

FIXTURE_TEARDOWN(crowd)
{
	unsigned int i;

	for (i = 0; i < self->crowd.count; i++)
		stop_process(self->crowd.pids[i]);
	agent_kill(&self->crowd.stranger);
	agent_kill(&self->crowd.bystander.agent);
}

/* @each tokens for each target, all of which end at @end_ms. */
static int export_to_crowd(struct crowd *crowd, unsigned int each,
			   long long end_ms)
{
	struct sockdup_protocol_info info;
	int fds[2], error = 0;
	unsigned int i, j;

	for (i = 0; i < crowd->count && !error; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
			return -errno;
		crowd->peers[i] = fds[1];
		for (j = 0; j < each && !error; j++)
			error = raw_export(crowd->device, fds[0],
					   crowd->pids[i],
					   ms_until(end_ms), &info);
		close(fds[0]);
	}
	return error;
}

static void close_peers(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->count; i++)
		close(crowd->peers[i]);
}

static int wait_for_crowd(struct crowd *crowd)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < crowd->count && !error; i++)
		error = wait_for_end(crowd->peers[i]);
	return error ? error : wait_for_held(0);
}

TEST_F(crowd, goes_with_its_deadlines)
{
	ASSERT_EQ(0, export_to_crowd(&self->crowd, SOME_EACH, now_ms() + 2000));
	EXPECT_EQ(0, wait_for_crowd(&self->crowd));
}

static int kill_crowd(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->count; i++)
		if (kill(crowd->pids[i], SIGKILL))
			return -errno;
	return 0;
}

TEST_F(crowd, goes_with_its_targets)
{
	ASSERT_EQ(0, export_to_crowd(&self->crowd, SOME_EACH,
				     now_ms() + LONG_TTL_MS));
	ASSERT_EQ(0, recv_nothing(self->crowd.peers[0]));
	ASSERT_EQ(0, kill_crowd(&self->crowd));
	EXPECT_EQ(0, wait_for_crowd(&self->crowd));
}

static bool have_begun_to_end(void *count)
{
	return held_by_tokens() < *(long *)count;
}

/* The token of the bystander is due while those of others, which are more, end. */
TEST_F_TIMEOUT(crowd, of_many_tokens_delays_no_deadline, 900)
{
	const unsigned int each = stress(MANY_EACH);
	long long start = now_ms(), end;
	long count, left;

	/* How long does it take to export a tenth? Enough for them all. */
	ASSERT_EQ(0, export_to_crowd(&self->crowd, each / 10 + 1,
				     start + LONG_TTL_MS));
	end = now_ms() + 15 * (now_ms() - start) + 5000;
	close_peers(&self->crowd);
	ASSERT_EQ(0, export_to_crowd(&self->crowd, each, end));
	count = held_by_tokens();
	sleep_until_ms(end);
	ASSERT_EQ(0, wait_until(have_begun_to_end, &count));
	ASSERT_EQ(0, start_bystander(&self->crowd.bystander,
				     &self->crowd.stranger, 1));
	EXPECT_EQ(0, wait_for_end(self->crowd.bystander.peer));
	left = held_by_tokens();
	TH_LOG("%ld of %ld tokens left", left, count);
	if (count >= TARGETS * MANY_EACH)
		EXPECT_LT(count / 2, left);
	ASSERT_EQ(0, kill_crowd(&self->crowd));
	EXPECT_EQ(0, wait_for_mass());
	EXPECT_EQ(0, wait_for_crowd(&self->crowd));
}

TEST_F_TIMEOUT(crowd, of_many_tokens_delays_no_death, 900)
{
	const unsigned int each = stress(MANY_EACH);
	long count, left;

	ASSERT_EQ(0, export_to_crowd(&self->crowd, each,
				     now_ms() + LONG_TTL_MS));
	ASSERT_EQ(0, start_bystander(&self->crowd.bystander,
				     &self->crowd.stranger, LONG_TTL_MS));
	count = held_by_tokens();
	ASSERT_EQ(0, kill_crowd(&self->crowd));
	EXPECT_EQ(-SIGKILL, agent_kill(&self->crowd.bystander.agent));
	EXPECT_EQ(0, wait_for_end(self->crowd.bystander.peer));
	left = held_by_tokens();
	TH_LOG("%ld of %ld tokens left", left, count);
	if (count >= TARGETS * MANY_EACH)
		EXPECT_LT(count / 2, left);
	EXPECT_EQ(0, wait_for_mass());
	EXPECT_EQ(0, wait_for_crowd(&self->crowd));
}

SOCKDUP_TEST_MAIN
