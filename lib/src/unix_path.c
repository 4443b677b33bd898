// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The name of an AF_UNIX socket in a file system, kept from being lost.
 *
 * connect() finds a socket by the inode that a path leads to, and every hard
 * link of that inode will do. unlink() removes a path, whatever it leads to. So
 * a second link is made while the first is there, and the first made again from
 * it. Both are made by link(), which replaces nothing.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sockdup.h"

#include "descriptor.h"
#include "unix_file.h"

/* A path of the greatest length has no NUL, which the kernel adds. */
#define PATH_SIZE	(sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1)
#define SPARE_SUFFIX	".sockdup-"
#define SPARE_TRIES	16

/**
 * struct sockdup_unix_path - a name that is kept
 * @directory: an O_PATH descriptor of the directory that it is in
 * @held: one of the file, whose number passes to no other while it is open
 * @watch: an inotify descriptor, or -1
 * @file: which file it is
 * @name: in the directory
 * @spare: the second link's name there
 */
struct sockdup_unix_path {
	int directory;
	int held;
	int watch;
	struct unix_file file;
	char name[PATH_SIZE];
	char spare[PATH_SIZE + sizeof(SPARE_SUFFIX) + 8];
};

static int fail(int error)
{
	errno = error;
	return -1;
}

static int option_of(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) ? -1 : value;
}

/* An accepted socket has its listener's name, and a client one that nobody needs. */
static bool is_connection(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return option_of(fd, SO_TYPE) != SOCK_DGRAM &&
	       !getpeername(fd, (struct sockaddr *)&peer, &size);
}

/* Fills @path and gives 1, or 0 where the name is abstract. */
static int path_of(int fd, char path[PATH_SIZE])
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr_un local;
	} address = { };
	socklen_t size = sizeof(address);
	int family = option_of(fd, SO_DOMAIN);

	if (family < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		return -1;
	if (family != AF_UNIX)
		return fail(EAFNOSUPPORT);
	size -= offsetof(struct sockaddr_un, sun_path);
	if (size <= 0)
		return fail(EINVAL);
	if (!address.local.sun_path[0])
		return 0;
	if (is_connection(fd))
		return fail(EISCONN);
	memcpy(path, address.local.sun_path, PATH_SIZE - 1);
	path[size < PATH_SIZE ? size : PATH_SIZE - 1] = '\0';
	return 1;
}

/* Opens the directory of @path, whose last part is the name in it. */
static int directory_open(struct sockdup_unix_path *path, const char *whole)
{
	const char *name = strrchr(whole, '/');
	char directory[PATH_SIZE] = ".";

	name = name ? name + 1 : whole;
	/* With its slash, as / has nothing else. */
	if (name != whole)
		memcpy(directory, whole, name - whole);
	directory[name == whole ? 1 : name - whole] = '\0';
	strcpy(path->name, name);
	path->directory = descriptor_raise(open(directory, O_PATH | O_DIRECTORY |
						O_CLOEXEC));
	return path->directory < 0 ? -1 : 0;
}

/* Makes sure that the name is the socket's. */
static int name_check(struct sockdup_unix_path *path, int fd)
{
	int result;

	path->held = descriptor_raise(openat(path->directory, path->name,
					     O_PATH | O_NOFOLLOW | O_CLOEXEC));
	if (path->held < 0 || unix_file_look(path->held, "", &path->file))
		return -1;
	if (!path->file.is_socket)
		return fail(ESTALE);
	result = unix_file_is_bound(&path->file, fd);
	return result ? (result < 0 ? -1 : 0) : fail(ESTALE);
}

/* 1 where @name is the socket's, 0 where it is another file's. */
static int name_look(const struct sockdup_unix_path *path, const char *name)
{
	struct unix_file there;

	if (unix_file_look(path->directory, name, &there))
		return -1;
	return unix_file_is_same(&there, &path->file);
}

static int link_make(const struct sockdup_unix_path *path, const char *from,
		     const char *to)
{
	return linkat(path->directory, from, path->directory, to, 0);
}

static void spare_remove(struct sockdup_unix_path *path)
{
	unlinkat(path->directory, path->spare, 0);
	path->spare[0] = '\0';
}

static int spare_make(struct sockdup_unix_path *path)
{
	unsigned int number;
	int result = -1, i;

	for (i = 0; result && i < SPARE_TRIES; i++) {
		if (getrandom(&number, sizeof(number), 0) < 0)
			return -1;
		snprintf(path->spare, sizeof(path->spare), "%s%s%08x",
			 path->name, SPARE_SUFFIX, number);
		result = link_make(path, path->name, path->spare);
		if (result && errno != EEXIST)
			break;
	}
	if (result) {
		path->spare[0] = '\0';
		return -1;
	}
	/* The name may have become another file's since it was looked at. */
	if (name_look(path, path->spare) == 1)
		return 0;
	spare_remove(path);
	return fail(ESTALE);
}

static void path_free(struct sockdup_unix_path *path)
{
	int error = errno;

	if (path->watch >= 0)
		close(path->watch);
	if (path->held >= 0)
		close(path->held);
	if (path->directory >= 0)
		close(path->directory);
	free(path);
	errno = error;
}

int sockdup_unix_path_take(int fd, struct sockdup_unix_path **taken)
{
	struct sockdup_unix_path *path;
	char whole[PATH_SIZE];
	int result;

	if (!taken)
		return fail(EFAULT);
	*taken = NULL;
	result = path_of(fd, whole);
	if (result <= 0)
		return result;
	path = calloc(1, sizeof(*path));
	if (!path)
		return -1;
	path->directory = -1;
	path->held = -1;
	path->watch = -1;
	if (directory_open(path, whole) || name_check(path, fd) ||
	    spare_make(path)) {
		path_free(path);
		return -1;
	}
	*taken = path;
	return 1;
}

/* On the file itself: what else happens in the directory wakes nobody. */
static int watch_add(int watch, int file)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	return inotify_add_watch(watch, link, IN_ATTRIB | IN_MOVE_SELF |
				 IN_DELETE_SELF);
}

int sockdup_unix_path_watch(struct sockdup_unix_path *path)
{
	int watch;

	if (!path)
		return fail(EFAULT);
	if (path->watch >= 0)
		return path->watch;
	watch = descriptor_raise(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	if (watch < 0)
		return -1;
	if (watch_add(watch, path->held) < 0) {
		int error = errno;

		close(watch);
		return fail(error);
	}
	path->watch = watch;
	return watch;
}

/* What happens from here on makes the descriptor readable again. */
static void watch_drain(const struct sockdup_unix_path *path)
{
	char events[1024];

	if (path->watch >= 0)
		while (read(path->watch, events, sizeof(events)) > 0)
			;
}

static int name_restore(struct sockdup_unix_path *path)
{
	int is_ours = path->spare[0] ? name_look(path, path->spare) : 0;

	if (!is_ours || (is_ours < 0 && errno == ENOENT))
		return fail(ESTALE);
	if (is_ours < 0)
		return -1;
	if (!link_make(path, path->spare, path->name))
		return 0;
	/* A user who may not link the file any more may rename it. */
	if (errno != EPERM ||
	    renameat2(path->directory, path->spare, path->directory,
		      path->name, RENAME_NOREPLACE))
		return -1;
	path->spare[0] = '\0';
	return 0;
}

int sockdup_unix_path_restore(struct sockdup_unix_path *path)
{
	int result;

	if (!path)
		return fail(EFAULT);
	watch_drain(path);
	result = name_look(path, path->name);
	if (!result)
		return fail(EEXIST);
	if (result > 0)
		return 0;
	if (errno != ENOENT || name_restore(path))
		return -1;
	return name_look(path, path->name) == 1 ? 1 : fail(ESTALE);
}

int sockdup_unix_path_release(struct sockdup_unix_path *path)
{
	int result = 0;

	if (!path)
		return 0;
	if (path->spare[0] && name_look(path, path->spare) == 1)
		result = unlinkat(path->directory, path->spare, 0);
	path_free(path);
	return result;
}
