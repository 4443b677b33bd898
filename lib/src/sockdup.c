// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One function for each command of the device.
 */

#include <errno.h>
#include <stdint.h>

#include "sockdup.h"

#include "device.h"

static __u64 address_of(const void *pointer)
{
	return (uintptr_t)pointer;
}

int sockdup_duplicate(int fd, pid_t pid, struct sockdup_protocol_info *info)
{
	struct sockdup_export export = {
		.size = sizeof(export),
		.fd = fd,
		.pid = pid,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	return device_call(SOCKDUP_IOC_EXPORT, &export);
}

int sockdup_socket(const struct sockdup_protocol_info *info,
		   unsigned int flags)
{
	struct sockdup_import import = {
		.size = sizeof(import),
		.flags = flags,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	return device_call(SOCKDUP_IOC_IMPORT, &import);
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
	if (device_call(SOCKDUP_IOC_QUERY, &query))
		return -1;
	description->source = query.source;
	description->target_pid = query.target_pid;
	description->age_ms = query.age_ms;
	description->left_ms = query.left_ms;
	return 0;
}

int sockdup_revoke(const struct sockdup_protocol_info *info)
{
	struct sockdup_revoke revoke = {
		.size = sizeof(revoke),
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	return device_call(SOCKDUP_IOC_REVOKE, &revoke);
}

int sockdup_info(struct sockdup_info *info)
{
	struct sockdup_info answer = { .size = sizeof(answer) };

	if (!info) {
		errno = EFAULT;
		return -1;
	}
	if (device_call(SOCKDUP_IOC_INFO, &answer))
		return -1;
	*info = answer;
	return 0;
}
