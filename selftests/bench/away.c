// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket that a process does not keep: it closes its descriptor once it has handed the
 * socket over, to itself. Each round makes that descriptor by dup().
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "one.h"
#include "part.h"

static int give_away(struct side *side, const struct way *way, int socket)
{
	union parcel parcel;
	int fd, error;

	side->socket = dup(socket);
	if (side->socket < 0)
		return -errno;
	error = way->give(side, &parcel);
	if (!error && !way->closes && close(side->socket))
		error = -errno;
	if (error)
		return error;
	fd = way->take(side, &parcel);
	return fd < 0 ? fd : drop(side, way, fd);
}

static int repeat(void *context, unsigned int rounds, long long *ns)
{
	struct own *own = context;
	int socket = own->side.socket, error = 0;
	long long start = now_ns();

	while (rounds-- && !error)
		error = give_away(&own->side, own->way, socket);
	*ns = now_ns() - start;
	own->side.socket = socket;
	return error;
}

static int measure_away(const struct effort *effort, const struct way *way)
{
	struct own own = { .way = way };
	char name[32];
	const struct subject subject = {
		.name = name,
		.processes = 1,
		.repeat = repeat,
		.context = &own,
	};
	int error = side_open(&own.side, way);

	if (error)
		return error;
	snprintf(name, sizeof(name), "%s_away", way->name);
	error = side_begin(&own.side, way);
	if (!error)
		error = measure(effort, &subject);
	side_close(&own.side, way);
	return error;
}

int part_away(const struct effort *effort)
{
	int error = measure_away(effort, &way_scm_rights);

	return error ? error : measure_away(effort, &way_inbox_close);
}
