// SPDX-License-Identifier: GPL-2.0-only
/*
 * What idle registrations cost others. The kernel looks for those of closed sockets, and a
 * user can have very many of open ones, under very many user ids. The looks of a kernel
 * that has nothing to find become rare. And what the end of a large set costs: it takes
 * as many turns as it has parts. And what the death of a pid namespace's first process
 * costs, to which tokens to its users bring nothing. The kernel's trace counts all three.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "agent.h"
#include "attack.h"
#include "census.h"
#include "harness.h"
#include "registration.h"
#include "trace_log.h"

#define QUEUED	"workqueue/workqueue_queue_work"
/* Of tokens there are none. */
#define SWEEPS	"workqueue ~ \"sockdup_sweep\" || workqueue ~ \"sockdup_registrations\""

/* From the last registration to the measurement, and how long that is. */
#define SETTLE_S	9
#define MEASURE_S	8

/* The user ids of a subordinate range. */
#define FIRST_UID	100000

/* Sockets that the kernel looks at in one step, of the same user. */
#define BATCH		16

/**
 * struct crowd - the registrations of an attack
 * @sockets: how many
 * @users: they are spread over so many user ids
 */
struct crowd {
	unsigned int sockets;
	unsigned int users;
};

static int register_crowd(const struct crowd *crowd)
{
	int device = device_open(), event = new_event(), error = 0, fd;
	unsigned int i;

	for (i = 0; i < crowd->sockets && !error; i++) {
		fd = udp_bound(AF_INET);
		if (fd < 0)
			return fd;
		error = act_as(FIRST_UID + i % crowd->users);
		if (!error)
			error = raw_event_select(device, fd, event, SOCKDUP_FD_READ);
	}
	return error;
}

static int prepare_crowd(struct attacker *self)
{
	return register_crowd(self->attack->context);
}

static void be_idle(struct attacker *self)
{
	for (;;)
		pause();
}

FIXTURE(idle) {
	struct attackers attackers;
	bool traced;
};

FIXTURE_VARIANT(idle) {
	struct crowd crowd;
};

FIXTURE_VARIANT_ADD(idle, registrations_of_one_user) { { 8000, 1 } };
FIXTURE_VARIANT_ADD(idle, registrations_of_many_users) { { 1000, 1000 } };

FIXTURE_SETUP(idle)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(return, "the kernel has no tracefs");
	ASSERT_EQ(0, error);
	self->traced = true;
}

FIXTURE_TEARDOWN(idle)
{
	attack_stop(&self->attackers);
	if (self->traced)
		EXPECT_EQ(0, trace_log_close());
}

/* No more than a quarter of what a look at each socket in each second takes. */
TEST_F(idle, are_looked_at_less_and_less_often)
{
	const struct crowd *crowd = &variant->crowd;
	const struct attack attack = {
		.processes = 1,
		.files = crowd->sockets + 100,
		.prepare = prepare_crowd,
		.run = be_idle,
		.context = (void *)crowd,
	};
	const int round = crowd->users == 1 ? crowd->sockets / BATCH : crowd->users;
	int steps;

	ASSERT_EQ(0, attack_start(&self->attackers, &attack));
	sleep(SETTLE_S);
	ASSERT_EQ(0, trace_log_add(QUEUED, SWEEPS));
	sleep(MEASURE_S);
	steps = trace_log_count("workqueue=sockdup_");
	TH_LOG("%d steps in %d seconds, and each round has %d", steps, MEASURE_S, round);
	EXPECT_GE(round * MEASURE_S / 4, steps);
}

#define PUTS		"workqueue == \"sockdup_put_inet\""
/* Files of a set that are put in a turn. */
#define PART		64

FIXTURE(large_set) {
	int fd;
	int fds[SOCKDUP_MAX_SOCKETS];
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(large_set)
{
	int error = trace_log_open();
	int i;

	if (error == -ENOENT)
		SKIP(return, "the kernel has no tracefs");
	ASSERT_EQ(0, error);
	self->fd = udp_bound(AF_INET);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < SOCKDUP_MAX_SOCKETS; i++)
		self->fds[i] = self->fd;
}

FIXTURE_TEARDOWN(large_set)
{
	if (self->fd > 0)
		EXPECT_EQ(0, trace_log_close());
}

/* Others' sweeps, deadlines among them, wait for one turn. */
TEST_F(large_set, ends_in_turns)
{
	const struct sockdup_set set = {
		.fds = self->fds,
		.socket_count = SOCKDUP_MAX_SOCKETS,
	};
	int turns;

	ASSERT_EQ(0, trace_log_add(QUEUED, PUTS));
	ASSERT_EQ(0, sockdup_export_set(&set, getpid(), 0, 1, &self->info));
	ASSERT_EQ(0, wait_for_held(0));
	turns = trace_log_count("workqueue=sockdup_put_inet");
	EXPECT_LE(SOCKDUP_MAX_SOCKETS / PART - 1, turns);
	EXPECT_GE(SOCKDUP_MAX_SOCKETS / PART + 2, turns);
}

#define DEATHS		"workqueue == \"sockdup_death\""

/* A pid namespace that has ended its exporter, and lives on. */
struct space {
	pid_t first;
	struct sockdup_protocol_info info;
};

static int export_to_users(int fd, struct space *space)
{
	sockdup_release();
	return sockdup_export(fd, 0, SOCKDUP_EXPORT_TO_USER, 0, &space->info) ? -errno : 0;
}

/* In a process whose children are in a new namespace: writes what became of it. */
static int fill_space(int fd, int end)
{
	struct space space;
	int ends[2], error;
	pid_t exporter;

	if (unshare(CLONE_NEWPID) || pipe2(ends, O_CLOEXEC))
		return -errno;
	space.first = fork();
	if (!space.first)
		for (;;)
			pause();
	exporter = fork();
	if (!exporter) {
		error = export_to_users(fd, &space);
		if (!error)
			error = write_exactly(ends[1], &space.info, sizeof(space.info));
		_exit(-error);
	}
	error = outcome_of(exporter);
	if (!error)
		error = read_exactly(ends[0], &space.info, sizeof(space.info));
	return error ? : write_exactly(end, &space, sizeof(space));
}

static int make_space(int fd, struct space *space)
{
	int ends[2], error;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (!child)
		_exit(-fill_space(fd, ends[1]));
	error = outcome_of(child);
	return error ? : read_exactly(ends[0], space, sizeof(*space));
}

TEST(first_process_wakes_nobody)
{
	struct sockdup_description description;
	struct space space;
	int fds[2];
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(return, "the kernel has no tracefs");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, make_space(fds[0], &space));
	ASSERT_EQ(0, try_query(&space.info, &description));
	close(fds[0]);
	ASSERT_EQ(0, trace_log_add(QUEUED, DEATHS));
	ASSERT_EQ(0, kill(space.first, SIGKILL));
	EXPECT_EQ(0, wait_for_end(fds[1]));
	EXPECT_EQ(0, trace_log_count("workqueue=sockdup_death"));
	EXPECT_EQ(0, trace_log_close());
}

SOCKDUP_TEST_MAIN
