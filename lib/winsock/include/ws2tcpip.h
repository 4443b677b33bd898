/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of TCP/IP. getaddrinfo(), inet_pton() and the other functions that look up
 * addresses are glibc's. Options of other levels than SOL_SOCKET, such as
 * IPV6_V6ONLY, have Linux' numbers.
 */
#ifndef SOCKDUP_WS_WS2TCPIP_H
#define SOCKDUP_WS_WS2TCPIP_H

#include "winsock2.h"

/* On Windows this is int, and programs pass a pointer to it to calls that take int *. */
#define socklen_t	int

typedef struct in6_addr IN6_ADDR, *PIN6_ADDR, *LPIN6_ADDR;
typedef struct sockaddr_in6 SOCKADDR_IN6, *PSOCKADDR_IN6, *LPSOCKADDR_IN6;
typedef struct addrinfo ADDRINFOA, ADDRINFO, *PADDRINFOA, *LPADDRINFO;

#define s6_bytes	u.Byte
#define s6_words	u.Word

#ifndef TCP_KEEPIDLE
#define TCP_KEEPIDLE	4
#define TCP_KEEPINTVL	5
#define TCP_KEEPCNT	6
#endif

SOCKDUP_WS_BEGIN

INT InetPtonW(INT family, LPCWSTR text, PVOID address)
	SOCKDUP_WS_SYMBOL(InetPtonW);
LPCWSTR InetNtopW(INT family, const void *address, LPWSTR room, size_t size)
	SOCKDUP_WS_SYMBOL(InetNtopW);

SOCKDUP_WS_END

#define InetPtonA	inet_pton
#define InetNtopA	inet_ntop
#ifdef UNICODE
#define InetPton	InetPtonW
#define InetNtop	InetNtopW
#else
#define InetPton	InetPtonA
#define InetNtop	InetNtopA
#endif

#define gai_strerrorA(error)	((char *)gai_strerror(error))

#endif /* SOCKDUP_WS_WS2TCPIP_H */
