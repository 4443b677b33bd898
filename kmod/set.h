/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_SET_H
#define SOCKDUP_SET_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/types.h>

#include "account.h"

struct file;
struct sockdup_report;
struct sockdup_set;
struct sockdup_token;
struct sockdup_token_list;

/**
 * struct sockdup_token_extra - what most tokens have not
 * @token: owns this
 * @list: the tokens that it ends with, or NULL; held
 * @mate: on @list; covered by its lock
 * @report: tells the handle of the end, or NULL; owned until then, and covered by the
 *	    token's claim
 * @invites: to what of an inbox, SOCKDUP_EXPORT_INVITE_TO_*, or 0
 * @set: its sockets, if they are several or have names, and its payload, or NULL; owned,
 *	 and then this is part of it
 */
struct sockdup_token_extra {
	struct sockdup_token *token;
	struct sockdup_token_list *list;
	struct list_head mate;
	struct sockdup_report *report;
	u32 invites;
	struct sockdup_set *set;
};

/**
 * struct sockdup_set_socket - one of the sockets under a token, or of a post
 * @charge: its file, and no more until a worker is to put it; the first one's file is the
 *	    token's own charge, and its job puts the others
 * @token: that it is under, from then on
 * @fd: the exporter's descriptor, until the set is taken
 */
struct sockdup_set_socket {
	struct sockdup_charge charge;
	union {
		struct sockdup_token *token;
		int fd;
	};
};

/* NUL terminated, and zeroes behind. */
struct sockdup_name {
	char text[SOCKDUP_NAME_SIZE];
};

/**
 * struct sockdup_set - the sockets under one token, and what travels with them
 * @extra: of the token, so that both are one allocation; the token's
 * @size: bytes of this, of @payload and of @names
 * @count: sockets
 * @payload_size: bytes
 * @payload: owned, or NULL
 * @names: of the sockets; owned, or NULL where none has a name
 * @ref: one for the token until its end, and one for each who reads @payload and @names:
 *	 these and the bytes of the account go with the last
 * @put: how many sockets have been put or wait for that, where workers do it
 * @sockets: them
 *
 * From publication of its token to its end nothing but @extra and @ref changes. It is freed
 * with the token, which a notification can keep for long.
 */
struct sockdup_set {
	struct sockdup_token_extra extra;
	size_t size;
	unsigned int count;
	unsigned int payload_size;
	void *payload;
	struct sockdup_name *names;
	refcount_t ref;
	unsigned int put;
	struct sockdup_set_socket sockets[];
};

/**
 * struct sockdup_parcel - what an importer is told of a token's sockets
 * @count: sockets
 * @payload_size: bytes
 * @payload: of the token, or of a copy
 * @names: likewise, or NULL where none has a name
 */
struct sockdup_parcel {
	unsigned int count;
	unsigned int payload_size;
	const void *payload;
	const struct sockdup_name *names;
};

int __must_check sockdup_parcel_get(const struct sockdup_token *token,
				    struct sockdup_parcel *parcel);
void sockdup_parcel_put(const struct sockdup_token *token);
struct sockdup_parcel *sockdup_parcel_copy(const struct sockdup_token *token,
					   bool with_payload, gfp_t gfp);
int __must_check sockdup_parcel_write_names(const struct sockdup_parcel *parcel,
					    void __user *names);
void sockdup_parcel_free(struct sockdup_parcel *parcel);

struct sockdup_set *sockdup_set_new(unsigned int count, unsigned int payload_size,
				    gfp_t gfp);
int __must_check sockdup_set_add_names(struct sockdup_set *set, gfp_t gfp);
int __must_check sockdup_set_take(struct sockdup_set *set);
void sockdup_set_put(struct sockdup_set *set);
void sockdup_set_discard(struct sockdup_set *set);
void sockdup_set_free(struct sockdup_set *set);

#endif /* SOCKDUP_SET_H */
