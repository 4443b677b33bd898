// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sets: several sockets under one token, with names, and a payload.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sockdup.h"

#include "device.h"
#include "flat.h"

static __u64 address_of(const void *pointer)
{
	return (uintptr_t)pointer;
}

/* Whether a newer caller asks for what is not known here, or for nothing. */
static bool set_is_wrong(const struct sockdup_set *set)
{
	static const struct sockdup_set none;

	if (!set || !set->fds || (set->payload_count && !set->payload)) {
		errno = EFAULT;
		return true;
	}
	if (!set->socket_count ||
	    set->__reserved0 ||
	    memcmp(set->__reserved, none.__reserved, sizeof(none.__reserved))) {
		errno = EINVAL;
		return true;
	}
	return false;
}

int sockdup_export_set(const struct sockdup_set *set, int target,
		       unsigned int flags, unsigned int ttl_ms,
		       struct sockdup_protocol_info *info)
{
	bool user = flags & SOCKDUP_EXPORT_TO_USER;
	bool cgroup = flags & SOCKDUP_EXPORT_TO_CGROUP;
	struct sockdup_export export = {
		.size = sizeof(export),
		.flags = flags,
		.fd = -1,
		.target = cgroup && !user ? 0 : target,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};
	bool descriptor = flags & (SOCKDUP_EXPORT_TO_PEER |
				   SOCKDUP_EXPORT_TO_PIDFD |
				   SOCKDUP_EXPORT_TO_CGROUP);
	struct device_named named = {
		.fd = NO_DESCRIPTOR,
		.other = descriptor ? target : NO_DESCRIPTOR,
	};
	struct flat payload;
	int result;

	if (set_is_wrong(set))
		return -1;
	if (set->cgroup && !(user && cgroup)) {
		errno = EINVAL;
		return -1;
	}
	if (cgroup) {
		export.cgroup = user ? set->cgroup : target;
		named.other = export.cgroup;
	}
	if (set->socket_count > SOCKDUP_MAX_SOCKETS) {
		errno = EINVAL;
		return -1;
	}
	if (flat_make(&payload, set->payload, set->payload_count, SOCKDUP_MAX_PAYLOAD))
		return -1;
	flat_gather(&payload);
	export.socket_count = set->socket_count;
	export.fds = address_of(set->fds);
	export.names = address_of(set->names);
	export.payload_size = payload.size;
	export.payload = address_of(payload.bytes);
	named.fds = set->fds;
	named.count = set->socket_count;
	result = device_call_named(SOCKDUP_IOC_EXPORT, &export, &named);
	flat_free(&payload);
	return result;
}

int sockdup_import_set(const struct sockdup_protocol_info *info,
		       unsigned int flags, struct sockdup_set *set,
		       struct sockdup_identity *source)
{
	struct sockdup_import import = {
		.size = sizeof(import),
		.flags = flags,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};
	struct flat payload;
	int result;

	if (set_is_wrong(set) ||
	    flat_make(&payload, set->payload, set->payload_count, SOCKDUP_MAX_PAYLOAD))
		return -1;
	import.socket_count = set->socket_count;
	import.fds = address_of(set->fds);
	import.names = address_of(set->names);
	import.payload_size = payload.size;
	import.payload = address_of(payload.bytes);
	result = device_call(SOCKDUP_IOC_IMPORT, &import, NO_DESCRIPTOR,
			     NO_DESCRIPTOR);
	if (!result || errno == EMSGSIZE) {
		set->socket_count = import.socket_count;
		set->payload_size = import.payload_size;
	}
	if (!result) {
		flat_scatter(&payload, set->payload_size);
		if (source)
			*source = import.source;
	}
	flat_free(&payload);
	return result;
}

int sockdup_query_set(const struct sockdup_protocol_info *info,
		      char names[][SOCKDUP_NAME_SIZE],
		      struct sockdup_protocol_info *descriptions,
		      unsigned int room)
{
	struct sockdup_protocol_info described;
	struct sockdup_query query = {
		.size = sizeof(query),
		.info_size = sizeof(*info),
		.info = address_of(&described),
		.socket_count = room,
		.names = address_of(names),
		.descriptions = address_of(descriptions),
	};

	if (!info) {
		errno = EFAULT;
		return -1;
	}
	described = *info;
	if (device_call(SOCKDUP_IOC_QUERY, &query, NO_DESCRIPTOR, NO_DESCRIPTOR))
		return -1;
	/* A module that has no sets leaves the count of its only socket here. */
	return described.socket_count;
}
