// SPDX-License-Identifier: LGPL-2.1-or-later
/* Conversions; see value.h. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "value.h"

/* What is wrong with an argument is for index.js to say, before it calls. */
static bool unfit(napi_env env, const char *wanted)
{
	napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", wanted);
	return false;
}

bool value_arguments(napi_env env, napi_callback_info call, size_t count,
		     napi_value *arguments)
{
	if (napi_get_cb_info(env, call, &count, arguments, NULL, NULL))
		return unfit(env, "these are no arguments");
	return true;
}

bool value_to_int(napi_env env, napi_value value, int *number)
{
	if (napi_get_value_int32(env, value, number))
		return unfit(env, "a number is wanted");
	return true;
}

bool value_to_uint(napi_env env, napi_value value, unsigned int *number)
{
	if (napi_get_value_uint32(env, value, number))
		return unfit(env, "a number is wanted");
	return true;
}

bool value_to_text(napi_env env, napi_value value, char *text, size_t size)
{
	size_t length;

	if (napi_get_value_string_utf8(env, value, NULL, 0, &length) ||
	    length >= size ||
	    napi_get_value_string_utf8(env, value, text, size, &length) ||
	    strlen(text) != length)
		return unfit(env, "a text of another length is wanted");
	return true;
}

bool value_to_id(napi_env env, napi_value value, __u64 *id)
{
	char text[VALUE_ID_SIZE];

	if (!value_to_text(env, value, text, sizeof(text)))
		return false;
	*id = strtoull(text, NULL, 16);
	return true;
}

bool value_to_cookie(napi_env env, napi_value value, __u64 *cookie)
{
	uintmax_t number;
	bool whole;

	if (napi_get_value_bigint_uint64(env, value, &number, &whole) || !whole)
		return unfit(env, "a BigInt of 64 bits is wanted");
	*cookie = number;
	return true;
}

static bool read_numbers(napi_env env, napi_value array, unsigned int *numbers,
			 unsigned int count)
{
	napi_value value;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (napi_get_element(env, array, i, &value) ||
		    !value_to_uint(env, value, &numbers[i]))
			return false;
	return true;
}

bool value_to_numbers(napi_env env, napi_value array, unsigned int **numbers,
		      unsigned int *count)
{
	if (napi_get_array_length(env, array, count))
		return unfit(env, "an array is wanted");
	*numbers = calloc(*count + 1UL, sizeof(**numbers));
	if (!*numbers)
		return unfit(env, "a shorter array is wanted");
	if (read_numbers(env, array, *numbers, *count))
		return true;
	free(*numbers);
	return false;
}

/* A copy, as another thread may write to a shared array meanwhile. */
bool value_to_info(napi_env env, napi_value value,
		   struct sockdup_protocol_info *info)
{
	bool buffer = false;
	size_t size = 0;
	void *bytes;

	napi_is_buffer(env, value, &buffer);
	if (!buffer || napi_get_buffer_info(env, value, &bytes, &size) ||
	    size != sizeof(*info))
		return unfit(env, "a Buffer of 128 bytes is wanted");
	memcpy(info, bytes, sizeof(*info));
	return true;
}

napi_value value_undefined(napi_env env)
{
	napi_value value = NULL;

	napi_get_undefined(env, &value);
	return value;
}

napi_value value_object(napi_env env)
{
	napi_value value = NULL;

	napi_create_object(env, &value);
	return value;
}

napi_value value_text(napi_env env, const char *text, size_t size)
{
	napi_value value = NULL;

	napi_create_string_utf8(env, text, size, &value);
	return value;
}

napi_value value_info(napi_env env, const struct sockdup_protocol_info *info)
{
	napi_value value = NULL;

	napi_create_buffer_copy(env, sizeof(*info), info, NULL, &value);
	return value;
}

void value_set(napi_env env, napi_value object, const char *name,
	       napi_value value)
{
	napi_set_named_property(env, object, name, value);
}

void value_set_number(napi_env env, napi_value object, const char *name,
		      double number)
{
	napi_value value = NULL;

	napi_create_double(env, number, &value);
	value_set(env, object, name, value);
}

void value_set_flag(napi_env env, napi_value object, const char *name,
		    bool flag)
{
	napi_value value = NULL;

	napi_get_boolean(env, flag, &value);
	value_set(env, object, name, value);
}

void value_set_text(napi_env env, napi_value object, const char *name,
		    const char *text)
{
	value_set(env, object, name, value_text(env, text, NAPI_AUTO_LENGTH));
}

napi_value value_id(napi_env env, unsigned long long id)
{
	char text[VALUE_ID_SIZE];

	snprintf(text, sizeof(text), "%016llx", id);
	return value_text(env, text, NAPI_AUTO_LENGTH);
}

void value_set_id(napi_env env, napi_value object, unsigned long long id)
{
	value_set(env, object, "id", value_id(env, id));
}

void value_set_cookie(napi_env env, napi_value object, __u64 cookie)
{
	napi_value value = NULL;

	napi_create_bigint_uint64(env, cookie, &value);
	value_set(env, object, "cookie", value);
}

static napi_value ip_address(napi_env env, int family, const void *bytes,
			     in_port_t port)
{
	char text[INET6_ADDRSTRLEN];
	napi_value value = value_object(env);

	inet_ntop(family, bytes, text, sizeof(text));
	value_set_text(env, value, "address", text);
	value_set_text(env, value, "family",
		       family == AF_INET ? "IPv4" : "IPv6");
	value_set_number(env, value, "port", ntohs(port));
	return value;
}

/* An abstract name begins with a NUL and has its length; a path ends at one. */
static napi_value unix_address(napi_env env, const struct sockaddr_un *address,
			       socklen_t size)
{
	size_t length = size - offsetof(struct sockaddr_un, sun_path);
	napi_value value = value_object(env);

	if (address->sun_path[0])
		length = strnlen(address->sun_path, length);
	value_set(env, value, "path",
		  value_text(env, address->sun_path, length));
	return value;
}

void value_set_address(napi_env env, napi_value object, const char *name,
		       const struct sockaddr_storage *address, socklen_t size)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_un *local = (const void *)address;
	napi_value value;

	if (size < sizeof(sa_family_t))
		return;
	if (address->ss_family == AF_INET && size >= sizeof(*four))
		value = ip_address(env, AF_INET, &four->sin_addr,
				   four->sin_port);
	else if (address->ss_family == AF_INET6 && size >= sizeof(*six))
		value = ip_address(env, AF_INET6, &six->sin6_addr,
				   six->sin6_port);
	else if (address->ss_family == AF_UNIX && size > sizeof(sa_family_t))
		value = unix_address(env, local, size);
	else
		return;
	value_set(env, object, name, value);
}

void value_set_kind(napi_env env, napi_value object,
		    const struct sockdup_protocol_info *info)
{
	value_set_number(env, object, "family", info->address_family);
	value_set_number(env, object, "type", info->socket_type);
	value_set_text(env, object, "protocol", info->protocol_name);
}

void value_set_identity(napi_env env, napi_value object, const char *name,
			const struct sockdup_identity *identity)
{
	napi_value value = value_object(env);

	value_set_number(env, value, "pid", identity->pid);
	value_set_number(env, value, "uid", identity->uid);
	value_set_number(env, value, "gid", identity->gid);
	value_set(env, object, name, value);
}

void value_set_target(napi_env env, napi_value object, unsigned int flags,
		      uid_t uid, __u64 cgroup)
{
	if (flags & SOCKDUP_EXPORT_TO_USER)
		value_set_number(env, object, "targetUid", uid);
	if (flags & SOCKDUP_EXPORT_TO_CGROUP)
		value_set_number(env, object, "targetCgroup", cgroup);
	if (flags & SOCKDUP_EXPORT_INVITE_TO_POST)
		value_set_text(env, object, "invitation", "post");
	if (flags & SOCKDUP_EXPORT_INVITE_TO_ACCEPT)
		value_set_text(env, object, "invitation", "accept");
}

/* An exception that stays in @env would come out of some later call of the addon. */
void value_call(napi_env env, napi_value callback, size_t count, const napi_value *arguments)
{
	napi_value self = NULL, error;

	napi_get_global(env, &self);
	if (napi_make_callback(env, NULL, self, callback, count, arguments, NULL) ==
	    napi_pending_exception &&
	    !napi_get_and_clear_last_exception(env, &error))
		napi_fatal_exception(env, error);
}
