/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_LEVEL_H
#define SOCKDUP_LEVEL_H

#include <linux/types.h>

struct sock;
struct socket;

/* How many network events there are; their bits are the lowest. */
#define SOCKDUP_NETWORK_EVENTS	6

/**
 * struct sockdup_level - the network events that hold for a socket right now
 * @events: an OR of enum sockdup_network_event
 * @errors: one for each of @events, 0 or a positive errno
 * @connected: the socket is connected, or was and has not been reused since
 */
struct sockdup_level {
	u32 events;
	int errors[SOCKDUP_NETWORK_EVENTS];
	bool connected;
};

struct sockdup_level sockdup_level_of(struct socket *sock, bool connected,
				      int noted);
bool sockdup_level_knows_connections(const struct socket *sock);
bool sockdup_level_is_plain_data(const struct sock *sk);

#endif /* SOCKDUP_LEVEL_H */
