// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where the library keeps its own descriptors: high, and never in the place of
 * standard input, output or error. A program that closes a descriptor and then
 * names it, or expects the lowest number to be free, does not meet one of them.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "descriptor.h"

/* From here on, or as high as RLIMIT_NOFILE and free numbers allow. */
#define DESCRIPTOR_LOWEST	64

/* Fails with EBADF. */
bool descriptor_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A second descriptor of the same file, for the library to keep. */
int descriptor_copy(int fd)
{
	int lowest, copy = -1;

	for (lowest = DESCRIPTOR_LOWEST; copy < 0 && lowest > STDERR_FILENO;
	     lowest /= 2)
		copy = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
	/* A limit below every number that was tried. */
	if (copy < 0 && errno == EINVAL)
		errno = EMFILE;
	return copy;
}

/*
 * Move a descriptor that has just been opened, or give on the error of its
 * opening. If no other number is free, it stays where it is.
 */
int descriptor_raise(int fd)
{
	int copy;

	if (fd < 0 || fd >= DESCRIPTOR_LOWEST)
		return fd;
	copy = descriptor_copy(fd);
	if (copy < 0 && fd > STDERR_FILENO)
		return fd;
	close(fd);
	return copy;
}
