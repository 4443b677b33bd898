// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very many tokens. The caller is root, which the quota does not bind.
 */
#include <stdio.h>
#include <unistd.h>

#include "../harness/census.h"
#include "../harness/common.h"
#include "crowd.h"
#include "process.h"

#define PROGRESS	100000

static int wait_for_ever(void *context)
{
	while (pause() < 0)
		;
	return 0;
}

int crowd_open(struct crowd *crowd)
{
	*crowd = (struct crowd) {
		.device = device_open(),
		.socket = tcp_listener(AF_INET),
		.target = process_start(wait_for_ever, NULL),
	};
	if (crowd->device < 0)
		return crowd->device;
	if (crowd->socket < 0)
		return crowd->socket;
	return crowd->target < 0 ? crowd->target : 0;
}

int crowd_grow(struct crowd *crowd, unsigned long count)
{
	struct sockdup_protocol_info info;
	int error = 0;

	while (crowd->count < count && !error) {
		error = raw_export(crowd->device, crowd->socket, crowd->target,
				   CROWD_TTL_MS, &info);
		if (++crowd->count % PROGRESS == 0)
			fprintf(stderr, "# %lu tokens\n", crowd->count);
	}
	return error;
}

int crowd_close(struct crowd *crowd)
{
	process_end(crowd->target);
	close(crowd->socket);
	close(crowd->device);
	return wait_for_held(0);
}
