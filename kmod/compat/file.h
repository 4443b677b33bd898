/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_FILE_H
#define SOCKDUP_COMPAT_FILE_H

#include <linux/file.h>

/**
 * sockdup_receive_fd - install a file in the caller's descriptor table
 * @file: the file; the new descriptor takes a reference of its own
 * @o_flags: O_CLOEXEC or 0
 *
 * Runs the security module's hook and the socket's cgroup updates.
 *
 * Return: the descriptor, or a negative errno.
 */
static inline int sockdup_receive_fd(struct file *file, unsigned int o_flags)
{
	return receive_fd(file, o_flags);
}

#endif /* SOCKDUP_COMPAT_FILE_H */
