// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tokens are bound to. There is at most one usable record of a process, found
 * by its struct pid, so a recycled number finds nothing. A record exists while the
 * process has a token or an open handle. It notices the death of the process,
 * which is the exit of its last thread.
 *
 * A token can be for any process of a user, in a cgroup, or both instead. Then its
 * record is one of a scope. It belongs to the account of the exporting user, so that
 * strangers share no record.
 *
 * With users, the scope is of a pid namespace and a user namespace. The user is the
 * token's. Of scopes there can be very many: with a wait entry for each, strangers could
 * make the first process of the pid namespace have a million. So the account looks now and
 * then whether that process is dead, and whether the cgroup has been removed, of which the
 * kernel tells no module. The first process of all does not die.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "account.h"
#include "cgroup.h"
#include "compat/pidfd.h"
#include "target.h"

#define TARGET_TABLE_BITS	10

/*
 * How long a scope's end goes unnoticed, and how many are looked at in one turn. An
 * alarm for more than half a second would come early, and then again.
 */
#define TARGET_LOOK_NS		(450 * NSEC_PER_MSEC)
#define TARGET_LOOK_BATCH	64

/*
 * From one turn of looks to the next, at least. As many groups as the usual RLIMIT_NOFILE
 * allows are on time. The looks of a user who has more are late, and take no more of a
 * processor.
 */
#define TARGET_LOOK_PAUSE_NS	(16 * NSEC_PER_MSEC)

struct target_bucket {
	spinlock_t lock;		/* additions to and removals from @head */
	struct hlist_head head;
};

static struct target_bucket target_table[1 << TARGET_TABLE_BITS];

static struct workqueue_struct *target_queue;
static bool (*target_died)(struct sockdup_target *target);
static void (*target_inbox_died)(struct sockdup_target *target);

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
 * Caller is in an RCU read section.
 */
static bool target_is_dead_rcu(struct pid *pid)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID);

	return !leader ||
	       (READ_ONCE(leader->exit_state) && thread_group_empty(leader));
}

static bool target_is_dead(struct pid *pid)
{
	bool dead;

	rcu_read_lock();
	dead = target_is_dead_rcu(pid);
	rcu_read_unlock();
	return dead;
}

/* What the target of a scope is found by, in the tree of an account. */
struct target_scope {
	struct pid *pid;
	struct user_namespace *user_ns;
	struct cgroup *cgroup;
};

static int target_compare(const void *key, const struct rb_node *node)
{
	const struct sockdup_target *target =
		rb_entry(node, struct sockdup_target, place);
	const struct target_scope *scope = key;

	if (scope->pid != target->pid)
		return scope->pid < target->pid ? -1 : 1;
	if (scope->user_ns != target->user_ns)
		return scope->user_ns < target->user_ns ? -1 : 1;
	if (scope->cgroup != target->cgroup)
		return scope->cgroup < target->cgroup ? -1 : 1;
	return 0;
}

static int target_compare_nodes(struct rb_node *one, const struct rb_node *other)
{
	const struct sockdup_target *target =
		rb_entry(one, struct sockdup_target, place);
	struct target_scope scope = { target->pid, target->user_ns, target->cgroup };

	return target_compare(&scope, other);
}

/* What a use of a token sees, and the death of a process. */
static bool target_is_over(const struct sockdup_target *target)
{
	return sockdup_target_has_ended(target) ||
	       (target->pid && target_is_dead(target->pid));
}

/* The caller holds the account's lock. */
static void target_join_account(struct sockdup_target *target)
{
	struct sockdup_account *account = target->account;

	rb_find_add(&target->place, &account->scopes, target_compare_nodes);
	if (!sockdup_target_is_watched(target))
		return;
	target->look_due = ktime_get_boottime_ns() + TARGET_LOOK_NS;
	list_add_tail(&target->watch, &account->watched);
	sockdup_account_alarm(account, target->look_due);
}

static void target_leave_account(struct sockdup_target *target)
{
	struct sockdup_account *account = target->account;

	spin_lock(&account->lock);
	if (!RB_EMPTY_NODE(&target->place)) {
		rb_erase(&target->place, &account->scopes);
		RB_CLEAR_NODE(&target->place);
	}
	list_del_init(&target->watch);
	spin_unlock(&account->lock);
}

/* A user can keep very many handles of dead processes: take their targets off the chain. */
static void target_unhash(struct sockdup_target *target)
{
	struct target_bucket *bucket;

	if (target->account) {
		target_leave_account(target);
		return;
	}
	bucket = target_bucket(target->pid);
	spin_lock(&bucket->lock);
	if (!hlist_unhashed(&target->node))
		hlist_del_init_rcu(&target->node);
	spin_unlock(&bucket->lock);
}

/* Have some tokens of a target that has ended told. True where some are left. */
static bool target_end(struct sockdup_target *target)
{
	spin_lock(&target->lock);
	WRITE_ONCE(target->dead, true);
	spin_unlock(&target->lock);
	target_inbox_died(target);
	return target_died(target);
}

/*
 * Each process has a work of its own and does a part of it at a time, so that the
 * deaths of many targets, or of one that has many tokens, delay no other death.
 */
static void target_work(struct work_struct *work)
{
	struct sockdup_target *target =
		container_of(work, struct sockdup_target, work);

	if (!target_is_over(target))
		return;
	target_unhash(target);
	if (target_end(target))
		queue_work(target_queue, work);
}

/*
 * Runs with tasklist_lock and the wait queue's lock held and interrupts off.
 * A wake-up may come early, or twice: it is a hint, and the work looks.
 */
static int target_wake(wait_queue_entry_t *death, unsigned int mode, int sync,
		       void *key)
{
	struct sockdup_target *target =
		container_of(death, struct sockdup_target, death);

	queue_work(target_queue, &target->work);
	return 0;
}

static void target_release(struct sockdup_target *target)
{
	if (!target->account)
		remove_wait_queue(&target->pid->wait_pidfd, &target->death);
	target_unhash(target);
	/* No wake-up comes any more. The work holds nothing of the target's. */
	cancel_work_sync(&target->work);
	put_pid(target->pid);
	if (target->user_ns)
		put_user_ns(target->user_ns);
	if (target->cgroup)
		sockdup_cgroup_put(target->cgroup);
	if (target->account)
		sockdup_account_put(target->account);
	kfree_rcu(target, rcu);
}

static struct sockdup_target *target_alloc(struct pid *pid, gfp_t gfp)
{
	struct sockdup_target *target;

	target = kzalloc(sizeof(*target), gfp);
	if (!target)
		return NULL;
	INIT_HLIST_NODE(&target->node);
	refcount_set(&target->ref, 1);
	target->pid = get_pid(pid);
	RB_CLEAR_NODE(&target->place);
	INIT_LIST_HEAD(&target->watch);
	spin_lock_init(&target->lock);
	target->users = RB_ROOT;
	INIT_WORK(&target->work, target_work);
	init_waitqueue_func_entry(&target->death, target_wake);
	return target;
}

/* Notices the death of @pid from here on. */
static struct sockdup_target *target_new(struct pid *pid, gfp_t gfp)
{
	struct sockdup_target *target = target_alloc(pid, gfp);

	if (!target)
		return ERR_PTR(-ENOMEM);
	/* On the queue first, then the look: no death falls between. */
	add_wait_queue(&target->pid->wait_pidfd, &target->death);
	if (target_is_dead(target->pid)) {
		sockdup_target_put(target);
		return ERR_PTR(-ESRCH);
	}
	return target;
}

/**
 * sockdup_target_get - find or make the record of a process
 * @pid: the process, referenced by the caller
 * @gfp: how to allocate it
 *
 * Return: a held target; ERR_PTR(-ESRCH) where the process has ended;
 * ERR_PTR(-ENOMEM).
 */
struct sockdup_target *sockdup_target_get(struct pid *pid, gfp_t gfp)
{
	struct target_bucket *bucket = target_bucket(pid);
	struct sockdup_target *target, *fresh;

	rcu_read_lock();
	target = target_lookup(bucket, pid);
	rcu_read_unlock();
	if (target)
		return target;

	fresh = target_new(pid, gfp);
	if (IS_ERR(fresh))
		return fresh;

	spin_lock(&bucket->lock);
	target = target_lookup(bucket, pid);
	/* One that has died meanwhile may have been through target_unhash(). */
	if (!target && !READ_ONCE(fresh->dead))
		hlist_add_head_rcu(&fresh->node, &bucket->head);
	spin_unlock(&bucket->lock);
	if (!target)
		return fresh;
	sockdup_target_put(fresh);
	return target;
}

/**
 * sockdup_target_put - let go of a target
 * @target: held by the caller, which is not the target's own work
 *
 * Context: process context. May wait for a part of the target's work.
 */
void sockdup_target_put(struct sockdup_target *target)
{
	might_sleep();
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
	if (!leader)
		err = pid_task(pid, PIDTYPE_PID) ? -EINVAL : -ESRCH;
	else if (leader->flags & PF_KTHREAD || target_is_dead_rcu(pid))
		err = -ESRCH;
	rcu_read_unlock();
	return err;
}

/* Consumes the caller's reference of @pid, which may be NULL. */
static struct sockdup_target *target_of(struct pid *pid, gfp_t gfp)
{
	struct sockdup_target *target;
	int err;

	if (!pid)
		return ERR_PTR(-ESRCH);
	err = target_check(pid);
	target = err ? ERR_PTR(err) : sockdup_target_get(pid, gfp);
	put_pid(pid);
	return target;
}

/* The record of a process, where it has one already, or NULL. */
static struct sockdup_target *target_find_known(pid_t nr)
{
	struct sockdup_target *target = NULL;
	struct pid *pid;

	rcu_read_lock();
	pid = find_vpid(nr);
	if (pid && !target_is_dead_rcu(pid))
		target = target_lookup(target_bucket(pid), pid);
	rcu_read_unlock();
	return target;
}

/**
 * sockdup_target_find - the target that a caller names by number
 * @nr: process id in the caller's pid namespace
 * @gfp: how to allocate the record
 *
 * Return: a held target; ERR_PTR(-EINVAL) where @nr is not above zero or is a
 * thread that does not lead its process; ERR_PTR(-ESRCH) where there is no
 * such process, it has ended, or it is a kernel thread; ERR_PTR(-ENOMEM).
 */
struct sockdup_target *sockdup_target_find(pid_t nr, gfp_t gfp)
{
	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	return target_find_known(nr) ?: target_of(find_get_pid(nr), gfp);
}

/**
 * sockdup_target_find_pidfd - the target that a caller names by a pidfd
 * @fd: the caller's descriptor of it
 * @gfp: how to allocate the record
 *
 * The process need not be visible in the caller's pid namespace.
 *
 * Return: a held target, or one of the errors of sockdup_target_find();
 * ERR_PTR(-EBADF) where @fd is not open, or not a pidfd.
 */
struct sockdup_target *sockdup_target_find_pidfd(int fd, gfp_t gfp)
{
	struct file *file = fget(fd);
	struct pid *pid;

	if (!file)
		return ERR_PTR(-EBADF);
	pid = get_pid(sockdup_pidfd_pid(file));
	fput(file);
	return pid ? target_of(pid, gfp) : ERR_PTR(-EBADF);
}

/*
 * The process that the kernel recorded as a socket's peer, referenced. In a listening
 * socket the kernel records the listener itself, for later clients.
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
 * @gfp: how to allocate the record
 *
 * Return: a held target, or one of the errors of sockdup_target_find();
 * ERR_PTR(-EBADF), ERR_PTR(-ENOTSOCK); ERR_PTR(-EINVAL) where the socket is of
 * another family; ERR_PTR(-ENOTCONN) where it has no peer.
 */
struct sockdup_target *sockdup_target_find_peer(int fd, gfp_t gfp)
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
		target = pid ? target_of(pid, gfp) : ERR_PTR(-ENOTCONN);
	}
	sockfd_put(sock);
	return target;
}

/* The account's target of a scope, held, or NULL. Caller holds the account's lock. */
static struct sockdup_target *target_lookup_scope(struct sockdup_account *account,
						  const struct target_scope *scope)
{
	struct sockdup_target *target;
	struct rb_node *place;

	lockdep_assert_held(&account->lock);

	place = rb_find(scope, &account->scopes, target_compare);
	if (!place)
		return NULL;
	target = rb_entry(place, struct sockdup_target, place);
	if (refcount_inc_not_zero(&target->ref))
		return target;
	/* About to be released: make room for the next one. */
	rb_erase(place, &account->scopes);
	RB_CLEAR_NODE(place);
	return NULL;
}

static struct sockdup_target *target_find_scope(struct sockdup_account *account,
						const struct target_scope *scope)
{
	struct sockdup_target *target;

	spin_lock(&account->lock);
	target = target_lookup_scope(account, scope);
	spin_unlock(&account->lock);
	return target;
}

static struct sockdup_target *target_new_scope(struct sockdup_account *account,
					       const struct target_scope *scope,
					       gfp_t gfp)
{
	struct sockdup_target *target = target_alloc(scope->pid, gfp);

	if (!target)
		return ERR_PTR(-ENOMEM);
	refcount_inc(&account->ref);
	target->account = account;
	if (scope->user_ns)
		target->user_ns = get_user_ns(scope->user_ns);
	if (scope->cgroup) {
		sockdup_cgroup_hold(scope->cgroup);
		target->cgroup = scope->cgroup;
	}
	return target;
}

static struct sockdup_target *target_make_scope(struct sockdup_account *account,
						const struct target_scope *scope,
						gfp_t gfp)
{
	struct sockdup_target *target, *fresh;

	fresh = target_new_scope(account, scope, gfp);
	if (IS_ERR(fresh))
		return fresh;
	spin_lock(&account->lock);
	target = target_lookup_scope(account, scope);
	if (!target)
		target_join_account(fresh);
	spin_unlock(&account->lock);
	if (!target)
		return fresh;
	sockdup_target_put(fresh);
	return target;
}

/**
 * sockdup_target_find_scope - the target of a token that is not for one process
 * @likely: an account that is held by the caller, and often the current user's, or
 *	    NULL
 * @users: whether it is for a user; the token says for which
 * @cgroup: that it is for, held by the caller, or NULL
 * @gfp: how to allocate the record
 *
 * Return: a held target; ERR_PTR(-ESRCH) where the caller's pid namespace ends;
 * ERR_PTR(-ENOMEM).
 */
struct sockdup_target *sockdup_target_find_scope(struct sockdup_account *likely,
						 bool users, struct cgroup *cgroup,
						 gfp_t gfp)
{
	struct target_scope scope = { .cgroup = cgroup };
	struct sockdup_target *target = ERR_PTR(-ESRCH);
	struct sockdup_account *account;

	account = sockdup_account_get_current(likely, gfp);
	if (IS_ERR(account))
		return ERR_CAST(account);
	if (users) {
		scope.pid = find_get_pid(1);
		scope.user_ns = current_user_ns();
	}
	if (!users || scope.pid)
		target = target_find_scope(account, &scope) ?:
			 target_make_scope(account, &scope, gfp);
	put_pid(scope.pid);
	sockdup_account_put(account);
	return target;
}

/**
 * sockdup_target_find_known_users - that of tokens to users, where there is one already
 * @account: of the exporting user, held by the caller
 * @pid_ns: where the processes are
 * @user_ns: where the users are
 *
 * Return: a held target, or NULL.
 */
struct sockdup_target *
sockdup_target_find_known_users(struct sockdup_account *account,
				struct pid_namespace *pid_ns,
				struct user_namespace *user_ns)
{
	struct target_scope users = { .user_ns = user_ns };
	struct sockdup_target *target = NULL;

	rcu_read_lock();
	users.pid = find_pid_ns(1, pid_ns);
	if (users.pid)
		target = target_find_scope(account, &users);
	rcu_read_unlock();
	return target;
}

/**
 * sockdup_target_hold - hold a target once more
 * @target: held by the caller
 *
 * Return: @target.
 */
struct sockdup_target *sockdup_target_hold(struct sockdup_target *target)
{
	refcount_inc(&target->ref);
	return target;
}

/* Whether the caller is a process of a user, in the exporter's namespaces. */
static bool target_user_is_current(const struct sockdup_target *target, kuid_t user)
{
	const struct cred *cred = current_cred();

	return uid_eq(cred->uid, user) && uid_eq(cred->euid, user) &&
	       uid_eq(cred->suid, user) && cred->user_ns == target->user_ns &&
	       task_active_pid_ns(current) == ns_of_pid(target->pid);
}

/**
 * sockdup_target_has_current - whether a token to a scope is for the caller
 * @target: of the token, held by the caller
 * @user: of the token
 *
 * A program that took or keeps another user's id is not wholly the user's, and a
 * process in another namespace is a stranger, even where it has the same user. A cgroup
 * is what it is in every namespace.
 */
bool sockdup_target_has_current(const struct sockdup_target *target, kuid_t user)
{
	return (!target->user_ns || target_user_is_current(target, user)) &&
	       (!target->cgroup || sockdup_cgroup_has_current(target->cgroup)) &&
	       !(current->flags & PF_KTHREAD);
}

/**
 * sockdup_target_is_watched - whether the account looks for the end of a scope
 * @target: of a scope, held by the caller
 */
bool sockdup_target_is_watched(const struct sockdup_target *target)
{
	return target->cgroup || ns_of_pid(target->pid) != &init_pid_ns;
}

/**
 * sockdup_target_flags - what kind of scope a target is
 * @target: held by the caller
 *
 * Return: flags of an export, or 0 where the target is a process.
 */
u32 sockdup_target_flags(const struct sockdup_target *target)
{
	return (target->user_ns ? SOCKDUP_EXPORT_TO_USER : 0) |
	       (target->cgroup ? SOCKDUP_EXPORT_TO_CGROUP : 0);
}

/**
 * sockdup_target_cgroup_ino - what names a target's cgroup
 * @target: held by the caller
 * @root: of the reader's cgroup namespace, or NULL for a reader who sees all
 *
 * Return: the inode number of the cgroup's directory; 0 where there is none, or the
 * reader does not see it.
 */
u64 sockdup_target_cgroup_ino(const struct sockdup_target *target, struct cgroup *root)
{
	return target->cgroup ? sockdup_cgroup_ino(target->cgroup, root) : 0;
}

/*
 * Some of those whose time has come. The first that has ended, held, or NULL; it stays
 * where it is until all its tokens are told.
 */
static struct sockdup_target *target_look(struct sockdup_account *account, u64 now)
{
	struct sockdup_target *target;
	unsigned int i;

	lockdep_assert_held(&account->lock);

	for (i = 0; i < TARGET_LOOK_BATCH && now >= account->look_from; i++) {
		target = list_first_entry_or_null(&account->watched,
						  struct sockdup_target, watch);
		if (!target || target->look_due > now)
			break;
		if (target_is_over(target) && refcount_inc_not_zero(&target->ref))
			return target;
		target->look_due = now + TARGET_LOOK_NS;
		list_move_tail(&target->watch, &account->watched);
	}
	if (i)
		account->look_from = now + TARGET_LOOK_PAUSE_NS;
	return NULL;
}

/**
 * sockdup_target_look_at_scopes - look which of an account's scopes have ended
 * @account: of the exporting user, held by the caller
 * @now: nanoseconds of CLOCK_BOOTTIME
 *
 * A part of one that has, or a part of those whose time has come: other accounts have
 * their turns between.
 */
void sockdup_target_look_at_scopes(struct sockdup_account *account, u64 now)
{
	struct sockdup_target *target;

	spin_lock(&account->lock);
	target = target_look(account, now);
	spin_unlock(&account->lock);
	if (!target)
		return;
	if (!target_end(target))
		target_unhash(target);
	sockdup_target_put(target);
}

/**
 * sockdup_target_look_due - when to look at the next scope
 * @account: its lock is held by the caller
 *
 * Return: nanoseconds of CLOCK_BOOTTIME; U64_MAX where there is none.
 */
u64 sockdup_target_look_due(struct sockdup_account *account)
{
	const struct sockdup_target *target;

	lockdep_assert_held(&account->lock);

	target = list_first_entry_or_null(&account->watched, struct sockdup_target, watch);
	return target ? max(target->look_due, account->look_from) : U64_MAX;
}

/**
 * sockdup_target_is_users - whether the target runs as the caller's real user
 * @target: held by the caller
 */
bool sockdup_target_is_users(const struct sockdup_target *target)
{
	struct task_struct *task;
	bool is_users;

	rcu_read_lock();
	task = pid_task(target->pid, PIDTYPE_TGID);
	is_users = task && uid_eq(task_uid(task), current_uid());
	rcu_read_unlock();
	return is_users;
}

/**
 * sockdup_target_check_trust - whether the caller may make the target wait
 * @target: held by the caller
 * @user: that the token is for, or INVALID_UID
 *
 * A process that has the device open expects tokens. One of the caller's own user
 * is that user's responsibility. A token for any other process could keep a
 * stranger's port in use for long. CAP_SYS_RESOURCE in the initial user namespace
 * is exempt.
 *
 * Return: 0; -EPERM; -ESRCH where the target has ended.
 */
int sockdup_target_check_trust(struct sockdup_target *target, kuid_t user)
{
	struct task_struct *task;

	if (atomic_read(&target->handles))
		return 0;
	if (!target->account) {
		rcu_read_lock();
		task = pid_task(target->pid, PIDTYPE_TGID);
		if (task)
			user = task_uid(task);
		rcu_read_unlock();
		if (!task)
			return -ESRCH;
	}
	if (uid_eq(user, current_uid()) ||
	    ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
		return 0;
	return -EPERM;
}

/**
 * sockdup_target_set_inbox_died - have inboxes told of deaths
 * @died: called from a worker, perhaps several times, after the death of a target
 *
 * Before there is a target.
 */
void __init sockdup_target_set_inbox_died(void (*died)(struct sockdup_target *target))
{
	target_inbox_died = died;
}

/**
 * sockdup_target_init - make ready to find targets
 * @died: called from a worker after the death of a target, as long as it
 *	  returns true, and perhaps after that again
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_target_init(bool (*died)(struct sockdup_target *target))
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(target_table); i++)
		spin_lock_init(&target_table[i].lock);
	target_died = died;
	/* A work hardly sleeps: more workers than processors gain nothing. */
	target_queue = alloc_workqueue("sockdup_death", WQ_UNBOUND,
				       num_possible_cpus());
	return target_queue ? 0 : -ENOMEM;
}

/**
 * sockdup_target_exit - let go of what init made
 *
 * There is no target any more: tokens and handles keep the module loaded.
 */
void sockdup_target_exit(void)
{
	destroy_workqueue(target_queue);
}
