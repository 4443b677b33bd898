/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_TOKENS_H
#define LIBSOCKDUP_TOKENS_H

struct nlmsghdr;
struct sockdup_token_info;

void token_read(const struct nlmsghdr *message,
		struct sockdup_token_info *token);

#endif /* LIBSOCKDUP_TOKENS_H */
