// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network events by way of the library's handle, or that of an agent.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common.h"
#include "network_events.h"

int ask(int fd, int event, unsigned int mask)
{
	return try_event_select(fd, event, mask, EVENT);
}

int ask_once(int fd, int event, unsigned int mask)
{
	return try_event_register(fd, event, mask, EVENT, SOCKDUP_EVENT_ONCE);
}

int *error_of(struct sockdup_network_events *happened, __u32 event)
{
	return &happened->errors[__builtin_ctz(event)];
}

int take(int fd)
{
	struct sockdup_network_events happened = { 0 };
	int error = try_event_enumerate(fd, 0, &happened);

	return error ? error : (int)happened.events;
}

int mask_of(int fd)
{
	struct sockdup_registration registration;
	int error = try_event_query(fd, &registration);

	return error ? error : (int)registration.mask;
}

int come_with(int fd, int event, __u32 wanted,
	      struct sockdup_network_events *all)
{
	__u32 events = 0;
	int error;

	while (wanted & ~events) {
		error = wait_for_poll(event, POLLIN);
		if (!error)
			error = try_event_enumerate(fd, 0, all);
		if (error)
			return error;
		events |= all->events;
	}
	return events;
}

int come(int fd, int event, __u32 wanted)
{
	struct sockdup_network_events all;

	memset(&all, 0, sizeof(all));
	return come_with(fd, event, wanted, &all);
}

int agent_come(struct agent *agent, int fd, int event, __u32 wanted)
{
	struct sockdup_network_events happened = { 0 };
	__u32 events = 0;
	int value;

	while (wanted & ~events) {
		value = agent_poll(agent, event, POLLIN, WAIT_MS / 2);
		if (value <= 0)
			return value ? value : -ETIME;
		value = agent_event_enumerate(agent, fd, 0, &happened);
		if (value)
			return value;
		events |= happened.events;
	}
	return events;
}

int agent_take(struct agent *agent, int fd)
{
	struct sockdup_network_events happened = { 0 };
	int error = agent_event_enumerate(agent, fd, 0, &happened);

	return error ? error : (int)happened.events;
}

int agent_ask_for(struct agent *agent, int fd, int event,
		  unsigned int mask)
{
	return agent_event_select(agent, fd, event, mask, EVENT);
}

int agent_event_is_set(struct agent *agent, int event)
{
	return agent_poll(agent, event, POLLIN, 0);
}
