// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: whatever ends a token, or looks at it, meets whatever else may
 * at the same moment. One of them wins, every time, and nothing is left over.
 *
 * Source and target are one process where it does not matter who they are:
 * tokens are what is raced for.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/resource.h>

#include "clock.h"
#include "harness.h"
#include "token_race.h"

/* Tokens in a round that waits for the sweeper, which comes twice a second. */
#define SWEEP_BATCH	DUEL_BATCH_MAX

/* How rounds begin. */

/* The same, with a socket for each token. */
static int export_each_abandoned(struct race *race)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->duel.batch && !error; i++) {
		error = race_make_pair(&race->sources[i], &race->peers[i]);
		if (!error)
			error = race_export_one(race, race->device,
						race->sources[i], 0, i);
	}
	for (i = 0; i < race->duel.batch; i++)
		close(race->sources[i]);
	return error;
}

static int export_with_room(struct race *race)
{
	race->room = dup(race->source);
	close(race->room);
	return race_export(race);
}

/* A slow machine that comes too late for the start gets more time. */
static int export_for_a_moment(struct race *race)
{
	int error;

	if (!race->duel.round)
		race->ttl_ms = 1;
	race->duel.start_ns = now_ns() + race->ttl_ms * 1000000LL;
	error = race_export(race);
	if (now_ns() > race->duel.start_ns + race->duel.lead)
		race->ttl_ms++;
	return error;
}

/*
 * All are due when the sweeper comes. The first to go is the token of another
 * socket, whose peer tells.
 */
static int export_for_sweeper(struct race *race)
{
	long long before = now_ns();
	int error;

	if (!race->duel.round)
		race->ttl_ms = 1;
	error = race_make_pair(&race->sources[0], &race->peers[0]);
	if (!error) {
		error = race_export_one(race, race->device, race->sources[0], 0, 0);
		close(race->sources[0]);
	}
	if (!error)
		error = race_export(race);
	race->ttl_ms = (now_ns() - before) / 1000000 + 1;
	return error;
}

/* What sides do. */

static void query_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_query(race->device,
						       &race->infos[i]);
	}
}

static void export_all_by_handle(struct race *race, int side)
{
	const unsigned int flags = SOCKDUP_EXPORT_END_ON_CLOSE;
	int *values = race->duel.values[side];
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++)
		values[i] = race_export_one(race, race->handle, race->source,
					    flags, i);
}

/*
 * All get the number that the first source had. While this side leads, it also
 * waits before each close, or the other would hardly ever come first.
 */
static void import_and_close_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		race->duel.values[side][i] = raw_import(race->device,
							&race->infos[i], 0, NULL);
		duel_hold_back(&race->duel, side);
		if (!close(race->sources[0]))
			race->duel.first[side]++;
	}
}

static void close_imported(struct race *race, int side)
{
	while (!atomic_load(&race->duel.done)) {
		if (!close(race->sources[0]))
			race->duel.first[side]++;
	}
}

static int set_room(int limit)
{
	struct rlimit room;

	if (getrlimit(RLIMIT_NOFILE, &room))
		return -errno;
	room.rlim_cur = limit ? (rlim_t)limit : room.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &room) ? -errno : 0;
}

static void change_room(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; !atomic_load(&race->duel.done); i++) {
		set_room(i % 2 ? 0 : race->room);
		duel_dither(&race->duel, side);
	}
	race->duel.values[side][0] = set_room(0);
}

/* As often as it takes. The descriptors all get the number without room. */
static void import_all_when_room(struct race *race, int side)
{
	unsigned int i;
	int value;

	for (i = 0; i < race->duel.batch; i++) {
		while ((value = raw_import(race->device, &race->infos[i], 0,
					   NULL)) == -EMFILE)
			race->duel.first[1]++;
		race->duel.first[0]++;
		race->duel.values[side][i] = value;
		close(value);
	}
}

static void wait_for_sweeper(struct race *race)
{
	long long end = now_ns() + WAIT_MS * 1000000LL;
	char byte;

	while (recv(race->peers[0], &byte, 1, MSG_DONTWAIT) && now_ns() < end)
		;
}

static void import_with_sweeper(struct race *race, int side)
{
	wait_for_sweeper(race);
	race_import_all(race, side);
}

static void revoke_with_sweeper(struct race *race, int side)
{
	wait_for_sweeper(race);
	race_revoke_all(race, side);
}

/* How rounds end. */

/*
 * How many sides have ended token @i, or -errno where one failed otherwise. EBUSY
 * says that the other side is about to.
 */
static int count_winners(struct race *race, unsigned int i)
{
	int winners = 0, side, value;

	for (side = 0; side < 2; side++) {
		value = race_settle(race, race->duel.values[side][i]);
		if (value && value != -ENOENT && value != -EBUSY)
			return value;
		if (!value) {
			race->duel.first[side]++;
			winners++;
		}
	}
	return winners;
}

static int one_wins(struct race *race)
{
	unsigned int i;
	int winners;

	for (i = 0; i < race->duel.batch; i++) {
		winners = count_winners(race, i);
		if (winners != 1)
			return winners < 0 ? winners : -EPROTO;
	}
	return 0;
}

/* Both sides against the clock. */
static int one_wins_or_none(struct race *race)
{
	unsigned int i, won = 0;
	int winners;

	for (i = 0; i < race->duel.batch; i++) {
		winners = count_winners(race, i);
		if (winners < 0 || winners > 1)
			return winners < 0 ? winners : -EPROTO;
		won += winners;
	}
	race->duel.first[0] = won;
	race->duel.first[1] = race->duel.batch - won;
	return 0;
}

static int one_wins_or_sweeper(struct race *race)
{
	close(race->peers[0]);
	return one_wins_or_none(race);
}

/* The second side, which only looks, keeps the first from nothing. */
static int first_wins(struct race *race)
{
	unsigned int i;
	int value;

	for (i = 0; i < race->duel.batch; i++) {
		value = race_settle(race, race->duel.values[0][i]);
		if (value)
			return value;
		value = race->duel.values[1][i];
		if (value && value != -ENOENT)
			return value;
		race->duel.first[!value]++;
	}
	return 0;
}

/* However late they were made, none lives. */
static int all_end_with_handle(struct race *race)
{
	unsigned int i;
	int value;

	if (race->duel.values[1][0])
		return race->duel.values[1][0];
	for (i = 0; i < race->duel.batch; i++) {
		value = race->duel.values[0][i];
		if (value && value != -EBADF)
			return value;
		race->duel.first[!!value]++;
		if (!value &&
		    raw_query(race->device, &race->infos[i]) != -ENOENT)
			return -EPROTO;
	}
	return 0;
}

static int all_peers_see_end(struct race *race)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->duel.batch; i++) {
		if (race->duel.values[0][i] != race->sources[0])
			return race->duel.values[0][i] < 0 ?
			       race->duel.values[0][i] : -EBADF;
		error = wait_for_end(race->peers[i]);
		if (error)
			return error;
		close(race->peers[i]);
	}
	return 0;
}

static int all_found_room(struct race *race)
{
	unsigned int i;

	if (race->duel.values[1][0])
		return race->duel.values[1][0];
	for (i = 0; i < race->duel.batch; i++) {
		if (race->duel.values[0][i] != race->room)
			return race->duel.values[0][i] < 0 ?
			       race->duel.values[0][i] : -EBADF;
	}
	return 0;
}

FIXTURE(race) {
	struct race *race;
};

FIXTURE_VARIANT(race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(race, import_import) {
	.game = {
		.prepare = race_export,
		.first = race_import_all,
		.second = race_import_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_revoke) {
	.game = {
		.prepare = race_export,
		.first = race_import_all,
		.second = race_revoke_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_revoke) {
	.game = {
		.prepare = race_export,
		.first = race_revoke_all,
		.second = race_revoke_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_query) {
	.game = {
		.prepare = race_export,
		.first = race_import_all,
		.second = query_all,
		.judge = first_wins,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_query) {
	.game = {
		.prepare = race_export,
		.first = race_revoke_all,
		.second = query_all,
		.judge = first_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_close_of_handle) {
	.game = {
		.prepare = race_export_by_handle,
		.first = race_import_all,
		.second = race_close_handle,
		.judge = race_second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_close_of_handle) {
	.game = {
		.prepare = race_export_by_handle,
		.first = race_revoke_all,
		.second = race_close_handle,
		.judge = race_second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, export_close_of_handle) {
	.game = {
		.prepare = race_open_handle,
		.first = export_all_by_handle,
		.second = race_close_handle,
		.judge = all_end_with_handle,
	},
};

FIXTURE_VARIANT_ADD(race, import_close_of_import) {
	.game = {
		.prepare = export_each_abandoned,
		.first = import_and_close_all,
		.second = close_imported,
		.judge = all_peers_see_end,
	},
};

FIXTURE_VARIANT_ADD(race, import_change_of_limit) {
	.game = {
		.prepare = export_with_room,
		.first = import_all_when_room,
		.second = change_room,
		.judge = all_found_room,
	},
};

FIXTURE_VARIANT_ADD(race, import_import_deadline) {
	.game = {
		.prepare = export_for_a_moment,
		.first = race_import_all,
		.second = race_import_all,
		.judge = one_wins_or_none,
		.timed = true,
	},
};

FIXTURE_VARIANT_ADD(race, import_revoke_deadline) {
	.game = {
		.prepare = export_for_a_moment,
		.first = race_import_all,
		.second = race_revoke_all,
		.judge = one_wins_or_none,
		.timed = true,
	},
};

FIXTURE_VARIANT_ADD(race, import_revoke_sweeper) {
	.game = {
		.prepare = export_for_sweeper,
		.first = import_with_sweeper,
		.second = revoke_with_sweeper,
		.judge = one_wins_or_sweeper,
		.batch = SWEEP_BATCH,
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
