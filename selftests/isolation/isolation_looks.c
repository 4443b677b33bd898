// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the looks at one user's registered sockets cost others: idle threads whose closes
 * linger have the kernel do nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "attack.h"
#include "harness.h"
#include "registration.h"

#define CLOSERS		1500
#define FILES		(2 * CLOSERS + 100)

/* From one step of the attack to the next, and then how long that is measured. */
#define SETTLE_US	1000000
#define MEASURE_US	5000000

/* Of one processor's time. */
#define COST_PERCENT	4

/**
 * struct closer - a thread whose close of a socket lingers
 * @fd: what it closes
 * @peer: does not read
 */
struct closer {
	int fd;
	int peer;
};

static void *close_lingering(void *closer)
{
	close(((struct closer *)closer)->fd);
	return NULL;
}

static int prepare_closer(struct closer *closer, int device, int event)
{
	int fds[2], error = tcp_pair(AF_INET, fds);

	if (error)
		return error;
	closer->fd = fds[0];
	closer->peer = fds[1];
	error = make_linger(closer->fd, closer->peer);
	if (error || device < 0)
		return error;
	return raw_event_select(device, closer->fd, event, SOCKDUP_FD_CLOSE);
}

/* Where the attack's context is not NULL, each socket has a registration. */
static int prepare_closers(struct attacker *self)
{
	struct closer *closers = calloc(CLOSERS, sizeof(*closers));
	int device = self->attack->context ? device_open() : -1;
	int event = new_event(), error = 0;
	pthread_attr_t small;
	pthread_t thread;
	unsigned int i;

	self->state = closers;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (i = 0; i < CLOSERS && !error; i++)
		error = prepare_closer(&closers[i], device, event);
	for (i = 0; i < CLOSERS && !error; i++)
		error = -pthread_create(&thread, &small, close_lingering,
					&closers[i]);
	return error;
}

/* The end of the peers wakes the sockets, and does not end the lingering. */
static void end_peers(struct attacker *self)
{
	struct closer *closers = self->state;
	unsigned int i;

	attacker_wait(self);
	for (i = 0; i < CLOSERS; i++)
		shutdown(closers[i].peer, SHUT_WR);
	attacker_report(self, 0);
	for (;;)
		pause();
}

/* How long all processors together have been busy, in clock ticks, or -errno. */
static long long busy_ticks(void)
{
	long long user, nice, system, irq, softirq;
	char *text = read_text("/proc/stat");
	int found = 0;

	if (text)
		found = sscanf(text, "cpu %lld %lld %lld %*d %*d %lld %lld",
			       &user, &nice, &system, &irq, &softirq);
	free(text);
	return found == 5 ? user + nice + system + irq + softirq : -EIO;
}

/* Per cent of one processor's time that goes while the attackers sleep, or -errno. */
static long long cost_of(const struct attack *attack)
{
	struct attackers attackers;
	long long cost = attack_start(&attackers, attack);
	long long before;

	if (cost)
		return cost;
	usleep(SETTLE_US);
	cost = attack_tell(&attackers, 0);
	if (!cost)
		cost = attack_hear(&attackers);
	if (!cost) {
		usleep(SETTLE_US);
		before = busy_ticks();
		usleep(MEASURE_US);
		cost = (busy_ticks() - before) * 100 /
		       (sysconf(_SC_CLK_TCK) * MEASURE_US / 1000000);
	}
	attack_stop(&attackers);
	return cost;
}

TEST(closes_that_linger_have_the_kernel_do_nothing)
{
	struct attack attack = {
		.uid = ATTACKER_UID,
		.processes = 1,
		.files = FILES,
		.prepare = prepare_closers,
		.run = end_peers,
	};
	long long usual, cost;
	bool good = false;
	int i;

	for (i = 0; i < ATTEMPTS && !good; i++) {
		attack.context = NULL;
		usual = cost_of(&attack);
		ASSERT_LE(0, usual);
		attack.context = &attack;
		cost = cost_of(&attack);
		ASSERT_LE(0, cost);
		TH_LOG("%lld %% of a processor, %lld %% without registrations",
		       cost, usual);
		good = cost <= usual + COST_PERCENT;
	}
	EXPECT_TRUE(good);
}

SOCKDUP_TEST_MAIN
