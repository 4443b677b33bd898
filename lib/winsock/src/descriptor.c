// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptor behind a SOCKET.
 */

#include "posix.h"

#include <limits.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "descriptor.h"

/* Larger numbers than Linux has become one that is never open. */
int ws_fd(SOCKET s)
{
	return s <= INT_MAX ? (int)s : -1;
}

bool ws_is_socket(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISSOCK(status.st_mode);
}

/* False as well where @fd is not open. */
bool ws_is_non_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && flags & O_NONBLOCK;
}

/* fcntl() would undo what another holder does to the other flags meanwhile. */
int ws_set_non_blocking(int fd, bool on)
{
	int value = on;

	return posix_ioctl(fd, LINUX_FIONBIO, &value);
}

/*
 * A new descriptor under a number that is not 0, which consumers take for none.
 * Gives on the error of its opening.
 */
int ws_keep(int fd)
{
	int flags, copy, error;

	if (fd)
		return fd;
	flags = fcntl(fd, F_GETFD);
	copy = fcntl(fd, flags & FD_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 1);
	error = errno;
	close(fd);
	errno = error;
	return copy;
}

/*
 * A number that is not 0, for ws_keep_at() in case the next descriptor that is made is
 * 0. 0 where that is in use, and -1 with errno where no other is free. It is no second
 * descriptor of a socket: a child that another thread forks meanwhile keeps it.
 */
int ws_spare(void)
{
	int fd, spare;

	if (fcntl(0, F_GETFD) >= 0)
		return 0;
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd)
		return fd;
	spare = fcntl(fd, F_DUPFD_CLOEXEC, 1);
	close(fd);
	return spare;
}

/* As ws_keep(), which can fail: with a spare number it does not. */
int ws_keep_at(int fd, int spare)
{
	int error = errno;

	if (!fd && spare &&
	    dup3(fd, spare,
		 fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0) >= 0) {
		close(fd);
		return spare;
	}
	if (spare)
		close(spare);
	errno = error;
	return ws_keep(fd);
}

/* An option that is an int, or -1 with errno. */
int ws_int_option(int fd, int level, int option)
{
	int value;
	unsigned int size = sizeof(value);

	return posix_getsockopt(fd, level, option, &value, &size) ? -1 : value;
}

bool ws_is_unix(int fd)
{
	return ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_DOMAIN) == AF_UNIX;
}

static int type_of(int fd)
{
	return ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_TYPE);
}

bool ws_is_stream(int fd)
{
	return type_of(fd) == SOCK_STREAM;
}

/* Neither has a connection that could end. */
bool ws_is_datagram(int fd)
{
	int type = type_of(fd);

	return type == SOCK_DGRAM || type == SOCK_RAW;
}
