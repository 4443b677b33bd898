// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event objects and waits, and handles in general.
 */
#include <winsock2.h>

#include <pthread.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* The limit of a wait for many. */
#define MOST	64

static HANDLE auto_reset(BOOL set)
{
	HANDLE event = CreateEventA(NULL, FALSE, set, NULL);

	ASSERT(event);
	return event;
}

static DWORD wait_many(DWORD count, const WSAEVENT *events, BOOL all, DWORD milliseconds)
{
	return WSAWaitForMultipleEvents(count, events, all, milliseconds, FALSE);
}

TEST(W87_an_event_object_starts_unset_and_stays_set)
{
	WSAEVENT event = new_event();

	ASSERT(!is_set(event));
	ASSERT(WSASetEvent(event));
	ASSERT(is_set(event));
	ASSERT(is_set(event));
	ASSERT(WSAResetEvent(event));
	ASSERT(!is_set(event));
	ASSERT(WSACloseEvent(event));
}

TEST(W87_the_other_calls_see_the_same_object)
{
	WSAEVENT event = new_event();

	ASSERT(SetEvent(event));
	ASSERT_EQ(WAIT_OBJECT_0, WaitForSingleObject(event, 0));
	ASSERT(is_set(event));
	ASSERT(ResetEvent(event));
	ASSERT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 0));
	ASSERT(CloseHandle(event));
}

TEST(setting_twice_is_setting_once)
{
	HANDLE event = auto_reset(FALSE);

	ASSERT(SetEvent(event));
	ASSERT(SetEvent(event));
	ASSERT(is_set(event));
	ASSERT(!is_set(event));
}

TEST(an_initial_state)
{
	HANDLE manual = CreateEventA(NULL, TRUE, TRUE, NULL);
	HANDLE automatic = CreateEventW(NULL, FALSE, TRUE, NULL);

	ASSERT(is_set(manual));
	ASSERT(is_set(manual));
	ASSERT(is_set(automatic));
	ASSERT(!is_set(automatic));
}

TEST(W110_how_many)
{
	WSAEVENT events[MOST + 1];
	int i;

	for (i = 0; i <= MOST; i++)
		events[i] = new_event();
	ASSERT_EQ(64, WSA_MAXIMUM_WAIT_EVENTS);
	ASSERT_FAILS(87, wait_many(0, events, FALSE, 0));
	ASSERT_FAILS(WSA_INVALID_PARAMETER, wait_many(MOST + 1, events, FALSE, 0));
	ASSERT_EQ(WSA_WAIT_TIMEOUT, wait_many(MOST, events, FALSE, 0));
	ASSERT(WSASetEvent(events[MOST - 1]));
	ASSERT_EQ(WSA_WAIT_EVENT_0 + MOST - 1, wait_many(MOST, events, FALSE, 0));
	for (i = 0; i <= MOST; i++)
		ASSERT(WSACloseEvent(events[i]));
}

TEST(W110_what_is_no_handle)
{
	WSAEVENT events[2] = { new_event(), NULL };

	ASSERT_FAILS(6, wait_many(2, events, FALSE, 0));
	ASSERT_FAILS(WSA_INVALID_HANDLE, wait_many(1, &events[1], FALSE, 0));
	ASSERT_FAILS(ERROR_INVALID_HANDLE, WaitForSingleObject(NULL, 0));
	ASSERT(WSACloseEvent(events[0]));
	ASSERT_FAILS(ERROR_INVALID_HANDLE, WaitForSingleObject(events[0], 0));
}

TEST(the_first_that_is_set)
{
	WSAEVENT events[3] = { new_event(), new_event(), new_event() };

	ASSERT(WSASetEvent(events[2]));
	ASSERT_EQ(WSA_WAIT_EVENT_0 + 2, wait_many(3, events, FALSE, 0));
	ASSERT(WSASetEvent(events[1]));
	ASSERT_EQ(WSA_WAIT_EVENT_0 + 1, wait_many(3, events, FALSE, 0));
}

TEST(all_of_them)
{
	HANDLE events[2] = { auto_reset(TRUE), new_event() };

	ASSERT_EQ(WSA_WAIT_TIMEOUT, wait_many(2, events, TRUE, 20));
	/* A wait that has not come true takes nothing. */
	ASSERT(SetEvent(events[1]));
	ASSERT_EQ(WSA_WAIT_EVENT_0, wait_many(2, events, TRUE, 0));
	ASSERT(!is_set(events[0]));
	ASSERT(is_set(events[1]));
}

TEST(one_wait_takes_one_object)
{
	HANDLE events[2] = { auto_reset(TRUE), auto_reset(TRUE) };

	ASSERT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(2, events, FALSE, 0));
	ASSERT_EQ(WAIT_OBJECT_0 + 1, WaitForMultipleObjects(2, events, FALSE, 0));
	ASSERT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(2, events, FALSE, 0));
}

TEST(an_alertable_wait_is_a_wait)
{
	HANDLE event = new_event();

	ASSERT_EQ(WAIT_TIMEOUT, WaitForSingleObjectEx(event, 20, TRUE));
	ASSERT_EQ(WAIT_TIMEOUT, WaitForMultipleObjectsEx(1, &event, FALSE, 20, TRUE));
	ASSERT(SetEvent(event));
	ASSERT_EQ(WAIT_OBJECT_0, WaitForMultipleObjectsEx(1, &event, TRUE, INFINITE, TRUE));
	ASSERT_EQ(WAIT_OBJECT_0, WaitForSingleObjectEx(event, INFINITE, TRUE));
	ASSERT_EQ(WSA_WAIT_EVENT_0,
		  WSAWaitForMultipleEvents(1, &event, TRUE, WSA_INFINITE, TRUE));
}

static void *set_later(void *event)
{
	Sleep(50);
	SetEvent(event);
	return NULL;
}

TEST(a_wait_ends_as_another_thread_sets)
{
	HANDLE events[2] = { new_event(), auto_reset(FALSE) };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, set_later, events[1]));
	ASSERT_EQ(WAIT_OBJECT_0 + 1, WaitForMultipleObjects(2, events, FALSE, INFINITE));
	pthread_join(thread, NULL);
	ASSERT(SetEvent(events[0]));
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_later, events[1]));
	ASSERT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(2, events, TRUE, INFINITE));
	pthread_join(thread, NULL);
	ASSERT(!is_set(events[1]));
}

TEST(calls_on_what_is_no_event)
{
	WSAEVENT event = new_event();

	ASSERT(WSACloseEvent(event));
	ASSERT(!WSACloseEvent(event));
	ASSERT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
	ASSERT(!WSASetEvent(event));
	ASSERT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
	ASSERT(!WSAResetEvent(event));
	ASSERT_EQ(WSA_INVALID_HANDLE, WSAGetLastError());
	ASSERT(!SetEvent(NULL));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	ASSERT(!CloseHandle(event));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

TEST(W103_inheritance_of_an_event_object)
{
	SECURITY_ATTRIBUTES attributes = {
		.nLength = sizeof(attributes),
		.bInheritHandle = TRUE,
	};
	HANDLE own = CreateEventA(NULL, TRUE, FALSE, NULL);
	HANDLE passed = CreateEventA(&attributes, TRUE, FALSE, NULL);
	DWORD flags = 99;

	ASSERT(GetHandleInformation(own, &flags));
	ASSERT_EQ(0, flags);
	ASSERT(GetHandleInformation(passed, &flags));
	ASSERT_EQ(HANDLE_FLAG_INHERIT, flags);
	ASSERT(SetHandleInformation(passed, HANDLE_FLAG_INHERIT, 0));
	ASSERT(GetHandleInformation(passed, &flags));
	ASSERT_EQ(0, flags);
}

TEST(W3_handles_that_are_none)
{
	SOCKET closed = new_socket(AF_INET, SOCK_STREAM);
	DWORD flags;

	close_socket(closed);
	ASSERT(!GetHandleInformation((HANDLE)closed, &flags));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	ASSERT(!SetHandleInformation((HANDLE)closed, HANDLE_FLAG_INHERIT, 0));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	ASSERT(!CloseHandle(NULL));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

TEST(a_socket_is_a_handle)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT(CloseHandle((HANDLE)ends[0]));
	assert_end(ends[1]);
}
