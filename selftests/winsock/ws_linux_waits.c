// SPDX-License-Identifier: GPL-2.0-only
/*
 * What signals and time limits do to calls that wait: a signal neither ends one early nor
 * makes it wait longer.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>

#include "partner.h"
#include "process_linux.h"
#include "test.h"
#include "world.h"

#define LIMIT_MS	200

struct later {
	SOCKET socket;
	WSAEVENT event;
	unsigned short port;
	int drains;	/* bytes that it receives */
	bool closes;	/* the event object, or the socket */
};

static void *do_later(void *argument)
{
	struct later *later = argument;

	Sleep(200);
	if (later->closes)
		CloseHandle(later->event ? later->event : (HANDLE)later->socket);
	else if (later->event)
		WSASetEvent(later->event);
	else if (later->port)
		later->socket = connect_to(later->port);
	else if (later->drains)
		drain(later->socket, later->drains);
	else
		send(later->socket, "x", 1, 0);
	return NULL;
}

static pthread_t start_later(struct later *later)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, do_later, later));
	return thread;
}

/* What a call gives and fails with while signals come. */
struct outcome {
	int size;
	int error;
};

static struct outcome receive_among_signals(SOCKET s, char *data, int size, int flags)
{
	struct outcome outcome;

	process_signals_begin();
	outcome.size = recv(s, data, size, flags);
	outcome.error = WSAGetLastError();
	process_signals_end();
	return outcome;
}

/* Ends a connection that a test waits for in vain, unless it is called off. */
struct rescue {
	SOCKET socket;
	WSAEVENT called_off;
	pthread_t thread;
};

static void *rescue_later(void *argument)
{
	struct rescue *rescue = argument;

	if (WSAWaitForMultipleEvents(1, &rescue->called_off, TRUE, WAIT_MS, FALSE) ==
	    WSA_WAIT_TIMEOUT)
		shutdown(rescue->socket, SD_BOTH);
	return NULL;
}

static void rescue_begin(struct rescue *rescue, SOCKET s)
{
	rescue->socket = s;
	rescue->called_off = new_event();
	ASSERT_EQ(0, pthread_create(&rescue->thread, NULL, rescue_later, rescue));
}

static void rescue_end(struct rescue *rescue)
{
	WSASetEvent(rescue->called_off);
	pthread_join(rescue->thread, NULL);
}

/* What the peer does while the test's thread waits for all of some bytes. */
struct piecemeal {
	SOCKET socket;
	void (*then)(SOCKET s);
};

static void *send_piecemeal(void *argument)
{
	struct piecemeal *pieces = argument;
	int i;

	for (i = 0; i < 4; i++) {
		Sleep(50);
		send(pieces->socket, "x", 1, 0);
	}
	Sleep(50);
	pieces->then(pieces->socket);
	return NULL;
}

static void send_four_more(SOCKET s)
{
	send(s, "text", 4, 0);
}

static void end_sending(SOCKET s)
{
	shutdown(s, SD_SEND);
}

static void reset_now(SOCKET s)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof(linger));
	closesocket(s);
}

/* Eight bytes are asked for, four come, and then what @then does. */
static struct outcome receive_all(SOCKET ends[2], void (*then)(SOCKET s), char data[8])
{
	struct piecemeal pieces = { .then = then };
	struct outcome outcome;
	pthread_t thread;

	stream_pair(ends);
	pieces.socket = ends[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_piecemeal, &pieces));
	outcome = receive_among_signals(ends[0], data, 8, MSG_WAITALL);
	pthread_join(thread, NULL);
	return outcome;
}

TEST(time_limits_of_data_alone)
{
	SOCKET listener = stream_listener(), s;
	struct later later = { .port = port_of(listener) };
	pthread_t thread = start_later(&later);

	/* Linux would end the accept by it. */
	set_option(listener, SOL_SOCKET, SO_RCVTIMEO, 1);
	s = accept(listener, NULL, NULL);
	pthread_join(thread, NULL);
	ASSERT_WORKS(s);
}

TEST(a_signal_restarts_a_receive)
{
	struct later later = { 0 };
	pthread_t thread;
	SOCKET ends[2];
	char byte = 0;
	int size;

	stream_pair(ends);
	later.socket = ends[1];
	thread = start_later(&later);
	process_signals_begin();
	size = recv(ends[0], &byte, 1, 0);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ(1, size);
	ASSERT_EQ('x', byte);
}

TEST(a_signal_restarts_an_accept)
{
	SOCKET listener = stream_listener(), s;
	struct later later = { .port = port_of(listener) };
	pthread_t thread = start_later(&later);

	process_signals_begin();
	s = accept(listener, NULL, NULL);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_WORKS(s);
}

TEST(a_signal_restarts_a_select)
{
	struct later later = { 0 };
	pthread_t thread;
	SOCKET ends[2];
	int count;

	stream_pair(ends);
	later.socket = ends[1];
	thread = start_later(&later);
	process_signals_begin();
	count = readable_within(ends[0], WAIT_MS);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ(1, count);
}

TEST(a_signal_restarts_a_wait)
{
	struct later later = { .event = new_event() };
	pthread_t thread = start_later(&later);
	DWORD outcome;

	process_signals_begin();
	outcome = WSAWaitForMultipleEvents(1, &later.event, TRUE, WSA_INFINITE, TRUE);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ(WSA_WAIT_EVENT_0, outcome);
}

/* By a signal the wait looks at its objects again. */
static DWORD wait_while_one_is_closed(HANDLE events[2], BOOL all)
{
	struct later later = { .event = events[0], .closes = true };
	pthread_t thread = start_later(&later);
	DWORD outcome;

	process_signals_begin();
	outcome = WaitForMultipleObjects(2, events, all, WAIT_MS);
	process_signals_end();
	pthread_join(thread, NULL);
	return outcome;
}

TEST(a_wait_does_not_go_on_for_what_is_closed)
{
	HANDLE events[2] = { CreateEventA(NULL, FALSE, FALSE, NULL), new_event() };

	ASSERT_EQ(WAIT_FAILED, wait_while_one_is_closed(events, FALSE));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

TEST(nor_for_all_of_which_one_is_closed)
{
	HANDLE events[2] = { new_event(), CreateEventA(NULL, TRUE, TRUE, NULL) };

	ASSERT_EQ(WAIT_FAILED, wait_while_one_is_closed(events, TRUE));
	ASSERT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

/* Each looks again every 50 ms at a socket that was never connected. */
TEST(W112_a_select_does_not_go_on_for_what_is_closed)
{
	struct later later = { .socket = new_socket(AF_INET, SOCK_STREAM), .closes = true };
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	pthread_t thread = start_later(&later);
	int count, error;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(later.socket, &set);
	count = select(0, &set, NULL, NULL, &limit);
	error = WSAGetLastError();
	pthread_join(thread, NULL);
	ASSERT_EQ(SOCKET_ERROR, count);
	ASSERT_EQ(WSAENOTSOCK, error);
}

TEST(W112_nor_does_a_poll)
{
	struct later later = { .socket = new_socket(AF_INET, SOCK_STREAM), .closes = true };
	WSAPOLLFD entry = { .fd = later.socket, .events = POLLIN };
	pthread_t thread = start_later(&later);
	int count = WSAPoll(&entry, 1, WAIT_MS);

	pthread_join(thread, NULL);
	ASSERT_EQ(1, count);
	ASSERT_EQ(POLLNVAL, entry.revents);
}

TEST(a_signal_does_not_prolong_a_select)
{
	SOCKET ends[2];
	int count;

	stream_pair(ends);
	process_signals_begin();
	count = readable_within(ends[0], 100);
	process_signals_end();
	ASSERT_EQ(0, count);
}

TEST(a_signal_does_not_end_a_receive_that_has_a_time)
{
	struct later later = { 0 };
	struct outcome outcome;
	pthread_t thread;
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_RCVTIMEO, WAIT_MS);
	later.socket = ends[1];
	thread = start_later(&later);
	outcome = receive_among_signals(ends[0], &byte, 1, 0);
	pthread_join(thread, NULL);
	ASSERT_EQ(1, outcome.size);
}

TEST(a_signal_does_not_end_a_send_that_has_a_time)
{
	static char data[1 << 22];
	struct later later = { 0 };
	pthread_t thread;
	SOCKET ends[2];
	int size;

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_SNDTIMEO, WAIT_MS);
	later.socket = ends[1];
	later.drains = sizeof(data);
	thread = start_later(&later);
	process_signals_begin();
	size = send(ends[0], data, sizeof(data), 0);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ((int)sizeof(data), size);
}

/* A receive that nothing comes to; a shutdown of @rescued would end it. */
static struct outcome receive_in_vain(SOCKET s, SOCKET rescued)
{
	struct outcome outcome;
	struct rescue rescue;
	char byte;

	set_option(s, SOL_SOCKET, SO_RCVTIMEO, LIMIT_MS);
	rescue_begin(&rescue, rescued);
	outcome = receive_among_signals(s, &byte, 1, 0);
	rescue_end(&rescue);
	return outcome;
}

TEST(a_signal_does_not_prolong_a_receive)
{
	struct outcome outcome;
	SOCKET ends[2];

	stream_pair(ends);
	outcome = receive_in_vain(ends[0], ends[1]);
	ASSERT_EQ(SOCKET_ERROR, outcome.size);
	ASSERT_EQ(WSAETIMEDOUT, outcome.error);
}

TEST(a_signal_does_not_prolong_a_receive_of_a_datagram)
{
	struct outcome outcome;
	SOCKET ends[2];

	datagram_pair(ends);
	outcome = receive_in_vain(ends[0], ends[0]);
	ASSERT_EQ(SOCKET_ERROR, outcome.size);
	ASSERT_EQ(WSAETIMEDOUT, outcome.error);
}

TEST(a_signal_does_not_prolong_a_send)
{
	static const char data[1 << 20];
	struct rescue rescue;
	SOCKET ends[2];
	int size, error;

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_SNDTIMEO, LIMIT_MS);
	rescue_begin(&rescue, ends[0]);
	process_signals_begin();
	do
		size = send(ends[0], data, sizeof(data), 0);
	while (size > 0);
	error = WSAGetLastError();
	process_signals_end();
	rescue_end(&rescue);
	ASSERT_EQ(SOCKET_ERROR, size);
	ASSERT_EQ(WSAETIMEDOUT, error);
}

TEST(a_signal_does_not_end_a_send_halfway)
{
	static char data[1 << 22];
	struct later later = { 0 };
	SOCKET ends[2];
	pthread_t thread;
	int size;

	stream_pair(ends);
	later.socket = ends[1];
	later.drains = sizeof(data);
	thread = start_later(&later);
	process_signals_begin();
	size = send(ends[0], data, sizeof(data), 0);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ(sizeof(data), size);
}

TEST(a_signal_does_not_end_a_receive_of_all)
{
	struct outcome outcome;
	SOCKET ends[2];
	char data[8];

	outcome = receive_all(ends, send_four_more, data);
	ASSERT_EQ(8, outcome.size);
	ASSERT(!memcmp(data, "xxxxtext", 8));
}

TEST(a_receive_of_all_ends_with_the_data)
{
	struct outcome outcome;
	SOCKET ends[2];
	char data[8];

	outcome = receive_all(ends, end_sending, data);
	ASSERT_EQ(4, outcome.size);
	ASSERT(!memcmp(data, "xxxx", 4));
	assert_end(ends[0]);
}

TEST(a_receive_of_all_leaves_a_reset_to_be_told)
{
	struct outcome outcome;
	SOCKET ends[2];
	char data[8];

	outcome = receive_all(ends, reset_now, data);
	ASSERT_EQ(4, outcome.size);
	ASSERT(!memcmp(data, "xxxx", 4));
	ASSERT_FAILS(WSAECONNRESET, recv(ends[0], data, 1, 0));
}

TEST(a_receive_of_all_ends_with_its_time)
{
	struct outcome outcome;
	struct rescue rescue;
	SOCKET ends[2];
	char data[8];

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_RCVTIMEO, LIMIT_MS);
	send_text(ends[1], "some");
	rescue_begin(&rescue, ends[0]);
	outcome = receive_among_signals(ends[0], data, 8, MSG_WAITALL);
	rescue_end(&rescue);
	ASSERT_EQ(4, outcome.size);
	/* It was the time, and no end. */
	send_text(ends[1], "text");
	receive_text(ends[0], "text");
}

TEST(a_receive_of_all_whose_time_is_for_ever)
{
	struct piecemeal pieces = { .then = send_four_more };
	pthread_t thread;
	SOCKET ends[2];
	char data[8];
	int size;

	stream_pair(ends);
	ASSERT(process_limit_receive(ends[0], 10));
	pieces.socket = ends[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_piecemeal, &pieces));
	size = recv(ends[0], data, sizeof(data), MSG_WAITALL);
	pthread_join(thread, NULL);
	ASSERT_EQ(8, size);
}

TEST(a_receive_of_all_into_several_buffers)
{
	struct piecemeal pieces = { .then = send_four_more };
	char first[3], second[5];
	WSABUF in[] = {
		{ .len = sizeof(first), .buf = first },
		{ .len = sizeof(second), .buf = second },
	};
	DWORD received = 0, flags = MSG_WAITALL;
	pthread_t thread;
	SOCKET ends[2];
	int result;

	stream_pair(ends);
	pieces.socket = ends[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_piecemeal, &pieces));
	process_signals_begin();
	result = WSARecv(ends[0], in, 2, &received, &flags, NULL, NULL);
	process_signals_end();
	pthread_join(thread, NULL);
	ASSERT_EQ(0, result);
	ASSERT_EQ(8, received);
	ASSERT(!memcmp(first, "xxx", 3));
	ASSERT(!memcmp(second, "xtext", 5));
}
