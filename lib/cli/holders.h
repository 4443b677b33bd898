/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who has sockets open, as far as /proc shows it to us.
 */
#ifndef CLI_HOLDERS_H
#define CLI_HOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct holders - processes that have one of some sockets open
 * @pidfds: a descriptor for each
 * @count: of them
 */
struct holders {
	int *pidfds;
	int count;
};

void holders_find(struct holders *holders, const ino_t *sockets, int count,
		  pid_t but);
bool socket_is_listed(ino_t socket);

#endif /* CLI_HOLDERS_H */
