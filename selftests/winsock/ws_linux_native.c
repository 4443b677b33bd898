// SPDX-License-Identifier: GPL-2.0-only
/*
 * One side uses the layer, the other sockdup's native calls.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "native_linux.h"
#include "native_share_linux.h"
#include "partner.h"
#include "test.h"
#include "world.h"

#define ROUNDS	2000

TEST_SHARED(W18_W33_the_layer_exports_and_a_native_process_imports)
{
	char text[8];
	SOCKET ends[2];
	int theirs = native_connection(ends);

	close_socket(ends[0]);
	assert_open(ends[1]);
	ASSERT_EQ(4, native_send(theirs, "text"));
	receive_text(ends[1], "text");
	send_text(ends[1], "back");
	ASSERT_EQ(4, native_receive(theirs, text, sizeof(text)));
	ASSERT(!memcmp(text, "back", 4));
	ASSERT_EQ(0, native_close(theirs));
	assert_end(ends[1]);
	native_end();
}

TEST_SHARED(W18_W33_a_native_process_exports_and_the_layer_imports)
{
	char token[NATIVE_TOKEN_SIZE];
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], second;
	int theirs = native_connection(ends);

	close_socket(ends[0]);
	ASSERT_EQ(0, native_export(theirs, GetCurrentProcessId(), token));
	info = native_info_of(token);
	second = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			    &info, 0, 0);
	ASSERT_WORKS(second);
	pass_text(second, ends[1]);
	ASSERT_FAILS(WSAEINVAL, WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
					   FROM_PROTOCOL_INFO, &info, 0, 0));
	native_end();
}

TEST_SHARED(W90_a_pidfd_names_the_target)
{
	struct partner *partner = partner_start();
	char token[NATIVE_TOKEN_SIZE];
	SOCKET ends[2], theirs;
	WSAPROTOCOL_INFOW info;

	stream_pair(ends);
	ASSERT_EQ(0, native_export_to_pidfd(ends[0], partner->pid, token));
	info = native_info_of(token);
	theirs = partner_import(partner, &info, 0);
	ASSERT_WORKS(theirs);
	ASSERT_EQ(4, partner_send(partner, theirs, "text", 4));
	receive_text(ends[1], "text");
}

TEST_SHARED(W25_a_socket_is_a_descriptor)
{
	char token[NATIVE_TOKEN_SIZE];
	SOCKET ends[2];
	int second;

	stream_pair(ends);
	ASSERT_EQ(0, native_export_here(ends[0], GetCurrentProcessId(), token));
	second = native_import_here(token);
	ASSERT(second > 0);
	/* And a descriptor is a SOCKET. */
	pass_text(second, ends[1]);
	close_socket(ends[0]);
	assert_open(ends[1]);
	close_socket(second);
	assert_end(ends[1]);
}

TEST_SHARED(W62_a_native_registration_replaces_the_layers)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];
	int theirs = native_connection(ends);

	select_events(ends[0], event, FD_READ);
	ASSERT_EQ(0, native_select(theirs, FD_READ));
	send_text(ends[1], "x");
	ASSERT_EQ(FD_READ, native_take(theirs));
	assert_quiet(event);
	select_events(ends[0], event, FD_READ);
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	native_end();
}

TEST_SHARED(W67_W108_a_native_registration_is_one)
{
	u_long off = 0;
	SOCKET ends[2];
	int theirs = native_connection(ends);

	ASSERT_EQ(0, native_select(theirs, FD_READ));
	ASSERT_FAILS(WSAEINVAL, ioctlsocket(ends[0], FIONBIO, &off));
	ASSERT_EQ(0, native_select(theirs, 0));
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &off));
	native_end();
}

TEST_SHARED(W66_W94_what_the_layer_registers_is_seen_natively)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_EQ(0, native_is_nonblocking(ends[0]));
	select_events(ends[0], event, FD_READ | FD_CLOSE);
	ASSERT_EQ(1, native_is_nonblocking(ends[0]));
	ASSERT_EQ(FD_READ | FD_CLOSE, native_registered(ends[0]));
	select_events(ends[0], NULL, 0);
	ASSERT(native_registered(ends[0]) <= 0);
}

static atomic_bool enough;
static atomic_int attempts;

static void *make_blocking_again_and_again(void *s)
{
	u_long off = 0;

	while (!enough) {
		ioctlsocket(*(SOCKET *)s, FIONBIO, &off);
		attempts++;
	}
	return NULL;
}

/*
 * An attempt that began before the registration may make the socket blocking for a
 * moment, and undoes that before it ends. Of two that end from now on, one at most
 * began before now.
 */
static bool is_nonblocking_at_last(SOCKET s)
{
	int before = attempts;

	while (attempts - before < 2)
		sched_yield();
	return native_is_nonblocking(s);
}

TEST_SHARED(W66_W67_it_is_non_blocking_whoever_says_otherwise_meanwhile)
{
	WSAEVENT event = new_event();
	bool is_nonblocking = true;
	pthread_t thread;
	SOCKET ends[2];
	int round;

	stream_pair(ends);
	enough = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_blocking_again_and_again, ends));
	for (round = 0; round < ROUNDS && is_nonblocking; round++) {
		WSAEventSelect(ends[0], event, FD_READ);
		is_nonblocking = is_nonblocking_at_last(ends[0]);
		WSAEventSelect(ends[0], NULL, 0);
	}
	enough = true;
	pthread_join(thread, NULL);
	ASSERT(is_nonblocking);
}

TEST_SHARED(W71_a_native_receive_is_not_seen)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];
	char text[1];
	int theirs = native_connection(ends);

	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "ab");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(1, native_receive(theirs, text, 1));
	assert_quiet(event);
	receive_text(ends[0], "b");
	send_text(ends[1], "c");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	native_end();
}

TEST_SHARED(W80_no_registration_outlives_the_last_close)
{
	WSAEVENT event = new_event();
	SOCKET ends[2], second;

	/* Other tests have left some. */
	native_release_here();
	stream_pair(ends);
	select_events(ends[0], event, FD_READ | FD_CLOSE);
	second = duplicate_here(ends[0]);
	close_socket(ends[0]);
	ASSERT_EQ(1, native_registrations_here());
	ASSERT_EQ(FD_READ | FD_CLOSE, native_registered(second));
	close_socket(second);
	ASSERT_EQ(0, native_wait_for_no_registration_here());
	assert_quiet(event);
}
