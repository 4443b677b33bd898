// SPDX-License-Identifier: GPL-2.0-only
/*
 * The name of an AF_UNIX socket that is handed over, when the old server unlinks
 * it: whom clients reach by the path, and when the name cannot be kept.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define PROTECTED	"/proc/sys/fs/protected_hardlinks"
#define SUFFIX		".sockdup-"

/* @old is the old server's descriptor, and @fd the new one's. */
FIXTURE(unix_path) {
	char directory[32];
	struct sockaddr_un name;
	int old;
	int fd;
	struct sockdup_unix_path *path;
};

#define SELF	FIXTURE_DATA(unix_path)

static int take(int fd, struct sockdup_unix_path **path)
{
	int result = sockdup_unix_path_take(fd, path);

	return result < 0 ? -errno : result;
}

static int restore(struct sockdup_unix_path *path)
{
	int result = sockdup_unix_path_restore(path);

	return result < 0 ? -errno : result;
}

static struct sockaddr_un name_in(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory,
		 name);
	return address;
}

/* Bound, and listening if it can. */
static int bound(int type, const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const void *)name, sizeof(*name)) ||
	    (type != SOCK_DGRAM && listen(fd, 4)))
		return -errno;
	return fd;
}

static int connect_to(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const void *)name, sizeof(*name)))
		return -errno;
	return fd;
}

/* 0 where a new client of the name reaches @listener. */
static int reach(const struct sockaddr_un *name, int listener)
{
	int client = connect_to(name), server, result = 0;
	char byte;

	if (client < 0)
		return client;
	if (wait_for_poll(listener, POLLIN))
		result = -ETIME;
	server = result ? -1 : accept(listener, NULL, NULL);
	if (!result && (server < 0 || write(client, "", 1) != 1 ||
			read(server, &byte, 1) != 1))
		result = -EIO;
	close(client);
	close(server);
	return result;
}

static int hand_over(int fd)
{
	struct sockdup_protocol_info info;
	int result = try_duplicate(fd, getpid(), &info);

	return result ? : try_socket(&info, 0);
}

/* Files in the directory whose names have the part. */
static int files_with(const char *directory, const char *part)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	int count = 0;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.' && strstr(entry->d_name, part);
	closedir(stream);
	return count;
}

/* The path of the second link, which the library has chosen. */
static int spare_of(const SELF *self, char path[300])
{
	DIR *stream = opendir(self->directory);
	struct dirent *entry;
	int result = -ENOENT;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream)))
		if (strstr(entry->d_name, SUFFIX)) {
			snprintf(path, 300, "%s/%s", self->directory,
				 entry->d_name);
			result = 0;
		}
	closedir(stream);
	return result;
}

static void remove_all(const char *directory)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		closedir(stream);
	rmdir(directory);
}

/* What the old server does in the end. */
static void old_server_ends(SELF *self)
{
	unlink(self->name.sun_path);
	close(self->old);
	self->old = -1;
}

FIXTURE_SETUP(unix_path)
{
	strcpy(self->directory, "/tmp/unix_path.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->directory));
	self->name = name_in(self->directory, "name");
	self->old = bound(SOCK_STREAM, &self->name);
	ASSERT_LE(0, self->old);
	self->fd = hand_over(self->old);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(unix_path)
{
	sockdup_unix_path_release(self->path);
	remove_all(self->directory);
}

TEST_F(unix_path, clients_reach_the_new_server_before_and_after)
{
	ASSERT_EQ(1, take(self->fd, &self->path));
	EXPECT_EQ(0, reach(&self->name, self->fd));
	EXPECT_EQ(0, restore(self->path));
	old_server_ends(self);
	/* In between they do not: the manual says so. */
	EXPECT_EQ(-ENOENT, connect_to(&self->name));
	EXPECT_EQ(1, restore(self->path));
	EXPECT_EQ(0, reach(&self->name, self->fd));
	EXPECT_EQ(0, restore(self->path));
	EXPECT_EQ(0, sockdup_unix_path_release(self->path));
	self->path = NULL;
	EXPECT_EQ(0, reach(&self->name, self->fd));
	EXPECT_EQ(1, files_with(self->directory, ""));
}

/* A server that unlinks twice, or two that do. */
TEST_F(unix_path, name_is_restored_as_often_as_it_goes)
{
	int i;

	ASSERT_EQ(1, take(self->fd, &self->path));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, unlink(self->name.sun_path));
		EXPECT_EQ(1, restore(self->path));
		EXPECT_EQ(0, reach(&self->name, self->fd));
	}
}

TEST_F(unix_path, name_that_was_renamed_is_restored)
{
	struct sockaddr_un other = name_in(self->directory, "other");

	ASSERT_EQ(1, take(self->fd, &self->path));
	ASSERT_EQ(0, rename(self->name.sun_path, other.sun_path));
	EXPECT_EQ(1, restore(self->path));
	EXPECT_EQ(0, reach(&self->name, self->fd));
	EXPECT_EQ(0, reach(&other, self->fd));
}

TEST_F(unix_path, watch_tells_that_the_name_went)
{
	int watch;
	pid_t old;

	ASSERT_EQ(1, take(self->fd, &self->path));
	watch = sockdup_unix_path_watch(self->path);
	ASSERT_LE(0, watch);
	EXPECT_EQ(watch, sockdup_unix_path_watch(self->path));
	EXPECT_EQ(0, restore(self->path));
	EXPECT_EQ(-ETIME, wait_for_poll_within(watch, POLLIN, 100));
	old = fork();
	if (!old) {
		old_server_ends(self);
		_exit(0);
	}
	ASSERT_EQ(0, outcome_of(old));
	ASSERT_EQ(0, wait_for_poll(watch, POLLIN));
	EXPECT_EQ(1, restore(self->path));
	EXPECT_EQ(0, reach(&self->name, self->fd));
	/* Its own link woke it. */
	EXPECT_EQ(0, restore(self->path));
	EXPECT_EQ(-ETIME, wait_for_poll_within(watch, POLLIN, 100));
	/* Others' files do not. */
	close(creat(name_in(self->directory, "other").sun_path, 0600));
	EXPECT_EQ(-ETIME, wait_for_poll_within(watch, POLLIN, 100));
}

TEST_F(unix_path, datagrams_arrive_by_the_name)
{
	struct sockaddr_un name = name_in(self->directory, "datagrams");
	int fd = bound(SOCK_DGRAM, &name);
	int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, take(fd, &self->path));
	ASSERT_EQ(0, unlink(name.sun_path));
	EXPECT_EQ(1, restore(self->path));
	ASSERT_EQ(1, sendto(client, "", 1, 0, (void *)&name, sizeof(name)));
	EXPECT_EQ(1, recv(fd, &byte, 1, MSG_DONTWAIT));
}

/* The greatest length has no room for a NUL. */
static int long_name_is_kept(SELF *self, size_t length)
{
	struct sockaddr_un name = name_in(self->directory, "");
	size_t begun = strlen(name.sun_path);
	char path[sizeof(name.sun_path) + 1] = { };
	int fd;

	memset(name.sun_path + begun, 'n', length - begun);
	memcpy(path, name.sun_path, length);
	fd = bound(SOCK_STREAM, &name);
	if (fd < 0)
		return fd;
	if (take(fd, &self->path) != 1)
		return -errno;
	if (unlink(path))
		return -errno;
	if (restore(self->path) != 1)
		return -errno;
	return reach(&name, fd);
}

TEST_F(unix_path, name_of_107_bytes)
{
	EXPECT_EQ(0, long_name_is_kept(self, 107));
}

TEST_F(unix_path, name_of_108_bytes)
{
	EXPECT_EQ(0, long_name_is_kept(self, 108));
}

/* Nothing to keep. */

TEST_F(unix_path, abstract_name_needs_nothing)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd;

	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "%s",
		 self->directory);
	fd = bound(SOCK_STREAM, &name);
	ASSERT_LE(0, fd);
	self->path = (void *)self;
	EXPECT_EQ(0, take(fd, &self->path));
	EXPECT_EQ(NULL, self->path);
}

TEST_F(unix_path, sockets_without_a_name_are_refused)
{
	int unbound = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int pair[2];

	EXPECT_EQ(-EINVAL, take(unbound, &self->path));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	EXPECT_EQ(-EINVAL, take(pair[0], &self->path));
	EXPECT_EQ(-EAFNOSUPPORT, take(tcp_listener(AF_INET), &self->path));
	EXPECT_EQ(-EAFNOSUPPORT, take(tcp_listener(AF_INET6), &self->path));
	EXPECT_EQ(NULL, self->path);
}

TEST_F(unix_path, connections_are_refused)
{
	int client = connect_to(&self->name), server;

	ASSERT_LE(0, client);
	server = accept(self->fd, NULL, NULL);
	ASSERT_LE(0, server);
	EXPECT_EQ(-EISCONN, take(server, &self->path));
	EXPECT_EQ(-EINVAL, take(client, &self->path));
	close(client);
	EXPECT_EQ(-EISCONN, take(server, &self->path));
	EXPECT_EQ(1, files_with(self->directory, ""));
}

TEST_F(unix_path, what_is_no_socket_is_refused)
{
	EXPECT_EQ(-EBADF, take(-1, &self->path));
	EXPECT_EQ(-ENOTSOCK, take(STDIN_FILENO, &self->path));
	EXPECT_EQ(-EFAULT, take(self->fd, NULL));
	EXPECT_EQ(-EFAULT, restore(NULL));
	EXPECT_EQ(-1, sockdup_unix_path_watch(NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, sockdup_unix_path_release(NULL));
}

/* Names that lead elsewhere. */

TEST_F(unix_path, relative_name_is_looked_for_in_the_working_directory)
{
	struct sockaddr_un name = { AF_UNIX, "relative" };
	int fd;

	ASSERT_EQ(0, chdir(self->directory));
	fd = bound(SOCK_STREAM, &name);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(-ENOENT, take(fd, &self->path));
	ASSERT_EQ(0, chdir(self->directory));
	ASSERT_EQ(1, take(fd, &self->path));
	ASSERT_EQ(0, unlink("relative"));
	/* The directory is known from then on. */
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(1, restore(self->path));
	ASSERT_EQ(0, chdir(self->directory));
	EXPECT_EQ(0, reach(&name, fd));
}

TEST_F(unix_path, name_that_is_gone_is_not_taken)
{
	ASSERT_EQ(0, unlink(self->name.sun_path));
	EXPECT_EQ(-ENOENT, take(self->fd, &self->path));
	ASSERT_EQ(0, rmdir(self->directory));
	EXPECT_EQ(-ENOENT, take(self->fd, &self->path));
	close(creat(self->directory, 0600));
	EXPECT_EQ(-ENOTDIR, take(self->fd, &self->path));
	unlink(self->directory);
}

TEST_F(unix_path, name_that_somebody_else_has_is_not_taken)
{
	struct sockaddr_un other = name_in(self->directory, "other");
	int stranger;

	ASSERT_EQ(0, rename(self->name.sun_path, other.sun_path));
	stranger = bound(SOCK_STREAM, &self->name);
	ASSERT_LE(0, stranger);
	EXPECT_EQ(-ESTALE, take(self->fd, &self->path));
	ASSERT_EQ(0, unlink(self->name.sun_path));
	close(creat(self->name.sun_path, 0600));
	EXPECT_EQ(-ESTALE, take(self->fd, &self->path));
	ASSERT_EQ(0, unlink(self->name.sun_path));
	ASSERT_EQ(0, symlink("other", self->name.sun_path));
	EXPECT_EQ(-ESTALE, take(self->fd, &self->path));
	EXPECT_EQ(0, files_with(self->directory, SUFFIX));
	EXPECT_EQ(NULL, self->path);
}

TEST_F(unix_path, file_that_has_the_name_meanwhile_stays)
{
	int stranger;

	ASSERT_EQ(1, take(self->fd, &self->path));
	old_server_ends(self);
	stranger = bound(SOCK_STREAM, &self->name);
	ASSERT_LE(0, stranger);
	EXPECT_EQ(-EEXIST, restore(self->path));
	EXPECT_EQ(0, reach(&self->name, stranger));
	ASSERT_EQ(0, unlink(self->name.sun_path));
	ASSERT_EQ(0, symlink("nowhere", self->name.sun_path));
	EXPECT_EQ(-EEXIST, restore(self->path));
	ASSERT_EQ(0, unlink(self->name.sun_path));
	EXPECT_EQ(1, restore(self->path));
	EXPECT_EQ(0, reach(&self->name, self->fd));
}

TEST_F(unix_path, second_link_that_somebody_touched_is_not_used)
{
	char spare[300];
	int stranger;

	ASSERT_EQ(1, take(self->fd, &self->path));
	ASSERT_EQ(0, spare_of(self, spare));
	ASSERT_EQ(0, unlink(spare));
	EXPECT_EQ(0, restore(self->path));
	stranger = open(spare, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	ASSERT_LE(0, stranger);
	ASSERT_EQ(0, unlink(self->name.sun_path));
	EXPECT_EQ(-ESTALE, restore(self->path));
	EXPECT_EQ(-ENOENT, connect_to(&self->name));
	/* The stranger's file outlives the release, too. */
	EXPECT_EQ(0, sockdup_unix_path_release(self->path));
	self->path = NULL;
	EXPECT_EQ(0, access(spare, F_OK));
	ASSERT_EQ(0, unlink(spare));
}

/* Whose directory the name leads through may change: the one that was taken counts. */
TEST_F(unix_path, directory_that_is_moved_is_still_the_one)
{
	struct sockaddr_un moved;
	char elsewhere[64];

	ASSERT_EQ(1, take(self->fd, &self->path));
	snprintf(elsewhere, sizeof(elsewhere), "%s.moved", self->directory);
	ASSERT_EQ(0, rename(self->directory, elsewhere));
	moved = name_in(elsewhere, "name");
	ASSERT_EQ(0, unlink(moved.sun_path));
	EXPECT_EQ(1, restore(self->path));
	EXPECT_EQ(0, reach(&moved, self->fd));
	ASSERT_EQ(0, rename(elsewhere, self->directory));
}

/* Mounts, each in a namespace of the child's own. */

/* What @run returns in a child, which may change itself for good. */
static int in_child(SELF *self, int (*run)(SELF *self))
{
	pid_t child = fork();

	if (!child)
		_exit(-run(self));
	return outcome_of(child);
}

static int private_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -EPROTO;
	return 0;
}

static int take_behind_another_mount(SELF *self)
{
	int result = private_mounts();

	if (!result && mount("none", self->directory, "tmpfs", 0, NULL))
		result = -EPROTO;
	return result ? : take(self->fd, &self->path);
}

TEST_F(unix_path, name_of_another_mount_namespace_is_not_there)
{
	EXPECT_EQ(-ENOENT, in_child(self, take_behind_another_mount));
}

static int take_of_another_there(SELF *self)
{
	int result = private_mounts();

	if (!result && mount("none", self->directory, "tmpfs", 0, NULL))
		result = -EPROTO;
	if (!result && bound(SOCK_STREAM, &self->name) < 0)
		result = -EPROTO;
	return result ? : take(self->fd, &self->path);
}

TEST_F(unix_path, name_of_another_mount_namespace_is_another_file)
{
	EXPECT_EQ(-ESTALE, in_child(self, take_of_another_there));
}

static int keep_in_a_copy(SELF *self)
{
	int result = private_mounts();

	if (result)
		return result;
	if (take(self->fd, &self->path) != 1 || unlink(self->name.sun_path) ||
	    restore(self->path) != 1)
		return -errno;
	return reach(&self->name, self->fd) ? :
		sockdup_unix_path_release(self->path);
}

TEST_F(unix_path, name_that_mount_namespaces_share_is_kept)
{
	EXPECT_EQ(0, in_child(self, keep_in_a_copy));
	EXPECT_EQ(0, reach(&self->name, self->fd));
	EXPECT_EQ(1, files_with(self->directory, ""));
}

static int take_of_a_mount_point(SELF *self)
{
	int result = private_mounts();

	if (!result && mount(self->name.sun_path, self->name.sun_path, NULL,
			     MS_BIND, NULL))
		result = -EPROTO;
	return result ? : take(self->fd, &self->path);
}

TEST_F(unix_path, name_that_is_a_mount_point_is_refused)
{
	EXPECT_EQ(-EXDEV, in_child(self, take_of_a_mount_point));
}

static int take_of_read_only(SELF *self)
{
	int result = private_mounts();

	if (!result &&
	    (mount(self->directory, self->directory, NULL, MS_BIND, NULL) ||
	     mount(NULL, self->directory, NULL,
		   MS_BIND | MS_REMOUNT | MS_RDONLY, NULL)))
		result = -EPROTO;
	return result ? : take(self->fd, &self->path);
}

TEST_F(unix_path, name_on_a_read_only_mount_is_refused)
{
	EXPECT_EQ(-EROFS, in_child(self, take_of_read_only));
}

/* The device that stat() shows is not the one that the kernel tells. */
static int keep_on_an_overlay(SELF *self)
{
	char options[256], merged[64];
	struct sockaddr_un name;
	const char *part;
	int fd;

	if (private_mounts() ||
	    mount("none", self->directory, "tmpfs", 0, "mode=777"))
		return -EPROTO;
	for (part = "LUWM"; *part; part++) {
		snprintf(merged, sizeof(merged), "%s/%c", self->directory, *part);
		if (mkdir(merged, 0777) || chmod(merged, 0777) ||
		    (*part == 'L' && mount("none", merged, "tmpfs", 0, NULL)))
			return -EPROTO;
	}
	snprintf(options, sizeof(options),
		 "lowerdir=%1$s/L,upperdir=%1$s/U,workdir=%1$s/W,xino=off",
		 self->directory);
	if (mount("none", merged, "overlay", 0, options))
		return -ENODEV;
	if (become_user(OTHER_UID))
		return -EPROTO;
	name = name_in(merged, "name");
	fd = bound(SOCK_STREAM, &name);
	if (fd < 0)
		return fd;
	if (take(fd, &self->path) != 1 || unlink(name.sun_path) ||
	    restore(self->path) != 1)
		return -errno;
	return reach(&name, fd);
}

TEST_F(unix_path, name_on_an_overlay_is_kept)
{
	int result = in_child(self, keep_on_an_overlay);

	if (result == -ENODEV)
		SKIP(return, "no overlayfs here");
	EXPECT_EQ(0, result);
}

/* Users. Without CAP_NET_ADMIN netlink tells what the socket is bound to. */

static int keep_as_a_user(SELF *self)
{
	struct sockaddr_un name = name_in(self->directory, "own");
	int fd;

	if (become_user(OTHER_UID))
		return -EPROTO;
	fd = bound(SOCK_STREAM, &name);
	if (fd < 0)
		return fd;
	if (take(fd, &self->path) != 1 ||
	    sockdup_unix_path_watch(self->path) < 0 ||
	    unlink(name.sun_path) || restore(self->path) != 1)
		return -errno;
	return reach(&name, fd);
}

TEST_F(unix_path, user_keeps_the_name_of_an_own_socket)
{
	ASSERT_EQ(0, chmod(self->directory, 01777));
	EXPECT_EQ(0, in_child(self, keep_as_a_user));
}

static int take_of_another_as_a_user(SELF *self)
{
	struct sockaddr_un name = name_in(self->directory, "own");
	int fd;

	if (become_user(OTHER_UID))
		return -EPROTO;
	fd = bound(SOCK_STREAM, &name);
	if (fd < 0 || unlink(name.sun_path) || bound(SOCK_STREAM, &name) < 0)
		return -EPROTO;
	return take(fd, &self->path);
}

TEST_F(unix_path, user_does_not_take_the_name_of_another_socket)
{
	ASSERT_EQ(0, chmod(self->directory, 01777));
	EXPECT_EQ(-ESTALE, in_child(self, take_of_another_as_a_user));
}

static int take_as_a_user(SELF *self)
{
	int result;

	if (become_user(OTHER_UID))
		return -EPROTO;
	result = take(self->fd, &self->path);
	return result == 1 ? -EDOM : result;
}

TEST_F(unix_path, protected_hardlinks_keep_a_user_from_anothers_name)
{
	long was = read_number(PROTECTED);

	ASSERT_EQ(0, chmod(self->directory, 01777));
	ASSERT_EQ(0, write_number(PROTECTED, 1));
	EXPECT_EQ(-EPERM, in_child(self, take_as_a_user));
	EXPECT_EQ(1, files_with(self->directory, ""));
	ASSERT_EQ(0, write_number(PROTECTED, 0));
	EXPECT_EQ(-EDOM, in_child(self, take_as_a_user));
	ASSERT_EQ(0, write_number(PROTECTED, was));
}

TEST_F(unix_path, directory_that_is_closed_to_a_user)
{
	ASSERT_EQ(0, chown(self->name.sun_path, OTHER_UID, -1));
	ASSERT_EQ(0, chmod(self->directory, 0755));
	EXPECT_EQ(-EACCES, in_child(self, take_as_a_user));
	ASSERT_EQ(0, chmod(self->directory, 0700));
	EXPECT_EQ(-EACCES, in_child(self, take_as_a_user));
}

static int take_in_another_network(SELF *self)
{
	if (become_user(OTHER_UID) || become_root_inside(CLONE_NEWNET))
		return -EPROTO;
	return take(self->fd, &self->path);
}

TEST_F(unix_path, socket_of_another_network_namespace_is_not_told)
{
	ASSERT_EQ(0, chmod(self->directory, 0777));
	EXPECT_EQ(-EOPNOTSUPP, in_child(self, take_in_another_network));
}

static int restore_as_a_user(SELF *self)
{
	if (become_user(OTHER_UID))
		return -EPROTO;
	if (unlink(self->name.sun_path) || restore(self->path) != 1)
		return -errno;
	if (reach(&self->name, self->fd))
		return -EIO;
	return restore(self->path) || unlink(self->name.sun_path) ? -EIO :
		restore(self->path);
}

/* A server that took the name as root, and works as a user. */
TEST_F(unix_path, user_who_may_not_link_restores_once)
{
	ASSERT_EQ(0, chmod(self->name.sun_path, 0777));
	ASSERT_EQ(1, take(self->fd, &self->path));
	ASSERT_EQ(0, chown(self->directory, OTHER_UID, -1));
	EXPECT_EQ(-ESTALE, in_child(self, restore_as_a_user));
}

static int restore_without_a_right(SELF *self)
{
	if (unlink(self->name.sun_path) || become_user(OTHER_UID))
		return -EPROTO;
	if (restore(self->path) != -EACCES)
		return -EDOM;
	return sockdup_unix_path_release(self->path) ? -errno : 0;
}

TEST_F(unix_path, user_who_may_not_write_is_told)
{
	ASSERT_EQ(0, chmod(self->directory, 0755));
	ASSERT_EQ(1, take(self->fd, &self->path));
	EXPECT_EQ(-EACCES, in_child(self, restore_without_a_right));
}

static int watch_without_a_right(SELF *self)
{
	if (become_user(OTHER_UID))
		return -EPROTO;
	return sockdup_unix_path_watch(self->path) < 0 ? -errno : 0;
}

TEST_F(unix_path, user_who_may_not_read_the_file_watches_nothing)
{
	ASSERT_EQ(0, chmod(self->name.sun_path, 0600));
	ASSERT_EQ(1, take(self->fd, &self->path));
	EXPECT_EQ(-EACCES, in_child(self, watch_without_a_right));
}

/* Descriptors */

TEST_F(unix_path, nothing_stays_open_and_no_low_number_is_taken)
{
	int next = next_descriptor(), before, after;

	before = files_with("/proc/self/fd", "");
	ASSERT_EQ(1, take(self->fd, &self->path));
	ASSERT_LE(64, sockdup_unix_path_watch(self->path));
	EXPECT_EQ(next, next_descriptor());
	EXPECT_EQ(before + 3, files_with("/proc/self/fd", ""));
	EXPECT_EQ(0, sockdup_unix_path_release(self->path));
	EXPECT_EQ(before, files_with("/proc/self/fd", ""));
	ASSERT_EQ(0, unlink(self->name.sun_path));
	EXPECT_EQ(-ENOENT, take(self->fd, &self->path));
	close(creat(self->name.sun_path, 0600));
	EXPECT_EQ(-ESTALE, take(self->fd, &self->path));
	after = files_with("/proc/self/fd", "");
	EXPECT_EQ(before, after);
}

SOCKDUP_TEST_MAIN
