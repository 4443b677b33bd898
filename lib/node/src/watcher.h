/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An object of the library whose descriptor libuv polls, with the object of JavaScript
 * that stands for it. Nothing blocks the loop: one function at a time waits until the
 * descriptor is ready, and is called once.
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

/**
 * watcher_wait - have a function called once the descriptor is ready
 * @watcher: polled by libuv
 * @events: UV_READABLE or UV_WRITABLE; an error makes it ready as well
 * @callback: is not called if another waits, or if the wait is stopped or @watcher closed
 */
void watcher_wait(struct watcher *watcher, int events, napi_value callback);

/* Wait no longer. Without a wait it is harmless. */
void watcher_stop(struct watcher *watcher);

/* Whether a wait keeps the loop alive, which it does at first. */
void watcher_keep_alive(struct watcher *watcher, bool keeps);

/* Again is harmless. */
void watcher_close(struct watcher *watcher);

#endif /* SOCKDUP_NODE_WATCHER_H */
