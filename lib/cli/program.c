// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program that is to be executed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static bool can_execute(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EACCES;
		return false;
	}
	return !access(path, X_OK);
}

/* The program's path, as execvp() would find it; NULL with errno. */
char *program_find(const char *name)
{
	const char *path = getenv("PATH") ? : "/bin:/usr/bin";
	int error = ENOENT;
	size_t length;
	char *file;

	if (strchr(name, '/'))
		return can_execute(name) ? checked(strdup(name)) : NULL;
	for (;; path += length + 1) {
		length = strcspn(path, ":");
		if (asprintf(&file, "%.*s%s%s", (int)length, path,
			     length ? "/" : "./", name) < 0)
			file = checked(NULL);
		if (can_execute(file))
			return file;
		if (errno == EACCES)
			error = EACCES;
		free(file);
		if (!path[length])
			break;
	}
	errno = error;
	return NULL;
}

/* An exit code after a complaint, as env(1) has it. */
int program_failed(const char *name)
{
	int unfit = errno == ENOENT ? EXIT_UNFOUND : EXIT_UNFIT;

	failed_to(NULL, "execute %s", name);
	return unfit;
}
