// SPDX-License-Identifier: GPL-2.0-only
/*
 * Returns 0 if select() without any set is Winsock's, whichever null pointer says
 * so. glibc's, which <cstdlib> declares, would wait and succeed.
 */
#include <cstdlib>
#include <winsock2.h>

#include <cstdio>

static int check(const char *how, int result)
{
	int error = WSAGetLastError();

	WSASetLastError(0);
	if (result == SOCKET_ERROR && error == WSAEINVAL)
		return 0;
	std::printf("%s: %d, %d\n", how, result, error);
	return 1;
}

int main()
{
	timeval none = { 0, 0 };
	const timeval constant = { 0, 0 };
	fd_set *no_set = nullptr, empty;
	WSADATA data;

	FD_ZERO(&empty);
	if (WSAStartup(MAKEWORD(2, 2), &data))
		return 1;
	return check("NULL", select(0, NULL, NULL, NULL, &none)) +
	       check("nullptr", select(0, nullptr, nullptr, nullptr, &none)) +
	       check("0", select(0, 0, 0, 0, &none)) +
	       check("all of them", select(0, NULL, nullptr, 0, &none)) +
	       check("constant", select(0, NULL, NULL, NULL, &constant)) +
	       check("no time", select(0, NULL, NULL, NULL, NULL)) +
	       check("nullptr for no time",
		     select(0, nullptr, nullptr, nullptr, nullptr)) +
	       check("pointers", select(0, no_set, NULL, nullptr, &none)) +
	       check("a pointer", select(0, NULL, no_set, NULL, NULL)) +
	       check("the last set", select(0, nullptr, nullptr, &empty, &none));
}
