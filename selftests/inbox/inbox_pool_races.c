// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once, of those who come to an inbox by invitation, or leave it: an invitation is
 * spent once or as good as before, a pool ends with its last member and not before, and a
 * member that is killed while it waits takes no other member's wake-up with it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "child.h"
#include "clock.h"
#include "duel.h"
#include "harness.h"
#include "inbox_call.h"

/* Invitations or posts that are raced for in each game. */
#define MEETINGS	20000

/* Lives of invitations that end while they are used, and when that is. */
#define SHORT_MS	3
#define LATE_NS		4000000

/**
 * struct race - a game under way, in memory that children share
 * @duel: the game
 * @inbox: the test's, or -1
 * @sender: bound to it
 * @source: a socket,
 * @peer: and its other end
 * @infos: invitations
 * @devices: for each of these a handle of either side
 * @begun_ns: when the invitations were made
 * @joined: what a side got that joined,
 * @accepted: and what it then accepted
 * @victim: the member that is killed
 * @steady_took: the other has accepted the post
 */
struct race {
	struct duel duel;
	int inbox;
	int sender;
	int source;
	int peer;
	struct sockdup_protocol_info infos[DUEL_BATCH];
	int devices[2][DUEL_BATCH];
	long long begun_ns;
	int joined[2];
	int accepted[2];
	pid_t victim;
	atomic_bool steady_took;
};

static struct race *race;

/* Has the inbox where the test has none. Not in the memory that both share. */
static struct child host;
/* A member that waits for one post each time, and is not killed. */
static struct child steady;

/* How rounds begin. */

static int open_both(struct race *race)
{
	race->inbox = inbox_of_slots(2 * DUEL_BATCH);
	if (race->inbox < 0)
		return race->inbox;
	race->sender = bound_to(getpid());
	return race->sender < 0 ? race->sender : 0;
}

static int make_pair(struct race *race)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	race->source = ends[0];
	race->peer = ends[1];
	return 0;
}

static int post_source(struct race *race)
{
	return post_with(race->sender, race->source, SOCKDUP_POST_CLOSE, 1, NULL);
}

static int invite_to_join(int inbox, struct sockdup_protocol_info *info)
{
	return invite(inbox, getuid(), SOCKDUP_EXPORT_TO_USER |
		      SOCKDUP_EXPORT_INVITE_TO_ACCEPT, LONG_TTL_MS, info);
}

static int begin_join(struct race *race)
{
	return open_both(race) ?: make_pair(race) ?: post_source(race) ?:
	       invite_to_join(race->inbox, &race->infos[0]);
}

static int begin_join_of_host(struct race *race)
{
	return child_go_on(&host);
}

static int begin_bind_for(struct race *race, unsigned int ttl_ms)
{
	unsigned int i;
	int error;

	race->inbox = inbox_of_slots(2 * DUEL_BATCH);
	if (race->inbox < 0)
		return race->inbox;
	for (i = 0; i < race->duel.batch; i++) {
		race->devices[0][i] = device_open();
		race->devices[1][i] = device_open();
	}
	for (i = 0, error = 0; i < race->duel.batch && !error; i++)
		error = invite(race->inbox, getpid(), SOCKDUP_EXPORT_INVITE_TO_POST, ttl_ms,
			       &race->infos[i]);
	race->begun_ns = now_ns();
	return error;
}

static int begin_bind(struct race *race)
{
	return begin_bind_for(race, LONG_TTL_MS);
}

static int begin_bind_shortly(struct race *race)
{
	return begin_bind_for(race, SHORT_MS);
}

/* What sides do. */

/* Both sides are processes, and each has handles of its own. */
static void join(struct race *race, int side)
{
	static int device = -1;
	struct sockdup_accept accept;

	if (device < 0)
		device = device_open();
	fcntl(device, F_SETFL, O_NONBLOCK);
	race->accepted[side] = 0;
	race->joined[side] = join_with(device, &race->infos[0]);
	if (!race->joined[side]) {
		race->accepted[side] = accept_post(device, &accept);
		close(race->accepted[side]);
		close(device);
		device = device_open();
	}
}

static void close_inbox(struct race *race, int side)
{
	close(race->inbox);
}

static void bind_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = bind_invited(race->devices[side][i],
							  &race->infos[i]);
		race->duel.first[side] += !race->duel.values[side][i];
	}
}

static void revoke_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_revoke(race->inbox, &race->infos[i]);
		race->duel.first[side] += !race->duel.values[side][i];
	}
}

static void wait_late(struct race *race, int side)
{
	const long long end_ns = race->begun_ns +
				 rand_r(&race->duel.seeds[side]) % LATE_NS;

	while (now_ns() < end_ns)
		;
}

static void bind_late(struct race *race, int side)
{
	wait_late(race, side);
	bind_all(race, side);
}

/* How rounds end. */

/* Who joined in time is a member of a pool with the post; else the invitation is left. */
static int judge_join(struct race *race)
{
	bool in_time = !race->joined[1];
	int error;

	close(race->sender);
	race->duel.first[in_time]++;
	if (!in_time && race->joined[1] != -ECONNREFUSED)
		return race->joined[1];
	if (in_time && race->accepted[1] < 0)
		return race->accepted[1];
	error = try_revoke(&race->infos[0]);
	if (error != (in_time ? -ENOENT : 0))
		return -EPROTO;
	error = wait_for_end(race->peer);
	close(race->peer);
	return error;
}

static int judge_join_join(struct race *race)
{
	bool second = !race->joined[1];

	race->duel.first[second]++;
	if (!race->joined[0] + !race->joined[1] != 1)
		return -EEXIST;
	if (race->accepted[second] != -EAGAIN)
		return -EPROTO;
	return race->joined[!second] == -ENOENT ? 0 : race->joined[!second];
}

static void close_devices(struct race *race)
{
	unsigned int i;

	close(race->inbox);
	for (i = 0; i < race->duel.batch; i++) {
		close(race->devices[0][i]);
		close(race->devices[1][i]);
	}
}

/* Bound handles can post, and no invitation is left. */
static int bound_once(struct race *race)
{
	int fd = udp_bound(AF_INET), error = 0;
	unsigned int i, side;

	for (i = 0; i < race->duel.batch && !error; i++) {
		for (side = 0; side < 2 && !error; side++) {
			fcntl(race->devices[side][i], F_SETFL, O_NONBLOCK);
			error = post_fd(race->devices[side][i], fd, 0);
			if (error == -ENOTCONN)
				error = 0;
		}
		if (!error && raw_query(race->devices[0][i], &race->infos[i]) != -ENOENT)
			error = -EEXIST;
	}
	close(fd);
	close_devices(race);
	return error;
}

/* Of either side, the first of which binds: EBUSY means that it is about to. */
static int one_has_it(struct race *race)
{
	unsigned int i;
	int bound, other;

	for (i = 0; i < race->duel.batch; i++) {
		bound = race->duel.values[0][i];
		other = race->duel.values[1][i];
		if (!((!bound && (other == -ENOENT || other == -EBUSY)) ||
		      (bound == -ENOENT && !other)))
			return bound ?: other ?: -EEXIST;
	}
	return bound_once(race);
}

static int in_time_or_not(struct race *race)
{
	unsigned int i;
	int bound;

	for (i = 0; i < race->duel.batch; i++) {
		bound = race->duel.values[0][i];
		if (bound && bound != -ENOENT)
			return bound;
	}
	return bound_once(race);
}

/* Bound to what has ended, or refused with an invitation that is left. */
static int bound_or_refused(struct race *race)
{
	int fd = udp_bound(AF_INET), bound, error = 0;
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++) {
		bound = race->duel.values[0][i];
		if (!bound)
			error = post_fd(race->devices[0][i], fd, 0) == -EPIPE ? 0 : -EPROTO;
		else if (bound == -ECONNREFUSED)
			error = raw_revoke(race->devices[0][i], &race->infos[i]);
		else
			error = bound;
	}
	close(fd);
	close_devices(race);
	return error;
}

/* A member that is killed while it waits. */

static int make_place(void)
{
	return invite_to_join(race->inbox, &race->infos[0]);
}

/* Accepts one post each time that it is told to. */
static void be_steady(int channel, int unused)
{
	struct sockdup_accept accept;
	int device = device_open(), fd;

	(void)unused;
	close(race->inbox);
	close(race->sender);
	say(channel, join_with(device, &race->infos[0]));
	for (;;) {
		fd = accept_post(device, &accept);
		atomic_store(&race->steady_took, true);
		close(fd);
		say(channel, fd < 0 ? fd : 0);
	}
}

static void be_victim(void)
{
	struct sockdup_accept accept;
	int device;

	close(race->inbox);
	close(race->sender);
	device = device_open();
	if (join_with(device, &race->infos[0]))
		_exit(1);
	close(accept_post(device, &accept));
	for (;;)
		pause();
}

/* Whether a process waits in a command. */
static bool is_in_ioctl(pid_t pid)
{
	char path[32], *text;
	bool waits;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	text = read_text(path);
	waits = text && text[0] >= '0' && text[0] <= '9' && atoi(text) == SYS_ioctl;
	free(text);
	return waits;
}

/* In short steps, as there are many rounds. */
static int wait_for_ioctl(pid_t pid)
{
	const long long end_ms = now_ms() + WAIT_MS;

	while (!is_in_ioctl(pid)) {
		if (now_ms() > end_ms)
			return -ETIME;
		usleep(100);
	}
	return 0;
}

static int start_victim(struct race *race)
{
	int error = make_place();
	pid_t pid;

	if (error)
		return error;
	/* Not into the memory that both share. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Where it is killed. */
		duel_join_side(&race->duel, 1);
		be_victim();
	}
	race->victim = pid;
	return pid < 0 ? -errno : wait_for_ioctl(pid);
}

/* The victim waits for longer than the other, and so it is the one whom a post wakes. */
static int begin_killing(struct race *race)
{
	const int word = 0;
	int error = start_victim(race) ?: make_pair(race);

	atomic_store(&race->steady_took, false);
	if (!error && write(steady.channel, &word, sizeof(word)) != sizeof(word))
		error = -EPIPE;
	return error ?: wait_for_ioctl(steady.pid);
}

static void post_one(struct race *race, int side)
{
	race->duel.values[side][0] = post_source(race);
}

static void kill_victim(struct race *race, int side)
{
	kill(race->victim, SIGKILL);
}

/* The other has it, or it has died with the victim; then the other is given one here. */
static int nothing_is_lost(struct race *race)
{
	int error;

	waitpid(race->victim, NULL, 0);
	error = race->duel.values[0][0] ?: wait_for_end(race->peer);
	close(race->peer);
	if (error)
		return error;
	race->duel.first[atomic_load(&race->steady_took)]++;
	if (!atomic_load(&race->steady_took))
		error = make_pair(race) ?: post_source(race) ?: close(race->peer);
	return error ?: child_answer(&steady);
}

FIXTURE(pool_race) {
};

FIXTURE_VARIANT(pool_race) {
	struct game game;
};

FIXTURE_VARIANT_ADD(pool_race, join_close_of_the_last_owner) {
	.game = { begin_join, close_inbox, join, judge_join, .batch = 1, .apart = true },
};

FIXTURE_VARIANT_ADD(pool_race, join_join) {
	.game = { begin_join_of_host, join, join, judge_join_join, .batch = 1,
		  .apart = true },
};

FIXTURE_VARIANT_ADD(pool_race, bind_bind) {
	.game = { begin_bind, bind_all, bind_all, one_has_it },
};

FIXTURE_VARIANT_ADD(pool_race, bind_revocation) {
	.game = { begin_bind, bind_all, revoke_all, one_has_it },
};

FIXTURE_VARIANT_ADD(pool_race, bind_deadline) {
	.game = { begin_bind_shortly, bind_late, wait_late, in_time_or_not, .blind = true },
};

FIXTURE_VARIANT_ADD(pool_race, bind_end_of_inbox) {
	.game = { begin_bind, bind_all, close_inbox, bound_or_refused, .blind = true },
};

FIXTURE_VARIANT_ADD(pool_race, post_death_of_the_member_that_waits) {
	.game = { begin_killing, post_one, kill_victim, nothing_is_lost, .batch = 1 },
};

/* The host: invites to its inbox each time. */
static void be_host(int channel, int unused)
{
	int inbox = inbox_of_slots(1);

	(void)unused;
	for (say(channel, inbox < 0 ? inbox : 0);;)
		say(channel, invite_to_join(inbox, &race->infos[0]));
}

FIXTURE_SETUP(pool_race)
{
	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, race);
	duel_init(&race->duel, &variant->game, race);
	if (variant->game.prepare == begin_join_of_host) {
		ASSERT_EQ(0, child_start(&host, 0, be_host, 0));
		ASSERT_EQ(0, child_answer(&host));
	}
	if (variant->game.prepare == begin_killing) {
		ASSERT_EQ(0, open_both(race));
		ASSERT_EQ(0, make_place());
		ASSERT_EQ(0, child_start(&steady, 0, be_steady, 0));
		ASSERT_EQ(0, child_answer(&steady));
	}
}

FIXTURE_TEARDOWN(pool_race)
{
	if (host.pid > 0)
		child_end(&host);
	if (steady.pid > 0)
		child_end(&steady);
}

TEST_F_TIMEOUT(pool_race, has_one_end, 900)
{
	struct duel *duel = &race->duel;

	ASSERT_EQ(0, duel_play(duel, stress(MEETINGS)));
	EXPECT_TRUE(duel_was_fair(duel));
}

SOCKDUP_TEST_MAIN
