/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_FAMILY_H
#define LIBSOCKDUP_FAMILY_H

#include <stdbool.h>

#include <linux/types.h>

#include <libmnl/libmnl.h>

/* Room for any request of the family's, and for any part of an answer. */
union family_request {
	struct nlmsghdr header;
	char bytes[512];
};

union family_answer {
	struct nlmsghdr header;
	char bytes[8192];
};

/**
 * struct family - a netlink socket on which the family can be spoken to
 * @socket: closed by family_close()
 * @id: the family's message type
 * @group: the multicast group of its events
 */
struct family {
	struct mnl_socket *socket;
	__u16 id;
	__u32 group;
};

int family_open(struct family *family);
void family_close(struct family *family);
struct nlmsghdr *family_prepare(union family_request *request, __u8 command,
				__u16 flags);
int family_listen(const struct family *family);
int family_check(const struct family *family);
bool family_has_gone(const struct family *family,
		     const struct nlmsghdr *message);
int family_ask(struct nlmsghdr *request, mnl_cb_t answer, void *context);

#endif /* LIBSOCKDUP_FAMILY_H */
