// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sender's side of an inbox: it is looked up once, and posts through this from then on.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <net/net_namespace.h>
#include <net/sock.h>

#include "binding.h"
#include "inbox.h"
#include "set.h"
#include "share.h"
#include "trace.h"

/**
 * sockdup_binding_unlink - take a binding out of the inbox
 * @binding: that is over, of an inbox that the caller has locked; to be freed then
 */
void sockdup_binding_unlink(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;

	lockdep_assert_held(&inbox->lock);

	list_del(&binding->node);
	sockdup_share_leave(inbox, binding->share);
}

/**
 * sockdup_binding_free - free a binding
 * @binding: unlinked
 */
void sockdup_binding_free(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;

	put_pid(binding->sender);
	sockdup_account_put(binding->account);
	kfree(binding);
	sockdup_inbox_put(inbox);
}

static void binding_wake(struct sockdup_job *job)
{
	struct sockdup_binding *binding = container_of(job, struct sockdup_binding, wake);
	struct sockdup_inbox *inbox = binding->inbox;
	bool again, over;

	spin_lock(&inbox->lock);
	binding->told = false;
	spin_unlock(&inbox->lock);
	wake_up_interruptible_poll(&binding->room, EPOLLOUT | EPOLLWRNORM | EPOLLERR);
	spin_lock(&inbox->lock);
	/* It may have come to wait again, and have been told. */
	again = binding->told;
	binding->waking = again;
	over = sockdup_binding_is_over(binding);
	if (over)
		sockdup_binding_unlink(binding);
	spin_unlock(&inbox->lock);
	if (again)
		sockdup_account_do(binding->account, SOCKDUP_LINE_WAKE, job);
	else if (over)
		sockdup_binding_free(binding);
}

static int binding_join(struct sockdup_binding *binding, bool guest)
{
	struct sockdup_inbox *inbox = binding->inbox;
	struct sockdup_share *fresh = NULL;

	if (guest) {
		fresh = sockdup_share_new_guest(inbox, binding->account->uid);
		if (!fresh)
			return -ENOMEM;
	}
	spin_lock(&inbox->lock);
	if (!inbox->ended)
		binding->share = sockdup_share_join(inbox, binding->account->uid, &fresh);
	if (binding->share)
		list_add_tail(&binding->node, &inbox->bindings);
	spin_unlock(&inbox->lock);
	kfree(fresh);
	return binding->share ? 0 : -ECONNREFUSED;
}

/**
 * sockdup_binding_new - bind to an inbox
 * @inbox: held by the caller
 * @account: the current user's, held by the caller
 * @invited: whether the caller lets the user in, also where it is not listed
 *
 * Return: the binding, to be closed; ERR_PTR(-ECONNREFUSED) where the inbox is not for the
 * user, all its slots are others', or it has ended; ERR_PTR(-ENOMEM).
 */
struct sockdup_binding *sockdup_binding_new(struct sockdup_inbox *inbox,
					    struct sockdup_account *account, bool invited)
{
	struct sockdup_binding *binding;
	int err;

	if (!(invited ? sockdup_share_may_have_slot(inbox, account->uid) :
			sockdup_share_is_listed(inbox, account->uid)))
		return ERR_PTR(-ECONNREFUSED);
	binding = kzalloc(sizeof(*binding), GFP_KERNEL_ACCOUNT);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	binding->inbox = inbox;
	binding->account = account;
	INIT_LIST_HEAD(&binding->waiting);
	init_waitqueue_head(&binding->room);
	binding->wake.run = binding_wake;
	err = binding_join(binding, invited || inbox->anybody);
	if (err) {
		kfree(binding);
		return ERR_PTR(err);
	}
	refcount_inc(&inbox->ref);
	refcount_inc(&account->ref);
	binding->sender = get_pid(task_tgid(current));
	binding->net = current->nsproxy->net_ns->net_cookie;
	return binding;
}

/**
 * sockdup_binding_close - unbind with the handle
 * @binding: the handle's
 *
 * What was posted stays.
 */
void sockdup_binding_close(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;
	bool over;

	spin_lock(&inbox->lock);
	binding->closed = true;
	sockdup_share_wait_no_more(binding);
	over = sockdup_binding_is_over(binding);
	if (over)
		sockdup_binding_unlink(binding);
	spin_unlock(&inbox->lock);
	if (over)
		sockdup_binding_free(binding);
}

/* Asks to be told of room if there is none. */
static bool binding_is_ready(struct sockdup_binding *binding)
{
	struct sockdup_inbox *inbox = binding->inbox;
	bool ready;

	spin_lock(&inbox->lock);
	ready = inbox->ended || sockdup_share_has_room(inbox, binding->share);
	if (!ready)
		sockdup_share_wait(binding);
	spin_unlock(&inbox->lock);
	return ready;
}

/**
 * sockdup_binding_wait_for_room - wait until a post may succeed, or the inbox has ended
 * @binding: of a handle that the caller, its sender, keeps open
 *
 * Return: 0 or -ERESTARTSYS.
 */
int sockdup_binding_wait_for_room(struct sockdup_binding *binding)
{
	return wait_event_interruptible(binding->room, binding_is_ready(binding));
}

static bool slot_lingers(const struct sockdup_slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->count; i++)
		if (sock_flag(sock_from_file(slot->sockets[i].charge.file)->sk, SOCK_LINGER))
			return true;
	return false;
}

/**
 * sockdup_binding_revoke - end a post
 * @binding: that it came through; of a handle that the caller, its sender, keeps open
 * @id: of the post
 *
 * The caller puts the files as it would close its own, unless one would linger.
 *
 * Return: as sockdup_inbox_revoke().
 */
int sockdup_binding_revoke(struct sockdup_binding *binding, u64 id)
{
	struct sockdup_slot *slot = sockdup_inbox_take_out(binding->inbox, id, binding,
							   SOCKDUP_POST_REVOKED);

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	if (slot_lingers(slot)) {
		sockdup_slot_drop(slot, SOCKDUP_POST_REVOKED);
	} else {
		trace_sockdup_post_end(slot, SOCKDUP_POST_REVOKED);
		sockdup_slot_spend(slot);
	}
	return 0;
}

/**
 * sockdup_binding_poll - poll for room
 * @binding: of the handle
 * @file: the handle's
 * @table: as given to the file's poll()
 *
 * Return: EPOLLOUT and EPOLLWRNORM where there is room for a post; EPOLLERR where the inbox
 * has ended.
 */
__poll_t sockdup_binding_poll(struct sockdup_binding *binding, struct file *file,
			      struct poll_table_struct *table)
{
	poll_wait(file, &binding->room, table);
	if (!binding_is_ready(binding))
		return 0;
	return READ_ONCE(binding->inbox->ended) ? EPOLLERR : EPOLLOUT | EPOLLWRNORM;
}
