// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each user holds. An account counts the files that the tokens of one
 * user keep open and, apart from them, the user's registrations, and bounds
 * each count by the user's own RLIMIT_NOFILE. It keeps the user's live tokens
 * by deadline, and does for the user what no process of the user is there to
 * do: it puts files, tells of tokens and looks at sockets. While there is an
 * account, the module cannot be unloaded.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <linux/user_namespace.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "account.h"

#define ACCOUNT_TABLE_BITS	8

/* Connections and packets that the last put of a quick file frees at most. */
#define ACCOUNT_QUICK_QUEUE	64
#define ACCOUNT_QUICK_BYTES	(256 * 1024)

struct account_bucket {
	spinlock_t lock;		/* additions to and removals from @head */
	struct hlist_head head;
};

static struct account_bucket account_table[1 << ACCOUNT_TABLE_BITS];
static struct workqueue_struct *account_queues[SOCKDUP_LINES];
static struct workqueue_struct *account_sweep_queue;
static work_func_t account_sweep;

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

/* Do one job, and let the other accounts have their turns before the next. */
static void account_work(struct work_struct *work)
{
	struct sockdup_account_line *line =
		container_of(work, struct sockdup_account_line, work);
	struct sockdup_account *account = line->account;
	struct sockdup_job *job;

	if (!line->next)
		line->next = llist_reverse_order(llist_del_all(&line->arrived));
	if (line->next) {
		job = llist_entry(line->next, struct sockdup_job, node);
		line->next = line->next->next;
		job->run(job);
	}
	/* A work that is queued again takes this one's reference along. */
	if ((line->next || !llist_empty(&line->arrived)) &&
	    queue_work(account_queues[line - account->lines], work))
		return;
	sockdup_account_put(account);
}

static struct sockdup_account *account_new(kuid_t uid)
{
	struct sockdup_account *account;
	int i;

	account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);
	if (!account)
		return NULL;
	refcount_set(&account->ref, 1);
	account->uid = uid;
	spin_lock_init(&account->in_force.lock);
	INIT_LIST_HEAD(&account->in_force.list);
	for (i = 0; i < SOCKDUP_LINES; i++) {
		INIT_WORK(&account->lines[i].work, account_work);
		init_llist_head(&account->lines[i].arrived);
		account->lines[i].account = account;
	}
	spin_lock_init(&account->lock);
	account->tokens = RB_ROOT_CACHED;
	account->alarm = U64_MAX;
	INIT_DELAYED_WORK(&account->sweep, account_sweep);
	return account;
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

	fresh = account_new(uid);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
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
 *
 * Context: process context.
 */
void sockdup_account_put(struct sockdup_account *account)
{
	struct account_bucket *bucket = account_bucket(account->uid);

	if (!refcount_dec_and_test(&account->ref))
		return;
	spin_lock(&bucket->lock);
	hlist_del_rcu(&account->node);
	spin_unlock(&bucket->lock);
	/* There is no token any more, so nobody sets the alarm again. */
	if (current_work() == &account->sweep.work)
		cancel_delayed_work(&account->sweep);
	else
		cancel_delayed_work_sync(&account->sweep);
	kfree_rcu(account, rcu);
	module_put(THIS_MODULE);
}

/**
 * sockdup_account_do - have a job done
 * @account: held by the caller
 * @line: that the job waits in
 * @job: not in a line yet; its owner keeps @account until it has run
 *
 * Context: any.
 */
void sockdup_account_do(struct sockdup_account *account, enum sockdup_line line,
			struct sockdup_job *job)
{
	/* Before the job is there, which may be all that keeps the account. */
	refcount_inc(&account->ref);
	llist_add(&job->node, &account->lines[line].arrived);
	/* The caller holds the account, too: this reference is not the last. */
	if (!queue_work(account_queues[line], &account->lines[line].work))
		refcount_dec(&account->ref);
}

/**
 * sockdup_account_alarm - have the account swept in time
 * @account: its lock is held by the caller
 * @due: when, in nanoseconds of CLOCK_BOOTTIME
 */
void sockdup_account_alarm(struct sockdup_account *account, u64 due)
{
	u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&account->lock);

	if (due >= account->alarm)
		return;
	account->alarm = due;
	mod_delayed_work(account_sweep_queue, &account->sweep,
			 due > now ? nsecs_to_jiffies(due - now) + 1 : 0);
}

/* Timers have not counted the time asleep, which deadlines do. */
static int account_resumed(struct notifier_block *block, unsigned long action,
			   void *data)
{
	struct sockdup_account *account;
	int i;

	if (action != PM_POST_SUSPEND && action != PM_POST_HIBERNATION)
		return NOTIFY_DONE;
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(account_table); i++) {
		hlist_for_each_entry_rcu(account, &account_table[i].head, node) {
			spin_lock(&account->lock);
			/* A live token keeps the account. */
			if (!RB_EMPTY_ROOT(&account->tokens.rb_root))
				mod_delayed_work(account_sweep_queue,
						 &account->sweep, 0);
			spin_unlock(&account->lock);
		}
	}
	rcu_read_unlock();
	return NOTIFY_OK;
}

static struct notifier_block account_resume_block = {
	.notifier_call = account_resumed,
};

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
	held = account ? atomic_long_read(&account->held) : 0;
	rcu_read_unlock();
	return held;
}

static bool account_allows(long count)
{
	return count <= rlimit(RLIMIT_NOFILE) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

/**
 * sockdup_account_charge_registration - count one more registration
 * @account: the current user's, held by the caller
 *
 * Return: false where the user has as many as RLIMIT_NOFILE allows and no
 * CAP_SYS_RESOURCE in the initial namespace.
 */
bool sockdup_account_charge_registration(struct sockdup_account *account)
{
	if (account_allows(atomic_long_inc_return(&account->registrations)))
		return true;
	sockdup_account_return_registration(account);
	return false;
}

/**
 * sockdup_account_return_registration - count one less
 * @account: charged
 */
void sockdup_account_return_registration(struct sockdup_account *account)
{
	atomic_long_dec(&account->registrations);
}

/**
 * sockdup_charge_take - hold a file at the expense of the current user
 * @charge: filled
 * @account: the current user's; held by the caller until the charge is returned
 * @file: the file; on success the caller's reference is the charge's
 *
 * Return: 0; -ENOBUFS where the user holds as many files as RLIMIT_NOFILE
 * allows and has no CAP_SYS_RESOURCE in the initial namespace.
 */
int sockdup_charge_take(struct sockdup_charge *charge,
			struct sockdup_account *account, struct file *file)
{
	if (!account_allows(atomic_long_inc_return(&account->held))) {
		atomic_long_dec(&account->held);
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
 * For a process whose put of this file is as good as a close() of its own: if
 * it is the last, it runs when the process returns to user space.
 */
void sockdup_charge_return(struct sockdup_charge *charge)
{
	fput(charge->file);
	atomic_long_dec(&charge->account->held);
}

/* Leaving a group takes the lock of the whole network configuration. */
static bool put_leaves_groups(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct ipv6_pinfo *np = inet6_sk(sk);

	if (READ_ONCE(sk->sk_family) == AF_INET6 && np &&
	    (rcu_access_pointer(np->ipv6_mc_list) ||
	     READ_ONCE(np->ipv6_ac_list)))
		return true;
#endif
	return rcu_access_pointer(inet_sk(sk)->mc_list);
}

/* Whether the transport's own close is all there is, and it does not sleep. */
static bool put_is_plain(const struct sock *sk)
{
	/* TLS and maps put another in its place. */
	if (READ_ONCE(sk->sk_prot) != sk->sk_prot_creator)
		return false;
	switch (sk->sk_protocol) {
	case IPPROTO_TCP:
		return sk->sk_type == SOCK_STREAM &&
		       !READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	case IPPROTO_UDP:
		return sk->sk_type == SOCK_DGRAM &&
		       !READ_ONCE(udp_sk(sk)->encap_type);
	case IPPROTO_IGMP:
	case IPPROTO_ICMPV6:
		/* They may be those of a multicast router. */
		return false;
	default:
		return sk->sk_type == SOCK_RAW;
	}
}

static bool put_is_quick(const struct sock *sk)
{
	return put_is_plain(sk) && !put_leaves_groups(sk) &&
	       READ_ONCE(sk->sk_ack_backlog) <= ACCOUNT_QUICK_QUEUE &&
	       atomic_read(&sk->sk_rmem_alloc) <= ACCOUNT_QUICK_BYTES;
}

/* The line for the last put of a file. */
static enum sockdup_line put_line(struct file *file)
{
	const struct sock *sk = sock_from_file(file)->sk;

	if (READ_ONCE(file->f_ep))
		return SOCKDUP_LINE_PUT_EPOLL;
	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
	case AF_INET6:
		return put_is_quick(sk) ? SOCKDUP_LINE_PUT_INET :
					  SOCKDUP_LINE_PUT_OTHER;
	case AF_UNIX:
		return SOCKDUP_LINE_PUT_UNIX;
	case AF_NETLINK:
		return SOCKDUP_LINE_PUT_NETLINK;
	default:
		return SOCKDUP_LINE_PUT_OTHER;
	}
}

/*
 * Nobody waits for this close, so it must not linger: neither for SO_LINGER's
 * time, as a close at the exit of a process does not, nor for a congested peer.
 * Such waits end where a signal is pending, as for any close(2).
 */
static void put_file(struct file *file)
{
	set_thread_flag(TIF_SIGPENDING);
	__fput_sync(file);
	clear_thread_flag(TIF_SIGPENDING);
}

static void put_queue(struct sockdup_charge *charge, enum sockdup_line line)
{
	charge->line = line;
	sockdup_account_do(charge->account, line, &charge->job);
}

static void put_run(struct sockdup_job *job)
{
	struct sockdup_charge *charge =
		container_of(job, struct sockdup_charge, job);
	struct sockdup_account *account = charge->account;
	enum sockdup_line line = put_line(charge->file);

	/* Others who had the file may have made its put a slower one. */
	if (line > charge->line) {
		put_queue(charge, line);
		return;
	}
	put_file(charge->file);
	atomic_long_dec(&account->held);
	charge->returned(charge);
}

/**
 * sockdup_charge_return_later - put the file of a charge in a worker
 * @charge: taken
 * @returned: called from the worker when the file is put and the user no longer
 *	      charged; may free @charge
 *
 * Not fput(): from a kernel thread that goes through one global worker, where
 * one lingering socket holds up everybody's.
 */
void sockdup_charge_return_later(struct sockdup_charge *charge,
				 void (*returned)(struct sockdup_charge *charge))
{
	charge->returned = returned;
	charge->job.run = put_run;
	put_queue(charge, put_line(charge->file));
}

/**
 * sockdup_line_queue - the workqueue of a line
 * @line: the line
 *
 * For works that are nobody's, and are to be in order with the line's jobs.
 */
struct workqueue_struct *sockdup_line_queue(enum sockdup_line line)
{
	return account_queues[line];
}

static struct workqueue_struct *__init account_queue_new(enum sockdup_line line)
{
	static const char *const names[SOCKDUP_LINES] __initconst = {
		[SOCKDUP_LINE_PUT_INET]		= "sockdup_put_inet",
		[SOCKDUP_LINE_PUT_UNIX]		= "sockdup_put_unix",
		[SOCKDUP_LINE_PUT_NETLINK]	= "sockdup_put_netlink",
		[SOCKDUP_LINE_PUT_EPOLL]	= "sockdup_put_epoll",
		[SOCKDUP_LINE_PUT_OTHER]	= "sockdup_put_other",
		[SOCKDUP_LINE_NOTIFY]		= "sockdup_notify",
		[SOCKDUP_LINE_LOOK]		= "sockdup_look",
	};

	/*
	 * Broadcasts hold a lock of all netlink sockets for reading. From
	 * several workers at once they would keep out those who write.
	 */
	if (line == SOCKDUP_LINE_NOTIFY)
		return alloc_ordered_workqueue("%s", 0, names[line]);
	return alloc_workqueue("%s", WQ_UNBOUND, WQ_UNBOUND_MAX_ACTIVE,
			       names[line]);
}

static void account_queues_destroy(void)
{
	int i;

	for (i = 0; i < SOCKDUP_LINES; i++)
		if (account_queues[i])
			destroy_workqueue(account_queues[i]);
	if (account_sweep_queue)
		destroy_workqueue(account_sweep_queue);
}

/**
 * sockdup_account_init - make ready to charge
 * @sweep: the function of each account's @sweep
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_account_init(work_func_t sweep)
{
	int err = -ENOMEM;
	int i;

	for (i = 0; i < ARRAY_SIZE(account_table); i++)
		spin_lock_init(&account_table[i].lock);
	account_sweep = sweep;
	account_sweep_queue = alloc_workqueue("sockdup_sweep", WQ_UNBOUND,
					      WQ_UNBOUND_MAX_ACTIVE);
	if (!account_sweep_queue)
		return -ENOMEM;
	for (i = 0; i < SOCKDUP_LINES; i++) {
		account_queues[i] = account_queue_new(i);
		if (!account_queues[i])
			goto err_queues;
	}
	err = register_pm_notifier(&account_resume_block);
	if (err)
		goto err_queues;
	return 0;

err_queues:
	account_queues_destroy();
	return err;
}

/**
 * sockdup_account_exit - wait until no worker is at an account
 *
 * There is none any more: each keeps the module loaded.
 */
void sockdup_account_exit(void)
{
	unregister_pm_notifier(&account_resume_block);
	account_queues_destroy();
}
