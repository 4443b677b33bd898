/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_TOKENS_H
#define LIBSOCKDUP_TOKENS_H

#include <linux/types.h>

struct nlattr;
struct nlmsghdr;
struct sockdup_socket_info;
struct sockdup_token_info;

/* An attribute's number, which a kernel of another version may send shorter or longer. */
__u32 attr_u32(const struct nlattr *attr);
__u64 attr_u64(const struct nlattr *attr);

/* What a nest tells of a socket; what it does not is left as it is. */
void socket_read(const struct nlattr *nest, struct sockdup_socket_info *socket);

void token_read(const struct nlmsghdr *message,
		struct sockdup_token_info *token);

#endif /* LIBSOCKDUP_TOKENS_H */
