// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What select() and WSAPoll() have in common: they watch sockets by poll(), which
 * says more than they tell.
 */

#include "posix.h"

#include "deadline.h"
#include "descriptor.h"
#include "tcp.h"
#include "watch.h"

/* How long until sockets are asked again that poll() cannot wait for. */
#define AGAIN	(50 * WS_MILLISECOND)

/*
 * poll() reports some states though nobody asks for them, and would report them again at
 * once. Silence such sockets: poll() passes over a negative number. True where there is one.
 */
static bool silence(struct pollfd *pollers, unsigned int count)
{
	bool silenced = false;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!pollers[i].revents)
			continue;
		pollers[i].fd = ~pollers[i].fd;
		silenced = true;
	}
	return silenced;
}

static void unsilence(struct pollfd *pollers, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pollers[i].fd < 0)
			pollers[i].fd = ~pollers[i].fd;
}

/*
 * A silenced socket can have something to tell later, when another thread connects it. So
 * ask it again from time to time.
 */
bool ws_watch(struct pollfd *pollers, unsigned int count, long long deadline,
	      ws_says_something *says_something, const void *call)
{
	bool silenced = false;
	int woken;

	for (;;) {
		woken = ws_poll(pollers, count, silenced ?
				ws_sooner(deadline, ws_deadline_in(AGAIN)) :
				deadline);
		if (woken < 0)
			return false;
		if (woken && says_something(call))
			return true;
		if (woken) {
			silenced = silence(pollers, count) || silenced;
			continue;
		}
		if (!silenced || ws_is_over(deadline))
			return true;
		unsilence(pollers, count);
		silenced = false;
	}
}

bool ws_is_unconnected(const struct pollfd *poller)
{
	return poller->revents & POLLHUP &&
	       ws_tcp_state(poller->fd) == WS_TCP_UNCONNECTED;
}

/* Another thread may close it after poll() has seen it, and before its state is asked for. */
bool ws_is_closed(const struct pollfd *poller)
{
	return poller->revents & POLLNVAL ||
	       (poller->revents & POLLHUP && !ws_is_socket(poller->fd));
}

bool ws_has_urgent(const struct pollfd *poller)
{
	return poller->revents & POLLPRI &&
	       ws_int_option(poller->fd, LINUX_SOL_SOCKET,
			     LINUX_SO_OOBINLINE) == 0;
}
