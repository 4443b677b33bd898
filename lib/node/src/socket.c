// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a descriptor is, which decides what Node can make of it. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "socket.h"
#include "value.h"

static bool option(int fd, int name, int *value)
{
	socklen_t size = sizeof(*value);

	return !getsockopt(fd, SOL_SOCKET, name, value, &size);
}

/* Families other than AF_INET, AF_INET6 and AF_UNIX may have no such option. */
static bool is_listening(int fd)
{
	int listening;

	return option(fd, SO_ACCEPTCONN, &listening) && listening;
}

static bool is_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return !getpeername(fd, (struct sockaddr *)&peer, &size);
}

napi_value socket_describe(napi_env env, napi_callback_info call)
{
	napi_value given, value;
	int fd, family, type;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_int(env, given, &fd))
		return NULL;
	if (!option(fd, SO_DOMAIN, &family) || !option(fd, SO_TYPE, &type))
		return value_throw(env, "getsockopt");
	value = value_object(env);
	value_set_number(env, value, "family", family);
	value_set_number(env, value, "type", type);
	value_set_flag(env, value, "listening", is_listening(fd));
	value_set_flag(env, value, "connected", is_connected(fd));
	return value;
}

/*
 * Node has its own way with the numbers below 3, which can be free in a process
 * that closed them. Where no other is free, the socket is lost, as the token has
 * been spent.
 */
int socket_raise(int fd)
{
	int other, saved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	saved = errno;
	close(fd);
	errno = saved;
	return other;
}

void socket_close_all(const int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

bool socket_raise_all(int *fds, unsigned int count)
{
	unsigned int i;
	int saved;

	for (i = 0; i < count; i++) {
		fds[i] = socket_raise(fds[i]);
		if (fds[i] >= 0)
			continue;
		saved = errno;
		socket_close_all(fds, count);
		errno = saved;
		return false;
	}
	return true;
}
