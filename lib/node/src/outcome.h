/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How tokens ended. The process has one handle, each outcome can be read from it
 * once, and any thread of Node may be the one that reads it. So each environment has
 * an object that hears of all outcomes, and knows from its own table which are its.
 */
#ifndef SOCKDUP_NODE_OUTCOME_H
#define SOCKDUP_NODE_OUTCOME_H

#include <node_api.h>

/*
 * The class Outcomes, for one object an environment. (callback) is called for each
 * outcome, with undefined and an error where none can be read. Between start() and
 * stop() it waits, and keeps the loop alive.
 */
napi_value outcome_class(napi_env env);
/* (bytes): the id, undefined where they are no protocol info */
napi_value outcome_token_id(napi_env env, napi_callback_info call);

#endif /* SOCKDUP_NODE_OUTCOME_H */
