// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of network events, and how WSAEnumNetworkEvents() reads it.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* An int of which each byte is 0xab. */
#define UNTOUCHED	(-0x54545455)

#define WITHOUT_COUNTERPART \
	(FD_QOS | FD_GROUP_QOS | FD_ROUTING_INTERFACE_CHANGE | FD_ADDRESS_LIST_CHANGE)

static void readable_pair(SOCKET ends[2], WSAEVENT *event)
{
	registered_pair(ends, event, FD_READ);
	send_text(ends[1], "x");
	wait_for(*event);
}

TEST_SHARED(W83_a_reading_clears_and_resets)
{
	WSANETWORKEVENTS happened;
	WSAEVENT event;
	SOCKET ends[2];

	readable_pair(ends, &event);
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], event, &happened));
	ASSERT_EQ(FD_READ, happened.lNetworkEvents);
	ASSERT_EQ(0, happened.iErrorCode[FD_READ_BIT]);
	ASSERT(!is_set(event));
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], event, &happened));
	ASSERT_EQ(0, happened.lNetworkEvents);
}

TEST_SHARED(W83_errors_of_what_did_not_happen_are_not_touched)
{
	WSANETWORKEVENTS happened;
	WSAEVENT event;
	SOCKET ends[2];
	int bit;

	readable_pair(ends, &event);
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], event, &happened));
	for (bit = 0; bit < FD_MAX_EVENTS; bit++)
		ASSERT_EQ(bit == FD_READ_BIT ? 0 : UNTOUCHED, happened.iErrorCode[bit]);
}

/* In a partner, as a call that takes a bad pointer for a good one crashes. */
static void assert_bad_struct_clears_nothing(int address)
{
	struct partner *partner = partner_start();
	WSANETWORKEVENTS happened;
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(partner_event_select(partner, theirs, FD_READ));
	send_text(ends[1], "x");
	ASSERT_EQ(WSA_WAIT_EVENT_0, partner_wait_event(partner, WAIT_MS));
	ASSERT_FAILS(WSAEFAULT, partner_enum_events_at(partner, theirs, address));
	ASSERT_EQ(WSA_WAIT_EVENT_0, partner_wait_event(partner, 0));
	ASSERT_WORKS(partner_enum_events(partner, theirs, &happened));
	ASSERT_EQ(FD_READ, happened.lNetworkEvents);
}

TEST_SHARED(W84_W109_no_struct_clears_nothing)
{
	assert_bad_struct_clears_nothing(0);
}

TEST_SHARED(W84_W109_a_bad_pointer_clears_nothing)
{
	assert_bad_struct_clears_nothing(NOBODYS_ADDRESS);
}

TEST_SHARED(W84_a_bad_event_object_clears_nothing)
{
	WSAEVENT event, closed = new_event();
	WSANETWORKEVENTS happened;
	SOCKET ends[2];

	readable_pair(ends, &event);
	ASSERT(WSACloseEvent(closed));
	ASSERT_EQ(SOCKET_ERROR, WSAEnumNetworkEvents(ends[0], closed, &happened));
	ASSERT(is_set(event));
	ASSERT_EQ(FD_READ, recorded(ends[0]));
}

TEST_SHARED(W109_without_an_event_object_it_stays_set)
{
	WSANETWORKEVENTS happened;
	WSAEVENT event;
	SOCKET ends[2];

	readable_pair(ends, &event);
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], NULL, &happened));
	ASSERT_EQ(FD_READ, happened.lNetworkEvents);
	ASSERT(is_set(event));
	ASSERT_EQ(0, recorded(ends[0]));
}

TEST_SHARED(W109_another_event_object_is_reset_instead)
{
	WSAEVENT event, other = new_event();
	WSANETWORKEVENTS happened;
	SOCKET ends[2];

	readable_pair(ends, &event);
	ASSERT(WSASetEvent(other));
	ASSERT_WORKS(WSAEnumNetworkEvents(ends[0], other, &happened));
	ASSERT(is_set(event));
	ASSERT(!is_set(other));
}

TEST_SHARED(W85_what_is_not_selected_is_not_reported)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_CLOSE);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	assert_quiet(event);
	ASSERT_EQ(0, recorded(ends[0]));
	select_events(ends[0], event, FD_READ);
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W86_a_connection_at_first)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event,
		      FD_READ | FD_WRITE | FD_OOB | FD_ACCEPT | FD_CLOSE);
	ASSERT_EQ(FD_WRITE, take_events(ends[0], event).lNetworkEvents);
	assert_quiet(event);
}

TEST_SHARED(W86_a_bound_udp_socket_at_first)
{
	WSAEVENT event = new_event();
	SOCKET s = datagram_bound();

	select_events(s, event, FD_READ | FD_WRITE | FD_CLOSE);
	ASSERT_EQ(FD_WRITE, take_events(s, event).lNetworkEvents);
	assert_quiet(event);
}

TEST_SHARED(W86_an_unconnected_tcp_socket_at_first)
{
	WSAEVENT event = new_event();
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	select_events(s, event, FD_READ | FD_WRITE | FD_CONNECT | FD_CLOSE);
	assert_quiet(event);
	ASSERT_EQ(0, recorded(s));
}

TEST_SHARED(W86_a_listener_at_first)
{
	SOCKET listener = stream_listener();
	WSAEVENT event = new_event();

	select_events(listener, event, FD_READ | FD_WRITE | FD_ACCEPT | FD_CLOSE);
	assert_quiet(event);
	ASSERT_EQ(0, recorded(listener));
}

TEST_SHARED(W88_a_socket_without_a_registration_records_nothing)
{
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	ASSERT_EQ(0, recorded(ends[0]));
}

TEST_SHARED(W93_all_network_events_are_accepted)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];
	long seen;

	stream_pair(ends);
	select_events(ends[0], event, FD_ALL_EVENTS);
	seen = wait_for_events(ends[0], event, FD_WRITE).lNetworkEvents;
	send_text(ends[1], "x");
	seen |= wait_for_events(ends[0], event, FD_READ).lNetworkEvents;
	receive_text(ends[0], "x");
	close_socket(ends[1]);
	seen |= wait_for_events(ends[0], event, FD_CLOSE).lNetworkEvents;
	ASSERT(!(seen & WITHOUT_COUNTERPART));
}

TEST_SHARED(W93_those_without_counterpart_alone)
{
	WSAEVENT event = new_event();
	SOCKET s = datagram_bound();

	select_events(s, event, WITHOUT_COUNTERPART);
	assert_quiet(event);
	ASSERT_EQ(0, recorded(s));
}

TEST_SHARED(W65_W93_those_cancel_what_was_registered)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	select_events(ends[0], event, WITHOUT_COUNTERPART);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	assert_quiet(event);
	ASSERT_EQ(0, recorded(ends[0]));
}

TEST(W93_values)
{
	ASSERT_EQ(0x1, FD_READ);
	ASSERT_EQ(0x2, FD_WRITE);
	ASSERT_EQ(0x4, FD_OOB);
	ASSERT_EQ(0x8, FD_ACCEPT);
	ASSERT_EQ(0x10, FD_CONNECT);
	ASSERT_EQ(0x20, FD_CLOSE);
	ASSERT_EQ(0x40, FD_QOS);
	ASSERT_EQ(0x80, FD_GROUP_QOS);
	ASSERT_EQ(0x100, FD_ROUTING_INTERFACE_CHANGE);
	ASSERT_EQ(0x200, FD_ADDRESS_LIST_CHANGE);
	ASSERT_EQ(10, FD_MAX_EVENTS);
	ASSERT_EQ(0x3ff, FD_ALL_EVENTS);
}
