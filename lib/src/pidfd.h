/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_PIDFD_H
#define LIBSOCKDUP_PIDFD_H

#include <sys/types.h>

/* A number for each of 32 nested pid namespaces, as procfs prints them. */
#define PIDFD_NUMBERS_SIZE	512

struct pidfd_numbers {
	char line[PIDFD_NUMBERS_SIZE];
};

int pidfd_read(int pidfd, struct pidfd_numbers *numbers);
pid_t pidfd_pid(const struct pidfd_numbers *numbers);
int pidfd_recheck(int pidfd, const struct pidfd_numbers *before);

#endif /* LIBSOCKDUP_PIDFD_H */
