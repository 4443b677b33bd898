// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX' headers behind Winsock's take nothing away, and Windows' base alone
 * stands before it.
 */
#include <windows.h>
#include <winsock2.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <assert.h>

static_assert((DWORD)FIONBIO == 0x8004667e, "Winsock's");
static_assert(FIONREAD == 0x4004667f, "Winsock's");
static_assert(SOL_SOCKET == 0xffff, "Winsock's");
static_assert(MSG_WAITALL == 8, "Winsock's");
static_assert(FD_SETSIZE == 64, "Windows'");
static_assert(sizeof(_IO('x', 1)), "Linux'");

int ask(SOCKET s)
{
	struct pollfd poller = { (int)s, POLLIN, 0 };
	struct timeval time = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(s, &set);
	return select(0, &set, NULL, NULL, &time) + poll(&poller, 1, 0);
}
