// SPDX-License-Identifier: LGPL-2.1-or-later
/* A subscription; see subscription.h. */

#include <errno.h>
#include <stdlib.h>

#include "subscription.h"
#include "value.h"
#include "watcher.h"

struct subscription {
	struct watcher watcher;
	struct sockdup_subscription *kernel;
};

/* In the order of enum sockdup_token_happening. */
static const char *const happenings[] = {
	"exported", "imported", "revoked", "expired", "handle-closed",
	"target-died",
};

static void subscription_end(struct watcher *watcher)
{
	struct subscription *subscription = (struct subscription *)watcher;

	sockdup_unsubscribe(subscription->kernel);
}

/* NULL once it is closed, and then this has thrown. */
static struct subscription *subscription_of(napi_env env,
					    napi_callback_info call,
					    napi_value *argument)
{
	struct watcher *watcher = watcher_of(env, call, argument);

	if (watcher && watcher->end)
		return (struct subscription *)watcher;
	errno = EBADF;
	value_throw(env, "sockdup_next_event");
	return NULL;
}

static napi_value describe(napi_env env, const struct sockdup_token_event *event)
{
	napi_value value = value_object(env);

	value_set_text(env, value, "event",
		       event->what < ARRAY_SIZE(happenings) ?
		       happenings[event->what] : "other");
	value_set_id(env, value, event->id);
	value_set_number(env, value, "uid", event->uid);
	value_set_target(env, value, event->target_flags, event->target_uid,
			 event->target_cgroup);
	return value;
}

/* undefined where there is none */
static napi_value take_next(napi_env env, napi_callback_info call)
{
	struct subscription *subscription;
	struct sockdup_token_event event;
	napi_value argument, value;
	int failed;

	subscription = subscription_of(env, call, &argument);
	if (!subscription)
		return NULL;
	do
		failed = sockdup_next_event(subscription->kernel, &event);
	while (failed && errno == EINTR);
	if (!failed)
		return describe(env, &event);
	if (errno == EAGAIN)
		return value_undefined(env);
	if (errno != ENOBUFS)
		return value_throw(env, "sockdup_next_event");
	value = value_object(env);
	value_set_text(env, value, "event", "lost");
	return value;
}

/* One at a time: monitor.js sees to it. */
static napi_value wait_for_more(napi_env env, napi_callback_info call)
{
	struct subscription *subscription;
	napi_value callback;

	subscription = subscription_of(env, call, &callback);
	if (!subscription)
		return NULL;
	watcher_wait(&subscription->watcher, UV_READABLE, callback);
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

static bool subscribe(struct subscription *subscription)
{
	int error;

	if (sockdup_subscribe(&subscription->kernel))
		return false;
	if (watcher_poll(&subscription->watcher,
			 sockdup_subscription_fd(subscription->kernel)))
		return true;
	error = errno;
	sockdup_unsubscribe(subscription->kernel);
	errno = error;
	return false;
}

static napi_value construct(napi_env env, napi_callback_info call)
{
	struct subscription *subscription;
	napi_value self;

	if (napi_get_cb_info(env, call, NULL, NULL, &self, NULL))
		return NULL;
	subscription = calloc(1, sizeof(*subscription));
	if (!subscription)
		return value_throw(env, "sockdup_subscribe");
	subscription->watcher.env = env;
	subscription->watcher.end = subscription_end;
	if (!subscribe(subscription)) {
		value_throw(env, "sockdup_subscribe");
		free(subscription);
		return NULL;
	}
	return watcher_wrap(&subscription->watcher, self);
}

napi_value subscription_class(napi_env env)
{
	static const napi_property_descriptor methods[] = {
		{ "next", NULL, take_next, NULL, NULL, NULL, napi_default, NULL },
		{ "wait", NULL, wait_for_more, NULL, NULL, NULL, napi_default, NULL },
		{ "close", NULL, end, NULL, NULL, NULL, napi_default, NULL },
	};
	napi_value class = NULL;

	napi_define_class(env, "Subscription", NAPI_AUTO_LENGTH, construct,
			  NULL, ARRAY_SIZE(methods), methods,
			  &class);
	return class;
}
