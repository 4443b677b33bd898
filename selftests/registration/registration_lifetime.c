// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a registration: it ends with the handle that it was made through and
 * with the socket, which it never holds open. W80.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "census.h"
#include "clock.h"
#include "connection.h"
#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "traffic.h"

/* The end of a registration. One handle, apart from the library's. */
FIXTURE(handle) {
	struct connection connection;
	int device;
	int fd;
	int peer;
	int event;
};

FIXTURE_SETUP(handle)
{
	connection_set_up(_metadata, &self->connection, AF_INET);
	self->fd = self->connection.fd;
	self->peer = self->connection.peer;
	self->event = self->connection.event;
	self->device = device_open();
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(handle)
{
	close(self->device);
	close(self->event);
}

TEST_F(handle, counts_its_registrations)
{
	int other = udp_bound(AF_INET);

	ASSERT_EQ(0, count_registrations(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	EXPECT_EQ(1, count_registrations(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      CLOSE));
	EXPECT_EQ(1, count_registrations(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, other, self->event, READ));
	EXPECT_EQ(2, count_registrations(self->device));
	ASSERT_EQ(0, ask(other, self->event, READ));
	EXPECT_EQ(1, count_registrations(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, -1, 0));
	EXPECT_EQ(0, count_registrations(self->device));
}

TEST_F(handle, closed_ends_its_registrations)
{
	int other = new_event();

	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	ASSERT_EQ(READ, mask_of(self->fd));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, mask_of(self->fd));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(event_is_set(self->event));
	self->device = device_open();
}

TEST_F(handle, closed_leaves_what_others_registered_since)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
	self->device = device_open();
}

TEST_F(handle, of_another_is_EPERM_in_the_same_process)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	EXPECT_EQ(-EPERM, take(self->fd));
	EXPECT_EQ(-EPERM, try_event_inherit(self->peer, self->fd));
	/* That tells nothing. */
	EXPECT_EQ(0, try_event_rearm(self->fd, READ));
}

TEST_F(handle, W80_last_close_sends_the_peer_its_end)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(handle, W80_last_close_is_not_told_and_ends_the_registration)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, wait_for_no_registration(self->device));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(handle, W80_last_close_of_a_listener_frees_its_address)
{
	int listener = tcp_listener(AF_INET);
	struct address address = bound_address(listener);

	ASSERT_EQ(0, raw_event_select(self->device, listener, self->event,
				      ACCEPT));
	ASSERT_EQ(0, close(listener));
	EXPECT_EQ(0, wait_for_free_address(SOCK_STREAM, &address));
	EXPECT_EQ(0, wait_for_no_registration(self->device));
}

TEST_F(handle, W80_close_of_one_descriptor_ends_nothing)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, arrive(self->peer, copy, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	EXPECT_EQ(1, count_registrations(self->device));
	ASSERT_EQ(0, close(copy));
	EXPECT_EQ(0, wait_for_no_registration(self->device));
}

/* Datagrams that are told of one by one. */
#define DATAGRAMS	51

static int compare(const void *first, const void *second)
{
	const long long *a = first, *b = second;

	return (*a > *b) - (*a < *b);
}

/* How long it takes until a datagram is told of: the median, or -errno. */
static long long time_datagrams(int fd, int peer, int event)
{
	long long times[DATAGRAMS];
	int i, events;

	for (i = 0; i < DATAGRAMS; i++) {
		times[i] = -now_ns();
		if (send(peer, "x", 1, 0) != 1)
			return -errno;
		events = come(fd, event, READ);
		times[i] += now_ns();
		if (events != READ || receive(fd, 1) != 1)
			return events < 0 ? events : -EPROTO;
	}
	qsort(times, DATAGRAMS, sizeof(times[0]), compare);
	return times[DATAGRAMS / 2];
}

static void *close_lingering(void *fd)
{
	close(*(int *)fd);
	return NULL;
}

/* What is slower than this, for a datagram, has waited for a clock. */
#define SLOW_NS		10000000

/*
 * Its close keeps it locked, so that the look which its wake-up asks for is tried
 * again and again, every 20 ms. A datagram is told of in a part of that.
 */
TEST_F(handle, W80_last_close_that_lingers_delays_no_other_event)
{
	struct address address = bound_address(self->fd);
	int event = new_event();
	long long before, meanwhile;
	pthread_t closer;
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
				fds));
	ASSERT_EQ(0, ask(fds[0], event, READ));
	before = time_datagrams(fds[0], fds[1], event);
	ASSERT_LT(0, before);

	ASSERT_EQ(0, make_linger(self->fd, self->peer));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_lingering, &self->fd));
	ASSERT_EQ(0, wait_for_closing(&address));
	/* The end of the peer wakes it, and does not end the lingering. */
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	meanwhile = time_datagrams(fds[0], fds[1], event);
	EXPECT_LT(0, meanwhile);
	EXPECT_GT(4 * before > SLOW_NS ? 4 * before : SLOW_NS, meanwhile) {
		TH_LOG("%lld ns, and %lld before", meanwhile, before);
	}
	ASSERT_EQ(0, close(self->peer));
	ASSERT_EQ(0, pthread_join(closer, NULL));
}

/* A few that others have in the meantime, be it for what /proc shows. */
#define OTHER_INODES	64

struct inodes {
	long most;
	long now;
};

static bool inodes_are_no_more(void *context)
{
	struct inodes *inodes = context;

	inodes->now = read_number("/proc/sys/fs/inode-nr");
	return inodes->now >= 0 && inodes->now <= inodes->most;
}

TEST_F(handle, keeps_nothing_of_sockets_that_were_closed)
{
	long rounds = stress(100000);
	struct inodes inodes;
	struct census before;
	long i;
	int fd;

	ASSERT_EQ(0, take_census(&before));
	inodes.most = read_number("/proc/sys/fs/inode-nr") + OTHER_INODES;
	for (i = 0; i < rounds; i++) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, raw_event_select(self->device, fd, self->event,
					      READ));
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_EQ(0, wait_for_no_registration(self->device));
	EXPECT_EQ(0, wait_until(inodes_are_no_more, &inodes)) {
		TH_LOG("%ld inodes, %ld at most", inodes.now, inodes.most);
	}
	EXPECT_EQ(0, wait_for_census(&before));
}

/* More than one step of a sweep looks at, whichever come first. */
TEST_F(handle, keeps_those_of_open_sockets_among_closed_ones)
{
	int fds[300];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = udp_bound(AF_INET);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, raw_event_select(self->device, fds[i], self->event,
					      READ));
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		if (i % 3)
			ASSERT_EQ(0, close(fds[i]));
	EXPECT_EQ(0, wait_for_registrations(self->device,
					    ARRAY_SIZE(fds) / 3));
	for (i = 0; i < ARRAY_SIZE(fds); i += 3)
		EXPECT_EQ(READ, mask_of(fds[i]));
	EXPECT_EQ((long)ARRAY_SIZE(fds) / 3,
		  count_registrations(self->device));
	for (i = 0; i < ARRAY_SIZE(fds); i += 3)
		close(fds[i]);
}

/* The test is root, and may exceed its own limit. */
TEST_F(handle, of_root_is_not_bounded)
{
	struct rlimit limit;
	int fds[64];
	int i;

	for (i = 0; i < 64; i++)
		fds[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 8;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0, raw_event_select(self->device, fds[i],
					      self->event, READ));
}

SOCKDUP_TEST_MAIN
