// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_UNIX sockets that are in flight in each other's queues, or in their own,
 * with a token that holds one of them, and perhaps with the handle that this
 * token ends with in flight there, too. The kernel's collector of such cycles
 * knows neither tokens nor handles: while the token lives it has to leave all
 * that hangs on it alone, and the first collection after that takes the rest.
 *
 * The test keeps the peers of the sockets, which are told of the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/un.h>

#include "census.h"
#include "harness.h"

#define SHORT_TTL_MS	300

/* Cycles that there are at once, */
#define CYCLES		100
/* and one after the other. */
#define ROUNDS		1000

/**
 * struct cycle - sockets that hold each other, and tokens that hold some
 * @device: for exports where the cycle has no handle of its own
 * @target: of the tokens
 * @ttl_ms: their life
 * @infos: the tokens, first that of the first socket
 * @token_count: how many
 * @peers: kept by the test
 * @peer_count: how many
 */
struct cycle {
	int device;
	pid_t target;
	unsigned int ttl_ms;
	struct sockdup_protocol_info infos[2];
	unsigned int token_count;
	int peers[2];
	unsigned int peer_count;
};

static int export_member(struct cycle *cycle, int device, int fd,
			 unsigned int flags)
{
	return raw_export_with(device, fd, cycle->target, flags, cycle->ttl_ms,
			       &cycle->infos[cycle->token_count++]);
}

/* A socket with a peer, which puts into its queue what it is sent. */
static int make_member(struct cycle *cycle)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	cycle->peers[cycle->peer_count++] = fds[1];
	return fds[0];
}

static int receive_descriptor(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char data;
	struct iovec byte = { .iov_base = &data, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	int received;

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return -errno;
	if (!CMSG_FIRSTHDR(&message))
		return -ENOMSG;
	memcpy(&received, CMSG_DATA(&control.header), sizeof(received));
	return received;
}

/* 0 where the next that is in the queue of @fd is the file of @member. */
static int expect_member(int fd, int member)
{
	int received = receive_descriptor(fd);
	int same;

	if (received < 0)
		return received;
	same = same_file(0, received, 0, member);
	close(received);
	return same == 1 ? 0 : -EBADMSG;
}

static int expect_handle(int fd)
{
	struct sockdup_info info = { .size = sizeof(info) };
	int received = receive_descriptor(fd);
	int error;

	if (received < 0)
		return received;
	error = device_ioctl(received, SOCKDUP_IOC_INFO, &info);
	close(received);
	return error;
}

/* The shapes: how they are made, and what is found in the token's socket. */

static int build_itself(struct cycle *cycle)
{
	int fd = make_member(cycle);
	int error;

	if (fd < 0)
		return fd;
	error = send_descriptor(cycle->peers[0], fd);
	if (!error)
		error = export_member(cycle, cycle->device, fd, 0);
	close(fd);
	return error;
}

static int open_itself(int fd)
{
	return expect_member(fd, fd);
}

static int build_each_other(struct cycle *cycle)
{
	int first = make_member(cycle);
	int second = make_member(cycle);
	int error;

	error = send_descriptor(cycle->peers[0], second);
	if (!error)
		error = send_descriptor(cycle->peers[1], first);
	if (!error)
		error = export_member(cycle, cycle->device, first, 0);
	close(first);
	close(second);
	return error;
}

static int open_each_other(int fd)
{
	int second = receive_descriptor(fd);
	int error;

	if (second < 0)
		return second;
	error = expect_member(second, fd);
	close(second);
	return error;
}

static int build_two_tokens(struct cycle *cycle)
{
	int first = make_member(cycle);
	int second = make_member(cycle);
	int error;

	error = send_descriptor(cycle->peers[0], second);
	if (!error)
		error = send_descriptor(cycle->peers[1], first);
	if (!error)
		error = export_member(cycle, cycle->device, first, 0);
	if (!error)
		error = export_member(cycle, cycle->device, second, 0);
	close(first);
	close(second);
	return error;
}

/* In a connection that is not accepted yet. */
static int build_backlog(struct cycle *cycle)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	cycle->peers[cycle->peer_count++] = client;
	if (bind(listener, (void *)&address, sizeof(sa_family_t)) ||
	    getsockname(listener, (void *)&address, &size) ||
	    listen(listener, 1) || connect(client, (void *)&address, size))
		error = -errno;
	if (!error)
		error = send_descriptor(client, listener);
	if (!error)
		error = export_member(cycle, cycle->device, listener, 0);
	close(listener);
	return error;
}

static int open_backlog(int fd)
{
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int error;

	if (accepted < 0)
		return -errno;
	error = expect_member(accepted, fd);
	close(accepted);
	return error;
}

/* The handle is in the queue of the socket whose token ends with it. */
static int build_handle(struct cycle *cycle)
{
	int handle = device_open();
	int fd = make_member(cycle);
	int error;

	error = send_descriptor(cycle->peers[0], handle);
	if (!error)
		error = export_member(cycle, handle, fd,
				      SOCKDUP_EXPORT_END_ON_CLOSE);
	close(fd);
	close(handle);
	return error;
}

static int open_handle(int fd)
{
	return expect_handle(fd);
}

static int build_itself_and_handle(struct cycle *cycle)
{
	int handle = device_open();
	int fd = make_member(cycle);
	int error;

	error = send_descriptor(cycle->peers[0], fd);
	if (!error)
		error = send_descriptor(cycle->peers[0], handle);
	if (!error)
		error = export_member(cycle, handle, fd,
				      SOCKDUP_EXPORT_END_ON_CLOSE);
	close(fd);
	close(handle);
	return error;
}

static int open_itself_and_handle(int fd)
{
	int error = expect_member(fd, fd);

	return error ? error : expect_handle(fd);
}

/* The handle is in the queue of the other socket. */
static int build_each_other_and_handle(struct cycle *cycle)
{
	int handle = device_open();
	int first = make_member(cycle);
	int second = make_member(cycle);
	int error;

	error = send_descriptor(cycle->peers[0], second);
	if (!error)
		error = send_descriptor(cycle->peers[1], first);
	if (!error)
		error = send_descriptor(cycle->peers[1], handle);
	if (!error)
		error = export_member(cycle, handle, first,
				      SOCKDUP_EXPORT_END_ON_CLOSE);
	close(first);
	close(second);
	close(handle);
	return error;
}

static int open_each_other_and_handle(int fd)
{
	int second = receive_descriptor(fd);
	int error;

	if (second < 0)
		return second;
	error = expect_member(second, fd);
	if (!error)
		error = expect_handle(second);
	close(second);
	return error;
}

/* The first token's socket; there are no other tokens after that. */
static int import_first(struct cycle *cycle)
{
	int error = 0;

	while (cycle->token_count > 1 && !error)
		error = raw_revoke(cycle->device,
				   &cycle->infos[--cycle->token_count]);
	cycle->token_count = 0;
	return error ? error : raw_import(cycle->device, &cycle->infos[0], 0,
					  NULL);
}

/* Any close of such a socket does, as long as others are in flight. */
static void start_collection(void)
{
	close(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* Peers that saw it are closed. Data that nobody has read makes it a reset. */
static int wait_for_end_of(struct cycle *cycle)
{
	int error;

	while (cycle->peer_count) {
		error = wait_for_end(cycle->peers[cycle->peer_count - 1]);
		if (error && error != -ECONNRESET)
			return error;
		close(cycle->peers[--cycle->peer_count]);
	}
	return 0;
}

/* A collection from beginning to end: it has taken a cycle without a token. */
static int collect(void)
{
	struct cycle cycle = { 0 };
	int fd = make_member(&cycle);
	int error;

	if (fd < 0)
		return fd;
	error = send_descriptor(cycle.peers[0], fd);
	close(fd);
	start_collection();
	return error ? error : wait_for_end_of(&cycle);
}

FIXTURE(cycle) {
	struct cycle cycle;
	struct agent target;
	struct census before;
};

FIXTURE_VARIANT(cycle) {
	int (*build)(struct cycle *cycle);
	int (*open)(int fd);
	bool no_collection;	/* goes without */
	bool nests_locks;	/* the collector, of a listener and its embryo */
};

FIXTURE_VARIANT_ADD(cycle, with_itself) {
	.build = build_itself,
	.open = open_itself,
};

FIXTURE_VARIANT_ADD(cycle, with_each_other) {
	.build = build_each_other,
	.open = open_each_other,
};

FIXTURE_VARIANT_ADD(cycle, with_each_other_and_two_tokens) {
	.build = build_two_tokens,
	.open = open_each_other,
};

FIXTURE_VARIANT_ADD(cycle, with_backlog) {
	.build = build_backlog,
	.open = open_backlog,
	.nests_locks = true,
};

FIXTURE_VARIANT_ADD(cycle, with_handle) {
	.build = build_handle,
	.open = open_handle,
	.no_collection = true,
};

FIXTURE_VARIANT_ADD(cycle, with_itself_and_handle) {
	.build = build_itself_and_handle,
	.open = open_itself_and_handle,
};

FIXTURE_VARIANT_ADD(cycle, with_each_other_and_handle) {
	.build = build_each_other_and_handle,
	.open = open_each_other_and_handle,
};

FIXTURE_SETUP(cycle)
{
	/* Which it takes for one, and then gives up on the whole kernel. */
	if (variant->nests_locks && !access("/proc/lockdep_stats", F_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "the lock validator takes the collector amiss");
	ASSERT_EQ(0, take_census(&self->before));
	self->cycle.device = device_open();
	ASSERT_LE(0, self->cycle.device);
	self->cycle.target = getpid();
}

FIXTURE_TEARDOWN(cycle)
{
	agent_kill(&self->target);
}

/* The test has closed everything but the device. */
static void expect_nothing_left(struct __test_metadata *_metadata,
				struct cycle *cycle,
				const struct census *before)
{
	close(cycle->device);
	EXPECT_EQ(0, wait_for_census(before));
}

/* The token has ended, or is about to. */
static void expect_end(struct __test_metadata *_metadata, struct cycle *cycle,
		       const struct census *before, bool no_collection)
{
	EXPECT_EQ(0, wait_for_held(before->held));
	if (!no_collection)
		start_collection();
	EXPECT_EQ(0, wait_for_end_of(cycle));
	expect_nothing_left(_metadata, cycle, before);
}

TEST_F(cycle, goes_after_the_deadline)
{
	self->cycle.ttl_ms = SHORT_TTL_MS;
	ASSERT_EQ(0, variant->build(&self->cycle));
	expect_end(_metadata, &self->cycle, &self->before,
		   variant->no_collection);
}

TEST_F(cycle, goes_after_the_targets_death)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->cycle.target = self->target.pid;
	self->cycle.ttl_ms = LONG_TTL_MS;
	ASSERT_EQ(0, variant->build(&self->cycle));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	expect_end(_metadata, &self->cycle, &self->before,
		   variant->no_collection);
}

TEST_F(cycle, stays_while_a_token_lives)
{
	unsigned int i;
	int fd;

	self->cycle.ttl_ms = LONG_TTL_MS;
	ASSERT_EQ(0, variant->build(&self->cycle));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, collect());
	for (i = 0; i < self->cycle.peer_count; i++)
		EXPECT_EQ(0, recv_nothing(self->cycle.peers[i]));
	fd = import_first(&self->cycle);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, collect());
	EXPECT_EQ(0, variant->open(fd));
	close(fd);
	EXPECT_EQ(0, wait_for_end_of(&self->cycle));
	expect_nothing_left(_metadata, &self->cycle, &self->before);
}

TEST_F(cycle, goes_with_many_like_it)
{
	static struct cycle cycles[CYCLES];
	const unsigned int count = stress(CYCLES);
	unsigned int i;

	ASSERT_GE(CYCLES, count);
	self->cycle.ttl_ms = SHORT_TTL_MS;
	for (i = 0; i < count; i++) {
		cycles[i] = self->cycle;
		ASSERT_EQ(0, variant->build(&cycles[i]));
	}
	ASSERT_EQ(0, wait_for_held(self->before.held));
	if (!variant->no_collection)
		start_collection();
	for (i = 0; i < count; i++)
		ASSERT_EQ(0, wait_for_end_of(&cycles[i]));
	expect_nothing_left(_metadata, &self->cycle, &self->before);
}

static atomic_bool collecting;

static void *collect_on(void *unused)
{
	while (atomic_load(&collecting))
		start_collection();
	return NULL;
}

/* What the target gets is whole, however often the collector comes by. */
TEST_F(cycle, is_imported_during_collections)
{
	const unsigned int rounds = stress(ROUNDS);
	struct cycle *cycle = &self->cycle;
	pthread_t collector;
	unsigned int i;
	int fd;

	atomic_store(&collecting, true);
	ASSERT_EQ(0, pthread_create(&collector, NULL, collect_on, NULL));
	cycle->ttl_ms = LONG_TTL_MS;
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, variant->build(cycle));
		fd = import_first(cycle);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, variant->open(fd));
		close(fd);
		ASSERT_EQ(0, wait_for_end_of(cycle));
	}
	atomic_store(&collecting, false);
	pthread_join(collector, NULL);
	expect_nothing_left(_metadata, &self->cycle, &self->before);
}

SOCKDUP_TEST_MAIN
