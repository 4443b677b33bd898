// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: what ends a post meets whatever else may at the same moment. Each post ends
 * once, whoever wins, and nothing holds its socket after that.
 */
#define _GNU_SOURCE
#include "census.h"
#include "harness.h"
#include "inbox_race.h"

FIXTURE(post_race) {
	struct race *race;
	struct census before;
};

FIXTURE_VARIANT(post_race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(post_race, accept_accept) {
	.game = { posts_make, posts_accept_all, posts_accept_all,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_revoke) {
	.game = { posts_make, posts_accept_all, posts_revoke_all,
		  posts_one_wins },
};

FIXTURE_VARIANT_ADD(post_race, accept_decline) {
	.game = { posts_make, posts_accept_all, posts_decline_all,
		  posts_one_wins },
};

FIXTURE_VARIANT_ADD(post_race, accept_deadline) {
	.game = { posts_make_short, posts_accept_late, posts_wait_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_close_of_inbox) {
	.game = { posts_make, posts_accept_all, posts_close_inbox,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_close_of_sender) {
	.game = { posts_make, posts_accept_all, posts_close_sender,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_accept) {
	.game = { posts_open, posts_send_all, posts_accept_all,
		  posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_post) {
	.game = { posts_open, posts_send_half, posts_send_half,
		  posts_all_were_posted, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_revoke) {
	.game = { posts_open, posts_send_all, posts_revoke_as_they_come,
		  posts_one_wins_or_waits, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_deadline) {
	.game = { posts_open_narrow, posts_send_patiently, posts_accept_on,
		  posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_close_of_inbox) {
	.game = { posts_open, posts_send_all, posts_close_inbox,
		  posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_close_of_sender) {
	.game = { posts_open, posts_send_all, posts_close_sender,
		  posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, revoke_revoke) {
	.game = { posts_make, posts_revoke_all, posts_revoke_all,
		  posts_one_ends_it },
};

FIXTURE_VARIANT_ADD(post_race, revoke_decline) {
	.game = { posts_make, posts_revoke_all, posts_decline_all,
		  posts_one_ends_it },
};

FIXTURE_VARIANT_ADD(post_race, revoke_deadline) {
	.game = { posts_make_short, posts_revoke_late, posts_wait_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, revoke_close_of_inbox) {
	.game = { posts_make, posts_revoke_all, posts_close_inbox,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, revoke_close_of_sender) {
	.game = { posts_make, posts_revoke_all, posts_close_sender,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, deadline_close_of_inbox) {
	.game = { posts_make_short, posts_wait_late, posts_close_inbox_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, deadline_close_of_sender) {
	.game = { posts_make_short, posts_wait_late, posts_close_sender_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, close_of_inbox_close_of_sender) {
	.game = { posts_make, posts_close_inbox, posts_close_sender,
		  posts_all_end, .blind = true },
};

FIXTURE_SETUP(post_race)
{
	ASSERT_EQ(0, take_census(&self->before));
	self->race = posts_new(&variant->game);
	ASSERT_NE(NULL, self->race);
}

FIXTURE_TEARDOWN(post_race)
{
}

TEST_F(post_race, has_one_end)
{
	struct duel *duel = &self->race->duel;

	ASSERT_EQ(0, duel_play(duel, stress(RACE_POSTS)));
	EXPECT_TRUE(duel_was_fair(duel));
	close(self->race->ready[0]);
	close(self->race->ready[1]);
	EXPECT_EQ(0, wait_for_census(&self->before));
}

SOCKDUP_TEST_MAIN
