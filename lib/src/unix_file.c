// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which file an AF_UNIX socket is bound to.
 *
 * To callers with CAP_NET_ADMIN the kernel opens that file. It tells all others
 * the device and the lower 32 bits of the inode's number, by netlink. The
 * messages are made by hand: builds without libmnl have these functions, too.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>

#include "descriptor.h"
#include "unix_file.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE	(SIOCPROTOPRIVATE + 0)
#endif

/* How the kernel itself puts a device's number together. */
#define KERNEL_MINOR_BITS	20

/* With an empty @name the file of @directory itself, which may be an O_PATH one. */
int unix_file_look(int directory, const char *name, struct unix_file *file)
{
	struct statx status;

	if (statx(directory, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		  STATX_TYPE | STATX_INO | STATX_MNT_ID, &status))
		return -1;
	*file = (struct unix_file){
		.major = status.stx_dev_major,
		.minor = status.stx_dev_minor,
		.inode = status.stx_ino,
		.mount = status.stx_mnt_id,
		.is_socket = S_ISSOCK(status.stx_mode),
	};
	return 0;
}

bool unix_file_is_same(const struct unix_file *one, const struct unix_file *other)
{
	return one->inode == other->inode && one->major == other->major &&
	       one->minor == other->minor;
}

struct request {
	struct nlmsghdr header;
	struct unix_diag_req body;
};

union answer {
	struct nlmsghdr header;
	char bytes[1024];
};

/* What the kernel tells of the file, -1 with ENOENT where it tells nothing. */
static int answer_read(const union answer *answer, ssize_t size,
		       struct unix_diag_vfs *file)
{
	const struct nlmsghdr *header = &answer->header;
	const struct unix_diag_msg *message = NLMSG_DATA(header);
	const struct rtattr *attr = (const void *)(message + 1);
	int left;

	errno = ENOENT;
	if (!NLMSG_OK(header, size) ||
	    header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return -1;
	left = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == UNIX_DIAG_VFS &&
		    RTA_PAYLOAD(attr) >= sizeof(*file)) {
			memcpy(file, RTA_DATA(attr), sizeof(*file));
			return 0;
		}
	return -1;
}

static int diag_ask(int netlink, __u32 inode, struct unix_diag_vfs *file)
{
	struct request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body = {
			.sdiag_family = AF_UNIX,
			.udiag_states = -1,
			.udiag_ino = inode,
			.udiag_show = UDIAG_SHOW_VFS,
			.udiag_cookie = { -1, -1 },
		},
	};
	union answer answer;
	ssize_t size;

	if (send(netlink, &request, sizeof(request), 0) < 0)
		return -1;
	do
		size = recv(netlink, &answer, sizeof(answer), 0);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -1 : answer_read(&answer, size, file);
}

/* Sockets are found by their own inode's number, which takes 32 bits. */
static int diag_look(int socket_fd, struct unix_diag_vfs *file)
{
	struct unix_file itself;
	int netlink, result, error;

	if (unix_file_look(socket_fd, "", &itself))
		return -1;
	netlink = descriptor_raise(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
					  NETLINK_SOCK_DIAG));
	if (netlink < 0)
		return -1;
	result = diag_ask(netlink, itself.inode, file);
	error = errno;
	close(netlink);
	errno = error;
	return result;
}

/*
 * The device of a mount's file system. It is not always the one that stat(2)
 * shows: btrfs has one for each subvolume, and overlayfs shows those below.
 */
static bool mount_is_of(__u64 mount, __u32 major, __u32 minor)
{
	unsigned long long id;
	unsigned int its_major, its_minor;
	bool found = false;
	char line[512];
	bool starts = true;
	FILE *file;

	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		found = starts && sscanf(line, "%llu %*u %u:%u", &id, &its_major,
					 &its_minor) == 3 && id == mount;
		starts = strchr(line, '\n');
	}
	fclose(file);
	return found && its_major == major && its_minor == minor;
}

static bool is_as_told(const struct unix_file *file,
		       const struct unix_diag_vfs *told)
{
	__u32 major = told->udiag_vfs_dev >> KERNEL_MINOR_BITS;
	__u32 minor = told->udiag_vfs_dev & ((1U << KERNEL_MINOR_BITS) - 1);

	if (told->udiag_vfs_ino != (__u32)file->inode)
		return false;
	return (file->major == major && file->minor == minor) ||
	       mount_is_of(file->mount, major, minor);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == ENOBUFS;
}

/*
 * 1 where @socket is bound to the file, and 0 where to another one. EOPNOTSUPP
 * where nobody tells: the kernel lacks the module unix_diag, or the socket is of
 * another network namespace.
 */
int unix_file_is_bound(const struct unix_file *file, int socket)
{
	struct unix_diag_vfs told;
	struct unix_file bound;
	int fd, result;

	fd = ioctl(socket, SIOCUNIXFILE);
	if (fd >= 0) {
		result = unix_file_look(fd, "", &bound);
		close(fd);
		return result ? : unix_file_is_same(&bound, file);
	}
	if (!is_shortage(errno) && !diag_look(socket, &told))
		return is_as_told(file, &told);
	if (!is_shortage(errno))
		errno = EOPNOTSUPP;
	return -1;
}
