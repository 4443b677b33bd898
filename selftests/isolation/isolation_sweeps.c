// SPDX-License-Identifier: GPL-2.0-only
/*
 * What idle registrations cost others. The kernel looks for those of closed sockets, and a
 * user can have very many of open ones, under very many user ids. The looks of a kernel
 * that has nothing to find become rare. And what the end of a large set costs: it takes
 * as many turns as it has parts. The kernel's trace counts both.
 */
#define _GNU_SOURCE
#include <fcntl.h>

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

SOCKDUP_TEST_MAIN
