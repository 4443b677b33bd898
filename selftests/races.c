// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: whatever ends a token, or looks at it, meets whatever else may
 * at the same moment. One of them wins, every time, and nothing is left over.
 *
 * Each race is a game for two sides, threads on processors of their own. A
 * round is prepared, both sides meet and move, and the outcome is judged. Who
 * came first is held back in the next round, so that on a machine of any speed
 * the two stay close. Source and target are one process where it does not
 * matter who they are: what is raced for is the token.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "harness.h"

/* Tokens that are raced for in each game. */
#define TOKENS		20000

/* How many a process is given before its death, */
#define DEATH_BATCH	10
/* how many have deadlines one right after the other, */
#define EXPIRY_BATCH	16
/* and how many wait for the sweeper, which comes twice a second. */
#define SWEEP_BATCH	2000

/* A life that ends no race. */
#define LONG_TTL_MS	3600000

/* In place of a value, where a side did not get that far. */
#define NOT_MOVED	(-EINPROGRESS)

/* A race that one side alone has won after so many tokens is no race. */
#define FAIR_TOKENS	2000

/* The lead is a number of turns in a loop, or of nanoseconds. */
#define LEAD_MAX	(1L << 22)
#define STEP_MIN	16L
#define STEP_MAX	(1L << 16)
#define STEP_BLIND	(1L << 13)

#define STACK_SIZE	16384

struct race;

/**
 * struct game - how a round goes
 * @prepare: makes the tokens; 0 or -errno
 * @moves: what the sides do, at once
 * @judge: counts who came first; 0, or -errno where a promise was broken
 * @batch: tokens in a round
 * @timed: the sides move at the time of @prepare, and not when they meet
 * @blind: nobody can tell from outside who came first
 */
struct game {
	int (*prepare)(struct race *race);
	void (*moves[2])(struct race *race, int side);
	int (*judge)(struct race *race);
	unsigned int batch;
	bool timed;
	bool blind;
};

/**
 * struct race - a game under way, in memory that children share
 * @game: its rules
 * @device: where tokens are imported, revoked and queried
 * @handle: a descriptor that the round needs beside
 * @source: the socket, or the number it had
 * @peer: its other end, which tells when nothing holds the socket any more
 * @target: the process that the tokens are for
 * @ttl_ms: their life
 * @start_ns: when the sides of a timed game move
 * @room: the limit of descriptors that leaves none
 * @round: the number of the round
 * @infos: the tokens
 * @values: what each side got for each token: 0, a descriptor, or -errno
 * @first: to how many tokens of the round each side came first
 * @total: and in all rounds
 * @lead: how long the first side waits for the second, or less than zero
 * @step: how much that changes next time
 * @leader: the side that came first in the last round
 * @seeds: of each side's random numbers
 * @rendezvous: where the sides meet, before and after their moves
 * @arrivals: of both sides, in all
 * @over: there is no further round
 * @wake: a pipe on which a child waits for its round
 * @parked: a child's thread runs
 * @stacks: of children that run in the memory of the test
 */
struct race {
	const struct game *game;
	int device;
	int handle;
	int source;
	int peer;
	pid_t target;
	unsigned int ttl_ms;
	long long start_ns;
	int room;
	unsigned int round;
	struct sockdup_protocol_info infos[SWEEP_BATCH];
	int values[2][SWEEP_BATCH];
	unsigned int first[2];
	unsigned int total[2];
	long lead;
	long step;
	int leader;
	unsigned int seeds[2];
	pthread_barrier_t rendezvous;
	atomic_uint arrivals;
	bool over;
	int wake[2];
	atomic_bool parked;
	char stacks[2][STACK_SIZE] __attribute__((aligned(16)));
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Has a thread run on the processor of a side, where there are two. */
static void place(pid_t tid, int side)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(side % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(tid, sizeof(cpus), &cpus);
}

/* What comes before can take long, and the other side sleeps meanwhile. */
static void meet(struct race *race)
{
	unsigned int turns = 0;

	pthread_barrier_wait(&race->rendezvous);
	/* They leave in step, unless there is but one processor. */
	atomic_fetch_add(&race->arrivals, 1);
	while (atomic_load(&race->arrivals) % 2) {
		if (++turns > 20000)
			sched_yield();
	}
}

static void hold_back(struct race *race, int side)
{
	long lead = side ? -race->lead : race->lead;
	volatile long turns;

	if (race->game->timed) {
		while (now_ns() < race->start_ns + race->lead)
			;
		return;
	}
	turns = rand_r(&race->seeds[side]) % (race->step + 64);
	if (lead > 0)
		turns += lead;
	while (turns > 0)
		turns--;
}

/* Steps grow while one side leads, and shrink when the other takes over. */
static void balance(struct race *race)
{
	int leader = race->first[1] > race->first[0];

	race->total[0] += race->first[0];
	race->total[1] += race->first[1];
	if (race->game->blind) {
		race->step = STEP_BLIND;
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

	place(0, 1);
	for (;;) {
		meet(race);
		if (race->over)
			return NULL;
		hold_back(race, 1);
		race->game->moves[1](race, 1);
		pthread_barrier_wait(&race->rendezvous);
	}
}

static int play_round(struct race *race)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->game->batch; i++)
		race->values[0][i] = race->values[1][i] = NOT_MOVED;
	race->first[0] = race->first[1] = 0;
	error = race->game->prepare(race);
	if (error)
		return error;
	meet(race);
	hold_back(race, 0);
	race->game->moves[0](race, 0);
	pthread_barrier_wait(&race->rendezvous);
	error = race->game->judge(race);
	balance(race);
	return error;
}

static unsigned int rounds_of(const struct game *game)
{
	unsigned int rounds = stress(TOKENS) / game->batch;

	return rounds ? rounds : 1;
}

static int play(struct race *race)
{
	unsigned int rounds = rounds_of(race->game);
	pthread_t second;
	int error;

	pthread_barrier_init(&race->rendezvous, NULL, 2);
	error = pthread_create(&second, NULL, play_second, race);
	if (error)
		return -error;
	place(0, 0);
	for (race->round = 0; race->round < rounds && !error; race->round++)
		error = play_round(race);
	race->over = true;
	meet(race);
	pthread_join(second, NULL);
	pthread_barrier_destroy(&race->rendezvous);
	return error;
}

/* How rounds begin. */

static int export_one(struct race *race, int device, unsigned int flags,
		      unsigned int i)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = flags,
		.fd = race->source,
		.target = race->target,
		.ttl_ms = race->ttl_ms,
		.info_size = sizeof(race->infos[i]),
		.info = (uintptr_t)&race->infos[i],
	};

	return device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument);
}

static int export_all(struct race *race)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->game->batch && !error; i++)
		error = export_one(race, race->device, 0, i);
	return error;
}

static int open_handle(struct race *race)
{
	race->handle = device_open();
	return race->handle < 0 ? race->handle : 0;
}

static int export_with_handle(struct race *race)
{
	int error = open_handle(race);
	unsigned int i;

	for (i = 0; i < race->game->batch && !error; i++)
		error = export_one(race, race->handle,
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

/* Tokens hold the socket, and nothing else does. */
static int export_alone(struct race *race)
{
	int error = make_pair(&race->source, &race->peer);

	if (error)
		return error;
	error = export_all(race);
	close(race->source);
	return error;
}

static int set_room(int limit)
{
	struct rlimit room;

	if (getrlimit(RLIMIT_NOFILE, &room))
		return -errno;
	room.rlim_cur = limit ? (rlim_t)limit : room.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &room) ? -errno : 0;
}

/* Odd rounds take the room away, even ones give it. */
static int export_and_set_room(struct race *race)
{
	int error;

	race->room = dup(race->source);
	close(race->room);
	error = export_all(race);
	return error ? error : set_room(race->round % 2 ? 0 : race->room);
}

/* A slow machine that comes too late for the start has more time next time. */
static int export_for_a_moment(struct race *race)
{
	int error;

	if (!race->round)
		race->ttl_ms = 1;
	race->start_ns = now_ns() + race->ttl_ms * 1000000LL;
	error = export_all(race);
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
	const int source = race->source;
	long long before = now_ns();
	int error;

	if (!race->round)
		race->ttl_ms = 1;
	error = make_pair(&race->source, &race->handle);
	if (!error) {
		error = export_one(race, race->device, 0, 0);
		close(race->source);
	}
	race->source = source;
	if (!error)
		error = export_all(race);
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
 * A process in the memory of the test costs much less than a fork. It is on
 * the side that kills it, and then waits.
 */
static int start_target(struct race *race, int (*live)(void *race))
{
	place(0, 1);
	race->target = clone(live, race->stacks[0] + STACK_SIZE,
			     CLONE_VM | SIGCHLD, race);
	place(0, 0);
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

	return error ? error : export_all(race);
}

static int start_and_export_with_handle(struct race *race)
{
	int error = start_waiting(race);

	return error ? error : export_with_handle(race);
}

static void import_all(struct race *race, int side);

static void *import_second(void *arg)
{
	import_all(arg, 1);
	return wait_for_ever(NULL) ? NULL : arg;
}

/* The life of a target that is killed while it imports. */
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
	return pid < 0 ? -errno : export_alone(race);
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

static void import_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->game->batch; i++)
		race->values[side][i] = raw_import(race->device,
						   &race->infos[i], 0, NULL);
}

static void revoke_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->game->batch; i++)
		race->values[side][i] = raw_revoke(race->device,
						   &race->infos[i]);
}

static void query_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->game->batch; i++)
		race->values[side][i] = raw_query(race->device,
						  &race->infos[i]);
}

static void close_handle(struct race *race, int side)
{
	race->values[side][0] = close(race->handle) ? -errno : 0;
}

static void export_with_open_handle(struct race *race, int side)
{
	race->values[side][0] = export_one(race, race->handle,
					   SOCKDUP_EXPORT_END_ON_CLOSE, 0);
}

/* The import gets the number that the source had. */
static void close_what_is_imported(struct race *race, int side)
{
	long long end = now_ns() + WAIT_MS * 1000000LL;

	while (close(race->source) && now_ns() < end)
		;
	race->values[side][0] = now_ns() < end ? 0 : -ETIME;
}

static void change_room(struct race *race, int side)
{
	race->values[side][0] = set_room(race->round % 2 ? race->room : 0);
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

/* Leaves the processor to the target. */
static void wake_target(struct race *race, int side)
{
	if (write(race->wake[1], "", 1) == 1)
		waitid(P_PID, race->target, NULL, WEXITED | WNOWAIT);
}

/* In place of a value for each token: how many there were, and what ended it. */
static void export_until_refused(struct race *race, int side)
{
	int count = 0, error;

	while (!(error = export_one(race, race->device, 0, 0)))
		count++;
	race->values[side][0] = count;
	race->values[side][1] = error;
}

static void wait_for_sweeper(struct race *race)
{
	long long end = now_ns() + WAIT_MS * 1000000LL;
	char byte;

	while (recv(race->handle, &byte, 1, MSG_DONTWAIT) && now_ns() < end)
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

static void count_first(struct race *race, int side)
{
	race->first[side]++;
}

/* A descriptor must be the source's file, and is closed. */
static int settle(struct race *race, int side, unsigned int i)
{
	int fd = race->values[side][i];
	int same;

	if (fd <= 0)
		return fd;
	same = same_file(0, race->source, 0, fd);
	close(fd);
	race->values[side][i] = 0;
	return same == 1 ? 0 : -EBADF;
}

/* How many sides have ended token @i; -EPROTO where one failed wrongly. */
static int count_winners(struct race *race, unsigned int i)
{
	int winners = 0, side, value;

	for (side = 0; side < 2; side++) {
		value = settle(race, side, i);
		if (value && value != -ENOENT)
			return value;
		if (!value) {
			count_first(race, side);
			winners++;
		}
	}
	return winners;
}

static int one_wins(struct race *race)
{
	unsigned int i;
	int winners;

	for (i = 0; i < race->game->batch; i++) {
		winners = count_winners(race, i);
		if (winners != 1)
			return winners < 0 ? winners : -EPROTO;
	}
	return 0;
}

/* The deadline can be the winner. It counts as coming before both sides. */
static int one_wins_or_none(struct race *race)
{
	unsigned int i, won = 0;
	int winners;

	for (i = 0; i < race->game->batch; i++) {
		winners = count_winners(race, i);
		if (winners < 0 || winners > 1)
			return winners < 0 ? winners : -EPROTO;
		won += winners;
	}
	race->first[0] = won;
	race->first[1] = race->game->batch - won;
	return 0;
}

static int one_wins_or_sweeper(struct race *race)
{
	close(race->handle);
	return one_wins_or_none(race);
}

/* The second side ends all that the first side has not ended. */
static int second_takes_the_rest(struct race *race)
{
	unsigned int i;
	int value;

	if (race->values[1][0])
		return race->values[1][0];
	for (i = 0; i < race->game->batch; i++) {
		value = settle(race, 0, i);
		if (value && value != -ENOENT)
			return value;
		count_first(race, !!value);
	}
	return 0;
}

/* The second side, which looks, does not keep the first from ending a token. */
static int first_wins(struct race *race)
{
	int value = settle(race, 0, 0);

	if (value)
		return value;
	value = race->values[1][0];
	count_first(race, !value);
	return value == -ENOENT ? 0 : value;
}

/* The token ends with the handle that it was made through. */
static int ends_with_handle(struct race *race)
{
	int value = race->values[0][0];

	if (race->values[1][0])
		return race->values[1][0];
	count_first(race, !!value);
	if (value)
		return value == -EBADF ? 0 : value;
	value = raw_query(race->device, &race->infos[0]);
	return value == -ENOENT ? 0 : -EPROTO;
}

static int socket_is_gone(struct race *race)
{
	int error = wait_for_end(race->peer);

	close(race->peer);
	return error;
}

static int closed_what_was_imported(struct race *race)
{
	if (race->values[0][0] != race->source)
		return race->values[0][0] < 0 ? race->values[0][0] : -EBADF;
	if (race->values[1][0])
		return race->values[1][0];
	return socket_is_gone(race);
}

static int import_was_refused_at_worst(struct race *race)
{
	int value = settle(race, 0, 0);
	bool had_room = !value;

	if (race->values[1][0] || set_room(0))
		return -EINVAL;
	if (value == -EMFILE) {
		race->values[0][0] = raw_import(race->device, &race->infos[0],
						0, NULL);
		value = settle(race, 0, 0);
	}
	count_first(race, had_room != race->round % 2);
	return value;
}

static int refused_as_dead(struct race *race)
{
	race->first[0] = race->values[0][0];
	if (race->values[1][0])
		return race->values[1][0];
	return race->values[0][1] == -ESRCH ? 0 : race->values[0][1];
}

/* Their outcomes are for the fixture to see. */
static int both_succeed(struct race *race)
{
	return race->values[0][0] ? race->values[0][0] : race->values[1][0];
}

/* What the target imported went with it, and so did the rest. */
static int nothing_outlives_target(struct race *race)
{
	unsigned int i;
	int side, value;

	for (i = 0; i < race->game->batch; i++) {
		bool imported = false;

		for (side = 0; side < 2; side++) {
			value = race->values[side][i];
			if (value >= 0 && imported)
				return -EPROTO;
			if (value < 0 && value != NOT_MOVED && value != -ENOENT)
				return value;
			imported |= value >= 0;
		}
		count_first(race, !imported);
	}
	return socket_is_gone(race);
}

/* What is there before must be all there is afterwards. */
struct census {
	long files;
	long sockets;
	long descriptors;
	long held;
};

FIXTURE(race) {
	struct race *race;
	int source;
	int peer;
	struct census before;
	struct census after;
};

FIXTURE_VARIANT(race) {
	struct game game;
};

#define RACE(_name, ...) \
	FIXTURE_VARIANT_ADD(race, _name) { .game = { __VA_ARGS__ } }

RACE(import_import, export_all, { import_all, import_all }, one_wins, 1);
RACE(import_revoke, export_all, { import_all, revoke_all }, one_wins, 1);
RACE(revoke_revoke, export_all, { revoke_all, revoke_all }, one_wins, 1);
RACE(import_query, export_all, { import_all, query_all }, first_wins, 1);
RACE(revoke_query, export_all, { revoke_all, query_all }, first_wins, 1);
RACE(import_close_of_handle, export_with_handle, { import_all, close_handle },
     second_takes_the_rest, 1);
RACE(revoke_close_of_handle, export_with_handle, { revoke_all, close_handle },
     second_takes_the_rest, 1);
RACE(export_close_of_handle, open_handle,
     { export_with_open_handle, close_handle }, ends_with_handle, 1);
RACE(import_close_of_descriptor, export_alone,
     { import_all, close_what_is_imported }, closed_what_was_imported, 1,
     .blind = true);
RACE(import_change_of_limit, export_and_set_room, { import_all, change_room },
     import_was_refused_at_worst, 1);
RACE(import_import_deadline, export_for_a_moment, { import_all, import_all },
     one_wins_or_none, EXPIRY_BATCH, .timed = true);
RACE(import_revoke_deadline, export_for_a_moment, { import_all, revoke_all },
     one_wins_or_none, EXPIRY_BATCH, .timed = true);
RACE(import_revoke_sweeper, export_for_sweeper,
     { import_with_sweeper, revoke_with_sweeper }, one_wins_or_sweeper,
     SWEEP_BATCH, .blind = true);
RACE(export_death, start_waiting, { export_until_refused, kill_target },
     refused_as_dead, DEATH_BATCH, .blind = true);
RACE(export_death_after_leader, start_without_leader,
     { export_until_refused, kill_target }, refused_as_dead, DEATH_BATCH,
     .blind = true);
RACE(import_death, start_importer, { wake_target, kill_importer },
     nothing_outlives_target, DEATH_BATCH);
RACE(import_import_death, start_importers, { wake_target, kill_importer },
     nothing_outlives_target, DEATH_BATCH);
RACE(revoke_death, start_and_export, { revoke_all, kill_target },
     second_takes_the_rest, DEATH_BATCH);
RACE(close_of_handle_death, start_and_export_with_handle,
     { close_handle, kill_target }, both_succeed, DEATH_BATCH, .blind = true);

/* The number behind @name in a file of such lines, or -errno. */
static long read_field(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long number = -ENOENT;
	char line[256];

	if (!file)
		return -errno;
	while (number == -ENOENT && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) &&
		    sscanf(line + strlen(name), "%ld", &number) != 1)
			number = -EPROTO;
	}
	fclose(file);
	return number;
}

static long count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	long count = 0;

	if (!directory)
		return -errno;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* What tokens hold is told by the module itself, and by the rest as well. */
static int take_census(struct census *census)
{
	char path[64];
	int device = device_open();

	if (device < 0)
		return device;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	census->held = read_field(path, "held:");
	close(device);
	census->files = read_number("/proc/sys/fs/file-nr");
	census->sockets = read_field("/proc/net/sockstat", "sockets: used");
	census->descriptors = count_descriptors();
	return census->held < 0 || census->files < 0 || census->sockets < 0 ||
	       census->descriptors < 0 ? -EPROTO : 0;
}

/* Each processor counts some files of its own before it reports them. */
static bool nothing_is_left(void *context)
{
	FIXTURE_DATA(race) *self = context;
	long slack = 64 * sysconf(_SC_NPROCESSORS_ONLN);

	return !take_census(&self->after) &&
	       self->after.files <= self->before.files + slack &&
	       self->after.sockets <= self->before.sockets &&
	       self->after.descriptors <= self->before.descriptors &&
	       self->after.held <= self->before.held;
}

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
	race->device = device_open();
	ASSERT_LE(0, race->device);
	race->source = self->source;
	race->target = getpid();
	race->ttl_ms = LONG_TTL_MS;
	race->step = STEP_MIN;
	race->seeds[1] = 1;
}

FIXTURE_TEARDOWN(race)
{
}

static bool is_fair(const struct race *race)
{
	return race->total[0] && race->total[1];
}

TEST_F(race, has_one_winner)
{
	struct race *race = self->race;
	long long start = now_ns();
	int error = play(race);

	TH_LOG("%u rounds in %lld ms, first came: one side %u, the other %u times",
	       race->round, (now_ns() - start) / 1000000, race->total[0],
	       race->total[1]);
	ASSERT_EQ(0, error) {
		TH_LOG("in round %u one side got %d, the other %d", race->round,
		       race->values[0][0], race->values[1][0]);
	}
	if (!variant->game.blind && stress(TOKENS) >= FAIR_TOKENS &&
	    sysconf(_SC_NPROCESSORS_ONLN) > 1)
		EXPECT_TRUE(is_fair(race));

	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	close(self->source);
	EXPECT_EQ(0, wait_for_end(self->peer));
	close(self->peer);
	close(race->device);
	close(race->wake[0]);
	close(race->wake[1]);
	EXPECT_EQ(0, wait_until(nothing_is_left, self)) {
		TH_LOG("files %ld, were %ld; sockets %ld, were %ld",
		       self->after.files, self->before.files,
		       self->after.sockets, self->before.sockets);
		TH_LOG("descriptors %ld, were %ld; held %ld, were %ld",
		       self->after.descriptors, self->before.descriptors,
		       self->after.held, self->before.held);
	}
}

SOCKDUP_TEST_MAIN
