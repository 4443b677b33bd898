// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets under one token, their names, and a payload. A set holds files. A
 * parcel is what user memory has of a set.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "set.h"
#include "socket.h"
#include "token.h"

/**
 * sockdup_parcel_new - make room for sockets and a payload
 * @count: of sockets
 * @payload_size: bytes, or 0
 * @gfp: how to allocate it
 *
 * Return: the parcel, all zero, to be freed; NULL where there is no memory.
 */
struct sockdup_parcel *sockdup_parcel_new(unsigned int count, unsigned int payload_size,
					  gfp_t gfp)
{
	struct sockdup_parcel *parcel;

	parcel = kvzalloc(struct_size(parcel, sockets, count), gfp);
	if (!parcel)
		return NULL;
	parcel->count = count;
	parcel->payload_size = payload_size;
	if (!payload_size)
		return parcel;
	parcel->payload = kvmalloc(payload_size, gfp);
	if (parcel->payload)
		return parcel;
	kvfree(parcel);
	return NULL;
}

/**
 * sockdup_parcel_of - what a token holds, for its importer
 * @token: got by the caller
 * @gfp: how to allocate it
 *
 * Return: the parcel, with -1 for each descriptor, to be freed; NULL where there is no
 * memory.
 */
struct sockdup_parcel *sockdup_parcel_of(const struct sockdup_token *token, gfp_t gfp)
{
	const struct sockdup_set *set = sockdup_token_set(token);
	struct sockdup_parcel *parcel;
	unsigned int i;

	parcel = sockdup_parcel_new(sockdup_token_socket_count(token),
				    sockdup_token_payload_size(token), gfp);
	if (!parcel)
		return NULL;
	for (i = 0; i < parcel->count; i++) {
		parcel->sockets[i].fd = -1;
		if (set)
			memcpy(parcel->sockets[i].name, set->sockets[i].name,
			       SOCKDUP_NAME_SIZE);
	}
	if (parcel->payload)
		memcpy(parcel->payload, set->payload, parcel->payload_size);
	return parcel;
}

/**
 * sockdup_parcel_free - let go of a parcel
 * @parcel: of the caller's, or NULL
 */
void sockdup_parcel_free(struct sockdup_parcel *parcel)
{
	if (!parcel)
		return;
	kvfree(parcel->payload);
	kvfree(parcel);
}

/* The first @count of them. */
static void set_put_files(const struct sockdup_set *set, unsigned int count)
{
	while (count--)
		fput(set->sockets[count].charge.file);
}

static int set_fill(struct sockdup_set *set, const struct sockdup_parcel *parcel)
{
	struct sockdup_set_socket *socket;
	unsigned int i;

	for (i = 0; i < parcel->count; i++) {
		socket = &set->sockets[i];
		socket->charge.file = sockdup_socket_file(parcel->sockets[i].fd);
		if (IS_ERR(socket->charge.file)) {
			set_put_files(set, i);
			return PTR_ERR(socket->charge.file);
		}
		memcpy(socket->name, parcel->sockets[i].name, sizeof(socket->name));
	}
	set->count = parcel->count;
	return 0;
}

/**
 * sockdup_set_new - make a set of the caller's sockets
 * @parcel: their descriptors and names; its payload is the set's then
 * @gfp: how to allocate it
 *
 * Return: the set, to be discarded or given to a token; ERR_PTR(-EBADF) or
 * ERR_PTR(-ENOTSOCK) for a descriptor; ERR_PTR(-ENOMEM).
 */
struct sockdup_set *sockdup_set_new(struct sockdup_parcel *parcel, gfp_t gfp)
{
	size_t size = struct_size_t(struct sockdup_set, sockets, parcel->count);
	struct sockdup_set *set = kvzalloc(size, gfp);
	int err;

	if (!set)
		return ERR_PTR(-ENOMEM);
	err = set_fill(set, parcel);
	if (err) {
		kvfree(set);
		return ERR_PTR(err);
	}
	set->payload = parcel->payload;
	set->payload_size = parcel->payload_size;
	set->size = size + set->payload_size;
	parcel->payload = NULL;
	return set;
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
 * sockdup_set_free - free a set whose files have been put
 * @set: or NULL
 */
void sockdup_set_free(struct sockdup_set *set)
{
	if (!set)
		return;
	kvfree(set->payload);
	kvfree(set);
}
