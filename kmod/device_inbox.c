// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's commands that open inboxes, join them and bind to them.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "binding.h"
#include "device_call.h"
#include "inbox.h"
#include "invitation.h"
#include "target.h"
#include "token.h"

static bool device_take_role(struct sockdup_device_handle *handle, int role)
{
	return atomic_cmpxchg(&handle->role, SOCKDUP_ROLE_ANY, role) == SOCKDUP_ROLE_ANY;
}

static void device_give_up_role(struct sockdup_device_handle *handle)
{
	atomic_set(&handle->role, SOCKDUP_ROLE_ANY);
}

/* The users who may post, to be freed; NULL where none is listed. */
static kuid_t *device_inbox_users(const struct sockdup_inbox_open *open)
{
	const u32 __user *from = u64_to_user_ptr(open->users);
	kuid_t *users;
	unsigned int i;
	u32 uid;

	if (!open->user_count)
		return NULL;
	users = kmalloc_array(open->user_count, sizeof(*users), GFP_KERNEL_ACCOUNT);
	if (!users)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < open->user_count; i++) {
		if (get_user(uid, &from[i])) {
			kfree(users);
			return ERR_PTR(-EFAULT);
		}
		users[i] = make_kuid(current_user_ns(), uid);
		if (!uid_valid(users[i])) {
			kfree(users);
			return ERR_PTR(-EINVAL);
		}
	}
	return users;
}

static bool device_inbox_is_valid(const struct sockdup_inbox_open *open)
{
	if (open->flags & ~SOCKDUP_INBOX_ANYBODY || open->info_size || open->info ||
	    !open->slots || open->slots > SOCKDUP_MAX_SLOTS ||
	    open->message_size > SOCKDUP_MAX_MESSAGE ||
	    open->max_sockets > SOCKDUP_MAX_SOCKETS)
		return false;
	return open->flags & SOCKDUP_INBOX_ANYBODY ? !open->user_count :
	       open->user_count <= min_t(u32, open->slots, SOCKDUP_MAX_USERS);
}

static int device_inbox_open(struct sockdup_device_call *call)
{
	const struct sockdup_inbox_open *open = &call->u.inbox;
	struct sockdup_device_handle *handle = call->handle;
	struct sockdup_inbox_terms terms = {
		.slots = open->slots,
		.message_size = open->message_size,
		.max_sockets = max(open->max_sockets, 1U),
		.anybody = open->flags & SOCKDUP_INBOX_ANYBODY,
		.user_count = open->user_count,
	};
	struct sockdup_inbox *inbox;
	kuid_t *users;

	if (!device_inbox_is_valid(open))
		return -EINVAL;
	users = device_inbox_users(open);
	if (IS_ERR(users))
		return PTR_ERR(users);
	terms.users = users;
	if (!device_take_role(handle, SOCKDUP_ROLE_RECEIVER)) {
		kfree(users);
		return -EBUSY;
	}
	inbox = sockdup_inbox_open(handle->target, handle->account, &terms);
	kfree(users);
	if (IS_ERR(inbox)) {
		device_give_up_role(handle);
		return PTR_ERR(inbox);
	}
	/* Other threads may use the handle at the same time. */
	smp_store_release(&handle->inbox, inbox);
	return 0;
}

static int device_invitation_look(const struct sockdup_token *token, void *data)
{
	struct sockdup_inbox **inbox = data;

	*inbox = sockdup_invitation_inbox(token->charge.file);
	return 0;
}

/* An invitation that the caller has, to be put, and the inbox that it is to, likewise. */
static struct sockdup_token *device_invitation(u64 info, u32 info_size, u32 invites,
					       struct sockdup_inbox **inbox)
{
	struct sockdup_token *token = sockdup_device_token(info, info_size);
	int err;

	if (IS_ERR(token))
		return token;
	if (!sockdup_target_is_current(token->target, token->target_uid))
		err = sockdup_token_refusal(token);
	else if (sockdup_token_invites(token) != invites)
		err = -EINVAL;
	else
		err = sockdup_token_look(token, device_invitation_look, inbox);
	if (!err)
		return token;
	sockdup_token_put(token);
	return ERR_PTR(err);
}

/* No user memory is touched under the claim. */
static int device_join_claimed(const struct sockdup_device_handle *handle,
			       struct sockdup_token *token, struct sockdup_inbox *inbox)
{
	int err = sockdup_token_claim(token);

	if (err)
		return err;
	err = sockdup_inbox_join(inbox, handle->target, handle->account);
	if (err)
		sockdup_token_restore(token);
	else
		sockdup_token_spend(sockdup_token_hold(token));
	return err;
}

static int device_join(struct sockdup_device_call *call, struct sockdup_token *token,
		       struct sockdup_inbox *inbox)
{
	struct sockdup_device_handle *handle = call->handle;
	struct sockdup_inbox_open *open = &call->u.inbox;
	int err;

	open->slots = inbox->slots;
	open->message_size = inbox->message_size;
	open->max_sockets = inbox->max_sockets;
	err = sockdup_device_answer(call, sizeof(*open));
	if (err)
		return err;
	if (!device_take_role(handle, SOCKDUP_ROLE_RECEIVER))
		return -EBUSY;
	err = device_join_claimed(handle, token, inbox);
	if (err)
		device_give_up_role(handle);
	else
		/* Other threads may use the handle at the same time. */
		smp_store_release(&handle->inbox, inbox);
	return err;
}

static int device_inbox_join(struct sockdup_device_call *call)
{
	const struct sockdup_inbox_open *open = &call->u.inbox;
	struct sockdup_inbox *inbox;
	struct sockdup_token *token;
	int err;

	if (open->flags != SOCKDUP_INBOX_JOIN || open->slots || open->message_size ||
	    open->max_sockets || open->user_count || open->users)
		return -EINVAL;
	token = device_invitation(open->info, open->info_size, SOCKDUP_EXPORT_INVITE_TO_ACCEPT,
				  &inbox);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = device_join(call, token, inbox);
	sockdup_token_put(token);
	sockdup_inbox_put(inbox);
	return err;
}

/**
 * sockdup_device_inbox - the command SOCKDUP_IOC_INBOX
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_inbox_open lists.
 */
int sockdup_device_inbox(struct sockdup_device_call *call)
{
	const struct sockdup_inbox_open *open = &call->u.inbox;

	if (open->__reserved)
		return -EINVAL;
	if (!sockdup_device_is_owner(call->handle))
		return -EPERM;
	return open->flags & SOCKDUP_INBOX_JOIN ? device_inbox_join(call) :
						  device_inbox_open(call);
}

static struct sockdup_target *device_bind_target(const struct sockdup_bind *bind)
{
	switch (bind->flags) {
	case 0:
		return sockdup_target_find(bind->target, GFP_KERNEL_ACCOUNT);
	case SOCKDUP_BIND_TO_PEER:
		return sockdup_target_find_peer(bind->target, GFP_KERNEL_ACCOUNT);
	case SOCKDUP_BIND_TO_PIDFD:
		return sockdup_target_find_pidfd(bind->target, GFP_KERNEL_ACCOUNT);
	default:
		return ERR_PTR(-EINVAL);
	}
}

/* Binds to an inbox, by an invitation or NULL. What may fail for long comes before the claim. */
static int device_bind(struct sockdup_device_call *call, struct sockdup_inbox *inbox,
		       struct sockdup_token *invitation)
{
	struct sockdup_device_handle *handle = call->handle;
	struct sockdup_bind *bind = &call->u.bind;
	struct sockdup_binding *binding;
	int err;

	binding = sockdup_binding_new(inbox, handle->account, invitation);
	if (IS_ERR(binding))
		return PTR_ERR(binding);
	bind->slots = inbox->slots;
	bind->message_size = inbox->message_size;
	bind->max_sockets = inbox->max_sockets;
	err = sockdup_device_answer(call, sizeof(*bind));
	if (err)
		goto err_binding;
	if (!device_take_role(handle, SOCKDUP_ROLE_SENDER)) {
		err = -EBUSY;
		goto err_binding;
	}
	if (invitation) {
		err = sockdup_token_claim(invitation);
		if (err)
			goto err_role;
		sockdup_token_spend(sockdup_token_hold(invitation));
	}
	/* Other threads may use the handle at the same time. */
	smp_store_release(&handle->binding, binding);
	return 0;

err_role:
	device_give_up_role(handle);
err_binding:
	sockdup_binding_close(binding);
	return err;
}

static int device_bind_to_process(struct sockdup_device_call *call)
{
	struct sockdup_bind *bind = &call->u.bind;
	struct sockdup_target *target;
	struct sockdup_inbox *inbox;
	int err;

	if (bind->info_size || bind->info)
		return -EINVAL;
	target = device_bind_target(bind);
	if (IS_ERR(target))
		return PTR_ERR(target);
	inbox = sockdup_inbox_of(target);
	sockdup_target_put(target);
	if (!inbox)
		return -ECONNREFUSED;
	err = device_bind(call, inbox, NULL);
	sockdup_inbox_put(inbox);
	return err;
}

static int device_bind_invited(struct sockdup_device_call *call)
{
	const struct sockdup_bind *bind = &call->u.bind;
	struct sockdup_token *invitation;
	struct sockdup_inbox *inbox;
	int err;

	if (bind->flags != SOCKDUP_BIND_BY_INVITATION || bind->target)
		return -EINVAL;
	invitation = device_invitation(bind->info, bind->info_size,
				       SOCKDUP_EXPORT_INVITE_TO_POST, &inbox);
	if (IS_ERR(invitation))
		return PTR_ERR(invitation);
	err = device_bind(call, inbox, invitation);
	sockdup_token_put(invitation);
	sockdup_inbox_put(inbox);
	return err;
}

/**
 * sockdup_device_bind - the command SOCKDUP_IOC_BIND
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_bind lists.
 */
int sockdup_device_bind(struct sockdup_device_call *call)
{
	const struct sockdup_bind *bind = &call->u.bind;

	if (bind->__reserved)
		return -EINVAL;
	if (!sockdup_device_is_owner(call->handle))
		return -EPERM;
	return bind->flags & SOCKDUP_BIND_BY_INVITATION ? device_bind_invited(call) :
							  device_bind_to_process(call);
}

/**
 * sockdup_device_post_revoke - the command SOCKDUP_IOC_POST_REVOKE
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_post_revoke lists.
 */
int sockdup_device_post_revoke(struct sockdup_device_call *call)
{
	const struct sockdup_post_revoke *revoke = &call->u.post_revoke;
	struct sockdup_device_handle *handle = call->handle;
	/* Pairs with the release in sockdup_device_inbox(). */
	struct sockdup_inbox *inbox = smp_load_acquire(&handle->inbox);
	/* Pairs with the release in sockdup_device_bind(). */
	struct sockdup_binding *binding = smp_load_acquire(&handle->binding);

	if (revoke->flags)
		return -EINVAL;
	if (!inbox && !binding)
		return -ENOTCONN;
	/* Who may accept may decline. */
	if (inbox)
		return handle->target->pid == task_tgid(current) ?
		       sockdup_inbox_revoke(inbox, revoke->id, SOCKDUP_POST_DECLINED) : -EPERM;
	return sockdup_device_is_owner(handle) ?
	       sockdup_binding_revoke(binding, revoke->id) : -EPERM;
}
