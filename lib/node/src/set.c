// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets; see set.h. */

#include <stdlib.h>
#include <unistd.h>

#include "set.h"
#include "socket.h"
#include "value.h"

/* From an array of a descriptor and a name. */
static bool read_socket(napi_env env, napi_value pair, struct sockdup_socket *socket)
{
	napi_value fd, name;

	return !napi_get_element(env, pair, 0, &fd) &&
	       !napi_get_element(env, pair, 1, &name) &&
	       value_to_int(env, fd, &socket->fd) &&
	       value_to_text(env, name, socket->name, sizeof(socket->name));
}

/* Fills @set, whose sockets the caller frees even if this fails. */
static bool read_sockets(napi_env env, napi_value array, struct sockdup_set *set)
{
	napi_value pair;
	unsigned int i;

	if (napi_get_array_length(env, array, &set->socket_count))
		return false;
	/* Where there is none the kernel says so, and not that there is no memory. */
	set->sockets = calloc(set->socket_count + 1UL, sizeof(*set->sockets));
	if (!set->sockets) {
		value_throw(env, "sockdup_export_set");
		return false;
	}
	for (i = 0; i < set->socket_count; i++)
		if (napi_get_element(env, array, i, &pair) ||
		    !read_socket(env, pair, &set->sockets[i]))
			return false;
	return true;
}

napi_value set_export(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	unsigned int flags, ttl;
	napi_value given[6], value = NULL;
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
	if (read_sockets(env, given[0], &set))
		value = sockdup_export_set(&set, target, flags, ttl, &info) ?
			value_throw(env, "sockdup_export_set") :
			value_info(env, &info);
	free(set.sockets);
	return value;
}

static void close_all(const struct sockdup_set *set)
{
	unsigned int i;

	for (i = 0; i < set->socket_count; i++)
		if (set->sockets[i].fd >= 0)
			close(set->sockets[i].fd);
}

static bool raise_all(const struct sockdup_set *set)
{
	unsigned int i;

	for (i = 0; i < set->socket_count; i++) {
		set->sockets[i].fd = socket_raise(set->sockets[i].fd);
		if (set->sockets[i].fd < 0)
			return false;
	}
	return true;
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
		value_set_text(env, value, "name", set->sockets[i].name);
		value_set_number(env, value, "fd", set->sockets[i].fd);
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
	if (!raise_all(set)) {
		value_throw(env, "sockdup_import_set");
		close_all(set);
		return NULL;
	}
	sockets = sockets_value(env, set);
	if (!sockets) {
		close_all(set);
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
	set.sockets = calloc(set.socket_count, sizeof(*set.sockets));
	if (!set.sockets)
		return value_throw(env, "sockdup_import_set");
	value = import_all(env, &info, &set);
	free(set.sockets);
	if (value)
		value_set(env, value, "payload", payload);
	return value;
}

static napi_value descriptions_value(napi_env env, unsigned int count,
				     const struct sockdup_socket *sockets,
				     const struct sockdup_protocol_info *descriptions)
{
	napi_value array = NULL, value;
	unsigned int i;

	napi_create_array_with_length(env, count, &array);
	for (i = 0; i < count; i++) {
		value = value_object(env);
		value_set_text(env, value, "name", sockets[i].name);
		value_set_kind(env, value, &descriptions[i]);
		napi_set_element(env, array, i, value);
	}
	return array;
}

napi_value set_query(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info, *descriptions;
	struct sockdup_socket *sockets;
	napi_value given, value;
	int count;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	count = sockdup_query_set(&info, NULL, NULL, 0);
	if (count < 0)
		return value_throw(env, "sockdup_query_set");
	sockets = calloc(count, sizeof(*sockets));
	descriptions = calloc(count, sizeof(*descriptions));
	if (!sockets || !descriptions ||
	    sockdup_query_set(&info, sockets, descriptions, count) < 0)
		value = value_throw(env, "sockdup_query_set");
	else
		value = descriptions_value(env, count, sockets, descriptions);
	free(sockets);
	free(descriptions);
	return value;
}
