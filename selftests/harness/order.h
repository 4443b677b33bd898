/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_ORDER_H
#define SELFTESTS_ORDER_H

#include <sys/types.h>

#include <sockdup.h>

/*
 * An export by a process that is forked for it alone and has gone when the
 * outcome is known.
 */
struct order {
	uid_t uid;		/* the real one */
	uid_t euid;
	gid_t egid;
	int fd;
	pid_t pid;
	unsigned int ttl_ms;
	/* The outcome: */
	pid_t by;
	int value;
	struct sockdup_protocol_info info;
};

/* 0 or -errno, of the export as well. */
int place_order(struct order *order);

#endif /* SELFTESTS_ORDER_H */
