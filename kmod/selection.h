/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_SELECTION_H
#define SOCKDUP_SELECTION_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "account.h"

struct file;
struct inode;
struct sockdup_event;

/* The events that there are; their bits are the lowest. */
#define SOCKDUP_SELECTION_EVENTS	6

/**
 * struct sockdup_selection_list - the selections of one handle
 * @lock: inside a bucket's lock
 * @selections: at most one of a socket
 * @count: how many
 *
 * Its owner lets all of them end before it goes.
 */
struct sockdup_selection_list {
	spinlock_t lock;		/* covers the next two */
	struct list_head selections;
	unsigned int count;
};

/**
 * struct sockdup_selection - the event registration of a socket
 * @node: in the table; covered by the bucket's lock
 * @mate: on @list, as long as in the table
 * @list: of the handle that registered; valid as long as in the table
 * @ref: one for being in force, one while @look waits, one for each caller
 * @inode: of the socket; owned; keeps struct socket, though not the socket open
 * @wait: on the socket's wait queue while in force
 * @look: looks at the socket after a wake-up
 * @retry: has that tried again
 * @waiting: whether @look waits for the worker
 * @woken: poll events of the wake-ups that no look has seen yet
 * @error: of the socket at such a wake-up, or 0
 * @interest: poll events that are worth a look
 * @event: set when something is recorded; held
 * @kind: whether the events become messages, an enum sockdup_event_kind
 * @mask: the events registered for, an OR of enum sockdup_network_event
 * @source: the process that registered; owned
 * @uid: its effective user at that time
 * @gid: its effective group at that time
 * @account: of the user who registered; charged while in force; held
 * @lock: covers what follows; inside the bucket's, and the event's inside it
 * @over: no longer in force; nothing is recorded or set any more
 * @connected: the connection has been seen
 * @told: and its CONNECT enumerated, by this registration or one before
 * @armed: the events that may be recorded
 * @rearms: how often each event has been armed again
 * @recorded: the events that have been, since they were last enumerated
 * @errors: of the recorded ones, each 0 or a positive errno
 * @turn: changes when recorded ones are enumerated, or become others
 * @looks: how many looks at the socket have begun
 */
struct sockdup_selection {
	struct hlist_node node;
	struct list_head mate;
	struct sockdup_selection_list *list;
	refcount_t ref;
	struct inode *inode;
	wait_queue_entry_t wait;
	struct sockdup_job look;
	struct timer_list retry;
	atomic_t waiting;
	atomic_t woken;
	atomic_t error;
	unsigned int interest;
	struct sockdup_event *event;
	u32 kind;
	u32 mask;
	struct pid *source;
	kuid_t uid;
	kgid_t gid;
	struct sockdup_account *account;
	spinlock_t lock;		/* covers what follows */
	bool over;
	bool connected;
	bool told;
	u32 armed;
	u16 rearms[SOCKDUP_SELECTION_EVENTS];
	u32 recorded;
	int errors[SOCKDUP_SELECTION_EVENTS];
	u32 turn;
	u32 looks;
};

/**
 * struct sockdup_selection_record - what was recorded, as it is handed out
 * @events: an OR of enum sockdup_network_event
 * @errors: of those
 * @turn: tells whether it is still what was read
 */
struct sockdup_selection_record {
	u32 events;
	int errors[SOCKDUP_SELECTION_EVENTS];
	u32 turn;
};

int sockdup_selection_register(struct file *file, struct sockdup_event *event,
			       u32 mask, u32 kind,
			       struct sockdup_selection_list *list);
void sockdup_selection_cancel(struct file *file);

struct sockdup_selection *sockdup_selection_get(struct file *file);
struct sockdup_selection *
sockdup_selection_get_own(struct file *file,
			  const struct sockdup_selection_list *list);
void sockdup_selection_put(struct sockdup_selection *selection);

void sockdup_selection_read(struct sockdup_selection *selection,
			    struct sockdup_selection_record *record);
int sockdup_selection_clear(struct sockdup_selection *selection,
			    const struct sockdup_selection_record *record,
			    bool reset);
bool sockdup_selection_rearm(struct sockdup_selection *selection, u32 events);

void sockdup_selection_list_init(struct sockdup_selection_list *list);
unsigned int sockdup_selection_list_count(struct sockdup_selection_list *list);
void sockdup_selection_list_drop(struct sockdup_selection_list *list);

int sockdup_selection_init(void);
void sockdup_selection_exit(void);

#endif /* SOCKDUP_SELECTION_H */
