/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A socket of the test's that an agent gets.
 */
#ifndef SELFTESTS_HAND_OVER_H
#define SELFTESTS_HAND_OVER_H

#include <sockdup.h>

#include "agent.h"

/* The target's descriptor of an export of @fd, the same open file; or -errno. */
int hand_over(struct agent *target, int fd);

/* 1 when the target can import @info and gets the open file of @source. */
int imports_well(struct agent *target, int source,
		 const struct sockdup_protocol_info *info);

#endif /* SELFTESTS_HAND_OVER_H */
