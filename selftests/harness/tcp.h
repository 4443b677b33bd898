/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture tcp: a connection, with IPv4 and with IPv6.
 */
#ifndef SELFTESTS_TCP_H
#define SELFTESTS_TCP_H

#include "connection.h"

FIXTURE(tcp) {
	struct connection connection;
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(tcp) {
	int family;
};

FIXTURE_VARIANT_ADD(tcp, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(tcp, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(tcp)
{
	connection_set_up(_metadata, &self->connection, variant->family);
	self->fd = self->connection.fd;
	self->peer = self->connection.peer;
	self->event = self->connection.event;
}

FIXTURE_TEARDOWN(tcp)
{
	close(self->event);
	close(self->peer);
	close(self->fd);
}

#endif /* SELFTESTS_TCP_H */
