/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A handle of the device that is an inbox or bound to one: what the two have in common. */
#ifndef SOCKDUP_NODE_HANDLE_H
#define SOCKDUP_NODE_HANDLE_H

#include <sockdup.h>

#include "watcher.h"

/* On the heap, as its watcher. */
struct handle {
	struct watcher watcher;		/* whose end closes @fd, and frees the room */
	int fd;
	int events;			/* that a wait is for, as libuv has them */
	struct sockdup_inbox_options limits;	/* the inbox's */
	int *fds;			/* of an inbox: room for the sockets of a post */
	void *message;			/* and for its message */
};

/**
 * handle_wrap - give a handle to the object of JavaScript, which gets its limits
 * @env: the environment
 * @self: the object
 * @handle: all but its watcher is filled
 *
 * Return: @self; or NULL, and then this has thrown, and @handle is gone.
 */
napi_value handle_wrap(napi_env env, napi_value self, const struct handle *handle);

/**
 * handle_of - that of the object whose method is called
 * @env: the environment
 * @call: the call
 * @count: of its arguments
 * @given: filled with them
 * @function: the library's, for an error
 *
 * Return: NULL once it is closed, and then this has thrown.
 */
struct handle *handle_of(napi_env env, napi_callback_info call, size_t count,
			 napi_value *given, const char *function);

/* More than the class of either has of its own. */
#define HANDLE_OWN_METHODS	4

/**
 * handle_class - make the class of such an object
 * @env: the environment
 * @name: of the class
 * @construct: which calls handle_wrap()
 * @own: methods, besides revoke(id); wait(callback), one at a time; and these, which do nothing
 *       once it is closed: stop(), keepAlive(whether a wait keeps the loop alive), close()
 * @count: how many there are, at most HANDLE_OWN_METHODS
 *
 * Return: the class.
 */
napi_value handle_class(napi_env env, const char *name, napi_callback construct,
			const napi_property_descriptor *own, size_t count);

#endif /* SOCKDUP_NODE_HANDLE_H */
