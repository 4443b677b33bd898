/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of a run. Each prints its lines, or gives -errno.
 */
#ifndef BENCH_PART_H
#define BENCH_PART_H

#include "measure.h"

int part_memory(const struct effort *effort);
int part_one(const struct effort *effort);
int part_away(const struct effort *effort);
int part_two(const struct effort *effort);
int part_flight(const struct effort *effort);
int part_sets(const struct effort *effort);
int part_server(const struct effort *effort);
int part_alone(const struct effort *effort);
int part_wakeup(const struct effort *effort);
int part_alive(const struct effort *effort);

#endif /* BENCH_PART_H */
