/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_SOCKET_H
#define SOCKDUP_SOCKET_H

#include <linux/err.h>
#include <linux/file.h>
#include <linux/net.h>

/**
 * sockdup_socket_file - the file of one of the current process's sockets
 * @fd: its descriptor
 *
 * Return: the file, to be put; ERR_PTR(-EBADF) where @fd is not open, ERR_PTR(-ENOTSOCK)
 * where it is of something else.
 */
static inline struct file *sockdup_socket_file(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (sock_from_file(file))
		return file;
	fput(file);
	return ERR_PTR(-ENOTSOCK);
}

#endif /* SOCKDUP_SOCKET_H */
