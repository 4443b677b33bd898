// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ioctlsocket() and WSAIoctl().
 */

#include "posix.h"

#include <mstcpip.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "descriptor.h"
#include "error.h"
#include "network_events.h"
#include "startup.h"

/* As many as Windows sends. */
#define KEEPALIVE_PROBES	10
/* Linux takes no longer times. */
#define KEEPALIVE_MOST	32767

/* Each command returns 0 or an error of Winsock's. */

static int set_non_blocking(SOCKET s, bool on)
{
	int fd = ws_fd(s);

	if (!on && ws_registered(s))
		return WSAEINVAL;
	if (ws_set_non_blocking(fd, on))
		return ws_error_of(errno, NULL);
	/* One that has come in between has been undone; a later one undoes this. */
	if (on || !ws_registered(s))
		return 0;
	ws_set_non_blocking(fd, true);
	return WSAEINVAL;
}

static int tell_readable(int fd, DWORD *size)
{
	int value;

	if (posix_ioctl(fd, LINUX_FIONREAD, &value))
		return ws_error_of(errno, NULL);
	*size = value;
	return 0;
}

/*
 * Whether the next byte is not before urgent data. Linux answers whether it is
 * the urgent byte, so false where there is none.
 */
static int tell_mark(int fd, DWORD *at_mark)
{
	struct pollfd poller = { .fd = fd, .events = POLLPRI };
	int value;

	if (posix_ioctl(fd, LINUX_SIOCATMARK, &value))
		return ws_error_of(errno, NULL);
	*at_mark = value || poll(&poller, 1, 0) != 1 ||
		   !(poller.revents & POLLPRI);
	return 0;
}

static int set_tcp(int fd, int option, int value)
{
	return posix_setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

/* 0 leaves it as it is. */
static int set_keepalive_time(int fd, int option, ULONG milliseconds)
{
	ULONG seconds = milliseconds / 1000 + !!(milliseconds % 1000);

	if (seconds > KEEPALIVE_MOST)
		seconds = KEEPALIVE_MOST;
	return seconds ? set_tcp(fd, option, (int)seconds) : 0;
}

static int set_keepalive(int fd, const struct tcp_keepalive *keepalive)
{
	int on = !!keepalive->onoff;

	if (posix_setsockopt(fd, LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, &on,
			     sizeof(on)))
		return ws_error_of(errno, NULL);
	if (on && (set_keepalive_time(fd, TCP_KEEPIDLE, keepalive->keepalivetime) ||
		   set_keepalive_time(fd, TCP_KEEPINTVL,
				      keepalive->keepaliveinterval) ||
		   set_tcp(fd, TCP_KEEPCNT, KEEPALIVE_PROBES)))
		return ws_error_of(errno, NULL);
	return 0;
}

/* @value is read by FIONBIO, and written by the others. */
static int control(SOCKET s, DWORD command, DWORD *value)
{
	int fd = ws_fd(s);

	if (!ws_is_socket(fd))
		return WSAENOTSOCK;
	switch (command) {
	case (DWORD)FIONBIO:
		return set_non_blocking(s, *value);
	case FIONREAD:
		return tell_readable(fd, value);
	case SIOCATMARK:
		return tell_mark(fd, value);
	default:
		return WSAEOPNOTSUPP;
	}
}

static int ioctl_dword(SOCKET s, DWORD command, DWORD *value)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!value)
		return ws_fail_on(s, WSAEFAULT);
	error = control(s, command, value);
	return error ? ws_fail_on(s, error) : 0;
}

int sockdup_ws_ioctlsocket_dword(SOCKET s, long command, DWORD *value)
{
	return ioctl_dword(s, command, value);
}

/* The form for u_long, which has 64 bits in programs of 64 bits. */
int sockdup_ws_ioctlsocket(SOCKET s, long command, u_long *value)
{
	DWORD both = value ? !!*value : 0;
	int result = ioctl_dword(s, command, value ? &both : NULL);

	if (!result && (DWORD)command != (DWORD)FIONBIO)
		*value = both;
	return result;
}

static int ioctl_value(SOCKET s, DWORD code, LPVOID in, DWORD in_size,
		       LPVOID out, DWORD out_size, LPDWORD returned)
{
	bool reads = code == (DWORD)FIONBIO;
	DWORD *value = reads ? in : out;
	int error;

	if (!value || (reads ? in_size : out_size) < sizeof(*value))
		return WSAEFAULT;
	error = control(s, code, value);
	if (!error && !reads)
		*returned = sizeof(*value);
	return error;
}

int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_size, LPVOID out,
	     DWORD out_size, LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (overlapped || routine)
		return ws_fail_on(s, WSAEOPNOTSUPP);
	if (!returned)
		return ws_fail_on(s, WSAEFAULT);
	*returned = 0;
	switch (code) {
	case (DWORD)FIONBIO:
	case FIONREAD:
	case SIOCATMARK:
		error = ioctl_value(s, code, in, in_size, out, out_size,
				    returned);
		break;
	case SIO_KEEPALIVE_VALS:
		error = in && in_size >= sizeof(struct tcp_keepalive) ?
			set_keepalive(ws_fd(s), in) : WSAEFAULT;
		break;
	default:
		error = WSAEOPNOTSUPP;
	}
	return error ? ws_fail_on(s, error) : 0;
}
