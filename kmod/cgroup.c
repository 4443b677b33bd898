// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups of version 2, as far as a token can be for one. Where the kernel has no
 * control groups, no descriptor is of one.
 */

#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "cgroup.h"

#ifdef CONFIG_CGROUPS

/* Whether a file is the directory of a cgroup. */
static bool cgroup_is_of(struct cgroup *cgroup, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	return inode->i_sb->s_magic == CGROUP2_SUPER_MAGIC &&
	       inode->i_ino == cgroup_ino(cgroup);
}

/* Whether a cgroup can be a target, and @file is still what names it. */
static int cgroup_check(struct cgroup *cgroup, const struct file *file)
{
	/* Another thread may have put another file at the number meanwhile. */
	if (!cgroup_is_of(cgroup, file))
		return -EBADF;
	/* It can be got until its removal is over. */
	if (!sockdup_cgroup_is_online(cgroup))
		return -ESRCH;
	return cgroup_parent(cgroup) ? 0 : -EINVAL;
}

/* A permission is the inode's: it does not tell that the mount is read-only. */
static bool cgroup_is_writable(struct file *file)
{
	return !__mnt_is_readonly(file->f_path.mnt) &&
	       !file_permission(file, MAY_WRITE | MAY_EXEC);
}

/**
 * sockdup_cgroup_get - the cgroup that a caller names
 * @fd: the caller's descriptor of its directory
 * @writable: set to whether the caller may write to that directory by that descriptor,
 *	      which is to make cgroups below it; NULL where that is not asked for, as the
 *	      answer takes a lock of all cgroups, and security modules log a refusal
 *
 * Return: the cgroup, to be put; ERR_PTR(-EBADF) where @fd is not open, or not a
 * cgroup of version 2; ERR_PTR(-ESRCH) where it has been removed; ERR_PTR(-EINVAL) for
 * the root, which every process is below.
 */
struct cgroup *sockdup_cgroup_get(int fd, bool *writable)
{
	struct file *file = fget_raw(fd);
	struct cgroup *cgroup;
	int err;

	if (!file)
		return ERR_PTR(-EBADF);
	cgroup = cgroup_get_from_fd(fd);
	if (IS_ERR(cgroup)) {
		if (PTR_ERR(cgroup) == -ENOENT)
			cgroup = ERR_PTR(-ESRCH);
		goto out;
	}
	err = cgroup_check(cgroup, file);
	if (err) {
		cgroup_put(cgroup);
		cgroup = ERR_PTR(err);
	} else if (writable) {
		*writable = cgroup_is_writable(file);
	}
out:
	fput(file);
	return cgroup;
}

/**
 * sockdup_cgroup_hold - get a cgroup once more
 * @cgroup: got by the caller
 */
void sockdup_cgroup_hold(struct cgroup *cgroup)
{
	cgroup_get(cgroup);
}

/**
 * sockdup_cgroup_put - let go of a cgroup
 * @cgroup: got by the caller
 */
void sockdup_cgroup_put(struct cgroup *cgroup)
{
	cgroup_put(cgroup);
}

/**
 * sockdup_cgroup_is_online - whether a cgroup has not been removed
 * @cgroup: got by the caller
 */
bool sockdup_cgroup_is_online(const struct cgroup *cgroup)
{
	return READ_ONCE(cgroup->self.flags) & CSS_ONLINE;
}

/**
 * sockdup_cgroup_has_current - whether the calling thread is in a cgroup or below it
 * @cgroup: got by the caller
 *
 * Anybody with the right may move the thread at any time.
 */
bool sockdup_cgroup_has_current(struct cgroup *cgroup)
{
	bool has;

	rcu_read_lock();
	has = cgroup_is_descendant(task_dfl_cgroup(current), cgroup);
	rcu_read_unlock();
	return has;
}

/**
 * sockdup_cgroup_root - the root of the caller's cgroup namespace
 *
 * Return: the cgroup, which stays for as long as the caller does not leave the namespace.
 */
struct cgroup *sockdup_cgroup_root(void)
{
	return current->nsproxy->cgroup_ns->root_cset->dfl_cgrp;
}

/**
 * sockdup_cgroup_ino - what names a cgroup
 * @cgroup: got by the caller
 * @root: of the reader's cgroup namespace, or NULL for a reader who sees all
 *
 * Return: the inode number of its directory, which no other cgroup has had before; 0
 * where the reader does not see it.
 */
u64 sockdup_cgroup_ino(struct cgroup *cgroup, struct cgroup *root)
{
	return !root || cgroup_is_descendant(cgroup, root) ? cgroup_ino(cgroup) : 0;
}

#else /* !CONFIG_CGROUPS */

struct cgroup *sockdup_cgroup_get(int fd, bool *writable)
{
	return ERR_PTR(-EBADF);
}

void sockdup_cgroup_hold(struct cgroup *cgroup)
{
}

void sockdup_cgroup_put(struct cgroup *cgroup)
{
}

bool sockdup_cgroup_is_online(const struct cgroup *cgroup)
{
	return false;
}

bool sockdup_cgroup_has_current(struct cgroup *cgroup)
{
	return false;
}

struct cgroup *sockdup_cgroup_root(void)
{
	return NULL;
}

u64 sockdup_cgroup_ino(struct cgroup *cgroup, struct cgroup *root)
{
	return 0;
}

#endif /* CONFIG_CGROUPS */
