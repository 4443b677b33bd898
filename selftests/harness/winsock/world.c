// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

#include <stdlib.h>

#include "partner.h"
#include "test.h"

#define ROOM	4096

void test_begin(void)
{
	WSADATA data;

	ASSERT_EQ(0, WSAStartup(MAKEWORD(2, 2), &data));
}

void test_end(void)
{
	partner_end_all();
	WSACleanup();
}

struct sockaddr_in loopback_address(unsigned short port)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	return address;
}

unsigned short port_of(SOCKET s)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	ASSERT_WORKS(getsockname(s, (struct sockaddr *)&address, &size));
	return ntohs(address.sin_port);
}

SOCKET new_socket(int family, int type)
{
	SOCKET s = socket(family, type, 0);

	ASSERT_WORKS(s);
	return s;
}

int bind_to(SOCKET s, unsigned short port)
{
	struct sockaddr_in address = loopback_address(port);

	return bind(s, (struct sockaddr *)&address, sizeof(address));
}

static SOCKET bound(int type)
{
	SOCKET s = new_socket(AF_INET, type);

	ASSERT_WORKS(bind_to(s, 0));
	return s;
}

SOCKET stream_bound(void)
{
	return bound(SOCK_STREAM);
}

SOCKET datagram_bound(void)
{
	return bound(SOCK_DGRAM);
}

SOCKET stream_listener(void)
{
	SOCKET s = stream_bound();

	ASSERT_WORKS(listen(s, SOMAXCONN));
	return s;
}

int connect_socket(SOCKET s, unsigned short port)
{
	struct sockaddr_in address = loopback_address(port);

	return connect(s, (struct sockaddr *)&address, sizeof(address));
}

SOCKET connect_to(unsigned short port)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_WORKS(connect_socket(s, port));
	return s;
}

void connect_without_waiting(SOCKET s, unsigned short port)
{
	set_nonblocking(s);
	ASSERT_FAILS(WSAEWOULDBLOCK, connect_socket(s, port));
}

struct attempt {
	SOCKET socket;
	unsigned short port;
};

static void *attempt_later(void *argument)
{
	struct attempt attempt = *(struct attempt *)argument;

	free(argument);
	Sleep(QUIET_MS);
	connect_socket(attempt.socket, attempt.port);
	return NULL;
}

pthread_t connect_later(SOCKET s, unsigned short port)
{
	struct attempt *attempt = malloc(sizeof(*attempt));
	pthread_t thread;

	ASSERT(attempt);
	attempt->socket = s;
	attempt->port = port;
	ASSERT_EQ(0, pthread_create(&thread, NULL, attempt_later, attempt));
	return thread;
}

void stream_pair(SOCKET ends[2])
{
	SOCKET listener = stream_listener();

	ends[0] = connect_to(port_of(listener));
	ends[1] = accept(listener, NULL, NULL);
	ASSERT_WORKS(ends[1]);
	close_socket(listener);
}

void datagram_pair(SOCKET ends[2])
{
	ends[0] = datagram_bound();
	ends[1] = datagram_bound();
	ASSERT_WORKS(connect_socket(ends[0], port_of(ends[1])));
	ASSERT_WORKS(connect_socket(ends[1], port_of(ends[0])));
}

unsigned short dead_port(void)
{
	SOCKET s = stream_listener();
	unsigned short port = port_of(s);

	close_socket(s);
	return port;
}

void close_socket(SOCKET s)
{
	ASSERT_WORKS(closesocket(s));
}

SOCKET duplicate_here(SOCKET s)
{
	WSAPROTOCOL_INFOW info;

	ASSERT_WORKS(WSADuplicateSocketW(s, GetCurrentProcessId(), &info));
	s = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
		       &info, 0, 0);
	ASSERT_WORKS(s);
	return s;
}

void set_nonblocking(SOCKET s)
{
	u_long on = 1;

	ASSERT_WORKS(ioctlsocket(s, FIONBIO, &on));
}

void set_option(SOCKET s, int level, int name, int value)
{
	ASSERT_WORKS(setsockopt(s, level, name, (const char *)&value, sizeof(value)));
}

int get_option(SOCKET s, int level, int name)
{
	int value = 0, size = sizeof(value);

	ASSERT_WORKS(getsockopt(s, level, name, (char *)&value, &size));
	return value;
}

WSAPROTOCOL_INFOW protocol_info(SOCKET s)
{
	WSAPROTOCOL_INFOW info;
	int size = sizeof(info);

	ASSERT_WORKS(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size));
	return info;
}

static struct timeval time_of(long milliseconds)
{
	struct timeval time = {
		.tv_sec = milliseconds / 1000,
		.tv_usec = milliseconds % 1000 * 1000,
	};

	return time;
}

int readable_within(SOCKET s, long milliseconds)
{
	struct timeval time = time_of(milliseconds);
	fd_set set;
	int count;

	FD_ZERO(&set);
	FD_SET(s, &set);
	count = select(0, &set, NULL, NULL, &time);
	ASSERT_WORKS(count);
	return count;
}

int writable_within(SOCKET s, long milliseconds)
{
	struct timeval time = time_of(milliseconds);
	fd_set set;
	int count;

	FD_ZERO(&set);
	FD_SET(s, &set);
	count = select(0, NULL, &set, NULL, &time);
	ASSERT_WORKS(count);
	return count;
}

void wait_readable_here(SOCKET s)
{
	ASSERT_EQ(1, readable_within(s, WAIT_MS));
}

void send_text(SOCKET s, const char *text)
{
	ASSERT_EQ((int)strlen(text), send(s, text, strlen(text), 0));
}

void receive_text(SOCKET s, const char *text)
{
	int size = strlen(text), got = 0, n;
	char data[ROOM];

	while (got < size) {
		wait_readable_here(s);
		n = recv(s, data + got, size - got, 0);
		ASSERT_WORKS(n);
		ASSERT(n > 0);
		got += n;
	}
	ASSERT(!memcmp(data, text, size));
}

void pass_text(SOCKET from, SOCKET to)
{
	send_text(from, "some text");
	receive_text(to, "some text");
}

void assert_open(SOCKET s)
{
	ASSERT_EQ(0, readable_within(s, QUIET_MS));
}

void assert_end(SOCKET s)
{
	char byte;

	wait_readable_here(s);
	ASSERT_EQ(0, recv(s, &byte, 1, 0));
}

void reset(SOCKET s)
{
	struct linger linger = { .l_onoff = 1 };

	ASSERT_WORKS(setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&linger,
				sizeof(linger)));
	close_socket(s);
}

int fill(SOCKET s)
{
	static const char data[ROOM];
	int n, sent = 0;

	do {
		while ((n = send(s, data, sizeof(data), 0)) > 0)
			sent += n;
		ASSERT_EQ(WSAEWOULDBLOCK, WSAGetLastError());
		/* The network may still be moving it on. */
	} while (writable_within(s, QUIET_MS));
	return sent;
}

void drain(SOCKET s, int bytes)
{
	char data[ROOM];
	int n;

	while (bytes > 0) {
		wait_readable_here(s);
		n = recv(s, data, sizeof(data), 0);
		ASSERT(n > 0);
		bytes -= n;
	}
}

WSAEVENT new_event(void)
{
	WSAEVENT event = WSACreateEvent();

	ASSERT(event != WSA_INVALID_EVENT);
	return event;
}

void select_events(SOCKET s, WSAEVENT event, long mask)
{
	ASSERT_WORKS(WSAEventSelect(s, event, mask));
}

static DWORD wait(WSAEVENT event, DWORD milliseconds)
{
	DWORD outcome = WSAWaitForMultipleEvents(1, &event, TRUE, milliseconds, FALSE);

	ASSERT_WORKS(outcome);
	return outcome;
}

int is_set(WSAEVENT event)
{
	return wait(event, 0) == WSA_WAIT_EVENT_0;
}

void wait_for(WSAEVENT event)
{
	ASSERT_EQ(WSA_WAIT_EVENT_0, wait(event, WAIT_MS));
}

void assert_quiet(WSAEVENT event)
{
	ASSERT_EQ(WSA_WAIT_TIMEOUT, wait(event, QUIET_MS));
}

WSANETWORKEVENTS take_events(SOCKET s, WSAEVENT event)
{
	WSANETWORKEVENTS happened;

	wait_for(event);
	memset(&happened, 0, sizeof(happened));
	ASSERT_WORKS(WSAEnumNetworkEvents(s, event, &happened));
	return happened;
}

void registered_pair(SOCKET ends[2], WSAEVENT *event, long mask)
{
	*event = new_event();
	stream_pair(ends);
	select_events(ends[0], *event, mask);
	if (mask & FD_WRITE)
		ASSERT_EQ(FD_WRITE, take_events(ends[0], *event).lNetworkEvents);
	assert_quiet(*event);
}

static void add_events(WSANETWORKEVENTS *sum, const WSANETWORKEVENTS *more)
{
	int bit;

	for (bit = 0; bit < FD_MAX_EVENTS; bit++)
		if (more->lNetworkEvents & (1L << bit))
			sum->iErrorCode[bit] = more->iErrorCode[bit];
	sum->lNetworkEvents |= more->lNetworkEvents;
}

WSANETWORKEVENTS wait_for_events(SOCKET s, WSAEVENT event, long wanted)
{
	WSANETWORKEVENTS all, some;

	memset(&all, 0, sizeof(all));
	while ((all.lNetworkEvents & wanted) != wanted) {
		some = take_events(s, event);
		add_events(&all, &some);
	}
	return all;
}

long recorded(SOCKET s)
{
	WSANETWORKEVENTS happened;

	ASSERT_WORKS(WSAEnumNetworkEvents(s, NULL, &happened));
	return happened.lNetworkEvents;
}
