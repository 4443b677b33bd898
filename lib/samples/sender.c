// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process that accepts clients and serves none. It prints its port, and posts each
 * connection to the inbox of another process, with a number:
 *
 *	sender PID N	posts N connections, and exits
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <sockdup.h>

#include "http.h"

int main(int argc, char **argv)
{
	int listener, binding, connection;
	unsigned short port;
	__u64 number, last;

	if (argc != 3)
		errx(2, "usage: sender PID N");
	last = atoi(argv[2]);

	binding = sockdup_inbox_bind(atoi(argv[1]), 0, NULL);
	if (binding < 0)
		err(1, "sockdup_inbox_bind");
	listener = http_listen(&port);
	printf("%u\n", port);
	fflush(stdout);

	for (number = 1; number <= last; number++) {
		connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0)
			err(1, "accept");
		/* The inbox holds the connection open from here on. */
		if (sockdup_post(binding, connection, number, SOCKDUP_POST_CLOSE))
			err(1, "sockdup_post");
	}
	return 0;
}
