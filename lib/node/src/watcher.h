/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An object of the library whose descriptor libuv polls, with the object of JavaScript
 * that stands for it. Nothing blocks the loop: one function at a time waits until the
 * descriptor is readable, and is called once.
 *
 * A struct that is on the heap has it as its first member. The object of JavaScript owns
 * it, and so does libuv until it has closed the poll handle: the last of the two frees it.
 */
#ifndef SOCKDUP_NODE_WATCHER_H
#define SOCKDUP_NODE_WATCHER_H

#include <stdbool.h>

#include <node_api.h>
#include <uv.h>

struct watcher {
	void (*end)(struct watcher *watcher);	/* ends the library's; NULL afterwards */
	napi_env env;
	napi_async_cleanup_hook_handle hook;
	napi_ref callback;		/* of watcher_wait(), or NULL */
	uv_poll_t poll;
	bool owned;			/* by the object of JavaScript */
	bool polled;			/* by libuv */
};

/**
 * watcher_poll - let libuv poll a descriptor, which this makes non-blocking
 * @watcher: its environment is set, and nothing else need be
 * @fd: open until @end is called
 *
 * Return: false with errno.
 */
bool watcher_poll(struct watcher *watcher, int fd);

/**
 * watcher_wrap - give it to the object of JavaScript
 * @watcher: with its environment and @end
 * @self: the object
 *
 * Return: @self, or NULL, and then @watcher is gone.
 */
napi_value watcher_wrap(struct watcher *watcher, napi_value self);

/**
 * watcher_of - that of the object whose method is called
 * @env: the environment
 * @call: the call
 * @argument: filled with the call's first
 *
 * Return: NULL where the object has none. One that is closed has no @end.
 */
struct watcher *watcher_of(napi_env env, napi_callback_info call, napi_value *argument);

/* Has @callback called once @fd is readable, unless another waits or it is closed before. */
void watcher_wait(struct watcher *watcher, napi_value callback);

/* Again is harmless. */
void watcher_close(struct watcher *watcher);

#endif /* SOCKDUP_NODE_WATCHER_H */
