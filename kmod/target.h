/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_TARGET_H
#define SOCKDUP_TARGET_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/**
 * struct sockdup_target - a process tokens are bound to
 * @node: in the table; covered by the bucket's lock, read under RCU
 * @ref: one for each token and each open handle of the process
 * @pid: the process; owned
 * @death: on @pid's wait queue, from creation until release
 * @work: looks whether the process has ended, and tells its tokens; the release
 *	  waits for it
 * @handles: number of open handles of the process
 * @lock: taken in process context only
 * @dead: the process has ended; no token joins any more; also read without
 *        the lock, as it never turns back
 * @users: the oldest live token of each user, by the user's id; those that know of the
 *	   death have left
 * @turn: the user whose turn it is in the death
 * @token_count: how many are live
 * @rcu: delays the freeing for readers of the table
 */
struct sockdup_target {
	struct hlist_node node;
	refcount_t ref;
	struct pid *pid;
	wait_queue_entry_t death;
	struct work_struct work;
	atomic_t handles;
	spinlock_t lock;		/* covers the next four */
	bool dead;
	struct rb_root users;
	u32 turn;
	unsigned int token_count;
	struct rcu_head rcu;
};

struct sockdup_target *sockdup_target_get(struct pid *pid, gfp_t gfp);
struct sockdup_target *sockdup_target_find(pid_t nr, gfp_t gfp);
struct sockdup_target *sockdup_target_find_pidfd(int fd, gfp_t gfp);
struct sockdup_target *sockdup_target_find_peer(int fd, gfp_t gfp);
void sockdup_target_put(struct sockdup_target *target);

bool sockdup_target_is_users(const struct sockdup_target *target);
int sockdup_target_check_trust(struct sockdup_target *target);

/**
 * sockdup_target_is_current - whether the caller runs as the target
 * @target: held by the caller
 */
static inline bool sockdup_target_is_current(const struct sockdup_target *target)
{
	return target->pid == task_tgid(current);
}

int sockdup_target_init(bool (*died)(struct sockdup_target *target));
void sockdup_target_exit(void);

#endif /* SOCKDUP_TARGET_H */
