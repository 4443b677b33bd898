/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOCKDUP_NODE_SOCKET_H
#define SOCKDUP_NODE_SOCKET_H

#include <stdbool.h>

#include <node_api.h>

/* (fd): { family, type, listening, connected } */
napi_value socket_describe(napi_env env, napi_callback_info call);
/* Of a new descriptor: one of 3 or above; or -1 with errno, and @fd is closed. */
int socket_raise(int fd);
/* The same of several; false with errno, and all are closed. */
bool socket_raise_all(int *fds, unsigned int count);
/* But those below 0. */
void socket_close_all(const int *fds, unsigned int count);

#endif /* SOCKDUP_NODE_SOCKET_H */
