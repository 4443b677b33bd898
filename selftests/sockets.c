// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockets PATH: a process with a socket of each kind that the command's tests
 * want. It prints the descriptor of each with its name, and waits to be killed.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common.h"

static void tell(const char *name, int fd)
{
	if (fd < 0)
		errx(1, "%s", name);
	printf("%s %d\n", name, fd);
}

static int unix_listener(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(name);

	memcpy(address.sun_path, name, length);
	/* An abstract name starts with a zero byte. */
	if (*name == '@')
		address.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&address,
		 offsetof(struct sockaddr_un, sun_path) + length) ||
	    listen(fd, 1))
		err(1, "%s", name);
	return fd;
}

int main(int argc, char **argv)
{
	int pair[2];

	if (argc != 2)
		errx(2, "usage: sockets PATH");
	if (tcp_pair(AF_INET, pair))
		errx(1, "no connection");
	tell("connection", pair[0]);
	tell("listener", tcp_listener(AF_INET));
	tell("listener6", tcp_listener(AF_INET6));
	tell("udp", udp_bound(AF_INET));
	tell("path", unix_listener(argv[1]));
	tell("abstract", unix_listener("@sockdup test\033"));
	tell("file", STDOUT_FILENO);
	tell("end", 0);
	fflush(stdout);
	for (;;)
		pause();
}
