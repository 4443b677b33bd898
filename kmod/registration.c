// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registration of a socket for network events. A socket has at most one,
 * found by its inode, so it is one for all processes and descriptors. The
 * registration waits on the socket's wait queue, records the network events that
 * happen, and sets an event object. It pins the socket's inode and never its file,
 * so the last close() of a descriptor closes the socket. A registration ends when
 * its handle is closed, when another one replaces it, when a holder cancels it, or
 * some time after the socket is closed.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "account.h"
#include "eventfd.h"
#include "level.h"
#include "registration.h"

#define REGISTRATION_TABLE_BITS	15

/* Until a look is tried again that did not get the inode's lock. */
#define REGISTRATION_LOOK_RETRY	(HZ / 50 ?: 1)

/*
 * A closed socket wakes nobody, so a worker looks for closed ones in rounds. Idle
 * sockets cost the user nothing and should cost nobody much: the pause between rounds
 * doubles, up to a limit, while the user registers nothing and closes nothing.
 */
#define REGISTRATION_SWEEP_PERIOD	HZ
#define REGISTRATION_SWEEP_PAUSE	(32 * HZ)

/* From one turn of a round to the next, where the user has made no work for it. */
#define REGISTRATION_SWEEP_PACE		(HZ / 50 ?: 1)

/* Those of every registration that are recorded once, until they are re-armed. */
#define REGISTRATION_ONE_SHOT	(SOCKDUP_FD_WRITE | SOCKDUP_FD_CONNECT | \
				 SOCKDUP_FD_CLOSE)
/* A wake-up that says EPOLLIN or EPOLLPRI can bring these. */
#define REGISTRATION_RECEIVING	(SOCKDUP_FD_READ | SOCKDUP_FD_OOB | \
				 SOCKDUP_FD_ACCEPT)

/*
 * Strangers share a bucket. So its lock is held for some instructions at a time: it nests
 * inside the lock of a registration, which is held while all users of an event object are
 * woken, and no interrupt comes in between.
 */
struct registration_bucket {
	spinlock_t lock;		/* covers @head */
	struct hlist_head head;
};

static struct registration_bucket
registration_table[1 << REGISTRATION_TABLE_BITS];

/* How many registrations a sweep looks at before others may go on. */
#define REGISTRATION_SWEEP_BATCH	16

static struct registration_bucket *
registration_bucket(const struct inode *inode)
{
	return &registration_table[hash_ptr(inode, REGISTRATION_TABLE_BITS)];
}

/* The poll events whose wake-ups can bring one of the network events. */
static unsigned int registration_interest(u32 events)
{
	__poll_t poll = EPOLLERR | EPOLLHUP;

	if (events & REGISTRATION_RECEIVING || events & SOCKDUP_FD_CLOSE)
		poll |= EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLPRI |
			EPOLLRDHUP;
	if (events & (SOCKDUP_FD_WRITE | SOCKDUP_FD_CONNECT))
		poll |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return (__force unsigned int)poll;
}

/* The network events that are recorded once and then not until they are re-armed. */
static u32 registration_one_shot(const struct sockdup_registration *reg)
{
	return reg->terms.flags & SOCKDUP_EVENT_ONCE ? ~0 : REGISTRATION_ONE_SHOT;
}

static void registration_arm(struct sockdup_registration *reg, u32 armed)
{
	WRITE_ONCE(reg->armed, armed);
	WRITE_ONCE(reg->interest, registration_interest(armed));
}

/**
 * struct registration_snapshot - one look at the socket
 * @level: what was seen
 * @number: of the look, compared with &sockdup_registration.decided
 * @rearms: of each network event, counted before the look began
 */
struct registration_snapshot {
	struct sockdup_level level;
	u32 number;
	u16 rearms[SOCKDUP_NETWORK_EVENTS];
};

/*
 * The one-shot events that were re-armed after the look began: the look may have
 * seen the previous attempt, or data that was received since. The caller holds the
 * lock.
 */
static u32 registration_stale(const struct sockdup_registration *reg,
			      const struct registration_snapshot *snapshot)
{
	u32 stale = 0;
	int i;

	for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
		if (reg->rearms[i] != snapshot->rearms[i])
			stale |= BIT(i);
	return stale & registration_one_shot(reg);
}

/*
 * Whether recording @events changes what a reader may have copied already. Then
 * the reader must not clear it, and reads again. The same network event with the
 * same error is no change: the reader's caller acts after both. So another process
 * that re-arms again and again does not keep the reader. The caller holds the lock.
 */
static bool registration_replaces(const struct sockdup_registration *reg,
				  const struct sockdup_level *level, u32 events)
{
	int i;

	events &= reg->recorded;
	for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
		if (events & BIT(i) && reg->errors[i] != level->errors[i])
			return true;
	return false;
}

/*
 * Record @events, which are armed, and set the event object. The caller holds the
 * lock: a registration that is over sets nothing.
 */
static void registration_write(struct sockdup_registration *reg,
			       const struct sockdup_level *level, u32 events)
{
	int i;

	if (registration_replaces(reg, level, events))
		reg->turn++;
	reg->recorded |= events;
	if (events & (SOCKDUP_FD_CONNECT | SOCKDUP_FD_CLOSE))
		atomic_set(&reg->error, 0);
	for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
		if (events & BIT(i))
			reg->errors[i] = level->errors[i];
	registration_arm(reg, reg->armed & ~(events & registration_one_shot(reg)));
	sockdup_eventfd_set(reg->terms.eventfd);
}

/*
 * Record the ones of @wanted that hold, and set the event object. Return those about
 * which the look tells nothing, as they were re-armed since.
 */
static u32 registration_record(struct sockdup_registration *reg,
			       const struct registration_snapshot *snapshot,
			       u32 wanted)
{
	const struct sockdup_level *level = &snapshot->level;
	u32 stale = 0;
	u32 events;

	spin_lock_irq(&reg->lock);
	if (reg->over)
		goto out;
	/* An earlier look does not decide whether there is a connection. */
	if ((s32)(snapshot->number - reg->decided) > 0) {
		reg->decided = snapshot->number;
		WRITE_ONCE(reg->connected, level->connected);
		reg->told &= level->connected;
	}
	stale = wanted & registration_stale(reg, snapshot);
	wanted &= ~stale;
	reg->unanswered &= ~wanted;
	events = level->events & reg->armed & wanted;
	if (events)
		registration_write(reg, level, events);
out:
	spin_unlock_irq(&reg->lock);
	return stale;
}

/*
 * Most wake-ups only say that data has arrived: record READ right here and spare
 * the switch to a worker. Return false where a worker must look:
 *  - A look is pending. What it will record came before this data.
 *  - CONNECT is armed. A connection is recorded before its data.
 *  - WRITE is armed. The room may have come together with the connection, and
 *    then no further wake-up tells of it.
 */
static bool registration_record_data(struct sockdup_registration *reg,
				     const struct sock *sk, unsigned int woken)
{
	static const struct sockdup_level data = { .events = SOCKDUP_FD_READ };
	unsigned long flags;
	bool plain;

	/* The last look here is the one that counts; most that fail it need no lock. */
	if (!((__force __poll_t)woken & EPOLLIN) ||
	    !sockdup_level_is_plain_data(sk) ||
	    atomic_read(&reg->waiting) ||
	    READ_ONCE(reg->armed) & (SOCKDUP_FD_CONNECT | SOCKDUP_FD_WRITE) ||
	    !sockdup_eventfd_may_be_set())
		return false;
	/*
	 * No re-arming comes between this look and its record, so it is never stale:
	 * what was received before a re-arming is not seen after it.
	 */
	spin_lock_irqsave(&reg->lock, flags);
	plain = sockdup_level_is_plain_data(sk);
	if (plain && !reg->over && reg->armed & SOCKDUP_FD_READ)
		registration_write(reg, &data, SOCKDUP_FD_READ);
	spin_unlock_irqrestore(&reg->lock, flags);
	return plain;
}

static u32 registration_look_once(struct sockdup_registration *reg, u32 wanted)
{
	struct registration_snapshot snapshot;

	spin_lock_irq(&reg->lock);
	snapshot.number = ++reg->looks;
	memcpy(snapshot.rearms, reg->rearms, sizeof(snapshot.rearms));
	spin_unlock_irq(&reg->lock);
	snapshot.level = sockdup_level_of(SOCKET_I(reg->inode),
					  READ_ONCE(reg->connected),
					  atomic_read(&reg->error));
	return registration_record(reg, &snapshot, wanted);
}

/*
 * Where a network event was re-armed meanwhile, the look that follows the re-arming
 * records it. That is the work of another process, which may not run for long, so
 * look once more at such events. This suffices: a re-arming does not count before a
 * look has answered the one before it. If the second look finds them re-armed as
 * well, then another look has answered that began after the first one here.
 *
 * The caller may call sockdup_level_of().
 */
static void registration_look(struct sockdup_registration *reg, u32 wanted)
{
	u32 stale = registration_look_once(reg, wanted);

	if (stale)
		registration_look_once(reg, stale);
}

/*
 * The network events that the wake-ups may have brought. Where there is no
 * connection that an error could end, READ carries the error.
 */
static u32 registration_wanted(const struct socket *sock, unsigned int woken)
{
	__poll_t poll = EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLPRI;

	if (!sockdup_level_knows_connections(sock))
		poll |= EPOLLERR;
	if ((__force __poll_t)woken & poll)
		return ~0;
	return ~REGISTRATION_RECEIVING;
}

/*
 * Whether the last close of a socket has begun. Its file is freed a grace period after
 * the close has forgotten it, or its memory is another open file's by then. That one
 * makes the answer false, and the next answer is right.
 */
static bool registration_is_closing(const struct socket *sock)
{
	struct file *file;
	bool closing;

	rcu_read_lock();
	file = READ_ONCE(sock->file);
	closing = !file || !file_count(file);
	rcu_read_unlock();
	return closing;
}

/*
 * The work of a look. close() holds the inode's lock while it releases the socket
 * and clears sock->sk, and where it lingers, that takes as long as the user likes. So
 * do not wait for the lock. Nobody has a descriptor of such a socket to ask what was
 * recorded: do not look at all. Others hold the lock for a moment: try again later.
 */
static void registration_run(struct sockdup_job *job)
{
	struct sockdup_registration *reg =
		container_of(job, struct sockdup_registration, look);
	struct socket *sock = SOCKET_I(reg->inode);
	bool locked = inode_trylock(reg->inode);
	unsigned int woken;

	if (!locked && !READ_ONCE(reg->over) && !registration_is_closing(sock)) {
		mod_timer(&reg->retry, jiffies + REGISTRATION_LOOK_RETRY);
		return;
	}
	/* Cleared before the look, so that a later wake-up asks for another. */
	atomic_xchg(&reg->waiting, 0);
	if (locked) {
		if (sock->sk) {
			woken = atomic_xchg(&reg->woken, 0);
			registration_look(reg, registration_wanted(sock, woken));
		}
		inode_unlock(reg->inode);
	}
	sockdup_registration_put(reg);
}

static void registration_retry(struct timer_list *timer)
{
	struct sockdup_registration *reg =
		container_of(timer, struct sockdup_registration, retry);

	sockdup_account_do(reg->account, SOCKDUP_LINE_LOOK, &reg->look);
}

/*
 * Called with the wait queue's lock held, often in an interrupt. The key rarely
 * tells what happened, so in most cases a worker looks at the socket.
 */
static int registration_wake(wait_queue_entry_t *wait, unsigned int mode,
			     int sync, void *key)
{
	struct sockdup_registration *reg =
		container_of(wait, struct sockdup_registration, wait);
	unsigned int woken = (__force unsigned int)key_to_poll(key) ?: ~0U;
	const struct sock *sk = READ_ONCE(SOCKET_I(reg->inode)->sk);
	int error;

	if (!(woken & READ_ONCE(reg->interest)))
		return 0;
	/* The socket wakes us, so it exists while we are here. */
	if (sk && registration_record_data(reg, sk, woken))
		return 0;
	/* Note the error: a system call may take it before the worker looks. */
	error = sk ? READ_ONCE(sk->sk_err) : 0;
	if (error)
		atomic_set(&reg->error, error);
	atomic_or(woken, &reg->woken);
	if (atomic_xchg(&reg->waiting, 1))
		return 0;
	/* On the wait queue it is in force, which is one reference. */
	refcount_inc(&reg->ref);
	sockdup_account_do(reg->account, SOCKDUP_LINE_LOOK, &reg->look);
	return 0;
}

/**
 * sockdup_registration_put - let go of a registration
 * @reg: got by the caller
 *
 * Context: process context; may be the last to let go of a socket's inode.
 */
void sockdup_registration_put(struct sockdup_registration *reg)
{
	if (!refcount_dec_and_test(&reg->ref))
		return;
	sockdup_eventfd_put(reg->terms.eventfd);
	sockdup_account_put(reg->account);
	put_pid(reg->source);
	iput(reg->inode);
	kfree(reg);
}

/*
 * Take a registration out of the table and off its handle's list. It is over then: the
 * caller holds its lock, so nobody is setting the event object, and the bucket's lock.
 */
static void registration_unlink(struct sockdup_registration *reg)
{
	struct sockdup_account_registrations *user =
		&reg->account->in_force;
	struct sockdup_registration_list *list = reg->list;

	lockdep_assert_held(&reg->lock);
	lockdep_assert_held(&registration_bucket(reg->inode)->lock);

	hlist_del(&reg->node);
	/* The handle frees its empty list after a grace period. */
	rcu_read_lock();
	spin_lock(&list->lock);
	list_del_init(&reg->mate);
	WRITE_ONCE(list->count, list->count - 1);
	spin_unlock(&list->lock);
	rcu_read_unlock();
	spin_lock(&user->lock);
	list_del(&reg->sibling);
	user->count--;
	spin_unlock(&user->lock);
	WRITE_ONCE(reg->over, true);
}

/*
 * Finish what registration_unlink() began, or undo a registration that was never
 * published. Consumes the reference for being in force.
 */
static void registration_end(struct sockdup_registration *reg)
{
	/* No wake-up asks for a look after this; one may still be pending. */
	remove_wait_queue(&SOCKET_I(reg->inode)->wq.wait,
			  &reg->wait);
	sockdup_registration_put(reg);
}

/* Returns no reference. The caller holds the bucket's lock. */
static struct sockdup_registration *
registration_find(struct registration_bucket *bucket, const struct inode *inode)
{
	struct sockdup_registration *reg;

	lockdep_assert_held(&bucket->lock);

	hlist_for_each_entry(reg, &bucket->head, node)
		if (reg->inode == inode)
			return reg;
	return NULL;
}

/* The registration of a socket, held, or NULL. It may be over when the caller looks. */
static struct sockdup_registration *registration_get(const struct inode *inode)
{
	struct registration_bucket *bucket = registration_bucket(inode);
	struct sockdup_registration *reg;

	spin_lock_irq(&bucket->lock);
	reg = registration_find(bucket, inode);
	if (reg)
		refcount_inc(&reg->ref);
	spin_unlock_irq(&bucket->lock);
	return reg;
}

/*
 * End a registration that the caller found and holds, unless somebody else has just
 * ended it. In either case nobody sets its event object afterwards.
 */
static void registration_end_found(struct sockdup_registration *reg)
{
	struct registration_bucket *bucket = registration_bucket(reg->inode);
	bool ours;

	spin_lock_irq(&reg->lock);
	ours = !reg->over;
	if (ours) {
		spin_lock(&bucket->lock);
		registration_unlink(reg);
		spin_unlock(&bucket->lock);
	}
	spin_unlock_irq(&reg->lock);
	if (!ours)
		return;
	sockdup_account_return_registration(reg->account);
	registration_end(reg);
}

/*
 * Look at the first registrations of a user, no more than @left and no more than a
 * batch, and move each to the end of the list. Stop at one whose socket is closed
 * and return it, held; else return NULL.
 */
static struct sockdup_registration *
registration_find_closed(struct sockdup_account_registrations *user,
			 unsigned long *left)
{
	struct sockdup_registration *reg;
	int i;

	lockdep_assert_held(&user->lock);

	for (i = 0; i < REGISTRATION_SWEEP_BATCH && *left; i++) {
		(*left)--;
		reg = list_first_entry_or_null(&user->list,
					       struct sockdup_registration,
					       sibling);
		if (!reg) {
			*left = 0;
			return NULL;
		}
		list_move_tail(&reg->sibling, &user->list);
		if (READ_ONCE(SOCKET_I(reg->inode)->sk))
			continue;
		refcount_inc(&reg->ref);
		return reg;
	}
	return NULL;
}

/*
 * Look at some registrations of a user, and end one whose socket is closed. Return
 * whether there was one.
 */
static bool registration_sweep_batch(struct sockdup_account_registrations *user,
				     unsigned long *left)
{
	struct sockdup_registration *closed;

	spin_lock_irq(&user->lock);
	closed = registration_find_closed(user, left);
	spin_unlock_irq(&user->lock);
	if (!closed)
		return false;
	registration_end_found(closed);
	sockdup_registration_put(closed);
	return true;
}

/*
 * End registrations of closed sockets, of one user alone, so that a user at the
 * limit waits for no stranger. Several sweeps of one user move on through the same
 * list, and together they look at each registration.
 */
static void registration_sweep_user(struct sockdup_account *account)
{
	struct sockdup_account_registrations *user =
		&account->in_force;
	unsigned long left = READ_ONCE(user->count);

	while (left) {
		registration_sweep_batch(user, &left);
		cond_resched();
	}
}

/*
 * The time until the next turn, in jiffies. Each registration that the user makes or
 * ends by a close pays for one turn without delay. At the end of a round there is a
 * pause in any case.
 */
static unsigned long
registration_sweep_delay(struct sockdup_account_registrations *user, bool ended)
{
	bool paid = atomic_dec_if_positive(&user->made) >= 0 || ended;

	user->active |= paid;
	if (user->left)
		return paid ? 0 : REGISTRATION_SWEEP_PACE;
	user->pause = user->active ? REGISTRATION_SWEEP_PERIOD :
		      min_t(unsigned long, 2 * user->pause, REGISTRATION_SWEEP_PAUSE);
	user->active = false;
	atomic_set(&user->made, 0);
	return user->pause;
}

/**
 * sockdup_registration_sweep - end registrations of closed sockets
 * @work: the account's that has the registrations
 *
 * One batch, then the other accounts have their turns. Where the round is over, the
 * next one begins a while later.
 */
void sockdup_registration_sweep(struct work_struct *work)
{
	struct sockdup_account *account =
		container_of(to_delayed_work(work), struct sockdup_account,
			     in_force.sweep);
	struct sockdup_account_registrations *user = &account->in_force;
	unsigned long delay;
	bool ended;

	/* At zero the release waits for this to return. */
	if (!refcount_inc_not_zero(&account->ref))
		return;
	if (!user->left)
		user->left = READ_ONCE(user->count);
	ended = registration_sweep_batch(user, &user->left);
	delay = registration_sweep_delay(user, ended);
	/* A caller that adds one after this look queues the work, too. */
	if (READ_ONCE(user->count))
		sockdup_account_sweep(&user->sweep, delay);
	sockdup_account_put(account);
}

static struct sockdup_registration *
registration_new(struct file *file,
		 const struct sockdup_registration_terms *terms,
		 struct sockdup_registration_list *list)
{
	struct inode *inode = file_inode(file);
	struct sockdup_registration *reg;
	struct sockdup_account *account;

	reg = kzalloc(sizeof(*reg), GFP_KERNEL_ACCOUNT);
	if (!reg)
		return ERR_PTR(-ENOMEM);
	account = sockdup_account_get(current_uid(), GFP_KERNEL_ACCOUNT);
	if (IS_ERR(account)) {
		kfree(reg);
		return ERR_CAST(account);
	}
	reg->account = account;
	refcount_set(&reg->ref, 1);
	ihold(inode);
	reg->inode = inode;
	init_waitqueue_func_entry(&reg->wait, registration_wake);
	reg->look.run = registration_run;
	timer_setup(&reg->retry, registration_retry, 0);
	reg->terms = *terms;
	sockdup_eventfd_hold(terms->eventfd);
	reg->list = list;
	reg->source = get_pid(task_tgid(current));
	current_euid_egid(&reg->uid, &reg->gid);
	spin_lock_init(&reg->lock);

	return reg;
}

/*
 * What is armed at first: not CONNECT, where the socket's connection is no news
 * to its holders.
 */
static u32 registration_news(const struct sockdup_registration *reg)
{
	const struct socket *sock = SOCKET_I(reg->inode);
	bool known = READ_ONCE(sock->state) == SS_CONNECTED;

	/* connect() of AF_UNIX does not wait, and not every kernel sets the state. */
	if (sock->sk->sk_family == AF_UNIX)
		known = READ_ONCE(sock->sk->sk_state) == TCP_ESTABLISHED;
	known |= reg->told;
	return known ? reg->terms.mask & ~SOCKDUP_FD_CONNECT : reg->terms.mask;
}

/*
 * Put the registration into the table in place of the socket's previous one, whose lock
 * the caller holds, or which is NULL. The caller holds the bucket's lock. If the same user
 * made that, take over its charge, so that a user at the limit can still replace a
 * registration.
 */
static int registration_replace(struct sockdup_registration *reg,
				struct sockdup_registration *previous)
{
	struct sockdup_account_registrations *user =
		&reg->account->in_force;
	struct registration_bucket *bucket = registration_bucket(reg->inode);
	struct sockdup_registration_list *list = reg->list;

	lockdep_assert_held(&bucket->lock);

	if ((!previous || previous->account != reg->account) &&
	    !sockdup_account_charge_registration(reg->account))
		return -ENOBUFS;
	if (previous) {
		registration_unlink(previous);
		if (previous->account != reg->account)
			sockdup_account_return_registration(previous->account);
		/* It is over, so this changes no more. */
		reg->told = previous->told;
	}
	registration_arm(reg, registration_news(reg));
	hlist_add_head(&reg->node, &bucket->head);
	spin_lock(&list->lock);
	list_add_tail(&reg->mate, &list->registrations);
	WRITE_ONCE(list->count, list->count + 1);
	spin_unlock(&list->lock);
	spin_lock(&user->lock);
	list_add_tail(&reg->sibling, &user->list);
	user->count++;
	atomic_inc(&user->made);
	spin_unlock(&user->lock);
	return 0;
}

/*
 * The same, if @previous is still the socket's registration, or if that still has none;
 * else -EAGAIN.
 */
static int registration_try_replace(struct sockdup_registration *reg,
				    struct sockdup_registration *previous)
{
	struct registration_bucket *bucket = registration_bucket(reg->inode);
	unsigned long flags;
	int err = -EAGAIN;

	spin_lock_irqsave(&bucket->lock, flags);
	if (registration_find(bucket, reg->inode) == previous)
		err = registration_replace(reg, previous);
	spin_unlock_irqrestore(&bucket->lock, flags);
	return err;
}

/* @previous is held by the caller. */
static int registration_replace_found(struct sockdup_registration *reg,
				      struct sockdup_registration *previous)
{
	int err;

	spin_lock_irq(&previous->lock);
	err = registration_try_replace(reg, previous);
	spin_unlock_irq(&previous->lock);
	if (!err)
		registration_end(previous);
	return err;
}

/*
 * Others who hold the socket may replace its registration between the search and the
 * lock. Then search again: they delay only those who share the socket with them.
 */
static int registration_publish(struct sockdup_registration *reg)
{
	struct sockdup_registration *previous;
	int err;

	do {
		previous = registration_get(reg->inode);
		if (previous) {
			err = registration_replace_found(reg, previous);
			sockdup_registration_put(previous);
		} else {
			err = registration_try_replace(reg, NULL);
		}
		cond_resched();
	} while (err == -EAGAIN && !fatal_signal_pending(current));
	return err == -EAGAIN ? -EINTR : err;
}

/*
 * Whether poll() of the socket is a mere look. That of AF_VSOCK takes the socket's
 * lock, which a sender can keep. That of AF_XDP takes a mutex and transmits what its
 * users have queued. Every other family's poll() takes spinlocks at most.
 */
static bool registration_may_look(const struct socket *sock)
{
	switch (READ_ONCE(sock->ops)->family) {
	case AF_VSOCK:
	case AF_XDP:
		return false;
	default:
		return true;
	}
}

/**
 * sockdup_registration_register - register a socket for network events
 * @file: the socket's, held by the caller
 * @terms: what for
 * @list: of the handle that the registration ends with
 *
 * Cancels the socket's previous registration of any process. Network events that
 * hold already are recorded.
 *
 * Return: 0; -EOPNOTSUPP where poll() of the socket is more than a look;
 * -ENOBUFS where the user has as many registrations as RLIMIT_NOFILE allows, this
 * would be one more, and the caller has no CAP_SYS_RESOURCE; -EINTR where the caller is
 * killed while others register again and again; -ENOMEM.
 */
int sockdup_registration_register(struct file *file,
				  const struct sockdup_registration_terms *terms,
				  struct sockdup_registration_list *list)
{
	struct sockdup_registration *reg;
	int err;

	if (!registration_may_look(SOCKET_I(file_inode(file))))
		return -EOPNOTSUPP;
	reg = registration_new(file, terms, list);
	if (IS_ERR(reg))
		return PTR_ERR(reg);

	add_wait_queue(&SOCKET_I(reg->inode)->wq.wait, &reg->wait);
	/* Once published, it may end at any time: keep a reference of our own. */
	refcount_inc(&reg->ref);
	err = registration_publish(reg);
	if (err == -ENOBUFS) {
		/* Registrations of closed sockets may use up the limit. */
		registration_sweep_user(reg->account);
		err = registration_publish(reg);
	}
	if (err) {
		registration_end(reg);
		goto out;
	}
	/*
	 * The look comes after arming and joining the wait queue: what happens
	 * meanwhile is seen by the look, or wakes us. Pairs with the barrier
	 * in wq_has_sleeper().
	 */
	smp_mb();
	registration_look(reg, terms->mask);

	sockdup_account_sweep(&reg->account->in_force.sweep,
			      REGISTRATION_SWEEP_PERIOD);
out:
	sockdup_registration_put(reg);
	return err;
}

/**
 * sockdup_registration_cancel - end a socket's registration, if it has one
 * @file: the socket's, held by the caller
 *
 * What it recorded is lost, and it does not set its event object again.
 */
void sockdup_registration_cancel(struct file *file)
{
	struct sockdup_registration *reg = registration_get(file_inode(file));

	if (!reg)
		return;
	registration_end_found(reg);
	sockdup_registration_put(reg);
}

/**
 * sockdup_registration_get - find a socket's registration
 * @file: the socket's, held by the caller
 *
 * Return: the registration, which the caller puts, or ERR_PTR(-ENOENT).
 */
struct sockdup_registration *sockdup_registration_get(struct file *file)
{
	return registration_get(file_inode(file)) ?: ERR_PTR(-ENOENT);
}

/**
 * sockdup_registration_get_own - find it if a certain handle made it
 * @file: the socket's, held by the caller
 * @list: of that handle, which the caller keeps open
 *
 * Return: the registration, which the caller puts; ERR_PTR(-ENOENT) where there
 * is none; ERR_PTR(-EPERM) where another handle made it.
 */
struct sockdup_registration *
sockdup_registration_get_own(struct file *file,
			     const struct sockdup_registration_list *list)
{
	struct sockdup_registration *reg = sockdup_registration_get(file);

	/*
	 * When it was found it was in force, so its list existed. The caller's
	 * list exists, too: equal addresses mean the same list.
	 */
	if (IS_ERR(reg) || reg->list == list)
		return reg;
	sockdup_registration_put(reg);
	return ERR_PTR(-EPERM);
}

/**
 * sockdup_registration_read - copy what is recorded
 * @reg: got by the caller
 * @record: filled; pass it to sockdup_registration_clear() afterwards
 */
void sockdup_registration_read(struct sockdup_registration *reg,
			       struct sockdup_registration_record *record)
{
	spin_lock_irq(&reg->lock);
	record->events = reg->recorded;
	memcpy(record->errors, reg->errors, sizeof(record->errors));
	record->turn = reg->turn;
	spin_unlock_irq(&reg->lock);
}

/**
 * sockdup_registration_clear - forget what the caller has handed out
 * @reg: got by the caller
 * @record: read from it
 * @reset: also reset the event object, unless more has been recorded since
 *
 * Return: 0; -EAGAIN where somebody else has cleared it, or the same network events
 * were recorded once more, and the caller must read again; -ENOENT where the registration
 * is over.
 */
int sockdup_registration_clear(struct sockdup_registration *reg,
			       const struct sockdup_registration_record *record,
			    bool reset)
{
	int err = 0;

	spin_lock_irq(&reg->lock);
	if (reg->over) {
		err = -ENOENT;
	} else if (reg->turn != record->turn) {
		err = -EAGAIN;
	} else {
		reg->turn++;
		reg->recorded &= ~record->events;
		if (record->events & SOCKDUP_FD_CONNECT)
			reg->told =
				!record->errors[__ffs(SOCKDUP_FD_CONNECT)];
		if (reset && !reg->recorded)
			sockdup_eventfd_reset(reg->terms.eventfd);
	}
	spin_unlock_irq(&reg->lock);
	return err;
}

/*
 * Arm network events again. A re-arming that no look has answered yet counts for those
 * that come meanwhile: otherwise a process that re-arms without end would
 * make every look stale. At worst the look that answers reports data which a call
 * between these re-armings has received. False where the registration is over.
 */
static bool registration_arm_again(struct sockdup_registration *reg, u32 events)
{
	bool over;
	int i;

	events &= reg->terms.mask;
	spin_lock_irq(&reg->lock);
	over = reg->over;
	if (over)
		goto out;
	/* The next attempt to connect has an error of its own. */
	if (events & SOCKDUP_FD_CONNECT) {
		atomic_set(&reg->error, 0);
		reg->told = false;
	}
	for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
		if (events & ~reg->unanswered & BIT(i))
			reg->rearms[i]++;
	reg->unanswered |= events;
	registration_arm(reg, reg->armed | events);
out:
	spin_unlock_irq(&reg->lock);
	return !over;
}

/**
 * sockdup_registration_rearm - arm network events again, and record what holds
 * @file: the socket's, held by the caller
 * @events: which ones; others than the registered ones are ignored
 *
 * Return: 0, or -ENOENT where the socket has no registration.
 */
int sockdup_registration_rearm(struct file *file, u32 events)
{
	struct sockdup_registration *reg;

	/* One that is over is out of the table: the next search finds what came after it. */
	while ((reg = registration_get(file_inode(file))) &&
	       !registration_arm_again(reg, events))
		sockdup_registration_put(reg);
	if (!reg)
		return -ENOENT;
	/* First arm, then look: as in sockdup_registration_register(). */
	smp_mb();
	/* Nothing wakes when data has been read, behind which CLOSE may wait. */
	if (events & SOCKDUP_FD_READ)
		events |= SOCKDUP_FD_CLOSE;
	registration_look(reg, events);
	sockdup_registration_put(reg);
	return 0;
}

/**
 * sockdup_registration_list_init - make an empty list
 * @list: the caller drops it before freeing it
 */
void sockdup_registration_list_init(struct sockdup_registration_list *list)
{
	spin_lock_init(&list->lock);
	INIT_LIST_HEAD(&list->registrations);
	list->count = 0;
}

/**
 * sockdup_registration_list_count - count the registrations of a handle
 * @list: the handle's
 *
 * Return: how many, including those of sockets closed a moment ago.
 */
unsigned int
sockdup_registration_list_count(struct sockdup_registration_list *list)
{
	return READ_ONCE(list->count);
}

static struct sockdup_registration *
registration_list_get(struct sockdup_registration_list *list)
{
	struct sockdup_registration *reg;

	spin_lock_irq(&list->lock);
	reg = list_first_entry_or_null(&list->registrations,
				       struct sockdup_registration, mate);
	if (reg)
		refcount_inc(&reg->ref);
	spin_unlock_irq(&list->lock);
	return reg;
}

/**
 * sockdup_registration_list_drop - end every registration of a list
 * @list: nobody adds to it any more; free it after a grace period
 */
void sockdup_registration_list_drop(struct sockdup_registration_list *list)
{
	struct sockdup_registration *reg;

	while ((reg = registration_list_get(list))) {
		registration_end_found(reg);
		sockdup_registration_put(reg);
		cond_resched();
	}
}

/**
 * sockdup_registration_init - prepare the table
 *
 * There is nothing to undo. Every registration has an account, and an account keeps
 * the module loaded.
 */
void __init sockdup_registration_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registration_table); i++)
		spin_lock_init(&registration_table[i].lock);
}
