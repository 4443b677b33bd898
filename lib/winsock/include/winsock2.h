/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winsock 2 on Linux, for programs that share sockets.
 *
 * A file that includes this speaks Winsock, and includes it before the headers
 * of POSIX sockets. Another file of the same program may speak POSIX: a SOCKET's
 * value is a descriptor.
 */
#ifndef SOCKDUP_WS_WINSOCK2_H
#define SOCKDUP_WS_WINSOCK2_H

#include "sockdup_ws/glibc.h"
#ifdef SOCKDUP_WINSOCK_BUILD
#include "linux_numbers.h"
#endif
#include "sockdup_ws/numbers.h"
#include "windows.h"
#include "sockdup_ws/types.h"
#include "sockdup_ws/fd_set.h"

#define WSAAPI
#define WINSOCK_VERSION	MAKEWORD(2, 2)

#ifndef TCP_NODELAY
#define TCP_NODELAY	1
#endif
#define ADDR_ANY	INADDR_ANY

SOCKDUP_WS_BEGIN

int WSAStartup(WORD version, LPWSADATA data) SOCKDUP_WS_SYMBOL(WSAStartup);
int WSACleanup(void) SOCKDUP_WS_SYMBOL(WSACleanup);
int WSAGetLastError(void) SOCKDUP_WS_SYMBOL(WSAGetLastError);
void WSASetLastError(int error) SOCKDUP_WS_SYMBOL(WSASetLastError);

/* Sockets */

SOCKET socket(int family, int type, int protocol) SOCKDUP_WS_SYMBOL(socket);
int bind(SOCKET s, const struct sockaddr *name, int size)
	SOCKDUP_WS_SYMBOL(bind);
int listen(SOCKET s, int backlog) SOCKDUP_WS_SYMBOL(listen);
SOCKET accept(SOCKET s, struct sockaddr *name, int *size)
	SOCKDUP_WS_SYMBOL(accept);
int connect(SOCKET s, const struct sockaddr *name, int size)
	SOCKDUP_WS_SYMBOL(connect);
int shutdown(SOCKET s, int how) SOCKDUP_WS_SYMBOL(shutdown);
int closesocket(SOCKET s) SOCKDUP_WS_SYMBOL(closesocket);
int getsockname(SOCKET s, struct sockaddr *name, int *size)
	SOCKDUP_WS_SYMBOL(getsockname);
int getpeername(SOCKET s, struct sockaddr *name, int *size)
	SOCKDUP_WS_SYMBOL(getpeername);
int getsockopt(SOCKET s, int level, int option, char *value, int *size)
	SOCKDUP_WS_SYMBOL(getsockopt);
int setsockopt(SOCKET s, int level, int option, const char *value, int size)
	SOCKDUP_WS_SYMBOL(setsockopt);

/* @caller_data, @qos and @group_qos must be NULL. */
int WSAConnect(SOCKET s, const struct sockaddr *name, int size,
	       LPWSABUF caller_data, LPWSABUF callee_data, LPQOS qos,
	       LPQOS group_qos) SOCKDUP_WS_SYMBOL(WSAConnect);
/* @condition must be NULL. */
SOCKET WSAAccept(SOCKET s, struct sockaddr *name, int *size,
		 LPCONDITIONPROC condition, DWORD_PTR callback_data)
	SOCKDUP_WS_SYMBOL(WSAAccept);

/* @data must be NULL. */
int WSASendDisconnect(SOCKET s, LPWSABUF data)
	SOCKDUP_WS_SYMBOL(WSASendDisconnect);
int WSARecvDisconnect(SOCKET s, LPWSABUF data)
	SOCKDUP_WS_SYMBOL(WSARecvDisconnect);

/* Data. Overlapped structs and completion routines must be NULL. */

int recv(SOCKET s, char *buffer, int size, int flags) SOCKDUP_WS_SYMBOL(recv);
int recvfrom(SOCKET s, char *buffer, int size, int flags,
	     struct sockaddr *name, int *name_size) SOCKDUP_WS_SYMBOL(recvfrom);
int send(SOCKET s, const char *buffer, int size, int flags)
	SOCKDUP_WS_SYMBOL(send);
int sendto(SOCKET s, const char *buffer, int size, int flags,
	   const struct sockaddr *name, int name_size)
	SOCKDUP_WS_SYMBOL(sendto);
int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
	    LPDWORD flags, LPWSAOVERLAPPED overlapped,
	    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
	SOCKDUP_WS_SYMBOL(WSARecv);
int WSARecvFrom(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
		LPDWORD flags, struct sockaddr *name, LPINT name_size,
		LPWSAOVERLAPPED overlapped,
		LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
	SOCKDUP_WS_SYMBOL(WSARecvFrom);
int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size, DWORD flags,
	    LPWSAOVERLAPPED overlapped,
	    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
	SOCKDUP_WS_SYMBOL(WSASend);
int WSASendTo(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
	      DWORD flags, const struct sockaddr *name, int name_size,
	      LPWSAOVERLAPPED overlapped,
	      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
	SOCKDUP_WS_SYMBOL(WSASendTo);

/* Control: the value is u_long on Windows, where that is a DWORD. */

int ioctlsocket(SOCKET s, long command, u_long *value)
	SOCKDUP_WS_SYMBOL(ioctlsocket);
#ifdef __cplusplus
extern "C++" int ioctlsocket(SOCKET s, long command, DWORD *value)
	SOCKDUP_WS_SYMBOL(ioctlsocket_dword);
#else
int sockdup_ws_ioctlsocket(SOCKET s, long command, u_long *value);
int sockdup_ws_ioctlsocket_dword(SOCKET s, long command, DWORD *value);
#define ioctlsocket(s, command, value)					\
	__builtin_choose_expr(						\
		__builtin_types_compatible_p(__typeof__(value), DWORD *), \
		sockdup_ws_ioctlsocket_dword,				\
		sockdup_ws_ioctlsocket)(s, command, value)
#endif
/* sockdup_ws/numbers.h explains the flags. */
int WSAPoll(LPWSAPOLLFD entries, ULONG size, INT milliseconds)
	SOCKDUP_WS_SYMBOL(WSAPoll);
int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD in_size, LPVOID out,
	     DWORD out_size, LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
	SOCKDUP_WS_SYMBOL(WSAIoctl);

/* Addresses as text; @info is ignored. */

int WSAAddressToStringA(LPSOCKADDR name, DWORD size, LPWSAPROTOCOL_INFOA info,
			LPSTR room, LPDWORD length)
	SOCKDUP_WS_SYMBOL(WSAAddressToStringA);
int WSAAddressToStringW(LPSOCKADDR name, DWORD size, LPWSAPROTOCOL_INFOW info,
			LPWSTR room, LPDWORD length)
	SOCKDUP_WS_SYMBOL(WSAAddressToStringW);
int WSAAddressToString(LPSOCKADDR name, DWORD size, LPWSAPROTOCOL_INFO info,
		       LPTSTR room, LPDWORD length)
	SOCKDUP_WS_SYMBOL_AW(WSAAddressToString);
int WSAStringToAddressA(LPSTR text, INT family, LPWSAPROTOCOL_INFOA info,
			LPSOCKADDR name, LPINT length)
	SOCKDUP_WS_SYMBOL(WSAStringToAddressA);
int WSAStringToAddressW(LPWSTR text, INT family, LPWSAPROTOCOL_INFOW info,
			LPSOCKADDR name, LPINT length)
	SOCKDUP_WS_SYMBOL(WSAStringToAddressW);
int WSAStringToAddress(LPTSTR text, INT family, LPWSAPROTOCOL_INFO info,
		       LPSOCKADDR name, LPINT length)
	SOCKDUP_WS_SYMBOL_AW(WSAStringToAddress);
int WSAHtonl(SOCKET s, u_long number, u_long *swapped)
	SOCKDUP_WS_SYMBOL(WSAHtonl);
int WSAHtons(SOCKET s, u_short number, u_short *swapped)
	SOCKDUP_WS_SYMBOL(WSAHtons);
int WSANtohl(SOCKET s, u_long number, u_long *swapped)
	SOCKDUP_WS_SYMBOL(WSANtohl);
int WSANtohs(SOCKET s, u_short number, u_short *swapped)
	SOCKDUP_WS_SYMBOL(WSANtohs);

/* Sharing */

int WSADuplicateSocketA(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOA info)
	SOCKDUP_WS_SYMBOL(WSADuplicateSocketA);
int WSADuplicateSocketW(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOW info)
	SOCKDUP_WS_SYMBOL(WSADuplicateSocketW);
int WSADuplicateSocket(SOCKET s, DWORD process, LPWSAPROTOCOL_INFO info)
	SOCKDUP_WS_SYMBOL_AW(WSADuplicateSocket);
SOCKET WSASocketA(int family, int type, int protocol, LPWSAPROTOCOL_INFOA info,
		  GROUP group, DWORD flags) SOCKDUP_WS_SYMBOL(WSASocketA);
SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info,
		  GROUP group, DWORD flags) SOCKDUP_WS_SYMBOL(WSASocketW);
SOCKET WSASocket(int family, int type, int protocol, LPWSAPROTOCOL_INFO info,
		 GROUP group, DWORD flags) SOCKDUP_WS_SYMBOL_AW(WSASocket);
int WSAEnumProtocolsA(LPINT protocols, LPWSAPROTOCOL_INFOA infos, LPDWORD size)
	SOCKDUP_WS_SYMBOL(WSAEnumProtocolsA);
int WSAEnumProtocolsW(LPINT protocols, LPWSAPROTOCOL_INFOW infos, LPDWORD size)
	SOCKDUP_WS_SYMBOL(WSAEnumProtocolsW);
int WSAEnumProtocols(LPINT protocols, LPWSAPROTOCOL_INFO infos, LPDWORD size)
	SOCKDUP_WS_SYMBOL_AW(WSAEnumProtocols);

/* Network events */

WSAEVENT WSACreateEvent(void) SOCKDUP_WS_SYMBOL(WSACreateEvent);
BOOL WSASetEvent(WSAEVENT event) SOCKDUP_WS_SYMBOL(WSASetEvent);
BOOL WSAResetEvent(WSAEVENT event) SOCKDUP_WS_SYMBOL(WSAResetEvent);
BOOL WSACloseEvent(WSAEVENT event) SOCKDUP_WS_SYMBOL(WSACloseEvent);
DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT *events, BOOL all,
			       DWORD milliseconds, BOOL alertable)
	SOCKDUP_WS_SYMBOL(WSAWaitForMultipleEvents);
int WSAEventSelect(SOCKET s, WSAEVENT event, long events)
	SOCKDUP_WS_SYMBOL(WSAEventSelect);
int WSAEnumNetworkEvents(SOCKET s, WSAEVENT event, LPWSANETWORKEVENTS happened)
	SOCKDUP_WS_SYMBOL(WSAEnumNetworkEvents);
int WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events)
	SOCKDUP_WS_SYMBOL(WSAAsyncSelect);

SOCKDUP_WS_END

#endif /* SOCKDUP_WS_WINSOCK2_H */
