// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSAStartup() and WSACleanup(), and the thread's error. The harness has called
 * WSAStartup() once before each test.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static void start(WORD version, WSADATA *data)
{
	memset(data, 0xaa, sizeof(*data));
	ASSERT_EQ(0, WSAStartup(version, data));
}

/* The calls of a test that the harness's startup is taken away from. */
static void stop(void)
{
	ASSERT_WORKS(WSACleanup());
}

static void restart(void)
{
	WSADATA data;

	start(MAKEWORD(2, 2), &data);
}

TEST(W95_a_version_is_agreed_upon)
{
	WSADATA data;

	start(MAKEWORD(2, 2), &data);
	ASSERT_EQ(MAKEWORD(2, 2), data.wVersion);
	ASSERT_EQ(MAKEWORD(2, 2), data.wHighVersion);
	ASSERT(data.szDescription[0]);
	ASSERT_WORKS(WSACleanup());
	start(MAKEWORD(1, 1), &data);
	ASSERT_EQ(MAKEWORD(1, 1), data.wVersion);
	ASSERT_EQ(MAKEWORD(2, 2), data.wHighVersion);
	ASSERT_WORKS(WSACleanup());
	start(MAKEWORD(3, 0), &data);
	ASSERT_EQ(MAKEWORD(2, 2), data.wVersion);
	ASSERT_WORKS(WSACleanup());
}

TEST(W95_a_version_that_never_was)
{
	WSADATA data;

	ASSERT_EQ(WSAVERNOTSUPPORTED, WSAStartup(MAKEWORD(0, 0), &data));
}

TEST(W95_startup_without_a_struct)
{
	ASSERT_EQ(WSAEFAULT, WSAStartup(MAKEWORD(2, 2), NULL));
}

TEST(W95_startups_are_counted)
{
	restart();
	ASSERT_WORKS(WSACleanup());
	ASSERT_WORKS(new_socket(AF_INET, SOCK_STREAM));
}

TEST(W95_an_extra_cleanup_fails)
{
	stop();
	ASSERT_FAILS(WSANOTINITIALISED, WSACleanup());
	restart();
}

TEST(W95_no_socket_before_startup)
{
	stop();
	ASSERT_FAILS(WSANOTINITIALISED, socket(AF_INET, SOCK_STREAM, 0));
	ASSERT_FAILS(WSANOTINITIALISED, WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0));
	restart();
}

TEST(W95_no_call_on_a_socket_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	struct sockaddr_in address = loopback_address(0);
	WSAEVENT event = new_event();
	int size = sizeof(address);
	WSANETWORKEVENTS happened;
	WSAPROTOCOL_INFOW info;
	u_long on = 1;
	char byte;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED,
		     bind(s, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_FAILS(WSANOTINITIALISED, listen(s, 1));
	ASSERT_FAILS(WSANOTINITIALISED, accept(s, NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED,
		     connect(s, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_FAILS(WSANOTINITIALISED,
		     getsockname(s, (struct sockaddr *)&address, &size));
	ASSERT_FAILS(WSANOTINITIALISED, send(s, "x", 1, 0));
	ASSERT_FAILS(WSANOTINITIALISED, recv(s, &byte, 1, 0));
	ASSERT_FAILS(WSANOTINITIALISED, shutdown(s, SD_SEND));
	ASSERT_FAILS(WSANOTINITIALISED, ioctlsocket(s, FIONBIO, &on));
	ASSERT_FAILS(WSANOTINITIALISED, WSADuplicateSocketW(s, 1, &info));
	ASSERT_FAILS(WSANOTINITIALISED, WSAEventSelect(s, event, FD_READ));
	ASSERT_FAILS(WSANOTINITIALISED, WSAEnumNetworkEvents(s, event, &happened));
	ASSERT_FAILS(WSANOTINITIALISED, closesocket(s));
	restart();
}

TEST(W95_the_error_is_there_before_startup)
{
	stop();
	WSASetLastError(WSAEACCES);
	ASSERT_EQ(WSAEACCES, WSAGetLastError());
	ASSERT_EQ(0x1234, htons(0x3412));
	restart();
}

TEST(W96_one_error_for_both_names)
{
	WSASetLastError(WSAEACCES);
	ASSERT_EQ(WSAEACCES, GetLastError());
	SetLastError(ERROR_INVALID_HANDLE);
	ASSERT_EQ(ERROR_INVALID_HANDLE, WSAGetLastError());
	ASSERT_EQ(INVALID_SOCKET, socket(9999, SOCK_STREAM, 0));
	ASSERT_EQ(WSAEAFNOSUPPORT, GetLastError());
}

struct seen {
	int first;
	int second;
};

static void *set_error(void *argument)
{
	struct seen *seen = argument;

	seen->first = WSAGetLastError();
	WSASetLastError(WSAEMFILE);
	seen->second = WSAGetLastError();
	return NULL;
}

/* Making and joining a thread may change this thread's own. */
TEST(W96_each_thread_has_its_own)
{
	struct seen seen;
	pthread_t thread;

	WSASetLastError(WSAEACCES);
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_error, &seen));
	pthread_join(thread, NULL);
	ASSERT(seen.first != WSAEACCES);
	ASSERT_EQ(WSAEMFILE, seen.second);
	ASSERT(WSAGetLastError() != WSAEMFILE);
}

TEST(W116_nothing_is_zero)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAEVENT event = new_event();

	ASSERT(s != 0);
	ASSERT(event != 0);
	close_socket(s);
	ASSERT(WSACloseEvent(event));
}
