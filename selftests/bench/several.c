// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets at once: by the device, without and with the library, by an inbox, and in
 * a message.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../harness/inbox_call.h"
#include "several.h"

/* Room in a message for the descriptors. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(SEVERAL_MAX * sizeof(int))];
};

/* A byte, as a message of a stream needs one. */
struct message {
	char byte;
	struct iovec vector;
	union control control;
	struct msghdr header;
};

static void message_prepare(struct message *message, size_t control_size)
{
	message->byte = 0;
	message->vector.iov_base = &message->byte;
	message->vector.iov_len = sizeof(message->byte);
	message->header = (struct msghdr) {
		.msg_iov = &message->vector,
		.msg_iovlen = 1,
		.msg_control = &message->control,
		.msg_controllen = control_size,
	};
}

static int give_message(struct several *several, union parcel *parcel)
{
	const size_t size = several->count * sizeof(int);
	struct message message;

	message_prepare(&message, CMSG_SPACE(size));
	message.control.header = (struct cmsghdr) {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(size),
	};
	memcpy(CMSG_DATA(&message.control.header), several->sockets, size);
	return sendmsg(several->side.channel[0], &message.header, 0) == 1 ?
	       0 : -errno;
}

static int take_message(struct several *several, const union parcel *parcel)
{
	const size_t size = several->count * sizeof(int);
	struct message message;

	message_prepare(&message, CMSG_SPACE(size));
	if (recvmsg(several->side.channel[1], &message.header,
		    MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	if (message.header.msg_controllen < CMSG_LEN(size) ||
	    message.control.header.cmsg_len != CMSG_LEN(size) ||
	    message.control.header.cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(several->taken, CMSG_DATA(&message.control.header), size);
	return 0;
}

static int give_set(struct several *several, union parcel *parcel)
{
	struct sockdup_export arg = {
		.size = sizeof(arg),
		.fd = -1,
		.target = several->side.target,
		.info_size = sizeof(parcel->info),
		.info = (uintptr_t)&parcel->info,
		.socket_count = several->count,
		.fds = (uintptr_t)several->sockets,
	};

	return device_ioctl(several->side.device, SOCKDUP_IOC_EXPORT, &arg);
}

static int take_set(struct several *several, const union parcel *parcel)
{
	struct sockdup_import arg = {
		.size = sizeof(arg),
		.info_size = sizeof(parcel->info),
		.info = (uintptr_t)&parcel->info,
		.socket_count = several->count,
		.fds = (uintptr_t)several->taken,
	};
	int error = device_ioctl(several->side.device, SOCKDUP_IOC_IMPORT, &arg);

	if (error)
		return error;
	if (arg.socket_count != several->count)
		return -EPROTO;
	return 0;
}

static int give_set_by_library(struct several *several,
			       union parcel *parcel)
{
	const struct sockdup_set set = {
		.fds = several->sockets,
		.socket_count = several->count,
	};

	return sockdup_export_set(&set, several->side.target, 0, 0,
				  &parcel->info) ? -errno : 0;
}

static int take_set_by_library(struct several *several,
			       const union parcel *parcel)
{
	struct sockdup_set set = {
		.fds = several->taken,
		.socket_count = several->count,
	};

	if (sockdup_import_set(&parcel->info, 0, &set, NULL))
		return -errno;
	if (set.socket_count != several->count)
		return -EPROTO;
	return 0;
}

static int give_post(struct several *several, union parcel *parcel)
{
	struct sockdup_post post = {
		.fd = -1,
		.fds = (uintptr_t)several->sockets,
		.socket_count = several->count,
	};

	return device_ioctl(several->side.binding, SOCKDUP_IOC_POST, &post);
}

static int take_post(struct several *several, const union parcel *parcel)
{
	struct sockdup_accept accept = {
		.fds = (uintptr_t)several->taken,
		.socket_room = several->count,
	};
	int error = device_ioctl(several->side.device, SOCKDUP_IOC_ACCEPT, &accept);

	if (error)
		return error;
	return accept.socket_count == several->count ? 0 : -EPROTO;
}

static int open_inbox(struct side *side)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = 1,
		.max_sockets = SEVERAL_MAX,
	};
	int error = device_ioctl(side->device, SOCKDUP_IOC_INBOX, &open);

	if (error)
		return error;
	side->binding = device_open();
	return side->binding < 0 ? side->binding : bind_with(side->binding, side->target, 0);
}

static const struct several_way message = {
	.name = "message_of",
	.give = give_message,
	.take = take_message,
};

static const struct several_way set = {
	.name = "set_of",
	.give = give_set,
	.take = take_set,
};

static const struct several_way set_by_library = {
	.name = "library_set_of",
	.give = give_set_by_library,
	.take = take_set_by_library,
};

static const struct several_way post = {
	.name = "post_of",
	.begin = open_inbox,
	.give = give_post,
	.take = take_post,
};

const struct several_way *const several_ways[] = {
	&message, &set, &set_by_library, &post, NULL
};

int several_open(struct several *several, const struct several_way *way,
		 unsigned int count)
{
	int error = side_open(&several->side, &way_sockdup);

	several->side.binding = -1;
	if (!error)
		error = side_begin(&several->side, &way_sockdup);
	if (!error && way->begin)
		error = way->begin(&several->side);
	if (error)
		return error;
	for (several->count = 0; several->count < count; several->count++) {
		error = tcp_listener(AF_INET);
		if (error < 0)
			return error;
		several->sockets[several->count] = error;
	}
	return 0;
}

void several_close(const struct several *several)
{
	unsigned int i;

	for (i = 0; i < several->count; i++)
		close(several->sockets[i]);
	if (several->side.binding >= 0)
		close(several->side.binding);
	side_close(&several->side, &way_sockdup);
}

int several_hand_over(struct several *several, const struct several_way *way)
{
	union parcel parcel;
	unsigned int i;
	int error = way->give(several, &parcel);

	if (!error)
		error = way->take(several, &parcel);
	for (i = 0; i < several->count && !error; i++)
		error = close(several->taken[i]) ? -errno : 0;
	return error;
}
