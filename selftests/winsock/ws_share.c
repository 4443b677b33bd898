// SPDX-License-Identifier: GPL-2.0-only
/*
 * One socket in two processes: what is common to them, and when it ends.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static void assert_partner_receives(struct partner *partner, SOCKET s, const char *text)
{
	char data[64];
	int size = strlen(text);

	ASSERT_EQ(size, partner_recv(partner, s, data, sizeof(data), 0));
	ASSERT(!memcmp(data, text, size));
}

TEST_SHARED(W48_an_option_is_common)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	SOCKET theirs = partner_give(partner, s);
	int value = 0;

	set_option(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	ASSERT_WORKS(partner_getsockopt(partner, theirs, SOL_SOCKET, SO_KEEPALIVE, &value));
	ASSERT(value);
	ASSERT_WORKS(partner_setsockopt(partner, theirs, SOL_SOCKET, SO_KEEPALIVE, 0));
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_KEEPALIVE));
	ASSERT_WORKS(partner_setsockopt(partner, theirs, IPPROTO_TCP, TCP_NODELAY, 1));
	ASSERT(get_option(s, IPPROTO_TCP, TCP_NODELAY));
}

TEST_SHARED(W49_non_blocking_is_common)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	char byte;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEWOULDBLOCK, partner_recv(partner, theirs, &byte, 1, 0));
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
}

TEST_SHARED(W50_each_holder_sends_and_receives)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	pass_text(ends[0], ends[1]);
	ASSERT_EQ(4, partner_send(partner, theirs, "text", 4));
	receive_text(ends[1], "text");
	pass_text(ends[1], ends[0]);
	send_text(ends[1], "more");
	assert_partner_receives(partner, theirs, "more");
	pass_text(ends[1], ends[0]);
}

TEST_SHARED(W51_what_the_source_bound_receives_in_the_target)
{
	struct partner *partner = partner_start();
	SOCKET s = datagram_bound(), other = datagram_bound();
	struct sockaddr_in to = loopback_address(port_of(other));
	struct sockaddr_in back = loopback_address(port_of(s));
	SOCKET theirs;

	ASSERT_EQ(4, sendto(s, "text", 4, 0, (struct sockaddr *)&to, sizeof(to)));
	receive_text(other, "text");
	theirs = partner_give(partner, s);
	ASSERT_EQ(4, sendto(other, "back", 4, 0, (struct sockaddr *)&back, sizeof(back)));
	assert_partner_receives(partner, theirs, "back");
}

TEST_SHARED(W52_what_was_imported_before_the_bind_receives)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_INET, SOCK_DGRAM), other = datagram_bound();
	SOCKET theirs = partner_give(partner, s);
	struct sockaddr_in address;

	ASSERT_WORKS(bind_to(s, 0));
	address = loopback_address(port_of(s));
	ASSERT_EQ(4, sendto(other, "text", 4, 0, (struct sockaddr *)&address,
			    sizeof(address)));
	assert_partner_receives(partner, theirs, "text");
}

TEST_SHARED(W53_W54_the_last_close_ends_the_connection)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	close_socket(ends[0]);
	assert_open(ends[1]);
	ASSERT_EQ(4, partner_send(partner, theirs, "text", 4));
	receive_text(ends[1], "text");
	ASSERT_WORKS(partner_close(partner, theirs));
	assert_end(ends[1]);
}

TEST_SHARED(W53_the_target_may_close_first)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(partner_close(partner, theirs));
	ASSERT_FAILS(WSAENOTSOCK, partner_close(partner, theirs));
	assert_open(ends[1]);
	pass_text(ends[0], ends[1]);
}

TEST_SHARED(W54_linger_rules_at_the_last_close)
{
	struct partner *partner = partner_start();
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	partner_give(partner, ends[0]);
	reset(ends[0]);
	assert_open(ends[1]);
	partner_exit(partner);
	wait_readable_here(ends[1]);
	ASSERT_FAILS(WSAECONNRESET, recv(ends[1], &byte, 1, 0));
}

TEST_SHARED(W55_the_source_may_close_before_the_import)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], theirs;

	stream_pair(ends);
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], partner->pid, &info));
	close_socket(ends[0]);
	assert_open(ends[1]);
	theirs = partner_import(partner, &info, 0);
	ASSERT_WORKS(theirs);
	ASSERT_EQ(4, partner_send(partner, theirs, "text", 4));
	receive_text(ends[1], "text");
}

TEST_SHARED(W56_the_source_may_end_before_the_import)
{
	struct partner *source = partner_start(), *target = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(source, ends[0]);
	close_socket(ends[0]);
	ASSERT_WORKS(partner_duplicate(source, theirs, target->pid, &info));
	partner_exit(source);
	theirs = partner_import(target, &info, 0);
	ASSERT_WORKS(theirs);
	ASSERT_EQ(4, partner_send(target, theirs, "text", 4));
	receive_text(ends[1], "text");
}

TEST_SHARED(W57_a_target_that_ends_takes_the_token_along)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], partner->pid, &info));
	close_socket(ends[0]);
	assert_open(ends[1]);
	partner_exit(partner);
	assert_end(ends[1]);
}

TEST_SHARED(W58_an_unwanted_socket_is_imported_and_closed)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], theirs;

	stream_pair(ends);
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], partner->pid, &info));
	close_socket(ends[0]);
	theirs = partner_import(partner, &info, 0);
	ASSERT_WORKS(theirs);
	assert_open(ends[1]);
	ASSERT_WORKS(partner_close(partner, theirs));
	assert_end(ends[1]);
}

TEST_SHARED(W59_shutdown_is_in_effect_for_all)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	char byte;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(partner_shutdown(partner, theirs, SD_SEND));
	assert_end(ends[1]);
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	/* The other direction is open. */
	pass_text(ends[1], ends[0]);
	ASSERT_WORKS(shutdown(ends[1], SD_SEND));
	ASSERT_EQ(0, partner_recv(partner, theirs, &byte, 1, 0));
}

TEST_SHARED(W60_all_that_is_sent_arrives)
{
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], second;

	stream_pair(ends);
	ASSERT_WORKS(WSADuplicateSocketW(ends[0], GetCurrentProcessId(), &info));
	second = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			    &info, 0, 0);
	ASSERT_WORKS(second);
	send_text(second, "first");
	close_socket(ends[0]);
	send_text(second, "second");
	close_socket(second);
	receive_text(ends[1], "firstsecond");
	assert_end(ends[1]);
}

TEST_SHARED(W10_W50_the_target_connects_a_new_socket)
{
	struct partner *partner = partner_start();
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	SOCKET theirs = partner_give(partner, s), accepted;

	ASSERT_WORKS(partner_connect(partner, theirs, port_of(listener)));
	accepted = accept(listener, NULL, NULL);
	ASSERT_WORKS(accepted);
	pass_text(accepted, s);
	pass_text(s, accepted);
}

/* The order of calls that Microsoft's page on shared sockets describes. */
TEST_SHARED(W1_W33_W53_as_the_page_on_shared_sockets_says)
{
	struct partner *target = partner_start();
	SOCKET listener = stream_listener();
	SOCKET source = connect_to(port_of(listener)), server, theirs;
	WSAPROTOCOL_INFOW info;

	server = accept(listener, NULL, NULL);
	ASSERT_WORKS(server);
	ASSERT_WORKS(WSADuplicateSocketW(source, target->pid, &info));
	theirs = partner_import(target, &info, WSA_FLAG_OVERLAPPED);
	ASSERT_WORKS(theirs);
	send_text(server, "text");
	assert_partner_receives(target, theirs, "text");
	ASSERT_EQ(5, partner_send(target, theirs, "reply", 5));
	receive_text(server, "reply");
	ASSERT_WORKS(partner_close(target, theirs));
	assert_open(server);
	close_socket(source);
	assert_end(server);
}
