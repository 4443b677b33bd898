// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tokens; see token.h. */

#include <string.h>
#include <unistd.h>

#include "socket.h"
#include "token.h"
#include "value.h"

napi_value token_export(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	unsigned int flags, ttl;
	napi_value given[4];
	int fd, target;

	if (!value_arguments(env, call, 4, given) ||
	    !value_to_int(env, given[0], &fd) ||
	    !value_to_int(env, given[1], &target) ||
	    !value_to_uint(env, given[2], &flags) ||
	    !value_to_uint(env, given[3], &ttl))
		return NULL;
	if (sockdup_export(fd, target, flags, ttl, &info))
		return value_throw(env, "sockdup_export");
	return value_info(env, &info);
}

napi_value token_import(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	napi_value given, value = NULL;
	int fd;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	fd = socket_raise(sockdup_import(&info, 0, NULL));
	if (fd < 0)
		return value_throw(env, "sockdup_import");
	if (napi_create_int32(env, fd, &value))
		close(fd);
	return value;
}

napi_value token_query(napi_env env, napi_callback_info call)
{
	struct sockdup_description description;
	struct sockdup_protocol_info info;
	napi_value given, value;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	if (sockdup_query(&info, &description))
		return value_throw(env, "sockdup_query");
	value = value_object(env);
	value_set_kind(env, value, &description.info);
	value_set_number(env, value, "sockets", description.info.socket_count);
	value_set_number(env, value, "payloadSize", description.payload_size);
	value_set_identity(env, value, "source", &description.source);
	value_set_number(env, value, "target", description.target_pid);
	value_set_target(env, value, description.target_flags,
			 description.target_uid, description.target_cgroup);
	value_set_number(env, value, "age", description.age_ms);
	value_set_number(env, value, "left", description.left_ms);
	return value;
}

napi_value token_revoke(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	napi_value given;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	if (sockdup_revoke(&info))
		return value_throw(env, "sockdup_revoke");
	return value_undefined(env);
}

napi_value token_revoke_id(napi_env env, napi_callback_info call)
{
	napi_value given;
	__u64 id;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_id(env, given, &id))
		return NULL;
	if (sockdup_revoke_id(id))
		return value_throw(env, "sockdup_revoke_id");
	return value_undefined(env);
}

static void set_socket(napi_env env, napi_value value,
		       const struct sockdup_socket_info *socket)
{
	value_set_text(env, value, "name", socket->name);
	value_set_number(env, value, "family", socket->family);
	value_set_number(env, value, "type", socket->type);
	value_set_text(env, value, "protocol", socket->protocol_name);
	value_set_address(env, value, "local", &socket->local,
			  socket->local_size);
	value_set_address(env, value, "remote", &socket->remote,
			  socket->remote_size);
	value_set_flag(env, value, "ipv6Only", socket->ipv6_only);
	value_set_number(env, value, "inode", socket->inode);
	value_set_number(env, value, "netns", socket->netns);
	value_set_number(env, value, "state", socket->state);
}

static void set_token(napi_env env, napi_value value,
		      const struct sockdup_token_info *token)
{
	value_set_id(env, value, token->id);
	value_set_number(env, value, "target", token->target);
	value_set_target(env, value, token->target_flags, token->target_uid,
			 token->target_cgroup);
	value_set_number(env, value, "source", token->source);
	value_set_number(env, value, "uid", token->uid);
	value_set_number(env, value, "gid", token->gid);
	value_set_number(env, value, "age", token->age_ms);
	value_set_number(env, value, "left", token->left_ms);
	value_set_number(env, value, "sockets", token->socket_count);
	value_set_number(env, value, "payloadSize", token->payload_size);
}

struct list {
	napi_env env;
	napi_value array;
	unsigned int length;
	bool of_tokens;
};

static int add_to_list(const struct sockdup_token_info *token, void *context)
{
	struct list *list = context;
	napi_env env = list->env;
	napi_handle_scope scope;
	napi_value value;

	/* Without it each token's values would live until the end of the list. */
	if (napi_open_handle_scope(env, &scope))
		return 1;
	value = value_object(env);
	if (list->of_tokens)
		set_token(env, value, token);
	set_socket(env, value, &token->socket);
	napi_set_element(env, list->array, list->length++, value);
	napi_close_handle_scope(env, scope);
	return 0;
}

napi_value token_list(napi_env env, napi_callback_info call)
{
	struct list list = { .env = env, .of_tokens = true };
	struct sockdup_filter filter = { 0 };
	napi_value given[3];
	double uid;

	if (!value_arguments(env, call, 3, given) ||
	    !value_to_int(env, given[0], &filter.target) ||
	    !value_to_int(env, given[1], &filter.source) ||
	    napi_get_value_double(env, given[2], &uid))
		return NULL;
	filter.by_uid = uid >= 0;
	if (filter.by_uid)
		filter.uid = uid;
	napi_create_array(env, &list.array);
	if (sockdup_list(&filter, add_to_list, &list) < 0)
		return value_throw(env, "sockdup_list");
	return list.array;
}

napi_value token_list_sockets(napi_env env, napi_callback_info call)
{
	struct list list = { .env = env };
	napi_value given;
	__u64 id;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_id(env, given, &id))
		return NULL;
	napi_create_array(env, &list.array);
	if (sockdup_list_sockets(id, add_to_list, &list) < 0)
		return value_throw(env, "sockdup_list_sockets");
	return list.array;
}

napi_value token_module_info(napi_env env, napi_callback_info call)
{
	struct sockdup_info info = { .size = sizeof(info) };
	napi_value value;

	(void)call;
	if (sockdup_info(&info))
		return value_throw(env, "sockdup_info");
	value = value_object(env);
	value_set_number(env, value, "abiVersion", info.abi_version);
	value_set_number(env, value, "features", info.features);
	value_set_number(env, value, "defaultTtl", info.default_ttl_ms);
	value_set_number(env, value, "maxTtl", info.max_ttl_ms);
	value_set_number(env, value, "maxSockets", info.max_sockets);
	return value;
}

napi_value token_to_text(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	char text[SOCKDUP_TEXT_SIZE];
	napi_value given;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	if (sockdup_info_to_text(&info, text))
		return value_throw(env, "sockdup_info_to_text");
	return value_text(env, text, NAPI_AUTO_LENGTH);
}

/* Room for one character too many, which makes a longer text wrong as well. */
napi_value token_from_text(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	char text[SOCKDUP_TEXT_SIZE + 1];
	napi_value given;
	size_t length;

	if (!value_arguments(env, call, 1, &given) ||
	    napi_get_value_string_utf8(env, given, text, sizeof(text), &length))
		return NULL;
	/* The library would take a NUL for the end. */
	if (strlen(text) != length)
		text[0] = 0;
	if (sockdup_info_from_text(text, &info))
		return value_throw(env, "sockdup_info_from_text");
	return value_info(env, &info);
}
