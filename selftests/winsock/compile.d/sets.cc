// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiles where SET may be a set of select(), and TIME its time: a null pointer or a
 * fitting one, and no number but 0.
 */
#ifdef AFTER_STDLIB
#include <cstdlib>
#endif
#include <winsock2.h>

int number = 0;
timeval some_time;
fd_set some_set;

int watch()
{
	return select(0, SET, NULL, NULL, TIME);
}
