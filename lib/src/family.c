// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests to the generic netlink family.
 *
 * Each call of the library opens a socket of its own: the kernel looks at who
 * opened it, threads need no lock, and a child of fork() shares nothing.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "descriptor.h"
#include "error.h"
#include "family.h"

static int family_verdict(int error)
{
	if (!error)
		return MNL_CB_STOP;
	errno = -error;
	return MNL_CB_ERROR;
}

/**
 * struct call - a request under way
 * @request: as it was sent
 * @answer: looks at each message of the answer
 * @context: handed to @answer
 */
struct call {
	const struct nlmsghdr *request;
	mnl_cb_t answer;
	void *context;
};

static int family_message(const struct nlmsghdr *message, void *context)
{
	const struct call *call = context;

	return call->answer ? call->answer(message, call->context) : MNL_CB_OK;
}

static int family_error(const struct nlmsghdr *message, void *context)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	const struct call *call = context;
	size_t offset = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return family_verdict(-EBADMSG);
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&error->msg);
	error_text_read(message, offset, call->request);
	return family_verdict(error->error);
}

static int family_done(const struct nlmsghdr *message, void *context)
{
	const int *error = mnl_nlmsg_get_payload(message);
	const struct call *call = context;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return MNL_CB_STOP;
	error_text_read(message, sizeof(*error), call->request);
	return family_verdict(*error);
}

static mnl_cb_t family_controls[NLMSG_MIN_TYPE] = {
	[NLMSG_ERROR] = family_error,
	[NLMSG_DONE] = family_done,
};

static ssize_t family_receive(const struct family *family,
			      union family_answer *answer)
{
	ssize_t size;

	do
		size = mnl_socket_recvfrom(family->socket, answer,
					   sizeof(*answer));
	while (size < 0 && errno == EINTR);
	return size;
}

/* Send a request and have each message of the answer looked at. */
static int family_call(const struct family *family, struct nlmsghdr *request,
		       mnl_cb_t answer, void *context)
{
	struct call call = {
		.request = request,
		.answer = answer,
		.context = context,
	};
	union family_answer buffer;
	ssize_t size;
	int result;

	error_text_clear();
	if (mnl_socket_sendto(family->socket, request,
			      request->nlmsg_len) < 0)
		return -1;
	do {
		size = family_receive(family, &buffer);
		if (size < 0)
			return -1;
		result = mnl_cb_run2(&buffer, size, request->nlmsg_seq,
				     mnl_socket_get_portid(family->socket),
				     family_message, &call, family_controls,
				     MNL_ARRAY_SIZE(family_controls));
	} while (result > 0);
	return result;
}

static struct nlmsghdr *message_prepare(union family_request *request,
					__u16 type, __u8 command, __u8 version,
					__u16 flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	struct genlmsghdr *header;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = 1;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = command;
	header->version = version;
	return message;
}

/* A request without its type, the family's id, which family_ask() finds out. */
struct nlmsghdr *family_prepare(union family_request *request, __u8 command,
				__u16 flags)
{
	return message_prepare(request, 0, command, SOCKDUP_FAMILY_VERSION,
			       flags);
}

/**
 * struct search - for a family's numbers
 * @group_name: of the multicast group that is wanted
 * @id: found: the family's message type
 * @group: found: the group, or 0
 */
struct search {
	const char *group_name;
	__u16 id;
	__u32 group;
};

static void group_read(const struct nlattr *nest, struct search *search)
{
	const char *name = "";
	const struct nlattr *attr;
	__u32 id = 0;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_MCAST_GRP_NAME:
			name = mnl_attr_get_str(attr);
			break;
		case CTRL_ATTR_MCAST_GRP_ID:
			id = mnl_attr_get_u32(attr);
			break;
		}
	}
	if (!strcmp(name, search->group_name))
		search->group = id;
}

static int search_read(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attr, *group;
	struct search *search = context;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			search->id = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				group_read(group, search);
			break;
		}
	}
	return MNL_CB_OK;
}

static int family_search(const struct family *family, const char *name,
			 struct search *search)
{
	union family_request buffer;
	struct nlmsghdr *request;

	request = message_prepare(&buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1,
				  NLM_F_ACK);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, name);
	return family_call(family, request, search_read, search);
}

static int family_find(struct family *family)
{
	struct search search = { .group_name = SOCKDUP_MCGRP_TOKENS };

	if (!family_search(family, SOCKDUP_FAMILY_NAME, &search)) {
		family->id = search.id;
		family->group = search.group;
		return 0;
	}
	if (errno == ENOENT) {
		error_text_clear();
		errno = ENODEV;
	}
	return -1;
}

static int family_join(const struct family *family, __u32 group)
{
	int number = group;

	return mnl_socket_setsockopt(family->socket, NETLINK_ADD_MEMBERSHIP,
				     &number, sizeof(number));
}

/* Fails with ENODEV where the family went, even if the module is back. */
int family_check(const struct family *family)
{
	struct family now;

	if (family_open(&now))
		return -1;
	family_close(&now);
	if (now.id == family->id)
		return 0;
	errno = ENODEV;
	return -1;
}

/*
 * From here on the socket receives events, and messages about families that go.
 * Make no requests on it.
 */
int family_listen(const struct family *family)
{
	struct search control = { .group_name = "notify" };

	if (family_search(family, "nlctrl", &control) ||
	    family_join(family, family->group) ||
	    family_join(family, control.group))
		return -1;
	/* The family may have gone before this socket listened. */
	return family_check(family);
}

/* Whether a message says that the family is no more. */
bool family_has_gone(const struct family *family,
		     const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);
	struct search search = { .group_name = "" };

	if (message->nlmsg_type != GENL_ID_CTRL ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
	    header->cmd != CTRL_CMD_DELFAMILY)
		return false;
	search_read(message, &search);
	return search.id == family->id;
}

static int family_connect(struct family *family)
{
	int on = 1;

	/* A kernel without these options gives no reasons; requests work all the same. */
	mnl_socket_setsockopt(family->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(family->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	if (mnl_socket_bind(family->socket, 0, MNL_SOCKET_AUTOPID))
		return -1;
	return family_find(family);
}

static struct mnl_socket *family_socket(void)
{
	struct mnl_socket *result;
	int fd, error;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		errno = ENODEV;
	fd = descriptor_raise(fd);
	if (fd < 0)
		return NULL;
	result = mnl_socket_fdopen(fd);
	if (!result) {
		error = errno;
		close(fd);
		errno = error;
	}
	return result;
}

/* Fails with ENODEV where the family is not there. */
int family_open(struct family *family)
{
	error_text_clear();
	*family = (struct family){ .socket = family_socket() };
	if (!family->socket)
		return -1;
	if (!family_connect(family))
		return 0;
	family_close(family);
	return -1;
}

void family_close(struct family *family)
{
	int saved = errno;

	mnl_socket_close(family->socket);
	errno = saved;
}

/* A prepared request, on a socket of its own. */
int family_ask(struct nlmsghdr *request, mnl_cb_t answer, void *context)
{
	struct family family;
	int result;

	if (family_open(&family))
		return -1;
	request->nlmsg_type = family.id;
	result = family_call(&family, request, answer, context);
	family_close(&family);
	return result;
}
