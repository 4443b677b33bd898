// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call's errors by Winsock's names.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* An address that no interface has, and all of the loopback network. */
#define FOREIGN		0xc0000201
#define BROADCAST	0x7fffffff

static int name_of(SOCKET s)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	return getsockname(s, (struct sockaddr *)&address, &size);
}

static int peer_of(SOCKET s)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	return getpeername(s, (struct sockaddr *)&address, &size);
}

/* A listener that answers no further connection until it accepts. */
static SOCKET full_listener(SOCKET waiting[2])
{
	SOCKET listener = stream_bound();
	int i;

	ASSERT_WORKS(listen(listener, 1));
	for (i = 0; i < 2; i++)
		waiting[i] = connect_to(port_of(listener));
	return listener;
}

TEST(socket_that_there_is_not)
{
	ASSERT_FAILS(WSAEAFNOSUPPORT, socket(9999, SOCK_STREAM, 0));
	ASSERT_FAILS(WSAESOCKTNOSUPPORT, socket(AF_INET, SOCK_RDM, 0));
	ASSERT_FAILS(WSAESOCKTNOSUPPORT, socket(AF_INET, 99, 0));
	ASSERT_FAILS(WSAEPROTONOSUPPORT, socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	ASSERT_FAILS(WSAEPROTONOSUPPORT, socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
}

TEST(socket_of_which_something_is_left_open)
{
	WSAPROTOCOL_INFOW info;
	SOCKET s = socket(AF_INET, 0, IPPROTO_UDP);

	ASSERT_FAILS(WSAEINVAL, socket(0, 0, 0));
	ASSERT_WORKS(s);
	info = protocol_info(s);
	ASSERT_EQ(SOCK_DGRAM, info.iSocketType);
	s = socket(0, SOCK_STREAM, IPPROTO_TCP);
	ASSERT_WORKS(s);
	info = protocol_info(s);
	ASSERT_EQ(AF_INET, info.iAddressFamily);
}

TEST(W4_no_call_takes_what_is_no_socket)
{
	struct sockaddr_in address = loopback_address(0);
	int size = sizeof(address);
	u_long on = 1;
	char byte;

	ASSERT_FAILS(WSAENOTSOCK, bind_to(NO_SOCKET, 0));
	ASSERT_FAILS(WSAENOTSOCK, listen(NO_SOCKET, 1));
	ASSERT_FAILS(WSAENOTSOCK, accept(NO_SOCKET, NULL, NULL));
	ASSERT_FAILS(WSAENOTSOCK, connect_socket(NO_SOCKET, 1));
	ASSERT_FAILS(WSAENOTSOCK, name_of(NO_SOCKET));
	ASSERT_FAILS(WSAENOTSOCK, peer_of(NO_SOCKET));
	ASSERT_FAILS(WSAENOTSOCK, send(NO_SOCKET, "x", 1, 0));
	ASSERT_FAILS(WSAENOTSOCK, recv(NO_SOCKET, &byte, 1, 0));
	ASSERT_FAILS(WSAENOTSOCK, sendto(NO_SOCKET, "x", 1, 0, (struct sockaddr *)&address,
					 sizeof(address)));
	ASSERT_FAILS(WSAENOTSOCK, recvfrom(NO_SOCKET, &byte, 1, 0,
					   (struct sockaddr *)&address, &size));
	ASSERT_FAILS(WSAENOTSOCK, shutdown(NO_SOCKET, SD_BOTH));
	ASSERT_FAILS(WSAENOTSOCK, ioctlsocket(NO_SOCKET, FIONBIO, &on));
	ASSERT_FAILS(WSAENOTSOCK, setsockopt(NO_SOCKET, SOL_SOCKET, SO_KEEPALIVE,
					     (char *)&on, sizeof(int)));
	ASSERT_FAILS(WSAENOTSOCK, getsockopt(NO_SOCKET, SOL_SOCKET, SO_KEEPALIVE,
					     (char *)&on, &size));
	ASSERT_FAILS(WSAENOTSOCK, closesocket(NO_SOCKET));
	ASSERT_FAILS(WSAENOTSOCK, closesocket(INVALID_SOCKET));
}

TEST(W4_a_socket_is_closed_once)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_EQ(0, closesocket(s));
	ASSERT_FAILS(WSAENOTSOCK, closesocket(s));
}

TEST(W115_what_has_no_address)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_FAILS(WSAEINVAL, name_of(s));
	ASSERT_FAILS(WSAEINVAL, listen(s, 1));
	ASSERT_FAILS(WSAEINVAL, name_of(new_socket(AF_INET, SOCK_DGRAM)));
	ASSERT_WORKS(bind_to(s, 0));
	ASSERT_WORKS(name_of(s));
	ASSERT_WORKS(listen(s, 1));
}

TEST(an_address_that_is_taken_or_foreign)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM);
	SOCKET udp = datagram_bound();
	struct sockaddr_in foreign = loopback_address(0);

	foreign.sin_addr.s_addr = htonl(FOREIGN);
	ASSERT_FAILS(WSAEADDRINUSE, bind_to(s, port_of(listener)));
	ASSERT_FAILS(WSAEADDRINUSE,
		     bind_to(new_socket(AF_INET, SOCK_DGRAM), port_of(udp)));
	ASSERT_FAILS(WSAEADDRNOTAVAIL,
		     bind(s, (struct sockaddr *)&foreign, sizeof(foreign)));
	ASSERT_FAILS(WSAEFAULT, bind(s, (struct sockaddr *)&foreign, 4));
	ASSERT_FAILS(WSAEFAULT, bind(s, NULL, sizeof(foreign)));
	ASSERT_FAILS(WSAEFAULT, bind(s, NULL, 0));
	ASSERT_WORKS(bind_to(s, 0));
	ASSERT_FAILS(WSAEINVAL, bind_to(s, 0));
}

TEST(listen_and_accept_on_the_wrong_socket)
{
	SOCKET udp = datagram_bound();

	ASSERT_FAILS(WSAEOPNOTSUPP, listen(udp, 1));
	ASSERT_FAILS(WSAEOPNOTSUPP, accept(udp, NULL, NULL));
	ASSERT_FAILS(WSAEINVAL, accept(stream_bound(), NULL, NULL));
}

TEST(listen_on_a_connection)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAEISCONN, listen(ends[0], 1));
}

TEST(shutdown_of_a_listener)
{
	SOCKET listener = stream_listener();

	ASSERT_FAILS(WSAENOTCONN, shutdown(listener, SD_BOTH));
	connect_to(port_of(listener));
	ASSERT_WORKS(accept(listener, NULL, NULL));
}

TEST(accept_would_block)
{
	SOCKET listener = stream_listener();

	set_nonblocking(listener);
	ASSERT_FAILS(WSAEWOULDBLOCK, accept(listener, NULL, NULL));
}

TEST(accept_without_room_for_the_address)
{
	SOCKET listener = stream_listener(), s = connect_to(port_of(listener));
	struct sockaddr_in address;
	int size = 1;

	(void)s;
	ASSERT_FAILS(WSAEFAULT, accept(listener, (struct sockaddr *)&address, &size));
}

TEST(connect_that_goes_on)
{
	SOCKET waiting[2], listener = full_listener(waiting);
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	unsigned short port = port_of(listener);

	connect_without_waiting(s, port);
	ASSERT_FAILS(WSAEALREADY, connect_socket(s, port));
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_WORKS(accept(listener, NULL, NULL));
	ASSERT_EQ(1, writable_within(s, WAIT_MS));
	ASSERT_FAILS(WSAEISCONN, connect_socket(s, port));
}

TEST(connect_that_is_refused)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_FAILS(WSAECONNREFUSED, connect_socket(s, dead_port()));
}

TEST(connect_again_after_a_refusal)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_EQ(SOCKET_ERROR, connect_socket(s, dead_port()));
	ASSERT_WORKS(connect_socket(s, port_of(stream_listener())));
}

TEST(connect_on_the_wrong_socket)
{
	SOCKET ends[2], listener = stream_listener();

	stream_pair(ends);
	ASSERT_FAILS(WSAEISCONN, connect_socket(ends[0], port_of(listener)));
	ASSERT_FAILS(WSAEINVAL, connect_socket(listener, port_of(listener)));
}

/* @end: what the accepted side does before the second attempt. */
static SOCKET connected_and_then(void (*end)(SOCKET s))
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM), accepted;

	connect_without_waiting(s, port_of(listener));
	accepted = accept(listener, NULL, NULL);
	ASSERT_WORKS(accepted);
	end(accepted);
	wait_readable_here(s);
	ASSERT_FAILS(WSAEISCONN, connect_socket(s, port_of(listener)));
	return s;
}

TEST(connect_after_the_peer_has_ended)
{
	SOCKET s = connected_and_then(close_socket);

	assert_end(s);
	ASSERT_FAILS(WSAEISCONN, connect_socket(s, dead_port()));
}

static void end_sending(SOCKET s)
{
	ASSERT_WORKS(shutdown(s, SD_SEND));
}

TEST(connect_after_the_peer_has_ended_sending)
{
	SOCKET s = connected_and_then(end_sending);
	u_long off = 0;

	assert_end(s);
	ASSERT_WORKS(ioctlsocket(s, FIONBIO, &off));
	ASSERT_FAILS(WSAEISCONN, connect_socket(s, dead_port()));
}

TEST(connect_to_an_address_that_is_too_short)
{
	struct sockaddr_in four = loopback_address(1);
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT_FAILS(WSAEFAULT, connect(s, (struct sockaddr *)&four, 4));
	ASSERT_FAILS(WSAEFAULT, connect(s, NULL, sizeof(four)));
	ASSERT_FAILS(WSAEFAULT, connect(s, NULL, 0));
}

TEST(connect_to_no_address)
{
	struct sockaddr_in four = loopback_address(port_of(stream_listener()));
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(1) };

	four.sin_addr.s_addr = htonl(INADDR_ANY);
	ASSERT_FAILS(WSAEADDRNOTAVAIL, connect(new_socket(AF_INET, SOCK_STREAM),
					       (struct sockaddr *)&four, sizeof(four)));
	ASSERT_FAILS(WSAEADDRNOTAVAIL, connect(new_socket(AF_INET6, SOCK_STREAM),
					       (struct sockaddr *)&six, sizeof(six)));
}

TEST(connect_to_an_address_of_no_family)
{
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };
	SOCKET ends[2];

	ASSERT_FAILS(WSAEAFNOSUPPORT, connect(new_socket(AF_INET, SOCK_STREAM),
					      (struct sockaddr *)&none, sizeof(none)));
	/* Linux would end the connection of all who hold it. */
	stream_pair(ends);
	ASSERT_EQ(SOCKET_ERROR, connect(ends[0], (struct sockaddr *)&none, sizeof(none)));
	pass_text(ends[0], ends[1]);
}

TEST(send_to_no_address)
{
	struct sockaddr_in four = loopback_address(port_of(datagram_bound()));
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(1) };
	WSABUF out = { .len = 1, .buf = (char *)"x" };
	SOCKET s = new_socket(AF_INET, SOCK_DGRAM);
	DWORD sent;

	four.sin_addr.s_addr = htonl(INADDR_ANY);
	ASSERT_FAILS(WSAEADDRNOTAVAIL,
		     sendto(s, "x", 1, 0, (struct sockaddr *)&four, sizeof(four)));
	ASSERT_FAILS(WSAEADDRNOTAVAIL, WSASendTo(s, &out, 1, &sent, 0,
						 (struct sockaddr *)&four, sizeof(four),
						 NULL, NULL));
	ASSERT_FAILS(WSAEADDRNOTAVAIL,
		     sendto(new_socket(AF_INET6, SOCK_DGRAM), "x", 1, 0,
			    (struct sockaddr *)&six, sizeof(six)));
}

TEST(a_datagram_socket_is_connected_to_nobody_again)
{
	struct sockaddr_in none = loopback_address(0);
	SOCKET ends[2];

	datagram_pair(ends);
	none.sin_addr.s_addr = htonl(INADDR_ANY);
	ASSERT_WORKS(connect(ends[0], (struct sockaddr *)&none, sizeof(none)));
	ASSERT_FAILS(WSAENOTCONN, peer_of(ends[0]));
	ASSERT_FAILS(WSAENOTCONN, send(ends[0], "x", 1, 0));
}

TEST(connect_to_an_address_of_another_family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(1) };

	six.sin6_addr.s6_addr[15] = 1;
	ASSERT_FAILS(WSAEAFNOSUPPORT, connect(new_socket(AF_INET, SOCK_STREAM),
					      (struct sockaddr *)&six, sizeof(six)));
}

TEST(what_takes_a_connection)
{
	SOCKET tcp = new_socket(AF_INET, SOCK_STREAM), udp = datagram_bound();
	char byte;

	ASSERT_FAILS(WSAENOTCONN, peer_of(tcp));
	ASSERT_FAILS(WSAENOTCONN, peer_of(udp));
	ASSERT_FAILS(WSAENOTCONN, recv(tcp, &byte, 1, 0));
	ASSERT_FAILS(WSAENOTCONN, shutdown(tcp, SD_SEND));
}

TEST(receive_by_what_has_no_address)
{
	SOCKET s = new_socket(AF_INET, SOCK_DGRAM);
	struct sockaddr_in to = loopback_address(port_of(datagram_bound())), from;
	int size = sizeof(from);
	char byte;

	/* A system that would wait is not to wait for ever. */
	set_option(s, SOL_SOCKET, SO_RCVTIMEO, QUIET_MS);
	ASSERT_FAILS(WSAEINVAL, recv(s, &byte, 1, 0));
	ASSERT_FAILS(WSAEINVAL,
		     recvfrom(s, &byte, 1, 0, (struct sockaddr *)&from, &size));
	set_nonblocking(s);
	ASSERT_FAILS(WSAEINVAL, recv(s, &byte, 1, 0));
	/* A send gives it one. */
	ASSERT_EQ(1, sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(s, &byte, 1, 0));
}

TEST(flags_that_there_are_not)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAEINVAL, recv(ends[0], &byte, 1, 0x4000));
	ASSERT_FAILS(WSAEINVAL, send(ends[0], "x", 1, 0x4000));
	receive_text(ends[0], "x");
	assert_open(ends[1]);
}

TEST(what_waiting_for_all_does_not_go_with)
{
	SOCKET ends[2], datagrams[2];
	char byte;

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAEOPNOTSUPP, recv(ends[0], &byte, 1, MSG_WAITALL | MSG_PEEK));
	ASSERT_FAILS(WSAEOPNOTSUPP, recv(ends[0], &byte, 1, MSG_WAITALL | MSG_OOB));
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEOPNOTSUPP, recv(ends[0], &byte, 1, MSG_WAITALL));
	receive_text(ends[0], "x");
	datagram_pair(datagrams);
	send_text(datagrams[1], "x");
	wait_readable_here(datagrams[0]);
	ASSERT_FAILS(WSAEOPNOTSUPP, recv(datagrams[0], &byte, 1, MSG_WAITALL));
	receive_text(datagrams[0], "x");
}

TEST(send_to_nobody)
{
	ASSERT_FAILS(WSAENOTCONN, send(datagram_bound(), "x", 1, 0));
}

TEST(send_before_there_is_a_connection)
{
	ASSERT_FAILS(WSAENOTCONN, send(new_socket(AF_INET, SOCK_STREAM), "x", 1, 0));
	ASSERT_FAILS(WSAENOTCONN, send(stream_listener(), "x", 1, 0));
}

TEST(shutdown_of_what)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAEINVAL, shutdown(ends[0], 3));
	ASSERT_FAILS(WSAEINVAL, shutdown(ends[0], -1));
}

TEST(receive_and_send_would_block)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEWOULDBLOCK, recv(ends[0], &byte, 1, 0));
	/* It ends with this error. */
	ASSERT(fill(ends[0]) > 0);
}

TEST(receive_into_nothing)
{
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAEFAULT, recv(ends[0], NULL, 1, 0));
	receive_text(ends[0], "x");
}

TEST(W54_a_reset_is_told)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	reset(ends[1]);
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAECONNRESET, recv(ends[0], &byte, 1, 0));
}

TEST(send_to_a_peer_that_has_gone)
{
	SOCKET ends[2];
	int error;

	stream_pair(ends);
	reset(ends[1]);
	wait_readable_here(ends[0]);
	/* The first may tell of the reset, the next has nothing to tell of. */
	ASSERT_EQ(SOCKET_ERROR, send(ends[0], "x", 1, 0));
	ASSERT_EQ(SOCKET_ERROR, send(ends[0], "x", 1, 0));
	error = WSAGetLastError();
	ASSERT(error == WSAECONNRESET || error == WSAECONNABORTED);
}

TEST(W114_after_ones_own_shutdown)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_SEND));
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	pass_text(ends[1], ends[0]);
	ASSERT_WORKS(shutdown(ends[0], SD_RECEIVE));
	ASSERT_FAILS(WSAESHUTDOWN, recv(ends[0], &byte, 1, 0));
}

TEST(W114_after_ones_own_shutdown_and_the_peers_end)
{
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_SEND));
	assert_end(ends[1]);
	close_socket(ends[1]);
	assert_end(ends[0]);
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
}

TEST_SHARED(W59_W114_after_anothers_shutdown_and_the_peers_end)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(partner_shutdown(partner, theirs, SD_SEND));
	assert_end(ends[1]);
	close_socket(ends[1]);
	assert_end(ends[0]);
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
}

TEST(W113_a_datagram_that_is_too_long_for_the_buffer)
{
	SOCKET ends[2];
	char data[4];

	datagram_pair(ends);
	send_text(ends[0], "long text");
	wait_readable_here(ends[1]);
	ASSERT_FAILS(WSAEMSGSIZE, recv(ends[1], data, sizeof(data), 0));
	ASSERT(!memcmp(data, "long", 4));
	/* The rest of it has gone. */
	pass_text(ends[0], ends[1]);
}

TEST(W113_the_same_with_the_senders_address)
{
	struct sockaddr_in from;
	int size = sizeof(from);
	SOCKET ends[2];
	char data[4];

	datagram_pair(ends);
	send_text(ends[0], "long text");
	wait_readable_here(ends[1]);
	ASSERT_FAILS(WSAEMSGSIZE, recvfrom(ends[1], data, sizeof(data), 0,
					   (struct sockaddr *)&from, &size));
	ASSERT(!memcmp(data, "long", 4));
	ASSERT_EQ(port_of(ends[0]), ntohs(from.sin_port));
}

TEST(a_datagram_that_is_too_long_to_send)
{
	static const char data[70000];
	SOCKET ends[2];

	datagram_pair(ends);
	ASSERT_FAILS(WSAEMSGSIZE, send(ends[0], data, sizeof(data), 0));
}

TEST(a_datagram_that_nobody_takes)
{
	SOCKET ends[2];
	char byte;

	datagram_pair(ends);
	close_socket(ends[1]);
	send_text(ends[0], "x");
	wait_readable_here(ends[0]);
	ASSERT_FAILS(WSAECONNRESET, recv(ends[0], &byte, 1, 0));
}

TEST(broadcast_takes_an_option)
{
	struct sockaddr_in all = loopback_address(1);
	SOCKET s = new_socket(AF_INET, SOCK_DGRAM);

	all.sin_addr.s_addr = htonl(BROADCAST);
	ASSERT_FAILS(WSAEACCES, sendto(s, "x", 1, 0, (struct sockaddr *)&all, sizeof(all)));
}

TEST(urgent_data_is_not_for_datagrams)
{
	SOCKET ends[2];
	char byte;

	datagram_pair(ends);
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEOPNOTSUPP, send(ends[0], "x", 1, MSG_OOB));
	ASSERT_FAILS(WSAEOPNOTSUPP, recv(ends[0], &byte, 1, MSG_OOB));
}

TEST(a_send_that_takes_too_long)
{
	static const char data[1 << 20];
	SOCKET ends[2];
	int n;

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_SNDTIMEO, 50);
	do
		n = send(ends[0], data, sizeof(data), 0);
	while (n > 0);
	ASSERT_EQ(SOCKET_ERROR, n);
	ASSERT_EQ(WSAETIMEDOUT, WSAGetLastError());
}

TEST(a_receive_that_takes_too_long)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	set_option(ends[0], SOL_SOCKET, SO_RCVTIMEO, 50);
	ASSERT_FAILS(WSAETIMEDOUT, recv(ends[0], &byte, 1, 0));
}
