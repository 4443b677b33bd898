// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * WSAPoll(). Its flags have Linux' numbers, so that a file may call poll(), too.
 */

#include "posix.h"

#include <stdlib.h>

#include "deadline.h"
#include "descriptor.h"
#include "error.h"
#include "startup.h"
#include "tcp.h"
#include "watch.h"

/* On Windows POLLIN is the first two, and POLLOUT another name of the third. */
#define READS	(POLLIN | POLLRDNORM)
#define URGENT	(POLLIN | POLLRDBAND)
#define WRITES	(POLLOUT | POLLWRNORM)

/**
 * struct polling - one call of WSAPoll()
 * @entries: those of the caller
 * @size: how many
 * @pollers: one for each that is a socket, in the same order
 * @count: how many
 */
struct polling {
	WSAPOLLFD *entries;
	ULONG size;
	struct pollfd *pollers;
	unsigned int count;
};

static bool is_left_out(const WSAPOLLFD *entry)
{
	return (INT_PTR)entry->fd < 0;
}

/* As long as the call goes on, an entry's revents tell that it is no socket. */
static bool is_no_socket(const WSAPOLLFD *entry)
{
	return entry->revents == POLLNVAL;
}

static short events_for(short asked)
{
	return (asked & READS ? POLLIN : 0) | (asked & URGENT ? POLLPRI : 0) |
	       (asked & WRITES ? POLLOUT : 0) | POLLRDHUP;
}

/* False where a flag is none. */
static bool add_entries(struct polling *polling)
{
	WSAPOLLFD *entry = polling->entries;

	for (; entry < polling->entries + polling->size; entry++) {
		entry->revents = 0;
		if (is_left_out(entry))
			continue;
		if (entry->events & ~(READS | URGENT | WRITES))
			return false;
		if (!ws_is_socket(ws_fd(entry->fd))) {
			entry->revents = POLLNVAL;
			continue;
		}
		polling->pollers[polling->count++] = (struct pollfd){
			.fd = ws_fd(entry->fd),
			.events = events_for(entry->events),
		};
	}
	return true;
}

/* The peer's end, and not that of the receiving here. */
static bool has_ended(const struct pollfd *poller)
{
	if (poller->revents & POLLHUP)
		return true;
	if (!(poller->revents & POLLRDHUP))
		return false;
	switch (ws_tcp_state(poller->fd)) {
	case WS_TCP_CONNECTED:
	case WS_TCP_ENDED_HERE:
		return false;
	default:
		return true;
	}
}

static short told_of(const struct pollfd *poller, short asked)
{
	bool unconnected = ws_is_unconnected(poller);
	short told = 0;

	/* Open now, it was open when it was asked. */
	if (ws_is_closed(poller))
		return POLLNVAL;
	/* Linux says POLLHUP and POLLOUT of one that was never connected. */
	if (unconnected && !(poller->revents & POLLERR))
		return 0;
	if (poller->revents & POLLIN)
		told |= asked & READS ? READS : 0;
	if (ws_has_urgent(poller))
		told |= asked & URGENT ? URGENT : 0;
	if (poller->revents & POLLOUT)
		told |= asked & WRITES ? WRITES : 0;
	if (has_ended(poller))
		told |= POLLHUP;
	return told | (poller->revents & POLLERR);
}

/* How many entries have something to tell; with @keep, they tell it. */
static int collect(const struct polling *polling, bool keep)
{
	const struct pollfd *poller = polling->pollers;
	WSAPOLLFD *entry = polling->entries;
	int count = 0;
	short told;

	for (; entry < polling->entries + polling->size; entry++) {
		told = entry->revents;
		if (!is_left_out(entry) && !is_no_socket(entry))
			told = told_of(poller++, entry->events);
		count += !!told;
		if (keep)
			entry->revents = told;
	}
	return count;
}

static bool says_something(const void *polling)
{
	return collect(polling, false);
}

static int poll_until(struct polling *polling, long long deadline)
{
	/* The documentation asks for one socket at least. */
	if (!add_entries(polling) || !polling->count)
		return ws_fail(WSAEINVAL);
	/* What is no socket is told at once. */
	if (says_something(polling))
		deadline = 0;
	if (!ws_watch(polling->pollers, polling->count, deadline,
		      says_something, polling))
		return ws_fail_errno(NULL);
	return collect(polling, true);
}

int WSAPoll(LPWSAPOLLFD entries, ULONG size, INT milliseconds)
{
	struct polling polling = { .entries = entries, .size = size };
	long long deadline = WS_NEVER;
	int result;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!size)
		return ws_fail(WSAEINVAL);
	if (!entries)
		return ws_fail(WSAEFAULT);
	if (milliseconds >= 0)
		deadline = ws_deadline_in(milliseconds * WS_MILLISECOND);
	polling.pollers = calloc(size, sizeof(*polling.pollers));
	if (!polling.pollers)
		return ws_fail(WSAENOBUFS);
	result = poll_until(&polling, deadline);
	free(polling.pollers);
	return result;
}
