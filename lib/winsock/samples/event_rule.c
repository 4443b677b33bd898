// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A socket has one registration for network events, whichever process made it: when B
 * registers for FD_WRITE, A is told of FD_READ no more. Standard input and output of A
 * and B are each other's:
 *
 *	event_rule a
 *	event_rule b
 */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

/* Long enough to believe that nothing more comes. */
#define NOTHING_MS	2000

static WSAEVENT new_event(void)
{
	WSAEVENT event = WSACreateEvent();

	if (event == WSA_INVALID_EVENT)
		talk_fail("WSACreateEvent");
	return event;
}

static void event_select(SOCKET s, WSAEVENT event, long mask)
{
	if (WSAEventSelect(s, event, mask))
		talk_fail("WSAEventSelect");
}

/* The network events that the event object tells of, 0 where it is not set in time. */
static long wait_for_events(SOCKET s, WSAEVENT event, DWORD milliseconds)
{
	WSANETWORKEVENTS events;
	DWORD result;

	result = WSAWaitForMultipleEvents(1, &event, FALSE, milliseconds,
					  FALSE);
	if (result == WSA_WAIT_TIMEOUT)
		return 0;
	if (result != WSA_WAIT_EVENT_0)
		talk_fail("WSAWaitForMultipleEvents");
	if (WSAEnumNetworkEvents(s, event, &events))
		talk_fail("WSAEnumNetworkEvents");
	return events.lNetworkEvents;
}

static void expect(long events, long wanted, const char *what)
{
	if (events != wanted) {
		talk_say("expected %s, got 0x%lx", what,
			 (unsigned long)events);
		exit(EXIT_FAILURE);
	}
	talk_say("is told of %s", what);
}

static void process_a(void)
{
	SOCKET listener, peer, s;
	WSAPROTOCOL_INFO info;
	WSAEVENT event;
	u_short port = 0;
	DWORD target;
	char word[16];
	char done;

	talk_begin("A");
	event = new_event();
	listener = talk_listen(&port);
	s = talk_connect(port);
	peer = accept(listener, NULL, NULL);
	if (peer == INVALID_SOCKET)
		talk_fail("accept");

	event_select(s, event, FD_READ);
	talk_say("registers for FD_READ");
	if (send(peer, "one", 3, 0) != 3)
		talk_fail("send");
	expect(wait_for_events(s, event, INFINITE), FD_READ, "FD_READ");
	if (recv(s, word, sizeof(word), 0) != 3)
		talk_fail("recv");

	talk_read(&target, sizeof(target));
	if (WSADuplicateSocket(s, target, &info))
		talk_fail("WSADuplicateSocket");
	talk_write(&info, sizeof(info));
	/* B has registered. */
	talk_read(&done, sizeof(done));
	if (send(peer, "two", 3, 0) != 3)
		talk_fail("send");
	expect(wait_for_events(s, event, NOTHING_MS), 0,
	       "nothing, though data has come");
	talk_write(&done, sizeof(done));
	talk_read(&done, sizeof(done));
	closesocket(s);
	closesocket(peer);
	closesocket(listener);
	WSACloseEvent(event);
}

static void process_b(void)
{
	DWORD self = GetCurrentProcessId();
	WSAPROTOCOL_INFO info;
	WSAEVENT event;
	char done = 0;
	SOCKET s;

	talk_begin("B");
	event = new_event();
	talk_write(&self, sizeof(self));
	talk_read(&info, sizeof(info));
	s = WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
		      FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
	if (s == INVALID_SOCKET)
		talk_fail("WSASocket");
	event_select(s, event, FD_WRITE);
	talk_say("registers the same socket for FD_WRITE");
	expect(wait_for_events(s, event, INFINITE), FD_WRITE, "FD_WRITE");
	talk_write(&done, sizeof(done));
	talk_read(&done, sizeof(done));
	expect(wait_for_events(s, event, NOTHING_MS), 0,
	       "nothing more: it did not ask for FD_READ");
	closesocket(s);
	WSACloseEvent(event);
	talk_write(&done, sizeof(done));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "a")) {
		process_a();
	} else if (argc == 2 && !strcmp(argv[1], "b")) {
		process_b();
	} else {
		fputs("usage: event_rule a | b\n", stderr);
		return 2;
	}
	WSACleanup();
	return 0;
}
