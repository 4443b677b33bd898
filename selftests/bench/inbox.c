// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posted to an inbox, and accepted from it; without the library. The inbox is its own road.
 */
#include <errno.h>
#include <unistd.h>

#include "../harness/inbox_call.h"
#include "way.h"

/* More than are ever under way. */
#define SLOTS	256

static int open_inbox(int device)
{
	struct sockdup_inbox_open open = { .size = sizeof(open), .slots = SLOTS };

	return device_ioctl(device, SOCKDUP_IOC_INBOX, &open);
}

/* The other process may not have its inbox yet. */
static int bind_to(int device, pid_t target)
{
	int error;

	while ((error = bind_with(device, target, 0)) == -ECONNREFUSED)
		usleep(1000);
	return error;
}

static int begin(struct side *side)
{
	int error = 0;

	if (side->target == getpid())
		error = open_inbox(side->device);
	if (error || side->source != getpid())
		return error;
	side->binding = device_open();
	return side->binding < 0 ? side->binding : bind_to(side->binding, side->target);
}

static int give(const struct side *side, union parcel *parcel)
{
	struct sockdup_post post = { .fd = side->socket };

	return device_ioctl(side->binding, SOCKDUP_IOC_POST, &post);
}

static int give_away(const struct side *side, union parcel *parcel)
{
	struct sockdup_post post = {
		.fd = side->socket,
		.flags = SOCKDUP_POST_CLOSE,
	};

	return device_ioctl(side->binding, SOCKDUP_IOC_POST, &post);
}

static int take(const struct side *side, const union parcel *parcel)
{
	struct sockdup_accept accept = { };

	return device_ioctl(side->device, SOCKDUP_IOC_ACCEPT, &accept);
}

static void end(const struct side *side)
{
	if (side->source == getpid())
		close(side->binding);
}

const struct way way_inbox = {
	.name = "inbox",
	.begin = begin,
	.give = give,
	.take = take,
	.end = end,
};

const struct way way_inbox_close = {
	.name = "inbox",
	.closes = true,
	.begin = begin,
	.give = give_away,
	.take = take,
	.end = end,
};
