/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Protocols, states and addresses as ss(8) shows them.
 */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <sockdup.h>

#define ADDRESS_SIZE	128

/**
 * struct address_text - a socket address in two parts
 * @address: as ss(8) shows it; empty where there is none
 * @port: empty where the family has none
 * @absent: what is shown where there is no address, or the kernel does not tell it
 * @any_version: all addresses of IPv6 and IPv4, for which ss(8) has a sign
 */
struct address_text {
	char address[ADDRESS_SIZE];
	char port[16];
	const char *absent;
	bool any_version;
};

void address_format(struct address_text *text,
		    const struct sockdup_socket_info *socket,
		    const struct sockaddr_storage *address, socklen_t size);
void address_join(char *joined, size_t size, const struct address_text *text);
const char *protocol_format(const struct sockdup_socket_info *socket);

#endif /* CLI_ADDRESS_H */
