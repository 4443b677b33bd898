/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The payloads of tokens, for exec: each becomes a file in memory that the program has
 * open.
 */
#ifndef CLI_PAYLOAD_H
#define CLI_PAYLOAD_H

#include <sys/uio.h>

#include "plan.h"

/**
 * struct payload - of one token
 * @fd: the file, if there is one
 * @room: it, in our memory
 */
struct payload {
	int fd;
	struct iovec room;
};

int file_move_aside(const struct plan *plan, int fd);
int payloads_open(const struct plan *plan, struct payload *payloads);
int payloads_place(const struct plan *plan, const struct payload *payloads);

#endif /* CLI_PAYLOAD_H */
