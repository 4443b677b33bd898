// SPDX-License-Identifier: GPL-2.0-only
/*
 * What strangers do with inboxes delays nobody else: they bind very often, open very many,
 * fill one, wait for room in it, have it watched by thousands of epoll sets, post to
 * themselves without end, let sockets end that linger, and are hundreds of user ids. And
 * users whom an owner lists get what they are guaranteed, whatever the others do.
 *
 * Bystanders are two users: one binds, posts, accepts, exports and imports, and posts to
 * the other, which has room for one post and waits for it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "attack.h"
#include "child.h"
#include "harness.h"
#include "inbox_call.h"

#define PROCESSES	2

/* As one user's range of subordinate ids has them. */
#define USERS		300
#define FIRST_UID	100000

/* Of one process. */
#define BINDINGS	2000
#define SETS		6000
#define SETS_A_USER	20
#define WAITERS		1000
#define INBOXES		200
#define LINGERERS	40

#define FILES		(SETS + 1000)

#define PARTNER_UID	4003

/* As long, and until there are so many samples; but not for ever. */
#define MEASURE_MS	600
#define LIMIT_MS	6000
#define SAMPLES_LEAST	40
#define SAMPLES		4000

/* What a call may take besides the double of what it takes beside busy loops. */
#define MEDIAN_NS	(MS / 2)
/* It may be preempted, as attackers sleep and are woken, which busy loops are not. */
#define CALL_NS		(30 * MS)
/* Where processes wait for each other, each may have to wait for its turn first. */
#define TURN_NS		(10 * MS)
#define TURNS_NS	(50 * MS)
/* The promise. */
#define PUT_NS		(1000 * MS)

/* Of some forty calls and more: the few that took longest say little. */
#define MOST		90

/* What bystanders do. */
enum kind {
	POST_AND_ACCEPT,
	BIND,
	TOKEN,
	HAND_OVER,		/* to another user, with a wait for room */
	PUT,			/* of a socket that was declined */
	KINDS,
};

static const char *const kind_names[KINDS] = {
	"post and accept", "bind", "export and import", "hand over", "put",
};

/* Inboxes of attackers. */

static int inbox_for_everybody(unsigned int slots)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = SOCKDUP_INBOX_ANYBODY,
		.slots = slots,
	};
	int device = device_open(), error;

	if (device < 0)
		return device;
	fcntl(device, F_SETFL, O_NONBLOCK);
	error = device_ioctl(device, SOCKDUP_IOC_INBOX, &open);
	return error ?: device;
}

/* So many epoll sets watch a handle, and nobody waits in them. */
static int watch(int device, unsigned int count)
{
	struct epoll_event wanted = { .events = EPOLLIN | EPOLLOUT };
	int set;

	while (count--) {
		set = epoll_create1(EPOLL_CLOEXEC);
		if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, device, &wanted))
			return -errno;
	}
	return 0;
}

/* The inbox of the first process, which may not be there yet. */
static int bind_to_first(void)
{
	int device;

	do {
		device = bound_to(getppid());
	} while (device == -ECONNREFUSED);
	return device;
}

/* The first process accepts what the others post. */
static void accept_without_end(int inbox)
{
	struct pollfd entry = { .fd = inbox, .events = POLLIN };
	struct sockdup_accept accept;
	int fd;

	for (;;) {
		fd = accept_post(inbox, &accept);
		if (fd >= 0)
			close(fd);
		else
			poll(&entry, 1, 1);
	}
}

/* Each process is a user of its own where the attack begins as root. */
static int become_one(struct attacker *self)
{
	return self->attack->uid ? 0 : become_user(ATTACKER_UID + 10 + self->index);
}

static int *keep(struct attacker *self, unsigned int count)
{
	self->state = calloc(count, sizeof(int));
	return self->state;
}

/* Binds, and never posts. */

static int prepare_bindings(struct attacker *self)
{
	int *devices = keep(self, BINDINGS + 1);
	unsigned int i;

	devices[BINDINGS] = inbox_for_everybody(64);
	for (i = 0; i < BINDINGS && devices[i] >= 0; i++)
		devices[i] = bound_to(getpid());
	return devices[BINDINGS - 1] < 0 ? devices[BINDINGS - 1] : 0;
}

static void bind_without_end(struct attacker *self)
{
	int *devices = self->state;
	unsigned int i;

	for (i = 0;; i = (i + 1) % BINDINGS) {
		close(devices[i]);
		devices[i] = bound_to(getpid());
	}
}

/* Opens inboxes, large ones, and many processes have one. */

static int prepare_inboxes(struct attacker *self)
{
	unsigned int i;

	for (i = 0; i < INBOXES / PROCESSES; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (inbox_for_everybody(16) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	return 0;
}

static void open_without_end(struct attacker *self)
{
	for (;;)
		close(inbox_for_everybody(4096));
}

/* Posts to its own inbox. */

static int prepare_own(struct attacker *self)
{
	int *handles = keep(self, 2);

	handles[0] = inbox_for_everybody(1024);
	handles[1] = bound_to(getpid());
	return handles[1] < 0 ? handles[1] : 0;
}

static void post_to_itself(struct attacker *self)
{
	struct sockdup_accept accept;
	int *handles = self->state;
	int fd = udp_bound(AF_INET);

	for (;;) {
		while (!post_fd(handles[1], fd, 0))
			;
		while (close(accept_post(handles[0], &accept)) == 0)
			;
	}
}

/* Has sockets end that linger, and others with them, with the inbox. */

static int prepare_lingerers(struct attacker *self)
{
	int error = become_one(self) ?: prepare_own(self);
	int *handles = self->state, fds[2];
	unsigned int i;

	for (i = 0; i < LINGERERS && !error; i++)
		error = tcp_pair(AF_INET, fds) ?: make_linger(fds[0], fds[1]) ?:
			post_with(handles[1], fds[0], SOCKDUP_POST_CLOSE, 0, NULL);
	return error;
}

static void end_without_end(struct attacker *self)
{
	int *handles = self->state, ends[2];
	unsigned int i;

	for (;;) {
		for (i = 0; i < 64; i++) {
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
				break;
			close(ends[1]);
			post_with(handles[1], ends[0], SOCKDUP_POST_CLOSE, 0, NULL);
		}
		close(handles[0]);
		close(handles[1]);
		prepare_own(self);
		handles = self->state;
	}
}

/* Posts from one user to another; thousands of sets watch both handles. */

static int prepare_watched(struct attacker *self)
{
	int *inbox = keep(self, 1), error = become_one(self);

	if (error || self->index)
		return error;
	*inbox = inbox_for_everybody(4);
	return *inbox < 0 ? *inbox : watch(*inbox, SETS);
}

static void post_watched(struct attacker *self)
{
	int device, fd = udp_bound(AF_INET);
	struct pollfd entry = { .events = POLLOUT };

	if (!self->index)
		accept_without_end(*(int *)self->state);
	device = bind_to_first();
	entry.fd = device;
	watch(device, SETS);
	for (;;)
		if (post_fd(device, fd, 0))
			poll(&entry, 1, 1);
}

/* An inbox that is full, and very many who wait for room, and seldom use it. */

static int prepare_full(struct attacker *self)
{
	int *inbox = keep(self, 1), error = become_one(self);

	if (!error && !self->index)
		*inbox = inbox_for_everybody(4);
	return error ?: *inbox < 0 ? *inbox : 0;
}

static void wait_for_room(struct attacker *self)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int set = epoll_create1(EPOLL_CLOEXEC), fd = udp_bound(AF_INET);
	unsigned int i;

	if (!self->index)
		accept_without_end(*(int *)self->state);
	for (i = 0; i < WAITERS; i++) {
		event.data.fd = bind_to_first();
		epoll_ctl(set, EPOLL_CTL_ADD, event.data.fd, &event);
	}
	for (;;)
		if (epoll_wait(set, &event, 1, -1) == 1)
			post_fd(event.data.fd, fd, 0);
}

/* The same by hundreds of users, each of which has its handle watched. */

static int prepare_users(struct attacker *self)
{
	int *inbox = keep(self, USERS);

	if (!self->index)
		*inbox = inbox_for_everybody(64);
	return *inbox < 0 ? *inbox : 0;
}

static void be_many_users(struct attacker *self)
{
	int *devices = self->state, fd = udp_bound(AF_INET);
	unsigned int i;

	if (!self->index)
		accept_without_end(*devices);
	for (i = 0; i < USERS; i++) {
		act_as(FIRST_UID + i);
		devices[i] = bind_to_first();
		watch(devices[i], SETS_A_USER);
	}
	for (i = 0;; i = (i + 1) % USERS) {
		act_as(FIRST_UID + i);
		while (!post_fd(devices[i], fd, 0))
			;
	}
}

/* Bystanders. */

/**
 * struct bystander - a user who does this and that
 * @inbox: its own
 * @sender: bound to that
 * @partner: bound to the inbox of another user
 * @device: another handle
 * @fd: a socket
 */
struct bystander {
	int inbox;
	int sender;
	int partner;
	int device;
	int fd;
};

static int do_post_and_accept(struct bystander *self)
{
	struct sockdup_accept accept;
	int fd = post_fd(self->sender, self->fd, 0) ?: accept_post(self->inbox, &accept);

	return fd < 0 ? fd : close(fd);
}

static int do_bind(struct bystander *self)
{
	int device = bound_to(getpid());

	return device < 0 ? device : close(device);
}

static int do_token(struct bystander *self)
{
	struct sockdup_protocol_info info;
	int fd = raw_export(self->device, self->fd, getpid(), 0, &info) ?:
		 raw_import(self->device, &info, 0, NULL);

	return fd < 0 ? fd : close(fd);
}

static int do_hand_over(struct bystander *self)
{
	return post_fd(self->partner, self->fd, 0);
}

static int do_put(struct bystander *self)
{
	int ends[2], error;
	__u64 id;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	error = post_with(self->sender, ends[0], SOCKDUP_POST_CLOSE, 0, &id) ?:
		revoke_post(self->inbox, id) ?: wait_for_end(ends[1]);
	close(ends[1]);
	return error;
}

static int (*const kinds[KINDS])(struct bystander *self) = {
	do_post_and_accept, do_bind, do_token, do_hand_over, do_put,
};

static bool goes_on(const struct samples *samples, long long for_ns)
{
	return for_ns < MEASURE_MS * MS ||
	       (for_ns < LIMIT_MS * MS && samples->count < SAMPLES_LEAST);
}

static int stand_by(struct samples *samples[KINDS], pid_t partner)
{
	struct bystander self = {
		.inbox = inbox_of_slots(8),
		.sender = bound_to(getpid()),
		.partner = bound_to(partner),
		.device = device_open(),
		.fd = udp_bound(AF_INET),
	};
	const long long begin_ns = now_ns();
	long long start_ns;
	int kind, error = 0;

	if (self.inbox < 0 || self.sender < 0 || self.partner < 0)
		return -ECONNREFUSED;
	fcntl(self.partner, F_SETFL, 0);
	while (!error && goes_on(samples[0], now_ns() - begin_ns)) {
		for (kind = 0; kind < KINDS && !error; kind++) {
			start_ns = now_ns();
			error = kinds[kind](&self);
			samples_add(samples[kind], now_ns() - start_ns);
		}
	}
	return error;
}

/* A user with room for one post of another, who polls for it. */
static void be_partner(int channel, int unused)
{
	int inbox = inbox_for_everybody(4);
	struct pollfd entry = { .fd = inbox, .events = POLLIN };
	struct sockdup_accept accept;

	write(channel, &inbox, sizeof(inbox));
	for (;;)
		if (poll(&entry, 1, -1) == 1)
			close(accept_post(inbox, &accept));
}

/* 0 once it is measured how long each kind takes. */
static int measure(struct samples *samples[KINDS])
{
	struct child partner;
	int kind, error;
	pid_t pid;

	for (kind = 0; kind < KINDS; kind++)
		samples[kind]->count = 0;
	error = child_start(&partner, PARTNER_UID, be_partner, 0);
	if (error || child_answer(&partner) < 0)
		return -ECHILD;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-(become_user(VICTIM_UID) ?: stand_by(samples, partner.pid)));
	}
	error = outcome_of(pid);
	child_end(&partner);
	return error;
}

FIXTURE(strangers) {
	struct attack attack;
	struct attackers attackers;
	struct samples *control[KINDS];
	struct samples *attacked[KINDS];
};

FIXTURE_VARIANT(strangers) {
	uid_t uid;
	int (*prepare)(struct attacker *self);
	void (*run)(struct attacker *self);
};

FIXTURE_VARIANT_ADD(strangers, bind) {
	.uid = ATTACKER_UID,
	.prepare = prepare_bindings,
	.run = bind_without_end,
};

FIXTURE_VARIANT_ADD(strangers, open) {
	.uid = ATTACKER_UID,
	.prepare = prepare_inboxes,
	.run = open_without_end,
};

FIXTURE_VARIANT_ADD(strangers, post_to_themselves) {
	.uid = ATTACKER_UID,
	.prepare = prepare_own,
	.run = post_to_itself,
};

FIXTURE_VARIANT_ADD(strangers, linger) {
	.prepare = prepare_lingerers,
	.run = end_without_end,
};

FIXTURE_VARIANT_ADD(strangers, watch) {
	.prepare = prepare_watched,
	.run = post_watched,
};

FIXTURE_VARIANT_ADD(strangers, wait) {
	.prepare = prepare_full,
	.run = wait_for_room,
};

FIXTURE_VARIANT_ADD(strangers, have_many_users) {
	.prepare = prepare_users,
	.run = be_many_users,
};

FIXTURE_SETUP(strangers)
{
	int kind;

	self->attack = (struct attack){
		.uid = variant->uid,
		.processes = PROCESSES,
		.files = FILES,
		.prepare = variant->prepare,
		.run = variant->run,
	};
	for (kind = 0; kind < KINDS; kind++) {
		self->control[kind] = samples_new(SAMPLES);
		self->attacked[kind] = samples_new(SAMPLES);
		ASSERT_NE(NULL, self->control[kind]);
		ASSERT_NE(NULL, self->attacked[kind]);
	}
}

FIXTURE_TEARDOWN(strangers)
{
	attack_stop(&self->attackers);
}

static bool is_good(enum kind kind, struct samples *control, struct samples *attacked)
{
	long long median = samples_rank(attacked, 50), usual = samples_rank(control, 50);
	long long late = samples_rank(attacked, MOST), usually = samples_rank(control, MOST);

	fprintf(stderr, "# %s: median %lld us, %lld beside busy loops; ", kind_names[kind],
		median / 1000, usual / 1000);
	fprintf(stderr, "most %lld us, %lld; %u and %u\n", late / 1000, usually / 1000,
		attacked->count, control->count);
	switch (kind) {
	case PUT:
		return late <= usually + PUT_NS;
	case HAND_OVER:
		return median <= 2 * usual + TURN_NS && late <= 2 * usually + TURNS_NS;
	default:
		return median <= 2 * usual + MEDIAN_NS && late <= 2 * usually + CALL_NS;
	}
}

TEST_F(strangers, delay_nobody)
{
	bool good[KINDS] = { false }, all = false;
	int attempt, kind;

	for (attempt = 0; attempt < ATTEMPTS && !all; attempt++) {
		ASSERT_EQ(0, attack_start_busy(&self->attackers, &self->attack));
		ASSERT_EQ(0, measure(self->control));
		attack_stop(&self->attackers);
		ASSERT_EQ(0, attack_start(&self->attackers, &self->attack));
		ASSERT_EQ(0, measure(self->attacked));
		attack_stop(&self->attackers);
		for (kind = 0, all = true; kind < KINDS; kind++) {
			good[kind] |= is_good(kind, self->control[kind], self->attacked[kind]);
			all &= good[kind];
		}
	}
	for (kind = 0; kind < KINDS; kind++) {
		EXPECT_TRUE(good[kind])
			TH_LOG("too late: %s", kind_names[kind]);
	}
}

/* Shares of an inbox. */

#define SHARE		4
#define ROUNDS		300

/* Posts whenever there is room, through more and more handles. */
static void flood(int channel, int pid)
{
	int fd = udp_bound(AF_INET), devices[16], i;

	for (i = 0; i < 16; i++)
		devices[i] = bound_to(pid);
	write(channel, &devices[15], sizeof(devices[15]));
	for (i = 0;; i = (i + 1) % 16)
		post_fd(devices[i], fd, 0);
}

static void post_at_once(int channel, int pid)
{
	int device = bound_to(pid), fd = udp_bound(AF_INET), i, error;

	for (say(channel, device);;) {
		for (i = 0, error = 0; i < SHARE && !error; i++)
			error = post_fd(device, fd, 0);
		say(channel, error);
	}
}

/* Accepts until a user's posts have come. */
static int accept_share(int inbox, uid_t uid)
{
	struct sockdup_accept accept;
	int fd, left = SHARE;

	while (left) {
		fd = accept_post(inbox, &accept);
		if (fd < 0 && fd != -EAGAIN)
			return fd;
		if (fd < 0)
			continue;
		close(fd);
		left -= accept.source.uid == uid;
	}
	return 0;
}

/* Neither another who is listed, nor the owner who posts, too, takes it. */
TEST(listed_users_get_their_share_at_any_time)
{
	const __u32 users[] = { VICTIM_UID, ATTACKER_UID, getuid() };
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = 3 * SHARE,
		.user_count = 3,
		.users = (uintptr_t)users,
	};
	struct child strangers, owners, victim;
	int inbox = device_open(), i;

	fcntl(inbox, F_SETFL, O_NONBLOCK);
	ASSERT_EQ(0, device_ioctl(inbox, SOCKDUP_IOC_INBOX, &open));
	ASSERT_EQ(0, child_start(&strangers, ATTACKER_UID, flood, getpid()));
	ASSERT_EQ(0, child_start(&owners, 0, flood, getpid()));
	ASSERT_EQ(0, child_start(&victim, VICTIM_UID, post_at_once, getpid()));
	EXPECT_LE(0, child_answer(&strangers));
	EXPECT_LE(0, child_answer(&owners));
	EXPECT_LE(0, child_answer(&victim));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, child_go_on(&victim));
		ASSERT_EQ(0, accept_share(inbox, VICTIM_UID));
	}
	child_end(&victim);
	child_end(&owners);
	child_end(&strangers);
}

/* How many slots a crowd of strangers takes that is one person with many ids. */
TEST(strangers_take_a_quarter_each_and_leave_the_owner_the_rest)
{
	int inbox = inbox_for_everybody(16), i, sender;
	struct child strangers[3];
	int fd = udp_bound(AF_INET);

	ASSERT_LE(0, inbox);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, child_start(&strangers[i], ATTACKER_UID + 20 + i, flood,
					 getpid()));
		ASSERT_LE(0, child_answer(&strangers[i]));
	}
	sender = bound_to(getpid());
	sleep_ms(50);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, post_fd(sender, fd, 0));
	EXPECT_EQ(-EAGAIN, post_fd(sender, fd, 0));
	for (i = 0; i < 3; i++)
		child_end(&strangers[i]);
}

SOCKDUP_TEST_MAIN
