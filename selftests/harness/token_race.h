/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens that are raced for: how rounds begin, what sides do, and how rounds end,
 * as far as more than one program has such games.
 *
 * A function that can fail gives -errno.
 */
#ifndef SELFTESTS_TOKEN_RACE_H
#define SELFTESTS_TOKEN_RACE_H

#include <stdatomic.h>

#include "census.h"
#include "common.h"
#include "duel.h"

/* Tokens that are raced for in each game. */
#define RACE_TOKENS	20000

#define RACE_STACK_SIZE	16384

/**
 * struct race - a game under way, in memory that children share
 * @stacks: of children that run in the memory of the test; first, as pages are
 *          aligned
 * @duel: the game
 * @device: where tokens are imported, revoked and queried
 * @handle: another descriptor that the round needs
 * @source: the socket
 * @peer: its other end
 * @sources: the numbers of those that have a single token each, closed
 * @peers: their other ends, which tell when nothing holds them any more
 * @target: the process that the tokens are for
 * @ttl_ms: their life
 * @room: the limit of descriptors that leaves none
 * @infos: the tokens
 * @wake: a pipe on which a child waits for its round
 * @parked: a child's thread runs
 * @before: what there was, which must be all that there is afterwards
 */
struct race {
	char stacks[2][RACE_STACK_SIZE];
	struct duel duel;
	int device;
	int handle;
	int source;
	int peer;
	int sources[DUEL_BATCH];
	int peers[DUEL_BATCH];
	pid_t target;
	unsigned int ttl_ms;
	int room;
	struct sockdup_protocol_info infos[DUEL_BATCH_MAX];
	int wake[2];
	atomic_bool parked;
	struct census before;
};

/* NULL on failure. */
struct race *race_open(const struct game *game);
/* 0 where the socket has lived all the time, and nothing is left of the race. */
int race_close(struct race *race);

/* A socket whose other end tells when nothing holds it any more. */
int race_make_pair(int *fd, int *peer);
int race_export_one(struct race *race, int device, int fd, unsigned int flags,
		    unsigned int i);

/* Rounds begin with tokens of the source, */
int race_export(struct race *race);
/* that end with the handle, which can be all that there is; */
int race_open_handle(struct race *race);
int race_export_by_handle(struct race *race);
/* or of a socket that nothing else holds. */
int race_export_abandoned(struct race *race);

/* Sides. */
void race_import_all(struct race *race, int side);
void race_revoke_all(struct race *race, int side);
void race_close_handle(struct race *race, int side);

/* What a descriptor is worth: 0 where it is the source's file. */
int race_settle(struct race *race, int value);

/* Rounds end where the second side ends whatever the first has not, */
int race_second_takes_the_rest(struct race *race);
/* or when the first of the pairs' peers sees the end. */
int race_first_peer_sees_end(struct race *race);

#endif /* SELFTESTS_TOKEN_RACE_H */
