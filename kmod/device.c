// SPDX-License-Identifier: GPL-2.0-only
/*
 * The char device. One open of it is a handle. Only the process that opened it
 * counts as having the device open. The handle's tokens and registrations end with
 * it. Commands act for the process that calls.
 */

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "account.h"
#include "cgroup.h"
#include "compat/file.h"
#include "descriptors.h"
#include "device.h"
#include "eventfd.h"
#include "outcome.h"
#include "protocol_info.h"
#include "registration.h"
#include "set.h"
#include "socket.h"
#include "target.h"
#include "token.h"
#include "trace.h"

/* What an export's target is, where it is not a number. */
#define DEVICE_EXPORT_TO	(SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD | \
				 SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP)

#define DEVICE_EXPORT_FLAGS	(DEVICE_EXPORT_TO | SOCKDUP_EXPORT_END_ON_CLOSE | \
				 SOCKDUP_EXPORT_REPORT)

/* Sockets whose new numbers an import keeps on its stack. */
#define DEVICE_FEW_SOCKETS	32

/* Tokens that a handle's fdinfo lists one by one. */
#define DEVICE_FDINFO_TOKENS	64

/**
 * struct device_handle - one open of the device
 * @target: the record of the process that opened; held
 * @account: of the user who opened; held
 * @users: the target of its last token to a user, held, or NULL: so that a user who
 *	   exports to users again and again does not write to the first process's
 *	   wait queue, which is common to all users, each time. Never one with a cgroup,
 *	   whose memory it would keep after the removal
 * @tokens: those that end when the handle is closed
 * @outcomes: what the opener can read of tokens that ended
 * @registrations: likewise
 * @rcu: delays the freeing, as @registrations asks for
 *
 * Owned by its struct file.
 */
struct device_handle {
	struct sockdup_target *target;
	struct sockdup_account *account;
	struct sockdup_target *users;
	struct sockdup_token_list *tokens;
	struct sockdup_outcomes *outcomes;
	struct sockdup_registration_list registrations;
	struct rcu_head rcu;
};

/**
 * struct device_call - one ioctl under way
 * @handle: what it came through
 * @argument: where the caller's struct lies
 * @size: bytes of it that the caller knows
 * @u: the struct, as far as the kernel knows it; the rest was zero
 */
struct device_call {
	struct device_handle *handle;
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
	} u;
};

/* Give the struct back, as much of it as the caller knows. */
static int device_answer(const struct device_call *call, size_t size)
{
	return copy_to_user(call->argument, &call->u,
			    min_t(size_t, call->size, size)) ? -EFAULT : 0;
}

/* Of a caller's protocol info no more is looked at than this. */
static struct sockdup_token *device_token(u64 address, u32 info_size)
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

/* The same, for query and revocation by the token's parties alone. */
static struct sockdup_token *device_own_token(u64 address, u32 info_size)
{
	struct sockdup_token *token = device_token(address, info_size);
	int err;

	if (IS_ERR(token) || sockdup_token_is_callers(token))
		return token;
	err = sockdup_token_refusal(token);
	sockdup_token_put(token);
	return ERR_PTR(err);
}

/* Somebody, as the caller's namespaces show them. */
static struct sockdup_identity device_identity(struct pid *pid, kuid_t uid,
					       kgid_t gid)
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

static struct sockdup_identity device_source(const struct sockdup_token *token)
{
	return device_identity(token->source, token->uid, token->gid);
}

/* Fill a struct sockdup_protocol_info. The token's file is there to stay. */
static int device_describe(const struct sockdup_token *token, void *data)
{
	struct sockdup_protocol_info *info = data;

	sockdup_protocol_info_fill(info, sock_from_file(token->charge.file),
				   &token->opaque);
	info->socket_count = sockdup_token_socket_count(token);
	return 0;
}

static int device_info(struct device_call *call)
{
	struct sockdup_info *info = &call->u.info;

	if (info->flags || info->__reserved)
		return -EINVAL;
	info->abi_version = SOCKDUP_ABI_VERSION;
	info->protocol_info_size = sizeof(struct sockdup_protocol_info);
	info->features = SOCKDUP_FEATURE_EVENTS | SOCKDUP_FEATURE_EVENT_ONCE |
			 SOCKDUP_FEATURE_EXPORT_TO_PIDFD |
			 SOCKDUP_FEATURE_EXPORT_REPORT |
			 SOCKDUP_FEATURE_EXPORT_TO_USER |
			 (IS_ENABLED(CONFIG_CGROUPS) ? SOCKDUP_FEATURE_EXPORT_TO_CGROUP : 0) |
			 SOCKDUP_FEATURE_SETS;
	info->default_ttl_ms = sockdup_token_default_ttl();
	info->max_ttl_ms = sockdup_token_max_ttl();
	info->max_sockets = SOCKDUP_MAX_SOCKETS;
	return device_answer(call, sizeof(*info));
}

static struct sockdup_target *device_target_users(struct device_handle *handle)
{
	struct sockdup_target *target, *last;

	target = sockdup_target_find_scope(handle->account, true, NULL,
					   GFP_KERNEL_ACCOUNT);
	if (IS_ERR(target) || READ_ONCE(handle->users) == target)
		return target;
	/* Another thread may do the same. */
	last = xchg(&handle->users, sockdup_target_hold(target));
	if (last)
		sockdup_target_put(last);
	return target;
}

static struct sockdup_target *device_target_cgroup(struct device_call *call, bool users,
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
device_target_by_flags(struct device_call *call, struct sockdup_token_terms *terms)
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
static struct sockdup_target *device_target(struct device_call *call,
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
static noinline struct sockdup_set *device_set(const struct sockdup_export *export)
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

/* Lets go of what an export that fails has held. */
static void device_discard(struct file *file, struct sockdup_set *set)
{
	if (set)
		sockdup_set_discard(set);
	else
		fput(file);
}

/* Consumes the caller's reference of @file, and the set that it is of. */
static struct sockdup_token *device_token_create(struct device_call *call,
						 struct file *file,
						 struct sockdup_set *set)
{
	const struct sockdup_export *export = &call->u.export;
	struct device_handle *handle = call->handle;
	struct sockdup_token_terms terms = {
		.account = handle->account,
		.user = INVALID_UID,
		.ttl_ms = export->ttl_ms,
		.set = set,
	};
	struct sockdup_target *target;

	target = device_target(call, &terms);
	if (IS_ERR(target)) {
		device_discard(file, set);
		return ERR_CAST(target);
	}
	if (export->flags & SOCKDUP_EXPORT_END_ON_CLOSE)
		terms.list = handle->tokens;
	if (export->flags & SOCKDUP_EXPORT_REPORT) {
		terms.report = sockdup_report_new(handle->outcomes);
		if (IS_ERR(terms.report)) {
			sockdup_target_put(target);
			device_discard(file, set);
			return ERR_CAST(terms.report);
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

static int device_export(struct device_call *call)
{
	const struct sockdup_export *export = &call->u.export;
	/* Every byte of it is written below. */
	struct sockdup_protocol_info info __uninitialized;
	struct sockdup_set *set = NULL;
	struct sockdup_token *token;
	struct file *file;
	int err;

	if (export->flags & ~DEVICE_EXPORT_FLAGS ||
	    !device_names_one_target(export) || export->__reserved ||
	    export->info_size != sizeof(struct sockdup_protocol_info))
		return -EINVAL;
	if (unlikely(export->socket_count || export->payload_size || export->names)) {
		set = device_set(export);
		if (IS_ERR(set))
			return PTR_ERR(set);
		file = set->sockets[0].charge.file;
	} else {
		file = sockdup_socket_file(export->fd);
		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	token = device_token_create(call, file, set);
	if (IS_ERR(token))
		return PTR_ERR(token);
	/* The bytes go out before anybody can find the token. */
	device_describe(token, &info);
	err = copy_to_user(u64_to_user_ptr(export->info), &info, sizeof(info)) ?
	      -EFAULT : sockdup_token_publish(token);
	if (err)
		sockdup_token_discard(token);
	return err;
}

static unsigned int device_import_cloexec(const struct sockdup_import *import)
{
	return import->flags & SOCKDUP_IMPORT_INHERITABLE ? 0 : O_CLOEXEC;
}

/* Each version of the struct has a source, so each caller's has. */
static_assert(offsetofend(struct sockdup_import, source) <=
	      SOCKDUP_IMPORT_SIZE_VER0);

/* The caller's struct is as it was but for this. */
static int device_import_source(const struct device_call *call,
				const struct sockdup_identity *source)
{
	struct sockdup_import __user *import = call->argument;

	return copy_to_user(&import->source, source, sizeof(*source)) ? -EFAULT : 0;
}

/* And for what the token holds, if the caller knows how to ask. */
static int device_import_counts(const struct device_call *call, u32 sockets,
				u32 payload_size)
{
	struct sockdup_import __user *import = call->argument;

	if (call->size < offsetofend(struct sockdup_import, payload_size))
		return 0;
	return put_user(sockets, &import->socket_count) ||
	       put_user(payload_size, &import->payload_size) ? -EFAULT : 0;
}

static bool device_import_has_room(const struct sockdup_import *import,
				   const struct sockdup_parcel *parcel)
{
	return parcel->count <= max(import->socket_count, 1U) &&
	       parcel->payload_size <= import->payload_size;
}

/* Word by word, as above; without @fds with -1 for each. */
static __always_inline int device_write_fds(s32 __user *to, const int *fds, unsigned int count)
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

/* A caller who is not interested in them has no room. */
static int device_write_names(void __user *names, const struct sockdup_parcel *parcel)
{
	size_t size = array_size(parcel->count, sizeof(*parcel->names));

	if (!names)
		return 0;
	return (parcel->names ? copy_to_user(names, parcel->names, size) :
				clear_user(names, size)) ? -EFAULT : 0;
}

static int device_import_sockets(const struct sockdup_import *import,
				 const struct sockdup_parcel *parcel)
{
	if (!import->socket_count)
		return 0;
	/* There is none yet. */
	return device_write_fds(u64_to_user_ptr(import->fds), NULL, parcel->count) ?:
	       device_write_names(u64_to_user_ptr(import->names), parcel);
}

static int device_import_payload(const struct sockdup_import *import,
				 const struct sockdup_parcel *parcel)
{
	if (!parcel->payload_size)
		return 0;
	return copy_to_user(u64_to_user_ptr(import->payload), parcel->payload,
			    parcel->payload_size) ? -EFAULT : 0;
}

/* All that the caller is told of a token before the import. */
static int device_import_parcel(const struct device_call *call,
				const struct sockdup_identity *source,
				const struct sockdup_parcel *parcel)
{
	const struct sockdup_import *import = &call->u.import;
	int err;

	err = device_import_source(call, source) ?:
	      device_import_counts(call, parcel->count, parcel->payload_size);
	if (err)
		return err;
	if (!device_import_has_room(import, parcel))
		return -EMSGSIZE;
	return device_import_sockets(import, parcel) ?:
	       device_import_payload(import, parcel);
}

/* Consumes the caller's reference. */
static __always_inline int device_import_one(const struct sockdup_import *import,
					     struct sockdup_token *token)
{
	int fd;

	fd = sockdup_token_claim(token);
	if (fd)
		goto out;
	fd = sockdup_receive_fd(token->charge.file, device_import_cloexec(import));
	if (fd >= 0) {
		sockdup_token_spend(token);
		return fd;
	}
	sockdup_token_restore(token);
out:
	sockdup_token_put(token);
	return fd;
}

/* The same for a set. No user memory is touched under the claim. */
static int device_import_all(const struct sockdup_import *import,
			     struct sockdup_token *token, int *fds)
{
	int err;

	err = sockdup_descriptors_check(sockdup_token_socket_count(token)) ?:
	      sockdup_token_claim(token);
	if (err)
		goto out;
	err = sockdup_descriptors_receive(token, fds, device_import_cloexec(import));
	if (!err) {
		sockdup_token_spend(token);
		return 0;
	}
	sockdup_token_restore(token);
out:
	sockdup_token_put(token);
	return err;
}

/* The numbers go out after the import, and if they cannot, all is lost. */
static int device_import_numbers(const struct sockdup_import *import, const int *fds,
				 unsigned int count)
{
	if (!device_write_fds(u64_to_user_ptr(import->fds), fds, count))
		return 0;
	while (count--)
		close_fd(fds[count]);
	return -EFAULT;
}

/* Consumes the caller's reference. */
static int device_import_several(const struct sockdup_import *import,
				 struct sockdup_token *token)
{
	unsigned int count = sockdup_token_socket_count(token);
	int few[DEVICE_FEW_SOCKETS], *fds = few;
	int err;

	if (count > ARRAY_SIZE(few)) {
		fds = kmalloc_array(count, sizeof(*fds), GFP_KERNEL_ACCOUNT);
		if (!fds) {
			sockdup_token_put(token);
			return -ENOMEM;
		}
	}
	err = device_import_all(import, token, fds) ?:
	      device_import_numbers(import, fds, count);
	if (fds != few)
		kfree(fds);
	return err;
}

/*
 * Tells what a token holds from a copy, at the caller's expense, while the token is not
 * held: a caller who does not take it from there does not keep the exporter's. Consumes
 * the caller's reference.
 *
 * Return: the token, got anew.
 */
static noinline struct sockdup_token *
device_import_copy(const struct device_call *call, struct sockdup_token *token,
		   const struct sockdup_identity *source)
{
	struct sockdup_parcel *parcel = sockdup_parcel_copy(token, GFP_KERNEL_ACCOUNT);
	struct sockdup_opaque opaque = token->opaque;
	int err;

	sockdup_token_put(token);
	if (!parcel)
		return ERR_PTR(-ENOMEM);
	err = device_import_parcel(call, source, parcel);
	sockdup_parcel_free(parcel);
	return err ? ERR_PTR(err) : sockdup_token_get(&opaque);
}

/*
 * Names and payload go out first. Pages that are there take them as they are, at once.
 * For others there is a copy. Consumes the caller's reference.
 */
static noinline int device_import_set(const struct device_call *call,
				      struct sockdup_token *token)
{
	const struct sockdup_parcel parcel = sockdup_parcel_of(token);
	const struct sockdup_identity source = device_source(token);
	const struct sockdup_import *import = &call->u.import;
	int err = -ENOENT;

	if (sockdup_token_refusal(token) == -ENOENT)
		goto err_token;
	pagefault_disable();
	err = device_import_parcel(call, &source, &parcel);
	pagefault_enable();
	if (err == -EFAULT) {
		token = device_import_copy(call, token, &source);
		if (IS_ERR(token))
			return PTR_ERR(token);
	} else if (err) {
		goto err_token;
	}
	return import->socket_count ? device_import_several(import, token) :
				      device_import_one(import, token);

err_token:
	sockdup_token_put(token);
	return err;
}

static int device_import(struct device_call *call)
{
	const struct sockdup_import *import = &call->u.import;
	struct sockdup_identity source;
	struct sockdup_token *token;
	int err;

	if (import->flags & ~SOCKDUP_IMPORT_INHERITABLE || import->__reserved)
		return -EINVAL;
	token = device_token(import->info, import->info_size);
	if (IS_ERR(token))
		return PTR_ERR(token);

	if (!sockdup_target_is_current(token->target, token->target_uid)) {
		err = sockdup_token_refusal(token);
		goto err_token;
	}
	if (unlikely(sockdup_token_set(token) || import->socket_count))
		return device_import_set(call, token);
	/* Answered first: after the descriptor is in use nothing may fail. */
	source = device_source(token);
	err = device_import_source(call, &source) ?: device_import_counts(call, 1, 0);
	if (!err)
		return device_import_one(import, token);

err_token:
	sockdup_token_put(token);
	return err;
}

/**
 * struct device_description - one of a token's sockets, to be described
 * @index: which
 * @info: its description, without the token's opaque bytes
 */
struct device_description {
	unsigned int index;
	struct sockdup_protocol_info info;
};

static int device_describe_socket(const struct sockdup_token *token, void *data)
{
	static const struct sockdup_opaque none;
	struct device_description *description = data;
	struct file *file = sockdup_token_file(token, description->index);

	sockdup_protocol_info_fill(&description->info, sock_from_file(file), &none);
	return 0;
}

/* Each socket is a look of its own: the lock is the exporter's. */
static int device_describe_all(struct sockdup_token *token,
			       struct sockdup_protocol_info *infos, unsigned int count)
{
	struct device_description description;
	int err;

	for (description.index = 0; description.index < count; description.index++) {
		err = sockdup_token_look(token, device_describe_socket, &description);
		if (err)
			return err;
		infos[description.index] = description.info;
		cond_resched();
	}
	return 0;
}

static int device_query_copy(const struct sockdup_query *query,
			     const struct sockdup_parcel *parcel,
			     const struct sockdup_protocol_info *infos)
{
	void __user *descriptions = u64_to_user_ptr(query->descriptions);

	if (device_write_names(u64_to_user_ptr(query->names), parcel))
		return -EFAULT;
	return descriptions &&
	       copy_to_user(descriptions, infos,
			    array_size(parcel->count, sizeof(*infos))) ? -EFAULT : 0;
}

/* Names and descriptions of a token's sockets. Consumes the caller's reference. */
static int device_query_sockets(const struct sockdup_query *query,
				struct sockdup_token *token)
{
	unsigned int count = sockdup_token_socket_count(token);
	struct sockdup_parcel *parcel = sockdup_parcel_copy(token, GFP_KERNEL_ACCOUNT);
	struct sockdup_protocol_info *infos;
	int err = -ENOMEM;

	infos = kvmalloc_array(count, sizeof(*infos), GFP_KERNEL_ACCOUNT);
	if (parcel && infos)
		err = device_describe_all(token, infos, count);
	sockdup_token_put(token);
	if (!err)
		err = device_query_copy(query, parcel, infos);
	kvfree(infos);
	sockdup_parcel_free(parcel);
	return err;
}

/* What does not depend on the caller's room. */
static int device_query_token(struct sockdup_query *query, struct sockdup_token *token,
			      struct sockdup_protocol_info *info)
{
	u64 now = ktime_get_boottime_ns();

	query->target_pid = sockdup_target_nr(token->target,
					      task_active_pid_ns(current));
	query->target_flags = sockdup_target_flags(token->target);
	query->target_uid = query->target_flags & SOCKDUP_EXPORT_TO_USER ?
			    from_kuid_munged(current_user_ns(), token->target_uid) : 0;
	query->target_cgroup = sockdup_target_cgroup_ino(token->target,
							 sockdup_cgroup_root());
	query->for_caller = sockdup_target_is_current(token->target, token->target_uid);
	query->source = device_source(token);
	query->age_ms = sockdup_token_age_ms(token, now);
	query->left_ms = sockdup_token_left_ms(token, now);
	query->socket_count = sockdup_token_socket_count(token);
	query->payload_size = sockdup_token_payload_size(token);
	return sockdup_token_look(token, device_describe, info);
}

/* No token is held while user memory is written, which may take for ever. */
static int device_query(struct device_call *call)
{
	struct sockdup_query *query = &call->u.query;
	unsigned int room = query->socket_count;
	struct sockdup_protocol_info info;
	struct sockdup_token *token;
	int err;

	if (query->flags || query->__reserved)
		return -EINVAL;
	token = device_own_token(query->info, query->info_size);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = device_query_token(query, token, &info);
	if (!err && room >= query->socket_count)
		err = device_query_sockets(query, token);
	else
		sockdup_token_put(token);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(query->info), &info, sizeof(info)))
		return -EFAULT;
	return device_answer(call, sizeof(*query)) ?:
	       room && room < query->socket_count ? -EMSGSIZE : 0;
}

static int device_revoke(struct device_call *call)
{
	const struct sockdup_revoke *revoke = &call->u.revoke;
	struct sockdup_token *token;
	int err;

	if (revoke->flags || revoke->__reserved)
		return -EINVAL;
	token = device_own_token(revoke->info, revoke->info_size);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = sockdup_token_revoke(token);
	sockdup_token_put(token);
	return err;
}

#define DEVICE_EVENTS	(SOCKDUP_FD_READ | SOCKDUP_FD_WRITE | SOCKDUP_FD_OOB | \
			 SOCKDUP_FD_ACCEPT | SOCKDUP_FD_CONNECT | \
			 SOCKDUP_FD_CLOSE)

static_assert(BIT(SOCKDUP_NETWORK_EVENTS) - 1 == DEVICE_EVENTS);

static int device_event_register(struct device_call *call, struct file *file)
{
	const struct sockdup_event_select *select = &call->u.event_select;
	struct sockdup_registration_terms terms = {
		.eventfd = sockdup_eventfd_get(select->event),
		.mask = select->mask,
		.kind = select->kind,
		.flags = select->flags,
	};
	int err;

	if (IS_ERR(terms.eventfd))
		return PTR_ERR(terms.eventfd);
	err = sockdup_registration_register(file, &terms,
					    &call->handle->registrations);
	sockdup_eventfd_put(terms.eventfd);
	return err;
}

static int device_event_select(struct device_call *call)
{
	const struct sockdup_event_select *select = &call->u.event_select;
	struct file *file;
	int err = 0;

	if (select->flags & ~SOCKDUP_EVENT_ONCE ||
	    select->mask & ~DEVICE_EVENTS ||
	    select->kind > SOCKDUP_EVENT_KIND_MESSAGE)
		return -EINVAL;
	file = sockdup_socket_file(select->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (select->mask)
		err = device_event_register(call, file);
	else
		sockdup_registration_cancel(file);
	fput(file);
	return err;
}

/* The record goes out before it is cleared: a fault then loses nothing. */
static int device_hand_out(struct device_call *call,
			   struct sockdup_registration *registration)
{
	struct sockdup_event_enumerate *enumerate = &call->u.event_enumerate;
	bool reset = !(enumerate->flags & SOCKDUP_EVENT_KEEP_SET);
	struct sockdup_registration_record record;
	s32 given[SOCKDUP_EVENT_ERRORS];
	int err, i;

	memcpy(given, enumerate->errors, sizeof(given));
	do {
		sockdup_registration_read(registration, &record);
		enumerate->events = record.events;
		memcpy(enumerate->errors, given, sizeof(given));
		for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
			if (record.events & BIT(i))
				enumerate->errors[i] = record.errors[i];
		err = device_answer(call, sizeof(*enumerate)) ?:
		      sockdup_registration_clear(registration, &record, reset);
	} while (err == -EAGAIN && !fatal_signal_pending(current));
	return err == -EAGAIN ? -EINTR : err;
}

/* The registration of a socket, if the caller's handle made it. */
static struct sockdup_registration *
device_registration(const struct device_call *call, struct file *file)
{
	return sockdup_registration_get_own(file, &call->handle->registrations);
}

static int device_event_enumerate(struct device_call *call)
{
	const struct sockdup_event_enumerate *enumerate =
		&call->u.event_enumerate;
	struct sockdup_registration *registration;
	struct file *file;
	int err;

	if (enumerate->flags & ~SOCKDUP_EVENT_KEEP_SET)
		return -EINVAL;
	file = sockdup_socket_file(enumerate->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	registration = device_registration(call, file);
	fput(file);
	if (IS_ERR(registration))
		return PTR_ERR(registration);
	err = device_hand_out(call, registration);
	sockdup_registration_put(registration);
	return err;
}

/* Open to every holder of the socket: it tells no more than a query does. */
static int device_event_rearm(struct device_call *call)
{
	const struct sockdup_event_rearm *rearm = &call->u.event_rearm;
	struct file *file;
	int err;

	if (rearm->flags || rearm->events & ~DEVICE_EVENTS)
		return -EINVAL;
	file = sockdup_socket_file(rearm->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = sockdup_registration_rearm(file, rearm->events);
	fput(file);
	return err;
}

/* The registration of the listener that a caller names. */
static struct sockdup_registration *
device_listener(const struct device_call *call)
{
	struct file *file = sockdup_socket_file(call->u.event_inherit.listener);
	struct sockdup_registration *registration;

	if (IS_ERR(file))
		return ERR_CAST(file);
	registration = device_registration(call, file);
	fput(file);
	return registration;
}

static int device_event_inherit(struct device_call *call)
{
	const struct sockdup_event_inherit *inherit = &call->u.event_inherit;
	struct sockdup_registration *listener;
	struct file *file;
	int err;

	if (inherit->flags)
		return -EINVAL;
	file = sockdup_socket_file(inherit->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	listener = device_listener(call);
	if (IS_ERR(listener)) {
		err = PTR_ERR(listener);
		goto out;
	}
	err = sockdup_registration_register(file, &listener->terms,
					    &call->handle->registrations);
	sockdup_registration_put(listener);
out:
	fput(file);
	return err;
}

static int device_event_query(struct device_call *call)
{
	struct sockdup_event_query *query = &call->u.event_query;
	struct sockdup_registration *registration;
	struct file *file;

	if (query->flags)
		return -EINVAL;
	file = sockdup_socket_file(query->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	registration = sockdup_registration_get(file);
	fput(file);
	if (IS_ERR(registration)) {
		query->mask = 0;
		query->kind = 0;
		query->own = 0;
		query->source = (struct sockdup_identity){ };
	} else {
		query->mask = registration->terms.mask;
		query->kind = registration->terms.kind;
		query->own = registration->list == &call->handle->registrations;
		query->source = device_identity(registration->source,
						registration->uid, registration->gid);
		sockdup_registration_put(registration);
	}
	return device_answer(call, sizeof(*query));
}

/**
 * struct device_command - one row of the ioctl table
 * @run: carries it out
 * @size: bytes of the struct that the kernel knows
 * @min_size: bytes of its first version
 */
struct device_command {
	int (*run)(struct device_call *call);
	u32 size;
	u32 min_size;
};

#define DEVICE_COMMAND(_ioctl, _run, _member, _min_size)		\
	[_IOC_NR(_ioctl)] = {						\
		.run = (_run),						\
		.size = sizeof_field(struct device_call, u._member),	\
		.min_size = (_min_size),				\
	}

static const struct device_command device_commands[] = {
	DEVICE_COMMAND(SOCKDUP_IOC_INFO, device_info, info,
		       SOCKDUP_INFO_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EXPORT, device_export, export,
		       SOCKDUP_EXPORT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_IMPORT, device_import, import,
		       SOCKDUP_IMPORT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_QUERY, device_query, query,
		       SOCKDUP_QUERY_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_REVOKE, device_revoke, revoke,
		       SOCKDUP_REVOKE_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_SELECT, device_event_select,
		       event_select, SOCKDUP_EVENT_SELECT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_ENUMERATE, device_event_enumerate,
		       event_enumerate, SOCKDUP_EVENT_ENUMERATE_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_REARM, device_event_rearm,
		       event_rearm, SOCKDUP_EVENT_REARM_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_INHERIT, device_event_inherit,
		       event_inherit, SOCKDUP_EVENT_INHERIT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_QUERY, device_event_query,
		       event_query, SOCKDUP_EVENT_QUERY_SIZE_VER0),
};

static int device_run(struct device_call *call, unsigned int cmd)
{
	const struct device_command *command;
	unsigned int nr = _IOC_NR(cmd);
	int err;

	if (nr >= ARRAY_SIZE(device_commands) ||
	    cmd != _IO(SOCKDUP_IOC_TYPE, nr))
		return -ENOTTY;
	command = &device_commands[array_index_nospec(nr, ARRAY_SIZE(device_commands))];

	if (get_user(call->size, (u32 __user *)call->argument))
		return -EFAULT;
	if (call->size < command->min_size)
		return -EINVAL;
	if (call->size > PAGE_SIZE)
		return -E2BIG;
	/* What the caller does not know is zero already. */
	err = copy_struct_from_user(&call->u, min(command->size, call->size),
				    call->argument, call->size);
	if (err)
		return err;
	return command->run(call);
}

static long device_ioctl(struct file *file, unsigned int cmd,
			 unsigned long argument)
{
	/* A command sees only the struct that was copied in whole. */
	struct device_call call __uninitialized;
	int result;

	/* All of it: an initializer need not reach beyond the union's first member. */
	memset(&call, 0, sizeof(call));
	call.handle = file->private_data;
	call.argument = (void __user *)argument;
	result = device_run(&call, cmd);
	if (result < 0)
		trace_sockdup_refuse(cmd, result);
	return result;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct device_handle *handle;
	int err;

	handle = kmalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return -ENOMEM;
	handle->target = sockdup_target_get(task_tgid(current), GFP_KERNEL_ACCOUNT);
	if (IS_ERR(handle->target)) {
		err = PTR_ERR(handle->target);
		goto err_handle;
	}
	handle->account = sockdup_account_get(current_uid(), GFP_KERNEL_ACCOUNT);
	if (IS_ERR(handle->account)) {
		err = PTR_ERR(handle->account);
		goto err_target;
	}
	handle->tokens = sockdup_token_list_new();
	if (!handle->tokens) {
		err = -ENOMEM;
		goto err_account;
	}
	handle->outcomes = sockdup_outcomes_new();
	if (!handle->outcomes) {
		err = -ENOMEM;
		goto err_tokens;
	}
	handle->users = NULL;
	sockdup_registration_list_init(&handle->registrations);
	atomic_inc(&handle->target->handles);
	file->private_data = handle;
	return nonseekable_open(inode, file);

err_tokens:
	sockdup_token_list_drop(handle->tokens);
err_account:
	sockdup_account_put(handle->account);
err_target:
	sockdup_target_put(handle->target);
err_handle:
	kfree(handle);
	return err;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct device_handle *handle = file->private_data;

	sockdup_registration_list_drop(&handle->registrations);
	sockdup_outcomes_close(handle->outcomes);
	sockdup_token_list_drop(handle->tokens);
	if (handle->users)
		sockdup_target_put(handle->users);
	atomic_dec(&handle->target->handles);
	sockdup_target_put(handle->target);
	sockdup_account_put(handle->account);
	kfree_rcu(handle, rcu);
	return 0;
}

/* A handle that a process was given tells it nothing of its opener's tokens. */
static ssize_t device_read(struct file *file, char __user *buffer, size_t size,
			   loff_t *position)
{
	struct device_handle *handle = file->private_data;

	if (handle->target->pid != task_tgid(current))
		return -EPERM;
	return sockdup_outcomes_read(handle->outcomes, buffer, size,
				     !(file->f_flags & O_NONBLOCK));
}

/* May run in a worker for the caller, so it does not ask who that is. */
static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct device_handle *handle = file->private_data;

	return sockdup_outcomes_poll(handle->outcomes, file, table);
}

static bool device_reader_is_privileged(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/* Some tokens that wait for a process, by user and then by age. */
static void device_show_tokens(struct seq_file *m, struct sockdup_target *target)
{
	u64 now = ktime_get_boottime_ns();
	struct sockdup_token *token = NULL;
	unsigned int count = 0;

	spin_lock(&target->lock);
	seq_printf(m, "tokens:\t%u\n", target->token_count);
	while (count++ < DEVICE_FDINFO_TOKENS &&
	       (token = sockdup_token_next_of_target(target, token)))
		seq_printf(m, "token:\tid=%016llx source=%d uid=%u left_ms=%llu sockets=%u\n",
			   token->opaque.id, pid_vnr(token->source),
			   from_kuid_munged(seq_user_ns(m), token->uid),
			   sockdup_token_left_ms(token, now),
			   sockdup_token_socket_count(token));
	spin_unlock(&target->lock);
}

/* Some tokens to users that the opener's user has exported where the opener is. */
static void device_show_user_tokens(struct seq_file *m, struct file *file)
{
	struct device_handle *handle = file->private_data;
	struct sockdup_token *token = NULL;
	u64 now = ktime_get_boottime_ns();
	struct sockdup_target *users;
	unsigned int count = 0;

	users = sockdup_target_find_known_users(handle->account,
						ns_of_pid(handle->target->pid),
						file->f_cred->user_ns);
	if (!users) {
		seq_puts(m, "user_tokens:\t0\n");
		return;
	}
	spin_lock(&users->lock);
	seq_printf(m, "user_tokens:\t%u\n", users->token_count);
	while (count++ < DEVICE_FDINFO_TOKENS &&
	       (token = sockdup_token_next_of_target(users, token)))
		seq_printf(m, "user_token:\tid=%016llx source=%d uid=%u target_uid=%u left_ms=%llu sockets=%u\n",
			   token->opaque.id, pid_vnr(token->source),
			   from_kuid_munged(seq_user_ns(m), token->uid),
			   from_kuid_munged(seq_user_ns(m), token->target_uid),
			   sockdup_token_left_ms(token, now),
			   sockdup_token_socket_count(token));
	spin_unlock(&users->lock);
	sockdup_target_put(users);
}

/*
 * Numbers are those of the reader's namespaces. The tokens that wait for the opener are
 * shown to its user, as it is now; another user who got the handle does not see them. What
 * an account has is its own user's, which the opener may no longer run as: the tokens to
 * users and, in the initial pid namespace, how many sockets there are. Privileged readers
 * see all.
 */
static void device_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct device_handle *handle = file->private_data;
	bool privileged = device_reader_is_privileged();
	bool own = privileged || uid_eq(handle->account->uid, current_uid());

	if (own && task_active_pid_ns(current) == &init_pid_ns)
		seq_printf(m, "held:\t%ld\nbytes:\t%ld\n",
			   atomic_long_read(&handle->account->held),
			   atomic_long_read(&handle->account->bytes));
	seq_printf(m, "registrations:\t%u\n",
		   sockdup_registration_list_count(&handle->registrations));
	seq_printf(m, "reports:\t%u\n",
		   sockdup_outcomes_count(handle->outcomes));
	if (privileged || sockdup_target_is_users(handle->target))
		device_show_tokens(m, handle->target);
	if (own)
		device_show_user_tokens(m, file);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.read		= device_read,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= device_show_fdinfo,
};

static struct miscdevice device_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= SOCKDUP_DEVICE_NAME,
	.mode	= 0666,
	.fops	= &device_fops,
};

/**
 * sockdup_device_init - open the door
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_device_init(void)
{
	return misc_register(&device_misc);
}

/**
 * sockdup_device_exit - close the door
 */
void sockdup_device_exit(void)
{
	misc_deregister(&device_misc);
}
