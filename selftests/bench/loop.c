// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop WAY ...: hands over to itself in each way in turn, again and again, until it is
 * ended. For looking at each instruction of a round. A WAY is one of those for a socket,
 * or one of those for several with their number behind it, such as set_of_64.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "one.h"
#include "several.h"

/* One of the two. */
struct turn {
	struct own own;
	struct several several;
	const struct several_way *several_way;
};

static void check(int error)
{
	if (error)
		errx(1, "%s", strerror(-error));
}

static const struct way *find_way(const char *name)
{
	unsigned int i;

	for (i = 0; ways[i]; i++) {
		if (!strcmp(ways[i]->name, name))
			return ways[i];
	}
	return NULL;
}

static const struct several_way *find_several_way(const char *name,
						  unsigned int *count)
{
	const char *mark = strrchr(name, '_');
	unsigned int i;

	for (i = 0; mark && several_ways[i]; i++) {
		if (strlen(several_ways[i]->name) != (size_t)(mark - name) ||
		    strncmp(several_ways[i]->name, name, mark - name))
			continue;
		*count = strtoul(mark + 1, NULL, 10);
		return *count && *count <= SEVERAL_MAX ? several_ways[i] : NULL;
	}
	return NULL;
}

static void turn_open(struct turn *turn, const char *name)
{
	unsigned int count;

	turn->own.way = find_way(name);
	if (turn->own.way) {
		check(side_open(&turn->own.side, turn->own.way));
		check(side_begin(&turn->own.side, turn->own.way));
		return;
	}
	turn->several_way = find_several_way(name, &count);
	if (!turn->several_way)
		errx(2, "%s: no such way", name);
	check(several_open(&turn->several, turn->several_way, count));
}

static int turn_take(struct turn *turn)
{
	return turn->own.way ?
	       hand_over(&turn->own.side, turn->own.way) :
	       several_hand_over(&turn->several, turn->several_way);
}

int main(int argc, char **argv)
{
	const int count = argc - 1;
	struct turn *turns = calloc(argc, sizeof(*turns));
	int i;

	if (!count || !turns)
		errx(2, "usage: loop WAY ...");
	for (i = 0; i < count; i++)
		turn_open(turns + i, argv[i + 1]);
	for (i = 0; ; i = (i + 1) % count)
		check(turn_take(turns + i));
}
