/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bindings to inboxes; binding.js makes them. */
#ifndef SOCKDUP_NODE_BINDING_H
#define SOCKDUP_NODE_BINDING_H

#include <node_api.h>

/*
 * The class Binding, made of (target, flags) or of (bytes): limits,
 * post([fd, ...], cookie, message, ttl): the id, or undefined where there is no room; and
 * what handle_class() adds
 */
napi_value binding_class(napi_env env);

#endif /* SOCKDUP_NODE_BINDING_H */
