/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_LIST_H
#define SOCKDUP_NETLINK_LIST_H

struct netlink_callback;

int sockdup_nl_list_start(struct netlink_callback *cb);
int sockdup_nl_list_done(struct netlink_callback *cb);

#endif /* SOCKDUP_NETLINK_LIST_H */
