/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Very many tokens, all of one socket, for a process that waits.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <sys/types.h>

/* The life of each: longer than anything here takes. */
#define CROWD_TTL_MS	3600000

struct crowd {
	int device;
	int socket;
	pid_t target;
	unsigned long count;
};

/* 0 or -errno. */
int crowd_open(struct crowd *crowd);
int crowd_grow(struct crowd *crowd, unsigned long count);

/* Once all of them are gone. */
int crowd_close(struct crowd *crowd);

#endif /* BENCH_CROWD_H */
