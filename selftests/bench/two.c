// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket handed over by one process to another, which acknowledges it. What
 * must travel goes through a pipe, and the acknowledgement through another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "one.h"
#include "part.h"
#include "process.h"

/**
 * struct couple - two processes, as the giving one sees them
 * @own: this one
 * @there: what must travel
 * @back: acknowledgements
 */
struct couple {
	struct own own;
	int there[2];
	int back[2];
};

static int take_one(const struct couple *couple)
{
	const struct way *way = couple->own.way;
	union parcel parcel;
	int error = pipe_read(couple->there[0], &parcel, way->size);
	int fd;

	if (error)
		return error;
	fd = way->take(&couple->own.side, &parcel);
	return fd < 0 ? fd : close(fd);
}

/* The other process, for as long as there is something to take. */
static int take_all(void *context)
{
	struct couple *couple = context;
	int error;

	couple->own.side.target = getpid();
	error = side_begin(&couple->own.side, couple->own.way);
	while (!error) {
		error = pipe_write(couple->back[1], "", 1);
		if (!error)
			error = take_one(couple);
	}
	return error;
}

static int wait_for_acknowledgement(const struct couple *couple)
{
	char byte;

	return pipe_read(couple->back[0], &byte, 1);
}

static int give_one(const struct couple *couple)
{
	const struct way *way = couple->own.way;
	union parcel parcel;
	int error = way->give(&couple->own.side, &parcel);

	if (!error)
		error = pipe_write(couple->there[1], &parcel, way->size);
	return error ? error : wait_for_acknowledgement(couple);
}

static int repeat(void *context, unsigned int rounds, int64_t *ns)
{
	int64_t start = now_ns();
	int error = 0;

	while (rounds-- && !error)
		error = give_one(context);
	*ns = now_ns() - start;
	return error;
}

static int measure_couple(const struct effort *effort, const struct way *way)
{
	struct couple couple = { .own.way = way };
	const struct subject subject = {
		.name = way->name,
		.processes = 2,
		.repeat = repeat,
		.context = &couple,
	};
	struct side *side = &couple.own.side;
	int error;

	if (pipe2(couple.there, O_CLOEXEC) || pipe2(couple.back, O_CLOEXEC))
		return -errno;
	error = side_open(side);
	if (error)
		return error;
	side->target = process_start(take_all, &couple);
	if (side->target < 0)
		return side->target;
	error = side_begin(side, way);
	if (!error)
		error = wait_for_acknowledgement(&couple);
	if (!error)
		error = measure(effort, &subject);
	process_end(side->target);
	return error;
}

int part_two(const struct effort *effort)
{
	unsigned int i;
	int error = 0;

	for (i = 0; ways[i] && !error; i++)
		error = measure_couple(effort, ways[i]);
	return error;
}
