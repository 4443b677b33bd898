// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all the ways have in common.
 */
#include <errno.h>
#include <unistd.h>

#include "way.h"

const struct way *const ways[] = {
	&way_floor, &way_scm_rights, &way_pidfd, &way_kept_pidfd,
	&way_sockdup, &way_to_user, &way_netlink, &way_inbox, &way_ring, NULL
};

int side_open(struct side *side, const struct way *way)
{
	*side = (struct side) {
		.source = getpid(),
		.target = getpid(),
		.socket = tcp_listener(AF_INET),
	};
	if (side->socket < 0)
		return side->socket;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, side->channel))
		return -errno;
	return way->open ? way->open(side) : 0;
}

int side_begin(struct side *side, const struct way *way)
{
	side->device = device_open();
	if (side->device < 0)
		return side->device;
	return way->begin ? way->begin(side) : 0;
}

int unless_absent(int error)
{
	return error == -EOPNOTSUPP ? 0 : error;
}

void side_close(const struct side *side, const struct way *way)
{
	if (way->end)
		way->end(side);
	close(side->channel[0]);
	close(side->channel[1]);
	close(side->socket);
	close(side->device);
}

int drop(const struct side *side, const struct way *way, int fd)
{
	if (way->drop)
		return way->drop(side, fd);
	return close(fd) ? -errno : 0;
}

int hand_over(const struct side *side, const struct way *way)
{
	union parcel parcel;
	int fd = way->give(side, &parcel);

	if (fd < 0)
		return fd;
	fd = way->take(side, &parcel);
	return fd < 0 ? fd : drop(side, way, fd);
}
