/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_UNIX_FILE_H
#define LIBSOCKDUP_UNIX_FILE_H

#include <stdbool.h>

#include <linux/types.h>

/**
 * struct unix_file - which file something is
 * @major: of the device, as stat(2) shows it
 * @minor: likewise
 * @inode: its number
 * @mount: the mount that it was found in
 * @is_socket: whether it is a socket's
 */
struct unix_file {
	__u32 major;
	__u32 minor;
	__u64 inode;
	__u64 mount;
	bool is_socket;
};

int unix_file_look(int directory, const char *name, struct unix_file *file);
bool unix_file_is_same(const struct unix_file *one, const struct unix_file *other);
int unix_file_is_bound(const struct unix_file *file, int socket);

#endif /* LIBSOCKDUP_UNIX_FILE_H */
