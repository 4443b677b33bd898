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

/* Of a call that may fail otherwise than by -1. */
#define ASSERT_TOO_EARLY(failure, call)					\
	do {								\
		WSASetLastError(0);					\
		ASSERT_EQ(failure, call);				\
		ASSERT_EQ(WSANOTINITIALISED, WSAGetLastError());	\
	} while (0)

TEST(W95_no_socket_before_startup)
{
	WSAPROTOCOL_INFOA narrow;
	WSAPROTOCOL_INFOW wide;
	DWORD size = 0;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED, socket(AF_INET, SOCK_STREAM, 0));
	ASSERT_FAILS(WSANOTINITIALISED, WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, 0));
	ASSERT_FAILS(WSANOTINITIALISED, WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0));
	ASSERT_FAILS(WSANOTINITIALISED, WSAEnumProtocolsA(NULL, &narrow, &size));
	ASSERT_FAILS(WSANOTINITIALISED, WSAEnumProtocolsW(NULL, &wide, &size));
	restart();
}

TEST(W95_no_name_or_option_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	struct sockaddr_in address = loopback_address(0);
	struct sockaddr *name = (struct sockaddr *)&address;
	int size = sizeof(address), value = 1;
	u_long on = 1;
	DWORD bytes;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED, bind(s, name, size));
	ASSERT_FAILS(WSANOTINITIALISED, getsockname(s, name, &size));
	ASSERT_FAILS(WSANOTINITIALISED, getpeername(s, name, &size));
	ASSERT_FAILS(WSANOTINITIALISED, setsockopt(s, SOL_SOCKET, SO_KEEPALIVE,
						   (char *)&value, sizeof(value)));
	ASSERT_FAILS(WSANOTINITIALISED, getsockopt(s, SOL_SOCKET, SO_KEEPALIVE,
						   (char *)&value, &size));
	ASSERT_FAILS(WSANOTINITIALISED, ioctlsocket(s, FIONBIO, &on));
	ASSERT_FAILS(WSANOTINITIALISED, WSAIoctl(s, FIONBIO, &on, sizeof(on), NULL, 0,
						 &bytes, NULL, NULL));
	restart();
}

TEST(W95_no_connection_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), listener = stream_listener();
	struct sockaddr_in address = loopback_address(port_of(listener));
	struct sockaddr *name = (struct sockaddr *)&address;
	WSAPOLLFD entry = { .fd = s, .events = POLLIN };
	struct timeval at_once = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(s, &set);
	stop();
	ASSERT_FAILS(WSANOTINITIALISED, listen(s, 1));
	ASSERT_FAILS(WSANOTINITIALISED, connect(s, name, sizeof(address)));
	ASSERT_FAILS(WSANOTINITIALISED, WSAConnect(s, name, sizeof(address), NULL, NULL,
						   NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, accept(listener, NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, WSAAccept(listener, NULL, NULL, NULL, 0));
	ASSERT_FAILS(WSANOTINITIALISED, select(0, &set, NULL, NULL, &at_once));
	ASSERT_FAILS(WSANOTINITIALISED, WSAPoll(&entry, 1, 0));
	ASSERT_FAILS(WSANOTINITIALISED, shutdown(s, SD_SEND));
	ASSERT_FAILS(WSANOTINITIALISED, WSASendDisconnect(s, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, WSARecvDisconnect(s, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, closesocket(s));
	restart();
}

TEST(W95_no_data_before_startup)
{
	struct sockaddr_in address;
	struct sockaddr *name = (struct sockaddr *)&address;
	char room[1];
	WSABUF buffer = { .len = 1, .buf = room };
	int size = sizeof(address);
	DWORD bytes, flags = 0;
	SOCKET ends[2];

	datagram_pair(ends);
	send_text(ends[1], "xxxx");
	wait_readable_here(ends[0]);
	address = loopback_address(port_of(ends[1]));
	stop();
	ASSERT_FAILS(WSANOTINITIALISED, send(ends[0], "x", 1, 0));
	ASSERT_FAILS(WSANOTINITIALISED, sendto(ends[0], "x", 1, 0, name, size));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSASend(ends[0], &buffer, 1, &bytes, 0, NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, WSASendTo(ends[0], &buffer, 1, &bytes, 0, name,
						  size, NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, recv(ends[0], room, 1, 0));
	ASSERT_FAILS(WSANOTINITIALISED, recvfrom(ends[0], room, 1, 0, name, &size));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSARecv(ends[0], &buffer, 1, &bytes, &flags, NULL, NULL));
	ASSERT_FAILS(WSANOTINITIALISED, WSARecvFrom(ends[0], &buffer, 1, &bytes, &flags,
						    name, &size, NULL, NULL));
	restart();
}

TEST(W95_no_text_of_an_address_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	struct sockaddr_in address = loopback_address(0);
	struct sockaddr *name = (struct sockaddr *)&address;
	WCHAR wide[] = { ':', ':', '1', 0 }, wide_room[80];
	int size = sizeof(address);
	char text[] = "127.0.0.1", room[80];
	DWORD length = 80;
	u_short half;
	u_long word;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSAAddressToStringA(name, sizeof(address), NULL, room, &length));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSAAddressToStringW(name, sizeof(address), NULL, wide_room, &length));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSAStringToAddressA(text, AF_INET, NULL, name, &size));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSAStringToAddressW(wide, AF_INET6, NULL, name, &size));
	ASSERT_FAILS(WSANOTINITIALISED, WSAHtonl(s, 1, &word));
	ASSERT_FAILS(WSANOTINITIALISED, WSAHtons(s, 1, &half));
	ASSERT_FAILS(WSANOTINITIALISED, WSANtohl(s, 1, &word));
	ASSERT_FAILS(WSANOTINITIALISED, WSANtohs(s, 1, &half));
	restart();
}

TEST(W95_no_sharing_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAPROTOCOL_INFOA narrow;
	WSAPROTOCOL_INFOW wide;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSADuplicateSocketA(s, GetCurrentProcessId(), &narrow));
	ASSERT_FAILS(WSANOTINITIALISED,
		     WSADuplicateSocketW(s, GetCurrentProcessId(), &wide));
	restart();
}

TEST(W95_no_network_event_before_startup)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	stop();
	ASSERT_FAILS(WSANOTINITIALISED, WSAEventSelect(s, event, FD_READ));
	ASSERT_FAILS(WSANOTINITIALISED, WSAEnumNetworkEvents(s, event, &happened));
	ASSERT_FAILS(WSANOTINITIALISED, WSAAsyncSelect(s, NULL, 0x500, FD_READ));
	restart();
}

TEST(W95_no_event_object_before_startup)
{
	WSAEVENT event = new_event();

	stop();
	ASSERT_TOO_EARLY(0, WSACreateEvent() != WSA_INVALID_EVENT);
	ASSERT_TOO_EARLY(FALSE, WSASetEvent(event));
	ASSERT_TOO_EARLY(FALSE, WSAResetEvent(event));
	ASSERT_TOO_EARLY(WSA_WAIT_FAILED,
			 WSAWaitForMultipleEvents(1, &event, TRUE, 0, FALSE));
	ASSERT_TOO_EARLY(FALSE, WSACloseEvent(event));
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
