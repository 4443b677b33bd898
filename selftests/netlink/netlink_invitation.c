// SPDX-License-Identifier: GPL-2.0-only
/*
 * What netlink tells of an invitation: to what it invites, and no socket.
 */
#include "harness.h"
#include "inbox_call.h"

#define TO_POST		SOCKDUP_EXPORT_INVITE_TO_POST
#define TO_ACCEPT	SOCKDUP_EXPORT_INVITE_TO_ACCEPT

FIXTURE(invitation) {
	int inbox;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(invitation)
{
	self->inbox = inbox_of_slots(1);
	ASSERT_LE(0, self->inbox);
}

FIXTURE_TEARDOWN(invitation)
{
	close(self->inbox);
}

TEST_F(invitation, is_found_by_its_bytes)
{
	struct sockdup_token_info token;

	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_ACCEPT, 0, &self->info));
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &token));
	EXPECT_EQ(TO_ACCEPT, token.target_flags);
	EXPECT_EQ(getpid(), token.target);
	EXPECT_EQ(0, token.socket_count);
	EXPECT_EQ(0, token.socket.family);
	EXPECT_EQ(0, try_revoke(&self->info));
}

static int count_invitation(const struct sockdup_token_info *token, void *context)
{
	unsigned int *count = context;

	if (token->target_flags == (SOCKDUP_EXPORT_TO_USER | TO_POST) && !token->socket_count)
		++*count;
	return 0;
}

TEST_F(invitation, is_listed_once)
{
	unsigned int count = 0;

	ASSERT_EQ(0, invite(self->inbox, OTHER_UID, SOCKDUP_EXPORT_TO_USER | TO_POST, 0,
			    &self->info));
	EXPECT_EQ(0, sockdup_list(NULL, count_invitation, &count));
	EXPECT_EQ(1, count);
	count = 0;
	EXPECT_EQ(0, sockdup_list_sockets(id_of(&self->info), count_invitation, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(0, sockdup_revoke_id(id_of(&self->info)));
	count = 0;
	EXPECT_EQ(0, sockdup_list(NULL, count_invitation, &count));
	EXPECT_EQ(0, count);
}

SOCKDUP_TEST_MAIN
