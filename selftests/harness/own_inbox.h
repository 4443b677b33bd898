/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture inbox: one of the test's own by the library, and a binding to it. Neither waits.
 */
#ifndef SELFTESTS_OWN_INBOX_H
#define SELFTESTS_OWN_INBOX_H

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "harness.h"
#include "result.h"

#define SLOTS		4
#define MESSAGE_SIZE	64
#define MAX_SOCKETS	4

static inline void make_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static inline short poll_now(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&entry, 1, 0);
	return entry.revents;
}

/* The test is receiver and sender. */
FIXTURE(inbox) {
	int inbox;
	int sender;
	int fd;
	int peer;
};

FIXTURE_SETUP(inbox)
{
	const struct sockdup_inbox_options options = {
		.slots = SLOTS,
		.message_size = MESSAGE_SIZE,
		.max_sockets = MAX_SOCKETS,
	};
	int fds[2];

	self->inbox = sockdup_inbox_open(&options);
	ASSERT_LE(0, self->inbox);
	make_nonblocking(self->inbox);
	self->sender = sockdup_inbox_bind(getpid(), 0, NULL);
	ASSERT_LE(0, self->sender);
	make_nonblocking(self->sender);
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

/* The whole first post, with room for all that the fixture's inbox takes. */
static inline int accept_all(int inbox, struct sockdup_posting *posting, int *fds, char *message)
{
	struct iovec room = { message, MESSAGE_SIZE };

	*posting = (struct sockdup_posting){
		.fds = fds,
		.socket_count = MAX_SOCKETS,
		.message = &room,
		.message_count = 1,
	};
	return result(sockdup_accept_set(inbox, posting, SOCK_CLOEXEC));
}

#endif /* SELFTESTS_OWN_INBOX_H */
