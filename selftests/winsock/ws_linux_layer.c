// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the layer leaves out, and what it takes care of because Linux differs: broken
 * pipes, large numbers, threads that end.
 */
#define _GNU_SOURCE
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <ws2spi.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/un.h>
#include <time.h>

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

/* A connection without a path in the file system. */
static void unix_pair(SOCKET ends[2])
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	SOCKET listener = new_socket(AF_UNIX, SOCK_STREAM);
	int size = sizeof(name);

	ASSERT_WORKS(bind(listener, (struct sockaddr *)&name, sizeof(name.sun_family)));
	ASSERT_WORKS(listen(listener, 1));
	ASSERT_WORKS(getsockname(listener, (struct sockaddr *)&name, &size));
	ends[0] = new_socket(AF_UNIX, SOCK_STREAM);
	ASSERT_WORKS(connect(ends[0], (struct sockaddr *)&name, size));
	ends[1] = accept(listener, NULL, NULL);
	ASSERT_WORKS(ends[1]);
	close_socket(listener);
}

/* A listener that has no room for one more. Its name's size. */
static int full_listener(SOCKET *listener, struct sockaddr_un *name)
{
	int size = sizeof(*name), i;

	*listener = new_socket(AF_UNIX, SOCK_STREAM);
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	ASSERT_WORKS(bind(*listener, (struct sockaddr *)name, sizeof(name->sun_family)));
	ASSERT_WORKS(listen(*listener, 1));
	ASSERT_WORKS(getsockname(*listener, (struct sockaddr *)name, &size));
	for (i = 0; i < 2; i++)
		ASSERT_WORKS(connect(new_socket(AF_UNIX, SOCK_STREAM),
				     (struct sockaddr *)name, size));
	return size;
}

/* Nothing would tell when to try again. */
TEST(unix_listener_whose_backlog_is_full_refuses)
{
	struct sockaddr_un name;
	SOCKET listener, s = new_socket(AF_UNIX, SOCK_STREAM);
	int size = full_listener(&listener, &name);

	set_nonblocking(s);
	ASSERT_FAILS(WSAECONNREFUSED, connect(s, (struct sockaddr *)&name, size));
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_WORKS(connect(s, (struct sockaddr *)&name, size));
}

static void *accept_later(void *listener)
{
	Sleep(5 * QUIET_MS);
	accept(*(SOCKET *)listener, NULL, NULL);
	return NULL;
}

/* SO_SNDTIMEO is for data, and Linux' connect() ends by it. */
TEST(unix_listener_whose_backlog_is_full_is_waited_for)
{
	struct sockaddr_un name;
	SOCKET listener, s = new_socket(AF_UNIX, SOCK_STREAM);
	int size = full_listener(&listener, &name);
	pthread_t thread;

	set_option(s, SOL_SOCKET, SO_SNDTIMEO, QUIET_MS);
	ASSERT_EQ(0, pthread_create(&thread, NULL, accept_later, &listener));
	ASSERT_WORKS(connect(s, (struct sockaddr *)&name, size));
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

static bool write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool written = file && fputs(text, file) >= 0;

	return (file && !fclose(file)) && written;
}

/*
 * The error of a connect where no port is left: in a network of the thread's own, which has
 * two. 0 where there can be no such network.
 */
static void *connect_without_a_port(void *error)
{
	SOCKET s;
	int i;

	if (unshare(CLONE_NEWNET) ||
	    !write_text("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001"))
		return NULL;
	for (i = 0; i < 3; i++) {
		s = socket(AF_INET, SOCK_DGRAM, 0);
		*(int *)error = i < 2 ? bind_to(s, 0) : connect_socket(s, 9);
	}
	*(int *)error = *(int *)error ? WSAGetLastError() : -1;
	return NULL;
}

TEST(datagram_socket_that_gets_no_port_is_not_connected)
{
	pthread_t thread;
	int error = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, connect_without_a_port, &error));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	if (!error)
		test_skip("no network of its own");
	ASSERT_EQ(WSAENOBUFS, error);
}

TEST(W114_a_unix_socket_after_both_ends)
{
	SOCKET ends[2];

	unix_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_SEND));
	assert_end(ends[1]);
	close_socket(ends[1]);
	assert_end(ends[0]);
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	unix_pair(ends);
	close_socket(ends[1]);
	assert_end(ends[0]);
	ASSERT_FAILS(WSAECONNRESET, send(ends[0], "x", 1, 0));
}

TEST(connect_after_a_reset_begins_no_other_connection)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM), accepted;
	char byte;

	connect_without_waiting(s, port_of(listener));
	accepted = accept(listener, NULL, NULL);
	ASSERT_WORKS(accepted);
	reset(accepted);
	wait_readable_here(s);
	ASSERT_FAILS(WSAEISCONN, connect_socket(s, port_of(listener)));
	ASSERT_EQ(0, readable_within(listener, QUIET_MS));
	/* Nothing has taken the reset's error meanwhile. */
	ASSERT_FAILS(WSAECONNRESET, recv(s, &byte, 1, 0));
}

TEST(a_bind_that_fails_leaves_the_socket_as_it_was)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	unsigned short taken = port_of(listener);

	ASSERT_FAILS(WSAEADDRINUSE, bind_to(s, taken));
	ASSERT_EQ(0, process_reuses_address(s));
	set_option(s, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_FAILS(WSAEADDRINUSE, bind_to(s, taken));
	ASSERT_EQ(1, process_reuses_address(s));
	/* What the program does not see, and a server needs. */
	ASSERT_EQ(1, process_reuses_address(listener));
	ASSERT_EQ(0, get_option(listener, SOL_SOCKET, SO_REUSEADDR));
}

static void set_keepalive_times(SOCKET s, ULONG time, ULONG interval)
{
	struct tcp_keepalive times = {
		.onoff = 1,
		.keepalivetime = time,
		.keepaliveinterval = interval,
	};
	DWORD size = 0;

	ASSERT_WORKS(WSAIoctl(s, SIO_KEEPALIVE_VALS, &times, sizeof(times), NULL, 0, &size,
			      NULL, NULL));
}

TEST(keep_alive_times_of_any_length)
{
	SOCKET ends[2];

	stream_pair(ends);
	set_keepalive_times(ends[0], 40001, 0xffffffff);
	ASSERT_EQ(41, get_option(ends[0], IPPROTO_TCP, TCP_KEEPIDLE));
	ASSERT_EQ(32767, get_option(ends[0], IPPROTO_TCP, TCP_KEEPINTVL));
	set_keepalive_times(ends[0], 0, 0);
	ASSERT_EQ(41, get_option(ends[0], IPPROTO_TCP, TCP_KEEPIDLE));
	ASSERT_EQ(32767, get_option(ends[0], IPPROTO_TCP, TCP_KEEPINTVL));
}

TEST(a_bad_pointer_to_an_address)
{
	struct sockaddr *nowhere = (struct sockaddr *)(intptr_t)NOBODYS_ADDRESS;
	SOCKET tcp = new_socket(AF_INET, SOCK_STREAM), udp = new_socket(AF_INET, SOCK_DGRAM);
	int size = sizeof(struct sockaddr_in);

	ASSERT_FAILS(WSAEFAULT, bind(tcp, nowhere, size));
	ASSERT_FAILS(WSAEFAULT, connect(tcp, nowhere, size));
	ASSERT_FAILS(WSAEFAULT, connect(udp, nowhere, size));
	ASSERT_FAILS(WSAEFAULT, sendto(udp, "x", 1, 0, nowhere, size));
	size = sizeof(struct sockaddr_in6);
	ASSERT_FAILS(WSAEFAULT, sendto(new_socket(AF_INET6, SOCK_DGRAM), "x", 1, 0, nowhere,
				       size));
}

static void *make_queue(void *queue)
{
	*(HWND *)queue = sockdup_ws_make_queue();
	return NULL;
}

static HWND queue_of_a_thread_that_ends(void)
{
	HWND queue = NULL;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, make_queue, &queue));
	pthread_join(thread, NULL);
	ASSERT(queue);
	return queue;
}

/* As a window does: another thread may get its id. */
TEST(W111_a_queue_ends_with_its_thread)
{
	ASSERT_EQ(-1, sockdup_ws_queue_fd(queue_of_a_thread_that_ends()));
	ASSERT_EQ(ERROR_INVALID_WINDOW_HANDLE, GetLastError());
}

static int has_queue(void *queue)
{
	return sockdup_ws_queue_fd(queue) >= 0;
}

TEST(W111_a_child_has_no_queue_of_its_parent)
{
	HWND queue = sockdup_ws_make_queue();

	ASSERT_EQ(1, has_queue(queue));
	ASSERT_EQ(0, process_fork(has_queue, queue));
	ASSERT(DestroyWindow(queue));
}

static void *look_when_cancelled(void *unused)
{
	HWND queue = sockdup_ws_make_queue();
	MSG message;

	(void)unused;
	pthread_cancel(pthread_self());
	/* None of them may end the thread in its midst. */
	PeekMessageA(&message, queue, 0, 0, PM_REMOVE);
	DestroyWindow(queue);
	pthread_testcancel();
	return NULL;
}

static void *make_and_destroy_queue(void *unused)
{
	(void)unused;
	DestroyWindow(sockdup_ws_make_queue());
	return NULL;
}

TEST(W111_a_thread_that_is_cancelled_leaves_the_queues_to_others)
{
	struct timespec limit;
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, look_when_cancelled, NULL));
	ASSERT_EQ(0, pthread_join(thread, &result));
	ASSERT(result == PTHREAD_CANCELED);
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_and_destroy_queue, NULL));
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_MS / 1000;
	ASSERT_EQ(0, pthread_timedjoin_np(thread, NULL, &limit));
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
