// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes of which one hands sockets over to the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "couple.h"
#include "process.h"

static int take_one(const struct couple *couple)
{
	const struct way *way = couple->way;
	union parcel parcel;
	int error = pipe_read(couple->there[0], &parcel, way->size);
	int fd;

	if (error)
		return error;
	fd = way->take(&couple->side, &parcel);
	return fd < 0 ? fd : drop(&couple->side, way, fd);
}

/* The other process, for as long as there is something to take. */
static int take_all(void *context)
{
	struct couple *couple = context;
	unsigned int i;
	int error;

	couple->side.target = getpid();
	error = side_begin(&couple->side, couple->way);
	while (!error) {
		error = pipe_write(couple->back[1], "", 1);
		for (i = 0; i < couple->at_once && !error; i++)
			error = take_one(couple);
	}
	return error;
}

static int wait_for_acknowledgment(const struct couple *couple)
{
	char byte;

	return pipe_read(couple->back[0], &byte, 1);
}

static int give_one(const struct couple *couple)
{
	const struct way *way = couple->way;
	union parcel parcel;
	int error = way->give(&couple->side, &parcel);

	return error ? error : pipe_write(couple->there[1], &parcel, way->size);
}

int couple_hand_over(const struct couple *couple)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < couple->at_once && !error; i++)
		error = give_one(couple);
	return error ? error : wait_for_acknowledgment(couple);
}

int couple_start(struct couple *couple, const struct way *way, unsigned int at_once)
{
	struct side *side = &couple->side;
	int error;

	couple->way = way;
	couple->at_once = at_once;
	if (pipe2(couple->there, O_CLOEXEC) || pipe2(couple->back, O_CLOEXEC))
		return -errno;
	error = side_open(side, way);
	if (error)
		return error;
	side->target = process_start(take_all, couple);
	if (side->target < 0)
		return side->target;
	error = side_begin(side, way);
	return error ? error : wait_for_acknowledgment(couple);
}

void couple_end(const struct couple *couple)
{
	process_end(couple->side.target);
	side_close(&couple->side, couple->way);
	close(couple->there[0]);
	close(couple->there[1]);
	close(couple->back[0]);
	close(couple->back[1]);
}
