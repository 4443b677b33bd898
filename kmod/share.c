// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each user may have of an inbox, and who is told of room in it.
 *
 * A slot that becomes free is told of to those who wait for room, one binding at a time,
 * and as long as there is room, because a binding that was told need not use it. Each is
 * woken by a job of its own user's, as it can have any number of pollers. Users take turns,
 * and no binding is told twice of the same room.
 */

#include <linux/slab.h>

#include "binding.h"
#include "inbox.h"
#include "share.h"

/* Bindings that one turn tells of the end of their inbox. */
#define SHARE_TELL_BATCH	64

static struct sockdup_share *share_find(const struct rb_root *shares, kuid_t uid)
{
	struct rb_node *node = shares->rb_node;
	struct sockdup_share *share;

	while (node) {
		share = rb_entry(node, struct sockdup_share, node);
		if (uid_eq(share->uid, uid))
			return share;
		node = uid_lt(uid, share->uid) ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool share_is_before(struct rb_node *one, const struct rb_node *other)
{
	return uid_lt(rb_entry(one, struct sockdup_share, node)->uid,
		      rb_entry(other, struct sockdup_share, node)->uid);
}

static struct sockdup_share *share_new(kuid_t uid, unsigned int guaranteed,
				       unsigned int limit)
{
	struct sockdup_share *share = kzalloc(sizeof(*share), GFP_KERNEL_ACCOUNT);

	if (!share)
		return NULL;
	share->uid = uid;
	share->guaranteed = guaranteed;
	share->limit = limit;
	INIT_LIST_HEAD(&share->place);
	INIT_LIST_HEAD(&share->waiting);
	return share;
}

static int share_list_user(struct sockdup_inbox *inbox, kuid_t uid, unsigned int guaranteed)
{
	struct sockdup_share *share;

	if (share_find(&inbox->listed, uid))
		return -EINVAL;
	if (!sockdup_account_charge_bytes(inbox->account, sizeof(*share)))
		return -ENOBUFS;
	inbox->share_size += sizeof(*share);
	share = share_new(uid, guaranteed, inbox->slots);
	if (!share)
		return -ENOMEM;
	rb_add(&share->node, &inbox->listed, share_is_before);
	inbox->reserved += guaranteed;
	inbox->open_slots -= guaranteed;
	return 0;
}

/**
 * sockdup_shares_list - list the users who may post
 * @inbox: that nobody else knows yet
 * @terms: with the users
 *
 * Each of several can have an equal part at any time.
 *
 * Return: 0; -EINVAL where a user is there twice; -ENOBUFS as for slots; -ENOMEM.
 */
int sockdup_shares_list(struct sockdup_inbox *inbox, const struct sockdup_inbox_terms *terms)
{
	unsigned int i;
	int err = 0;

	if (terms->anybody)
		return 0;
	if (!terms->users)
		return share_list_user(inbox, inbox->account->uid, 0);
	for (i = 0; i < terms->user_count && !err; i++)
		err = share_list_user(inbox, terms->users[i],
				      terms->slots / terms->user_count);
	return err;
}

/**
 * sockdup_shares_free - free the shares of listed users
 * @inbox: that nobody has any more, and so without guests
 */
void sockdup_shares_free(struct sockdup_inbox *inbox)
{
	struct sockdup_share *share, *next;

	rbtree_postorder_for_each_entry_safe(share, next, &inbox->listed, node)
		kfree(share);
}

/**
 * sockdup_share_is_listed - whether a user may post without an invitation
 * @inbox: held; not locked, as no stranger is to touch that lock
 * @uid: the user's real id
 */
bool sockdup_share_is_listed(const struct sockdup_inbox *inbox, kuid_t uid)
{
	return inbox->anybody || share_find(&inbox->listed, uid);
}

/**
 * sockdup_share_may_have_slot - whether there can ever be room for a user
 * @inbox: held; not locked
 * @uid: the user's real id
 */
bool sockdup_share_may_have_slot(const struct sockdup_inbox *inbox, kuid_t uid)
{
	return inbox->open_slots || share_find(&inbox->listed, uid);
}

/**
 * sockdup_share_new_guest - make a share for a user who is not listed
 * @inbox: held
 * @uid: the user's real id
 *
 * Nobody but the first owner's user has more than a quarter.
 *
 * Return: the share, or NULL.
 */
struct sockdup_share *sockdup_share_new_guest(const struct sockdup_inbox *inbox, kuid_t uid)
{
	struct sockdup_share *share;

	share = share_new(uid, 0, uid_eq(uid, inbox->account->uid) ?
				  inbox->slots : max(inbox->slots / 4, 1U));
	if (share)
		share->guest = true;
	return share;
}

/**
 * sockdup_share_join - count a binding to the share of its user
 * @inbox: locked
 * @uid: the user's real id
 * @fresh: one for a guest, or NULL; cleared if it is used
 *
 * Return: the share, or NULL.
 */
struct sockdup_share *sockdup_share_join(struct sockdup_inbox *inbox, kuid_t uid,
					 struct sockdup_share **fresh)
{
	struct sockdup_share *share;

	lockdep_assert_held(&inbox->lock);

	share = share_find(&inbox->listed, uid) ?: share_find(&inbox->guests, uid);
	if (!share && *fresh) {
		share = *fresh;
		*fresh = NULL;
		rb_add(&share->node, &inbox->guests, share_is_before);
	}
	if (share)
		share->bindings++;
	return share;
}

/**
 * sockdup_share_has_slots - whether a user has slots of an inbox now
 * @inbox: held; locked here, for one look-up
 * @uid: the user's real id
 */
bool sockdup_share_has_slots(struct sockdup_inbox *inbox, kuid_t uid)
{
	const struct sockdup_share *share;
	bool has;

	spin_lock(&inbox->lock);
	share = share_find(&inbox->listed, uid) ?: share_find(&inbox->guests, uid);
	has = share && share->used;
	spin_unlock(&inbox->lock);
	return has;
}

/**
 * sockdup_share_leave - count a binding no more
 * @inbox: locked
 * @share: of its user; freed where that is a guest, so that the number is bounded
 */
void sockdup_share_leave(struct sockdup_inbox *inbox, struct sockdup_share *share)
{
	lockdep_assert_held(&inbox->lock);

	if (--share->bindings || !share->guest)
		return;
	rb_erase(&share->node, &inbox->guests);
	kfree(share);
}

/* The list that a share with waiting bindings is on. */
static struct list_head *share_list(struct sockdup_inbox *inbox,
				    const struct sockdup_share *share)
{
	const struct sockdup_binding *first =
		list_first_entry(&share->waiting, struct sockdup_binding, waiting);

	if (sockdup_share_is_full(share))
		return &inbox->full;
	if (first->since == inbox->releases)
		return &inbox->served;
	return share->used < share->guaranteed ? &inbox->entitled : &inbox->waiting;
}

/**
 * sockdup_share_sort - put a share on the list that it belongs to
 * @inbox: locked
 * @share: whose slots or waiting bindings have changed
 */
void sockdup_share_sort(struct sockdup_inbox *inbox, struct sockdup_share *share)
{
	lockdep_assert_held(&inbox->lock);

	if (list_empty(&share->waiting))
		list_del_init(&share->place);
	else
		list_move_tail(&share->place, share_list(inbox, share));
}

/**
 * sockdup_share_wait - have a binding told of room, once
 * @binding: of an inbox that the caller has locked
 */
void sockdup_share_wait(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;

	lockdep_assert_held(&inbox->lock);

	if (!list_empty(&binding->waiting))
		return;
	inbox->waiters++;
	binding->since = inbox->releases;
	list_add_tail(&binding->waiting, &binding->share->waiting);
	if (list_empty(&binding->share->place))
		sockdup_share_sort(inbox, binding->share);
}

/**
 * sockdup_share_wait_no_more - tell a binding nothing
 * @binding: of an inbox that the caller has locked
 */
void sockdup_share_wait_no_more(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;

	lockdep_assert_held(&inbox->lock);

	if (list_empty(&binding->waiting))
		return;
	inbox->waiters--;
	list_del_init(&binding->waiting);
	sockdup_share_sort(inbox, binding->share);
}

/* The share whose turn it is to be told of room, or NULL. The two kinds take turns. */
static struct sockdup_share *share_next(struct sockdup_inbox *inbox)
{
	struct sockdup_share *entitled, *other = NULL;

	entitled = list_first_entry_or_null(&inbox->entitled, struct sockdup_share, place);
	if (inbox->free_count > inbox->reserved)
		other = list_first_entry_or_null(&inbox->waiting, struct sockdup_share, place);
	if (inbox->told_entitled)
		return other ?: entitled;
	return entitled ?: other;
}

static void share_tell_binding(struct sockdup_binding *binding)
{
	binding->told = true;
	if (binding->waking)
		return;
	binding->waking = true;
	sockdup_account_do(binding->account, SOCKDUP_LINE_WAKE, &binding->wake);
}

/* Tells one binding of room. True where another is to be told. */
static bool share_tell_one(struct sockdup_inbox *inbox)
{
	struct sockdup_share *share = share_next(inbox);
	struct sockdup_binding *binding;

	lockdep_assert_held(&inbox->lock);

	if (!share)
		return false;
	inbox->told_entitled = share->used < share->guaranteed;
	binding = list_first_entry(&share->waiting, struct sockdup_binding, waiting);
	sockdup_share_wait_no_more(binding);
	share_tell_binding(binding);
	return share_next(inbox);
}

/* Tells some bindings of the inbox's end. True where others are to be told. */
static bool share_tell_some_end(struct sockdup_inbox *inbox)
{
	unsigned int left = SHARE_TELL_BATCH;
	struct sockdup_binding *binding;

	while (left-- && !list_empty(&inbox->bindings)) {
		binding = list_first_entry(&inbox->bindings, struct sockdup_binding, node);
		list_del_init(&binding->node);
		/* A caller queues itself before it looks under the lock. */
		if (waitqueue_active(&binding->room))
			share_tell_binding(binding);
	}
	return !list_empty(&inbox->bindings);
}

/**
 * sockdup_shares_tell - the job that tells one binding of room, or of the end
 * @job: the inbox's
 *
 * In turns with the other accounts, and whatever those who are told do.
 */
void sockdup_shares_tell(struct sockdup_job *job)
{
	struct sockdup_inbox *inbox = container_of(job, struct sockdup_inbox, tell);
	bool more;

	spin_lock(&inbox->lock);
	more = inbox->ended ? share_tell_some_end(inbox) : share_tell_one(inbox);
	inbox->telling = more;
	spin_unlock(&inbox->lock);
	if (more)
		sockdup_account_do(inbox->account, SOCKDUP_LINE_INBOX, job);
	else
		sockdup_inbox_put(inbox);
}

static void share_tell_others(struct sockdup_inbox *inbox)
{
	lockdep_assert_held(&inbox->lock);

	if (inbox->telling)
		return;
	inbox->telling = true;
	refcount_inc(&inbox->ref);
	sockdup_account_do(inbox->account, SOCKDUP_LINE_INBOX, &inbox->tell);
}

/**
 * sockdup_share_tell - tell of a slot that is free again
 * @inbox: locked
 * @share: of the user who had it
 * @moves: its list may be another now
 */
void sockdup_share_tell(struct sockdup_inbox *inbox, struct sockdup_share *share, bool moves)
{
	list_splice_tail_init(&inbox->served, &inbox->waiting);
	if (moves && !list_empty(&share->waiting))
		sockdup_share_sort(inbox, share);
	/* The first one at once. */
	if (share_tell_one(inbox))
		share_tell_others(inbox);
}

/**
 * sockdup_shares_tell_end - tell all who are bound that the inbox has ended
 * @inbox: locked
 */
void sockdup_shares_tell_end(struct sockdup_inbox *inbox)
{
	share_tell_others(inbox);
}
