// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists by netlink: what they have in common, and a dump that walks the tokens of one
 * account, or of all, or the sockets of one token.
 */

#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "account.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_list.h"
#include "netlink_reader.h"
#include "target.h"
#include "token.h"
#include "trace.h"

/**
 * sockdup_nl_list_done - let a list go
 * @cb: the dump
 *
 * Return: 0.
 */
int sockdup_nl_list_done(struct netlink_callback *cb)
{
	struct sockdup_nl_list *list = (void *)cb->args[0];

	sockdup_nl_reader_release(&list->reader);
	kfree(list);
	return 0;
}

/**
 * sockdup_nl_list_start - begin a list
 * @cb: the dump
 * @command: whose it is
 * @size: of what the list has, which begins with a &struct sockdup_nl_list
 * @prepare: reads the request; where it fails, there is nothing to let go of
 *
 * A list has the rights and namespaces of the process that begins it.
 *
 * Return: 0 or a negative errno; where the kernel does not let a start say why, the
 * list begins, and its first step fails.
 */
int sockdup_nl_list_start(struct netlink_callback *cb, unsigned int command, size_t size,
			  sockdup_nl_list_prepare prepare)
{
	struct netlink_ext_ack *extack;
	struct sockdup_nl_list *list;
	int err;

	/* Not charged, as what generic netlink itself keeps of a list: see SOCKDUP_NL_GFP. */
	list = kzalloc(size, GFP_KERNEL);
	if (!list) {
		trace_sockdup_netlink_refuse(command, -ENOMEM);
		return -ENOMEM;
	}
	cb->args[0] = (long)list;
	extack = cb->extack ?: &list->extack;
	err = sockdup_nl_reader_init(&list->reader, cb->skb, extack);
	sockdup_nl_reader_hold(&list->reader);
	if (!err)
		err = prepare(list, cb, extack);
	if (err)
		trace_sockdup_netlink_refuse(command, err);
	if (err && cb->extack) {
		sockdup_nl_list_done(cb);
		return err;
	}
	list->err = err;
	return 0;
}

/**
 * sockdup_nl_list_refusal - why a step fails, as the start could not say it
 * @list: the list
 * @cb: the dump; told the words
 *
 * Return: a negative errno, or 0 where the list goes on.
 */
int sockdup_nl_list_refusal(const struct sockdup_nl_list *list, struct netlink_callback *cb)
{
	if (list->err)
		cb->extack->_msg = list->extack._msg;
	return list->err;
}

/**
 * sockdup_nl_list_pause - end a step that does not end the list
 * @skb: the message
 * @cb: the dump
 *
 * A step in which nothing matches sends an NLMSG_NOOP. To its reader an empty step would be
 * the end of the list.
 *
 * Return: the length of the message, or -EMSGSIZE.
 */
int sockdup_nl_list_pause(struct sk_buff *skb, struct netlink_callback *cb)
{
	if (!skb->len &&
	    !nlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
		       NLMSG_NOOP, 0, NLM_F_MULTI))
		return -EMSGSIZE;
	return skb->len;
}

/**
 * struct nl_list - a list of tokens under way
 * @list: of any kind
 * @target: bound to the process of this number, or to any where 0
 * @source: exported by the process of this number, or by any where 0
 * @id: of the token whose sockets are shown; no list of tokens then
 * @by_id: whether that is so
 * @index: the next of those sockets
 * @uid: exported by this user
 * @by_uid: or by any where false
 * @account: of the reader, held; NULL where all accounts are read
 * @cursor: what has been shown
 */
struct nl_list {
	struct sockdup_nl_list list;
	pid_t target;
	pid_t source;
	u64 id;
	bool by_id;
	unsigned int index;
	kuid_t uid;
	bool by_uid;
	struct sockdup_account *account;
	struct sockdup_token_cursor cursor;
};

static int nl_filter_uid(struct nl_list *list, struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	list->by_uid = true;
	list->uid = make_kuid(list->list.reader.users, nla_get_u32(attr));
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

/* What the reader may list is in one account, or else in all. */
static int nl_list_account(struct nl_list *list)
{
	struct sockdup_account *account;

	if (list->list.reader.all || list->by_id)
		return 0;
	account = sockdup_account_get(list->list.reader.uid, SOCKDUP_NL_GFP);
	if (IS_ERR(account))
		return PTR_ERR(account);
	list->account = account;
	return 0;
}

static int nl_list_prepare(struct sockdup_nl_list *list, struct netlink_callback *cb,
			   struct netlink_ext_ack *extack)
{
	struct nl_list *tokens = container_of(list, struct nl_list, list);

	return nl_list_filter(tokens, cb, extack) ?: nl_list_account(tokens);
}

/**
 * sockdup_nl_token_get_start - begin a list of tokens
 * @cb: the dump
 *
 * Return: as sockdup_nl_list_start().
 */
int sockdup_nl_token_get_start(struct netlink_callback *cb)
{
	return sockdup_nl_list_start(cb, SOCKDUP_CMD_TOKEN_GET, sizeof(struct nl_list),
				     nl_list_prepare);
}

/**
 * sockdup_nl_token_get_done - let a list of tokens go
 * @cb: the dump
 *
 * Return: 0.
 */
int sockdup_nl_token_get_done(struct netlink_callback *cb)
{
	struct nl_list *list = (void *)cb->args[0];

	if (list->account)
		sockdup_account_put(list->account);
	return sockdup_nl_list_done(cb);
}

/* A struct pid keeps its numbers when the process is gone, so they can be compared. */
static bool nl_list_wants(const struct nl_list *list,
			  const struct sockdup_token *token)
{
	struct pid_namespace *pids = list->list.reader.pids;

	return sockdup_nl_reader_may_see(&list->list.reader, token) &&
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
	err = sockdup_nl_reader_put_token(skb, token, list->index, &list->list.reader);
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
	int err = sockdup_nl_list_refusal(&list->list, cb);
	int left = SOCKDUP_NL_LIST_STEP;

	if (!err && list->by_id)
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
			return sockdup_nl_list_pause(skb, cb);
	}
	/* A full buffer is sent, and the walk goes on where it is. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
