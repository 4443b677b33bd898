// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * As much of a web server as the samples need: one file, one answer.
 */

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http.h"

/* Listen on a free port of the loopback interface. */
int http_listen(unsigned short *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, SOMAXCONN) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		err(1, "listen");
	*port = ntohs(address.sin_port);
	return listener;
}

/* Read a request, to the empty line. */
void http_read_request(int connection)
{
	char request[4096];
	size_t length = 0;
	ssize_t got;

	do {
		if (length == sizeof(request) - 1)
			errx(1, "the request is too long");
		got = read(connection, request + length,
			   sizeof(request) - 1 - length);
		if (got <= 0)
			errx(1, "the client did not finish its request");
		length += got;
		request[length] = '\0';
	} while (!strstr(request, "\r\n\r\n"));
}

/* Accept a connection and read its request. */
int http_accept(int listener)
{
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (connection < 0)
		err(1, "accept");
	http_read_request(connection);
	return connection;
}

void http_send_header(int connection, off_t length)
{
	if (dprintf(connection,
		    "HTTP/1.0 200 OK\r\n"
		    "Content-Type: application/octet-stream\r\n"
		    "Content-Length: %lld\r\n\r\n", (long long)length) < 0)
		err(1, "send");
}

void http_send_range(int connection, const char *path, off_t from, off_t to)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		err(1, "%s", path);
	while (from < to)
		if (sendfile(connection, file, &from, to - from) <= 0)
			err(1, "sendfile");
	close(file);
}

off_t http_file_size(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		err(1, "%s", path);
	return status.st_size;
}
