/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service provider's side of sharing. WSPStartup() gives a table with two
 * entries. The others are NULL.
 */
#ifndef SOCKDUP_WS_WS2SPI_H
#define SOCKDUP_WS_WS2SPI_H

#include "winsock2.h"

#define WSPAPI
#define WSPDESCRIPTION_LEN	255

typedef struct WSPData {
	WORD wVersion;
	WORD wHighVersion;
	WCHAR szDescription[WSPDESCRIPTION_LEN + 1];
} WSPDATA, *LPWSPDATA;

typedef int (WSPAPI *LPWSPDUPLICATESOCKET)(SOCKET s, DWORD process,
	LPWSAPROTOCOL_INFOW info, LPINT error);
typedef SOCKET (WSPAPI *LPWSPSOCKET)(int family, int type, int protocol,
	LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags, LPINT error);
typedef void (WSPAPI *LPWSPABSENT)(void);

typedef struct _WSPPROC_TABLE {
	LPWSPABSENT lpWSPAccept;
	LPWSPABSENT lpWSPAddressToString;
	LPWSPABSENT lpWSPAsyncSelect;
	LPWSPABSENT lpWSPBind;
	LPWSPABSENT lpWSPCancelBlockingCall;
	LPWSPABSENT lpWSPCleanup;
	LPWSPABSENT lpWSPCloseSocket;
	LPWSPABSENT lpWSPConnect;
	LPWSPDUPLICATESOCKET lpWSPDuplicateSocket;
	LPWSPABSENT lpWSPEnumNetworkEvents;
	LPWSPABSENT lpWSPEventSelect;
	LPWSPABSENT lpWSPGetOverlappedResult;
	LPWSPABSENT lpWSPGetPeerName;
	LPWSPABSENT lpWSPGetSockName;
	LPWSPABSENT lpWSPGetSockOpt;
	LPWSPABSENT lpWSPGetQOSByName;
	LPWSPABSENT lpWSPIoctl;
	LPWSPABSENT lpWSPJoinLeaf;
	LPWSPABSENT lpWSPListen;
	LPWSPABSENT lpWSPRecv;
	LPWSPABSENT lpWSPRecvDisconnect;
	LPWSPABSENT lpWSPRecvFrom;
	LPWSPABSENT lpWSPSelect;
	LPWSPABSENT lpWSPSend;
	LPWSPABSENT lpWSPSendDisconnect;
	LPWSPABSENT lpWSPSendTo;
	LPWSPABSENT lpWSPSetSockOpt;
	LPWSPABSENT lpWSPShutdown;
	LPWSPSOCKET lpWSPSocket;
	LPWSPABSENT lpWSPStringToAddress;
} WSPPROC_TABLE, *LPWSPPROC_TABLE;

/* Functions that a provider on Windows calls back; the layer ignores this table. */
typedef struct _WSPUPCALLTABLE {
	LPWSPABSENT lpWPUCloseEvent;
	LPWSPABSENT lpWPUCloseSocketHandle;
	LPWSPABSENT lpWPUCreateEvent;
	LPWSPABSENT lpWPUCreateSocketHandle;
	LPWSPABSENT lpWPUFDIsSet;
	LPWSPABSENT lpWPUGetProviderPath;
	LPWSPABSENT lpWPUModifyIFSHandle;
	LPWSPABSENT lpWPUPostMessage;
	LPWSPABSENT lpWPUQueryBlockingCallback;
	LPWSPABSENT lpWPUQuerySocketHandleContext;
	LPWSPABSENT lpWPUQueueApc;
	LPWSPABSENT lpWPUResetEvent;
	LPWSPABSENT lpWPUSetEvent;
	LPWSPABSENT lpWPUOpenCurrentThread;
	LPWSPABSENT lpWPUCloseThread;
} WSPUPCALLTABLE, *LPWSPUPCALLTABLE;

SOCKDUP_WS_BEGIN

int WSPStartup(WORD version, LPWSPDATA data, LPWSAPROTOCOL_INFOW info,
	       WSPUPCALLTABLE upcalls, LPWSPPROC_TABLE procedures)
	SOCKDUP_WS_SYMBOL(WSPStartup);

SOCKDUP_WS_END

#endif /* SOCKDUP_WS_WS2SPI_H */
