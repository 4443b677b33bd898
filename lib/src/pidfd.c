// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The number of the process behind a pidfd.
 *
 * A pidfd's fdinfo lists the process's numbers, from the pid namespace of the
 * procfs mount down to the process's own. It does not say which of them is the
 * number in the caller's namespace, as /proc may be a mount of another. So the
 * library tries each number: if a pidfd opened by that number shows the same
 * lines, both are of one process, as no two live processes share a number in
 * one namespace. As long as a pidfd shows its numbers, its process has not been
 * reaped, and the numbers cannot have passed to another one.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pidfd.h"

static int pidfd_open(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* The line of @text that starts with @key, without the key; NULL if none. */
static const char *line_find(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && strncmp(text, key, length)) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text ? text + length : NULL;
}

static int fdinfo_read(int fd, char *text, size_t size)
{
	char path[sizeof("/proc/thread-self/fdinfo/") + 3 * sizeof(int)];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		/* The descriptor is not there, or procfs is not. */
		if (errno == ENOENT && fcntl(fd, F_GETFD) >= 0)
			errno = EOPNOTSUPP;
		return -1;
	}
	length = read(file, text, size - 1);
	close(file);
	if (length < 0)
		return -1;
	text[length] = '\0';
	return 0;
}

/*
 * What procfs says of the process behind a pidfd. Fails with EBADF where it is
 * not a pidfd, ESRCH where the process is gone or not visible in that procfs.
 */
int pidfd_read(int pidfd, struct pidfd_numbers *numbers)
{
	char fdinfo[4 * PIDFD_NUMBERS_SIZE];
	const char *pid, *nspid;

	if (fdinfo_read(pidfd, fdinfo, sizeof(fdinfo)))
		return -1;
	pid = line_find(fdinfo, "Pid:");
	if (!pid) {
		errno = EBADF;
		return -1;
	}
	if (atoi(pid) <= 0) {
		errno = ESRCH;
		return -1;
	}
	/* Without pid namespaces there is one number, and one line. */
	nspid = line_find(fdinfo, "NSpid:");
	if (!nspid)
		nspid = pid;
	snprintf(numbers->line, sizeof(numbers->line), "%.*s",
		 (int)strcspn(nspid, "\n"), nspid);
	return 0;
}

/*
 * Whether the process that the caller knows as @pid shows the same numbers:
 * 1 or 0, or -1 where it cannot be told.
 */
static int pid_matches(pid_t pid, const struct pidfd_numbers *numbers)
{
	struct pidfd_numbers other;
	int pidfd, result;

	pidfd = pidfd_open(pid);
	if (pidfd < 0) {
		/* There is none, or it is a thread: kernels differ in words. */
		result = errno == ESRCH || errno == EINVAL || errno == ENOENT;
		return result ? 0 : -1;
	}
	result = pidfd_read(pidfd, &other);
	if (!result)
		result = !strcmp(numbers->line, other.line);
	else if (errno == ESRCH)
		result = 0;
	close(pidfd);
	return result;
}

/* The caller's own number of the process; -1 with errno ESRCH if it has none. */
pid_t pidfd_pid(const struct pidfd_numbers *numbers)
{
	const char *next = numbers->line;
	int matches;
	char *end;
	long pid;

	for (;; next = end) {
		pid = strtol(next, &end, 10);
		if (end == next) {
			errno = ESRCH;
			return -1;
		}
		matches = pid_matches(pid, numbers);
		if (matches)
			return matches < 0 ? -1 : pid;
	}
}

/* Whether the process behind a pidfd still has its numbers; ESRCH if not. */
int pidfd_recheck(int pidfd, const struct pidfd_numbers *before)
{
	struct pidfd_numbers after;

	if (pidfd_read(pidfd, &after))
		return -1;
	if (strcmp(before->line, after.line)) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}
