/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two processes of which one hands sockets over to the other, which
 * acknowledges so many at once. What must travel goes through a pipe, and the
 * acknowledgment through another.
 */
#ifndef BENCH_COUPLE_H
#define BENCH_COUPLE_H

#include "way.h"

/**
 * struct couple - the two, as the giving one sees them
 * @side: this one
 * @way: how it gives
 * @at_once: how many it gives before it waits for an acknowledgment, which is of all of
 *           these
 * @there: what must travel
 * @back: acknowledgments
 */
struct couple {
	struct side side;
	const struct way *way;
	unsigned int at_once;
	int there[2];
	int back[2];
};

/* 0 or -errno; -EOPNOTSUPP where the kernel does not have this way. */
int couple_start(struct couple *couple, const struct way *way, unsigned int at_once);

/* As many as are given at once. */
int couple_hand_over(const struct couple *couple);
void couple_end(const struct couple *couple);

#endif /* BENCH_COUPLE_H */
