// SPDX-License-Identifier: LGPL-2.1-or-later
/* Watchers; see watcher.h. */

#include <errno.h>
#include <stdlib.h>

#include "value.h"
#include "watcher.h"

/* No value of JavaScript may be touched here: the environment can be gone. */
static void closed(uv_handle_t *poll)
{
	struct watcher *watcher = poll->data;

	if (watcher->hook)
		napi_remove_async_cleanup_hook(watcher->hook);
	watcher->polled = false;
	if (!watcher->owned)
		free(watcher);
}

static void forget_callback(struct watcher *watcher)
{
	if (watcher->callback)
		napi_delete_reference(watcher->env, watcher->callback);
	watcher->callback = NULL;
}

void watcher_close(struct watcher *watcher)
{
	if (!watcher->end)
		return;
	if (watcher->polled)
		uv_close((uv_handle_t *)&watcher->poll, closed);
	else if (watcher->hook)
		napi_remove_async_cleanup_hook(watcher->hook);
	watcher->end(watcher);
	watcher->end = NULL;
	forget_callback(watcher);
}

/* The environment ends, and waits until the hook is removed. */
static void environment_ends(napi_async_cleanup_hook_handle hook, void *context)
{
	(void)hook;
	watcher_close(context);
}

static void disown(struct watcher *watcher)
{
	watcher->owned = false;
	watcher_close(watcher);
	if (!watcher->polled)
		free(watcher);
}

static void object_is_gone(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	disown(data);
}

bool watcher_poll(struct watcher *watcher, int fd)
{
	struct uv_loop_s *loop;
	int error = UV_ENOMEM;

	if (!napi_get_uv_event_loop(watcher->env, &loop))
		error = uv_poll_init(loop, &watcher->poll, fd);
	if (error) {
		errno = -error;
		return false;
	}
	watcher->poll.data = watcher;
	watcher->polled = true;
	return true;
}

napi_value watcher_wrap(struct watcher *watcher, napi_value self)
{
	napi_env env = watcher->env;

	watcher->owned = true;
	napi_add_async_cleanup_hook(env, environment_ends, watcher, &watcher->hook);
	if (!napi_wrap(env, self, watcher, object_is_gone, NULL, NULL))
		return self;
	disown(watcher);
	return NULL;
}

struct watcher *watcher_of(napi_env env, napi_callback_info call, napi_value *argument)
{
	struct watcher *watcher = NULL;
	napi_value self;
	size_t count = 1;

	if (napi_get_cb_info(env, call, &count, argument, &self, NULL) ||
	    napi_unwrap(env, self, (void **)&watcher))
		return NULL;
	return watcher;
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct watcher *watcher = poll->data;
	napi_env env = watcher->env;
	napi_value callback;
	napi_handle_scope scope;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	if (napi_open_handle_scope(env, &scope))
		return;
	napi_get_reference_value(env, watcher->callback, &callback);
	forget_callback(watcher);
	value_call(env, callback, 0, NULL);
	napi_close_handle_scope(env, scope);
}

void watcher_wait(struct watcher *watcher, int events, napi_value callback)
{
	if (!watcher->end || !watcher->polled || watcher->callback ||
	    napi_create_reference(watcher->env, callback, 1, &watcher->callback))
		return;
	uv_poll_start(&watcher->poll, events, ready);
}

void watcher_stop(struct watcher *watcher)
{
	if (!watcher->callback)
		return;
	uv_poll_stop(&watcher->poll);
	forget_callback(watcher);
}

void watcher_keep_alive(struct watcher *watcher, bool keeps)
{
	if (!watcher->end || !watcher->polled)
		return;
	if (keeps)
		uv_ref((uv_handle_t *)&watcher->poll);
	else
		uv_unref((uv_handle_t *)&watcher->poll);
}
