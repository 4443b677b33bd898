// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens by generic netlink: each function is one command of the family.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "sockdup.h"

#include "device.h"
#include "error.h"
#include "family.h"
#include "tokens.h"

/* An attribute's bytes, as many as there is room for. */
static size_t attr_copy(void *to, size_t room, const struct nlattr *attr)
{
	size_t size = mnl_attr_get_payload_len(attr);

	if (size > room)
		size = room;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return size;
}

__u32 attr_u32(const struct nlattr *attr)
{
	__u32 value = 0;

	attr_copy(&value, sizeof(value), attr);
	return value;
}

__u64 attr_u64(const struct nlattr *attr)
{
	__u64 value = 0;

	attr_copy(&value, sizeof(value), attr);
	return value;
}

static void socket_attr(const struct nlattr *attr,
			struct sockdup_socket_info *socket)
{
	switch (mnl_attr_get_type(attr)) {
	case SOCKDUP_A_SOCKET_FAMILY:
		socket->family = attr_u32(attr);
		break;
	case SOCKDUP_A_SOCKET_TYPE:
		socket->type = attr_u32(attr);
		break;
	case SOCKDUP_A_SOCKET_PROTOCOL:
		socket->protocol = attr_u32(attr);
		break;
	case SOCKDUP_A_SOCKET_PROTOCOL_NAME:
		attr_copy(socket->protocol_name,
			  sizeof(socket->protocol_name) - 1, attr);
		break;
	case SOCKDUP_A_SOCKET_LOCAL_ADDRESS:
		socket->local_size = attr_copy(&socket->local,
					       sizeof(socket->local), attr);
		break;
	case SOCKDUP_A_SOCKET_REMOTE_ADDRESS:
		socket->remote_size = attr_copy(&socket->remote,
						sizeof(socket->remote), attr);
		break;
	case SOCKDUP_A_SOCKET_INODE:
		socket->inode = attr_u64(attr);
		break;
	case SOCKDUP_A_SOCKET_IPV6_ONLY:
		socket->ipv6_only = true;
		break;
	case SOCKDUP_A_SOCKET_STATE:
		socket->state = attr_u32(attr);
		break;
	case SOCKDUP_A_SOCKET_NETNS:
		socket->netns = attr_u64(attr);
		break;
	case SOCKDUP_A_SOCKET_NAME:
		attr_copy(socket->name, sizeof(socket->name) - 1, attr);
		break;
	}
}

void socket_read(const struct nlattr *nest, struct sockdup_socket_info *socket)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		socket_attr(attr, socket);
}

static void token_attr(const struct nlattr *attr,
		       struct sockdup_token_info *token)
{
	switch (mnl_attr_get_type(attr)) {
	case SOCKDUP_A_TOKEN_ID:
		token->id = attr_u64(attr);
		break;
	case SOCKDUP_A_TOKEN_TARGET:
		token->target = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_TARGET_UID:
		token->target_flags |= SOCKDUP_EXPORT_TO_USER;
		token->target_uid = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_TARGET_CGROUP:
		token->target_flags |= SOCKDUP_EXPORT_TO_CGROUP;
		token->target_cgroup = attr_u64(attr);
		break;
	case SOCKDUP_A_TOKEN_SOURCE:
		token->source = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_UID:
		token->uid = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_GID:
		token->gid = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_AGE_MS:
		token->age_ms = attr_u64(attr);
		break;
	case SOCKDUP_A_TOKEN_LEFT_MS:
		token->left_ms = attr_u64(attr);
		break;
	case SOCKDUP_A_TOKEN_SOCKET_COUNT:
		token->socket_count = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_SOCKET:
		/* Of several the first. */
		if (!token->socket.family)
			socket_read(attr, &token->socket);
		break;
	case SOCKDUP_A_TOKEN_PAYLOAD_SIZE:
		token->payload_size = attr_u32(attr);
		break;
	case SOCKDUP_A_TOKEN_INVITATION:
		token->target_flags |=
			attr_u32(attr) == SOCKDUP_NETLINK_INVITATION_TO_POST ?
			SOCKDUP_EXPORT_INVITE_TO_POST : SOCKDUP_EXPORT_INVITE_TO_ACCEPT;
		break;
	}
}

/* What a message tells of a token; what it does not is zero. */
void token_read(const struct nlmsghdr *message,
		struct sockdup_token_info *token)
{
	const struct nlattr *attr;

	memset(token, 0, sizeof(*token));
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		token_attr(attr, token);
}

struct list {
	sockdup_list_callback callback;
	void *context;
	int result;
};

static int list_message(const struct nlmsghdr *message, void *context)
{
	struct sockdup_token_info token;
	struct list *list = context;

	token_read(message, &token);
	list->result = list->callback(&token, list->context);
	return list->result ? MNL_CB_STOP : MNL_CB_OK;
}

/* Whether a newer caller asks for what is not known here. */
static bool filter_is_unknown(const struct sockdup_filter *filter)
{
	static const struct sockdup_filter none;

	return filter && memcmp(filter->__reserved, none.__reserved,
				sizeof(none.__reserved));
}

int sockdup_list(const struct sockdup_filter *filter,
		 sockdup_list_callback callback, void *context)
{
	struct list list = { .callback = callback, .context = context };
	union family_request buffer;
	struct nlmsghdr *request;

	if (!callback)
		return error_of_caller(EFAULT);
	if (filter_is_unknown(filter))
		return error_of_caller(EINVAL);
	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_GET, NLM_F_DUMP);
	if (filter && filter->target)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET,
				 filter->target);
	if (filter && filter->source)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_SOURCE,
				 filter->source);
	if (filter && filter->by_uid)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_UID, filter->uid);
	if (family_ask(request, list_message, &list))
		return -1;
	return list.result;
}

int sockdup_list_sockets(__u64 id, sockdup_list_callback callback, void *context)
{
	struct list list = { .callback = callback, .context = context };
	union family_request buffer;
	struct nlmsghdr *request;

	if (!callback)
		return error_of_caller(EFAULT);
	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_GET, NLM_F_DUMP);
	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id);
	return family_ask(request, list_message, &list) ? -1 : list.result;
}

static int token_message(const struct nlmsghdr *message, void *context)
{
	token_read(message, context);
	return MNL_CB_OK;
}

int sockdup_find_by_id(__u64 id, struct sockdup_token_info *token)
{
	union family_request buffer;
	struct nlmsghdr *request;

	if (!token)
		return error_of_caller(EFAULT);
	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_GET, NLM_F_ACK);
	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id);
	return family_ask(request, token_message, token);
}

int sockdup_find_by_info(const struct sockdup_protocol_info *info,
			 struct sockdup_token_info *token)
{
	union family_request buffer;
	struct nlmsghdr *request;

	if (!info || !token)
		return error_of_caller(EFAULT);
	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_QUERY, NLM_F_ACK);
	mnl_attr_put(request, SOCKDUP_A_TOKEN_PROTOCOL_INFO, sizeof(*info),
		     info);
	return family_ask(request, token_message, token);
}

int sockdup_revoke_id(__u64 id)
{
	union family_request buffer;
	struct nlmsghdr *request;

	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_REVOKE, NLM_F_ACK);
	mnl_attr_put_u64(request, SOCKDUP_A_TOKEN_ID, id);
	return family_ask(request, NULL, NULL);
}

struct export {
	struct sockdup_protocol_info *info;
	__u64 id;
};

static int export_message(const struct nlmsghdr *message, void *context)
{
	struct export *export = context;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case SOCKDUP_A_TOKEN_ID:
			export->id = attr_u64(attr);
			break;
		case SOCKDUP_A_TOKEN_PROTOCOL_INFO:
			attr_copy(export->info, sizeof(*export->info), attr);
			break;
		}
	}
	return MNL_CB_OK;
}

static int export_to(int fd, __u16 attribute, int target,
		     unsigned int ttl_ms, struct export *export)
{
	union family_request buffer;
	struct nlmsghdr *request;
	bool descriptor = attribute == SOCKDUP_A_TOKEN_PEER_FD ||
			  attribute == SOCKDUP_A_TOKEN_PIDFD ||
			  attribute == SOCKDUP_A_TOKEN_CGROUP_FD;

	if (device_check_callers(fd, descriptor ? target : NO_DESCRIPTOR))
		return -1;
	request = family_prepare(&buffer, SOCKDUP_CMD_TOKEN_EXPORT, NLM_F_ACK);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, fd);
	mnl_attr_put_u32(request, attribute, target);
	if (ttl_ms)
		mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TTL_MS, ttl_ms);
	return family_ask(request, export_message, export);
}

int sockdup_netlink_export(int fd, int target, unsigned int flags,
			   unsigned int ttl_ms,
			   struct sockdup_protocol_info *info, __u64 *id)
{
	struct export export = { .info = info };
	int result;

	error_text_clear();
	if (!info)
		return error_of_caller(EFAULT);
	switch (flags) {
	case 0:
		result = export_to(fd, SOCKDUP_A_TOKEN_TARGET, target, ttl_ms,
				   &export);
		break;
	case SOCKDUP_EXPORT_TO_PEER:
		result = export_to(fd, SOCKDUP_A_TOKEN_PEER_FD, target, ttl_ms,
				   &export);
		break;
	case SOCKDUP_EXPORT_TO_PIDFD:
		result = export_to(fd, SOCKDUP_A_TOKEN_PIDFD, target, ttl_ms,
				   &export);
		break;
	case SOCKDUP_EXPORT_TO_USER:
		result = export_to(fd, SOCKDUP_A_TOKEN_TARGET_UID, target,
				   ttl_ms, &export);
		break;
	case SOCKDUP_EXPORT_TO_CGROUP:
		result = export_to(fd, SOCKDUP_A_TOKEN_CGROUP_FD, target, ttl_ms,
				   &export);
		break;
	default:
		return error_of_caller(EINVAL);
	}
	if (!result && id)
		*id = export.id;
	return result;
}

static void stats_attr(const struct nlattr *attr, struct sockdup_stats *stats)
{
	switch (mnl_attr_get_type(attr)) {
	case SOCKDUP_A_STATS_UID:
		stats->uid = attr_u32(attr);
		break;
	case SOCKDUP_A_STATS_HELD:
		stats->held = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_BYTES:
		stats->bytes = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_EXPORTED:
		stats->exported = attr_u64(attr);
		stats->counted = true;
		break;
	case SOCKDUP_A_STATS_IMPORTED:
		stats->imported = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_REVOKED:
		stats->revoked = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_EXPIRED:
		stats->expired = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_HANDLE_CLOSED:
		stats->handle_closed = attr_u64(attr);
		break;
	case SOCKDUP_A_STATS_TARGET_DIED:
		stats->target_died = attr_u64(attr);
		break;
	}
}

static int stats_message(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		stats_attr(attr, context);
	return MNL_CB_OK;
}

static int stats_ask(const uid_t *uid, struct sockdup_stats *stats)
{
	union family_request buffer;
	struct nlmsghdr *request;

	if (!stats)
		return error_of_caller(EFAULT);
	memset(stats, 0, sizeof(*stats));
	request = family_prepare(&buffer, SOCKDUP_CMD_STATS_GET, NLM_F_ACK);
	if (uid)
		mnl_attr_put_u32(request, SOCKDUP_A_STATS_UID, *uid);
	return family_ask(request, stats_message, stats);
}

int sockdup_stats(struct sockdup_stats *stats)
{
	return stats_ask(NULL, stats);
}

int sockdup_stats_of(uid_t uid, struct sockdup_stats *stats)
{
	return stats_ask(&uid, stats);
}
