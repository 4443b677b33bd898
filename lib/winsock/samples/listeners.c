// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A parent has the listening sockets, and its children serve them. Each child gets them
 * over standard input, as plain structs. When it has answered enough clients it ends, and
 * the parent starts another, which gets the same sockets:
 *
 *	listeners parent PORTS CHILDREN CLIENTS
 *
 * prints as many ports, starts as many children, one after the other, and each answers as
 * many clients.
 */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "talk.h"

#define PORTS_MAX	16

/* The child's: what the parent writes into its standard input. */
static int receive_listeners(SOCKET *listeners)
{
	WSAPROTOCOL_INFO info;
	int i, count;

	talk_read(&count, sizeof(count));
	if (count < 1 || count > PORTS_MAX) {
		talk_say("was sent %d listeners", count);
		exit(EXIT_FAILURE);
	}
	for (i = 0; i < count; i++) {
		talk_read(&info, sizeof(info));
		listeners[i] = WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
					 FROM_PROTOCOL_INFO, &info, 0, 0);
		if (listeners[i] == INVALID_SOCKET)
			talk_fail("WSASocket");
	}
	return count;
}

static void answer(SOCKET listener)
{
	SOCKET client = accept(listener, NULL, NULL);
	char line[64];
	int length;

	if (client == INVALID_SOCKET)
		talk_fail("accept");
	length = snprintf(line, sizeof(line), "answered by child %lu\n",
			  (unsigned long)GetCurrentProcessId());
	if (send(client, line, length, 0) != length)
		talk_fail("send");
	shutdown(client, SD_SEND);
	closesocket(client);
}

static void child(int clients)
{
	SOCKET listeners[PORTS_MAX];
	int i, count, answered = 0;
	fd_set readable;

	talk_begin("child");
	count = receive_listeners(listeners);
	talk_say("%lu opened %d listeners",
		 (unsigned long)GetCurrentProcessId(), count);
	while (answered < clients) {
		FD_ZERO(&readable);
		for (i = 0; i < count; i++)
			FD_SET(listeners[i], &readable);
		if (select(0, &readable, NULL, NULL, NULL) == SOCKET_ERROR)
			talk_fail("select");
		for (i = 0; i < count && answered < clients; i++) {
			if (!FD_ISSET(listeners[i], &readable))
				continue;
			answer(listeners[i]);
			answered++;
		}
	}
	talk_say("%lu has answered %d clients and ends",
		 (unsigned long)GetCurrentProcessId(), answered);
}

/* How a process is started is the system's own affair. */
static pid_t start_child(const char *program, char *clients, int *input)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(program, program, "child", clients, NULL);
		_exit(127);
	}
	close(ends[0]);
	*input = ends[1];
	return pid;
}

static void send_listeners(int input, pid_t pid, const SOCKET *listeners,
			   int count)
{
	WSAPROTOCOL_INFO info;
	int i;

	if (write(input, &count, sizeof(count)) != sizeof(count))
		talk_fail("write");
	for (i = 0; i < count; i++) {
		if (WSADuplicateSocket(listeners[i], (DWORD)pid, &info))
			talk_fail("WSADuplicateSocket");
		if (write(input, &info, sizeof(info)) != sizeof(info))
			talk_fail("write");
	}
}

static void parent(const char *program, int ports, int children, char *clients)
{
	SOCKET listeners[PORTS_MAX];
	int i, input, status;
	u_short port;
	pid_t pid;

	talk_begin("parent");
	for (i = 0; i < ports; i++) {
		port = 0;
		listeners[i] = talk_listen(&port);
		/* The children are to have them by the structs alone. */
		SetHandleInformation((HANDLE)listeners[i], HANDLE_FLAG_INHERIT,
				     0);
		printf("%u\n", port);
	}
	fflush(stdout);
	for (i = 0; i < children; i++) {
		pid = start_child(program, clients, &input);
		if (pid < 0)
			talk_fail("start_child");
		send_listeners(input, pid, listeners, ports);
		close(input);
		if (waitpid(pid, &status, 0) != pid || status) {
			talk_say("child %d failed", (int)pid);
			exit(EXIT_FAILURE);
		}
	}
	for (i = 0; i < ports; i++)
		closesocket(listeners[i]);
	talk_say("has replaced its child %d times and ends", children - 1);
}

int main(int argc, char **argv)
{
	int ports = argc == 5 ? atoi(argv[2]) : 0;

	if (argc == 5 && !strcmp(argv[1], "parent") && ports > 0 &&
	    ports <= PORTS_MAX) {
		parent(argv[0], ports, atoi(argv[3]), argv[4]);
	} else if (argc == 3 && !strcmp(argv[1], "child")) {
		child(atoi(argv[2]));
	} else {
		fprintf(stderr,
			"usage: listeners parent PORTS CHILDREN CLIENTS (at most %d ports)\n",
			PORTS_MAX);
		return 2;
	}
	WSACleanup();
	return 0;
}
