// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Marks on a stream, which all who hold the socket see, in whichever process: the
 * kernel keeps them. Each is a switch that Linux has for every socket and that
 * does nothing to a stream. A table of the layer's own would know neither other
 * processes nor which socket has a number now.
 */

#include "posix.h"

#include "descriptor.h"
#include "mark.h"

void ws_mark(int fd, enum ws_mark mark, bool on)
{
	int value = on;

	posix_setsockopt(fd, LINUX_SOL_SOCKET, mark, &value, sizeof(value));
}

bool ws_is_marked(int fd, enum ws_mark mark)
{
	return ws_is_stream(fd) && ws_int_option(fd, LINUX_SOL_SOCKET, mark) > 0;
}
