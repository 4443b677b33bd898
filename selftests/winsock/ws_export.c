// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSADuplicateSocket(): what it takes, what it refuses, and what it leaves alone.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

#define NOBODYS_PID	0xdeadbeef

/* Not a socket, and not open either. */
TEST_SHARED(W1_export_fills_the_struct)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAPROTOCOL_INFOA narrow;
	WSAPROTOCOL_INFOW wide;

	memset(&narrow, 0xaa, sizeof(narrow));
	memset(&wide, 0xaa, sizeof(wide));
	ASSERT_EQ(0, WSADuplicateSocketA(s, partner->pid, &narrow));
	ASSERT_EQ(0, WSADuplicateSocketW(s, partner->pid, &wide));
	ASSERT_EQ(AF_INET, narrow.iAddressFamily);
	ASSERT_EQ(AF_INET, wide.iAddressFamily);
	ASSERT_EQ(SOCK_STREAM, narrow.iSocketType);
	ASSERT_EQ(SOCK_STREAM, wide.iSocketType);
}

TEST_SHARED(W2_export_to_oneself)
{
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], second;

	stream_pair(ends);
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], GetCurrentProcessId(), &info));
	second = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			    &info, 0, 0);
	ASSERT_WORKS(second);
	ASSERT(second != ends[0]);
	pass_text(ends[1], second);
	pass_text(second, ends[1]);
}

TEST(W3_what_is_no_socket_is_refused)
{
	WSAEVENT event = new_event();
	WSAPROTOCOL_INFOW info;

	ASSERT_FAILS(WSAENOTSOCK,
		     WSADuplicateSocketW((SOCKET)event, GetCurrentProcessId(), &info));
	WSACloseEvent(event);
}

TEST(W4_W100_the_socket_is_looked_at_first)
{
	SOCKET closed = new_socket(AF_INET, SOCK_STREAM);

	close_socket(closed);
	ASSERT_FAILS(WSAENOTSOCK, WSADuplicateSocketW(closed, NOBODYS_PID, NULL));
	ASSERT_FAILS(WSAENOTSOCK, WSADuplicateSocketW(NO_SOCKET, NOBODYS_PID, NULL));
	ASSERT_FAILS(WSAENOTSOCK, WSADuplicateSocketW(INVALID_SOCKET, 0, NULL));
	ASSERT_FAILS(WSAENOTSOCK, WSADuplicateSocketA(INVALID_SOCKET, 0, NULL));
}

TEST_SHARED(W5_W6_the_process_is_looked_at_before_the_struct)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	WSAPROTOCOL_INFOW info;

	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(s, 0, NULL));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(s, 0, &info));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(s, ~0, NULL));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(s, ~0, &info));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketA(s, ~0, NULL));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(s, NOBODYS_PID, &info));
}

TEST_SHARED(W7_no_struct)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_FAILS(WSAEFAULT, WSADuplicateSocketW(s, GetCurrentProcessId(), NULL));
	ASSERT_FAILS(WSAEFAULT, WSADuplicateSocketA(s, GetCurrentProcessId(), NULL));
}

TEST_SHARED(W8_a_failed_export_leaves_nothing)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAEFAULT,
		     WSADuplicateSocketW(ends[0], GetCurrentProcessId(), NULL));
	ASSERT_FAILS(WSAEINVAL, WSADuplicateSocketW(ends[0], 0, NULL));
	close_socket(ends[0]);
	assert_end(ends[1]);
}

TEST_SHARED(W7_W8_a_bad_pointer_leaves_nothing_either)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	close_socket(ends[0]);
	ASSERT_FAILS(WSAEFAULT,
		     partner_duplicate_at(partner, theirs, partner->pid, NOBODYS_ADDRESS));
	ASSERT_WORKS(partner_close(partner, theirs));
	assert_end(ends[1]);
}

TEST_SHARED(W10_a_new_socket_is_bound_by_the_target)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	SOCKET theirs = partner_give(partner, s);

	ASSERT_WORKS(partner_bind(partner, theirs));
	ASSERT(port_of(s) != 0);
}

TEST_SHARED(W11_a_listener_is_exported)
{
	struct partner *partner = partner_start();
	SOCKET listener = stream_listener();
	SOCKET theirs = partner_give(partner, listener);
	SOCKET s = connect_to(port_of(listener));
	SOCKET accepted;
	char byte;

	close_socket(listener);
	accepted = partner_accept(partner, theirs);
	ASSERT_WORKS(accepted);
	send_text(s, "x");
	ASSERT_EQ(1, partner_recv(partner, accepted, &byte, 1, 0));
	ASSERT_EQ('x', byte);
}

TEST_SHARED(W11_a_connection_is_exported)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	char byte;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	send_text(ends[1], "x");
	ASSERT_EQ(1, partner_recv(partner, theirs, &byte, 1, 0));
	ASSERT_EQ('x', byte);
	ASSERT_EQ(1, partner_send(partner, theirs, "y", 1));
	receive_text(ends[1], "y");
}

TEST_SHARED(W11_a_udp_socket_is_exported)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	datagram_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_EQ(1, partner_send(partner, theirs, "y", 1));
	receive_text(ends[1], "y");
}

TEST_SHARED(W11_sockets_of_ipv6_are_exported)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET tcp = new_socket(AF_INET6, SOCK_STREAM);
	SOCKET udp = new_socket(AF_INET6, SOCK_DGRAM);

	ASSERT_WORKS(WSADuplicateSocketW(tcp, partner->pid, &info));
	ASSERT_EQ(AF_INET6, info.iAddressFamily);
	ASSERT_EQ(SOCK_STREAM, info.iSocketType);
	ASSERT_WORKS(partner_import(partner, &info, 0));
	ASSERT_WORKS(WSADuplicateSocketW(udp, partner->pid, &info));
	ASSERT_EQ(AF_INET6, info.iAddressFamily);
	ASSERT_EQ(SOCK_DGRAM, info.iSocketType);
	ASSERT_WORKS(partner_import(partner, &info, 0));
}

TEST_SHARED(W12_an_imported_socket_is_exported_again)
{
	struct partner *second = partner_start(), *third = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(second, ends[0]);
	ASSERT_WORKS(partner_duplicate(second, theirs, third->pid, &info));
	theirs = partner_import(third, &info, 0);
	ASSERT_WORKS(theirs);
	ASSERT_EQ(1, partner_send(third, theirs, "y", 1));
	receive_text(ends[1], "y");
}

TEST_SHARED(W13_an_export_leaves_the_source_as_it_is)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2];

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_KEEPALIVE, 1);
	send_text(ends[1], "queued");
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], partner->pid, &info));
	ASSERT_EQ(1, get_option(ends[0], SOL_SOCKET, SO_KEEPALIVE));
	receive_text(ends[0], "queued");
	pass_text(ends[0], ends[1]);
	ASSERT_WORKS(partner_import(partner, &info, 0));
	pass_text(ends[0], ends[1]);
	pass_text(ends[1], ends[0]);
}

TEST_SHARED(W15_a_unix_socket_is_exported)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_UNIX, SOCK_STREAM);
	WSAPROTOCOL_INFOW info;

	ASSERT_WORKS(WSADuplicateSocketW(s, partner->pid, &info));
	ASSERT_EQ(AF_UNIX, info.iAddressFamily);
	ASSERT_WORKS(partner_import(partner, &info, 0));
}
