/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of a run. Each prints its lines, or gives -errno.
 */
#ifndef BENCH_PART_H
#define BENCH_PART_H

#include "measure.h"

int part_one(const struct effort *effort);

#endif /* BENCH_PART_H */
