// SPDX-License-Identifier: GPL-2.0-only
/*
 * The catalogue of protocols, and the options that give a socket's entry of it.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <stdlib.h>

#include "partner.h"
#include "test.h"
#include "world.h"

/* All entries; the caller frees them. */
static WSAPROTOCOL_INFOW *read_catalogue(int *protocols, int *count)
{
	WSAPROTOCOL_INFOW *entries;
	DWORD size = 0;

	ASSERT_FAILS(WSAENOBUFS, WSAEnumProtocolsW(protocols, NULL, &size));
	entries = malloc(size);
	ASSERT(entries);
	*count = WSAEnumProtocolsW(protocols, entries, &size);
	ASSERT_WORKS(*count);
	return entries;
}

static WSAPROTOCOL_INFOW entry_of(int family, int type)
{
	WSAPROTOCOL_INFOW *entries, found;
	int i, count;

	entries = read_catalogue(NULL, &count);
	for (i = 0; i < count; i++)
		if (entries[i].iAddressFamily == family && entries[i].iSocketType == type)
			break;
	ASSERT(i < count);
	found = entries[i];
	free(entries);
	return found;
}

static SOCKET socket_from(const WSAPROTOCOL_INFOW *entry)
{
	WSAPROTOCOL_INFOW copy = *entry;

	return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			  &copy, 0, 0);
}

TEST(W102_the_size_is_told_where_there_is_too_little)
{
	WSAPROTOCOL_INFOW wide;
	WSAPROTOCOL_INFOA narrow;
	DWORD size = 0, narrow_size = 0;

	ASSERT_FAILS(WSAENOBUFS, WSAEnumProtocolsW(NULL, NULL, &size));
	ASSERT(size >= sizeof(wide));
	ASSERT_EQ(0, size % sizeof(wide));
	ASSERT_FAILS(WSAENOBUFS, WSAEnumProtocolsA(NULL, NULL, &narrow_size));
	ASSERT_EQ(size / sizeof(wide), narrow_size / sizeof(narrow));
	size = sizeof(wide) - 1;
	ASSERT_FAILS(WSAENOBUFS, WSAEnumProtocolsW(NULL, &wide, &size));
	ASSERT_EQ(narrow_size / sizeof(narrow), size / sizeof(wide));
}

TEST(W102_both_forms_list_the_same)
{
	WSAPROTOCOL_INFOW *wide;
	WSAPROTOCOL_INFOA *narrow;
	int i, count;
	DWORD size;

	wide = read_catalogue(NULL, &count);
	size = count * sizeof(*narrow);
	narrow = malloc(size);
	ASSERT(narrow);
	ASSERT_EQ(count, WSAEnumProtocolsA(NULL, narrow, &size));
	for (i = 0; i < count; i++)
		ASSERT(!memcmp(&wide[i], &narrow[i],
			       offsetof(WSAPROTOCOL_INFOW, szProtocol)));
	free(narrow);
	free(wide);
}

TEST(W102_a_list_of_protocols_selects)
{
	int protocols[] = { IPPROTO_TCP, 0 };
	WSAPROTOCOL_INFOW *entries;
	int i, count;

	entries = read_catalogue(protocols, &count);
	ASSERT(count > 0);
	for (i = 0; i < count; i++)
		ASSERT_EQ(IPPROTO_TCP, entries[i].iProtocol);
	free(entries);
}

TEST(W102_tcp_and_udp_of_both_families_are_there)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		WSAPROTOCOL_INFOW tcp = entry_of(families[i], SOCK_STREAM);
		WSAPROTOCOL_INFOW udp = entry_of(families[i], SOCK_DGRAM);

		ASSERT_EQ(IPPROTO_TCP, tcp.iProtocol);
		ASSERT_EQ(IPPROTO_UDP, udp.iProtocol);
		ASSERT(tcp.szProtocol[0]);
		ASSERT(udp.szProtocol[0]);
		ASSERT(tcp.dwCatalogEntryId != udp.dwCatalogEntryId);
	}
}

TEST(W97_an_entry_makes_a_new_socket)
{
	WSAPROTOCOL_INFOW entry = entry_of(AF_INET6, SOCK_DGRAM);
	SOCKET first = socket_from(&entry), second = socket_from(&entry);
	WSAPROTOCOL_INFOW info;

	ASSERT_WORKS(first);
	ASSERT_WORKS(second);
	ASSERT(first != second);
	info = protocol_info(first);
	ASSERT_EQ(AF_INET6, info.iAddressFamily);
	ASSERT_EQ(SOCK_DGRAM, info.iSocketType);
	ASSERT_EQ(IPPROTO_UDP, info.iProtocol);
}

TEST(W97_an_options_answer_makes_a_new_socket)
{
	SOCKET s = stream_listener();
	WSAPROTOCOL_INFOW info = protocol_info(s);
	SOCKET other = socket_from(&info);
	struct sockaddr_in address;
	int size = sizeof(address);

	ASSERT_WORKS(other);
	/* Not the listener, which has an address. */
	ASSERT_FAILS(WSAEINVAL, getsockname(other, (struct sockaddr *)&address, &size));
}

TEST(W97_what_is_said_beside_an_entry_may_select)
{
	WSAPROTOCOL_INFOW entry = entry_of(AF_INET, SOCK_STREAM);
	SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, &entry, 0,
			      WSA_FLAG_OVERLAPPED);

	ASSERT_WORKS(s);
	ASSERT_EQ(SOCK_STREAM, get_option(s, SOL_SOCKET, SO_TYPE));
}

TEST(W99_the_option_takes_a_buffer_and_a_length)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	int size = sizeof(WSAPROTOCOL_INFOW);
	WSAPROTOCOL_INFOW info;

	ASSERT_FAILS(WSAEFAULT,
		     getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, NULL, &size));
	ASSERT_FAILS(WSAEFAULT,
		     getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, NULL));
	size = sizeof(WSAPROTOCOL_INFOA);
	ASSERT_FAILS(WSAEFAULT,
		     getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOA, NULL, &size));
}

TEST(W38_W99_a_byte_short_is_refused_and_the_size_told)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	int size = sizeof(WSAPROTOCOL_INFOW) - 1;
	WSAPROTOCOL_INFOW info;

	ASSERT_FAILS(WSAEFAULT,
		     getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size));
	ASSERT_EQ(sizeof(WSAPROTOCOL_INFOW), size);
	size = sizeof(WSAPROTOCOL_INFOA) - 1;
	ASSERT_FAILS(WSAEFAULT,
		     getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOA, (char *)&info, &size));
	ASSERT_EQ(sizeof(WSAPROTOCOL_INFOA), size);
}

TEST(W99_a_larger_buffer_will_do)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	struct {
		WSAPROTOCOL_INFOW info;
		char more[3];
	} room;
	int size = sizeof(room);

	memset(&room, 0xaa, sizeof(room));
	ASSERT_WORKS(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&room, &size));
	ASSERT_EQ(AF_INET, room.info.iAddressFamily);
	ASSERT_EQ(0xaa, (unsigned char)room.more[0]);
}

TEST(W99_both_forms_agree)
{
	SOCKET s = new_socket(AF_INET6, SOCK_STREAM);
	WSAPROTOCOL_INFOW wide = protocol_info(s);
	WSAPROTOCOL_INFOA narrow;
	int size = sizeof(narrow), i;

	ASSERT_WORKS(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOA, (char *)&narrow, &size));
	ASSERT(!memcmp(&wide, &narrow, offsetof(WSAPROTOCOL_INFOW, szProtocol)));
	for (i = 0; i <= WSAPROTOCOL_LEN && narrow.szProtocol[i]; i++)
		ASSERT_EQ(narrow.szProtocol[i], wide.szProtocol[i]);
}
