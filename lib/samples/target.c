// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process that takes a socket over. It reads the protocol info from a
 * named pipe, waits until the source has gone, and imports:
 *
 *	target connection FILE PIPE	sends the second half of the file
 *	target listener FILE PIPE N	serves the file to N clients
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sockdup.h>

#include "http.h"

static int take_over(const char *pipe_path)
{
	struct sockdup_protocol_info info;
	int pipe = open(pipe_path, O_RDONLY | O_CLOEXEC);
	int socket;
	char end;

	if (pipe < 0)
		err(1, "%s", pipe_path);
	if (read(pipe, &info, sizeof(info)) != sizeof(info))
		errx(1, "%s: no protocol info", pipe_path);
	/* The pipe ends when its last writer, the source, has exited. */
	if (read(pipe, &end, 1) != 0)
		errx(1, "%s: more than a protocol info", pipe_path);
	close(pipe);

	socket = sockdup_socket(&info, 0);
	if (socket < 0)
		err(1, "sockdup_socket");
	return socket;
}

static void serve(int listener, const char *file, int clients)
{
	off_t size = http_file_size(file);
	int connection;

	while (clients-- > 0) {
		connection = http_accept(listener);
		http_send_header(connection, size);
		http_send_range(connection, file, 0, size);
		close(connection);
	}
}

int main(int argc, char **argv)
{
	off_t size;

	if (argc == 4 && !strcmp(argv[1], "connection")) {
		size = http_file_size(argv[2]);
		http_send_range(take_over(argv[3]), argv[2], size / 2, size);
	} else if (argc == 5 && !strcmp(argv[1], "listener")) {
		serve(take_over(argv[3]), argv[2], atoi(argv[4]));
	} else {
		errx(2, "usage: target connection FILE PIPE | target listener FILE PIPE N");
	}
	return 0;
}
