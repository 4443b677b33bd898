// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process that serves connections which others post to its inbox. It prints a line
 * once there is the inbox:
 *
 *	receiver FILE N	serves the file to N clients
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sockdup.h>

#include "http.h"

int main(int argc, char **argv)
{
	int inbox, connection, clients;
	struct sockdup_identity source;
	__u64 number;
	off_t size;

	if (argc != 3)
		errx(2, "usage: receiver FILE N");
	size = http_file_size(argv[1]);

	inbox = sockdup_inbox_open(NULL);
	if (inbox < 0)
		err(1, "sockdup_inbox_open");
	puts("ready");
	fflush(stdout);

	for (clients = atoi(argv[2]); clients > 0; clients--) {
		do
			connection = sockdup_accept(inbox, &number, &source, SOCK_CLOEXEC);
		while (connection < 0 && errno == EACCES); /* this post alone has ended */
		if (connection < 0)
			err(1, "sockdup_accept");
		http_read_request(connection);
		http_send_header(connection, size);
		http_send_range(connection, argv[1], 0, size);
		close(connection);
		printf("client %llu of sender %d\n", number, source.pid);
		fflush(stdout);
	}
	return 0;
}
