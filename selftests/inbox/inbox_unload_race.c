// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes while inboxes come and go: with the last handle, and not before, though
 * posts, wake-ups and looks at slots are on their way. What a post held is let go of then.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "clock.h"
#include "duel.h"
#include "harness.h"
#include "inbox_call.h"
#include "module.h"

/* Attempts to remove the module, in all and in a round. */
#define REMOVALS	20000
#define REMOVALS_A_ROUND	400

/* Inboxes that come and go until the module is given time to. */
#define INBOXES_A_REMOVAL	6

/* Between two attempts. */
#define PAUSE_US	100

#define POSTS		8

/**
 * struct race - a game under way
 * @duel: the game
 * @module: the module's file
 * @steps: that the first side has taken between having no handle and having one:
 *         it has one for certain while the number is odd
 * @removed: how often the module has been removed
 * @through: the second side is
 * @inbox: the handle,
 * @sender: and the other one
 * @set: an epoll set of both
 * @peers: other ends of the sockets that were posted
 * @ids: the posts
 */
struct race {
	struct duel duel;
	int module;
	atomic_uint steps;
	atomic_uint removed;
	atomic_bool through;
	int inbox;
	int sender;
	int set;
	int peers[POSTS];
	__u64 ids[POSTS];
};

/* Ways in which posts end, each in turn. */

static int end_by_accept(struct race *race)
{
	struct sockdup_accept accept;
	int fd, i;

	for (i = 0; i < POSTS; i++) {
		fd = accept_post(race->inbox, &accept);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static int end_each(struct race *race, int handle)
{
	int i, error = 0;

	for (i = 0; i < POSTS && !error; i++)
		error = revoke_post(handle, race->ids[i]);
	return error;
}

static int end_by_revocation(struct race *race)
{
	return end_each(race, race->sender);
}

static int end_by_decline(struct race *race)
{
	return end_each(race, race->inbox);
}

/* Or by the sweep, or with the handles. */
static int end_by_deadline(struct race *race)
{
	usleep(rand_r(&race->duel.seeds[0]) % 10000);
	return 0;
}

static int end_with_inbox(struct race *race)
{
	close(race->inbox);
	race->inbox = -1;
	return 0;
}

static int end_with_sender(struct race *race)
{
	close(race->sender);
	race->sender = -1;
	return 0;
}

static int end_with_invitations(struct race *race)
{
	struct sockdup_protocol_info info;
	int error = invite(race->inbox, getpid(), SOCKDUP_EXPORT_INVITE_TO_POST |
			   SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS, &info);

	return error ?: invite(race->inbox, getpid(), SOCKDUP_EXPORT_INVITE_TO_ACCEPT, 1,
			       &info);
}

static int (*const ends[])(struct race *race) = {
	end_by_accept, end_by_revocation, end_by_decline, end_by_deadline, end_with_inbox,
	end_with_sender, end_with_invitations,
};

static int post_pairs(struct race *race, unsigned int ttl_ms)
{
	struct sockdup_post post = { .flags = SOCKDUP_POST_CLOSE, .ttl_ms = ttl_ms };
	int pair[2], error = 0, i;

	for (i = 0; i < POSTS && !error; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			return -errno;
		race->peers[i] = pair[1];
		post.fd = pair[0];
		error = device_ioctl(race->sender, SOCKDUP_IOC_POST, &post);
		race->ids[i] = post.id;
	}
	return error;
}

static int watch(struct race *race, int handle, unsigned int events)
{
	struct epoll_event event = { .events = events | EPOLLET };

	return epoll_ctl(race->set, EPOLL_CTL_ADD, handle, &event) ? -errno : 0;
}

/* An inbox's life. Somebody is to be woken of room and of posts. */
static int use_inbox(struct race *race)
{
	unsigned int kind = atomic_load(&race->steps) / 2 % ARRAY_SIZE(ends);
	int error;

	race->inbox = inbox_of_slots(POSTS);
	if (race->inbox < 0)
		return race->inbox;
	race->sender = bound_to(getpid());
	if (race->sender < 0)
		return race->sender;
	error = watch(race, race->inbox, EPOLLIN) ?: watch(race, race->sender, EPOLLOUT) ?:
		post_pairs(race, ends[kind] == end_by_deadline ? 1 : LONG_TTL_MS);
	if (!error && post_fd(race->sender, race->peers[0], 0) == -EAGAIN)
		error = ends[kind](race);
	return error;
}

/* Each socket is let go of, with the module or without. */
static int posts_have_ended(struct race *race)
{
	int i, error = 0;

	for (i = 0; i < POSTS && !error; i++) {
		error = wait_for_end(race->peers[i]);
		close(race->peers[i]);
	}
	return error;
}

/* While the module goes, or is not there, its device cannot be opened. */
static bool means_no_module(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENXIO;
}

/* Its posts may still be on the way, which the module has to wait for. */
static void let_module_go(struct race *race, unsigned int removed)
{
	while (atomic_load(&race->removed) == removed && !atomic_load(&race->through))
		usleep(500);
}

static void use_inboxes(struct race *race, int side)
{
	unsigned int inboxes = 0, removed;
	int device, error = 0;

	while (!error && !atomic_load(&race->through)) {
		duel_dither(&race->duel, side);
		device = device_open();
		if (means_no_module(device)) {
			usleep(500);
			continue;
		}
		error = device;
		if (error < 0)
			break;
		atomic_fetch_add(&race->steps, 1);
		error = use_inbox(race);
		removed = atomic_load(&race->removed);
		atomic_fetch_add(&race->steps, 1);
		close(device);
		close(race->inbox);
		close(race->sender);
		error = error ?: posts_have_ended(race);
		if (!error && !(++inboxes % INBOXES_A_REMOVAL))
			let_module_go(race, removed);
	}
	race->duel.values[side][0] = error;
}

/* One attempt: whether it met a handle, or -errno where it did what it must not. */
static int try_to_remove(struct race *race)
{
	unsigned int before = atomic_load(&race->steps);
	int error = module_remove();
	unsigned int after = atomic_load(&race->steps);

	if (error && error != -EWOULDBLOCK)
		return error;
	if (!error && before % 2 && before == after)
		return -EPROTO;
	race->duel.first[!error]++;
	if (!error) {
		error = module_load(race->module);
		atomic_fetch_add(&race->removed, 1);
		if (error)
			return error;
	}
	return before % 2 || before != after;
}

/* Those attempts count that meet a handle. */
static void remove_module(struct race *race, int side)
{
	long long end = now_ns() + 10 * WAIT_MS * 1000000LL;
	unsigned int removals = 0;
	int met = 0;

	while (removals < REMOVALS_A_ROUND && met >= 0 &&
	       !atomic_load(&race->duel.done) && now_ns() < end) {
		duel_dither(&race->duel, side);
		met = try_to_remove(race);
		removals += met > 0;
		/* So that an inbox's life has few attempts. */
		usleep(rand_r(&race->duel.seeds[side]) % PAUSE_US);
	}
	if (met >= 0)
		met = removals < REMOVALS_A_ROUND ? -ETIME : 0;
	race->duel.values[side][0] = met;
	atomic_store(&race->through, true);
}

static int begin(struct race *race)
{
	atomic_store(&race->through, false);
	return 0;
}

static int both_succeeded(struct race *race)
{
	return race->duel.values[0][0] ?: race->duel.values[1][0];
}

static const struct game unload_game = {
	.prepare = begin,
	.first = use_inboxes,
	.second = remove_module,
	.judge = both_succeeded,
	.batch = REMOVALS_A_ROUND,
};

/* First is here the attempt that was refused. */
FIXTURE(inbox_unload_race) {
	struct race race;
	int module;
};

FIXTURE_SETUP(inbox_unload_race)
{
	self->module = module_copy();
	if (self->module == -ENOENT)
		SKIP(longjmp(_metadata->env, 1), "no module file beside the programs");
	ASSERT_LE(0, self->module);
	ASSERT_EQ(0, module_wait_until_unused());
	duel_init(&self->race.duel, &unload_game, &self->race);
	self->race.module = self->module;
	self->race.set = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->race.set);
}

FIXTURE_TEARDOWN(inbox_unload_race)
{
	int error = module_load(self->module);

	EXPECT_TRUE(!error || error == -EEXIST);
}

TEST_F_TIMEOUT(inbox_unload_race, module_goes_with_the_handles_and_not_before, 900)
{
	struct duel *duel = &self->race.duel;

	EXPECT_EQ(0, duel_play(duel, stress(REMOVALS)));
	EXPECT_TRUE(duel_was_fair(duel));
	EXPECT_EQ(0, module_wait_until_unused());
}

SOCKDUP_TEST_MAIN
