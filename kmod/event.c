// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd as an event object of manual reset: set, it stays so until it is
 * reset as a whole. One whose reads take but one from the counter (that has
 * EFD_SEMAPHORE) cannot serve, as resetting it could take for ever.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/eventfd.h"
#include "event.h"

/* How often a test may come to nothing because somebody reads the counter. */
#define EVENT_TRIALS	100

/* One test at a time, so that none counts the signals of another. */
static DEFINE_MUTEX(event_test_lock);

struct event_finder {
	poll_table table;
	wait_queue_head_t *head;
};

static void event_found(struct file *file, wait_queue_head_t *head,
			poll_table *table)
{
	container_of(table, struct event_finder, table)->head = head;
}

/* Where the eventfd keeps who waits for it is told to pollers alone. */
static wait_queue_head_t *event_head(struct file *file)
{
	struct event_finder finder = { };

	init_poll_funcptr(&finder.table, event_found);
	vfs_poll(file, &finder.table);
	return finder.head;
}

/**
 * struct event_test - finds out whether a read takes the whole counter
 * @entry: the first on the wait queue, so that nobody else is woken
 * @ctx: the eventfd
 * @task: who tests
 * @signals: of its own, seen so far
 * @disturbed: somebody has read between the two, and so taken the first
 * @reads: what two reads got after the second signal, with nothing between
 */
struct event_test {
	wait_queue_entry_t entry;
	struct eventfd_ctx *ctx;
	struct task_struct *task;
	unsigned int signals;
	bool disturbed;
	u64 reads[2];
};

/*
 * Runs with the wait queue's lock held, which covers the counter, too. What
 * others signal meanwhile passes, to those who wait for it. Whoever reads tells
 * those who wait for room.
 */
static int event_test_wake(wait_queue_entry_t *entry, unsigned int mode,
			   int sync, void *key)
{
	struct event_test *test = container_of(entry, struct event_test, entry);

	if (test->signals == 1 && key_to_poll(key) & EPOLLOUT)
		test->disturbed = true;
	if (current != test->task || !in_task() ||
	    !(key_to_poll(key) & EPOLLIN))
		return 0;
	if (++test->signals == 2) {
		eventfd_ctx_do_read(test->ctx, &test->reads[0]);
		eventfd_ctx_do_read(test->ctx, &test->reads[1]);
	}
	return 1;
}

/*
 * Whose callback signals an eventfd in turn must not do so here: it could be
 * this one, whose lock the caller holds.
 */
static void event_wake_writers(const struct sockdup_event *event)
{
	lockdep_assert_held(&event->head->lock);

	/* The lock orders this with those who begin to wait. */
	if (!waitqueue_active(event->head))
		return;
	current->in_eventfd = 1;
	wake_up_locked_poll(event->head, EPOLLOUT);
	current->in_eventfd = 0;
}

/* The two signals of a test. */
static void event_test_run(const struct sockdup_event *event,
			   struct event_test *test)
{
	init_waitqueue_func_entry(&test->entry, event_test_wake);
	test->entry.flags = WQ_FLAG_EXCLUSIVE;
	spin_lock_irq(&event->head->lock);
	__add_wait_queue(event->head, &test->entry);
	spin_unlock_irq(&event->head->lock);
	sockdup_eventfd_signal(event->ctx);
	sockdup_eventfd_signal(event->ctx);
	remove_wait_queue(event->head, &test->entry);
}

/*
 * What the test has read made room. Set the counter again if it held more than
 * the test's own signals, one of which a reader may have had.
 */
static void event_test_restore(const struct sockdup_event *event,
			       const struct event_test *test)
{
	spin_lock_irq(&event->head->lock);
	event_wake_writers(event);
	spin_unlock_irq(&event->head->lock);
	if (test->reads[0] > (test->disturbed ? 1 : 2))
		sockdup_event_set(event);
}

/*
 * One trial: -EINVAL for a semaphore, and where somebody else takes every
 * signal, as virtual machines do; 0 for none; -EAGAIN where somebody read
 * between the two signals. The counter is then what it was, but that any
 * number above zero may have become one.
 */
static int event_try(const struct sockdup_event *event)
{
	struct event_test test = { .ctx = event->ctx, .task = current };

	event_test_run(event, &test);
	if (!test.signals || test.reads[1])
		return -EINVAL;
	event_test_restore(event, &test);
	return test.disturbed || test.reads[0] < 2 ? -EAGAIN : 0;
}

static int event_check(const struct sockdup_event *event)
{
	unsigned int trials = EVENT_TRIALS;
	int err;

	if (mutex_lock_killable(&event_test_lock))
		return -EINTR;
	do {
		err = event_try(event);
	} while (err == -EAGAIN && --trials && !fatal_signal_pending(current));
	mutex_unlock(&event_test_lock);
	return err;
}

static struct sockdup_event *event_of_file(struct file *file)
{
	struct sockdup_event *event;
	int err;

	event = kmalloc(sizeof(*event), GFP_KERNEL_ACCOUNT);
	if (!event)
		return ERR_PTR(-ENOMEM);
	event->ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(event->ctx)) {
		err = PTR_ERR(event->ctx);
		kfree(event);
		return ERR_PTR(err);
	}
	refcount_set(&event->ref, 1);
	event->head = event_head(file);
	err = event_check(event);
	if (err) {
		sockdup_event_put(event);
		return ERR_PTR(err);
	}
	return event;
}

/**
 * sockdup_event_get - make an event of an eventfd
 * @fd: the caller's descriptor of it
 *
 * A counter above zero is so again in the end, but may be another. Who reads it
 * meanwhile may get one more, or find nothing.
 *
 * Return: the event, held; ERR_PTR(-EBADF); ERR_PTR(-EINVAL) where it is not
 * an eventfd, or one with EFD_SEMAPHORE; ERR_PTR(-EAGAIN) where others read it
 * so often that this cannot be told; ERR_PTR(-EINTR) where the caller is
 * killed; ERR_PTR(-ENOMEM).
 */
struct sockdup_event *sockdup_event_get(int fd)
{
	struct file *file = fget(fd);
	struct sockdup_event *event;

	if (!file)
		return ERR_PTR(-EBADF);
	event = event_of_file(file);
	fput(file);
	return event;
}

/**
 * sockdup_event_hold - let somebody else hold an event, too
 * @event: held by the caller
 *
 * Return: @event.
 */
struct sockdup_event *sockdup_event_hold(struct sockdup_event *event)
{
	refcount_inc(&event->ref);
	return event;
}

/**
 * sockdup_event_put - let go of an event
 * @event: held by the caller
 */
void sockdup_event_put(struct sockdup_event *event)
{
	if (!refcount_dec_and_test(&event->ref))
		return;
	eventfd_ctx_put(event->ctx);
	kfree(event);
}

/**
 * sockdup_event_may_be_set - whether an event may be set here and now
 *
 * Not by those whom an eventfd has woken, and who hold its lock: events that set
 * each other would never end, or wait for themselves.
 */
bool sockdup_event_may_be_set(void)
{
	return eventfd_signal_allowed();
}

/**
 * sockdup_event_set - set an event, and wake who waits for it
 * @event: held by the caller
 *
 * Context: any, where sockdup_event_may_be_set(), as it always may in a process
 * that holds no wait queue's lock.
 */
void sockdup_event_set(const struct sockdup_event *event)
{
	sockdup_eventfd_signal(event->ctx);
}

/**
 * sockdup_event_reset - reset an event
 * @event: held by the caller
 */
void sockdup_event_reset(const struct sockdup_event *event)
{
	unsigned long flags;
	u64 count;

	spin_lock_irqsave(&event->head->lock, flags);
	eventfd_ctx_do_read(event->ctx, &count);
	/* Those who could add no more to the counter now can. */
	if (count)
		event_wake_writers(event);
	spin_unlock_irqrestore(&event->head->lock, flags);
}
