// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets under one token, their names, and a payload.
 */

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "set.h"

/**
 * sockdup_set_new - make a set without sockets
 * @room: how many there will be at most
 * @payload_size: bytes of room for a payload, or 0
 * @gfp: how to allocate them
 *
 * Return: the set, to be freed; NULL where there is no memory.
 */
struct sockdup_set *sockdup_set_new(unsigned int room, unsigned int payload_size,
				    gfp_t gfp)
{
	struct sockdup_set *set;
	size_t size;

	size = struct_size(set, sockets, room);
	set = kvzalloc(size, gfp);
	if (!set)
		return NULL;
	if (payload_size) {
		set->payload = kvmalloc(payload_size, gfp);
		if (!set->payload) {
			kvfree(set);
			return NULL;
		}
	}
	set->payload_size = payload_size;
	set->size = size + payload_size;
	return set;
}

/**
 * sockdup_set_add - put one more socket into a set
 * @set: has room
 * @file: the socket's; the caller's reference is consumed, but for the first one's
 * @name: SOCKDUP_NAME_SIZE bytes
 */
void sockdup_set_add(struct sockdup_set *set, struct file *file, const char *name)
{
	struct sockdup_set_socket *socket = &set->sockets[set->count++];

	socket->file = file;
	memcpy(socket->name, name, sizeof(socket->name));
	set->held = set->count;
}

/**
 * sockdup_set_take - take a file out of a set
 * @set: whose sockets nobody looks at any more
 *
 * Return: a file with the set's reference of it, or NULL where only the first is left.
 */
struct file *sockdup_set_take(struct sockdup_set *set)
{
	return set->held > 1 ? set->sockets[--set->held].file : NULL;
}

/**
 * sockdup_set_free - free a set, and put what files it owns
 * @set: or NULL
 */
void sockdup_set_free(struct sockdup_set *set)
{
	struct file *file;

	if (!set)
		return;
	while ((file = sockdup_set_take(set)))
		fput(file);
	kvfree(set->payload);
	kvfree(set);
}
