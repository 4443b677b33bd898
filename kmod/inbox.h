/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_INBOX_H
#define SOCKDUP_INBOX_H

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "account.h"
#include "set.h"

struct pid;
struct seq_file;
struct sockdup_binding;
struct sockdup_inbox;
struct sockdup_target;

/**
 * enum sockdup_slot_state - what is in a slot
 * @SOCKDUP_SLOT_FREE: nothing
 * @SOCKDUP_SLOT_POSTED: a post that waits
 * @SOCKDUP_SLOT_TAKEN: a post that an acceptor is about to hand out; the acceptor's
 * @SOCKDUP_SLOT_ENDING: a post that has ended, whose files are to be put
 */
enum sockdup_slot_state {
	SOCKDUP_SLOT_FREE,
	SOCKDUP_SLOT_POSTED,
	SOCKDUP_SLOT_TAKEN,
	SOCKDUP_SLOT_ENDING,
};

/**
 * enum sockdup_post_end - why a post has ended that nobody accepted
 * @SOCKDUP_POST_LIVES: it has not
 * @SOCKDUP_POST_REVOKED: by its sender, or by netlink
 * @SOCKDUP_POST_DECLINED: by an owner
 * @SOCKDUP_POST_EXPIRED: its time is over
 * @SOCKDUP_POST_REFUSED: its sockets could not be handed out, and cannot be
 * @SOCKDUP_POST_INBOX_ENDED: with the inbox
 */
enum sockdup_post_end {
	SOCKDUP_POST_LIVES,
	SOCKDUP_POST_REVOKED,
	SOCKDUP_POST_DECLINED,
	SOCKDUP_POST_EXPIRED,
	SOCKDUP_POST_REFUSED,
	SOCKDUP_POST_INBOX_ENDED,
};

/**
 * struct sockdup_slot - room for one post
 * @place: among the inbox's free slots, or its posts
 * @ending: among those that are ending
 * @inbox: that it is part of
 * @binding: the sender's; NULL in a free slot
 * @state: an &enum sockdup_slot_state
 * @position: in the order of posts
 * @over: why it has ended unless the acceptor that has taken it succeeds, an
 *	  &enum sockdup_post_end
 * @id: names the post; the next one in this slot has another
 * @deadline: when it is over, in nanoseconds of CLOCK_BOOTTIME
 * @cookie: the sender's word
 * @uid: the sender's effective user
 * @gid: and effective group
 * @message_size: bytes
 * @count: sockets
 * @put: how many of them have been put or wait for that; the sweep's
 * @sockets: with room for as many as a post may have, and for the largest message behind
 *
 * The inbox's lock covers @place to @over. The rest is the acceptor's or the sweep's by the
 * state, and does not change in a post.
 */
struct sockdup_slot {
	union {
		struct hlist_node place;
		struct list_head ending;
	};
	struct sockdup_inbox *inbox;
	struct sockdup_binding *binding;
	u8 state;
	u8 over;
	u64 position;
	u64 id;
	u64 deadline;
	u64 cookie;
	kuid_t uid;
	kgid_t gid;
	u32 message_size;
	u32 count;
	u32 put;
	struct sockdup_set_socket sockets[];
};

/**
 * struct sockdup_content - what a sender posts
 * @files: of the sockets, with a reference and a charge each
 * @count: sockets
 * @message: or NULL
 * @message_size: bytes
 * @cookie: the sender's word
 * @ttl_ms: how long the post may wait, in milliseconds
 */
struct sockdup_content {
	struct file **files;
	unsigned int count;
	const void *message;
	unsigned int message_size;
	u64 cookie;
	u32 ttl_ms;
};

/**
 * struct sockdup_inbox_terms - what an inbox is to be like
 * @slots: how many, at least 1
 * @message_size: of the largest message, in bytes
 * @max_sockets: under one post, at least 1
 * @anybody: all users may post
 * @users: those who may otherwise; NULL for the owner alone
 * @user_count: how many
 */
struct sockdup_inbox_terms {
	unsigned int slots;
	unsigned int message_size;
	unsigned int max_sockets;
	bool anybody;
	const kuid_t *users;
	unsigned int user_count;
};

/**
 * struct sockdup_inbox - a queue of sockets that others hand to a process
 * @ref: one for each handle, one for each process whose record knows it, one for each
 *	 binding and invitation, one each for @wake, @sweep and @tell while they are in line,
 *	 and those of callers that bind, join or free @memory
 * @owners: processes whose records know it; at zero it ends
 * @lock: innermost but for those of wait queues and works; taken in process context only
 * @free: slots
 * @posts: slots, in the order in which they are to be accepted
 * @last: of @posts, or NULL
 * @ending: slots
 * @free_count: of @free
 * @post_count: of @posts
 * @position: of the next post
 * @reserved: how many of @free are kept for users who have fewer than they are guaranteed
 * @ended: nothing is posted any more
 * @mixed: owners are or were of several users, whose pollers no sender is to wake itself
 * @guests: shares of users who are not listed, by their ids
 * @bindings: all, until they have been told of the end
 * @entitled: shares with bindings that are to be told of room, and fewer slots than they
 *	      are guaranteed
 * @waiting: other shares with such bindings
 * @told_entitled: the last one that was told was of those
 * @served: shares whose bindings have come after the last room
 * @full: shares with such bindings, which have all the slots that they may have
 * @waiters: bindings that are to be told of room
 * @releases: how often a slot became free
 * @alarm: when the next look is due, in nanoseconds of CLOCK_BOOTTIME, or U64_MAX
 * @looked: when the last look at all slots was over, in jiffies
 * @sweeping: @sweep is in line
 * @cursor: the slot that the sweep looks at next, or @slots
 * @waking: @wake is in line
 * @telling: @tell is in line
 * @acceptors: where callers wait for a post, who are woken one by one
 * @pollers: where others wait for it
 * @wake: wakes @pollers
 * @sweep: looks at slots, and has files put
 * @tell: tells those who wait for room
 * @tick: has all slots looked at
 * @listed: shares of the users who are, by their ids
 * @share_size: bytes of them, which the account pays for, too
 * @open_slots: that no listed user is guaranteed
 * @account: of the first owner's user, who pays for @memory; held
 * @slots: how many
 * @message_size: of the largest message
 * @max_sockets: under one post
 * @anybody: a user who is not listed needs no invitation
 * @stride: bytes from one slot to the next
 * @memory: the slots, until the inbox has ended and all are free
 * @members: records of processes that own it, the first one first; covered by @lock
 * @number: names it in lists; never used twice
 * @node: in the table of all inboxes while there is @memory; covered by its lock
 * @opener: the process that opened it; owned
 * @uid: its effective user then
 * @net: the cookie of its network namespace then
 *
 * An inbox that has ended stays as a stub for those who are bound to it.
 */
struct sockdup_inbox {
	refcount_t ref;
	refcount_t owners;
	spinlock_t lock;		/* covers all up to @telling */
	struct hlist_head free;
	struct hlist_head posts;
	struct sockdup_slot *last;
	struct list_head ending;
	unsigned int free_count;
	unsigned int post_count;
	u64 position;
	unsigned int reserved;
	bool ended;
	bool mixed;
	struct rb_root guests;
	struct list_head bindings;
	struct list_head entitled;
	struct list_head waiting;
	bool told_entitled;
	struct list_head served;
	struct list_head full;
	unsigned int waiters;
	u64 releases;
	u64 alarm;
	unsigned long looked;
	bool sweeping;
	unsigned int cursor;
	bool waking;
	bool telling;
	wait_queue_head_t acceptors;
	wait_queue_head_t pollers;
	struct sockdup_job wake;
	struct sockdup_job sweep;
	struct sockdup_job tell;
	struct sockdup_tick tick;
	struct rb_root listed;
	size_t share_size;
	unsigned int open_slots;
	struct sockdup_account *account;
	unsigned int slots;
	unsigned int message_size;
	unsigned int max_sockets;
	bool anybody;
	size_t stride;
	void *memory;
	struct list_head members;
	u64 number;
	struct rb_node node;
	struct pid *opener;
	kuid_t uid;
	u64 net;
};

/*
 * Looks at a post under the inbox's lock, while its files stay. Returns 0 to go on, 1 to stop
 * behind this post, or a negative errno to stop at it.
 */
typedef int (*sockdup_slot_look)(const struct sockdup_slot *slot, void *data);

struct sockdup_inbox *sockdup_inbox_open(struct sockdup_target *owner,
					 struct sockdup_account *account,
					 const struct sockdup_inbox_terms *terms);
int __must_check sockdup_inbox_join(struct sockdup_inbox *inbox, struct sockdup_target *owner,
				    const struct sockdup_account *account);
void sockdup_inbox_close(struct sockdup_inbox *inbox, struct sockdup_target *owner);
struct sockdup_inbox *sockdup_inbox_of(struct sockdup_target *target);
void sockdup_inbox_put(struct sockdup_inbox *inbox);
struct sockdup_slot *sockdup_inbox_take(struct sockdup_inbox *inbox, bool wait);
int sockdup_inbox_revoke(struct sockdup_inbox *inbox, u64 id, enum sockdup_post_end how);
__poll_t sockdup_inbox_poll(struct sockdup_inbox *inbox, struct file *file,
			    struct poll_table_struct *table);

int sockdup_inbox_post(struct sockdup_binding *binding, const struct sockdup_content *content,
		       u64 *id);
struct sockdup_slot *sockdup_inbox_take_out(struct sockdup_inbox *inbox, u64 id,
					    const struct sockdup_binding *binding,
					    enum sockdup_post_end how);
void sockdup_inbox_show(struct seq_file *m, struct sockdup_inbox *inbox);
int sockdup_inbox_look(struct sockdup_inbox *inbox, unsigned int *index, unsigned int batch,
		       sockdup_slot_look look, void *data);
int sockdup_inbox_look_at(struct sockdup_inbox *inbox, u64 id, sockdup_slot_look look,
			  void *data);

void sockdup_slot_restore(struct sockdup_slot *slot);
void sockdup_slot_spend(struct sockdup_slot *slot);
void sockdup_slot_drop(struct sockdup_slot *slot, enum sockdup_post_end how);

/**
 * sockdup_slot_message - where the message of a post is
 * @slot: the slot
 */
static inline void *sockdup_slot_message(struct sockdup_slot *slot)
{
	return &slot->sockets[slot->inbox->max_sockets];
}

void sockdup_inbox_init(void);

#endif /* SOCKDUP_INBOX_H */
