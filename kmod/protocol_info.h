/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_PROTOCOL_INFO_H
#define SOCKDUP_PROTOCOL_INFO_H

#include <linux/sockdup.h>

struct sock;
struct sockaddr_storage;
struct socket;
struct sockdup_opaque;

void sockdup_protocol_info_fill(struct sockdup_protocol_info *info,
				const struct socket *sock,
				const struct sockdup_opaque *opaque);
int sockdup_protocol_info_state(const struct sock *sk);
int sockdup_protocol_info_address(struct socket *sock, bool peer,
				  struct sockaddr_storage *address);

#endif /* SOCKDUP_PROTOCOL_INFO_H */
