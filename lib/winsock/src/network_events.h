/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_NETWORK_EVENTS_H
#define WS_NETWORK_EVENTS_H

#include <sockdup.h>

/* 0 or an error of Winsock's. The caller holds the lock of the messages. */
int ws_register(SOCKET s, int event, long events, enum sockdup_event_kind kind);
/* 0 or an error of Winsock's: a socket that is none, and then the mask. */
int ws_check_events(SOCKET s, long events);
/* What an errno means that came with a network event. */
int ws_happened_error(long event, int number);

/*
 * What calls owe to a registration, if there is one. None of these changes
 * errno or the thread's error.
 */
void ws_reenable(SOCKET s, long events);
bool ws_registered(SOCKET s);
/* 0 or an error of Winsock's. */
int ws_accepted(SOCKET listener, SOCKET s);

#endif /* WS_NETWORK_EVENTS_H */
