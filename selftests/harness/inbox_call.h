/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's commands for inboxes, with -errno for failures.
 */
#ifndef SELFTESTS_INBOX_CALL_H
#define SELFTESTS_INBOX_CALL_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "common.h"

/* A handle with O_NONBLOCK that is an inbox of @slots, for the caller's own user. */
static inline int inbox_of_slots(unsigned int slots)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = slots,
		.message_size = 256,
		.max_sockets = 16,
	};
	int device = device_open(), error;

	if (device < 0)
		return device;
	fcntl(device, F_SETFL, O_NONBLOCK);
	error = device_ioctl(device, SOCKDUP_IOC_INBOX, &open);
	return error ?: device;
}

static inline int bind_with(int device, int target, unsigned int flags)
{
	struct sockdup_bind bind = {
		.size = sizeof(bind),
		.flags = flags,
		.target = target,
	};

	return device_ioctl(device, SOCKDUP_IOC_BIND, &bind);
}

/* A handle with O_NONBLOCK that is bound to the inbox of a process. */
static inline int bound_to(pid_t pid)
{
	int device = device_open(), error;

	if (device < 0)
		return device;
	fcntl(device, F_SETFL, O_NONBLOCK);
	error = bind_with(device, pid, 0);
	if (!error)
		return device;
	close(device);
	return error;
}

/* An invitation to the inbox that a handle is. */
static inline int invite(int inbox, int target, unsigned int flags, unsigned int ttl_ms,
			 struct sockdup_protocol_info *info)
{
	struct sockdup_export export = {
		.size = sizeof(export),
		.flags = flags,
		.fd = -1,
		.target = target,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};

	return device_ioctl(inbox, SOCKDUP_IOC_EXPORT, &export);
}

static inline int bind_invited(int device, const struct sockdup_protocol_info *info)
{
	struct sockdup_bind bind = {
		.size = sizeof(bind),
		.flags = SOCKDUP_BIND_BY_INVITATION,
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};

	return device_ioctl(device, SOCKDUP_IOC_BIND, &bind);
}

static inline int join_with(int device, const struct sockdup_protocol_info *info)
{
	struct sockdup_inbox_open join = {
		.size = sizeof(join),
		.flags = SOCKDUP_INBOX_JOIN,
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};

	return device_ioctl(device, SOCKDUP_IOC_INBOX, &join);
}

static inline int post_with(int device, int fd, unsigned int flags, __u64 cookie, __u64 *id)
{
	struct sockdup_post post = {
		.fd = fd,
		.flags = flags,
		.cookie = cookie,
		.ttl_ms = LONG_TTL_MS,
	};
	int error = device_ioctl(device, SOCKDUP_IOC_POST, &post);

	if (id)
		*id = post.id;
	return error;
}

static inline int post_fd(int device, int fd, __u64 cookie)
{
	return post_with(device, fd, 0, cookie, NULL);
}

static inline int accept_post(int device, struct sockdup_accept *accept)
{
	memset(accept, 0, sizeof(*accept));
	return device_ioctl(device, SOCKDUP_IOC_ACCEPT, accept);
}

static inline int revoke_post(int device, __u64 id)
{
	struct sockdup_post_revoke revoke = {
		.size = sizeof(revoke),
		.id = id,
	};

	return device_ioctl(device, SOCKDUP_IOC_POST_REVOKE, &revoke);
}

#endif /* SELFTESTS_INBOX_CALL_H */
