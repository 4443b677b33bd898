/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_NETLINK_NOTICE_H
#define SOCKDUP_NETLINK_NOTICE_H

#include "token.h"

void sockdup_nl_notice_tell(struct sockdup_token *token,
			    enum sockdup_token_event event);

int sockdup_nl_notice_init(void);
void sockdup_nl_notice_flush(void);
void sockdup_nl_notice_exit(void);

#endif /* SOCKDUP_NETLINK_NOTICE_H */
