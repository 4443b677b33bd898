/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_H
#define SOCKDUP_NETLINK_H

struct genl_family;

extern struct genl_family sockdup_nl_family;

int sockdup_netlink_init(void);
void sockdup_netlink_open(void);
void sockdup_netlink_exit(void);

#endif /* SOCKDUP_NETLINK_H */
