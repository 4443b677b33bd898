// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a token. It is made by an export, published, and ends once: by
 * import, revocation, its deadline or its target's death. Whoever wants to
 * end it, or to look at its socket, claims it first and then restores, spends
 * or drops it. A claim is a lock, a bit of the token's state, so these exclude
 * each other, and an import that fails restores the token as if nothing had been
 * tried. Who holds a claim touches no user memory, which could keep it for ever.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/list_bl.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include <crypto/algapi.h>
#include <net/net_namespace.h>

#include "target.h"
#include "token.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define TOKEN_TABLE_BITS	16

/* Overdue tokens are looked for twice a second, busy ones again soon. */
#define TOKEN_SWEEP_PERIOD	(HZ / 2)
#define TOKEN_SWEEP_RETRY	max(HZ / 100, 1)

/*
 * Tokens of one target that are dropped before it is the next one's turn. Few, as
 * somebody can have very many targets that have more.
 */
#define TOKEN_SWEEP_BATCH	16U

#define TOKEN_TTL_LIMIT_MS	(24U * 60 * 60 * 1000)

static unsigned int default_ttl_ms = 60 * 1000;
module_param(default_ttl_ms, uint, 0644);
MODULE_PARM_DESC(default_ttl_ms, "life of a token that asks for none, milliseconds (60000)");

static unsigned int max_ttl_ms = 60 * 60 * 1000;
module_param(max_ttl_ms, uint, 0644);
MODULE_PARM_DESC(max_ttl_ms, "longest life of a token, milliseconds, at most 24 hours (3600000)");

/* A token that ends with others. */
struct token_listed {
	struct sockdup_token token;	/* with TOKEN_LISTED */
	struct sockdup_token_list *list; /* NULL once that is dropped; set under
					  * its lock, read under RCU
					  */
	struct list_head mate;		/* on @list; covered by its lock */
};

/* Both are constructed alike. */
static_assert(!offsetof(struct token_listed, token));

/* The bits of a token's state. */
enum {
	TOKEN_CLAIMED,
	TOKEN_ENDED,
	TOKEN_LISTED,
	TOKEN_UNWANTED,		/* whoever has the claim, or the next, drops it */
};

/*
 * Live tokens by id. No count of them is kept, and the locks are one a bucket, a
 * bit of its head and inside all other locks: there is nothing that all exports
 * and imports write.
 */
static struct hlist_bl_head *token_table;
static struct kmem_cache *token_cache;
static struct kmem_cache *token_listed_cache;
static struct workqueue_struct *token_queue;
static void (*token_told)(const struct sockdup_token *token,
			  enum sockdup_token_event event);

/* One set a processor: those who export share no line that they write. */
struct token_counts {
	unsigned long of[SOCKDUP_TOKEN_EVENTS];
};

static DEFINE_PER_CPU(struct token_counts, token_counts);

static void token_sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(token_sweep_work, token_sweep);
/* Apart, so that neither puts off the other. */
static DECLARE_DELAYED_WORK(token_retry_work, token_sweep);

/**
 * sockdup_token_max_ttl - the longest life that can be asked for
 *
 * Return: milliseconds.
 */
unsigned int sockdup_token_max_ttl(void)
{
	return clamp(READ_ONCE(max_ttl_ms), 1U, TOKEN_TTL_LIMIT_MS);
}

/**
 * sockdup_token_default_ttl - the life of a token that asks for none
 *
 * Return: milliseconds.
 */
unsigned int sockdup_token_default_ttl(void)
{
	return clamp(READ_ONCE(default_ttl_ms), 1U, sockdup_token_max_ttl());
}

/* The claims of all tokens, to lockdep: nobody holds two of them. */
static struct lock_class_key token_claim_key;
static struct lockdep_map token_claim_map __maybe_unused;

static int token_lock(struct sockdup_token *token)
{
	int err;

	mutex_acquire(&token_claim_map, 0, 0, _RET_IP_);
	err = wait_on_bit_lock(&token->state, TOKEN_CLAIMED, TASK_KILLABLE);
	if (err)
		mutex_release(&token_claim_map, _RET_IP_);
	return err;
}

static bool token_trylock(struct sockdup_token *token)
{
	if (test_and_set_bit_lock(TOKEN_CLAIMED, &token->state))
		return false;
	mutex_acquire(&token_claim_map, 0, 1, _RET_IP_);
	return true;
}

static void token_unlock(struct sockdup_token *token)
{
	mutex_release(&token_claim_map, _RET_IP_);
	clear_and_wake_up_bit(TOKEN_CLAIMED, &token->state);
}

/* Caller has locked the token. */
static bool token_has_ended(const struct sockdup_token *token)
{
	return test_bit(TOKEN_ENDED, &token->state);
}

/* What the token is part of where it ends with others, or NULL. */
static struct token_listed *token_listed(struct sockdup_token *token)
{
	return test_bit(TOKEN_LISTED, &token->state) ?
	       container_of(token, struct token_listed, token) : NULL;
}

static struct hlist_bl_head *token_bucket(u64 id)
{
	return &token_table[id & ((1U << TOKEN_TABLE_BITS) - 1)];
}

static bool token_is_late(const struct sockdup_token *token)
{
	return ktime_get_boottime_ns() >= token->life.expires;
}

/* Whether it can no longer be imported, though it may still be live. */
static bool token_is_over(const struct sockdup_token *token)
{
	return READ_ONCE(token->target->dead) ||
	       test_bit(TOKEN_UNWANTED, &token->state) || token_is_late(token);
}

/**
 * sockdup_token_refusal - what those are told whom a token is not for
 * @token: got by the caller
 *
 * Return: -EPERM, or -ENOENT where nobody could have it any more.
 */
int sockdup_token_refusal(const struct sockdup_token *token)
{
	return token_is_over(token) ? -ENOENT : -EPERM;
}

/* End a claimed token that is over. */
static void token_finish(struct sockdup_token *token)
{
	enum sockdup_token_event how = SOCKDUP_TOKEN_EXPIRED;

	if (READ_ONCE(token->target->dead))
		how = SOCKDUP_TOKEN_TARGET_DIED;
	else if (test_bit(TOKEN_UNWANTED, &token->state))
		how = token_listed(token) ? SOCKDUP_TOKEN_HANDLE_CLOSED :
					    SOCKDUP_TOKEN_REVOKED;
	sockdup_token_drop(token, how);
}

/*
 * Tell the world. Caller holds the token's claim, or has not yet let anybody
 * find it. May run under a spinlock.
 */
static void token_tell(const struct sockdup_token *token,
		       enum sockdup_token_event event)
{
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

/*
 * Publication and its reverse: a token is in the table, with its target, and
 * on its list, or in none of them. Both under the target's lock.
 */
static int token_link(struct sockdup_token *token)
{
	struct hlist_bl_head *bucket = token_bucket(token->opaque.id);
	struct token_listed *listed = token_listed(token);
	int err;

	err = sockdup_target_add(token->target, &token->life);
	if (err)
		return err;
	/* Before anybody finds it, and can let it end. */
	token_tell(token, SOCKDUP_TOKEN_EXPORTED);
	if (listed) {
		spin_lock(&listed->list->lock);
		list_add_tail(&listed->mate, &listed->list->tokens);
		spin_unlock(&listed->list->lock);
	}
	hlist_bl_lock(bucket);
	hlist_bl_add_head(&token->charge.place, bucket);
	hlist_bl_unlock(bucket);
	return 0;
}

/* Off its list, unless that is being dropped, and may be gone after RCU's time. */
static void token_unlist(struct token_listed *listed)
{
	struct sockdup_token_list *list;

	rcu_read_lock();
	list = READ_ONCE(listed->list);
	if (list) {
		spin_lock(&list->lock);
		if (listed->list)
			list_del(&listed->mate);
		spin_unlock(&list->lock);
	}
	rcu_read_unlock();
}

static void token_unlink(struct sockdup_token *token)
{
	struct hlist_bl_head *bucket = token_bucket(token->opaque.id);
	struct token_listed *listed = token_listed(token);

	hlist_bl_lock(bucket);
	hlist_bl_del(&token->charge.place);
	hlist_bl_unlock(bucket);
	if (listed)
		token_unlist(listed);
	sockdup_target_remove(token->target, &token->life);
}

/*
 * Who waits for a claim has a reference, taken under a lock that unlinking takes,
 * too: so it is seen by now, and nobody gains one any more. Where there are but
 * that of the caller and that of a live token, nobody waits or ever will.
 */
static void token_unlock_ended(struct sockdup_token *token)
{
	if (refcount_read(&token->ref) > 2) {
		token_unlock(token);
		return;
	}
	mutex_release(&token_claim_map, _RET_IP_);
	clear_bit_unlock(TOKEN_CLAIMED, &token->state);
}

/*
 * The one way from live to ended. Gives up the claim; what is left to the
 * caller, beside its own, is the reference of a live token, and the charge.
 */
static void token_end(struct sockdup_token *token, enum sockdup_token_event how)
{
	lockdep_assert(lock_is_held(&token_claim_map) &&
		       test_bit(TOKEN_CLAIMED, &token->state));

	token_tell(token, how);
	set_bit(TOKEN_ENDED, &token->state);
	spin_lock(&token->target->lock);
	token_unlink(token);
	spin_unlock(&token->target->lock);
	token_unlock_ended(token);
}

/* The file of a dropped token has been put, and its user is not charged. */
static void token_returned(struct sockdup_charge *charge)
{
	sockdup_token_put(container_of(charge, struct sockdup_token, charge));
}

/* The life that a caller's token may have; *ttl_ms is 0 for the default. */
static int token_check_ttl(struct sockdup_target *target, unsigned int *ttl_ms)
{
	unsigned int usual = sockdup_token_default_ttl();

	if (!*ttl_ms) {
		*ttl_ms = usual;
		return 0;
	}
	if (*ttl_ms > sockdup_token_max_ttl())
		return -EINVAL;
	return *ttl_ms > usual ? sockdup_target_check_trust(target) : 0;
}

/* Tokens are given back as they were constructed, so none is cleared anew. */
static void token_construct(void *memory)
{
	struct sockdup_token *token = memory;

	token->state = 0;
}

static struct sockdup_token *token_alloc(struct sockdup_token_list *list)
{
	struct token_listed *listed;

	if (!list)
		return kmem_cache_alloc(token_cache, GFP_KERNEL_ACCOUNT);
	listed = kmem_cache_alloc(token_listed_cache, GFP_KERNEL_ACCOUNT);
	if (!listed)
		return NULL;
	listed->list = list;
	__set_bit(TOKEN_LISTED, &listed->token.state);
	return &listed->token;
}

static void token_free(struct sockdup_token *token)
{
	struct token_listed *listed = token_listed(token);

	lockdep_assert(!test_bit(TOKEN_CLAIMED, &token->state));
	token->state = 0;
	if (listed)
		kmem_cache_free(token_listed_cache, listed);
	else
		kmem_cache_free(token_cache, token);
}

/* Leaves file and target to the caller where it fails. */
static struct sockdup_token *token_new(struct file *file,
				       struct sockdup_target *target,
				       struct sockdup_account *account,
				       unsigned int ttl_ms,
				       struct sockdup_token_list *list)
{
	struct sockdup_token *token;
	int err;

	err = token_check_ttl(target, &ttl_ms);
	if (err)
		return ERR_PTR(err);
	token = token_alloc(list);
	if (!token)
		return ERR_PTR(-ENOMEM);
	err = sockdup_charge_take(&token->charge, file, account);
	if (err) {
		token_free(token);
		return ERR_PTR(err);
	}

	refcount_set(&token->ref, 1);
	sockdup_opaque_draw(&token->opaque);
	timerqueue_init(&token->life);
	token->ttl_ms = ttl_ms;
	token->life.expires = ktime_get_boottime_ns() +
			      (u64)ttl_ms * NSEC_PER_MSEC;
	token->target = target;
	token->source = get_pid(task_tgid(current));
	current_euid_egid(&token->uid, &token->gid);
	token->net = current->nsproxy->net_ns->net_cookie;
	return token;
}

/**
 * sockdup_token_create - make a token that nobody can find yet
 * @file: the socket's file; the caller's reference is consumed
 * @target: the caller's hold is consumed
 * @account: one that is likely to be the current user's, or NULL
 * @ttl_ms: life in milliseconds from now, 0 for the default
 * @list: the tokens that it is to end with, or NULL
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
					   struct sockdup_account *account,
					   unsigned int ttl_ms,
					   struct sockdup_token_list *list)
{
	struct sockdup_token *token;

	token = token_new(file, target, account, ttl_ms, list);
	if (IS_ERR(token)) {
		sockdup_target_put(target);
		fput(file);
	}
	return token;
}

/**
 * sockdup_token_publish - let a token be found
 * @token: created; on success not to be touched any more, as it may end at
 *         any moment
 *
 * Return: 0; -ESRCH where the target has ended; -ENOBUFS where too many
 * tokens wait for it.
 */
int sockdup_token_publish(struct sockdup_token *token)
{
	struct sockdup_target *target = token->target;
	int err;

	spin_lock(&target->lock);
	err = token_link(token);
	spin_unlock(&target->lock);
	if (err)
		return err;

	/*
	 * Either the sweeper sees the token, or we see that it is no longer
	 * pending. It clears that before it looks. The test spares everybody
	 * the write to a line that all share.
	 */
	smp_mb();
	if (!delayed_work_pending(&token_sweep_work))
		queue_delayed_work(token_queue, &token_sweep_work,
				   TOKEN_SWEEP_PERIOD);
	return 0;
}

/**
 * sockdup_token_discard - undo a creation
 * @token: created, and not published
 */
void sockdup_token_discard(struct sockdup_token *token)
{
	sockdup_charge_return(&token->charge);
	sockdup_token_put(token);
}

/* Where @secret is NULL, whoever has the id will do. */
static struct sockdup_token *token_find(u64 id, const u64 *secret)
{
	struct hlist_bl_head *bucket = token_bucket(id);
	struct sockdup_token *token;
	struct hlist_bl_node *place;

	hlist_bl_lock(bucket);
	hlist_bl_for_each_entry(token, place, bucket, charge.place) {
		if (token->opaque.id == id &&
		    (!secret || !crypto_memneq(token->opaque.secret, secret,
					       sizeof(token->opaque.secret)))) {
			refcount_inc(&token->ref);
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
 * Return: the token, to be put, or ERR_PTR(-ENOENT). It may end meanwhile:
 * only a claim tells, and only what never changes may be read without one.
 */
struct sockdup_token *sockdup_token_get(const struct sockdup_opaque *opaque)
{
	return token_find(opaque->id, opaque->secret);
}

/**
 * sockdup_token_get_by_id - find a token by what lists show of it
 * @id: its public name
 *
 * Return: as sockdup_token_get(). The caller makes sure that who asks may know.
 */
struct sockdup_token *sockdup_token_get_by_id(u64 id)
{
	return token_find(id, NULL);
}

/* The token of the lowest id from @id on in a bucket, held, or NULL. */
static struct sockdup_token *token_bucket_next(struct hlist_bl_head *bucket,
					       u64 id)
{
	struct sockdup_token *token, *next = NULL;
	struct hlist_bl_node *place;

	hlist_bl_lock(bucket);
	hlist_bl_for_each_entry(token, place, bucket, charge.place)
		if (token->opaque.id >= id &&
		    (!next || token->opaque.id < next->opaque.id))
			next = token;
	if (next)
		refcount_inc(&next->ref);
	hlist_bl_unlock(bucket);
	return next;
}

/**
 * sockdup_token_next - walk over all tokens
 * @cursor: where the walk is; it stays at the token until that is passed
 *
 * Return: a token, to be put, or NULL at the end.
 */
struct sockdup_token *sockdup_token_next(struct sockdup_token_cursor *cursor)
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

/**
 * sockdup_token_pass - go on behind a token
 * @cursor: at the token
 * @token: what sockdup_token_next() returned
 */
void sockdup_token_pass(struct sockdup_token_cursor *cursor,
			const struct sockdup_token *token)
{
	cursor->id = token->opaque.id + 1;
	if (!cursor->id)
		cursor->bucket++;
}

/**
 * sockdup_token_count - how often something has happened
 * @event: what
 *
 * Return: the number since the module was loaded; right as soon as nothing
 * happens. On a kernel of 32 bits each processor's part of it starts anew after
 * 2^32.
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
 * sockdup_token_put - let go of a token
 * @token: got by the caller
 */
void sockdup_token_put(struct sockdup_token *token)
{
	if (!refcount_dec_and_test(&token->ref))
		return;
	sockdup_target_put(token->target);
	put_pid(token->source);
	token_free(token);
}

/**
 * sockdup_token_claim - exclude everybody else from a live token
 * @token: got by the caller
 *
 * To be restored, spent or dropped. Sleeps while another claim lasts.
 *
 * Return: 0; -ENOENT where the token has ended; -EINTR where the caller is
 * killed.
 */
int sockdup_token_claim(struct sockdup_token *token)
{
	if (token_lock(token))
		return -EINTR;
	if (token_has_ended(token)) {
		token_unlock(token);
		return -ENOENT;
	}
	if (token_is_over(token)) {
		/* Not left to the sweeper, whom claims could keep out. */
		token_finish(token);
		return -ENOENT;
	}
	return 0;
}

/* End an unwanted token, unless somebody has it claimed, who will. */
static void token_end_unwanted(struct sockdup_token *token)
{
	if (!token_trylock(token))
		return;
	if (token_has_ended(token))
		token_unlock(token);
	else
		token_finish(token);
}

/**
 * sockdup_token_restore - give up a claim and leave the token as it was
 * @token: claimed
 *
 * Unless its maker has disowned it meanwhile.
 */
void sockdup_token_restore(struct sockdup_token *token)
{
	/* The bits share a word: we see this one, or who sets it gets the claim. */
	token_unlock(token);
	if (test_bit(TOKEN_UNWANTED, &token->state))
		token_end_unwanted(token);
}

/**
 * sockdup_token_spend - end a token whose socket the caller has been given
 * @token: claimed
 *
 * The file is put here: a put that turns out to be the last one is the
 * caller's, whose descriptor somebody has closed meanwhile.
 */
void sockdup_token_spend(struct sockdup_token *token)
{
	token_end(token, SOCKDUP_TOKEN_IMPORTED);
	sockdup_charge_return(&token->charge);
	sockdup_token_put(token);
}

/**
 * sockdup_token_drop - end a token that nobody was given
 * @token: claimed
 * @how: what ends it
 *
 * The file is put by a worker: it may linger, and nobody is to wait for that.
 */
void sockdup_token_drop(struct sockdup_token *token,
			enum sockdup_token_event how)
{
	token_end(token, how);
	sockdup_charge_return_later(&token->charge);
}

/**
 * sockdup_token_disown - end a token unless it has ended
 * @token: got by the caller, who is the one that made it; not claimed
 *
 * A claim is not waited for, as it may last: whoever has it ends the token instead
 * of restoring it. An importer keeps what it was about to be given.
 */
void sockdup_token_disown(struct sockdup_token *token)
{
	set_bit(TOKEN_UNWANTED, &token->state);
	/* Either we get the claim, or who gives it up sees that bit. */
	smp_mb__after_atomic();
	token_end_unwanted(token);
}

/**
 * sockdup_token_list_init - make an empty list
 * @list: to be dropped before it is freed
 */
void sockdup_token_list_init(struct sockdup_token_list *list)
{
	spin_lock_init(&list->lock);
	INIT_LIST_HEAD(&list->tokens);
}

/* The first of a list, taken off it and held, or NULL. */
static struct sockdup_token *token_list_take(struct sockdup_token_list *list)
{
	struct token_listed *listed;

	spin_lock(&list->lock);
	listed = list_first_entry_or_null(&list->tokens, struct token_listed,
					  mate);
	if (listed) {
		refcount_inc(&listed->token.ref);
		list_del(&listed->mate);
		WRITE_ONCE(listed->list, NULL);
	}
	spin_unlock(&list->lock);
	return listed ? &listed->token : NULL;
}

/**
 * sockdup_token_list_drop - end every token of a list
 * @list: that no token joins any more
 */
void sockdup_token_list_drop(struct sockdup_token_list *list)
{
	struct sockdup_token *token;

	while ((token = token_list_take(list))) {
		sockdup_token_disown(token);
		sockdup_token_put(token);
		cond_resched();
	}
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
	u64 born = token->life.expires - (u64)token->ttl_ms * NSEC_PER_MSEC;

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
	return div_u64(max_t(s64, token->life.expires - now, 0), NSEC_PER_MSEC);
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
	return sockdup_target_is_current(token->target) ||
	       uid_eq(token->uid, current_euid()) || capable(CAP_SYS_ADMIN);
}

/*
 * The next token of a target that is over at @now, held; NULL where there is
 * none. The search goes on behind @busy, or starts anew where that has ended.
 */
static struct sockdup_token *token_get_over(struct sockdup_target *target,
					    struct sockdup_token *busy,
					    u64 now)
{
	struct sockdup_token *token = NULL;
	struct timerqueue_node *node;

	spin_lock(&target->lock);
	node = busy && !RB_EMPTY_NODE(&busy->life.node) ?
	       timerqueue_iterate_next(&busy->life) :
	       timerqueue_getnext(&target->tokens);
	if (node && (target->dead || now >= node->expires)) {
		token = container_of(node, struct sockdup_token, life);
		refcount_inc(&token->ref);
	}
	spin_unlock(&target->lock);
	return token;
}

/*
 * Drop what is over of one target, but no more than @batch. True where it was as
 * many: so very many tokens, or ever more of them, keep the caller from no other
 * target. A claim is not waited for but passed by: however long it lasts, it
 * delays no other token. *busy is set then.
 */
static bool token_sweep_target(struct sockdup_target *target,
			       unsigned int batch, bool *busy)
{
	struct sockdup_token *token, *claimed = NULL;
	u64 now = ktime_get_boottime_ns();

	while (batch && (token = token_get_over(target, claimed, now))) {
		if (!token_trylock(token)) {
			swap(token, claimed);
			*busy = true;
		} else if (token_has_ended(token)) {
			token_unlock(token);
		} else {
			token_finish(token);
			batch--;
		}
		if (token)
			sockdup_token_put(token);
		cond_resched();
	}
	if (claimed)
		sockdup_token_put(claimed);
	return !batch;
}

/**
 * struct token_round - a turn of each target
 * @batch: how many tokens of each may be dropped
 * @targets: how many there were
 * @full: of how many that many were dropped
 * @busy: a token was passed by
 * @left: there are tokens yet
 */
struct token_round {
	unsigned int batch;
	unsigned int targets;
	unsigned int full;
	bool busy;
	bool left;
};

static void token_sweep_round(struct token_round *round)
{
	struct sockdup_target *target = NULL;
	unsigned int bucket = 0;

	while ((target = sockdup_target_next(&bucket, target))) {
		round->targets++;
		round->full += token_sweep_target(target, round->batch,
						 &round->busy);
		round->left |= READ_ONCE(target->token_count) != 0;
		cond_resched();
	}
}

/*
 * As many rounds as it takes. The fewer of very many targets have many tokens to
 * drop, the more of each are dropped, so that a round is not mostly a walk.
 */
static void token_sweep(struct work_struct *work)
{
	struct token_round round = { .batch = TOKEN_SWEEP_BATCH };

	token_sweep_round(&round);
	while (round.full) {
		round = (struct token_round){
			.batch = max(TOKEN_SWEEP_BATCH,
				     round.targets / round.full),
		};
		token_sweep_round(&round);
	}
	if (round.busy)
		queue_delayed_work(token_queue, &token_retry_work,
				   TOKEN_SWEEP_RETRY);
	if (round.left)
		queue_delayed_work(token_queue, &token_sweep_work,
				   TOKEN_SWEEP_PERIOD);
}

/* What is claimed meanwhile is left to the sweeper. */
static bool token_target_died(struct sockdup_target *target)
{
	bool busy = false, full;

	full = token_sweep_target(target, TOKEN_SWEEP_BATCH, &busy);
	if (busy)
		queue_delayed_work(token_queue, &token_retry_work,
				   TOKEN_SWEEP_RETRY);
	return full;
}

/**
 * sockdup_token_init - make ready to create tokens
 * @tell: called with every event of a token, perhaps under a spinlock; what it
 *        is given it may not keep
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_token_init(void (*tell)(const struct sockdup_token *token,
					   enum sockdup_token_event event))
{
	int err = -ENOMEM;

	token_told = tell;
	lockdep_init_map_wait(&token_claim_map, "sockdup_token_claim",
			      &token_claim_key, 0, LD_WAIT_SLEEP);
	token_table = kvcalloc(1 << TOKEN_TABLE_BITS, sizeof(*token_table),
			       GFP_KERNEL);
	if (!token_table)
		return -ENOMEM;

	token_cache = kmem_cache_create("sockdup_token",
					sizeof(struct sockdup_token), 0, 0,
					token_construct);
	if (!token_cache)
		goto err_table;
	token_listed_cache = kmem_cache_create("sockdup_token_listed",
					       sizeof(struct token_listed), 0,
					       0, token_construct);
	if (!token_listed_cache)
		goto err_cache;
	token_queue = alloc_workqueue("sockdup_sweep", WQ_UNBOUND, 0);
	if (!token_queue)
		goto err_listed_cache;
	err = sockdup_opaque_init();
	if (err)
		goto err_queue;
	err = sockdup_quota_init(token_returned);
	if (err)
		goto err_opaque;
	err = sockdup_target_init(token_target_died);
	if (err)
		goto err_quota;
	return 0;

err_quota:
	sockdup_quota_exit();
err_opaque:
	sockdup_opaque_exit();
err_queue:
	destroy_workqueue(token_queue);
err_listed_cache:
	kmem_cache_destroy(token_listed_cache);
err_cache:
	kmem_cache_destroy(token_cache);
err_table:
	kvfree(token_table);
	return err;
}

/**
 * sockdup_token_exit - wait until the last token is gone
 *
 * The caller has closed the doors; no token is live, no file is to be put.
 */
void sockdup_token_exit(void)
{
	/*
	 * Who has just dropped the last token may still start the sweeper, and
	 * one sweep that found tokens yet another. One that begins now does not.
	 */
	sockdup_target_flush();
	cancel_delayed_work_sync(&token_sweep_work);
	cancel_delayed_work_sync(&token_retry_work);
	cancel_delayed_work_sync(&token_sweep_work);
	sockdup_quota_exit();
	sockdup_target_exit();
	rcu_barrier();
	sockdup_opaque_exit();
	destroy_workqueue(token_queue);
	kmem_cache_destroy(token_listed_cache);
	kmem_cache_destroy(token_cache);
	kvfree(token_table);
}
