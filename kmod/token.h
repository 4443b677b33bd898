/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_TOKEN_H
#define SOCKDUP_TOKEN_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/list_bl.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sockdup.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "account.h"
#include "set.h"

struct file;
struct pid;
struct sockdup_target;

/**
 * struct sockdup_opaque - the opaque bytes of a protocol info
 * @id: random; finds the token
 * @secret: made of @id with secret keys; proves that the holder was given the
 *	    bytes
 */
struct sockdup_opaque {
	u64 id;
	u64 secret[2];
};

static_assert(sizeof(struct sockdup_opaque) == SOCKDUP_OPAQUE_SIZE);

/**
 * struct sockdup_token_list - tokens that end together
 * @ref: one for each live token on it, and one for its maker
 * @lock: inside a target's lock
 * @extras: of the tokens, linked by their mates
 */
struct sockdup_token_list {
	refcount_t ref;
	spinlock_t lock;		/* covers @extras */
	struct list_head extras;
};

/*
 * What happens to a token, once: how it came, and how it ended. Its target declines
 * where anybody else revokes; only the exporting handle is told the difference.
 */
enum sockdup_token_event {
	SOCKDUP_TOKEN_EXPORTED,
	SOCKDUP_TOKEN_IMPORTED,
	SOCKDUP_TOKEN_REVOKED,
	SOCKDUP_TOKEN_EXPIRED,
	SOCKDUP_TOKEN_HANDLE_CLOSED,
	SOCKDUP_TOKEN_TARGET_DIED,
	SOCKDUP_TOKEN_EVENTS,
	SOCKDUP_TOKEN_DECLINED = SOCKDUP_TOKEN_EVENTS,
};

/**
 * struct sockdup_token - a socket, or several, on the way to a target
 * @charge: the file of the first socket or the invitation, and the account that pays for
 *	    it; the caller that ends the token returns it. The token holds the account until
 *	    it is freed
 * @bucket: of the table
 * @place: there; covered by the bucket's lock
 * @node: among the account's tokens; covered by the account's lock
 * @due: what that is sorted by: @deadline, 0 once the target has died, U64_MAX
 *	 once the sweep has seen it; covered by the account's lock
 * @user: among the target's users, as the oldest of its own user's; covered by the
 *	  target's lock
 * @sibling: links the tokens that one user has for the target, by age; covered by the
 *	     target's lock
 * @extra: or NULL; owned
 * @claim: held by the caller that imports or ends the token; covers @end
 * @end: how it ended, or 0
 * @verdict: how it is to end unless somebody imports it first, an enum
 *	     sockdup_token_event, or 0
 * @ref: one for being live, one while @notice is in line, and one for each
 *	 caller that got it
 * @ttl_ms: what it was given to live, milliseconds
 * @deadline: when it is over, in nanoseconds of CLOCK_BOOTTIME
 * @opaque: its name and secret
 * @target: held
 * @source: the exporting process; owned
 * @uid: the exporter's effective user
 * @gid: and effective group
 * @target_uid: the user that the token is for, where @target has users
 * @news: events to tell of; netlink's
 * @net: the cookie of the network namespace that it was exported in: the
 *	 exporter's, unless netlink has put its socket's here before publication
 * @notice: tells of @news; netlink's
 *
 * Live from publication until it ends, and ended for good. What no lock covers
 * stays as it was at creation.
 */
struct sockdup_token {
	struct sockdup_charge charge;
	struct hlist_bl_head *bucket;
	struct hlist_bl_node place;
	struct rb_node node;
	u64 due;
	struct rb_node user;
	struct list_head sibling;
	struct sockdup_token_extra *extra;
	struct mutex claim;		/* covers the next one */
	enum sockdup_token_event end;
	atomic_t verdict;
	refcount_t ref;
	u32 ttl_ms;
	u64 deadline;
	struct sockdup_opaque opaque;
	struct sockdup_target *target;
	struct pid *source;
	kuid_t uid;
	kgid_t gid;
	kuid_t target_uid;
	atomic_t news;
	u64 net;
	struct sockdup_job notice;
};

/**
 * struct sockdup_token_terms - what an exporter asks for
 * @opaque: bytes of sockdup_token_make_opaque() that nobody has used, or NULL
 * @account: one that the caller holds, and often the current user's, or NULL
 * @user: that the token is for, where the target has users, or INVALID_UID
 * @ttl_ms: life in milliseconds from now, 0 for the default
 * @trusted: whether it may be long whatever the target is
 * @rare: some of what follows is there
 * @list: the tokens that this one is to end with, held by the caller, or NULL
 * @report: what is to tell of its end, or NULL; consumed
 * @invites: SOCKDUP_EXPORT_INVITE_TO_* of an invitation, or 0
 * @set: the sockets, where they are several or have names, and the payload, or NULL;
 *	 consumed
 */
struct sockdup_token_terms {
	const struct sockdup_opaque *opaque;
	struct sockdup_account *account;
	kuid_t user;
	unsigned int ttl_ms;
	bool trusted;
	bool rare;
	struct sockdup_token_list *list;
	struct sockdup_report *report;
	u32 invites;
	struct sockdup_set *set;
};

/**
 * struct sockdup_token_cursor - a place in a walk over tokens
 * @bucket: in a walk over all tokens; zero at first
 * @due: in a walk over an account's tokens; zero at first
 * @id: the walk goes on at this id or above it; zero at first
 */
struct sockdup_token_cursor {
	unsigned int bucket;
	u64 due;
	u64 id;
};

/* The longest life of a token that asks for none, and of any, milliseconds. */
unsigned int sockdup_token_default_ttl(void);
unsigned int sockdup_token_max_ttl(void);

void sockdup_token_make_opaque(struct sockdup_opaque *opaque);
struct sockdup_token *sockdup_token_create(struct file *file,
					   struct sockdup_target *target,
					   const struct sockdup_token_terms *terms,
					   gfp_t gfp);
int __must_check sockdup_token_publish(struct sockdup_token *token);
void sockdup_token_wait_published(struct sockdup_token *token);
void sockdup_token_discard(struct sockdup_token *token);

struct sockdup_token *sockdup_token_get(const struct sockdup_opaque *opaque);
struct sockdup_token *sockdup_token_get_by_id(u64 id);
struct sockdup_token *sockdup_token_hold(struct sockdup_token *token);
void sockdup_token_put(struct sockdup_token *token);

int __must_check sockdup_token_claim(struct sockdup_token *token);
void sockdup_token_restore(struct sockdup_token *token);
void sockdup_token_spend(struct sockdup_token *token);
int sockdup_token_end(struct sockdup_token *token,
		      enum sockdup_token_event how);
int sockdup_token_revoke(struct sockdup_token *token);

int sockdup_token_look(struct sockdup_token *token,
		       int (*look)(const struct sockdup_token *token, void *data),
		       void *data);

struct sockdup_token *sockdup_token_next(struct sockdup_token_cursor *cursor,
					 struct sockdup_account *account);
void sockdup_token_pass(struct sockdup_token_cursor *cursor);
struct sockdup_token *
sockdup_token_next_of_target(const struct sockdup_target *target,
			     struct sockdup_token *token);
u64 sockdup_token_count(enum sockdup_token_event event);

struct sockdup_token_list *sockdup_token_list_new(void);
void sockdup_token_list_drop(struct sockdup_token_list *list);

/**
 * sockdup_token_set - the set of sockets, names and payload that a token holds
 * @token: got by the caller
 *
 * Return: the set, whose files are there while the token is live; NULL where there is
 * one socket without a name, and no payload.
 */
static inline struct sockdup_set *
sockdup_token_set(const struct sockdup_token *token)
{
	return token->extra ? token->extra->set : NULL;
}

/**
 * sockdup_token_invites - to what of an inbox a token invites
 * @token: got by the caller
 *
 * Return: SOCKDUP_EXPORT_INVITE_TO_*, and then there is no socket; 0 for other tokens.
 */
static inline u32 sockdup_token_invites(const struct sockdup_token *token)
{
	return token->extra ? token->extra->invites : 0;
}

/**
 * sockdup_token_socket_count - how many sockets a token holds, none as an invitation
 * @token: got by the caller
 */
static inline unsigned int
sockdup_token_socket_count(const struct sockdup_token *token)
{
	const struct sockdup_set *set = sockdup_token_set(token);

	if (set)
		return set->count;
	return sockdup_token_invites(token) ? 0 : 1;
}

/**
 * sockdup_token_payload_size - how many bytes travel with a token
 * @token: got by the caller
 */
static inline unsigned int
sockdup_token_payload_size(const struct sockdup_token *token)
{
	const struct sockdup_set *set = sockdup_token_set(token);

	return set ? set->payload_size : 0;
}

/**
 * sockdup_token_file - the file of one of a token's sockets
 * @token: live for as long as the file is needed
 * @index: of the socket, from 0 on
 */
static inline struct file *sockdup_token_file(const struct sockdup_token *token,
					      unsigned int index)
{
	const struct sockdup_set *set = sockdup_token_set(token);

	return set ? set->sockets[index].charge.file : token->charge.file;
}

int sockdup_token_refusal(const struct sockdup_token *token);
u64 sockdup_token_age_ms(const struct sockdup_token *token, u64 now);
u64 sockdup_token_left_ms(const struct sockdup_token *token, u64 now);
bool sockdup_token_is_callers(const struct sockdup_token *token);

void sockdup_token_sweep(struct work_struct *work);

int sockdup_token_init(void (*tell)(struct sockdup_token *token,
				    enum sockdup_token_event event));
void sockdup_token_exit(void);

#endif /* SOCKDUP_TOKEN_H */
