/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where WSAAsyncSelect()'s messages go: a window on Windows, a queue of the layer on
 * Linux. window_posix.c and window_windows.c make it, messages.c reads from it.
 */
#ifndef SELFTESTS_WINSOCK_WINDOW_H
#define SELFTESTS_WINSOCK_WINDOW_H

#include <winsock2.h>

/* What a test has its messages called. */
#define WM_SOCKET	(WM_USER + 7)

/* NULL on failure. */
HWND window_open(void);
void window_close(HWND window);

/* The next message within WAIT_MS; fails the test if there is none. */
MSG next_message(HWND window);
/* The next one is of @s and @event, without an error. */
void expect_message(HWND window, SOCKET s, long event);
/* None for QUIET_MS. */
void assert_no_message(HWND window);

#endif /* SELFTESTS_WINSOCK_WINDOW_H */
