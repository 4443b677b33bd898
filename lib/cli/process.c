// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output.h"
#include "process.h"

bool process_command(pid_t pid, char command[COMMAND_SIZE])
{
	char path[64];
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	size = read(file, command, COMMAND_SIZE - 1);
	close(file);
	if (size <= 0)
		return false;
	/* A name may have a newline in it; the kernel puts one behind it. */
	command[size - 1] = '\0';
	return true;
}

/* The real one. False where it is not known. */
bool process_user(pid_t pid, uid_t *user)
{
	char path[64], line[256];
	bool known = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!known && fgets(line, sizeof(line), file))
		known = sscanf(line, "Uid: %u", user) == 1;
	fclose(file);
	return known;
}

/* A descriptor of our own of what another process has open as @fd. */
int process_take_fd(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int own, error;

	if (pidfd < 0)
		return -1;
	own = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	error = errno;
	close(pidfd);
	errno = error;
	return own;
}

/* A number of 0 is of a process that is not known. */
void process_cell(pid_t pid)
{
	char command[COMMAND_SIZE];

	if (!pid)
		cell(PLAIN, "-");
	else if (process_command(pid, command))
		cell(PLAIN, "%s/%d", command, pid);
	else
		cell(PLAIN, "%d", pid);
}

void process_fields(const char *key, pid_t pid)
{
	char command[COMMAND_SIZE], command_key[32];

	snprintf(command_key, sizeof(command_key), "%s_command", key);
	if (pid)
		field_number(key, pid);
	else
		field_null(key);
	if (pid && process_command(pid, command))
		field_text(command_key, command);
	else
		field_null(command_key);
}

void user_cell(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		cell(PLAIN, "%s", user->pw_name);
	else
		cell(PLAIN, "%u", uid);
}

void user_fields(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	field_number("uid", uid);
	if (user)
		field_text("user", user->pw_name);
	else
		field_null("user");
}
