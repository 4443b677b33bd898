/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control groups of version 2, by the paths of their directories.
 *
 * A function that can fail gives -errno.
 */
#ifndef SELFTESTS_CONTROL_GROUP_H
#define SELFTESTS_CONTROL_GROUP_H

#include <sys/types.h>

#define CONTROL_GROUPS	"/sys/fs/cgroup"

/* 0 as well where it is there already. */
int group_make(const char *path);
/* A descriptor. */
int group_open(const char *path);
int group_move(const char *path, pid_t pid);
/* Waits until the last process in it has gone. 0 as well where it is not there. */
int group_remove(const char *path);
/* 0 once nobody keeps a group that was removed from below this one. */
int group_wait_until_none_is_kept(const char *path);

#endif /* SELFTESTS_CONTROL_GROUP_H */
