/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_CGROUP_H
#define SOCKDUP_CGROUP_H

#include <linux/types.h>

struct cgroup;

struct cgroup *sockdup_cgroup_get(int fd, bool *writable);
void sockdup_cgroup_hold(struct cgroup *cgroup);
void sockdup_cgroup_put(struct cgroup *cgroup);
bool sockdup_cgroup_is_online(const struct cgroup *cgroup);
bool sockdup_cgroup_has_current(struct cgroup *cgroup);
struct cgroup *sockdup_cgroup_root(void);
u64 sockdup_cgroup_ino(struct cgroup *cgroup, struct cgroup *root);

#endif /* SOCKDUP_CGROUP_H */
