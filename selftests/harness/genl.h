/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family as the tests speak to it: message by message, with what
 * the kernel says of a failure, and a look at every byte that it sends.
 *
 * A function that can fail gives -errno unless it says otherwise; nothing
 * waits longer than WAIT_MS.
 */
#ifndef SELFTESTS_GENL_H
#define SELFTESTS_GENL_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "common.h"

/* Any attribute of ours has a lower number. */
#define GENL_ATTRIBUTES	32

/**
 * struct genl - a netlink socket, and what came of the last request
 * @request: the last one; at the start, where it is aligned
 * @reply: what was received last, of @size
 * @socket: libmnl's
 * @family: our family's number
 * @group: its multicast group's
 * @sequence: of the request
 * @answer: what came before the acknowledgment, NULL where nothing did
 * @attributes: of the answer, NULL where it has none of a kind
 * @message: the kernel's words on the failure, "" where there are none
 * @blamed: the attribute that is at fault, 0 where none is
 * @missing: the attribute that is wanted, 0 where none is
 * @interrupted: the list says that it may be inconsistent
 * @secret: bytes that must not be seen, or NULL
 * @leaked: they were
 */
struct genl {
	char request[1024];
	char reply[65536];
	struct mnl_socket *socket;
	__u16 family;
	__u32 group;
	unsigned int sequence;
	size_t size;
	const struct nlmsghdr *answer;
	const struct nlattr *attributes[GENL_ATTRIBUTES];
	char message[128];
	int blamed;
	int missing;
	bool interrupted;
	const struct sockdup_protocol_info *secret;
	bool leaked;
};

/* What is told of a socket; 0 is what is left out. */
struct genl_socket {
	__u32 family;
	__u32 type;
	__u32 protocol;
	char name[SOCKDUP_PROTOCOL_NAME_SIZE];
	struct address local;
	struct address remote;
	__u64 inode;
	bool ipv6_only;
	__u32 state;
	__u64 netns;
};

/* What a reply, a list or an event tells of a token; 0 is what it leaves out. */
struct genl_token {
	__u8 command;
	__u64 id;
	__s32 target;
	__s32 source;
	__u32 uid;
	__u32 gid;
	__u64 age_ms;
	__u64 left_ms;
	__u32 socket_count;
	bool to_user;
	__u32 target_uid;
	unsigned int described;		/* sockets that are */
	struct genl_socket socket;	/* the last of them */
};

/* What a list is to show; 0 is anything. */
struct genl_filter {
	__s32 target;
	__s32 source;
	bool by_uid;
	__u32 uid;
};

struct genl_stats {
	bool all;		/* the counts are there */
	__u32 uid;
	__u64 held;
	__u64 counts[SOCKDUP_A_STATS_MAX + 1];	/* by attribute */
};

int genl_open(struct genl *genl);
void genl_close(struct genl *genl);
int genl_fd(const struct genl *genl);

/*
 * A request, begun; attributes are for libmnl to add. genl_send() sends it,
 * genl_finish() waits for what comes of it, genl_call() does both.
 */
struct nlmsghdr *genl_begin(struct genl *genl, __u8 command);
int genl_send(struct genl *genl);
int genl_finish(struct genl *genl);
int genl_call(struct genl *genl);

/* The commands. */
int genl_export(struct genl *genl, int fd, int target, unsigned int ttl_ms,
		struct sockdup_protocol_info *info);
int genl_export_to_peer(struct genl *genl, int fd, int peer,
			struct sockdup_protocol_info *info);
int genl_query(struct genl *genl, const struct sockdup_protocol_info *info,
	       struct genl_token *token);
int genl_get(struct genl *genl, __u64 id, struct genl_token *token);
int genl_revoke(struct genl *genl, const struct sockdup_protocol_info *info);
int genl_revoke_id(struct genl *genl, __u64 id);
/* Of the caller, or of the user that @uid points to. */
int genl_stats(struct genl *genl, const __u32 *uid, struct genl_stats *stats);

/*
 * A list: genl_list_begin() asks for it, genl_list_step() passes on what the
 * next buffer has of it and is 1, or 0 at the end. genl_list() gives the first
 * @room tokens, and how many there are.
 */
int genl_list_begin(struct genl *genl, const struct genl_filter *filter);
int genl_list_step(struct genl *genl,
		   void (*show)(const struct genl_token *token, void *context),
		   void *context);
int genl_list(struct genl *genl, const struct genl_filter *filter,
	      struct genl_token *tokens, unsigned int room);

/*
 * Joins the multicast group. genl_event() gives the next event, its command in
 * the value too; genl_event_on() the next one on a certain token.
 */
int genl_join(struct genl *genl);
int genl_event(struct genl *genl, struct genl_token *token);
int genl_event_on(struct genl *genl, __u64 id, struct genl_token *token);

/* Listeners that do not read and make each multicast slow; NULL on failure. */
struct genl *genl_crowd(void);
void genl_crowd_close(struct genl *crowd);

#endif /* SELFTESTS_GENL_H */
