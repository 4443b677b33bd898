// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all the ways have in common.
 */
#include <unistd.h>

#include "way.h"

int side_begin(struct side *side, const struct way *way)
{
	side->device = device_open();
	if (side->device < 0)
		return side->device;
	return way->begin ? way->begin(side) : 0;
}

int hand_over(const struct side *side, const struct way *way)
{
	union parcel parcel;
	int fd = way->give(side, &parcel);

	if (fd < 0)
		return fd;
	fd = way->take(side, &parcel);
	return fd < 0 ? fd : close(fd);
}
