// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inbox: what is posted is accepted, in order, with what the sender says of it; what
 * cannot be posted or accepted changes nothing; and each end of a post lets go of its
 * sockets.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "child.h"
#include "clock.h"
#include "harness.h"
#include "inbox_call.h"

#define SLOTS		4

/* The test is receiver and sender. */
FIXTURE(inbox) {
	int inbox;
	int sender;
	int fd;
	int peer;
};

FIXTURE_SETUP(inbox)
{
	int fds[2];

	self->inbox = inbox_of_slots(SLOTS);
	ASSERT_LE(0, self->inbox);
	self->sender = bound_to(getpid());
	ASSERT_LE(0, self->sender);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = fds[0];
	self->peer = fds[1];
}

FIXTURE_TEARDOWN(inbox)
{
	close(self->sender);
	close(self->inbox);
	close(self->fd);
	close(self->peer);
}

static int poll_now(int device)
{
	struct pollfd entry = { .fd = device, .events = POLLIN | POLLOUT };

	return poll(&entry, 1, 0) < 0 ? -errno : entry.revents;
}

TEST_F(inbox, gives_what_was_posted)
{
	struct sockdup_accept accept;
	__u64 id;
	int fd;

	EXPECT_EQ(0, post_with(self->sender, self->fd, 0, 0x1122334455667788, &id));
	fd = accept_post(self->inbox, &accept);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(id, accept.id);
	EXPECT_EQ(0x1122334455667788, accept.cookie);
	EXPECT_EQ(1, accept.socket_count);
	EXPECT_EQ(0, accept.message_size);
	EXPECT_EQ(getpid(), accept.source.pid);
	EXPECT_EQ(0, accept.source.uid);
	EXPECT_EQ(0, accept.source.gid);
	EXPECT_EQ(0, pass_bytes(fd, self->peer));
	EXPECT_EQ(-EAGAIN, accept_post(self->inbox, &accept));
	close(fd);
	EXPECT_EQ(0, recv_nothing(self->peer));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(inbox, keeps_the_order)
{
	struct sockdup_accept accept;
	__u64 last = 0;
	int i, fd;

	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	for (i = 0; i < SLOTS; i++) {
		fd = accept_post(self->inbox, &accept);
		ASSERT_LE(0, fd);
		close(fd);
		EXPECT_EQ(i, accept.cookie);
		EXPECT_NE(last, accept.id);
		last = accept.id;
	}
}

TEST_F(inbox, that_is_full_has_room_again_after_an_accept)
{
	struct sockdup_accept accept;
	int i;

	EXPECT_EQ(POLLOUT, poll_now(self->sender));
	EXPECT_EQ(0, poll_now(self->inbox));
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(-EAGAIN, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(0, poll_now(self->sender));
	EXPECT_EQ(POLLIN, poll_now(self->inbox));
	close(accept_post(self->inbox, &accept));
	EXPECT_EQ(0, wait_for_poll(self->sender, POLLOUT));
	EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(-EAGAIN, post_fd(self->sender, self->fd, i));
}

static int edges_of(int device, unsigned int events)
{
	struct epoll_event event = { .events = events | EPOLLET };
	int set = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(set, EPOLL_CTL_ADD, device, &event) ? -errno : set;
}

/* What an epoll set tells within @ms, or 0. */
static int next_edge(int set, int ms)
{
	struct epoll_event event = { };

	return epoll_wait(set, &event, 1, ms) < 0 ? -errno : (int)event.events;
}

TEST_F(inbox, tells_edges_of_room)
{
	struct sockdup_accept accept;
	int set = edges_of(self->sender, EPOLLOUT), i;

	ASSERT_LE(0, set);
	EXPECT_EQ(EPOLLOUT, next_edge(set, 0));
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(-EAGAIN, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(0, next_edge(set, 0));
	close(accept_post(self->inbox, &accept));
	EXPECT_EQ(EPOLLOUT, next_edge(set, WAIT_MS));
	close(set);
}

TEST_F(inbox, tells_edges_of_posts)
{
	int set = edges_of(self->inbox, EPOLLIN);

	ASSERT_LE(0, set);
	EXPECT_EQ(0, next_edge(set, 0));
	EXPECT_EQ(0, post_fd(self->sender, self->fd, 0));
	EXPECT_EQ(EPOLLIN, next_edge(set, WAIT_MS));
	EXPECT_EQ(0, next_edge(set, 0));
	EXPECT_EQ(0, post_fd(self->sender, self->fd, 0));
	EXPECT_EQ(EPOLLIN, next_edge(set, WAIT_MS));
	close(set);
}

/* Whatever a sender waits for. */
TEST_F(inbox, that_ends_is_told_to_all_who_are_bound)
{
	int others[3], sets[3], i;

	for (i = 0; i < 3; i++) {
		others[i] = bound_to(getpid());
		sets[i] = edges_of(others[i], i ? EPOLLOUT : 0);
		ASSERT_LE(0, sets[i]);
		EXPECT_EQ(i ? EPOLLOUT : 0, next_edge(sets[i], 0));
	}
	close(self->inbox);
	self->inbox = -1;
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(next_edge(sets[i], WAIT_MS) & EPOLLERR);
		close(sets[i]);
		close(others[i]);
	}
}

struct waiter {
	int device;
	int fd;
	int result;
};

static void *wait_for_post(void *context)
{
	struct waiter *self = context;
	struct sockdup_accept accept;

	self->result = accept_post(self->device, &accept);
	return NULL;
}

static void *wait_for_room(void *context)
{
	struct waiter *self = context;

	self->result = post_fd(self->device, self->fd, 7);
	return NULL;
}

/* The thread that was started last sleeps in the kernel: 0. */
static bool thread_sleeps(void *context)
{
	char *text = read_text(context);
	char *behind = text ? strrchr(text, ')') : NULL;
	bool sleeps = behind && behind[2] == 'S';

	free(text);
	return sleeps;
}

static int start_waiter(pthread_t *thread, void *(*run)(void *), struct waiter *waiter)
{
	char path[64];
	int error = pthread_create(thread, NULL, run, waiter);

	if (error)
		return -error;
	/* Ids of threads go up, and the test makes one at a time. */
	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat",
		 read_number("/proc/sys/kernel/ns_last_pid"));
	return wait_until(thread_sleeps, path);
}

TEST_F(inbox, wakes_a_caller_that_waits_for_a_post)
{
	struct waiter waiter = { .device = self->inbox };
	pthread_t thread;

	fcntl(self->inbox, F_SETFL, 0);
	ASSERT_EQ(0, start_waiter(&thread, wait_for_post, &waiter));
	EXPECT_EQ(0, post_fd(self->sender, self->fd, 0));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, same_file(0, waiter.result, 0, self->fd));
}

TEST_F(inbox, wakes_a_caller_that_waits_for_room)
{
	struct waiter waiter = { .device = self->sender, .fd = self->fd };
	struct sockdup_accept accept;
	pthread_t thread;
	int i;

	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	fcntl(self->sender, F_SETFL, 0);
	ASSERT_EQ(0, start_waiter(&thread, wait_for_room, &waiter));
	close(accept_post(self->inbox, &accept));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, waiter.result);
	for (i = 0; i < SLOTS; i++)
		close(accept_post(self->inbox, &accept));
	EXPECT_EQ(7, accept.cookie);
}

static void *post_for_a_moment(void *context)
{
	struct waiter *self = context;
	struct sockdup_post post = { .fd = self->fd, .cookie = 7, .ttl_ms = 2000 };

	self->result = device_ioctl(self->device, SOCKDUP_IOC_POST, &post);
	return NULL;
}

/* What a sender waits for room is no part of it. */
TEST_F(inbox, life_begins_with_the_post)
{
	struct waiter waiter = { .device = self->sender, .fd = self->fd };
	struct sockdup_accept accept;
	pthread_t thread;
	int i;

	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	fcntl(self->sender, F_SETFL, 0);
	ASSERT_EQ(0, start_waiter(&thread, post_for_a_moment, &waiter));
	sleep_ms(2500);
	for (i = 0; i < SLOTS; i++)
		close(accept_post(self->inbox, &accept));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, waiter.result);
	close(accept_post(self->inbox, &accept));
	EXPECT_EQ(7, accept.cookie);
}

TEST_F(inbox, that_ends_releases_a_caller_that_waits_for_room)
{
	struct waiter waiter = { .device = self->sender, .fd = self->fd };
	pthread_t thread;
	int i;

	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	fcntl(self->sender, F_SETFL, 0);
	ASSERT_EQ(0, start_waiter(&thread, wait_for_room, &waiter));
	close(self->inbox);
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EPIPE, waiter.result);
}

TEST_F(inbox, gives_a_message)
{
	char text[] = "GET / HTTP/1.1", room[32];
	struct sockdup_post post = {
		.fd = self->fd,
		.message = (uintptr_t)text,
		.message_size = sizeof(text),
	};
	struct sockdup_accept accept = {
		.message = (uintptr_t)room,
		.message_room = sizeof(text) - 1,
	};
	int fd;

	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(-EMSGSIZE, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	EXPECT_EQ(sizeof(text), accept.message_size);
	accept.message_room = sizeof(room);
	fd = device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(sizeof(text), accept.message_size);
	EXPECT_STREQ(text, room);
	close(fd);
	post.message_size = 257;
	EXPECT_EQ(-EMSGSIZE, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
}

TEST_F(inbox, posts_though_the_name_cannot_be_written)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct sockdup_post *post = mmap(NULL, page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sockdup_accept accept;
	int fd;

	ASSERT_NE(MAP_FAILED, post);
	*post = (struct sockdup_post){ .fd = self->fd, .cookie = 4 };
	ASSERT_EQ(0, mprotect(post, page, PROT_READ));
	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, post));
	EXPECT_EQ(0, post->id);
	fd = accept_post(self->inbox, &accept);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(4, accept.cookie);
	munmap(post, page);
}

TEST_F(inbox, gives_several_sockets_or_none)
{
	int fds[] = { self->fd, self->peer, self->fd }, got[3], i;
	struct sockdup_post post = {
		.fd = -1,
		.fds = (uintptr_t)fds,
		.socket_count = 3,
	};
	struct sockdup_accept accept = { .fds = (uintptr_t)got, .socket_room = 2 };

	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(-EMSGSIZE, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	EXPECT_EQ(3, accept.socket_count);
	accept.socket_room = 3;
	EXPECT_EQ(0, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, same_file(0, got[i], 0, fds[i]));
		close(got[i]);
	}
	fds[2] = STDIN_FILENO;
	EXPECT_EQ(-ENOTSOCK, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	fds[2] = 9999;
	EXPECT_EQ(-EBADF, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	post.socket_count = 17;
	EXPECT_EQ(-EMSGSIZE, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	post.fd = self->fd;
	EXPECT_EQ(-EINVAL, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(-EAGAIN, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
}

TEST_F(inbox, lets_go_of_a_revoked_post)
{
	struct sockdup_accept accept;
	__u64 id;
	int i;

	for (i = 0; i < SLOTS - 1; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(0, post_with(self->sender, self->fd, SOCKDUP_POST_CLOSE, i, &id));
	EXPECT_EQ(-EBADF, fcntl(self->fd, F_GETFD) < 0 ? -errno : 0);
	EXPECT_EQ(-ENOENT, revoke_post(self->sender, id ^ 1ULL << 63));
	EXPECT_EQ(0, revoke_post(self->sender, id));
	EXPECT_EQ(-ENOENT, revoke_post(self->sender, id));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(POLLOUT, poll_now(self->sender));
	for (i = 0; i < SLOTS - 1; i++) {
		close(accept_post(self->inbox, &accept));
		EXPECT_EQ(i, accept.cookie);
	}
	EXPECT_EQ(-EAGAIN, accept_post(self->inbox, &accept));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(inbox, lets_go_of_a_post_that_nobody_accepts_in_time)
{
	struct sockdup_post post = {
		.fd = self->fd,
		.flags = SOCKDUP_POST_CLOSE,
		.ttl_ms = 100,
	};
	struct sockdup_accept accept;

	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EAGAIN, accept_post(self->inbox, &accept));
	EXPECT_EQ(-ENOENT, revoke_post(self->sender, post.id));
	post.ttl_ms = LONG_TTL_MS + 1;
	post.fd = self->peer;
	EXPECT_EQ(-EINVAL, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
}

TEST_F(inbox, does_not_give_what_is_late)
{
	struct sockdup_post post = { .fd = self->fd, .ttl_ms = 1 };
	struct sockdup_accept accept;

	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	sleep_ms(5);
	EXPECT_EQ(-EAGAIN, accept_post(self->inbox, &accept));
}

TEST_F(inbox, that_is_closed_lets_go_of_its_posts)
{
	EXPECT_EQ(0, post_with(self->sender, self->fd, SOCKDUP_POST_CLOSE, 0, NULL));
	EXPECT_EQ(0, recv_nothing(self->peer));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EPIPE, post_fd(self->sender, self->peer, 0));
	EXPECT_TRUE(poll_now(self->sender) & POLLERR);
	EXPECT_EQ(-ECONNREFUSED, bound_to(getpid()));
	self->inbox = inbox_of_slots(1);
	EXPECT_LE(0, self->inbox);
	EXPECT_EQ(-EPIPE, post_fd(self->sender, self->peer, 0));
}

TEST_F(inbox, keeps_what_a_closed_sender_posted)
{
	struct sockdup_accept accept;
	int fd;

	EXPECT_EQ(0, post_fd(self->sender, self->fd, 3));
	close(self->sender);
	self->sender = -1;
	fd = accept_post(self->inbox, &accept);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(getpid(), accept.source.pid);
}

TEST_F(inbox, keeps_a_post_for_which_there_is_no_descriptor)
{
	struct rlimit usual, few;
	struct sockdup_accept accept;
	int fd;

	EXPECT_EQ(0, post_fd(self->sender, self->fd, 5));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &usual));
	few = usual;
	few.rlim_cur = next_descriptor();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, accept_post(self->inbox, &accept));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &usual));
	EXPECT_EQ(POLLIN, poll_now(self->inbox));
	fd = accept_post(self->inbox, &accept);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(5, accept.cookie);
}

TEST_F(inbox, declines)
{
	struct sockdup_accept accept;
	__u64 id;

	EXPECT_EQ(0, post_fd(self->sender, self->peer, 8));
	EXPECT_EQ(0, post_with(self->sender, self->fd, SOCKDUP_POST_CLOSE, 9, &id));
	EXPECT_EQ(0, revoke_post(self->inbox, id));
	EXPECT_EQ(-ENOENT, revoke_post(self->inbox, id));
	EXPECT_EQ(-ENOENT, revoke_post(self->sender, id));
	EXPECT_EQ(0, wait_for_end(self->peer));
	close(accept_post(self->inbox, &accept));
	EXPECT_EQ(8, accept.cookie);
}

TEST_F(inbox, has_one_role)
{
	struct sockdup_inbox_open open = { .size = sizeof(open), .slots = 1 };
	struct sockdup_protocol_info info;
	struct sockdup_accept accept;
	int device = device_open();

	EXPECT_EQ(-EBUSY, bind_with(self->inbox, getpid(), 0));
	EXPECT_EQ(-EBUSY, bind_with(self->sender, getpid(), 0));
	EXPECT_EQ(-EBUSY, device_ioctl(self->sender, SOCKDUP_IOC_INBOX, &open));
	EXPECT_EQ(-EBUSY, device_ioctl(self->inbox, SOCKDUP_IOC_INBOX, &open));
	EXPECT_EQ(-EBUSY, raw_export_with(self->sender, self->fd, getpid(),
					  SOCKDUP_EXPORT_REPORT, 0, &info));
	/* The process has one. */
	EXPECT_EQ(-EBUSY, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	EXPECT_EQ(-ENOTCONN, post_fd(device, self->fd, 0));
	EXPECT_EQ(-EINVAL, accept_post(device, &accept));
	EXPECT_EQ(-EINVAL, accept_post(self->sender, &accept));
	EXPECT_EQ(-ENOTCONN, revoke_post(device, 1));
	/* A refusal leaves the handle as it was. */
	EXPECT_EQ(0, raw_export_with(device, self->fd, getpid(), SOCKDUP_EXPORT_REPORT,
				     0, &info));
	EXPECT_EQ(-EBUSY, bind_with(device, getpid(), 0));
	close(device);
}

TEST_F(inbox, refuses_what_is_wrong)
{
	__u32 users[] = { 0, 0 };
	struct sockdup_inbox_open open = { .size = sizeof(open) };
	int device = device_open();

	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.slots = SOCKDUP_MAX_SLOTS + 1;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.slots = 1;
	open.message_size = SOCKDUP_MAX_MESSAGE + 1;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.message_size = 0;
	open.max_sockets = SOCKDUP_MAX_SOCKETS + 1;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.max_sockets = 1;
	open.flags = 2;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.flags = SOCKDUP_INBOX_ANYBODY;
	open.user_count = 1;
	open.users = (uintptr_t)users;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.flags = 0;
	open.user_count = 2;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.slots = 2;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	open.users = 8;
	EXPECT_EQ(-EFAULT, device_ioctl(device, SOCKDUP_IOC_INBOX, &open));
	EXPECT_EQ(-EINVAL, bind_with(device, 0, 0));
	EXPECT_EQ(-EINVAL, bind_with(device, 1, 4));
	EXPECT_EQ(-EBADF, bind_with(device, 9999, SOCKDUP_BIND_TO_PIDFD));
	EXPECT_EQ(-ENOTSOCK, bind_with(device, STDIN_FILENO, SOCKDUP_BIND_TO_PEER));
	EXPECT_EQ(-ECONNREFUSED, bind_with(device, 1, 0));
	EXPECT_EQ(-EBADF, post_fd(self->sender, 9999, 0));
	EXPECT_EQ(-ENOTSOCK, post_fd(self->sender, STDIN_FILENO, 0));
	EXPECT_EQ(-EINVAL, post_with(self->sender, self->fd, 2, 0, NULL));
	close(device);
}

TEST_F(inbox, structs_may_grow)
{
	struct {
		struct sockdup_bind known;
		__u32 unknown;
	} bind = { .known = { .size = sizeof(bind), .target = getpid() } };
	int device = device_open();

	bind.known.size = SOCKDUP_BIND_SIZE_VER0 - 1;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_BIND, &bind));
	bind.known.size = sizeof(bind);
	bind.unknown = 1;
	EXPECT_EQ(-E2BIG, device_ioctl(device, SOCKDUP_IOC_BIND, &bind));
	bind.unknown = 0;
	EXPECT_EQ(0, device_ioctl(device, SOCKDUP_IOC_BIND, &bind));
	EXPECT_EQ(SLOTS, bind.known.slots);
	EXPECT_EQ(256, bind.known.message_size);
	EXPECT_EQ(16, bind.known.max_sockets);
	EXPECT_EQ(0, post_fd(device, self->fd, 0));
	close(device);
}

TEST_F(inbox, stays_as_it_is_where_memory_is_not_there)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sockdup_post post = {
		.fd = self->fd,
		.message = (uintptr_t)memory + page - 8,
		.message_size = 16,
	};
	struct sockdup_accept accept = {
		.message = (uintptr_t)memory + page - 8,
		.message_room = 16,
	};
	int fd;

	ASSERT_NE(MAP_FAILED, memory);
	/* Pages that come with the first use. */
	EXPECT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	ASSERT_EQ(0, munmap(memory + page, page));
	EXPECT_EQ(-EFAULT, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(-EFAULT, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	EXPECT_EQ(-EFAULT, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, (void *)8));
	accept.message = (uintptr_t)memory;
	fd = device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(-EAGAIN, device_ioctl(self->inbox, SOCKDUP_IOC_ACCEPT, &accept));
	munmap(memory, page);
}

static void receive_as_child(int channel, int slots)
{
	struct sockdup_accept accept;
	int inbox = inbox_of_slots(slots);

	say(channel, inbox);
	for (;;)
		say(channel, accept_post(inbox, &accept));
}

TEST_F(inbox, of_another_process)
{
	struct child child;
	int pidfd, device = device_open();

	ASSERT_EQ(0, child_start(&child, 0, receive_as_child, 2));
	ASSERT_LE(0, child_answer(&child));
	pidfd = syscall(SYS_pidfd_open, child.pid, 0);
	EXPECT_EQ(0, bind_with(device, pidfd, SOCKDUP_BIND_TO_PIDFD));
	EXPECT_EQ(0, post_fd(device, self->fd, 0));
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->fd));
	EXPECT_EQ(0, post_fd(device, self->fd, 0));
	child_end(&child);
	EXPECT_EQ(-EPIPE, post_fd(device, self->fd, 0));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, wait_for_end(self->peer));
	close(device);
	close(pidfd);
}

static void use_as_child(int channel, int device)
{
	struct sockdup_accept accept;

	say(channel, accept_post(device, &accept));
	say(channel, post_fd(device, udp_bound(AF_INET), 0));
	say(channel, revoke_post(device, 1));
	pause();
}

TEST_F(inbox, handles_are_their_openers)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child, 0, use_as_child, self->inbox));
	EXPECT_EQ(-EPERM, child_answer(&child));
	child_end(&child);
	ASSERT_EQ(0, child_start(&child, 0, use_as_child, self->sender));
	EXPECT_EQ(-EINVAL, child_answer(&child));
	EXPECT_EQ(-EPERM, child_go_on(&child));
	EXPECT_EQ(-EPERM, child_go_on(&child));
	child_end(&child);
}

TEST_F(inbox, ends_with_its_process_whoever_has_the_handle)
{
	struct child child;
	int device = device_open(), pidfd, copy;

	ASSERT_EQ(0, child_start(&child, 0, receive_as_child, 2));
	pidfd = syscall(SYS_pidfd_open, child.pid, 0);
	copy = syscall(SYS_pidfd_getfd, pidfd, child_answer(&child), 0);
	ASSERT_LE(0, copy);
	ASSERT_EQ(0, bind_with(device, child.pid, 0));
	EXPECT_EQ(0, post_with(device, self->fd, SOCKDUP_POST_CLOSE, 0, NULL));
	EXPECT_EQ(0, recv_nothing(self->peer));
	child_end(&child);
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EPIPE, post_fd(device, self->peer, 0));
	close(copy);
	close(pidfd);
	close(device);
}

static void bind_as_child(int channel, int pid)
{
	int device = bound_to(pid), fd = udp_bound(AF_INET);

	say(channel, device < 0 ? device : 0);
	for (;;)
		say(channel, post_fd(device, fd, 0));
}

static int inbox_with(const __u32 *users, unsigned int count, unsigned int flags,
		      unsigned int slots)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = flags,
		.slots = slots,
		.users = (uintptr_t)users,
		.user_count = count,
	};
	int device = device_open();

	fcntl(device, F_SETFL, O_NONBLOCK);
	return device_ioctl(device, SOCKDUP_IOC_INBOX, &open) ?: device;
}

/* What does not fit in the room of an accept, in a process that has become another user. */
static void decline_as_child(int channel, int slots)
{
	struct sockdup_accept accept;
	int inbox = inbox_of_slots(slots);

	say(channel, inbox);
	if (become_user(OTHER_UID))
		_exit(1);
	for (;;) {
		say(channel, accept_post(inbox, &accept));
		say(channel, revoke_post(inbox, accept.id));
	}
}

TEST_F(inbox, declines_as_another_user_since)
{
	struct sockdup_post post = {
		.fd = self->fd,
		.ttl_ms = LONG_TTL_MS,
		.message = (uintptr_t)"long",
		.message_size = 4,
	};
	struct child child;
	int device;

	ASSERT_EQ(0, child_start(&child, 0, decline_as_child, 2));
	ASSERT_LE(0, child_answer(&child));
	device = bound_to(child.pid);
	ASSERT_LE(0, device);
	EXPECT_EQ(0, device_ioctl(device, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(-EMSGSIZE, child_go_on(&child));
	EXPECT_EQ(0, child_go_on(&child));
	EXPECT_EQ(-EAGAIN, child_go_on(&child));
	child_end(&child);
	close(device);
}

static long bytes_held(int device)
{
	char path[64], *text, *at;
	long bytes = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	text = read_text(path);
	at = text ? strstr(text, "\nbytes:\t") : NULL;
	if (at)
		bytes = atol(at + strlen("\nbytes:\t"));
	free(text);
	return bytes;
}

TEST_F(inbox, charges_listed_users_as_long_as_it_is_known)
{
	enum { USERS = 64 };
	__u32 users[USERS];
	int device = device_open(), inbox, i;
	long before, listed, bound;

	for (i = 0; i < USERS; i++)
		users[i] = i;
	close(self->inbox);
	close(self->sender);
	/* A worker may yet have the last one's bytes. */
	while (bytes_held(device))
		usleep(1000);
	self->inbox = inbox_with(NULL, 0, SOCKDUP_INBOX_ANYBODY, USERS);
	before = bytes_held(device);
	close(self->inbox);
	inbox = inbox_with(users, USERS, 0, USERS);
	ASSERT_LE(0, inbox);
	listed = bytes_held(device);
	EXPECT_LE(before + USERS * 64, listed);
	self->sender = bound_to(getpid());
	ASSERT_LE(0, self->sender);
	close(inbox);
	bound = bytes_held(device);
	EXPECT_EQ(listed - before, bound);
	close(self->sender);
	while (bytes_held(device))
		usleep(1000);
	self->inbox = -1;
	self->sender = -1;
	close(device);
}

TEST_F(inbox, is_its_users_alone)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_as_child, getpid()));
	EXPECT_EQ(-ECONNREFUSED, child_answer(&child));
	child_end(&child);
}

/* How often the child can post until there is no room. */
static int child_fills(const struct child *child)
{
	int posts = 0;

	while (!child_go_on(child))
		posts++;
	return posts;
}

TEST_F(inbox, guarantees_listed_users_their_part)
{
	const __u32 users[] = { SOURCE_UID, TARGET_UID };
	struct sockdup_accept accept;
	struct child one, other;
	int i;

	close(self->inbox);
	self->inbox = inbox_with(users, 2, 0, 8);
	ASSERT_LE(0, self->inbox);
	EXPECT_EQ(-ECONNREFUSED, bound_to(getpid()));
	ASSERT_EQ(0, child_start(&one, SOURCE_UID, bind_as_child, getpid()));
	ASSERT_EQ(0, child_start(&other, TARGET_UID, bind_as_child, getpid()));
	EXPECT_EQ(0, child_answer(&one));
	EXPECT_EQ(0, child_answer(&other));
	EXPECT_EQ(4, child_fills(&one));
	EXPECT_EQ(4, child_fills(&other));
	for (i = 0; i < 4; i++) {
		EXPECT_LE(0, accept_post(self->inbox, &accept));
		EXPECT_EQ(SOURCE_UID, accept.source.uid);
		EXPECT_EQ(one.pid, accept.source.pid);
	}
	/* What is free is the other's no more than before. */
	EXPECT_EQ(0, child_fills(&other));
	EXPECT_EQ(4, child_fills(&one));
	child_end(&one);
	child_end(&other);
}

TEST_F(inbox, for_everybody_has_a_quarter_for_each)
{
	struct child one, other;

	close(self->inbox);
	self->inbox = inbox_with(NULL, 0, SOCKDUP_INBOX_ANYBODY, 8);
	ASSERT_LE(0, self->inbox);
	ASSERT_EQ(0, child_start(&one, SOURCE_UID, bind_as_child, getpid()));
	ASSERT_EQ(0, child_start(&other, TARGET_UID, bind_as_child, getpid()));
	EXPECT_EQ(0, child_answer(&one));
	EXPECT_EQ(0, child_answer(&other));
	EXPECT_EQ(2, child_fills(&one));
	EXPECT_EQ(2, child_fills(&other));
	child_end(&one);
	child_end(&other);
}

static void post_two_as_child(int channel, int pid)
{
	int device = bound_to(pid), fd = udp_bound(AF_INET);
	__u64 id;

	say(channel, device < 0 ? device : post_with(device, fd, 0, 0, &id));
	fcntl(device, F_SETFL, 0);
	say(channel, post_fd(device, fd, 1));
	pause();
}

static void revoke_and_wait_as_child(int channel, int pid)
{
	struct waiter waiter = { .device = bound_to(pid), .fd = udp_bound(AF_INET) };
	pthread_t thread;
	__u64 id;

	say(channel, post_with(waiter.device, waiter.fd, 0, 0, &id));
	fcntl(waiter.device, F_SETFL, 0);
	say(channel, start_waiter(&thread, wait_for_room, &waiter));
	say(channel, revoke_post(waiter.device, id));
	pthread_join(thread, NULL);
	say(channel, waiter.result);
	pause();
}

/* Another user who waits for longer, and has what that user is guaranteed, is no obstacle. */
TEST_F(inbox, wakes_a_user_who_has_less_than_is_guaranteed)
{
	const __u32 users[] = { SOURCE_UID, TARGET_UID };
	struct child one, other;
	char path[64];
	int word = 0;

	close(self->inbox);
	self->inbox = inbox_with(users, 2, 0, 2);
	ASSERT_LE(0, self->inbox);
	ASSERT_EQ(0, child_start(&one, SOURCE_UID, post_two_as_child, getpid()));
	ASSERT_EQ(0, child_start(&other, TARGET_UID, revoke_and_wait_as_child, getpid()));
	EXPECT_EQ(0, child_answer(&one));
	/* Posts once more, and sleeps. */
	write(one.channel, &word, sizeof(word));
	snprintf(path, sizeof(path), "/proc/%d/stat", one.pid);
	ASSERT_EQ(0, wait_until(thread_sleeps, path));
	EXPECT_EQ(0, child_answer(&other));
	EXPECT_EQ(0, child_go_on(&other));
	EXPECT_EQ(0, child_go_on(&other));
	EXPECT_EQ(0, child_go_on(&other));
	child_end(&one);
	child_end(&other);
}

/* Each thread posts and accepts through handles that all have, and waits for the others. */
struct crowd {
	int inbox;
	int sender;
	int fd;
	unsigned int rounds;
	unsigned int failed;
	unsigned char *seen;
	unsigned int next;
};

static void *crowd_post(void *context)
{
	struct crowd *self = context;
	unsigned int number;

	while ((number = __atomic_fetch_add(&self->next, 1, __ATOMIC_RELAXED)) < self->rounds)
		if (post_fd(self->sender, self->fd, number))
			__atomic_fetch_add(&self->failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *crowd_accept(void *context)
{
	struct crowd *self = context;
	struct sockdup_accept accept;
	int fd;

	for (;;) {
		fd = accept_post(self->inbox, &accept);
		if (fd < 0)
			__atomic_fetch_add(&self->failed, 1, __ATOMIC_RELAXED);
		close(fd);
		if (accept.cookie == ~0ULL)
			return NULL;
		__atomic_fetch_add(&self->seen[accept.cookie], 1, __ATOMIC_RELAXED);
	}
}

#define CROWD	4

TEST_F(inbox, loses_no_post_and_no_wake_up)
{
	struct crowd crowd = {
		.inbox = self->inbox,
		.sender = self->sender,
		.fd = self->fd,
		.rounds = stress(100000),
	};
	pthread_t senders[CROWD], acceptors[CROWD];
	unsigned int i;

	fcntl(self->inbox, F_SETFL, 0);
	fcntl(self->sender, F_SETFL, 0);
	crowd.seen = calloc(crowd.rounds, 1);
	ASSERT_NE(NULL, crowd.seen);
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, pthread_create(&acceptors[i], NULL, crowd_accept, &crowd));
		ASSERT_EQ(0, pthread_create(&senders[i], NULL, crowd_post, &crowd));
	}
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, pthread_join(senders[i], NULL));
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, post_fd(self->sender, self->fd, ~0ULL));
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, pthread_join(acceptors[i], NULL));
	EXPECT_EQ(0, crowd.failed);
	for (i = 0; i < crowd.rounds; i++)
		if (crowd.seen[i] != 1)
			break;
	EXPECT_EQ(crowd.rounds, i);
	free(crowd.seen);
}

SOCKDUP_TEST_MAIN
