// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posts by netlink: lists of those that wait, and their ends.
 *
 * A list walks all inboxes. One in which the reader may see nothing costs it one look-up
 * under that inbox's lock. Of another it looks at a few slots at a time, and describes one
 * post at most, before it lets others have the lock.
 */

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <net/genetlink.h>

#include "inbox.h"
#include "inbox_table.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_list.h"
#include "netlink_posts.h"
#include "netlink_reader.h"
#include "share.h"

/* Slots that are looked at under an inbox's lock. */
#define NL_POSTS_BATCH	64

/**
 * struct nl_posts - a list of posts under way
 * @list: of any kind
 * @only: the number of the inbox that is listed
 * @by_inbox: or all are where false
 * @next: the lowest number of the next inbox
 * @index: of the next slot there
 * @over: no inbox is left
 */
struct nl_posts {
	struct sockdup_nl_list list;
	u64 only;
	bool by_inbox;
	u64 next;
	unsigned int index;
	bool over;
};

/* A message that is being made, and who reads it. */
struct nl_posts_page {
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	int flags;
	const struct sockdup_nl_reader *reader;
};

/* Describes a post, if the reader may see it. Under the inbox's lock, so it does not sleep. */
static int nl_posts_show(const struct sockdup_slot *slot, void *data)
{
	const struct nl_posts_page *page = data;
	void *header;
	int err;

	if (!sockdup_nl_reader_may_see_post(page->reader, slot))
		return 0;
	header = genlmsg_put(page->skb, page->portid, page->seq, &sockdup_nl_family,
			     page->flags, SOCKDUP_CMD_POST_GET);
	if (!header)
		return -EMSGSIZE;
	err = sockdup_nl_reader_put_post(page->skb, slot, page->reader);
	if (err) {
		genlmsg_cancel(page->skb, header);
		return err;
	}
	genlmsg_end(page->skb, header);
	return 1;
}

/* The inbox that a request names, to be put, and the post, which may be nobody's. */
static struct sockdup_inbox *nl_post_inbox(struct genl_info *info, u64 *id)
{
	struct sockdup_inbox *inbox;
	u64 number;

	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_POST_INBOX)) {
		NL_SET_ERR_MSG(info->extack, "an inbox is missing");
		return ERR_PTR(-EINVAL);
	}
	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_POST_ID)) {
		NL_SET_ERR_MSG(info->extack, "an id is missing");
		return ERR_PTR(-EINVAL);
	}
	number = nla_get_u64(info->attrs[SOCKDUP_A_POST_INBOX]);
	*id = nla_get_u64(info->attrs[SOCKDUP_A_POST_ID]);
	inbox = sockdup_inbox_table_next(number);
	if (inbox && inbox->number != number) {
		sockdup_inbox_put(inbox);
		inbox = NULL;
	}
	return inbox ?: ERR_PTR(-ENOENT);
}

/* An inbox that is not there and one that the reader does not see are alike. */
static int nl_post_blame(struct genl_info *info, int err)
{
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SOCKDUP_A_POST_ID],
				    "no post of yours that waits has this inbox and id");
	return err;
}

/* One that is being accepted has no files to describe. */
static int nl_post_show(const struct sockdup_slot *slot, void *data)
{
	int shown = -ENOENT;

	if (slot->state == SOCKDUP_SLOT_POSTED)
		shown = nl_posts_show(slot, data) ?: -ENOENT;
	return shown;
}

/**
 * sockdup_nl_post_get - show one post
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or a negative errno.
 */
int sockdup_nl_post_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_nl_reader reader;
	struct nl_posts_page page = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.reader = &reader,
	};
	struct sockdup_inbox *inbox;
	int err;
	u64 id;

	err = sockdup_nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	inbox = nl_post_inbox(info, &id);
	if (IS_ERR(inbox))
		return nl_post_blame(info, PTR_ERR(inbox));
	page.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = page.skb ? sockdup_inbox_look_at(inbox, id, nl_post_show, &page) : -ENOMEM;
	sockdup_inbox_put(inbox);
	if (err > 0)
		return genlmsg_reply(page.skb, info);
	nlmsg_free(page.skb);
	return nl_post_blame(info, err);
}

static int nl_post_find(const struct sockdup_slot *slot, void *reader)
{
	return sockdup_nl_reader_may_see_post(reader, slot) ? 0 : -ENOENT;
}

/**
 * sockdup_nl_post_revoke - end a post, for those who may see it
 * @skb: the request
 * @info: likewise
 *
 * The sweep puts the files, as that can take long. An id names one post for ever, so it is
 * the one that was looked at.
 *
 * Return: 0 or a negative errno.
 */
int sockdup_nl_post_revoke(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_nl_reader reader;
	struct sockdup_inbox *inbox;
	int err;
	u64 id;

	err = sockdup_nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	inbox = nl_post_inbox(info, &id);
	if (IS_ERR(inbox))
		return nl_post_blame(info, PTR_ERR(inbox));
	err = sockdup_inbox_look_at(inbox, id, nl_post_find, &reader) ?:
	      sockdup_inbox_revoke(inbox, id, SOCKDUP_POST_REVOKED);
	sockdup_inbox_put(inbox);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "the post is being accepted; if that fails, it is revoked");
	return nl_post_blame(info, err);
}

static int nl_posts_prepare(struct sockdup_nl_list *list, struct netlink_callback *cb,
			    struct netlink_ext_ack *extack)
{
	struct nl_posts *posts = container_of(list, struct nl_posts, list);
	struct nlattr *attrs[SOCKDUP_A_POST_ID + 1];
	int err;

	/* Parse again: kernels differ in where they keep the attributes of a dump. */
	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, SOCKDUP_A_POST_ID,
			  sockdup_post_get_nl_policy, extack);
	if (err)
		return err;
	if (attrs[SOCKDUP_A_POST_ID]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[SOCKDUP_A_POST_ID],
				    "an id names one post: ask for it without a dump");
		return -EINVAL;
	}
	if (attrs[SOCKDUP_A_POST_INBOX]) {
		posts->by_inbox = true;
		posts->only = nla_get_u64(attrs[SOCKDUP_A_POST_INBOX]);
		posts->next = posts->only;
	}
	return 0;
}

/**
 * sockdup_nl_post_get_start - begin a list of posts
 * @cb: the dump
 *
 * Return: as sockdup_nl_list_start().
 */
int sockdup_nl_post_get_start(struct netlink_callback *cb)
{
	return sockdup_nl_list_start(cb, SOCKDUP_CMD_POST_GET, sizeof(struct nl_posts),
				     nl_posts_prepare);
}

/* The inbox that the list is at, to be put; NULL at the end. */
static struct sockdup_inbox *nl_posts_inbox(struct nl_posts *posts)
{
	struct sockdup_inbox *inbox;

	if (posts->over)
		return NULL;
	inbox = sockdup_inbox_table_next(posts->next);
	if (inbox && posts->by_inbox && inbox->number != posts->only) {
		sockdup_inbox_put(inbox);
		return NULL;
	}
	/* The one that the list was at may have ended. */
	if (inbox && inbox->number != posts->next) {
		posts->next = inbox->number;
		posts->index = 0;
	}
	return inbox;
}

static void nl_posts_pass(struct nl_posts *posts)
{
	posts->index = 0;
	posts->over = posts->by_inbox || !++posts->next;
}

/* A stranger's inbox is left after one look-up, and an empty one before. */
static bool nl_posts_wants(const struct nl_posts *posts, struct sockdup_inbox *inbox)
{
	const struct sockdup_nl_reader *reader = &posts->list.reader;

	if (!READ_ONCE(inbox->post_count))
		return false;
	return sockdup_nl_reader_may_see_inbox(reader, inbox) ||
	       sockdup_share_has_slots(inbox, reader->uid);
}

/* Shows posts in an inbox, while fewer than @left slots have been looked at. */
static int nl_posts_list(struct nl_posts *posts, struct sockdup_inbox *inbox, int *left,
			 struct nl_posts_page *page)
{
	unsigned int from, batch;
	int verdict = 0;

	if (!nl_posts_wants(posts, inbox))
		posts->index = inbox->slots;
	while (verdict >= 0 && posts->index < inbox->slots && *left > 0) {
		from = posts->index;
		batch = min(*left, NL_POSTS_BATCH);
		verdict = sockdup_inbox_look(inbox, &posts->index, batch, nl_posts_show, page);
		*left -= min(posts->index - from, batch);
	}
	if (verdict < 0)
		return verdict;
	if (posts->index >= inbox->slots)
		nl_posts_pass(posts);
	return 0;
}

/**
 * sockdup_nl_post_get_dumpit - the next step of a list of posts
 * @skb: the message
 * @cb: the dump
 *
 * Return: the length of the message, 0 at the end of the list, or a negative errno.
 */
int sockdup_nl_post_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nl_posts *posts = (void *)cb->args[0];
	struct nl_posts_page page = {
		.skb = skb,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.reader = &posts->list.reader,
	};
	int err = sockdup_nl_list_refusal(&posts->list, cb);
	int left = SOCKDUP_NL_LIST_STEP;
	struct sockdup_inbox *inbox;

	while (!err && (inbox = nl_posts_inbox(posts))) {
		err = nl_posts_list(posts, inbox, &left, &page);
		sockdup_inbox_put(inbox);
		if (fatal_signal_pending(current))
			err = -EINTR;
		if (!err && --left <= 0)
			return sockdup_nl_list_pause(skb, cb);
	}
	/* A full buffer is sent, and the walk goes on where it is. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
