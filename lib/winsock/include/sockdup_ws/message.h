/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue that WSAAsyncSelect() puts messages into.
 */
#ifndef SOCKDUP_WS_MESSAGE_H
#define SOCKDUP_WS_MESSAGE_H

#include "base.h"

#define WM_QUIT		0x0012
#define WM_USER		0x0400
#define WM_APP		0x8000

#define PM_NOREMOVE	0x0000
#define PM_REMOVE	0x0001

typedef struct tagPOINT {
	LONG x;
	LONG y;
} POINT, *PPOINT, *LPPOINT;

typedef struct tagMSG {
	HWND hwnd;
	UINT message;
	WPARAM wParam;
	LPARAM lParam;
	DWORD time;
	POINT pt;
} MSG, *PMSG, *LPMSG;

SOCKDUP_WS_BEGIN

BOOL GetMessageA(LPMSG message, HWND window, UINT first, UINT last)
	SOCKDUP_WS_SYMBOL(GetMessageA);
BOOL GetMessageW(LPMSG message, HWND window, UINT first, UINT last)
	SOCKDUP_WS_SYMBOL(GetMessageW);
BOOL GetMessage(LPMSG message, HWND window, UINT first, UINT last)
	SOCKDUP_WS_SYMBOL_AW(GetMessage);
BOOL PeekMessageA(LPMSG message, HWND window, UINT first, UINT last,
		  UINT remove) SOCKDUP_WS_SYMBOL(PeekMessageA);
BOOL PeekMessageW(LPMSG message, HWND window, UINT first, UINT last,
		  UINT remove) SOCKDUP_WS_SYMBOL(PeekMessageW);
BOOL PeekMessage(LPMSG message, HWND window, UINT first, UINT last,
		 UINT remove) SOCKDUP_WS_SYMBOL_AW(PeekMessage);

SOCKDUP_WS_END

#endif /* SOCKDUP_WS_MESSAGE_H */
