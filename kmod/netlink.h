/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_H
#define SOCKDUP_NETLINK_H

#include <linux/gfp.h>

/*
 * How a request allocates what its user's control group is charged for. It holds a lock of
 * all generic netlink, and the kernel can make the user of a full group wait for seconds.
 * So a request does not wait for such memory, and fails without it.
 */
#define SOCKDUP_NL_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)

struct genl_family;

extern struct genl_family sockdup_nl_family;

int sockdup_netlink_init(void);
void sockdup_netlink_open(void);
void sockdup_netlink_exit(void);

#endif /* SOCKDUP_NETLINK_H */
