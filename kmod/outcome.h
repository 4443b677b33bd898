/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_OUTCOME_H
#define SOCKDUP_OUTCOME_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "account.h"

struct pid;

/**
 * struct sockdup_outcomes - what a handle is told of the ends of its tokens
 * @ref: the handle's, one for each report, and one for @wake while it is in line
 * @lock: innermost; taken in process context only
 * @unread: reports to be read, in the order in which the tokens ended
 * @count: of reports, those of live tokens included
 * @closed: the handle is gone, and nobody reads any more
 * @waking: @wake is in line
 * @wait: where the opener waits for a report
 * @wake: wakes @wait; in the line of the account of a token that ended
 * @reading: held by the reader, which takes a report once it has copied it
 */
struct sockdup_outcomes {
	refcount_t ref;
	spinlock_t lock;		/* covers the next four */
	struct list_head unread;
	unsigned int count;
	bool closed;
	bool waking;
	wait_queue_head_t wait;
	struct sockdup_job wake;
	struct mutex reading;		/* covers the first of @unread while it is copied */
};

/**
 * struct sockdup_report - the outcome of one token
 * @node: among the unread, from the token's end on
 * @outcomes: of the handle that exported; held
 * @id: the token's
 * @when: it ended, in nanoseconds of CLOCK_BOOTTIME
 * @kind: how it ended
 * @pid: the process that imported; owned, or NULL
 * @uid: its effective user
 *
 * The token's until it ends, and @outcomes' after that: neither the token nor what it
 * holds waits for the reader. All but the first two are set at the end.
 */
struct sockdup_report {
	struct list_head node;
	struct sockdup_outcomes *outcomes;
	u64 id;
	u64 when;
	enum sockdup_outcome_kind kind;
	struct pid *pid;
	kuid_t uid;
};

struct sockdup_outcomes *sockdup_outcomes_new(void);
void sockdup_outcomes_close(struct sockdup_outcomes *outcomes);
unsigned int sockdup_outcomes_count(struct sockdup_outcomes *outcomes);
ssize_t sockdup_outcomes_read(struct sockdup_outcomes *outcomes,
			      char __user *buffer, size_t size, bool wait);
__poll_t sockdup_outcomes_poll(struct sockdup_outcomes *outcomes,
			       struct file *file, struct poll_table_struct *table);

struct sockdup_report *sockdup_report_new(struct sockdup_outcomes *outcomes);
void sockdup_report_cancel(struct sockdup_report *report);
void sockdup_report_send(struct sockdup_report *report,
			 struct sockdup_account *account, u64 id,
			 enum sockdup_outcome_kind kind);

#endif /* SOCKDUP_OUTCOME_H */
