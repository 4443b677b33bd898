// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Export to the process behind a pidfd.
 *
 * The kernel takes a number. A pidfd's fdinfo gives numbers, those of the pid
 * namespaces from the procfs mount's own down to the process's; which of them
 * is the caller's namespace it does not say, as /proc may be the mount of
 * another. So each number is tried: if a pidfd opened by that number shows the
 * very same lines, both are of one process, as no two live processes share a
 * number in one namespace. And if the given pidfd shows them still after the
 * export, its process had not been reaped, and its number could not have
 * passed to another one in between.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockdup.h"

/* "Pid:" and "NSpid:", the latter with a number for each of 32 namespaces. */
#define PIDFD_TEXT_SIZE	512

struct pidfd_text {
	char line[PIDFD_TEXT_SIZE];
};

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
		/* The descriptor is at fault only if it is not there. */
		if (fcntl(fd, F_GETFD) >= 0)
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
static int pidfd_read(int pidfd, struct pidfd_text *text)
{
	char fdinfo[4 * PIDFD_TEXT_SIZE];
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
	snprintf(text->line, sizeof(text->line), "%.*s",
		 (int)strcspn(nspid, "\n"), nspid);
	return 0;
}

/* Whether the process that the caller knows as @pid shows the same numbers. */
static int pid_matches(pid_t pid, const struct pidfd_text *text)
{
	struct pidfd_text other;
	int pidfd, matches;

	pidfd = pidfd_open(pid);
	if (pidfd < 0)
		return 0;
	matches = !pidfd_read(pidfd, &other) && !strcmp(text->line, other.line);
	close(pidfd);
	return matches;
}

/* The caller's own number of the process, or -1 with errno ESRCH. */
static pid_t pid_find(const struct pidfd_text *text)
{
	const char *next = text->line;
	char *end;
	long pid;

	for (;; next = end) {
		pid = strtol(next, &end, 10);
		if (end == next)
			break;
		if (pid_matches(pid, text))
			return pid;
	}
	errno = ESRCH;
	return -1;
}

int sockdup_duplicate_pidfd(int fd, int pidfd,
			    struct sockdup_protocol_info *info)
{
	struct pidfd_text before, after;
	pid_t pid;

	if (pidfd_read(pidfd, &before))
		return -1;
	pid = pid_find(&before);
	if (pid < 0 || sockdup_duplicate(fd, pid, info))
		return -1;
	if (pidfd_read(pidfd, &after) || strcmp(before.line, after.line)) {
		sockdup_revoke(info);
		errno = ESRCH;
		return -1;
	}
	return 0;
}
