/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_SET_H
#define SOCKDUP_SET_H

#include <linux/sockdup.h>
#include <linux/types.h>

#include "account.h"

struct file;
struct sockdup_token;

/**
 * struct sockdup_parcel - what a set is made of, and what an importer gets of it
 * @count: sockets
 * @payload_size: bytes
 * @payload: owned, or NULL
 * @sockets: their descriptors and names
 *
 * For copies from and to user memory, which can take for ever: it holds no file, and
 * nobody but the control group of the current process pays for it.
 */
struct sockdup_parcel {
	unsigned int count;
	unsigned int payload_size;
	void *payload;
	struct sockdup_socket sockets[];
};

/**
 * struct sockdup_set_socket - one of the sockets under a token
 * @charge: its file; the first one's is the token's own charge, and only the file stands
 *	    here
 * @token: that it is under
 * @name: NUL terminated, and zeroes behind
 */
struct sockdup_set_socket {
	struct sockdup_charge charge;
	struct sockdup_token *token;
	char name[SOCKDUP_NAME_SIZE];
};

/**
 * struct sockdup_set - the sockets under one token, and what travels with them
 * @size: bytes of this and of @payload
 * @count: sockets
 * @payload_size: bytes
 * @payload: owned, or NULL
 * @sockets: them
 *
 * From publication of its token on nothing changes.
 */
struct sockdup_set {
	size_t size;
	unsigned int count;
	unsigned int payload_size;
	void *payload;
	struct sockdup_set_socket sockets[];
};

struct sockdup_parcel *sockdup_parcel_new(unsigned int count, unsigned int payload_size,
					  gfp_t gfp);
struct sockdup_parcel *sockdup_parcel_of(const struct sockdup_token *token, gfp_t gfp);
void sockdup_parcel_free(struct sockdup_parcel *parcel);

struct sockdup_set *sockdup_set_new(struct sockdup_parcel *parcel, gfp_t gfp);
void sockdup_set_discard(struct sockdup_set *set);
void sockdup_set_free(struct sockdup_set *set);

#endif /* SOCKDUP_SET_H */
