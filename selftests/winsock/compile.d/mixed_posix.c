// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file that speaks POSIX.
 */
#include "mixed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int posix_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

int posix_receive(int fd, char *bytes, int size)
{
	return recv(fd, bytes, size, MSG_DONTWAIT);
}

int posix_port(const void *name)
{
	const struct sockaddr_in *address = name;

	if (address->sin_family != AF_INET ||
	    address->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
		return -1;
	return ntohs(address->sin_port);
}
