// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others' tokens cost those who hand over a socket meanwhile; and those
 * who import one that was exported before the others were.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "crowd.h"
#include "one.h"
#include "part.h"

/* Imports of old tokens in a repetition. */
#define OLD_ROUNDS	1000

/**
 * struct old - tokens that wait for the process itself
 * @side: the process
 * @infos: of all
 * @made: how many there are
 * @spent: how many of them were imported
 */
struct old {
	struct side side;
	struct sockdup_protocol_info *infos;
	unsigned int made;
	unsigned int spent;
};

static int old_open(struct old *old, unsigned int count)
{
	const struct side *side = &old->side;
	int error = side_open(&old->side, &way_sockdup);

	if (!error)
		error = side_begin(&old->side, &way_sockdup);
	if (error)
		return error;
	old->spent = 0;
	old->infos = calloc(count, sizeof(*old->infos));
	if (!old->infos)
		return -ENOMEM;
	for (old->made = 0; old->made < count && !error; old->made++)
		error = raw_export(side->device, side->socket, side->target,
				   CROWD_TTL_MS, old->infos + old->made);
	return error;
}

static int import_old(void *context, unsigned int rounds, long long *ns)
{
	struct old *old = context;
	long long start = now_ns();
	int fd = 0;

	if (old->made - old->spent < rounds)
		return -ENOENT;
	while (rounds-- && fd >= 0) {
		fd = raw_import(old->side.device, old->infos + old->spent++, 0,
				NULL);
		if (fd >= 0)
			close(fd);
	}
	*ns = now_ns() - start;
	return fd < 0 ? fd : 0;
}

static void old_close(const struct old *old)
{
	free(old->infos);
	close(old->side.device);
	close(old->side.socket);
}

static int measure_crowd(const struct effort *effort, struct crowd *crowd,
			 unsigned long count)
{
	static const struct way *const among[] = {
		&way_scm_rights, &way_sockdup, &way_netlink,
	};
	const struct effort old_effort = {
		.rounds = OLD_ROUNDS,
		.repetitions = effort->repetitions,
	};
	unsigned int i;
	struct old old;
	const struct subject subject = {
		.name = "import_old",
		.processes = 1,
		.alive = count,
		.repeat = import_old,
		.context = &old,
	};
	int error = old_open(&old, OLD_ROUNDS * (1 + effort->repetitions));

	if (!error)
		error = crowd_grow(crowd, count);
	if (error)
		return error;
	/* What the kernel does of itself after so many. */
	sleep(1);
	/* Which leaves none of the old ones. */
	error = measure(&old_effort, &subject);
	old_close(&old);
	for (i = 0; i < sizeof(among) / sizeof(*among) && !error; i++)
		error = measure_own(effort, among[i], count);
	return error;
}

int part_alive(const struct effort *effort)
{
	static const unsigned long counts[] = { 1, 1000, 100000, 1000000 };
	struct crowd crowd;
	unsigned int i;
	int error = crowd_open(&crowd);

	for (i = 0; i < sizeof(counts) / sizeof(*counts) && !error; i++) {
		if (counts[i] <= effort->alive)
			error = measure_crowd(effort, &crowd, counts[i]);
	}
	/* That so many end takes its time, and nothing runs after this. */
	return error;
}
