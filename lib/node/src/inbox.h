/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inboxes of this process; inbox.js makes them. */
#ifndef SOCKDUP_NODE_INBOX_H
#define SOCKDUP_NODE_INBOX_H

#include <node_api.h>

/*
 * The class Inbox, made of (flags, slots, messageSize, maxSockets, [uid, ...]) or of (bytes):
 * limits, accept(): { fds, cookie, message, source, id } or undefined, each fd 3 or above;
 * invite(target, flags, ttl): the bytes; and what handle_class() adds
 */
napi_value inbox_class(napi_env env);

#endif /* SOCKDUP_NODE_INBOX_H */
