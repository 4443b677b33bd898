/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection, its peer, and an eventfd for what happens on it.
 */
#ifndef SELFTESTS_CONNECTION_H
#define SELFTESTS_CONNECTION_H

#include "harness.h"
#include "registration.h"

struct connection {
	int fd;
	int peer;
	int event;
};

static inline void connection_set_up(struct __test_metadata *_metadata,
				     struct connection *connection, int family)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(family, fds));
	connection->fd = fds[0];
	connection->peer = fds[1];
	connection->event = new_event();
	ASSERT_LE(0, connection->event);
}

#endif /* SELFTESTS_CONNECTION_H */
