// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
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
 * Call this before the program opens anything. If standard output were closed, a
 * socket could get its number, and the command would write to that. So open
 * /dev/null in its place, in the direction that the program does not use. It is
 * close-on-exec, so exec's program does not get it.
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

/*
 * Call this before the program opens anything, too. @hint: what else the number may have
 * been meant as, or NULL.
 */
int descriptor_parse(const char *text, const char *hint)
{
	int fd = number_parse(text, 0, INT_MAX, "a descriptor");

	if (is_open(fd) && (fd >= STANDARD || !closed[fd]))
		return fd;
	complain("descriptor %d is not open%s", fd, hint ? : "");
	exit(EXIT_FAILED);
}

bool descriptor_is_unix(int fd)
{
	socklen_t size = sizeof(int);
	int family;

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) &&
	       family == AF_UNIX;
}

/* The reader of a pipe sees its end, while the command goes on. */
void standard_output_end(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		close(STDOUT_FILENO);
	if (null >= 0)
		close(null);
}
