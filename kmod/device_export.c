// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's command that makes a token of sockets.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "account.h"
#include "cgroup.h"
#include "device_call.h"
#include "inbox.h"
#include "invitation.h"
#include "outcome.h"
#include "protocol_info.h"
#include "set.h"
#include "socket.h"
#include "target.h"
#include "token.h"

/* What an export's target is, where it is not a number. */
#define DEVICE_EXPORT_TO	(SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD | \
				 SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP)

/* What an export is of, where it is not sockets. */
#define DEVICE_EXPORT_INVITES	(SOCKDUP_EXPORT_INVITE_TO_POST | \
				 SOCKDUP_EXPORT_INVITE_TO_ACCEPT)

/* What few exports ask for. */
#define DEVICE_EXPORT_RARE	(DEVICE_EXPORT_INVITES | SOCKDUP_EXPORT_END_ON_CLOSE | \
				 SOCKDUP_EXPORT_REPORT)

#define DEVICE_EXPORT_FLAGS	(DEVICE_EXPORT_TO | DEVICE_EXPORT_RARE)

static struct sockdup_target *device_target_users(struct sockdup_device_handle *handle)
{
	struct sockdup_target *target, *last;

	target = sockdup_target_find_scope(handle->account, true, NULL,
					   GFP_KERNEL_ACCOUNT);
	if (IS_ERR(target) || READ_ONCE(handle->users) == target ||
	    sockdup_target_is_watched(target))
		return target;
	/* Another thread may do the same. */
	last = xchg(&handle->users, sockdup_target_hold(target));
	if (last)
		sockdup_target_put(last);
	return target;
}

static struct sockdup_target *device_target_cgroup(struct sockdup_device_call *call, bool users,
						   struct sockdup_token_terms *terms)
{
	const struct sockdup_export *export = &call->u.export;
	bool longer = export->ttl_ms > sockdup_token_default_ttl();
	struct sockdup_target *target;
	struct cgroup *cgroup;

	/* A caller whose struct is too short for it has named no descriptor. */
	if (call->size < offsetofend(struct sockdup_export, cgroup))
		return ERR_PTR(-EINVAL);
	cgroup = sockdup_cgroup_get(export->cgroup, longer ? &terms->trusted : NULL);
	if (IS_ERR(cgroup))
		return ERR_CAST(cgroup);
	target = sockdup_target_find_scope(call->handle->account, users, cgroup,
					   GFP_KERNEL_ACCOUNT);
	sockdup_cgroup_put(cgroup);
	return target;
}

/* The target that an export names by other means than a number. */
static noinline struct sockdup_target *
device_target_by_flags(struct sockdup_device_call *call, struct sockdup_token_terms *terms)
{
	const struct sockdup_export *export = &call->u.export;
	u32 to = export->flags & DEVICE_EXPORT_TO;

	if (to & SOCKDUP_EXPORT_TO_USER) {
		terms->user = make_kuid(current_user_ns(), export->target);
		if (!uid_valid(terms->user))
			return ERR_PTR(-EINVAL);
	}
	switch (to) {
	case SOCKDUP_EXPORT_TO_PEER:
		return sockdup_target_find_peer(export->target, GFP_KERNEL_ACCOUNT);
	case SOCKDUP_EXPORT_TO_PIDFD:
		return sockdup_target_find_pidfd(export->target, GFP_KERNEL_ACCOUNT);
	case SOCKDUP_EXPORT_TO_USER:
		return device_target_users(call->handle);
	case SOCKDUP_EXPORT_TO_CGROUP:
		return device_target_cgroup(call, false, terms);
	case SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP:
		return device_target_cgroup(call, true, terms);
	default:
		return ERR_PTR(-EINVAL);
	}
}

/* The target that an export names, and what of the terms depends on it. */
static struct sockdup_target *device_target(struct sockdup_device_call *call,
					    struct sockdup_token_terms *terms)
{
	const struct sockdup_export *export = &call->u.export;

	if (unlikely(export->flags & DEVICE_EXPORT_TO))
		return device_target_by_flags(call, terms);
	return sockdup_target_find(export->target, GFP_KERNEL_ACCOUNT);
}

/* Word by word, as the check of a copy's size takes more than the copy of a small set. */
static int device_set_read_fds(struct sockdup_set *set, const s32 __user *fds)
{
	unsigned int i;

	if (!user_read_access_begin(fds, array_size(set->count, sizeof(*fds))))
		return -EFAULT;
	for (i = 0; i < set->count; i++)
		unsafe_get_user(set->sockets[i].fd, &fds[i], err_access);
	user_read_access_end();
	return 0;

err_access:
	user_read_access_end();
	return -EFAULT;
}

/* A name ends with a NUL, and nothing is behind it. */
static bool device_name_is_whole(const struct sockdup_name *name)
{
	size_t length = strnlen(name->text, sizeof(name->text));

	return length < sizeof(name->text) &&
	       !memchr_inv(name->text + length, 0, sizeof(name->text) - length);
}

static int device_set_read_names(struct sockdup_set *set, const void __user *names)
{
	unsigned int i;

	if (sockdup_set_add_names(set, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	if (copy_from_user(set->names, names, array_size(set->count, sizeof(*set->names))))
		return -EFAULT;
	for (i = 0; i < set->count; i++)
		if (!device_name_is_whole(&set->names[i]))
			return -EINVAL;
	return 0;
}

/* What an export names, as it stands in user memory. */
static int device_set_read(struct sockdup_set *set, const struct sockdup_export *export)
{
	int err = 0;

	if (export->socket_count)
		err = device_set_read_fds(set, u64_to_user_ptr(export->fds));
	else
		set->sockets[0].fd = export->fd;
	if (!err && export->names)
		err = device_set_read_names(set, u64_to_user_ptr(export->names));
	if (!err && set->payload &&
	    copy_from_user(set->payload, u64_to_user_ptr(export->payload), set->payload_size))
		err = -EFAULT;
	return err;
}

/* All user memory is read before the first file is held: reading may take for ever. */
static struct sockdup_set *device_set(const struct sockdup_export *export)
{
	struct sockdup_set *set;
	int err;

	if (export->socket_count > SOCKDUP_MAX_SOCKETS ||
	    (export->socket_count && export->fd != -1))
		return ERR_PTR(-EINVAL);
	if (export->payload_size > SOCKDUP_MAX_PAYLOAD)
		return ERR_PTR(-EMSGSIZE);
	set = sockdup_set_new(max(export->socket_count, 1U), export->payload_size,
			      GFP_KERNEL_ACCOUNT);
	if (!set)
		return ERR_PTR(-ENOMEM);
	err = device_set_read(set, export) ?: sockdup_set_take(set);
	if (!err)
		return set;
	sockdup_set_free(set);
	return ERR_PTR(err);
}

/* An invitation to the inbox that the handle is. */
static struct file *device_invitation_new(const struct sockdup_device_call *call)
{
	const struct sockdup_export *export = &call->u.export;
	/* Pairs with the release in sockdup_device_inbox(). */
	struct sockdup_inbox *inbox = smp_load_acquire(&call->handle->inbox);

	if (export->fd != -1 || export->socket_count || export->names ||
	    export->payload_size || !is_power_of_2(export->flags & DEVICE_EXPORT_INVITES))
		return ERR_PTR(-EINVAL);
	if (!inbox)
		return ERR_PTR(-ENOTCONN);
	if (!sockdup_device_is_owner(call->handle))
		return ERR_PTR(-EPERM);
	if (READ_ONCE(inbox->ended))
		return ERR_PTR(-EPIPE);
	return sockdup_invitation_new(inbox);
}

/* What an export holds that is not one socket alone: the file of the first, and the set. */
static noinline struct file *device_export_other(const struct sockdup_device_call *call,
						 struct sockdup_set **set)
{
	if (call->u.export.flags & DEVICE_EXPORT_INVITES)
		return device_invitation_new(call);
	*set = device_set(&call->u.export);
	return IS_ERR(*set) ? ERR_CAST(*set) : (*set)->sockets[0].charge.file;
}

/* Lets go of what an export that fails has held. */
static void device_discard(struct file *file, struct sockdup_set *set)
{
	if (set)
		sockdup_set_discard(set);
	else
		fput(file);
}

/* What most exports do not ask for. */
static noinline int device_rare_terms(struct sockdup_device_call *call, struct sockdup_set *set,
				      struct sockdup_token_terms *terms)
{
	const struct sockdup_export *export = &call->u.export;
	struct sockdup_device_handle *handle = call->handle;

	terms->rare = true;
	terms->set = set;
	terms->invites = export->flags & DEVICE_EXPORT_INVITES;
	if (export->flags & SOCKDUP_EXPORT_END_ON_CLOSE)
		terms->list = handle->tokens;
	if (!(export->flags & SOCKDUP_EXPORT_REPORT))
		return 0;
	if (!sockdup_device_has_role(handle, SOCKDUP_ROLE_EXPORTER))
		return -EBUSY;
	terms->report = sockdup_report_new(handle->outcomes);
	return PTR_ERR_OR_ZERO(terms->report);
}

/* Consumes the caller's reference of @file, and the set that it is of. */
static __always_inline struct sockdup_token *
device_token_create(struct sockdup_device_call *call, struct file *file,
		    struct sockdup_set *set, const struct sockdup_opaque *opaque)
{
	const struct sockdup_export *export = &call->u.export;
	struct sockdup_token_terms terms = {
		.opaque = opaque,
		.account = call->handle->account,
		.user = INVALID_UID,
		.ttl_ms = export->ttl_ms,
	};
	struct sockdup_target *target;
	int err;

	target = device_target(call, &terms);
	if (IS_ERR(target)) {
		device_discard(file, set);
		return ERR_CAST(target);
	}
	if (unlikely(set || export->flags & DEVICE_EXPORT_RARE)) {
		err = device_rare_terms(call, set, &terms);
		if (err) {
			sockdup_target_put(target);
			device_discard(file, set);
			return ERR_PTR(err);
		}
	}
	return sockdup_token_create(file, target, &terms, GFP_KERNEL_ACCOUNT);
}

/* A process in one way at most, or a scope; and of what it is not, nothing is said. */
static bool device_names_one_target(const struct sockdup_export *export)
{
	u32 to = export->flags & DEVICE_EXPORT_TO;
	u32 process = to & (SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD);

	/* Most exports name a number. */
	if (likely(!(to | export->cgroup)))
		return true;
	if (to & SOCKDUP_EXPORT_TO_CGROUP)
		return !process && (to & SOCKDUP_EXPORT_TO_USER || !export->target);
	return !export->cgroup && is_power_of_2(to);
}

static int device_write_info(const struct sockdup_export *export, struct file *file,
			     const struct sockdup_set *set,
			     const struct sockdup_opaque *opaque)
{
	/* Every byte of it is written below. */
	struct sockdup_protocol_info info __uninitialized;

	sockdup_protocol_info_fill(&info, sock_from_file(file), opaque);
	if (unlikely(set))
		info.socket_count = set->count;
	return copy_to_user(u64_to_user_ptr(export->info), &info, sizeof(info)) ? -EFAULT : 0;
}

/* The same, to a page that is there. */
static int device_write_info_at_once(const struct sockdup_export *export, struct file *file,
				     const struct sockdup_set *set,
				     const struct sockdup_opaque *opaque)
{
	int err;

	pagefault_disable();
	err = device_write_info(export, file, set, opaque);
	pagefault_enable();
	return err;
}

/*
 * With @opaque, which it is to have, the bytes go out before there is a token, and else
 * before anybody can find it: a caller who makes the kernel wait for a page keeps its own
 * sockets, and no target.
 */
static __always_inline int device_export(struct sockdup_device_call *call,
					 const struct sockdup_opaque *opaque)
{
	const struct sockdup_export *export = &call->u.export;
	struct sockdup_set *set = NULL;
	struct sockdup_token *token;
	struct file *file;
	int err;

	if (unlikely(export->socket_count || export->payload_size || export->names ||
		     export->flags & DEVICE_EXPORT_INVITES))
		file = device_export_other(call, &set);
	else
		file = sockdup_socket_file(export->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = opaque ? device_write_info(export, file, set, opaque) : 0;
	if (err) {
		device_discard(file, set);
		return err;
	}
	token = device_token_create(call, file, set, opaque);
	if (IS_ERR(token))
		return PTR_ERR(token);
	if (!opaque)
		err = device_write_info_at_once(export, file, set, &token->opaque);
	err = err ?: sockdup_token_publish(token);
	if (err)
		sockdup_token_discard(token);
	return err;
}

/* Where the page for the protocol info is not there. */
static noinline int device_export_early(struct sockdup_device_call *call)
{
	struct sockdup_opaque opaque;

	sockdup_token_make_opaque(&opaque);
	return device_export(call, &opaque);
}

/**
 * sockdup_device_export - the command SOCKDUP_IOC_EXPORT
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_export lists.
 */
int sockdup_device_export(struct sockdup_device_call *call)
{
	const struct sockdup_export *export = &call->u.export;
	int err;

	if (export->flags & ~DEVICE_EXPORT_FLAGS ||
	    !device_names_one_target(export) || export->__reserved ||
	    export->info_size != sizeof(struct sockdup_protocol_info))
		return -EINVAL;
	err = device_export(call, NULL);
	return unlikely(err == -EFAULT) ? device_export_early(call) : err;
}
