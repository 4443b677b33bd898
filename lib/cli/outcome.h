/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include <stdbool.h>

#include <sockdup.h>

int outcome_check(void);
int outcome_await(const struct sockdup_protocol_info *info, int timeout_ms,
		  const char *shown, bool shared);

#endif /* CLI_OUTCOME_H */
