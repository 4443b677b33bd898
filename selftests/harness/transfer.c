// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole messages over a pipe or a stream, for both ends of the agent's
 * control channel.
 */
#include <errno.h>
#include <unistd.h>

#include "agent.h"

int read_exactly(int fd, void *data, size_t size)
{
	char *at = data;
	ssize_t step;

	while (size) {
		step = read(fd, at, size);
		if (!step)
			return -EPIPE;
		if (step < 0 && errno != EINTR)
			return -errno;
		if (step > 0) {
			at += step;
			size -= step;
		}
	}
	return 0;
}

int write_exactly(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t step;

	while (size) {
		step = write(fd, at, size);
		if (step < 0 && errno != EINTR)
			return -errno;
		if (step > 0) {
			at += step;
			size -= step;
		}
	}
	return 0;
}
