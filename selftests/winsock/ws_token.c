// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSAPROTOCOL_INFO: what it says of a socket, and the ways that it may take.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <stdio.h>

#include "partner.h"
#include "test.h"
#include "world.h"

#define TCP_FLAGS	(XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER | \
			 XP1_GRACEFUL_CLOSE | XP1_EXPEDITED_DATA | XP1_IFS_HANDLES)
#define DATAGRAM_FLAGS	(XP1_CONNECTIONLESS | XP1_MESSAGE_ORIENTED | \
			 XP1_SUPPORT_BROADCAST | XP1_SUPPORT_MULTIPOINT | XP1_IFS_HANDLES)
#define UDP_MESSAGE	65507

/* The token that this process exports to itself. */
static WSAPROTOCOL_INFOW token_of(SOCKET s)
{
	WSAPROTOCOL_INFOW info;

	memset(&info, 0xaa, sizeof(info));
	ASSERT_WORKS(WSADuplicateSocketW(s, GetCurrentProcessId(), &info));
	return info;
}

static WSAPROTOCOL_INFOW token_of_new(int family, int type)
{
	SOCKET s = new_socket(family, type);
	WSAPROTOCOL_INFOW info = token_of(s);

	close_socket(s);
	return info;
}

static void assert_importable(const WSAPROTOCOL_INFOW *info)
{
	WSAPROTOCOL_INFOW copy = *info;
	SOCKET s = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			      FROM_PROTOCOL_INFO, &copy, 0, 0);

	ASSERT_WORKS(s);
	close_socket(s);
}

TEST_SHARED(W18_the_bytes_go_through_a_pipe)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info;
	SOCKET s = stream_listener();

	ASSERT_WORKS(WSADuplicateSocketW(s, partner->pid, &info));
	ASSERT_WORKS(partner_import(partner, &info, 0));
}

TEST_SHARED(W18_the_bytes_go_through_a_file)
{
	WSAPROTOCOL_INFOW sent = token_of(stream_listener()), received;
	FILE *file = tmpfile();

	ASSERT(file);
	ASSERT_EQ(1, fwrite(&sent, sizeof(sent), 1, file));
	rewind(file);
	ASSERT_EQ(1, fread(&received, sizeof(received), 1, file));
	fclose(file);
	assert_importable(&received);
}

TEST_SHARED(W18_the_bytes_go_through_tcp)
{
	WSAPROTOCOL_INFOW sent = token_of(stream_listener()), received;
	int got = 0, n;
	SOCKET ends[2];

	stream_pair(ends);
	ASSERT_EQ((int)sizeof(sent), send(ends[0], (char *)&sent, sizeof(sent), 0));
	while (got < (int)sizeof(received)) {
		n = recv(ends[1], (char *)&received + got, sizeof(received) - got, 0);
		ASSERT(n > 0);
		got += n;
	}
	assert_importable(&received);
}

TEST_SHARED(W19_the_bytes_may_be_copied)
{
	char room[sizeof(WSAPROTOCOL_INFOW) + 1];
	WSAPROTOCOL_INFOW info = token_of(stream_listener());

	memcpy(room + 1, &info, sizeof(info));
	memset(&info, 0, sizeof(info));
	memcpy(&info, room + 1, sizeof(info));
	assert_importable(&info);
}

TEST_SHARED(W20_family_type_and_protocol_are_the_sockets)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		WSAPROTOCOL_INFOW tcp = token_of_new(families[i], SOCK_STREAM);
		WSAPROTOCOL_INFOW udp = token_of_new(families[i], SOCK_DGRAM);

		ASSERT_EQ(families[i], tcp.iAddressFamily);
		ASSERT_EQ(SOCK_STREAM, tcp.iSocketType);
		ASSERT_EQ(IPPROTO_TCP, tcp.iProtocol);
		ASSERT_EQ(families[i], udp.iAddressFamily);
		ASSERT_EQ(SOCK_DGRAM, udp.iSocketType);
		ASSERT_EQ(IPPROTO_UDP, udp.iProtocol);
	}
}

TEST_SHARED(W20_W97_an_options_answer_says_the_same)
{
	SOCKET s = new_socket(AF_INET6, SOCK_DGRAM);
	WSAPROTOCOL_INFOW option = protocol_info(s);
	WSAPROTOCOL_INFOW token = token_of(s);

	ASSERT_EQ(token.dwServiceFlags1, option.dwServiceFlags1);
	ASSERT_EQ(token.iAddressFamily, option.iAddressFamily);
	ASSERT_EQ(token.iSocketType, option.iSocketType);
	ASSERT_EQ(token.iProtocol, option.iProtocol);
	ASSERT_EQ(token.dwMessageSize, option.dwMessageSize);
	ASSERT(!memcmp(token.szProtocol, option.szProtocol, sizeof(token.szProtocol)));
}

TEST(W21_flags_of_tcp)
{
	WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, SOCK_STREAM));

	ASSERT_EQ(0x20066, TCP_FLAGS);
	ASSERT_EQ(TCP_FLAGS, info.dwServiceFlags1);
	info = protocol_info(new_socket(AF_INET6, SOCK_STREAM));
	ASSERT_EQ(TCP_FLAGS, info.dwServiceFlags1);
}

TEST(W22_flags_of_raw_sockets)
{
	WSAPROTOCOL_INFOW info;
	SOCKET s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	ASSERT_WORKS(s);
	info = protocol_info(s);
	ASSERT_EQ(0x20609, DATAGRAM_FLAGS);
	ASSERT_EQ(DATAGRAM_FLAGS, info.dwServiceFlags1);
	ASSERT_EQ(SOCK_RAW, info.iSocketType);
}

TEST(W23_W101_flags_of_udp)
{
	WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, SOCK_DGRAM));

	ASSERT_EQ(DATAGRAM_FLAGS, info.dwServiceFlags1);
	info = protocol_info(new_socket(AF_INET6, SOCK_DGRAM));
	ASSERT_EQ(DATAGRAM_FLAGS, info.dwServiceFlags1);
}

TEST(W23_W24_streams_are_not_connectionless_and_nothing_is_one_way)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, types[i]));
		DWORD flags = info.dwServiceFlags1;

		ASSERT_EQ(types[i] == SOCK_DGRAM, !!(flags & XP1_CONNECTIONLESS));
		ASSERT((flags & (XP1_UNI_SEND | XP1_UNI_RECV)) !=
		       (XP1_UNI_SEND | XP1_UNI_RECV));
	}
}

TEST_SHARED(W25_an_imported_socket_is_a_file_handle)
{
	WSAPROTOCOL_INFOW info;
	SOCKET ends[2], second;
	char byte = 0;

	stream_pair(ends);
	info = token_of(ends[0]);
	ASSERT(info.dwServiceFlags1 & XP1_IFS_HANDLES);
	second = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			    &info, 0, WSA_FLAG_OVERLAPPED);
	ASSERT_WORKS(second);
	ASSERT_EQ(1, process_write_socket(second, "x", 1));
	receive_text(ends[1], "x");
	send_text(ends[1], "y");
	ASSERT_EQ(1, process_read_socket(second, &byte, 1));
	ASSERT_EQ('y', byte);
}

TEST(W26_message_size_byte_order_and_security)
{
	WSAPROTOCOL_INFOW tcp = protocol_info(new_socket(AF_INET, SOCK_STREAM));
	WSAPROTOCOL_INFOW udp = protocol_info(new_socket(AF_INET, SOCK_DGRAM));

	ASSERT_EQ(0, tcp.dwMessageSize);
	ASSERT(udp.dwMessageSize != 0);
	ASSERT_EQ(0, BIGENDIAN);
	ASSERT_EQ(BIGENDIAN, tcp.iNetworkByteOrder);
	ASSERT_EQ(BIGENDIAN, udp.iNetworkByteOrder);
	ASSERT_EQ(0, SECURITY_PROTOCOL_NONE);
	ASSERT_EQ(SECURITY_PROTOCOL_NONE, tcp.iSecurityScheme);
	ASSERT_EQ(SECURITY_PROTOCOL_NONE, udp.iSecurityScheme);
}

TEST(W27_W101_address_sizes_and_chain)
{
	WSAPROTOCOL_INFOW four = protocol_info(new_socket(AF_INET, SOCK_DGRAM));
	WSAPROTOCOL_INFOW six = protocol_info(new_socket(AF_INET6, SOCK_STREAM));

	ASSERT_EQ(16, four.iMinSockAddr);
	ASSERT_EQ(16, four.iMaxSockAddr);
	ASSERT_EQ(28, six.iMinSockAddr);
	ASSERT_EQ(28, six.iMaxSockAddr);
	ASSERT_EQ(1, BASE_PROTOCOL);
	ASSERT_EQ(BASE_PROTOCOL, four.ProtocolChain.ChainLen);
	ASSERT_EQ(BASE_PROTOCOL, six.ProtocolChain.ChainLen);
}

TEST_SHARED(W28_the_name_ends)
{
	WSAPROTOCOL_INFOW info = token_of_new(AF_INET, SOCK_STREAM);
	int length = 0;

	while (length <= WSAPROTOCOL_LEN && info.szProtocol[length])
		length++;
	ASSERT(length > 0);
	ASSERT(length <= WSAPROTOCOL_LEN);
	ASSERT_EQ(255, WSAPROTOCOL_LEN);
}

TEST(W29_sizes_and_places)
{
	ASSERT_EQ(628, sizeof(WSAPROTOCOL_INFOW));
	ASSERT_EQ(372, sizeof(WSAPROTOCOL_INFOA));
	ASSERT_EQ(4, offsetof(WSAPROTOCOL_INFOW, dwServiceFlags2));
	ASSERT_EQ(16, offsetof(WSAPROTOCOL_INFOW, dwProviderFlags));
	ASSERT_EQ(20, offsetof(WSAPROTOCOL_INFOW, ProviderId));
	ASSERT_EQ(36, offsetof(WSAPROTOCOL_INFOW, dwCatalogEntryId));
	ASSERT_EQ(40, offsetof(WSAPROTOCOL_INFOW, ProtocolChain));
	ASSERT_EQ(72, offsetof(WSAPROTOCOL_INFOW, iVersion));
	ASSERT_EQ(76, offsetof(WSAPROTOCOL_INFOW, iAddressFamily));
	ASSERT_EQ(80, offsetof(WSAPROTOCOL_INFOW, iMaxSockAddr));
	ASSERT_EQ(84, offsetof(WSAPROTOCOL_INFOW, iMinSockAddr));
	ASSERT_EQ(88, offsetof(WSAPROTOCOL_INFOW, iSocketType));
	ASSERT_EQ(92, offsetof(WSAPROTOCOL_INFOW, iProtocol));
	ASSERT_EQ(108, offsetof(WSAPROTOCOL_INFOW, dwMessageSize));
	ASSERT_EQ(112, offsetof(WSAPROTOCOL_INFOW, dwProviderReserved));
	ASSERT_EQ(116, offsetof(WSAPROTOCOL_INFOW, szProtocol));
	ASSERT_EQ(116, offsetof(WSAPROTOCOL_INFOA, szProtocol));
	ASSERT_EQ(44, sizeof(WSANETWORKEVENTS));
	ASSERT_EQ(4, offsetof(WSANETWORKEVENTS, iErrorCode));
	ASSERT_EQ(2 * sizeof(void *), sizeof(WSABUF));
	ASSERT_EQ(sizeof(void *), sizeof(SOCKET));
	ASSERT_EQ(4, sizeof(DWORD));
	ASSERT_EQ(sizeof(void *) == 8 ? 408 : 400, sizeof(WSADATA));
}

TEST(W29_values)
{
	ASSERT_EQ(0x1, XP1_CONNECTIONLESS);
	ASSERT_EQ(0x10, XP1_PSEUDO_STREAM);
	ASSERT_EQ(0x80, XP1_CONNECT_DATA);
	ASSERT_EQ(0x100, XP1_DISCONNECT_DATA);
	ASSERT_EQ(0x800, XP1_MULTIPOINT_CONTROL_PLANE);
	ASSERT_EQ(0x1000, XP1_MULTIPOINT_DATA_PLANE);
	ASSERT_EQ(0x2000, XP1_QOS_SUPPORTED);
	ASSERT_EQ(0x8000, XP1_UNI_SEND);
	ASSERT_EQ(0x10000, XP1_UNI_RECV);
	ASSERT_EQ(0x40000, XP1_PARTIAL_MESSAGE);
	ASSERT_EQ(0x1, WSA_FLAG_OVERLAPPED);
	ASSERT_EQ(0x2, WSA_FLAG_MULTIPOINT_C_ROOT);
	ASSERT_EQ(0x4, WSA_FLAG_MULTIPOINT_C_LEAF);
	ASSERT_EQ(0x8, WSA_FLAG_MULTIPOINT_D_ROOT);
	ASSERT_EQ(0x10, WSA_FLAG_MULTIPOINT_D_LEAF);
	ASSERT_EQ(0x40, WSA_FLAG_ACCESS_SYSTEM_SECURITY);
	ASSERT_EQ(0x80, WSA_FLAG_NO_HANDLE_INHERIT);
}

/* The 128 bits in which the secret lies. */
static void secret_of(const WSAPROTOCOL_INFOW *info, DWORD secret[4])
{
	secret[0] = info->dwServiceFlags2;
	secret[1] = info->dwServiceFlags3;
	secret[2] = info->dwServiceFlags4;
	secret[3] = info->dwProviderReserved;
}

TEST_SHARED(W30_two_tokens_of_one_socket_differ)
{
	SOCKET s = stream_listener();
	WSAPROTOCOL_INFOW first = token_of(s), second = token_of(s);
	DWORD secrets[2][4];

	secret_of(&first, secrets[0]);
	secret_of(&second, secrets[1]);
	ASSERT(memcmp(secrets[0], secrets[1], sizeof(secrets[0])));
	assert_importable(&second);
	assert_importable(&first);
}

TEST_SHARED(W30_nothing_is_left_of_what_the_struct_held)
{
	WSAPROTOCOL_INFOW info = token_of_new(AF_INET, SOCK_STREAM);
	int i = 0;

	while (info.szProtocol[i])
		i++;
	for (; i <= WSAPROTOCOL_LEN; i++)
		ASSERT_EQ(0, info.szProtocol[i]);
}

TEST(W101_version_and_provider_flags_of_udp)
{
	WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, SOCK_DGRAM));

	ASSERT_EQ(2, info.iVersion);
	ASSERT(info.dwProviderFlags & PFL_MATCHES_PROTOCOL_ZERO);
}

TEST(W101_the_longest_message_of_udp)
{
	WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, SOCK_DGRAM));

	ASSERT_EQ(UDP_MESSAGE, info.dwMessageSize);
}
