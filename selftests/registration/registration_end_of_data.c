// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a connection: which end is told, with which error, and when, on TCP
 * and AF_UNIX. W76-W79, X5, X6.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "tcp.h"
#include "traffic.h"

TEST_F(tcp, W76_urgent_data_is_told_as_such)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	EXPECT_EQ(OOB, come(self->fd, self->event, OOB));
}

TEST_F(tcp, W76_urgent_data_inline_is_told_as_data)
{
	const int on = 1;

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_OOBINLINE, &on,
				sizeof(on)));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W77_orderly_end_is_told_without_error_and_not_as_data)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(tcp, W77_X6_reset_is_told_with_its_error_and_not_as_data)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, close_with_reset(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

TEST_F(tcp, W77_reset_that_a_call_has_told_of_has_its_error_still)
{
	struct sockdup_network_events happened;

	ASSERT_EQ(0, close_with_reset(self->peer));
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLHUP));
	ASSERT_EQ(-ECONNRESET, receive(self->fd, 1));
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

/*
 * A reset after the peer's data and end, for which TCP has another error than for one
 * that comes at once; 0 or -errno.
 */
static int reset_after_data(int peer, int fd)
{
	int error = arrive(peer, fd, "x");

	if (!error)
		error = finish(peer, fd);
	if (!error)
		error = close_with_reset(peer);
	return error ? error : wait_for_poll(fd, POLLHUP);
}

/* The error that comes with CLOSE once the data has been received. */
static int error_after_data(int fd, int event)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	if (receive(fd, 8) != 1 || try_event_rearm(fd, CLOSE) ||
	    come_with(fd, event, CLOSE, &happened) != CLOSE)
		return -EPROTO;
	return *error_of(&happened, CLOSE);
}

TEST_F(tcp, W77_reset_after_the_peers_data_is_told_as_a_reset)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, reset_after_data(self->peer, self->fd));
	EXPECT_EQ(ECONNRESET, error_after_data(self->fd, self->event));
}

TEST_F(tcp, W77_reset_after_the_peers_data_is_told_though_a_call_has_taken_it)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, reset_after_data(self->peer, self->fd));
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(EPIPE, errno);
	EXPECT_EQ(ECONNRESET, error_after_data(self->fd, self->event));
}

TEST_F(tcp, W78_X5_end_is_not_told_while_data_is_unread)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W78_end_after_data_is_told_by_a_rearm_once_it_is_read)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_sending_here_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, finish(self->fd, self->peer));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_receiving_here_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

TEST_F(tcp, W79_shutdown_of_receiving_there_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_sending_there_is_an_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

/* AF_UNIX connections. */
FIXTURE(unix_pair) {
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(unix_pair) {
	int type;
};

FIXTURE_VARIANT_ADD(unix_pair, stream) { SOCK_STREAM };
FIXTURE_VARIANT_ADD(unix_pair, seqpacket) { SOCK_SEQPACKET };

FIXTURE_SETUP(unix_pair)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0,
				fds));
	self->fd = fds[0];
	self->peer = fds[1];
	self->event = new_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(unix_pair)
{
	close(self->fd);
	close(self->peer);
	close(self->event);
}

TEST_F(unix_pair, W77_end_of_the_peer_is_told)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(unix_pair, W77_end_of_a_peer_with_unread_data_is_a_reset)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, arrive(self->fd, self->peer, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

/*
 * The peer's close wakes the registration, and the call takes the error at once, as a
 * rule before a worker has looked.
 */
TEST_F(unix_pair, W77_reset_that_a_call_has_told_of_has_its_error_still)
{
	struct sockdup_network_events happened;
	int fds[2];
	int round;

	for (round = 0; round < 50; round++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0,
					fds));
		ASSERT_EQ(0, arrive(fds[0], fds[1], "x"));
		ASSERT_EQ(0, ask(fds[0], self->event, CLOSE));
		ASSERT_EQ(0, close(fds[1]));
		ASSERT_EQ(-ECONNRESET, receive(fds[0], 1));
		memset(&happened, 0xab, sizeof(happened));
		EXPECT_EQ(CLOSE, come_with(fds[0], self->event, CLOSE,
					   &happened));
		EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
		ASSERT_EQ(0, close(fds[0]));
	}
}

TEST_F(unix_pair, W78_end_after_data_is_told_by_a_rearm_once_it_is_read)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, close(self->peer));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(unix_pair, W79_shutdown_of_sending_there_is_an_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

/* It is passed over, as the program receives what comes in its turn alone. */
TEST(W77_end_of_a_peer_is_told_after_an_urgent_byte_that_is_not_wanted)
{
	int event = new_event();
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				fds));
	ASSERT_EQ(0, ask(fds[0], event, CLOSE));
	ASSERT_EQ(0, arrive_urgent(fds[1], fds[0]));
	ASSERT_EQ(-EAGAIN, receive(fds[0], 1));
	ASSERT_EQ(0, close(fds[1]));
	EXPECT_EQ(CLOSE, come(fds[0], event, CLOSE));
}

/* The byte is received, and its place in the queue is not. */
TEST(W77_end_of_a_peer_is_told_after_an_urgent_byte)
{
	int event = new_event();
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				fds));
	ASSERT_EQ(0, ask(fds[0], event, OOB | CLOSE));
	ASSERT_EQ(0, arrive_urgent(fds[1], fds[0]));
	ASSERT_EQ(OOB, come(fds[0], event, OOB));
	ASSERT_EQ(1, receive_urgent(fds[0]));
	ASSERT_EQ(0, close(fds[1]));
	EXPECT_EQ(CLOSE, come(fds[0], event, CLOSE));
}

SOCKDUP_TEST_MAIN
