// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two sides that do something at the same moment, round after round.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "duel.h"

/* A race that one side alone has won after so many items is no race. */
#define FAIR_ITEMS	2000

/* Of so many rounds of a blind game the sides move at once in one at least. */
#define FAIR_SHARE	50

/* So many times the rounds are played until it is one, at most. */
#define PATIENCE	20

#define LEAD_MAX	250000L
#define STEP_MIN	16L
#define STEP_MAX	16000L

/* The fence keeps the loop, which takes a few instructions a turn. */
static void spin(long turns)
{
	for (turns *= 4; turns > 0; turns--)
		atomic_signal_fence(memory_order_seq_cst);
}

void duel_dither(struct duel *duel, int side)
{
	spin(rand_r(&duel->seeds[side]) % 256);
}

void duel_join_side(const struct duel *duel, int side)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(duel->processors > 1 ? side : 0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* What comes before can take long, and the other side sleeps meanwhile. */
static void meet(struct duel *duel)
{
	const struct timespec moment = { .tv_nsec = 1 };
	unsigned int turns = 0;

	pthread_barrier_wait(&duel->rendezvous);
	/* They leave in step, unless the other has no processor to run on. */
	atomic_fetch_add(&duel->arrivals, 1);
	while (atomic_load(&duel->arrivals) % 2) {
		if (++turns > 20000)
			nanosleep(&moment, NULL);
	}
}

void duel_hold_back(struct duel *duel, int side)
{
	long lead = side ? -duel->lead : duel->lead;

	if (duel->game->timed) {
		while (now_ns() < duel->start_ns + duel->lead)
			;
		return;
	}
	spin(rand_r(&duel->seeds[side]) % (duel->step + 64) +
	     (lead > 0 ? lead : 0));
}

/* Steps grow while one side leads, and shrink when the other takes over. */
static void balance(struct duel *duel)
{
	int leader = duel->first[1] > duel->first[0];

	duel->total[0] += duel->first[0];
	duel->total[1] += duel->first[1];
	if (duel->game->blind) {
		duel->step = STEP_MAX;
		return;
	}
	duel->step = leader == duel->leader ? duel->step * 2 : duel->step / 4;
	if (duel->step < STEP_MIN)
		duel->step = STEP_MIN;
	if (duel->step > STEP_MAX)
		duel->step = STEP_MAX;
	duel->leader = leader;
	duel->lead += leader ? -duel->step : duel->step;
	if (labs(duel->lead) > LEAD_MAX)
		duel->lead = 0;
}

/* A side makes its move. */
static void move(struct duel *duel, int side)
{
	const struct game *game = duel->game;

	duel_hold_back(duel, side);
	duel->begin_ns[side] = now_ns();
	(side ? game->second : game->first)(duel->race, side);
	duel->end_ns[side] = now_ns();
}

static bool moved_at_once(const struct duel *duel)
{
	return duel->begin_ns[0] < duel->end_ns[1] &&
	       duel->begin_ns[1] < duel->end_ns[0];
}

static void *play_second(void *arg)
{
	struct duel *duel = arg;

	duel_join_side(duel, 1);
	for (;;) {
		meet(duel);
		if (duel->over)
			return NULL;
		move(duel, 1);
		pthread_barrier_wait(&duel->rendezvous);
	}
}

static int play_round(struct duel *duel)
{
	unsigned int i;
	int error;

	for (i = 0; i < duel->batch; i++) {
		duel->values[0][i] = DUEL_NOT_MOVED;
		duel->values[1][i] = DUEL_NOT_MOVED;
	}
	duel->first[0] = 0;
	duel->first[1] = 0;
	atomic_store(&duel->done, false);
	error = duel->game->prepare(duel->race);
	if (error)
		return error;
	meet(duel);
	move(duel, 0);
	atomic_store(&duel->done, true);
	pthread_barrier_wait(&duel->rendezvous);
	duel->at_once += moved_at_once(duel);
	error = duel->game->judge(duel->race);
	balance(duel);
	return error;
}

bool duel_was_fair(const struct duel *duel)
{
	if (duel->processors < 2 || duel->round * duel->batch < FAIR_ITEMS)
		return true;
	if (duel->game->blind)
		return duel->at_once >= duel->round / FAIR_SHARE;
	return duel->total[0] && duel->total[1];
}

/* On a busy machine it can take long until either side has come first. */
static bool is_enough(const struct duel *duel, unsigned int rounds)
{
	if (duel->round < rounds)
		return false;
	return duel_was_fair(duel) || duel->round >= PATIENCE * rounds;
}

static int play_rounds(struct duel *duel, unsigned int rounds)
{
	int error = 0;

	duel_join_side(duel, 0);
	for (; !is_enough(duel, rounds) && !error; duel->round++)
		error = play_round(duel);
	duel->over = true;
	meet(duel);
	return error;
}

static int play_against_thread(struct duel *duel, unsigned int rounds)
{
	pthread_t second;
	int error = pthread_create(&second, NULL, play_second, duel);

	if (error)
		return -error;
	error = play_rounds(duel, rounds);
	pthread_join(second, NULL);
	return error;
}

static int play_against_process(struct duel *duel, unsigned int rounds)
{
	pid_t second = fork();
	int error;

	if (second < 0)
		return -errno;
	if (!second) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		play_second(duel);
		_exit(EXIT_SUCCESS);
	}
	error = play_rounds(duel, rounds);
	waitpid(second, NULL, 0);
	return error;
}

void duel_init(struct duel *duel, const struct game *game, struct race *race)
{
	*duel = (struct duel){
		.game = game,
		.race = race,
		.batch = game->batch ? game->batch : DUEL_BATCH,
		.step = STEP_MIN,
		.seeds = { 0, 1 },
		.processors = sysconf(_SC_NPROCESSORS_ONLN),
	};
}

static void report(const struct duel *duel, long long start_ns, int error)
{
	fprintf(stderr, "# %u rounds of %u in %lld ms, %u at once: first one %u, other %u times\n",
		duel->round, duel->batch, (now_ns() - start_ns) / 1000000,
		duel->at_once, duel->total[0], duel->total[1]);
	if (error)
		fprintf(stderr, "# %s; the first values are %d and %d\n",
			strerror(-error), duel->values[0][0],
			duel->values[1][0]);
}

int duel_play(struct duel *duel, unsigned int items)
{
	unsigned int rounds = (items + duel->batch - 1) / duel->batch;
	long long start_ns = now_ns();
	pthread_barrierattr_t shared;
	int error;

	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&duel->rendezvous, &shared, 2);
	pthread_barrierattr_destroy(&shared);
	error = duel->game->apart ? play_against_process(duel, rounds) :
				    play_against_thread(duel, rounds);
	pthread_barrier_destroy(&duel->rendezvous);
	report(duel, start_ns, error);
	return error;
}
