// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process that gives its socket away and exits. It prints its port, serves
 * one client, and writes the protocol info into a named pipe:
 *
 *	source connection FILE PID PIPE	gives the connection away, halfway
 *					through the file
 *	source listener FILE PID PIPE	gives the listening socket away, after
 *					the whole file
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sockdup.h>

#include "http.h"

static void hand_over(int socket, pid_t target, const char *pipe_path)
{
	struct sockdup_protocol_info info;
	int pipe;

	if (sockdup_duplicate(socket, target, &info))
		err(1, "sockdup_duplicate");
	/* The token holds the socket open from here on. */
	close(socket);

	pipe = open(pipe_path, O_WRONLY | O_CLOEXEC);
	if (pipe < 0)
		err(1, "%s", pipe_path);
	if (write(pipe, &info, sizeof(info)) != sizeof(info))
		err(1, "%s", pipe_path);
}

int main(int argc, char **argv)
{
	unsigned short port;
	int listener, connection;
	const char *file;
	pid_t target;
	off_t size;

	if (argc != 5 || (strcmp(argv[1], "connection") &&
			  strcmp(argv[1], "listener")))
		errx(2, "usage: source connection|listener FILE PID PIPE");
	file = argv[2];
	target = atoi(argv[3]);
	size = http_file_size(file);

	listener = http_listen(&port);
	printf("%u\n", port);
	fflush(stdout);
	connection = http_accept(listener);
	http_send_header(connection, size);

	if (!strcmp(argv[1], "connection")) {
		http_send_range(connection, file, 0, size / 2);
		close(listener);
		hand_over(connection, target, argv[4]);
	} else {
		http_send_range(connection, file, 0, size);
		close(connection);
		hand_over(listener, target, argv[4]);
	}
	return 0;
}
