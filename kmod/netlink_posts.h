/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_POSTS_H
#define SOCKDUP_NETLINK_POSTS_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

int sockdup_nl_post_get(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_post_revoke(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_post_get_start(struct netlink_callback *cb);

#endif /* SOCKDUP_NETLINK_POSTS_H */
