/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_HANDLE_H
#define WS_HANDLE_H

/*
 * The handle of an event object is its eventfd with these, which say what it
 * is. A handle without the first is a SOCKET.
 */
#define WS_EVENT		0x40000000U
#define WS_EVENT_AUTO_RESET	0x20000000U

int ws_event_fd(HANDLE handle);
int ws_handle_fd(HANDLE handle);

#endif /* WS_HANDLE_H */
