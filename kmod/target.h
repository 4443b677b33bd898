/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_TARGET_H
#define SOCKDUP_TARGET_H

#include <linux/llist.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/wait.h>

/**
 * struct sockdup_target - a process that tokens are bound to
 * @node: in the table; covered by the bucket's lock, read under RCU
 * @ref: one for each token, each open handle of the process, each handle that
 *       was last used to export to it, and each hint that waits to be looked
 *       at; the table owns none
 * @pid: the process; owned
 * @death: on @pid's wait queue, from creation until release
 * @hinted: true while @hint is on the list of targets to look at, and for good once
 *          one that has died has been taken off that
 * @hint: links the targets that may have died, and then those that have
 * @handles: number of open handles of the process
 * @lock: taken in process context only
 * @dead: the process has ended; no token joins any more; also read without
 *        the lock, as it never turns back
 * @tokens: by deadline
 * @token_count: how many
 * @rcu: delays the freeing for readers of the table
 */
struct sockdup_target {
	struct hlist_node node;
	refcount_t ref;
	struct pid *pid;
	wait_queue_entry_t death;
	atomic_t hinted;
	struct llist_node hint;
	atomic_t handles;
	spinlock_t lock;		/* covers the next three */
	bool dead;
	struct timerqueue_head tokens;
	unsigned int token_count;
	struct rcu_head rcu;
};

struct sockdup_target *sockdup_target_get(struct pid *pid);
struct sockdup_target *sockdup_target_find(pid_t nr);
struct sockdup_target *
sockdup_target_find_again(pid_t nr, struct sockdup_target __rcu **last);
void sockdup_target_forget(struct sockdup_target __rcu **last);
struct sockdup_target *sockdup_target_find_peer(int fd);
void sockdup_target_put(struct sockdup_target *target);

int sockdup_target_check_trust(struct sockdup_target *target);

/**
 * sockdup_target_is_current - whether the caller runs as the target
 * @target: held by the caller
 */
static inline bool sockdup_target_is_current(const struct sockdup_target *target)
{
	return target->pid == task_tgid(current);
}

int __must_check sockdup_target_add(struct sockdup_target *target,
				    struct timerqueue_node *node);
void sockdup_target_remove(struct sockdup_target *target,
			   struct timerqueue_node *node);

struct sockdup_target *sockdup_target_next(unsigned int *bucket,
					   struct sockdup_target *previous);

int sockdup_target_init(bool (*died)(struct sockdup_target *target));
void sockdup_target_flush(void);
void sockdup_target_exit(void);

#endif /* SOCKDUP_TARGET_H */
