/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A post that was accepted.
 */
#ifndef CLI_ARRIVAL_H
#define CLI_ARRIVAL_H

#include <sockdup.h>

/**
 * struct arrival - a post that was accepted, or room for one
 * @posting: what the kernel tells of it
 * @fds: its sockets
 * @max_sockets: how many there is room for
 * @message: its message, with a zero byte behind it
 * @message_room: bytes that there is room for
 */
struct arrival {
	struct sockdup_posting posting;
	int *fds;
	unsigned int max_sockets;
	char *message;
	unsigned int message_room;
};

void arrival_prepare(struct arrival *arrival, const struct sockdup_inbox_options *inbox);
int arrival_accept(struct arrival *arrival, int inbox);
int arrival_failed(const struct arrival *arrival);
void arrival_close(const struct arrival *arrival);
void arrival_titles(void);
void arrival_print(const struct arrival *arrival);

#endif /* CLI_ARRIVAL_H */
