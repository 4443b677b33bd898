/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_DEVICE_H
#define LIBSOCKDUP_DEVICE_H

/* In place of a descriptor that a command does not have. */
#define NO_DESCRIPTOR	(-1)

int device_call(unsigned long command, void *argument, int fd, int other);
int device_check_callers(int fd, int other);

#endif /* LIBSOCKDUP_DEVICE_H */
