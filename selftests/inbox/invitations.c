// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invitations to an inbox, and pools of processes that accept from one: who is let in,
 * once, and when a pool's inbox ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "child.h"
#include "harness.h"
#include "inbox_call.h"

#define SLOTS		8

#define TO_POST		SOCKDUP_EXPORT_INVITE_TO_POST
#define TO_ACCEPT	SOCKDUP_EXPORT_INVITE_TO_ACCEPT

/* The test owns an inbox. Children find the invitations in memory that they share. */
FIXTURE(invitation) {
	int inbox;
	int fd;
	int peer;
	struct sockdup_protocol_info *info;
};

static struct sockdup_protocol_info *shared_info;
/* The handle, whose descriptor children inherit. */
static int first_inbox;

FIXTURE_SETUP(invitation)
{
	int fds[2];

	self->inbox = inbox_of_slots(SLOTS);
	ASSERT_LE(0, self->inbox);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = fds[0];
	self->peer = fds[1];
	self->info = mmap(NULL, sizeof(*self->info), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->info);
	shared_info = self->info;
	first_inbox = self->inbox;
}

FIXTURE_TEARDOWN(invitation)
{
	close(self->inbox);
	close(self->fd);
	close(self->peer);
	munmap(self->info, sizeof(*self->info));
}

static int invite_user(int inbox, uid_t uid, unsigned int to, struct sockdup_protocol_info *info)
{
	return invite(inbox, uid, SOCKDUP_EXPORT_TO_USER | to, LONG_TTL_MS, info);
}

static int invite_process(int inbox, pid_t pid, unsigned int to,
			  struct sockdup_protocol_info *info)
{
	return invite(inbox, pid, to, LONG_TTL_MS, info);
}

/* Binds at each step until that succeeds, and then posts. */
static void bind_and_post(int channel, int unused)
{
	int device = device_open(), fd = udp_bound(AF_INET), error;

	(void)unused;
	fcntl(device, F_SETFL, O_NONBLOCK);
	do {
		error = bind_invited(device, shared_info);
		say(channel, error);
	} while (error);
	for (;;)
		say(channel, post_fd(device, fd, 0));
}

TEST_F(invitation, to_post_lets_a_stranger_in)
{
	struct sockdup_accept accept;
	struct child child;
	int fd;

	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	EXPECT_EQ(0, child_go_on(&child));
	fd = accept_post(self->inbox, &accept);
	EXPECT_LE(0, fd);
	EXPECT_EQ(OTHER_UID, accept.source.uid);
	EXPECT_EQ(child.pid, accept.source.pid);
	close(fd);
	child_end(&child);
}

TEST_F(invitation, gives_a_stranger_a_quarter)
{
	struct child child;
	int posts = 0;

	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	while (!child_go_on(&child))
		posts++;
	EXPECT_EQ(SLOTS / 4, posts);
	child_end(&child);
}

static int inbox_for(const __u32 *users, unsigned int count, unsigned int slots)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = slots,
		.users = (uintptr_t)users,
		.user_count = count,
	};
	int device = device_open();

	fcntl(device, F_SETFL, O_NONBLOCK);
	return device_ioctl(device, SOCKDUP_IOC_INBOX, &open) ?: device;
}

TEST_F(invitation, gives_a_stranger_no_more_than_the_listed_leave)
{
	const __u32 users[] = { SOURCE_UID, TARGET_UID };
	struct child child;

	close(self->inbox);
	self->inbox = inbox_for(users, 2, 9);
	ASSERT_LE(0, self->inbox);
	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	EXPECT_EQ(0, child_go_on(&child));
	EXPECT_EQ(-EAGAIN, child_go_on(&child));
	child_end(&child);
}

/* Else it would wait for ever. */
TEST_F(invitation, is_refused_where_all_slots_are_the_listed_users)
{
	const __u32 users[] = { SOURCE_UID, TARGET_UID };
	struct sockdup_description description;
	struct child child;

	close(self->inbox);
	self->inbox = inbox_for(users, 2, 8);
	ASSERT_LE(0, self->inbox);
	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(-ECONNREFUSED, child_answer(&child));
	child_end(&child);
	EXPECT_EQ(0, try_query(self->info, &description));
	EXPECT_EQ(0, try_revoke(self->info));
	/* One who is listed has its part. */
	ASSERT_EQ(0, invite_user(self->inbox, TARGET_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, TARGET_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	EXPECT_EQ(0, child_go_on(&child));
	child_end(&child);
}

TEST_F(invitation, is_spent_once)
{
	struct sockdup_description description;
	struct child child;
	int device = device_open();

	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	child_end(&child);
	EXPECT_EQ(-ENOENT, try_query(self->info, &description));
	EXPECT_EQ(-ENOENT, bind_invited(device, self->info));
	close(device);
}

TEST_F(invitation, is_for_its_target_alone)
{
	struct child child;
	int device = device_open();

	ASSERT_EQ(0, invite_user(self->inbox, OTHER_UID, TO_POST, self->info));
	EXPECT_EQ(-EPERM, bind_invited(device, self->info));
	ASSERT_EQ(0, child_start(&child, TARGET_UID, bind_and_post, 0));
	EXPECT_EQ(-EPERM, child_answer(&child));
	child_end(&child);
	/* It is as good as before. */
	ASSERT_EQ(0, child_start(&child, OTHER_UID, bind_and_post, 0));
	EXPECT_EQ(0, child_answer(&child));
	child_end(&child);
	close(device);
}

TEST_F(invitation, lets_a_listed_user_have_its_share)
{
	int device = device_open(), i;

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_POST, self->info));
	EXPECT_EQ(0, bind_invited(device, self->info));
	fcntl(device, F_SETFL, O_NONBLOCK);
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, post_fd(device, self->fd, i));
	close(device);
}

TEST_F(invitation, cannot_be_imported)
{
	struct sockdup_description description;

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_POST, self->info));
	EXPECT_EQ(-1, sockdup_import(self->info, 0, NULL));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, try_query(self->info, &description));
}

TEST_F(invitation, is_one_or_the_other)
{
	struct sockdup_protocol_info to_accept, socket;
	struct sockdup_description description;
	int device = device_open();

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_POST, self->info));
	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_ACCEPT, &to_accept));
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &socket));
	EXPECT_EQ(-EINVAL, join_with(device, self->info));
	EXPECT_EQ(-EINVAL, bind_invited(device, &to_accept));
	EXPECT_EQ(-EINVAL, bind_invited(device, &socket));
	EXPECT_EQ(-EINVAL, join_with(device, &socket));
	EXPECT_EQ(0, try_query(self->info, &description));
	EXPECT_EQ(0, try_query(&to_accept, &description));
	EXPECT_EQ(0, try_query(&socket, &description));
	EXPECT_EQ(0, bind_invited(device, self->info));
	EXPECT_EQ(0, try_revoke(&to_accept));
	EXPECT_EQ(0, try_revoke(&socket));
	close(device);
}

TEST_F(invitation, says_what_it_is)
{
	struct sockdup_description description;

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_ACCEPT, self->info));
	EXPECT_EQ(0, self->info->socket_count);
	EXPECT_EQ(0, self->info->address_family);
	ASSERT_EQ(0, try_query(self->info, &description));
	EXPECT_EQ(TO_ACCEPT, description.target_flags);
	EXPECT_EQ(getpid(), description.target_pid);
	EXPECT_EQ(0, description.info.socket_count);
	EXPECT_EQ(1, description.for_caller);
}

TEST_F(invitation, ends_in_time_or_with_the_inbox)
{
	struct sockdup_description description;

	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_POST, 1, self->info));
	while (!try_query(self->info, &description))
		usleep(1000);
	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_POST | SOCKDUP_EXPORT_END_ON_CLOSE,
			    LONG_TTL_MS, self->info));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(-ENOENT, try_query(self->info, &description));
}

TEST_F(invitation, to_an_inbox_that_has_ended_is_refused)
{
	struct sockdup_protocol_info to_accept;
	int device = device_open();

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_POST, self->info));
	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_ACCEPT, &to_accept));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(-ECONNREFUSED, bind_invited(device, self->info));
	EXPECT_EQ(-ECONNREFUSED, join_with(device, &to_accept));
	EXPECT_EQ(0, try_revoke(self->info));
	EXPECT_EQ(0, try_revoke(&to_accept));
	close(device);
}

static void invite_as_child(int channel, int inbox)
{
	say(channel, invite_process(inbox, getpid(), TO_POST, shared_info));
	pause();
}

TEST_F(invitation, is_its_owners_to_make)
{
	struct sockdup_export export = {
		.size = sizeof(export),
		.flags = TO_POST,
		.fd = -1,
		.target = getpid(),
		.info_size = sizeof(*self->info),
		.info = (uintptr_t)self->info,
	};
	struct child child;
	int device = device_open();

	EXPECT_EQ(-ENOTCONN, invite_process(device, getpid(), TO_POST, self->info));
	EXPECT_EQ(-EINVAL, invite_process(self->inbox, getpid(), TO_POST | TO_ACCEPT,
					  self->info));
	EXPECT_EQ(-EBUSY, invite_process(self->inbox, getpid(),
					 TO_POST | SOCKDUP_EXPORT_REPORT, self->info));
	EXPECT_EQ(-ESRCH, invite_process(self->inbox, 1 << 29, TO_POST, self->info));
	export.fd = self->fd;
	EXPECT_EQ(-EINVAL, device_ioctl(self->inbox, SOCKDUP_IOC_EXPORT, &export));
	export.fd = -1;
	export.payload_size = 1;
	export.payload = (uintptr_t)&export;
	EXPECT_EQ(-EINVAL, device_ioctl(self->inbox, SOCKDUP_IOC_EXPORT, &export));
	export.payload_size = 0;
	export.socket_count = 1;
	export.fds = (uintptr_t)&self->fd;
	EXPECT_EQ(-EINVAL, device_ioctl(self->inbox, SOCKDUP_IOC_EXPORT, &export));
	ASSERT_EQ(0, child_start(&child, 0, invite_as_child, self->inbox));
	EXPECT_EQ(-EPERM, child_answer(&child));
	child_end(&child);
	close(device);
}

/* Joins at each step until that succeeds, and then accepts. */
static void join_and_accept(int channel, int flags)
{
	int device = device_open(), error;
	struct sockdup_accept accept;

	close(first_inbox);
	fcntl(device, F_SETFL, flags);
	do {
		error = join_with(device, shared_info);
		say(channel, error);
	} while (error);
	for (;;)
		say(channel, accept_post(device, &accept));
}

/* A child of the same user that has joined. */
static int join_child(struct child *child, int inbox)
{
	int error = invite_user(inbox, getuid(), TO_ACCEPT, shared_info) ?:
		    child_start(child, 0, join_and_accept, O_NONBLOCK);

	return error ?: child_answer(child);
}

TEST_F(invitation, to_accept_makes_a_pool)
{
	int sender = bound_to(getpid());
	struct sockdup_accept accept;
	struct child child;
	int fd;

	ASSERT_EQ(0, join_child(&child, self->inbox));
	EXPECT_EQ(-EAGAIN, child_go_on(&child));
	EXPECT_EQ(0, post_fd(sender, self->fd, 1));
	EXPECT_EQ(0, post_fd(sender, self->fd, 2));
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->fd));
	fd = accept_post(self->inbox, &accept);
	EXPECT_LE(0, fd);
	EXPECT_EQ(2, accept.cookie);
	close(fd);
	EXPECT_EQ(-EAGAIN, child_go_on(&child));
	child_end(&child);
	close(sender);
}

TEST_F(invitation, pool_is_found_by_each_process_of_it)
{
	struct sockdup_accept accept;
	struct child child;
	int device, fd;

	ASSERT_EQ(0, join_child(&child, self->inbox));
	device = bound_to(child.pid);
	ASSERT_LE(0, device);
	EXPECT_EQ(0, post_fd(device, self->fd, 7));
	fd = accept_post(self->inbox, &accept);
	EXPECT_LE(0, fd);
	close(fd);
	child_end(&child);
	EXPECT_EQ(0, post_fd(device, self->fd, 7));
	close(device);
}

TEST_F(invitation, pool_ends_with_its_last_process)
{
	int sender = bound_to(getpid());
	struct child child;

	ASSERT_EQ(0, join_child(&child, self->inbox));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(-ECONNREFUSED, bound_to(getpid()));
	EXPECT_EQ(0, post_fd(sender, self->fd, 0));
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->fd));
	EXPECT_EQ(0, post_with(sender, self->fd, SOCKDUP_POST_CLOSE, 0, NULL));
	self->fd = -1;
	EXPECT_EQ(0, recv_nothing(self->peer));
	child_end(&child);
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EPIPE, post_fd(sender, self->peer, 0));
	close(sender);
}

TEST_F(invitation, is_kept_by_a_process_that_has_an_inbox)
{
	struct sockdup_description description;
	int device = device_open();

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_ACCEPT, self->info));
	EXPECT_EQ(-EBUSY, join_with(device, self->info));
	EXPECT_EQ(-EBUSY, join_with(self->inbox, self->info));
	EXPECT_EQ(0, try_query(self->info, &description));
	/* The handle has no role yet. */
	EXPECT_EQ(0, bind_with(device, getpid(), 0));
	close(device);
	EXPECT_EQ(0, try_revoke(self->info));
}

TEST_F(invitation, tells_who_joins_what_the_inbox_is_like)
{
	struct sockdup_inbox_open join = {
		.size = sizeof(join),
		.flags = SOCKDUP_INBOX_JOIN,
		.info_size = sizeof(*self->info),
		.info = (uintptr_t)self->info,
		.slots = 1,
	};
	int device = device_open();

	ASSERT_EQ(0, invite_process(self->inbox, getpid(), TO_ACCEPT, self->info));
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &join));
	join.slots = 0;
	join.info_size--;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &join));
	join.info_size++;
	join.flags |= SOCKDUP_INBOX_ANYBODY;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &join));
	join.flags = 0;
	EXPECT_EQ(-EINVAL, device_ioctl(device, SOCKDUP_IOC_INBOX, &join));
	/* The inbox lives on while somebody has joined. */
	join.flags = SOCKDUP_INBOX_JOIN;
	EXPECT_EQ(-EBUSY, device_ioctl(device, SOCKDUP_IOC_INBOX, &join));
	EXPECT_EQ(SLOTS, join.slots);
	EXPECT_EQ(256, join.message_size);
	EXPECT_EQ(16, join.max_sockets);
	close(device);
	EXPECT_EQ(0, try_revoke(self->info));
}

/* Waits in accept() for ever, and tells how often it was given something. */
static void accept_for_ever(int channel, int unused)
{
	unsigned char *seen = (unsigned char *)shared_info + sizeof(*shared_info);
	struct sockdup_accept accept;
	int device = device_open();
	int error;

	(void)unused;
	close(first_inbox);
	error = join_with(device, shared_info);
	write(channel, &error, sizeof(error));
	for (;;) {
		error = accept_post(device, &accept);
		if (error < 0)
			_exit(1);
		close(error);
		__atomic_fetch_add(&seen[accept.cookie], 1, __ATOMIC_RELAXED);
	}
}

#define POOL	3

/* What memory an mmap() of less gives: a page. */
#define POOL_POSTS	2048

TEST_F(invitation, pool_is_given_each_post_once)
{
	unsigned char *seen = (unsigned char *)self->info + sizeof(*self->info);
	int sender = bound_to(getpid());
	struct child children[POOL];
	unsigned int i, missing;

	fcntl(sender, F_SETFL, 0);
	for (i = 0; i < POOL; i++) {
		ASSERT_EQ(0, invite_user(self->inbox, getuid(), TO_ACCEPT, self->info));
		ASSERT_EQ(0, child_start(&children[i], 0, accept_for_ever, 0));
		ASSERT_EQ(0, child_answer(&children[i]));
	}
	close(self->inbox);
	self->inbox = -1;
	for (i = 0; i < POOL_POSTS; i++)
		EXPECT_EQ(0, post_fd(sender, self->fd, i));
	do {
		usleep(1000);
		for (i = missing = 0; i < POOL_POSTS; i++)
			missing += !__atomic_load_n(&seen[i], __ATOMIC_RELAXED);
	} while (missing);
	for (i = 0; i < POOL_POSTS; i++)
		EXPECT_EQ(1, seen[i]);
	for (i = 0; i < POOL; i++)
		child_end(&children[i]);
	close(sender);
}

SOCKDUP_TEST_MAIN
