// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How connections begin: connect() and accept().
 */

#include "posix.h"

#include "descriptor.h"
#include "error.h"
#include "memory.h"
#include "network_events.h"
#include "socket.h"
#include "startup.h"
#include "tcp.h"

int posix_accept4(int fd, void *name, unsigned int *size, int flags)
	__asm__("accept4");

static const struct ws_translation connect_errors[] = {
	{ EINPROGRESS, WSAEWOULDBLOCK },
	/* Of a path, with AF_UNIX. */
	{ ENOENT, WSAECONNREFUSED },
	{ ENOTDIR, WSAECONNREFUSED },
	/* No port is left for a datagram socket. */
	{ EAGAIN, WSAENOBUFS },
	{ }
};

/* Whether Linux gives up where Windows goes on. */
static bool is_to_go_on(int fd, int number)
{
	switch (number) {
	case EINTR:
	/* What is left of an attempt whose error SO_ERROR has told. */
	case ECONNABORTED:
		return true;
	/* The time of SO_SNDTIMEO has passed. */
	case EAGAIN:
		return ws_is_unix(fd) && !ws_is_non_blocking(fd);
	case EINPROGRESS:
	case EALREADY:
		return !ws_is_non_blocking(fd);
	default:
		return false;
	}
}

static int try_connect(SOCKET s, const struct sockaddr *name, int size)
{
	int fd = ws_fd(s);

	while (posix_connect(fd, name, size)) {
		if (!is_to_go_on(fd, errno)) {
			/* The backlog is full, and nothing would tell when it is not. */
			if (errno == EAGAIN && ws_is_unix(fd))
				errno = ECONNREFUSED;
			return -1;
		}
		if (errno == ECONNABORTED)
			ws_reenable(s, FD_CONNECT);
	}
	return 0;
}

/*
 * The next attempt has an FD_CONNECT of its own. It is re-armed where nothing is
 * left of this one that could be taken for its outcome.
 */
static int fail_to_connect(SOCKET s, int error)
{
	if (error != WSAEWOULDBLOCK && error != WSAEALREADY &&
	    ws_tcp_state(ws_fd(s)) == WS_TCP_UNCONNECTED)
		ws_reenable(s, FD_CONNECT);
	return ws_fail(error);
}

static bool is_of_no_family(const struct sockaddr *name, int size)
{
	sa_family_t family;

	return size >= (int)sizeof(family) &&
	       ws_copy_in(&family, name, sizeof(family)) &&
	       family == AF_UNSPEC;
}

/*
 * 0 or an error of Winsock's. Linux would connect a stream to this machine, or
 * end its connection.
 */
static int check_name(int fd, const struct sockaddr *name, int size)
{
	if (!name)
		return WSAEFAULT;
	if (!ws_is_stream(fd))
		return 0;
	if (ws_is_any_address(name, size))
		return WSAEADDRNOTAVAIL;
	return is_of_no_family(name, size) ? WSAEAFNOSUPPORT : 0;
}

/*
 * 0 or an error of Winsock's. Linux reports an attempt once more when it has
 * come to something, and may begin another where a connection is over.
 */
static int check_state(enum ws_tcp state)
{
	switch (state) {
	case WS_TCP_NONE:
	case WS_TCP_UNCONNECTED:
	case WS_TCP_CONNECTING:
		return 0;
	case WS_TCP_LISTENING:
		return WSAEINVAL;
	default:
		return WSAEISCONN;
	}
}

int connect(SOCKET s, const struct sockaddr *name, int size)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int fd = ws_fd(s), error;
	enum ws_tcp before;

	if (!ws_ready())
		return SOCKET_ERROR;
	before = ws_tcp_state(fd);
	error = check_name(fd, name, size);
	if (!error)
		error = check_state(before);
	if (error)
		return ws_fail_on(s, error);
	/* Linux' next connect() would give its error, and begin no attempt. */
	if (before == WS_TCP_UNCONNECTED)
		ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_ERROR);
	/* A datagram socket, see check_name(). */
	if (ws_is_any_address(name, size)) {
		name = &nobody;
		size = sizeof(nobody);
	}
	if (try_connect(s, name, size))
		return fail_to_connect(s, ws_name_error(errno, name, size,
							connect_errors));
	/* What it reports is the attempt before. */
	if (before == WS_TCP_CONNECTING && ws_is_non_blocking(fd))
		return ws_fail(WSAEISCONN);
	/* AF_UNIX is connected at once, and wakes nobody. */
	if (ws_is_stream(fd))
		ws_reenable(s, FD_CONNECT | FD_WRITE);
	return 0;
}

int WSAConnect(SOCKET s, const struct sockaddr *name, int size,
	       LPWSABUF caller_data, LPWSABUF callee_data, LPQOS qos,
	       LPQOS group_qos)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	/* No protocol here carries data in its handshake, or has qualities. */
	if (caller_data || qos || group_qos)
		return ws_fail_on(s, WSAEOPNOTSUPP);
	if (callee_data)
		callee_data->len = 0;
	return connect(s, name, size);
}

static const struct ws_translation accept_errors[] = {
	{ ECONNABORTED, WSAECONNRESET },
	{ EPROTO, WSAECONNRESET },
	{ }
};

/* Whether @size leaves out a part of the name that an accept would give. */
static bool name_is_short(int listener, const int *size)
{
	struct sockaddr_storage name;
	unsigned int needed = sizeof(name);

	if (!size || *size < 0)
		return true;
	return !posix_getsockname(listener, &name, &needed) &&
	       (name.ss_family == AF_INET || name.ss_family == AF_INET6) &&
	       (unsigned int)*size < needed;
}

static int try_accept(int listener, struct sockaddr *name, int *size)
{
	/* What is accepted is no longer in the queue. */
	int fd, spare = ws_spare();
	unsigned int found_size;
	bool non_blocking;

	if (spare < 0)
		return -1;
	/* EAGAIN of a blocking listener: the time of SO_RCVTIMEO has passed. */
	do {
		found_size = name ? *size : 0;
		non_blocking = ws_is_non_blocking(listener);
		/* What it accepts is as the listener is; not so on Linux. */
		fd = posix_accept4(listener, name, name ? &found_size : NULL,
				   non_blocking ? LINUX_SOCK_NONBLOCK : 0);
	} while (fd < 0 && (errno == EINTR || (errno == EAGAIN && !non_blocking)));
	if (fd >= 0 && name)
		*size = found_size;
	return ws_keep_at(fd, spare);
}

/* One that could not be told of its network events would wait for ever. */
static int keep_with_events(SOCKET listener, int fd)
{
	int error = ws_accepted(listener, fd);

	if (!error)
		return fd;
	close(fd);
	return ws_fail(error);
}

SOCKET accept(SOCKET s, struct sockaddr *name, int *size)
{
	int listener = ws_fd(s), fd;

	if (!ws_ready())
		return INVALID_SOCKET;
	if (name && name_is_short(listener, size)) {
		ws_fail_on(s, WSAEFAULT);
		return INVALID_SOCKET;
	}
	fd = try_accept(listener, name, size);
	if (fd < 0)
		ws_fail_errno(accept_errors);
	else
		fd = keep_with_events(s, fd);
	ws_reenable(s, FD_ACCEPT);
	return fd < 0 ? INVALID_SOCKET : (SOCKET)fd;
}

SOCKET WSAAccept(SOCKET s, struct sockaddr *name, int *size,
		 LPCONDITIONPROC condition, DWORD_PTR callback_data)
{
	if (!ws_ready())
		return INVALID_SOCKET;
	if (!condition)
		return accept(s, name, size);
	ws_fail_on(s, WSAEOPNOTSUPP);
	return INVALID_SOCKET;
}
