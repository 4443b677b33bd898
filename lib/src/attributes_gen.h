/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made by selftests/tools/netlink_gen; do not edit. */

static const char * const token_attributes[] = {
	[SOCKDUP_A_TOKEN_PAD] = "pad",
	[SOCKDUP_A_TOKEN_ID] = "id",
	[SOCKDUP_A_TOKEN_PROTOCOL_INFO] = "protocol-info",
	[SOCKDUP_A_TOKEN_FD] = "fd",
	[SOCKDUP_A_TOKEN_TARGET] = "target",
	[SOCKDUP_A_TOKEN_PEER_FD] = "peer-fd",
	[SOCKDUP_A_TOKEN_TTL_MS] = "ttl-ms",
	[SOCKDUP_A_TOKEN_SOURCE] = "source",
	[SOCKDUP_A_TOKEN_UID] = "uid",
	[SOCKDUP_A_TOKEN_GID] = "gid",
	[SOCKDUP_A_TOKEN_AGE_MS] = "age-ms",
	[SOCKDUP_A_TOKEN_LEFT_MS] = "left-ms",
	[SOCKDUP_A_TOKEN_SOCKET_COUNT] = "socket-count",
	[SOCKDUP_A_TOKEN_SOCKET] = "socket",
	[SOCKDUP_A_TOKEN_PIDFD] = "pidfd",
	[SOCKDUP_A_TOKEN_TARGET_UID] = "target-uid",
	[SOCKDUP_A_TOKEN_PAYLOAD_SIZE] = "payload-size",
	[SOCKDUP_A_TOKEN_CGROUP_FD] = "cgroup-fd",
	[SOCKDUP_A_TOKEN_TARGET_CGROUP] = "target-cgroup",
	[SOCKDUP_A_TOKEN_INVITATION] = "invitation",
};

static const char * const stats_attributes[] = {
	[SOCKDUP_A_STATS_PAD] = "pad",
	[SOCKDUP_A_STATS_UID] = "uid",
	[SOCKDUP_A_STATS_HELD] = "held",
	[SOCKDUP_A_STATS_EXPORTED] = "exported",
	[SOCKDUP_A_STATS_IMPORTED] = "imported",
	[SOCKDUP_A_STATS_REVOKED] = "revoked",
	[SOCKDUP_A_STATS_EXPIRED] = "expired",
	[SOCKDUP_A_STATS_HANDLE_CLOSED] = "handle-closed",
	[SOCKDUP_A_STATS_TARGET_DIED] = "target-died",
	[SOCKDUP_A_STATS_BYTES] = "bytes",
};

static const char * const post_attributes[] = {
	[SOCKDUP_A_POST_PAD] = "pad",
	[SOCKDUP_A_POST_INBOX] = "inbox",
	[SOCKDUP_A_POST_ID] = "id",
	[SOCKDUP_A_POST_TARGET] = "target",
	[SOCKDUP_A_POST_SOURCE] = "source",
	[SOCKDUP_A_POST_UID] = "uid",
	[SOCKDUP_A_POST_GID] = "gid",
	[SOCKDUP_A_POST_LEFT_MS] = "left-ms",
	[SOCKDUP_A_POST_SOCKET_COUNT] = "socket-count",
	[SOCKDUP_A_POST_SOCKET] = "socket",
	[SOCKDUP_A_POST_MESSAGE_SIZE] = "message-size",
};
