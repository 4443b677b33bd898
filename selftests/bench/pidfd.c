// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor taken from the process that has it, which does nothing but tell
 * the two numbers; and the same where its pidfd is open already.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "way.h"

static int call(long number, int first, int second)
{
	int fd = syscall(number, first, second, 0);

	return fd < 0 ? -errno : fd;
}

static int give(const struct side *side, union parcel *parcel)
{
	parcel->number.pid = side->source;
	parcel->number.fd = side->socket;
	return 0;
}

static int take(const struct side *side, const union parcel *parcel)
{
	int pidfd = call(SYS_pidfd_open, parcel->number.pid, 0);
	int fd;

	if (pidfd < 0)
		return pidfd;
	fd = call(SYS_pidfd_getfd, pidfd, parcel->number.fd);
	close(pidfd);
	return fd;
}

static int keep_pidfd(struct side *side)
{
	side->kept_pidfd = call(SYS_pidfd_open, side->source, 0);
	return side->kept_pidfd < 0 ? side->kept_pidfd : 0;
}

static int take_by_kept(const struct side *side, const union parcel *parcel)
{
	return call(SYS_pidfd_getfd, side->kept_pidfd, parcel->number.fd);
}

const struct way way_pidfd = {
	.name = "pidfd",
	.size = sizeof(((union parcel *)0)->number),
	.give = give,
	.take = take,
};

const struct way way_kept_pidfd = {
	.name = "kept_pidfd",
	.size = sizeof(((union parcel *)0)->number),
	.begin = keep_pidfd,
	.give = give,
	.take = take_by_kept,
};
