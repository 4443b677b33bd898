// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets handed over by one process to another, in each way: each acknowledged, or several
 * at once.
 */
#include <errno.h>
#include <stdio.h>

#include "couple.h"
#include "part.h"

/* A round is a socket. */
static int repeat(void *context, unsigned int rounds, long long *ns)
{
	const struct couple *couple = context;
	long long start = now_ns();
	int error = 0;

	for (; rounds && !error; rounds -= couple->at_once)
		error = couple_hand_over(couple);
	*ns = now_ns() - start;
	return error;
}

static int measure_couple(const struct effort *effort, const struct way *way,
			  unsigned int at_once, const char *name)
{
	struct effort of_sockets = *effort;
	struct couple couple;
	const struct subject subject = {
		.name = name,
		.processes = 2,
		.repeat = repeat,
		.context = &couple,
	};
	int error = couple_start(&couple, way, at_once);

	if (error)
		return error;
	of_sockets.rounds = (effort->rounds + at_once - 1) / at_once * at_once;
	error = measure(&of_sockets, &subject);
	couple_end(&couple);
	return error;
}

int part_two(const struct effort *effort)
{
	unsigned int i;
	int error = 0;

	for (i = 0; ways[i] && !error; i++)
		error = unless_absent(measure_couple(effort, ways[i], 1, ways[i]->name));
	return error;
}

int part_flight(const struct effort *effort)
{
	static const struct way *const among[] = {
		&way_floor, &way_scm_rights, &way_sockdup, &way_inbox, &way_ring, NULL
	};
	static const unsigned int counts[] = { 8, 64 };
	unsigned int i, j;
	char name[32];
	int error = 0;

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (j = 0; among[j] && !error; j++) {
			snprintf(name, sizeof(name), "%s_by_%u", among[j]->name, counts[i]);
			error = unless_absent(measure_couple(effort, among[j], counts[i],
							     name));
		}
	return error;
}
