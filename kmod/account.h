/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_ACCOUNT_H
#define SOCKDUP_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

struct file;

/**
 * enum sockdup_line - lines of jobs, one of each for every account
 * @SOCKDUP_LINE_PUT_INET: files of AF_INET and AF_INET6 whose last put neither sleeps
 *			   nor takes long
 * @SOCKDUP_LINE_PUT_RULED: the same in the network namespace of a user, who makes the
 *			    rules that their last packets pass
 * @SOCKDUP_LINE_PUT_UNIX: files of AF_UNIX without a name in a file system, and
 *			   with little in their queues
 * @SOCKDUP_LINE_PUT_NAMED: files of AF_UNIX with one; where the name was removed, a
 *			    put may write to the file system, or wait until that is
 *			    no longer frozen
 * @SOCKDUP_LINE_PUT_NETLINK: files of AF_NETLINK; a put waits for broadcasts
 * @SOCKDUP_LINE_PUT_LOCKED: those of the lines INET and UNIX with locks on them, or with
 *			     marks of those who watch files; a put undoes all of these
 * @SOCKDUP_LINE_PUT_OTHER: all other files; a put may wait for a grace period
 *			    or for the lock of network configuration
 * @SOCKDUP_LINE_PUT_WATCHED: files in epoll sets, through which others can still
 *			      change them; a put may wait for a set's users, who can
 *			      take for ever
 * @SOCKDUP_LINE_NOTIFY: notifications; on an ordered queue
 * @SOCKDUP_LINE_LOOK: looks at registered sockets
 * @SOCKDUP_LINE_WAKE: wake-ups of those who wait for outcomes, posts, or room for posts
 * @SOCKDUP_LINE_INBOX: ends of posts, and the choice of whom to tell of room
 * @SOCKDUP_LINES: how many there are
 *
 * Each line has one workqueue, where the accounts take turns: an account does
 * one job and goes to the end of the queue. So a user with many jobs delays
 * another user by one job, and a job waits for jobs of its own line only. What is left of
 * a large set, of whichever kind, waits in the line INET to be put in its own lines.
 */
enum sockdup_line {
	SOCKDUP_LINE_PUT_INET,
	SOCKDUP_LINE_PUT_RULED,
	SOCKDUP_LINE_PUT_UNIX,
	SOCKDUP_LINE_PUT_NAMED,
	SOCKDUP_LINE_PUT_NETLINK,
	SOCKDUP_LINE_PUT_LOCKED,
	SOCKDUP_LINE_PUT_OTHER,
	SOCKDUP_LINE_PUT_WATCHED,
	SOCKDUP_LINE_NOTIFY,
	SOCKDUP_LINE_LOOK,
	SOCKDUP_LINE_WAKE,
	SOCKDUP_LINE_INBOX,
	SOCKDUP_LINES,
};

/**
 * struct sockdup_job - something to do for an account
 * @node: links the jobs of a line
 * @run: does it, in process context; may free the job
 */
struct sockdup_job {
	struct llist_node node;
	void (*run)(struct sockdup_job *job);
};

/**
 * struct sockdup_account_line - the jobs of one account in one line
 * @work: does the next job
 * @arrived: new jobs, the last one first
 * @next: older jobs, the first one first; @work's own
 * @account: embeds this
 */
struct sockdup_account_line {
	struct work_struct work;
	struct llist_head arrived;
	struct llist_node *next;
	struct sockdup_account *account;
};

/**
 * struct sockdup_account_registrations - the registrations of one user
 * @lock: covers the next two; nests inside a bucket's lock of registrations
 * @list: linked by &sockdup_registration.sibling
 * @count: how many
 * @sweep: ends those of closed sockets; the release waits for it
 * @left: how many it has yet to look at in this round; @sweep's own
 * @active: whether this round has found anything to do; @sweep's own
 * @made: registrations that no turn of @sweep has followed yet
 * @pause: jiffies from the last round to the next
 */
struct sockdup_account_registrations {
	spinlock_t lock;		/* covers the next two */
	struct list_head list;
	unsigned long count;
	struct delayed_work sweep;
	unsigned long left;
	bool active;
	atomic_t made;
	unsigned long pause;
};

/**
 * struct sockdup_account - what one user holds
 * @node: in the table; covered by the bucket's lock, read under RCU
 * @ref: one for each token, registration, inbox, binding and open handle of the user, one
 *       for each charge that is put apart, and one for each queued work of @lines
 * @uid: the user's real id
 * @held: files of tokens and posts, charged and not yet put
 * @bytes: what sets of sockets, payloads and inboxes take
 * @registrations: registrations in force
 * @in_force: those registrations
 * @notices: notifications in line
 * @lines: jobs to do
 * @lock: taken in process context only; inside a target's lock
 * @scopes: targets that the user exports to and that are not processes
 * @watched: those that can end, by when to look whether they have
 * @look_from: when the next turn of looks at those may be, in nanoseconds of
 *	       CLOCK_BOOTTIME
 * @ticks: that a resume from suspend sets off
 * @tokens: live tokens by the time they are due, and by id
 * @alarm: when @sweep is due, in nanoseconds of CLOCK_BOOTTIME; U64_MAX where
 *	   it is not
 * @sweep: ends tokens that are due; the release waits for it
 * @release: the release, where a sweep has let go last
 * @rcu: delays the freeing for readers of the table
 *
 * Owns a module reference.
 */
struct sockdup_account {
	struct hlist_node node;
	refcount_t ref;
	kuid_t uid;
	atomic_long_t held;
	atomic_long_t bytes;
	atomic_long_t registrations;
	struct sockdup_account_registrations in_force;
	atomic_t notices;
	struct sockdup_account_line lines[SOCKDUP_LINES];
	spinlock_t lock;		/* covers the next six */
	struct rb_root scopes;
	struct list_head watched;
	u64 look_from;
	struct list_head ticks;
	struct rb_root_cached tokens;
	u64 alarm;
	struct delayed_work sweep;
	struct work_struct release;
	struct rcu_head rcu;
};

/**
 * struct sockdup_tick - work that is to be done in time
 * @node: among the account's; covered by its lock
 * @account: of the user whose deadlines it goes by; held by the owner of this
 * @queue: where it runs
 * @work: it
 */
struct sockdup_tick {
	struct list_head node;
	struct sockdup_account *account;
	struct workqueue_struct *queue;
	struct delayed_work work;
};

/**
 * struct sockdup_charge - a file that a user pays for
 * @file: the file; the charge owns one reference
 * @account: of the user who pays; held by the charge's owner
 * @job: puts @file
 */
struct sockdup_charge {
	struct file *file;
	struct sockdup_account *account;
	struct sockdup_job job;
};

/**
 * struct sockdup_usage - what a user pays for
 * @files: of tokens and posts
 * @bytes: of sets: names, payload and about 40 bytes a socket
 */
struct sockdup_usage {
	long files;
	long bytes;
};

struct sockdup_account *sockdup_account_get(kuid_t uid, gfp_t gfp);
struct sockdup_account *
sockdup_account_get_current(struct sockdup_account *likely, gfp_t gfp);
void sockdup_account_put(struct sockdup_account *account);
struct sockdup_usage sockdup_account_usage_of(kuid_t uid);
void sockdup_account_do(struct sockdup_account *account, enum sockdup_line line,
			struct sockdup_job *job);
void sockdup_account_alarm(struct sockdup_account *account, u64 due);
void sockdup_account_sweep(struct delayed_work *sweep, unsigned long delay);

void sockdup_tick_init(struct sockdup_tick *tick, struct sockdup_account *account,
		       enum sockdup_line line, work_func_t run);
void sockdup_tick_set(struct sockdup_tick *tick, unsigned long delay);
void sockdup_tick_cancel(struct sockdup_tick *tick);

bool sockdup_account_charge_registration(struct sockdup_account *account);
void sockdup_account_return_registration(struct sockdup_account *account);

bool sockdup_account_charge_bytes(struct sockdup_account *account, size_t bytes);
void sockdup_account_return_bytes(struct sockdup_account *account, size_t bytes);

int sockdup_account_charge_files(struct sockdup_account *account, unsigned int count);
void sockdup_account_return_files(struct sockdup_account *account, unsigned int count);

/**
 * sockdup_charge_take - hold a file at the expense of a user
 * @charge: filled
 * @account: the user's, which has counted the file; held by the caller until the charge
 *	     is returned
 * @file: the file; the caller's reference is the charge's
 */
static inline void sockdup_charge_take(struct sockdup_charge *charge,
				       struct sockdup_account *account,
				       struct file *file)
{
	charge->account = account;
	charge->file = file;
}

void sockdup_charge_return(struct sockdup_charge *charge);
bool sockdup_charge_return_later(struct sockdup_charge *charge,
				 void (*run)(struct sockdup_job *job));
void sockdup_charge_put(struct sockdup_charge *charge);
void sockdup_charge_put_apart(const struct sockdup_charge *charge);

struct workqueue_struct *sockdup_line_queue(enum sockdup_line line);

int sockdup_account_init(work_func_t token_sweep, work_func_t registration_sweep);
void sockdup_account_exit(void);

#endif /* SOCKDUP_ACCOUNT_H */
