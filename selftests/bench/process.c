// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another process, and pipes or connections to it. What travels is shorter than PIPE_BUF, so
 * that it arrives in one piece.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

pid_t process_start(int (*live)(void *context), void *context)
{
	pid_t pid = fork();
	int error;

	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	error = live(context);
	errx(EXIT_FAILURE, "the other process: %s", strerror(-error));
}

void process_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int whole(ssize_t done, size_t size)
{
	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -EPIPE;
}

int pipe_read(int fd, void *bytes, size_t size)
{
	return size ? whole(read(fd, bytes, size), size) : 0;
}

int pipe_write(int fd, const void *bytes, size_t size)
{
	return size ? whole(write(fd, bytes, size), size) : 0;
}
