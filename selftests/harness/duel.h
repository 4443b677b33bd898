/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sides that do something at the same moment, round after round.
 *
 * Each side is a thread on a processor of its own, or the second one a process
 * of its own. A round is prepared, both sides meet, move, and are judged. They
 * go through a batch of items in the same order and stay close, as who comes
 * late finds less to do; who led in a round is held back in the next, so that
 * they are close from the start on a machine of any speed.
 */
#ifndef SELFTESTS_DUEL_H
#define SELFTESTS_DUEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Items in a round, unless the game says otherwise, and at most. */
#define DUEL_BATCH	20
#define DUEL_BATCH_MAX	2000

/* In place of a value, where a side did not get that far. */
#define DUEL_NOT_MOVED	(-EINPROGRESS)

/* What is raced for: each program's own. */
struct race;

/**
 * struct game - how a round goes
 * @prepare: makes the items; 0 or -errno
 * @first: what one side does,
 * @second: and the other, at once
 * @judge: counts who came first; 0, or -errno where a promise was broken
 * @batch: items in a round, DUEL_BATCH for 0
 * @timed: the sides move at the time of @prepare, and not when they meet
 * @blind: nobody can tell from outside who came first
 * @apart: the second side is a process, forked before the first round; the race
 *         and its duel are in shared memory
 */
struct game {
	int (*prepare)(struct race *race);
	void (*first)(struct race *race, int side);
	void (*second)(struct race *race, int side);
	int (*judge)(struct race *race);
	unsigned int batch;
	bool timed;
	bool blind;
	bool apart;
};

/**
 * struct duel - a game under way
 * @game: its rules
 * @race: what is raced for
 * @batch: items in a round
 * @round: the number of the round
 * @values: what each side got for each item: 0, a descriptor, or -errno
 * @first: how often each side came first in the round
 * @total: and in all rounds
 * @begin_ns: when each side has begun to move in the round,
 * @end_ns: and when it was through
 * @at_once: rounds in which one began before the other was through, of both
 * @done: the first side has moved
 * @start_ns: when the sides of a timed game move
 * @lead: how long the first side waits for the second, or less than zero: a
 *        number of turns in a loop, or of nanoseconds
 * @step: how much that changes next time
 * @leader: the side that came first in the last round
 * @seeds: of each side's random numbers
 * @processors: that the sides can run on
 * @rendezvous: where they meet, before and after their moves
 * @arrivals: of both, in all
 * @over: there is no further round
 */
struct duel {
	const struct game *game;
	struct race *race;
	unsigned int batch;
	unsigned int round;
	int values[2][DUEL_BATCH_MAX];
	unsigned int first[2];
	unsigned int total[2];
	long long begin_ns[2];
	long long end_ns[2];
	unsigned int at_once;
	atomic_bool done;
	long long start_ns;
	long lead;
	long step;
	int leader;
	unsigned int seeds[2];
	long processors;
	pthread_barrier_t rendezvous;
	atomic_uint arrivals;
	bool over;
};

void duel_init(struct duel *duel, const struct game *game, struct race *race);

/*
 * Plays until so many items have been raced for, and more where one side has won
 * all, or until a round fails, whose -errno is the value.
 */
int duel_play(struct duel *duel, unsigned int items);

/*
 * Whether the race was one: after many items, each side came first in some, or, in
 * a blind game, they moved at once in some rounds.
 */
bool duel_was_fair(const struct duel *duel);

/* The caller runs on the processor of a side from now on, where there are two. */
void duel_join_side(const struct duel *duel, int side);

/* For moves: waits while its side leads. */
void duel_hold_back(struct duel *duel, int side);

/* For moves: waits a little, so that sides are not always in the same step. */
void duel_dither(struct duel *duel, int side);

#endif /* SELFTESTS_DUEL_H */
