/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_SET_H
#define SOCKDUP_SET_H

#include <linux/sockdup.h>
#include <linux/types.h>

struct file;

/**
 * struct sockdup_set - the sockets under one token, and what travels with them
 * @size: bytes of this and of @payload
 * @count: sockets so far
 * @held: how many of their files, from the first on, are here; the set owns a reference
 *	  of each but the first one, which its user owns
 * @payload_size: bytes
 * @payload: owned, or NULL
 * @sockets: with room for as many as it was made for
 *
 * From publication of its token on, only @held changes, and that after the token's end.
 */
struct sockdup_set {
	size_t size;
	unsigned int count;
	unsigned int held;
	unsigned int payload_size;
	void *payload;
	struct sockdup_set_socket {
		struct file *file;
		char name[SOCKDUP_NAME_SIZE];
	} sockets[];
};

struct sockdup_set *sockdup_set_new(unsigned int room, unsigned int payload_size,
				    gfp_t gfp);
void sockdup_set_add(struct sockdup_set *set, struct file *file, const char *name);
struct file *sockdup_set_take(struct sockdup_set *set);
void sockdup_set_free(struct sockdup_set *set);

#endif /* SOCKDUP_SET_H */
