/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/sockdup.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_SOCKDUP_GEN_H
#define _LINUX_SOCKDUP_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/sockdup_netlink.h>

extern const struct nla_policy sockdup_token_export_nl_policy[SOCKDUP_A_TOKEN_CGROUP_FD + 1];

extern const struct nla_policy sockdup_token_query_nl_policy[SOCKDUP_A_TOKEN_PROTOCOL_INFO + 1];

extern const struct nla_policy sockdup_token_revoke_nl_policy[SOCKDUP_A_TOKEN_PROTOCOL_INFO + 1];

extern const struct nla_policy sockdup_token_get_nl_policy[SOCKDUP_A_TOKEN_UID + 1];

extern const struct nla_policy sockdup_stats_get_nl_policy[SOCKDUP_A_STATS_UID + 1];

extern const struct nla_policy sockdup_post_get_nl_policy[SOCKDUP_A_POST_ID + 1];

extern const struct nla_policy sockdup_post_revoke_nl_policy[SOCKDUP_A_POST_ID + 1];

/* Ops table for sockdup */
extern const struct genl_ops sockdup_nl_ops[7];

int sockdup_nl_token_export_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_token_query_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_token_revoke_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_token_get_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_token_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int sockdup_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_post_get_doit(struct sk_buff *skb, struct genl_info *info);
int sockdup_nl_post_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int sockdup_nl_post_revoke_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	SOCKDUP_NLGRP_TOKENS,
};

#endif /* _LINUX_SOCKDUP_GEN_H */
