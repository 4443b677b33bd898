/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winsock's structs, as Windows lays them out.
 */
#ifndef SOCKDUP_WS_TYPES_H
#define SOCKDUP_WS_TYPES_H

#include "base.h"
#include "handle.h"

/* Its value is the Linux descriptor; never 0. */
typedef UINT_PTR SOCKET;

#define INVALID_SOCKET	((SOCKET)~(SOCKET)0)
#define SOCKET_ERROR	(-1)

typedef struct sockaddr SOCKADDR, *PSOCKADDR, *LPSOCKADDR;
typedef struct sockaddr_in SOCKADDR_IN, *PSOCKADDR_IN, *LPSOCKADDR_IN;
typedef struct sockaddr_storage SOCKADDR_STORAGE, *PSOCKADDR_STORAGE,
	*LPSOCKADDR_STORAGE;
typedef struct in_addr IN_ADDR, *PIN_ADDR, *LPIN_ADDR;
typedef struct linger LINGER, *PLINGER, *LPLINGER;
typedef struct timeval TIMEVAL, *PTIMEVAL, *LPTIMEVAL;
typedef struct hostent HOSTENT, *PHOSTENT, *LPHOSTENT;
typedef struct servent SERVENT, *PSERVENT, *LPSERVENT;
typedef struct protoent PROTOENT, *PPROTOENT, *LPPROTOENT;

#define WSADESCRIPTION_LEN	256
#define WSASYS_STATUS_LEN	128

typedef struct WSAData {
	WORD wVersion;
	WORD wHighVersion;
#if UINTPTR_MAX > 0xffffffff
	unsigned short iMaxSockets;
	unsigned short iMaxUdpDg;
	char *lpVendorInfo;
	char szDescription[WSADESCRIPTION_LEN + 1];
	char szSystemStatus[WSASYS_STATUS_LEN + 1];
#else
	char szDescription[WSADESCRIPTION_LEN + 1];
	char szSystemStatus[WSASYS_STATUS_LEN + 1];
	unsigned short iMaxSockets;
	unsigned short iMaxUdpDg;
	char *lpVendorInfo;
#endif
} WSADATA, *LPWSADATA;

#define MAX_PROTOCOL_CHAIN	7
#define LAYERED_PROTOCOL	0
#define BASE_PROTOCOL		1

typedef struct _WSAPROTOCOLCHAIN {
	int ChainLen;
	DWORD ChainEntries[MAX_PROTOCOL_CHAIN];
} WSAPROTOCOLCHAIN, *LPWSAPROTOCOLCHAIN;

#define WSAPROTOCOL_LEN		255
#define BIGENDIAN		0x0000
#define LITTLEENDIAN		0x0001
#define SECURITY_PROTOCOL_NONE	0x0000

#define SOCKDUP_WS_PROTOCOL_INFO(character)		\
	DWORD dwServiceFlags1;				\
	DWORD dwServiceFlags2;				\
	DWORD dwServiceFlags3;				\
	DWORD dwServiceFlags4;				\
	DWORD dwProviderFlags;				\
	GUID ProviderId;				\
	DWORD dwCatalogEntryId;				\
	WSAPROTOCOLCHAIN ProtocolChain;			\
	int iVersion;					\
	int iAddressFamily;				\
	int iMaxSockAddr;				\
	int iMinSockAddr;				\
	int iSocketType;				\
	int iProtocol;					\
	int iProtocolMaxOffset;				\
	int iNetworkByteOrder;				\
	int iSecurityScheme;				\
	DWORD dwMessageSize;				\
	DWORD dwProviderReserved;			\
	character szProtocol[WSAPROTOCOL_LEN + 1]

typedef struct _WSAPROTOCOL_INFOA {
	SOCKDUP_WS_PROTOCOL_INFO(CHAR);
} WSAPROTOCOL_INFOA, *LPWSAPROTOCOL_INFOA;

typedef struct _WSAPROTOCOL_INFOW {
	SOCKDUP_WS_PROTOCOL_INFO(WCHAR);
} WSAPROTOCOL_INFOW, *LPWSAPROTOCOL_INFOW;

#undef SOCKDUP_WS_PROTOCOL_INFO

typedef SOCKDUP_WS_TYPE_AW(WSAPROTOCOL_INFO) WSAPROTOCOL_INFO;
typedef SOCKDUP_WS_TYPE_AW(LPWSAPROTOCOL_INFO) LPWSAPROTOCOL_INFO;

typedef struct _WSANETWORKEVENTS {
	LONG lNetworkEvents;
	int iErrorCode[FD_MAX_EVENTS];
} WSANETWORKEVENTS, *LPWSANETWORKEVENTS;

typedef struct _WSABUF {
	ULONG len;
	CHAR *buf;
} WSABUF, *LPWSABUF;

typedef struct sockdup_ws_pollfd {
	SOCKET fd;
	SHORT events;
	SHORT revents;
} WSAPOLLFD, *PWSAPOLLFD, *LPWSAPOLLFD;

typedef HANDLE WSAEVENT, *LPWSAEVENT;

#define WSA_INVALID_EVENT		((WSAEVENT)NULL)
#define WSA_MAXIMUM_WAIT_EVENTS		MAXIMUM_WAIT_OBJECTS
#define WSA_WAIT_FAILED			WAIT_FAILED
#define WSA_WAIT_EVENT_0		WAIT_OBJECT_0
#define WSA_WAIT_IO_COMPLETION		WAIT_IO_COMPLETION
#define WSA_WAIT_TIMEOUT		WAIT_TIMEOUT
#define WSA_INFINITE			INFINITE

#define WSAGETSELECTEVENT(parameter)	LOWORD(parameter)
#define WSAGETSELECTERROR(parameter)	HIWORD(parameter)
#define WSAMAKESELECTREPLY(event, error)	MAKELONG(event, error)

/* Overlapped I/O and the quality of service are refused. */
typedef OVERLAPPED WSAOVERLAPPED, *LPWSAOVERLAPPED;
typedef void (CALLBACK *LPWSAOVERLAPPED_COMPLETION_ROUTINE)(DWORD error,
	DWORD size, LPWSAOVERLAPPED overlapped, DWORD flags);
typedef struct _QualityOfService QOS, *LPQOS;

typedef unsigned int GROUP;

#define SG_UNCONSTRAINED_GROUP	0x01
#define SG_CONSTRAINED_GROUP	0x02

#define CF_ACCEPT	0x0000
#define CF_REJECT	0x0001
#define CF_DEFER	0x0002

typedef int (CALLBACK *LPCONDITIONPROC)(LPWSABUF caller_id,
	LPWSABUF caller_data, LPQOS qos, LPQOS group_qos, LPWSABUF callee_id,
	LPWSABUF callee_data, GROUP *group, DWORD_PTR callback_data);

#endif /* SOCKDUP_WS_TYPES_H */
