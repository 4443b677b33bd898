/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several sockets under one token, with a payload; set.js calls these. */
#ifndef SOCKDUP_NODE_SET_H
#define SOCKDUP_NODE_SET_H

#include <node_api.h>

/* ([[fd, name], ...], payload, target, flags, ttl): the bytes */
napi_value set_export(napi_env env, napi_callback_info call);
/* (bytes): { sockets: [{ name, fd }, ...], payload, source }; each fd is 3 or above */
napi_value set_import(napi_env env, napi_callback_info call);
/* (bytes): [{ name, family, type, protocol }, ...] */
napi_value set_query(napi_env env, napi_callback_info call);

#endif /* SOCKDUP_NODE_SET_H */
