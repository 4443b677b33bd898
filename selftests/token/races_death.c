// SPDX-License-Identifier: GPL-2.0-only
/*
 * The death of a target meets whatever else happens to its tokens at the same
 * moment. One of them wins, every time, and nothing is left over.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"
#include "token_race.h"

/* How rounds begin. */

static int wait_for_ever(void *unused)
{
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

static int park(void *arg)
{
	struct race *race = arg;

	atomic_store(&race->parked, true);
	return wait_for_ever(NULL);
}

/* Leaves the process to another thread. */
static int leave(void *arg)
{
	struct race *race = arg;

	clone(park, race->stacks[1] + RACE_STACK_SIZE,
	      CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, race);
	syscall(SYS_exit, 0);
	return 0;
}

/*
 * A process in the memory of the test costs much less than a fork. It runs on
 * the side that is to kill it, and then waits.
 */
static int start_target(struct race *race, int (*live)(void *race))
{
	duel_join_side(&race->duel, 1);
	race->target = clone(live, race->stacks[0] + RACE_STACK_SIZE,
			     CLONE_VM | SIGCHLD, race);
	duel_join_side(&race->duel, 0);
	return race->target < 0 ? -errno : 0;
}

static int start_waiting(struct race *race)
{
	return start_target(race, wait_for_ever);
}

static int start_without_leader(struct race *race)
{
	int error;

	atomic_store(&race->parked, false);
	error = start_target(race, leave);
	while (!error && !atomic_load(&race->parked))
		sched_yield();
	return error;
}

static int start_and_export(struct race *race)
{
	int error = start_waiting(race);

	return error ? error : race_export(race);
}

static int start_and_export_by_handle(struct race *race)
{
	int error = start_waiting(race);

	return error ? error : race_export_by_handle(race);
}

static void *import_second(void *race)
{
	race_import_all(race, 1);
	wait_for_ever(NULL);
	return NULL;
}

static void import_and_wait(struct race *race, bool threads)
{
	pthread_t second;
	char byte;

	if (read(race->wake[0], &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	if (threads)
		pthread_create(&second, NULL, import_second, race);
	race_import_all(race, 0);
	wait_for_ever(NULL);
}

static int fork_importer(struct race *race, bool threads)
{
	pid_t pid = fork();

	if (!pid)
		import_and_wait(race, threads);
	race->target = pid;
	return pid < 0 ? -errno : race_export_abandoned(race);
}

static int start_importer(struct race *race)
{
	return fork_importer(race, false);
}

static int start_importers(struct race *race)
{
	return fork_importer(race, true);
}

/* What sides do. */

static int kill_and_reap(pid_t pid)
{
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, __WALL) < 0 ? -errno : 0;
}

static void kill_target(struct race *race, int side)
{
	race->duel.values[side][0] = kill_and_reap(race->target);
}

/* The values are the importers' own. */
static void kill_importer(struct race *race, int side)
{
	kill_and_reap(race->target);
}

/* Leaves the processor to it. */
static void wake_importer(struct race *race, int side)
{
	if (write(race->wake[1], "", 1) == 1)
		waitid(P_PID, race->target, NULL, WEXITED | WNOWAIT);
}

static void export_until_refused(struct race *race, int side)
{
	int error;

	while (!(error = race_export_one(race, race->device, race->source, 0, 0)))
		race->duel.first[side]++;
	race->duel.values[side][0] = error;
}

/* How rounds end. */

static int refused_as_dead(struct race *race)
{
	if (race->duel.values[1][0])
		return race->duel.values[1][0];
	return race->duel.values[0][0] == -ESRCH ? 0 :
						   race->duel.values[0][0];
}

static int both_succeed(struct race *race)
{
	return race->duel.values[0][0] ? race->duel.values[0][0] :
					 race->duel.values[1][0];
}

/* What the target imported went with it, and so did the rest. */
static int nothing_outlives_target(struct race *race)
{
	unsigned int i;
	int side, value, won;

	for (i = 0; i < race->duel.batch; i++) {
		won = 0;
		for (side = 0; side < 2; side++) {
			value = race->duel.values[side][i];
			if (value < 0 && value != DUEL_NOT_MOVED && value != -ENOENT)
				return value;
			won += value >= 0;
		}
		if (won > 1)
			return -EPROTO;
		race->duel.first[!won]++;
	}
	return race_first_peer_sees_end(race);
}

FIXTURE(race) {
	struct race *race;
};

FIXTURE_VARIANT(race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(race, export_death) {
	.game = {
		.prepare = start_waiting,
		.first = export_until_refused,
		.second = kill_target,
		.judge = refused_as_dead,
		.blind = true,
	},
};

FIXTURE_VARIANT_ADD(race, export_death_after_leader) {
	.game = {
		.prepare = start_without_leader,
		.first = export_until_refused,
		.second = kill_target,
		.judge = refused_as_dead,
		.blind = true,
	},
};

FIXTURE_VARIANT_ADD(race, import_death) {
	.game = {
		.prepare = start_importer,
		.first = wake_importer,
		.second = kill_importer,
		.judge = nothing_outlives_target,
	},
};

FIXTURE_VARIANT_ADD(race, import_import_death) {
	.game = {
		.prepare = start_importers,
		.first = wake_importer,
		.second = kill_importer,
		.judge = nothing_outlives_target,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_death) {
	.game = {
		.prepare = start_and_export,
		.first = race_revoke_all,
		.second = kill_target,
		.judge = race_second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, close_of_handle_death) {
	.game = {
		.prepare = start_and_export_by_handle,
		.first = race_close_handle,
		.second = kill_target,
		.judge = both_succeed,
		.blind = true,
	},
};

FIXTURE_SETUP(race)
{
	self->race = race_open(&variant->game);
	ASSERT_NE(NULL, self->race);
}

FIXTURE_TEARDOWN(race)
{
}

TEST_F(race, has_one_winner)
{
	struct duel *duel = &self->race->duel;

	ASSERT_EQ(0, duel_play(duel, stress(RACE_TOKENS)));
	EXPECT_TRUE(duel_was_fair(duel));
	EXPECT_EQ(0, race_close(self->race));
}

SOCKDUP_TEST_MAIN
