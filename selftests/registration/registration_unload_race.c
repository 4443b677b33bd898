// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes while handles come and go: it goes with the last handle, and not
 * before, though a network event is on its way. Nothing else holds the module.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "clock.h"
#include "harness.h"
#include "module.h"
#include "registration.h"
#include "registration_race.h"

/* Attempts to remove the module, in all and in a round. */
#define REMOVALS	20000
#define REMOVALS_A_ROUND	400

/* Handles that come and go until the module is given time to. */
#define HANDLES_A_REMOVAL	2

/* A handle's life: every other time it ends while its event is on the way. */
static int use_handle(struct race *race, int device)
{
	unsigned int steps = atomic_load(&race->steps);
	int error;

	error = register_events(device, race->fds[0], race->events[0][0],
				SOCKDUP_FD_READ);
	if (!error)
		error = race_make_event_happen(race, 0);
	if (!error && steps / 2 % 2)
		error = wait_for_event(race->events[0][0]);
	return error;
}

/* While the module goes, or is not there, its device cannot be opened. */
static bool means_no_module(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENXIO;
}

/* Its event may still be on the way, which the module has to wait for. */
static void let_module_go(struct race *race, unsigned int removed)
{
	while (atomic_load(&race->removed) == removed &&
	       !atomic_load(&race->through))
		usleep(500);
}

/*
 * Handles come and go until the other side is through. Now and then one is the
 * last until the module has gone.
 */
static void use_handles(struct race *race, int side)
{
	unsigned int handles = 0, removed;
	int device, error = 0;

	while (!error && !atomic_load(&race->through)) {
		duel_dither(&race->duel, side);
		device = device_open();
		if (means_no_module(device)) {
			usleep(500);
			continue;
		}
		error = device;
		if (error < 0)
			break;
		atomic_fetch_add(&race->steps, 1);
		error = use_handle(race, device);
		removed = atomic_load(&race->removed);
		atomic_fetch_add(&race->steps, 1);
		close(device);
		if (!error && !(++handles % HANDLES_A_REMOVAL))
			let_module_go(race, removed);
		receive_all(race->fds[0]);
		reset_event(race->events[0][0]);
	}
	race->duel.values[side][0] = error;
}

/*
 * One attempt: whether it met a handle, or -errno where it did what it must not.
 * The module is there afterwards.
 */
static int try_to_remove(struct race *race)
{
	unsigned int before = atomic_load(&race->steps);
	int error = module_remove();
	unsigned int after = atomic_load(&race->steps);

	if (error && error != -EWOULDBLOCK)
		return error;
	if (!error && before % 2 && before == after)
		return -EPROTO;
	race->duel.first[!error]++;
	if (!error) {
		error = module_load(race->module);
		atomic_fetch_add(&race->removed, 1);
		if (error)
			return error;
	}
	return before % 2 || before != after;
}

/* Those attempts count that meet a handle. */
static void remove_module(struct race *race, int side)
{
	long long end = now_ns() + 10 * WAIT_MS * 1000000LL;
	unsigned int removals = 0;
	int met = 0;

	while (removals < REMOVALS_A_ROUND && met >= 0 &&
	       !atomic_load(&race->duel.done) && now_ns() < end) {
		duel_dither(&race->duel, side);
		met = try_to_remove(race);
		removals += met > 0;
	}
	if (met >= 0)
		met = removals < REMOVALS_A_ROUND ? -ETIME : 0;
	race->duel.values[side][0] = met;
	atomic_store(&race->through, 1);
}

static int handles_and_removals_succeeded(struct race *race)
{
	return race->duel.values[0][0] ? race->duel.values[0][0] :
					 race->duel.values[1][0];
}

/* First is here the attempt that was refused. */
FIXTURE(unload_race) {
	struct race *race;
	int module;
};

static const struct game unload_game = {
	.prepare = race_begin,
	.first = use_handles,
	.second = remove_module,
	.judge = handles_and_removals_succeeded,
	.batch = REMOVALS_A_ROUND,
};

FIXTURE_SETUP(unload_race)
{
	self->module = module_copy();
	if (self->module == -ENOENT)
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	ASSERT_LE(0, self->module);
	ASSERT_EQ(0, module_wait_until_unused());
	self->race = race_new(&unload_game, make_datagrams);
	ASSERT_NE(NULL, self->race);
	self->race->module = self->module;
	ASSERT_EQ(0, self->race->make(self->race->fds));
	self->race->peers[0] = self->race->fds[1];
}

FIXTURE_TEARDOWN(unload_race)
{
	int error = module_load(self->module);

	EXPECT_TRUE(!error || error == -EEXIST);
}

TEST_F_TIMEOUT(unload_race, module_goes_with_the_handle_and_not_before, 900)
{
	struct race *race = self->race;

	EXPECT_EQ(0, duel_play(&race->duel, stress(REMOVALS)));
	EXPECT_TRUE(duel_was_fair(&race->duel));
	close(race->fds[0]);
	close(race->peers[0]);
	race_close_events(race);
	EXPECT_EQ(0, module_wait_until_unused());
}

SOCKDUP_TEST_MAIN
