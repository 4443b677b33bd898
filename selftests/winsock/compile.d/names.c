// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names of calls are no macros: they may be undefined, be a variable's or a
 * member's, and their addresses be taken.
 */
#include <winsock2.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef socket
#undef bind
#undef listen
#undef accept
#undef connect
#undef send
#undef recv
#undef WSASocket
#undef WSADuplicateSocket

struct channel {
	int (*send)(SOCKET s, const char *bytes, int size, int flags);
	int (*recv)(SOCKET s, char *bytes, int size, int flags);
	SOCKET (*accept)(SOCKET s, struct sockaddr *name, int *size);
	int (*connect)(SOCKET s, const struct sockaddr *name, int size);
	int (*close)(SOCKET s);
	int bind, listen, socket, shutdown;
};

static int own_send(SOCKET s, const char *bytes, int size, int flags)
{
	return send(s, bytes, size, flags);
}

static const struct channel plain = {
	own_send, recv, accept, connect, closesocket, 0, 0, 0, 0
};

int talk(const struct channel *channel, SOCKET s)
{
	char bytes[4];
	int recv = 0, *where = &recv;

	if (!channel)
		channel = &plain;
	*where = channel->recv(s, bytes, sizeof(bytes), 0);
	return recv < 0 ? recv : channel->send(s, bytes, recv, channel->bind);
}
