/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_EVENTFD_H
#define SOCKDUP_EVENTFD_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/wait.h>

struct eventfd_ctx;

/**
 * struct sockdup_eventfd - an event object
 * @ref: one for each holder
 * @ctx: the eventfd; owns one reference of it, and none of its file
 * @head: the wait queue in @ctx; its lock covers the counter
 *
 * It is set while the counter is above zero.
 */
struct sockdup_eventfd {
	refcount_t ref;
	struct eventfd_ctx *ctx;
	wait_queue_head_t *head;
};

struct sockdup_eventfd *sockdup_eventfd_get(int fd);
struct sockdup_eventfd *sockdup_eventfd_hold(struct sockdup_eventfd *eventfd);
void sockdup_eventfd_put(struct sockdup_eventfd *eventfd);
bool sockdup_eventfd_may_be_set(void);
void sockdup_eventfd_set(const struct sockdup_eventfd *eventfd);
void sockdup_eventfd_reset(const struct sockdup_eventfd *eventfd);

#endif /* SOCKDUP_EVENTFD_H */
