// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel has to say of a failure beside its number: a sentence, and
 * which attribute of the request is at fault.
 */

#include <errno.h>
#include <stdio.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sockdup_netlink.h>

#include "sockdup.h"

#include "attributes_gen.h"
#include "error.h"

static __thread char error_text[256];
static __thread const char *error_attribute;

const char *sockdup_error_text(void)
{
	return error_text;
}

const char *sockdup_error_attribute(void)
{
	return error_attribute ? : "";
}

/* To be called first by whatever can fail without asking the kernel. */
void error_text_clear(void)
{
	error_text[0] = '\0';
	error_attribute = NULL;
}

/* What the kernel is not asked about: -1, and errno says all. */
int error_of_caller(int error)
{
	error_text_clear();
	errno = error;
	return -1;
}

/**
 * struct reason - what the extended acknowledgment says
 * @words: a sentence, or NULL
 * @offset: in the request, of the attribute at fault, or 0
 */
struct reason {
	const char *words;
	__u32 offset;
};

static void reason_attr(const struct nlattr *attr, struct reason *reason)
{
	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			reason->words = mnl_attr_get_str(attr);
		break;
	case NLMSGERR_ATTR_OFFS:
		if (!mnl_attr_validate(attr, MNL_TYPE_U32))
			reason->offset = mnl_attr_get_u32(attr);
		break;
	}
}

/* The type of the request's attribute that starts at @offset, 0 if none does. */
static __u32 type_at(const struct nlmsghdr *request, __u32 offset)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr))
		if ((const char *)attr - (const char *)request == offset)
			return mnl_attr_get_type(attr);
	return 0;
}

static const char *attribute_name(__u8 command, __u32 type)
{
	const char * const *names = token_attributes;
	size_t count = MNL_ARRAY_SIZE(token_attributes);

	switch (command) {
	case SOCKDUP_CMD_STATS_GET:
		names = stats_attributes;
		count = MNL_ARRAY_SIZE(stats_attributes);
		break;
	case SOCKDUP_CMD_POST_GET:
	case SOCKDUP_CMD_POST_REVOKE:
		names = post_attributes;
		count = MNL_ARRAY_SIZE(post_attributes);
		break;
	}
	return type < count ? names[type] : NULL;
}

/*
 * Keeps what follows @offset bytes of an error, where the kernel has more to
 * say of @request.
 */
void error_text_read(const struct nlmsghdr *message, size_t offset,
		     const struct nlmsghdr *request)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(request);
	struct reason reason = { };
	const struct nlattr *attr;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, message, offset)
		reason_attr(attr, &reason);
	if (!reason.words)
		return;
	error_attribute = attribute_name(header->cmd,
					 type_at(request, reason.offset));
	snprintf(error_text, sizeof(error_text), "%s", reason.words);
}
