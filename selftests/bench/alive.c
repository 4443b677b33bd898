// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others' tokens cost those who hand over a socket meanwhile.
 */
#include <unistd.h>

#include "crowd.h"
#include "one.h"
#include "part.h"

static int measure_among(const struct effort *effort, struct crowd *crowd,
			 unsigned long count)
{
	int error = crowd_grow(crowd, count);

	if (error)
		return error;
	/* What the kernel does of itself after so many. */
	sleep(1);
	error = measure_own(effort, &way_scm_rights, count);
	return error ? error : measure_own(effort, &way_sockdup, count);
}

int part_alive(const struct effort *effort)
{
	static const unsigned long counts[] = { 1, 1000, 100000, 1000000 };
	struct crowd crowd;
	unsigned int i;
	int error = crowd_open(&crowd);

	for (i = 0; i < sizeof(counts) / sizeof(*counts) && !error; i++) {
		if (counts[i] <= effort->alive)
			error = measure_among(effort, &crowd, counts[i]);
	}
	/* That so many end takes its time, and nothing runs after this. */
	return error;
}
