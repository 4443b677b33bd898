// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * select(), by poll(), which knows no highest number.
 */

#include "posix.h"

#include <stdlib.h>

#include "deadline.h"
#include "descriptor.h"
#include "error.h"
#include "startup.h"
#include "watch.h"

/* A wait of more seconds, or of more microseconds, has no end. */
#define LONGEST		1000000000LL

int __WSAFDIsSet(SOCKET s, fd_set *set)
{
	u_int i;

	for (i = 0; i < set->fd_count; i++)
		if (set->fd_array[i] == s)
			return 1;
	return 0;
}

/* What poll() says of a socket, once more where that needs a closer look. */
static bool has_read(const struct pollfd *poller)
{
	return poller->revents & (POLLIN | POLLHUP | POLLERR);
}

static bool has_written(const struct pollfd *poller)
{
	return poller->revents & (POLLOUT | POLLHUP | POLLERR);
}

struct kind {
	short events;
	bool (*happened)(const struct pollfd *poller);
	/* Whether it tells of an attempt to connect that has failed. */
	bool tells_failure;
};

enum { READ, WRITE, EXCEPT, KINDS };

static const struct kind kinds[KINDS] = {
	[READ] = { POLLIN, has_read, false },
	[WRITE] = { POLLOUT, has_written, false },
	[EXCEPT] = { POLLPRI, ws_has_urgent, true },
};

/*
 * Linux says POLLHUP of a socket that was never connected, and POLLERR beside it
 * if its attempt has failed; Winsock says nothing, and that it failed.
 */
static bool happened(const struct kind *kind, const struct pollfd *poller)
{
	if (ws_is_unconnected(poller))
		return kind->tells_failure && poller->revents & POLLERR;
	return kind->happened(poller);
}

/**
 * struct selection - one call of select()
 * @sets: those of the caller; NULL for none
 * @pollers: one for each socket
 * @count: how many
 */
struct selection {
	fd_set *sets[KINDS];
	struct pollfd *pollers;
	u_int count;
};

/* A poller that ws_watch() has silenced has the complement of the number. */
static bool is_of(const struct pollfd *poller, int fd)
{
	return poller->fd == fd || poller->fd == ~fd;
}

/*
 * The place of a descriptor among the pollers, or where it is to be put. Sets
 * are mostly filled in one order, so @hint is mostly right.
 */
static u_int place_of(const struct selection *selection, int fd, u_int hint)
{
	u_int i;

	if (hint < selection->count && is_of(&selection->pollers[hint], fd))
		return hint;
	for (i = 0; i < selection->count; i++)
		if (is_of(&selection->pollers[i], fd))
			break;
	return i;
}

/* False where a member of the set is not a socket. */
static bool add_set(struct selection *selection, int kind)
{
	const fd_set *set = selection->sets[kind];
	struct pollfd *poller;
	u_int i, place;
	int fd;

	for (i = 0; set && i < set->fd_count; i++) {
		fd = ws_fd(set->fd_array[i]);
		place = place_of(selection, fd, i);
		poller = &selection->pollers[place];
		if (place == selection->count) {
			if (!ws_is_socket(fd))
				return false;
			*poller = (struct pollfd){ .fd = fd };
			selection->count++;
		}
		poller->events |= kinds[kind].events;
	}
	return true;
}

/*
 * How many members of a set something has happened to; with @keep, the set is
 * reduced to them.
 */
static int collect_set(const struct selection *selection, int kind, bool keep)
{
	fd_set *set = selection->sets[kind];
	const struct pollfd *poller;
	u_int i, count = 0;
	int fd;

	for (i = 0; set && i < set->fd_count; i++) {
		fd = ws_fd(set->fd_array[i]);
		poller = &selection->pollers[place_of(selection, fd, i)];
		if (!happened(&kinds[kind], poller))
			continue;
		if (keep)
			set->fd_array[count] = set->fd_array[i];
		count++;
	}
	if (set && keep)
		set->fd_count = count;
	return count;
}

static int collect(const struct selection *selection, bool keep)
{
	int kind, count = 0;

	for (kind = 0; kind < KINDS; kind++)
		count += collect_set(selection, kind, keep);
	return count;
}

/* By another thread, meanwhile. */
static bool one_is_closed(const struct selection *selection)
{
	u_int i;

	for (i = 0; i < selection->count; i++)
		if (ws_is_closed(&selection->pollers[i]))
			return true;
	return false;
}

static bool says_something(const void *selection)
{
	return collect(selection, false) || one_is_closed(selection);
}

/* Fills the caller's sets; the number of their members, or an error. */
static int select_until(struct selection *selection, long long deadline)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		if (!add_set(selection, kind))
			return ws_fail(WSAENOTSOCK);
	if (!ws_watch(selection->pollers, selection->count, deadline,
		      says_something, selection))
		return ws_fail_errno(NULL);
	if (one_is_closed(selection))
		return ws_fail(WSAENOTSOCK);
	return collect(selection, true);
}

static u_int size_of(const fd_set *set)
{
	return set ? set->fd_count : 0;
}

/* A struct timeval, whose members are longs or have 64 bits in any case. */
struct time_long {
	long seconds;
	long microseconds;
};

struct time_64 {
	long long seconds;
	long long microseconds;
};

int select_long(int unused, fd_set *read, fd_set *write, fd_set *except,
		const struct time_long *timeout) SOCKDUP_WS_SYMBOL(select);
int select_64(int unused, fd_set *read, fd_set *write, fd_set *except,
	      const struct time_64 *timeout) SOCKDUP_WS_SYMBOL(select_time64);

int select_64(int unused, fd_set *read, fd_set *write, fd_set *except,
	      const struct time_64 *timeout)
{
	u_int size = size_of(read) + size_of(write) + size_of(except);
	struct selection selection = { .sets = { read, write, except } };
	long long deadline = WS_NEVER;
	int result;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!size ||
	    (timeout && (timeout->seconds < 0 || timeout->microseconds < 0)))
		return ws_fail(WSAEINVAL);
	if (timeout && timeout->seconds < LONGEST &&
	    timeout->microseconds < LONGEST)
		deadline = ws_deadline_in(timeout->seconds * WS_SECOND +
					  timeout->microseconds * 1000);
	selection.pollers = calloc(size, sizeof(*selection.pollers));
	if (!selection.pollers)
		return ws_fail(WSAENOBUFS);
	result = select_until(&selection, deadline);
	free(selection.pollers);
	return result;
}

int select_long(int unused, fd_set *read, fd_set *write, fd_set *except,
		const struct time_long *timeout)
{
	struct time_64 time;

	if (!timeout)
		return select_64(unused, read, write, except, NULL);
	time.seconds = timeout->seconds;
	time.microseconds = timeout->microseconds;
	return select_64(unused, read, write, except, &time);
}
