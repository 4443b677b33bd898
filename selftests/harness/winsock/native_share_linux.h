/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the layer and the native process get at each other's sockets.
 */
#ifndef SELFTESTS_WINSOCK_NATIVE_SHARE_LINUX_H
#define SELFTESTS_WINSOCK_NATIVE_SHARE_LINUX_H

#include <winsock2.h>

#include "native_linux.h"

/* A token's bytes as a WSAPROTOCOL_INFO, and the way back. */
WSAPROTOCOL_INFOW native_info_of(const char token[NATIVE_TOKEN_SIZE]);
void native_token_of(const WSAPROTOCOL_INFOW *info, char token[NATIVE_TOKEN_SIZE]);

/* Begins the native process and gives it @s; its descriptor of it. */
int native_begin_with(SOCKET s);
/* The same with the first end of a new connection. */
int native_connection(SOCKET ends[2]);

#endif /* SELFTESTS_WINSOCK_NATIVE_SHARE_LINUX_H */
