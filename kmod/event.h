/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_EVENT_H
#define SOCKDUP_EVENT_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/wait.h>

struct eventfd_ctx;

/**
 * struct sockdup_event - an eventfd that is set and reset
 * @ref: one for each holder
 * @ctx: the eventfd; the event owns one reference, not of its file
 * @head: the wait queue in @ctx, whose lock covers the counter
 *
 * It is set while the counter is not zero.
 */
struct sockdup_event {
	refcount_t ref;
	struct eventfd_ctx *ctx;
	wait_queue_head_t *head;
};

struct sockdup_event *sockdup_event_get(int fd);
struct sockdup_event *sockdup_event_hold(struct sockdup_event *event);
void sockdup_event_put(struct sockdup_event *event);
bool sockdup_event_may_be_set(void);
void sockdup_event_set(const struct sockdup_event *event);
void sockdup_event_reset(const struct sockdup_event *event);

#endif /* SOCKDUP_EVENT_H */
