/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A subscription to notifications. Nothing blocks the loop: next() takes what
 * is there, and wait() has a function called, once, when more has come. While
 * none waits, the kernel keeps what comes, and tells when it ran out of room.
 */
#ifndef SOCKDUP_NODE_SUBSCRIPTION_H
#define SOCKDUP_NODE_SUBSCRIPTION_H

#include <node_api.h>

/* The class Subscription: next(), wait(callback), close() */
napi_value subscription_class(napi_env env);

#endif /* SOCKDUP_NODE_SUBSCRIPTION_H */
