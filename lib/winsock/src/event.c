// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event objects, which are eventfds, and waits for them. An event object is set
 * while its counter is above zero.
 */

#include "posix.h"

#include <linux/types.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>

#include "descriptor.h"
#include "event.h"
#include "handle.h"
#include "startup.h"

#define NS_PER_MS	1000000L
#define NS_PER_S	1000000000L

static BOOL event_fail(DWORD error)
{
	SetLastError(error);
	return FALSE;
}

/* NULL with errno. */
static HANDLE create(bool manual_reset, bool set, bool inheritable)
{
	UINT_PTR tags = WS_EVENT | (manual_reset ? 0 : WS_EVENT_AUTO_RESET);
	int fd = ws_keep(eventfd(set, EFD_NONBLOCK |
				      (inheritable ? 0 : EFD_CLOEXEC)));

	return fd < 0 ? NULL : (HANDLE)((UINT_PTR)fd | tags);
}

static HANDLE create_unnamed(const SECURITY_ATTRIBUTES *attributes,
			     BOOL manual_reset, BOOL initial_state)
{
	HANDLE event = create(manual_reset, initial_state,
			      attributes && attributes->bInheritHandle);

	if (!event)
		SetLastError(errno == EMFILE || errno == ENFILE ?
			     ERROR_TOO_MANY_OPEN_FILES :
			     ERROR_NOT_ENOUGH_MEMORY);
	else
		SetLastError(ERROR_SUCCESS);
	return event;
}

HANDLE CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
		    BOOL initial_state, LPCSTR name)
{
	if (!name)
		return create_unnamed(attributes, manual_reset, initial_state);
	SetLastError(ERROR_NOT_SUPPORTED);
	return NULL;
}

HANDLE CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
		    BOOL initial_state, LPCWSTR name)
{
	if (!name)
		return create_unnamed(attributes, manual_reset, initial_state);
	SetLastError(ERROR_NOT_SUPPORTED);
	return NULL;
}

/* A counter that has no room is above zero, and so set. */
void ws_event_set(int fd)
{
	const __u64 one = 1;

	if (TEMP_FAILURE_RETRY(write(fd, &one, sizeof(one))) < 0)
		return;
}

/* Whether it was set. */
bool ws_event_reset(int fd)
{
	__u64 count;

	return TEMP_FAILURE_RETRY(read(fd, &count, sizeof(count))) > 0;
}

BOOL SetEvent(HANDLE event)
{
	int fd = ws_event_fd(event);

	if (fd < 0)
		return event_fail(ERROR_INVALID_HANDLE);
	ws_event_set(fd);
	return TRUE;
}

BOOL ResetEvent(HANDLE event)
{
	int fd = ws_event_fd(event);

	if (fd < 0)
		return event_fail(ERROR_INVALID_HANDLE);
	ws_event_reset(fd);
	return TRUE;
}

static struct timespec deadline_after(DWORD milliseconds)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += milliseconds / 1000;
	time.tv_nsec += milliseconds % 1000 * NS_PER_MS;
	if (time.tv_nsec >= NS_PER_S) {
		time.tv_sec++;
		time.tv_nsec -= NS_PER_S;
	}
	return time;
}

static struct timespec left_until(const struct timespec *deadline)
{
	struct timespec now, left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = deadline->tv_sec - now.tv_sec;
	left.tv_nsec = deadline->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += NS_PER_S;
	}
	if (left.tv_sec < 0)
		left = (struct timespec){ };
	return left;
}

/**
 * struct wait - a wait under way
 * @handles: of event objects
 * @pollers: one for each handle; its number is negative while nobody need wait
 *           for it
 * @count: how many
 * @deadline: NULL waits for ever
 */
struct wait {
	const HANDLE *handles;
	struct pollfd *pollers;
	DWORD count;
	const struct timespec *deadline;
};

static bool is_auto_reset(HANDLE event)
{
	return (UINT_PTR)event & WS_EVENT_AUTO_RESET;
}

/*
 * Whether the caller gets an event object that was seen set. Another waiter may have reset
 * it since, if it is an automatic one.
 */
static bool take(HANDLE event)
{
	return !is_auto_reset(event) || ws_event_reset(ws_event_fd(event));
}

/* False where the time has passed. */
static bool sleep_on(const struct wait *wait)
{
	struct timespec left;
	int ready;

	do {
		if (wait->deadline)
			left = left_until(wait->deadline);
		ready = ppoll(wait->pollers, wait->count,
			      wait->deadline ? &left : NULL, NULL);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static DWORD wait_fail(DWORD error)
{
	SetLastError(error);
	return WAIT_FAILED;
}

/* The first one that is set. One that another thread has closed is never set again. */
static DWORD wait_for_any(const struct wait *wait)
{
	DWORD i;

	while (sleep_on(wait)) {
		for (i = 0; i < wait->count; i++) {
			if (wait->pollers[i].revents & POLLNVAL)
				return wait_fail(ERROR_INVALID_HANDLE);
			if (wait->pollers[i].revents && take(wait->handles[i]))
				return WAIT_OBJECT_0 + i;
		}
	}
	return WAIT_TIMEOUT;
}

/* False where one of the handles is not, or no longer, that of an event object. */
static bool prepare_pollers(const struct wait *wait)
{
	DWORD i;

	for (i = 0; i < wait->count; i++) {
		wait->pollers[i] = (struct pollfd){
			.fd = ws_event_fd(wait->handles[i]),
			.events = POLLIN,
		};
		if (wait->pollers[i].fd < 0)
			return false;
	}
	return true;
}

/* Whether all are set now. Only those that are not are then still waited for. */
static bool all_are_set(const struct wait *wait)
{
	bool all = true;
	DWORD i;

	poll(wait->pollers, wait->count, 0);
	for (i = 0; i < wait->count; i++) {
		if (wait->pollers[i].revents & POLLIN)
			wait->pollers[i].fd = -1;
		else
			all = false;
	}
	return all;
}

/*
 * Take all, or give back what was taken where another waiter has reset one meanwhile. Other
 * waiters can see those for a moment as not set: Linux cannot reset several at once.
 */
static bool take_all(const struct wait *wait)
{
	DWORD i = 0;

	while (i < wait->count && take(wait->handles[i]))
		i++;
	if (i == wait->count)
		return true;
	while (i--)
		if (is_auto_reset(wait->handles[i]))
			ws_event_set(ws_event_fd(wait->handles[i]));
	return false;
}

static DWORD wait_for_all(const struct wait *wait)
{
	while (prepare_pollers(wait)) {
		if (all_are_set(wait)) {
			if (take_all(wait))
				return WAIT_OBJECT_0;
		} else if (!sleep_on(wait)) {
			return WAIT_TIMEOUT;
		}
	}
	return wait_fail(ERROR_INVALID_HANDLE);
}

static bool is_repeated(const HANDLE *handles, DWORD i)
{
	DWORD earlier;

	for (earlier = 0; earlier < i; earlier++)
		if (handles[earlier] == handles[i])
			return true;
	return false;
}

static bool one_is_repeated(const HANDLE *handles, DWORD count)
{
	DWORD i;

	for (i = 0; i < count; i++)
		if (is_repeated(handles, i))
			return true;
	return false;
}

DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all,
			       DWORD milliseconds, BOOL alertable)
{
	struct pollfd pollers[MAXIMUM_WAIT_OBJECTS];
	struct timespec deadline;
	struct wait wait = {
		.handles = handles,
		.pollers = pollers,
		.count = count,
	};

	if (!count || count > MAXIMUM_WAIT_OBJECTS || !handles)
		return wait_fail(ERROR_INVALID_PARAMETER);
	if (!prepare_pollers(&wait))
		return wait_fail(ERROR_INVALID_HANDLE);
	if (all && one_is_repeated(handles, count))
		return wait_fail(ERROR_INVALID_PARAMETER);
	if (milliseconds != INFINITE) {
		deadline = deadline_after(milliseconds);
		wait.deadline = &deadline;
	}
	return all ? wait_for_all(&wait) : wait_for_any(&wait);
}

DWORD WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all,
			     DWORD milliseconds)
{
	return WaitForMultipleObjectsEx(count, handles, all, milliseconds,
					FALSE);
}

DWORD WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable)
{
	return WaitForMultipleObjectsEx(1, &handle, FALSE, milliseconds,
					alertable);
}

DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
{
	return WaitForSingleObjectEx(handle, milliseconds, FALSE);
}

static void sleep_until(const struct timespec *deadline)
{
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, deadline,
			       NULL) == EINTR)
		;
}

void Sleep(DWORD milliseconds)
{
	struct timespec deadline = deadline_after(milliseconds);

	if (!milliseconds) {
		sched_yield();
		return;
	}
	while (milliseconds == INFINITE)
		pause();
	sleep_until(&deadline);
}

/* Winsock's names for the same. Its event objects are reset by hand. */

WSAEVENT WSACreateEvent(void)
{
	WSAEVENT event;

	if (!ws_ready())
		return WSA_INVALID_EVENT;
	event = create(true, false, false);
	if (!event)
		WSASetLastError(WSA_NOT_ENOUGH_MEMORY);
	return event;
}

BOOL WSASetEvent(WSAEVENT event)
{
	return ws_ready() && SetEvent(event);
}

BOOL WSAResetEvent(WSAEVENT event)
{
	return ws_ready() && ResetEvent(event);
}

BOOL WSACloseEvent(WSAEVENT event)
{
	int fd;

	if (!ws_ready())
		return FALSE;
	fd = ws_event_fd(event);
	if (fd < 0)
		return event_fail(WSA_INVALID_HANDLE);
	close(fd);
	return TRUE;
}

DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT *events, BOOL all,
			       DWORD milliseconds, BOOL alertable)
{
	if (!ws_ready())
		return WSA_WAIT_FAILED;
	return WaitForMultipleObjectsEx(count, events, all, milliseconds,
					alertable);
}
