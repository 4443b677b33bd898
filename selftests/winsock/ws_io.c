// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending, receiving, connecting and accepting, by the short calls and the long ones.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static WSABUF buffer(const char *data, u_long size)
{
	WSABUF it = { .len = size, .buf = (char *)data };

	return it;
}

TEST(W60_bytes_and_datagrams)
{
	SOCKET ends[2];

	stream_pair(ends);
	pass_text(ends[0], ends[1]);
	pass_text(ends[1], ends[0]);
	datagram_pair(ends);
	pass_text(ends[0], ends[1]);
	pass_text(ends[1], ends[0]);
}

TEST(peeking_leaves_the_data)
{
	SOCKET ends[2];
	char data[4];

	stream_pair(ends);
	send_text(ends[0], "text");
	wait_readable_here(ends[1]);
	ASSERT_EQ(4, recv(ends[1], data, sizeof(data), MSG_PEEK));
	ASSERT(!memcmp(data, "text", 4));
	receive_text(ends[1], "text");
}

TEST(waiting_for_all)
{
	SOCKET ends[2];
	char data[8];

	stream_pair(ends);
	send_text(ends[0], "some");
	send_text(ends[0], "text");
	ASSERT_EQ(8, recv(ends[1], data, sizeof(data), MSG_WAITALL));
	ASSERT(!memcmp(data, "sometext", 8));
}

TEST(urgent_data_by_itself)
{
	SOCKET ends[2];
	fd_set urgent;
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	char byte = 0;

	stream_pair(ends);
	ASSERT_EQ(1, send(ends[0], "!", 1, MSG_OOB));
	FD_ZERO(&urgent);
	FD_SET(ends[1], &urgent);
	ASSERT_EQ(1, select(0, NULL, NULL, &urgent, &limit));
	ASSERT_EQ(1, recv(ends[1], &byte, 1, MSG_OOB));
	ASSERT_EQ('!', byte);
	pass_text(ends[0], ends[1]);
}

TEST(names_of_both_ends)
{
	struct sockaddr_in mine, peers;
	int size = sizeof(mine);
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(getsockname(ends[0], (struct sockaddr *)&mine, &size));
	ASSERT_EQ(sizeof(mine), size);
	ASSERT_WORKS(getpeername(ends[1], (struct sockaddr *)&peers, &size));
	ASSERT_EQ(AF_INET, peers.sin_family);
	ASSERT_EQ(mine.sin_port, peers.sin_port);
	ASSERT_EQ(htonl(INADDR_LOOPBACK), peers.sin_addr.s_addr);
	size = 4;
	ASSERT_FAILS(WSAEFAULT, getsockname(ends[0], (struct sockaddr *)&mine, &size));
}

TEST(accept_tells_the_peer)
{
	SOCKET listener = stream_listener(), s = connect_to(port_of(listener)), accepted;
	struct sockaddr_in peer;
	int size = sizeof(peer);

	accepted = accept(listener, (struct sockaddr *)&peer, &size);
	ASSERT_WORKS(accepted);
	ASSERT_EQ(sizeof(peer), size);
	ASSERT_EQ(port_of(s), ntohs(peer.sin_port));
}

TEST(datagrams_to_and_from)
{
	SOCKET first = datagram_bound(), second = datagram_bound();
	struct sockaddr_in to = loopback_address(port_of(second)), from;
	int size = sizeof(from);
	char data[8];

	ASSERT_EQ(4, sendto(first, "text", 4, 0, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_EQ(4, recvfrom(second, data, sizeof(data), 0, (struct sockaddr *)&from,
			      &size));
	ASSERT(!memcmp(data, "text", 4));
	ASSERT_EQ(sizeof(from), size);
	ASSERT_EQ(port_of(first), ntohs(from.sin_port));
}

TEST(an_empty_datagram)
{
	SOCKET ends[2];
	char byte;

	datagram_pair(ends);
	ASSERT_EQ(0, send(ends[0], "", 0, 0));
	wait_readable_here(ends[1]);
	ASSERT_EQ(0, recv(ends[1], &byte, 1, 0));
}

TEST(several_buffers)
{
	char first[3], second[8];
	WSABUF out[] = { buffer("some", 4), buffer("", 0), buffer("text", 4) };
	WSABUF in[] = { buffer(first, sizeof(first)), buffer(second, sizeof(second)) };
	DWORD sent = 99, received = 99, flags = 0;
	SOCKET ends[2];

	datagram_pair(ends);
	ASSERT_EQ(0, WSASend(ends[0], out, 3, &sent, 0, NULL, NULL));
	ASSERT_EQ(8, sent);
	ASSERT_EQ(0, WSARecv(ends[1], in, 2, &received, &flags, NULL, NULL));
	ASSERT_EQ(8, received);
	ASSERT(!memcmp(first, "som", 3));
	ASSERT(!memcmp(second, "etext", 5));
	ASSERT_EQ(0, flags);
}

TEST(several_buffers_to_and_from)
{
	SOCKET first = datagram_bound(), second = datagram_bound();
	struct sockaddr_in to = loopback_address(port_of(second)), from;
	char room[8];
	WSABUF out = buffer("text", 4), in = buffer(room, sizeof(room));
	DWORD bytes = 0, flags = 0;
	int size = sizeof(from);

	ASSERT_EQ(0, WSASendTo(first, &out, 1, &bytes, 0, (struct sockaddr *)&to,
			       sizeof(to), NULL, NULL));
	ASSERT_EQ(4, bytes);
	ASSERT_EQ(0, WSARecvFrom(second, &in, 1, &bytes, &flags, (struct sockaddr *)&from,
				 &size, NULL, NULL));
	ASSERT_EQ(4, bytes);
	ASSERT_EQ(port_of(first), ntohs(from.sin_port));
}

TEST(W113_several_buffers_that_are_too_short)
{
	char first[2], second[2];
	WSABUF in[] = { buffer(first, sizeof(first)), buffer(second, sizeof(second)) };
	DWORD received = 99, flags = 0;
	SOCKET ends[2];

	datagram_pair(ends);
	send_text(ends[0], "long text");
	ASSERT_FAILS(WSAEMSGSIZE, WSARecv(ends[1], in, 2, &received, &flags, NULL, NULL));
	ASSERT(!memcmp(first, "lo", 2));
	ASSERT(!memcmp(second, "ng", 2));
}

TEST(peeking_by_the_long_call)
{
	char room[4];
	WSABUF in = buffer(room, sizeof(room));
	DWORD received = 0, flags = MSG_PEEK;
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[0], "text");
	wait_readable_here(ends[1]);
	ASSERT_EQ(0, WSARecv(ends[1], &in, 1, &received, &flags, NULL, NULL));
	ASSERT_EQ(4, received);
	receive_text(ends[1], "text");
}

TEST(nothing_sent_probes_the_connection)
{
	WSABUF nothing = buffer("", 0);
	DWORD sent = 99;
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_EQ(0, WSASend(ends[0], &nothing, 1, &sent, 0, NULL, NULL));
	ASSERT_EQ(0, sent);
	assert_open(ends[1]);
	ASSERT_FAILS(WSAENOTSOCK, WSASend(NO_SOCKET, &nothing, 1, &sent, 0, NULL,
					  NULL));
}

TEST(the_long_calls_would_block)
{
	char room[4];
	WSABUF in = buffer(room, sizeof(room));
	DWORD received = 0, flags = 0;
	SOCKET ends[2];

	stream_pair(ends);
	set_nonblocking(ends[0]);
	ASSERT_FAILS(WSAEWOULDBLOCK, WSARecv(ends[0], &in, 1, &received, &flags, NULL,
					     NULL));
}

TEST(W114_the_long_calls_after_shutdown)
{
	char room[4];
	WSABUF in = buffer(room, sizeof(room)), out = buffer("x", 1);
	DWORD bytes = 0, flags = 0;
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_WORKS(shutdown(ends[0], SD_BOTH));
	ASSERT_FAILS(WSAESHUTDOWN, WSASend(ends[0], &out, 1, &bytes, 0, NULL, NULL));
	ASSERT_FAILS(WSAESHUTDOWN, WSARecv(ends[0], &in, 1, &bytes, &flags, NULL, NULL));
}

TEST(connect_and_accept_by_the_long_calls)
{
	SOCKET listener = stream_listener(), s = new_socket(AF_INET, SOCK_STREAM), accepted;
	struct sockaddr_in address = loopback_address(port_of(listener)), peer;
	int size = sizeof(peer);

	ASSERT_EQ(0, WSAConnect(s, (struct sockaddr *)&address, sizeof(address), NULL, NULL,
				NULL, NULL));
	accepted = WSAAccept(listener, (struct sockaddr *)&peer, &size, NULL, 0);
	ASSERT_WORKS(accepted);
	ASSERT_EQ(port_of(s), ntohs(peer.sin_port));
	pass_text(s, accepted);
	set_nonblocking(listener);
	ASSERT_FAILS(WSAEWOULDBLOCK, WSAAccept(listener, NULL, NULL, NULL, 0));
}

TEST(shutdown_of_sending_ends_the_peers_data)
{
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[0], "last");
	ASSERT_WORKS(shutdown(ends[0], SD_SEND));
	receive_text(ends[1], "last");
	assert_end(ends[1]);
	pass_text(ends[1], ends[0]);
}

TEST(both_families_over_loopback)
{
	SOCKET listener = new_socket(AF_INET6, SOCK_STREAM), s, accepted;
	struct sockaddr_in6 address;
	int size = sizeof(address);

	memset(&address, 0, sizeof(address));
	address.sin6_family = AF_INET6;
	address.sin6_addr.s6_addr[15] = 1;
	ASSERT_WORKS(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_WORKS(listen(listener, 1));
	ASSERT_WORKS(getsockname(listener, (struct sockaddr *)&address, &size));
	s = new_socket(AF_INET6, SOCK_STREAM);
	ASSERT_WORKS(connect(s, (struct sockaddr *)&address, sizeof(address)));
	accepted = accept(listener, NULL, NULL);
	ASSERT_WORKS(accepted);
	pass_text(s, accepted);
}

TEST(an_end_of_one_direction_by_the_long_calls)
{
	SOCKET ends[2];
	char byte;

	stream_pair(ends);
	ASSERT_WORKS(WSASendDisconnect(ends[0], NULL));
	assert_end(ends[1]);
	ASSERT_FAILS(WSAESHUTDOWN, send(ends[0], "x", 1, 0));
	pass_text(ends[1], ends[0]);
	ASSERT_WORKS(WSARecvDisconnect(ends[0], NULL));
	ASSERT_FAILS(WSAESHUTDOWN, recv(ends[0], &byte, 1, 0));
	ASSERT_FAILS(WSAENOTCONN, WSASendDisconnect(new_socket(AF_INET, SOCK_STREAM), NULL));
	ASSERT_FAILS(WSAENOTSOCK, WSARecvDisconnect(NO_SOCKET, NULL));
}

TEST(no_protocol_has_data_beside_an_end)
{
	WSABUF data = buffer("x", 1);
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_FAILS(WSAENOPROTOOPT, WSASendDisconnect(ends[0], &data));
	assert_open(ends[1]);
	pass_text(ends[0], ends[1]);
}
