/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_LIST_H
#define SOCKDUP_NETLINK_LIST_H

#include <linux/netlink.h>
#include <linux/types.h>

#include "netlink_reader.h"

/*
 * Tokens, or inboxes and slots, that one step of a list looks at: the first step holds the
 * lock of generic netlink.
 */
#define SOCKDUP_NL_LIST_STEP	256

/**
 * struct sockdup_nl_list - what lists under way have in common
 * @reader: as it was at the start; its namespaces are held
 * @err: the error that the first step reports instead of a list, or 0
 * @extack: the words for @err
 *
 * It is the first member of what a list has of its own.
 */
struct sockdup_nl_list {
	struct sockdup_nl_reader reader;
	int err;
	struct netlink_ext_ack extack;
};

/* Reads the request of a list, whose reader is set. */
typedef int (*sockdup_nl_list_prepare)(struct sockdup_nl_list *list,
				       struct netlink_callback *cb,
				       struct netlink_ext_ack *extack);

int sockdup_nl_list_start(struct netlink_callback *cb, unsigned int command, size_t size,
			  sockdup_nl_list_prepare prepare);
int sockdup_nl_list_refusal(const struct sockdup_nl_list *list, struct netlink_callback *cb);
int sockdup_nl_list_pause(struct sk_buff *skb, struct netlink_callback *cb);
int sockdup_nl_list_done(struct netlink_callback *cb);

int sockdup_nl_token_get_start(struct netlink_callback *cb);
int sockdup_nl_token_get_done(struct netlink_callback *cb);

#endif /* SOCKDUP_NETLINK_LIST_H */
