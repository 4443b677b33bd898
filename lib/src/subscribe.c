// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The notifications of tokens, from the family's multicast group.
 */

#include <errno.h>
#include <stdlib.h>

#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "sockdup.h"

#include "error.h"
#include "family.h"
#include "tokens.h"

/**
 * struct sockdup_subscription - to the notifications of tokens
 * @family: listened to
 * @over: the module has been unloaded
 * @lost: messages were lost, and word of the module's end may be among them
 */
struct sockdup_subscription {
	struct family family;
	bool over;
	bool lost;
};

int sockdup_subscribe(struct sockdup_subscription **subscription)
{
	struct sockdup_subscription *new;

	error_text_clear();
	if (!subscription)
		return error_of_caller(EFAULT);
	new = malloc(sizeof(*new));
	if (!new)
		return -1;
	if (family_open(&new->family))
		goto out_free;
	if (family_listen(&new->family))
		goto out_close;
	new->over = false;
	new->lost = false;
	*subscription = new;
	return 0;

out_close:
	family_close(&new->family);
out_free:
	free(new);
	return -1;
}

int sockdup_subscription_fd(const struct sockdup_subscription *subscription)
{
	if (!subscription)
		return error_of_caller(EFAULT);
	return mnl_socket_get_fd(subscription->family.socket);
}

static bool tells_of_loss(const struct family *family,
			  const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	return message->nlmsg_type == family->id &&
	       mnl_nlmsg_get_payload_len(message) >= sizeof(*header) &&
	       header->cmd == SOCKDUP_CMD_NOTIFICATIONS_LOST_NTF;
}

/* False where the message is none of the notifications that are known here. */
static bool event_read(const struct family *family,
		       const struct nlmsghdr *message,
		       struct sockdup_token_event *event)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);
	struct sockdup_token_info token;

	if (message->nlmsg_type != family->id ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
	    header->cmd < SOCKDUP_CMD_TOKEN_EXPORTED_NTF ||
	    header->cmd > SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF)
		return false;
	token_read(message, &token);
	*event = (struct sockdup_token_event){
		.what = header->cmd - SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		.id = token.id,
		.uid = token.uid,
		.target_flags = token.target_flags,
		.target_uid = token.target_uid,
		.target_cgroup = token.target_cgroup,
	};
	return true;
}

/* Fails with ENODEV once it is over. */
static int subscription_check(struct sockdup_subscription *subscription)
{
	if (subscription->lost && !subscription->over) {
		if (!family_check(&subscription->family))
			subscription->lost = false;
		else if (errno == ENODEV)
			subscription->over = true;
		else
			return -1;
	}
	if (!subscription->over)
		return 0;
	errno = ENODEV;
	return -1;
}

/* The next message, or the error of a subscription that is over. */
static int message_receive(struct sockdup_subscription *subscription,
			   union family_answer *answer)
{
	ssize_t size;

	if (subscription_check(subscription))
		return -1;
	/* The kernel sends each message in a datagram of its own. */
	do {
		size = mnl_socket_recvfrom(subscription->family.socket, answer,
					   sizeof(*answer));
		if (size < 0) {
			subscription->lost = errno == ENOBUFS;
			return -1;
		}
	} while (!mnl_nlmsg_ok(&answer->header, size));
	subscription->over = family_has_gone(&subscription->family,
					     &answer->header);
	return subscription_check(subscription);
}

int sockdup_next_event(struct sockdup_subscription *subscription,
		       struct sockdup_token_event *event)
{
	union family_answer answer;

	error_text_clear();
	if (!subscription || !event)
		return error_of_caller(EFAULT);
	do {
		if (message_receive(subscription, &answer))
			return -1;
		if (tells_of_loss(&subscription->family, &answer.header)) {
			errno = ENOBUFS;
			return -1;
		}
	} while (!event_read(&subscription->family, &answer.header, event));
	return 0;
}

void sockdup_unsubscribe(struct sockdup_subscription *subscription)
{
	if (!subscription)
		return;
	family_close(&subscription->family);
	free(subscription);
}
