// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets under one token, their names, and a payload. A set holds files. A
 * parcel is what an importer is told of a set.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "set.h"
#include "socket.h"
#include "token.h"

/**
 * sockdup_parcel_get - what a token holds, for its importer
 * @token: got by the caller
 * @parcel: filled; to be put
 *
 * Return: 0; -ENOENT where the token has ended, and what it held is gone.
 */
int sockdup_parcel_get(const struct sockdup_token *token, struct sockdup_parcel *parcel)
{
	struct sockdup_set *set = sockdup_token_set(token);

	if (!set) {
		*parcel = (struct sockdup_parcel){ .count = sockdup_token_socket_count(token) };
		return 0;
	}
	if (!refcount_inc_not_zero(&set->ref))
		return -ENOENT;
	*parcel = (struct sockdup_parcel){
		.count = set->count,
		.payload_size = set->payload_size,
		.payload = set->payload,
		.names = set->names,
	};
	return 0;
}

/**
 * sockdup_parcel_put - read no more of what a token holds
 * @token: whose parcel the caller has got
 */
void sockdup_parcel_put(const struct sockdup_token *token)
{
	struct sockdup_set *set = sockdup_token_set(token);

	if (set)
		sockdup_set_put(set);
}

/* In one piece: this, names and payload. */
static void parcel_copy(struct sockdup_parcel *copy, const struct sockdup_parcel *parcel,
			size_t names_size, size_t payload_size)
{
	void *names = copy + 1;
	void *payload = names + names_size;

	if (!parcel->names)
		names = NULL;
	else
		memcpy(names, parcel->names, names_size);
	memcpy(payload, parcel->payload, payload_size);
	*copy = (struct sockdup_parcel){
		.count = parcel->count,
		.payload_size = payload_size,
		.payload = payload,
		.names = names,
	};
}

/**
 * sockdup_parcel_copy - what a token holds, for the time after it
 * @token: got by the caller
 * @with_payload: the payload, too
 * @gfp: how to allocate it
 *
 * For copies to user memory that may take for ever: a copy holds nothing of the
 * exporter's. Nor does the wait for its memory hold more than the token.
 *
 * Return: the parcel, to be freed; ERR_PTR(-ENOENT) where the token has ended;
 * ERR_PTR(-ENOMEM).
 */
struct sockdup_parcel *sockdup_parcel_copy(const struct sockdup_token *token,
					   bool with_payload, gfp_t gfp)
{
	size_t names_size = array_size(sockdup_token_socket_count(token),
				       sizeof(struct sockdup_name));
	size_t payload_size = with_payload ? sockdup_token_payload_size(token) : 0;
	struct sockdup_parcel parcel, *copy;
	int err;

	copy = kvmalloc(size_add(sizeof(*copy) + names_size, payload_size), gfp);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	err = sockdup_parcel_get(token, &parcel);
	if (err) {
		kvfree(copy);
		return ERR_PTR(err);
	}
	parcel_copy(copy, &parcel, names_size, payload_size);
	sockdup_parcel_put(token);
	return copy;
}

/**
 * sockdup_parcel_write_names - tell a caller the names of a token's sockets
 * @parcel: of the token
 * @names: room for as many as there are sockets, or NULL where the caller wants none
 *
 * Return: 0 or -EFAULT.
 */
int sockdup_parcel_write_names(const struct sockdup_parcel *parcel, void __user *names)
{
	size_t size = array_size(parcel->count, sizeof(*parcel->names));

	if (!names)
		return 0;
	return (parcel->names ? copy_to_user(names, parcel->names, size) :
				clear_user(names, size)) ? -EFAULT : 0;
}

/**
 * sockdup_parcel_free - let go of a copy
 * @parcel: of the caller's
 */
void sockdup_parcel_free(struct sockdup_parcel *parcel)
{
	kvfree(parcel);
}

/**
 * sockdup_set_new - make room for sockets and a payload
 * @count: of sockets, from 1 to SOCKDUP_MAX_SOCKETS
 * @payload_size: bytes, or 0
 * @gfp: how to allocate it
 *
 * The caller fills the payload and the sockets' descriptors, which are the current
 * process's. Then it takes the sockets, or frees the set.
 *
 * Return: the set, which holds no file yet, and has no names; NULL where there is no
 * memory.
 */
struct sockdup_set *sockdup_set_new(unsigned int count, unsigned int payload_size,
				    gfp_t gfp)
{
	size_t size = struct_size_t(struct sockdup_set, sockets, count);
	struct sockdup_set *set = kvmalloc(size, gfp);

	if (!set)
		return NULL;
	set->size = size + payload_size;
	set->count = count;
	set->payload_size = payload_size;
	set->payload = NULL;
	set->names = NULL;
	refcount_set(&set->ref, 1);
	if (!payload_size)
		return set;
	set->payload = kvmalloc(payload_size, gfp);
	if (set->payload)
		return set;
	kvfree(set);
	return NULL;
}

/**
 * sockdup_set_add_names - make room for the sockets' names
 * @set: without names, and not taken; the caller fills them
 * @gfp: how to allocate it
 *
 * Return: 0 or -ENOMEM.
 */
int sockdup_set_add_names(struct sockdup_set *set, gfp_t gfp)
{
	size_t size = array_size(set->count, sizeof(*set->names));

	set->names = kvmalloc(size, gfp);
	if (!set->names)
		return -ENOMEM;
	set->size += size;
	return 0;
}

/* The first @count of them. */
static void set_put_files(const struct sockdup_set *set, unsigned int count)
{
	while (count--)
		fput(set->sockets[count].charge.file);
}

/**
 * sockdup_set_take - hold the files of a set
 * @set: whose descriptors the caller has filled
 *
 * Return: 0, and the set is to be discarded or given to a token; -EBADF or -ENOTSOCK for
 * a descriptor, and it holds no file.
 */
int sockdup_set_take(struct sockdup_set *set)
{
	struct file *file;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		file = sockdup_socket_file(set->sockets[i].fd);
		if (IS_ERR(file)) {
			set_put_files(set, i);
			return PTR_ERR(file);
		}
		set->sockets[i].charge.file = file;
	}
	return 0;
}

/* Most sets have neither. */
static void set_free_parcel(struct sockdup_set *set)
{
	if (!set->payload && !set->names)
		return;
	kvfree(set->payload);
	set->payload = NULL;
	kvfree(set->names);
	set->names = NULL;
}

/**
 * sockdup_set_put - need a set's names and payload no more
 * @set: of a token that the caller ends, or got by the caller
 */
void sockdup_set_put(struct sockdup_set *set)
{
	if (!refcount_dec_and_test(&set->ref))
		return;
	sockdup_account_return_bytes(set->extra.token->charge.account, set->size);
	set_free_parcel(set);
}

/**
 * sockdup_set_discard - put a set's files, and free it
 * @set: that no token has taken over
 */
void sockdup_set_discard(struct sockdup_set *set)
{
	set_put_files(set, set->count);
	sockdup_set_free(set);
}

/**
 * sockdup_set_free - free a set that holds no file
 * @set: whose files have been put, or never taken
 */
void sockdup_set_free(struct sockdup_set *set)
{
	set_free_parcel(set);
	kvfree(set);
}
