/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_H
#define SOCKDUP_NETLINK_H

#include "token.h"

void sockdup_netlink_tell(struct sockdup_token *token,
			  enum sockdup_token_event event);

int sockdup_netlink_init(void);
void sockdup_netlink_open(void);
void sockdup_netlink_exit(void);

#endif /* SOCKDUP_NETLINK_H */
