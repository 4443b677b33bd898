// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop WAY ...: hands a socket over to itself in each way in turn, again and
 * again, until it is ended. For looking at each instruction of a round.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "one.h"

static const struct way *find_way(const char *name)
{
	unsigned int i;

	for (i = 0; ways[i]; i++) {
		if (!strcmp(ways[i]->name, name))
			return ways[i];
	}
	errx(2, "%s: no such way", name);
}

static void check(int error)
{
	if (error)
		errx(1, "%s", strerror(-error));
}

int main(int argc, char **argv)
{
	const int count = argc - 1;
	struct own *owns = calloc(argc, sizeof(*owns));
	int i;

	if (!count || !owns)
		errx(2, "usage: loop WAY ...");
	for (i = 0; i < count; i++) {
		owns[i].way = find_way(argv[i + 1]);
		check(side_open(&owns[i].side));
		check(side_begin(&owns[i].side, owns[i].way));
	}
	for (i = 0; ; i = (i + 1) % count)
		check(hand_over(&owns[i].side, owns[i].way));
}
