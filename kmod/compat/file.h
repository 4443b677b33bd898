/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_FILE_H
#define SOCKDUP_COMPAT_FILE_H

#include <linux/compiler.h>
#include <linux/file.h>
#include <linux/fs.h>

/* Some kernels also store the descriptor's number; a NULL tells them not to. */
typedef int receive_fd_plain(struct file *file, unsigned int o_flags);
typedef int receive_fd_storing(struct file *file, int __user *ufd,
			       unsigned int o_flags);

static __always_inline int receive_plain(receive_fd_plain *receive,
					 struct file *file,
					 unsigned int o_flags)
{
	return receive(file, o_flags);
}

static __always_inline int receive_storing(receive_fd_storing *receive,
					   struct file *file,
					   unsigned int o_flags)
{
	return receive(file, NULL, o_flags);
}

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
	return __builtin_choose_expr(__same_type(receive_fd, receive_fd_plain),
				     receive_plain, receive_storing)
		(receive_fd, file, o_flags);
}

/**
 * sockdup_put_unless_last - give up a reference to a file, but not the last one
 * @file: held by the caller
 *
 * Return: false for the last reference, which stays the caller's.
 */
static inline bool sockdup_put_unless_last(struct file *file)
{
#ifdef FILE_REF_ONEREF
	/* Counts the references beside one. */
	return atomic_long_dec_if_positive(&file->f_ref.refcnt) >= 0;
#else
	return atomic_long_add_unless(&file->f_count, -1, 1);
#endif
}

#endif /* SOCKDUP_COMPAT_FILE_H */
