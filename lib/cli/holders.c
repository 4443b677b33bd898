// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "holders.h"
#include "message.h"

/* Whether the link of a descriptor leads to one of the sockets. */
static bool link_leads_to(int directory, const char *name, const ino_t *sockets,
			  int count)
{
	unsigned long long inode;
	char text[64];
	ssize_t size;
	int i;

	size = readlinkat(directory, name, text, sizeof(text) - 1);
	if (size < 0)
		return false;
	text[size] = '\0';
	if (sscanf(text, "socket:[%llu]", &inode) != 1)
		return false;
	for (i = 0; i < count; i++)
		if (sockets[i] == inode)
			return true;
	return false;
}

static bool process_has(pid_t pid, const ino_t *sockets, int count)
{
	struct dirent *entry;
	bool found = false;
	char path[32];
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	stream = opendir(path);
	if (!stream)
		return false;
	while (!found && (entry = readdir(stream)))
		found = link_leads_to(dirfd(stream), entry->d_name, sockets,
				      count);
	closedir(stream);
	return found;
}

static void holder_add(struct holders *holders, pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0)
		return;
	holders->pidfds = checked(reallocarray(holders->pidfds,
					       holders->count + 1,
					       sizeof(*holders->pidfds)));
	holders->pidfds[holders->count++] = pidfd;
}

/* All but the caller and the process @but. */
void holders_find(struct holders *holders, const ino_t *sockets, int count,
		  pid_t but)
{
	DIR *stream = opendir("/proc");
	struct dirent *entry;
	pid_t pid;

	*holders = (struct holders){ };
	while (stream && (entry = readdir(stream))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = atoi(entry->d_name);
		if (pid != getpid() && pid != but &&
		    process_has(pid, sockets, count))
			holder_add(holders, pid);
	}
	if (stream)
		closedir(stream);
}

/* Whether an AF_UNIX socket is open in this network namespace. */
bool socket_is_listed(ino_t socket)
{
	FILE *file = fopen("/proc/net/unix", "re");
	unsigned long long inode;
	bool found = false;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %*s %*s %*s %*s %*s %llu", &inode) == 1 &&
			inode == socket;
	if (file)
		fclose(file);
	return found;
}
