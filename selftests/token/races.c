// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: whatever ends a token, or looks at it, meets whatever else may
 * at the same moment. One of them wins, every time, and nothing is left over.
 *
 * Source and target are one process where it does not matter who they are:
 * tokens are what is raced for.
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
#include "clock.h"
#include "duel.h"
#include "harness.h"

/* Tokens that are raced for in each game, */
#define TOKENS		20000
/* and in a round that waits for the sweeper, which comes twice a second. */
#define SWEEP_BATCH	DUEL_BATCH_MAX

#define STACK_SIZE	16384

/**
 * struct race - a game under way, in memory that children share
 * @stacks: of children that run in the memory of the test; first, as pages are
 *          aligned
 * @duel: the game
 * @device: where tokens are imported, revoked and queried
 * @handle: another descriptor that the round needs
 * @source: the socket
 * @sources: the numbers of those that have a single token each, closed
 * @peers: their other ends, which tell when nothing holds them any more
 * @target: the process that the tokens are for
 * @ttl_ms: their life
 * @room: the limit of descriptors that leaves none
 * @infos: the tokens
 * @wake: a pipe on which a child waits for its round
 * @parked: a child's thread runs
 */
struct race {
	char stacks[2][STACK_SIZE];
	struct duel duel;
	int device;
	int handle;
	int source;
	int sources[DUEL_BATCH];
	int peers[DUEL_BATCH];
	pid_t target;
	unsigned int ttl_ms;
	int room;
	struct sockdup_protocol_info infos[SWEEP_BATCH];
	int wake[2];
	atomic_bool parked;
};

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

	for (i = 0; i < race->duel.batch && !error; i++)
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

	for (i = 0; i < race->duel.batch && !error; i++)
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

	for (i = 0; i < race->duel.batch && !error; i++) {
		error = make_pair(&race->sources[i], &race->peers[i]);
		if (!error)
			error = export_one(race, race->device,
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
	return export_source(race);
}

/* A slow machine that comes too late for the start gets more time. */
static int export_for_a_moment(struct race *race)
{
	int error;

	if (!race->duel.round)
		race->ttl_ms = 1;
	race->duel.start_ns = now_ns() + race->ttl_ms * 1000000LL;
	error = export_source(race);
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
	duel_join_side(&race->duel, 1);
	race->target = clone(live, race->stacks[0] + STACK_SIZE,
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

static void import_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_import(race->device,
							&race->infos[i], 0, NULL);
	}
}

static void revoke_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_revoke(race->device,
							&race->infos[i]);
	}
}

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
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++)
		race->duel.values[side][i] = export_one(race, race->handle,
							race->source,
							SOCKDUP_EXPORT_END_ON_CLOSE,
							i);
}

static void close_handle(struct race *race, int side)
{
	race->duel.values[side][0] = close(race->handle) ? -errno : 0;
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

	while (!(error = export_one(race, race->device, race->source, 0, 0)))
		race->duel.first[side]++;
	race->duel.values[side][0] = error;
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

/*
 * How many sides have ended token @i, or -errno where one failed otherwise. EBUSY
 * says that the other side is about to.
 */
static int count_winners(struct race *race, unsigned int i)
{
	int winners = 0, side, value;

	for (side = 0; side < 2; side++) {
		value = settle(race, race->duel.values[side][i]);
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
		value = settle(race, race->duel.values[0][i]);
		if (value)
			return value;
		value = race->duel.values[1][i];
		if (value && value != -ENOENT)
			return value;
		race->duel.first[!value]++;
	}
	return 0;
}

/* The second side ends whatever the first has not. */
static int second_takes_the_rest(struct race *race)
{
	unsigned int i;
	int value;

	if (race->duel.values[1][0])
		return race->duel.values[1][0];
	for (i = 0; i < race->duel.batch; i++) {
		value = settle(race, race->duel.values[0][i]);
		if (value && value != -ENOENT)
			return value;
		race->duel.first[!!value]++;
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
	duel_init(&race->duel, &variant->game, race);
	race->device = device_open();
	ASSERT_LE(0, race->device);
	race->source = self->source;
	race->target = getpid();
	race->ttl_ms = LONG_TTL_MS;
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

	ASSERT_EQ(0, duel_play(&race->duel, stress(TOKENS)));
	EXPECT_TRUE(duel_was_fair(&race->duel));

	EXPECT_EQ(0, close_source(self->source, self->peer));
	close(self->peer);
	close(race->device);
	close(race->wake[0]);
	close(race->wake[1]);
	EXPECT_EQ(0, wait_for_census(&self->before));
}

SOCKDUP_TEST_MAIN
