/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Posts that are raced for: how rounds begin, what sides do, and how rounds end.
 *
 * The test is receiver and sender, unless a child is one of them, that a side can kill.
 *
 * A function that can fail gives -errno.
 */
#ifndef SELFTESTS_INBOX_RACE_H
#define SELFTESTS_INBOX_RACE_H

#include <stdatomic.h>
#include <sys/types.h>

#include <sockdup.h>

#include "duel.h"

/* Posts that are raced for in each game. */
#define RACE_POSTS	20000

/* A life that ends in the round. */
#define RACE_SHORT_MS	1

/**
 * struct race - a game under way, in memory that children share
 * @duel: the game
 * @inbox: the handle, or a copy of the receiver's, or -1
 * @sender: the handle, or -1
 * @slots: of the inbox
 * @ttl_ms: life of the posts
 * @begun_ns: when they were posted
 * @sources: a socket for each post
 * @peers: their other ends, which tell when nothing holds them any more
 * @posts: the posts, whose ids the kernel writes
 * @taken: how often each was accepted
 * @receiver: the child that has the inbox, or 0
 * @poster: the child that posts, or 0
 * @ready: a pipe by which a child tells that it is ready
 * @go: children may begin
 */
struct race {
	struct duel duel;
	int inbox;
	int sender;
	unsigned int slots;
	unsigned int ttl_ms;
	long long begun_ns;
	int sources[DUEL_BATCH];
	int peers[DUEL_BATCH];
	struct sockdup_post posts[DUEL_BATCH];
	int taken[DUEL_BATCH];
	pid_t receiver;
	pid_t poster;
	int ready[2];
	atomic_bool go;
};

/* NULL on failure. */
struct race *posts_new(const struct game *game);

/* Rounds begin with an inbox and a sender; with posts in it; */
int posts_open(struct race *race);
int posts_make(struct race *race);
/* whose life ends in the round; or with an inbox that has little room, for such posts; */
int posts_make_short(struct race *race);
int posts_open_narrow(struct race *race);
/* the same where a child has the inbox, and accepts when it may begin; */
int posts_open_elsewhere(struct race *race);
int posts_make_elsewhere(struct race *race);
int posts_make_short_elsewhere(struct race *race);
/* or where a child posts then, and revokes every other post; or each is a child. */
int posts_have_made(struct race *race);
int posts_have_made_shortly(struct race *race);
int posts_have_both(struct race *race);

/* Sides. */
void posts_accept_all(struct race *race, int side);
void posts_accept_on(struct race *race, int side);
void posts_send_all(struct race *race, int side);
void posts_send_half(struct race *race, int side);
void posts_send_patiently(struct race *race, int side);
void posts_revoke_all(struct race *race, int side);
void posts_revoke_as_they_come(struct race *race, int side);
void posts_decline_all(struct race *race, int side);
void posts_close_inbox(struct race *race, int side);
void posts_close_sender(struct race *race, int side);
void posts_kill_receiver(struct race *race, int side);
void posts_kill_poster(struct race *race, int side);
/* About when the posts end by their deadline. */
void posts_accept_late(struct race *race, int side);
void posts_revoke_late(struct race *race, int side);
void posts_close_inbox_late(struct race *race, int side);
void posts_close_sender_late(struct race *race, int side);
void posts_kill_receiver_late(struct race *race, int side);
void posts_kill_poster_late(struct race *race, int side);
void posts_wait_late(struct race *race, int side);

/* Rounds end where nothing holds a socket, and none was accepted twice; */
int posts_all_end(struct race *race);
/* each was accepted, or ended by the second side, and not both; */
int posts_one_wins(struct race *race);
/* the same, and what was left is accepted here; */
int posts_one_wins_or_waits(struct race *race);
/* each was ended by one side; */
int posts_one_ends_it(struct race *race);
/* all posts succeeded, and are accepted in the order of either side; */
int posts_all_were_posted(struct race *race);
/* or posts failed only because the other side was first. */
int posts_end(struct race *race);

#endif /* SELFTESTS_INBOX_RACE_H */
