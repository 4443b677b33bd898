// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once: what ends a post meets whatever else may at the same moment. Each post ends
 * once, whoever wins, and nothing holds its socket after that.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "duel.h"
#include "harness.h"
#include "inbox_call.h"

/* Posts that are raced for in each game. */
#define RACE_POSTS	20000

/**
 * struct race - a game under way
 * @duel: the game
 * @inbox: the handle
 * @sender: the handle
 * @ttl_ms: life of the posts
 * @sources: a socket for each post
 * @peers: their other ends, which tell when nothing holds them any more
 * @ids: the posts
 * @taken: how often each was accepted
 */
struct race {
	struct duel duel;
	int inbox;
	int sender;
	unsigned int ttl_ms;
	int sources[DUEL_BATCH];
	int peers[DUEL_BATCH];
	__u64 ids[DUEL_BATCH];
	int taken[DUEL_BATCH];
};

static int open_both(struct race *race)
{
	race->inbox = inbox_of_slots(2 * DUEL_BATCH);
	if (race->inbox < 0)
		return race->inbox;
	race->sender = bound_to(getpid());
	return race->sender < 0 ? race->sender : 0;
}

static int make_pairs(struct race *race)
{
	unsigned int i;
	int ends[2];

	memset(race->taken, 0, sizeof(race->taken));
	for (i = 0; i < race->duel.batch; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			return -errno;
		race->sources[i] = ends[0];
		race->peers[i] = ends[1];
	}
	return 0;
}

static int post_one(struct race *race, unsigned int i)
{
	struct sockdup_post post = {
		.fd = race->sources[i],
		.flags = SOCKDUP_POST_CLOSE,
		.cookie = i,
		.ttl_ms = race->ttl_ms,
	};
	int error = device_ioctl(race->sender, SOCKDUP_IOC_POST, &post);

	race->ids[i] = post.id;
	return error;
}

/* How rounds begin. */

static int begin_open(struct race *race)
{
	return open_both(race) ?: make_pairs(race);
}

static int begin_posted(struct race *race)
{
	unsigned int i;
	int error = begin_open(race);

	for (i = 0; i < race->duel.batch && !error; i++)
		error = post_one(race, i);
	return error;
}

static int begin_short(struct race *race)
{
	race->ttl_ms = 1;
	return begin_posted(race);
}

/* What sides do. */

static void accept_all(struct race *race, int side)
{
	int *values = race->duel.values[side];
	struct sockdup_accept accept;
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		values[i] = accept_post(race->inbox, &accept);
		if (values[i] < 0)
			continue;
		close(values[i]);
		__atomic_fetch_add(&race->taken[accept.cookie], 1, __ATOMIC_RELAXED);
		race->duel.first[side]++;
	}
}

static void end_all(struct race *race, int side, int handle)
{
	int *values = race->duel.values[side];
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		values[i] = revoke_post(handle, race->ids[i]);
		race->duel.first[side] += !values[i];
	}
}

static void revoke_all(struct race *race, int side)
{
	end_all(race, side, race->sender);
}

static void decline_all(struct race *race, int side)
{
	end_all(race, side, race->inbox);
}

static void post_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = post_one(race, i);
	}
}

static void close_inbox(struct race *race, int side)
{
	duel_hold_back(&race->duel, side);
	close(race->inbox);
}

static void close_sender(struct race *race, int side)
{
	duel_hold_back(&race->duel, side);
	close(race->sender);
}

/* How rounds end. */

/* Nothing holds a socket, and its peer is told; what was not posted is closed here. */
static int all_end(struct race *race)
{
	unsigned int i;
	int error = 0;

	close(race->inbox);
	close(race->sender);
	for (i = 0; i < race->duel.batch && !error; i++) {
		close(race->sources[i]);
		error = wait_for_end(race->peers[i]);
		close(race->peers[i]);
		if (race->taken[i] > 1)
			error = -EEXIST;
	}
	return error;
}

/* Each was accepted, or ended by the other side, and not both. */
static int one_wins(struct race *race)
{
	unsigned int i;
	int ended;

	for (i = 0; i < race->duel.batch; i++) {
		ended = race->duel.values[1][i];
		if (ended && ended != -ENOENT && ended != -EBUSY)
			return ended;
		if (race->taken[i] + !ended != 1)
			return -EEXIST;
	}
	return all_end(race);
}

/* Also the close of an inbox may come first. */
static int all_posts_end(struct race *race)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++)
		if (race->duel.values[0][i] && race->duel.values[0][i] != -EPIPE)
			return race->duel.values[0][i];
	return all_end(race);
}

FIXTURE(post_race) {
	struct race *race;
};

FIXTURE_VARIANT(post_race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(post_race, accept_accept) {
	.game = { begin_posted, accept_all, accept_all, all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_revoke) {
	.game = { begin_posted, accept_all, revoke_all, one_wins },
};

FIXTURE_VARIANT_ADD(post_race, accept_decline) {
	.game = { begin_posted, accept_all, decline_all, one_wins },
};

FIXTURE_VARIANT_ADD(post_race, accept_deadline) {
	.game = { begin_short, accept_all, revoke_all, all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_close_of_inbox) {
	.game = { begin_posted, accept_all, close_inbox, all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_close_of_sender) {
	.game = { begin_posted, accept_all, close_sender, all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, accept_post) {
	.game = { begin_open, post_all, accept_all, all_posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, post_close_of_inbox) {
	.game = { begin_open, post_all, close_inbox, all_posts_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, revoke_close_of_inbox) {
	.game = { begin_posted, revoke_all, close_inbox, all_end, .blind = true },
};

FIXTURE_VARIANT_ADD(post_race, revoke_decline) {
	.game = { begin_posted, revoke_all, decline_all, all_end, .blind = true },
};

FIXTURE_SETUP(post_race)
{
	self->race = mmap(NULL, sizeof(*self->race), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->race);
	self->race->ttl_ms = LONG_TTL_MS;
	duel_init(&self->race->duel, &variant->game, self->race);
}

FIXTURE_TEARDOWN(post_race)
{
}

TEST_F(post_race, has_one_end)
{
	struct duel *duel = &self->race->duel;

	ASSERT_EQ(0, duel_play(duel, stress(RACE_POSTS)));
	EXPECT_TRUE(duel_was_fair(duel));
}

SOCKDUP_TEST_MAIN
