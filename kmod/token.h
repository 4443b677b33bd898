/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_TOKEN_H
#define SOCKDUP_TOKEN_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "opaque.h"
#include "quota.h"

struct file;
struct pid;
struct sockdup_account;
struct sockdup_target;

/**
 * struct sockdup_token_list - tokens that end together
 * @lock: inside a target's lock
 * @tokens: linked by their mates
 *
 * Whoever embeds it frees it under RCU only: a token that ends on another CPU
 * lets go of @lock in an RCU read section.
 */
struct sockdup_token_list {
	spinlock_t lock;		/* covers @tokens */
	struct list_head tokens;
};

/* What happens to a token, once: how it came, and how it ended. */
enum sockdup_token_event {
	SOCKDUP_TOKEN_EXPORTED,
	SOCKDUP_TOKEN_IMPORTED,
	SOCKDUP_TOKEN_REVOKED,
	SOCKDUP_TOKEN_EXPIRED,
	SOCKDUP_TOKEN_HANDLE_CLOSED,
	SOCKDUP_TOKEN_TARGET_DIED,
	SOCKDUP_TOKEN_EVENTS,
};

/**
 * struct sockdup_token - a socket on its way to its target
 * @charge: the socket's file, charged to the exporter's real user; returned
 *          by whoever ends the token. Its place is the token's in the table,
 *          covered by the bucket's lock
 * @life: among the target's tokens, with the deadline in nanoseconds of
 *        CLOCK_BOOTTIME; covered by the target's lock
 * @state: bits: claimed, which is a lock; ended, which the claim covers; whether
 *         there is a list that the token ends with; and whether its maker wants
 *         it ended
 * @ref: one for being live, one for each caller that got it
 * @ttl_ms: what it was given to live, milliseconds
 * @opaque: its name and secret
 * @target: held
 * @source: the exporting process; owned
 * @uid: the exporter's effective user
 * @gid: and effective group
 * @net: the cookie of the exporter's network namespace, where it is told of
 *
 * Live from publication until it ends, and ended for good. All that is not
 * covered by a lock stays as it was at creation.
 */
struct sockdup_token {
	struct sockdup_charge charge;
	struct timerqueue_node life;
	unsigned long state;
	refcount_t ref;
	u32 ttl_ms;
	struct sockdup_opaque opaque;
	struct sockdup_target *target;
	struct pid *source;
	kuid_t uid;
	kgid_t gid;
	u64 net;
};

/**
 * struct sockdup_token_cursor - a place in a walk over all tokens
 * @bucket: zero at first
 * @id: likewise; the walk goes on at this id, or above it
 *
 * The order is fixed, so a token that lives throughout a walk is met once,
 * whatever comes and goes.
 */
struct sockdup_token_cursor {
	unsigned int bucket;
	u64 id;
};

/* The longest life of a token that asks for none, and of any, milliseconds. */
unsigned int sockdup_token_default_ttl(void);
unsigned int sockdup_token_max_ttl(void);

struct sockdup_token *sockdup_token_create(struct file *file,
					   struct sockdup_target *target,
					   struct sockdup_account *account,
					   unsigned int ttl_ms,
					   struct sockdup_token_list *list);
int __must_check sockdup_token_publish(struct sockdup_token *token);
void sockdup_token_discard(struct sockdup_token *token);

struct sockdup_token *sockdup_token_get(const struct sockdup_opaque *opaque);
struct sockdup_token *sockdup_token_get_by_id(u64 id);
void sockdup_token_put(struct sockdup_token *token);

int __must_check sockdup_token_claim(struct sockdup_token *token);
void sockdup_token_restore(struct sockdup_token *token);
void sockdup_token_spend(struct sockdup_token *token);
void sockdup_token_drop(struct sockdup_token *token,
			enum sockdup_token_event how);

void sockdup_token_disown(struct sockdup_token *token);

struct sockdup_token *sockdup_token_next(struct sockdup_token_cursor *cursor);
void sockdup_token_pass(struct sockdup_token_cursor *cursor,
			const struct sockdup_token *token);
u64 sockdup_token_count(enum sockdup_token_event event);

void sockdup_token_list_init(struct sockdup_token_list *list);
void sockdup_token_list_drop(struct sockdup_token_list *list);

int sockdup_token_refusal(const struct sockdup_token *token);
u64 sockdup_token_age_ms(const struct sockdup_token *token, u64 now);
u64 sockdup_token_left_ms(const struct sockdup_token *token, u64 now);
bool sockdup_token_is_callers(const struct sockdup_token *token);

int sockdup_token_init(void (*tell)(const struct sockdup_token *token,
				    enum sockdup_token_event event));
void sockdup_token_exit(void);

#endif /* SOCKDUP_TOKEN_H */
