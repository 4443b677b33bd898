// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor in a message of AF_UNIX. The message is its own road.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "way.h"

static int give(const struct side *side, union parcel *parcel)
{
	return send_descriptor(side->channel[0], side->socket);
}

static int take(const struct side *side, const union parcel *parcel)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = sizeof(byte) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	int fd;

	if (recvmsg(side->channel[1], &message, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	if (message.msg_controllen < CMSG_LEN(sizeof(fd)) ||
	    control.header.cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

const struct way way_scm_rights = {
	.name = "scm_rights",
	.give = give,
	.take = take,
};
