// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "payload.h"

static bool is_planned(const struct plan *plan, int number)
{
	int i;

	for (i = 0; i < plan->socket_count; i++)
		if (plan_number_of(plan, i) == number)
			return true;
	for (i = 0; i < plan->payload_number_count; i++)
		if (plan->payload_numbers[i] == number)
			return true;
	return false;
}

/* To a number that no socket and no such file is to have, as that would end it. */
int file_move_aside(const struct plan *plan, int fd)
{
	int moved;

	if (!is_planned(plan, fd))
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	if (moved >= 0)
		moved = file_move_aside(plan, moved);
	close(fd);
	return moved;
}

/* The import writes into the file itself: nothing is left to do that can fail. */
static int payload_open(const struct plan *plan, struct payload *payload, size_t size)
{
	int fd = memfd_create("sockdup-payload", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	payload->fd = file_move_aside(plan, fd);
	if (payload->fd < 0)
		return -1;
	errno = posix_fallocate(payload->fd, 0, size);
	if (errno)
		return -1;
	payload->room.iov_len = size;
	payload->room.iov_base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				      payload->fd, 0);
	return payload->room.iov_base == MAP_FAILED ? -1 : 0;
}

/* Room for each payload, before the first import. */
int payloads_open(const struct plan *plan, struct payload *payloads)
{
	int i;

	for (i = 0; i < plan->token_count; i++)
		if (plan->tokens[i].payload_size &&
		    payload_open(plan, &payloads[i], plan->tokens[i].payload_size))
			return -1;
	return 0;
}

/* Each to the number that the program knows. */
int payloads_place(const struct plan *plan, const struct payload *payloads)
{
	int i, placed = 0;

	for (i = 0; i < plan->token_count; i++)
		if (plan->tokens[i].payload_size &&
		    dup2(payloads[i].fd, plan->payload_numbers[placed++]) < 0)
			return -1;
	return 0;
}
