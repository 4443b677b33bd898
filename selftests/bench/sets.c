// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets handed over at once, in each way. What counts is a socket.
 */
#include <stdio.h>

#include "measure.h"
#include "part.h"
#include "several.h"

/* Sockets in a repetition, for each round of the other parts. */
#define SOCKETS	4

struct own_several {
	struct several several;
	const struct several_way *way;
};

/* A round is a socket. */
static int repeat(void *context, unsigned int rounds, long long *ns)
{
	struct own_several *own = context;
	long long start = now_ns();
	int error = 0;

	for (; rounds && !error; rounds -= own->several.count)
		error = several_hand_over(&own->several, own->way);
	*ns = now_ns() - start;
	return error;
}

static int measure_several(const struct effort *effort,
			   const struct several_way *way, unsigned int count)
{
	struct effort of_sockets = *effort;
	struct own_several own = { .way = way };
	char name[32];
	const struct subject subject = {
		.name = name,
		.processes = 1,
		.repeat = repeat,
		.context = &own,
	};
	int error = several_open(&own.several, way, count);

	if (error)
		return error;
	snprintf(name, sizeof(name), "%s_%u", way->name, count);
	of_sockets.rounds = (SOCKETS * effort->rounds + count - 1) / count * count;
	error = measure(&of_sockets, &subject);
	several_close(&own.several);
	return error;
}

int part_sets(const struct effort *effort)
{
	static const unsigned int counts[] = { 2, 8, 64, SEVERAL_MAX };
	unsigned int i, j;
	int error = 0;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (j = 0; several_ways[j] && !error; j++)
			error = measure_several(effort, several_ways[j],
						counts[i]);
	return error;
}
