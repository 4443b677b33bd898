// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket handed over by one process to another, in each way.
 */
#include "couple.h"
#include "part.h"

static int repeat(void *context, unsigned int rounds, long long *ns)
{
	long long start = now_ns();
	int error = 0;

	while (rounds-- && !error)
		error = couple_hand_over(context);
	*ns = now_ns() - start;
	return error;
}

static int measure_couple(const struct effort *effort, const struct way *way)
{
	struct couple couple;
	const struct subject subject = {
		.name = way->name,
		.processes = 2,
		.repeat = repeat,
		.context = &couple,
	};
	int error = couple_start(&couple, way);

	if (error)
		return error;
	error = measure(effort, &subject);
	couple_end(&couple);
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
