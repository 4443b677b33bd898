// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last close of an AF_UNIX socket whose name has been removed from a file
 * system waits for that file system: for its disk, and for as long as it is
 * frozen. The AF_UNIX sockets of a stranger's tokens are let go of meanwhile.
 */
#define _GNU_SOURCE
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysinfo.h>
#include <sys/un.h>

#include "attack.h"
#include "genl.h"
#include "harness.h"

/* More than there are workers for what does not sleep, one a processor. */
#define USERS		16
#define FIRST_UID	100000

/**
 * struct frozen - users whose sockets wait for a file system
 * @directory: of the file system's image and of where it is mounted
 * @root: a descriptor of its root directory
 * @is_frozen: it is
 * @device: exports
 * @target: ends the tokens, so that a worker closes the sockets
 * @infos: of the tokens, one a user
 * @genl: tells what the users hold
 */
FIXTURE(frozen) {
	char directory[sizeof("/tmp/sockdup-XXXXXX")];
	int root;
	bool is_frozen;
	int device;
	struct agent target;
	struct sockdup_protocol_info infos[USERS];
	struct genl genl;
};

FIXTURE_VARIANT(frozen) {
	bool named;		/* the stranger's socket, in another file system */
};

FIXTURE_VARIANT_ADD(frozen, without_a_name) { false };
FIXTURE_VARIANT_ADD(frozen, named_elsewhere) { true };

static int run_in(const char *directory, const char *script)
{
	char *line;
	int status;

	if (asprintf(&line, "cd %s && { %s; } >&2", directory, script) < 0)
		return -ENOMEM;
	status = system(line);
	free(line);
	return status;
}

static struct sockaddr_un name_in(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory,
		 name);
	return address;
}

/* A socket with the name, which is removed at once; or -errno. */
static int socket_once_named(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (const void *)address, sizeof(*address)) &&
	    !unlink(address->sun_path))
		return fd;
	return -errno;
}

/* The real user pays for the socket, which the token alone holds then. */
static int entrust_as(struct _test_data_frozen *self, uid_t uid, int fd,
		      struct sockdup_protocol_info *info)
{
	int error;

	if (fd < 0)
		return fd;
	if (setresuid(uid, 0, 0))
		return -errno;
	error = raw_export_with(self->device, fd, self->target.pid, 0, 0, info);
	close(fd);
	return setresuid(0, 0, 0) ? -errno : error;
}

FIXTURE_SETUP(frozen)
{
	struct sockaddr_un address;
	int i;

	strcpy(self->directory, "/tmp/sockdup-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->directory));
	self->root = -1;
	if (run_in(self->directory, "truncate -s 8M image && mkfs.ext4 -q image") ||
	    run_in(self->directory, "mkdir root && modprobe -q loop") ||
	    run_in(self->directory, "mount -o loop image root"))
		SKIP(longjmp(_metadata->env, 1), "no ext4 to freeze");
	address = name_in(self->directory, "root");
	self->root = open(address.sun_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->root);
	ASSERT_LE(get_nprocs_conf(), USERS);
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->device = device_open();
	ASSERT_LE(0, self->device);

	address = name_in(self->directory, "root/name");
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, entrust_as(self, FIRST_UID + i,
					socket_once_named(&address),
					&self->infos[i]));
	ASSERT_EQ(0, ioctl(self->root, FIFREEZE, 0));
	self->is_frozen = true;
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, agent_revoke(&self->target, &self->infos[i]));
}

static bool users_hold_nothing(void *context)
{
	struct genl_stats stats;
	__u32 uid;

	for (uid = FIRST_UID; uid < FIRST_UID + USERS; uid++)
		if (genl_stats(context, &uid, &stats) || stats.held)
			return false;
	return true;
}

FIXTURE_TEARDOWN(frozen)
{
	if (self->is_frozen) {
		EXPECT_EQ(0, ioctl(self->root, FITHAW, 0));
		EXPECT_EQ(0, wait_until(users_hold_nothing, &self->genl));
	}
	close(self->root);
	run_in(self->directory, "umount root && rmdir root && rm -f image stranger");
	rmdir(self->directory);
	close(self->device);
	agent_kill(&self->target);
	genl_close(&self->genl);
}

/* The end of a connection to a name in @directory that was accepted; or -errno. */
static int accepted_socket(const char *directory, int *peer)
{
	struct sockaddr_un address = name_in(directory, "stranger");
	int fd, listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (void *)&address, sizeof(address)) ||
	    listen(listener, 1) ||
	    connect(*peer, (void *)&address, sizeof(address)))
		return -errno;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return fd < 0 ? -errno : fd;
}

static int paired_socket(int *peer)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*peer = fds[1];
	return fds[0];
}

TEST_F(frozen, delays_no_strangers_socket)
{
	struct sockdup_protocol_info info;
	const __u32 uid = FIRST_UID;
	struct genl_stats stats;
	int fd, peer;

	fd = variant->named ? accepted_socket(self->directory, &peer) :
			      paired_socket(&peer);
	ASSERT_EQ(0, entrust_as(self, VICTIM_UID, fd, &info));
	ASSERT_EQ(0, agent_revoke(&self->target, &info));
	EXPECT_EQ(0, wait_for_end(peer));
	/* The others wait as they should, or this has shown nothing. */
	ASSERT_EQ(0, genl_stats(&self->genl, &uid, &stats));
	EXPECT_EQ(1, stats.held);
	close(peer);
}

SOCKDUP_TEST_MAIN
