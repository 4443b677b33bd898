// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket of one io_uring sent to another: IORING_OP_MSG_RING with IORING_MSG_SEND_FD. Both
 * processes need a ring, and the giving one has the descriptor of the other's. The socket is
 * among the files of the giver's ring from the beginning, and becomes one of the taker's; no
 * process has a new descriptor of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "way.h"

/* Places for sockets in a ring, and the longest of its queues. */
#define PLACES	256

/**
 * struct ring - an io_uring, as a process sees it
 * @fd: the ring
 * @entry: where the next command is written, as there is one at a time
 * @completions: what has come
 * @head: of these, the first that was not read
 * @tail: behind the last
 * @submitted: behind the last command
 * @next: the place that the next socket is sent to
 */
struct ring {
	int fd;
	struct io_uring_sqe *entry;
	struct io_uring_cqe *completions;
	unsigned int *head;
	unsigned int *tail;
	unsigned int *submitted;
	unsigned int next;
};

static void *map(int fd, size_t size, off_t what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

/* Every command is in the first entry of the queue, whichever its turn is. */
static int map_queues(struct ring *ring, const struct io_uring_params *params)
{
	char *commands = map(ring->fd, params->sq_off.array +
			     params->sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	char *answers = map(ring->fd, params->cq_off.cqes +
			    params->cq_entries * sizeof(*ring->completions),
			    IORING_OFF_CQ_RING);

	ring->entry = map(ring->fd, params->sq_entries * sizeof(*ring->entry),
			  IORING_OFF_SQES);
	if (commands == MAP_FAILED || answers == MAP_FAILED || ring->entry == MAP_FAILED)
		return -errno;
	/* The queue's places name entry 0: the kernel cleared them. */
	ring->submitted = (unsigned int *)(commands + params->sq_off.tail);
	ring->head = (unsigned int *)(answers + params->cq_off.head);
	ring->tail = (unsigned int *)(answers + params->cq_off.tail);
	ring->completions = (struct io_uring_cqe *)(answers + params->cq_off.cqes);
	return 0;
}

static int make_places(const struct ring *ring)
{
	const struct io_uring_rsrc_register places = {
		.nr = PLACES,
		.flags = IORING_RSRC_REGISTER_SPARSE,
	};

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES2, &places,
		       sizeof(places)) ? -errno : 0;
}

/* A kernel can have been built without, or be told to refuse. */
static int ring_setup(struct io_uring_params *params)
{
	int fd = syscall(SYS_io_uring_setup, PLACES, params);

	return fd < 0 ? -EOPNOTSUPP : fd;
}

static int ring_open(struct ring **made)
{
	struct io_uring_params params = { };
	struct ring *ring = calloc(1, sizeof(*ring));
	int error;

	*made = ring;
	if (!ring)
		return -ENOMEM;
	ring->fd = ring_setup(&params);
	if (ring->fd < 0)
		return ring->fd;
	error = map_queues(ring, &params);
	return error ? error : make_places(ring);
}

/* The next completion, and room for another. */
static int ring_complete(const struct ring *ring, struct io_uring_cqe *completion)
{
	unsigned int head = *ring->head;

	while (head == __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE)) {
		if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS,
			    NULL, 0) < 0)
			return -errno;
	}
	*completion = ring->completions[head % (2 * PLACES)];
	__atomic_store_n(ring->head, head + 1, __ATOMIC_RELEASE);
	return 0;
}

static int ring_submit(const struct ring *ring, const struct io_uring_sqe *command,
		       unsigned int wait_for)
{
	*ring->entry = *command;
	__atomic_store_n(ring->submitted, *ring->submitted + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, 1, wait_for, IORING_ENTER_GETEVENTS,
		       NULL, 0) == 1 ? 0 : -errno;
}

static int place_socket(const struct ring *ring, int socket)
{
	const struct io_uring_files_update update = {
		.fds = (unsigned long)&socket,
	};

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES_UPDATE,
		       &update, 1) == 1 ? 0 : -errno;
}

static int give(const struct side *side, union parcel *parcel)
{
	struct ring *ring = side->rings[0];
	struct io_uring_cqe completion;
	const unsigned int place = ring->next++ % PLACES;
	const struct io_uring_sqe command = {
		.opcode = IORING_OP_MSG_RING,
		.fd = side->rings[1]->fd,
		.off = place,
		.addr = IORING_MSG_SEND_FD,
		.file_index = place + 1,
	};
	int error = ring_submit(ring, &command, 1);

	if (!error)
		error = ring_complete(ring, &completion);
	return error ? error : completion.res;
}

/* The number of its place. */
static int take(const struct side *side, const union parcel *parcel)
{
	struct io_uring_cqe completion;
	int error = ring_complete(side->rings[1], &completion);

	if (error)
		return error;
	return completion.user_data < PLACES ? (int)completion.user_data : completion.res;
}

/* Only a failure has a completion, as others may have come before it. */
static int drop_place(const struct side *side, int place)
{
	const struct io_uring_sqe command = {
		.opcode = IORING_OP_CLOSE,
		.flags = IOSQE_CQE_SKIP_SUCCESS,
		.file_index = place + 1,
		.user_data = PLACES,
	};

	return ring_submit(side->rings[1], &command, 0);
}

/* A kernel that has rings, but no such message, says so at the first. */
static int try(const struct side *side)
{
	union parcel parcel;
	int error = give(side, &parcel);

	if (error == -EINVAL)
		return -EOPNOTSUPP;
	if (error)
		return error;
	error = take(side, &parcel);
	return error < 0 ? error : drop_place(side, error);
}

static int open_rings(struct side *side)
{
	int error = ring_open(&side->rings[0]);

	if (!error)
		error = ring_open(&side->rings[1]);
	if (!error)
		error = place_socket(side->rings[0], side->socket);
	return error ? error : try(side);
}

static void end_rings(const struct side *side)
{
	close(side->rings[0]->fd);
	close(side->rings[1]->fd);
}

const struct way way_ring = {
	.name = "ring",
	.open = open_rings,
	.give = give,
	.take = take,
	.drop = drop_place,
	.end = end_rings,
};
