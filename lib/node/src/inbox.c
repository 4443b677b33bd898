// SPDX-License-Identifier: LGPL-2.1-or-later
/* Inboxes; see inbox.h. */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "handle.h"
#include "inbox.h"
#include "socket.h"
#include "value.h"

static bool read_options(napi_env env, const napi_value *given,
			 struct sockdup_inbox_options *options)
{
	return value_to_uint(env, given[0], &options->flags) &&
	       value_to_uint(env, given[1], &options->slots) &&
	       value_to_uint(env, given[2], &options->message_size) &&
	       value_to_uint(env, given[3], &options->max_sockets);
}

/* -1 where this has thrown. */
static int open_own(napi_env env, const napi_value *given,
		    struct sockdup_inbox_options *options)
{
	unsigned int *users;
	int fd;

	if (!read_options(env, given, options) ||
	    !value_to_numbers(env, given[4], &users, &options->user_count))
		return -1;
	options->users = options->user_count ? users : NULL;
	fd = sockdup_inbox_open(options);
	if (fd < 0)
		value_throw(env, "sockdup_inbox_open");
	free(users);
	return fd;
}

/* Likewise. */
static int join(napi_env env, napi_value given, struct sockdup_inbox_options *options)
{
	struct sockdup_protocol_info info;
	int fd;

	if (!value_to_info(env, given, &info))
		return -1;
	fd = sockdup_inbox_join(&info, options);
	if (fd < 0)
		value_throw(env, "sockdup_inbox_join");
	return fd;
}

static napi_value construct(napi_env env, napi_callback_info call)
{
	struct handle inbox = { .events = UV_READABLE };
	napi_value given[5], self;
	size_t count = ARRAY_SIZE(given);
	bool joins = false;

	if (napi_get_cb_info(env, call, &count, given, &self, NULL) ||
	    napi_is_buffer(env, given[0], &joins))
		return NULL;
	inbox.fd = joins ? join(env, given[0], &inbox.limits) :
			   open_own(env, given, &inbox.limits);
	if (inbox.fd < 0)
		return NULL;
	inbox.fds = calloc(inbox.limits.max_sockets, sizeof(*inbox.fds));
	inbox.message = malloc(inbox.limits.message_size + 1UL);
	/* Node itself does not live on without memory either. */
	if (!inbox.fds || !inbox.message)
		abort();
	return handle_wrap(env, self, &inbox);
}

/* NULL where JavaScript can make no more values, as in a thread that is ended. */
static napi_value numbers_value(napi_env env, const int *numbers, unsigned int count)
{
	napi_value array, value;
	unsigned int i;

	if (napi_create_array_with_length(env, count, &array))
		return NULL;
	for (i = 0; i < count; i++)
		if (napi_create_int32(env, numbers[i], &value) ||
		    napi_set_element(env, array, i, value))
			return NULL;
	return array;
}

static napi_value message_value(napi_env env, const void *message, size_t size)
{
	napi_value value = NULL;

	napi_create_buffer_copy(env, size, message, NULL, &value);
	return value;
}

/* What was accepted is closed again, unless it is returned. */
static napi_value describe(napi_env env, const struct sockdup_posting *posting,
			   const void *message)
{
	napi_value fds, value;

	fds = numbers_value(env, posting->fds, posting->socket_count);
	if (!fds) {
		socket_close_all(posting->fds, posting->socket_count);
		return NULL;
	}
	value = value_object(env);
	value_set(env, value, "fds", fds);
	value_set_id(env, value, posting->id);
	value_set_cookie(env, value, posting->cookie);
	value_set_identity(env, value, "source", &posting->source);
	value_set(env, value, "message", message_value(env, message, posting->message_size));
	return value;
}

/* Does not wait. With room for the largest post: none can stay for want of it. */
static bool accept_first(const struct handle *inbox, struct sockdup_posting *posting)
{
	struct iovec room = {
		.iov_base = inbox->message,
		.iov_len = inbox->limits.message_size,
	};
	int failed;

	*posting = (struct sockdup_posting){
		.fds = inbox->fds,
		.socket_count = inbox->limits.max_sockets,
		.message = &room,
		.message_count = room.iov_len ? 1 : 0,
	};
	do
		failed = sockdup_accept_set(inbox->fd, posting, SOCK_CLOEXEC);
	while (failed && errno == EINTR);
	posting->message = NULL;
	return !failed && socket_raise_all(posting->fds, posting->socket_count);
}

/* undefined where there is none */
static napi_value take_post(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_accept_set";
	struct sockdup_posting posting;
	struct handle *inbox;

	inbox = handle_of(env, call, 0, NULL, function);
	if (!inbox)
		return NULL;
	if (accept_first(inbox, &posting))
		return describe(env, &posting, inbox->message);
	return errno == EAGAIN ? value_undefined(env) : value_throw(env, function);
}

static napi_value invite(napi_env env, napi_callback_info call)
{
	static const char function[] = "sockdup_inbox_invite";
	struct sockdup_protocol_info info;
	unsigned int flags, ttl;
	struct handle *inbox;
	napi_value given[3];
	int target;

	inbox = handle_of(env, call, 3, given, function);
	if (!inbox || !value_to_int(env, given[0], &target) ||
	    !value_to_uint(env, given[1], &flags) ||
	    !value_to_uint(env, given[2], &ttl))
		return NULL;
	if (sockdup_inbox_invite(inbox->fd, target, flags, ttl, &info))
		return value_throw(env, function);
	return value_info(env, &info);
}

napi_value inbox_class(napi_env env)
{
	static const napi_property_descriptor methods[] = {
		{ "accept", NULL, take_post, NULL, NULL, NULL, napi_default, NULL },
		{ "invite", NULL, invite, NULL, NULL, NULL, napi_default, NULL },
	};

	return handle_class(env, "Inbox", construct, methods, ARRAY_SIZE(methods));
}
