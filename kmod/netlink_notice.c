// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications: what happens to tokens, told to netlink's group.
 */

#include <linux/hashtable.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "account.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_notice.h"
#include "target.h"
#include "token.h"

/**
 * struct nl_net - a network namespace, to be found by its cookie
 * @node: in the table; covered by its lock, read under RCU
 * @net: the namespace
 * @loss: tells its listeners that notifications were lost
 *
 * A token keeps the cookie of the namespace that it was exported in, and neither
 * the namespace nor a pointer to it.
 */
struct nl_net {
	struct hlist_node node;
	struct net *net;
	struct work_struct loss;
};

#define NL_NETS_BITS	8
static DEFINE_HASHTABLE(nl_nets, NL_NETS_BITS);
static DEFINE_SPINLOCK(nl_nets_lock);
/* Secret: nobody can choose namespaces that share a chain. */
static siphash_key_t nl_nets_key __ro_after_init;
static unsigned int nl_net_id;

static u32 nl_net_hash(u64 cookie)
{
	return siphash_1u64(cookie, &nl_nets_key);
}

static void nl_tell_loss(struct work_struct *work);

static int __net_init nl_net_init(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	entry->net = net;
	INIT_WORK(&entry->loss, nl_tell_loss);
	spin_lock(&nl_nets_lock);
	hash_add_rcu(nl_nets, &entry->node, nl_net_hash(net->net_cookie));
	spin_unlock(&nl_nets_lock);
	return 0;
}

/* A grace period lies between this and the exit: nobody finds it then. */
static void __net_exit nl_net_pre_exit(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	spin_lock(&nl_nets_lock);
	hash_del_rcu(&entry->node);
	spin_unlock(&nl_nets_lock);
}

static void __net_exit nl_net_exit(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	cancel_work_sync(&entry->loss);
}

static struct pernet_operations nl_net_ops = {
	.init		= nl_net_init,
	.pre_exit	= nl_net_pre_exit,
	.exit		= nl_net_exit,
	.id		= &nl_net_id,
	.size		= sizeof(struct nl_net),
};

/* Caller is in an RCU read section. */
static struct nl_net *nl_net_find(u64 cookie)
{
	struct nl_net *entry;

	hash_for_each_possible_rcu(nl_nets, entry, node, nl_net_hash(cookie))
		if (entry->net->net_cookie == cookie)
			return entry;
	return NULL;
}

/* How many notifications of an account can wait. Listeners are told if more are lost. */
#define NL_BACKLOG	1024

/* The bit of a token's news that says that its notice is in line. */
#define NL_IN_LINE	BIT(SOCKDUP_TOKEN_EVENTS)

/* The command that tells of an event. */
#define NL_COMMAND(_event)	(SOCKDUP_CMD_TOKEN_EXPORTED_NTF + (_event))

#define NL_SAME_ORDER(_name)						\
	static_assert(NL_COMMAND(SOCKDUP_TOKEN_##_name) ==		\
		      SOCKDUP_CMD_TOKEN_##_name##_NTF)

NL_SAME_ORDER(IMPORTED);
NL_SAME_ORDER(REVOKED);
NL_SAME_ORDER(EXPIRED);
NL_SAME_ORDER(HANDLE_CLOSED);
NL_SAME_ORDER(TARGET_DIED);

#define NL_NOTICE_SIZE	(2 * nla_total_size_64bit(sizeof(u64)) + \
			 2 * nla_total_size(sizeof(u32)))

/* Those in the network namespace of another user namespace need not see the cgroup. */
static u64 nl_notice_cgroup(const struct sockdup_token *token, const struct net *net)
{
	return net->user_ns == &init_user_ns ?
	       sockdup_target_cgroup_ino(token->target, NULL) : 0;
}

/*
 * A notice names no process: the readers of one message can be in different pid
 * namespaces.
 */
static struct sk_buff *nl_notice(const struct sockdup_token *token,
				 const struct net *net, u8 command)
{
	struct sk_buff *skb = genlmsg_new(NL_NOTICE_SIZE, GFP_KERNEL);
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, &sockdup_nl_family, 0, command);
	if (!header ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_UID,
			from_kuid_munged(net->user_ns, token->uid)) ||
	    (token->target->user_ns &&
	     nla_put_u32(skb, SOCKDUP_A_TOKEN_TARGET_UID,
			 from_kuid_munged(net->user_ns, token->target_uid))) ||
	    (token->target->cgroup &&
	     nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_TARGET_CGROUP,
			       nl_notice_cgroup(token, net), SOCKDUP_A_TOKEN_PAD))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	return skb;
}

/*
 * A message like the others. genl_set_err() would walk all listeners, and wake them,
 * with interrupts off and under a lock that every close of a netlink socket spins for.
 */
static void nl_multicast_loss(struct net *net)
{
	struct sk_buff *skb = genlmsg_new(0, GFP_KERNEL);
	void *header;

	if (!skb)
		return;
	header = genlmsg_put(skb, 0, 0, &sockdup_nl_family, 0,
			     SOCKDUP_CMD_NOTIFICATIONS_LOST_NTF);
	if (!header) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&sockdup_nl_family, net, skb, 0, SOCKDUP_NLGRP_TOKENS,
				GFP_KERNEL);
}

static void nl_tell_loss(struct work_struct *work)
{
	struct nl_net *entry = container_of(work, struct nl_net, loss);

	nl_multicast_loss(entry->net);
}

static void nl_multicast(const struct sockdup_token *token, struct net *net,
			 enum sockdup_token_event event)
{
	struct sk_buff *skb = nl_notice(token, net, NL_COMMAND(event));

	if (skb)
		genlmsg_multicast_netns(&sockdup_nl_family, net, skb, 0,
					SOCKDUP_NLGRP_TOKENS, GFP_KERNEL);
	else
		nl_multicast_loss(net);
}

/* A token's network namespace, held, where it is still in use, or NULL. */
static struct net *nl_net_get(u64 cookie)
{
	struct nl_net *entry;
	struct net *net;

	rcu_read_lock();
	entry = nl_net_find(cookie);
	net = entry ? maybe_get_net(entry->net) : NULL;
	rcu_read_unlock();
	return net;
}

/* In a worker, as a walk over all listeners can take long. */
static void nl_run_notice(struct sockdup_job *job)
{
	struct sockdup_token *token =
		container_of(job, struct sockdup_token, notice);
	struct net *net = nl_net_get(token->net);
	int event, news;

	atomic_dec(&token->charge.account->notices);
	/* What comes after this finds the notice out of line. */
	news = atomic_xchg(&token->news, 0);
	if (news & BIT(SOCKDUP_TOKEN_EXPORTED))
		sockdup_token_wait_published(token);
	for (event = 0; event < SOCKDUP_TOKEN_EVENTS; event++)
		if (news & BIT(event) && net)
			nl_multicast(token, net, event);
	if (net)
		put_net(net);
	sockdup_token_put(token);
}

static void nl_lose(const struct sockdup_token *token)
{
	struct nl_net *entry;

	rcu_read_lock();
	entry = nl_net_find(token->net);
	if (entry)
		queue_work(sockdup_line_queue(SOCKDUP_LINE_NOTIFY),
			   &entry->loss);
	rcu_read_unlock();
}

/**
 * sockdup_nl_notice_tell - notify the listeners of an event
 * @token: whose; live, or about to end by the caller
 * @event: what happens
 *
 * In the network namespace that the token was exported in, if it is still there,
 * and a little later. The user has the number of the user namespace that owns the
 * network namespace. Listeners are told of a loss by a notification of its own.
 *
 * Context: may be under a spinlock.
 */
void sockdup_nl_notice_tell(struct sockdup_token *token,
			    enum sockdup_token_event event)
{
	struct sockdup_account *account = token->charge.account;

	/* The core knows of listeners in any namespace, but not in which. */
	if (!genl_has_listeners(&sockdup_nl_family, &init_net, SOCKDUP_NLGRP_TOKENS))
		return;
	if (atomic_fetch_or(BIT(event) | NL_IN_LINE, &token->news) & NL_IN_LINE)
		return;
	if (atomic_inc_return(&account->notices) > NL_BACKLOG) {
		atomic_dec(&account->notices);
		atomic_set(&token->news, 0);
		nl_lose(token);
		return;
	}
	sockdup_token_hold(token);
	token->notice.run = nl_run_notice;
	sockdup_account_do(account, SOCKDUP_LINE_NOTIFY, &token->notice);
}

/**
 * sockdup_nl_notice_init - get ready, before the family is registered
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_nl_notice_init(void)
{
	get_random_bytes(&nl_nets_key, sizeof(nl_nets_key));
	return register_pernet_subsys(&nl_net_ops);
}

/**
 * sockdup_nl_notice_flush - wait for what is to be told still
 *
 * There is no token, so nothing more comes. A loss is told to the group's listeners
 * while its number is the group's.
 */
void sockdup_nl_notice_flush(void)
{
	flush_workqueue(sockdup_line_queue(SOCKDUP_LINE_NOTIFY));
}

/**
 * sockdup_nl_notice_exit - undo the initialisation, after the family has gone
 */
void sockdup_nl_notice_exit(void)
{
	unregister_pernet_subsys(&nl_net_ops);
}
