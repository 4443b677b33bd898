// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket handed over by one process to itself, in each way.
 */
#include "one.h"
#include "part.h"

static int repeat(void *context, unsigned int rounds, long long *ns)
{
	const struct own *own = context;
	long long start = now_ns();
	int error = 0;

	while (rounds-- && !error)
		error = hand_over(&own->side, own->way);
	*ns = now_ns() - start;
	return error;
}

int measure_own(const struct effort *effort, const struct way *way,
		unsigned long alive)
{
	struct own own = { .way = way };
	const struct subject subject = {
		.name = way->name,
		.processes = 1,
		.alive = alive,
		.repeat = repeat,
		.context = &own,
	};
	int error = side_open(&own.side, way);

	if (error)
		return error;
	error = side_begin(&own.side, way);
	if (!error)
		error = measure(effort, &subject);
	side_close(&own.side, way);
	return error;
}

int part_one(const struct effort *effort)
{
	unsigned int i;
	int error = 0;

	for (i = 0; ways[i] && !error; i++)
		error = unless_absent(measure_own(effort, ways[i], 0));
	return error;
}
