/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command of the device under way. Each has its struct in the union, its function in
 * one of the device_*.c files, and its row in device.c.
 */
#ifndef SOCKDUP_DEVICE_CALL_H
#define SOCKDUP_DEVICE_CALL_H

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sockdup.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "account.h"
#include "protocol_info.h"
#include "registration.h"
#include "target.h"
#include "token.h"

/* Sockets whose new numbers a command keeps on its stack. */
#define SOCKDUP_DEVICE_FEW_SOCKETS	32

struct sockdup_binding;
struct sockdup_inbox;
struct sockdup_outcomes;
struct sockdup_token_list;

/**
 * enum sockdup_role - what a handle's read() and poll() are for
 * @SOCKDUP_ROLE_ANY: nothing yet
 * @SOCKDUP_ROLE_EXPORTER: outcomes of tokens
 * @SOCKDUP_ROLE_RECEIVER: posts
 * @SOCKDUP_ROLE_SENDER: room for posts
 */
enum sockdup_role {
	SOCKDUP_ROLE_ANY,
	SOCKDUP_ROLE_EXPORTER,
	SOCKDUP_ROLE_RECEIVER,
	SOCKDUP_ROLE_SENDER,
};

/**
 * struct sockdup_device_handle - one open of the device
 * @target: the record of the process that opened; held
 * @account: of the user who opened; held
 * @users: the target of its last token to a user, held, or NULL: so that it is not made
 *	   again and again. Never one that the account looks at, which it would do without
 *	   a token, too, and not one with a cgroup, whose memory it would keep
 * @tokens: those that end when the handle is closed
 * @outcomes: what the opener can read of tokens that ended
 * @registrations: likewise
 * @role: an &enum sockdup_role
 * @inbox: of a receiver, or NULL; set once
 * @binding: of a sender, or NULL; set once
 * @rcu: delays the freeing, as @registrations asks for
 *
 * Owned by its struct file.
 */
struct sockdup_device_handle {
	struct sockdup_target *target;
	struct sockdup_account *account;
	struct sockdup_target *users;
	struct sockdup_token_list *tokens;
	struct sockdup_outcomes *outcomes;
	struct sockdup_registration_list registrations;
	atomic_t role;
	struct sockdup_inbox *inbox;
	struct sockdup_binding *binding;
	struct rcu_head rcu;
};

/**
 * struct sockdup_device_call - one ioctl under way
 * @handle: what it came through
 * @argument: where the caller's struct lies
 * @size: bytes of it that the caller knows
 * @u: the struct, as far as the kernel knows it; the rest was zero
 */
struct sockdup_device_call {
	struct sockdup_device_handle *handle;
	void __user *argument;
	u32 size;
	union {
		struct sockdup_info info;
		struct sockdup_export export;
		struct sockdup_import import;
		struct sockdup_query query;
		struct sockdup_revoke revoke;
		struct sockdup_event_select event_select;
		struct sockdup_event_enumerate event_enumerate;
		struct sockdup_event_rearm event_rearm;
		struct sockdup_event_inherit event_inherit;
		struct sockdup_event_query event_query;
		struct sockdup_inbox_open inbox;
		struct sockdup_bind bind;
		struct sockdup_post_revoke post_revoke;
	} u;
};

/**
 * sockdup_device_answer - give a call's struct back
 * @call: with the struct
 * @size: bytes of it that the kernel knows; the caller gets what it knows of them
 *
 * Return: 0 or -EFAULT.
 */
static inline int sockdup_device_answer(const struct sockdup_device_call *call, size_t size)
{
	return copy_to_user(call->argument, &call->u,
			    min_t(size_t, call->size, size)) ? -EFAULT : 0;
}

/**
 * sockdup_device_write_fds - tell a caller the numbers of new descriptors
 * @to: room for them
 * @fds: the numbers, or NULL and each is told as -1
 * @count: how many
 *
 * Word by word, as the check of a copy's size takes more than these words.
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int sockdup_device_write_fds(s32 __user *to, const int *fds,
						    unsigned int count)
{
	unsigned int i;

	if (!user_write_access_begin(to, array_size(count, sizeof(*to))))
		return -EFAULT;
	for (i = 0; i < count; i++)
		unsafe_put_user(fds ? fds[i] : -1, &to[i], err_access);
	user_write_access_end();
	return 0;

err_access:
	user_write_access_end();
	return -EFAULT;
}

/**
 * sockdup_device_answer_fds - tell a caller the new descriptors that it has
 * @to: room for them
 * @fds: the numbers
 * @count: how many
 *
 * They can only be told once they are there, and if they cannot be, they are closed.
 *
 * Return: 0 or -EFAULT.
 */
static inline int sockdup_device_answer_fds(s32 __user *to, const int *fds,
					    unsigned int count)
{
	if (!sockdup_device_write_fds(to, fds, count))
		return 0;
	while (count--)
		close_fd(fds[count]);
	return -EFAULT;
}

/**
 * sockdup_device_token - the token that a caller's protocol info names
 * @address: of the protocol info; no more of it is looked at than its size and its
 *	     opaque bytes
 * @info_size: bytes that the caller says are there
 *
 * Return: the token, to be put; ERR_PTR(-EINVAL), ERR_PTR(-EFAULT) or ERR_PTR(-ENOENT).
 */
static inline struct sockdup_token *sockdup_device_token(u64 address, u32 info_size)
{
	struct sockdup_protocol_info __user *info = u64_to_user_ptr(address);
	struct sockdup_opaque opaque;
	u32 size;

	if (info_size != sizeof(*info))
		return ERR_PTR(-EINVAL);
	if (get_user(size, &info->size) ||
	    copy_from_user(&opaque, info->opaque, sizeof(opaque)))
		return ERR_PTR(-EFAULT);
	if (size != sizeof(*info))
		return ERR_PTR(-EINVAL);
	return sockdup_token_get(&opaque);
}

/**
 * sockdup_device_identity - somebody, as the caller's namespaces show them
 * @pid: of the process
 * @uid: effective user id
 * @gid: effective group id
 *
 * Return: the numbers that the caller is told.
 */
static inline struct sockdup_identity
sockdup_device_identity(struct pid *pid, kuid_t uid, kgid_t gid)
{
	struct user_namespace *ns = current_user_ns();

	/* Most callers are in the initial one, which maps each to itself. */
	if (ns == &init_user_ns)
		return (struct sockdup_identity){
			.pid = pid_vnr(pid),
			.uid = __kuid_val(uid),
			.gid = __kgid_val(gid),
		};
	return (struct sockdup_identity){
		.pid = pid_vnr(pid),
		.uid = from_kuid_munged(ns, uid),
		.gid = from_kgid_munged(ns, gid),
	};
}

/**
 * sockdup_device_source - a token's exporter, for the caller
 * @token: got by the caller
 *
 * Return: as sockdup_device_identity().
 */
static inline struct sockdup_identity
sockdup_device_source(const struct sockdup_token *token)
{
	return sockdup_device_identity(token->source, token->uid, token->gid);
}

/**
 * sockdup_device_is_owner - whether the caller is who opened a handle
 * @handle: the handle
 *
 * Its process, and yet the same user.
 */
static inline bool sockdup_device_is_owner(const struct sockdup_device_handle *handle)
{
	return handle->target->pid == task_tgid(current) &&
	       uid_eq(handle->account->uid, current_uid());
}

/**
 * sockdup_device_has_role - whether a handle has a role, or takes it now
 * @handle: the handle
 * @role: an &enum sockdup_role, not ANY
 */
static inline bool sockdup_device_has_role(struct sockdup_device_handle *handle, int role)
{
	int old = atomic_read(&handle->role);

	if (old == SOCKDUP_ROLE_ANY)
		old = atomic_cmpxchg(&handle->role, SOCKDUP_ROLE_ANY, role);
	return old == SOCKDUP_ROLE_ANY || old == role;
}

int sockdup_device_export(struct sockdup_device_call *call);
int sockdup_device_import(struct sockdup_device_call *call);
int sockdup_device_query(struct sockdup_device_call *call);
int sockdup_device_revoke(struct sockdup_device_call *call);
int sockdup_device_event_select(struct sockdup_device_call *call);
int sockdup_device_event_enumerate(struct sockdup_device_call *call);
int sockdup_device_event_rearm(struct sockdup_device_call *call);
int sockdup_device_event_inherit(struct sockdup_device_call *call);
int sockdup_device_event_query(struct sockdup_device_call *call);
int sockdup_device_inbox(struct sockdup_device_call *call);
int sockdup_device_bind(struct sockdup_device_call *call);
int sockdup_device_post_revoke(struct sockdup_device_call *call);

long sockdup_device_post(struct file *file, unsigned long argument);
long sockdup_device_accept(struct file *file, unsigned long argument);

#endif /* SOCKDUP_DEVICE_CALL_H */
