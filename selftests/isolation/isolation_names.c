// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user's AF_UNIX socket is connected again and again, and has many who wait for it.
 * The kernel wakes all of them under the lock that covers the socket's peer. A list of
 * all users' tokens, which tells the peer's name, does not wait for these wake-ups.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"
#include "genl.h"
#include "harness.h"

/* Those who wait for the socket. */
#define WATCHERS	4000

/* Tokens of the socket: each list looks at as many names. */
#define TOKENS		100
#define LASTING_MS	600000

/* What these may add to a list on a slow and busy machine; ten wake-ups of all take longer. */
#define TOKENS_NS	(50 * MS)

/* From one list to the next. */
#define PAUSE_US	1000

/* Until the attack is in full swing, and how long that is measured. */
#define SETTLE_US	1000000
#define MEASURE_MS	5000
#define SAMPLES		2000
#define SAMPLES_LEAST	3

/**
 * struct connector - the process that connects
 * @fd: its socket
 * @peer: the name that it connects to
 * @size: of @peer
 */
struct connector {
	int fd;
	struct sockaddr_un peer;
	socklen_t size;
};

static int watch(int fd)
{
	struct epoll_event wanted = { .events = EPOLLOUT | EPOLLET };
	int epoll, i;

	for (i = 0; i < WATCHERS; i++) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted))
			return -errno;
	}
	return 0;
}

static int export_often(int fd)
{
	struct sockdup_protocol_info info;
	int device = device_open(), error = 0, i;

	for (i = 0; i < TOKENS && !error; i++)
		error = raw_export(device, fd, getpid(), LASTING_MS, &info);
	return error;
}

/* The kernel chooses the peer's name. */
static int connect_first(struct connector *connector)
{
	struct sockaddr_un *peer = &connector->peer;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	connector->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	connector->size = sizeof(*peer);
	peer->sun_family = AF_UNIX;
	if (fd < 0 || connector->fd < 0 ||
	    bind(fd, (void *)peer, sizeof(peer->sun_family)) ||
	    getsockname(fd, (void *)peer, &connector->size) ||
	    connect(connector->fd, (void *)peer, connector->size))
		return -errno;
	return 0;
}

static int prepare(struct attacker *self)
{
	struct connector *connector = calloc(1, sizeof(*connector));
	int error;

	if (!connector)
		return -ENOMEM;
	self->state = connector;
	error = connect_first(connector);
	return error ?: watch(connector->fd) ?: export_often(connector->fd);
}

static void connect_for_ever(struct attacker *self)
{
	const struct connector *connector = self->state;

	attacker_report(self, 0);
	for (;;)
		connect(connector->fd, (const void *)&connector->peer,
			connector->size);
}

/* Each list has @least tokens. */
static int list_often(struct samples *samples, int least)
{
	static struct genl genl;
	long long begun, end = now_ns() + MEASURE_MS * MS;
	int error = genl_open(&genl);
	int count;

	while (!error && samples->count < samples->room && now_ns() < end) {
		begun = now_ns();
		count = genl_list(&genl, NULL, NULL, 0);
		samples_add(samples, now_ns() - begun);
		if (count < least)
			error = count < 0 ? count : -ENOENT;
		usleep(PAUSE_US);
	}
	genl_close(&genl);
	if (!error && samples->count < SAMPLES_LEAST)
		error = -ETIME;
	return error;
}

/* The median of root's lists in nanoseconds, or -errno. */
static long long measure(int least)
{
	struct samples *samples = samples_new(SAMPLES);
	int error;

	if (!samples)
		return -ENOMEM;
	usleep(SETTLE_US);
	error = list_often(samples, least);
	return error ? error : samples_rank(samples, 50);
}

static long long measure_beside_busy(const struct attack *attack)
{
	struct attackers attackers;
	long long median = attack_start_busy(&attackers, attack);

	if (median)
		return median;
	median = measure(0);
	attack_stop(&attackers);
	return median;
}

static long long measure_under_attack(const struct attack *attack)
{
	struct attackers attackers;
	long long median = attack_start(&attackers, attack);

	if (median)
		return median;
	median = attack_hear(&attackers);
	if (!median)
		median = measure(TOKENS);
	attack_stop(&attackers);
	return median;
}

TEST(lists_wait_for_no_socket_that_wakes_many)
{
	const struct attack attack = {
		.uid = ATTACKER_UID,
		.processes = 1,
		.files = WATCHERS + 1000,
		.prepare = prepare,
		.run = connect_for_ever,
	};
	long long busy, attacked;
	bool good = false;
	int i;

	for (i = 0; i < ATTEMPTS && !good; i++) {
		busy = measure_beside_busy(&attack);
		ASSERT_LT(0, busy);
		attacked = measure_under_attack(&attack);
		ASSERT_LT(0, attacked);
		TH_LOG("median: %lld us beside busy loops, %lld us under attack",
		       busy / 1000, attacked / 1000);
		good = attacked <= 2 * busy + TOKENS_NS;
	}
	EXPECT_TRUE(good);
}

SOCKDUP_TEST_MAIN
