// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the layer leaves out, and what it takes care of because Linux differs: signals,
 * broken pipes, large numbers.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <ws2spi.h>

#include <pthread.h>
#include <sys/un.h>

#include "partner.h"
#include "process_linux.h"
#include "test.h"
#include "world.h"

static int accept_all(LPWSABUF caller, LPWSABUF data, LPQOS qos, LPQOS group_qos,
		      LPWSABUF callee, LPWSABUF callee_data, GROUP *group,
		      DWORD_PTR context)
{
	(void)caller, (void)data, (void)qos, (void)group_qos;
	(void)callee, (void)callee_data, (void)group, (void)context;
	return CF_ACCEPT;
}

struct later {
	SOCKET socket;
	WSAEVENT event;
	unsigned short port;
};

static void *do_later(void *argument)
{
	struct later *later = argument;

	Sleep(200);
	if (later->event)
		WSASetEvent(later->event);
	else if (later->port)
		later->socket = connect_to(later->port);
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

TEST(W106_conditions_of_accept)
{
	SOCKET listener = stream_listener();

	connect_to(port_of(listener));
	ASSERT_FAILS(WSAEOPNOTSUPP, WSAAccept(listener, NULL, NULL, accept_all, 0));
	ASSERT_WORKS(WSAAccept(listener, NULL, NULL, NULL, 0));
}

TEST(W43_overlapped_calls)
{
	char room[4];
	WSABUF buffer = { .len = sizeof(room), .buf = room };
	WSAOVERLAPPED overlapped = { 0 };
	DWORD bytes = 0, flags = 0;
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAEOPNOTSUPP,
		     WSARecv(ends[0], &buffer, 1, &bytes, &flags, &overlapped, NULL));
	ASSERT_FAILS(WSAEOPNOTSUPP,
		     WSASend(ends[0], &buffer, 1, &bytes, 0, &overlapped, NULL));
	receive_text(ends[0], "x");
	assert_open(ends[1]);
}

TEST(extension_functions)
{
	GUID extension = WSAID_ACCEPTEX;
	SOCKET s = stream_listener();
	void *function = NULL;
	DWORD size = 0;

	ASSERT_FAILS(WSAEOPNOTSUPP,
		     WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &extension,
			      sizeof(extension), &function, sizeof(function), &size, NULL,
			      NULL));
}

TEST(paths_that_there_are_not)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
	SOCKET s = new_socket(AF_UNIX, SOCK_STREAM);

	ASSERT_FAILS(WSAECONNREFUSED, connect(s, (struct sockaddr *)&name, sizeof(name)));
	ASSERT_FAILS(WSAEADDRNOTAVAIL, bind(s, (struct sockaddr *)&name, sizeof(name)));
}

TEST(W41_a_right_that_linux_does_not_have)
{
	ASSERT_FAILS(WSAEACCES, WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0,
					   WSA_FLAG_ACCESS_SYSTEM_SECURITY));
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

TEST(W114_no_signal_of_a_broken_pipe)
{
	WSABUF buffer = { .len = 1, .buf = (char *)"x" };
	SOCKET ends[2];
	DWORD bytes;

	/* The signal's default would end this program. */
	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_SEND));
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	ASSERT_FAILS(WSAESHUTDOWN, WSASend(ends[0], &buffer, 1, &bytes, 0, NULL, NULL));
	stream_pair(ends);
	reset(ends[1]);
	wait_readable_here(ends[0]);
	ASSERT_EQ(SOCKET_ERROR, send(ends[0], "x", 1, 0));
	ASSERT_EQ(SOCKET_ERROR, send(ends[0], "x", 1, 0));
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

TEST(W112_select_takes_any_number)
{
	SOCKET ends[2], high;

	stream_pair(ends);
	high = process_renumber(ends[0], 2000);
	ASSERT(high >= 2000);
	ASSERT_EQ(1, writable_within(high, WAIT_MS));
	send_text(ends[1], "x");
	wait_readable_here(high);
	receive_text(high, "x");
	close_socket(high);
	process_allow_descriptors();
}

TEST_SHARED(W31_the_providers_table)
{
	SOCKET s = stream_listener(), other;
	WSPUPCALLTABLE upcalls = { 0 };
	WSAPROTOCOL_INFOW info, entry = protocol_info(s);
	WSPPROC_TABLE table;
	int error = 0;
	WSPDATA data;

	memset(&table, 0xaa, sizeof(table));
	ASSERT_EQ(0, WSPStartup(MAKEWORD(2, 2), &data, &entry, upcalls, &table));
	ASSERT_EQ(MAKEWORD(2, 2), data.wVersion);
	ASSERT(!table.lpWSPRecv);
	ASSERT_EQ(0, table.lpWSPDuplicateSocket(s, GetCurrentProcessId(), &info, &error));
	other = table.lpWSPSocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
				  FROM_PROTOCOL_INFO, &info, 0, 0, &error);
	ASSERT(other != INVALID_SOCKET);
	ASSERT_EQ(port_of(s), port_of(other));
	ASSERT(table.lpWSPSocket(0, 0, 0, &info, 0, 0, &error) == INVALID_SOCKET);
	ASSERT_EQ(WSAEINVAL, error);
	ASSERT_EQ(SOCKET_ERROR, table.lpWSPDuplicateSocket(INVALID_SOCKET, 0, NULL,
							   &error));
	ASSERT_EQ(WSAENOTSOCK, error);
}
