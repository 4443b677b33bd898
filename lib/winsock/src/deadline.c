// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waits that end at a time.
 */

#include "posix.h"

#include <time.h>

#include "deadline.h"

#define SHORTEST_PAUSE	WS_MILLISECOND
#define LONGEST_PAUSE	(64 * WS_MILLISECOND)

long long ws_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * WS_SECOND + time.tv_nsec;
}

long long ws_deadline_in(long long nanoseconds)
{
	return ws_now() + nanoseconds;
}

bool ws_is_over(long long deadline)
{
	return deadline != WS_NEVER && deadline <= ws_now();
}

long long ws_sooner(long long a, long long b)
{
	if (a == WS_NEVER || b == WS_NEVER)
		return a == WS_NEVER ? b : a;
	return a < b ? a : b;
}

int ws_poll(struct pollfd *pollers, unsigned int count, long long deadline)
{
	struct timespec left;
	long long ns;
	int result;

	do {
		ns = deadline == WS_NEVER ? 0 : deadline - ws_now();
		if (ns < 0)
			ns = 0;
		left = (struct timespec){ ns / WS_SECOND, ns % WS_SECOND };
		result = ppoll(pollers, count,
			       deadline == WS_NEVER ? NULL : &left, NULL);
	} while (result < 0 && errno == EINTR);
	return result;
}

short ws_wait_for(int fd, short events, long long deadline)
{
	struct pollfd poller = { .fd = fd, .events = events };

	return ws_poll(&poller, 1, deadline) > 0 ? poller.revents : 0;
}

short ws_wait_again(int fd, short events, long long deadline, long long *pause)
{
	if (*pause) {
		ws_poll(NULL, 0, ws_sooner(deadline, ws_deadline_in(*pause)));
		if (ws_is_over(deadline))
			return 0;
	}
	*pause = *pause ? 2 * *pause : SHORTEST_PAUSE;
	if (*pause > LONGEST_PAUSE)
		*pause = LONGEST_PAUSE;
	return ws_wait_for(fd, events, deadline);
}
