// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSAAsyncSelect(): network events as messages.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "window.h"
#include "world.h"

#define NO_WINDOW	((HWND)(uintptr_t)0xdead0)

static HWND new_window(void)
{
	HWND window = window_open();

	ASSERT(window);
	return window;
}

static void select_messages(SOCKET s, HWND window, long mask)
{
	ASSERT_WORKS(WSAAsyncSelect(s, window, WM_SOCKET, mask));
}

/* A connection whose first end sends messages of @mask to a new window. */
static HWND pair_with_window(SOCKET ends[2], long mask)
{
	HWND window = new_window();

	stream_pair(ends);
	select_messages(ends[0], window, mask);
	return window;
}

TEST_SHARED(W69_what_is_true_already_is_a_message)
{
	HWND window = new_window();
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	select_messages(ends[0], window, FD_READ);
	expect_message(window, ends[0], FD_READ);
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W111_one_message_a_network_event)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ | FD_WRITE | FD_CLOSE);

	expect_message(window, ends[0], FD_WRITE);
	send_text(ends[1], "x");
	expect_message(window, ends[0], FD_READ);
	receive_text(ends[0], "x");
	close_socket(ends[1]);
	expect_message(window, ends[0], FD_CLOSE);
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W70_W71_a_receive_enables_the_next_message)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);

	send_text(ends[1], "abc");
	expect_message(window, ends[0], FD_READ);
	send_text(ends[1], "def");
	assert_no_message(window);
	receive_text(ends[0], "a");
	expect_message(window, ends[0], FD_READ);
	receive_text(ends[0], "bcdef");
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W70_an_accept_enables_the_next_message)
{
	SOCKET listener = stream_listener();
	HWND window = new_window();

	select_messages(listener, window, FD_ACCEPT);
	connect_to(port_of(listener));
	connect_to(port_of(listener));
	expect_message(window, listener, FD_ACCEPT);
	assert_no_message(window);
	ASSERT_WORKS(accept(listener, NULL, NULL));
	expect_message(window, listener, FD_ACCEPT);
	ASSERT_WORKS(accept(listener, NULL, NULL));
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W73_peeking_enables_the_next_message)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);
	char byte;

	send_text(ends[1], "abc");
	expect_message(window, ends[0], FD_READ);
	ASSERT_EQ(1, recv(ends[0], &byte, 1, MSG_PEEK));
	expect_message(window, ends[0], FD_READ);
	window_close(window);
}

TEST_SHARED(W74_a_message_as_there_is_room_again)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_WRITE);
	int bytes;

	expect_message(window, ends[0], FD_WRITE);
	bytes = fill(ends[0]);
	assert_no_message(window);
	drain(ends[1], bytes);
	expect_message(window, ends[0], FD_WRITE);
	window_close(window);
}

TEST_SHARED(W75_a_connect_is_a_message)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	HWND window = new_window();

	select_messages(s, window, FD_CONNECT);
	assert_no_message(window);
	connect_without_waiting(s, port_of(listener));
	expect_message(window, s, FD_CONNECT);
	window_close(window);
}

TEST_SHARED(W75_a_messages_error)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	HWND window = new_window();
	MSG message;

	select_messages(s, window, FD_CONNECT);
	connect_without_waiting(s, dead_port());
	message = next_message(window);
	ASSERT_EQ(FD_CONNECT, WSAGETSELECTEVENT(message.lParam));
	ASSERT_EQ(WSAECONNREFUSED, WSAGETSELECTERROR(message.lParam));
	window_close(window);
}

TEST_SHARED(W81_W82_an_accepted_socket_sends_its_own_messages)
{
	SOCKET listener = stream_listener(), client, s;
	HWND window = new_window();

	select_messages(listener, window, FD_ACCEPT | FD_READ | FD_WRITE);
	client = connect_to(port_of(listener));
	expect_message(window, listener, FD_ACCEPT);
	s = accept(listener, NULL, NULL);
	ASSERT_WORKS(s);
	expect_message(window, s, FD_WRITE);
	send_text(client, "x");
	expect_message(window, s, FD_READ);
	window_close(window);
}

TEST_SHARED(W65_W111_a_cancel_leaves_what_is_queued)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ | FD_CLOSE);
	MSG message;

	send_text(ends[1], "x");
	/* Until it is queued; a look leaves it there. */
	while (!PeekMessageA(&message, window, WM_SOCKET, WM_SOCKET, PM_NOREMOVE))
		Sleep(5);
	select_messages(ends[0], window, 0);
	expect_message(window, ends[0], FD_READ);
	close_socket(ends[1]);
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W65_a_cancel_takes_no_window)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);

	ASSERT_WORKS(WSAAsyncSelect(ends[0], NULL, 0, 0));
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	assert_no_message(window);
	window_close(window);
}

/* Its number is another socket's then, of which the window must not hear. */
TEST_SHARED(W80_closing_ends_the_messages)
{
	SOCKET ends[2], others[2], copy;
	HWND window = pair_with_window(ends, FD_READ | FD_CLOSE);

	copy = duplicate_here(ends[0]);
	ASSERT_WORKS(closesocket(ends[0]));
	stream_pair(others);
	send_text(ends[1], "x");
	wait_readable_here(copy);
	ASSERT_WORKS(closesocket(ends[1]));
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W66_W67_it_is_non_blocking)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);
	u_long off = 0;
	char byte;

	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	ASSERT_FAILS(WSAEINVAL, ioctlsocket(ends[0], FIONBIO, &off));
	select_messages(ends[0], window, 0);
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &off));
	window_close(window);
}

TEST_SHARED(W68_what_is_no_socket_and_no_window)
{
	HWND window = new_window();
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAENOTSOCK, WSAAsyncSelect(NO_SOCKET, window, WM_SOCKET, FD_READ));
	ASSERT_FAILS(WSAEINVAL, WSAAsyncSelect(ends[0], NO_WINDOW, WM_SOCKET, FD_READ));
	window_close(window);
}

TEST_SHARED(W94_events_cancel_messages)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);
	WSAEVENT event = new_event();

	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "x");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W94_messages_cancel_events)
{
	WSAEVENT event = new_event();
	HWND window = new_window();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	select_messages(ends[0], window, FD_READ);
	send_text(ends[1], "x");
	expect_message(window, ends[0], FD_READ);
	assert_quiet(event);
	window_close(window);
}

TEST_SHARED(W62_W94_another_processs_events_cancel_messages)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	HWND window = pair_with_window(ends, FD_READ);

	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(partner_event_select(partner, theirs, FD_READ));
	send_text(ends[1], "x");
	ASSERT_EQ(WSA_WAIT_EVENT_0, partner_wait_event(partner, WAIT_MS));
	assert_no_message(window);
	window_close(window);
}

TEST_SHARED(W104_another_processs_receive_enables_the_next_message)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	HWND window = pair_with_window(ends, FD_READ);
	char byte;

	theirs = partner_give(partner, ends[0]);
	send_text(ends[1], "abc");
	expect_message(window, ends[0], FD_READ);
	ASSERT_EQ(1, partner_recv(partner, theirs, &byte, 1, 0));
	expect_message(window, ends[0], FD_READ);
	window_close(window);
}

TEST_SHARED(W94_two_sockets_and_one_window)
{
	SOCKET first[2], second[2];
	HWND window = pair_with_window(first, FD_READ);

	stream_pair(second);
	select_messages(second[0], window, FD_READ);
	send_text(first[1], "x");
	expect_message(window, first[0], FD_READ);
	send_text(second[1], "x");
	expect_message(window, second[0], FD_READ);
	window_close(window);
}

TEST_SHARED(W94_a_message_that_is_waited_for)
{
	SOCKET ends[2];
	HWND window = pair_with_window(ends, FD_READ);
	MSG message;

	send_text(ends[1], "x");
	ASSERT(GetMessageA(&message, window, WM_SOCKET, WM_SOCKET) > 0);
	ASSERT_EQ(ends[0], message.wParam);
	ASSERT_EQ(WM_SOCKET, message.message);
	ASSERT_EQ(FD_READ, WSAGETSELECTEVENT(message.lParam));
	window_close(window);
}
