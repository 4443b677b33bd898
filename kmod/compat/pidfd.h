/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_PIDFD_H
#define SOCKDUP_COMPAT_PIDFD_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/string.h>

/**
 * sockdup_pidfd_pid - the process or thread that a file names
 * @file: held by the caller
 *
 * No kernel exports pidfd_pid(), or what it compares. Some have a file system for
 * pidfds. On the others a pidfd is a file without an inode of its own, and its name
 * tells what it is: no caller can have another such file named so.
 *
 * Return: the pid, which @file holds, or NULL where it is not a pidfd.
 */
static inline struct pid *sockdup_pidfd_pid(const struct file *file)
{
	const struct inode *inode = file_inode(file);

#ifdef PID_FS_MAGIC
	if (inode->i_sb->s_magic == PID_FS_MAGIC)
		return inode->i_private;
#endif
	if (inode->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	    !strcmp(file->f_path.dentry->d_name.name, "[pidfd]"))
		return file->private_data;
	return NULL;
}

#endif /* SOCKDUP_COMPAT_PIDFD_H */
