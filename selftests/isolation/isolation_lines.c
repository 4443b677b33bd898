// SPDX-License-Identifier: GPL-2.0-only
/*
 * In which line the last put of a socket waits, by the workqueue that the kernel's
 * trace names. A socket in the wrong line can hold up those of strangers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/un.h>

#include "harness.h"
#include "trace_log.h"

#define QUEUED	"workqueue/workqueue_queue_work"
#define OURS	"workqueue ~ \"sockdup_put*\""

/* A socket whose last put nobody makes but the worker, or -errno. */

static int make(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int connection(void)
{
	int fds[2], error = tcp_pair(AF_INET, fds);

	return error ? error : fds[0];
}

static int datagram(void)
{
	return udp_bound(AF_INET6);
}

static int local(void)
{
	return make(AF_UNIX, SOCK_STREAM);
}

static int netlink(void)
{
	return make(AF_NETLINK, SOCK_RAW);
}

static int packet(void)
{
	return make(AF_PACKET, SOCK_RAW);
}

static int named(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = local();

	snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/sockdup-line-%d", getpid());
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return -errno;
	unlink(name.sun_path);
	return fd;
}

static int lock(int fd)
{
	struct flock range = { .l_type = F_RDLCK };

	return fcntl(fd, F_OFD_SETLK, &range) ? -errno : fd;
}

static int locked(void)
{
	return lock(connection());
}

static int locked_local(void)
{
	return lock(local());
}

/* A slow kind, with a lock or without. */
static int locked_packet(void)
{
	return lock(packet());
}

static int locked_named(void)
{
	return lock(named());
}

/* The test's own, which outlives the children that it forks. */
static int set = -1;

static int watched(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = connection();

	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) ? -errno : fd;
}

/* In the network of a user, who makes its rules. */
static int ruled(void)
{
	int error = become_root_inside(CLONE_NEWNET);

	return error ? error : make(AF_INET, SOCK_DGRAM);
}

static int ruled_and_locked(void)
{
	return lock(ruled());
}

/* Root's own network has no such rules. */
static int apart(void)
{
	return unshare(CLONE_NEWNET) ? -errno : make(AF_INET, SOCK_DGRAM);
}

FIXTURE(put) {
	bool traced;
};

FIXTURE_VARIANT(put) {
	int (*make)(void);
	const char *queue;
};

FIXTURE_VARIANT_ADD(put, of_a_connection) { connection, "sockdup_put_inet" };
FIXTURE_VARIANT_ADD(put, of_a_datagram_socket) { datagram, "sockdup_put_inet" };
FIXTURE_VARIANT_ADD(put, in_another_network_of_roots) { apart, "sockdup_put_inet" };
FIXTURE_VARIANT_ADD(put, in_a_users_network) { ruled, "sockdup_put_ruled" };
FIXTURE_VARIANT_ADD(put, in_a_users_network_locked) { ruled_and_locked, "sockdup_put_ruled" };
FIXTURE_VARIANT_ADD(put, of_a_local_socket) { local, "sockdup_put_unix" };
FIXTURE_VARIANT_ADD(put, of_a_local_one_with_a_name) { named, "sockdup_put_named" };
FIXTURE_VARIANT_ADD(put, of_one_with_a_name_and_a_lock) { locked_named, "sockdup_put_named" };
FIXTURE_VARIANT_ADD(put, of_a_netlink_socket) { netlink, "sockdup_put_netlink" };
FIXTURE_VARIANT_ADD(put, of_a_locked_connection) { locked, "sockdup_put_locked" };
FIXTURE_VARIANT_ADD(put, of_a_locked_local_socket) { locked_local, "sockdup_put_locked" };
FIXTURE_VARIANT_ADD(put, of_a_packet_socket) { packet, "sockdup_put_other" };
FIXTURE_VARIANT_ADD(put, of_a_locked_packet_socket) { locked_packet, "sockdup_put_other" };
FIXTURE_VARIANT_ADD(put, of_what_is_in_an_epoll_set) { watched, "sockdup_put_watched" };

FIXTURE_SETUP(put)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(return, "the kernel has no tracefs");
	ASSERT_EQ(0, error);
	set = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, set);
	ASSERT_EQ(0, trace_log_add(QUEUED, OURS));
	self->traced = true;
}

FIXTURE_TEARDOWN(put)
{
	if (self->traced)
		EXPECT_EQ(0, trace_log_close());
}

/* The token ends with this process, its target. */
static int leave_to_a_token(int (*make)(void))
{
	struct sockdup_protocol_info info;
	int error, fd = make();

	if (fd < 0)
		return -fd;
	error = try_duplicate(fd, getpid(), &info);
	close(fd);
	return -error;
}

TEST_F(put, waits_in_its_line)
{
	struct trace_line line = { .times = 1 };
	pid_t child = fork();

	if (!child)
		_exit(leave_to_a_token(variant->make));
	ASSERT_EQ(0, outcome_of(child));
	snprintf(line.text, sizeof(line.text), "workqueue=%s ", variant->queue);
	EXPECT_EQ(0, trace_log_wait(line));
	/* And in no other. */
	EXPECT_EQ(1, trace_log_count("workqueue=sockdup_put"));
}

SOCKDUP_TEST_MAIN
