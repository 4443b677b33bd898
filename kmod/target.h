/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_TARGET_H
#define SOCKDUP_TARGET_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cgroup.h"

struct sockdup_account;
struct sockdup_inbox;
struct user_namespace;

/**
 * struct sockdup_target - what tokens are bound to: a process, or all that a scope has
 * @node: in the table; covered by the bucket's lock, read under RCU
 * @ref: one for each token and each open handle of the process
 * @pid: the process; with @user_ns, the first process of the pid namespace, which
 *	 ends with it; NULL where neither is; owned
 * @account: NULL where the target is a process. Otherwise the target is a scope, and
 *	     this is of the exporting user; held
 * @user_ns: of a scope, or NULL. The token names a user, and the processes are those
 *	     in this and @pid's namespace; owned
 * @cgroup: of a scope, or NULL. The processes are those in it or below it; owned
 * @place: of a scope, in the account's tree; covered by the account's lock
 * @watch: of a scope that can end, among the account's; covered by the account's lock
 * @look_due: when to look for the removal of @cgroup, and the death of @pid, in
 *	      nanoseconds of CLOCK_BOOTTIME; covered by the account's lock
 * @death: of a process, on the wait queue of @pid from creation until release
 * @work: of a process, looks whether it has ended, and tells its tokens; the release
 *	  waits for it
 * @handles: number of open handles of the process
 * @lock: taken in process context only
 * @dead: the target has ended; no token joins any more; also read without
 *        the lock, as it never turns back
 * @users: the oldest live token of each user, by the user's id; those that know of the
 *	   death have left
 * @turn: the user whose turn it is in the death
 * @token_count: how many are live
 * @inbox: of the process, or NULL; held
 * @inbox_place: among its owners; covered by its lock
 * @rcu: delays the freeing for readers of the table
 */
struct sockdup_target {
	struct hlist_node node;
	refcount_t ref;
	struct pid *pid;
	struct sockdup_account *account;
	struct user_namespace *user_ns;
	struct cgroup *cgroup;
	struct rb_node place;
	struct list_head watch;
	u64 look_due;
	wait_queue_entry_t death;
	struct work_struct work;
	atomic_t handles;
	spinlock_t lock;		/* covers the next five */
	bool dead;
	struct rb_root users;
	u32 turn;
	unsigned int token_count;
	struct sockdup_inbox *inbox;
	struct list_head inbox_place;
	struct rcu_head rcu;
};

struct sockdup_target *sockdup_target_get(struct pid *pid, gfp_t gfp);
struct sockdup_target *sockdup_target_find(pid_t nr, gfp_t gfp);
struct sockdup_target *sockdup_target_find_pidfd(int fd, gfp_t gfp);
struct sockdup_target *sockdup_target_find_peer(int fd, gfp_t gfp);
struct sockdup_target *sockdup_target_find_scope(struct sockdup_account *likely,
						 bool users, struct cgroup *cgroup,
						 gfp_t gfp);
struct sockdup_target *sockdup_target_find_known_users(struct sockdup_account *account,
						       struct pid_namespace *pid_ns,
						       struct user_namespace *user_ns);
struct sockdup_target *sockdup_target_hold(struct sockdup_target *target);
void sockdup_target_put(struct sockdup_target *target);

bool sockdup_target_is_watched(const struct sockdup_target *target);
bool sockdup_target_is_users(const struct sockdup_target *target);
int sockdup_target_check_trust(struct sockdup_target *target, kuid_t user);
void sockdup_target_look_at_scopes(struct sockdup_account *account, u64 now);
u64 sockdup_target_look_due(struct sockdup_account *account);

bool sockdup_target_has_current(const struct sockdup_target *target, kuid_t user);
u32 sockdup_target_flags(const struct sockdup_target *target);
u64 sockdup_target_cgroup_ino(const struct sockdup_target *target, struct cgroup *root);

/**
 * sockdup_target_is_current - whether a token is for the caller
 * @target: of the token, held by the caller
 * @user: of the token, and without meaning where the target has no users
 */
static inline bool sockdup_target_is_current(const struct sockdup_target *target,
					     kuid_t user)
{
	if (target->account)
		return sockdup_target_has_current(target, user);
	return target->pid == task_tgid(current);
}

/**
 * sockdup_target_has_ended - whether a target can have no process any more
 * @target: held by the caller
 *
 * True of a removed cgroup at once, before its tokens are told.
 */
static inline bool sockdup_target_has_ended(const struct sockdup_target *target)
{
	return READ_ONCE(target->dead) ||
	       (unlikely(target->cgroup) && !sockdup_cgroup_is_online(target->cgroup));
}

/**
 * sockdup_target_nr - the number of the target process
 * @target: held by the caller
 * @pid_ns: of the reader
 *
 * Return: the number, or 0 where the process is not visible there, or the target is
 * not one process.
 */
static inline pid_t sockdup_target_nr(const struct sockdup_target *target,
				      struct pid_namespace *pid_ns)
{
	return target->account ? 0 : pid_nr_ns(target->pid, pid_ns);
}

void sockdup_target_set_inbox_died(void (*died)(struct sockdup_target *target));
int sockdup_target_init(bool (*died)(struct sockdup_target *target));
void sockdup_target_exit(void);

#endif /* SOCKDUP_TARGET_H */
