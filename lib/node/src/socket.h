/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOCKDUP_NODE_SOCKET_H
#define SOCKDUP_NODE_SOCKET_H

#include <node_api.h>

/* (fd): { family, type, listening, connected } */
napi_value socket_describe(napi_env env, napi_callback_info call);

#endif /* SOCKDUP_NODE_SOCKET_H */
