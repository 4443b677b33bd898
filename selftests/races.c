// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: whatever ends a token, or looks at it, meets whatever else may
 * at the same moment. One of them wins, every time, and nothing is left over.
 *
 * Each race is a game for two sides, threads on processors of their own. A
 * round is prepared, both sides meet, move, and are judged. They go through a
 * batch of tokens in the same order and stay close, as who comes late finds
 * less to do; who led in a round is held back in the next, so that they are
 * close from the start on a machine of any speed. Source and target are one
 * process where it does not matter who they are: tokens are what is raced for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "census.h"
#include "harness.h"

/* Tokens that are raced for in each game, */
#define TOKENS		20000
/* in a round, */
#define BATCH		20
/* and in a round that waits for the sweeper, which comes twice a second. */
#define SWEEP_BATCH	2000

/* A race that one side alone has won after so many tokens is no race. */
#define FAIR_TOKENS	2000

/* A life that ends no race. */
#define LONG_TTL_MS	3600000

/* In place of a value, where a side did not get that far. */
#define NOT_MOVED	(-EINPROGRESS)

/* The lead is a number of turns in a loop, or of nanoseconds. */
#define LEAD_MAX	250000L
#define STEP_MIN	16L
#define STEP_MAX	16000L

#define STACK_SIZE	16384

struct race;

/**
 * struct game - how a round goes
 * @prepare: makes the tokens; 0 or -errno
 * @first: what one side does,
 * @second: and the other, at once
 * @judge: counts who came first; 0, or -errno where a promise was broken
 * @batch: tokens in a round, BATCH for 0
 * @timed: the sides move at the time of @prepare, and not when they meet
 * @blind: nobody can tell from outside who came first
 */
struct game {
	int (*prepare)(struct race *race);
	void (*first)(struct race *race, int side);
	void (*second)(struct race *race, int side);
	int (*judge)(struct race *race);
	unsigned int batch;
	bool timed;
	bool blind;
};

/**
 * struct race - a game under way, in memory that children share
 * @stacks: of children that run in the memory of the test; first, as pages are
 *          aligned
 * @game: its rules
 * @batch: tokens in a round
 * @round: the number of the round
 * @device: where tokens are imported, revoked and queried
 * @handle: another descriptor that the round needs
 * @source: the socket
 * @sources: the numbers of those that have a single token each, closed
 * @peers: their other ends, which tell when nothing holds them any more
 * @target: the process that the tokens are for
 * @ttl_ms: their life
 * @start_ns: when the sides of a timed game move
 * @room: the limit of descriptors that leaves none
 * @infos: the tokens
 * @values: what each side got for each token: 0, a descriptor, or -errno
 * @first: how often each side came first in the round
 * @total: and in all rounds
 * @done: the first side has moved
 * @lead: how long the first side waits for the second, or less than zero
 * @step: how much that changes next time
 * @leader: the side that came first in the last round
 * @seeds: of each side's random numbers
 * @processors: that the sides can run on
 * @rendezvous: where they meet, before and after their moves
 * @arrivals: of both, in all
 * @over: there is no further round
 * @wake: a pipe on which a child waits for its round
 * @parked: a child's thread runs
 */
struct race {
	char stacks[2][STACK_SIZE];
	const struct game *game;
	unsigned int batch;
	unsigned int round;
	int device;
	int handle;
	int source;
	int sources[BATCH];
	int peers[BATCH];
	pid_t target;
	unsigned int ttl_ms;
	long long start_ns;
	int room;
	struct sockdup_protocol_info infos[SWEEP_BATCH];
	int values[2][SWEEP_BATCH];
	unsigned int first[2];
	unsigned int total[2];
	atomic_bool done;
	long lead;
	long step;
	int leader;
	unsigned int seeds[2];
	long processors;
	pthread_barrier_t rendezvous;
	atomic_uint arrivals;
	bool over;
	int wake[2];
	atomic_bool parked;
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The fence keeps the loop, which takes a few instructions a turn. */
static void spin(long turns)
{
	for (turns *= 4; turns > 0; turns--)
		atomic_signal_fence(memory_order_seq_cst);
}

/* Runs on the processor of a side, where there are two. */
static void join_side(const struct race *race, int side)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(race->processors > 1 ? side : 0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* What comes before can take long, and the other side sleeps meanwhile. */
static void meet(struct race *race)
{
	const struct timespec moment = { .tv_nsec = 1 };
	unsigned int turns = 0;

	pthread_barrier_wait(&race->rendezvous);
	/* They leave in step, unless the other has no processor to run on. */
	atomic_fetch_add(&race->arrivals, 1);
	while (atomic_load(&race->arrivals) % 2) {
		if (++turns > 20000)
			nanosleep(&moment, NULL);
	}
}

static void hold_back(struct race *race, int side)
{
	long lead = side ? -race->lead : race->lead;

	if (race->game->timed) {
		while (now_ns() < race->start_ns + race->lead)
			;
		return;
	}
	spin(rand_r(&race->seeds[side]) % (race->step + 64) +
	     (lead > 0 ? lead : 0));
}

/* Steps grow while one side leads, and shrink when the other takes over. */
static void balance(struct race *race)
{
	int leader = race->first[1] > race->first[0];

	race->total[0] += race->first[0];
	race->total[1] += race->first[1];
	if (race->game->blind) {
		race->step = STEP_MAX;
		return;
	}
	race->step = leader == race->leader ? race->step * 2 : race->step / 4;
	if (race->step < STEP_MIN)
		race->step = STEP_MIN;
	if (race->step > STEP_MAX)
		race->step = STEP_MAX;
	race->leader = leader;
	race->lead += leader ? -race->step : race->step;
	if (labs(race->lead) > LEAD_MAX)
		race->lead = 0;
}

static void *play_second(void *arg)
{
	struct race *race = arg;

	join_side(race, 1);
	for (;;) {
		meet(race);
		if (race->over)
			return NULL;
		hold_back(race, 1);
		race->game->second(race, 1);
		pthread_barrier_wait(&race->rendezvous);
	}
}

static int play_round(struct race *race)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->batch; i++) {
		race->values[0][i] = NOT_MOVED;
		race->values[1][i] = NOT_MOVED;
	}
	race->first[0] = 0;
	race->first[1] = 0;
	atomic_store(&race->done, false);
	error = race->game->prepare(race);
	if (error)
		return error;
	meet(race);
	hold_back(race, 0);
	race->game->first(race, 0);
	atomic_store(&race->done, true);
	pthread_barrier_wait(&race->rendezvous);
	error = race->game->judge(race);
	balance(race);
	return error;
}

static int play(struct race *race)
{
	unsigned int rounds = stress(TOKENS / race->batch);
	pthread_t second;
	int error;

	pthread_barrier_init(&race->rendezvous, NULL, 2);
	error = pthread_create(&second, NULL, play_second, race);
	if (error)
		return -error;
	join_side(race, 0);
	for (; race->round < rounds && !error; race->round++)
		error = play_round(race);
	race->over = true;
	meet(race);
	pthread_join(second, NULL);
	pthread_barrier_destroy(&race->rendezvous);
	return error;
}

/* How rounds begin. */

static int export_one(struct race *race, int device, int fd,
		      unsigned int flags, unsigned int i)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = flags,
		.fd = fd,
		.target = race->target,
		.ttl_ms = race->ttl_ms,
		.info_size = sizeof(race->infos[i]),
		.info = (uintptr_t)&race->infos[i],
	};

	return device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument);
}

static int export_file(struct race *race, int fd)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->batch && !error; i++)
		error = export_one(race, race->device, fd, 0, i);
	return error;
}

static int export_source(struct race *race)
{
	return export_file(race, race->source);
}

static int open_handle(struct race *race)
{
	race->handle = device_open();
	return race->handle < 0 ? race->handle : 0;
}

static int export_by_handle(struct race *race)
{
	int error = open_handle(race);
	unsigned int i;

	for (i = 0; i < race->batch && !error; i++)
		error = export_one(race, race->handle, race->source,
				   SOCKDUP_EXPORT_END_ON_CLOSE, i);
	return error;
}

static int make_pair(int *fd, int *peer)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*fd = fds[0];
	*peer = fds[1];
	return 0;
}

/* Tokens of one socket, which nothing else holds. */
static int export_abandoned(struct race *race)
{
	int error = make_pair(&race->sources[0], &race->peers[0]);

	if (!error) {
		error = export_file(race, race->sources[0]);
		close(race->sources[0]);
	}
	return error;
}

/* The same, with a socket for each token. */
static int export_each_abandoned(struct race *race)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->batch && !error; i++) {
		error = make_pair(&race->sources[i], &race->peers[i]);
		if (!error)
			error = export_one(race, race->device,
					   race->sources[i], 0, i);
	}
	for (i = 0; i < race->batch; i++)
		close(race->sources[i]);
	return error;
}

static int export_with_room(struct race *race)
{
	race->room = dup(race->source);
	close(race->room);
	return export_source(race);
}

/* A slow machine that comes too late for the start gets more time. */
static int export_for_a_moment(struct race *race)
{
	int error;

	if (!race->round)
		race->ttl_ms = 1;
	race->start_ns = now_ns() + race->ttl_ms * 1000000LL;
	error = export_source(race);
	if (now_ns() > race->start_ns + race->lead)
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

	if (!race->round)
		race->ttl_ms = 1;
	error = make_pair(&race->sources[0], &race->peers[0]);
	if (!error) {
		error = export_one(race, race->device, race->sources[0], 0, 0);
		close(race->sources[0]);
	}
	if (!error)
		error = export_source(race);
	race->ttl_ms = (now_ns() - before) / 1000000 + 1;
	return error;
}

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

	clone(park, race->stacks[1] + STACK_SIZE,
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
	join_side(race, 1);
	race->target = clone(live, race->stacks[0] + STACK_SIZE,
			     CLONE_VM | SIGCHLD, race);
	join_side(race, 0);
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

	return error ? error : export_source(race);
}

static int start_and_export_by_handle(struct race *race)
{
	int error = start_waiting(race);

	return error ? error : export_by_handle(race);
}

static void import_all(struct race *race, int side);

static void *import_second(void *race)
{
	import_all(race, 1);
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
	import_all(race, 0);
	wait_for_ever(NULL);
}

static int fork_importer(struct race *race, bool threads)
{
	pid_t pid = fork();

	if (!pid)
		import_and_wait(race, threads);
	race->target = pid;
	return pid < 0 ? -errno : export_abandoned(race);
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

/* Not always in the same step. */
static void dither(struct race *race, int side)
{
	spin(rand_r(&race->seeds[side]) % 256);
}

static void import_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->batch; i++) {
		dither(race, side);
		race->values[side][i] = raw_import(race->device,
						   &race->infos[i], 0, NULL);
	}
}

static void revoke_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->batch; i++) {
		dither(race, side);
		race->values[side][i] = raw_revoke(race->device,
						   &race->infos[i]);
	}
}

static void query_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->batch; i++) {
		dither(race, side);
		race->values[side][i] = raw_query(race->device,
						  &race->infos[i]);
	}
}

static void export_all_by_handle(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->batch; i++)
		race->values[side][i] = export_one(race, race->handle,
						   race->source,
						   SOCKDUP_EXPORT_END_ON_CLOSE,
						   i);
}

static void close_handle(struct race *race, int side)
{
	race->values[side][0] = close(race->handle) ? -errno : 0;
}

/*
 * All get the number that the first source had. While this side leads, it also
 * waits before each close, or the other would hardly ever come first.
 */
static void import_and_close_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->batch; i++) {
		race->values[side][i] = raw_import(race->device,
						   &race->infos[i], 0, NULL);
		hold_back(race, side);
		if (!close(race->sources[0]))
			race->first[side]++;
	}
}

static void close_imported(struct race *race, int side)
{
	while (!atomic_load(&race->done)) {
		if (!close(race->sources[0]))
			race->first[side]++;
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

	for (i = 0; !atomic_load(&race->done); i++) {
		set_room(i % 2 ? 0 : race->room);
		dither(race, side);
	}
	race->values[side][0] = set_room(0);
}

/* As often as it takes. The descriptors all get the number without room. */
static void import_all_when_room(struct race *race, int side)
{
	unsigned int i;
	int value;

	for (i = 0; i < race->batch; i++) {
		while ((value = raw_import(race->device, &race->infos[i], 0,
					   NULL)) == -EMFILE)
			race->first[1]++;
		race->first[0]++;
		race->values[side][i] = value;
		close(value);
	}
}

static int kill_and_reap(pid_t pid)
{
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, __WALL) < 0 ? -errno : 0;
}

static void kill_target(struct race *race, int side)
{
	race->values[side][0] = kill_and_reap(race->target);
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

	while (!(error = export_one(race, race->device, race->source, 0, 0)))
		race->first[side]++;
	race->values[side][0] = error;
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
	import_all(race, side);
}

static void revoke_with_sweeper(struct race *race, int side)
{
	wait_for_sweeper(race);
	revoke_all(race, side);
}

/* How rounds end. */

/* What a descriptor is worth: 0 where it is the source's file. */
static int settle(struct race *race, int value)
{
	int same;

	if (value <= 0)
		return value;
	same = same_file(0, race->source, 0, value);
	close(value);
	return same == 1 ? 0 : -EBADF;
}

/* How many sides have ended token @i, or -errno where one failed otherwise. */
static int count_winners(struct race *race, unsigned int i)
{
	int winners = 0, side, value;

	for (side = 0; side < 2; side++) {
		value = settle(race, race->values[side][i]);
		if (value && value != -ENOENT)
			return value;
		if (!value) {
			race->first[side]++;
			winners++;
		}
	}
	return winners;
}

static int one_wins(struct race *race)
{
	unsigned int i;
	int winners;

	for (i = 0; i < race->batch; i++) {
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

	for (i = 0; i < race->batch; i++) {
		winners = count_winners(race, i);
		if (winners < 0 || winners > 1)
			return winners < 0 ? winners : -EPROTO;
		won += winners;
	}
	race->first[0] = won;
	race->first[1] = race->batch - won;
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

	for (i = 0; i < race->batch; i++) {
		value = settle(race, race->values[0][i]);
		if (value)
			return value;
		value = race->values[1][i];
		if (value && value != -ENOENT)
			return value;
		race->first[!value]++;
	}
	return 0;
}

/* The second side ends whatever the first has not. */
static int second_takes_the_rest(struct race *race)
{
	unsigned int i;
	int value;

	if (race->values[1][0])
		return race->values[1][0];
	for (i = 0; i < race->batch; i++) {
		value = settle(race, race->values[0][i]);
		if (value && value != -ENOENT)
			return value;
		race->first[!!value]++;
	}
	return 0;
}

/* However late they were made, none lives. */
static int all_end_with_handle(struct race *race)
{
	unsigned int i;
	int value;

	if (race->values[1][0])
		return race->values[1][0];
	for (i = 0; i < race->batch; i++) {
		value = race->values[0][i];
		if (value && value != -EBADF)
			return value;
		race->first[!!value]++;
		if (!value &&
		    raw_query(race->device, &race->infos[i]) != -ENOENT)
			return -EPROTO;
	}
	return 0;
}

static int first_peer_sees_end(struct race *race)
{
	int error = wait_for_end(race->peers[0]);

	close(race->peers[0]);
	return error;
}

static int all_peers_see_end(struct race *race)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->batch; i++) {
		if (race->values[0][i] != race->sources[0])
			return race->values[0][i] < 0 ? race->values[0][i] :
							-EBADF;
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

	if (race->values[1][0])
		return race->values[1][0];
	for (i = 0; i < race->batch; i++) {
		if (race->values[0][i] != race->room)
			return race->values[0][i] < 0 ? race->values[0][i] :
							-EBADF;
	}
	return 0;
}

static int refused_as_dead(struct race *race)
{
	if (race->values[1][0])
		return race->values[1][0];
	return race->values[0][0] == -ESRCH ? 0 : race->values[0][0];
}

static int both_succeed(struct race *race)
{
	return race->values[0][0] ? race->values[0][0] : race->values[1][0];
}

/* What the target imported went with it, and so did the rest. */
static int nothing_outlives_target(struct race *race)
{
	unsigned int i;
	int side, value, won;

	for (i = 0; i < race->batch; i++) {
		won = 0;
		for (side = 0; side < 2; side++) {
			value = race->values[side][i];
			if (value < 0 && value != NOT_MOVED && value != -ENOENT)
				return value;
			won += value >= 0;
		}
		if (won > 1)
			return -EPROTO;
		race->first[!won]++;
	}
	return first_peer_sees_end(race);
}

/* What there is before must be all there is afterwards. */
FIXTURE(race) {
	struct race *race;
	int source;
	int peer;
	struct census before;
};

FIXTURE_VARIANT(race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(race, import_import) {
	.game = {
		.prepare = export_source,
		.first = import_all,
		.second = import_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_revoke) {
	.game = {
		.prepare = export_source,
		.first = import_all,
		.second = revoke_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_revoke) {
	.game = {
		.prepare = export_source,
		.first = revoke_all,
		.second = revoke_all,
		.judge = one_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_query) {
	.game = {
		.prepare = export_source,
		.first = import_all,
		.second = query_all,
		.judge = first_wins,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_query) {
	.game = {
		.prepare = export_source,
		.first = revoke_all,
		.second = query_all,
		.judge = first_wins,
	},
};

FIXTURE_VARIANT_ADD(race, import_close_of_handle) {
	.game = {
		.prepare = export_by_handle,
		.first = import_all,
		.second = close_handle,
		.judge = second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, revoke_close_of_handle) {
	.game = {
		.prepare = export_by_handle,
		.first = revoke_all,
		.second = close_handle,
		.judge = second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, export_close_of_handle) {
	.game = {
		.prepare = open_handle,
		.first = export_all_by_handle,
		.second = close_handle,
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
		.first = import_all,
		.second = import_all,
		.judge = one_wins_or_none,
		.timed = true,
	},
};

FIXTURE_VARIANT_ADD(race, import_revoke_deadline) {
	.game = {
		.prepare = export_for_a_moment,
		.first = import_all,
		.second = revoke_all,
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
		.first = revoke_all,
		.second = kill_target,
		.judge = second_takes_the_rest,
	},
};

FIXTURE_VARIANT_ADD(race, close_of_handle_death) {
	.game = {
		.prepare = start_and_export_by_handle,
		.first = close_handle,
		.second = kill_target,
		.judge = both_succeed,
		.blind = true,
	},
};

FIXTURE_SETUP(race)
{
	struct race *race;

	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, race);
	self->race = race;
	ASSERT_EQ(0, take_census(&self->before));
	ASSERT_EQ(0, make_pair(&self->source, &self->peer));
	ASSERT_EQ(0, pipe2(race->wake, O_CLOEXEC));
	race->game = &variant->game;
	race->batch = race->game->batch ? race->game->batch : BATCH;
	race->device = device_open();
	ASSERT_LE(0, race->device);
	race->source = self->source;
	race->target = getpid();
	race->ttl_ms = LONG_TTL_MS;
	race->step = STEP_MIN;
	race->seeds[1] = 1;
	race->processors = sysconf(_SC_NPROCESSORS_ONLN);
}

FIXTURE_TEARDOWN(race)
{
}

/* The socket has lived all the time, and goes with its last descriptor. */
static int close_source(int source, int peer)
{
	int error = pass_bytes(source, peer);

	close(source);
	return error ? error : wait_for_end(peer);
}

TEST_F(race, has_one_winner)
{
	struct race *race = self->race;
	long long start = now_ns();
	int error;

	error = play(race);
	TH_LOG("%u rounds of %u in %lld ms: first came one %u, the other %u times",
	       race->round, race->batch, (now_ns() - start) / 1000000,
	       race->total[0], race->total[1]);
	ASSERT_EQ(0, error) {
		TH_LOG("the first values are %d and %d", race->values[0][0],
		       race->values[1][0]);
	}
	if (!race->game->blind && stress(TOKENS) >= FAIR_TOKENS &&
	    race->processors > 1) {
		EXPECT_LT(0, race->total[0]);
		EXPECT_LT(0, race->total[1]);
	}

	EXPECT_EQ(0, close_source(self->source, self->peer));
	close(self->peer);
	close(race->device);
	close(race->wake[0]);
	close(race->wake[1]);
	EXPECT_EQ(0, wait_for_census(&self->before));
}

SOCKDUP_TEST_MAIN
