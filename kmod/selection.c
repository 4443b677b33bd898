// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event registration of a socket: one, whoever made it and through which
 * descriptor, in a slot that is found by the socket's inode. It listens on the
 * socket's wait queue, records what happens, and sets an eventfd. It pins the
 * inode and never the file, so the socket is closed with its last descriptor.
 * It ends with the handle it was made through, with a registration that takes
 * the slot, or when the socket is gone, whichever comes first.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/skmsg.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "account.h"
#include "compat/af_unix.h"
#include "event.h"
#include "selection.h"

#define SELECTION_TABLE_BITS	12

/* Until a look is tried again that could not be had. */
#define SELECTION_LOOK_RETRY	(HZ / 50 ?: 1)

/* How often sockets are looked up that were closed without a word. */
#define SELECTION_SWEEP_PERIOD	HZ

/* Recorded once, and then not again until re-armed. */
#define SELECTION_ONE_SHOT	(SOCKDUP_FD_WRITE | SOCKDUP_FD_CONNECT | \
				 SOCKDUP_FD_CLOSE)
/* Told by a wake-up that says there is something to receive. */
#define SELECTION_RECEIVING	(SOCKDUP_FD_READ | SOCKDUP_FD_OOB | \
				 SOCKDUP_FD_ACCEPT)

struct selection_bucket {
	spinlock_t lock;		/* covers @head */
	struct hlist_head head;
};

static struct selection_bucket selection_table[1 << SELECTION_TABLE_BITS];
static struct workqueue_struct *selection_queue;

static void selection_sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(selection_sweep_work, selection_sweep);

/* Of those sweeps that somebody asked for. */
static DEFINE_MUTEX(selection_sweep_lock);
static unsigned int selection_sweeps;	/* begun; covered by the lock */

static struct selection_bucket *selection_bucket(const struct inode *inode)
{
	return &selection_table[hash_ptr(inode, SELECTION_TABLE_BITS)];
}

/**
 * struct selection_level - what holds of a socket at one moment
 * @events: an OR of enum sockdup_network_event
 * @errors: of those, each 0 or a positive errno
 * @connected: it is a connection, or has been one
 * @look: the number of the look, 0 for one that is not at all of it
 * @rearms: of each event, from before that moment
 */
struct selection_level {
	u32 events;
	int errors[SOCKDUP_SELECTION_EVENTS];
	bool connected;
	u32 look;
	u16 rearms[SOCKDUP_SELECTION_EVENTS];
};

static void level_add(struct selection_level *level, u32 event, int error)
{
	level->events |= event;
	level->errors[__ffs(event)] = error;
}

/* Bytes that a TCP socket has yet to give, without the urgent one. */
static u32 level_tcp_data(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 next = READ_ONCE(tp->copied_seq);
	u32 left = READ_ONCE(tp->rcv_nxt) - next;
	u32 urgent = READ_ONCE(tp->urg_seq) - next;

	/* The end of the peer's data has a place in the sequence, too. */
	if (left && sock_flag(sk, SOCK_DONE))
		left--;
	if (READ_ONCE(tp->urg_data) && !sock_flag(sk, SOCK_URGINLINE) &&
	    urgent < left)
		left--;
	return left;
}

/* Whether unread data can be told from the end that follows it. */
static bool level_knows_data(const struct sock *sk)
{
	return sk_is_tcp(sk) || sk->sk_family == AF_UNIX;
}

/*
 * Whether all that a sockmap holds for the program is the end, which it keeps as
 * a message of no bytes.
 */
static bool level_is_end_in_sockmap(const struct sock *sk)
{
	const struct sk_msg *next;
	struct sk_psock *psock;
	bool end = false;

	rcu_read_lock();
	psock = sk_psock(sk);
	if (psock) {
		spin_lock_bh(&psock->ingress_lock);
		next = list_first_entry_or_null(&psock->ingress_msg,
						struct sk_msg, list);
		end = next && !next->sg.size;
		spin_unlock_bh(&psock->ingress_lock);
	}
	rcu_read_unlock();
	return end;
}

/*
 * An urgent byte that has been received leaves its place in the queue, and on some
 * kernels one that has been passed over stays in their count.
 */
static bool level_has_unix_data(struct sock *sk)
{
	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return false;
	return sk->sk_type != SOCK_STREAM || unix_inq_len(sk) > 0;
}

static bool level_has_data(struct sock *sk)
{
	if (level_is_end_in_sockmap(sk))
		return false;
	if (sk_is_readable(sk))
		return true;
	return sk_is_tcp(sk) ? level_tcp_data(sk) > 0 : level_has_unix_data(sk);
}

/*
 * The socket's error, or the one noted for it, if a call has taken it since.
 * A connection, and an attempt at one, that go on have none.
 */
static int level_error(const struct sock *sk, int noted)
{
	int error = READ_ONCE(sk->sk_err);

	return READ_ONCE(sk->sk_state) == TCP_CLOSE ? error ?: noted : error;
}

/*
 * Whether reading ends because of the peer. TCP tells that from an end of
 * reading that was asked for at this side.
 */
static bool level_peer_has_ended(const struct sock *sk, __poll_t poll)
{
	if (!(poll & EPOLLRDHUP))
		return false;
	return !sk_is_tcp(sk) || sock_flag(sk, SOCK_DONE) ||
	       READ_ONCE(sk->sk_state) == TCP_CLOSE;
}

/*
 * TCP calls a reset that comes after the peer's own end a broken pipe. There is no
 * other error then: what else was noted is of an attempt before.
 */
static int level_close_error(const struct sock *sk, int noted)
{
	int error = READ_ONCE(sk->sk_err);

	if (sk->sk_family == AF_UNIX)
		return error ?: noted;
	if (!sk_is_tcp(sk))
		return error;
	if (!sock_flag(sk, SOCK_DONE))
		error = level_error(sk, noted) ?: ECONNRESET;
	else if (noted == EPIPE)
		error = error ?: noted;
	return error == EPIPE ? ECONNRESET : error;
}

static void level_of_connection(struct selection_level *level,
				struct socket *sock, __poll_t poll, int noted)
{
	struct sock *sk = sock->sk;
	bool readable = poll & EPOLLIN;
	bool ended = level_peer_has_ended(sk, poll);

	level_add(level, SOCKDUP_FD_CONNECT, 0);
	if (poll & EPOLLOUT && !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		level_add(level, SOCKDUP_FD_WRITE, 0);
	if (poll & EPOLLPRI && !sock_flag(sk, SOCK_URGINLINE))
		level_add(level, SOCKDUP_FD_OOB, 0);

	if (poll & EPOLLRDHUP && level_knows_data(sk)) {
		readable = level_has_data(sk);
		ended = ended && !readable;
	}
	if (readable)
		level_add(level, SOCKDUP_FD_READ, 0);
	if (ended)
		level_add(level, SOCKDUP_FD_CLOSE, level_close_error(sk, noted));
}

/* An attempt to connect leaves its error, or else that there was one. */
static void level_of_unconnected(struct selection_level *level,
				 const struct socket *sock, int noted)
{
	int error = level_error(sock->sk, noted);

	if (!error && READ_ONCE(sock->sk->sk_state) == TCP_CLOSE &&
	    READ_ONCE(sock->state) == SS_CONNECTING)
		error = ECONNABORTED;
	if (error)
		level_add(level, SOCKDUP_FD_CONNECT, error);
}

static void level_of_datagrams(struct selection_level *level,
			       const struct sock *sk, __poll_t poll)
{
	int error = READ_ONCE(sk->sk_err);

	if (error || poll & EPOLLIN)
		level_add(level, SOCKDUP_FD_READ, error);
	if (poll & EPOLLOUT && !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		level_add(level, SOCKDUP_FD_WRITE, 0);
}

/* Of a TCP socket in TCP_CLOSE: whether it had a peer, and not just sought it. */
static bool level_tcp_was_connected(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	/* A socket that its own program disconnects is as good as new. */
	if (!(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		return false;
	return sock_flag(sk, SOCK_DONE) || READ_ONCE(tcp_sk(sk)->bytes_acked) ||
	       READ_ONCE(sock->state) == SS_CONNECTED;
}

static bool level_is_connected(const struct socket *sock, bool before)
{
	switch (READ_ONCE(sock->sk->sk_state)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
	case TCP_LISTEN:
		return false;
	case TCP_CLOSE:
		if (sk_is_tcp(sock->sk))
			return level_tcp_was_connected(sock);
		return before || READ_ONCE(sock->state) == SS_CONNECTED;
	default:
		return true;
	}
}

/*
 * Whether a socket is of connections, and its states are those of TCP. Others
 * only tell whether they can be read and written.
 */
static bool level_knows_connections(const struct socket *sock)
{
	switch (sock->sk->sk_family) {
	case AF_INET:
	case AF_INET6:
	case AF_SMC:
		return sock->type == SOCK_STREAM;
	case AF_UNIX:
		return sock->type == SOCK_STREAM ||
		       sock->type == SOCK_SEQPACKET;
	default:
		return false;
	}
}

/*
 * Look at a socket. The caller has its file, or has locked its inode and seen
 * that it is not closed; either way the file is still there. @connected: what
 * is known from before. @noted: the error that a wake-up saw, or 0.
 */
static struct selection_level selection_level(struct socket *sock,
					      bool connected, int noted)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);
	struct selection_level level = { };
	struct sock *sk = sock->sk;
	__poll_t poll;

	/* A change between one look at it and the next brings a wake-up. */
	poll = ops->poll ? ops->poll(sock->file, sock, NULL) : 0;
	if (!level_knows_connections(sock)) {
		level_of_datagrams(&level, sk, poll);
		return level;
	}
	level.connected = level_is_connected(sock, connected);
	if (level.connected) {
		level_of_connection(&level, sock, poll, noted);
	} else if (READ_ONCE(sk->sk_state) == TCP_LISTEN) {
		if (poll & EPOLLIN)
			level_add(&level, SOCKDUP_FD_ACCEPT, 0);
	} else {
		level_of_unconnected(&level, sock, noted);
	}
	return level;
}

/* The poll events whose wake-ups can bring one of the events. */
static unsigned int selection_interest(u32 events)
{
	__poll_t poll = EPOLLERR | EPOLLHUP;

	if (events & SELECTION_RECEIVING || events & SOCKDUP_FD_CLOSE)
		poll |= EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLPRI |
			EPOLLRDHUP;
	if (events & (SOCKDUP_FD_WRITE | SOCKDUP_FD_CONNECT))
		poll |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return (__force unsigned int)poll;
}

static void selection_arm(struct sockdup_selection *selection, u32 armed)
{
	WRITE_ONCE(selection->armed, armed);
	WRITE_ONCE(selection->interest, selection_interest(armed));
}

/*
 * Those of the events that may be recorded. What has been armed again since the
 * look is left to the look that followed the arming: this one may have been at
 * the attempt before. Caller holds the lock.
 */
static u32 selection_recordable(const struct sockdup_selection *selection,
				const struct selection_level *level, u32 events)
{
	int i;

	events &= selection->armed;
	for (i = 0; i < SOCKDUP_SELECTION_EVENTS; i++)
		if (events & SELECTION_ONE_SHOT & BIT(i) &&
		    selection->rearms[i] != level->rearms[i])
			events &= ~BIT(i);
	return events;
}

/*
 * Whether what is recorded already is not the same again, so that who has read it
 * must not clear it. Caller holds the lock.
 */
static bool selection_replaces(const struct sockdup_selection *selection,
			       const struct selection_level *level, u32 events)
{
	int i;

	events &= selection->recorded;
	if (events & SELECTION_ONE_SHOT)
		return true;
	for (i = 0; i < SOCKDUP_SELECTION_EVENTS; i++)
		if (events & BIT(i) && selection->errors[i] != level->errors[i])
			return true;
	return false;
}

/* Record those of the @wanted events that hold, and set the event. */
static void selection_record(struct sockdup_selection *selection,
			     const struct selection_level *level, u32 wanted)
{
	unsigned long flags;
	u32 events;
	int i;

	spin_lock_irqsave(&selection->lock, flags);
	if (selection->over)
		goto out;
	/* Older looks know less. */
	if (level->look == selection->looks) {
		WRITE_ONCE(selection->connected, level->connected);
		selection->told &= level->connected;
	}
	events = selection_recordable(selection, level, level->events & wanted);
	if (!events)
		goto out;
	if (selection_replaces(selection, level, events))
		selection->turn++;
	selection->recorded |= events;
	if (events & (SOCKDUP_FD_CONNECT | SOCKDUP_FD_CLOSE))
		atomic_set(&selection->error, 0);
	for (i = 0; i < SOCKDUP_SELECTION_EVENTS; i++)
		if (events & BIT(i))
			selection->errors[i] = level->errors[i];
	selection_arm(selection,
		      selection->armed & ~(events & SELECTION_ONE_SHOT));
	/* Under the lock: once it is over, nobody sees the event set. */
	sockdup_event_set(selection->event);
out:
	spin_unlock_irqrestore(&selection->lock, flags);
}

/*
 * Whether there is data, and nothing else to tell: a plain connection of TCP's own,
 * where neither TLS nor a map has taken over. Then poll() would call it readable.
 */
static bool level_is_plain_data(const struct sock *sk)
{
	return sk_is_tcp(sk) &&
	       READ_ONCE(sk->sk_prot) == sk->sk_prot_creator &&
	       inet_sk_state_load(sk) == TCP_ESTABLISHED &&
	       !READ_ONCE(sk->sk_shutdown) && !READ_ONCE(sk->sk_err) &&
	       !READ_ONCE(tcp_sk(sk)->urg_data) &&
	       level_tcp_data(sk) >= max(READ_ONCE(sk->sk_rcvlowat), 1);
}

/*
 * Record at a wake-up that there is data, which most of them say, and spare the
 * switch to a worker. Not while one is asked to look: what it will record has
 * come before, and a connection before its data. Nor while room is to be told:
 * it may have come with a connection that nobody has looked at, and no wake-up
 * of its own follows then. False where a worker must look.
 */
static bool selection_record_data(struct sockdup_selection *selection,
				  const struct sock *sk, unsigned int woken)
{
	static const struct selection_level data = {
		.events = SOCKDUP_FD_READ,
	};

	if (!((__force __poll_t)woken & EPOLLIN) ||
	    atomic_read(&selection->waiting) ||
	    READ_ONCE(selection->armed) &
		    (SOCKDUP_FD_CONNECT | SOCKDUP_FD_WRITE) ||
	    !sockdup_event_may_be_set() || !level_is_plain_data(sk))
		return false;
	selection_record(selection, &data, SOCKDUP_FD_READ);
	return true;
}

/* Caller: as selection_level()'s. */
static void selection_look(struct sockdup_selection *selection, u32 wanted)
{
	u16 rearms[SOCKDUP_SELECTION_EVENTS];
	struct selection_level level;
	u32 look;

	spin_lock_irq(&selection->lock);
	look = ++selection->looks;
	memcpy(rearms, selection->rearms, sizeof(rearms));
	spin_unlock_irq(&selection->lock);
	level = selection_level(SOCKET_I(selection->inode),
				READ_ONCE(selection->connected),
				atomic_read(&selection->error));
	level.look = look;
	memcpy(level.rearms, rearms, sizeof(rearms));
	selection_record(selection, &level, wanted);
}

/*
 * The events that wake-ups may have brought. An error is told to those who
 * receive where there is no connection to end with it.
 */
static u32 selection_wanted(const struct socket *sock, unsigned int woken)
{
	__poll_t poll = EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLPRI;

	if (!level_knows_connections(sock))
		poll |= EPOLLERR;
	return (__force __poll_t)woken & poll ? ~0 : ~SELECTION_RECEIVING;
}

/*
 * The release of a socket holds the inode's lock and clears sock->sk. It may
 * take long, so the lock is tried and not waited for.
 */
static void selection_run(struct sockdup_job *job)
{
	struct sockdup_selection *selection =
		container_of(job, struct sockdup_selection, look);
	struct socket *sock = SOCKET_I(selection->inode);
	bool locked = inode_trylock(selection->inode);

	if (!locked && !READ_ONCE(selection->over)) {
		mod_timer(&selection->retry, jiffies + SELECTION_LOOK_RETRY);
		return;
	}
	/* Cleared before the look: a later wake-up asks for another. */
	atomic_xchg(&selection->waiting, 0);
	if (locked) {
		if (sock->sk)
			selection_look(selection,
				       selection_wanted(sock, atomic_xchg(&selection->woken, 0)));
		inode_unlock(selection->inode);
	}
	sockdup_selection_put(selection);
}

static void selection_retry(struct timer_list *timer)
{
	struct sockdup_selection *selection =
		container_of(timer, struct sockdup_selection, retry);

	sockdup_account_do(selection->account, SOCKDUP_LINE_LOOK,
			   &selection->look);
}

/*
 * Runs with the wait queue's lock held, often in an interrupt. What woke us
 * is not always told, and rarely what it means: a worker looks.
 */
static int selection_wake(wait_queue_entry_t *wait, unsigned int mode,
			  int sync, void *key)
{
	struct sockdup_selection *selection =
		container_of(wait, struct sockdup_selection, wait);
	unsigned int woken = (__force unsigned int)key_to_poll(key) ?: ~0U;
	const struct sock *sk = READ_ONCE(SOCKET_I(selection->inode)->sk);
	int error;

	if (!(woken & READ_ONCE(selection->interest)))
		return 0;
	/* It is the socket that wakes us, so as long as we are here it is there. */
	if (sk && selection_record_data(selection, sk, woken))
		return 0;
	/* Whoever called the socket may take its error before we can look. */
	error = sk ? READ_ONCE(sk->sk_err) : 0;
	if (error)
		atomic_set(&selection->error, error);
	atomic_or(woken, &selection->woken);
	if (atomic_xchg(&selection->waiting, 1))
		return 0;
	/* Being on the wait queue it is in force, and has a reference. */
	refcount_inc(&selection->ref);
	sockdup_account_do(selection->account, SOCKDUP_LINE_LOOK,
			   &selection->look);
	return 0;
}

/**
 * sockdup_selection_put - let go of a selection
 * @selection: got by the caller
 *
 * Context: process context; may be the last to let go of a socket's inode.
 */
void sockdup_selection_put(struct sockdup_selection *selection)
{
	if (!refcount_dec_and_test(&selection->ref))
		return;
	sockdup_event_put(selection->event);
	sockdup_account_put(selection->account);
	put_pid(selection->source);
	iput(selection->inode);
	kfree(selection);
}

/*
 * Out of the slot, off its handle's list, and no longer in force. Caller holds
 * the bucket's lock.
 */
static void selection_unlink(struct sockdup_selection *selection)
{
	struct sockdup_selection_list *list = selection->list;

	lockdep_assert_held(&selection_bucket(selection->inode)->lock);

	hlist_del(&selection->node);
	/* Once the list is empty, its handle may go as soon as readers let it. */
	rcu_read_lock();
	spin_lock(&list->lock);
	list_del_init(&selection->mate);
	WRITE_ONCE(list->count, list->count - 1);
	spin_unlock(&list->lock);
	rcu_read_unlock();
	spin_lock_irq(&selection->lock);
	WRITE_ONCE(selection->over, true);
	spin_unlock_irq(&selection->lock);
}

/* The same, and its user is not charged any more. */
static void selection_retire(struct sockdup_selection *selection)
{
	selection_unlink(selection);
	sockdup_account_return_registration(selection->account);
}

/*
 * What follows the unlinking, or an addition to the wait queue that came to
 * nothing. Consumes the reference for being in force.
 */
static void selection_end(struct sockdup_selection *selection)
{
	/* After this no wake-up asks for a look; one that waits is the last. */
	remove_wait_queue(&SOCKET_I(selection->inode)->wq.wait,
			  &selection->wait);
	sockdup_selection_put(selection);
}

/* The selection in force, not held. Caller holds the bucket's lock. */
static struct sockdup_selection *selection_find(struct selection_bucket *bucket,
						const struct inode *inode)
{
	struct sockdup_selection *selection;

	lockdep_assert_held(&bucket->lock);

	hlist_for_each_entry(selection, &bucket->head, node)
		if (selection->inode == inode)
			return selection;
	return NULL;
}

/* End those in a bucket whose socket is gone; true where any is left. */
static bool selection_sweep_bucket(struct selection_bucket *bucket)
{
	struct sockdup_selection *selection;
	struct hlist_node *next;
	HLIST_HEAD(gone);
	bool left;

	spin_lock(&bucket->lock);
	hlist_for_each_entry_safe(selection, next, &bucket->head, node) {
		if (READ_ONCE(SOCKET_I(selection->inode)->sk))
			continue;
		selection_retire(selection);
		hlist_add_head(&selection->node, &gone);
	}
	left = !hlist_empty(&bucket->head);
	spin_unlock(&bucket->lock);

	hlist_for_each_entry_safe(selection, next, &gone, node) {
		selection_end(selection);
		cond_resched();
	}
	return left;
}

/* A closed socket tells nobody. True where selections are left. */
static bool selection_sweep_all(void)
{
	bool left = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(selection_table); i++) {
		if (hlist_empty(&selection_table[i].head))
			continue;
		left |= selection_sweep_bucket(&selection_table[i]);
		cond_resched();
	}
	return left;
}

static void selection_sweep(struct work_struct *work)
{
	if (selection_sweep_all())
		queue_delayed_work(selection_queue, &selection_sweep_work,
				   SELECTION_SWEEP_PERIOD);
}

/* A sweep that begins after the call; whoever asks meanwhile shares the next one. */
static void selection_sweep_now(void)
{
	unsigned int seen = READ_ONCE(selection_sweeps);

	mutex_lock(&selection_sweep_lock);
	if (selection_sweeps == seen) {
		WRITE_ONCE(selection_sweeps, seen + 1);
		selection_sweep_all();
	}
	mutex_unlock(&selection_sweep_lock);
}

static struct sockdup_selection *selection_new(struct file *file,
					       struct sockdup_event *event,
					       u32 mask, u32 kind)
{
	struct inode *inode = file_inode(file);
	struct sockdup_selection *selection;
	struct sockdup_account *account;

	selection = kzalloc(sizeof(*selection), GFP_KERNEL_ACCOUNT);
	if (!selection)
		return ERR_PTR(-ENOMEM);
	account = sockdup_account_get(current_uid());
	if (IS_ERR(account)) {
		kfree(selection);
		return ERR_CAST(account);
	}
	selection->account = account;
	refcount_set(&selection->ref, 1);
	ihold(inode);
	selection->inode = inode;
	init_waitqueue_func_entry(&selection->wait, selection_wake);
	selection->look.run = selection_run;
	timer_setup(&selection->retry, selection_retry, 0);
	selection->event = sockdup_event_hold(event);
	selection->kind = kind;
	selection->mask = mask;
	selection->source = get_pid(task_tgid(current));
	current_euid_egid(&selection->uid, &selection->gid);
	spin_lock_init(&selection->lock);

	return selection;
}

/* The events to begin with: a connection that is known is none any more. */
static u32 selection_news(const struct sockdup_selection *selection)
{
	const struct socket *sock = SOCKET_I(selection->inode);
	bool known = READ_ONCE(sock->state) == SS_CONNECTED;

	/* Where connect() does not wait, and kernels leave that state alone. */
	if (sock->sk->sk_family == AF_UNIX)
		known = READ_ONCE(sock->sk->sk_state) == TCP_ESTABLISHED;
	known |= selection->told;
	return known ? selection->mask & ~SOCKDUP_FD_CONNECT : selection->mask;
}

/*
 * Take the slot of the socket from whoever has it, and the charge, too, where
 * that is the same user's.
 */
static int selection_publish(struct sockdup_selection *selection,
			     struct sockdup_selection_list *list)
{
	struct selection_bucket *bucket = selection_bucket(selection->inode);
	struct sockdup_selection *previous;
	int err = 0;

	selection->list = list;
	spin_lock(&bucket->lock);
	previous = selection_find(bucket, selection->inode);
	if ((!previous || previous->account != selection->account) &&
	    !sockdup_account_charge_registration(selection->account)) {
		err = -ENOBUFS;
		previous = NULL;
		goto out;
	}
	if (previous) {
		selection_unlink(previous);
		if (previous->account != selection->account)
			sockdup_account_return_registration(previous->account);
		/* It is over, and changes no more. */
		selection->told = previous->told;
	}
	selection_arm(selection, selection_news(selection));
	hlist_add_head(&selection->node, &bucket->head);
	spin_lock(&list->lock);
	list_add_tail(&selection->mate, &list->selections);
	WRITE_ONCE(list->count, list->count + 1);
	spin_unlock(&list->lock);
out:
	spin_unlock(&bucket->lock);
	if (previous)
		selection_end(previous);
	return err;
}

/**
 * sockdup_selection_register - make the registration of a socket
 * @file: the socket's, held by the caller
 * @event: to be set when one of the events is recorded; held by the caller
 * @mask: the events, not zero
 * @kind: whether they become messages
 * @list: of the handle that the selection ends with
 *
 * Cancels the one before, whoever made it. What holds already is recorded.
 *
 * Return: 0; -EOPNOTSUPP where looking at the socket could wait for its users;
 * -ENOBUFS where the user has as many registrations as RLIMIT_NOFILE
 * allows, none of which is replaced, and no CAP_SYS_RESOURCE; -ENOMEM.
 */
int sockdup_selection_register(struct file *file, struct sockdup_event *event,
			       u32 mask, u32 kind,
			       struct sockdup_selection_list *list)
{
	struct sockdup_selection *selection;
	int err;

	/* Its poll() takes the lock of the socket, which a sender can keep. */
	if (SOCKET_I(file_inode(file))->ops->family == AF_VSOCK)
		return -EOPNOTSUPP;
	selection = selection_new(file, event, mask, kind);
	if (IS_ERR(selection))
		return PTR_ERR(selection);

	add_wait_queue(&SOCKET_I(selection->inode)->wq.wait, &selection->wait);
	/* Ours: the one for being in force may go as soon as it is published. */
	refcount_inc(&selection->ref);
	err = selection_publish(selection, list);
	if (err == -ENOBUFS) {
		/* Perhaps it is those of closed sockets that are too many. */
		selection_sweep_now();
		err = selection_publish(selection, list);
	}
	if (err) {
		selection_end(selection);
		goto out;
	}
	/*
	 * Armed and on the wait queue first, then the look: what happens
	 * meanwhile is seen here, or wakes us. Pairs with the barrier in
	 * wq_has_sleeper().
	 */
	smp_mb();
	selection_look(selection, mask);

	/* As at a token's publication: see sockdup_token_publish(). */
	if (!delayed_work_pending(&selection_sweep_work))
		queue_delayed_work(selection_queue, &selection_sweep_work,
				   SELECTION_SWEEP_PERIOD);
out:
	sockdup_selection_put(selection);
	return err;
}

/**
 * sockdup_selection_cancel - end the registration of a socket, if it has one
 * @file: the socket's, held by the caller
 *
 * Nothing that it recorded is told any more, and its event is not set again.
 */
void sockdup_selection_cancel(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct selection_bucket *bucket = selection_bucket(inode);
	struct sockdup_selection *selection;

	spin_lock(&bucket->lock);
	selection = selection_find(bucket, inode);
	if (selection)
		selection_retire(selection);
	spin_unlock(&bucket->lock);
	if (selection)
		selection_end(selection);
}

/**
 * sockdup_selection_get - find the registration of a socket
 * @file: the socket's, held by the caller
 *
 * Return: the selection, to be put, or ERR_PTR(-ENOENT).
 */
struct sockdup_selection *sockdup_selection_get(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct selection_bucket *bucket = selection_bucket(inode);
	struct sockdup_selection *selection;

	spin_lock(&bucket->lock);
	selection = selection_find(bucket, inode);
	if (selection)
		refcount_inc(&selection->ref);
	else
		selection = ERR_PTR(-ENOENT);
	spin_unlock(&bucket->lock);
	return selection;
}

/**
 * sockdup_selection_get_own - the same, where a certain handle made it
 * @file: the socket's, held by the caller
 * @list: of that handle, which the caller keeps open
 *
 * Return: the selection, to be put; ERR_PTR(-ENOENT) where there is none;
 * ERR_PTR(-EPERM) where it is another handle's.
 */
struct sockdup_selection *
sockdup_selection_get_own(struct file *file,
			  const struct sockdup_selection_list *list)
{
	struct sockdup_selection *selection = sockdup_selection_get(file);

	/* It was in force when found, and so its handle open, as ours is. */
	if (IS_ERR(selection) || selection->list == list)
		return selection;
	sockdup_selection_put(selection);
	return ERR_PTR(-EPERM);
}

/**
 * sockdup_selection_read - what is recorded
 * @selection: got by the caller
 * @record: filled, to be cleared when it has been handed out
 */
void sockdup_selection_read(struct sockdup_selection *selection,
			    struct sockdup_selection_record *record)
{
	spin_lock_irq(&selection->lock);
	record->events = selection->recorded;
	memcpy(record->errors, selection->errors, sizeof(record->errors));
	record->turn = selection->turn;
	spin_unlock_irq(&selection->lock);
}

/**
 * sockdup_selection_clear - forget what has been handed out
 * @selection: got by the caller
 * @record: read from it
 * @reset: also reset the event, unless more has been recorded since
 *
 * Return: 0; -EAGAIN where somebody else has come in between, or other news of
 * the same events, and the record is to be read again; -ENOENT where the
 * selection is no longer in force.
 */
int sockdup_selection_clear(struct sockdup_selection *selection,
			    const struct sockdup_selection_record *record,
			    bool reset)
{
	int err = 0;

	spin_lock_irq(&selection->lock);
	if (selection->over) {
		err = -ENOENT;
	} else if (selection->turn != record->turn) {
		err = -EAGAIN;
	} else {
		selection->turn++;
		selection->recorded &= ~record->events;
		if (record->events & SOCKDUP_FD_CONNECT)
			selection->told =
				!record->errors[__ffs(SOCKDUP_FD_CONNECT)];
		if (reset && !selection->recorded)
			sockdup_event_reset(selection->event);
	}
	spin_unlock_irq(&selection->lock);
	return err;
}

/**
 * sockdup_selection_rearm - look again, and record what holds
 * @selection: got by the caller, who holds the socket's file
 * @events: those to look for, and to record again if they are recorded once
 *
 * Return: false where it is no longer in force.
 */
bool sockdup_selection_rearm(struct sockdup_selection *selection, u32 events)
{
	int i;

	spin_lock_irq(&selection->lock);
	if (selection->over) {
		spin_unlock_irq(&selection->lock);
		return false;
	}
	events &= selection->mask;
	/* The next attempt's error is not the last one's. */
	if (events & SOCKDUP_FD_CONNECT) {
		atomic_set(&selection->error, 0);
		selection->told = false;
	}
	for (i = 0; i < SOCKDUP_SELECTION_EVENTS; i++)
		if (events & BIT(i))
			selection->rearms[i]++;
	selection_arm(selection, selection->armed | events);
	spin_unlock_irq(&selection->lock);
	/* Armed first, then the look: as in sockdup_selection_register(). */
	smp_mb();
	selection_look(selection, events);
	return true;
}

/**
 * sockdup_selection_list_init - make an empty list
 * @list: to be dropped before it is freed
 */
void sockdup_selection_list_init(struct sockdup_selection_list *list)
{
	spin_lock_init(&list->lock);
	INIT_LIST_HEAD(&list->selections);
	list->count = 0;
}

/**
 * sockdup_selection_list_count - how many registrations a handle has made
 * @list: the handle's
 *
 * Some may be of sockets that have just been closed.
 */
unsigned int sockdup_selection_list_count(struct sockdup_selection_list *list)
{
	return READ_ONCE(list->count);
}

static struct sockdup_selection *
selection_list_get(struct sockdup_selection_list *list)
{
	struct sockdup_selection *selection;

	spin_lock(&list->lock);
	selection = list_first_entry_or_null(&list->selections,
					     struct sockdup_selection, mate);
	if (selection)
		refcount_inc(&selection->ref);
	spin_unlock(&list->lock);
	return selection;
}

/**
 * sockdup_selection_list_drop - end every selection of a list
 * @list: that none joins any more
 */
void sockdup_selection_list_drop(struct sockdup_selection_list *list)
{
	struct sockdup_selection *selection;
	struct selection_bucket *bucket;
	bool ours;

	while ((selection = selection_list_get(list))) {
		bucket = selection_bucket(selection->inode);
		spin_lock(&bucket->lock);
		/* Unless somebody else has just unlinked it. */
		ours = !list_empty(&selection->mate);
		if (ours)
			selection_retire(selection);
		spin_unlock(&bucket->lock);
		if (ours)
			selection_end(selection);
		sockdup_selection_put(selection);
		cond_resched();
	}
}

/**
 * sockdup_selection_init - make ready to register
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_selection_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(selection_table); i++)
		spin_lock_init(&selection_table[i].lock);
	selection_queue = alloc_workqueue("sockdup_closed", WQ_UNBOUND, 0);
	return selection_queue ? 0 : -ENOMEM;
}

/**
 * sockdup_selection_exit - wait until nobody looks for closed sockets any more
 *
 * The caller has closed the door: every handle has been closed, and with it
 * every selection has ended. Nor does a look wait: it would hold an account, and
 * so keep the module loaded.
 */
void sockdup_selection_exit(void)
{
	cancel_delayed_work_sync(&selection_sweep_work);
	destroy_workqueue(selection_queue);
}
