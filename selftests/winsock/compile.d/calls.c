// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls as consumers write them, with what they pass.
 */
#ifdef AFTER_STDLIB
#include <stdlib.h>
#endif
#ifdef OWN_SETSIZE
#undef FD_SETSIZE
#define FD_SETSIZE	1024
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <ws2spi.h>
#include <windows.h>

#include <assert.h>
#include <string.h>

#if defined(OWN_SETSIZE) || defined(SOCKDUP_WS_FD_SETSIZE)
static_assert(FD_SETSIZE == 1024, "the program's");
#else
static_assert(FD_SETSIZE == 64, "Windows'");
#endif

/* Such as PostgreSQL's: the words without a suffix, and 0 for no socket. */
struct inheritable {
	SOCKET origsocket;
	WSAPROTOCOL_INFO wsainfo;
};

int hand_over(struct inheritable *to, SOCKET s, DWORD child)
{
	to->origsocket = s;
	if (s == 0 || s == INVALID_SOCKET)
		return 0;
	return WSADuplicateSocket(s, child, &to->wsainfo) ? WSAGetLastError() : 0;
}

SOCKET take_over(struct inheritable *from)
{
	SOCKET s = WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			     FROM_PROTOCOL_INFO, &from->wsainfo, 0,
			     WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

	if (s == INVALID_SOCKET)
		return s;
	SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
	closesocket(from->origsocket);
	return s;
}

int wait_for(SOCKET s, DWORD milliseconds)
{
	HANDLE events[2] = { CreateEvent(NULL, TRUE, FALSE, NULL), WSACreateEvent() };
	WSANETWORKEVENTS happened;
	DWORD woken;

	if (events[1] == WSA_INVALID_EVENT)
		return -1;
	WSAEventSelect(s, events[1], FD_READ | FD_CLOSE);
	woken = WaitForMultipleObjectsEx(2, events, FALSE, milliseconds, TRUE);
	if (woken == WAIT_IO_COMPLETION || woken == WAIT_TIMEOUT)
		return 0;
	ZeroMemory(&happened, sizeof(happened));
	WSAEnumNetworkEvents(s, events[1], &happened);
	WSAEventSelect(s, NULL, 0);
	WSACloseEvent(events[1]);
	CloseHandle(events[0]);
	return happened.lNetworkEvents & FD_CLOSE ?
	       happened.iErrorCode[FD_CLOSE_BIT] : 0;
}

int names(SOCKET s)
{
	struct sockaddr_in address;
	int size = sizeof(address);
	socklen_t other_size = sizeof(address);
	IN6_ADDR six;

	memset(&six, 0, sizeof(six));
	six.u.Byte[15] = 1;
	six.s6_addr[0] = six.u.Word[7] & 1;
	address.sin_family = AF_INET;
	address.sin_port = htons(80);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_addr.S_un.S_addr = inet_addr("127.0.0.1");
	address.sin_addr.S_un.S_un_b.s_b1 = 127;
	return getsockname(s, (struct sockaddr *)&address, &size) ||
	       getpeername(s, (SOCKADDR *)&address, &other_size) ||
	       !inet_ntoa(address.sin_addr) || IN6_IS_ADDR_LOOPBACK(&six);
}

int modes(SOCKET s)
{
	struct tcp_keepalive keepalive = { 1, 60000, 1000 };
	GUID extension = WSAID_ACCEPTEX;
	LPFN_ACCEPTEX accept_ex = NULL;
	unsigned long wide = 1;
	u_long also_wide = 1;
	DWORD narrow = 1, returned, time = 100;

	return ioctlsocket(s, FIONBIO, &wide) ||
	       ioctlsocket(s, FIONBIO, &also_wide) ||
	       ioctlsocket(s, FIONREAD, &narrow) ||
	       setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (const char *)&time,
			  sizeof(time)) ||
	       WSAIoctl(s, SIO_KEEPALIVE_VALS, &keepalive, sizeof(keepalive),
			NULL, 0, &returned, NULL, NULL) ||
	       WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &extension,
			sizeof(extension), &accept_ex, sizeof(accept_ex),
			&returned, NULL, NULL) || accept_ex;
}

int choose(SOCKET s)
{
	struct timeval time = { 1, 0 };
	fd_set read, write;
	FD_SET except;

	FD_ZERO(&read);
	FD_ZERO(&write);
	FD_ZERO(&except);
	FD_SET(s, &read);
	FD_SET(s, &write);
	FD_CLR(s, &write);
	if (select(0, &read, &write, &except, &time) < 1)
		return -1;
	return FD_ISSET(s, &read) && read.fd_count && read.fd_array[0] == s;
}

int provider(SOCKET s, DWORD pid)
{
	WSAPROTOCOL_INFOW info;
	WSPUPCALLTABLE upcalls;
	WSPPROC_TABLE table;
	WSPDATA data;
	int error;

	memset(&upcalls, 0, sizeof(upcalls));
	if (WSPStartup(MAKEWORD(2, 2), &data, &info, upcalls, &table))
		return -1;
	return table.lpWSPDuplicateSocket(s, pid, &info, &error);
}

int probe(SOCKET s)
{
	WSABUF buffer = { 0, NULL };
	DWORD size, flags = 0;

	return WSASend(s, &buffer, 1, &size, 0, NULL, NULL) ||
	       WSARecv(s, &buffer, 1, &size, &flags, NULL, NULL);
}

int watch(SOCKET s, SOCKET other)
{
	WSAPOLLFD entries[2] = { { s, POLLIN, 0 }, { other, POLLOUT, 0 } };
	LPWSAPOLLFD first = entries;

	if (WSAPoll(first, 2, 1000) < 1)
		return -1;
	return entries[0].revents & (POLLRDNORM | POLLRDBAND | POLLHUP) ||
	       entries[1].revents & (POLLWRNORM | POLLERR | POLLNVAL);
}

int texts(SOCKET s)
{
	struct sockaddr_in address;
	int size = sizeof(address);
	DWORD length = 80;
	char name[256];
	TCHAR text[80];
	IN_ADDR four;
	u_long word;
	u_short half;

	return gethostname(name, sizeof(name)) ||
	       InetPton(AF_INET, TEXT("127.0.0.1"), &four) != 1 ||
	       InetNtop(AF_INET, &four, text, 80) != text ||
	       WSAStringToAddress(text, AF_INET, NULL,
				  (struct sockaddr *)&address, &size) ||
	       WSAAddressToString((struct sockaddr *)&address, sizeof(address),
				  NULL, text, &length) ||
	       WSAHtonl(s, 1, &word) || WSANtohs(s, 1, &half);
}

int end(SOCKET s)
{
	return WSASendDisconnect(s, NULL) || WSARecvDisconnect(s, NULL);
}
