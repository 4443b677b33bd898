// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets; see set.h. */

#include <stdlib.h>

#include "set.h"
#include "socket.h"
#include "value.h"

static void arrays_free(const struct sockdup_set *set)
{
	free(set->fds);
	free(set->names);
}

/* For @set's sockets; where it has none the kernel says so, and not that there is no memory. */
static bool arrays_make(struct sockdup_set *set)
{
	set->fds = calloc(set->socket_count + 1UL, sizeof(*set->fds));
	set->names = calloc(set->socket_count + 1UL, sizeof(*set->names));
	if (set->fds && set->names)
		return true;
	arrays_free(set);
	return false;
}

/* From an array of a descriptor and a name. */
static bool read_socket(napi_env env, napi_value pair, int *fd,
			char name[SOCKDUP_NAME_SIZE])
{
	napi_value number, text;

	return !napi_get_element(env, pair, 0, &number) &&
	       !napi_get_element(env, pair, 1, &text) &&
	       value_to_int(env, number, fd) &&
	       value_to_text(env, text, name, SOCKDUP_NAME_SIZE);
}

/* Fills @set, whose arrays the caller frees unless this fails. */
static bool read_sockets(napi_env env, napi_value array, struct sockdup_set *set)
{
	napi_value pair;
	unsigned int i;

	if (napi_get_array_length(env, array, &set->socket_count))
		return false;
	if (!arrays_make(set)) {
		value_throw(env, "sockdup_export_set");
		return false;
	}
	for (i = 0; i < set->socket_count; i++) {
		if (napi_get_element(env, array, i, &pair) ||
		    !read_socket(env, pair, &set->fds[i], set->names[i])) {
			arrays_free(set);
			return false;
		}
	}
	return true;
}

napi_value set_export(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	unsigned int flags, ttl;
	napi_value given[6], value;
	struct iovec payload;
	struct sockdup_set set = { .payload = &payload };
	int target;

	if (!value_arguments(env, call, 6, given) ||
	    napi_get_buffer_info(env, given[1], &payload.iov_base,
				 &payload.iov_len) ||
	    !value_to_int(env, given[2], &target) ||
	    !value_to_uint(env, given[3], &flags) ||
	    !value_to_uint(env, given[4], &ttl) ||
	    !value_to_int(env, given[5], &set.cgroup))
		return NULL;
	set.payload_count = payload.iov_len ? 1 : 0;
	if (!read_sockets(env, given[0], &set))
		return NULL;
	value = sockdup_export_set(&set, target, flags, ttl, &info) ?
		value_throw(env, "sockdup_export_set") : value_info(env, &info);
	arrays_free(&set);
	return value;
}

/* NULL where JavaScript can make no more values, as in a thread that is ended. */
static napi_value sockets_value(napi_env env, const struct sockdup_set *set)
{
	napi_value array, value;
	unsigned int i;

	if (napi_create_array_with_length(env, set->socket_count, &array))
		return NULL;
	for (i = 0; i < set->socket_count; i++) {
		value = value_object(env);
		value_set_text(env, value, "name", set->names[i]);
		value_set_number(env, value, "fd", set->fds[i]);
		if (napi_set_element(env, array, i, value))
			return NULL;
	}
	return array;
}

/* What is imported here is closed again, unless it is returned. */
static napi_value import_all(napi_env env, const struct sockdup_protocol_info *info,
			     struct sockdup_set *set)
{
	struct sockdup_identity source;
	napi_value value, sockets;

	if (sockdup_import_set(info, 0, set, &source))
		return value_throw(env, "sockdup_import_set");
	if (!socket_raise_all(set->fds, set->socket_count))
		return value_throw(env, "sockdup_import_set");
	sockets = sockets_value(env, set);
	if (!sockets) {
		socket_close_all(set->fds, set->socket_count);
		return NULL;
	}
	value = value_object(env);
	value_set(env, value, "sockets", sockets);
	value_set_identity(env, value, "source", &source);
	return value;
}

/* With room for all that the token holds, which stays as it is. */
napi_value set_import(napi_env env, napi_callback_info call)
{
	struct sockdup_description description;
	struct sockdup_protocol_info info;
	napi_value given, payload, value;
	struct iovec room;
	struct sockdup_set set = { .payload = &room };

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	if (sockdup_query(&info, &description))
		return value_throw(env, "sockdup_import_set");
	room.iov_len = description.payload_size;
	set.payload_count = room.iov_len ? 1 : 0;
	set.socket_count = description.info.socket_count;
	if (napi_create_buffer(env, room.iov_len, &room.iov_base, &payload))
		return NULL;
	if (!arrays_make(&set))
		return value_throw(env, "sockdup_import_set");
	value = import_all(env, &info, &set);
	arrays_free(&set);
	if (value)
		value_set(env, value, "payload", payload);
	return value;
}

static napi_value descriptions_value(napi_env env, unsigned int count,
				     const char (*names)[SOCKDUP_NAME_SIZE],
				     const struct sockdup_protocol_info *descriptions)
{
	napi_value array = NULL, value;
	unsigned int i;

	napi_create_array_with_length(env, count, &array);
	for (i = 0; i < count; i++) {
		value = value_object(env);
		value_set_text(env, value, "name", names[i]);
		value_set_kind(env, value, &descriptions[i]);
		napi_set_element(env, array, i, value);
	}
	return array;
}

napi_value set_query(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info, *descriptions;
	char (*names)[SOCKDUP_NAME_SIZE];
	napi_value given, value;
	int count;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	count = sockdup_query_set(&info, NULL, NULL, 0);
	if (count < 0)
		return value_throw(env, "sockdup_query_set");
	names = calloc(count, sizeof(*names));
	descriptions = calloc(count, sizeof(*descriptions));
	if (!names || !descriptions ||
	    sockdup_query_set(&info, names, descriptions, count) < 0)
		value = value_throw(env, "sockdup_query_set");
	else
		value = descriptions_value(env, count, names, descriptions);
	free(names);
	free(descriptions);
	return value;
}
