// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockets PATH: a process with a socket of each kind that the command's tests
 * want. It prints the descriptor of each with its name, and waits to be killed.
 */
#include <err.h>
#include <netinet/in.h>
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

/* Bound to all addresses, of IPv6 alone or of both versions. */
static int bound_to_all(int type, int only)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    (type == SOCK_STREAM && listen(fd, 1)))
		err(1, "bound to all");
	return fd;
}

int main(int argc, char **argv)
{
	int pair[2], pair6[2];

	if (argc != 2)
		errx(2, "usage: sockets PATH");
	if (tcp_pair(AF_INET, pair) || tcp_pair(AF_INET6, pair6))
		errx(1, "no connection");
	tell("connection", pair[0]);
	tell("connection6", pair6[0]);
	tell("listener", tcp_listener(AF_INET));
	tell("listener6", tcp_listener(AF_INET6));
	tell("listener_all", bound_to_all(SOCK_STREAM, false));
	tell("listener_only", bound_to_all(SOCK_STREAM, true));
	tell("udp", udp_bound(AF_INET));
	tell("udp6", udp_bound(AF_INET6));
	tell("udp_all", bound_to_all(SOCK_DGRAM, false));
	tell("udp_only", bound_to_all(SOCK_DGRAM, true));
	tell("path", unix_listener(argv[1]));
	tell("abstract", unix_listener("@sockdup test\033"));
	/* An unfinished character, and one that some terminals obey. */
	tell("utf8", unix_listener("@größe日本\xff\xc2\x9b"));
	tell("netlink", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
	tell("file", STDOUT_FILENO);
	tell("end", 0);
	fflush(stdout);
	for (;;)
		pause();
}
