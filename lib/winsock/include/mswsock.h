/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Microsoft's extension functions. There are none here: a program that asks for
 * one by WSAIoctl() gets WSAEOPNOTSUPP, and has to use the plain calls.
 */
#ifndef SOCKDUP_WS_MSWSOCK_H
#define SOCKDUP_WS_MSWSOCK_H

#include "winsock2.h"

#define SO_CONNDATA			0x7000
#define SO_UPDATE_ACCEPT_CONTEXT	0x700b
#define SO_CONNECT_TIME			0x700c
#define SO_UPDATE_CONNECT_CONTEXT	0x7010

/* Linux tells only of connected sockets; WSAIoctl() refuses it. */
#define SIO_UDP_CONNRESET		_WSAIOW(IOC_VENDOR, 12)

#define WSAID_ACCEPTEX \
	{ 0xb5367df1, 0xcbac, 0x11cf, \
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 } }
#define WSAID_CONNECTEX \
	{ 0x25a207b9, 0xddf3, 0x4660, \
	  { 0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e } }
#define WSAID_DISCONNECTEX \
	{ 0x7fda2e11, 0x8630, 0x436f, \
	  { 0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57 } }
#define WSAID_GETACCEPTEXSOCKADDRS \
	{ 0xb5367df2, 0xcbac, 0x11cf, \
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 } }
#define WSAID_TRANSMITFILE \
	{ 0xb5367df0, 0xcbac, 0x11cf, \
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 } }

typedef BOOL (PASCAL *LPFN_ACCEPTEX)(SOCKET listener, SOCKET accepted,
	PVOID buffer, DWORD data_size, DWORD local_size, DWORD remote_size,
	LPDWORD received, LPOVERLAPPED overlapped);
typedef BOOL (PASCAL *LPFN_CONNECTEX)(SOCKET s, const struct sockaddr *name,
	int name_size, PVOID buffer, DWORD data_size, LPDWORD sent,
	LPOVERLAPPED overlapped);
typedef BOOL (PASCAL *LPFN_DISCONNECTEX)(SOCKET s, LPOVERLAPPED overlapped,
	DWORD flags, DWORD reserved);
typedef void (PASCAL *LPFN_GETACCEPTEXSOCKADDRS)(PVOID buffer, DWORD data_size,
	DWORD local_size, DWORD remote_size, struct sockaddr **local,
	LPINT local_name_size, struct sockaddr **remote,
	LPINT remote_name_size);

#endif /* SOCKDUP_WS_MSWSOCK_H */
