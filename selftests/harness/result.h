/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_RESULT_H
#define SELFTESTS_RESULT_H

#include <errno.h>

/* What a system call gives, with -errno in place of -1. */
static inline int result(long value)
{
	return value < 0 ? -errno : value;
}

#endif /* SELFTESTS_RESULT_H */
