// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each user holds. An account counts the files that tokens of one user
 * keep open, and apart from them that user's event registrations, bounds each
 * by the user's own RLIMIT_NOFILE. It is the chain on which the files are put,
 * and the one on which registered sockets are looked at: either can sleep, so
 * each user waits for their own sockets alone. As long as there is an account,
 * the module cannot be unloaded.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "quota.h"

#define ACCOUNT_TABLE_BITS	8

/* Until a look is tried again that could not be had. */
#define ACCOUNT_LOOK_RETRY	(HZ / 50 ?: 1)

/*
 * Owned by its references: one for each charge, one for each selection, one for
 * each open handle of its user, and one for each of its works while queued.
 * The table owns none. The account owns a module reference.
 */
struct sockdup_account {
	struct hlist_node node;		/* bucket lock; RCU readers */
	refcount_t ref;
	kuid_t uid;
	atomic_long_t held;		/* files charged and not yet put */
	atomic_long_t selections;	/* in force */
	struct llist_head leaving;	/* charges whose files wait for @work */
	struct work_struct work;
	struct llist_head looks;	/* what waits for @look */
	struct work_struct look;
	struct llist_head retries;	/* what waits for @retry, apart: nobody */
	struct delayed_work retry;	/* else waits for its time to come */
	struct rcu_head rcu;
};

struct account_bucket {
	spinlock_t lock;		/* additions to and removals from @head */
	struct hlist_head head;
};

static struct account_bucket account_table[1 << ACCOUNT_TABLE_BITS];
static struct workqueue_struct *account_queue;
static struct workqueue_struct *account_look_queue;
static void (*account_returned)(struct sockdup_charge *charge);

static void account_look_work(struct work_struct *work);
static void account_retry_work(struct work_struct *work);

static struct account_bucket *account_bucket(kuid_t uid)
{
	return &account_table[hash_32(__kuid_val(uid), ACCOUNT_TABLE_BITS)];
}

/* Caller is in an RCU read section or holds the bucket lock. */
static struct sockdup_account *account_find(struct account_bucket *bucket,
					    kuid_t uid)
{
	struct sockdup_account *account;

	hlist_for_each_entry_rcu(account, &bucket->head, node,
				 lockdep_is_held(&bucket->lock))
		if (uid_eq(account->uid, uid) && refcount_read(&account->ref))
			return account;
	return NULL;
}

/* The same, and held. */
static struct sockdup_account *account_lookup(struct account_bucket *bucket,
					      kuid_t uid)
{
	struct sockdup_account *account = account_find(bucket, uid);

	return account && refcount_inc_not_zero(&account->ref) ? account : NULL;
}

static void account_uncharge(struct sockdup_charge *charge)
{
	struct sockdup_account *account = charge->account;

	charge->file = NULL;
	charge->account = NULL;
	atomic_long_dec(&account->held);
	sockdup_account_put(account);
}

/*
 * Where nobody but us has the file, nobody waits for its close: it is to be
 * like the close at a process's exit, which does not linger either. A linger
 * time of zero stays: it asks for a reset, not for time.
 */
static void account_forbid_linger(struct file *file)
{
	struct sock *sk = sock_from_file(file)->sk;

	if (file_count(file) != 1)
		return;
	lock_sock(sk);
	if (sk->sk_lingertime)
		sock_reset_flag(sk, SOCK_LINGER);
	release_sock(sk);
}

static void account_work(struct work_struct *work)
{
	struct sockdup_account *account =
		container_of(work, struct sockdup_account, work);
	struct sockdup_charge *charge, *next;
	struct llist_node *leaving = llist_del_all(&account->leaving);

	/* First in, first out: the oldest has waited longest. */
	leaving = llist_reverse_order(leaving);
	llist_for_each_entry_safe(charge, next, leaving, node) {
		account_forbid_linger(charge->file);
		__fput_sync(charge->file);
		account_uncharge(charge);
		account_returned(charge);
		cond_resched();
	}
	sockdup_account_put(account);
}

/**
 * sockdup_account_get - find or make a user's account
 * @uid: the real user id
 *
 * The caller keeps the module loaded.
 *
 * Return: a held account, or ERR_PTR(-ENOMEM).
 */
struct sockdup_account *sockdup_account_get(kuid_t uid)
{
	struct account_bucket *bucket = account_bucket(uid);
	struct sockdup_account *account, *fresh;

	rcu_read_lock();
	account = account_lookup(bucket, uid);
	rcu_read_unlock();
	if (account)
		return account;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	refcount_set(&fresh->ref, 1);
	fresh->uid = uid;
	init_llist_head(&fresh->leaving);
	INIT_WORK(&fresh->work, account_work);
	init_llist_head(&fresh->looks);
	INIT_WORK(&fresh->look, account_look_work);
	init_llist_head(&fresh->retries);
	INIT_DELAYED_WORK(&fresh->retry, account_retry_work);

	spin_lock(&bucket->lock);
	account = account_lookup(bucket, uid);
	if (!account)
		hlist_add_head_rcu(&fresh->node, &bucket->head);
	spin_unlock(&bucket->lock);
	if (account) {
		kfree(fresh);
		return account;
	}
	__module_get(THIS_MODULE);
	return fresh;
}

/**
 * sockdup_account_put - let go of an account
 * @account: held by the caller, who keeps the module loaded or is a worker that
 *           the module's exit waits for
 */
void sockdup_account_put(struct sockdup_account *account)
{
	struct account_bucket *bucket = account_bucket(account->uid);

	if (!refcount_dec_and_test(&account->ref))
		return;
	spin_lock(&bucket->lock);
	hlist_del_rcu(&account->node);
	spin_unlock(&bucket->lock);
	kfree_rcu(account, rcu);
	module_put(THIS_MODULE);
}

/**
 * sockdup_account_held - how many files a user pays for
 * @account: held by the caller
 */
long sockdup_account_held(struct sockdup_account *account)
{
	return atomic_long_read(&account->held);
}

/**
 * sockdup_account_held_by - how many files a user pays for
 * @uid: the real user id
 */
long sockdup_account_held_by(kuid_t uid)
{
	struct sockdup_account *account;
	long held;

	rcu_read_lock();
	account = account_find(account_bucket(uid), uid);
	held = account ? sockdup_account_held(account) : 0;
	rcu_read_unlock();
	return held;
}

static bool account_allows(long count)
{
	return count <= rlimit(RLIMIT_NOFILE) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

/**
 * sockdup_account_charge_selection - count one more registration
 * @account: the current user's, held by the caller
 *
 * Return: false where the user has as many as RLIMIT_NOFILE allows and no
 * CAP_SYS_RESOURCE in the initial namespace.
 */
bool sockdup_account_charge_selection(struct sockdup_account *account)
{
	if (account_allows(atomic_long_inc_return(&account->selections)))
		return true;
	sockdup_account_return_selection(account);
	return false;
}

/**
 * sockdup_account_return_selection - count one less
 * @account: charged
 */
void sockdup_account_return_selection(struct sockdup_account *account)
{
	atomic_long_dec(&account->selections);
}

/**
 * sockdup_account_look - have a user's worker look at something
 * @account: held by the caller
 * @look: what to look at; not asked for already
 *
 * Context: any.
 */
void sockdup_account_look(struct sockdup_account *account,
			  struct sockdup_look *look)
{
	llist_add(&look->node, &account->looks);
	/* The caller holds the account, too: this reference is not the last. */
	refcount_inc(&account->ref);
	if (!queue_work(account_look_queue, &account->look))
		refcount_dec(&account->ref);
}

/* Caller holds the account. */
static void account_look_at(struct sockdup_account *account,
			    struct llist_head *looks)
{
	struct llist_node *nodes = llist_reverse_order(llist_del_all(looks));
	struct sockdup_look *look, *next;
	bool again = false;

	llist_for_each_entry_safe(look, next, nodes, node) {
		if (look->run(look)) {
			llist_add(&look->node, &account->retries);
			again = true;
		}
		cond_resched();
	}
	if (!again)
		return;
	refcount_inc(&account->ref);
	if (!queue_delayed_work(account_look_queue, &account->retry,
				ACCOUNT_LOOK_RETRY))
		refcount_dec(&account->ref);
}

static void account_look_work(struct work_struct *work)
{
	struct sockdup_account *account =
		container_of(work, struct sockdup_account, look);

	account_look_at(account, &account->looks);
	sockdup_account_put(account);
}

static void account_retry_work(struct work_struct *work)
{
	struct sockdup_account *account =
		container_of(to_delayed_work(work), struct sockdup_account,
			     retry);

	account_look_at(account, &account->retries);
	sockdup_account_put(account);
}

/* @likely saves a search where it is the current user's. */
static struct sockdup_account *account_of_current(struct sockdup_account *likely)
{
	if (!likely || !uid_eq(likely->uid, current_uid()))
		return sockdup_account_get(current_uid());
	refcount_inc(&likely->ref);
	return likely;
}

/**
 * sockdup_charge_take - hold a file at the expense of the current user
 * @charge: filled
 * @file: the file; on success the caller's reference is the charge's
 * @likely: an account that is held by the caller, and likely to be the current
 *          user's, or NULL
 *
 * Return: 0; -ENOBUFS where the user holds as many files as RLIMIT_NOFILE
 * allows and has no CAP_SYS_RESOURCE in the initial namespace; -ENOMEM.
 */
int sockdup_charge_take(struct sockdup_charge *charge, struct file *file,
			struct sockdup_account *likely)
{
	struct sockdup_account *account = account_of_current(likely);

	if (IS_ERR(account))
		return PTR_ERR(account);

	if (!account_allows(atomic_long_inc_return(&account->held))) {
		atomic_long_dec(&account->held);
		sockdup_account_put(account);
		return -ENOBUFS;
	}
	charge->account = account;
	charge->file = file;
	return 0;
}

/**
 * sockdup_charge_return - put the file of a charge here and now
 * @charge: taken
 *
 * For a caller whose put of this file is as good as a close() of its own: if
 * it is the last, it runs when the caller returns to user space.
 */
void sockdup_charge_return(struct sockdup_charge *charge)
{
	fput(charge->file);
	account_uncharge(charge);
}

/**
 * sockdup_charge_return_later - put the file of a charge in a worker
 * @charge: taken; the callback given to sockdup_quota_init() gets it back
 *          when the file is put and the user no longer charged
 *
 * Not fput(): from a kernel thread that goes through one global worker, where
 * one lingering socket holds up everybody's.
 */
void sockdup_charge_return_later(struct sockdup_charge *charge)
{
	struct sockdup_account *account = charge->account;

	/*
	 * Once on the list the charge, and its reference to the account, is
	 * the worker's; the work needs one of its own to be queued with.
	 */
	refcount_inc(&account->ref);
	llist_add(&charge->node, &account->leaving);
	if (!queue_work(account_queue, &account->work))
		sockdup_account_put(account);
}

/**
 * sockdup_quota_init - make ready to charge
 * @returned: called from a worker for each charge returned later
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_quota_init(void (*returned)(struct sockdup_charge *charge))
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(account_table); i++)
		spin_lock_init(&account_table[i].lock);
	account_returned = returned;
	account_queue = alloc_workqueue("sockdup_put", WQ_UNBOUND,
					WQ_UNBOUND_MAX_ACTIVE);
	if (!account_queue)
		return -ENOMEM;
	account_look_queue = alloc_workqueue("sockdup_look", WQ_UNBOUND,
					     WQ_UNBOUND_MAX_ACTIVE);
	if (!account_look_queue) {
		destroy_workqueue(account_queue);
		return -ENOMEM;
	}
	return 0;
}

/**
 * sockdup_quota_exit - wait until no worker is at an account
 *
 * There is none any more: each keeps the module loaded.
 */
void sockdup_quota_exit(void)
{
	destroy_workqueue(account_look_queue);
	destroy_workqueue(account_queue);
}
