// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "control_group.h"

int group_make(const char *path)
{
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

int group_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int group_move(const char *path, pid_t pid)
{
	char file[128], text[16];

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%d", pid);
	return write_string(file, text);
}

static bool is_removed(void *path)
{
	return !rmdir(path) || errno == ENOENT;
}

int group_remove(const char *path)
{
	return wait_until(is_removed, (void *)path);
}

static bool keeps_none(void *file)
{
	char *text = read_text(file);
	bool none = text && strstr(text, "nr_dying_descendants 0\n");

	free(text);
	return none;
}

int group_wait_until_none_is_kept(const char *path)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/cgroup.stat", path);
	return wait_until(keeps_none, file);
}
