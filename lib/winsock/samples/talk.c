// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the samples share.
 */
#include <winsock2.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

static const char *talk_name;

void talk_begin(const char *name)
{
	WSADATA data;
	int error;

	talk_name = name;
	error = WSAStartup(MAKEWORD(2, 2), &data);
	if (error) {
		WSASetLastError(error);
		talk_fail("WSAStartup");
	}
}

void talk_say(const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	/* In one piece, as others write as well. */
	fprintf(stderr, "  %-7s %s\n", talk_name, line);
}

void talk_fail(const char *call)
{
	int error = WSAGetLastError();

	fprintf(stderr, "%s: %s failed with %d\n", talk_name, call, error);
	exit(EXIT_FAILURE);
}

void talk_read(void *data, size_t size)
{
	if (fread(data, 1, size, stdin) == size)
		return;
	fprintf(stderr, "%s: standard input ended too early\n", talk_name);
	exit(EXIT_FAILURE);
}

void talk_write(const void *data, size_t size)
{
	if (fwrite(data, 1, size, stdout) == size && !fflush(stdout))
		return;
	fprintf(stderr, "%s: cannot write to standard output\n", talk_name);
	exit(EXIT_FAILURE);
}

static void loopback(struct sockaddr_in *address, u_short port)
{
	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address->sin_port = htons(port);
}

SOCKET talk_listen(u_short *port)
{
	SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	struct sockaddr_in address;
	int size = sizeof(address);

	if (listener == INVALID_SOCKET)
		talk_fail("socket");
	loopback(&address, *port);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)))
		talk_fail("bind");
	if (listen(listener, SOMAXCONN))
		talk_fail("listen");
	if (getsockname(listener, (struct sockaddr *)&address, &size))
		talk_fail("getsockname");
	*port = ntohs(address.sin_port);
	return listener;
}

SOCKET talk_connect(u_short port)
{
	SOCKET s = WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
			     WSA_FLAG_OVERLAPPED);
	struct sockaddr_in address;

	if (s == INVALID_SOCKET)
		talk_fail("WSASocket");
	loopback(&address, port);
	if (connect(s, (struct sockaddr *)&address, sizeof(address)))
		talk_fail("connect");
	return s;
}
