// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network events of a socket that two processes hold.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* A connection whose first end the partner holds, too. */
struct shared {
	struct partner *partner;
	SOCKET ends[2];
	SOCKET theirs;
	WSAEVENT event;
};

static struct shared shared_connection(void)
{
	struct shared it = { .partner = partner_start(), .event = new_event() };

	stream_pair(it.ends);
	it.theirs = partner_give(it.partner, it.ends[0]);
	return it;
}

static long partner_takes(const struct shared *it)
{
	WSANETWORKEVENTS happened;

	ASSERT_EQ(WSA_WAIT_EVENT_0, partner_wait_event(it->partner, WAIT_MS));
	ASSERT_WORKS(partner_enum_events(it->partner, it->theirs, &happened));
	return happened.lNetworkEvents;
}

static void assert_partner_quiet(const struct shared *it)
{
	ASSERT_EQ(WSA_WAIT_TIMEOUT, partner_wait_event(it->partner, QUIET_MS));
}

static void partner_takes_byte(const struct shared *it, char expected)
{
	char byte = 0;

	ASSERT_EQ(1, partner_recv(it->partner, it->theirs, &byte, 1, 0));
	ASSERT_EQ(expected, byte);
}

TEST_SHARED(W62_W63_the_last_registration_wins_in_any_process)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ);
	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, FD_WRITE));
	ASSERT_EQ(FD_WRITE, partner_takes(&it));
	send_text(it.ends[1], "x");
	wait_readable_here(it.ends[0]);
	assert_quiet(it.event);
	assert_partner_quiet(&it);
}

TEST_SHARED(W62_the_first_process_may_take_it_back)
{
	struct shared it = shared_connection();

	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, FD_READ));
	select_events(it.ends[0], it.event, FD_READ);
	send_text(it.ends[1], "x");
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
	assert_partner_quiet(&it);
}

TEST_SHARED(W64_each_mask_replaces_the_other)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ);
	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, FD_CLOSE));
	send_text(it.ends[1], "x");
	wait_readable_here(it.ends[0]);
	receive_text(it.ends[0], "x");
	close_socket(it.ends[1]);
	ASSERT_EQ(FD_CLOSE, partner_takes(&it));
	assert_quiet(it.event);
}

TEST_SHARED(W65_any_holder_cancels)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ);
	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, 0));
	send_text(it.ends[1], "x");
	wait_readable_here(it.ends[0]);
	assert_quiet(it.event);
}

TEST_SHARED(W66_it_is_non_blocking_for_all)
{
	struct shared it = shared_connection();
	char byte;

	select_events(it.ends[0], it.event, FD_READ);
	ASSERT_FAILS(WSAEWOULDBLOCK, partner_recv(it.partner, it.theirs, &byte, 1, 0));
}

TEST_SHARED(W67_W108_no_holder_makes_it_blocking_until_one_cancels)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ);
	ASSERT_FAILS(WSAEINVAL, partner_set_nonblocking(it.partner, it.theirs, 0));
	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, 0));
	ASSERT_WORKS(partner_set_nonblocking(it.partner, it.theirs, 0));
}

TEST_SHARED(W108_nor_through_a_second_socket_of_one_process)
{
	WSAEVENT event = new_event();
	SOCKET ends[2], second;
	u_long off = 0;

	stream_pair(ends);
	second = duplicate_here(ends[0]);
	select_events(ends[0], event, FD_READ);
	ASSERT_FAILS(WSAEINVAL, ioctlsocket(second, FIONBIO, &off));
	select_events(second, NULL, 0);
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &off));
}

TEST_SHARED(W70_W104_a_receive_in_another_process_counts)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ);
	send_text(it.ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
	assert_quiet(it.event);
	partner_takes_byte(&it, 'a');
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
}

TEST_SHARED(W104_so_does_one_through_a_second_socket)
{
	WSAEVENT event = new_event();
	SOCKET ends[2], second;

	stream_pair(ends);
	second = duplicate_here(ends[0]);
	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "abc");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	receive_text(second, "a");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W70_W104_an_accept_in_another_process_counts)
{
	struct partner *partner = partner_start();
	SOCKET listener = stream_listener(), theirs = partner_give(partner, listener);
	WSAEVENT event = new_event();

	select_events(listener, event, FD_ACCEPT);
	connect_to(port_of(listener));
	connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	ASSERT_WORKS(partner_accept(partner, theirs));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	ASSERT_WORKS(partner_accept(partner, theirs));
	assert_quiet(event);
}

TEST_SHARED(W78_the_end_is_reported_as_another_process_reads_the_rest)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ | FD_CLOSE);
	send_text(it.ends[1], "a");
	close_socket(it.ends[1]);
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
	partner_takes_byte(&it, 'a');
	ASSERT_EQ(FD_CLOSE, take_events(it.ends[0], it.event).lNetworkEvents);
}

TEST_SHARED(W79_another_holders_shutdown_is_no_close)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ | FD_CLOSE);
	ASSERT_WORKS(partner_shutdown(it.partner, it.theirs, SD_BOTH));
	assert_quiet(it.event);
}

TEST_SHARED(W80_the_last_close_ends_the_registration)
{
	struct shared it = shared_connection();

	select_events(it.ends[0], it.event, FD_READ | FD_CLOSE);
	ASSERT_WORKS(partner_close(it.partner, it.theirs));
	assert_open(it.ends[1]);
	send_text(it.ends[1], "x");
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
	receive_text(it.ends[0], "x");
	close_socket(it.ends[0]);
	/* A registration does not keep the socket. */
	assert_end(it.ends[1]);
	assert_quiet(it.event);
}

TEST_SHARED(W53_W80_the_partners_registration_ends_with_the_partner)
{
	struct shared it = shared_connection();

	ASSERT_WORKS(partner_event_select(it.partner, it.theirs, FD_READ));
	partner_exit(it.partner);
	assert_open(it.ends[1]);
	select_events(it.ends[0], it.event, FD_READ);
	send_text(it.ends[1], "x");
	ASSERT_EQ(FD_READ, take_events(it.ends[0], it.event).lNetworkEvents);
}

TEST_SHARED(W82_the_target_accepts_with_its_own_registration)
{
	struct partner *partner = partner_start();
	SOCKET listener = stream_listener(), theirs = partner_give(partner, listener);
	struct shared it = { .partner = partner, .theirs = theirs };

	ASSERT_WORKS(partner_event_select(partner, theirs, FD_ACCEPT | FD_WRITE));
	connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, partner_takes(&it));
	it.theirs = partner_accept(partner, theirs);
	ASSERT_WORKS(it.theirs);
	ASSERT_EQ(FD_WRITE, partner_takes(&it));
}
