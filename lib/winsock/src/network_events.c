// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registrations for network events. They are the kernel's, which knows a socket
 * by whichever descriptor; the layer keeps nothing of them here.
 */

#include "posix.h"

#include <assert.h>
#include <stdatomic.h>
#include <time.h>

#include <sockdup.h>

#include "descriptor.h"
#include "error.h"
#include "event.h"
#include "handle.h"
#include "memory.h"
#include "message.h"
#include "network_events.h"
#include "startup.h"

/* Linux has no counterpart of the others, so they never happen. */
#define HAPPENING	(FD_READ | FD_WRITE | FD_OOB | FD_ACCEPT | FD_CONNECT | \
			 FD_CLOSE)

static_assert(FD_READ == SOCKDUP_FD_READ && FD_WRITE == SOCKDUP_FD_WRITE &&
	      FD_OOB == SOCKDUP_FD_OOB && FD_ACCEPT == SOCKDUP_FD_ACCEPT &&
	      FD_CONNECT == SOCKDUP_FD_CONNECT && FD_CLOSE == SOCKDUP_FD_CLOSE,
	      "the kernel has Winsock's numbers");
static_assert(FD_MAX_EVENTS == SOCKDUP_EVENT_ERRORS, "and as many places");

/*
 * The tick in which this process found last that there is no device, see this_tick(); 0
 * after a registration.
 */
static atomic_uint missed_in;

int ws_check_events(SOCKET s, long events)
{
	if (!ws_is_socket(ws_fd(s)))
		return WSAENOTSOCK;
	return events & ~(long)FD_ALL_EVENTS ? WSAEINVAL : 0;
}

/* Whether there is no registration to speak of, by the error of a call. */
static bool says_none(int number)
{
	switch (number) {
	case ENOENT:
	case ENODEV:
	/* Another process has it, or this one may not open the device. */
	case EPERM:
	case EACCES:
	/* Or has no number for it, so that it has registered nothing. */
	case EMFILE:
	case ENFILE:
		return true;
	default:
		return false;
	}
}

static const struct ws_translation register_errors[] = {
	/* Somebody reads the eventfd again and again. */
	{ EBUSY, WSAENOBUFS },
	{ }
};

/*
 * An empty mask cancels, and makes the socket non-blocking all the same: before, as
 * another thread may act on what is recorded at once, and after, as FIONBIO may have
 * come in between and not have seen the registration.
 */
int ws_register(SOCKET s, int event, long events, enum sockdup_event_kind kind)
{
	int fd = ws_fd(s), error = 0;
	bool was_blocking = !ws_is_non_blocking(fd);

	if (ws_set_non_blocking(fd, true))
		return ws_error_of(errno, NULL);
	if (sockdup_event_register(fd, event, events & HAPPENING, kind,
				   SOCKDUP_EVENT_ONCE))
		error = errno;
	else
		atomic_store(&missed_in, 0);
	/* Without the device nobody has registered. */
	if (!error || (!(events & HAPPENING) && error == ENODEV)) {
		ws_set_non_blocking(fd, true);
		return 0;
	}
	if (was_blocking && !ws_registered(s))
		ws_set_non_blocking(fd, false);
	return ws_error_of(error, register_errors);
}

static int select_events(SOCKET s, HANDLE object, long events)
{
	int event = events ? ws_event_fd(object) : -1, error;

	error = ws_check_events(s, events);
	if (error)
		return error;
	if (events && event < 0)
		return WSAEINVAL;
	ws_messages_lock();
	ws_messages_collect(s);
	error = ws_register(s, event, events, SOCKDUP_EVENT_KIND_EVENT);
	if (!error)
		ws_messages_forget(s);
	ws_messages_unlock();
	return error;
}

int WSAEventSelect(SOCKET s, WSAEVENT event, long events)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	error = select_events(s, event, events);
	return error ? ws_fail(error) : 0;
}

static const struct ws_translation read_errors[] = {
	{ ECONNREFUSED, WSAECONNRESET },
	{ }
};

int ws_happened_error(long event, int number)
{
	int error;

	if (!number)
		return 0;
	error = ws_error_of(number, event == FD_READ ? read_errors : NULL);
	/* A time-out, or another failure. */
	if (event == FD_CLOSE && error != WSAECONNRESET && error != WSAENETDOWN)
		return WSAECONNABORTED;
	return error;
}

/* 0 or an error of Winsock's. */
static int take_record(SOCKET s, WSANETWORKEVENTS *record)
{
	struct sockdup_network_events happened = { };
	int bit;

	record->lNetworkEvents = 0;
	if (sockdup_event_enumerate(ws_fd(s), SOCKDUP_EVENT_KEEP_SET,
				    &happened))
		return says_none(errno) ? 0 : ws_error_of(errno, NULL);
	record->lNetworkEvents = happened.events;
	for (bit = 0; bit < FD_MAX_EVENTS; bit++)
		if (happened.events & 1U << bit)
			record->iErrorCode[bit] =
				ws_happened_error(1L << bit,
						  happened.errors[bit]);
	return 0;
}

/*
 * The object is reset first, as it may be another than the registered one. What
 * happens between the two calls is told, and leaves the object set.
 */
static int enumerate(SOCKET s, HANDLE object, WSANETWORKEVENTS *happened)
{
	int event = object ? ws_event_fd(object) : -1, error;
	WSANETWORKEVENTS record;
	bool was_set;

	if (!ws_is_socket(ws_fd(s)))
		return WSAENOTSOCK;
	if (object && event < 0)
		return WSAEINVAL;
	/* A record that could not be told would be lost. */
	if (!ws_copy_in(&record, happened, sizeof(record)) ||
	    !ws_copy_out(happened, &record, sizeof(record)))
		return WSAEFAULT;
	was_set = object && ws_event_reset(event);
	error = take_record(s, &record);
	if (!error)
		*happened = record;
	else if (was_set)
		ws_event_set(event);
	return error;
}

int WSAEnumNetworkEvents(SOCKET s, WSAEVENT event, LPWSANETWORKEVENTS happened)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	error = enumerate(s, event, happened);
	return error ? ws_fail(error) : 0;
}

bool ws_registered(SOCKET s)
{
	struct sockdup_registration registration;
	int number = errno;
	bool registered = !sockdup_event_query(ws_fd(s), &registration) &&
			  registration.mask;

	errno = number;
	return registered;
}

/* The kernel's tick, of some milliseconds. Never 0. */
static unsigned int this_tick(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (unsigned int)(now.tv_sec * 1000000000ULL + now.tv_nsec) | 1;
}

/*
 * Without the device there are no registrations, or none that this process may
 * re-enable, and to look for it takes as long as a receive. So a process that misses
 * it looks once a tick.
 */
static bool misses_device(void)
{
	return atomic_load(&missed_in) == this_tick();
}

/* Unless a thread has registered since @missed was read, and so has the device. */
static void miss_device(unsigned int missed)
{
	atomic_compare_exchange_strong(&missed_in, &missed, this_tick());
}

/*
 * Any process may have registered, and whether one has is the kernel's to know: the
 * call itself finds that out at the least cost.
 */
void ws_reenable(SOCKET s, long events)
{
	unsigned int missed = atomic_load(&missed_in);
	int number = errno;

	if (!misses_device() && sockdup_event_rearm(ws_fd(s), events) &&
	    errno != ENOENT && says_none(errno))
		miss_device(missed);
	errno = number;
}

static int inherit(SOCKET listener, SOCKET s)
{
	if (sockdup_event_inherit(ws_fd(s), ws_fd(listener)))
		return says_none(errno) || errno == EOPNOTSUPP ?
		       0 : ws_error_of(errno, NULL);
	return ws_messages_inherit(listener, s) ? 0 : WSAENOBUFS;
}

int ws_accepted(SOCKET listener, SOCKET s)
{
	int number = errno, error;

	if (misses_device())
		return 0;
	ws_messages_lock();
	error = inherit(listener, s);
	ws_messages_unlock();
	errno = number;
	return error;
}
