/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several sockets that a process hands over to itself at once: as a set under one
 * token, in one post, or in one message of AF_UNIX.
 *
 * A function that can fail gives -errno.
 */
#ifndef BENCH_SEVERAL_H
#define BENCH_SEVERAL_H

#include "way.h"

/* As many as one message takes (SCM_MAX_FD in the kernel). */
#define SEVERAL_MAX	253

/**
 * struct several - the process and its sockets
 * @side: the process, without a socket
 * @count: sockets
 * @sockets: what is handed over: different open files
 * @taken: the new descriptors
 */
struct several {
	struct side side;
	unsigned int count;
	int sockets[SEVERAL_MAX];
	int taken[SEVERAL_MAX];
};

/**
 * struct several_way - how they are handed over
 * @name: in tables, with their number behind it
 * @begin: what is done before the first time; or NULL
 * @give: fills the parcel
 * @take: fills the new descriptors
 */
struct several_way {
	const char *name;
	int (*begin)(struct side *side);
	int (*give)(struct several *several, union parcel *parcel);
	int (*take)(struct several *several, const union parcel *parcel);
};

/* All of them, up to a NULL. */
extern const struct several_way *const several_ways[];

int several_open(struct several *several, const struct several_way *way,
		 unsigned int count);
void several_close(const struct several *several);

/* Over to the same process; the new descriptors are closed. */
int several_hand_over(struct several *several, const struct several_way *way);

#endif /* BENCH_SEVERAL_H */
