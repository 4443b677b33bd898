// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Posts by generic netlink: each function is one command of the family.
 */

#include <errno.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "sockdup.h"

#include "error.h"
#include "family.h"
#include "tokens.h"

static void post_attr(const struct nlattr *attr, struct sockdup_post_info *post)
{
	switch (mnl_attr_get_type(attr)) {
	case SOCKDUP_A_POST_INBOX:
		post->inbox = attr_u64(attr);
		break;
	case SOCKDUP_A_POST_ID:
		post->id = attr_u64(attr);
		break;
	case SOCKDUP_A_POST_TARGET:
		post->target = attr_u32(attr);
		break;
	case SOCKDUP_A_POST_SOURCE:
		post->source = attr_u32(attr);
		break;
	case SOCKDUP_A_POST_UID:
		post->uid = attr_u32(attr);
		break;
	case SOCKDUP_A_POST_GID:
		post->gid = attr_u32(attr);
		break;
	case SOCKDUP_A_POST_LEFT_MS:
		post->left_ms = attr_u64(attr);
		break;
	case SOCKDUP_A_POST_SOCKET_COUNT:
		post->socket_count = attr_u32(attr);
		break;
	case SOCKDUP_A_POST_SOCKET:
		socket_read(attr, &post->socket);
		break;
	case SOCKDUP_A_POST_MESSAGE_SIZE:
		post->message_size = attr_u32(attr);
		break;
	}
}

struct list {
	sockdup_post_callback callback;
	void *context;
	int result;
};

/* What the message does not tell is zero. */
static int list_message(const struct nlmsghdr *message, void *context)
{
	struct sockdup_post_info post;
	struct list *list = context;
	const struct nlattr *attr;

	memset(&post, 0, sizeof(post));
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		post_attr(attr, &post);
	list->result = list->callback(&post, list->context);
	return list->result ? MNL_CB_STOP : MNL_CB_OK;
}

int sockdup_list_posts(sockdup_post_callback callback, void *context)
{
	struct list list = { .callback = callback, .context = context };
	union family_request buffer;
	struct nlmsghdr *request;

	if (!callback)
		return error_of_caller(EFAULT);
	request = family_prepare(&buffer, SOCKDUP_CMD_POST_GET, NLM_F_DUMP);
	return family_ask(request, list_message, &list) ? -1 : list.result;
}

int sockdup_post_revoke_id(__u64 inbox, __u64 id)
{
	union family_request buffer;
	struct nlmsghdr *request;

	request = family_prepare(&buffer, SOCKDUP_CMD_POST_REVOKE, NLM_F_ACK);
	mnl_attr_put_u64(request, SOCKDUP_A_POST_INBOX, inbox);
	mnl_attr_put_u64(request, SOCKDUP_A_POST_ID, id);
	return family_ask(request, NULL, NULL);
}
