// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source that waits for outcomes in very many epoll sets does not delay the import
 * of its token: the importer does not wake the sets.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/resource.h>

#include "attack.h"
#include "harness.h"

#define WATCHERS	8000

#define ROUNDS		100
#define PAUSE_US	30000

FIXTURE(outcome) {
	int device;
	int fd;
	struct samples *few;
	struct samples *watched;
};

FIXTURE_SETUP(outcome)
{
	const struct rlimit limit = { WATCHERS + 1000, WATCHERS + 1000 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	self->device = device_open();
	ASSERT_LE(0, self->device);
	self->fd = udp_bound(AF_INET);
	ASSERT_LE(0, self->fd);
	self->few = samples_new(ROUNDS);
	self->watched = samples_new(ROUNDS);
	ASSERT_NE(NULL, self->few);
	ASSERT_NE(NULL, self->watched);
}

FIXTURE_TEARDOWN(outcome)
{
}

static int watch(int device, int count)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	int epoll, i;

	for (i = 0; i < count; i++) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, device, &wanted))
			return -errno;
	}
	return 0;
}

/* How long each import takes, after the workers have done with the one before. */
static int measure(int device, int fd, struct samples *samples)
{
	struct sockdup_protocol_info info;
	struct sockdup_outcome outcome;
	long long begun;
	int i, value;

	for (i = 0; i < ROUNDS; i++) {
		value = raw_export_with(device, fd, getpid(),
					SOCKDUP_EXPORT_REPORT, 0, &info);
		if (value)
			return value;
		begun = now_ns();
		value = raw_import(device, &info, 0, NULL);
		samples_add(samples, now_ns() - begun);
		if (value < 0)
			return value;
		close(value);
		if (read(device, &outcome, sizeof(outcome)) != sizeof(outcome))
			return -EIO;
		usleep(PAUSE_US);
	}
	return 0;
}

/*
 * An importer that woke the sets would take that long each time. The worker that does so
 * can keep an importer from running, where others need the processors, but not each time.
 */
TEST_F(outcome, waited_for_in_many_sets_does_not_delay_the_import)
{
	long long few, watched;
	bool good = false;
	int other = device_open();
	int i;

	ASSERT_LE(0, other);
	/* One has a worker woken, too. */
	ASSERT_EQ(0, watch(other, 1));
	ASSERT_EQ(0, watch(self->device, WATCHERS));
	for (i = 0; i < ATTEMPTS && !good; i++) {
		self->few->count = 0;
		self->watched->count = 0;
		ASSERT_EQ(0, measure(other, self->fd, self->few));
		ASSERT_EQ(0, measure(self->device, self->fd, self->watched));
		few = samples_rank(self->few, 10);
		watched = samples_rank(self->watched, 10);
		TH_LOG("%lld us, %lld us with one", watched / 1000, few / 1000);
		good = watched <= 2 * few;
	}
	EXPECT_TRUE(good);
}

SOCKDUP_TEST_MAIN
