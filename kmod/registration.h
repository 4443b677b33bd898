/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_REGISTRATION_H
#define SOCKDUP_REGISTRATION_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "level.h"
#include "account.h"

struct file;
struct inode;
struct sockdup_eventfd;

/**
 * struct sockdup_registration_list - the registrations that a handle has made
 * @lock: nests inside a bucket's lock
 * @registrations: linked by &sockdup_registration.mate
 * @count: how many
 */
struct sockdup_registration_list {
	spinlock_t lock;		/* covers the next two */
	struct list_head registrations;
	unsigned int count;
};

/**
 * struct sockdup_registration_terms - what a registration is made for
 * @eventfd: the event object, set when something is recorded; held by the owner of
 *           the terms
 * @mask: the network events, an OR of enum sockdup_network_event, not zero
 * @kind: whether user space makes messages of it, an enum sockdup_event_kind
 * @flags: SOCKDUP_EVENT_ONCE or zero
 */
struct sockdup_registration_terms {
	struct sockdup_eventfd *eventfd;
	u32 mask;
	u32 kind;
	u32 flags;
};

/**
 * struct sockdup_registration - the registration of a socket for network events
 * @node: in the table; covered by the bucket's lock
 * @mate: on @list while in the table
 * @sibling: on the list of @account while in the table
 * @list: of the handle that registered; valid while in the table
 * @ref: one for being in force, one while @look is pending, one for each caller
 * @inode: the socket's; owned; keeps struct socket, and does not keep it open
 * @wait: on the socket's wait queue while in force
 * @look: asks a worker to look at the socket after a wake-up
 * @retry: tries @look again
 * @waiting: whether @look is pending
 * @woken: poll events of the wake-ups that no look has covered yet
 * @error: the socket's error at such a wake-up, or 0
 * @interest: the poll events that are worth a look
 * @terms: as asked for; never change
 * @source: the process that registered; owned
 * @uid: its effective user at that time
 * @gid: its effective group at that time
 * @account: of the user who registered; held, and charged while in force
 * @lock: covers the members below, and is held while the event object is set or reset,
 *        which takes as long as its users' wake-ups; the bucket's lock and the event
 *        object's nest inside it, and nobody who holds another lock of ours waits for it
 * @over: ended: nothing is recorded or set any more
 * @connected: the look that began last of those that have finished found the
 *             socket connected
 * @told: CONNECT of this connection was enumerated, from this registration or
 *        the previous one
 * @armed: the network events that may be recorded
 * @rearms: how often each network event was armed again
 * @unanswered: those that were, and no look that began since has finished
 * @recorded: what was recorded since the last enumeration
 * @errors: one for each of @recorded, 0 or a positive errno
 * @turn: changes when @recorded is enumerated, or a reader's copy becomes stale
 * @looks: how many looks at the socket have begun
 * @decided: the number of the look that @connected is from
 */
struct sockdup_registration {
	struct hlist_node node;
	struct list_head mate;
	struct list_head sibling;
	struct sockdup_registration_list *list;
	refcount_t ref;
	struct inode *inode;
	wait_queue_entry_t wait;
	struct sockdup_job look;
	struct timer_list retry;
	atomic_t waiting;
	atomic_t woken;
	atomic_t error;
	unsigned int interest;
	struct sockdup_registration_terms terms;
	struct pid *source;
	kuid_t uid;
	kgid_t gid;
	struct sockdup_account *account;
	spinlock_t lock;		/* covers what follows */
	bool over;
	bool connected;
	bool told;
	u32 armed;
	u16 rearms[SOCKDUP_NETWORK_EVENTS];
	u32 unanswered;
	u32 recorded;
	int errors[SOCKDUP_NETWORK_EVENTS];
	u32 turn;
	u32 looks;
	u32 decided;
};

/**
 * struct sockdup_registration_record - a copy of what was recorded
 * @events: an OR of enum sockdup_network_event
 * @errors: one for each of @events
 * @turn: tells whether the copy is still current
 */
struct sockdup_registration_record {
	u32 events;
	int errors[SOCKDUP_NETWORK_EVENTS];
	u32 turn;
};

int sockdup_registration_register(struct file *file,
				  const struct sockdup_registration_terms *terms,
				  struct sockdup_registration_list *list);
int sockdup_registration_rearm(struct file *file, u32 events);
void sockdup_registration_cancel(struct file *file);

struct sockdup_registration *sockdup_registration_get(struct file *file);
struct sockdup_registration *
sockdup_registration_get_own(struct file *file,
			     const struct sockdup_registration_list *list);
void sockdup_registration_put(struct sockdup_registration *reg);

void sockdup_registration_read(struct sockdup_registration *reg,
			       struct sockdup_registration_record *record);
int sockdup_registration_clear(struct sockdup_registration *reg,
			       const struct sockdup_registration_record *record,
			    bool reset);

void sockdup_registration_list_init(struct sockdup_registration_list *list);
unsigned int
sockdup_registration_list_count(struct sockdup_registration_list *list);
void sockdup_registration_list_drop(struct sockdup_registration_list *list);

void sockdup_registration_sweep(struct work_struct *work);

void sockdup_registration_init(void);

#endif /* SOCKDUP_REGISTRATION_H */
