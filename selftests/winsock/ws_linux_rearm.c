// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that answer a report re-enable the next one, whoever has registered the socket:
 * here a native process. What this process has of the device is the test's choice.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "native_share_linux.h"
#include "partner.h"
#include "process_linux.h"
#include "test.h"
#include "world.h"

/* Longer than the kernel's tick. */
#define TICKS_MS	100

#define LIMIT_MS	200

/* More than a connection has room for. */
static const char much[1 << 24];

/* A connection that a native process has registered, and been told of two bytes on it. */
struct told {
	SOCKET ends[2];
	int theirs;
};

static struct told told_connection(void)
{
	struct told it;

	it.theirs = native_connection(it.ends);
	ASSERT_EQ(0, native_select_once(it.theirs, FD_READ));
	send_text(it.ends[1], "ab");
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	return it;
}

/* With any other cause of a failure out of the way. */
static struct told told_nonblocking(void)
{
	struct told it = told_connection();

	set_nonblocking(it.ends[0]);
	return it;
}

static int receive_byte(SOCKET s)
{
	char byte;

	return recv(s, &byte, 1, 0);
}

TEST_SHARED(W70_W104_a_receive_of_a_blocking_socket_counts)
{
	struct told it = told_connection();

	ASSERT_EQ(0, native_is_nonblocking(it.ends[0]));
	ASSERT_EQ(1, receive_byte(it.ends[0]));
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	native_end();
}

TEST_SHARED(W72_W104_a_receive_of_a_blocking_socket_that_fails_counts)
{
	struct told it = told_connection();

	ASSERT_FAILS(WSAEFAULT, recv(it.ends[0], (char *)NOBODYS_ADDRESS, 1, 0));
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	native_end();
}

TEST_SHARED(W70_W104_an_accept_of_a_blocking_listener_counts)
{
	SOCKET listener = stream_listener();
	int theirs = native_begin_with(listener);

	ASSERT_EQ(0, native_select_once(theirs, FD_ACCEPT));
	connect_to(port_of(listener));
	connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, native_take(theirs));
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_EQ(FD_ACCEPT, native_take(theirs));
	native_end();
}

/* The device has been open since the first receive. */
TEST_SHARED(W104_a_receive_with_every_descriptor_in_use_counts)
{
	struct told it = told_nonblocking();
	int size;

	ASSERT_EQ(1, receive_byte(it.ends[0]));
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	process_deny_descriptors();
	size = receive_byte(it.ends[0]);
	process_allow_descriptors();
	ASSERT_EQ(1, size);
	send_text(it.ends[1], "c");
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	native_end();
}

/* A connection that is told of room again, once a send has found too little. */
static struct told told_of_room(void)
{
	struct told it;

	it.theirs = native_connection(it.ends);
	ASSERT_EQ(0, native_select_once(it.theirs, FD_WRITE));
	ASSERT_EQ(FD_WRITE, native_take(it.theirs));
	return it;
}

static void assert_told_of_room(const struct told *it, int bytes)
{
	drain(it->ends[1], bytes);
	ASSERT_EQ(FD_WRITE, native_take(it->theirs));
	native_end();
}

TEST_SHARED(W74_a_send_that_has_waited_in_vain_counts)
{
	struct told it = told_of_room();
	int size, sent = 0;

	set_option(it.ends[0], SOL_SOCKET, SO_SNDTIMEO, LIMIT_MS);
	/* By a call that the layer does not see. */
	while ((size = process_write_socket(it.ends[0], much, sizeof(much))) > 0)
		sent += size;
	ASSERT_FAILS(WSAETIMEDOUT, send(it.ends[0], much, sizeof(much), 0));
	assert_told_of_room(&it, sent);
}

TEST_SHARED(W74_a_send_of_a_part_in_its_time_counts)
{
	struct told it = told_of_room();
	int sent;

	set_option(it.ends[0], SOL_SOCKET, SO_SNDTIMEO, LIMIT_MS);
	sent = send(it.ends[0], much, sizeof(much), 0);
	ASSERT(sent > 0 && sent < (int)sizeof(much));
	assert_told_of_room(&it, sent);
}

TEST_SHARED(W74_a_send_of_a_part_that_does_not_wait_counts)
{
	struct told it = told_of_room();
	int sent;

	set_nonblocking(it.ends[0]);
	sent = send(it.ends[0], much, sizeof(much), 0);
	ASSERT(sent > 0 && sent < (int)sizeof(much));
	assert_told_of_room(&it, sent);
}

/* Receives while the device cannot be found, which does not count. */
static int miss_device(SOCKET s)
{
	int size;

	native_release_here();
	if (!process_hide_files())
		return -1;
	size = receive_byte(s);
	return process_show_files() ? size : -1;
}

static int receive_after_a_miss(void *s)
{
	if (miss_device(*(SOCKET *)s) != 1)
		return 1;
	Sleep(TICKS_MS);
	return receive_byte(*(SOCKET *)s) != 1;
}

TEST_SHARED(W104_a_device_that_was_missing_is_found)
{
	struct told it = told_nonblocking();

	send_text(it.ends[1], "c");
	ASSERT_EQ(0, process_fork(receive_after_a_miss, &it.ends[0]));
	ASSERT_EQ(FD_READ, native_take(it.theirs));
	native_end();
}

/* With a registration of its own, it is found at once. */
static int register_after_a_miss(void *s)
{
	WSAEVENT event = new_event();

	if (miss_device(*(SOCKET *)s) != 1)
		return 1;
	select_events(*(SOCKET *)s, event, FD_READ);
	ASSERT_EQ(FD_READ, take_events(*(SOCKET *)s, event).lNetworkEvents);
	if (receive_byte(*(SOCKET *)s) != 1)
		return 2;
	return take_events(*(SOCKET *)s, event).lNetworkEvents != FD_READ;
}

TEST_SHARED(W104_a_registration_ends_the_miss)
{
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "abc");
	wait_readable_here(ends[0]);
	set_nonblocking(ends[0]);
	ASSERT_EQ(0, process_fork(register_after_a_miss, &ends[0]));
}
