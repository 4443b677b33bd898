// SPDX-License-Identifier: GPL-2.0-only
/*
 * W29: structs and numbers are as on Windows, or as on Linux where POSIX code of
 * the same program shares them.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <ws2spi.h>
#include <windows.h>

#include <assert.h>
#include <stddef.h>

#define WORDS(wide, narrow)	(sizeof(void *) == 8 ? (wide) : (narrow))

#define SIZE(type, size) \
	static_assert(sizeof(type) == (size), #type)
#define PLACE(type, member, place) \
	static_assert(offsetof(type, member) == (place), #type "." #member)
#define SAME(name, value) \
	static_assert((name) == (value), #name)

SIZE(WCHAR, 2);
SIZE(WORD, 2);
SIZE(DWORD, 4);
SIZE(LONG, 4);
SIZE(ULONG, 4);
SIZE(BOOL, 4);
SIZE(HANDLE, sizeof(void *));
SIZE(SOCKET, sizeof(void *));
SIZE(WPARAM, sizeof(void *));
SIZE(GUID, 16);

SIZE(WSADATA, WORDS(408, 400));
PLACE(WSADATA, szDescription, WORDS(16, 4));
SIZE(WSAPROTOCOLCHAIN, 32);
SIZE(WSAPROTOCOL_INFOA, 372);
SIZE(WSAPROTOCOL_INFOW, 628);
#ifdef UNICODE
SIZE(WSAPROTOCOL_INFO, 628);
#else
SIZE(WSAPROTOCOL_INFO, 372);
#endif
PLACE(WSAPROTOCOL_INFOW, dwServiceFlags2, 4);
PLACE(WSAPROTOCOL_INFOW, dwProviderFlags, 16);
PLACE(WSAPROTOCOL_INFOW, ProviderId, 20);
PLACE(WSAPROTOCOL_INFOW, dwCatalogEntryId, 36);
PLACE(WSAPROTOCOL_INFOW, ProtocolChain, 40);
PLACE(WSAPROTOCOL_INFOW, iVersion, 72);
PLACE(WSAPROTOCOL_INFOW, iAddressFamily, 76);
PLACE(WSAPROTOCOL_INFOW, iMaxSockAddr, 80);
PLACE(WSAPROTOCOL_INFOW, iMinSockAddr, 84);
PLACE(WSAPROTOCOL_INFOW, iSocketType, 88);
PLACE(WSAPROTOCOL_INFOW, iProtocol, 92);
PLACE(WSAPROTOCOL_INFOW, dwMessageSize, 108);
PLACE(WSAPROTOCOL_INFOW, dwProviderReserved, 112);
PLACE(WSAPROTOCOL_INFOW, szProtocol, 116);
PLACE(WSAPROTOCOL_INFOA, szProtocol, 116);
SIZE(WSANETWORKEVENTS, 44);
PLACE(WSANETWORKEVENTS, iErrorCode, 4);
SIZE(WSABUF, WORDS(16, 8));
PLACE(WSABUF, buf, WORDS(8, 4));
SIZE(OVERLAPPED, WORDS(32, 20));
SIZE(MSG, WORDS(48, 28));
SIZE(SECURITY_ATTRIBUTES, WORDS(24, 12));
SIZE(WSPDATA, 516);
SIZE(WSPPROC_TABLE, 30 * sizeof(void *));
PLACE(WSPPROC_TABLE, lpWSPDuplicateSocket, 8 * sizeof(void *));
PLACE(WSPPROC_TABLE, lpWSPSocket, 28 * sizeof(void *));
SIZE(struct tcp_keepalive, 12);
SIZE(fd_set, WORDS(520, 260));
PLACE(fd_set, fd_array, sizeof(void *));

SIZE(struct in_addr, 4);
SIZE(struct sockaddr_in, 16);
PLACE(struct sockaddr_in, sin_addr, 4);
SIZE(struct sockaddr_in6, 28);
PLACE(struct sockaddr_in6, sin6_addr, 8);
SIZE(SOCKADDR_STORAGE, 128);
SAME(AF_INET, 2);
#ifdef __linux__
SIZE(struct linger, 8);
SAME(AF_INET6, 10);
#endif

SAME(INVALID_SOCKET, ~(SOCKET)0);
SAME(SOL_SOCKET, 0xffff);
SAME(SO_REUSEADDR, 4);
SAME(SO_EXCLUSIVEADDRUSE, -5);
SAME(SO_DONTLINGER, -129);
SAME(SO_RCVTIMEO, 0x1006);
SAME(SO_PROTOCOL_INFOW, 0x2005);
SAME(MSG_PEEK, 2);
SAME(MSG_WAITALL, 8);
SAME(MSG_PARTIAL, 0x8000);
SAME(SD_BOTH, 2);
SAME((DWORD)FIONBIO, 0x8004667e);
SAME(FIONREAD, 0x4004667f);
SAME(SIOCATMARK, 0x40047307);
SAME(SIO_KEEPALIVE_VALS, 0x98000004);
SAME(SIO_GET_EXTENSION_FUNCTION_POINTER, 0xc8000006);
SAME(SOMAXCONN, 0x7fffffff);
SAME(WSAEWOULDBLOCK, 10035);
SAME(WSANOTINITIALISED, 10093);
SAME(FD_CLOSE, 0x20);
SAME(FD_ALL_EVENTS, 0x3ff);
SAME(XP1_IFS_HANDLES, 0x20000);
SAME(WSA_FLAG_NO_HANDLE_INHERIT, 0x80);
SAME(WSA_WAIT_TIMEOUT, 258);
SAME(WSA_WAIT_IO_COMPLETION, 192);
SAME(WSA_MAXIMUM_WAIT_EVENTS, 64);
SAME(INFINITE, 0xffffffff);
SAME(MAKEWORD(2, 2), 0x0202);

/* What Winsock lacks, "#ifdef" must not find. */
#if defined(SO_REUSEPORT) || defined(SO_PEERCRED) || defined(MSG_NOSIGNAL) || \
	defined(MSG_DONTWAIT) || defined(SOCK_CLOEXEC) || defined(SOCK_NONBLOCK)
#error "an option of Linux alone"
#endif
