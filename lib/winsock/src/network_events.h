/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_NETWORK_EVENTS_H
#define WS_NETWORK_EVENTS_H

/*
 * What calls owe to a registration, if there is one. None of these changes
 * errno or the thread's error.
 */
void ws_reenable(SOCKET s, long events);
int ws_registered(SOCKET s);
void ws_accepted(SOCKET listener, SOCKET s);

#endif /* WS_NETWORK_EVENTS_H */
