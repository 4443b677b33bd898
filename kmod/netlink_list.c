// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists by netlink: a dump that walks the tokens of one account, or of all, or the
 * sockets of one token.
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "account.h"
#include "cgroup.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_list.h"
#include "netlink_reader.h"
#include "target.h"
#include "token.h"
#include "trace.h"

/**
 * struct nl_list - a list under way
 * @reader: as it was at the start; its namespaces are held
 * @target: bound to the process of this number, or to any where 0
 * @source: exported by the process of this number, or by any where 0
 * @id: of the token whose sockets are shown; no list of tokens then
 * @by_id: whether that is so
 * @index: the next of those sockets
 * @uid: exported by this user
 * @by_uid: or by any where false
 * @account: of the reader, held; NULL where all accounts are read
 * @cursor: what has been shown
 * @err: the error that the first step reports instead of a list, or 0
 * @extack: the words for @err
 */
struct nl_list {
	struct sockdup_nl_reader reader;
	pid_t target;
	pid_t source;
	u64 id;
	bool by_id;
	unsigned int index;
	kuid_t uid;
	bool by_uid;
	struct sockdup_account *account;
	struct sockdup_token_cursor cursor;
	int err;
	struct netlink_ext_ack extack;
};

static int nl_filter_uid(struct nl_list *list, struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	list->by_uid = true;
	list->uid = make_kuid(list->reader.users, nla_get_u32(attr));
	if (uid_valid(list->uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "your user namespace has no such user");
	return -EINVAL;
}

static int nl_list_filter(struct nl_list *list,
			  struct netlink_callback *cb,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SOCKDUP_A_TOKEN_UID + 1];
	struct nlattr *other;
	int err;

	/* Parse again: kernels differ in where they keep the attributes of a dump. */
	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, SOCKDUP_A_TOKEN_UID,
			  sockdup_token_get_nl_policy, extack);
	if (err)
		return err;
	if (attrs[SOCKDUP_A_TOKEN_ID]) {
		other = attrs[SOCKDUP_A_TOKEN_TARGET] ?: attrs[SOCKDUP_A_TOKEN_SOURCE] ?:
			attrs[SOCKDUP_A_TOKEN_UID];
		if (other) {
			NL_SET_ERR_MSG_ATTR(extack, other,
					    "an id names one token: filters are for many");
			return -EINVAL;
		}
		list->by_id = true;
		list->id = nla_get_u64(attrs[SOCKDUP_A_TOKEN_ID]);
	}
	if (attrs[SOCKDUP_A_TOKEN_TARGET])
		list->target = nla_get_s32(attrs[SOCKDUP_A_TOKEN_TARGET]);
	if (attrs[SOCKDUP_A_TOKEN_SOURCE])
		list->source = nla_get_s32(attrs[SOCKDUP_A_TOKEN_SOURCE]);
	return nl_filter_uid(list, attrs[SOCKDUP_A_TOKEN_UID], extack);
}

/**
 * sockdup_nl_list_done - let a list go
 * @cb: the dump
 *
 * Return: 0.
 */
int sockdup_nl_list_done(struct netlink_callback *cb)
{
	struct nl_list *list = (void *)cb->args[0];

	put_user_ns(list->reader.users);
	put_pid_ns(list->reader.pids);
	if (list->reader.cgroups)
		sockdup_cgroup_put(list->reader.cgroups);
	if (list->account)
		sockdup_account_put(list->account);
	kfree(list);
	return 0;
}

/* What the reader may list is in one account, or else in all. */
static int nl_list_account(struct nl_list *list)
{
	struct sockdup_account *account;

	if (list->reader.all || list->by_id)
		return 0;
	account = sockdup_account_get(list->reader.uid, SOCKDUP_NL_GFP);
	if (IS_ERR(account))
		return PTR_ERR(account);
	list->account = account;
	return 0;
}

/**
 * sockdup_nl_list_start - begin a list
 * @cb: the dump
 *
 * A list has the rights and namespaces of the process that begins it.
 *
 * Return: 0 or a negative errno; where the kernel does not let a start say why, the
 * list begins, and its first step fails.
 */
int sockdup_nl_list_start(struct netlink_callback *cb)
{
	struct netlink_ext_ack *extack;
	struct nl_list *list;
	int err;

	/* Not charged, as what generic netlink itself keeps of a list: see SOCKDUP_NL_GFP. */
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list) {
		trace_sockdup_netlink_refuse(SOCKDUP_CMD_TOKEN_GET, -ENOMEM);
		return -ENOMEM;
	}
	cb->args[0] = (long)list;
	extack = cb->extack ?: &list->extack;
	err = sockdup_nl_reader_init(&list->reader, cb->skb, extack);
	get_pid_ns(list->reader.pids);
	get_user_ns(list->reader.users);
	if (list->reader.cgroups)
		sockdup_cgroup_hold(list->reader.cgroups);
	if (!err)
		err = nl_list_filter(list, cb, extack);
	if (!err)
		err = nl_list_account(list);
	if (err)
		trace_sockdup_netlink_refuse(SOCKDUP_CMD_TOKEN_GET, err);
	if (err && cb->extack) {
		sockdup_nl_list_done(cb);
		return err;
	}
	list->err = err;
	return 0;
}

/* A struct pid keeps its numbers when the process is gone, so they can be compared. */
static bool nl_list_wants(const struct nl_list *list,
			  const struct sockdup_token *token)
{
	struct pid_namespace *pids = list->reader.pids;

	return sockdup_nl_reader_may_see(&list->reader, token) &&
	       (!list->target ||
		sockdup_target_nr(token->target, pids) == list->target) &&
	       (!list->source ||
		pid_nr_ns(token->source, pids) == list->source) &&
	       (!list->by_uid || uid_eq(token->uid, list->uid));
}

/* Show a token and one of its sockets, unless it has ended meanwhile. */
static int nl_list_show(struct sk_buff *skb, struct netlink_callback *cb,
			const struct nl_list *list, struct sockdup_token *token)
{
	void *header;
	int err;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &sockdup_nl_family, NLM_F_MULTI,
			     SOCKDUP_CMD_TOKEN_GET);
	if (!header)
		return -EMSGSIZE;
	err = sockdup_nl_reader_put_token(skb, token, list->index, &list->reader);
	if (err) {
		genlmsg_cancel(skb, header);
		return err;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int nl_list_token(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct nl_list *list,
			 struct sockdup_token *token)
{
	int err = 0;

	if (nl_list_wants(list, token))
		err = nl_list_show(skb, cb, list, token);
	return err == -ENOENT ? 0 : err;
}

/* Those of a token that ends meanwhile are cut off by ENOENT. */
static int nl_list_sockets(struct sk_buff *skb, struct netlink_callback *cb,
			   struct nl_list *list)
{
	struct sockdup_token *token = sockdup_token_get_by_id(list->id);
	int err = 0;

	if (!IS_ERR(token) && !nl_list_wants(list, token)) {
		sockdup_token_put(token);
		token = ERR_PTR(-ENOENT);
	}
	if (IS_ERR(token)) {
		NL_SET_ERR_MSG(cb->extack, "no live token of yours has this id");
		return PTR_ERR(token);
	}
	/* An invitation has none, and is shown once. */
	while (!err && list->index < max(sockdup_token_socket_count(token), 1U)) {
		err = nl_list_show(skb, cb, list, token);
		if (!err)
			list->index++;
	}
	sockdup_token_put(token);
	return err;
}

/*
 * Tokens that one step of a list looks at: the first step holds the lock of generic
 * netlink.
 */
#define NL_LIST_STEP		256

/*
 * A step in which no token matches sends an NLMSG_NOOP. To its reader an empty step
 * would be the end of the list.
 */
static int nl_list_pause(struct sk_buff *skb, struct netlink_callback *cb)
{
	if (!skb->len &&
	    !nlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
		       NLMSG_NOOP, 0, NLM_F_MULTI))
		return -EMSGSIZE;
	return skb->len;
}

/**
 * sockdup_nl_token_get_dumpit - the next step of a list
 * @skb: the message
 * @cb: the dump
 *
 * Return: the length of the message, 0 at the end of the list, or a negative errno.
 */
int sockdup_nl_token_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct nl_list *list = (void *)cb->args[0];
	struct sockdup_token *token;
	int err = list->err;
	int left = NL_LIST_STEP;

	if (err)
		cb->extack->_msg = list->extack._msg;
	else if (list->by_id)
		err = nl_list_sockets(skb, cb, list);
	while (!err && !list->by_id &&
	       (token = sockdup_token_next(&list->cursor, list->account))) {
		err = nl_list_token(skb, cb, list, token);
		if (!err)
			sockdup_token_pass(&list->cursor);
		sockdup_token_put(token);
		if (fatal_signal_pending(current))
			err = -EINTR;
		if (!err && !--left)
			return nl_list_pause(skb, cb);
	}
	/* A full buffer is sent, and the walk goes on where it is. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
