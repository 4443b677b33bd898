// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/sockdup.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/sockdup_netlink.h>

/* SOCKDUP_CMD_TOKEN_EXPORT - do */
const struct nla_policy sockdup_token_export_nl_policy[SOCKDUP_A_TOKEN_CGROUP_FD + 1] = {
	[SOCKDUP_A_TOKEN_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[SOCKDUP_A_TOKEN_TARGET] = NLA_POLICY_MIN(NLA_S32, 1),
	[SOCKDUP_A_TOKEN_PEER_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[SOCKDUP_A_TOKEN_PIDFD] = NLA_POLICY_MIN(NLA_S32, 0),
	[SOCKDUP_A_TOKEN_TARGET_UID] = { .type = NLA_U32, },
	[SOCKDUP_A_TOKEN_CGROUP_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[SOCKDUP_A_TOKEN_TTL_MS] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SOCKDUP_CMD_TOKEN_QUERY - do */
const struct nla_policy sockdup_token_query_nl_policy[SOCKDUP_A_TOKEN_PROTOCOL_INFO + 1] = {
	[SOCKDUP_A_TOKEN_PROTOCOL_INFO] = NLA_POLICY_EXACT_LEN(SOCKDUP_NETLINK_INFO_SIZE),
};

/* SOCKDUP_CMD_TOKEN_REVOKE - do */
const struct nla_policy sockdup_token_revoke_nl_policy[SOCKDUP_A_TOKEN_PROTOCOL_INFO + 1] = {
	[SOCKDUP_A_TOKEN_ID] = { .type = NLA_U64, },
	[SOCKDUP_A_TOKEN_PROTOCOL_INFO] = NLA_POLICY_EXACT_LEN(SOCKDUP_NETLINK_INFO_SIZE),
};

/* SOCKDUP_CMD_TOKEN_GET - do */
const struct nla_policy sockdup_token_get_nl_policy[SOCKDUP_A_TOKEN_UID + 1] = {
	[SOCKDUP_A_TOKEN_ID] = { .type = NLA_U64, },
	[SOCKDUP_A_TOKEN_TARGET] = NLA_POLICY_MIN(NLA_S32, 1),
	[SOCKDUP_A_TOKEN_SOURCE] = NLA_POLICY_MIN(NLA_S32, 1),
	[SOCKDUP_A_TOKEN_UID] = { .type = NLA_U32, },
};

/* SOCKDUP_CMD_STATS_GET - do */
const struct nla_policy sockdup_stats_get_nl_policy[SOCKDUP_A_STATS_UID + 1] = {
	[SOCKDUP_A_STATS_UID] = { .type = NLA_U32, },
};

/* SOCKDUP_CMD_POST_GET - do */
const struct nla_policy sockdup_post_get_nl_policy[SOCKDUP_A_POST_ID + 1] = {
	[SOCKDUP_A_POST_INBOX] = { .type = NLA_U64, },
	[SOCKDUP_A_POST_ID] = { .type = NLA_U64, },
};

/* SOCKDUP_CMD_POST_REVOKE - do */
const struct nla_policy sockdup_post_revoke_nl_policy[SOCKDUP_A_POST_ID + 1] = {
	[SOCKDUP_A_POST_INBOX] = { .type = NLA_U64, },
	[SOCKDUP_A_POST_ID] = { .type = NLA_U64, },
};

/* Ops table for sockdup */
const struct genl_ops sockdup_nl_ops[7] = {
	{
		.cmd		= SOCKDUP_CMD_TOKEN_EXPORT,
		.doit		= sockdup_nl_token_export_doit,
		.policy		= sockdup_token_export_nl_policy,
		.maxattr	= SOCKDUP_A_TOKEN_CGROUP_FD,
	},
	{
		.cmd		= SOCKDUP_CMD_TOKEN_QUERY,
		.doit		= sockdup_nl_token_query_doit,
		.policy		= sockdup_token_query_nl_policy,
		.maxattr	= SOCKDUP_A_TOKEN_PROTOCOL_INFO,
	},
	{
		.cmd		= SOCKDUP_CMD_TOKEN_REVOKE,
		.doit		= sockdup_nl_token_revoke_doit,
		.policy		= sockdup_token_revoke_nl_policy,
		.maxattr	= SOCKDUP_A_TOKEN_PROTOCOL_INFO,
	},
	{
		.cmd		= SOCKDUP_CMD_TOKEN_GET,
		.doit		= sockdup_nl_token_get_doit,
		.dumpit		= sockdup_nl_token_get_dumpit,
		.policy		= sockdup_token_get_nl_policy,
		.maxattr	= SOCKDUP_A_TOKEN_UID,
	},
	{
		.cmd		= SOCKDUP_CMD_STATS_GET,
		.doit		= sockdup_nl_stats_get_doit,
		.policy		= sockdup_stats_get_nl_policy,
		.maxattr	= SOCKDUP_A_STATS_UID,
	},
	{
		.cmd		= SOCKDUP_CMD_POST_GET,
		.doit		= sockdup_nl_post_get_doit,
		.dumpit		= sockdup_nl_post_get_dumpit,
		.policy		= sockdup_post_get_nl_policy,
		.maxattr	= SOCKDUP_A_POST_ID,
	},
	{
		.cmd		= SOCKDUP_CMD_POST_REVOKE,
		.doit		= sockdup_nl_post_revoke_doit,
		.policy		= sockdup_post_revoke_nl_policy,
		.maxattr	= SOCKDUP_A_POST_ID,
	},
};

static const struct genl_multicast_group sockdup_nl_mcgrps[] = {
	[SOCKDUP_NLGRP_TOKENS] = { "tokens", },
};
