/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_BINDING_H
#define SOCKDUP_BINDING_H

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "account.h"

struct pid;
struct sockdup_content;
struct sockdup_inbox;
struct sockdup_share;

/**
 * struct sockdup_binding - what a sender posts to an inbox through
 * @inbox: held
 * @share: of the user
 * @account: of the user; held
 * @sender: the process; owned
 * @net: the cookie of its network namespace at the bind
 * @node: among the inbox's; covered by its lock, as all up to @waking
 * @posts: slots that are not free
 * @since: @inbox's releases when this asked to be told of room
 * @waiting: in @share's list
 * @closed: the handle is gone
 * @told: of room since @wake began
 * @waking: @wake is in line
 * @room: where callers wait for room, or for the inbox's end
 * @wake: wakes them; in the line of @account
 *
 * It is there until the handle is gone, no slot has a post of it, and @wake is not in line.
 */
struct sockdup_binding {
	struct sockdup_inbox *inbox;
	struct sockdup_share *share;
	struct sockdup_account *account;
	struct pid *sender;
	u64 net;
	struct list_head node;
	unsigned int posts;
	u64 since;
	struct list_head waiting;
	bool closed;
	bool told;
	bool waking;
	wait_queue_head_t room;
	struct sockdup_job wake;
};

struct sockdup_binding *sockdup_binding_new(struct sockdup_inbox *inbox,
					    struct sockdup_account *account, bool invited);
void sockdup_binding_close(struct sockdup_binding *binding);
int __must_check sockdup_binding_wait_for_room(struct sockdup_binding *binding);
int sockdup_binding_revoke(struct sockdup_binding *binding, u64 id);
__poll_t sockdup_binding_poll(struct sockdup_binding *binding, struct file *file,
			      struct poll_table_struct *table);

/**
 * sockdup_binding_is_over - whether nobody has a binding any more
 * @binding: of an inbox that the caller has locked; to be unlinked and freed then
 */
static inline bool sockdup_binding_is_over(const struct sockdup_binding *binding)
{
	return binding->closed && !binding->posts && !binding->waking;
}

void sockdup_binding_unlink(struct sockdup_binding *binding);
void sockdup_binding_free(struct sockdup_binding *binding);

#endif /* SOCKDUP_BINDING_H */
