// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "store.h"
#include "verb.h"

#define DIRECTORY	"sockdup"

/* For who may be under way. Nobody waits for anything with the lock held. */
#define LOCK_MS		5000
#define LOCK_LOOK_MS	10

/* A dot, a name, what tells it from others, and the NUL. */
#define TEMPORARY_SIZE	(1 + STORE_NAME_MAX + sizeof(".new"))

/* What begins with a dot is a file that is not complete. */
void store_name_check(const char *name)
{
	if (!*name)
		usage_error("a name to keep a token under has at least one byte");
	if (*name == '.')
		usage_error("'%s' begins with a dot, so no token can be kept under it", name);
	if (strpbrk(name, "/="))
		usage_error("'%s' has a / or a = in it, so no token can be kept under it",
			    name);
	if (strlen(name) > STORE_NAME_MAX)
		usage_error("'%s' has more than %d bytes, so no token can be kept under it",
			    name, STORE_NAME_MAX);
}

/* Where the directory is; NULL after a complaint. */
static const char *base_path(void)
{
	const char *path = getenv("XDG_RUNTIME_DIR");

	if (path && *path == '/')
		return path;
	if (path && *path) {
		complain("XDG_RUNTIME_DIR is '%s', which is not an absolute path", path);
		return NULL;
	}
	if (!geteuid())
		return "/run";
	complain("there is no place to keep tokens: XDG_RUNTIME_DIR is not set, as it is for a user who is logged in");
	return NULL;
}

/* Where another user could put a directory in the place of ours, we keep nothing. */
static int base_check(int base, const char *path)
{
	struct stat status;

	if (fstat(base, &status))
		return failed_to(NULL, "look at %s", path);
	if (status.st_uid && status.st_uid != geteuid())
		return complain("cannot keep tokens below %s (XDG_RUNTIME_DIR): it belongs to user %u, and this is user %u",
				path, status.st_uid, geteuid());
	if (status.st_mode & (0022) && !(status.st_mode & S_ISVTX))
		return complain("cannot keep tokens below %s: other users may write to it (mode %04o)",
				path, status.st_mode & 07777);
	return EXIT_OK;
}

static int directory_check(const struct store *store)
{
	struct stat status;

	if (fstat(store->directory, &status))
		return failed_to(NULL, "look at %s", store->path);
	if (status.st_uid != geteuid())
		return complain("cannot keep tokens in %s: it belongs to user %u, and this is user %u",
				store->path, status.st_uid, geteuid());
	if (status.st_mode & 0077)
		return complain("cannot keep tokens in %s: other users may use it (mode %04o); it must have mode 0700",
				store->path, status.st_mode & 07777);
	return EXIT_OK;
}

static int directory_open(struct store *store, int base, bool create)
{
	if (create && mkdirat(base, DIRECTORY, 0700) && errno != EEXIST)
		return failed_to(NULL, "make the directory %s", store->path);
	store->directory = openat(base, DIRECTORY,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->directory >= 0)
		return directory_check(store);
	if (errno == ENOENT)
		return EXIT_OK;
	return failed_to(errno == ENOTDIR || errno == ELOOP ?
			 "it is a symbolic link or a file" : NULL,
			 "open the directory %s", store->path);
}

/* Without @create the directory may be missing; nothing is kept in it then. */
int store_open(struct store *store, bool create)
{
	const char *path = base_path();
	int base, status;

	store->directory = -1;
	store->path = NULL;
	if (!path)
		return EXIT_FAILED;
	if (asprintf(&store->path, "%s/" DIRECTORY, path) < 0)
		store->path = checked(NULL);
	base = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return failed_to(NULL, "open the directory %s%s", path,
				 getenv("XDG_RUNTIME_DIR") ? " (XDG_RUNTIME_DIR)" : "");
	status = base_check(base, path) ? : directory_open(store, base, create);
	close(base);
	if (status)
		store_close(store);
	return status;
}

void store_close(struct store *store)
{
	if (store->directory >= 0)
		close(store->directory);
	store->directory = -1;
	free(store->path);
	store->path = NULL;
}

/* It ends with the descriptor, and so with a command that is killed. */
int store_lock(const struct store *store)
{
	int waited;

	for (waited = 0; flock(store->directory, LOCK_EX | LOCK_NB); waited += LOCK_LOOK_MS) {
		if (errno != EWOULDBLOCK)
			return failed_to(NULL, "lock %s", store->path);
		if (waited >= LOCK_MS)
			return complain("cannot lock %s: another process has held the lock for %d s",
					store->path, LOCK_MS / 1000);
		usleep(LOCK_LOOK_MS * 1000);
	}
	return EXIT_OK;
}

void store_unlock(const struct store *store)
{
	flock(store->directory, LOCK_UN);
}

static const char *type_reason(int fd)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return "it is not a regular file";
	if (status.st_uid != geteuid())
		return "it belongs to another user";
	return NULL;
}

/* Reads the token of a file; NULL, or why there is none. */
static const char *token_read(int fd, struct sockdup_protocol_info *info)
{
	char text[SOCKDUP_TEXT_SIZE + 1];
	const char *reason = type_reason(fd);
	ssize_t size;

	if (reason)
		return reason;
	size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return strerror(errno);
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return sockdup_info_from_text(text, info) ? "there is no token in it" : NULL;
}

/* The same without asking the kernel: one with a token is taken for ended. */
static int file_read(const struct store *store, const char *name, struct kept *kept)
{
	int fd = -1;

	*kept = (struct kept){ .name = name, .state = KEPT_NOTHING };
	if (store->directory >= 0)
		fd = openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			    O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		if (store->directory < 0 || errno == ENOENT)
			return EXIT_OK;
		/* A socket has no open(). */
		if (errno != ELOOP && errno != ENXIO && errno != EACCES)
			return failed_to(NULL, "open %s/%s", store->path, name);
		kept->reason = errno == ELOOP ? "it is a symbolic link" :
			       "it cannot be read";
	} else {
		kept->reason = token_read(fd, &kept->info);
		close(fd);
	}
	kept->has_token = !kept->reason;
	kept->state = kept->has_token ? KEPT_ENDED : KEPT_INVALID;
	return EXIT_OK;
}

int store_read(const struct store *store, const char *name, struct kept *kept)
{
	int status = file_read(store, name, kept);

	if (status || kept->state != KEPT_ENDED)
		return status;
	if (!sockdup_query(&kept->info, &kept->description)) {
		kept->state = KEPT_LIVE;
	} else if (errno == EPERM) {
		kept->state = KEPT_INVALID;
		kept->reason = "its token is not for this process";
	} else if (errno != ENOENT) {
		return failed_to(NULL, "ask about the token in %s/%s", store->path, name);
	}
	return EXIT_OK;
}

static int is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static int by_bytes(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

/* In the order of their names. Goes on after a failure. */
int store_each(const struct store *store, int (*act)(const struct kept *kept))
{
	int i, count, status, worst = EXIT_OK;
	struct dirent **entries;
	struct kept kept;

	if (store->directory < 0)
		return EXIT_OK;
	count = scandirat(store->directory, ".", &entries, is_visible, by_bytes);
	if (count < 0)
		return failed_to(NULL, "read the directory %s", store->path);
	for (i = 0; i < count; i++) {
		status = store_read(store, entries[i]->d_name, &kept);
		if (!status && kept.state != KEPT_NOTHING)
			status = act(&kept);
		worst = status ? : worst;
		free(entries[i]);
	}
	free(entries);
	return worst;
}

static bool is_same(const struct kept *one, const struct kept *other)
{
	if (one->has_token && other->has_token)
		return !memcmp(one->info.opaque, other->info.opaque,
			       sizeof(one->info.opaque));
	return one->has_token == other->has_token && other->state != KEPT_NOTHING;
}

/* Leaves what somebody has kept under that name since then. */
int store_remove(const struct store *store, const struct kept *kept)
{
	struct kept now;
	int status;

	if (store->directory < 0)
		return EXIT_OK;
	status = store_lock(store);
	if (status)
		return status;
	status = file_read(store, kept->name, &now);
	if (!status && is_same(kept, &now) &&
	    unlinkat(store->directory, kept->name, 0))
		status = failed_to(NULL, "remove %s/%s", store->path, kept->name);
	store_unlock(store);
	return status;
}

static void temporary_format(char name[TEMPORARY_SIZE], const char *kept)
{
	snprintf(name, TEMPORARY_SIZE, ".%.*s.new", STORE_NAME_MAX, kept);
}

/*
 * Whoever writes a temporary file holds the lock. So one that is there is what a
 * command has left that was killed: nobody knows of its token.
 */
void store_tidy(const struct store *store, const char *name)
{
	char temporary[TEMPORARY_SIZE];
	struct kept left;

	temporary_format(temporary, name);
	if (file_read(store, temporary, &left) || left.state == KEPT_NOTHING)
		return;
	if (left.state == KEPT_ENDED)
		sockdup_revoke(&left.info);
	unlinkat(store->directory, temporary, 0);
}

static int text_write(int fd, const struct sockdup_protocol_info *info)
{
	char text[SOCKDUP_TEXT_SIZE + 1];
	ssize_t size, written;

	sockdup_info_to_text(info, text);
	size = strlen(text);
	text[size++] = '\n';
	written = write(fd, text, size);
	if (written >= 0 && written < size)
		errno = ENOSPC;
	return written == size && !fchmod(fd, 0600) ? 0 : -1;
}

/* Replaces what has the name, in one step. */
int store_put(const struct store *store, const char *name,
	      const struct sockdup_protocol_info *info)
{
	char temporary[TEMPORARY_SIZE];
	int fd, status = EXIT_OK;

	temporary_format(temporary, name);
	fd = openat(store->directory, temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed_to(NULL, "make the file %s/%s", store->path, temporary);
	if (text_write(fd, info))
		status = failed_to(NULL, "write %s/%s", store->path, temporary);
	else if (renameat(store->directory, temporary, store->directory, name))
		status = failed_to(NULL, "rename %s to %s in %s", temporary, name,
				   store->path);
	close(fd);
	if (status)
		unlinkat(store->directory, temporary, 0);
	return status;
}
