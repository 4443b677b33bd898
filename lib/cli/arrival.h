/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A post that was accepted.
 */
#ifndef CLI_ARRIVAL_H
#define CLI_ARRIVAL_H

#include <stdbool.h>

#include <sockdup.h>

/**
 * enum accepted - what an accept came to
 * @ACCEPTED_POST: it has a post
 * @ACCEPTED_NONE: none is there
 * @ACCEPTED_REFUSED: a security module refused one post, and may let in the next; told of
 * @ACCEPTED_LATER: the post stays until there are descriptors, or memory; told of once
 * @ACCEPTED_NEVER: no other can be accepted; told of
 */
enum accepted {
	ACCEPTED_POST,
	ACCEPTED_NONE,
	ACCEPTED_REFUSED,
	ACCEPTED_LATER,
	ACCEPTED_NEVER,
};

/**
 * struct arrival - a post that was accepted, or room for one
 * @posting: what the kernel tells of it
 * @fds: its sockets
 * @max_sockets: how many there is room for
 * @message: its message, with a zero byte behind it
 * @message_room: bytes that there is room for
 * @lacks: the errno of what lacks, which was told of; or 0
 */
struct arrival {
	struct sockdup_posting posting;
	int *fds;
	unsigned int max_sockets;
	char *message;
	unsigned int message_room;
	int lacks;
};

void arrival_prepare(struct arrival *arrival, const struct sockdup_inbox_options *inbox);
enum accepted arrival_accept(struct arrival *arrival, int inbox, bool can_wait);
bool arrival_await(struct arrival *arrival, int inbox, bool can_wait, int *worst);
void arrival_close(const struct arrival *arrival);
void arrival_titles(void);
void arrival_print(const struct arrival *arrival);

#endif /* CLI_ARRIVAL_H */
