// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hands a socket over to itself by sockdup, again and again, until it is ended.
 * For looking at each instruction of it.
 */
#include <err.h>
#include <string.h>

#include "way.h"

int main(void)
{
	struct side side;
	int error = side_open(&side);

	if (!error)
		error = side_begin(&side, &way_sockdup);
	while (!error)
		error = hand_over(&side, &way_sockdup);
	errx(1, "%s", strerror(-error));
}
