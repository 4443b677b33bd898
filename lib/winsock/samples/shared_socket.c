// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two processes share a socket, step by step as Microsoft describes it for
 * WSADuplicateSocket. Standard input and output of source and target are each other's:
 *
 *	shared_socket peer		prints a port, and what it receives there
 *	shared_socket source PORT	creates the socket, connects and shares it
 *	shared_socket target		opens the shared socket and uses it
 */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

static void say_over(SOCKET s, const char *text)
{
	int length = (int)strlen(text);

	if (send(s, text, length, 0) != length)
		talk_fail("send");
}

static void run_source(u_short port)
{
	WSAPROTOCOL_INFO info;
	DWORD target;
	SOCKET s;

	talk_begin("source");
	s = talk_connect(port);
	say_over(s, "from the source\n");
	talk_say("created a socket and connected it");
	talk_read(&target, sizeof(target));
	talk_say("got to know the target's process id");
	if (WSADuplicateSocket(s, target, &info))
		talk_fail("WSADuplicateSocket");
	talk_write(&info, sizeof(info));
	talk_say("sent a WSAPROTOCOL_INFO of %d bytes", (int)sizeof(info));
	if (closesocket(s))
		talk_fail("closesocket");
	talk_say("closed its descriptor");
}

static void run_target(void)
{
	DWORD self = GetCurrentProcessId();
	WSAPROTOCOL_INFO info;
	char answer[64];
	int length;
	SOCKET s;

	talk_begin("target");
	talk_write(&self, sizeof(self));
	talk_read(&info, sizeof(info));
	s = WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
		      FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
	if (s == INVALID_SOCKET)
		talk_fail("WSASocket");
	talk_say("opened the shared socket");
	say_over(s, "from the target\n");
	/* The peer answers when it has both lines. */
	length = recv(s, answer, sizeof(answer), 0);
	if (length <= 0)
		talk_fail("recv");
	talk_say("received \"%.*s\"", length, answer);
	if (closesocket(s))
		talk_fail("closesocket");
	talk_say("closed its descriptor, which is the last one");
}

static void run_peer(void)
{
	SOCKET listener, s;
	unsigned int lines = 0;
	char data[256];
	u_short port = 0;
	int i, length;

	talk_begin("peer");
	listener = talk_listen(&port);
	printf("%u\n", port);
	fflush(stdout);
	s = accept(listener, NULL, NULL);
	if (s == INVALID_SOCKET)
		talk_fail("accept");
	while ((length = recv(s, data, sizeof(data), 0)) > 0) {
		for (i = 0; i < length; i++)
			lines += data[i] == '\n';
		talk_say("received \"%.*s\"", length - 1, data);
		if (lines == 2)
			say_over(s, "both came over one connection");
	}
	if (length)
		talk_fail("recv");
	talk_say("sees the end of the connection");
	closesocket(s);
	closesocket(listener);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "peer")) {
		run_peer();
	} else if (argc == 3 && !strcmp(argv[1], "source")) {
		run_source((u_short)atoi(argv[2]));
	} else if (argc == 2 && !strcmp(argv[1], "target")) {
		run_target();
	} else {
		fputs("usage: shared_socket peer | source PORT | target\n",
		      stderr);
		return 2;
	}
	WSACleanup();
	return 0;
}
