/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A race for the registrations of sockets. Each side has a handle of its own.
 * Sockets are the items: each has a peer, which makes network events happen, and an
 * eventfd for either side.
 *
 * A function that can fail gives -errno unless it says otherwise.
 */
#ifndef SELFTESTS_REGISTRATION_RACE_H
#define SELFTESTS_REGISTRATION_RACE_H

#include "duel.h"

/**
 * struct race - a game under way, in memory that children share
 * @duel: the game
 * @make: a socket and its peer
 * @devices: the handle of each side, less than zero while it is closed
 * @events: the eventfds of each side, one for each socket
 * @fds: the sockets
 * @peers: their other ends
 * @module: the module's file
 * @steps: that the first side has taken between having no handle and having one:
 *         it has one for certain while the number is odd
 * @removed: how often the module has been removed
 * @through: how many items the second side is through with
 */
struct race {
	struct duel duel;
	int (*make)(int fds[2]);
	int devices[2];
	int events[2][DUEL_BATCH];
	int fds[DUEL_BATCH];
	int peers[DUEL_BATCH];
	int module;
	atomic_uint steps;
	atomic_uint removed;
	atomic_uint through;
};

/* NULL where there is no memory. @make: how its sockets are made. */
struct race *race_new(const struct game *game, int (*make)(int fds[2]));
void race_close_events(struct race *race);

/* One of the ways to make a socket and its peer. */
int make_datagrams(int fds[2]);

/* Prepares a round by forgetting which items the second side is through with. */
int race_begin(struct race *race);

int race_make_event_happen(struct race *race, unsigned int i);

/* Receives all that is there. */
void receive_all(int fd);

void close_all(const int *fds, unsigned int count);

#endif /* SELFTESTS_REGISTRATION_RACE_H */
