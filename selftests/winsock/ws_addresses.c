// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses as text, and numbers in a network's order of bytes.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include "partner.h"
#include "test.h"
#include "world.h"

static struct sockaddr_in6 six(unsigned char last, unsigned short port, u_long scope)
{
	struct sockaddr_in6 address;

	memset(&address, 0, sizeof(address));
	address.sin6_family = AF_INET6;
	address.sin6_addr.s6_addr[15] = last;
	address.sin6_port = htons(port);
	address.sin6_scope_id = scope;
	return address;
}

/* @length: that of the text, with its end. */
static void expect_text(const char *text, void *address, DWORD size)
{
	DWORD length = 80, i;
	WCHAR wide[80];
	char room[80];

	ASSERT_WORKS(WSAAddressToStringA(address, size, NULL, room, &length));
	ASSERT(!strcmp(room, text));
	ASSERT_EQ(strlen(text) + 1, length);
	length = 80;
	ASSERT_WORKS(WSAAddressToStringW(address, size, NULL, wide, &length));
	ASSERT_EQ(strlen(text) + 1, length);
	for (i = 0; i < length; i++)
		ASSERT_EQ(text[i], wide[i]);
}

TEST(an_address_becomes_a_text)
{
	struct sockaddr_in four = loopback_address(80);
	struct sockaddr_in6 address;

	expect_text("127.0.0.1:80", &four, sizeof(four));
	four.sin_port = 0;
	expect_text("127.0.0.1", &four, sizeof(four));
	address = six(1, 0, 0);
	expect_text("::1", &address, sizeof(address));
	address = six(1, 80, 0);
	expect_text("[::1]:80", &address, sizeof(address));
	address = six(1, 80, 3);
	expect_text("[::1%3]:80", &address, sizeof(address));
}

TEST(an_address_that_becomes_no_text)
{
	struct sockaddr_in four = loopback_address(80);
	struct sockaddr *name = (struct sockaddr *)&four;
	DWORD length = 12;
	char room[80];

	/* Without room for the end. */
	ASSERT_FAILS(WSAEFAULT, WSAAddressToStringA(name, sizeof(four), NULL, room, &length));
	ASSERT_EQ(13, length);
	four.sin_family = 77;
	length = sizeof(room);
	ASSERT_FAILS(WSAEINVAL, WSAAddressToStringA(name, sizeof(four), NULL, room, &length));
}

TEST(an_address_that_is_missing_or_short)
{
	struct sockaddr_in6 address = six(1, 80, 0);
	struct sockaddr *name = (struct sockaddr *)&address;
	DWORD length = 80;
	char room[80];

	ASSERT_FAILS(WSAEINVAL, WSAAddressToStringA(name, sizeof(address) - 1, NULL, room,
						    &length));
	ASSERT_FAILS(WSAEINVAL, WSAAddressToStringA(name, 1, NULL, room, &length));
	ASSERT_FAILS(WSAEINVAL, WSAAddressToStringA(NULL, 0, NULL, room, &length));
	ASSERT_FAILS(WSAEINVAL, WSAAddressToStringA(name, sizeof(address), NULL, room, NULL));
}

TEST(a_text_becomes_an_address_of_ipv4)
{
	struct sockaddr_in four;
	int size = sizeof(four);
	char text[] = "127.0.0.1:80", plain[] = "127.0.0.1";

	ASSERT_WORKS(WSAStringToAddressA(text, AF_INET, NULL, (struct sockaddr *)&four,
					 &size));
	ASSERT_EQ(sizeof(four), size);
	ASSERT_EQ(AF_INET, four.sin_family);
	ASSERT_EQ(htonl(INADDR_LOOPBACK), four.sin_addr.s_addr);
	ASSERT_EQ(80, ntohs(four.sin_port));
	ASSERT_WORKS(WSAStringToAddressA(plain, AF_INET, NULL, (struct sockaddr *)&four,
					 &size));
	ASSERT_EQ(0, four.sin_port);
}

TEST(a_text_becomes_an_address_of_ipv6)
{
	WCHAR wide[] = { '[', ':', ':', '1', ']', ':', '8', '0', 0 };
	char text[] = "::1%3";
	struct sockaddr_in6 address;
	int size = sizeof(address);

	ASSERT_WORKS(WSAStringToAddressW(wide, AF_INET6, NULL, (struct sockaddr *)&address,
					 &size));
	ASSERT_EQ(sizeof(address), size);
	ASSERT_EQ(AF_INET6, address.sin6_family);
	ASSERT_EQ(1, address.sin6_addr.s6_addr[15]);
	ASSERT_EQ(80, ntohs(address.sin6_port));
	ASSERT_EQ(0, address.sin6_scope_id);
	ASSERT_WORKS(WSAStringToAddressA(text, AF_INET6, NULL, (struct sockaddr *)&address,
					 &size));
	ASSERT_EQ(3, address.sin6_scope_id);
	ASSERT_EQ(0, address.sin6_port);
}

TEST(a_text_that_becomes_no_address)
{
	static const char *const wrong[] = {
		"", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x", "127.0.0.1:-1",
		"127.0.0.256", "localhost", "::1", " 127.0.0.1", NULL,
	};
	static const char *const wrong6[] = {
		"", "[::1", "[::1]80", "[::1]:65536", "127.0.0.1", "::1%", ":::", NULL,
	};
	char room[sizeof(struct sockaddr_in6)], text[80];
	struct sockaddr *name = (struct sockaddr *)room;
	int size = sizeof(room);
	unsigned int i;

	for (i = 0; wrong[i]; i++) {
		strcpy(text, wrong[i]);
		ASSERT_FAILS(WSAEINVAL, WSAStringToAddressA(text, AF_INET, NULL, name, &size));
	}
	for (i = 0; wrong6[i]; i++) {
		strcpy(text, wrong6[i]);
		ASSERT_FAILS(WSAEINVAL,
			     WSAStringToAddressA(text, AF_INET6, NULL, name, &size));
	}
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ASSERT_FAILS(WSAEINVAL, WSAStringToAddressA(text, AF_INET, NULL, name, &size));
	strcpy(text, "127.0.0.1");
	ASSERT_FAILS(WSAEINVAL, WSAStringToAddressA(text, 77, NULL, name, &size));
	ASSERT_FAILS(WSAEINVAL, WSAStringToAddressA(NULL, AF_INET, NULL, name, &size));
	size = 4;
	ASSERT_FAILS(WSAEFAULT, WSAStringToAddressA(text, AF_INET, NULL, name, &size));
	ASSERT_EQ(sizeof(struct sockaddr_in), size);
}

TEST(addresses_without_ports)
{
	WCHAR text[] = { '1', '2', '7', '.', '0', '.', '0', '.', '1', 0 };
	WCHAR wrong[] = { '1', '2', '7', '.', 0x130, 0 }, room[16];
	struct in_addr address;

	ASSERT_EQ(1, InetPtonW(AF_INET, text, &address));
	ASSERT_EQ(htonl(INADDR_LOOPBACK), address.s_addr);
	ASSERT_EQ(0, InetPtonW(AF_INET, wrong, &address));
	ASSERT_FAILS(WSAEAFNOSUPPORT, InetPtonW(77, text, &address));
	ASSERT_FAILS(WSAEFAULT, InetPtonW(AF_INET, NULL, &address));
	ASSERT(InetNtopW(AF_INET, &address, room, 10) == room);
	ASSERT(!memcmp(room, text, sizeof(text)));
	ASSERT(!InetNtopW(AF_INET, &address, room, 9));
	ASSERT_EQ(ERROR_INVALID_PARAMETER, WSAGetLastError());
	ASSERT(!InetNtopW(77, &address, room, 10));
	ASSERT_EQ(WSAEAFNOSUPPORT, WSAGetLastError());
}

TEST(orders_of_bytes)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	u_short half = 0;
	u_long word = 0;

	ASSERT_WORKS(WSAHtonl(s, 0x01020304, &word));
	ASSERT_EQ(htonl(0x01020304), word);
	ASSERT_WORKS(WSANtohl(s, word, &word));
	ASSERT_EQ(0x01020304, word);
	ASSERT_WORKS(WSAHtons(s, 0x0102, &half));
	ASSERT_EQ(htons(0x0102), half);
	ASSERT_WORKS(WSANtohs(s, half, &half));
	ASSERT_EQ(0x0102, half);
}

TEST(orders_of_bytes_of_what_is_no_socket)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);
	u_long word;

	ASSERT_FAILS(WSAENOTSOCK, WSAHtonl(NO_SOCKET, 1, &word));
	ASSERT_FAILS(WSAEFAULT, WSAHtons(s, 1, NULL));
}
