/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of Windows' base as programs with shared sockets need: types, error
 * codes, handles, event objects, waits and messages.
 *
 * A HANDLE is an event object or a SOCKET. Every other one is
 * ERROR_INVALID_HANDLE.
 */
#ifndef SOCKDUP_WS_WINDOWS_H
#define SOCKDUP_WS_WINDOWS_H

#include "sockdup_ws/base.h"
#include "sockdup_ws/errors.h"
#include "sockdup_ws/handle.h"
#include "sockdup_ws/message.h"

#endif /* SOCKDUP_WS_WINDOWS_H */
