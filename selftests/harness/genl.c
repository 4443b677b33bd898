// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family as the tests speak to it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "genl.h"
#include "result.h"

int genl_fd(const struct genl *genl)
{
	return mnl_socket_get_fd(genl->socket);
}

/* Either half of the secret, which the id stands before. */
static bool shows_secret(const struct genl *genl)
{
	const size_t half = sizeof(__u64);
	const __u8 *secret = genl->secret->opaque + sizeof(__u64);

	return memmem(genl->reply, genl->size, secret, half) ||
	       memmem(genl->reply, genl->size, secret + half, half);
}

static int receive(struct genl *genl)
{
	int error = wait_for_poll(genl_fd(genl), POLLIN);

	if (error)
		return error;
	error = result(mnl_socket_recvfrom(genl->socket, genl->reply,
					   sizeof(genl->reply)));
	if (error < 0)
		return error;
	genl->size = error;
	if (genl->secret && shows_secret(genl))
		genl->leaked = true;
	return 0;
}

static int keep_attribute(const struct nlattr *attribute, void *context)
{
	struct genl *genl = context;

	if (mnl_attr_get_type(attribute) < GENL_ATTRIBUTES)
		genl->attributes[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static void keep_attributes(struct genl *genl, const struct nlmsghdr *message)
{
	memset(genl->attributes, 0, sizeof(genl->attributes));
	mnl_attr_parse(message, sizeof(struct genlmsghdr), keep_attribute,
		       genl);
}

/* The type of the attribute at an offset of the request. */
static int type_at(const struct genl *genl, __u32 offset)
{
	const struct nlattr *attribute = (const void *)(genl->request + offset);

	if (offset < MNL_NLMSG_HDRLEN + sizeof(struct genlmsghdr) ||
	    offset > sizeof(genl->request) - sizeof(*attribute))
		return -EPROTO;
	return mnl_attr_get_type(attribute);
}

static int keep_reason(const struct nlattr *attribute, void *context)
{
	struct genl *genl = context;

	switch (mnl_attr_get_type(attribute)) {
	case NLMSGERR_ATTR_MSG:
		strncpy(genl->message, mnl_attr_get_str(attribute),
			sizeof(genl->message) - 1);
		break;
	case NLMSGERR_ATTR_OFFS:
		genl->blamed = type_at(genl, mnl_attr_get_u32(attribute));
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		genl->missing = mnl_attr_get_u32(attribute);
		break;
	}
	return MNL_CB_OK;
}

/* The error of an acknowledgment, or of a list's end, and the reason. */
static int acknowledged(struct genl *genl, const struct nlmsghdr *message)
{
	const int *error = mnl_nlmsg_get_payload(message);
	size_t header = sizeof(*error);

	/* The request is not repeated: NETLINK_CAP_ACK. */
	if (message->nlmsg_type == NLMSG_ERROR)
		header = sizeof(struct nlmsgerr);
	if (message->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(message, header, keep_reason, genl);
	return *error;
}

static int set_option(struct genl *genl, int option, int value)
{
	return result(mnl_socket_setsockopt(genl->socket, option, &value,
					    sizeof(value)));
}

static int find_group(const struct nlattr *attribute, void *context)
{
	struct genl *genl = context;
	const struct nlattr *inner;
	__u32 group = 0;
	bool ours = false;

	mnl_attr_for_each_nested(inner, attribute) {
		if (mnl_attr_get_type(inner) == CTRL_ATTR_MCAST_GRP_ID)
			group = mnl_attr_get_u32(inner);
		else if (mnl_attr_get_type(inner) == CTRL_ATTR_MCAST_GRP_NAME)
			ours = !strcmp(mnl_attr_get_str(inner),
				       SOCKDUP_MCGRP_TOKENS);
	}
	if (ours)
		genl->group = group;
	return MNL_CB_OK;
}

/* The numbers that the kernel has given to the family and its group. */
static int find_family(struct genl *genl)
{
	const struct nlattr *groups;
	struct nlmsghdr *request;
	int error;

	genl->family = GENL_ID_CTRL;
	request = genl_begin(genl, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, SOCKDUP_FAMILY_NAME);
	error = genl_call(genl);
	if (error)
		return error;
	groups = genl->attributes[CTRL_ATTR_MCAST_GROUPS];
	if (!genl->attributes[CTRL_ATTR_FAMILY_ID] || !groups)
		return -EPROTO;
	genl->family = mnl_attr_get_u16(genl->attributes[CTRL_ATTR_FAMILY_ID]);
	mnl_attr_parse_nested(groups, find_group, genl);
	return genl->group ? 0 : -EPROTO;
}

int genl_open(struct genl *genl)
{
	int error;

	memset(genl, 0, sizeof(*genl));
	genl->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!genl->socket)
		return -errno;
	error = result(mnl_socket_bind(genl->socket, 0, MNL_SOCKET_AUTOPID));
	if (!error)
		error = set_option(genl, NETLINK_EXT_ACK, 1);
	if (!error)
		error = set_option(genl, NETLINK_CAP_ACK, 1);
	if (!error)
		error = find_family(genl);
	if (error)
		genl_close(genl);
	return error;
}

void genl_close(struct genl *genl)
{
	if (genl->socket)
		mnl_socket_close(genl->socket);
	genl->socket = NULL;
}

struct nlmsghdr *genl_begin(struct genl *genl, __u8 command)
{
	struct nlmsghdr *request;
	struct genlmsghdr *header;

	memset(genl->request, 0, sizeof(genl->request));
	request = mnl_nlmsg_put_header(genl->request);
	request->nlmsg_type = genl->family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++genl->sequence;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->cmd = command;
	header->version = SOCKDUP_FAMILY_VERSION;
	return request;
}

int genl_send(struct genl *genl)
{
	const struct nlmsghdr *request = (const void *)genl->request;
	int size;

	genl->message[0] = '\0';
	genl->blamed = 0;
	genl->missing = 0;
	genl->interrupted = false;
	genl->answer = NULL;
	memset(genl->attributes, 0, sizeof(genl->attributes));
	size = result(mnl_socket_sendto(genl->socket, request,
					request->nlmsg_len));
	return size < 0 ? size : 0;
}

/*
 * An answer stays where it was received; the acknowledgment, which comes
 * by itself, is received behind it.
 */
int genl_finish(struct genl *genl)
{
	const struct nlmsghdr *message;
	size_t answered = 0;
	int error, left;
	char *room;

	for (;;) {
		error = receive(genl);
		if (error)
			return error;
		message = (const void *)genl->reply;
		left = genl->size;
		if (!mnl_nlmsg_ok(message, left) ||
		    message->nlmsg_seq != genl->sequence)
			return -EPROTO;
		if (message->nlmsg_type == NLMSG_ERROR)
			break;
		if (answered)
			return -EPROTO;
		answered = genl->size;
		room = genl->reply + sizeof(genl->reply) / 2;
		memcpy(room, genl->reply, answered);
		genl->answer = (const void *)room;
		keep_attributes(genl, genl->answer);
	}
	return acknowledged(genl, message);
}

int genl_call(struct genl *genl)
{
	int error = genl_send(genl);

	return error ? error : genl_finish(genl);
}

static int keep_info(struct genl *genl, struct sockdup_protocol_info *info)
{
	const struct nlattr *id = genl->attributes[SOCKDUP_A_TOKEN_ID];
	const struct nlattr *bytes =
		genl->attributes[SOCKDUP_A_TOKEN_PROTOCOL_INFO];

	if (!id || !bytes || mnl_attr_get_payload_len(bytes) != sizeof(*info))
		return -EPROTO;
	memcpy(info, mnl_attr_get_payload(bytes), sizeof(*info));
	return mnl_attr_get_u64(id) == id_of(info) ? 0 : -EPROTO;
}

int genl_export(struct genl *genl, int fd, int target, unsigned int ttl_ms,
		struct sockdup_protocol_info *info)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_EXPORT);
	int error;

	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, fd);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET, target);
	if (ttl_ms)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TTL_MS, ttl_ms);
	error = genl_call(genl);
	return error ? error : keep_info(genl, info);
}

int genl_export_to_peer(struct genl *genl, int fd, int peer,
			struct sockdup_protocol_info *info)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_EXPORT);
	int error;

	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, fd);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_PEER_FD, peer);
	error = genl_call(genl);
	return error ? error : keep_info(genl, info);
}

static void keep_address(struct address *address, const struct nlattr *attribute)
{
	address->size = mnl_attr_get_payload_len(attribute);
	if (address->size > sizeof(address->storage))
		address->size = sizeof(address->storage);
	memcpy(&address->storage, mnl_attr_get_payload(attribute),
	       address->size);
}

static int keep_socket_field(const struct nlattr *attribute, void *context)
{
	struct genl_socket *socket = context;

	switch (mnl_attr_get_type(attribute)) {
	case SOCKDUP_A_SOCKET_FAMILY:
		socket->family = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_SOCKET_TYPE:
		socket->type = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_SOCKET_PROTOCOL:
		socket->protocol = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_SOCKET_PROTOCOL_NAME:
		strncpy(socket->name, mnl_attr_get_str(attribute),
			sizeof(socket->name) - 1);
		break;
	case SOCKDUP_A_SOCKET_LOCAL_ADDRESS:
		keep_address(&socket->local, attribute);
		break;
	case SOCKDUP_A_SOCKET_REMOTE_ADDRESS:
		keep_address(&socket->remote, attribute);
		break;
	case SOCKDUP_A_SOCKET_INODE:
		socket->inode = mnl_attr_get_u64(attribute);
		break;
	case SOCKDUP_A_SOCKET_IPV6_ONLY:
		socket->ipv6_only = true;
		break;
	case SOCKDUP_A_SOCKET_STATE:
		socket->state = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_SOCKET_NETNS:
		socket->netns = mnl_attr_get_u64(attribute);
		break;
	}
	return MNL_CB_OK;
}

static int keep_field(const struct nlattr *attribute, void *context)
{
	struct genl_token *token = context;

	switch (mnl_attr_get_type(attribute)) {
	case SOCKDUP_A_TOKEN_ID:
		token->id = mnl_attr_get_u64(attribute);
		break;
	case SOCKDUP_A_TOKEN_TARGET:
		token->target = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_TARGET_UID:
		token->to_user = true;
		token->target_uid = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_SOURCE:
		token->source = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_UID:
		token->uid = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_GID:
		token->gid = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_AGE_MS:
		token->age_ms = mnl_attr_get_u64(attribute);
		break;
	case SOCKDUP_A_TOKEN_LEFT_MS:
		token->left_ms = mnl_attr_get_u64(attribute);
		break;
	case SOCKDUP_A_TOKEN_SOCKET_COUNT:
		token->socket_count = mnl_attr_get_u32(attribute);
		break;
	case SOCKDUP_A_TOKEN_SOCKET:
		token->described++;
		mnl_attr_parse_nested(attribute, keep_socket_field,
				      &token->socket);
		break;
	}
	return MNL_CB_OK;
}

static void keep_token(struct genl_token *token, const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	memset(token, 0, sizeof(*token));
	token->command = header->cmd;
	mnl_attr_parse(message, sizeof(*header), keep_field, token);
}

/* Calls, and keeps the answer. */
static int call_for_token(struct genl *genl, struct genl_token *token)
{
	int error = genl_call(genl);

	if (error)
		return error;
	if (!genl->answer)
		return -EPROTO;
	keep_token(token, genl->answer);
	return 0;
}

int genl_query(struct genl *genl, const struct sockdup_protocol_info *info,
	       struct genl_token *token)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_QUERY);

	mnl_attr_put(request, SOCKDUP_A_TOKEN_PROTOCOL_INFO, sizeof(*info),
		     info);
	return call_for_token(genl, token);
}

int genl_get(struct genl *genl, __u64 id, struct genl_token *token)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_GET);

	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id);
	return call_for_token(genl, token);
}

int genl_revoke(struct genl *genl, const struct sockdup_protocol_info *info)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_REVOKE);

	mnl_attr_put(request, SOCKDUP_A_TOKEN_PROTOCOL_INFO, sizeof(*info),
		     info);
	return genl_call(genl);
}

int genl_revoke_id(struct genl *genl, __u64 id)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_REVOKE);

	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id);
	return genl_call(genl);
}

int genl_stats(struct genl *genl, const __u32 *uid, struct genl_stats *stats)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_STATS_GET);
	int i, error;

	if (uid)
		mnl_attr_put_u32(request, SOCKDUP_A_STATS_UID, *uid);
	error = genl_call(genl);
	if (error)
		return error;
	if (!genl->attributes[SOCKDUP_A_STATS_UID] ||
	    !genl->attributes[SOCKDUP_A_STATS_HELD])
		return -EPROTO;
	memset(stats, 0, sizeof(*stats));
	stats->uid = mnl_attr_get_u32(genl->attributes[SOCKDUP_A_STATS_UID]);
	stats->held = mnl_attr_get_u64(genl->attributes[SOCKDUP_A_STATS_HELD]);
	stats->all = genl->attributes[SOCKDUP_A_STATS_EXPORTED];
	for (i = SOCKDUP_A_STATS_EXPORTED; i <= SOCKDUP_A_STATS_TARGET_DIED; i++) {
		if (!genl->attributes[i] == stats->all)
			return -EPROTO;
		if (stats->all)
			stats->counts[i] = mnl_attr_get_u64(genl->attributes[i]);
	}
	return 0;
}

int genl_list_begin(struct genl *genl, const struct genl_filter *filter)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_TOKEN_GET);

	request->nlmsg_flags |= NLM_F_DUMP;
	if (filter && filter->target)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET,
				 filter->target);
	if (filter && filter->source)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_SOURCE,
				 filter->source);
	if (filter && filter->by_uid)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_UID, filter->uid);
	return genl_send(genl);
}

int genl_list_step(struct genl *genl,
		   void (*show)(const struct genl_token *token, void *context),
		   void *context)
{
	const struct nlmsghdr *message;
	struct genl_token token;
	int error, left;

	error = receive(genl);
	if (error)
		return error;
	left = genl->size;
	for (message = (const void *)genl->reply; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != genl->sequence)
			return -EPROTO;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			genl->interrupted = true;
		if (message->nlmsg_type == NLMSG_DONE ||
		    message->nlmsg_type == NLMSG_ERROR)
			return acknowledged(genl, message);
		if (message->nlmsg_type == NLMSG_NOOP)
			continue;
		keep_token(&token, message);
		show(&token, context);
	}
	return 1;
}

struct collection {
	struct genl_token *tokens;
	unsigned int room;
	unsigned int count;
};

static void collect(const struct genl_token *token, void *context)
{
	struct collection *collection = context;

	if (collection->count < collection->room)
		collection->tokens[collection->count] = *token;
	collection->count++;
}

int genl_list(struct genl *genl, const struct genl_filter *filter,
	      struct genl_token *tokens, unsigned int room)
{
	struct collection collection = { .tokens = tokens, .room = room };
	int more;

	more = genl_list_begin(genl, filter);
	if (more)
		return more;
	do {
		more = genl_list_step(genl, collect, &collection);
	} while (more > 0);
	return more ? more : (int)collection.count;
}

int genl_join(struct genl *genl)
{
	return set_option(genl, NETLINK_ADD_MEMBERSHIP, genl->group);
}

int genl_event(struct genl *genl, struct genl_token *token)
{
	const struct nlmsghdr *message = (const void *)genl->reply;
	int error = receive(genl);

	if (error)
		return error;
	if (!mnl_nlmsg_ok(message, genl->size) ||
	    message->nlmsg_type != genl->family || message->nlmsg_seq)
		return -EPROTO;
	keep_token(token, message);
	return token->command;
}

int genl_event_on(struct genl *genl, __u64 id, struct genl_token *token)
{
	int command;

	do {
		command = genl_event(genl, token);
	} while (command >= 0 && token->id != id);
	return command;
}

#define CROWD	500

struct genl *genl_crowd(void)
{
	struct genl *crowd = calloc(CROWD, sizeof(*crowd));
	int i;

	for (i = 0; i < CROWD && crowd; i++) {
		if (genl_open(&crowd[i]) || genl_join(&crowd[i])) {
			genl_crowd_close(crowd);
			return NULL;
		}
	}
	return crowd;
}

void genl_crowd_close(struct genl *crowd)
{
	int i;

	for (i = 0; i < CROWD; i++)
		genl_close(&crowd[i]);
	free(crowd);
}
