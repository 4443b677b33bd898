// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A socket's beginning and end, and its names.
 */

#include "posix.h"

#include <limits.h>

#include "catalogue.h"
#include "descriptor.h"
#include "error.h"
#include "mark.h"
#include "memory.h"
#include "message.h"
#include "socket.h"
#include "startup.h"
#include "tcp.h"

/* Above it, Linux has no types, and then flags. */
#define HIGHEST_TYPE	SOCK_PACKET

static const struct ws_translation create_errors[] = {
	{ EINVAL, WSAEPROTONOSUPPORT },
	{ }
};

/* Returns 0 or an error of Winsock's. */
int ws_create(int family, int type, int protocol, bool inheritable, SOCKET *s)
{
	static const int yes = 1;
	int fd;

	if (!ws_resolve(&family, &type, &protocol))
		return WSAEINVAL;
	if (type < 0 || type > HIGHEST_TYPE)
		return WSAESOCKTNOSUPPORT;
	fd = ws_keep(posix_socket(family,
				  type | (inheritable ? 0 : LINUX_SOCK_CLOEXEC),
				  protocol));
	if (fd < 0)
		return ws_error_of(errno, create_errors);
	/* Windows' default, where Linux has a setting of the machine. */
	if (family == AF_INET6)
		posix_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes,
				 sizeof(yes));
	*s = fd;
	return 0;
}

SOCKET socket(int family, int type, int protocol)
{
	SOCKET s;
	int error;

	if (!ws_ready())
		return INVALID_SOCKET;
	error = ws_create(family, type, protocol, true, &s);
	if (!error)
		return s;
	ws_fail(error);
	return INVALID_SOCKET;
}

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

static bool is_unbound(const union name *name)
{
	switch (name->any.sa_family) {
	case AF_INET:
		return !name->v4.sin_port;
	case AF_INET6:
		return !name->v6.sin6_port;
	default:
		return false;
	}
}

bool ws_is_unbound(int fd)
{
	union name name = { };
	unsigned int size = sizeof(name);

	return !posix_getsockname(fd, &name, &size) && is_unbound(&name);
}

bool ws_is_any_address(const struct sockaddr *name, int size)
{
	const union name *whole = (const union name *)name;

	if (!name || size < (int)sizeof(whole->v4) ||
	    !ws_is_readable(name, sizeof(whole->v4)))
		return false;
	switch (name->sa_family) {
	case AF_INET:
		return whole->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	case AF_INET6:
		return size >= (int)sizeof(whole->v6) &&
		       ws_is_readable(name, sizeof(whole->v6)) &&
		       IN6_IS_ADDR_UNSPECIFIED(&whole->v6.sin6_addr);
	default:
		return false;
	}
}

/* Whether @size leaves out a part of the address; Linux says EINVAL then. */
static bool is_short(const struct sockaddr *name, int size)
{
	if (size < (int)sizeof(name->sa_family))
		return true;
	switch (name->sa_family) {
	case AF_INET:
		return size < (int)sizeof(struct sockaddr_in);
	case AF_INET6:
		return size < (int)sizeof(struct sockaddr_in6);
	default:
		return false;
	}
}

/* The error of a call that was given a name. */
int ws_name_error(int number, const struct sockaddr *name, int size,
		  const struct ws_translation *own)
{
	if (number == EINVAL && name && is_short(name, size))
		return WSAEFAULT;
	return ws_error_of(number, own);
}

/* Of a path, with AF_UNIX. */
static const struct ws_translation bind_errors[] = {
	{ ENOENT, WSAEADDRNOTAVAIL },
	{ ENOTDIR, WSAEADDRNOTAVAIL },
	{ EROFS, WSAEACCES },
	{ }
};

static void set_reuse(int fd, int on)
{
	posix_setsockopt(fd, LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR, &on,
			 sizeof(on));
	ws_mark(fd, WS_MARK_REUSE, on);
}

/* Whether the layer may set SO_REUSEADDR: not where the program has decided. */
static bool may_reuse(int fd)
{
	return ws_is_stream(fd) && !ws_is_marked(fd, WS_MARK_EXCLUSIVE) &&
	       !ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR);
}

/*
 * A closed connection that lingers in TIME_WAIT does not keep its port from a new
 * socket on Windows. Two live ones exclude each other there; on Linux they do not
 * where both have SO_REUSEADDR and neither listens. So it is set only where the port
 * is in use, and otherwise by listen(): any user could bind to the port meanwhile.
 */
static int bind_with_reuse(int fd, const struct sockaddr *name, int size)
{
	int number;

	if (!posix_bind(fd, name, size))
		return 0;
	if (errno != EADDRINUSE || !may_reuse(fd))
		return -1;
	set_reuse(fd, 1);
	if (!posix_bind(fd, name, size))
		return 0;
	number = errno;
	set_reuse(fd, 0);
	errno = number;
	return -1;
}

/*
 * Accepted sockets inherit the option. They need it later, in TIME_WAIT, so that a new
 * listener can bind to the port.
 */
static int listen_with_reuse(int fd, int backlog)
{
	bool is_new = may_reuse(fd);
	int number;

	if (is_new)
		set_reuse(fd, 1);
	if (!posix_listen(fd, backlog))
		return 0;
	number = errno;
	if (is_new)
		set_reuse(fd, 0);
	errno = number;
	return -1;
}

int bind(SOCKET s, const struct sockaddr *name, int size)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	if (!name)
		return ws_fail_on(s, WSAEFAULT);
	if (bind_with_reuse(ws_fd(s), name, size))
		return ws_fail(ws_name_error(errno, name, size, bind_errors));
	return 0;
}

int listen(SOCKET s, int backlog)
{
	union name name;
	unsigned int size = sizeof(name);
	int fd = ws_fd(s);

	if (!ws_ready())
		return SOCKET_ERROR;
	/* Linux would bind the socket to a port of its choice. */
	if (ws_is_unbound(fd))
		return ws_fail(WSAEINVAL);
	/* Windows takes a negative number for a hint of that size. */
	if (backlog < 0)
		backlog = backlog == INT_MIN ? INT_MAX : -backlog;
	if (!listen_with_reuse(fd, backlog))
		return 0;
	if (errno == EINVAL && !posix_getpeername(fd, &name, &size))
		return ws_fail(WSAEISCONN);
	return ws_fail_errno(NULL);
}

/* By Linux the descriptor is closed, whatever close() says. */
int closesocket(SOCKET s)
{
	int fd = ws_fd(s);

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!ws_is_socket(fd))
		return ws_fail(WSAENOTSOCK);
	ws_messages_end(s);
	close(fd);
	return 0;
}

int shutdown(SOCKET s, int how)
{
	int fd = ws_fd(s);

	if (!ws_ready())
		return SOCKET_ERROR;
	/* Linux would end the listening, for all who hold the socket. */
	if (ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_ACCEPTCONN) > 0)
		return ws_fail(WSAENOTCONN);
	/* A datagram socket without a peer is shut down all the same. */
	if (posix_shutdown(fd, how) &&
	    (errno != ENOTCONN || !ws_is_datagram(fd)))
		return ws_fail_errno(NULL);
	/* One whose attempt to connect has been ended may connect anew. */
	if (how != SD_RECEIVE && ws_is_stream(fd) &&
	    ws_tcp_state(fd) != WS_TCP_UNCONNECTED)
		ws_mark(fd, WS_MARK_SENDING_ENDED, true);
	return 0;
}

/* What shuts down in one direction, and could have data beside it. */
static int disconnect(SOCKET s, int how, const WSABUF *data)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	if (data)
		return ws_fail_on(s, WSAENOPROTOOPT);
	return shutdown(s, how);
}

int WSASendDisconnect(SOCKET s, LPWSABUF data)
{
	return disconnect(s, SD_SEND, data);
}

int WSARecvDisconnect(SOCKET s, LPWSABUF data)
{
	return disconnect(s, SD_RECEIVE, data);
}

/* What getsockname() and getpeername() have in common. */
static int tell_name(int (*ask)(int fd, void *name, unsigned int *size),
		     SOCKET s, struct sockaddr *name, int *size)
{
	union name found = { };
	unsigned int found_size = sizeof(found);

	if (!ws_ready())
		return SOCKET_ERROR;
	if (ask(ws_fd(s), &found, &found_size))
		return ws_fail_errno(NULL);
	if (ask == posix_getsockname && is_unbound(&found))
		return ws_fail(WSAEINVAL);
	if (!name || !size || *size < 0 || (unsigned int)*size < found_size)
		return ws_fail(WSAEFAULT);
	memcpy(name, &found, found_size);
	*size = found_size;
	return 0;
}

int getsockname(SOCKET s, struct sockaddr *name, int *size)
{
	return tell_name(posix_getsockname, s, name, size);
}

int getpeername(SOCKET s, struct sockaddr *name, int *size)
{
	return tell_name(posix_getpeername, s, name, size);
}
