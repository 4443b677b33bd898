// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The registration of a socket for network events: each function is one command
 * of the device.
 */

#include <errno.h>
#include <string.h>

#include "sockdup.h"

#include "device.h"

int sockdup_event_register(int fd, int event, unsigned int mask,
			   enum sockdup_event_kind kind, unsigned int flags)
{
	struct sockdup_event_select select = {
		.size = sizeof(select),
		.flags = flags,
		.fd = fd,
		.event = event,
		.mask = mask,
		.kind = kind,
	};

	return device_call(SOCKDUP_IOC_EVENT_SELECT, &select, fd,
			   mask ? event : NO_DESCRIPTOR);
}

int sockdup_event_select(int fd, int event, unsigned int mask,
			 enum sockdup_event_kind kind)
{
	return sockdup_event_register(fd, event, mask, kind, 0);
}

int sockdup_event_enumerate(int fd, unsigned int flags,
			    struct sockdup_network_events *happened)
{
	struct sockdup_event_enumerate enumerate = {
		.size = sizeof(enumerate),
		.flags = flags,
		.fd = fd,
	};

	if (!happened) {
		errno = EFAULT;
		return -1;
	}
	memcpy(enumerate.errors, happened->errors, sizeof(enumerate.errors));
	if (device_call(SOCKDUP_IOC_EVENT_ENUMERATE, &enumerate, fd,
			NO_DESCRIPTOR))
		return -1;
	happened->events = enumerate.events;
	memcpy(happened->errors, enumerate.errors, sizeof(enumerate.errors));
	memset(happened->__reserved, 0, sizeof(happened->__reserved));
	return 0;
}

int sockdup_event_rearm(int fd, unsigned int events)
{
	struct sockdup_event_rearm rearm = {
		.size = sizeof(rearm),
		.fd = fd,
		.events = events,
	};

	return device_call(SOCKDUP_IOC_EVENT_REARM, &rearm, fd,
			   NO_DESCRIPTOR);
}

int sockdup_event_inherit(int fd, int listener)
{
	struct sockdup_event_inherit inherit = {
		.size = sizeof(inherit),
		.fd = fd,
		.listener = listener,
	};

	return device_call(SOCKDUP_IOC_EVENT_INHERIT, &inherit, fd, listener);
}

int sockdup_event_query(int fd, struct sockdup_registration *registration)
{
	struct sockdup_event_query query = {
		.size = sizeof(query),
		.fd = fd,
	};

	if (!registration) {
		errno = EFAULT;
		return -1;
	}
	if (device_call(SOCKDUP_IOC_EVENT_QUERY, &query, fd, NO_DESCRIPTOR))
		return -1;
	*registration = (struct sockdup_registration){
		.mask = query.mask,
		.kind = query.kind,
		.own = query.own,
		.source = query.source,
	};
	return 0;
}
