// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a token by the clock: how long a life may be asked for, and that
 * it ends in time, whatever anybody does meanwhile.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include "clock.h"
#include "harness.h"
#include "page.h"

#define DAY_MS	(24 * 60 * 60 * 1000)

/*
 * The most that may pass between a deadline and the release of the socket: a
 * second is promised, and a slow machine is granted more.
 */
#define RELEASE_MS	40000

#define PARAMETERS	"/sys/module/" SOCKDUP_DEVICE_NAME "/parameters/"
#define DEFAULT_TTL	PARAMETERS "default_ttl_ms"
#define MAX_TTL		PARAMETERS "max_ttl_ms"

/* A connection that a token alone keeps open from this end. */
struct held {
	int peer;
	long long before;		/* the export */
	long long after;
	struct sockdup_protocol_info info;
};

static int export_held(struct held *held, pid_t pid, unsigned int ttl_ms)
{
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	held->peer = fds[1];
	held->before = now_ms();
	error = try_export(fds[0], pid, 0, ttl_ms, &held->info);
	held->after = now_ms();
	close(fds[0]);
	return error;
}

/* The connection must end, at a time that the life explains. */
static void expect_end(struct __test_metadata *_metadata,
		       const struct held *held, unsigned int ttl_ms)
{
	long long end;

	EXPECT_EQ(0, wait_for_end(held->peer));
	end = now_ms();
	EXPECT_LE(held->before + ttl_ms, end);
	EXPECT_GE(held->after + ttl_ms + RELEASE_MS, end);
}

/* What is left of a life, in milliseconds. */
static long long left_ms(const struct sockdup_protocol_info *info)
{
	struct sockdup_description description;
	int error = try_query(info, &description);

	return error ? error : (long long)description.left_ms;
}

/* The parameters of the module. The target runs as the user of the test. */
FIXTURE(parameter) {
	struct agent target;
	long default_ttl_ms;
	long max_ttl_ms;
	int fd;
	struct held held;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(parameter)
{
	self->default_ttl_ms = read_number(DEFAULT_TTL);
	self->max_ttl_ms = read_number(MAX_TTL);
	ASSERT_LT(0, self->default_ttl_ms);
	ASSERT_LT(0, self->max_ttl_ms);
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(parameter)
{
	EXPECT_EQ(0, write_number(DEFAULT_TTL, self->default_ttl_ms));
	EXPECT_EQ(0, write_number(MAX_TTL, self->max_ttl_ms));
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(parameter, default_is_the_life_of_a_token_that_asks_for_none)
{
	ASSERT_EQ(0, write_number(DEFAULT_TTL, 1500));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 0));
	expect_end(_metadata, &self->held, 1500);
}

TEST_F(parameter, default_above_the_limit_is_the_limit)
{
	ASSERT_EQ(0, write_number(DEFAULT_TTL, LONG_TTL_MS));
	ASSERT_EQ(0, write_number(MAX_TTL, 1500));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 0));
	expect_end(_metadata, &self->held, 1500);
}

TEST_F(parameter, says_what_it_is_or_refuses)
{
	static const char * const paths[] = { DEFAULT_TTL, MAX_TTL };
	static const long long outside[] = { -1, 0, DAY_MS + 1, UINT_MAX, 1LL << 32 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ASSERT_EQ(0, write_number(paths[i], 1234));
		for (j = 0; j < ARRAY_SIZE(outside); j++)
			EXPECT_GT(0, write_number(paths[i], outside[j])) {
				TH_LOG("%s took %lld", paths[i], outside[j]);
			}
		EXPECT_EQ(1234, read_number(paths[i]));
		ASSERT_EQ(0, write_number(paths[i], 1));
		ASSERT_EQ(0, write_number(paths[i], DAY_MS));
	}
}

TEST_F(parameter, default_yields_to_a_shorter_life)
{
	ASSERT_EQ(0, write_number(DEFAULT_TTL, LONG_TTL_MS));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 700));
	expect_end(_metadata, &self->held, 700);
}

TEST_F(parameter, default_yields_to_a_longer_life)
{
	ASSERT_EQ(0, write_number(DEFAULT_TTL, 500));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, LONG_TTL_MS));
	/* Another token shows that the sweeper has been past the default. */
	self->info = self->held.info;
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 0));
	expect_end(_metadata, &self->held, 500);
	EXPECT_LT(LONG_TTL_MS / 2, left_ms(&self->info));
}

TEST_F(parameter, limit_is_the_longest_life)
{
	ASSERT_EQ(0, write_number(MAX_TTL, 100000));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, 100000,
				&self->info));
	EXPECT_GE(100000, left_ms(&self->info));
	EXPECT_EQ(-EINVAL, try_export(self->fd, self->target.pid, 0, 100001,
				      &self->info));
	EXPECT_EQ(-EINVAL, try_export(self->fd, self->target.pid, 0, UINT_MAX,
				      &self->info));
}

TEST_F(parameter, limit_is_a_day_at_most)
{
	ASSERT_EQ(0, write_number(MAX_TTL, DAY_MS));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, DAY_MS,
				&self->info));
	EXPECT_LT(DAY_MS - LONG_TTL_MS, left_ms(&self->info));
	EXPECT_GE(DAY_MS, left_ms(&self->info));
	EXPECT_EQ(-EINVAL, try_export(self->fd, self->target.pid, 0, DAY_MS + 1,
				      &self->info));
	EXPECT_EQ(-EINVAL, try_export(self->fd, self->target.pid, 0, UINT_MAX,
				      &self->info));
}

TEST_F(parameter, default_is_a_day_at_most)
{
	ASSERT_EQ(0, write_number(MAX_TTL, DAY_MS));
	ASSERT_EQ(0, write_number(DEFAULT_TTL, DAY_MS));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, 0, &self->info));
	EXPECT_LT(DAY_MS - LONG_TTL_MS, left_ms(&self->info));
	EXPECT_GE(DAY_MS, left_ms(&self->info));
}

TEST_F(parameter, default_is_what_another_user_may_make_a_process_wait)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	ASSERT_EQ(0, write_number(DEFAULT_TTL, 20000));
	EXPECT_EQ(-EPERM, try_export(self->fd, self->target.pid, 0, 20001,
				     &self->info));
	ASSERT_EQ(0, write_number(DEFAULT_TTL, 20001));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, 20001,
				&self->info));
}

TEST_F(parameter, use_of_the_library_allows_another_user_a_longer_life)
{
	struct sockdup_protocol_info none = { .size = sizeof(none) };

	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	ASSERT_EQ(-EPERM, try_export(self->fd, self->target.pid, 0, LONG_TTL_MS,
				     &self->info));
	ASSERT_EQ(-ENOENT, agent_import(&self->target, &none, 0));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, LONG_TTL_MS,
				&self->info));
}

TEST_F(parameter, CAP_SYS_RESOURCE_allows_another_user_a_longer_life)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	EXPECT_EQ(0, try_export(self->fd, self->target.pid, 0, LONG_TTL_MS,
				&self->info));
}

/* The end itself. */
FIXTURE(deadline) {
	struct agent target;
	struct held held;
};

FIXTURE_SETUP(deadline)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
}

FIXTURE_TEARDOWN(deadline)
{
	agent_kill(&self->target);
}

TEST_F(deadline, releases_a_socket_that_nobody_asks_for)
{
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 1000));
	expect_end(_metadata, &self->held, 1000);
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->held.info, 0));
}

#define SPREAD		8
#define SPREAD_STEP_MS	250

/* The most that passed between a deadline and its release; -errno. */
static int slowest_release(pid_t target)
{
	struct held held[SPREAD];
	int slowest = 0, error = 0, i;

	for (i = 0; i < SPREAD && !error; i++)
		error = export_held(&held[i], target,
				    500 + i * SPREAD_STEP_MS);
	for (i = 0; i < SPREAD && !error; i++) {
		long long due = held[i].before + 500 + i * SPREAD_STEP_MS;

		error = wait_for_end(held[i].peer);
		if (now_ms() - due > slowest)
			slowest = now_ms() - due;
		close(held[i].peer);
	}
	return error ? error : slowest;
}

/*
 * Deadlines lie two seconds apart, so that nothing that comes more seldom than
 * once a second is in time for all of them. A slow machine is given many tries.
 */
TEST_F(deadline, lets_go_within_a_second)
{
	int slowest, try = 0;

	do {
		slowest = slowest_release(self->target.pid);
		ASSERT_LE(0, slowest);
	} while (slowest > 1000 && ++try < 20);
	EXPECT_GE(1000, slowest);
}

#define LONGER_TTL_MS	17000
#define LONGER_STEP_MS	500
#define LONGER_TOKENS	4

/* The same of longer lives, each of another user; -errno. */
static int slowest_longer_release(pid_t target)
{
	struct sockdup_protocol_info info;
	struct agent sources[LONGER_TOKENS];
	long long due[LONGER_TOKENS];
	int peers[LONGER_TOKENS];
	int slowest = 0, error = 0, fds[2], fd, i;

	for (i = 0; i < LONGER_TOKENS && !error; i++) {
		error = agent_spawn(&sources[i]) ?: tcp_pair(AF_INET, fds);
		if (error)
			break;
		peers[i] = fds[1];
		fd = agent_give(&sources[i], fds[0]);
		error = fd < 0 ? fd : agent_setuid(&sources[i], 200000 + i);
		if (!error)
			error = agent_export(&sources[i], fd, target, 0,
					     LONGER_TTL_MS, &info);
		due[i] = now_ms() + LONGER_TTL_MS;
		if (!error)
			error = agent_stop(&sources[i]);
		usleep(LONGER_STEP_MS * 1000);
	}
	for (i = 0; i < LONGER_TOKENS && !error; i++) {
		error = wait_for_end(peers[i]);
		if (now_ms() - due[i] > slowest)
			slowest = now_ms() - due[i];
		close(peers[i]);
	}
	return error ? error : slowest;
}

/* The kernel's timers are the less exact the longer they run: two seconds here. */
TEST_F_TIMEOUT(deadline, of_a_longer_life_lets_go_within_a_second, 120)
{
	int slowest, try = 0;

	do {
		slowest = slowest_longer_release(self->target.pid);
		ASSERT_LE(0, slowest);
	} while (slowest > 1000 && ++try < 3);
	EXPECT_GE(1000, slowest);
}

TEST_F(deadline, frees_the_address_of_a_listener)
{
	int listener = tcp_listener(AF_INET);
	const struct address address = bound_address(listener);

	ASSERT_EQ(0, try_export(listener, self->target.pid, 0, 1000,
				&self->held.info));
	ASSERT_EQ(0, close(listener));
	EXPECT_EQ(0, wait_for_free_address(SOCK_STREAM, &address));
}

TEST_F(deadline, leaves_a_socket_that_the_source_holds)
{
	struct held other;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, try_export(fds[0], self->target.pid, 0, 500,
				&self->held.info));
	ASSERT_EQ(0, export_held(&other, self->target.pid, 500));
	expect_end(_metadata, &other, 500);
	EXPECT_EQ(-ENOENT, left_ms(&self->held.info));
	EXPECT_EQ(0, pass_bytes(fds[0], fds[1]));
	EXPECT_EQ(0, pass_bytes(fds[1], fds[0]));
}

TEST_F(deadline, of_one_token_leaves_another)
{
	struct held other;
	int fd;

	ASSERT_EQ(0, export_held(&other, self->target.pid, LONG_TTL_MS));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 500));
	expect_end(_metadata, &self->held, 500);
	EXPECT_EQ(0, recv_nothing(other.peer));
	fd = agent_import(&self->target, &other.info, 0);
	EXPECT_LE(0, fd);
}

TEST_F(deadline, comes_again_after_the_last_token_has_gone)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, export_held(&self->held, self->target.pid, 200));
		expect_end(_metadata, &self->held, 200);
		/* Time for the sweeper to find nothing, and to rest. */
		sleep_until_ms(now_ms() + 1500);
	}
}

#define TARGETS		4
#define TOKENS_EACH	8

TEST_F(deadline, comes_for_many_tokens_of_many_targets)
{
	struct held held[TARGETS][TOKENS_EACH];
	struct agent targets[TARGETS];
	int i, j;

	for (i = 0; i < TARGETS; i++)
		ASSERT_EQ(0, agent_spawn(&targets[i]));
	for (i = 0; i < TARGETS; i++)
		for (j = 0; j < TOKENS_EACH; j++)
			ASSERT_EQ(0, export_held(&held[i][j], targets[i].pid,
						 1000 + 100 * j));
	for (i = 0; i < TARGETS; i++)
		for (j = 0; j < TOKENS_EACH; j++)
			expect_end(_metadata, &held[i][j], 1000 + 100 * j);
	for (i = 0; i < TARGETS; i++)
		EXPECT_EQ(0, agent_stop(&targets[i]));
}

TEST_F(deadline, comes_for_a_source_that_was_killed)
{
	struct address address;
	struct agent source;
	int listener, fd;

	listener = tcp_listener(AF_INET);
	address = bound_address(listener);
	ASSERT_EQ(0, agent_spawn(&source));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, agent_connect(&source, fd, &address.storage,
				   address.size));
	self->held.peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	self->held.before = now_ms();
	ASSERT_EQ(0, agent_export(&source, fd, self->target.pid, 0, 1500,
				  &self->held.info));
	self->held.after = now_ms();
	ASSERT_EQ(-SIGKILL, agent_kill(&source));
	expect_end(_metadata, &self->held, 1500);
}

TEST_F(deadline, comes_for_a_target_that_is_stopped)
{
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 1000));
	ASSERT_EQ(0, kill(self->target.pid, SIGSTOP));
	expect_end(_metadata, &self->held, 1000);
}

/*
 * A handle that waits in the very socket whose token ends with the handle:
 * each would keep the other for ever. A connection in the same place tells.
 */
TEST_F(deadline, breaks_a_handle_out_of_its_own_token)
{
	struct held *held = &self->held;
	int pair[2], fds[2], device;
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = SOCKDUP_EXPORT_END_ON_CLOSE,
		.target = self->target.pid,
		.ttl_ms = 2000,
		.info_size = sizeof(held->info),
		.info = (uintptr_t)&held->info,
	};

	device = device_open();
	ASSERT_LE(0, device);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	held->peer = fds[1];
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_descriptor(pair[0], device));
	ASSERT_EQ(0, send_descriptor(pair[0], fds[0]));
	argument.fd = pair[1];
	held->before = now_ms();
	ASSERT_EQ(0, device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument));
	held->after = now_ms();
	close(fds[0]);
	close(pair[0]);
	close(pair[1]);
	close(device);
	expect_end(_metadata, held, 2000);
}

/* The close of any AF_UNIX socket has the kernel look for such cycles. */
static bool ends_by_collection(void *context)
{
	struct pollfd entry = { .fd = *(int *)context, .events = POLLIN };

	close(socket(AF_UNIX, SOCK_STREAM, 0));
	return poll(&entry, 1, 0) == 1;
}

/* Two sockets, each waiting in the other, and a token that holds one. */
TEST_F(deadline, lets_a_cycle_of_sockets_be_collected)
{
	struct held *held = &self->held;
	int pair[2], fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	held->peer = fds[1];
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_descriptor(pair[0], pair[0]));
	ASSERT_EQ(0, send_descriptor(pair[1], pair[1]));
	ASSERT_EQ(0, send_descriptor(pair[0], fds[0]));
	held->before = now_ms();
	ASSERT_EQ(0, try_export(pair[0], self->target.pid, 0, 2000,
				&held->info));
	close(fds[0]);
	close(pair[0]);
	close(pair[1]);
	EXPECT_EQ(0, wait_until(ends_by_collection, &held->peer));
	EXPECT_EQ(0, wait_for_end(held->peer));
	EXPECT_LE(held->before + 2000, now_ms());
}

/* An import by the test itself, which has nobody else to wait for. */
TEST_F(deadline, separates_imports_that_work_from_those_that_do_not)
{
	const unsigned int rounds = stress(40), ttl_ms = 30;
	int device = device_open();
	int fd = tcp_listener(AF_INET);
	long long start, end;
	unsigned int i;
	int value;

	ASSERT_LE(0, device);
	for (i = 0; i < rounds; i++) {
		struct held *held = &self->held;

		held->before = now_ms();
		ASSERT_EQ(0, raw_export(device, fd, getpid(), ttl_ms,
					&held->info));
		held->after = now_ms();
		/* Sometimes early, sometimes late, mostly close. */
		sleep_until_ms(held->before + ttl_ms - 4 + i % 8);
		start = now_ms();
		value = raw_import(device, &held->info, 0, NULL);
		end = now_ms();
		if (value >= 0) {
			EXPECT_GE(held->after + ttl_ms, start);
			close(value);
		} else {
			EXPECT_EQ(-ENOENT, value);
			EXPECT_LE(held->before + ttl_ms, end);
		}
	}
}

/* Sets the clock of the day, by seconds from where it is. */
static int move_clock(long seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	return clock_settime(CLOCK_REALTIME, &now) ? -errno : 0;
}

FIXTURE(clock) {
	struct agent target;
	struct held held;
	long seconds;
};

FIXTURE_VARIANT(clock) {
	long seconds;
};

FIXTURE_VARIANT_ADD(clock, set_forward) { 2 * 24 * 60 * 60 };
FIXTURE_VARIANT_ADD(clock, set_back) { -2 * 24 * 60 * 60 };

FIXTURE_SETUP(clock)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
}

FIXTURE_TEARDOWN(clock)
{
	EXPECT_EQ(0, move_clock(-self->seconds));
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(clock, of_the_day_does_not_move_a_deadline)
{
	struct held longer;

	ASSERT_EQ(0, export_held(&longer, self->target.pid, LONG_TTL_MS));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 2000));
	ASSERT_EQ(0, move_clock(variant->seconds));
	self->seconds = variant->seconds;
	expect_end(_metadata, &self->held, 2000);
	EXPECT_EQ(0, recv_nothing(longer.peer));
	EXPECT_LT(LONG_TTL_MS / 2, left_ms(&longer.info));
	EXPECT_GE(LONG_TTL_MS, left_ms(&longer.info));
}

/* A target that keeps every claim it can get, and is out of descriptors. */
FIXTURE(hostile) {
	struct agent target;
	struct held held;
	int limit;
};

FIXTURE_VARIANT(hostile) {
	unsigned int threads;
};

FIXTURE_VARIANT_ADD(hostile, thread) { 1 };
FIXTURE_VARIANT_ADD(hostile, threads) { 8 };

FIXTURE_SETUP(hostile)
{
	struct sockdup_protocol_info none = { .size = sizeof(none) };

	ASSERT_EQ(0, agent_spawn(&self->target));
	/* Has the library open the device while it can. */
	ASSERT_EQ(-ENOENT, agent_import(&self->target, &none, 0));
	self->limit = agent_dup(&self->target, STDIN_FILENO);
	ASSERT_LT(STDERR_FILENO, self->limit);
	ASSERT_EQ(0, agent_close(&self->target, self->limit));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE,
				     self->limit));
}

FIXTURE_TEARDOWN(hostile)
{
	agent_kill(&self->target);
}

TEST_F(hostile, imports_without_end_do_not_delay_the_deadline)
{
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, 6000));
	ASSERT_EQ(0, agent_import_loop_post(&self->target, &self->held.info,
					    variant->threads));
	expect_end(_metadata, &self->held, 6000);
	EXPECT_LT(0, agent_import_loop_wait(&self->target));
}

TEST_F(hostile, imports_without_end_do_not_keep_the_source_from_revoking)
{
	int error;

	ASSERT_EQ(0, export_held(&self->held, self->target.pid, LONG_TTL_MS));
	ASSERT_EQ(0, agent_import_loop_post(&self->target, &self->held.info,
					    variant->threads));
	/* EBUSY: what ends the token is the import that is under way. */
	error = try_revoke(&self->held.info);
	EXPECT_TRUE(!error || error == -EBUSY);
	EXPECT_EQ(0, wait_for_end(self->held.peer));
	EXPECT_LE(0, agent_import_loop_wait(&self->target));
}

TEST_F(hostile, imports_without_end_do_not_delay_other_targets)
{
	struct agent other;
	struct held held;

	ASSERT_EQ(0, agent_spawn(&other));
	ASSERT_EQ(0, export_held(&self->held, self->target.pid, LONG_TTL_MS));
	ASSERT_EQ(0, agent_import_loop_post(&self->target, &self->held.info,
					    variant->threads));
	ASSERT_EQ(0, export_held(&held, other.pid, 1000));
	expect_end(_metadata, &held, 1000);
	EXPECT_EQ(0, recv_nothing(self->held.peer));
	EXPECT_EQ(0, agent_stop(&other));
}

/*
 * A call by the target that waits, for as long as it likes, until its memory
 * may be written: the page is write-protected by userfaultfd. The test is the
 * target.
 */
struct stuck_call {
	int device;
	int source;
	int peer;
	struct page page;
	pthread_t thread;
	bool runs;
	int (*call)(struct stuck_call *stuck);
	struct sockdup_protocol_info info;
	int value;
};

FIXTURE(stuck) {
	struct stuck_call stuck;
};

FIXTURE_VARIANT(stuck) {
	int (*call)(struct stuck_call *stuck);
	int value;	/* what it gives, once it goes on after the end */
};

/* The whole argument is an output that does not arrive. */
static int import_stuck(struct stuck_call *stuck)
{
	return device_ioctl(stuck->device, SOCKDUP_IOC_IMPORT,
			    stuck->page.memory);
}

/* The description is. */
static int query_stuck(struct stuck_call *stuck)
{
	struct sockdup_query argument = {
		.size = sizeof(argument),
		.info_size = sizeof(stuck->info),
		.info = (uintptr_t)stuck->page.memory +
			sizeof(struct sockdup_import),
	};

	return device_ioctl(stuck->device, SOCKDUP_IOC_QUERY, &argument);
}

FIXTURE_VARIANT_ADD(stuck, import) { import_stuck, -ENOENT };
FIXTURE_VARIANT_ADD(stuck, query) { query_stuck, 0 };

FIXTURE_SETUP(stuck)
{
	int pair[2];

	self->stuck.call = variant->call;
	self->stuck.device = device_open();
	ASSERT_LE(0, self->stuck.device);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	self->stuck.source = pair[0];
	self->stuck.peer = pair[1];
	if (page_open(&self->stuck.page))
		SKIP(longjmp(_metadata->env, 1),
		     "no userfaultfd with write protection here");
}

FIXTURE_TEARDOWN(stuck)
{
	page_protect(&self->stuck.page, false);
	if (self->stuck.runs)
		pthread_join(self->stuck.thread, NULL);
	page_close(&self->stuck.page);
	close(self->stuck.peer);
	close(self->stuck.device);
}

static void *run_stuck(void *arg)
{
	struct stuck_call *stuck = arg;

	stuck->value = stuck->call(stuck);
	return NULL;
}

/* Returns when the call waits for memory. The token alone has the socket. */
static int get_stuck(struct stuck_call *stuck, unsigned int ttl_ms)
{
	struct sockdup_import argument = {
		.size = sizeof(argument),
		.info_size = sizeof(stuck->info),
		.info = (uintptr_t)stuck->page.memory +
			sizeof(argument),
	};
	int error;

	error = raw_export(stuck->device, stuck->source, getpid(), ttl_ms,
			   &stuck->info);
	if (error)
		return error;
	close(stuck->source);
	memcpy(stuck->page.memory, &argument, sizeof(argument));
	memcpy((char *)stuck->page.memory + sizeof(argument), &stuck->info,
	       sizeof(stuck->info));
	error = page_protect(&stuck->page, true);
	if (!error)
		error = -pthread_create(&stuck->thread, NULL, run_stuck, stuck);
	if (error)
		return error;
	stuck->runs = true;
	return page_wait_for_user(&stuck->page);
}

static int get_unstuck(struct stuck_call *stuck)
{
	int error = page_protect(&stuck->page, false);

	if (error)
		return error;
	pthread_join(stuck->thread, NULL);
	stuck->runs = false;
	return stuck->value;
}

TEST_F(stuck, call_does_not_delay_the_deadline)
{
	long long before = now_ms(), after;

	ASSERT_EQ(0, get_stuck(&self->stuck, 5000));
	after = now_ms();
	EXPECT_EQ(0, wait_for_end(self->stuck.peer));
	EXPECT_LE(before + 5000, now_ms());
	EXPECT_GE(after + 5000 + RELEASE_MS, now_ms());
	EXPECT_EQ(variant->value, get_unstuck(&self->stuck));
}

TEST_F(stuck, call_does_not_keep_others_from_revoking)
{
	ASSERT_EQ(0, get_stuck(&self->stuck, LONG_TTL_MS));
	EXPECT_EQ(0, raw_revoke(self->stuck.device, &self->stuck.info));
	EXPECT_EQ(0, wait_for_end(self->stuck.peer));
	EXPECT_EQ(variant->value, get_unstuck(&self->stuck));
}

TEST_F(stuck, call_does_not_keep_another_thread_from_importing)
{
	int fd;

	ASSERT_EQ(0, get_stuck(&self->stuck, LONG_TTL_MS));
	fd = raw_import(self->stuck.device, &self->stuck.info, 0, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, recv_nothing(self->stuck.peer));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, wait_for_end(self->stuck.peer));
	EXPECT_EQ(variant->value, get_unstuck(&self->stuck));
}

SOCKDUP_TEST_MAIN
