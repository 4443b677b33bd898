// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event object of a registration: an eventfd that is set while its counter is
 * above zero, and reset as a whole. Two kinds of eventfd cannot serve. A read of one
 * with EFD_SEMAPHORE takes only one from the counter, so that a reset could take for
 * ever. And where a virtual machine takes the signals (KVM's irqfd), the counter is
 * never seen above zero and each signal becomes an interrupt.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat/eventfd.h"
#include "eventfd.h"

/* How many probes may fail because of readers before the caller gets EBUSY. */
#define EVENTFD_PROBES	3

struct eventfd_finder {
	poll_table table;
	wait_queue_head_t *head;
};

static void eventfd_found(struct file *file, wait_queue_head_t *head,
			  poll_table *table)
{
	container_of(table, struct eventfd_finder, table)->head = head;
}

/* Only poll() tells where an eventfd has its wait queue. */
static wait_queue_head_t *eventfd_head(struct file *file)
{
	struct eventfd_finder finder = { };

	init_poll_funcptr(&finder.table, eventfd_found);
	vfs_poll(file, &finder.table);
	return finder.head;
}

/*
 * The probe for EFD_SEMAPHORE. A module cannot see the flag: struct eventfd_ctx is
 * private, and fdinfo tells the flag only on some kernels. What a read takes from a
 * counter of two or more tells it on all of them. A module can raise the counter
 * only by eventfd_signal(), one at a time, and that takes the wait queue's lock. So a
 * probe signals twice and reads twice, and others can come in between:
 *
 *  - A waiter must not see the probe's signals. The probe's entry is an exclusive one
 *    at the front of the wait queue and consumes them. The signals of others pass.
 *  - A reader may take one of the signals. Then the probe is repeated.
 *  - Another probe of the same eventfd may read this one's signals. It knows them by
 *    their entries on the wait queue, and passes its verdict on to these probes.
 *
 * There is no lock but that of the eventfd's own wait queue, so only those who share
 * an eventfd can delay each other.
 */

/**
 * struct eventfd_probe - one probe of an eventfd
 * @entry: on the eventfd's wait queue during the probe
 * @task: the task that probes
 * @own: how many of the probe's signals are in the counter
 * @verdict: 0 for an eventfd that can serve; -EINVAL for a semaphore; -EBUSY while
 *           nobody knows
 *
 * The wait queue's lock covers @own and @verdict.
 */
struct eventfd_probe {
	wait_queue_entry_t entry;
	struct task_struct *task;
	unsigned int own;
	int verdict;
};

/* Called with the wait queue's lock held. */
static int eventfd_probe_wake(wait_queue_entry_t *entry, unsigned int mode,
			      int sync, void *key)
{
	struct eventfd_probe *probe =
		container_of(entry, struct eventfd_probe, entry);

	if (key_to_poll(key) & EPOLLIN && current == probe->task && in_task()) {
		probe->own++;
		return 1;
	}
	/* Somebody has read the counter and made room in it. */
	if (key_to_poll(key) & EPOLLOUT)
		probe->own = 0;
	return 0;
}

/*
 * An irqfd of KVM waits as a priority entry, which precedes all others, and takes
 * each signal out of the counter while it is woken. Nobody else waits for an eventfd
 * like that. Look for it before the first signal: each one would be an interrupt.
 */
static bool eventfd_feeds_machine(const struct sockdup_eventfd *eventfd)
{
	const wait_queue_entry_t *first;

	lockdep_assert_held(&eventfd->head->lock);

	first = list_first_entry_or_null(&eventfd->head->head,
					 wait_queue_entry_t, entry);
	return first && first->flags & WQ_FLAG_PRIORITY;
}

static int eventfd_probe_begin(const struct sockdup_eventfd *eventfd,
			       struct eventfd_probe *probe)
{
	int err = 0;

	init_waitqueue_func_entry(&probe->entry, eventfd_probe_wake);
	spin_lock_irq(&eventfd->head->lock);
	if (eventfd_feeds_machine(eventfd))
		err = -EINVAL;
	else
		__add_wait_queue_exclusive(eventfd->head, &probe->entry);
	spin_unlock_irq(&eventfd->head->lock);
	return err;
}

/*
 * Wake those who wait for room in the counter. A waiter that signals an eventfd when
 * woken must not do so here: it may be this one, whose lock the caller holds.
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

/*
 * Two reads have just emptied the counter. Tell all probes of the eventfd the verdict,
 * and return how many of their signals the counter held.
 */
static u64 eventfd_probes_settle(const struct sockdup_eventfd *eventfd,
				 int verdict)
{
	struct eventfd_probe *probe;
	wait_queue_entry_t *entry;
	u64 own = 0;

	lockdep_assert_held(&eventfd->head->lock);

	list_for_each_entry(entry, &eventfd->head->head, entry) {
		if (entry->func != eventfd_probe_wake)
			continue;
		probe = container_of(entry, struct eventfd_probe, entry);
		own += probe->own;
		probe->own = 0;
		if (verdict != -EBUSY)
			probe->verdict = verdict;
	}
	return own;
}

/*
 * Take the probe's signals back out of the counter and find out what it is. A
 * semaphore gives one at each of the two reads, which is just what the probe added:
 * nobody need be woken. Return true where the counter also held signals of others.
 */
static bool eventfd_probe_end(const struct sockdup_eventfd *eventfd,
			      struct eventfd_probe *probe)
{
	u64 first, second, own;
	bool others = false;

	spin_lock_irq(&eventfd->head->lock);
	eventfd_ctx_do_read(eventfd->ctx, &first);
	eventfd_ctx_do_read(eventfd->ctx, &second);
	if (second) {
		probe->verdict = -EINVAL;
	} else {
		own = eventfd_probes_settle(eventfd, first > 1 ? 0 : -EBUSY);
		others = first > own;
		/* The probe's signals may have left a writer no room. */
		if (first)
			eventfd_wake_writers(eventfd);
	}
	__remove_wait_queue(eventfd->head, &probe->entry);
	spin_unlock_irq(&eventfd->head->lock);
	return others;
}

/*
 * Return 0; -EINVAL where the eventfd cannot serve; -EBUSY where a reader came in
 * between. A counter that was above zero is above zero again afterwards, and may be
 * another.
 */
static int eventfd_probe(const struct sockdup_eventfd *eventfd)
{
	struct eventfd_probe probe = { .task = current, .verdict = -EBUSY };
	int err;

	err = eventfd_probe_begin(eventfd, &probe);
	if (err)
		return err;
	sockdup_signal_eventfd(eventfd->ctx);
	sockdup_signal_eventfd(eventfd->ctx);
	if (eventfd_probe_end(eventfd, &probe))
		sockdup_eventfd_set(eventfd);
	return probe.verdict;
}

static int eventfd_check(const struct sockdup_eventfd *eventfd)
{
	int err = -EBUSY;
	int i;

	for (i = 0; i < EVENTFD_PROBES && err == -EBUSY; i++)
		err = eventfd_probe(eventfd);
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
 * sockdup_eventfd_get - make an event object of an eventfd
 * @fd: the caller's descriptor of it
 *
 * A counter above zero is above zero again at the end, and may be another. A
 * reader meanwhile may get one more, or find nothing.
 *
 * Return: the event object, held; ERR_PTR(-EBADF); ERR_PTR(-EINVAL) where @fd is not
 * an eventfd, has EFD_SEMAPHORE, or feeds a virtual machine; ERR_PTR(-EBUSY) where
 * others read it at the same time, again and again; ERR_PTR(-ENOMEM).
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
 * sockdup_eventfd_hold - take one more reference
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
 * sockdup_eventfd_put - give a reference back
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
 * sockdup_eventfd_may_be_set - whether the current context may set an event object
 *
 * False inside the wake-up of an eventfd, which holds that eventfd's lock: event
 * objects that set each other would deadlock or never end.
 */
bool sockdup_eventfd_may_be_set(void)
{
	return eventfd_signal_allowed();
}

/**
 * sockdup_eventfd_set - set an event object and wake those who wait for it
 * @eventfd: held by the caller
 *
 * Context: any where sockdup_eventfd_may_be_set(), which includes every process that
 * holds no wait queue's lock.
 */
void sockdup_eventfd_set(const struct sockdup_eventfd *eventfd)
{
	sockdup_signal_eventfd(eventfd->ctx);
}

/**
 * sockdup_eventfd_reset - reset an event object
 * @eventfd: held by the caller
 *
 * Context: any where sockdup_eventfd_may_be_set().
 */
void sockdup_eventfd_reset(const struct sockdup_eventfd *eventfd)
{
	unsigned long flags;
	u64 count;

	spin_lock_irqsave(&eventfd->head->lock, flags);
	eventfd_ctx_do_read(eventfd->ctx, &count);
	if (count)
		eventfd_wake_writers(eventfd);
	spin_unlock_irqrestore(&eventfd->head->lock, flags);
}
