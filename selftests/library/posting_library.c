// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posts of several sockets and a message by the library: what is given and taken in pieces,
 * what there is too little room for, and what ends a post.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>

#include "census.h"
#include "own_inbox.h"

static const char TEXT[] = "GET / HTTP/1.1\r\nHost: example.org\r\n";

/* Memory in no piece, in one, and in several of which one is empty. */
static struct iovec pieces[][4] = {
	{ },
	{ { .iov_len = sizeof(TEXT) } },
	{ { .iov_len = 5 }, { }, { .iov_len = 1 }, { .iov_len = sizeof(TEXT) - 6 } },
};

static const unsigned int piece_counts[] = { 0, 1, 4 };

static void pieces_lie_in(struct iovec *some, unsigned int count, char *memory)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		some[i].iov_base = some[i].iov_len ? memory : NULL;
		memory += some[i].iov_len;
	}
}

TEST_F(inbox, carries_messages_in_pieces)
{
	char sent[sizeof(TEXT)], got[sizeof(TEXT)];
	struct sockdup_posting post, accept;
	unsigned int from, to;
	int fd;

	memcpy(sent, TEXT, sizeof(TEXT));
	for (from = 0; from < ARRAY_SIZE(pieces); from++)
		for (to = 0; to < ARRAY_SIZE(pieces); to++) {
			post = (struct sockdup_posting){
				.fds = &self->fd,
				.socket_count = 1,
				.message = pieces[from],
				.message_count = piece_counts[from],
				.cookie = 10 * from + to,
			};
			pieces_lie_in(pieces[from], piece_counts[from], sent);
			ASSERT_EQ(0, result(sockdup_post_set(self->sender, &post, 0)));
			memset(got, POISON, sizeof(got));
			pieces_lie_in(pieces[to], piece_counts[to], got);
			accept = (struct sockdup_posting){
				.fds = &fd,
				.socket_count = 1,
				.message = pieces[to],
				.message_count = piece_counts[to],
			};
			if (from && !to) {
				EXPECT_EQ(-EMSGSIZE,
					  result(sockdup_accept_set(self->inbox, &accept, 0)));
				EXPECT_EQ(0, result(sockdup_post_revoke(self->inbox, post.id)));
			} else {
				ASSERT_EQ(0, result(sockdup_accept_set(self->inbox, &accept, 0)));
				EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
				EXPECT_EQ(10 * from + to, accept.cookie);
				close(fd);
			}
			EXPECT_EQ(from ? sizeof(TEXT) : 0, accept.message_size);
			EXPECT_EQ(post.id, accept.id);
			EXPECT_EQ(from && to ? TEXT[0] : (char)POISON, got[0]);
			EXPECT_EQ(from && to, !memcmp(TEXT, got, sizeof(TEXT)));
		}
}

TEST_F(inbox, leaves_room_that_a_message_does_not_need)
{
	char head[8], tail[5000];
	struct iovec message = { (char *)TEXT, 10 };
	struct iovec room[] = { { head, sizeof(head) }, { tail, sizeof(tail) } };
	struct sockdup_posting post = {
		.fds = &self->fd,
		.socket_count = 1,
		.message = &message,
		.message_count = 1,
	};
	int fds[] = { -7, -7, -7 };
	struct sockdup_posting accept = {
		.fds = fds,
		.socket_count = 3,
		.message = room,
		.message_count = 2,
	};

	memset(tail, POISON, sizeof(tail));
	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &post, 0)));
	ASSERT_EQ(0, result(sockdup_accept_set(self->inbox, &accept, SOCK_CLOEXEC)));
	EXPECT_EQ(1, accept.socket_count);
	EXPECT_EQ(10, accept.message_size);
	EXPECT_EQ(0, memcmp(head, TEXT, 8));
	EXPECT_EQ(0, memcmp(tail, TEXT + 8, 2));
	EXPECT_EQ((char)POISON, tail[2]);
	EXPECT_EQ(-7, fds[1]);
	close(fds[0]);
	/* One piece of more than any message takes. */
	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &post, 0)));
	accept.socket_count = 3;
	accept.message = &room[1];
	accept.message_count = 1;
	ASSERT_EQ(0, result(sockdup_accept_set(self->inbox, &accept, SOCK_CLOEXEC)));
	EXPECT_EQ(10, accept.message_size);
	EXPECT_EQ(0, memcmp(tail, TEXT, 10));
	close(fds[0]);
}

/* What there is too little room for stays, and is told. */
TEST_F(inbox, tells_how_much_room_a_post_needs)
{
	int fds[] = { self->fd, self->peer, self->fd }, got[MAX_SOCKETS], i;
	char message[MESSAGE_SIZE];
	struct iovec text = { (char *)TEXT, sizeof(TEXT) };
	struct iovec small = { message, sizeof(TEXT) - 1 };
	struct sockdup_posting post = {
		.fds = fds,
		.socket_count = 3,
		.message = &text,
		.message_count = 1,
		.cookie = 77,
	};
	struct sockdup_posting rooms[] = {
		{ .fds = got, .socket_count = 2 },
		{ .fds = got, .socket_count = 2, .message = &text, .message_count = 1 },
		{ .fds = got, .socket_count = 3, .message = &small, .message_count = 1 },
		{ .fds = got, .socket_count = 3 },
	}, accept;
	const long before = count_descriptors();
	__u64 cookie = 5;

	text.iov_base = memcpy(message, TEXT, sizeof(TEXT));
	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &post, 0)));
	EXPECT_NE(0, post.id);
	for (i = 0; i < (int)ARRAY_SIZE(rooms); i++) {
		EXPECT_EQ(-EMSGSIZE, result(sockdup_accept_set(self->inbox, &rooms[i], 0)));
		EXPECT_EQ(3, rooms[i].socket_count);
		EXPECT_EQ(sizeof(TEXT), rooms[i].message_size);
		EXPECT_EQ(post.id, rooms[i].id);
	}
	EXPECT_EQ(-EMSGSIZE, result(sockdup_accept(self->inbox, &cookie, NULL, 0)));
	EXPECT_EQ(5, cookie);
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(POLLIN, poll_now(self->inbox));
	ASSERT_EQ(0, accept_all(self->inbox, &accept, got, message));
	EXPECT_EQ(3, accept.socket_count);
	EXPECT_EQ(sizeof(TEXT), accept.message_size);
	EXPECT_STREQ(TEXT, message);
	EXPECT_EQ(77, accept.cookie);
	EXPECT_EQ(post.id, accept.id);
	EXPECT_EQ(getpid(), accept.source.pid);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, same_file(0, got[i], 0, fds[i]));
		EXPECT_EQ(FD_CLOEXEC, fcntl(got[i], F_GETFD));
		close(got[i]);
	}
}

TEST_F(inbox, makes_each_of_several_nonblocking)
{
	int fds[] = { self->fd, self->peer }, got[2], i;
	struct sockdup_posting posting = { .fds = fds, .socket_count = 2 };

	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &posting, SOCKDUP_POST_CLOSE)));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(-EBADF, result(fcntl(fds[i], F_GETFD)));
	posting.fds = got;
	EXPECT_EQ(-EINVAL, result(sockdup_accept_set(self->inbox, &posting, 1)));
	ASSERT_EQ(0, result(sockdup_accept_set(self->inbox, &posting, SOCK_NONBLOCK)));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, fcntl(got[i], F_GETFD));
		EXPECT_EQ(O_NONBLOCK, fcntl(got[i], F_GETFL) & O_NONBLOCK);
	}
	self->fd = got[0];
	self->peer = got[1];
}

TEST_F(inbox, takes_no_more_than_it_has_room_for)
{
	static char much[SOCKDUP_MAX_MESSAGE + 1];
	int fds[] = { self->fd, self->fd, self->fd, self->fd, self->fd };
	struct iovec messages[][3] = {
		{ { much, MESSAGE_SIZE + 1 } },
		{ { much, MESSAGE_SIZE }, { much, 1 } },
		{ { much, sizeof(much) } },
		{ { much, SIZE_MAX } },
		{ { much, 1 }, { much, SIZE_MAX }, { much, SIZE_MAX } },
	};
	const unsigned int counts[] = { 1, 2, 1, 1, 3 };
	struct sockdup_posting posting = { .fds = fds, .socket_count = MAX_SOCKETS + 1 };
	unsigned int i;

	EXPECT_EQ(-EMSGSIZE, result(sockdup_post_set(self->sender, &posting, 0)));
	posting.socket_count = 1;
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		posting.message = messages[i];
		posting.message_count = counts[i];
		EXPECT_EQ(-EMSGSIZE, result(sockdup_post_set(self->sender, &posting, 0)));
	}
	EXPECT_EQ(0, posting.id);
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
}

TEST_F(inbox, refuses_a_posting_that_is_wrong)
{
	const struct sockdup_posting nowhere[] = {
		{ .socket_count = 1 },
		{ .fds = &self->fd, .socket_count = 1, .message_count = 1 },
	};
	const struct sockdup_posting wrong[] = {
		{ .fds = &self->fd },
		{ .fds = &self->fd, .socket_count = 1, .__reserved0 = 1 },
		{ .fds = &self->fd, .socket_count = 1, .__reserved = { 1 } },
		{ .fds = &self->fd, .socket_count = 1, .__reserved = { [2] = 1 } },
	};
	struct sockdup_posting posting;
	unsigned int i;

	ASSERT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	EXPECT_EQ(-EFAULT, result(sockdup_post_set(self->sender, NULL, 0)));
	EXPECT_EQ(-EFAULT, result(sockdup_accept_set(self->inbox, NULL, 0)));
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		posting = nowhere[i];
		EXPECT_EQ(-EFAULT, result(sockdup_post_set(self->sender, &posting, 0)));
		EXPECT_EQ(-EFAULT, result(sockdup_accept_set(self->inbox, &posting, 0)));
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		posting = wrong[i];
		EXPECT_EQ(-EINVAL, result(sockdup_post_set(self->sender, &posting, 0)));
		EXPECT_EQ(-EINVAL, result(sockdup_accept_set(self->inbox, &posting, 0)));
	}
	posting = (struct sockdup_posting){
		.fds = &self->fd,
		.socket_count = 1,
		.ttl_ms = LONG_TTL_MS + 1,
	};
	EXPECT_EQ(-EINVAL, result(sockdup_post_set(self->sender, &posting, 0)));
	posting.ttl_ms = 0;
	EXPECT_EQ(-EINVAL, result(sockdup_post_set(self->sender, &posting, 2)));
	close(sockdup_accept(self->inbox, NULL, NULL, 0));
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
}

TEST_F(inbox, lets_a_post_wait_as_long_as_it_says)
{
	struct sockdup_posting posting = {
		.fds = &self->fd,
		.socket_count = 1,
		.ttl_ms = 50,
	};

	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &posting, SOCKDUP_POST_CLOSE)));
	self->fd = -1;
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, result(sockdup_post_revoke(self->sender, posting.id)));
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
}

TEST_F(inbox, is_revoked_from_by_sender_and_owner)
{
	struct sockdup_posting one = { .fds = &self->fd, .socket_count = 1 }, other = one;
	int sender = sockdup_inbox_bind(getpid(), 0, NULL);

	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &one, 0)));
	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &other, SOCKDUP_POST_CLOSE)));
	self->fd = -1;
	EXPECT_NE(one.id, other.id);
	/* Another sender knows nothing of them. */
	EXPECT_EQ(-ENOENT, result(sockdup_post_revoke(sender, one.id)));
	EXPECT_EQ(0, result(sockdup_post_revoke(self->sender, one.id)));
	EXPECT_EQ(-ENOENT, result(sockdup_post_revoke(self->inbox, one.id)));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, result(sockdup_post_revoke(self->inbox, other.id)));
	EXPECT_EQ(-ENOENT, result(sockdup_post_revoke(self->sender, other.id)));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
	close(sender);
}

SOCKDUP_TEST_MAIN
