// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A subscription; see subscription.h. The object of JavaScript owns it, and so
 * does libuv until it has closed the poll handle: the last of the two frees it.
 */

#include <errno.h>
#include <stdlib.h>

#include <uv.h>

#include "subscription.h"
#include "value.h"

struct subscription {
	struct sockdup_subscription *kernel;
	napi_env env;
	napi_async_cleanup_hook_handle hook;
	napi_ref callback;		/* of wait(), or NULL */
	uv_poll_t poll;
	bool owned;			/* by the object of JavaScript */
	bool polled;			/* by libuv */
};

/* In the order of enum sockdup_token_happening. */
static const char *const happenings[] = {
	"exported", "imported", "revoked", "expired", "handle-closed",
	"target-died",
};

/* No value of JavaScript may be touched here: the environment can be gone. */
static void closed(uv_handle_t *poll)
{
	struct subscription *subscription = poll->data;

	napi_remove_async_cleanup_hook(subscription->hook);
	subscription->polled = false;
	if (!subscription->owned)
		free(subscription);
}

static void subscription_close(struct subscription *subscription)
{
	if (!subscription->kernel)
		return;
	uv_close((uv_handle_t *)&subscription->poll, closed);
	sockdup_unsubscribe(subscription->kernel);
	subscription->kernel = NULL;
	if (subscription->callback)
		napi_delete_reference(subscription->env,
				      subscription->callback);
	subscription->callback = NULL;
}

/* The environment ends, and waits until the hook is removed. */
static void environment_ends(napi_async_cleanup_hook_handle hook, void *context)
{
	(void)hook;
	subscription_close(context);
}

/* The object is gone. */
static void disown(napi_env env, void *data, void *hint)
{
	struct subscription *subscription = data;

	(void)env;
	(void)hint;
	subscription_close(subscription);
	subscription->owned = false;
	if (!subscription->polled)
		free(subscription);
}

static struct subscription *subscription_of(napi_env env,
					    napi_callback_info call,
					    napi_value *argument)
{
	struct subscription *subscription = NULL;
	napi_value self;
	size_t count = 1;

	if (napi_get_cb_info(env, call, &count, argument, &self, NULL) ||
	    napi_unwrap(env, self, (void **)&subscription))
		return NULL;
	if (subscription->kernel)
		return subscription;
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
	if (event->target_flags & SOCKDUP_EXPORT_TO_USER)
		value_set_number(env, value, "targetUid", event->target_uid);
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

/* The callback settles a promise, and does not throw. */
static void readable(uv_poll_t *poll, int status, int events)
{
	struct subscription *subscription = poll->data;
	napi_env env = subscription->env;
	napi_value callback, self;
	napi_handle_scope scope;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	if (napi_open_handle_scope(env, &scope))
		return;
	napi_get_reference_value(env, subscription->callback, &callback);
	napi_delete_reference(env, subscription->callback);
	subscription->callback = NULL;
	napi_get_global(env, &self);
	napi_make_callback(env, NULL, self, callback, 0, NULL, NULL);
	napi_close_handle_scope(env, scope);
}

/* One at a time: monitor.js sees to it. */
static napi_value wait_for_more(napi_env env, napi_callback_info call)
{
	struct subscription *subscription;
	napi_value callback;
	napi_ref reference;

	subscription = subscription_of(env, call, &callback);
	if (!subscription || subscription->callback ||
	    napi_create_reference(env, callback, 1, &reference))
		return NULL;
	subscription->callback = reference;
	uv_poll_start(&subscription->poll, UV_READABLE, readable);
	return value_undefined(env);
}

/* Again is harmless. */
static napi_value end(napi_env env, napi_callback_info call)
{
	struct subscription *subscription;
	napi_value self;

	if (napi_get_cb_info(env, call, NULL, NULL, &self, NULL) ||
	    napi_unwrap(env, self, (void **)&subscription))
		return NULL;
	subscription_close(subscription);
	return value_undefined(env);
}

/*
 * With the poll handle that waits for it, which also makes the descriptor
 * non-blocking; false with errno.
 */
static bool subscribe(struct subscription *subscription)
{
	struct uv_loop_s *loop;
	int fd, error;

	if (napi_get_uv_event_loop(subscription->env, &loop)) {
		errno = ENOMEM;
		return false;
	}
	if (sockdup_subscribe(&subscription->kernel))
		return false;
	fd = sockdup_subscription_fd(subscription->kernel);
	error = uv_poll_init(loop, &subscription->poll, fd);
	if (error) {
		sockdup_unsubscribe(subscription->kernel);
		errno = -error;
		return false;
	}
	subscription->poll.data = subscription;
	subscription->polled = true;
	return true;
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
	subscription->env = env;
	if (!subscribe(subscription)) {
		value_throw(env, "sockdup_subscribe");
		free(subscription);
		return NULL;
	}
	subscription->owned = true;
	napi_add_async_cleanup_hook(env, environment_ends, subscription,
				    &subscription->hook);
	if (napi_wrap(env, self, subscription, disown, NULL, NULL)) {
		subscription->owned = false;
		subscription_close(subscription);
		return NULL;
	}
	return self;
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
