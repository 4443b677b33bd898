// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process tokens are bound to. There is at most one usable record of a
 * process, found by its struct pid, so a recycled number finds nothing. A
 * record exists while the process has a token or an open handle, or is the one
 * that a handle was last used to export to; it notices the death of the process,
 * which is the exit of its last thread.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/moduleparam.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "target.h"

#define TARGET_TABLE_BITS	10

static unsigned int max_per_target = 65536;
module_param(max_per_target, uint, 0644);
MODULE_PARM_DESC(max_per_target,
		 "tokens that may wait for a process of another user, CAP_SYS_RESOURCE exempt (65536)");

struct target_bucket {
	spinlock_t lock;		/* additions to and removals from @head */
	struct hlist_head head;
};

static struct target_bucket target_table[1 << TARGET_TABLE_BITS];

/* Targets that a wake-up has called dead, each with a reference. */
static LLIST_HEAD(target_hints);
static void target_look(struct work_struct *work);
static DECLARE_WORK(target_look_work, target_look);
static struct workqueue_struct *target_queue;
static bool (*target_died)(struct sockdup_target *target);

static struct target_bucket *target_bucket(const struct pid *pid)
{
	return &target_table[hash_ptr(pid, TARGET_TABLE_BITS)];
}

/* Caller is in an RCU read section or holds the bucket lock. */
static struct sockdup_target *target_lookup(struct target_bucket *bucket,
					    const struct pid *pid)
{
	struct sockdup_target *target;

	hlist_for_each_entry_rcu(target, &bucket->head, node,
				 lockdep_is_held(&bucket->lock))
		if (target->pid == pid && refcount_inc_not_zero(&target->ref))
			return target;
	return NULL;
}

/*
 * A leader that exits before its other threads is a zombie in a group that
 * is not empty. execve() by another thread replaces the leader in one step.
 */
static bool target_is_dead(struct pid *pid)
{
	struct task_struct *leader;
	bool dead;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	dead = !leader ||
	       (READ_ONCE(leader->exit_state) && thread_group_empty(leader));
	rcu_read_unlock();
	return dead;
}

/*
 * Look at one that may have died: true where it has, and is the caller's to go on
 * with. Its hint is then set for good, so that nobody links it again.
 */
static bool target_has_died(struct sockdup_target *target)
{
	/* Cleared before the look: a later wake-up hints again. */
	atomic_xchg(&target->hinted, 0);
	if (!target_is_dead(target->pid))
		return false;
	spin_lock(&target->lock);
	WRITE_ONCE(target->dead, true);
	spin_unlock(&target->lock);
	return !atomic_xchg(&target->hinted, 1);
}

/* Add to @dead those of the hinted that are. */
static void target_look_at_hints(struct llist_head *dead)
{
	struct llist_node *hints = llist_del_all(&target_hints);
	struct sockdup_target *target, *next;

	llist_for_each_entry_safe(target, next, hints, hint) {
		if (target_has_died(target))
			__llist_add(&target->hint, dead);
		else
			sockdup_target_put(target);
		cond_resched();
	}
}

/* Each of the dead has a turn, and leaves the list with its last. */
static void target_let_die(struct llist_head *dead)
{
	struct llist_node *turn = __llist_del_all(dead);
	struct sockdup_target *target, *next;

	llist_for_each_entry_safe(target, next, turn, hint) {
		if (target_died(target))
			__llist_add(&target->hint, dead);
		else
			sockdup_target_put(target);
		cond_resched();
	}
}

/* Who dies meanwhile waits for no more than a turn of each. */
static void target_look(struct work_struct *work)
{
	LLIST_HEAD(dead);

	do {
		target_look_at_hints(&dead);
		target_let_die(&dead);
	} while (!llist_empty(&dead));
}

/*
 * Runs with tasklist_lock and the wait queue's lock held and interrupts off.
 * A wake-up may come early, or twice: it is a hint, and the worker looks.
 */
static int target_wake(wait_queue_entry_t *death, unsigned int mode, int sync,
		       void *key)
{
	struct sockdup_target *target =
		container_of(death, struct sockdup_target, death);

	if (atomic_xchg(&target->hinted, 1))
		return 0;
	/* At zero the release waits for our caller's lock to take us off. */
	if (!refcount_inc_not_zero(&target->ref))
		return 0;
	llist_add(&target->hint, &target_hints);
	queue_work(target_queue, &target_look_work);
	return 0;
}

static void target_release(struct sockdup_target *target)
{
	struct target_bucket *bucket = target_bucket(target->pid);

	remove_wait_queue(&target->pid->wait_pidfd, &target->death);
	spin_lock(&bucket->lock);
	if (!hlist_unhashed(&target->node))
		hlist_del_init_rcu(&target->node);
	spin_unlock(&bucket->lock);
	put_pid(target->pid);
	kfree_rcu(target, rcu);
}

static struct sockdup_target *target_new(struct pid *pid)
{
	struct sockdup_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return ERR_PTR(-ENOMEM);
	INIT_HLIST_NODE(&target->node);
	refcount_set(&target->ref, 1);
	target->pid = get_pid(pid);
	spin_lock_init(&target->lock);
	timerqueue_init_head(&target->tokens);
	init_waitqueue_func_entry(&target->death, target_wake);

	/* On the queue first, then the look: no death falls between. */
	add_wait_queue(&pid->wait_pidfd, &target->death);
	if (target_is_dead(pid)) {
		sockdup_target_put(target);
		return ERR_PTR(-ESRCH);
	}
	return target;
}

/**
 * sockdup_target_get - find or make the record of a process
 * @pid: the process, referenced by the caller
 *
 * Return: a held target; ERR_PTR(-ESRCH) where the process has ended;
 * ERR_PTR(-ENOMEM).
 */
struct sockdup_target *sockdup_target_get(struct pid *pid)
{
	struct target_bucket *bucket = target_bucket(pid);
	struct sockdup_target *target, *fresh;

	rcu_read_lock();
	target = target_lookup(bucket, pid);
	rcu_read_unlock();
	if (target)
		return target;

	fresh = target_new(pid);
	if (IS_ERR(fresh))
		return fresh;

	spin_lock(&bucket->lock);
	target = target_lookup(bucket, pid);
	if (!target)
		hlist_add_head_rcu(&fresh->node, &bucket->head);
	spin_unlock(&bucket->lock);
	if (!target)
		return fresh;
	sockdup_target_put(fresh);
	return target;
}

/**
 * sockdup_target_put - let go of a target
 * @target: held by the caller
 *
 * Context: process context, no lock of this object held.
 */
void sockdup_target_put(struct sockdup_target *target)
{
	if (refcount_dec_and_test(&target->ref))
		target_release(target);
}

/* Whether a process of this pid can be a target. */
static int target_check(struct pid *pid)
{
	struct task_struct *leader;
	int err = 0;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader)
		err = leader->flags & PF_KTHREAD ? -ESRCH : 0;
	else
		err = pid_task(pid, PIDTYPE_PID) ? -EINVAL : -ESRCH;
	rcu_read_unlock();
	return err ?: target_is_dead(pid) ? -ESRCH : 0;
}

/* Consumes the caller's reference of @pid, which may be NULL. */
static struct sockdup_target *target_of(struct pid *pid)
{
	struct sockdup_target *target;
	int err;

	if (!pid)
		return ERR_PTR(-ESRCH);
	err = target_check(pid);
	target = err ? ERR_PTR(err) : sockdup_target_get(pid);
	put_pid(pid);
	return target;
}

/**
 * sockdup_target_find - the target that a caller names by number
 * @nr: process id in the caller's pid namespace
 *
 * Return: a held target; ERR_PTR(-EINVAL) where @nr is not above zero or is a
 * thread that does not lead its process; ERR_PTR(-ESRCH) where there is no
 * such process, it has ended, or it is a kernel thread; ERR_PTR(-ENOMEM).
 */
struct sockdup_target *sockdup_target_find(pid_t nr)
{
	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	return target_of(find_get_pid(nr));
}

/* Whether a number still names a target for the caller, and it has not ended. */
static bool target_is_named(const struct sockdup_target *target, pid_t nr)
{
	struct task_struct *leader;

	/* A number is not given to another as long as a process has it. */
	leader = pid_task(target->pid, PIDTYPE_TGID);
	return leader && !READ_ONCE(leader->exit_state) &&
	       pid_vnr(target->pid) == nr;
}

static struct sockdup_target *target_recall(pid_t nr,
					    struct sockdup_target __rcu **last)
{
	struct sockdup_target *target;
	bool named;

	rcu_read_lock();
	target = rcu_dereference(*last);
	if (target && !refcount_inc_not_zero(&target->ref))
		target = NULL;
	named = target && target_is_named(target, nr);
	rcu_read_unlock();
	if (named)
		return target;
	if (target)
		sockdup_target_put(target);
	return NULL;
}

static void target_replace(struct sockdup_target __rcu **last,
			   struct sockdup_target *target)
{
	struct sockdup_target *previous;

	previous = unrcu_pointer(xchg(last, RCU_INITIALIZER(target)));
	if (previous)
		sockdup_target_put(previous);
}

/**
 * sockdup_target_forget - let go of what was remembered
 * @last: see sockdup_target_find_again()
 */
void sockdup_target_forget(struct sockdup_target __rcu **last)
{
	target_replace(last, NULL);
}

/**
 * sockdup_target_find_again - the target that a caller names by number, and is
 *			       likely to have named the last time
 * @nr: process id in the caller's pid namespace
 * @last: the target of the last time, held, or NULL; replaced
 *
 * Return: as sockdup_target_find().
 */
struct sockdup_target *
sockdup_target_find_again(pid_t nr, struct sockdup_target __rcu **last)
{
	struct sockdup_target *target;

	/* Who is not visible to the caller has the number 0. */
	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	target = target_recall(nr, last);
	if (target)
		return target;
	sockdup_target_forget(last);
	target = sockdup_target_find(nr);
	if (!IS_ERR(target)) {
		refcount_inc(&target->ref);
		target_replace(last, target);
	}
	return target;
}

/*
 * The process that the kernel recorded as a socket's peer, referenced. For one
 * that listens it recorded who does, for those who will connect to it.
 */
static struct pid *target_peer(struct sock *sk)
{
	struct pid *pid;

	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return NULL;
	spin_lock(&sk->sk_peer_lock);
	pid = get_pid(sk->sk_peer_pid);
	spin_unlock(&sk->sk_peer_lock);
	return pid;
}

/**
 * sockdup_target_find_peer - the target that a caller names by a socket
 * @fd: the caller's descriptor of a connected AF_UNIX socket
 *
 * Return: a held target, or one of the errors of sockdup_target_find();
 * ERR_PTR(-EBADF), ERR_PTR(-ENOTSOCK); ERR_PTR(-EINVAL) where the socket is of
 * another family; ERR_PTR(-ENOTCONN) where it has no peer.
 */
struct sockdup_target *sockdup_target_find_peer(int fd)
{
	struct sockdup_target *target;
	struct socket *sock;
	struct pid *pid;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return ERR_PTR(err);
	if (sock->sk->sk_family != AF_UNIX) {
		target = ERR_PTR(-EINVAL);
	} else {
		pid = target_peer(sock->sk);
		target = pid ? target_of(pid) : ERR_PTR(-ENOTCONN);
	}
	sockfd_put(sock);
	return target;
}

/* 0 where the process runs as @uid; -EPERM where as another; -ESRCH. */
static int target_check_user(struct sockdup_target *target, kuid_t uid)
{
	struct task_struct *task;
	int err = -ESRCH;

	rcu_read_lock();
	task = pid_task(target->pid, PIDTYPE_TGID);
	if (task)
		err = uid_eq(task_uid(task), uid) ? 0 : -EPERM;
	rcu_read_unlock();
	return err;
}

/**
 * sockdup_target_check_trust - whether the caller may make the target wait
 * @target: held by the caller
 *
 * A process that has the device open expects tokens, and one of the caller's
 * own user is the caller's to burden. Any other could be made to keep a
 * stranger's port in use.
 *
 * Return: 0; -EPERM; -ESRCH where the target has ended.
 */
int sockdup_target_check_trust(struct sockdup_target *target)
{
	if (atomic_read(&target->handles))
		return 0;
	return target_check_user(target, current_uid());
}

/**
 * sockdup_target_add - bind a token to its target
 * @target: held by the token; its lock is held by the caller
 * @node: the token's, with its deadline
 *
 * The target's own user is not bound by the cap: strangers could use it up.
 *
 * Return: 0; -ESRCH where the target has ended; -ENOBUFS where too many
 * tokens wait for it.
 */
int sockdup_target_add(struct sockdup_target *target,
		       struct timerqueue_node *node)
{
	lockdep_assert_held(&target->lock);

	if (target->dead)
		return -ESRCH;
	if (target->token_count >= READ_ONCE(max_per_target) &&
	    target_check_user(target, current_uid()) &&
	    !ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
		return -ENOBUFS;
	target->token_count++;
	timerqueue_add(&target->tokens, node);
	return 0;
}

/**
 * sockdup_target_remove - unbind a token from its target
 * @target: held by the token; its lock is held by the caller
 * @node: added before
 */
void sockdup_target_remove(struct sockdup_target *target,
			   struct timerqueue_node *node)
{
	lockdep_assert_held(&target->lock);

	timerqueue_del(&target->tokens, node);
	target->token_count--;
}

/**
 * sockdup_target_next - walk over all targets
 * @bucket: the walk's place, zero at first
 * @previous: what the last step returned, NULL at first; its hold is consumed
 *
 * Targets that come during the walk may be missed.
 *
 * Return: a held target, or NULL at the end.
 */
struct sockdup_target *sockdup_target_next(unsigned int *bucket,
					   struct sockdup_target *previous)
{
	struct sockdup_target *target = previous;

	rcu_read_lock();
	/* A held target is in the table, so its successor is, too. */
	if (target)
		hlist_for_each_entry_continue_rcu(target, node)
			if (refcount_inc_not_zero(&target->ref))
				goto out;
	for (*bucket += !!previous; *bucket < ARRAY_SIZE(target_table); ++*bucket)
		hlist_for_each_entry_rcu(target, &target_table[*bucket].head, node)
			if (refcount_inc_not_zero(&target->ref))
				goto out;
	target = NULL;
out:
	rcu_read_unlock();
	if (previous)
		sockdup_target_put(previous);
	return target;
}

/**
 * sockdup_target_init - make ready to find targets
 * @died: called from a worker, with a held target, after its death; perhaps
 *        more than once, and as long as it returns true
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_target_init(bool (*died)(struct sockdup_target *target))
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(target_table); i++)
		spin_lock_init(&target_table[i].lock);
	target_died = died;
	target_queue = alloc_workqueue("sockdup_death", WQ_UNBOUND, 0);
	return target_queue ? 0 : -ENOMEM;
}

/**
 * sockdup_target_flush - wait until no worker is at a dead target's tokens
 */
void sockdup_target_flush(void)
{
	flush_workqueue(target_queue);
}

static bool target_table_is_empty(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(target_table); i++)
		if (!hlist_empty(&target_table[i].head))
			return false;
	return true;
}

/**
 * sockdup_target_exit - wait until the last target is gone
 *
 * The caller has made sure that nothing can hold a target but a hint. A
 * wake-up that is about to give one holds the target, and with it a place in
 * the table; the release takes the target off its wait queue before that.
 */
void sockdup_target_exit(void)
{
	while (!target_table_is_empty())
		schedule_timeout_uninterruptible(1);
	destroy_workqueue(target_queue);
}
