// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSAEventSelect() and WSAEnumNetworkEvents() on sockets of one process: what is
 * recorded, when, and what records it again.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* Of a receive. */
#define UNKNOWN_FLAG	0x100000

TEST_SHARED(W62_W64_a_second_registration_replaces_the_first)
{
	WSAEVENT first = new_event(), second = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], first, FD_READ);
	select_events(ends[0], second, FD_CLOSE);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	receive_text(ends[0], "x");
	close_socket(ends[1]);
	ASSERT_EQ(FD_CLOSE, take_events(ends[0], second).lNetworkEvents);
	assert_quiet(first);
}

TEST_SHARED(W65_an_empty_mask_cancels)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	select_events(ends[0], NULL, 0);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	assert_quiet(event);
}

TEST_SHARED(W65_the_event_of_an_empty_mask_is_not_looked_at)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	ASSERT(WSACloseEvent(event));
	ASSERT_WORKS(WSAEventSelect(ends[0], event, 0));
	ASSERT_WORKS(WSAEventSelect(ends[0], NULL, 0));
}

TEST_SHARED(W66_a_registration_makes_non_blocking)
{
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_CLOSE);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
}

TEST_SHARED(W66_an_empty_one_too)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	select_events(ends[0], NULL, 0);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
}

TEST_SHARED(W67_no_blocking_while_registered)
{
	u_long off = 0, on = 1;
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_READ);
	ASSERT_FAILS(WSAEINVAL, ioctlsocket(ends[0], FIONBIO, &off));
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &on));
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	select_events(ends[0], NULL, 0);
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &off));
	set_option(ends[0], SOL_SOCKET, SO_RCVTIMEO, 20);
	ASSERT_FAILS(WSAETIMEDOUT, recv(ends[0], &byte, 1, 0));
}

TEST_SHARED(W67_nor_by_the_longer_call)
{
	u_long off = 0;
	DWORD size;
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	ASSERT_FAILS(WSAEINVAL, WSAIoctl(ends[0], FIONBIO, &off, sizeof(off), NULL, 0,
					 &size, NULL, NULL));
}

TEST_SHARED(W68_W108_a_registration_takes_an_event_object)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAEINVAL, WSAEventSelect(ends[0], NULL, FD_READ));
}

TEST_SHARED(W68_a_bad_event_object)
{
	WSAEVENT closed = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT(WSACloseEvent(closed));
	ASSERT_FAILS(WSAEINVAL, WSAEventSelect(ends[0], closed, FD_READ));
	ASSERT_FAILS(WSAEINVAL, WSAEventSelect(ends[0], (WSAEVENT)ends[1], FD_READ));
}

TEST_SHARED(W68_what_is_no_socket)
{
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	ASSERT_FAILS(WSAENOTSOCK, WSAEventSelect(NO_SOCKET, event, FD_READ));
	ASSERT_FAILS(WSAENOTSOCK, WSAEventSelect(INVALID_SOCKET, NULL, 0));
	ASSERT_FAILS(WSAENOTSOCK, WSAEventSelect((SOCKET)event, event, FD_READ));
	ASSERT_FAILS(WSAENOTSOCK, WSAEnumNetworkEvents(NO_SOCKET, event, &happened));
}

TEST_SHARED(W69_what_is_true_already_is_reported)
{
	WSAEVENT event = new_event();
	SOCKET ends[2], listener = stream_listener();

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	select_events(ends[0], event, FD_READ);
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	connect_to(port_of(listener));
	wait_readable_here(listener);
	select_events(listener, event, FD_ACCEPT);
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
}

TEST_SHARED(W69_X1_a_new_registration_reports_what_is_true_again)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "x");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	select_events(ends[0], event, FD_READ);
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W62_X1_a_new_registration_clears_the_record)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "x");
	wait_for(event);
	select_events(ends[0], event, FD_WRITE);
	ASSERT_EQ(FD_WRITE, wait_for_events(ends[0], event, FD_WRITE).lNetworkEvents);
}

TEST_SHARED(W70_a_receive_that_leaves_data)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "bc");
	assert_quiet(event);
}

TEST_SHARED(W70_a_receive_by_the_long_call)
{
	DWORD bytes = 0, flags = 0;
	char byte;
	WSABUF buffer = { .len = 1, .buf = &byte };
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(0, WSARecv(ends[0], &buffer, 1, &bytes, &flags, NULL, NULL));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W70_sockets_without_a_registration_make_no_difference)
{
	SOCKET ends[2], other[2];
	WSAEVENT event;
	char byte;

	registered_pair(ends, &event, FD_READ);
	stream_pair(other);
	set_nonblocking(other[0]);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(other[0], &byte, 1, 0));
	receive_text(ends[0], "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W62_an_event_object_that_resets_itself)
{
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
	WSANETWORKEVENTS happened;
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "x");
	wait_for(event);
	ASSERT(!is_set(event));
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], event, &happened));
	ASSERT_EQ(FD_READ, happened.lNetworkEvents);
}

TEST_SHARED(W62_one_event_object_for_two_sockets)
{
	SOCKET first[2], second[2];
	WSAEVENT event = new_event();

	stream_pair(first);
	stream_pair(second);
	select_events(first[0], event, FD_READ);
	select_events(second[0], event, FD_READ);
	send_text(second[1], "x");
	wait_for(event);
	ASSERT_EQ(0, recorded(first[0]));
	ASSERT_EQ(FD_READ, take_events(second[0], event).lNetworkEvents);
	send_text(first[1], "x");
	ASSERT_EQ(FD_READ, take_events(first[0], event).lNetworkEvents);
}

TEST_SHARED(W70_a_datagram_that_is_left)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	datagram_pair(ends);
	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "one");
	send_text(ends[1], "two");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "one");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "two");
	assert_quiet(event);
}

TEST_SHARED(W70_an_accept_that_leaves_a_connection)
{
	SOCKET listener = stream_listener();
	WSAEVENT event = new_event();

	select_events(listener, event, FD_ACCEPT);
	connect_to(port_of(listener));
	connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	ASSERT_WORKS(accept(listener, NULL, NULL));
	assert_quiet(event);
}

TEST_SHARED(W71_X4_more_data_is_not_reported_without_a_receive)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	send_text(ends[1], "def");
	assert_quiet(event);
	receive_text(ends[0], "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W71_X4_more_connections_are_not_reported_without_an_accept)
{
	SOCKET listener = stream_listener();
	WSAEVENT event = new_event();

	select_events(listener, event, FD_ACCEPT);
	connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	connect_to(port_of(listener));
	assert_quiet(event);
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
}

TEST_SHARED(W71_X3_a_send_leaves_the_record_of_write)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_WRITE);
	wait_for(event);
	send_text(ends[0], "x");
	ASSERT_EQ(FD_WRITE, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W72_X2_a_receive_that_fails_counts)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_FAILS(WSAEFAULT, recv(ends[0], NULL, 1, 0));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W72_a_receive_that_is_refused_counts)
{
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_FAILS(WSAEINVAL, recv(ends[0], &byte, 1, UNKNOWN_FLAG));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W72_a_receive_that_would_block_counts)
{
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	/* By a call that the layer does not see, and that answers nothing. */
	ASSERT_EQ(1, process_read_socket(ends[0], &byte, 1));
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	send_text(ends[1], "b");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W73_peeking_counts)
{
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(1, recv(ends[0], &byte, 1, MSG_PEEK));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W74_write_after_a_send_that_would_have_blocked)
{
	WSAEVENT event;
	SOCKET ends[2];
	int bytes;

	registered_pair(ends, &event, FD_WRITE);
	send_text(ends[0], "x");
	receive_text(ends[1], "x");
	assert_quiet(event);
	bytes = fill(ends[0]);
	assert_quiet(event);
	drain(ends[1], bytes);
	ASSERT_EQ(FD_WRITE, take_events(ends[0], event).lNetworkEvents);
	assert_quiet(event);
}

TEST_SHARED(W74_W75_connect_and_write_after_a_connect)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	select_events(s, event, FD_CONNECT | FD_WRITE);
	assert_quiet(event);
	connect_without_waiting(s, port_of(listener));
	happened = wait_for_events(s, event, FD_CONNECT | FD_WRITE);
	ASSERT_EQ(FD_CONNECT | FD_WRITE, happened.lNetworkEvents);
	ASSERT_EQ(0, happened.iErrorCode[FD_CONNECT_BIT]);
}

TEST_SHARED(W75_a_refused_connect_carries_its_error)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	select_events(s, event, FD_CONNECT);
	connect_without_waiting(s, dead_port());
	happened = wait_for_events(s, event, FD_CONNECT);
	ASSERT_EQ(FD_CONNECT, happened.lNetworkEvents);
	ASSERT_EQ(WSAECONNREFUSED, happened.iErrorCode[FD_CONNECT_BIT]);
}

TEST_SHARED(W75_the_attempt_after_a_refusal_is_told_of_itself)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	select_events(s, event, FD_CONNECT);
	connect_without_waiting(s, dead_port());
	happened = wait_for_events(s, event, FD_CONNECT);
	ASSERT_EQ(WSAECONNREFUSED, happened.iErrorCode[FD_CONNECT_BIT]);
	assert_quiet(event);
	connect_without_waiting(s, port_of(listener));
	happened = wait_for_events(s, event, FD_CONNECT);
	ASSERT_EQ(FD_CONNECT, happened.lNetworkEvents);
	ASSERT_EQ(0, happened.iErrorCode[FD_CONNECT_BIT]);
	assert_quiet(event);
}

TEST_SHARED(W76_urgent_data)
{
	WSAEVENT event;
	SOCKET ends[2];
	char byte;

	registered_pair(ends, &event, FD_READ | FD_OOB);
	ASSERT_EQ(1, send(ends[1], "!", 1, MSG_OOB));
	ASSERT_EQ(FD_OOB, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(1, recv(ends[0], &byte, 1, MSG_OOB));
	assert_quiet(event);
}

TEST_SHARED(W76_urgent_data_in_line_is_read)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_OOB);
	set_option(ends[0], SOL_SOCKET, SO_OOBINLINE, 1);
	ASSERT_EQ(1, send(ends[1], "!", 1, MSG_OOB));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "!");
	assert_quiet(event);
}

TEST_SHARED(W77_the_peers_end)
{
	WSANETWORKEVENTS happened;
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_CLOSE);
	close_socket(ends[1]);
	happened = take_events(ends[0], event);
	ASSERT_EQ(FD_CLOSE, happened.lNetworkEvents);
	ASSERT_EQ(0, happened.iErrorCode[FD_CLOSE_BIT]);
	assert_end(ends[0]);
	assert_quiet(event);
}

TEST_SHARED(W77_X6_a_reset)
{
	WSANETWORKEVENTS happened;
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_CLOSE);
	reset(ends[1]);
	happened = wait_for_events(ends[0], event, FD_CLOSE);
	ASSERT_EQ(FD_CLOSE, happened.lNetworkEvents);
	ASSERT_EQ(WSAECONNRESET, happened.iErrorCode[FD_CLOSE_BIT]);
}

TEST_SHARED(W78_X5_the_end_comes_after_the_data)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_CLOSE);
	send_text(ends[1], "ab");
	close_socket(ends[1]);
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	assert_quiet(event);
	receive_text(ends[0], "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(ends[0], "b");
	ASSERT_EQ(FD_CLOSE, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W79_ones_own_shutdown_is_no_close)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_CLOSE);
	ASSERT_WORKS(shutdown(ends[0], SD_BOTH));
	assert_quiet(event);
}

TEST_SHARED(W79_the_peers_receiving_side_is_no_close_and_its_sending_side_is)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_CLOSE);
	ASSERT_WORKS(shutdown(ends[1], SD_RECEIVE));
	assert_quiet(event);
	ASSERT_WORKS(shutdown(ends[1], SD_SEND));
	ASSERT_EQ(FD_CLOSE, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W80_ones_own_close_is_not_reported)
{
	WSAEVENT event;
	SOCKET ends[2];

	registered_pair(ends, &event, FD_READ | FD_WRITE | FD_CLOSE);
	close_socket(ends[0]);
	assert_end(ends[1]);
	assert_quiet(event);
}

TEST_SHARED(W81_W82_an_accepted_socket_has_its_listeners_registration)
{
	SOCKET listener = stream_listener(), client, s;
	WSAEVENT event = new_event(), other = new_event();

	select_events(listener, event, FD_ACCEPT | FD_READ | FD_WRITE | FD_CLOSE);
	client = connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	s = accept(listener, NULL, NULL);
	ASSERT_WORKS(s);
	ASSERT_EQ(FD_WRITE, take_events(s, event).lNetworkEvents);
	send_text(client, "x");
	ASSERT_EQ(FD_READ, take_events(s, event).lNetworkEvents);
	select_events(s, other, FD_CLOSE);
	close_socket(client);
	receive_text(s, "x");
	ASSERT_EQ(FD_CLOSE, take_events(s, other).lNetworkEvents);
	assert_quiet(event);
}

TEST_SHARED(W81_so_it_is_by_the_long_call)
{
	SOCKET listener = stream_listener(), client, s;
	WSAEVENT event = new_event();

	select_events(listener, event, FD_ACCEPT | FD_READ);
	client = connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	s = WSAAccept(listener, NULL, NULL, NULL, 0);
	ASSERT_WORKS(s);
	send_text(client, "x");
	ASSERT_EQ(FD_READ, take_events(s, event).lNetworkEvents);
}
