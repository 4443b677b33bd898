// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loops that <sockdup.h> shows for inboxes, as they stand there: each runs in a
 * process of its own, and the test is at the other end.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "harness.h"
#include "result.h"

#define CLIENTS	100

/* Answers a byte with the next one. */
static void serve(int client)
{
	char byte;

	if (read(client, &byte, 1) == 1) {
		byte++;
		write(client, &byte, 1);
	}
	close(client);
}

/* Has the client wait for its turn. */
static void begin(int epoll, int client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = client };

	if (!(fcntl(client, F_GETFL) & O_NONBLOCK))
		errx(1, "no O_NONBLOCK");
	epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
}

static void receive_and_serve(int said)
{
	int inbox = sockdup_inbox_open(NULL);

	write(said, "", 1);
	for (;;) {
		int client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			err(1, "sockdup_accept");
		serve(client);
		close(client);
	}
}

static void receive_by_epoll(int said)
{
	int inbox = sockdup_inbox_open(NULL), epoll = epoll_create1(EPOLL_CLOEXEC), client;

	write(said, "", 1);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = inbox };

	fcntl(inbox, F_SETFL, fcntl(inbox, F_GETFL) | O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, inbox, &event);
	while (epoll_wait(epoll, &event, 1, -1) == 1) {
		if (event.data.fd != inbox) {
			serve(event.data.fd);
			continue;
		}
		client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client >= 0)
			begin(epoll, client);
		else if (errno != EAGAIN && errno != EMFILE)
			err(1, "sockdup_accept");
	}
	err(1, "epoll_wait");
}

/* Until the listener has no more. */
static void post_all(int listener, pid_t receiver)
{
	int client;
	int binding = sockdup_inbox_bind(receiver, 0, NULL);

	while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (sockdup_post(binding, client, 0, SOCKDUP_POST_CLOSE))
			err(1, "sockdup_post");
}

FIXTURE(loop) {
	pid_t receiver;
	int listener;
	int clients[CLIENTS];
};

FIXTURE_VARIANT(loop) {
	void (*receive)(int said);
};

FIXTURE_VARIANT_ADD(loop, one_by_one) { .receive = receive_and_serve };
FIXTURE_VARIANT_ADD(loop, by_epoll) { .receive = receive_by_epoll };

FIXTURE_SETUP(loop)
{
	int said[2];
	char byte;

	self->listener = tcp_listener(AF_INET);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, listen(self->listener, CLIENTS));
	ASSERT_EQ(0, fcntl(self->listener, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, pipe2(said, O_CLOEXEC));
	self->receiver = fork();
	if (!self->receiver) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		variant->receive(said[1]);
	}
	ASSERT_EQ(1, read(said[0], &byte, 1));
}

FIXTURE_TEARDOWN(loop)
{
	kill(self->receiver, SIGKILL);
}

/* Clients answer in the order in which they came, as one that is served waits for no other. */
TEST_F(loop, serves_every_client_that_is_posted)
{
	const struct address address = bound_address(self->listener);
	char byte;
	int i;

	for (i = 0; i < CLIENTS; i++) {
		self->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ASSERT_EQ(0, connect(self->clients[i], (const void *)&address.storage,
				     address.size));
		byte = i;
		ASSERT_EQ(1, write(self->clients[i], &byte, 1));
	}
	post_all(self->listener, self->receiver);
	EXPECT_EQ(EAGAIN, errno);
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(1, read(self->clients[i], &byte, 1));
		EXPECT_EQ((char)(i + 1), byte);
		EXPECT_EQ(0, wait_for_end(self->clients[i]));
		close(self->clients[i]);
	}
}

/* The receiver serves a client that is slow to speak after one that is not. */
TEST_F(loop, takes_posts_one_after_the_other)
{
	int fds[2], binding = sockdup_inbox_bind(self->receiver, 0, NULL), i;
	char byte = 'a';

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, tcp_pair(AF_INET, fds));
		ASSERT_EQ(0, result(sockdup_post(binding, fds[1], 0, SOCKDUP_POST_CLOSE)));
		byte = 'a' + i;
		ASSERT_EQ(1, write(fds[0], &byte, 1));
		ASSERT_EQ(1, read(fds[0], &byte, 1));
		EXPECT_EQ('b' + i, byte);
		EXPECT_EQ(0, wait_for_end(fds[0]));
		close(fds[0]);
	}
}

SOCKDUP_TEST_MAIN
