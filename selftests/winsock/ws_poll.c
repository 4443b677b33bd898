// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSAPoll().
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static WSAPOLLFD entry(SOCKET s, SHORT events)
{
	WSAPOLLFD it = { .fd = s, .events = events, .revents = 0x7f };

	return it;
}

/* What is told of one socket, at the latest after so long. */
static SHORT told(SOCKET s, SHORT events, int milliseconds)
{
	WSAPOLLFD it = entry(s, events);
	int count = WSAPoll(&it, 1, milliseconds);

	ASSERT_WORKS(count);
	ASSERT_EQ(!!it.revents, count);
	return it.revents;
}

TEST(data_and_room_are_told)
{
	SOCKET ends[2];
	SHORT seen;

	stream_pair(ends);
	ASSERT_EQ(0, told(ends[0], POLLIN, 0));
	ASSERT(told(ends[0], POLLOUT, WAIT_MS) & POLLWRNORM);
	ASSERT(told(ends[0], POLLWRNORM, WAIT_MS) & POLLOUT);
	send_text(ends[1], "x");
	seen = told(ends[0], POLLIN, WAIT_MS);
	ASSERT(seen & POLLIN);
	ASSERT(seen & POLLRDNORM);
	seen = told(ends[0], POLLRDNORM, WAIT_MS);
	ASSERT(seen & POLLIN);
	ASSERT(!(seen & POLLOUT));
	ASSERT_EQ(0, told(ends[0], POLLRDBAND, 0));
}

TEST(a_listener_has_something_to_accept)
{
	SOCKET listener = stream_listener();

	ASSERT_EQ(0, told(listener, POLLIN, 0));
	connect_to(port_of(listener));
	ASSERT(told(listener, POLLIN, WAIT_MS) & POLLRDNORM);
}

TEST(urgent_data_is_told)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_EQ(1, send(ends[1], "!", 1, MSG_OOB));
	ASSERT(told(ends[0], POLLRDBAND, WAIT_MS) & POLLRDBAND);
	ASSERT_EQ(0, told(ends[0], POLLRDNORM, 0));
}

TEST(an_end_is_told)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[1], SD_SEND));
	ASSERT(told(ends[0], POLLIN, WAIT_MS) & POLLHUP);
	/* Nobody has to ask. */
	ASSERT(told(ends[0], 0, WAIT_MS) & POLLHUP);
	ASSERT_EQ(0, told(ends[1], POLLIN, 0));
}

TEST(a_reset_is_told)
{
	SOCKET ends[2];
	SHORT seen;

	stream_pair(ends);
	reset(ends[1]);
	seen = told(ends[0], 0, WAIT_MS);
	ASSERT(seen & POLLERR);
	ASSERT(seen & POLLHUP);
}

TEST(the_receivings_own_end_is_not_told)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_RECEIVE));
	ASSERT(!(told(ends[0], POLLOUT, WAIT_MS) & POLLHUP));
}

TEST(an_attempt_to_connect_comes_to_something)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);

	connect_without_waiting(s, port_of(listener));
	ASSERT(told(s, POLLOUT, WAIT_MS) & POLLOUT);
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_ERROR));
}

TEST(an_attempt_to_connect_that_is_refused)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	connect_without_waiting(s, dead_port());
	ASSERT(told(s, POLLOUT, WAIT_MS) & POLLERR);
	ASSERT_EQ(WSAECONNREFUSED, get_option(s, SOL_SOCKET, SO_ERROR));
}

TEST(nothing_is_told_of_what_was_never_connected)
{
	ASSERT_EQ(0, told(new_socket(AF_INET, SOCK_STREAM), POLLIN | POLLOUT, QUIET_MS));
}

TEST(a_datagram_socket)
{
	SOCKET ends[2];

	datagram_pair(ends);
	ASSERT(told(ends[0], POLLIN | POLLOUT, WAIT_MS) & POLLOUT);
	ASSERT_EQ(0, told(ends[0], POLLIN, 0));
	send_text(ends[1], "x");
	ASSERT(told(ends[0], POLLIN, WAIT_MS) & POLLIN);
}

TEST(several_of_which_some_have_something_to_tell)
{
	WSAPOLLFD entries[3];
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	entries[0] = entry(ends[1], POLLIN);
	entries[1] = entry(ends[0], POLLIN);
	/* The same socket once more. */
	entries[2] = entry(ends[1], POLLOUT);
	ASSERT_EQ(2, WSAPoll(entries, 3, WAIT_MS));
	ASSERT_EQ(0, entries[0].revents);
	ASSERT(entries[1].revents & POLLRDNORM);
	ASSERT(entries[2].revents & POLLWRNORM);
}

TEST(a_negative_one_is_passed_over)
{
	WSAPOLLFD entries[2];

	entries[0] = entry((SOCKET)-2, POLLIN);
	entries[1] = entry(datagram_bound(), POLLOUT);
	ASSERT_EQ(1, WSAPoll(entries, 2, WAIT_MS));
	ASSERT_EQ(0, entries[0].revents);
	ASSERT(entries[1].revents & POLLWRNORM);
}

TEST(W112_what_is_no_socket_is_told)
{
	WSAPOLLFD entries[2];
	SOCKET ends[2];

	stream_pair(ends);
	entries[0] = entry(ends[0], POLLIN);
	entries[1] = entry(NO_SOCKET, POLLIN);
	ASSERT_EQ(1, WSAPoll(entries, 2, WAIT_MS));
	ASSERT_EQ(0, entries[0].revents);
	ASSERT_EQ(POLLNVAL, entries[1].revents);
}

TEST(polls_that_are_refused)
{
	WSAPOLLFD it = entry(NO_SOCKET, POLLIN);

	ASSERT_FAILS(WSAEINVAL, WSAPoll(&it, 0, 0));
	ASSERT_FAILS(WSAEFAULT, WSAPoll(NULL, 1, 0));
}

TEST(flags_that_a_poll_does_not_take)
{
	WSAPOLLFD it = entry(datagram_bound(), POLLPRI);

	ASSERT_FAILS(WSAEINVAL, WSAPoll(&it, 1, 0));
	it.events = POLLIN | POLLWRBAND;
	ASSERT_FAILS(WSAEINVAL, WSAPoll(&it, 1, 0));
	it.events = POLLIN | POLLHUP;
	ASSERT_FAILS(WSAEINVAL, WSAPoll(&it, 1, 0));
}

TEST(a_poll_needs_one_socket)
{
	WSAPOLLFD it = entry(NO_SOCKET, POLLIN);

	ASSERT_FAILS(WSAEINVAL, WSAPoll(&it, 1, 0));
}

TEST(a_connection_that_another_thread_makes_meanwhile)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	pthread_t thread = connect_later(s, port_of(listener));
	SHORT seen = told(s, POLLOUT, WAIT_MS);

	pthread_join(thread, NULL);
	ASSERT(seen & POLLOUT);
}
