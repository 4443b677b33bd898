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
#include "eventfd.h"

/* How often a test may come to nothing because somebody reads the counter. */
#define EVENTFD_TRIALS	100

/* One test at a time, so that none counts the signals of another. */
static DEFINE_MUTEX(eventfd_test_lock);

struct eventfd_finder {
	poll_table table;
	wait_queue_head_t *head;
};

static void eventfd_found(struct file *file, wait_queue_head_t *head,
			poll_table *table)
{
	container_of(table, struct eventfd_finder, table)->head = head;
}

/* Where the eventfd keeps who waits for it is told to pollers alone. */
static wait_queue_head_t *eventfd_head(struct file *file)
{
	struct eventfd_finder finder = { };

	init_poll_funcptr(&finder.table, eventfd_found);
	vfs_poll(file, &finder.table);
	return finder.head;
}

/**
 * struct eventfd_test - finds out whether a read takes the whole counter
 * @entry: the first on the wait queue, so that nobody else is woken
 * @ctx: the eventfd
 * @task: who tests
 * @signals: of its own, seen so far
 * @disturbed: somebody has read between the two, and so taken the first
 * @reads: what two reads got after the second signal, with nothing between
 */
struct eventfd_test {
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
static int eventfd_test_wake(wait_queue_entry_t *entry, unsigned int mode,
			   int sync, void *key)
{
	struct eventfd_test *test = container_of(entry, struct eventfd_test, entry);

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
static void eventfd_wake_writers(const struct sockdup_eventfd *eventfd)
{
	lockdep_assert_held(&eventfd->head->lock);

	/* The lock orders this with those who begin to wait. */
	if (!waitqueue_active(eventfd->head))
		return;
	current->in_eventfd = 1;
	wake_up_locked_poll(eventfd->head, EPOLLOUT);
	current->in_eventfd = 0;
}

/* The two signals of a test. */
static void eventfd_test_run(const struct sockdup_eventfd *eventfd,
			   struct eventfd_test *test)
{
	init_waitqueue_func_entry(&test->entry, eventfd_test_wake);
	test->entry.flags = WQ_FLAG_EXCLUSIVE;
	spin_lock_irq(&eventfd->head->lock);
	__add_wait_queue(eventfd->head, &test->entry);
	spin_unlock_irq(&eventfd->head->lock);
	sockdup_signal_eventfd(eventfd->ctx);
	sockdup_signal_eventfd(eventfd->ctx);
	remove_wait_queue(eventfd->head, &test->entry);
}

/*
 * What the test has read made room. Set the counter again if it held more than
 * the test's own signals, one of which a reader may have had.
 */
static void eventfd_test_restore(const struct sockdup_eventfd *eventfd,
			       const struct eventfd_test *test)
{
	spin_lock_irq(&eventfd->head->lock);
	eventfd_wake_writers(eventfd);
	spin_unlock_irq(&eventfd->head->lock);
	if (test->reads[0] > (test->disturbed ? 1 : 2))
		sockdup_eventfd_set(eventfd);
}

/*
 * One trial: -EINVAL for a semaphore, and where somebody else takes every
 * signal, as virtual machines do; 0 for none; -EAGAIN where somebody read
 * between the two signals. The counter is then what it was, but that any
 * number above zero may have become one.
 */
static int eventfd_try(const struct sockdup_eventfd *eventfd)
{
	struct eventfd_test test = { .ctx = eventfd->ctx, .task = current };

	eventfd_test_run(eventfd, &test);
	if (!test.signals || test.reads[1])
		return -EINVAL;
	eventfd_test_restore(eventfd, &test);
	return test.disturbed || test.reads[0] < 2 ? -EAGAIN : 0;
}

static int eventfd_check(const struct sockdup_eventfd *eventfd)
{
	unsigned int trials = EVENTFD_TRIALS;
	int err;

	if (mutex_lock_killable(&eventfd_test_lock))
		return -EINTR;
	do {
		err = eventfd_try(eventfd);
	} while (err == -EAGAIN && --trials && !fatal_signal_pending(current));
	mutex_unlock(&eventfd_test_lock);
	return err;
}

static struct sockdup_eventfd *eventfd_of_file(struct file *file)
{
	struct sockdup_eventfd *eventfd;
	int err;

	eventfd = kmalloc(sizeof(*eventfd), GFP_KERNEL_ACCOUNT);
	if (!eventfd)
		return ERR_PTR(-ENOMEM);
	eventfd->ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(eventfd->ctx)) {
		err = PTR_ERR(eventfd->ctx);
		kfree(eventfd);
		return ERR_PTR(err);
	}
	refcount_set(&eventfd->ref, 1);
	eventfd->head = eventfd_head(file);
	err = eventfd_check(eventfd);
	if (err) {
		sockdup_eventfd_put(eventfd);
		return ERR_PTR(err);
	}
	return eventfd;
}

/**
 * sockdup_eventfd_get - make an event of an eventfd
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
struct sockdup_eventfd *sockdup_eventfd_get(int fd)
{
	struct file *file = fget(fd);
	struct sockdup_eventfd *eventfd;

	if (!file)
		return ERR_PTR(-EBADF);
	eventfd = eventfd_of_file(file);
	fput(file);
	return eventfd;
}

/**
 * sockdup_eventfd_hold - let somebody else hold an event, too
 * @eventfd: held by the caller
 *
 * Return: @eventfd.
 */
struct sockdup_eventfd *sockdup_eventfd_hold(struct sockdup_eventfd *eventfd)
{
	refcount_inc(&eventfd->ref);
	return eventfd;
}

/**
 * sockdup_eventfd_put - let go of an event
 * @eventfd: held by the caller
 */
void sockdup_eventfd_put(struct sockdup_eventfd *eventfd)
{
	if (!refcount_dec_and_test(&eventfd->ref))
		return;
	eventfd_ctx_put(eventfd->ctx);
	kfree(eventfd);
}

/**
 * sockdup_eventfd_may_be_set - whether an event may be set here and now
 *
 * Not by those whom an eventfd has woken, and who hold its lock: events that set
 * each other would never end, or wait for themselves.
 */
bool sockdup_eventfd_may_be_set(void)
{
	return eventfd_signal_allowed();
}

/**
 * sockdup_eventfd_set - set an event, and wake who waits for it
 * @eventfd: held by the caller
 *
 * Context: any, where sockdup_eventfd_may_be_set(), as it always may in a process
 * that holds no wait queue's lock.
 */
void sockdup_eventfd_set(const struct sockdup_eventfd *eventfd)
{
	sockdup_signal_eventfd(eventfd->ctx);
}

/**
 * sockdup_eventfd_reset - reset an event
 * @eventfd: held by the caller
 */
void sockdup_eventfd_reset(const struct sockdup_eventfd *eventfd)
{
	unsigned long flags;
	u64 count;

	spin_lock_irqsave(&eventfd->head->lock, flags);
	eventfd_ctx_do_read(eventfd->ctx, &count);
	/* Those who could add no more to the counter now can. */
	if (count)
		eventfd_wake_writers(eventfd);
	spin_unlock_irqrestore(&eventfd->head->lock, flags);
}
