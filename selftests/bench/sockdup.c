// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exported by an ioctl, to a process or a user, or by netlink; and imported by an
 * ioctl; without the library.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../harness/genl.h"
#include "way.h"

struct netlink {
	struct genl genl;
	struct nlmsghdr *request;
};

static int give(const struct side *side, union parcel *parcel)
{
	return raw_export(side->device, side->socket, side->target, 0,
			  &parcel->info);
}

/* To any process of the user's. */
static int give_to_user(const struct side *side, union parcel *parcel)
{
	return raw_export_with(side->device, side->socket, getuid(),
			       SOCKDUP_EXPORT_TO_USER, 0, &parcel->info);
}

static int take(const struct side *side, const union parcel *parcel)
{
	return raw_import(side->device, &parcel->info, 0, NULL);
}

/* The request is always the same. The answer is all that comes back. */
static int begin_netlink(struct side *side)
{
	struct netlink *netlink = malloc(sizeof(*netlink));
	int error;

	if (!netlink)
		return -ENOMEM;
	error = genl_open(&netlink->genl);
	if (error)
		return error;
	netlink->request = genl_begin(&netlink->genl, SOCKDUP_CMD_TOKEN_EXPORT);
	netlink->request->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put_u32(netlink->request, SOCKDUP_A_TOKEN_FD, side->socket);
	mnl_attr_put_u32(netlink->request, SOCKDUP_A_TOKEN_TARGET, side->target);
	side->netlink = netlink;
	return 0;
}

static int give_by_netlink(const struct side *side, union parcel *parcel)
{
	const struct nlmsghdr *request = side->netlink->request;
	struct genl *genl = &side->netlink->genl;
	const struct nlmsghdr *reply = (const void *)genl->reply;
	const struct nlattr *attribute;
	ssize_t size;

	if (send(genl_fd(genl), request, request->nlmsg_len, 0) < 0)
		return -errno;
	size = recv(genl_fd(genl), genl->reply, sizeof(genl->reply), 0);
	if (size < 0)
		return -errno;
	if (!mnl_nlmsg_ok(reply, size) || reply->nlmsg_type != genl->family)
		return -EPROTO;
	mnl_attr_for_each(attribute, reply, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attribute) != SOCKDUP_A_TOKEN_PROTOCOL_INFO)
			continue;
		memcpy(&parcel->info, mnl_attr_get_payload(attribute),
		       sizeof(parcel->info));
		return 0;
	}
	return -EPROTO;
}

const struct way way_sockdup = {
	.name = "sockdup",
	.size = sizeof(struct sockdup_protocol_info),
	.give = give,
	.take = take,
};

const struct way way_to_user = {
	.name = "to_user",
	.size = sizeof(struct sockdup_protocol_info),
	.give = give_to_user,
	.take = take,
};

const struct way way_netlink = {
	.name = "netlink",
	.size = sizeof(struct sockdup_protocol_info),
	.begin = begin_netlink,
	.give = give_by_netlink,
	.take = take,
};
