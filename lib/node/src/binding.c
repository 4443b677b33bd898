// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bindings; see binding.h. */

#include <errno.h>
#include <stdlib.h>

#include "binding.h"
#include "handle.h"
#include "value.h"

/* -1 where this has thrown. */
static int bind_to(napi_env env, const napi_value *given, struct sockdup_inbox_options *limits)
{
	unsigned int flags;
	int target, fd;

	if (!value_to_int(env, given[0], &target) ||
	    !value_to_uint(env, given[1], &flags))
		return -1;
	fd = sockdup_inbox_bind(target, flags, limits);
	if (fd < 0)
		value_throw(env, "sockdup_inbox_bind");
	return fd;
}

/* Likewise. */
static int bind_invited(napi_env env, napi_value given, struct sockdup_inbox_options *limits)
{
	struct sockdup_protocol_info info;
	int fd;

	if (!value_to_info(env, given, &info))
		return -1;
	fd = sockdup_inbox_bind_invited(&info, limits);
	if (fd < 0)
		value_throw(env, "sockdup_inbox_bind_invited");
	return fd;
}

static napi_value construct(napi_env env, napi_callback_info call)
{
	struct handle binding = { .events = UV_WRITABLE };
	napi_value given[2], self;
	size_t count = ARRAY_SIZE(given);
	bool invited = false;

	if (napi_get_cb_info(env, call, &count, given, &self, NULL) ||
	    napi_is_buffer(env, given[0], &invited))
		return NULL;
	binding.fd = invited ? bind_invited(env, given[0], &binding.limits) :
			       bind_to(env, given, &binding.limits);
	return binding.fd < 0 ? NULL : handle_wrap(env, self, &binding);
}

static bool read_posting(napi_env env, const napi_value *given,
			 struct sockdup_posting *posting, struct iovec *message)
{
	if (!value_to_cookie(env, given[1], &posting->cookie) ||
	    napi_get_buffer_info(env, given[2], &message->iov_base, &message->iov_len) ||
	    !value_to_uint(env, given[3], &posting->ttl_ms))
		return false;
	posting->message = message;
	posting->message_count = message->iov_len ? 1 : 0;
	return value_to_numbers(env, given[0], (unsigned int **)&posting->fds,
				&posting->socket_count);
}

/* undefined where there is no room */
static napi_value post(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_post_set";
	struct sockdup_posting posting = { 0 };
	struct handle *binding;
	struct iovec message;
	napi_value given[4];
	int failed;

	binding = handle_of(env, call, 4, given, function);
	if (!binding || !read_posting(env, given, &posting, &message))
		return NULL;
	do
		failed = sockdup_post_set(binding->fd, &posting, 0);
	while (failed && errno == EINTR);
	free(posting.fds);
	if (!failed)
		return value_id(env, posting.id);
	return errno == EAGAIN ? value_undefined(env) : value_throw(env, function);
}

napi_value binding_class(napi_env env)
{
	static const napi_property_descriptor methods[] = {
		{ "post", NULL, post, NULL, NULL, NULL, napi_default, NULL },
	};

	return handle_class(env, "Binding", construct, methods, ARRAY_SIZE(methods));
}
