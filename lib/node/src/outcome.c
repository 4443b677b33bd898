// SPDX-License-Identifier: LGPL-2.1-or-later
/* Outcomes; see outcome.h. */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <uv.h>

#include "outcome.h"
#include "value.h"

/* An outcome that another environment's thread has read. */
struct mail {
	struct mail *next;
	struct sockdup_outcome outcome;
};

/*
 * One of an environment. It is libuv's until both handles are closed, which the end
 * of the environment brings about. @next and the mail belong to the lock.
 */
struct outcomes {
	struct outcomes *next;
	struct mail *first;
	struct mail **last;
	napi_env env;
	napi_async_cleanup_hook_handle hook;
	napi_ref callback;
	uv_poll_t poll;
	uv_async_t mailed;
	int handles;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct outcomes *all;

/* From enum sockdup_outcome_kind, whose first is 1. */
static const char *const kinds[] = {
	"imported", "revoked", "declined", "expired", "target-died",
};

static void post(struct outcomes *outcomes, const struct sockdup_outcome *outcome)
{
	struct mail *mail = malloc(sizeof(*mail));

	/* Node itself does not live on without memory either. */
	if (!mail)
		abort();
	mail->next = NULL;
	mail->outcome = *outcome;
	*outcomes->last = mail;
	outcomes->last = &mail->next;
	uv_async_send(&outcomes->mailed);
}

static void post_to_others(const struct outcomes *reader,
			   const struct sockdup_outcome *outcome)
{
	struct outcomes *other;

	pthread_mutex_lock(&lock);
	for (other = all; other; other = other->next)
		if (other != reader)
			post(other, outcome);
	pthread_mutex_unlock(&lock);
}

static struct mail *take_mail(struct outcomes *outcomes)
{
	struct mail *mail;

	pthread_mutex_lock(&lock);
	mail = outcomes->first;
	outcomes->first = NULL;
	outcomes->last = &outcomes->first;
	pthread_mutex_unlock(&lock);
	return mail;
}

static void enlist(struct outcomes *outcomes)
{
	pthread_mutex_lock(&lock);
	outcomes->next = all;
	all = outcomes;
	pthread_mutex_unlock(&lock);
}

/* Nobody posts to it from now on. */
static void strike_off(struct outcomes *outcomes)
{
	struct outcomes **place = &all;

	pthread_mutex_lock(&lock);
	while (*place != outcomes)
		place = &(*place)->next;
	*place = outcomes->next;
	pthread_mutex_unlock(&lock);
}

static napi_value describe(napi_env env, const struct sockdup_outcome *outcome)
{
	napi_value value = value_object(env);
	unsigned int kind = outcome->kind - 1;

	value_set_id(env, value, outcome->id);
	value_set_text(env, value, "kind",
		       kind < ARRAY_SIZE(kinds) ? kinds[kind] : "other");
	if (outcome->kind == SOCKDUP_OUTCOME_IMPORTED) {
		value_set_number(env, value, "pid", outcome->pid);
		value_set_number(env, value, "uid", outcome->uid);
	}
	value_set_number(env, value, "when", outcome->when_ns / 1e6);
	return value;
}

static napi_value error_of_read(napi_env env, int number)
{
	napi_value error = NULL;

	errno = number;
	value_throw(env, "sockdup_outcome_next");
	napi_get_and_clear_last_exception(env, &error);
	return error;
}

/* @outcome is NULL where @number, an errno, tells why there is none. */
static void tell(struct outcomes *outcomes, const struct sockdup_outcome *outcome,
		 int number)
{
	napi_env env = outcomes->env;
	napi_value arguments[2], callback;
	napi_handle_scope scope;

	if (napi_open_handle_scope(env, &scope))
		return;
	arguments[0] = outcome ? describe(env, outcome) : value_undefined(env);
	arguments[1] = outcome ? value_undefined(env) : error_of_read(env, number);
	napi_get_reference_value(env, outcomes->callback, &callback);
	value_call(env, callback, 2, arguments);
	napi_close_handle_scope(env, scope);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct outcomes *outcomes = poll->data;
	struct sockdup_outcome outcome;
	int result;

	(void)status;
	(void)events;
	while ((result = sockdup_outcome_next(&outcome, 0)) > 0) {
		post_to_others(outcomes, &outcome);
		tell(outcomes, &outcome, 0);
	}
	if (result < 0 && errno != EAGAIN && errno != EINTR)
		tell(outcomes, NULL, errno);
}

static void mailed(uv_async_t *async)
{
	struct outcomes *outcomes = async->data;
	struct mail *mail = take_mail(outcomes);
	struct mail *next;

	for (; mail; mail = next) {
		next = mail->next;
		tell(outcomes, &mail->outcome, 0);
		free(mail);
	}
}

/* No value of JavaScript may be touched here: the environment can be gone. */
static void closed(uv_handle_t *handle)
{
	struct outcomes *outcomes = handle->data;
	struct mail *mail, *next;

	if (--outcomes->handles)
		return;
	if (outcomes->hook)
		napi_remove_async_cleanup_hook(outcomes->hook);
	for (mail = outcomes->first; mail; mail = next) {
		next = mail->next;
		free(mail);
	}
	free(outcomes);
}

/* The environment ends, and waits until the hook is removed. */
static void environment_ends(napi_async_cleanup_hook_handle hook, void *context)
{
	struct outcomes *outcomes = context;

	(void)hook;
	strike_off(outcomes);
	napi_delete_reference(outcomes->env, outcomes->callback);
	uv_close((uv_handle_t *)&outcomes->poll, closed);
	uv_close((uv_handle_t *)&outcomes->mailed, closed);
}

/*
 * With its two handles; false with errno. The one for mail does not keep the loop alive:
 * whoever waits polls as well.
 */
static bool outcomes_open(struct outcomes *outcomes)
{
	struct uv_loop_s *loop;
	int fd, error;

	if (napi_get_uv_event_loop(outcomes->env, &loop)) {
		errno = ENOMEM;
		return false;
	}
	fd = sockdup_open();
	if (fd < 0)
		return false;
	outcomes->mailed.data = outcomes;
	outcomes->poll.data = outcomes;
	error = uv_async_init(loop, &outcomes->mailed, mailed);
	if (!error) {
		outcomes->handles++;
		uv_unref((uv_handle_t *)&outcomes->mailed);
		error = uv_poll_init(loop, &outcomes->poll, fd);
	}
	if (!error)
		outcomes->handles++;
	errno = -error;
	return !error;
}

static void outcomes_abandon(struct outcomes *outcomes)
{
	if (outcomes->handles)
		uv_close((uv_handle_t *)&outcomes->mailed, closed);
	else
		free(outcomes);
}

static napi_value construct(napi_env env, napi_callback_info call)
{
	struct outcomes *outcomes;
	napi_value self, callback;
	size_t count = 1;

	if (napi_get_cb_info(env, call, &count, &callback, &self, NULL))
		return NULL;
	outcomes = calloc(1, sizeof(*outcomes));
	if (!outcomes)
		return value_throw(env, "sockdup_open");
	outcomes->env = env;
	outcomes->last = &outcomes->first;
	if (!outcomes_open(outcomes)) {
		value_throw(env, "sockdup_open");
		outcomes_abandon(outcomes);
		return NULL;
	}
	napi_create_reference(env, callback, 1, &outcomes->callback);
	napi_add_async_cleanup_hook(env, environment_ends, outcomes,
				    &outcomes->hook);
	enlist(outcomes);
	napi_wrap(env, self, outcomes, NULL, NULL, NULL);
	return self;
}

static struct outcomes *outcomes_of(napi_env env, napi_callback_info call)
{
	struct outcomes *outcomes = NULL;
	napi_value self;

	if (napi_get_cb_info(env, call, NULL, NULL, &self, NULL) ||
	    napi_unwrap(env, self, (void **)&outcomes))
		return NULL;
	return outcomes;
}

static napi_value start(napi_env env, napi_callback_info call)
{
	struct outcomes *outcomes = outcomes_of(env, call);

	if (outcomes)
		uv_poll_start(&outcomes->poll, UV_READABLE, readable);
	return value_undefined(env);
}

static napi_value stop(napi_env env, napi_callback_info call)
{
	struct outcomes *outcomes = outcomes_of(env, call);

	if (outcomes)
		uv_poll_stop(&outcomes->poll);
	return value_undefined(env);
}

napi_value outcome_class(napi_env env)
{
	static const napi_property_descriptor methods[] = {
		{ "start", NULL, start, NULL, NULL, NULL, napi_default, NULL },
		{ "stop", NULL, stop, NULL, NULL, NULL, napi_default, NULL },
	};
	napi_value class = NULL;

	napi_define_class(env, "Outcomes", NAPI_AUTO_LENGTH, construct, NULL,
			  ARRAY_SIZE(methods), methods, &class);
	return class;
}

napi_value outcome_token_id(napi_env env, napi_callback_info call)
{
	struct sockdup_protocol_info info;
	napi_value given;
	__u64 id;

	if (!value_arguments(env, call, 1, &given) ||
	    !value_to_info(env, given, &info))
		return NULL;
	id = sockdup_info_id(&info);
	return id ? value_id(env, id) : value_undefined(env);
}
