// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's command that spends a token for new descriptors. What the caller is told of
 * the token goes out before that: then nothing may fail any more.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/uaccess.h>

#include "compat/file.h"
#include "descriptors.h"
#include "device_call.h"
#include "set.h"
#include "target.h"
#include "token.h"

static unsigned int device_import_cloexec(const struct sockdup_import *import)
{
	return import->flags & SOCKDUP_IMPORT_INHERITABLE ? 0 : O_CLOEXEC;
}

/* Each version of the struct has a source, so each caller's has. */
static_assert(offsetofend(struct sockdup_import, source) <=
	      SOCKDUP_IMPORT_SIZE_VER0);

/*
 * What the caller is told of a token, as much as it knows how to ask for; the rest of its
 * struct is as it was. Word by word, as each copy takes longer than these words.
 */
static int device_import_tell(const struct sockdup_device_call *call,
			      const struct sockdup_identity *source, u32 sockets,
			      u32 payload_size)
{
	struct sockdup_import __user *import = call->argument;

	if (!user_write_access_begin(import, offsetofend(struct sockdup_import, payload_size)))
		return -EFAULT;
	unsafe_put_user(source->pid, &import->source.pid, err_access);
	unsafe_put_user(source->uid, &import->source.uid, err_access);
	unsafe_put_user(source->gid, &import->source.gid, err_access);
	unsafe_put_user(0, &import->source.__reserved, err_access);
	if (call->size >= offsetofend(struct sockdup_import, payload_size)) {
		unsafe_put_user(sockets, &import->socket_count, err_access);
		unsafe_put_user(payload_size, &import->payload_size, err_access);
	}
	user_write_access_end();
	return 0;

err_access:
	user_write_access_end();
	return -EFAULT;
}

static bool device_import_has_room(const struct sockdup_import *import,
				   const struct sockdup_parcel *parcel)
{
	return parcel->count <= max(import->socket_count, 1U) &&
	       parcel->payload_size <= import->payload_size;
}

static int device_import_sockets(const struct sockdup_import *import,
				 const struct sockdup_parcel *parcel)
{
	if (!import->socket_count)
		return 0;
	/* There is none yet. */
	return sockdup_device_write_fds(u64_to_user_ptr(import->fds), NULL, parcel->count) ?:
	       sockdup_parcel_write_names(parcel, u64_to_user_ptr(import->names));
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
static int device_import_parcel(const struct sockdup_device_call *call,
				const struct sockdup_identity *source,
				const struct sockdup_parcel *parcel)
{
	const struct sockdup_import *import = &call->u.import;
	int err;

	err = device_import_tell(call, source, parcel->count, parcel->payload_size);
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

static int device_import_receive(const struct sockdup_import *import,
				 const struct sockdup_token *token, int *fds)
{
	const struct sockdup_set *set = sockdup_token_set(token);

	if (set)
		return sockdup_descriptors_receive(set->sockets, set->count, fds,
						   device_import_cloexec(import));
	fds[0] = sockdup_receive_fd(token->charge.file, device_import_cloexec(import));
	return min(fds[0], 0);
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
	err = device_import_receive(import, token, fds);
	if (!err) {
		sockdup_token_spend(token);
		return 0;
	}
	sockdup_token_restore(token);
out:
	sockdup_token_put(token);
	return err;
}

/* Consumes the caller's reference. */
static int device_import_several(const struct sockdup_import *import,
				 struct sockdup_token *token)
{
	unsigned int count = sockdup_token_socket_count(token);
	int few[SOCKDUP_DEVICE_FEW_SOCKETS], *fds = few;
	int err;

	if (count > ARRAY_SIZE(few)) {
		fds = kmalloc_array(count, sizeof(*fds), GFP_KERNEL_ACCOUNT);
		if (!fds) {
			sockdup_token_put(token);
			return -ENOMEM;
		}
	}
	err = device_import_all(import, token, fds) ?:
	      sockdup_device_answer_fds(u64_to_user_ptr(import->fds), fds, count);
	if (fds != few)
		kfree(fds);
	return err;
}

/*
 * Where a page is not there, tells what a token holds from a copy, at the caller's expense,
 * while the token is not held: a caller who does not take it from there does not keep the
 * exporter's. Consumes the caller's reference.
 *
 * Return: the token, got anew.
 */
static noinline struct sockdup_token *
device_import_copy(const struct sockdup_device_call *call, struct sockdup_token *token,
		   const struct sockdup_identity *source)
{
	struct sockdup_parcel *parcel = sockdup_parcel_copy(token, true, GFP_KERNEL_ACCOUNT);
	struct sockdup_opaque opaque = token->opaque;
	int err;

	sockdup_token_put(token);
	if (IS_ERR(parcel))
		return ERR_CAST(parcel);
	err = device_import_parcel(call, source, parcel);
	sockdup_parcel_free(parcel);
	return err ? ERR_PTR(err) : sockdup_token_get(&opaque);
}

/*
 * Names and payload go out first. Pages that are there take them as they are, at once.
 * For others there is a copy. Consumes the caller's reference.
 */
static noinline int device_import_set(const struct sockdup_device_call *call,
				      struct sockdup_token *token)
{
	const struct sockdup_identity source = sockdup_device_source(token);
	const struct sockdup_import *import = &call->u.import;
	struct sockdup_parcel parcel;
	int err = -ENOENT;

	if (sockdup_token_refusal(token) == -ENOENT || sockdup_parcel_get(token, &parcel))
		goto err_token;
	pagefault_disable();
	err = device_import_parcel(call, &source, &parcel);
	pagefault_enable();
	sockdup_parcel_put(token);
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

/**
 * sockdup_device_import - the command SOCKDUP_IOC_IMPORT
 * @call: with the caller's struct
 *
 * Return: the new descriptor, 0 for several, or an error that &struct sockdup_import lists.
 */
int sockdup_device_import(struct sockdup_device_call *call)
{
	const struct sockdup_import *import = &call->u.import;
	struct sockdup_identity source;
	struct sockdup_token *token;
	int err;

	if (import->flags & ~SOCKDUP_IMPORT_INHERITABLE || import->__reserved)
		return -EINVAL;
	token = sockdup_device_token(import->info, import->info_size);
	if (IS_ERR(token))
		return PTR_ERR(token);

	if (!sockdup_target_is_current(token->target, token->target_uid)) {
		err = sockdup_token_refusal(token);
		goto err_token;
	}
	if (unlikely(sockdup_token_invites(token))) {
		err = -EINVAL;
		goto err_token;
	}
	if (unlikely(sockdup_token_set(token) || import->socket_count))
		return device_import_set(call, token);
	/* Answered first: after the descriptor is in use nothing may fail. */
	source = sockdup_device_source(token);
	pagefault_disable();
	err = device_import_tell(call, &source, 1, 0);
	pagefault_enable();
	if (unlikely(err)) {
		token = device_import_copy(call, token, &source);
		if (IS_ERR(token))
			return PTR_ERR(token);
	}
	return device_import_one(import, token);

err_token:
	sockdup_token_put(token);
	return err;
}
