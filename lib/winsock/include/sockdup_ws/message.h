/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queues, which stand for windows: WSAAsyncSelect() names one, and its messages
 * are taken from it.
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

/*
 * These two are Linux' own. A queue belongs to the thread that makes it, which
 * alone takes its messages, and ends with it; any thread of the process may name it
 * to WSAAsyncSelect(). NULL is ERROR_TOO_MANY_OPEN_FILES or
 * ERROR_NOT_ENOUGH_MEMORY.
 *
 * The descriptor is for poll(). It is readable while there are messages, and
 * sometimes once when there are none, so ask PeekMessage(). Do not read or close
 * the descriptor.
 */
HWND sockdup_ws_make_queue(void);
int sockdup_ws_queue_fd(HWND queue);

/* Frees a queue. Its messages are lost, and registrations send no more to it. */
BOOL DestroyWindow(HWND window) SOCKDUP_WS_SYMBOL(DestroyWindow);

/*
 * A window of NULL stands for all queues of the thread. GetMessage() waits. It
 * returns -1 for a queue that is not the thread's.
 */
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
