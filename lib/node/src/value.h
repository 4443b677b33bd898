/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of JavaScript, and those of C that they stand for. A function that
 * returns false or NULL has thrown.
 */
#ifndef SOCKDUP_NODE_VALUE_H
#define SOCKDUP_NODE_VALUE_H

#include <stdbool.h>

#include <node_api.h>
#include <sockdup.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The id of a token as text: 16 hexadecimal digits. */
#define VALUE_ID_SIZE	17

/* Fills @arguments; those that the caller leaves out are undefined. */
bool value_arguments(napi_env env, napi_callback_info call, size_t count,
		     napi_value *arguments);
bool value_to_int(napi_env env, napi_value value, int *number);
bool value_to_uint(napi_env env, napi_value value, unsigned int *number);
bool value_to_text(napi_env env, napi_value value, char *text, size_t size);
bool value_to_id(napi_env env, napi_value value, __u64 *id);
/* From a BigInt. */
bool value_to_cookie(napi_env env, napi_value value, __u64 *cookie);
/* From an array; the caller frees *@numbers unless this fails. */
bool value_to_numbers(napi_env env, napi_value array, unsigned int **numbers,
		      unsigned int *count);
bool value_to_info(napi_env env, napi_value value,
		   struct sockdup_protocol_info *info);

napi_value value_undefined(napi_env env);
napi_value value_object(napi_env env);
napi_value value_text(napi_env env, const char *text, size_t size);
napi_value value_info(napi_env env, const struct sockdup_protocol_info *info);
napi_value value_id(napi_env env, unsigned long long id);

void value_set(napi_env env, napi_value object, const char *name,
	       napi_value value);
void value_set_number(napi_env env, napi_value object, const char *name,
		      double number);
void value_set_flag(napi_env env, napi_value object, const char *name,
		    bool flag);
void value_set_text(napi_env env, napi_value object, const char *name,
		    const char *text);
void value_set_id(napi_env env, napi_value object, unsigned long long id);
void value_set_cookie(napi_env env, napi_value object, __u64 cookie);
/* As { address, family, port } or { path }; not at all if it is none of these. */
void value_set_address(napi_env env, napi_value object, const char *name,
		       const struct sockaddr_storage *address, socklen_t size);
/* The family, the type and the protocol that @info describes. */
void value_set_kind(napi_env env, napi_value object,
		    const struct sockdup_protocol_info *info);
/* As { pid, uid, gid }. */
void value_set_identity(napi_env env, napi_value object, const char *name,
			const struct sockdup_identity *identity);
/*
 * As targetUid and targetCgroup, which a token for a process has not, and invitation, which one
 * with sockets has not. @flags say for whom it is, and to what it invites.
 */
void value_set_target(napi_env env, napi_value object, unsigned int flags,
		      uid_t uid, __u64 cgroup);

/**
 * value_call - call a function of JavaScript from the event loop
 * @callback: what it throws, and what is thrown before the loop goes on, is an uncaught
 *            exception
 * @count: the number of @arguments
 * @arguments: may be NULL where there are none
 */
void value_call(napi_env env, napi_value callback, size_t count, const napi_value *arguments);

/**
 * value_throw - throw what errno says of a failed call
 * @call: the library's function, which becomes the error's syscall
 *
 * Return: NULL.
 */
napi_value value_throw(napi_env env, const char *call);

#endif /* SOCKDUP_NODE_VALUE_H */
