// SPDX-License-Identifier: GPL-2.0-only
/*
 * setsockopt(), getsockopt(), ioctlsocket() and WSAIoctl(); what a new socket has.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static int set(SOCKET s, int level, int name, int value)
{
	return setsockopt(s, level, name, (const char *)&value, sizeof(value));
}

static u_long unread(SOCKET s)
{
	u_long bytes = 99;

	ASSERT_WORKS(ioctlsocket(s, FIONREAD, &bytes));
	return bytes;
}

TEST(switches)
{
	static const int names[4] = {
		SO_KEEPALIVE, SO_OOBINLINE, SO_BROADCAST, SO_REUSEADDR,
	};
	SOCKET tcp = new_socket(AF_INET, SOCK_STREAM), udp = new_socket(AF_INET, SOCK_DGRAM);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		SOCKET s = i < 2 ? tcp : udp;

		set_option(s, SOL_SOCKET, names[i], 1);
		ASSERT(get_option(s, SOL_SOCKET, names[i]));
		set_option(s, SOL_SOCKET, names[i], 0);
		ASSERT(!get_option(s, SOL_SOCKET, names[i]));
	}
}

TEST(no_delay)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_EQ(0, get_option(s, IPPROTO_TCP, TCP_NODELAY));
	set_option(s, IPPROTO_TCP, TCP_NODELAY, 1);
	ASSERT(get_option(s, IPPROTO_TCP, TCP_NODELAY));
}

TEST(type_and_listening)
{
	SOCKET s = stream_bound();

	ASSERT_EQ(SOCK_STREAM, get_option(s, SOL_SOCKET, SO_TYPE));
	ASSERT_EQ(SOCK_DGRAM, get_option(datagram_bound(), SOL_SOCKET, SO_TYPE));
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_WORKS(listen(s, 1));
	ASSERT(get_option(s, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST(timeouts_are_milliseconds)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_RCVTIMEO));
	set_option(s, SOL_SOCKET, SO_RCVTIMEO, 2000);
	set_option(s, SOL_SOCKET, SO_SNDTIMEO, 61000);
	ASSERT_EQ(2000, get_option(s, SOL_SOCKET, SO_RCVTIMEO));
	ASSERT_EQ(61000, get_option(s, SOL_SOCKET, SO_SNDTIMEO));
	set_option(s, SOL_SOCKET, SO_RCVTIMEO, 0);
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_RCVTIMEO));
}

TEST(linger_and_its_opposite)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 7 };
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	int size = sizeof(linger);

	ASSERT_WORKS(setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof(linger)));
	memset(&linger, 0, sizeof(linger));
	ASSERT_WORKS(getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, &size));
	ASSERT(linger.l_onoff);
	ASSERT_EQ(7, linger.l_linger);
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_DONTLINGER));
	set_option(s, SOL_SOCKET, SO_DONTLINGER, 1);
	ASSERT_WORKS(getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, &size));
	ASSERT(!linger.l_onoff);
}

TEST(a_connections_error)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	fd_set failed;

	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_ERROR));
	connect_without_waiting(s, dead_port());
	FD_ZERO(&failed);
	FD_SET(s, &failed);
	ASSERT_EQ(1, select(0, NULL, NULL, &failed, &limit));
	ASSERT_EQ(WSAECONNREFUSED, get_option(s, SOL_SOCKET, SO_ERROR));
}

TEST(options_that_there_are_not)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	int value, size = sizeof(value);

	ASSERT_FAILS(WSAENOPROTOOPT, set(s, SOL_SOCKET, 0x7777, 1));
	ASSERT_FAILS(WSAENOPROTOOPT,
		     getsockopt(s, SOL_SOCKET, 0x7777, (char *)&value, &size));
	ASSERT_FAILS(WSAENOPROTOOPT, set(s, IPPROTO_TCP, 0x7777, 1));
	/* Linux's own number of it, which is none of Winsock's. */
	ASSERT_FAILS(WSAENOPROTOOPT, set(s, SOL_SOCKET, 15, 1));
}

TEST(levels_that_there_are_not)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), udp = new_socket(AF_INET, SOCK_DGRAM);
	int value, size = sizeof(value);

	ASSERT_FAILS(WSAEINVAL, set(s, 0x7777, 1, 1));
	ASSERT_FAILS(WSAEINVAL, getsockopt(s, 0x7777, 1, (char *)&value, &size));
	ASSERT_FAILS(WSAEINVAL, set(udp, 0x7777, 1, 1));
	ASSERT_FAILS(WSAEINVAL, getsockopt(udp, 0x7777, 1, (char *)&value, &size));
}

TEST(options_without_room)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	int value = 1, size = sizeof(value);

	ASSERT_FAILS(WSAEFAULT, setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&value, 1));
	ASSERT_FAILS(WSAEFAULT, setsockopt(s, SOL_SOCKET, SO_RCVBUF, NULL, sizeof(int)));
	ASSERT_FAILS(WSAEFAULT, getsockopt(s, SOL_SOCKET, SO_RCVBUF, NULL, &size));
	ASSERT_FAILS(WSAEFAULT, getsockopt(s, SOL_SOCKET, SO_RCVBUF, (char *)&value, NULL));
}

TEST(ipv6_alone)
{
	SOCKET s = new_socket(AF_INET6, SOCK_STREAM);

	ASSERT(get_option(s, IPPROTO_IPV6, IPV6_V6ONLY));
	set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	ASSERT(!get_option(s, IPPROTO_IPV6, IPV6_V6ONLY));
}

TEST(a_server_starts_again_at_once)
{
	SOCKET listener = stream_listener(), client, server;
	unsigned short port = port_of(listener);

	client = connect_to(port);
	server = accept(listener, NULL, NULL);
	ASSERT_WORKS(server);
	/* The side that closes first keeps the address for a while. */
	close_socket(server);
	close_socket(listener);
	assert_end(client);
	close_socket(client);
	listener = new_socket(AF_INET, SOCK_STREAM);
	ASSERT_WORKS(bind_to(listener, port));
	ASSERT_WORKS(listen(listener, 1));
}

TEST(two_servers_do_not_share_a_port)
{
	SOCKET listener = stream_listener(), other = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_FAILS(WSAEADDRINUSE, bind_to(other, port_of(listener)));
}

TEST(reuse_of_an_address_by_datagrams)
{
	SOCKET first = new_socket(AF_INET, SOCK_DGRAM);
	SOCKET second = new_socket(AF_INET, SOCK_DGRAM);

	set_option(first, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(second, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_WORKS(bind_to(first, 0));
	ASSERT_WORKS(bind_to(second, port_of(first)));
}

TEST(bind_sets_no_option)
{
	SOCKET listener = stream_listener(), other = new_socket(AF_INET, SOCK_STREAM), s;

	ASSERT_EQ(0, get_option(listener, SOL_SOCKET, SO_REUSEADDR));
	ASSERT_EQ(SOCKET_ERROR, bind_to(other, port_of(listener)));
	ASSERT_EQ(0, get_option(other, SOL_SOCKET, SO_REUSEADDR));
	ASSERT_WORKS(bind_to(other, 0));
	ASSERT_EQ(0, get_option(other, SOL_SOCKET, SO_REUSEADDR));
	connect_to(port_of(listener));
	s = accept(listener, NULL, NULL);
	ASSERT_WORKS(s);
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_REUSEADDR));
}

TEST(bind_clears_no_option)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), other = new_socket(AF_INET, SOCK_STREAM);

	set_option(s, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_WORKS(bind_to(s, 0));
	ASSERT(get_option(s, SOL_SOCKET, SO_REUSEADDR));
	/* What the program sets once it is bound reads so, too. */
	ASSERT_WORKS(bind_to(other, 0));
	set_option(other, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT(get_option(other, SOL_SOCKET, SO_REUSEADDR));
}

TEST_SHARED(W48_bind_sets_no_option_for_others)
{
	struct partner *partner = partner_start();
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), theirs = partner_give(partner, s);
	int reuse = 99;

	ASSERT_WORKS(partner_bind(partner, theirs));
	ASSERT_EQ(0, get_option(s, SOL_SOCKET, SO_REUSEADDR));
	ASSERT_WORKS(partner_getsockopt(partner, theirs, SOL_SOCKET, SO_REUSEADDR, &reuse));
	ASSERT_EQ(0, reuse);
}

TEST(exclusive_use)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), other = new_socket(AF_INET, SOCK_STREAM);

	set_option(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
	ASSERT_WORKS(bind_to(s, 0));
	ASSERT_WORKS(listen(s, 1));
	ASSERT_EQ(SOCKET_ERROR, bind_to(other, port_of(s)));
}

/* Not even by one who asks for it, before it listens. */
TEST(exclusive_use_of_a_port_that_is_bound)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM), other = new_socket(AF_INET, SOCK_STREAM);

	set_option(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
	set_option(other, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_WORKS(bind_to(s, 0));
	ASSERT_EQ(SOCKET_ERROR, bind_to(other, port_of(s)));
}

TEST(bytes_that_are_unread)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_EQ(0, unread(ends[0]));
	send_text(ends[1], "12345");
	wait_readable_here(ends[0]);
	ASSERT_EQ(5, unread(ends[0]));
	receive_text(ends[0], "12345");
	ASSERT_EQ(0, unread(ends[0]));
}

TEST(the_mark_of_urgent_data)
{
	u_long at_mark = 99;
	SOCKET ends[2];

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_OOBINLINE, 1);
	ASSERT_WORKS(ioctlsocket(ends[0], SIOCATMARK, &at_mark));
	/* TRUE on Windows says that there is no urgent data to come. */
	ASSERT_EQ(1, at_mark);
	send_text(ends[1], "ab");
	ASSERT_EQ(1, send(ends[1], "!", 1, MSG_OOB));
	receive_text(ends[0], "a");
	ASSERT_WORKS(ioctlsocket(ends[0], SIOCATMARK, &at_mark));
	ASSERT_EQ(0, at_mark);
	receive_text(ends[0], "b");
	ASSERT_WORKS(ioctlsocket(ends[0], SIOCATMARK, &at_mark));
	ASSERT_EQ(1, at_mark);
	receive_text(ends[0], "!");
}

TEST(controls_that_there_are_not)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	u_long value = 1;

	ASSERT_FAILS(WSAEOPNOTSUPP, ioctlsocket(s, 0xdeadbeef, &value));
	ASSERT_FAILS(WSAEFAULT, ioctlsocket(s, FIONBIO, NULL));
}

TEST(the_same_controls_by_the_longer_call)
{
	DWORD size = 0, value = 1;
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	ASSERT_WORKS(WSAIoctl(ends[0], FIONBIO, &value, sizeof(value), NULL, 0, &size, NULL,
			      NULL));
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	send_text(ends[1], "123");
	wait_readable_here(ends[0]);
	ASSERT_WORKS(WSAIoctl(ends[0], FIONREAD, NULL, 0, &value, sizeof(value), &size, NULL,
			      NULL));
	ASSERT_EQ(3, value);
	ASSERT_EQ(sizeof(value), size);
}

TEST(keep_alive_times)
{
	struct tcp_keepalive times = {
		.onoff = 1,
		.keepalivetime = 10000,
		.keepaliveinterval = 2000,
	};
	DWORD size = 0;
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(WSAIoctl(ends[0], SIO_KEEPALIVE_VALS, &times, sizeof(times), NULL, 0,
			      &size, NULL, NULL));
	ASSERT(get_option(ends[0], SOL_SOCKET, SO_KEEPALIVE));
	ASSERT_FAILS(WSAEFAULT, WSAIoctl(ends[0], SIO_KEEPALIVE_VALS, &times, 1, NULL, 0,
					 &size, NULL, NULL));
	times.onoff = 0;
	ASSERT_WORKS(WSAIoctl(ends[0], SIO_KEEPALIVE_VALS, &times, sizeof(times), NULL, 0,
			      &size, NULL, NULL));
	ASSERT(!get_option(ends[0], SOL_SOCKET, SO_KEEPALIVE));
}

TEST(blocking_and_non_blocking)
{
	u_long off = 0;
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	ASSERT_WORKS(ioctlsocket(ends[0], FIONBIO, &off));
	set_option(ends[0], SOL_SOCKET, SO_RCVTIMEO, 20);
	ASSERT_FAILS(WSAETIMEDOUT, recv(ends[0], &byte, 1, 0));
}

TEST(W107_an_accepted_socket_is_non_blocking_as_its_listener)
{
	SOCKET listener = stream_listener(), s, client;
	char byte;

	client = connect_to(port_of(listener));
	set_nonblocking(listener);
	wait_readable_here(listener);
	s = accept(listener, NULL, NULL);
	ASSERT_WORKS(s);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(s, &byte, 1, 0));
	pass_text(client, s);
}
