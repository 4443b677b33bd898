// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very many posts against those who wait for them and may go at any moment: by signals, by
 * a time that is over, one by one or many at once, in one process and in several. Each post
 * is accepted once, and as long as somebody waits, no post does.
 *
 * There are few posts at a time, so that nothing but its own wake-up helps a post. A
 * program that stands still fails by itself.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "child.h"
#include "clock.h"
#include "harness.h"
#include "inbox_call.h"

/* Posts of all variants together: a million. */
#define POSTS		100000

/* Without an accept for so long something is lost. */
#define STALL_MS	20000

/* Posts that may wait to be accepted: often one alone. */
#define WINDOW		3

#define SLOTS		4

#define THREADS		3
#define PROCESSES	3

/**
 * struct crowd - what all processes share
 * @accepted: posts
 * @failed: -errno of whoever has met something that must not be, or 0
 * @over: nothing is posted any more
 * @infos: an invitation to accept for each process but the first
 * @seen: how often each post was accepted
 */
struct crowd {
	atomic_uint accepted;
	atomic_int failed;
	atomic_bool over;
	struct sockdup_protocol_info infos[PROCESSES];
	unsigned char seen[POSTS];
};

static struct crowd *crowd;

/**
 * struct member - a thread that waits for posts
 * @inbox: its process's handle
 * @goes: it does not always wait
 * @seed: of its random numbers
 */
struct member {
	int inbox;
	bool goes;
	unsigned int seed;
};

static void fail(int error)
{
	atomic_store(&crowd->failed, error);
}

/* Counts a post if there was one. -EAGAIN and -EINTR are none. */
static int accept_one(int inbox)
{
	struct sockdup_accept accept;
	int fd = accept_post(inbox, &accept);

	if (fd < 0) {
		if (fd != -EAGAIN && fd != -EINTR && fd != -ESRCH)
			fail(fd);
		return fd;
	}
	close(fd);
	if (accept.cookie >= POSTS)
		fail(-EPROTO);
	else if (__atomic_fetch_add(&crowd->seen[accept.cookie], 1, __ATOMIC_RELAXED))
		fail(-EEXIST);
	atomic_fetch_add(&crowd->accepted, 1);
	return 0;
}

/* Somebody who goes stays away for a while, so that others have to come. */
static void stay_away(struct member *self)
{
	usleep(rand_r(&self->seed) % 2000);
}

/* Ways to wait. */

static void *block(void *context)
{
	struct member *self = context;

	while (!atomic_load(&crowd->over))
		if (accept_one(self->inbox) == -EINTR)
			stay_away(self);
	return NULL;
}

/* A moment, or for ever. */
static int patience(struct member *self)
{
	return self->goes ? rand_r(&self->seed) % 2 : -1;
}

static void *wait_by_poll(void *context)
{
	struct member *self = context;
	struct pollfd entry = { .fd = self->inbox, .events = POLLIN };

	while (!atomic_load(&crowd->over)) {
		if (poll(&entry, 1, patience(self)) == 1)
			accept_one(self->inbox);
		else
			stay_away(self);
	}
	return NULL;
}

static void wait_in_set(struct member *self, unsigned int events)
{
	struct epoll_event event = { .events = EPOLLIN | events };
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, self->inbox, &event))
		fail(-EPROTO);
	while (!atomic_load(&crowd->over)) {
		if (epoll_wait(set, &event, 1, patience(self)) != 1)
			stay_away(self);
		else if (!(events & EPOLLET))
			accept_one(self->inbox);
		else
			while (!accept_one(self->inbox))
				;
	}
	close(set);
}

static void *wait_exclusively(void *context)
{
	wait_in_set(context, EPOLLEXCLUSIVE);
	return NULL;
}

static void *wait_for_edges(void *context)
{
	wait_in_set(context, EPOLLET);
	return NULL;
}

/* Processes. */

static void be_disturbed(int signal)
{
	(void)signal;
}

/* The thread alone is interrupted whose turn it is: the others wait. */
static void *disturb(void *threads)
{
	unsigned int seed = 1, i = 0;

	while (!atomic_load(&crowd->over)) {
		pthread_kill(((pthread_t *)threads)[i++ % (THREADS - 1)], SIGUSR1);
		usleep(rand_r(&seed) % 500);
	}
	return NULL;
}

/* The last thread goes at no time. */
static int start_threads(void *(*wait)(void *member), int inbox, unsigned int count,
			 pthread_t *threads)
{
	static struct member members[THREADS];
	struct sigaction action = { .sa_handler = be_disturbed };
	int error = sigaction(SIGUSR1, &action, NULL);
	pthread_t disturber;
	unsigned int i;

	for (i = 0; i < count && !error; i++) {
		members[i] = (struct member){ inbox, i < count - 1, i };
		error = pthread_create(&threads[i], NULL, wait, &members[i]);
	}
	if (!error && wait == block && count == THREADS)
		error = pthread_create(&disturber, NULL, disturb, threads);
	return -error;
}

FIXTURE(crowd) {
	int inbox;
	int sender;
	int fd;
	struct child others[PROCESSES - 1];
};

FIXTURE_VARIANT(crowd) {
	void *(*wait)(void *member);
	int flags;	/* of the handles */
	bool alone;	/* is the one who waits, and comes when a post does */
	bool pool;
	bool stranger;	/* posts, so that workers wake those who poll */
};

FIXTURE_VARIANT_ADD(crowd, alone) {
	.wait = block,
	.alone = true,
};

FIXTURE_VARIANT_ADD(crowd, alone_and_polls) {
	.wait = wait_by_poll,
	.flags = O_NONBLOCK,
	.alone = true,
};

FIXTURE_VARIANT_ADD(crowd, alone_and_polls_for_a_stranger) {
	.wait = wait_by_poll,
	.flags = O_NONBLOCK,
	.alone = true,
	.stranger = true,
};

FIXTURE_VARIANT_ADD(crowd, interrupted) {
	.wait = block,
};

FIXTURE_VARIANT_ADD(crowd, polls) {
	.wait = wait_by_poll,
	.flags = O_NONBLOCK,
};

FIXTURE_VARIANT_ADD(crowd, polls_for_a_stranger) {
	.wait = wait_by_poll,
	.flags = O_NONBLOCK,
	.stranger = true,
};

FIXTURE_VARIANT_ADD(crowd, exclusive) {
	.wait = wait_exclusively,
	.flags = O_NONBLOCK,
};

FIXTURE_VARIANT_ADD(crowd, exclusive_for_a_stranger) {
	.wait = wait_exclusively,
	.flags = O_NONBLOCK,
	.stranger = true,
};

FIXTURE_VARIANT_ADD(crowd, edges) {
	.wait = wait_for_edges,
	.flags = O_NONBLOCK,
};

/* Of which two block, and one polls. */
FIXTURE_VARIANT_ADD(crowd, pool) {
	.wait = block,
	.pool = true,
};

/* For everybody, of whom each has SLOTS. */
static int open_inbox(void)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = SOCKDUP_INBOX_ANYBODY,
		.slots = 4 * SLOTS,
	};
	int device = device_open();

	return device_ioctl(device, SOCKDUP_IOC_INBOX, &open) ?: device;
}

/* The real user of the thread alone. */
static int become_stranger(void)
{
#ifdef SYS_setresuid32
	return syscall(SYS_setresuid32, OTHER_UID, -1, -1) ? -errno : 0;
#else
	return syscall(SYS_setresuid, OTHER_UID, -1, -1) ? -errno : 0;
#endif
}

static void join_and_wait(int channel, int number)
{
	pthread_t threads[THREADS];
	int inbox = device_open();
	int error;

	if (number)
		fcntl(inbox, F_SETFL, O_NONBLOCK);
	error = join_with(inbox, &crowd->infos[number]) ?:
		start_threads(number ? wait_by_poll : block, inbox, THREADS, threads);
	say(channel, error);
	pause();
}

FIXTURE_SETUP(crowd)
{
	int i;

	crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, crowd);
	self->inbox = open_inbox();
	ASSERT_LE(0, self->inbox);
	fcntl(self->inbox, F_SETFL, variant->flags);
	if (variant->stranger)
		ASSERT_EQ(0, become_stranger());
	self->sender = bound_to(getpid());
	ASSERT_LE(0, self->sender);
	fcntl(self->sender, F_SETFL, 0);
	self->fd = udp_bound(AF_INET);
	for (i = 0; variant->pool && i < PROCESSES - 1; i++) {
		ASSERT_EQ(0, invite(self->inbox, getuid(), SOCKDUP_EXPORT_TO_USER |
				    SOCKDUP_EXPORT_INVITE_TO_ACCEPT, LONG_TTL_MS,
				    &crowd->infos[i]));
		ASSERT_EQ(0, child_start(&self->others[i], 0, join_and_wait, i));
		ASSERT_EQ(0, child_answer(&self->others[i]));
	}
}

FIXTURE_TEARDOWN(crowd)
{
	int i;

	for (i = 0; variant->pool && i < PROCESSES - 1; i++)
		child_end(&self->others[i]);
}

/* Waits until so few posts are not accepted; 0, or -ETIME where nothing is accepted any more. */
static int wait_for_window(unsigned int posted, unsigned int window)
{
	unsigned int accepted = atomic_load(&crowd->accepted), last = accepted;
	long long since = now_ms();

	while (posted - accepted >= window && !atomic_load(&crowd->failed)) {
		sched_yield();
		accepted = atomic_load(&crowd->accepted);
		if (accepted != last)
			since = now_ms();
		else if (now_ms() - since > STALL_MS)
			return -ETIME;
		last = accepted;
	}
	return atomic_load(&crowd->failed);
}

/* So that who has just accepted is about to wait, or waits. */
static void spin(unsigned int turns)
{
	while (turns--)
		atomic_signal_fence(memory_order_seq_cst);
}

TEST_F(crowd, is_given_each_post_once_and_is_woken_for_it)
{
	const unsigned int posts = stress(POSTS);
	pthread_t threads[THREADS];
	unsigned int i, seed = 0;
	int error = 0;

	ASSERT_EQ(0, start_threads(variant->wait, self->inbox, variant->alone ? 1 : THREADS,
				   threads));
	for (i = 0; i < posts && !error; i++) {
		error = wait_for_window(i, variant->alone ? 1 : 1 + i % WINDOW);
		spin(rand_r(&seed) % 512);
		if (!error)
			error = post_fd(self->sender, self->fd, i);
	}
	EXPECT_EQ(0, error) {
		TH_LOG("after %u posts, %u accepted", i,
		       atomic_load(&crowd->accepted));
	}
	if (!error)
		EXPECT_EQ(0, wait_for_window(posts, 1));
	EXPECT_EQ(posts, atomic_load(&crowd->accepted));
	atomic_store(&crowd->over, true);
	for (i = 0; i < posts; i++)
		if (crowd->seen[i] != 1)
			break;
	EXPECT_EQ(posts, i);
}

SOCKDUP_TEST_MAIN
