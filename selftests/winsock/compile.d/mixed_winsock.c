// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file that speaks Winsock: returns 0 if each understands the other.
 */
#include <winsock2.h>

#include <stdio.h>
#include <string.h>

#include "mixed.h"

static int fail(const char *what)
{
	printf("%s: %d\n", what, WSAGetLastError());
	return 1;
}

int main(void)
{
	struct sockaddr_in address;
	u_long non_blocking = 1;
	char bytes[4] = "";
	int ends[2];
	WSADATA data;

	if (WSAStartup(MAKEWORD(2, 2), &data) || posix_pair(ends))
		return fail("start");
	if (send(ends[0], "abc", 3, 0) != 3 ||
	    posix_receive(ends[1], bytes, 3) != 3 || strcmp(bytes, "abc"))
		return fail("from Winsock to POSIX");
	if (ioctlsocket(ends[0], FIONBIO, &non_blocking) ||
	    recv(ends[0], bytes, 1, 0) != SOCKET_ERROR ||
	    WSAGetLastError() != WSAEWOULDBLOCK)
		return fail("Winsock's error");
	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(1234);
	address.sin_addr.S_un.S_addr = htonl(INADDR_LOOPBACK);
	if (posix_port(&address) != 1234)
		return fail("address");
	return closesocket(ends[0]) || closesocket(ends[1]);
}
