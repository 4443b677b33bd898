// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket handed over by one process to itself, in each way.
 */
#include <errno.h>
#include <unistd.h>

#include "one.h"
#include "part.h"

int side_of_own(struct side *side, const struct way *way)
{
	*side = (struct side) {
		.source = getpid(),
		.target = getpid(),
		.socket = tcp_listener(AF_INET),
	};
	if (side->socket < 0)
		return side->socket;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, side->channel))
		return -errno;
	return side_begin(side, way);
}

static int repeat(void *context, unsigned int rounds, int64_t *ns)
{
	const struct own *own = context;
	int64_t start = now_ns();
	int error = 0;

	while (rounds-- && !error)
		error = hand_over(&own->side, own->way);
	*ns = now_ns() - start;
	return error;
}

int measure_own(const struct effort *effort, const struct way *way,
		unsigned long alive)
{
	struct own own = { .way = way };
	const struct subject subject = {
		.name = way->name,
		.processes = 1,
		.alive = alive,
		.repeat = repeat,
		.context = &own,
	};
	int error = side_of_own(&own.side, way);

	return error ? error : measure(effort, &subject);
}

int part_one(const struct effort *effort)
{
	static const struct way *const ways[] = {
		&way_floor, &way_scm_rights, &way_pidfd, &way_kept_pidfd,
		&way_sockdup, &way_netlink,
	};
	unsigned int i;
	int error = 0;

	for (i = 0; i < sizeof(ways) / sizeof(*ways) && !error; i++)
		error = measure_own(effort, ways[i], 0);
	return error;
}
