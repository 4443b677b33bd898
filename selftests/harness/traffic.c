// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data, ends and connections on stream sockets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

bool is_polled(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	return poll(&entry, 1, 0) == 1 && entry.revents & events;
}

int arrive(int from, int to, const char *text)
{
	size_t size = strlen(text);

	if (send(from, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		return -errno;
	return wait_for_poll(to, POLLIN);
}

int arrive_urgent(int from, int to)
{
	if (send(from, "!", 1, MSG_OOB) != 1)
		return -errno;
	return wait_for_poll(to, POLLPRI);
}

int finish(int from, int to)
{
	if (shutdown(from, SHUT_WR))
		return -errno;
	return wait_for_poll(to, POLLRDHUP);
}

int close_with_reset(int fd)
{
	const struct linger none = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)))
		return -errno;
	return close(fd);
}

int receive(int fd, size_t size)
{
	char bytes[64];
	ssize_t got = recv(fd, bytes, size, MSG_DONTWAIT);

	return got < 0 ? -errno : got;
}

int receive_urgent(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_OOB);

	return got < 0 ? -errno : got;
}

int fill(int fd)
{
	static const char bytes[65536];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN ? 0 : -errno;
}

int drain(int from, int fd)
{
	static char bytes[65536];
	int error = 0;

	while (!error && !is_polled(fd, POLLOUT)) {
		error = wait_for_poll(from, POLLIN);
		if (!error && recv(from, bytes, sizeof(bytes), MSG_DONTWAIT) < 0)
			error = -errno;
	}
	return error;
}

int connect_to(const struct address *address, int flags)
{
	int fd = socket(address->storage.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const void *)&address->storage, address->size) ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -errno;
}

int begin_to_connect(int fd, const struct address *address)
{
	return connect(fd, (const void *)&address->storage, address->size) ?
	       -errno : 0;
}
