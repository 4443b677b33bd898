// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that the netlink family refuses: each has an error, a reason and a trace
 * event.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "genl.h"
#include "harness.h"
#include "trace_log.h"

/* Requests that are refused. */

#define NO_PROCESS	0x3fffffff
#define CLOSED_FD	99
#define TCP_FD		100
#define UNCONNECTED_FD	101

/* An attribute of a request: so many bytes, the first of them a number. */
struct piece {
	int type;
	unsigned int size;
	long long value;
};

FIXTURE(refusal) {
	struct genl genl;
};

FIXTURE_VARIANT(refusal) {
	int command;
	struct piece pieces[4];
	int error;
	int blamed;
	int missing;
	bool list;
};

#define A(name)		SOCKDUP_A_TOKEN_##name
#define PROTOCOL_INFO_SIZE	sizeof(struct sockdup_protocol_info)

#define REFUSED(cmd, err, at_fault, ...)				\
	.command = SOCKDUP_CMD_##cmd, .error = (err),			\
	.blamed = (at_fault), .pieces = { __VA_ARGS__ }

#define REFUSED_FOR_WANT_OF(attribute, cmd, ...)			\
	.command = SOCKDUP_CMD_##cmd, .error = -EINVAL,			\
	.missing = (attribute), .pieces = { __VA_ARGS__ }

#define LIST_REFUSED(err, at_fault, ...)				\
	.list = true, REFUSED(TOKEN_GET, err, at_fault, __VA_ARGS__)

FIXTURE_VARIANT_ADD(refusal, export_of_nothing) {
	REFUSED_FOR_WANT_OF(A(FD), TOKEN_EXPORT, { A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_nobody) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_two) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(PEER_FD), 4, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_number_and_a_pidfd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(PIDFD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_number_and_a_user) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TARGET_UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_pidfd_and_a_user) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD },
		{ A(PIDFD), 4, TCP_FD }, { A(TARGET_UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_user) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TARGET_UID), { A(FD), 4, TCP_FD },
		{ A(TARGET_UID), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_number_and_a_cgroup) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 0, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(CGROUP_FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_cgroup) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(CGROUP_FD), { A(FD), 4, TCP_FD },
		{ A(CGROUP_FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_user_and_no_cgroup) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(CGROUP_FD), { A(FD), 4, TCP_FD },
		{ A(TARGET_UID), 4, 1 }, { A(CGROUP_FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_cgroup) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(CGROUP_FD), { A(FD), 4, TCP_FD },
		{ A(CGROUP_FD), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_negative_fd) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(FD), { A(FD), 4, -1 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_closed_fd) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(FD), { A(FD), 4, CLOSED_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_of_a_file) {
	REFUSED(TOKEN_EXPORT, -ENOTSOCK, A(FD), { A(FD), 4, STDIN_FILENO },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_short_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 2, TCP_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 8, TCP_FD },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_empty_fd) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(FD), { A(FD), 0, 0 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_number) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_number) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_no_process) {
	REFUSED(TOKEN_EXPORT, -ESRCH, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, NO_PROCESS })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_kernel_thread) {
	REFUSED(TOKEN_EXPORT, -ESRCH, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 2 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_short_target) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TARGET), { A(FD), 4, TCP_FD },
		{ A(TARGET), 2, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_peer) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_closed_peer) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, CLOSED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_file_as_peer) {
	REFUSED(TOKEN_EXPORT, -ENOTSOCK, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, STDIN_FILENO })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_tcp_peer) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_negative_pidfd) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(PIDFD), { A(FD), 4, TCP_FD },
		{ A(PIDFD), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_closed_pidfd) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(PIDFD), { A(FD), 4, TCP_FD },
		{ A(PIDFD), 4, CLOSED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_a_socket_as_pidfd) {
	REFUSED(TOKEN_EXPORT, -EBADF, A(PIDFD), { A(FD), 4, TCP_FD },
		{ A(PIDFD), 4, TCP_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_to_an_unconnected_peer) {
	REFUSED(TOKEN_EXPORT, -ENOTCONN, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 4, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_peer) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PEER_FD), { A(FD), 4, TCP_FD },
		{ A(PEER_FD), 8, UNCONNECTED_FD })
};

FIXTURE_VARIANT_ADD(refusal, export_for_no_time) {
	REFUSED(TOKEN_EXPORT, -ERANGE, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, export_for_ever) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_long_time) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(TTL_MS), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(TTL_MS), 8, 1000 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_id) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(ID), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_protocol_info) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(PROTOCOL_INFO), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 },
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_source) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(SOURCE), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(SOURCE), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_a_user) {
	REFUSED(TOKEN_EXPORT, -EINVAL, A(UID), { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { A(UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, export_with_an_unknown_attribute) {
	REFUSED(TOKEN_EXPORT, -EINVAL, 200, { A(FD), 4, TCP_FD },
		{ A(TARGET), 4, 1 }, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, query_of_nothing) {
	REFUSED_FOR_WANT_OF(A(PROTOCOL_INFO), TOKEN_QUERY)
};

FIXTURE_VARIANT_ADD(refusal, query_by_too_few_bytes) {
	REFUSED(TOKEN_QUERY, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE - 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_too_many_bytes) {
	REFUSED(TOKEN_QUERY, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE + 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_bytes_that_say_another_size) {
	REFUSED(TOKEN_QUERY, -EINVAL, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE + 8 })
};

FIXTURE_VARIANT_ADD(refusal, query_by_bytes_that_name_nothing) {
	REFUSED(TOKEN_QUERY, -ENOENT, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, query_by_an_id) {
	REFUSED(TOKEN_QUERY, -EINVAL, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, query_with_an_unknown_attribute) {
	REFUSED(TOKEN_QUERY, -EINVAL, 200, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_of_nothing) {
	REFUSED(TOKEN_REVOKE, -EINVAL, 0)
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_two_names) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(ID), { A(ID), 8, 1 },
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_a_short_id) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(ID), { A(ID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_an_id_of_nothing) {
	REFUSED(TOKEN_REVOKE, -ENOENT, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_too_few_bytes) {
	REFUSED(TOKEN_REVOKE, -ERANGE, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE - 1, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_bytes_that_name_nothing) {
	REFUSED(TOKEN_REVOKE, -ENOENT, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, revocation_by_target) {
	REFUSED(TOKEN_REVOKE, -EINVAL, A(TARGET), { A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_of_nothing) {
	REFUSED_FOR_WANT_OF(A(ID), TOKEN_GET)
};

FIXTURE_VARIANT_ADD(refusal, get_by_a_long_id) {
	REFUSED(TOKEN_GET, -EINVAL, A(ID), { A(ID), 16, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_an_id_of_nothing) {
	REFUSED(TOKEN_GET, -ENOENT, A(ID), { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_target) {
	REFUSED(TOKEN_GET, -EINVAL, A(TARGET), { A(ID), 8, 1 },
		{ A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_source) {
	REFUSED(TOKEN_GET, -EINVAL, A(SOURCE), { A(ID), 8, 1 },
		{ A(SOURCE), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_id_and_user) {
	REFUSED(TOKEN_GET, -EINVAL, A(UID), { A(ID), 8, 1 }, { A(UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, get_by_bytes) {
	REFUSED(TOKEN_GET, -EINVAL, A(PROTOCOL_INFO),
		{ A(PROTOCOL_INFO), PROTOCOL_INFO_SIZE, PROTOCOL_INFO_SIZE })
};

FIXTURE_VARIANT_ADD(refusal, list_by_an_id_of_nothing) {
	LIST_REFUSED(-ENOENT, 0, { A(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, list_by_id_and_target) {
	LIST_REFUSED(-EINVAL, A(TARGET), { A(ID), 8, 1 }, { A(TARGET), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, list_by_id_and_user) {
	LIST_REFUSED(-EINVAL, A(UID), { A(ID), 8, 1 }, { A(UID), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, list_for_no_number) {
	LIST_REFUSED(-ERANGE, A(TARGET), { A(TARGET), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_from_a_negative_number) {
	LIST_REFUSED(-ERANGE, A(SOURCE), { A(SOURCE), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, list_of_no_user) {
	LIST_REFUSED(-EINVAL, A(UID), { A(UID), 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, list_of_a_short_user) {
	LIST_REFUSED(-EINVAL, A(UID), { A(UID), 2, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_by_group) {
	LIST_REFUSED(-EINVAL, A(GID), { A(GID), 4, 0 })
};

FIXTURE_VARIANT_ADD(refusal, list_with_an_unknown_attribute) {
	LIST_REFUSED(-EINVAL, 200, { 200, 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_of_no_user) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_UID,
		{ SOCKDUP_A_STATS_UID, 4, -1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_of_a_long_user) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_UID,
		{ SOCKDUP_A_STATS_UID, 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, stats_with_a_count) {
	REFUSED(STATS_GET, -EINVAL, SOCKDUP_A_STATS_HELD,
		{ SOCKDUP_A_STATS_HELD, 8, 1 })
};

#define P(name)		SOCKDUP_A_POST_##name

FIXTURE_VARIANT_ADD(refusal, post_of_no_inbox) {
	REFUSED_FOR_WANT_OF(P(INBOX), POST_GET, { P(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_of_no_id) {
	REFUSED_FOR_WANT_OF(P(ID), POST_GET, { P(INBOX), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_that_is_none) {
	REFUSED(POST_GET, -ENOENT, P(ID), { P(INBOX), 8, 1 }, { P(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_of_a_source) {
	REFUSED(POST_GET, -EINVAL, P(SOURCE), { P(SOURCE), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, posts_of_an_id) {
	.list = true, REFUSED(POST_GET, -EINVAL, P(ID), { P(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, posts_of_a_short_inbox) {
	.list = true, REFUSED(POST_GET, -EINVAL, P(INBOX), { P(INBOX), 4, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_revoke_without_an_inbox) {
	REFUSED_FOR_WANT_OF(P(INBOX), POST_REVOKE, { P(ID), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_revoke_without_an_id) {
	REFUSED_FOR_WANT_OF(P(ID), POST_REVOKE, { P(INBOX), 8, 1 })
};

FIXTURE_VARIANT_ADD(refusal, post_revoke_of_none) {
	REFUSED(POST_REVOKE, -ENOENT, P(ID), { P(INBOX), 8, 1 }, { P(ID), 8, 1 })
};

FIXTURE_SETUP(refusal)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(TCP_FD, dup3(tcp_listener(AF_INET), TCP_FD, O_CLOEXEC));
	ASSERT_EQ(UNCONNECTED_FD, dup3(socket(AF_UNIX, SOCK_STREAM, 0),
				       UNCONNECTED_FD, O_CLOEXEC));
	ASSERT_EQ(-1, fcntl(CLOSED_FD, F_GETFD));
}

FIXTURE_TEARDOWN(refusal)
{
	genl_close(&self->genl);
}

static void put_piece(struct nlmsghdr *request, const struct piece *piece)
{
	char bytes[256] = { 0 };

	memcpy(bytes, &piece->value, sizeof(piece->value));
	mnl_attr_put(request, piece->type, piece->size, bytes);
}

static void ignore(const struct genl_token *token, void *context)
{
}

static int call(struct genl *genl, bool list)
{
	int error = genl_send(genl);

	if (error)
		return error;
	return list ? genl_list_step(genl, ignore, NULL) : genl_finish(genl);
}

/* Linux 6.1 has a family refuse a list within the list, by words alone. */
static bool can_blame(const struct genl *genl)
{
	const struct nlmsghdr *message = (const void *)genl->reply;

	return message->nlmsg_type == NLMSG_ERROR;
}

TEST_F(refusal, has_a_reason_and_makes_no_token)
{
	struct genl_stats before, after;
	struct nlmsghdr *request;
	unsigned int i;

	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &before));
	request = genl_begin(&self->genl, variant->command);
	if (variant->list)
		request->nlmsg_flags |= NLM_F_DUMP;
	for (i = 0; i < ARRAY_SIZE(variant->pieces); i++) {
		if (variant->pieces[i].type)
			put_piece(request, &variant->pieces[i]);
	}
	EXPECT_EQ(variant->error, call(&self->genl, variant->list));
	EXPECT_STRNE("", self->genl.message);
	EXPECT_EQ(can_blame(&self->genl) ? variant->blamed : 0,
		  self->genl.blamed);
	EXPECT_EQ(variant->missing, self->genl.missing);
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &after));
	EXPECT_EQ(before.counts[SOCKDUP_A_STATS_EXPORTED],
		  after.counts[SOCKDUP_A_STATS_EXPORTED]);
}

/* Refusals as an administrator sees them. */

static int watched_export(struct genl *genl)
{
	struct sockdup_protocol_info info;

	return genl_export(genl, CLOSED_FD, 1, 0, &info);
}

static int watched_query(struct genl *genl)
{
	struct sockdup_protocol_info info = { .size = sizeof(info) };
	struct genl_token token;

	return genl_query(genl, &info, &token);
}

static int watched_revoke(struct genl *genl)
{
	return genl_revoke_id(genl, 1);
}

static int watched_get(struct genl *genl)
{
	struct genl_token token;

	return genl_get(genl, 1, &token);
}

static int watched_list(struct genl *genl)
{
	const struct genl_filter nobodys = { .by_uid = true, .uid = -1 };

	return genl_list(genl, &nobodys, NULL, 0);
}

static int watched_stats(struct genl *genl)
{
	const __u32 nobody = -1;
	struct genl_stats stats;

	return genl_stats(genl, &nobody, &stats);
}

static int watched_post(struct genl *genl)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_POST_GET);

	mnl_attr_put_u64(request, P(INBOX), 1);
	mnl_attr_put_u64(request, P(ID), 1);
	return genl_call(genl);
}

static int watched_posts(struct genl *genl)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_POST_GET);

	request->nlmsg_flags |= NLM_F_DUMP;
	mnl_attr_put_u64(request, P(ID), 1);
	return genl_send(genl) ?: genl_list_step(genl, ignore, NULL);
}

static int watched_post_revoke(struct genl *genl)
{
	genl_begin(genl, SOCKDUP_CMD_POST_REVOKE);
	return genl_call(genl);
}

FIXTURE(watched) {
	struct genl genl;
};

FIXTURE_VARIANT(watched) {
	const char *command;
	int (*call)(struct genl *genl);
	int error;
};

FIXTURE_VARIANT_ADD(watched, export) { "token-export", watched_export, -EBADF };
FIXTURE_VARIANT_ADD(watched, query) { "token-query", watched_query, -ENOENT };
FIXTURE_VARIANT_ADD(watched, revoke) { "token-revoke", watched_revoke, -ENOENT };
FIXTURE_VARIANT_ADD(watched, get) { "token-get", watched_get, -ENOENT };
FIXTURE_VARIANT_ADD(watched, list) { "token-get", watched_list, -EINVAL };
FIXTURE_VARIANT_ADD(watched, stats) { "stats-get", watched_stats, -EINVAL };
FIXTURE_VARIANT_ADD(watched, post) { "post-get", watched_post, -ENOENT };
FIXTURE_VARIANT_ADD(watched, posts) { "post-get", watched_posts, -EINVAL };
FIXTURE_VARIANT_ADD(watched, post_revoke) { "post-revoke", watched_post_revoke, -EINVAL };

FIXTURE_SETUP(watched)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(longjmp(_metadata->env, 1), "no tracefs here");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, genl_open(&self->genl));
}

FIXTURE_TEARDOWN(watched)
{
	EXPECT_EQ(0, trace_log_close());
	genl_close(&self->genl);
}

TEST_F(watched, refusal_is_traced_with_its_error)
{
	struct trace_line line = { .times = 1 };

	ASSERT_EQ(-1, fcntl(CLOSED_FD, F_GETFD));
	ASSERT_EQ(variant->error, variant->call(&self->genl));
	snprintf(line.text, sizeof(line.text),
		 ": sockdup_netlink_refuse: command=%s error=%d\n",
		 variant->command, variant->error);
	EXPECT_EQ(0, trace_log_wait(line));
	EXPECT_EQ(1, trace_log_count("sockdup_netlink_refuse"));
}

SOCKDUP_TEST_MAIN
