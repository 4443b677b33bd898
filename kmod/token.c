// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a token. An export makes and publishes it, and it ends once: by
 * import, revocation, its deadline, the close of its handle or its target's
 * death.
 *
 * An importer claims the token, which is to lock a mutex, and then spends or
 * restores it. An import that fails has changed nothing. No other caller waits for
 * the claim, as a user can keep an importer from running for long. A caller that
 * ends a token writes a verdict, and ends the token if the claim is free. Otherwise
 * the importer finds the verdict when it restores the token. Do not touch user
 * memory while holding a claim: a page fault can block for ever.
 *
 * Locks, from the outside in: a claim, the target's lock, and then one of the
 * account's, the list's and the bucket's.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>

#include <crypto/algapi.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "deadline.h"
#include "outcome.h"
#include "set.h"
#include "target.h"
#include "token.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define TOKEN_TABLE_BITS	16

/* Tokens that one turn of a sweep ends, and that one of a death touches. */
#define TOKEN_SWEEP_BATCH	8
#define TOKEN_DEATH_BATCH	64
/* Files of a set that are put at a time. */
#define TOKEN_PUT_BATCH		64

#define TOKEN_TTL_LIMIT_MS	(24U * 60 * 60 * 1000)

static int token_ttl_set(const char *text, const struct kernel_param *parameter)
{
	return param_set_uint_minmax(text, parameter, 1, TOKEN_TTL_LIMIT_MS);
}

static const struct kernel_param_ops token_ttl_ops = {
	.set = token_ttl_set,
	.get = param_get_uint,
};

static unsigned int default_ttl_ms = 60 * 1000;
module_param_cb(default_ttl_ms, &token_ttl_ops, &default_ttl_ms, 0644);
__MODULE_PARM_TYPE(default_ttl_ms, "uint");
MODULE_PARM_DESC(default_ttl_ms, "life of a token whose source asks for none, milliseconds (60000)");

static unsigned int max_ttl_ms = 60 * 60 * 1000;
module_param_cb(max_ttl_ms, &token_ttl_ops, &max_ttl_ms, 0644);
__MODULE_PARM_TYPE(max_ttl_ms, "uint");
MODULE_PARM_DESC(max_ttl_ms, "longest life of a token, milliseconds, at most 24 hours (3600000)");

/*
 * Live tokens by id. No count of them is kept, and the locks are one a bucket:
 * there is nothing that all exports and imports write. The key is secret, so
 * that nobody can fill a bucket with tokens whose ids suit.
 */
static struct hlist_bl_head *token_table;
static hsiphash_key_t token_table_key __ro_after_init;

/* Keys that make a secret of an id: this is cheaper than random bytes for both. */
static siphash_key_t token_secret_keys[2] __ro_after_init;

static struct kmem_cache *token_cache;
static void (*token_told)(struct sockdup_token *token,
			  enum sockdup_token_event event);

/* One set for each processor, so that exporters write to no common cache line. */
struct token_counts {
	unsigned long of[SOCKDUP_TOKEN_EVENTS];
};

static DEFINE_PER_CPU(struct token_counts, token_counts);

/**
 * sockdup_token_max_ttl - the longest life that can be asked for
 *
 * Return: milliseconds.
 */
unsigned int sockdup_token_max_ttl(void)
{
	return READ_ONCE(max_ttl_ms);
}

/**
 * sockdup_token_default_ttl - the life of a token that asks for none
 *
 * Return: milliseconds.
 */
unsigned int sockdup_token_default_ttl(void)
{
	return min(READ_ONCE(default_ttl_ms), sockdup_token_max_ttl());
}

/* Half of an id is enough: too few ids share one half to fill a bucket. */
static struct hlist_bl_head *token_bucket(u64 id)
{
	u32 hash = hsiphash_1u32(lower_32_bits(id), &token_table_key);

	return &token_table[hash >> (32 - TOKEN_TABLE_BITS)];
}

/* Whether a token has to end without a caller: by which event, or 0. */
static enum sockdup_token_event token_cause(const struct sockdup_token *token)
{
	if (sockdup_target_has_ended(token->target))
		return SOCKDUP_TOKEN_TARGET_DIED;
	if (sockdup_deadline_has_passed(token->deadline))
		return SOCKDUP_TOKEN_EXPIRED;
	return 0;
}

/* Whether the token can no longer be imported, though it may still be live. */
static bool token_is_over(const struct sockdup_token *token)
{
	return atomic_read(&token->verdict) || token_cause(token);
}

/**
 * sockdup_token_refusal - errno for a caller who may not have a token
 * @token: got by the caller
 *
 * Return: -EPERM, or -ENOENT where nobody could have it any more.
 */
int sockdup_token_refusal(const struct sockdup_token *token)
{
	return token_is_over(token) ? -ENOENT : -EPERM;
}

/*
 * Count and tell of what happens. The caller holds the token's claim, or has not
 * let anybody find the token yet. May run under a spinlock.
 */
static void token_tell(struct sockdup_token *token,
		       enum sockdup_token_event event)
{
	if (event == SOCKDUP_TOKEN_DECLINED)
		event = SOCKDUP_TOKEN_REVOKED;
	this_cpu_inc(token_counts.of[event]);
	switch (event) {
	case SOCKDUP_TOKEN_EXPORTED:
		trace_sockdup_export(token);
		break;
	case SOCKDUP_TOKEN_IMPORTED:
		trace_sockdup_import(token);
		break;
	case SOCKDUP_TOKEN_REVOKED:
		trace_sockdup_revoke(token);
		break;
	case SOCKDUP_TOKEN_EXPIRED:
		trace_sockdup_expire(token);
		break;
	case SOCKDUP_TOKEN_HANDLE_CLOSED:
		trace_sockdup_handle_close(token);
		break;
	case SOCKDUP_TOKEN_TARGET_DIED:
		trace_sockdup_target_death(token);
		break;
	case SOCKDUP_TOKEN_EVENTS:
		break;
	}
	token_told(token, event);
}

static bool token_is_before(struct rb_node *one, const struct rb_node *other)
{
	const struct sockdup_token *a, *b;

	a = rb_entry(one, struct sockdup_token, node);
	b = rb_entry(other, struct sockdup_token, node);
	return a->due < b->due || (a->due == b->due && a->opaque.id < b->opaque.id);
}

/* Sort a live token anew. Caller holds the account's lock. */
static void token_set_due(struct sockdup_token *token, u64 due)
{
	struct sockdup_account *account = token->charge.account;

	lockdep_assert_held(&account->lock);

	rb_erase_cached(&token->node, &account->tokens);
	token->due = due;
	rb_add_cached(&token->node, &account->tokens, token_is_before);
}

static void token_join_account(struct sockdup_token *token)
{
	struct sockdup_account *account = token->charge.account;

	spin_lock(&account->lock);
	rb_add_cached(&token->node, &account->tokens, token_is_before);
	sockdup_account_alarm(account, token->due);
	spin_unlock(&account->lock);
}

/* After this, a look under the lock finds no file. */
static void token_leave_account(struct sockdup_token *token)
{
	struct sockdup_account *account = token->charge.account;

	spin_lock(&account->lock);
	rb_erase_cached(&token->node, &account->tokens);
	RB_CLEAR_NODE(&token->node);
	spin_unlock(&account->lock);
}

static void token_join_list(struct sockdup_token *token)
{
	struct sockdup_token_extra *extra = token->extra;

	if (!extra || !extra->list)
		return;
	spin_lock(&extra->list->lock);
	list_add_tail(&extra->mate, &extra->list->extras);
	spin_unlock(&extra->list->lock);
}

static void token_leave_list(struct sockdup_token *token)
{
	struct sockdup_token_extra *extra = token->extra;

	if (!extra || !extra->list)
		return;
	spin_lock(&extra->list->lock);
	list_del_init(&extra->mate);
	spin_unlock(&extra->list->lock);
}

static uid_t token_user(const struct sockdup_token *token)
{
	return __kuid_val(token->charge.account->uid);
}

/* The first of the tokens of the user with the lowest id from @uid on, or NULL. */
static struct sockdup_token *token_of_user(const struct sockdup_target *target,
					   uid_t uid)
{
	struct sockdup_token *token, *found = NULL;
	struct rb_node *node = target->users.rb_node;

	lockdep_assert_held(&target->lock);

	while (node) {
		token = rb_entry(node, struct sockdup_token, user);
		if (token_user(token) < uid) {
			node = node->rb_right;
		} else {
			found = token;
			node = node->rb_left;
		}
	}
	return found;
}

static bool token_is_of_user_before(struct rb_node *one, const struct rb_node *other)
{
	return token_user(rb_entry(one, struct sockdup_token, user)) <
	       token_user(rb_entry(other, struct sockdup_token, user));
}

/* The caller holds the target's lock, here and below. */
static void token_join_target(struct sockdup_token *token)
{
	struct sockdup_target *target = token->target;
	struct sockdup_token *first;

	/* Most targets have one user at most. */
	if (RB_EMPTY_ROOT(&target->users)) {
		rb_link_node(&token->user, NULL, &target->users.rb_node);
		rb_insert_color(&token->user, &target->users);
		return;
	}
	first = token_of_user(target, token_user(token));
	if (first && token_user(first) == token_user(token))
		list_add_tail(&token->sibling, &first->sibling);
	else
		rb_add(&token->user, &target->users, token_is_of_user_before);
}

/* A death may have taken the token off already. */
static void token_leave_target(struct sockdup_token *token)
{
	struct sockdup_target *target = token->target;
	struct sockdup_token *next = list_next_entry(token, sibling);

	lockdep_assert_held(&target->lock);

	if (target->users.rb_node == &token->user && next == token &&
	    !token->user.rb_left && !token->user.rb_right) {
		target->users = RB_ROOT;
		RB_CLEAR_NODE(&token->user);
		return;
	}
	if (!RB_EMPTY_NODE(&token->user)) {
		if (next != token)
			rb_replace_node(&token->user, &next->user, &target->users);
		else
			rb_erase(&token->user, &target->users);
		RB_CLEAR_NODE(&token->user);
	}
	list_del_init(&token->sibling);
}

/*
 * The token becomes live: its target, its account, its list and the table know
 * it. The target's lock is held throughout, so that a death finds all or nothing.
 */
static int token_link(struct sockdup_token *token)
{
	struct hlist_bl_head *bucket = token->bucket;
	struct sockdup_target *target = token->target;

	spin_lock(&target->lock);
	if (sockdup_target_has_ended(target)) {
		spin_unlock(&target->lock);
		return -ESRCH;
	}
	/*
	 * Report before any caller can find the token and end it. A listener waits for
	 * the rest by sockdup_token_wait_published().
	 */
	token_tell(token, SOCKDUP_TOKEN_EXPORTED);
	token_join_target(token);
	target->token_count++;
	token_join_account(token);
	token_join_list(token);
	hlist_bl_lock(bucket);
	hlist_bl_add_head(&token->place, bucket);
	hlist_bl_unlock(bucket);
	spin_unlock(&target->lock);
	return 0;
}

static void token_unlink(struct sockdup_token *token)
{
	struct hlist_bl_head *bucket = token->bucket;
	struct sockdup_target *target = token->target;

	spin_lock(&target->lock);
	hlist_bl_lock(bucket);
	hlist_bl_del(&token->place);
	hlist_bl_unlock(bucket);
	token_leave_list(token);
	token_leave_account(token);
	token_leave_target(token);
	target->token_count--;
	spin_unlock(&target->lock);
}

/* Tell the exporting handle. After its close it is not there to be told. */
static void token_report(struct sockdup_token *token)
{
	static const enum sockdup_outcome_kind kinds[] = {
		[SOCKDUP_TOKEN_IMPORTED] = SOCKDUP_OUTCOME_IMPORTED,
		[SOCKDUP_TOKEN_REVOKED] = SOCKDUP_OUTCOME_REVOKED,
		[SOCKDUP_TOKEN_DECLINED] = SOCKDUP_OUTCOME_DECLINED,
		[SOCKDUP_TOKEN_EXPIRED] = SOCKDUP_OUTCOME_EXPIRED,
		[SOCKDUP_TOKEN_HANDLE_CLOSED] = SOCKDUP_OUTCOME_REVOKED,
		[SOCKDUP_TOKEN_TARGET_DIED] = SOCKDUP_OUTCOME_TARGET_DIED,
	};
	struct sockdup_token_extra *extra = token->extra;

	if (!extra || !extra->report)
		return;
	sockdup_report_send(extra->report, token->charge.account,
			    token->opaque.id, kinds[token->end]);
	extra->report = NULL;
}

/*
 * The one way from live to ended. Gives up the claim. What is left to the caller,
 * beside its own, is the reference of a live token, and the charge.
 */
static void token_finish(struct sockdup_token *token,
			 enum sockdup_token_event how)
{
	lockdep_assert_held(&token->claim);

	token->end = how;
	token_unlink(token);
	/* After the report no listener finds the token any more. */
	token_tell(token, how);
	token_report(token);
	mutex_unlock(&token->claim);
}

static void token_put_first(struct sockdup_job *job)
{
	struct sockdup_token *token = container_of(job, struct sockdup_token, charge.job);

	sockdup_charge_put(&token->charge);
	sockdup_token_put(token);
}

static void token_put_other(struct sockdup_job *job)
{
	struct sockdup_set_socket *socket =
		container_of(job, struct sockdup_set_socket, charge.job);
	struct sockdup_token *token = socket->token;

	sockdup_charge_put(&socket->charge);
	sockdup_token_put(token);
}

/* Have the files of a set put, each in the line for its kind, so that none waits for another. */
static void token_put_others(struct sockdup_job *job)
{
	struct sockdup_set_socket *socket =
		container_of(job, struct sockdup_set_socket, charge.job);
	struct sockdup_token *token = socket->token;
	struct sockdup_set *set = sockdup_token_set(token);
	unsigned int until = min(set->put + TOKEN_PUT_BATCH, set->count);

	for (; set->put < until; set->put++) {
		socket = &set->sockets[set->put];
		sockdup_charge_take(&socket->charge, token->charge.account,
				    socket->charge.file);
		socket->token = sockdup_token_hold(token);
		if (sockdup_charge_return_later(&socket->charge, token_put_other))
			sockdup_token_put(token);
	}
	if (until < set->count)
		sockdup_account_do(token->charge.account, SOCKDUP_LINE_PUT_INET, job);
	else
		sockdup_token_put(token);
}

/*
 * Have the files of an ended token put. Those of a large set take their account's turns:
 * the caller may serve everybody. Consumes the reference of a live token.
 */
static void token_put_files_later(struct sockdup_token *token)
{
	struct sockdup_set *set = sockdup_token_set(token);
	struct sockdup_set_socket *first;

	if (set) {
		sockdup_set_put(set);
		first = &set->sockets[0];
		first->charge.job.run = token_put_others;
		first->token = sockdup_token_hold(token);
		set->put = 1;
		token_put_others(&first->charge.job);
	}
	if (sockdup_charge_return_later(&token->charge, token_put_first))
		sockdup_token_put(token);
}

static noinline void token_put_set(struct sockdup_token *token, struct sockdup_set *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		fput(set->sockets[i].charge.file);
	sockdup_account_return_files(token->charge.account, set->count);
	sockdup_set_put(set);
}

/* Put the files of an ended token, or of one that nobody can find, here and now. */
static inline void token_put_files(struct sockdup_token *token)
{
	struct sockdup_set *set = sockdup_token_set(token);

	if (unlikely(set))
		token_put_set(token, set);
	else
		sockdup_charge_return(&token->charge);
}

/* End a claimed token as its verdict says, and have a worker put the file. */
static void token_drop(struct sockdup_token *token)
{
	token_finish(token, atomic_read(&token->verdict));
	token_put_files_later(token);
}

/* The life that a caller's token may have; *ttl_ms is 0 for the default. */
static int token_check_ttl(struct sockdup_target *target,
			   const struct sockdup_token_terms *terms,
			   unsigned int *ttl_ms)
{
	unsigned int usual = sockdup_token_default_ttl();

	if (!*ttl_ms) {
		*ttl_ms = usual;
		return 0;
	}
	if (*ttl_ms > sockdup_token_max_ttl())
		return -EINVAL;
	if (*ttl_ms <= usual || terms->trusted)
		return 0;
	return sockdup_target_check_trust(target, terms->user);
}

static void token_list_put(struct sockdup_token_list *list)
{
	if (refcount_dec_and_test(&list->ref))
		kfree(list);
}

static void token_extra_free(struct sockdup_token_extra *extra)
{
	if (!extra)
		return;
	if (extra->list)
		token_list_put(extra->list);
	if (extra->report)
		sockdup_report_cancel(extra->report);
	if (extra->set)
		sockdup_set_free(extra->set);
	else
		kfree(extra);
}

static void token_free(struct sockdup_token *token)
{
	struct sockdup_account *account = token->charge.account;

	sockdup_target_put(token->target);
	put_pid(token->source);
	token_extra_free(token->extra);
	kmem_cache_free(token_cache, token);
	/* Last: this may let the module go. */
	sockdup_account_put(account);
}

/**
 * sockdup_token_make_opaque - the opaque bytes of a token
 * @opaque: filled
 *
 * They name nothing before the token is published. An exporter can have them before it
 * makes the token.
 */
void sockdup_token_make_opaque(struct sockdup_opaque *opaque)
{
	opaque->id = get_random_u64();
	opaque->secret[0] = siphash_1u64(opaque->id, &token_secret_keys[0]);
	opaque->secret[1] = siphash_1u64(opaque->id, &token_secret_keys[1]);
}

/* One to be filled, if the terms need one. A set brings its own. */
static int token_extra_new(struct sockdup_token *token,
			   const struct sockdup_token_terms *terms, gfp_t gfp)
{
	if (likely(!terms->rare))
		return 0;
	if (terms->set)
		token->extra = &terms->set->extra;
	else
		token->extra = kmalloc(sizeof(*token->extra), gfp);
	return token->extra ? 0 : -ENOMEM;
}

static void token_extra_fill(struct sockdup_token *token,
			     const struct sockdup_token_terms *terms)
{
	struct sockdup_token_extra *extra = token->extra;

	if (!extra)
		return;
	extra->token = token;
	extra->list = terms->list;
	if (extra->list)
		refcount_inc(&extra->list->ref);
	INIT_LIST_HEAD(&extra->mate);
	extra->report = terms->report;
	extra->invites = terms->invites;
	extra->set = terms->set;
}

/* Hold what the token is to hold at the expense of the account. */
static int token_charge(struct sockdup_token *token, struct sockdup_account *account,
			struct file *file, struct sockdup_set *set)
{
	int err;

	if (set && !sockdup_account_charge_bytes(account, set->size))
		return -ENOBUFS;
	err = sockdup_account_charge_files(account, set ? set->count : 1);
	if (err) {
		if (set)
			sockdup_account_return_bytes(account, set->size);
		return err;
	}
	sockdup_charge_take(&token->charge, account, file);
	return 0;
}

/* Leaves file, target, report and set to the caller where it fails. */
static struct sockdup_token *token_new(struct file *file,
				       struct sockdup_target *target,
				       const struct sockdup_token_terms *terms,
				       gfp_t gfp)
{
	struct sockdup_account *account = terms->account;
	unsigned int ttl_ms = terms->ttl_ms;
	struct sockdup_token *token;
	int err;

	err = token_check_ttl(target, terms, &ttl_ms);
	if (err)
		return ERR_PTR(err);
	account = sockdup_account_get_current(account, gfp);
	if (IS_ERR(account))
		return ERR_CAST(account);
	token = kmem_cache_zalloc(token_cache, gfp);
	err = token ? token_extra_new(token, terms, gfp) : -ENOMEM;
	if (!err)
		err = token_charge(token, account, file, terms->set);
	if (err)
		goto err_token;

	RB_CLEAR_NODE(&token->node);
	RB_CLEAR_NODE(&token->user);
	INIT_LIST_HEAD(&token->sibling);
	token_extra_fill(token, terms);
	mutex_init(&token->claim);
	refcount_set(&token->ref, 1);
	if (unlikely(terms->opaque))
		token->opaque = *terms->opaque;
	else
		sockdup_token_make_opaque(&token->opaque);
	token->bucket = token_bucket(token->opaque.id);
	token->ttl_ms = ttl_ms;
	token->deadline = ktime_get_boottime_ns() +
			  (u64)ttl_ms * NSEC_PER_MSEC;
	token->due = token->deadline;
	token->target = target;
	token->target_uid = terms->user;
	token->source = get_pid(task_tgid(current));
	current_euid_egid(&token->uid, &token->gid);
	token->net = current->nsproxy->net_ns->net_cookie;
	return token;

err_token:
	if (token) {
		if (!terms->set)
			kfree(token->extra);
		kmem_cache_free(token_cache, token);
	}
	sockdup_account_put(account);
	return ERR_PTR(err);
}

/**
 * sockdup_token_create - make a token that nobody can find yet
 * @file: the first socket's file; the caller's reference is consumed, which is that of
 *	  the set where there is one
 * @target: the caller's hold is consumed
 * @terms: what the exporter asks for
 * @gfp: how to allocate it, and the account
 *
 * To be published or discarded.
 *
 * Return: the token; ERR_PTR(-EINVAL) where the life exceeds the limit;
 * ERR_PTR(-EPERM) where it exceeds the default, and the target has no reason
 * to wait for the caller, or ERR_PTR(-ESRCH) where the target has ended
 * meanwhile; ERR_PTR(-ENOBUFS) where the caller's user is at the quota;
 * ERR_PTR(-ENOMEM).
 */
struct sockdup_token *sockdup_token_create(struct file *file,
					   struct sockdup_target *target,
					   const struct sockdup_token_terms *terms,
					   gfp_t gfp)
{
	struct sockdup_token *token = token_new(file, target, terms, gfp);

	if (IS_ERR(token)) {
		if (terms->report)
			sockdup_report_cancel(terms->report);
		sockdup_target_put(target);
		if (terms->set)
			sockdup_set_discard(terms->set);
		else
			fput(file);
	}
	return token;
}

/**
 * sockdup_token_publish - let a token be found
 * @token: created; on success not to be touched any more, as it may end at
 *         any moment
 *
 * Return: 0; -ESRCH where the target has ended.
 */
int sockdup_token_publish(struct sockdup_token *token)
{
	return token_link(token);
}

/**
 * sockdup_token_wait_published - wait until a token can be found
 * @token: reported by its exporter, and perhaps not in the table yet
 */
void sockdup_token_wait_published(struct sockdup_token *token)
{
	/* Held by the exporter from before it tells until the token is found. */
	spin_lock(&token->target->lock);
	spin_unlock(&token->target->lock);
}

/**
 * sockdup_token_discard - undo a creation
 * @token: created, and not published
 */
void sockdup_token_discard(struct sockdup_token *token)
{
	token_put_files(token);
	sockdup_token_put(token);
}

/* Where @secret is NULL, the id is enough. */
static struct sockdup_token *token_find(u64 id, const u64 *secret)
{
	struct hlist_bl_head *bucket = token_bucket(id);
	struct sockdup_token *token;
	struct hlist_bl_node *place;

	hlist_bl_lock(bucket);
	hlist_bl_for_each_entry(token, place, bucket, place) {
		if (token->opaque.id == id &&
		    (!secret || !crypto_memneq(token->opaque.secret, secret,
					       sizeof(token->opaque.secret)))) {
			sockdup_token_hold(token);
			goto out;
		}
	}
	token = ERR_PTR(-ENOENT);
out:
	hlist_bl_unlock(bucket);
	return token;
}

/**
 * sockdup_token_get - find a token by all its opaque bytes
 * @opaque: from the caller's protocol info
 *
 * Return: the token, to be put, or ERR_PTR(-ENOENT). It may end meanwhile, so
 * that without a lock only what never changes may be read.
 */
struct sockdup_token *sockdup_token_get(const struct sockdup_opaque *opaque)
{
	return token_find(opaque->id, opaque->secret);
}

/**
 * sockdup_token_get_by_id - find a token by what lists show of it
 * @id: its public name
 *
 * The caller has checked that its user may know of this token.
 *
 * Return: as sockdup_token_get().
 */
struct sockdup_token *sockdup_token_get_by_id(u64 id)
{
	return token_find(id, NULL);
}

/**
 * sockdup_token_hold - get a token once more
 * @token: got by the caller, or known to be live
 *
 * Return: @token.
 */
struct sockdup_token *sockdup_token_hold(struct sockdup_token *token)
{
	refcount_inc(&token->ref);
	return token;
}

/**
 * sockdup_token_put - let go of a token
 * @token: got by the caller
 *
 * Context: process context.
 */
void sockdup_token_put(struct sockdup_token *token)
{
	might_sleep();
	if (refcount_dec_and_test(&token->ref))
		token_free(token);
}

/* Whether a claimed token can have an end, or a target that the caller is no longer of. */
static bool token_needs_look(const struct sockdup_token *token)
{
	const struct sockdup_target *target = token->target;

	return READ_ONCE(target->dead) || target->account ||
	       sockdup_deadline_has_passed(token->deadline);
}

/* Gives up the claim of a token that the caller cannot import. */
static noinline int token_check_claimed(struct sockdup_token *token)
{
	enum sockdup_token_event cause = token_cause(token);

	if (cause) {
		atomic_cmpxchg(&token->verdict, 0, cause);
		token_drop(token);
		return -ENOENT;
	}
	if (!sockdup_target_is_current(token->target, token->target_uid)) {
		sockdup_token_restore(token);
		return -EPERM;
	}
	return 0;
}

/**
 * sockdup_token_claim - keep a live token from ending until it is imported
 * @token: got by the caller
 *
 * To be restored or spent. Sleeps while another claim lasts.
 *
 * Return: 0; -ENOENT where the token has ended, or is over; -EINTR where the
 * caller is killed; -EPERM where it was moved out of the token's cgroup meanwhile.
 */
int sockdup_token_claim(struct sockdup_token *token)
{
	if (atomic_read(&token->verdict))
		return -ENOENT;
	if (mutex_lock_killable(&token->claim))
		return -EINTR;
	if (token->end) {
		mutex_unlock(&token->claim);
		return -ENOENT;
	}
	/*
	 * A verdict from here on finds the claim taken, and is told so: one that
	 * came just before loses to the import.
	 */
	return unlikely(token_needs_look(token)) ? token_check_claimed(token) : 0;
}

/**
 * sockdup_token_restore - give up a claim and leave the token as it was
 * @token: claimed
 *
 * Unless there is a verdict by now, which is carried out.
 */
void sockdup_token_restore(struct sockdup_token *token)
{
	mutex_unlock(&token->claim);
	/*
	 * Either this sees the verdict, or the writer of the verdict sees the claim free.
	 * Pairs with the cmpxchg in sockdup_token_end().
	 */
	smp_mb();
	if (!atomic_read(&token->verdict) || !mutex_trylock(&token->claim))
		return;
	if (token->end)
		mutex_unlock(&token->claim);
	else
		token_drop(token);
}

/**
 * sockdup_token_spend - end a token whose sockets the caller has been given
 * @token: claimed; the caller's reference is consumed
 *
 * The files are put here: a put that turns out to be the last one is the
 * caller's, whose descriptor somebody has closed meanwhile.
 */
void sockdup_token_spend(struct sockdup_token *token)
{
	token_finish(token, SOCKDUP_TOKEN_IMPORTED);
	token_put_files(token);
	/* The caller's, and that of a live token. */
	if (refcount_sub_and_test(2, &token->ref))
		token_free(token);
}

static bool token_lingers(const struct sockdup_token *token)
{
	unsigned int i;

	for (i = 0; i < sockdup_token_socket_count(token); i++)
		if (sock_flag(sock_from_file(sockdup_token_file(token, i))->sk,
			      SOCK_LINGER))
			return true;
	return false;
}

/*
 * Whether the current process puts the files as it would close its own. One that
 * lingers is better put by a worker, where it does not.
 */
static bool token_is_to_be_put_here(const struct sockdup_token *token,
				    enum sockdup_token_event how)
{
	return (how == SOCKDUP_TOKEN_REVOKED ||
		how == SOCKDUP_TOKEN_HANDLE_CLOSED) &&
	       token->source == task_tgid(current) &&
	       uid_eq(token->charge.account->uid, current_uid()) &&
	       !token_lingers(token);
}

/**
 * sockdup_token_end - end a token without handing its socket out
 * @token: referenced and not claimed by the caller
 * @how: what ends it
 *
 * Does not wait for a claim, which may last. If the import fails, the importer ends
 * the token instead of restoring it. If it succeeds, the importer keeps the socket.
 *
 * The exporter itself puts the file of a token that it revokes, or that ends with
 * its handle. Otherwise a worker does, so that nobody waits for another's close.
 *
 * Return: 0; -EBUSY where somebody imports the token: it ends with that, one way
 * or the other; -ENOENT where the token has ended, or something else ends it.
 */
int sockdup_token_end(struct sockdup_token *token,
		      enum sockdup_token_event how)
{
	enum sockdup_token_event cause = token_cause(token) ?: how;

	/* The first verdict counts. Only its writer tries to end the token. */
	if (atomic_cmpxchg(&token->verdict, 0, cause))
		return -ENOENT;
	if (!mutex_trylock(&token->claim))
		return cause == how ? -EBUSY : -ENOENT;
	if (token->end) {
		/* An importer that restored the token meanwhile has carried it out. */
		if (token->end == SOCKDUP_TOKEN_IMPORTED)
			cause = SOCKDUP_TOKEN_IMPORTED;
		mutex_unlock(&token->claim);
		return cause == how ? 0 : -ENOENT;
	}
	if (!token_is_to_be_put_here(token, cause)) {
		token_drop(token);
	} else {
		token_finish(token, cause);
		token_put_files(token);
		sockdup_token_put(token);
	}
	return cause == how ? 0 : -ENOENT;
}

/**
 * sockdup_token_revoke - end a token as its user, its target or a privileged user may
 * @token: referenced and not claimed by the caller, who may revoke it
 *
 * The exporter revokes, even where it is among those that the token is for.
 *
 * Return: as sockdup_token_end().
 */
int sockdup_token_revoke(struct sockdup_token *token)
{
	bool declined = token->source != task_tgid(current) &&
			sockdup_target_is_current(token->target,
						  token->target_uid);

	return sockdup_token_end(token, declined ? SOCKDUP_TOKEN_DECLINED :
						   SOCKDUP_TOKEN_REVOKED);
}

/**
 * sockdup_token_look - look at a live token's files
 * @token: got by the caller
 * @look: does it under a spinlock, while the files stay
 * @data: handed to @look
 *
 * Return: what @look returned; -ENOENT where the token has ended, or is over.
 */
int sockdup_token_look(struct sockdup_token *token,
		       int (*look)(const struct sockdup_token *token, void *data),
		       void *data)
{
	struct sockdup_account *account = token->charge.account;
	int err = -ENOENT;

	spin_lock(&account->lock);
	if (!RB_EMPTY_NODE(&token->node) && !token_is_over(token))
		err = look(token, data);
	spin_unlock(&account->lock);
	return err;
}

/* The token of the lowest id from @id on in a bucket, held, or NULL. */
static struct sockdup_token *token_bucket_next(struct hlist_bl_head *bucket,
					       u64 id)
{
	struct sockdup_token *token, *next = NULL;
	struct hlist_bl_node *place;

	hlist_bl_lock(bucket);
	hlist_bl_for_each_entry(token, place, bucket, place)
		if (token->opaque.id >= id &&
		    (!next || token->opaque.id < next->opaque.id))
			next = token;
	if (next)
		sockdup_token_hold(next);
	hlist_bl_unlock(bucket);
	return next;
}

static struct sockdup_token *
token_next_of_all(struct sockdup_token_cursor *cursor)
{
	struct sockdup_token *token;

	for (; cursor->bucket < 1U << TOKEN_TABLE_BITS; cursor->bucket++) {
		if (!hlist_bl_empty(&token_table[cursor->bucket])) {
			token = token_bucket_next(&token_table[cursor->bucket],
						  cursor->id);
			if (token)
				return token;
		}
		cursor->id = 0;
		cond_resched();
	}
	return NULL;
}

static struct sockdup_token *
token_next_of_account(struct sockdup_token_cursor *cursor,
		      struct sockdup_account *account)
{
	struct sockdup_token *token, *next = NULL;
	struct rb_node *node;

	spin_lock(&account->lock);
	node = account->tokens.rb_root.rb_node;
	while (node) {
		token = rb_entry(node, struct sockdup_token, node);
		if (token->due < cursor->due ||
		    (token->due == cursor->due &&
		     token->opaque.id < cursor->id)) {
			node = node->rb_right;
		} else {
			next = token;
			node = node->rb_left;
		}
	}
	if (next) {
		sockdup_token_hold(next);
		cursor->due = next->due;
	}
	spin_unlock(&account->lock);
	return next;
}

/**
 * sockdup_token_next - walk over tokens
 * @cursor: where the walk is; it stays at the token until that is passed
 * @account: whose tokens, held by the caller; NULL for all
 *
 * The order is fixed. So the walk meets each token exactly once that is live during
 * the whole walk, whichever tokens are made or end meanwhile.
 *
 * Return: a token, to be put, or NULL at the end.
 */
struct sockdup_token *sockdup_token_next(struct sockdup_token_cursor *cursor,
					 struct sockdup_account *account)
{
	struct sockdup_token *token;

	cond_resched();
	token = account ? token_next_of_account(cursor, account) :
			  token_next_of_all(cursor);
	if (token)
		cursor->id = token->opaque.id;
	return token;
}

/**
 * sockdup_token_pass - go on behind a token
 * @cursor: at the token
 */
void sockdup_token_pass(struct sockdup_token_cursor *cursor)
{
	cursor->id++;
	if (!cursor->id) {
		cursor->due++;
		cursor->bucket++;
	}
}

/**
 * sockdup_token_next_of_target - walk over the tokens of a target
 * @target: whose lock the caller holds
 * @token: the previous one, or NULL
 *
 * By user, and then by age.
 *
 * Return: a token, or NULL at the end.
 */
struct sockdup_token *
sockdup_token_next_of_target(const struct sockdup_target *target,
			     struct sockdup_token *token)
{
	struct sockdup_token *next;
	struct rb_node *node;

	lockdep_assert_held(&target->lock);

	if (token) {
		next = list_next_entry(token, sibling);
		if (RB_EMPTY_NODE(&next->user))
			return next;
		/* The round of one user is over. */
		node = rb_next(&next->user);
	} else {
		node = rb_first(&target->users);
	}
	return rb_entry_safe(node, struct sockdup_token, user);
}

/**
 * sockdup_token_count - how often something has happened
 * @event: what
 *
 * Return: the number since the module was loaded, exact while no event happens. On
 * a 32-bit kernel each processor's part of it wraps at 2^32.
 */
u64 sockdup_token_count(enum sockdup_token_event event)
{
	u64 count = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		count += READ_ONCE(per_cpu(token_counts, cpu).of[event]);
	return count;
}

/**
 * sockdup_token_list_new - make an empty list
 *
 * Return: the list, to be dropped, or NULL.
 */
struct sockdup_token_list *sockdup_token_list_new(void)
{
	struct sockdup_token_list *list;

	list = kmalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	refcount_set(&list->ref, 1);
	spin_lock_init(&list->lock);
	INIT_LIST_HEAD(&list->extras);
	return list;
}

/* The first of a list, taken off it and held, or NULL. */
static struct sockdup_token *token_list_take(struct sockdup_token_list *list)
{
	struct sockdup_token *token = NULL;
	struct sockdup_token_extra *extra;

	spin_lock(&list->lock);
	extra = list_first_entry_or_null(&list->extras, struct sockdup_token_extra,
					 mate);
	if (extra) {
		token = sockdup_token_hold(extra->token);
		list_del_init(&extra->mate);
	}
	spin_unlock(&list->lock);
	return token;
}

/**
 * sockdup_token_list_drop - end every token of a list, and let go of it
 * @list: that no token joins any more
 */
void sockdup_token_list_drop(struct sockdup_token_list *list)
{
	struct sockdup_token *token;

	while ((token = token_list_take(list))) {
		sockdup_token_end(token, SOCKDUP_TOKEN_HANDLE_CLOSED);
		sockdup_token_put(token);
		cond_resched();
	}
	token_list_put(list);
}

/**
 * sockdup_token_age_ms - how long a token has lived
 * @token: got by the caller, or known to be live
 * @now: nanoseconds of CLOCK_BOOTTIME
 *
 * Return: milliseconds.
 */
u64 sockdup_token_age_ms(const struct sockdup_token *token, u64 now)
{
	u64 born = token->deadline - (u64)token->ttl_ms * NSEC_PER_MSEC;

	return div_u64(now - born, NSEC_PER_MSEC);
}

/**
 * sockdup_token_left_ms - how long a token has to live
 * @token: got by the caller, or known to be live
 * @now: nanoseconds of CLOCK_BOOTTIME
 *
 * Return: milliseconds.
 */
u64 sockdup_token_left_ms(const struct sockdup_token *token, u64 now)
{
	return div_u64(max_t(s64, token->deadline - now, 0), NSEC_PER_MSEC);
}

/**
 * sockdup_token_is_callers - whether the caller may query and revoke a token
 * @token: got by the caller
 *
 * Return: true for the target, the user who exported, and CAP_SYS_ADMIN in
 * the initial user namespace.
 */
bool sockdup_token_is_callers(const struct sockdup_token *token)
{
	return sockdup_target_is_current(token->target, token->target_uid) ||
	       uid_eq(token->uid, current_euid()) || capable(CAP_SYS_ADMIN);
}

/*
 * The next token of an account that is due at @now, held, or NULL. It is not due
 * again: if it is claimed, the importer ends it.
 */
static struct sockdup_token *token_take_due(struct sockdup_account *account,
					    u64 now)
{
	struct sockdup_token *token = NULL;
	struct rb_node *first;

	spin_lock(&account->lock);
	first = rb_first_cached(&account->tokens);
	if (first && rb_entry(first, struct sockdup_token, node)->due <= now) {
		token = rb_entry(first, struct sockdup_token, node);
		token_set_due(token, U64_MAX);
		sockdup_token_hold(token);
	}
	spin_unlock(&account->lock);
	return token;
}

static void token_set_alarm(struct sockdup_account *account)
{
	struct rb_node *first;

	spin_lock(&account->lock);
	account->alarm = U64_MAX;
	first = rb_first_cached(&account->tokens);
	if (first)
		sockdup_account_alarm(account, rb_entry(first, struct sockdup_token,
							node)->due);
	sockdup_account_alarm(account, sockdup_target_look_due(account));
	spin_unlock(&account->lock);
}

/**
 * sockdup_token_sweep - end what is due of an account, and look for ended scopes
 * @work: the account's
 *
 * In turns with the other accounts.
 */
void sockdup_token_sweep(struct work_struct *work)
{
	struct sockdup_account *account =
		container_of(to_delayed_work(work), struct sockdup_account,
			     sweep);
	u64 now = ktime_get_boottime_ns();
	struct sockdup_token *token;
	unsigned int i;

	/* At zero the release waits for this to return. */
	if (!refcount_inc_not_zero(&account->ref))
		return;
	for (i = 0; i < TOKEN_SWEEP_BATCH; i++) {
		token = token_take_due(account, now);
		if (!token)
			break;
		sockdup_token_end(token, SOCKDUP_TOKEN_EXPIRED);
		sockdup_token_put(token);
		cond_resched();
	}
	sockdup_target_look_at_scopes(account, now);
	token_set_alarm(account);
	sockdup_account_put(account);
}

/* Let a token's account end it, as the target is dead. Caller holds the target's lock. */
static void token_set_dead(struct sockdup_token *token)
{
	struct sockdup_account *account = token->charge.account;

	token_leave_target(token);
	spin_lock(&account->lock);
	if (token->due != U64_MAX)
		token_set_due(token, 0);
	sockdup_account_alarm(account, 0);
	spin_unlock(&account->lock);
}

/*
 * Have the accounts end the tokens of a dead target. True where some are left. Users take
 * turns, one token each: anybody may have exported very many to that process.
 */
static bool token_target_died(struct sockdup_target *target)
{
	struct sockdup_token *token;
	unsigned int i;
	bool left;

	spin_lock(&target->lock);
	for (i = 0; i < TOKEN_DEATH_BATCH && !RB_EMPTY_ROOT(&target->users); i++) {
		token = token_of_user(target, target->turn) ?: token_of_user(target, 0);
		target->turn = token_user(token) + 1;
		token_set_dead(token);
	}
	left = !RB_EMPTY_ROOT(&target->users);
	spin_unlock(&target->lock);
	return left;
}

/**
 * sockdup_token_init - make ready to create tokens
 * @tell: called with every event of a token, perhaps under a spinlock
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_token_init(void (*tell)(struct sockdup_token *token,
					   enum sockdup_token_event event))
{
	int err;

	token_told = tell;
	err = get_random_bytes_wait(&token_table_key, sizeof(token_table_key)) ?:
	      get_random_bytes_wait(token_secret_keys, sizeof(token_secret_keys));
	if (err)
		return err;
	err = -ENOMEM;
	token_table = kvcalloc(1 << TOKEN_TABLE_BITS, sizeof(*token_table),
			       GFP_KERNEL);
	if (!token_table)
		return -ENOMEM;
	token_cache = KMEM_CACHE(sockdup_token, 0);
	if (!token_cache)
		goto err_table;
	err = sockdup_target_init(token_target_died);
	if (err)
		goto err_cache;
	return 0;

err_cache:
	kmem_cache_destroy(token_cache);
err_table:
	kvfree(token_table);
	return err;
}

/**
 * sockdup_token_exit - let go of what init made
 *
 * The caller has removed the device and the netlink family, and stopped the workers
 * of accounts. There is no token: each keeps the module loaded.
 */
void sockdup_token_exit(void)
{
	sockdup_target_exit();
	rcu_barrier();
	kmem_cache_destroy(token_cache);
	kvfree(token_table);
}
