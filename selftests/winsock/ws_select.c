// SPDX-License-Identifier: GPL-2.0-only
/*
 * select() and Winsock's sets of sockets.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static struct timeval at_once;
static struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

TEST(W112_nothing_to_wait_for)
{
	fd_set empty;

	FD_ZERO(&empty);
	ASSERT_FAILS(WSAEINVAL, select(0, NULL, NULL, NULL, &at_once));
	ASSERT_FAILS(WSAEINVAL, select(0, &empty, &empty, &empty, &at_once));
	ASSERT_FAILS(WSAEINVAL, select(0, &empty, NULL, NULL, NULL));
}

TEST(W112_what_is_no_socket)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(NO_SOCKET, &set);
	ASSERT_FAILS(WSAENOTSOCK, select(0, &set, NULL, NULL, &at_once));
	FD_ZERO(&set);
	FD_SET(stream_listener(), &set);
	FD_SET(INVALID_SOCKET, &set);
	ASSERT_FAILS(WSAENOTSOCK, select(0, NULL, &set, NULL, &at_once));
}

TEST(a_set_is_a_list)
{
	SOCKET a = new_socket(AF_INET, SOCK_STREAM), b = new_socket(AF_INET, SOCK_STREAM);
	fd_set set;

	FD_ZERO(&set);
	ASSERT_EQ(0, set.fd_count);
	FD_SET(a, &set);
	FD_SET(b, &set);
	FD_SET(a, &set);
	ASSERT_EQ(2, set.fd_count);
	ASSERT(set.fd_array[0] == a);
	ASSERT(set.fd_array[1] == b);
	ASSERT(FD_ISSET(a, &set));
	FD_CLR(a, &set);
	ASSERT(!FD_ISSET(a, &set));
	ASSERT(FD_ISSET(b, &set));
	ASSERT_EQ(1, set.fd_count);
}

TEST(a_full_set_takes_no_more)
{
	fd_set set;
	SOCKET s;

	FD_ZERO(&set);
	for (s = 1; s <= FD_SETSIZE + 3; s++)
		FD_SET(s, &set);
	ASSERT_EQ(FD_SETSIZE, set.fd_count);
}

TEST(what_is_not_ready_is_taken_out)
{
	SOCKET ends[2], listener = stream_listener();
	fd_set readable, writable, failed;

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_ZERO(&failed);
	FD_SET(listener, &readable);
	FD_SET(ends[0], &readable);
	FD_SET(ends[1], &readable);
	FD_SET(ends[0], &writable);
	FD_SET(ends[0], &failed);
	ASSERT_EQ(2, select(0, &readable, &writable, &failed, &limit));
	ASSERT_EQ(1, readable.fd_count);
	ASSERT(readable.fd_array[0] == ends[0]);
	ASSERT_EQ(1, writable.fd_count);
	ASSERT(writable.fd_array[0] == ends[0]);
	ASSERT_EQ(0, failed.fd_count);
}

TEST(one_socket_counts_in_each_set)
{
	fd_set readable, writable;
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	FD_ZERO(&readable);
	FD_SET(ends[0], &readable);
	writable = readable;
	ASSERT_EQ(2, select(0, &readable, &writable, NULL, &limit));
}

TEST(time_passes)
{
	struct timeval little = { .tv_usec = 20000 };
	SOCKET listener = stream_listener();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(listener, &set);
	ASSERT_EQ(0, select(0, &set, NULL, NULL, &little));
	ASSERT_EQ(0, set.fd_count);
}

TEST(a_listener_is_readable)
{
	SOCKET listener = stream_listener();

	ASSERT_EQ(0, readable_within(listener, 0));
	connect_to(port_of(listener));
	wait_readable_here(listener);
}

TEST(an_end_is_readable)
{
	SOCKET ends[2];

	stream_pair(ends);
	close_socket(ends[0]);
	wait_readable_here(ends[1]);
	assert_end(ends[1]);
}

TEST(a_connection_is_writable_once_it_stands)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);

	connect_without_waiting(s, port_of(listener));
	ASSERT_EQ(1, writable_within(s, WAIT_MS));
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_ERROR));
}

TEST(a_refused_connection_is_in_the_third_set_alone)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	fd_set writable, failed;

	connect_without_waiting(s, dead_port());
	FD_ZERO(&writable);
	FD_SET(s, &writable);
	failed = writable;
	ASSERT_EQ(1, select(0, NULL, &writable, &failed, &limit));
	ASSERT_EQ(0, writable.fd_count);
	ASSERT_EQ(1, failed.fd_count);
	ASSERT_EQ(WSAECONNREFUSED, get_option(s, SOL_SOCKET, SO_ERROR));
}

TEST(a_connection_that_another_thread_makes_meanwhile)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	pthread_t thread = connect_later(s, port_of(listener));
	int count = writable_within(s, WAIT_MS);

	pthread_join(thread, NULL);
	ASSERT_EQ(1, count);
}

TEST(urgent_data_is_in_the_third_set)
{
	SOCKET ends[2];
	fd_set readable, urgent;

	stream_pair(ends);
	ASSERT_EQ(1, send(ends[1], "!", 1, MSG_OOB));
	FD_ZERO(&urgent);
	FD_SET(ends[0], &urgent);
	readable = urgent;
	ASSERT_EQ(1, select(0, NULL, NULL, &urgent, &limit));
	ASSERT_EQ(0, select(0, &readable, NULL, NULL, &at_once));
}

TEST(a_full_connection_is_not_writable)
{
	SOCKET ends[2];
	int bytes;

	stream_pair(ends);
	set_nonblocking(ends[0]);
	bytes = fill(ends[0]);
	ASSERT_EQ(0, writable_within(ends[0], 0));
	drain(ends[1], bytes);
	ASSERT_EQ(1, writable_within(ends[0], WAIT_MS));
}

TEST_SHARED(W88_select_changes_no_registration)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	wait_for(event);
	ASSERT_EQ(1, readable_within(ends[0], 0));
	ASSERT(is_set(event));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(1, readable_within(ends[0], 0));
	assert_quiet(event);
}
