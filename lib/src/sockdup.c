// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions of the library: each is one command of the device. For one socket
 * the first version of a struct is enough, and the kernel copies less.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sockdup.h"

#include "device.h"

static __u64 address_of(const void *pointer)
{
	return (uintptr_t)pointer;
}

/* A command that names no descriptor. */
static int command(unsigned long number, void *argument)
{
	return device_call(number, argument, NO_DESCRIPTOR, NO_DESCRIPTOR);
}

int sockdup_export(int fd, int target, unsigned int flags, unsigned int ttl_ms,
		   struct sockdup_protocol_info *info)
{
	bool cgroup = flags & SOCKDUP_EXPORT_TO_CGROUP;
	struct sockdup_export export = {
		.size = cgroup ? sizeof(export) : SOCKDUP_EXPORT_SIZE_VER0,
		.flags = flags,
		.fd = fd,
		.target = cgroup ? 0 : target,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(*info),
		.info = address_of(info),
		.cgroup = cgroup ? target : 0,
	};
	bool descriptor = flags & (SOCKDUP_EXPORT_TO_PEER |
				   SOCKDUP_EXPORT_TO_PIDFD |
				   SOCKDUP_EXPORT_TO_CGROUP);

	/* Two targets do not fit in one: see sockdup_export_set(). */
	if (cgroup && flags & SOCKDUP_EXPORT_TO_USER) {
		errno = EINVAL;
		return -1;
	}
	return device_call(SOCKDUP_IOC_EXPORT, &export, fd,
			   descriptor ? target : NO_DESCRIPTOR);
}

int sockdup_duplicate(int fd, pid_t pid, struct sockdup_protocol_info *info)
{
	return sockdup_export(fd, pid, 0, 0, info);
}

int sockdup_duplicate_pidfd(int fd, int pidfd,
			    struct sockdup_protocol_info *info)
{
	return sockdup_export(fd, pidfd, SOCKDUP_EXPORT_TO_PIDFD, 0, info);
}

int sockdup_duplicate_user(int fd, uid_t uid,
			   struct sockdup_protocol_info *info)
{
	return sockdup_export(fd, uid, SOCKDUP_EXPORT_TO_USER, 0, info);
}

int sockdup_duplicate_cgroup(int fd, int cgroup,
			     struct sockdup_protocol_info *info)
{
	return sockdup_export(fd, cgroup, SOCKDUP_EXPORT_TO_CGROUP, 0, info);
}

int sockdup_import(const struct sockdup_protocol_info *info, unsigned int flags,
		   struct sockdup_identity *source)
{
	struct sockdup_import import = {
		.size = SOCKDUP_IMPORT_SIZE_VER0,
		.flags = flags,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};
	int fd = command(SOCKDUP_IOC_IMPORT, &import);

	if (fd >= 0 && source)
		*source = import.source;
	return fd;
}

int sockdup_socket(const struct sockdup_protocol_info *info,
		   unsigned int flags)
{
	return sockdup_import(info, flags, NULL);
}

int sockdup_query(const struct sockdup_protocol_info *info,
		  struct sockdup_description *description)
{
	struct sockdup_query query = {
		.size = sizeof(query),
		.info_size = sizeof(*info),
	};

	if (!info || !description) {
		errno = EFAULT;
		return -1;
	}
	description->info = *info;
	query.info = address_of(&description->info);
	if (command(SOCKDUP_IOC_QUERY, &query))
		return -1;
	description->source = query.source;
	description->target_pid = query.target_pid;
	description->age_ms = query.age_ms;
	description->left_ms = query.left_ms;
	description->target_flags = query.target_flags;
	description->target_uid = query.target_uid;
	description->target_cgroup = query.target_cgroup;
	description->payload_size = query.payload_size;
	description->for_caller = query.for_caller;
	memset(description->__reserved, 0, sizeof(description->__reserved));
	return 0;
}

int sockdup_revoke(const struct sockdup_protocol_info *info)
{
	struct sockdup_revoke revoke = {
		.size = sizeof(revoke),
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	return command(SOCKDUP_IOC_REVOKE, &revoke);
}

__u64 sockdup_info_id(const struct sockdup_protocol_info *info)
{
	__u64 id = 0;

	if (info && info->size == sizeof(*info))
		memcpy(&id, info->opaque, sizeof(id));
	return id;
}

/* The kernel fills as much as the caller's size says. */
int sockdup_info(struct sockdup_info *info)
{
	if (!info) {
		errno = EFAULT;
		return -1;
	}
	return command(SOCKDUP_IOC_INFO, info);
}
