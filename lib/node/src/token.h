/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with a token; index.js calls these. */
#ifndef SOCKDUP_NODE_TOKEN_H
#define SOCKDUP_NODE_TOKEN_H

#include <node_api.h>

/* (fd, target, flags, ttl): the bytes */
napi_value token_export(napi_env env, napi_callback_info call);
/* (bytes): a descriptor of 3 or above */
napi_value token_import(napi_env env, napi_callback_info call);
/* (bytes): { family, type, protocol, sockets, payloadSize, source, target, age, left } */
napi_value token_query(napi_env env, napi_callback_info call);
/* (bytes) */
napi_value token_revoke(napi_env env, napi_callback_info call);
/* (id) */
napi_value token_revoke_id(napi_env env, napi_callback_info call);
/* (target, source, uid or -1): an array */
napi_value token_list(napi_env env, napi_callback_info call);
/* (id): an array of the sockets */
napi_value token_list_sockets(napi_env env, napi_callback_info call);
/* (): what the module tells of itself */
napi_value token_module_info(napi_env env, napi_callback_info call);
/* (bytes): the text form */
napi_value token_to_text(napi_env env, napi_callback_info call);
/* (text): the bytes */
napi_value token_from_text(napi_env env, napi_callback_info call);

#endif /* SOCKDUP_NODE_TOKEN_H */
