// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inbox: a queue of sockets that other processes hand to its owners. The first owner pays
 * for its slots when it opens the inbox, others join, and a sender is looked up when it
 * binds, so that a post makes nothing and looks for nothing. Only what a sender reads several
 * descriptors or a message into is allocated, and is its own.
 *
 * A slot goes from free to posted, to taken, and back to free; or it is ending, while its
 * files are to be put. An acceptor that has one taken touches user memory only as far as it
 * is there, so that this does not last. A sender has read all its memory before.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/nospec.h>
#include <linux/nsproxy.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>

#include <net/net_namespace.h>
#include <net/sock.h>

#include "binding.h"
#include "deadline.h"
#include "inbox.h"
#include "inbox_table.h"
#include "share.h"
#include "target.h"
#include "trace.h"

/* A slot's number is in the lower bits of a post's id. */
#define INBOX_INDEX_BITS	16

/* Files that one turn of a sweep has put. */
#define INBOX_PUT_BATCH		64

/*
 * Slots that one turn of a sweep looks at. Many, as an inbox can have a thousand times more,
 * and strangers can make each turn wait.
 */
#define INBOX_LOOK_BATCH	1024

/* Posts that a handle's fdinfo shows one by one. */
#define INBOX_SHOWN		64

/* From one look at all slots to the next, in jiffies. */
#define INBOX_LOOK_PAUSE	(HZ / 2)

static_assert(SOCKDUP_MAX_SLOTS <= 1U << INBOX_INDEX_BITS);

static struct sockdup_slot *inbox_slot(const struct sockdup_inbox *inbox, unsigned int index)
{
	return inbox->memory + index * inbox->stride;
}

/* Bytes of all slots. */
static size_t inbox_size(const struct sockdup_inbox *inbox)
{
	return array_size(inbox->slots, inbox->stride);
}

/**
 * sockdup_inbox_put - let go of an inbox
 * @inbox: held by the caller
 */
void sockdup_inbox_put(struct sockdup_inbox *inbox)
{
	if (!refcount_dec_and_test(&inbox->ref))
		return;
	sockdup_shares_free(inbox);
	sockdup_account_return_bytes(inbox->account, inbox->share_size);
	put_pid(inbox->opener);
	sockdup_account_put(inbox->account);
	kfree(inbox);
}

/* Slots of an ended inbox go with the last post. */
static void *inbox_take_memory(struct sockdup_inbox *inbox)
{
	void *memory = NULL;

	lockdep_assert_held(&inbox->lock);

	if (inbox->ended && inbox->free_count == inbox->slots)
		swap(memory, inbox->memory);
	/* Others may let go of the inbox before the caller has freed it. */
	if (memory)
		refcount_inc(&inbox->ref);
	return memory;
}

static void inbox_free_memory(struct sockdup_inbox *inbox, void *memory)
{
	if (!memory)
		return;
	sockdup_inbox_table_remove(inbox);
	sockdup_account_return_bytes(inbox->account, inbox_size(inbox));
	kvfree(memory);
	sockdup_inbox_put(inbox);
}

/* Makes a slot free whose files nobody holds for it any more. */
static void slot_release(struct sockdup_slot *slot)
{
	struct sockdup_binding *binding = slot->binding;
	struct sockdup_inbox *inbox = slot->inbox;
	void *memory;
	bool over;

	spin_lock(&inbox->lock);
	slot->state = SOCKDUP_SLOT_FREE;
	slot->binding = NULL;
	hlist_add_head(&slot->place, &inbox->free);
	inbox->free_count++;
	binding->posts--;
	sockdup_share_give_back(inbox, binding->share);
	over = sockdup_binding_is_over(binding);
	if (over)
		sockdup_binding_unlink(binding);
	memory = inbox_take_memory(inbox);
	spin_unlock(&inbox->lock);
	inbox_free_memory(inbox, memory);
	if (over)
		sockdup_binding_free(binding);
}

static void inbox_begin_sweep(struct sockdup_inbox *inbox)
{
	lockdep_assert_held(&inbox->lock);

	if (inbox->sweeping)
		return;
	inbox->sweeping = true;
	refcount_inc(&inbox->ref);
	sockdup_account_do(inbox->account, SOCKDUP_LINE_INBOX, &inbox->sweep);
}

/* Has all slots looked at, from the first on. */
static void inbox_begin_look(struct sockdup_inbox *inbox)
{
	inbox->cursor = 0;
	inbox->alarm = U64_MAX;
	inbox_begin_sweep(inbox);
}

static void inbox_tick(struct work_struct *work)
{
	struct sockdup_inbox *inbox =
		container_of(to_delayed_work(work), struct sockdup_inbox, tick.work);

	spin_lock(&inbox->lock);
	inbox_begin_look(inbox);
	spin_unlock(&inbox->lock);
}

static bool inbox_is_looking(const struct sockdup_inbox *inbox)
{
	return inbox->cursor < inbox->slots;
}

/* Has the slots looked at in time, and not too often. A look under way sees to it itself. */
static void inbox_set_alarm(struct sockdup_inbox *inbox, u64 due)
{
	unsigned long delay = 0, pause;
	u64 now;

	lockdep_assert_held(&inbox->lock);

	if (likely(due >= inbox->alarm))
		return;
	inbox->alarm = due;
	if (inbox_is_looking(inbox))
		return;
	now = ktime_get_boottime_ns();
	if (due > now)
		delay = nsecs_to_jiffies(due - now) + 1;
	/* Timers are late by up to an eighth: look early, and then again. */
	if (delay > INBOX_LOOK_PAUSE)
		delay -= delay / 4;
	pause = inbox->looked + INBOX_LOOK_PAUSE - jiffies;
	if (pause <= INBOX_LOOK_PAUSE)
		delay = max(delay, pause);
	sockdup_tick_set(&inbox->tick, delay);
}

/* From posts, or from the hands of the caller, to those that are ending. */
static void slot_set_ending(struct sockdup_slot *slot, enum sockdup_post_end how)
{
	lockdep_assert_held(&slot->inbox->lock);

	trace_sockdup_post_end(slot, how);
	slot->state = SOCKDUP_SLOT_ENDING;
	slot->put = 0;
	list_add_tail(&slot->ending, &slot->inbox->ending);
}

static void inbox_append(struct sockdup_inbox *inbox, struct sockdup_slot *slot)
{
	if (inbox->last)
		hlist_add_behind(&slot->place, &inbox->last->place);
	else
		hlist_add_head(&slot->place, &inbox->posts);
	inbox->last = slot;
	inbox->post_count++;
}

/* The one before a post, or NULL. */
static struct sockdup_slot *slot_before(const struct sockdup_slot *slot)
{
	struct hlist_node **link = slot->place.pprev;

	if (link == &slot->inbox->posts.first)
		return NULL;
	return hlist_entry(container_of(link, struct hlist_node, next), struct sockdup_slot,
			   place);
}

static void inbox_remove(struct sockdup_inbox *inbox, struct sockdup_slot *slot)
{
	if (inbox->last == slot)
		inbox->last = slot_before(slot);
	hlist_del(&slot->place);
	inbox->post_count--;
}

/*
 * Has up to @batch files of a slot put, apart from the slot: the owner pays for that, and a
 * put may wait for others as long as they like. Says how many these were.
 */
static unsigned int slot_put_some(struct sockdup_slot *slot, unsigned int batch)
{
	unsigned int first = slot->put, until = min(first + batch, slot->count);

	for (; slot->put < until; slot->put++)
		sockdup_charge_put_apart(&slot->sockets[slot->put].charge);
	return until - first;
}

/* Only the sweep takes slots off the list. */
static struct sockdup_slot *inbox_first_ending(struct sockdup_inbox *inbox)
{
	struct sockdup_slot *slot;

	spin_lock(&inbox->lock);
	slot = list_first_entry_or_null(&inbox->ending, struct sockdup_slot, ending);
	spin_unlock(&inbox->lock);
	return slot;
}

static void inbox_remove_ending(struct sockdup_inbox *inbox, struct sockdup_slot *slot)
{
	spin_lock(&inbox->lock);
	list_del(&slot->ending);
	spin_unlock(&inbox->lock);
	slot_release(slot);
}

/* Has some of the files put that are to be. */
static void inbox_put_some(struct sockdup_inbox *inbox)
{
	unsigned int left = INBOX_PUT_BATCH;
	struct sockdup_slot *slot;

	while (left && (slot = inbox_first_ending(inbox))) {
		left -= slot_put_some(slot, left);
		if (slot->put == slot->count)
			inbox_remove_ending(inbox, slot);
	}
}

/* Ends a post that is due, or has its deadline heeded. */
static void inbox_look_at(struct sockdup_inbox *inbox, struct sockdup_slot *slot, u64 now)
{
	if (slot->state != SOCKDUP_SLOT_POSTED)
		return;
	if (inbox->ended || slot->deadline <= now) {
		inbox_remove(inbox, slot);
		slot_set_ending(slot, inbox->ended ? SOCKDUP_POST_INBOX_ENDED :
						     SOCKDUP_POST_EXPIRED);
	} else {
		inbox->alarm = min(inbox->alarm, slot->deadline);
	}
}

/* At the end of a look the alarm is set to the earliest deadline that there was. */
static void inbox_look_at_some(struct sockdup_inbox *inbox, u64 now)
{
	unsigned int until = min(inbox->cursor + INBOX_LOOK_BATCH, inbox->slots);
	u64 due;

	lockdep_assert_held(&inbox->lock);

	if (!inbox_is_looking(inbox))
		return;
	for (; inbox->cursor < until; inbox->cursor++)
		inbox_look_at(inbox, inbox_slot(inbox, inbox->cursor), now);
	if (inbox_is_looking(inbox))
		return;
	inbox->looked = jiffies;
	due = inbox->alarm;
	inbox->alarm = U64_MAX;
	if (!inbox->ended)
		inbox_set_alarm(inbox, due);
}

/* In turns with the other accounts. */
static void inbox_sweep(struct sockdup_job *job)
{
	struct sockdup_inbox *inbox = container_of(job, struct sockdup_inbox, sweep);
	const u64 now = ktime_get_boottime_ns();
	bool more;

	inbox_put_some(inbox);
	spin_lock(&inbox->lock);
	/* Without slots there is nothing to look at. */
	if (inbox->memory)
		inbox_look_at_some(inbox, now);
	else
		inbox->cursor = inbox->slots;
	more = inbox_is_looking(inbox) || !list_empty(&inbox->ending);
	inbox->sweeping = more;
	spin_unlock(&inbox->lock);
	if (more)
		sockdup_account_do(inbox->account, SOCKDUP_LINE_INBOX, job);
	else
		sockdup_inbox_put(inbox);
}

static void inbox_wake(struct sockdup_job *job)
{
	struct sockdup_inbox *inbox = container_of(job, struct sockdup_inbox, wake);

	spin_lock(&inbox->lock);
	inbox->waking = false;
	spin_unlock(&inbox->lock);
	wake_up_interruptible_poll(&inbox->pollers, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	sockdup_inbox_put(inbox);
}

/* Pollers can be any number, and are woken at the owner's expense. */
static void inbox_wake_pollers(struct sockdup_inbox *inbox)
{
	lockdep_assert_held(&inbox->lock);

	/* A poller queues itself before it looks under the lock. */
	if (inbox->waking || !waitqueue_active(&inbox->pollers))
		return;
	inbox->waking = true;
	refcount_inc(&inbox->ref);
	sockdup_account_do(inbox->account, SOCKDUP_LINE_WAKE, &inbox->wake);
}

/*
 * Nothing is posted from here on, and nobody is left to accept. What waits is left to the
 * sweep, and those who are bound are told in turns.
 */
static void inbox_end(struct sockdup_inbox *inbox)
{
	void *memory;

	spin_lock(&inbox->lock);
	inbox->ended = true;
	inbox_begin_look(inbox);
	inbox_wake_pollers(inbox);
	sockdup_shares_tell_end(inbox);
	memory = inbox_take_memory(inbox);
	spin_unlock(&inbox->lock);
	sockdup_tick_cancel(&inbox->tick);
	wake_up_interruptible_all(&inbox->acceptors);
	inbox_free_memory(inbox, memory);
}

/* The last owner ends it. Consumes the reference of the owner's record. */
static void inbox_leave(struct sockdup_inbox *inbox)
{
	if (refcount_dec_and_test(&inbox->owners))
		inbox_end(inbox);
	sockdup_inbox_put(inbox);
}

static int inbox_add_slots(struct sockdup_inbox *inbox)
{
	size_t size = inbox_size(inbox);
	struct sockdup_slot *slot;
	unsigned int i;
	void *memory;

	if (size > INT_MAX)
		return -ENOBUFS;
	if (!sockdup_account_charge_bytes(inbox->account, size))
		return -ENOBUFS;
	memory = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!memory) {
		sockdup_account_return_bytes(inbox->account, size);
		return -ENOMEM;
	}
	for (i = 0; i < inbox->slots; i++) {
		slot = memory + i * inbox->stride;
		slot->inbox = inbox;
		slot->id = i;
		hlist_add_head(&slot->place, &inbox->free);
	}
	inbox->free_count = inbox->slots;
	/* A resume from suspend may be looking for it already. */
	spin_lock(&inbox->lock);
	inbox->memory = memory;
	spin_unlock(&inbox->lock);
	sockdup_inbox_table_add(inbox);
	return 0;
}

static struct sockdup_inbox *inbox_new(struct sockdup_account *account,
				       const struct sockdup_inbox_terms *terms)
{
	struct sockdup_inbox *inbox = kzalloc(sizeof(*inbox), GFP_KERNEL_ACCOUNT);

	if (!inbox)
		return NULL;
	refcount_set(&inbox->ref, 1);
	refcount_set(&inbox->owners, 1);
	spin_lock_init(&inbox->lock);
	INIT_HLIST_HEAD(&inbox->free);
	INIT_HLIST_HEAD(&inbox->posts);
	INIT_LIST_HEAD(&inbox->ending);
	inbox->guests = RB_ROOT;
	inbox->listed = RB_ROOT;
	INIT_LIST_HEAD(&inbox->bindings);
	INIT_LIST_HEAD(&inbox->entitled);
	INIT_LIST_HEAD(&inbox->waiting);
	INIT_LIST_HEAD(&inbox->served);
	INIT_LIST_HEAD(&inbox->full);
	INIT_LIST_HEAD(&inbox->members);
	inbox->alarm = U64_MAX;
	inbox->looked = jiffies - INBOX_LOOK_PAUSE;
	init_waitqueue_head(&inbox->acceptors);
	init_waitqueue_head(&inbox->pollers);
	inbox->wake.run = inbox_wake;
	inbox->tell.run = sockdup_shares_tell;
	inbox->sweep.run = inbox_sweep;
	refcount_inc(&account->ref);
	inbox->account = account;
	sockdup_tick_init(&inbox->tick, account, SOCKDUP_LINE_INBOX, inbox_tick);
	inbox->slots = terms->slots;
	inbox->open_slots = terms->slots;
	inbox->cursor = terms->slots;
	inbox->message_size = terms->message_size;
	inbox->max_sockets = terms->max_sockets;
	inbox->anybody = terms->anybody;
	inbox->stride = ALIGN(struct_size_t(struct sockdup_slot, sockets, terms->max_sockets) +
			      terms->message_size, sizeof(u64));
	inbox->opener = get_pid(task_tgid(current));
	inbox->uid = current_euid();
	inbox->net = current->nsproxy->net_ns->net_cookie;
	return inbox;
}

static void inbox_add_member(struct sockdup_inbox *inbox, struct sockdup_target *owner)
{
	spin_lock(&inbox->lock);
	list_add_tail(&owner->inbox_place, &inbox->members);
	spin_unlock(&inbox->lock);
}

static void inbox_remove_member(struct sockdup_inbox *inbox, struct sockdup_target *owner)
{
	spin_lock(&inbox->lock);
	list_del(&owner->inbox_place);
	spin_unlock(&inbox->lock);
}

/* Senders find the inbox by its owners. Consumes the caller's count of these, or fails. */
static int inbox_publish(struct sockdup_inbox *inbox, struct sockdup_target *owner)
{
	int err = 0;

	spin_lock(&owner->lock);
	if (owner->dead) {
		err = -ESRCH;
	} else if (owner->inbox) {
		err = -EBUSY;
	} else {
		refcount_inc(&inbox->ref);
		owner->inbox = inbox;
		inbox_add_member(inbox, owner);
	}
	spin_unlock(&owner->lock);
	return err;
}

/* What the record knows, if it is @inbox or that is NULL, with the reference. */
static struct sockdup_inbox *inbox_withdraw(struct sockdup_target *owner,
					    const struct sockdup_inbox *inbox)
{
	struct sockdup_inbox *known;

	spin_lock(&owner->lock);
	known = owner->inbox;
	if (inbox && known != inbox)
		known = NULL;
	if (known) {
		owner->inbox = NULL;
		inbox_remove_member(known, owner);
	}
	spin_unlock(&owner->lock);
	return known;
}

/**
 * sockdup_inbox_open - open an inbox of the current process
 * @owner: the process's record, held by the caller
 * @account: the current user's, held by the caller
 * @terms: what it is to be like, checked but for doubles among the users
 *
 * Return: the inbox, to be closed; ERR_PTR(-EBUSY) where the process has one; -EINVAL for
 * a user who is listed twice; -ENOBUFS where the user's sets and inboxes would take too
 * many bytes; -ENOMEM.
 */
struct sockdup_inbox *sockdup_inbox_open(struct sockdup_target *owner,
					 struct sockdup_account *account,
					 const struct sockdup_inbox_terms *terms)
{
	struct sockdup_inbox *inbox = inbox_new(account, terms);
	int err;

	if (!inbox)
		return ERR_PTR(-ENOMEM);
	err = sockdup_shares_list(inbox, terms) ?: inbox_add_slots(inbox) ?:
	      inbox_publish(inbox, owner);
	if (!err)
		return inbox;
	/* A resume from suspend may be looking at it already. */
	inbox_end(inbox);
	sockdup_inbox_put(inbox);
	return ERR_PTR(err);
}

/**
 * sockdup_inbox_join - make the current process one more owner of an inbox
 * @inbox: held by the caller; with success one reference more, which is to be closed
 * @owner: the process's record, held by the caller
 * @account: of the handle's user
 *
 * Return: 0; -ECONNREFUSED where the inbox has ended; -EBUSY where the process has one;
 * -ESRCH.
 */
int sockdup_inbox_join(struct sockdup_inbox *inbox, struct sockdup_target *owner,
		       const struct sockdup_account *account)
{
	int err;

	if (!refcount_inc_not_zero(&inbox->owners))
		return -ECONNREFUSED;
	if (account != inbox->account) {
		spin_lock(&inbox->lock);
		inbox->mixed = true;
		spin_unlock(&inbox->lock);
	}
	refcount_inc(&inbox->ref);
	err = inbox_publish(inbox, owner);
	if (err)
		inbox_leave(inbox);
	return err;
}

/**
 * sockdup_inbox_close - have an owner leave with its handle
 * @inbox: the handle's
 * @owner: as it was opened or joined with
 */
void sockdup_inbox_close(struct sockdup_inbox *inbox, struct sockdup_target *owner)
{
	if (inbox_withdraw(owner, inbox))
		inbox_leave(inbox);
	sockdup_inbox_put(inbox);
}

/* The handle may be another process's by now. */
static void inbox_owner_died(struct sockdup_target *owner)
{
	struct sockdup_inbox *inbox = inbox_withdraw(owner, NULL);

	if (inbox)
		inbox_leave(inbox);
}

/**
 * sockdup_inbox_of - the inbox of a process
 * @target: its record, held by the caller
 *
 * Return: the inbox, to be put, or NULL.
 */
struct sockdup_inbox *sockdup_inbox_of(struct sockdup_target *target)
{
	struct sockdup_inbox *inbox;

	spin_lock(&target->lock);
	inbox = target->inbox;
	if (inbox)
		refcount_inc(&inbox->ref);
	spin_unlock(&target->lock);
	return inbox;
}

/* The first post, or NULL. One that is late goes to the sweep. */
static struct sockdup_slot *inbox_take_first(struct sockdup_inbox *inbox, bool *late)
{
	struct sockdup_slot *slot;
	bool more = false;

	*late = false;
	spin_lock(&inbox->lock);
	slot = hlist_entry_safe(inbox->posts.first, struct sockdup_slot, place);
	if (slot) {
		inbox_remove(inbox, slot);
		*late = sockdup_deadline_has_passed(slot->deadline);
		if (unlikely(*late)) {
			slot_set_ending(slot, SOCKDUP_POST_EXPIRED);
			inbox_begin_sweep(inbox);
			slot = NULL;
		} else {
			slot->state = SOCKDUP_SLOT_TAKEN;
		}
		/* The sender of another may yet be on its way to its wake-up. */
		more = inbox->post_count && waitqueue_active(&inbox->acceptors);
	}
	spin_unlock(&inbox->lock);
	if (unlikely(more))
		wake_up_interruptible(&inbox->acceptors);
	return slot;
}

/*
 * The lock, as a waiter that queues itself before it looks under the lock either finds a
 * post, or is found by the sender.
 */
static bool inbox_is_ready(struct sockdup_inbox *inbox)
{
	bool ready;

	spin_lock(&inbox->lock);
	ready = inbox->post_count || inbox->ended;
	spin_unlock(&inbox->lock);
	return ready;
}

/* A caller that was woken and takes nothing leaves the post to another that waits. */
static int inbox_pass_on(struct sockdup_inbox *inbox)
{
	if (inbox_is_ready(inbox))
		wake_up_interruptible(&inbox->acceptors);
	return -ERESTARTSYS;
}

/**
 * sockdup_inbox_take - take the first post
 * @inbox: of a handle that the caller keeps open
 * @wait: whether to wait for one
 *
 * Return: a slot, to be spent, dropped or restored soon; ERR_PTR(-EAGAIN),
 * ERR_PTR(-ERESTARTSYS); ERR_PTR(-ESRCH) where the inbox has ended with its owner.
 */
struct sockdup_slot *sockdup_inbox_take(struct sockdup_inbox *inbox, bool wait)
{
	struct sockdup_slot *slot;
	bool late;

	for (;;) {
		do {
			slot = inbox_take_first(inbox, &late);
		} while (late && !signal_pending(current));
		if (slot)
			return slot;
		if (late)
			return ERR_PTR(inbox_pass_on(inbox));
		if (READ_ONCE(inbox->ended))
			return ERR_PTR(-ESRCH);
		if (!wait)
			return ERR_PTR(-EAGAIN);
		if (wait_event_interruptible_exclusive(inbox->acceptors,
						       inbox_is_ready(inbox)))
			return ERR_PTR(-ERESTARTSYS);
		if (fatal_signal_pending(current))
			return ERR_PTR(inbox_pass_on(inbox));
	}
}

/**
 * sockdup_inbox_poll - poll for posts
 * @inbox: of the handle
 * @file: the handle's
 * @table: as given to the file's poll()
 *
 * Return: EPOLLIN and EPOLLRDNORM where there is a post; EPOLLHUP where the inbox has ended.
 */
__poll_t sockdup_inbox_poll(struct sockdup_inbox *inbox, struct file *file,
			    struct poll_table_struct *table)
{
	__poll_t mask = 0;

	poll_wait(file, &inbox->pollers, table);
	spin_lock(&inbox->lock);
	if (inbox->post_count)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (inbox->ended)
		mask |= EPOLLHUP;
	spin_unlock(&inbox->lock);
	return mask;
}

/*
 * To its place among the first posts: others were taken before it, and have come back. No
 * more than owners have threads in the midst of an accept.
 */
static void inbox_restore(struct sockdup_inbox *inbox, struct sockdup_slot *slot)
{
	struct sockdup_slot *next;

	hlist_for_each_entry(next, &inbox->posts, place)
		if (next->position > slot->position)
			break;
	if (!next) {
		inbox_append(inbox, slot);
		return;
	}
	hlist_add_before(&slot->place, &next->place);
	inbox->post_count++;
}

/**
 * sockdup_slot_restore - put a post that was taken back to where it was
 * @slot: taken by the caller
 *
 * Unless it has been revoked meanwhile.
 */
void sockdup_slot_restore(struct sockdup_slot *slot)
{
	struct sockdup_inbox *inbox = slot->inbox;
	bool acceptors = false;

	spin_lock(&inbox->lock);
	if (slot->over || inbox->ended) {
		slot_set_ending(slot, slot->over ?: SOCKDUP_POST_INBOX_ENDED);
		inbox_begin_sweep(inbox);
	} else {
		slot->state = SOCKDUP_SLOT_POSTED;
		inbox_restore(inbox, slot);
		inbox_set_alarm(inbox, slot->deadline);
		/* A waiter queues itself before it looks under the lock. */
		acceptors = waitqueue_active(&inbox->acceptors);
		inbox_wake_pollers(inbox);
	}
	spin_unlock(&inbox->lock);
	/* The caller may be the one whom the post had woken. */
	if (acceptors)
		wake_up_interruptible(&inbox->acceptors);
}

/**
 * sockdup_slot_drop - end a post that was taken without handing it out
 * @slot: taken by the caller
 * @how: why
 */
void sockdup_slot_drop(struct sockdup_slot *slot, enum sockdup_post_end how)
{
	struct sockdup_inbox *inbox = slot->inbox;

	spin_lock(&inbox->lock);
	slot_set_ending(slot, how);
	inbox_begin_sweep(inbox);
	spin_unlock(&inbox->lock);
}

/**
 * sockdup_slot_spend - end a post whose sockets the caller has been given
 * @slot: taken by the caller
 */
void sockdup_slot_spend(struct sockdup_slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->count; i++)
		fput(slot->sockets[i].charge.file);
	sockdup_account_return_files(slot->binding->account, slot->count);
	slot_release(slot);
}

/* Whether there is room for a post now. */
static int binding_check(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;

	lockdep_assert_held(&inbox->lock);

	if (unlikely(inbox->ended))
		return -EPIPE;
	if (likely(sockdup_share_has_room(inbox, binding->share)))
		return 0;
	/* Pollers for edges do not poll again. */
	if (waitqueue_active(&binding->room))
		sockdup_share_wait(binding);
	return -EAGAIN;
}

/* A free slot, for which there is room. */
static struct sockdup_slot *binding_take_slot(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;
	struct sockdup_slot *slot;

	slot = hlist_entry(inbox->free.first, struct sockdup_slot, place);
	hlist_del(&slot->place);
	inbox->free_count--;
	sockdup_share_take(inbox, binding->share);
	binding->posts++;
	slot->binding = binding;
	return slot;
}

static void slot_fill(struct sockdup_slot *slot, const struct sockdup_content *content,
		      u64 deadline)
{
	unsigned int i;

	slot->state = SOCKDUP_SLOT_POSTED;
	slot->over = SOCKDUP_POST_LIVES;
	slot->id += 1ULL << INBOX_INDEX_BITS;
	slot->deadline = deadline;
	slot->cookie = content->cookie;
	current_euid_egid(&slot->uid, &slot->gid);
	slot->count = content->count;
	slot->message_size = content->message_size;
	for (i = 0; i < content->count; i++)
		sockdup_charge_take(&slot->sockets[i].charge, slot->binding->account,
				    content->files[i]);
	if (content->message_size)
		memcpy(sockdup_slot_message(slot), content->message, content->message_size);
}

/**
 * sockdup_inbox_post - post sockets if there is room
 * @binding: of a handle that the caller, its sender, keeps open
 * @content: what is posted; no more than the inbox has room for
 * @id: filled with the name of the post
 *
 * The last step holds the lock, and so is short: nothing of it can fail or wait.
 *
 * Return: 0, and references and charges of the files are the post's; -EAGAIN; -EPIPE where
 * the inbox has ended.
 */
int sockdup_inbox_post(struct sockdup_binding *binding, const struct sockdup_content *content,
		       u64 *id)
{
	/* The wait for room is not the post's. */
	const u64 deadline = sockdup_deadline_in(content->ttl_ms);
	struct sockdup_inbox *inbox = binding->inbox;
	bool acceptors, pollers, direct;
	struct sockdup_slot *slot;
	int err;

	spin_lock(&inbox->lock);
	err = binding_check(binding);
	if (err) {
		spin_unlock(&inbox->lock);
		return err;
	}
	slot = binding_take_slot(binding);
	slot_fill(slot, content, deadline);
	*id = slot->id;
	slot->position = inbox->position++;
	inbox_append(inbox, slot);
	trace_sockdup_post(slot);
	inbox_set_alarm(inbox, deadline);
	/* A waiter queues itself before it looks under the lock. */
	acceptors = waitqueue_active(&inbox->acceptors);
	/* Likewise. */
	pollers = waitqueue_active(&inbox->pollers);
	direct = binding->account == inbox->account && !inbox->mixed;
	if (pollers && !direct)
		inbox_wake_pollers(inbox);
	spin_unlock(&inbox->lock);
	/* The caller's handle keeps the inbox. */
	if (acceptors)
		wake_up_interruptible_sync(&inbox->acceptors);
	if (pollers && direct)
		wake_up_interruptible_sync_poll(&inbox->pollers, EPOLLIN | EPOLLRDNORM);
	return 0;
}

/* The slot that had this post, or NULL. */
static struct sockdup_slot *inbox_find(struct sockdup_inbox *inbox, u64 id)
{
	unsigned int index = id & ((1U << INBOX_INDEX_BITS) - 1);
	struct sockdup_slot *slot;

	lockdep_assert_held(&inbox->lock);

	if (!inbox->memory || index >= inbox->slots)
		return NULL;
	slot = inbox_slot(inbox, array_index_nospec(index, inbox->slots));
	return slot->id == id ? slot : NULL;
}

/**
 * sockdup_inbox_take_out - take a post out of its turn to end it
 * @inbox: held by the caller
 * @id: of the post
 * @binding: that it must have come through, or NULL
 * @how: why it ends
 *
 * Return: the slot; ERR_PTR(-EBUSY) where it is being accepted, and ends with that;
 * ERR_PTR(-ENOENT).
 */
struct sockdup_slot *sockdup_inbox_take_out(struct sockdup_inbox *inbox, u64 id,
					    const struct sockdup_binding *binding,
					    enum sockdup_post_end how)
{
	struct sockdup_slot *slot;

	spin_lock(&inbox->lock);
	slot = inbox_find(inbox, id);
	if (!slot || (binding && slot->binding != binding)) {
		slot = ERR_PTR(-ENOENT);
	} else if (slot->state == SOCKDUP_SLOT_POSTED) {
		slot->state = SOCKDUP_SLOT_TAKEN;
		slot->over = how;
		inbox_remove(inbox, slot);
	} else if (slot->state == SOCKDUP_SLOT_TAKEN && !slot->over) {
		slot->over = how;
		slot = ERR_PTR(-EBUSY);
	} else {
		slot = ERR_PTR(-ENOENT);
	}
	spin_unlock(&inbox->lock);
	return slot;
}

/**
 * sockdup_inbox_revoke - end a post that is not to be accepted, and have its files put apart
 * @inbox: held by the caller
 * @id: of the post
 * @how: declined by the owner, or revoked
 *
 * Return: 0; -EBUSY where it is being accepted: it ends with that, one way or the other;
 * -ENOENT where it has ended.
 */
int sockdup_inbox_revoke(struct sockdup_inbox *inbox, u64 id, enum sockdup_post_end how)
{
	struct sockdup_slot *slot = sockdup_inbox_take_out(inbox, id, NULL, how);

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	sockdup_slot_drop(slot, how);
	return 0;
}

static void slot_show(struct seq_file *m, const struct sockdup_slot *slot, u64 now)
{
	u64 left = slot->deadline > now ? slot->deadline - now : 0;

	seq_printf(m, "post:\tid=%016llx source=%d uid=%u left_ms=%llu sockets=%u message=%u\n",
		   slot->id, pid_vnr(slot->binding->sender),
		   from_kuid_munged(seq_user_ns(m), slot->uid), div_u64(left, NSEC_PER_MSEC),
		   slot->count, slot->message_size);
}

/**
 * sockdup_inbox_show - show what waits in an inbox
 * @m: the file, whose reader may know
 * @inbox: of a handle that the caller keeps open
 *
 * The first posts one by one, in the reader's numbers.
 */
void sockdup_inbox_show(struct seq_file *m, struct sockdup_inbox *inbox)
{
	u64 now = ktime_get_boottime_ns();
	const struct sockdup_slot *slot;
	unsigned int left = INBOX_SHOWN;

	spin_lock(&inbox->lock);
	seq_printf(m, "slots:\t%u\nposts:\t%u\n", inbox->slots, inbox->post_count);
	hlist_for_each_entry(slot, &inbox->posts, place) {
		if (!left--)
			break;
		slot_show(m, slot, now);
	}
	spin_unlock(&inbox->lock);
}

static bool slot_waits(const struct sockdup_slot *slot)
{
	return slot->state == SOCKDUP_SLOT_POSTED &&
	       !sockdup_deadline_has_passed(slot->deadline);
}

/* Looks at the posts that wait among the slots up to @until. */
static int inbox_look_until(struct sockdup_inbox *inbox, unsigned int *index,
			    unsigned int until, sockdup_slot_look look, void *data)
{
	const struct sockdup_slot *slot;
	int verdict = 0;

	lockdep_assert_held(&inbox->lock);

	while (*index < until && !verdict) {
		slot = inbox_slot(inbox, *index);
		if (slot_waits(slot))
			verdict = look(slot, data);
		if (verdict >= 0)
			++*index;
	}
	return verdict;
}

/**
 * sockdup_inbox_look - look at posts that wait, up to the first that the caller wants
 * @inbox: held by the caller
 * @index: of the slot to begin with; advanced to the next one, at the end to the number of
 *	   slots
 * @batch: how many slots to look at, at most
 * @look: called for each post
 * @data: handed to @look
 *
 * A post stays in its slot, so a caller that goes on meets each exactly once that waits
 * throughout.
 *
 * Return: what @look returned, or 0.
 */
int sockdup_inbox_look(struct sockdup_inbox *inbox, unsigned int *index, unsigned int batch,
		       sockdup_slot_look look, void *data)
{
	int verdict = 0;

	spin_lock(&inbox->lock);
	/* No post waits throughout where none waits now; and the slots may be gone. */
	if (inbox->ended || !inbox->post_count)
		*index = inbox->slots;
	else
		verdict = inbox_look_until(inbox, index, min(*index + batch, inbox->slots),
					   look, data);
	spin_unlock(&inbox->lock);
	return verdict;
}

/**
 * sockdup_inbox_look_at - look at one post
 * @inbox: held by the caller
 * @id: of the post
 * @look: called for it, also while it is being accepted: its files do not stay then
 * @data: handed to @look
 *
 * Return: what @look returned; -ENOENT where the post has ended.
 */
int sockdup_inbox_look_at(struct sockdup_inbox *inbox, u64 id, sockdup_slot_look look,
			  void *data)
{
	const struct sockdup_slot *slot;
	int verdict = -ENOENT;

	spin_lock(&inbox->lock);
	slot = inbox->ended ? NULL : inbox_find(inbox, id);
	if (slot && (slot_waits(slot) || (slot->state == SOCKDUP_SLOT_TAKEN && !slot->over)))
		verdict = look(slot, data);
	spin_unlock(&inbox->lock);
	return verdict;
}

/**
 * sockdup_inbox_init - have inboxes end with their owners
 */
void __init sockdup_inbox_init(void)
{
	sockdup_inbox_table_init();
	sockdup_target_set_inbox_died(inbox_owner_died);
}
