/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups, as the user names them.
 */
#ifndef CLI_CGROUP_H
#define CLI_CGROUP_H

int cgroup_open(const char *path, int *fd);
int cgroup_open_unit(const char *unit, int *fd);

#endif /* CLI_CGROUP_H */
