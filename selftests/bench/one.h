/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that hands over to itself.
 */
#ifndef BENCH_ONE_H
#define BENCH_ONE_H

#include "measure.h"
#include "way.h"

/* A side that is both sides, and how it hands over. */
struct own {
	struct side side;
	const struct way *way;
};

/* Measures a way with that many tokens of others alive. */
int measure_own(const struct effort *effort, const struct way *way,
		unsigned long alive);

#endif /* BENCH_ONE_H */
