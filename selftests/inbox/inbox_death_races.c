// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: the death of a process that has an inbox, or of one that posts, meets
 * whatever else may. Each post is accepted at most once, and nothing holds its socket when
 * both have ended.
 */
#define _GNU_SOURCE
#include "census.h"
#include "harness.h"
#include "inbox_race.h"

FIXTURE(death_race) {
	struct race *race;
	struct census before;
};

FIXTURE_VARIANT(death_race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(death_race, post_death_of_receiver) {
	.game = { posts_open_elsewhere, posts_send_all, posts_kill_receiver,
		  posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, accept_death_of_receiver) {
	.game = { posts_make_elsewhere, posts_wait_late, posts_kill_receiver_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, revoke_death_of_receiver) {
	.game = { posts_make_elsewhere, posts_revoke_all, posts_kill_receiver,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, deadline_death_of_receiver) {
	.game = { posts_make_short_elsewhere, posts_wait_late, posts_kill_receiver_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, close_of_sender_death_of_receiver) {
	.game = { posts_make_elsewhere, posts_close_sender, posts_kill_receiver,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, close_of_inbox_death_of_receiver) {
	.game = { posts_make_elsewhere, posts_close_inbox, posts_kill_receiver,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, accept_death_of_sender) {
	.game = { posts_have_made, posts_accept_all, posts_kill_poster,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, deadline_death_of_sender) {
	.game = { posts_have_made_shortly, posts_accept_late, posts_kill_poster_late,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, close_of_inbox_death_of_sender) {
	.game = { posts_have_made, posts_close_inbox, posts_kill_poster,
		  posts_all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(death_race, death_of_receiver_death_of_sender) {
	.game = { posts_have_both, posts_kill_receiver, posts_kill_poster,
		  posts_all_end, .blind = true },
};

FIXTURE_SETUP(death_race)
{
	ASSERT_EQ(0, take_census(&self->before));
	self->race = posts_new(&variant->game);
	ASSERT_NE(NULL, self->race);
}

FIXTURE_TEARDOWN(death_race)
{
}

TEST_F(death_race, has_one_end)
{
	struct duel *duel = &self->race->duel;

	ASSERT_EQ(0, duel_play(duel, stress(RACE_POSTS)));
	EXPECT_TRUE(duel_was_fair(duel));
	close(self->race->ready[0]);
	close(self->race->ready[1]);
	EXPECT_EQ(0, wait_for_census(&self->before));
}

SOCKDUP_TEST_MAIN
