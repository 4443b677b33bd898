// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's commands for the parties of a token: what it holds, and its end.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/net.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "cgroup.h"
#include "device_call.h"
#include "protocol_info.h"
#include "set.h"
#include "target.h"
#include "token.h"

/* As sockdup_device_token(), for query and revocation by the token's parties alone. */
static struct sockdup_token *device_own_token(u64 address, u32 info_size)
{
	struct sockdup_token *token = sockdup_device_token(address, info_size);
	int err;

	if (IS_ERR(token) || sockdup_token_is_callers(token))
		return token;
	err = sockdup_token_refusal(token);
	sockdup_token_put(token);
	return ERR_PTR(err);
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

	if (sockdup_parcel_write_names(parcel, u64_to_user_ptr(query->names)))
		return -EFAULT;
	return descriptions &&
	       copy_to_user(descriptions, infos,
			    array_size(parcel->count, sizeof(*infos))) ? -EFAULT : 0;
}

/* The caller puts the token afterwards. */
static struct sockdup_protocol_info *device_describe_new(struct sockdup_token *token)
{
	unsigned int count = sockdup_token_socket_count(token);
	struct sockdup_protocol_info *infos;
	int err;

	infos = kvmalloc_array(count, sizeof(*infos), GFP_KERNEL_ACCOUNT);
	if (!infos)
		return ERR_PTR(-ENOMEM);
	err = device_describe_all(token, infos, count);
	if (!err)
		return infos;
	kvfree(infos);
	return ERR_PTR(err);
}

/* Names and descriptions of a token's sockets. Consumes the caller's reference. */
static int device_query_sockets(const struct sockdup_query *query,
				struct sockdup_token *token)
{
	struct sockdup_protocol_info *infos = device_describe_new(token);
	struct sockdup_parcel *parcel;
	int err;

	if (IS_ERR(infos)) {
		sockdup_token_put(token);
		return PTR_ERR(infos);
	}
	parcel = sockdup_parcel_copy(token, false, GFP_KERNEL_ACCOUNT);
	sockdup_token_put(token);
	if (IS_ERR(parcel)) {
		err = PTR_ERR(parcel);
	} else {
		err = device_query_copy(query, parcel, infos);
		sockdup_parcel_free(parcel);
	}
	kvfree(infos);
	return err;
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

/* What does not depend on the caller's room. */
static int device_query_token(struct sockdup_query *query, struct sockdup_token *token,
			      struct sockdup_protocol_info *info)
{
	u64 now = ktime_get_boottime_ns();

	query->target_pid = sockdup_target_nr(token->target,
					      task_active_pid_ns(current));
	query->target_flags = sockdup_target_flags(token->target) | sockdup_token_invites(token);
	query->target_uid = query->target_flags & SOCKDUP_EXPORT_TO_USER ?
			    from_kuid_munged(current_user_ns(), token->target_uid) : 0;
	query->target_cgroup = sockdup_target_cgroup_ino(token->target,
							 sockdup_cgroup_root());
	query->for_caller = sockdup_target_is_current(token->target, token->target_uid);
	query->source = sockdup_device_source(token);
	query->age_ms = sockdup_token_age_ms(token, now);
	query->left_ms = sockdup_token_left_ms(token, now);
	query->socket_count = sockdup_token_socket_count(token);
	query->payload_size = sockdup_token_payload_size(token);
	return sockdup_token_look(token, device_describe, info);
}

/**
 * sockdup_device_query - the command SOCKDUP_IOC_QUERY
 * @call: with the caller's struct
 *
 * No token is held while user memory is written, which may take for ever.
 *
 * Return: 0, or an error that &struct sockdup_query lists.
 */
int sockdup_device_query(struct sockdup_device_call *call)
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
	return sockdup_device_answer(call, sizeof(*query)) ?:
	       room && room < query->socket_count ? -EMSGSIZE : 0;
}

/**
 * sockdup_device_revoke - the command SOCKDUP_IOC_REVOKE
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_revoke lists.
 */
int sockdup_device_revoke(struct sockdup_device_call *call)
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
