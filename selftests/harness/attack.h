/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of isolation share: processes that attack, busy loops that
 * replace them, and what a victim measures meanwhile.
 *
 * Each test compares two measurements of one run: the victim's under attack,
 * and the victim's while a busy loop of the attacker's user replaces each
 * process of the attack.
 *
 * A function that can fail gives -errno unless it says otherwise.
 */
#ifndef SELFTESTS_ATTACK_H
#define SELFTESTS_ATTACK_H

#include "common.h"
#include "clock.h"

#define ATTACKER_UID	4001
#define VICTIM_UID	4002

#define ATTACKERS_MAX	8

/* A chance event on a busy machine does not spoil each of so many attempts. */
#define ATTEMPTS	3

/* A measurement this many times beyond its bound is not a borderline one. */
#define FAR_BEYOND	3

#define MS		1000000LL	/* in nanoseconds */

/* Milliseconds from now to @end_ns, at least 1. */
unsigned int ms_before(long long end_ns);

/**
 * struct samples - durations, in memory that forked processes share
 * @room: samples that there is room for
 * @count: samples taken
 * @ns: the durations
 */
struct samples {
	unsigned int room;
	unsigned int count;
	long long ns[];
};

/* NULL on failure. */
struct samples *samples_new(unsigned int room);
void samples_add(struct samples *samples, long long ns);
/* The duration that @percent of the samples do not exceed; sorts them. */
long long samples_rank(struct samples *samples, unsigned int percent);

struct attack;

/**
 * struct attacker - one process of an attack, as it sees itself
 * @attack: what it takes part in
 * @index: its number, from 0
 * @channel: to the test
 * @state: its own
 */
struct attacker {
	const struct attack *attack;
	unsigned int index;
	int channel;
	void *state;
};

/**
 * struct attack - what some processes do to everybody else
 * @uid: their user; 0 to stay root
 * @processes: how many there are
 * @files: their RLIMIT_NOFILE, 0 to keep the test's
 * @namespaces: flags of unshare(2); all processes share the namespaces
 * @prepare: what each does first; 0 or -errno
 * @run: what each does then, until it is killed
 * @context: the test's own
 */
struct attack {
	uid_t uid;
	unsigned int processes;
	unsigned int files;
	int namespaces;
	int (*prepare)(struct attacker *self);
	void (*run)(struct attacker *self);
	void *context;
};

/**
 * struct attackers - the processes of an attack, as the test sees them
 * @leader: the first of them, and their process group
 * @count: how many there are
 * @channels: to each
 */
struct attackers {
	pid_t leader;
	unsigned int count;
	int channels[ATTACKERS_MAX];
};

/* 0 once all are prepared; their run() begins with the next attack_tell(). */
int attack_start(struct attackers *attackers, const struct attack *attack);
/* As many busy loops of the same user, in the initial namespaces. */
int attack_start_busy(struct attackers *attackers, const struct attack *attack);
/* Returns once all processes have ended. */
void attack_stop(struct attackers *attackers);

/* The test sends a number to each process. */
int attack_tell(struct attackers *attackers, long long number);
/* The test waits for a report of each: the smallest number, or -errno. */
long long attack_hear(struct attackers *attackers);

/* A process of the attack waits for the test's next number. */
long long attacker_wait(struct attacker *self);
void attacker_report(struct attacker *self, long long number);

/* The test's real and effective user become @uid, or root's again for 0. */
int act_as(uid_t uid);

/* A process of @uid, or of the same user for -1, that waits; pid or -errno. */
pid_t start_sleeper(uid_t uid);
/* Kills it and reaps it. */
void stop_sleeper(pid_t pid);

/*
 * A victim of its own user exports a socket to itself and imports it, @room
 * times or until @limit_ms have passed: one sample each time. NULL on failure.
 */
struct samples *measure_victim(unsigned int room, unsigned int limit_ms);

/*
 * Waits until each of the descriptors is readable or hung up, and notes when.
 * A descriptor that is not within WAIT_MS gets LLONG_MAX.
 */
void watch_ends(const int *peers, long long *at_ns, unsigned int count);

#endif /* SELFTESTS_ATTACK_H */
