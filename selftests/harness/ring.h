/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One io_uring with room for one request at a time, without liburing.
 */
#ifndef SELFTESTS_RING_H
#define SELFTESTS_RING_H

#include <stddef.h>

#include <linux/io_uring.h>

/**
 * struct ring - an io_uring
 * @fd: its descriptor
 * @entry: where the next request is written
 * @memory: the mapped queue of requests and, on every kernel that the module
 *          supports, that of completions
 * @size: of @memory
 * @params: where the kernel has put what
 */
struct ring {
	int fd;
	struct io_uring_sqe *entry;
	char *memory;
	size_t size;
	struct io_uring_params params;
};

/* 0, or -errno; -EOPNOTSUPP where the kernel has none for us. */
int ring_open(struct ring *ring);
/* Ends what is pending, and lets go of what is registered. */
void ring_close(struct ring *ring);

/* The kernel has begun to carry out the request on a descriptor. */
int ring_submit_accept(struct ring *ring, int fd);
int ring_submit_recv(struct ring *ring, int fd, void *data, size_t size);
/* What the call of that name would have returned, or -errno. */
int ring_wait(struct ring *ring);

/* Has the ring hold the descriptor's file. */
int ring_register_file(struct ring *ring, int fd);

#endif /* SELFTESTS_RING_H */
