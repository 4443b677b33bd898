// SPDX-License-Identifier: GPL-2.0-only
/*
 * How tokens ended, told to the handle that exported them. A token that reports
 * owns a report from its export on, so there is one whatever the memory is like
 * when it ends. The process that opened the handle reads it.
 *
 * Whoever ends a token adds its report and goes on. A worker wakes the readers, as
 * there can be any number of them, and they are another user's.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "outcome.h"

/* Reports of one handle, in live tokens and unread. */
#define OUTCOME_MAX	4096

static void outcomes_put(struct sockdup_outcomes *outcomes)
{
	if (refcount_dec_and_test(&outcomes->ref))
		kfree(outcomes);
}

static void outcomes_wake(struct sockdup_job *job)
{
	struct sockdup_outcomes *outcomes =
		container_of(job, struct sockdup_outcomes, wake);

	/* A report that comes after this asks for a wake-up of its own. */
	spin_lock(&outcomes->lock);
	outcomes->waking = false;
	spin_unlock(&outcomes->lock);
	wake_up_interruptible(&outcomes->wait);
	outcomes_put(outcomes);
}

/**
 * sockdup_outcomes_new - make a place for reports
 *
 * Return: the place, to be closed, or NULL.
 */
struct sockdup_outcomes *sockdup_outcomes_new(void)
{
	struct sockdup_outcomes *outcomes;

	outcomes = kzalloc(sizeof(*outcomes), GFP_KERNEL_ACCOUNT);
	if (!outcomes)
		return NULL;
	refcount_set(&outcomes->ref, 1);
	spin_lock_init(&outcomes->lock);
	INIT_LIST_HEAD(&outcomes->unread);
	init_waitqueue_head(&outcomes->wait);
	outcomes->wake.run = outcomes_wake;
	mutex_init(&outcomes->reading);
	return outcomes;
}

/* Neither in a token nor among the unread any more. */
static void report_free(struct sockdup_report *report)
{
	struct sockdup_outcomes *outcomes = report->outcomes;

	put_pid(report->pid);
	kfree(report);
	outcomes_put(outcomes);
}

/*
 * Free one that @count no longer counts. Without any, other readers learn that there is
 * nothing to wait for, by the caller, which is a process that has the handle.
 */
static void report_dismiss(struct sockdup_report *report, bool last)
{
	if (last)
		wake_up_interruptible(&report->outcomes->wait);
	report_free(report);
}

/**
 * sockdup_outcomes_close - let go of the place with the handle
 * @outcomes: that nobody reads or polls any more, and no report is made for
 *
 * Reports of tokens that are live yet are dropped when these end.
 */
void sockdup_outcomes_close(struct sockdup_outcomes *outcomes)
{
	struct sockdup_report *report, *next;
	LIST_HEAD(unread);

	spin_lock(&outcomes->lock);
	outcomes->closed = true;
	list_splice_init(&outcomes->unread, &unread);
	spin_unlock(&outcomes->lock);
	list_for_each_entry_safe(report, next, &unread, node)
		report_free(report);
	outcomes_put(outcomes);
}

/**
 * sockdup_outcomes_count - how many reports a handle has
 * @outcomes: the handle's
 *
 * Return: those that are unread, and those of live tokens.
 */
unsigned int sockdup_outcomes_count(struct sockdup_outcomes *outcomes)
{
	return READ_ONCE(outcomes->count);
}

/**
 * sockdup_report_new - have a token report its end
 * @outcomes: of the handle that exports, which the caller keeps open
 *
 * Return: a report, to be sent or cancelled; ERR_PTR(-ENOBUFS) where the handle
 * has as many as it may; ERR_PTR(-ENOMEM).
 */
struct sockdup_report *sockdup_report_new(struct sockdup_outcomes *outcomes)
{
	struct sockdup_report *report;
	bool room;

	report = kzalloc(sizeof(*report), GFP_KERNEL_ACCOUNT);
	if (!report)
		return ERR_PTR(-ENOMEM);
	spin_lock(&outcomes->lock);
	room = outcomes->count < OUTCOME_MAX;
	if (room)
		outcomes->count++;
	spin_unlock(&outcomes->lock);
	if (!room) {
		kfree(report);
		return ERR_PTR(-ENOBUFS);
	}
	refcount_inc(&outcomes->ref);
	report->outcomes = outcomes;
	return report;
}

/**
 * sockdup_report_cancel - drop the report of a token that nobody could find
 * @report: not sent
 */
void sockdup_report_cancel(struct sockdup_report *report)
{
	struct sockdup_outcomes *outcomes = report->outcomes;
	bool last;

	spin_lock(&outcomes->lock);
	last = !--outcomes->count;
	spin_unlock(&outcomes->lock);
	report_dismiss(report, last);
}

/* True if it was added. *@wake is set if a wake-up is to be asked for. */
static bool report_add(struct sockdup_report *report, bool *wake)
{
	struct sockdup_outcomes *outcomes = report->outcomes;
	bool closed;

	spin_lock(&outcomes->lock);
	closed = outcomes->closed;
	if (!closed) {
		list_add_tail(&report->node, &outcomes->unread);
		/*
		 * A waiter queues itself before it looks for reports under this lock:
		 * it is seen here, or it sees this one.
		 */
		*wake = !outcomes->waking && waitqueue_active(&outcomes->wait);
		if (*wake) {
			outcomes->waking = true;
			refcount_inc(&outcomes->ref);
		}
	}
	spin_unlock(&outcomes->lock);
	return !closed;
}

/**
 * sockdup_report_send - tell the handle that a token has ended
 * @report: the token's; consumed
 * @account: the token's, held by the caller
 * @id: the token's
 * @kind: how it ended. The current process is the importer, where there is one
 *
 * Context: process context, or a worker.
 */
void sockdup_report_send(struct sockdup_report *report,
			 struct sockdup_account *account, u64 id,
			 enum sockdup_outcome_kind kind)
{
	struct sockdup_outcomes *outcomes = report->outcomes;
	bool wake = false;

	report->id = id;
	report->when = ktime_get_boottime_ns();
	report->kind = kind;
	if (kind == SOCKDUP_OUTCOME_IMPORTED) {
		report->pid = get_pid(task_tgid(current));
		report->uid = current_euid();
	}
	if (!report_add(report, &wake))
		report_free(report);
	else if (wake)
		sockdup_account_do(account, SOCKDUP_LINE_WAKE, &outcomes->wake);
}

/* The oldest of the unread, or NULL. It stays until the reader takes it. */
static struct sockdup_report *outcomes_first(struct sockdup_outcomes *outcomes)
{
	struct sockdup_report *report;

	spin_lock(&outcomes->lock);
	report = list_first_entry_or_null(&outcomes->unread,
					  struct sockdup_report, node);
	spin_unlock(&outcomes->lock);
	return report;
}

static void outcomes_take(struct sockdup_outcomes *outcomes,
			  struct sockdup_report *report)
{
	bool last;

	spin_lock(&outcomes->lock);
	list_del(&report->node);
	last = !--outcomes->count;
	spin_unlock(&outcomes->lock);
	report_dismiss(report, last);
}

/* Numbers are those that the reader may see now. */
static int outcomes_copy(const struct sockdup_report *report, char __user *buffer)
{
	struct sockdup_outcome outcome = {
		.id = report->id,
		.when_ns = timens_add_boottime_ns(report->when),
		.kind = report->kind,
	};

	if (report->pid) {
		outcome.pid = pid_vnr(report->pid);
		outcome.uid = from_kuid_munged(current_user_ns(), report->uid);
	}
	return copy_to_user(buffer, &outcome, sizeof(outcome)) ? -EFAULT : 0;
}

/* As many as there are and the buffer has room for. */
static ssize_t outcomes_read_some(struct sockdup_outcomes *outcomes,
				  char __user *buffer, size_t size)
{
	const size_t each = sizeof(struct sockdup_outcome);
	struct sockdup_report *report;
	size_t done = 0;
	int err;

	while (size - done >= each && !fatal_signal_pending(current)) {
		report = outcomes_first(outcomes);
		if (!report)
			break;
		err = outcomes_copy(report, buffer + done);
		if (err)
			return done ?: err;
		outcomes_take(outcomes, report);
		done += each;
		cond_resched();
	}
	return done;
}

/* Something can be read, or nothing ever will be unless a token is exported. */
static bool outcomes_are_ready(struct sockdup_outcomes *outcomes)
{
	bool ready;

	spin_lock(&outcomes->lock);
	ready = !list_empty(&outcomes->unread) || !outcomes->count;
	spin_unlock(&outcomes->lock);
	return ready;
}

/**
 * sockdup_outcomes_read - read reports
 * @outcomes: of a handle that the caller keeps open
 * @buffer: for as many struct sockdup_outcome as it has room for
 * @size: bytes of it
 * @wait: whether to wait for the first
 *
 * Return: bytes read, 0 where there is no report and no live token that could
 * report; -EAGAIN; -EFAULT, with nothing taken; -EINVAL where not one has room;
 * -ERESTARTSYS.
 */
ssize_t sockdup_outcomes_read(struct sockdup_outcomes *outcomes,
			      char __user *buffer, size_t size, bool wait)
{
	ssize_t done;

	if (size < sizeof(struct sockdup_outcome))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&outcomes->reading))
			return -ERESTARTSYS;
		done = outcomes_read_some(outcomes, buffer, size);
		mutex_unlock(&outcomes->reading);
		if (done || !sockdup_outcomes_count(outcomes))
			return done;
		if (!wait)
			return -EAGAIN;
		if (wait_event_interruptible(outcomes->wait,
					     outcomes_are_ready(outcomes)))
			return -ERESTARTSYS;
	}
}

/**
 * sockdup_outcomes_poll - poll for reports
 * @outcomes: of the handle
 * @file: the handle's
 * @table: as given to the file's poll()
 *
 * Return: EPOLLIN and EPOLLRDNORM where there is one to read; EPOLLRDHUP, which only
 * those get who ask for it, where there is none to wait for.
 */
__poll_t sockdup_outcomes_poll(struct sockdup_outcomes *outcomes,
			       struct file *file, struct poll_table_struct *table)
{
	__poll_t mask = 0;

	poll_wait(file, &outcomes->wait, table);
	spin_lock(&outcomes->lock);
	if (!list_empty(&outcomes->unread))
		mask = EPOLLIN | EPOLLRDNORM;
	else if (!outcomes->count)
		mask = EPOLLRDHUP;
	spin_unlock(&outcomes->lock);
	return mask;
}
