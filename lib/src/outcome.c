// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How tokens ended, as the kernel tells the handle that exported them.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sockdup.h"

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* 0 once there is something to read, or nothing to wait for. */
static int outcome_wait(int handle, int timeout_ms)
{
	struct pollfd entry = {
		.fd = handle,
		.events = POLLIN | POLLRDHUP,
	};
	int ready = poll(&entry, 1, timeout_ms);

	if (!ready)
		errno = EAGAIN;
	return ready > 0 ? 0 : -1;
}

int sockdup_outcome_next(struct sockdup_outcome *outcome, int timeout_ms)
{
	long long end = now_ms() + timeout_ms;
	int handle = sockdup_open();
	long long left = timeout_ms;
	ssize_t size;

	if (handle < 0)
		return -1;
	for (;;) {
		size = read(handle, outcome, sizeof(*outcome));
		if (size >= 0)
			return size > 0;
		if (errno != EAGAIN || outcome_wait(handle, left))
			return -1;
		/* Another thread may take it first. */
		if (timeout_ms >= 0) {
			left = end - now_ms();
			left = left < 0 ? 0 : left;
		}
	}
}
