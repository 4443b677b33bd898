// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "descriptor.h"
#include "message.h"
#include "value.h"
#include "verb.h"

#define STANDARD	(STDERR_FILENO + 1)

/* Those that the caller has closed. */
static bool closed[STANDARD];

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/*
 * To be called before anything is opened: what is opened as a standard
 * descriptor would be written to, such as a socket as standard output. In its
 * place stands a file that can only be used the wrong way around; the program of
 * exec does not get it.
 */
void descriptors_guard(void)
{
	int fd;

	for (fd = 0; fd < STANDARD; fd++) {
		closed[fd] = !is_open(fd);
		if (closed[fd])
			open("/dev/null", O_CLOEXEC |
			     (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
	}
}

/* Call this before the program opens anything, too. */
int descriptor_parse(const char *text)
{
	int fd = number_parse(text, 0, INT_MAX, "a descriptor");

	if (is_open(fd) && (fd >= STANDARD || !closed[fd]))
		return fd;
	complain("descriptor %d is not open", fd);
	exit(EXIT_FAILED);
}
