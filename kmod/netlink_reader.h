/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_READER_H
#define SOCKDUP_NETLINK_READER_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct cgroup;
struct cred;
struct netlink_ext_ack;
struct pid_namespace;
struct sk_buff;
struct sockdup_inbox;
struct sockdup_slot;
struct sockdup_token;
struct user_namespace;

/**
 * struct sockdup_nl_reader - the rights and namespaces of the sender of a request
 * @pids: numbers of processes are those of this namespace
 * @users: numbers of users likewise
 * @cgroups: the control groups in or below this one have their numbers; NULL for all
 * @net: the cookie of the socket's network namespace
 * @uid: real user id
 * @euid: effective user id
 * @all: sees the tokens and posts of everybody and everywhere
 */
struct sockdup_nl_reader {
	struct pid_namespace *pids;
	struct user_namespace *users;
	struct cgroup *cgroups;
	u64 net;
	kuid_t uid;
	kuid_t euid;
	bool all;
};

const struct cred *sockdup_nl_reader_opener(const struct sk_buff *skb);
int sockdup_nl_reader_init(struct sockdup_nl_reader *reader,
			   const struct sk_buff *skb,
			   struct netlink_ext_ack *extack);
void sockdup_nl_reader_hold(const struct sockdup_nl_reader *reader);
void sockdup_nl_reader_release(const struct sockdup_nl_reader *reader);
bool sockdup_nl_reader_may_see(const struct sockdup_nl_reader *reader,
			       const struct sockdup_token *token);
int sockdup_nl_reader_put_token(struct sk_buff *skb,
				struct sockdup_token *token, unsigned int index,
				const struct sockdup_nl_reader *reader);

bool sockdup_nl_reader_may_see_inbox(const struct sockdup_nl_reader *reader,
				     const struct sockdup_inbox *inbox);
bool sockdup_nl_reader_may_see_post(const struct sockdup_nl_reader *reader,
				    const struct sockdup_slot *slot);
int sockdup_nl_reader_put_post(struct sk_buff *skb, const struct sockdup_slot *slot,
			       const struct sockdup_nl_reader *reader);

#endif /* SOCKDUP_NETLINK_READER_H */
