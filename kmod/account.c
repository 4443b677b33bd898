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
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/af_unix.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "account.h"
#include "compat/file.h"
#include "compat/udp.h"

static unsigned long max_user_bytes = 16 * 1024 * 1024;
module_param(max_user_bytes, ulong, 0644);
MODULE_PARM_DESC(max_user_bytes, "most bytes that a user's sets of sockets, payloads and inboxes take (16777216)");

#define ACCOUNT_TABLE_BITS	12

/* Connections and packets that the last put of a quick file frees at most. */
#define ACCOUNT_QUICK_QUEUE	64
#define ACCOUNT_QUICK_BYTES	(256 * 1024)

struct account_bucket {
	spinlock_t lock;		/* additions to and removals from @head */
	struct hlist_head head;
};

/* The key is secret: nobody can choose user ids that share a bucket. */
static struct account_bucket account_table[1 << ACCOUNT_TABLE_BITS];
static siphash_key_t account_table_key __ro_after_init;
static struct workqueue_struct *account_queues[SOCKDUP_LINES];
static struct workqueue_struct *account_sweep_queue;
/* Apart, so that deadlines do not wait for as many sweeps as there are users. */
static struct workqueue_struct *account_registration_queue;
static work_func_t account_token_sweep;
static work_func_t account_registration_sweep;

static struct account_bucket *account_bucket(kuid_t uid)
{
	u64 hash = siphash_1u32(__kuid_val(uid), &account_table_key);

	return &account_table[hash & (ARRAY_SIZE(account_table) - 1)];
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

/* There is no token and no registration any more to queue the sweeps again. */
static void account_release(struct sockdup_account *account)
{
	cancel_delayed_work_sync(&account->sweep);
	cancel_delayed_work_sync(&account->in_force.sweep);
	kfree_rcu(account, rcu);
	module_put(THIS_MODULE);
}

static void account_release_work(struct work_struct *work)
{
	account_release(container_of(work, struct sockdup_account, release));
}

static struct sockdup_account *account_new(kuid_t uid, gfp_t gfp)
{
	struct sockdup_account *account;
	int i;

	account = kzalloc(sizeof(*account), gfp);
	if (!account)
		return NULL;
	refcount_set(&account->ref, 1);
	account->uid = uid;
	spin_lock_init(&account->in_force.lock);
	INIT_LIST_HEAD(&account->in_force.list);
	INIT_DELAYED_WORK(&account->in_force.sweep, account_registration_sweep);
	for (i = 0; i < SOCKDUP_LINES; i++) {
		INIT_WORK(&account->lines[i].work, account_work);
		init_llist_head(&account->lines[i].arrived);
		account->lines[i].account = account;
	}
	spin_lock_init(&account->lock);
	account->scopes = RB_ROOT;
	INIT_LIST_HEAD(&account->watched);
	INIT_LIST_HEAD(&account->ticks);
	account->tokens = RB_ROOT_CACHED;
	account->alarm = U64_MAX;
	INIT_DELAYED_WORK(&account->sweep, account_token_sweep);
	INIT_WORK(&account->release, account_release_work);
	return account;
}

/**
 * sockdup_account_get - find or make a user's account
 * @uid: the real user id
 * @gfp: how to allocate it
 *
 * The caller keeps the module loaded.
 *
 * Return: a held account, or ERR_PTR(-ENOMEM).
 */
struct sockdup_account *sockdup_account_get(kuid_t uid, gfp_t gfp)
{
	struct account_bucket *bucket = account_bucket(uid);
	struct sockdup_account *account, *fresh;

	rcu_read_lock();
	account = account_lookup(bucket, uid);
	rcu_read_unlock();
	if (account)
		return account;

	fresh = account_new(uid, gfp);
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
 * sockdup_account_get_current - find or make the current user's account
 * @likely: an account that is held by the caller, and often the current user's, or
 *	    NULL
 * @gfp: how to allocate another
 *
 * Return: as sockdup_account_get().
 */
struct sockdup_account *
sockdup_account_get_current(struct sockdup_account *likely, gfp_t gfp)
{
	if (!likely || !uid_eq(likely->uid, current_uid()))
		return sockdup_account_get(current_uid(), gfp);
	refcount_inc(&likely->ref);
	return likely;
}

static bool account_is_swept_here(const struct sockdup_account *account)
{
	const struct work_struct *work = current_work();

	return work == &account->sweep.work || work == &account->in_force.sweep.work;
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
	struct account_bucket *bucket;

	if (!refcount_dec_and_test(&account->ref))
		return;
	bucket = account_bucket(account->uid);
	spin_lock(&bucket->lock);
	hlist_del_rcu(&account->node);
	spin_unlock(&bucket->lock);
	/* A sweep waits for no sweep. */
	if (account_is_swept_here(account))
		queue_work(account_sweep_queue, &account->release);
	else
		account_release(account);
}

/**
 * sockdup_account_do - have a job done
 * @account: held by the caller, or by the job until it has run
 * @line: that the job waits in
 * @job: not in a line yet
 *
 * Context: any.
 */
void sockdup_account_do(struct sockdup_account *account, enum sockdup_line line,
			struct sockdup_job *job)
{
	struct sockdup_account_line *own = &account->lines[line];

	refcount_inc(&account->ref);
	llist_add(&job->node, &own->arrived);
	/*
	 * If the work is queued now, it owns the reference. If it was pending, it has
	 * one already, so drop this one. Do not drop the last reference here: the
	 * pending work may have run meanwhile, and the last put needs process context.
	 * So queue the work once more, even if it finds no job.
	 */
	while (!queue_work(account_queues[line], &own->work))
		if (refcount_dec_not_one(&account->ref))
			return;
}

/**
 * sockdup_account_alarm - have the account swept in time
 * @account: its lock is held by the caller
 * @due: when, in nanoseconds of CLOCK_BOOTTIME
 */
void sockdup_account_alarm(struct sockdup_account *account, u64 due)
{
	unsigned long delay = 0;
	u64 now;

	lockdep_assert_held(&account->lock);

	if (due >= account->alarm)
		return;
	account->alarm = due;
	now = ktime_get_boottime_ns();
	if (due > now)
		delay = nsecs_to_jiffies(due - now) + 1;
	/* Timers are late by up to an eighth: sweep early, and then again. */
	if (delay > HZ / 2)
		delay -= delay / 4;
	mod_delayed_work(account_sweep_queue, &account->sweep, delay);
}

/**
 * sockdup_account_sweep - have the registrations of an account swept
 * @sweep: the sweep, of an account that the caller holds
 * @delay: jiffies until then, unless it is queued for a time before that
 */
void sockdup_account_sweep(struct delayed_work *sweep, unsigned long delay)
{
	if (!queue_delayed_work(account_registration_queue, sweep, delay) &&
	    time_after(READ_ONCE(sweep->timer.expires), jiffies + delay))
		mod_delayed_work(account_registration_queue, sweep, delay);
}

/**
 * sockdup_tick_init - prepare work that goes by deadlines
 * @tick: to be cancelled
 * @account: whose deadlines these are; held until then
 * @line: whose queue it runs in
 * @run: the work
 */
void sockdup_tick_init(struct sockdup_tick *tick, struct sockdup_account *account,
		       enum sockdup_line line, work_func_t run)
{
	tick->account = account;
	tick->queue = account_queues[line];
	INIT_DELAYED_WORK(&tick->work, run);
	spin_lock(&account->lock);
	list_add(&tick->node, &account->ticks);
	spin_unlock(&account->lock);
}

/**
 * sockdup_tick_set - have it run in time
 * @tick: not cancelled yet
 * @delay: jiffies until then, instead of what was set before
 */
void sockdup_tick_set(struct sockdup_tick *tick, unsigned long delay)
{
	mod_delayed_work(tick->queue, &tick->work, delay);
}

/**
 * sockdup_tick_cancel - have it run no more
 * @tick: that nobody sets any more
 *
 * Waits for the work, if it runs. May be called again.
 */
void sockdup_tick_cancel(struct sockdup_tick *tick)
{
	spin_lock(&tick->account->lock);
	list_del_init(&tick->node);
	spin_unlock(&tick->account->lock);
	cancel_delayed_work_sync(&tick->work);
}

static void account_resume(struct sockdup_account *account)
{
	struct sockdup_tick *tick;

	spin_lock(&account->lock);
	/* A live token keeps the account. */
	if (!RB_EMPTY_ROOT(&account->tokens.rb_root))
		mod_delayed_work(account_sweep_queue, &account->sweep, 0);
	list_for_each_entry(tick, &account->ticks, node)
		sockdup_tick_set(tick, 0);
	spin_unlock(&account->lock);
}

/* Deadlines count the time in suspend, and timers do not. */
static int account_resumed(struct notifier_block *block, unsigned long action,
			   void *data)
{
	struct sockdup_account *account;
	int i;

	if (action != PM_POST_SUSPEND && action != PM_POST_HIBERNATION)
		return NOTIFY_DONE;
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(account_table); i++) {
		hlist_for_each_entry_rcu(account, &account_table[i].head, node)
			account_resume(account);
	}
	rcu_read_unlock();
	return NOTIFY_OK;
}

static struct notifier_block account_resume_block = {
	.notifier_call = account_resumed,
};

/**
 * sockdup_account_usage_of - what a user pays for
 * @uid: the real user id
 *
 * Return: how much that is now.
 */
struct sockdup_usage sockdup_account_usage_of(kuid_t uid)
{
	struct sockdup_usage usage = { 0 };
	struct sockdup_account *account;

	rcu_read_lock();
	account = account_find(account_bucket(uid), uid);
	if (account) {
		usage.files = atomic_long_read(&account->held);
		usage.bytes = atomic_long_read(&account->bytes);
	}
	rcu_read_unlock();
	return usage;
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
 * sockdup_account_charge_bytes - count memory that a user fills
 * @account: the current user's, held by the caller
 * @bytes: how much more
 *
 * Return: false where that exceeds the limit, and the user has no CAP_SYS_RESOURCE in
 * the initial namespace.
 */
bool sockdup_account_charge_bytes(struct sockdup_account *account, size_t bytes)
{
	unsigned long sum = atomic_long_add_return(bytes, &account->bytes);

	if (sum <= READ_ONCE(max_user_bytes) ||
	    ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
		return true;
	sockdup_account_return_bytes(account, bytes);
	return false;
}

/**
 * sockdup_account_return_bytes - count less of it
 * @account: charged
 * @bytes: how much less
 */
void sockdup_account_return_bytes(struct sockdup_account *account, size_t bytes)
{
	atomic_long_sub(bytes, &account->bytes);
}

/**
 * sockdup_account_charge_files - count files before the current user's charges have them
 * @account: the current user's, held by the caller
 * @count: how many more
 *
 * Each is counted back by the return of its charge, or all by
 * sockdup_account_return_files().
 *
 * Return: 0; -ENOBUFS where the user would hold more files than RLIMIT_NOFILE
 * allows and has no CAP_SYS_RESOURCE in the initial namespace.
 */
int sockdup_account_charge_files(struct sockdup_account *account, unsigned int count)
{
	if (account_allows(atomic_long_add_return(count, &account->held)))
		return 0;
	sockdup_account_return_files(account, count);
	return -ENOBUFS;
}

/**
 * sockdup_account_return_files - count less of them
 * @account: charged
 * @count: how many files have been put
 */
void sockdup_account_return_files(struct sockdup_account *account, unsigned int count)
{
	atomic_long_sub(count, &account->held);
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

/*
 * The last put of a file also ends its locks and its watches, and there may be any
 * number of these.
 */
static bool put_has_more(const struct inode *inode)
{
#ifdef CONFIG_FSNOTIFY
	if (rcu_access_pointer(inode->i_fsnotify_marks))
		return true;
#endif
	return READ_ONCE(inode->i_flctx);
}

/*
 * Whether the last packets of a connection pass the rules that a user has made. They
 * can take as long as that user likes.
 */
static bool put_meets_rules_of_users(const struct sock *sk)
{
	return sock_net(sk)->user_ns != &init_user_ns;
}

/* Whether the transport's own close is all there is, and it does not sleep. */
static bool put_is_plain(const struct sock *sk)
{
	/* TLS and sockmaps replace the transport's functions. */
	if (READ_ONCE(sk->sk_prot) != sk->sk_prot_creator)
		return false;
	/* A multicast router uses these. Its close takes the lock of network configuration. */
	if (sk->sk_type == SOCK_RAW)
		return sk->sk_protocol != IPPROTO_IGMP &&
		       sk->sk_protocol != IPPROTO_ICMPV6;
	switch (sk->sk_protocol) {
	case IPPROTO_TCP:
		return sk->sk_type == SOCK_STREAM &&
		       !READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	case IPPROTO_UDP:
		return sk->sk_type == SOCK_DGRAM &&
		       !READ_ONCE(udp_sk(sk)->encap_type) &&
		       !sockdup_udp_has_key(sk);
	default:
		return false;
	}
}

static bool put_is_quick(const struct sock *sk)
{
	return put_is_plain(sk) && !put_leaves_groups(sk) &&
	       READ_ONCE(sk->sk_ack_backlog) <= ACCOUNT_QUICK_QUEUE &&
	       atomic_read(&sk->sk_rmem_alloc) <= ACCOUNT_QUICK_BYTES;
}

static enum sockdup_line put_line_inet(const struct sock *sk)
{
	if (!put_is_quick(sk))
		return SOCKDUP_LINE_PUT_OTHER;
	return put_meets_rules_of_users(sk) ? SOCKDUP_LINE_PUT_RULED :
					      SOCKDUP_LINE_PUT_INET;
}

static enum sockdup_line put_line_unix(const struct sock *sk)
{
	/* An accepted socket holds its listener's name, too. */
	if (READ_ONCE(unix_sk(sk)->path.dentry))
		return SOCKDUP_LINE_PUT_NAMED;
	/* Connections that nobody has accepted end with their listener. */
	return skb_queue_len_lockless(&sk->sk_receive_queue) > ACCOUNT_QUICK_QUEUE ?
	       SOCKDUP_LINE_PUT_OTHER : SOCKDUP_LINE_PUT_UNIX;
}

static enum sockdup_line put_line_of_kind(const struct sock *sk)
{
	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
	case AF_INET6:
		return put_line_inet(sk);
	case AF_UNIX:
		return put_line_unix(sk);
	case AF_NETLINK:
		return SOCKDUP_LINE_PUT_NETLINK;
	default:
		return SOCKDUP_LINE_PUT_OTHER;
	}
}

/*
 * The line for the last put of a file. If no epoll set has the file, its state
 * cannot change between this choice and the put.
 */
static enum sockdup_line put_line(struct file *file)
{
	struct socket *sock = sock_from_file(file);
	enum sockdup_line line;

	/* An invitation, with which an inbox may go, and another account. */
	if (!sock)
		return SOCKDUP_LINE_PUT_OTHER;
	line = put_line_of_kind(sock->sk);
	if (READ_ONCE(file->f_ep))
		return SOCKDUP_LINE_PUT_WATCHED;
	/* Only quick kinds go to the LOCKED line: it has few workers. */
	if ((line == SOCKDUP_LINE_PUT_INET || line == SOCKDUP_LINE_PUT_UNIX) &&
	    put_has_more(file_inode(file)))
		return SOCKDUP_LINE_PUT_LOCKED;
	return line;
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

/**
 * sockdup_charge_put - put the file of a charge as a job
 * @charge: whose sockdup_charge_return_later() has left that to the caller
 *
 * Context: a worker of the file's line.
 */
void sockdup_charge_put(struct sockdup_charge *charge)
{
	put_file(charge->file);
	atomic_long_dec(&charge->account->held);
}

/**
 * sockdup_charge_return_later - put the file of a charge, the last time in a worker
 * @charge: taken
 * @run: the job for that, which calls sockdup_charge_put()
 *
 * Context: process context.
 *
 * Not fput(): from a kernel thread that goes through one global worker, where
 * one lingering socket holds up everybody's.
 *
 * Return: whether the file has been put, and @run will not be called.
 */
bool sockdup_charge_return_later(struct sockdup_charge *charge,
				 void (*run)(struct sockdup_job *job))
{
	if (sockdup_put_unless_last(charge->file)) {
		atomic_long_dec(&charge->account->held);
		return true;
	}
	charge->job.run = run;
	sockdup_account_do(charge->account, put_line(charge->file), &charge->job);
	return false;
}

/* A charge by itself, which holds its account. */
static void charge_put_alone(struct sockdup_job *job)
{
	struct sockdup_charge *charge = container_of(job, struct sockdup_charge, job);
	struct sockdup_account *account = charge->account;

	sockdup_charge_put(charge);
	kfree(charge);
	sockdup_account_put(account);
}

/**
 * sockdup_charge_put_apart - put the file of a charge, and need the charge no more
 * @charge: taken; its owner may let go of it and of the account
 *
 * Context: process context, or a worker that may wait for memory.
 */
void sockdup_charge_put_apart(const struct sockdup_charge *charge)
{
	struct sockdup_charge *alone;

	/* There is no way back, and it is little. */
	alone = kmalloc(sizeof(*alone), GFP_KERNEL | __GFP_NOFAIL);
	*alone = *charge;
	refcount_inc(&alone->account->ref);
	if (sockdup_charge_return_later(alone, charge_put_alone)) {
		sockdup_account_put(alone->account);
		kfree(alone);
	}
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

/*
 * Jobs that do not sleep get as many workers as there are processors. More workers would
 * take processor time from the jobs' own users. The other jobs may sleep, or should share
 * the time.
 */
static struct workqueue_struct *__init account_queue_new(const char *name,
							 bool many)
{
	return alloc_workqueue("%s", WQ_UNBOUND,
			       many ? WQ_UNBOUND_MAX_ACTIVE :
				      num_possible_cpus(), name);
}

static struct workqueue_struct *__init line_queue_new(enum sockdup_line line)
{
	switch (line) {
	case SOCKDUP_LINE_PUT_INET:
		return account_queue_new("sockdup_put_inet", false);
	case SOCKDUP_LINE_PUT_RULED:
		return account_queue_new("sockdup_put_ruled", true);
	case SOCKDUP_LINE_PUT_UNIX:
		return account_queue_new("sockdup_put_unix", false);
	case SOCKDUP_LINE_PUT_NAMED:
		return account_queue_new("sockdup_put_named", true);
	case SOCKDUP_LINE_PUT_NETLINK:
		return account_queue_new("sockdup_put_netlink", true);
	case SOCKDUP_LINE_PUT_LOCKED:
		return account_queue_new("sockdup_put_locked", false);
	case SOCKDUP_LINE_PUT_OTHER:
		return account_queue_new("sockdup_put_other", true);
	case SOCKDUP_LINE_PUT_WATCHED:
		return account_queue_new("sockdup_put_watched", true);
	case SOCKDUP_LINE_LOOK:
		return account_queue_new("sockdup_look", false);
	case SOCKDUP_LINE_WAKE:
		return account_queue_new("sockdup_wake", false);
	case SOCKDUP_LINE_INBOX:
		return account_queue_new("sockdup_inbox", false);
	case SOCKDUP_LINE_NOTIFY:
		/*
		 * Broadcasts hold a lock of all netlink sockets for reading.
		 * From several workers at once they would keep out writers.
		 */
		return alloc_ordered_workqueue("sockdup_notify", 0);
	case SOCKDUP_LINES:
		break;
	}
	return NULL;
}

static void account_queues_destroy(void)
{
	int i;

	for (i = 0; i < SOCKDUP_LINES; i++)
		if (account_queues[i])
			destroy_workqueue(account_queues[i]);
	if (account_registration_queue)
		destroy_workqueue(account_registration_queue);
	if (account_sweep_queue)
		destroy_workqueue(account_sweep_queue);
}

/**
 * sockdup_account_init - make ready to charge
 * @token_sweep: the function of each account's @sweep
 * @registration_sweep: that of the sweep of its registrations
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_account_init(work_func_t token_sweep,
				work_func_t registration_sweep)
{
	int err = -ENOMEM;
	int i;

	for (i = 0; i < ARRAY_SIZE(account_table); i++)
		spin_lock_init(&account_table[i].lock);
	get_random_bytes(&account_table_key, sizeof(account_table_key));
	account_token_sweep = token_sweep;
	account_registration_sweep = registration_sweep;
	account_sweep_queue = account_queue_new("sockdup_sweep", false);
	if (!account_sweep_queue)
		return -ENOMEM;
	/* One worker: nobody waits for this, and it takes a processor from others. */
	account_registration_queue = alloc_ordered_workqueue("sockdup_registrations", 0);
	if (!account_registration_queue)
		goto err_queues;
	for (i = 0; i < SOCKDUP_LINES; i++) {
		account_queues[i] = line_queue_new(i);
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
