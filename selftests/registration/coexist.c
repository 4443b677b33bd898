// SPDX-License-Identifier: GPL-2.0-only
/*
 * A registration in company: the socket is at the same time watched by epoll or
 * signals, or what it receives passes through TLS in the kernel or a BPF
 * program. Neither disturbs the other, whichever came first: all data arrives
 * as it was sent, the registration is told of all its events, and the company
 * of all that it asked for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#include "bpf.h"
#include "harness.h"
#include "page.h"
#include "registration.h"
#include "tls.h"

#define EVENTS	(SOCKDUP_FD_READ | SOCKDUP_FD_WRITE | SOCKDUP_FD_CLOSE)

/* More than fits into the buffers of a connection, in pieces of odd sizes. */
#define STREAM_SIZE	1000003
#define PIECE_SIZE	5003

/**
 * struct scene - a connection with a registration and company
 * @device: through which it was made
 * @event: set by it
 * @fd: the registered end,
 * @peer: and the other
 * @watchers: what the company watches with
 * @program_runs: a map in which a BPF program counts
 */
struct scene {
	int device;
	int event;
	int fd;
	int peer;
	int watchers[2];
	int program_runs;
};

/**
 * struct company - what uses the socket beside the registration
 * @join: 0, or -errno: -EOPNOTSUPP where the kernel has no such thing
 * @has_noticed: 0 where it has been told that something arrived, which is still
 *               there: data, or the end
 */
struct company {
	int (*join)(struct scene *scene);
	int (*has_noticed)(struct scene *scene);
};

/* epoll */

static int watch(struct scene *scene, int watcher, unsigned int flags)
{
	struct epoll_event wanted = { .events = EPOLLIN | flags };

	scene->watchers[watcher] = epoll_create1(EPOLL_CLOEXEC);
	return epoll_ctl(scene->watchers[watcher], EPOLL_CTL_ADD, scene->fd,
			 &wanted) ? -errno : 0;
}

static int has_reported(struct scene *scene, int watcher, int timeout)
{
	struct epoll_event report;
	int count;

	count = epoll_wait(scene->watchers[watcher], &report, 1, timeout);
	return count == 1 && report.events & EPOLLIN;
}

static int join_level(struct scene *scene)
{
	return watch(scene, 0, 0);
}

/* Again and again, as long as it is there. */
static int level_has_noticed(struct scene *scene)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (!has_reported(scene, 0, WAIT_MS))
			return -ETIME;
	}
	return 0;
}

static int join_edge(struct scene *scene)
{
	return watch(scene, 0, EPOLLET);
}

/* Once. */
static int edge_has_noticed(struct scene *scene)
{
	if (!has_reported(scene, 0, WAIT_MS))
		return -ETIME;
	return has_reported(scene, 0, 0) ? -EEXIST : 0;
}

static int join_exclusive(struct scene *scene)
{
	int error = watch(scene, 0, EPOLLEXCLUSIVE);

	return error ? error : watch(scene, 1, EPOLLEXCLUSIVE);
}

/* One of them at least: that is what the flag promises. */
static int exclusive_has_noticed(struct scene *scene)
{
	struct pollfd watchers[] = {
		{ .fd = scene->watchers[0], .events = POLLIN },
		{ .fd = scene->watchers[1], .events = POLLIN },
	};

	if (poll(watchers, 2, WAIT_MS) < 1)
		return -ETIME;
	return has_reported(scene, 0, 0) || has_reported(scene, 1, 0) ?
	       0 : -EPROTO;
}

/* Signals */

static int join_signals(struct scene *scene)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) ||
	    fcntl(scene->fd, F_SETOWN, getpid()) ||
	    fcntl(scene->fd, F_SETSIG, SIGRTMIN) ||
	    fcntl(scene->fd, F_SETFL, fcntl(scene->fd, F_GETFL) | O_ASYNC))
		return -errno;
	return 0;
}

static int signals_have_noticed(struct scene *scene)
{
	const struct timespec limit = { .tv_sec = WAIT_MS / 1000 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	do {
		if (sigtimedwait(&set, &info, &limit) < 0)
			return -ETIME;
	} while (info.si_fd != scene->fd || !(info.si_band & POLLIN));
	return 0;
}

/* TLS in the kernel */

static int join_tls(struct scene *scene)
{
	int error = speak_tls(scene->fd);

	return error ? error : speak_tls(scene->peer);
}

/*
 * What it deciphers is looked at, and is what was sent; or there is the end. A receive
 * that peeks hides the data for a moment, so the registration is re-armed after it,
 * where there is one. That a wake-up tells it is for registration_is_told_of_data.
 */
static int tls_has_noticed(struct scene *scene)
{
	int error = wait_for_poll(scene->fd, POLLIN);
	char seen[8] = { 0 };
	ssize_t size;

	if (error)
		return error;
	size = recv(scene->fd, seen, sizeof(seen), MSG_PEEK | MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	error = rearm_events(scene->device, scene->fd, SOCKDUP_FD_READ);
	if (error && error != -ENOENT)
		return error;
	return !size || !strcmp(seen, "text") ? 0 : -EBADMSG;
}

/* A BPF sockmap, with a verdict on what is received */

/* Counts in the first place of a map, and lets everything pass. */
static int load_verdict(int program_runs)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_10, .off = -4, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K,
		  .dst_reg = BPF_REG_2, .imm = -4 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = program_runs },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = 0, .off = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_1, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_W,
		  .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1, .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_SKB,
		.expected_attach_type = BPF_SK_SKB_STREAM_VERDICT,
	};

	return bpf_load(&attr, program, ARRAY_SIZE(program));
}

static int join_sockmap(struct scene *scene)
{
	union bpf_attr attr = { .attach_type = BPF_SK_SKB_STREAM_VERDICT };
	int map, verdict, error;

	map = bpf_map(BPF_MAP_TYPE_SOCKMAP, 1);
	if (map < 0)
		return map == -EINVAL ? -EOPNOTSUPP : map;
	scene->program_runs = bpf_map(BPF_MAP_TYPE_ARRAY, 1);
	verdict = load_verdict(scene->program_runs);
	if (verdict < 0)
		return verdict;
	attr.target_fd = map;
	attr.attach_bpf_fd = verdict;
	error = bpf(BPF_PROG_ATTACH, &attr);
	return error ? error : bpf_map_set(map, 0, scene->fd);
}

static bool program_has_run(void *context)
{
	struct scene *scene = context;
	__u32 runs = 0;

	return !bpf_map_get(scene->program_runs, 0, &runs) && runs;
}

/* No program is told of the end. */
static int sockmap_has_noticed(struct scene *scene)
{
	char byte;

	if (!recv(scene->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT))
		return 0;
	return wait_until(program_has_run, scene);
}

/* The connection. */

FIXTURE(company) {
	struct scene scene;
};

FIXTURE_VARIANT(company) {
	struct company company;
	bool comes_first;
};

FIXTURE_VARIANT_ADD(company, epoll_level) {
	.company = { join_level, level_has_noticed },
};

FIXTURE_VARIANT_ADD(company, epoll_level_before) {
	.company = { join_level, level_has_noticed },
	.comes_first = true,
};

FIXTURE_VARIANT_ADD(company, epoll_edge) {
	.company = { join_edge, edge_has_noticed },
};

FIXTURE_VARIANT_ADD(company, epoll_edge_before) {
	.company = { join_edge, edge_has_noticed },
	.comes_first = true,
};

FIXTURE_VARIANT_ADD(company, epoll_exclusive) {
	.company = { join_exclusive, exclusive_has_noticed },
};

FIXTURE_VARIANT_ADD(company, epoll_exclusive_before) {
	.company = { join_exclusive, exclusive_has_noticed },
	.comes_first = true,
};

FIXTURE_VARIANT_ADD(company, signals) {
	.company = { join_signals, signals_have_noticed },
};

FIXTURE_VARIANT_ADD(company, signals_before) {
	.company = { join_signals, signals_have_noticed },
	.comes_first = true,
};

FIXTURE_VARIANT_ADD(company, tls) {
	.company = { join_tls, tls_has_noticed },
};

FIXTURE_VARIANT_ADD(company, tls_before) {
	.company = { join_tls, tls_has_noticed },
	.comes_first = true,
};

FIXTURE_VARIANT_ADD(company, sockmap) {
	.company = { join_sockmap, sockmap_has_noticed },
};

FIXTURE_VARIANT_ADD(company, sockmap_before) {
	.company = { join_sockmap, sockmap_has_noticed },
	.comes_first = true,
};

static int register_scene(struct scene *scene)
{
	return register_events(scene->device, scene->fd, scene->event, EVENTS);
}

FIXTURE_SETUP(company)
{
	struct scene *scene = &self->scene;
	int fds[2], error;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	scene->fd = fds[0];
	scene->peer = fds[1];
	scene->event = new_event();
	ASSERT_LE(0, scene->event);
	scene->device = device_open();
	ASSERT_LE(0, scene->device);
	if (!variant->comes_first)
		ASSERT_EQ(0, register_scene(scene));
	error = variant->company.join(scene);
	if (error == -EOPNOTSUPP)
		SKIP(longjmp(_metadata->env, 1), "not in this kernel");
	ASSERT_EQ(0, error);
	if (variant->comes_first)
		ASSERT_EQ(0, register_scene(scene));
}

FIXTURE_TEARDOWN(company)
{
}

/* 0 once an event is told, whatever else is. */
static int wait_for_told(struct scene *scene, unsigned int event)
{
	int error, events;

	do {
		error = wait_for_event(scene->event);
		if (error)
			return error;
		events = enumerate_events(scene->device, scene->fd, NULL);
	} while (events >= 0 && !(events & event));
	return events < 0 ? events : 0;
}

static char byte_at(size_t offset)
{
	return offset * 31 + (offset >> 8);
}

static int send_stream(int fd)
{
	char piece[PIECE_SIZE];
	size_t done = 0, size, i;

	while (done < STREAM_SIZE) {
		size = STREAM_SIZE - done < sizeof(piece) ? STREAM_SIZE - done :
							    sizeof(piece);
		for (i = 0; i < size; i++)
			piece[i] = byte_at(done + i);
		if (send(fd, piece, size, MSG_NOSIGNAL) != (ssize_t)size)
			return -errno;
		done += size;
	}
	return 0;
}

/*
 * Takes what there is of the stream, from an offset on: the size, or -errno
 * where it is not the stream; @ended tells of the end.
 */
static ssize_t receive_piece(int fd, size_t offset, int flags, bool *ended)
{
	char piece[PIECE_SIZE];
	ssize_t size = recv(fd, piece, sizeof(piece), flags);
	ssize_t i;

	if (size < 0)
		return errno == EAGAIN ? 0 : -errno;
	*ended = !size;
	for (i = 0; i < size; i++) {
		if (piece[i] != byte_at(offset + i))
			return -EBADMSG;
	}
	return size;
}

/* In a child, which then has the only descriptor of the peer. */
static pid_t let_peer(struct scene *scene, int (*act)(int fd))
{
	pid_t child = fork();

	if (!child) {
		close(scene->fd);
		_exit(-act(scene->peer));
	}
	close(scene->peer);
	return child;
}

static int wait_for_peer(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* The stream, by its events, and CLOSE when all of it is there. */
static int receive_until_close(struct scene *scene, size_t wanted)
{
	int errors[SOCKDUP_EVENT_ERRORS];
	size_t received = 0;
	bool ended = false;
	ssize_t size;
	int events;

	for (;;) {
		if (wait_for_event(scene->event))
			return -ETIME;
		events = enumerate_events(scene->device, scene->fd, errors);
		if (events < 0)
			return events;
		if (events & SOCKDUP_FD_CLOSE)
			break;
		if (ended)
			return -ENOENT;
		while ((size = receive_piece(scene->fd, received, MSG_DONTWAIT,
					     &ended)) > 0)
			received += size;
		if (size < 0)
			return size;
		rearm_events(scene->device, scene->fd,
			     SOCKDUP_FD_READ | SOCKDUP_FD_CLOSE);
	}
	return received == wanted && !errors[__builtin_ctz(SOCKDUP_FD_CLOSE)] ?
	       0 : -EPROTO;
}

static int receive_stream(int fd)
{
	size_t received = 0;
	bool ended = false;
	ssize_t size;

	while (received < STREAM_SIZE && !ended) {
		size = receive_piece(fd, received, 0, &ended);
		if (size < 0)
			return size;
		received += size;
	}
	return received == STREAM_SIZE ? 0 : -EPROTO;
}

TEST_F(company, registration_is_told_of_data)
{
	char seen[8] = { 0 };

	ASSERT_EQ(4, send(self->scene.peer, "text", 4, 0));
	ASSERT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_READ));
	EXPECT_EQ(4, recv(self->scene.fd, seen, sizeof(seen), 0));
	EXPECT_STREQ("text", seen);
}

TEST_F(company, registration_is_told_of_each_arrival)
{
	char byte;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, send(self->scene.peer, "x", 1, 0));
		ASSERT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_READ));
		ASSERT_EQ(1, recv(self->scene.fd, &byte, 1, 0));
	}
}

TEST_F(company, registration_is_told_of_room)
{
	const char bytes[PIECE_SIZE] = { 0 };
	pid_t child;

	ASSERT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_WRITE));
	while (send(self->scene.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, rearm_events(self->scene.device, self->scene.fd,
				  SOCKDUP_FD_WRITE));
	child = fork();
	if (!child) {
		char room[PIECE_SIZE];

		while (recv(self->scene.peer, room, sizeof(room), 0) > 0)
			;
		_exit(0);
	}
	EXPECT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_WRITE));
	shutdown(self->scene.fd, SHUT_WR);
	EXPECT_EQ(0, wait_for_peer(child));
}

TEST_F(company, registration_is_told_of_the_end_after_all_data)
{
	pid_t child = let_peer(&self->scene, send_stream);

	EXPECT_EQ(0, receive_until_close(&self->scene, STREAM_SIZE));
	EXPECT_EQ(0, wait_for_peer(child));
}

TEST_F(company, registration_is_told_of_an_end_without_data)
{
	close(self->scene.peer);
	EXPECT_EQ(0, receive_until_close(&self->scene, 0));
}

TEST_F(company, registration_leaves_what_is_sent)
{
	pid_t child = let_peer(&self->scene, receive_stream);

	EXPECT_EQ(0, send_stream(self->scene.fd));
	EXPECT_EQ(0, wait_for_peer(child));
}

TEST_F(company, notices_data)
{
	ASSERT_EQ(4, send(self->scene.peer, "text", 4, 0));
	EXPECT_EQ(0, variant->company.has_noticed(&self->scene));
	EXPECT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_READ));
}

TEST_F(company, notices_data_that_has_been_told)
{
	ASSERT_EQ(4, send(self->scene.peer, "text", 4, 0));
	ASSERT_EQ(0, wait_for_told(&self->scene, SOCKDUP_FD_READ));
	EXPECT_EQ(0, variant->company.has_noticed(&self->scene));
}

TEST_F(company, notices_the_end)
{
	close(self->scene.peer);
	ASSERT_EQ(0, receive_until_close(&self->scene, 0));
	EXPECT_EQ(0, variant->company.has_noticed(&self->scene));
}

TEST_F(company, lives_on_when_the_registration_is_cancelled)
{
	char seen[8] = { 0 };

	ASSERT_EQ(0, cancel_events(self->scene.device, self->scene.fd));
	reset_event(self->scene.event);
	ASSERT_EQ(4, send(self->scene.peer, "text", 4, 0));
	EXPECT_EQ(0, variant->company.has_noticed(&self->scene));
	EXPECT_EQ(4, recv(self->scene.fd, seen, sizeof(seen), 0));
	EXPECT_STREQ("text", seen);
	EXPECT_FALSE(event_is_set(self->scene.event));
}

/* A receive whose data have no place yet. */
struct peek {
	int fd;
	struct page page;
	ssize_t size;
};

static void *peek_slowly(void *arg)
{
	struct peek *peek = arg;

	peek->size = recv(peek->fd, peek->page.memory, peek->page.size, MSG_PEEK);
	return NULL;
}

/* Until the receive puts them back, nobody sees them; not every kernel takes them. */
TEST(data_that_a_peek_of_tls_hides_is_told_by_a_rearm)
{
	struct scene scene = { .event = new_event(), .device = device_open() };
	struct peek peek;
	pthread_t thread;
	int fds[2], error;

	if (page_open_missing(&peek.page))
		SKIP(return, "no userfaultfd here");
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	scene.fd = fds[0];
	peek.fd = fds[0];
	scene.peer = fds[1];
	error = join_tls(&scene);
	if (error == -EOPNOTSUPP)
		SKIP(return, "not in this kernel");
	ASSERT_EQ(0, error);
	ASSERT_EQ(4, send(scene.peer, "text", 4, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, peek_slowly, &peek));
	ASSERT_EQ(0, page_wait_for_user(&peek.page));
	ASSERT_EQ(0, register_scene(&scene));
	ASSERT_EQ(0, page_fill(&peek.page));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(4, peek.size);
	ASSERT_EQ(0, rearm_events(scene.device, scene.fd, SOCKDUP_FD_READ));
	EXPECT_EQ(0, wait_for_told(&scene, SOCKDUP_FD_READ));
	page_close(&peek.page);
}

SOCKDUP_TEST_MAIN
