// SPDX-License-Identifier: LGPL-2.1-or-later
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "socket.h"

/* 0 where the socket has no such option. */
static int option_of(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) ? 0 : value;
}

static bool is_ip(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* As the kernel tells it of the sockets of tokens. */
static int state_of(const struct sockdup_socket_info *socket, int fd)
{
	struct tcp_info tcp;
	socklen_t size = sizeof(tcp);

	if (!is_ip(socket->family) && socket->family != AF_UNIX)
		return 0;
	if (is_ip(socket->family) && socket->protocol == IPPROTO_TCP &&
	    !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &size))
		return tcp.tcpi_state;
	if (option_of(fd, SOL_SOCKET, SO_ACCEPTCONN))
		return TCP_LISTEN;
	return socket->remote_size ? TCP_ESTABLISHED : TCP_CLOSE;
}

void socket_describe(struct sockdup_socket_info *socket, int fd)
{
	*socket = (struct sockdup_socket_info){
		.family = option_of(fd, SOL_SOCKET, SO_DOMAIN),
		.type = option_of(fd, SOL_SOCKET, SO_TYPE),
		.protocol = option_of(fd, SOL_SOCKET, SO_PROTOCOL),
		.local_size = sizeof(socket->local),
		.remote_size = sizeof(socket->remote),
	};
	if (getsockname(fd, (struct sockaddr *)&socket->local, &socket->local_size))
		socket->local_size = 0;
	if (getpeername(fd, (struct sockaddr *)&socket->remote, &socket->remote_size))
		socket->remote_size = 0;
	/* Nobody tells us the kernel's own name of the protocol. */
	snprintf(socket->protocol_name, sizeof(socket->protocol_name), "family%d",
		 socket->family);
	if (socket->family == AF_INET6)
		socket->ipv6_only = option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	socket->state = state_of(socket, fd);
}
