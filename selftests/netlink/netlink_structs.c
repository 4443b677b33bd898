// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs that the library's netlink functions fill or read, for callers older
 * and newer than the library.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "guarded.h"

FIXTURE(structs) {
	int socket;
	struct sockdup_protocol_info info;
	__u64 id;
};

FIXTURE_SETUP(structs)
{
	self->socket = udp_bound(AF_INET);
	ASSERT_LE(0, self->socket);
	ASSERT_EQ(0, sockdup_netlink_export(self->socket, getpid(), 0, 0,
					    &self->info, &self->id));
}

FIXTURE_TEARDOWN(structs)
{
	sockdup_revoke_id(self->id);
}

struct guarded_token {
	struct sockdup_token_info it;
	unsigned char guard[GUARD_SIZE];
};

static bool token_fits(const struct guarded_token *token)
{
	return GUARDED_FITS(token) &&
	       bytes_are(token->it.socket.__reserved, 0,
			 sizeof(token->it.socket.__reserved));
}

TEST_F(structs, token_by_id)
{
	struct guarded_token token;

	GUARDED_POISON(&token);
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &token.it));
	EXPECT_EQ(self->id, token.it.id);
	EXPECT_TRUE(token_fits(&token));
}

TEST_F(structs, token_by_info)
{
	struct guarded_token token;

	GUARDED_POISON(&token);
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &token.it));
	EXPECT_EQ(self->id, token.it.id);
	EXPECT_TRUE(token_fits(&token));
}

static int copy_token(const struct sockdup_token_info *token, void *context)
{
	struct guarded_token *copy = context;

	copy->it = *token;
	return 0;
}

TEST_F(structs, token_of_a_list)
{
	const struct sockdup_filter filter = { .target = getpid() };
	struct guarded_token token;

	GUARDED_POISON(&token);
	ASSERT_EQ(0, sockdup_list(&filter, copy_token, &token));
	EXPECT_EQ(self->id, token.it.id);
	EXPECT_TRUE(token_fits(&token));
}

TEST_F(structs, stats)
{
	GUARDED(sockdup_stats) stats;

	GUARDED_POISON(&stats);
	ASSERT_EQ(0, sockdup_stats(&stats.it));
	EXPECT_LE(1, stats.it.held);
	EXPECT_TRUE(GUARDED_FITS(&stats));
	GUARDED_POISON(&stats);
	ASSERT_EQ(0, sockdup_stats_of(getuid(), &stats.it));
	EXPECT_TRUE(GUARDED_FITS(&stats));
}

TEST_F(structs, token_event)
{
	GUARDED(sockdup_token_event) event;
	struct sockdup_subscription *subscription;

	ASSERT_EQ(0, sockdup_subscribe(&subscription));
	ASSERT_EQ(0, sockdup_revoke_id(self->id));
	do {
		GUARDED_POISON(&event);
		ASSERT_EQ(0, sockdup_next_event(subscription, &event.it));
		EXPECT_TRUE(GUARDED_FITS(&event));
	} while (event.it.what != SOCKDUP_HAPPENING_REVOKED);
	EXPECT_EQ(self->id, event.it.id);
	sockdup_unsubscribe(subscription);
}

/* To ignore what it asks for would list too much. */
TEST_F(structs, filter_of_a_newer_caller)
{
	struct sockdup_filter filter = { .target = getpid() };
	unsigned char *reserve = (unsigned char *)filter.__reserved;
	struct guarded_token token;
	unsigned int i;

	for (i = 0; i < sizeof(filter.__reserved); i++) {
		reserve[i] = 1;
		EXPECT_EQ(-1, sockdup_list(&filter, copy_token, &token));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_STREQ("", sockdup_error_text());
		reserve[i] = 0;
	}
	EXPECT_EQ(0, sockdup_list(&filter, copy_token, &token));
}

SOCKDUP_TEST_MAIN
