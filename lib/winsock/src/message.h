/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_MESSAGE_H
#define WS_MESSAGE_H

/*
 * A registration is made, inherited and cancelled between these, so that the
 * queues know where the messages of each socket go.
 */
void ws_messages_lock(void);
void ws_messages_unlock(void);

/* Queue what was recorded of a socket: messages come even after a cancel. */
void ws_messages_collect(SOCKET s);
/* The socket has no registration for messages any more. */
void ws_messages_forget(SOCKET s);
/* @s is about to be closed, so it can name no message any more. */
void ws_messages_end(SOCKET s);
/* @s has inherited the registration of @listener; false without memory. */
bool ws_messages_inherit(SOCKET listener, SOCKET s);

#endif /* WS_MESSAGE_H */
