// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles; see handle.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handle.h"
#include "value.h"

static void handle_end(struct watcher *watcher)
{
	struct handle *handle = (struct handle *)watcher;

	close(handle->fd);
	free(handle->fds);
	free(handle->message);
}

static void set_limits(napi_env env, napi_value self,
		       const struct sockdup_inbox_options *limits)
{
	napi_value value = value_object(env);

	value_set_number(env, value, "slots", limits->slots);
	value_set_number(env, value, "messageSize", limits->message_size);
	value_set_number(env, value, "maxSockets", limits->max_sockets);
	value_set(env, self, "limits", value);
}

napi_value handle_wrap(napi_env env, napi_value self, const struct handle *filled)
{
	struct handle *handle = malloc(sizeof(*handle));
	struct handle lost = *filled;

	if (handle) {
		*handle = *filled;
		handle->watcher = (struct watcher){ .env = env, .end = handle_end };
	}
	if (!handle || !watcher_poll(&handle->watcher, handle->fd)) {
		value_throw(env, "uv_poll_init");
		handle_end(&lost.watcher);
		free(handle);
		return NULL;
	}
	set_limits(env, self, &handle->limits);
	return watcher_wrap(&handle->watcher, self);
}

struct handle *handle_of(napi_env env, napi_callback_info call, size_t count,
			 napi_value *given, const char *function)
{
	napi_value first;
	struct watcher *watcher = watcher_of(env, call, &first);

	if (watcher && watcher->end)
		return value_arguments(env, call, count, given) ?
			(struct handle *)watcher : NULL;
	errno = EBADF;
	value_throw(env, function);
	return NULL;
}

static napi_value revoke_post(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_post_revoke";
	struct handle *handle;
	napi_value given;
	__u64 id;

	handle = handle_of(env, call, 1, &given, function);
	if (!handle || !value_to_id(env, given, &id))
		return NULL;
	if (sockdup_post_revoke(handle->fd, id))
		return value_throw(env, function);
	return value_undefined(env);
}

static napi_value wait_until_ready(napi_env env, napi_callback_info call)
{
	struct handle *handle;
	napi_value callback;

	handle = handle_of(env, call, 1, &callback, "poll");
	if (!handle)
		return NULL;
	watcher_wait(&handle->watcher, handle->events, callback);
	return value_undefined(env);
}

static napi_value stop(napi_env env, napi_callback_info call)
{
	napi_value argument;
	struct watcher *watcher = watcher_of(env, call, &argument);

	if (watcher)
		watcher_stop(watcher);
	return value_undefined(env);
}

static napi_value keep_alive(napi_env env, napi_callback_info call)
{
	napi_value given;
	struct watcher *watcher = watcher_of(env, call, &given);
	bool keeps = false;

	if (watcher && !napi_get_value_bool(env, given, &keeps))
		watcher_keep_alive(watcher, keeps);
	return value_undefined(env);
}

static napi_value end(napi_env env, napi_callback_info call)
{
	napi_value argument;
	struct watcher *watcher = watcher_of(env, call, &argument);

	if (watcher)
		watcher_close(watcher);
	return value_undefined(env);
}

napi_value handle_class(napi_env env, const char *name, napi_callback construct,
			const napi_property_descriptor *own, size_t count)
{
	static const napi_property_descriptor common[] = {
		{ "revoke", NULL, revoke_post, NULL, NULL, NULL, napi_default, NULL },
		{ "wait", NULL, wait_until_ready, NULL, NULL, NULL, napi_default, NULL },
		{ "stop", NULL, stop, NULL, NULL, NULL, napi_default, NULL },
		{ "keepAlive", NULL, keep_alive, NULL, NULL, NULL, napi_default, NULL },
		{ "close", NULL, end, NULL, NULL, NULL, napi_default, NULL },
	};
	napi_property_descriptor all[ARRAY_SIZE(common) + HANDLE_OWN_METHODS];
	napi_value class = NULL;

	memcpy(all, common, sizeof(common));
	memcpy(all + ARRAY_SIZE(common), own, count * sizeof(*own));
	napi_define_class(env, name, NAPI_AUTO_LENGTH, construct, NULL,
			  ARRAY_SIZE(common) + count, all, &class);
	return class;
}
