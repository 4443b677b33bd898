// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names that are kept; see unix_path.h. */

#include <errno.h>
#include <stdlib.h>

#include "unix_path.h"
#include "value.h"
#include "watcher.h"

struct unix_path {
	struct watcher watcher;
	struct sockdup_unix_path *library;
	int error;			/* of the release, or 0 */
};

static void unix_path_end(struct watcher *watcher)
{
	struct unix_path *path = (struct unix_path *)watcher;

	path->error = sockdup_unix_path_release(path->library) ? errno : 0;
}

/* NULL once it is released, and then this has thrown. */
static struct unix_path *unix_path_of(napi_env env, napi_callback_info call,
				      napi_value *argument, const char *function)
{
	struct watcher *watcher = watcher_of(env, call, argument);

	if (watcher && watcher->end)
		return (struct unix_path *)watcher;
	errno = EBADF;
	value_throw(env, function);
	return NULL;
}

static napi_value restore(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_unix_path_restore";
	napi_value argument, value = NULL;
	struct unix_path *path;
	int result;

	path = unix_path_of(env, call, &argument, function);
	if (!path)
		return NULL;
	result = sockdup_unix_path_restore(path->library);
	if (result < 0)
		return value_throw(env, function);
	napi_get_boolean(env, result, &value);
	return value;
}

static napi_value watch(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_unix_path_watch";
	struct unix_path *path;
	napi_value argument;
	int fd;

	path = unix_path_of(env, call, &argument, function);
	if (!path)
		return NULL;
	fd = sockdup_unix_path_watch(path->library);
	if (fd < 0 || (!path->watcher.polled && !watcher_poll(&path->watcher, fd)))
		return value_throw(env, function);
	return value_undefined(env);
}

/* After watch(), and one at a time: unix_path.js sees to it. */
static napi_value wait_for_change(napi_env env, napi_callback_info call)
{
	struct unix_path *path;
	napi_value callback;

	path = unix_path_of(env, call, &callback, "sockdup_unix_path_watch");
	if (!path)
		return NULL;
	watcher_wait(&path->watcher, UV_READABLE, callback);
	return value_undefined(env);
}

/* Again is harmless. */
static napi_value release(napi_env env, napi_callback_info call)
{
	napi_value argument;
	struct watcher *watcher = watcher_of(env, call, &argument);
	struct unix_path *path = (struct unix_path *)watcher;

	if (!watcher || !watcher->end)
		return value_undefined(env);
	watcher_close(watcher);
	errno = path->error;
	return errno ? value_throw(env, "sockdup_unix_path_release") :
		       value_undefined(env);
}

static napi_value construct(napi_env env, napi_callback_info call)
{
	struct unix_path *path;
	napi_value given, self;
	size_t count = 1;
	int fd, result;

	if (napi_get_cb_info(env, call, &count, &given, &self, NULL) ||
	    !value_to_int(env, given, &fd))
		return NULL;
	path = calloc(1, sizeof(*path));
	result = path ? sockdup_unix_path_take(fd, &path->library) : -1;
	if (result > 0) {
		path->watcher.env = env;
		path->watcher.end = unix_path_end;
		return watcher_wrap(&path->watcher, self);
	}
	if (result < 0)
		value_throw(env, "sockdup_unix_path_take");
	free(path);
	if (result < 0)
		return NULL;
	value_set_flag(env, self, "isAbstract", true);
	return self;
}

napi_value unix_path_class(napi_env env)
{
	static const napi_property_descriptor methods[] = {
		{ "restore", NULL, restore, NULL, NULL, NULL, napi_default, NULL },
		{ "watch", NULL, watch, NULL, NULL, NULL, napi_default, NULL },
		{ "wait", NULL, wait_for_change, NULL, NULL, NULL, napi_default, NULL },
		{ "release", NULL, release, NULL, NULL, NULL, napi_default, NULL },
	};
	napi_value class = NULL;

	napi_define_class(env, "UnixPath", NAPI_AUTO_LENGTH, construct, NULL,
			  ARRAY_SIZE(methods), methods, &class);
	return class;
}
