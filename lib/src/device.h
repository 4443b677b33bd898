/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_DEVICE_H
#define LIBSOCKDUP_DEVICE_H

/* In place of a descriptor that a command does not have. */
#define NO_DESCRIPTOR	(-1)

/*
 * struct device_named - the descriptors that a caller names in a command
 * @fd: or NO_DESCRIPTOR
 * @other: or NO_DESCRIPTOR
 * @fds: more of them
 * @count: how many
 */
struct device_named {
	int fd;
	int other;
	const int *fds;
	unsigned int count;
};

int device_call(unsigned long command, void *argument, int fd, int other);
int device_call_named(unsigned long command, void *argument,
		      const struct device_named *named);
int device_check_callers(int fd, int other);
int device_open_another(void);

#endif /* LIBSOCKDUP_DEVICE_H */
