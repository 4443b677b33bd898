// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invitations to inboxes by the library: what they let in, whom they do not, and how they end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "census.h"
#include "child.h"
#include "own_inbox.h"

#define TO_POST		SOCKDUP_EXPORT_INVITE_TO_POST
#define TO_ACCEPT	SOCKDUP_EXPORT_INVITE_TO_ACCEPT

/* What the test gives its children, in memory that they share. */
static struct given {
	struct sockdup_protocol_info info;
	struct sockdup_inbox_options options;
} *given;

static void __attribute__((constructor)) share(void)
{
	given = mmap(NULL, sizeof(*given), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
}

static int invite(int inbox, int target, unsigned int flags)
{
	return result(sockdup_inbox_invite(inbox, target, flags, 0, &given->info));
}

/* The child's steps: it starts, tries to bind by the test's id, then as it is invited, posts. */
static void be_sender(int channel, int receiver)
{
	int fd = udp_bound(AF_INET), sender, posts = 0;

	say(channel, 0);
	say(channel, result(sockdup_inbox_bind(receiver, 0, NULL)));
	memset(&given->options, POISON, sizeof(given->options));
	sender = sockdup_inbox_bind_invited(&given->info, &given->options);
	say(channel, result(sender));
	make_nonblocking(sender);
	while (!sockdup_post(sender, fd, posts, 0))
		posts++;
	say(channel, errno == EAGAIN ? posts : -errno);
	say(channel, result(sockdup_inbox_bind_invited(&given->info, NULL)));
}

/* Joins, tries to open one more, and then accepts at each step. */
static void be_receiver(int channel, int unused)
{
	int inbox;

	say(channel, 0);
	memset(&given->options, POISON, sizeof(given->options));
	inbox = sockdup_inbox_join(&given->info, &given->options);
	say(channel, result(inbox));
	say(channel, result(sockdup_inbox_open(NULL)));
	for (;;)
		say(channel, result(sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC)));
}

TEST_F(inbox, lets_an_invited_user_post)
{
	struct sockdup_identity source;
	struct child child;

	ASSERT_EQ(0, child_start(&child, OTHER_UID, be_sender, getpid()));
	ASSERT_EQ(0, child_answer(&child));
	ASSERT_EQ(0, invite(self->inbox, child.pid, TO_POST));
	EXPECT_EQ(-ECONNREFUSED, child_go_on(&child));
	EXPECT_LE(0, child_go_on(&child));
	EXPECT_EQ(SLOTS, given->options.slots);
	EXPECT_EQ(MESSAGE_SIZE, given->options.message_size);
	EXPECT_EQ(MAX_SOCKETS, given->options.max_sockets);
	EXPECT_EQ(0, given->options.flags);
	/* A quarter of the slots. */
	EXPECT_EQ(1, child_go_on(&child));
	EXPECT_LE(0, sockdup_accept(self->inbox, NULL, &source, SOCK_CLOEXEC));
	EXPECT_EQ(child.pid, source.pid);
	EXPECT_EQ(OTHER_UID, source.uid);
	/* It is spent. */
	EXPECT_EQ(-ENOENT, child_go_on(&child));
	child_end(&child);
}

TEST_F(inbox, lets_any_process_of_an_invited_user_post)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child, OTHER_UID, be_sender, getpid()));
	ASSERT_EQ(0, child_answer(&child));
	ASSERT_EQ(0, invite(self->inbox, OTHER_UID, TO_POST | SOCKDUP_EXPORT_TO_USER));
	EXPECT_EQ(-ECONNREFUSED, child_go_on(&child));
	EXPECT_LE(0, child_go_on(&child));
	EXPECT_EQ(1, child_go_on(&child));
	child_end(&child);
}

TEST_F(inbox, is_shared_with_those_who_join)
{
	struct child child;
	int fd;

	ASSERT_EQ(0, child_start(&child, 0, be_receiver, 0));
	ASSERT_EQ(0, child_answer(&child));
	ASSERT_EQ(0, invite(self->inbox, child.pid, TO_ACCEPT));
	EXPECT_LE(0, child_go_on(&child));
	EXPECT_EQ(SLOTS, given->options.slots);
	EXPECT_EQ(MESSAGE_SIZE, given->options.message_size);
	EXPECT_EQ(MAX_SOCKETS, given->options.max_sockets);
	EXPECT_EQ(-EBUSY, child_go_on(&child));
	/* Each post goes to one of them. */
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->peer, 0, 0)));
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->fd));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->peer));
	close(fd);
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
	/* What waits is for those who are left. */
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->peer, 0, 0)));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->peer));
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, SOCKDUP_POST_CLOSE)));
	self->fd = -1;
	/* It ends with the last of them, and so does what waits. */
	child_end(&child);
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EPIPE, result(sockdup_post(self->sender, self->peer, 0, 0)));
}

TEST_F(inbox, keeps_what_waits_when_one_who_joined_dies)
{
	struct child child;
	int fd;

	ASSERT_EQ(0, child_start(&child, 0, be_receiver, 0));
	ASSERT_EQ(0, child_answer(&child));
	ASSERT_EQ(0, invite(self->inbox, child.pid, TO_ACCEPT));
	EXPECT_LE(0, child_go_on(&child));
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	child_end(&child);
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	close(fd);
	/* Another takes the place. */
	ASSERT_EQ(0, result(sockdup_post(self->sender, self->peer, 0, 0)));
	ASSERT_EQ(0, child_start(&child, 0, be_receiver, 0));
	ASSERT_EQ(0, child_answer(&child));
	ASSERT_EQ(0, invite(self->inbox, child.pid, TO_ACCEPT));
	EXPECT_LE(0, child_go_on(&child));
	EXPECT_EQ(-EBUSY, child_go_on(&child));
	EXPECT_EQ(1, same_file(child.pid, child_go_on(&child), 0, self->peer));
	child_end(&child);
}

TEST_F(inbox, is_joined_by_no_process_that_has_one)
{
	const long before = count_descriptors();

	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_ACCEPT));
	EXPECT_EQ(-EBUSY, result(sockdup_inbox_join(&given->info, NULL)));
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(0, try_revoke(&given->info));
}

TEST_F(inbox, invites_for_one_thing)
{
	long before;
	int sender;

	ASSERT_LE(0, sockdup_open());
	before = count_descriptors();
	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_ACCEPT));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind_invited(&given->info, NULL)));
	EXPECT_EQ(-EINVAL, try_socket(&given->info, 0));
	EXPECT_EQ(0, try_revoke(&given->info));
	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_POST));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_join(&given->info, NULL)));
	EXPECT_EQ(-EINVAL, try_socket(&given->info, 0));
	EXPECT_EQ(before, count_descriptors());
	/* None of this has spent it. */
	sender = sockdup_inbox_bind_invited(&given->info, NULL);
	EXPECT_EQ(0, result(sockdup_post(sender, self->fd, 0, 0)));
	close(sender);
}

/* A socket's token invites nobody. */
TEST_F(inbox, is_not_found_by_the_token_of_a_socket)
{
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &given->info));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind_invited(&given->info, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_join(&given->info, NULL)));
	EXPECT_EQ(0, try_revoke(&given->info));
}

TEST_F(inbox, is_not_found_by_bytes_that_invite_nobody)
{
	struct sockdup_protocol_info info;
	long before;

	ASSERT_LE(0, sockdup_open());
	before = count_descriptors();
	ASSERT_EQ(0, invite(self->inbox, 1, TO_POST));
	EXPECT_EQ(-EPERM, result(sockdup_inbox_bind_invited(&given->info, NULL)));
	EXPECT_EQ(0, try_revoke(&given->info));
	EXPECT_EQ(-ENOENT, result(sockdup_inbox_bind_invited(&given->info, NULL)));
	ASSERT_EQ(0, invite(self->inbox, 1, TO_ACCEPT));
	EXPECT_EQ(-EPERM, result(sockdup_inbox_join(&given->info, NULL)));
	EXPECT_EQ(0, try_revoke(&given->info));
	EXPECT_EQ(-ENOENT, result(sockdup_inbox_join(&given->info, NULL)));
	info = given->info;
	info.size--;
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind_invited(&info, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_join(&info, NULL)));
	EXPECT_EQ(-EFAULT, result(sockdup_inbox_bind_invited(NULL, NULL)));
	EXPECT_EQ(-EFAULT, result(sockdup_inbox_join(NULL, NULL)));
	EXPECT_EQ(before, count_descriptors());
}

/* An invitation ends on its own, unless it is told to end with the inbox. */
TEST_F(inbox, that_has_ended_is_not_joined)
{
	struct sockdup_protocol_info other;

	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_POST | SOCKDUP_EXPORT_END_ON_CLOSE));
	other = given->info;
	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_POST));
	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(-ENOENT, result(sockdup_inbox_bind_invited(&other, NULL)));
	EXPECT_EQ(-ECONNREFUSED, result(sockdup_inbox_bind_invited(&given->info, NULL)));
	EXPECT_EQ(0, try_revoke(&given->info));
}

TEST_F(inbox, is_asked_about_by_its_invitation)
{
	struct sockdup_description description;

	ASSERT_EQ(0, invite(self->inbox, getpid(), TO_ACCEPT));
	EXPECT_EQ(0, given->info.socket_count);
	ASSERT_EQ(0, try_query(&given->info, &description));
	EXPECT_EQ(TO_ACCEPT, description.target_flags);
	EXPECT_EQ(getpid(), description.target_pid);
	EXPECT_EQ(1, description.for_caller);
	EXPECT_EQ(0, description.info.socket_count);
	EXPECT_EQ(0, try_revoke(&given->info));
}

TEST_F(inbox, makes_no_invitation_that_is_wrong)
{
	const unsigned int wrong[] = {
		0,
		TO_POST | TO_ACCEPT,
		SOCKDUP_EXPORT_END_ON_CLOSE,
		TO_POST | SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP,
		TO_POST | SOCKDUP_EXPORT_TO_PIDFD | SOCKDUP_EXPORT_TO_PEER,
		TO_POST | 0x8000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, invite(self->inbox, getpid(), wrong[i]))
			TH_LOG("flags %x", wrong[i]);
	}
	EXPECT_EQ(-EINVAL, invite(self->inbox, 0, TO_POST));
	EXPECT_EQ(-EBADF, invite(self->inbox, next_descriptor(),
				 TO_POST | SOCKDUP_EXPORT_TO_PIDFD));
	EXPECT_EQ(-EBADF, invite(self->inbox, next_descriptor(),
				 TO_POST | SOCKDUP_EXPORT_TO_CGROUP));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_invite(self->inbox, getpid(), TO_POST,
						       LONG_TTL_MS + 1, &given->info)));
	EXPECT_EQ(-EFAULT, result(sockdup_inbox_invite(self->inbox, getpid(), TO_POST, 0,
						       NULL)));
	EXPECT_EQ(-EBUSY, invite(self->inbox, getpid(), TO_POST | SOCKDUP_EXPORT_REPORT));
}

static void invite_as_child(int channel, int inbox)
{
	say(channel, invite(inbox, getpid(), TO_ACCEPT));
}

TEST_F(inbox, is_its_owners_to_invite_to)
{
	struct child child;

	EXPECT_EQ(-ENOTCONN, invite(self->sender, getpid(), TO_POST));
	EXPECT_EQ(-ENOTCONN, invite(sockdup_open(), getpid(), TO_POST));
	EXPECT_EQ(-ENOTTY, invite(self->fd, getpid(), TO_POST));
	EXPECT_EQ(-EBADF, invite(next_descriptor(), getpid(), TO_POST));
	ASSERT_EQ(0, child_start(&child, 0, invite_as_child, self->inbox));
	EXPECT_EQ(-EPERM, child_answer(&child));
	child_end(&child);
}

SOCKDUP_TEST_MAIN
