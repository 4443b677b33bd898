/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_WATCH_H
#define WS_WATCH_H

#include <poll.h>

/* Whether the pollers say something that the call is to tell. */
typedef bool ws_says_something(const void *call);

/*
 * poll() until @deadline for a call that asks @says_something() what counts: what
 * else poll() reports does not end it. False with errno where poll() fails.
 */
bool ws_watch(struct pollfd *pollers, unsigned int count, long long deadline,
	      ws_says_something *says_something, const void *call);

/* Of a socket that was never connected or whose attempt has failed, by POLLHUP. */
bool ws_is_unconnected(const struct pollfd *poller);
/* Of urgent data that is not among the rest, by POLLPRI. */
bool ws_is_closed(const struct pollfd *poller);
bool ws_has_urgent(const struct pollfd *poller);

#endif /* WS_WATCH_H */
