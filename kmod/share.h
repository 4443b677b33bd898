/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each user may have of an inbox, and who is told of room in it. For the files of
 * inboxes alone. The inbox's lock covers all, but for the users who are listed, who stay.
 */
#ifndef SOCKDUP_SHARE_H
#define SOCKDUP_SHARE_H

#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "inbox.h"

/**
 * struct sockdup_share - what one user may have of an inbox
 * @node: among the listed users or the guests
 * @uid: the user's real id
 * @guest: goes with the last binding
 * @used: slots
 * @guaranteed: slots that nobody else takes
 * @limit: most slots
 * @bindings: of the user
 * @place: on one of the inbox's lists of shares where @waiting is not empty
 * @waiting: bindings to be told of room, the first one first
 */
struct sockdup_share {
	struct rb_node node;
	kuid_t uid;
	bool guest;
	unsigned int used;
	unsigned int guaranteed;
	unsigned int limit;
	unsigned int bindings;
	struct list_head place;
	struct list_head waiting;
};

int __must_check sockdup_shares_list(struct sockdup_inbox *inbox,
				     const struct sockdup_inbox_terms *terms);
void sockdup_shares_free(struct sockdup_inbox *inbox);
bool sockdup_share_is_listed(const struct sockdup_inbox *inbox, kuid_t uid);
bool sockdup_share_may_have_slot(const struct sockdup_inbox *inbox, kuid_t uid);
struct sockdup_share *sockdup_share_new_guest(const struct sockdup_inbox *inbox, kuid_t uid);
struct sockdup_share *sockdup_share_join(struct sockdup_inbox *inbox, kuid_t uid,
					 struct sockdup_share **fresh);
bool sockdup_share_has_slots(struct sockdup_inbox *inbox, kuid_t uid);
void sockdup_share_leave(struct sockdup_inbox *inbox, struct sockdup_share *share);

void sockdup_share_sort(struct sockdup_inbox *inbox, struct sockdup_share *share);
void sockdup_share_tell(struct sockdup_inbox *inbox, struct sockdup_share *share, bool moves);
void sockdup_share_wait(struct sockdup_binding *binding);
void sockdup_share_wait_no_more(struct sockdup_binding *binding);
void sockdup_shares_tell_end(struct sockdup_inbox *inbox);
void sockdup_shares_tell(struct sockdup_job *job);

/**
 * sockdup_share_has_room - whether a user may have one more slot now
 * @inbox: locked
 * @share: the user's
 */
static inline bool sockdup_share_has_room(const struct sockdup_inbox *inbox,
					  const struct sockdup_share *share)
{
	return share->used < share->guaranteed ||
	       (share->used < share->limit && inbox->free_count > inbox->reserved);
}

static inline bool sockdup_share_is_full(const struct sockdup_share *share)
{
	return share->used >= share->limit;
}

/**
 * sockdup_share_take - count a slot that is no longer free
 * @inbox: locked
 * @share: of the user who has it now
 */
static inline void sockdup_share_take(struct sockdup_inbox *inbox, struct sockdup_share *share)
{
	lockdep_assert_held(&inbox->lock);

	if (share->used++ < share->guaranteed)
		inbox->reserved--;
	if (unlikely(!list_empty(&share->waiting)) &&
	    (sockdup_share_is_full(share) || share->used == share->guaranteed))
		sockdup_share_sort(inbox, share);
}

/**
 * sockdup_share_give_back - count a slot that is free again, and tell of the room
 * @inbox: locked
 * @share: of the user who had it
 */
static inline void sockdup_share_give_back(struct sockdup_inbox *inbox,
					   struct sockdup_share *share)
{
	bool moves = sockdup_share_is_full(share) || share->used == share->guaranteed;

	lockdep_assert_held(&inbox->lock);

	if (--share->used < share->guaranteed)
		inbox->reserved++;
	inbox->releases++;
	if (unlikely(inbox->waiters))
		sockdup_share_tell(inbox, share, moves);
}

#endif /* SOCKDUP_SHARE_H */
