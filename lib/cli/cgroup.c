// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "message.h"
#include "verb.h"

extern char **environ;

/* By the path of its directory. */
int cgroup_open(const char *path, int *fd)
{
	struct statfs status;

	*fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return failed_to(NULL, "open control group %s", path);
	if (!fstatfs(*fd, &status) && status.f_type == CGROUP2_SUPER_MAGIC)
		return EXIT_OK;
	close(*fd);
	return complain("%s is not a directory of control groups of version 2", path);
}

/* Of a line of mountinfo; NULL where what is mounted is not the root of its file system. */
static char *mount_point(const char *line)
{
	char *mounted = NULL, *point = NULL;

	if (sscanf(line, "%*s %*s %*s %ms %ms", &mounted, &point) == 2 &&
	    strcmp(mounted, "/")) {
		free(point);
		point = NULL;
	}
	free(mounted);
	return point;
}

/*
 * Where control groups of version 2 are mounted, to be freed, or NULL. A mount of a
 * directory below their root does not count: containers have such mounts.
 */
static char *cgroup_root(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *root = NULL;
	size_t size = 0;

	while (mounts && !root && getline(&line, &size, mounts) > 0)
		if (strstr(line, " - cgroup2 "))
			root = mount_point(line);
	free(line);
	if (mounts)
		fclose(mounts);
	return root;
}

/*
 * What systemctl prints of a unit's group, to be freed; "" where that is nothing; NULL
 * with errno where it cannot be run, or with 0 where it fails and has said why.
 */
static char *systemctl_group(const char *unit)
{
	char *const arguments[] = {
		"systemctl", "show", "--property=ControlGroup", "--value", "--",
		(char *)unit, NULL
	};
	posix_spawn_file_actions_t actions;
	char *line = NULL;
	size_t size = 0;
	int ends[2], status;
	FILE *output;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	errno = posix_spawnp(&child, arguments[0], &actions, NULL, arguments,
			     environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (errno) {
		close(ends[0]);
		return NULL;
	}
	output = checked(fdopen(ends[0], "r"));
	if (getline(&line, &size, output) < 0) {
		free(line);
		line = checked(strdup(""));
	}
	fclose(output);
	line[strcspn(line, "\n")] = '\0';
	if (waitpid(child, &status, 0) == child && !status)
		return line;
	free(line);
	errno = 0;
	return NULL;
}

/* By the unit of systemd that it is of. */
int cgroup_open_unit(const char *unit, int *fd)
{
	char *group = systemctl_group(unit), *root, *path;
	int status;

	if (!group)
		return failed_to(errno == ENOENT ? "there is no systemctl" :
				 !errno ? "systemctl has failed" : NULL,
				 "find the control group of unit %s", unit);
	if (!*group) {
		free(group);
		return complain("unit %s has no control group: it is not active, or does not exist",
				unit);
	}
	root = cgroup_root();
	if (!root) {
		free(group);
		return complain("no control groups of version 2 are mounted here");
	}
	if (asprintf(&path, "%s%s", root, group) < 0)
		path = checked(NULL);
	status = cgroup_open(path, fd);
	free(path);
	free(root);
	free(group);
	return status;
}
