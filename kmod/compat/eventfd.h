/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_EVENTFD_H
#define SOCKDUP_COMPAT_EVENTFD_H

#include <linux/compiler.h>
#include <linux/eventfd.h>
#include <linux/sched.h>
#include <linux/types.h>

/* Some kernels also want to know by how much. */
typedef void eventfd_signal_plain(struct eventfd_ctx *ctx);
typedef __u64 eventfd_signal_adding(struct eventfd_ctx *ctx, __u64 count);

static __always_inline void signal_plain(eventfd_signal_plain *signal,
					 struct eventfd_ctx *ctx)
{
	signal(ctx);
}

static __always_inline void signal_adding(eventfd_signal_adding *signal,
					  struct eventfd_ctx *ctx)
{
	signal(ctx, 1);
}

/**
 * sockdup_signal_eventfd - add one to the counter of an eventfd
 * @ctx: held by the caller
 */
static inline void sockdup_signal_eventfd(struct eventfd_ctx *ctx)
{
	__builtin_choose_expr(__same_type(eventfd_signal, eventfd_signal_plain),
			      signal_plain, signal_adding)
		(eventfd_signal, ctx);
}

#endif /* SOCKDUP_COMPAT_EVENTFD_H */
