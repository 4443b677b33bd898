// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring.h"

static void *ring_map(const struct ring *ring, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, ring->fd, offset);
}

int ring_open(struct ring *ring)
{
	struct io_uring_params *params = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 1, params);
	if (ring->fd < 0)
		return errno == ENOMEM ? -errno : -EOPNOTSUPP;
	ring->size = params->cq_off.cqes +
		     params->cq_entries * sizeof(struct io_uring_cqe);
	ring->memory = ring_map(ring, ring->size, IORING_OFF_SQ_RING);
	ring->entry = ring_map(ring, sizeof(*ring->entry), IORING_OFF_SQES);
	if (ring->memory == MAP_FAILED || ring->entry == MAP_FAILED)
		return -errno;
	return 0;
}

void ring_close(struct ring *ring)
{
	munmap(ring->entry, sizeof(*ring->entry));
	munmap(ring->memory, ring->size);
	close(ring->fd);
}

static unsigned int *ring_word(const struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->memory + offset);
}

static int ring_enter(const struct ring *ring, unsigned int submit,
		      unsigned int complete)
{
	int count = syscall(SYS_io_uring_enter, ring->fd, submit, complete,
			    complete ? IORING_ENTER_GETEVENTS : 0, NULL, 0);

	return count < 0 ? -errno : count;
}

static int ring_submit(struct ring *ring, int fd, unsigned int what,
		       void *data, size_t size)
{
	unsigned int *tail = ring_word(ring, ring->params.sq_off.tail);
	int count;

	memset(ring->entry, 0, sizeof(*ring->entry));
	ring->entry->opcode = what;
	ring->entry->fd = fd;
	ring->entry->addr = (unsigned long)data;
	ring->entry->len = size;
	*ring_word(ring, ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	count = ring_enter(ring, 1, 0);
	if (count < 0)
		return count;
	return count == 1 ? 0 : -EIO;
}

int ring_submit_accept(struct ring *ring, int fd)
{
	return ring_submit(ring, fd, IORING_OP_ACCEPT, NULL, 0);
}

int ring_submit_recv(struct ring *ring, int fd, void *data, size_t size)
{
	return ring_submit(ring, fd, IORING_OP_RECV, data, size);
}

int ring_wait(struct ring *ring)
{
	unsigned int *head = ring_word(ring, ring->params.cq_off.head);
	unsigned int *tail = ring_word(ring, ring->params.cq_off.tail);
	struct io_uring_cqe *done;
	int error;

	error = ring_enter(ring, 0, 1);
	if (error < 0)
		return error;
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return -EIO;
	done = (struct io_uring_cqe *)(ring->memory +
				       ring->params.cq_off.cqes);
	done += *head & *ring_word(ring, ring->params.cq_off.ring_mask);
	error = done->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return error;
}

int ring_register_file(struct ring *ring, int fd)
{
	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES,
		       &fd, 1) < 0 ? -errno : 0;
}
