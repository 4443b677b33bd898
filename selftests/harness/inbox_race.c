// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posts that are raced for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "inbox_call.h"
#include "inbox_race.h"

/* From the post on: by then the sweep has ended what is due. */
#define LATE_NS		12000000

/* What a child takes for its posts, or so. */
#define KILL_US		1000

/* In a narrow inbox. */
#define FEW_SLOTS	4

struct race *posts_new(const struct game *game)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (race == MAP_FAILED || pipe2(race->ready, O_CLOEXEC))
		return NULL;
	duel_init(&race->duel, game, race);
	return race;
}

/* How rounds begin. */

static void begin(struct race *race)
{
	race->inbox = -1;
	race->sender = -1;
	race->slots = 2 * DUEL_BATCH;
	race->ttl_ms = LONG_TTL_MS;
	race->receiver = 0;
	race->poster = 0;
	memset(race->taken, 0, sizeof(race->taken));
	memset(race->posts, 0, sizeof(race->posts));
	atomic_store(&race->go, false);
}

static int make_pairs(struct race *race)
{
	unsigned int i;
	int ends[2];

	for (i = 0; i < race->duel.batch; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			return -errno;
		race->sources[i] = ends[0];
		race->peers[i] = ends[1];
	}
	return 0;
}

static int open_inbox(struct race *race)
{
	race->inbox = inbox_of_slots(race->slots);
	return race->inbox < 0 ? race->inbox : 0;
}

static int bind_to(struct race *race, pid_t pid)
{
	race->sender = bound_to(pid);
	return race->sender < 0 ? race->sender : 0;
}

static int post_through(struct race *race, int sender, unsigned int i)
{
	struct sockdup_post *post = &race->posts[i];

	post->fd = race->sources[i];
	post->flags = SOCKDUP_POST_CLOSE;
	post->cookie = i;
	post->ttl_ms = race->ttl_ms;
	return device_ioctl(sender, SOCKDUP_IOC_POST, post);
}

static int post_one(struct race *race, unsigned int i)
{
	return post_through(race, race->sender, i);
}

static int post_each(struct race *race)
{
	unsigned int i;
	int error = 0;

	race->begun_ns = now_ns();
	for (i = 0; i < race->duel.batch && !error; i++)
		error = post_one(race, i);
	return error;
}

static int open_both(struct race *race)
{
	return open_inbox(race) ?: bind_to(race, getpid()) ?: make_pairs(race);
}

int posts_open(struct race *race)
{
	begin(race);
	return open_both(race);
}

int posts_make(struct race *race)
{
	return posts_open(race) ?: post_each(race);
}

int posts_make_short(struct race *race)
{
	int error = posts_open(race);

	race->ttl_ms = RACE_SHORT_MS;
	return error ?: post_each(race);
}

int posts_open_narrow(struct race *race)
{
	begin(race);
	race->slots = FEW_SLOTS;
	race->ttl_ms = RACE_SHORT_MS;
	race->begun_ns = now_ns();
	return open_both(race);
}

/* Children. */

static void count_accepted(struct race *race, const struct sockdup_accept *accept)
{
	__atomic_fetch_add(&race->taken[accept->cookie], 1, __ATOMIC_RELAXED);
}

/* With the number of the handle. */
static void tell_ready(struct race *race, int handle)
{
	if (write(race->ready[1], &handle, sizeof(handle)) != sizeof(handle) || handle < 0)
		_exit(1);
	while (!atomic_load(&race->go))
		sched_yield();
}

static int wait_until_ready(struct race *race)
{
	int handle = -EPIPE;

	if (read(race->ready[0], &handle, sizeof(handle)) < 0)
		return -errno;
	return handle;
}

/* Handles of children are numbers of theirs. */
static void receive(struct race *race)
{
	int inbox = inbox_of_slots(race->slots), fd;
	struct sockdup_accept accept;

	tell_ready(race, inbox);
	for (;;) {
		fd = accept_post(inbox, &accept);
		if (fd < 0)
			continue;
		count_accepted(race, &accept);
		close(fd);
	}
}

static void post_and_revoke(struct race *race)
{
	int sender = bound_to(race->receiver ? race->receiver : getppid());
	unsigned int i;

	tell_ready(race, sender);
	for (i = 0; i < race->duel.batch; i++)
		if (!post_through(race, sender, i) && i % 2)
			revoke_post(sender, race->posts[i].id);
	for (;;)
		pause();
}

static int start_child(struct race *race, pid_t *pid, void (*live)(struct race *race))
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It runs while the side that kills it sleeps; of two, one with each side. */
		duel_join_side(&race->duel, !race->receiver);
		live(race);
	}
	*pid = child;
	return child < 0 ? -errno : wait_until_ready(race);
}

static void end_child(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

/* Every other time the test has the handle, too, so that no close ends the inbox. */
static int start_receiver(struct race *race)
{
	int handle = start_child(race, &race->receiver, receive), pidfd;

	if (handle < 0 || race->duel.round % 2)
		return handle < 0 ? handle : 0;
	pidfd = syscall(SYS_pidfd_open, race->receiver, 0);
	race->inbox = syscall(SYS_pidfd_getfd, pidfd, handle, 0);
	close(pidfd);
	return race->inbox < 0 ? -errno : 0;
}

int posts_open_elsewhere(struct race *race)
{
	begin(race);
	return start_receiver(race) ?: bind_to(race, race->receiver) ?: make_pairs(race);
}

int posts_make_elsewhere(struct race *race)
{
	return posts_open_elsewhere(race) ?: post_each(race);
}

int posts_make_short_elsewhere(struct race *race)
{
	int error = posts_open_elsewhere(race);

	race->ttl_ms = RACE_SHORT_MS;
	return error ?: post_each(race);
}

/* The child alone has the sockets then. */
static int start_poster(struct race *race)
{
	unsigned int i;
	int handle = start_child(race, &race->poster, post_and_revoke);

	for (i = 0; i < race->duel.batch; i++)
		close(race->sources[i]);
	race->begun_ns = now_ns();
	return handle < 0 ? handle : 0;
}

int posts_have_made(struct race *race)
{
	begin(race);
	return open_inbox(race) ?: make_pairs(race) ?: start_poster(race);
}

int posts_have_made_shortly(struct race *race)
{
	begin(race);
	race->ttl_ms = RACE_SHORT_MS;
	return open_inbox(race) ?: make_pairs(race) ?: start_poster(race);
}

int posts_have_both(struct race *race)
{
	begin(race);
	return start_receiver(race) ?: make_pairs(race) ?: start_poster(race);
}

/* What sides do. */

void posts_accept_all(struct race *race, int side)
{
	int *values = race->duel.values[side];
	struct sockdup_accept accept;
	unsigned int i;

	atomic_store(&race->go, true);
	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		values[i] = accept_post(race->inbox, &accept);
		if (values[i] < 0)
			continue;
		count_accepted(race, &accept);
		close(values[i]);
		race->duel.first[side]++;
	}
}

void posts_accept_on(struct race *race, int side)
{
	while (!atomic_load(&race->duel.done))
		posts_accept_all(race, side);
}

void posts_send_all(struct race *race, int side)
{
	unsigned int i;

	atomic_store(&race->go, true);
	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = post_one(race, i);
	}
}

void posts_send_half(struct race *race, int side)
{
	unsigned int i;

	for (i = side; i < race->duel.batch; i += 2) {
		duel_dither(&race->duel, side);
		race->duel.values[0][i] = post_one(race, i);
	}
}

/* Waits for room, which the other side makes, and the deadlines of earlier posts. */
void posts_send_patiently(struct race *race, int side)
{
	struct pollfd entry = { .fd = race->sender, .events = POLLOUT };
	unsigned int i;
	int error;

	for (i = 0; i < race->duel.batch; i++) {
		do {
			error = post_one(race, i);
			if (error == -EAGAIN && poll(&entry, 1, WAIT_MS) != 1)
				error = -ETIME;
		} while (error == -EAGAIN);
		race->duel.values[side][i] = error;
	}
}

static void end_all(struct race *race, int side, int handle)
{
	int *values = race->duel.values[side];
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		values[i] = revoke_post(handle, race->posts[i].id);
		race->duel.first[side] += !values[i];
	}
}

void posts_revoke_all(struct race *race, int side)
{
	end_all(race, side, race->sender);
}

void posts_decline_all(struct race *race, int side)
{
	end_all(race, side, race->inbox);
}

/* As soon as the kernel has written their names. */
void posts_revoke_as_they_come(struct race *race, int side)
{
	unsigned int i;
	__u64 id;

	for (i = 0; i < race->duel.batch; i++) {
		do {
			id = __atomic_load_n(&race->posts[i].id, __ATOMIC_ACQUIRE);
		} while (!id && !atomic_load(&race->duel.done));
		race->duel.values[side][i] = revoke_post(race->sender, id);
	}
}

void posts_close_inbox(struct race *race, int side)
{
	atomic_store(&race->go, true);
	duel_hold_back(&race->duel, side);
	close(race->inbox);
}

void posts_close_sender(struct race *race, int side)
{
	atomic_store(&race->go, true);
	duel_hold_back(&race->duel, side);
	close(race->sender);
}

/* The child is in the middle of what it does. */
static void kill_soon(struct race *race, int side, pid_t pid)
{
	atomic_store(&race->go, true);
	usleep(rand_r(&race->duel.seeds[side]) % KILL_US);
	kill(pid, SIGKILL);
}

void posts_kill_receiver(struct race *race, int side)
{
	kill_soon(race, side, race->receiver);
}

void posts_kill_poster(struct race *race, int side)
{
	kill_soon(race, side, race->poster);
}

/* At any time from the deadline until the sweep has come. */
void posts_wait_late(struct race *race, int side)
{
	const long long end_ns = race->begun_ns + RACE_SHORT_MS * 1000000 +
				 rand_r(&race->duel.seeds[side]) % LATE_NS;

	atomic_store(&race->go, true);
	while (now_ns() < end_ns)
		;
}

void posts_accept_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	posts_accept_all(race, side);
}

void posts_revoke_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	posts_revoke_all(race, side);
}

void posts_close_inbox_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	close(race->inbox);
}

void posts_close_sender_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	close(race->sender);
}

void posts_kill_receiver_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	kill(race->receiver, SIGKILL);
}

void posts_kill_poster_late(struct race *race, int side)
{
	posts_wait_late(race, side);
	kill(race->poster, SIGKILL);
}

/* How rounds end. */

/* What was not posted is closed here, by the test or the child that has it. */
int posts_all_end(struct race *race)
{
	bool posted_here = !race->poster, opened_here = !race->receiver;
	unsigned int i;
	int error = 0;

	end_child(&race->receiver);
	end_child(&race->poster);
	if (opened_here)
		close(race->inbox);
	close(race->sender);
	for (i = 0; i < race->duel.batch && !error; i++) {
		if (posted_here)
			close(race->sources[i]);
		error = wait_for_end(race->peers[i]);
		close(race->peers[i]);
		if (race->taken[i] > 1)
			error = -EEXIST;
	}
	if (!opened_here)
		close(race->inbox);
	return error;
}

int posts_one_wins(struct race *race)
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
	return posts_all_end(race);
}

/* What is left of the posts, in their order. */
static int accept_rest(struct race *race, int last[2])
{
	struct sockdup_accept accept;
	int fd;

	for (;;) {
		fd = accept_post(race->inbox, &accept);
		if (fd < 0)
			return fd == -EAGAIN ? 0 : fd;
		close(fd);
		count_accepted(race, &accept);
		if ((int)accept.cookie < last[accept.cookie % 2])
			return -EILSEQ;
		last[accept.cookie % 2] = accept.cookie;
	}
}

int posts_one_wins_or_waits(struct race *race)
{
	int error = accept_rest(race, (int[]){ 0, 0 });

	return error ?: posts_one_wins(race);
}

int posts_one_ends_it(struct race *race)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++)
		if (!race->duel.values[0][i] + !race->duel.values[1][i] != 1)
			return -EEXIST;
	return posts_all_end(race);
}

int posts_all_were_posted(struct race *race)
{
	int error = accept_rest(race, (int[]){ 0, 0 });
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = race->duel.values[0][i] ?: race->taken[i] != 1 ? -ENOMSG : 0;
	return error ?: posts_all_end(race);
}

/* Also the end of an inbox or the close of the handle may come first. */
int posts_end(struct race *race)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->duel.batch; i++) {
		error = race->duel.values[0][i];
		if (error && error != -EPIPE && error != -EBADF)
			return error;
	}
	return posts_all_end(race);
}
