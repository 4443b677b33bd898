// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server takes over from another one: what comes along with the socket, and
 * what goes with the old server.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/stat.h>
#include <sys/un.h>

#include "tls.h"

/* An AF_UNIX server with a path: the test. Its successor: the agent. */
FIXTURE(local) {
	struct agent target;
	char directory[32];
	struct sockaddr_un path;
	struct sockaddr_un second;
	int listener;
	int fd;		/* the target's */
};

static struct sockaddr_un path_in(const char *directory, const char *name)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };

	snprintf(path.sun_path, sizeof(path.sun_path), "%s/%s", directory,
		 name);
	return path;
}

static int connect_to(const struct sockaddr_un *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const void *)path, sizeof(*path)))
		return -errno;
	return fd;
}

static pid_t peer_of(int fd)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return -errno;
	return peer.pid;
}

FIXTURE_SETUP(local)
{
	struct sockdup_protocol_info info;

	ASSERT_EQ(0, agent_spawn(&self->target));
	strcpy(self->directory, "/tmp/succession.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->directory));
	self->path = path_in(self->directory, "path");
	self->second = path_in(self->directory, "second");
	self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind(self->listener, (void *)&self->path,
			  sizeof(self->path)));
	ASSERT_EQ(0, listen(self->listener, 4));
	ASSERT_EQ(0, try_duplicate(self->listener, self->target.pid, &info));
	self->fd = agent_import(&self->target, &info, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(local)
{
	agent_kill(&self->target);
	unlink(self->path.sun_path);
	unlink(self->second.sun_path);
	rmdir(self->directory);
}

TEST_F(local, path_that_the_old_server_unlinks_leads_to_the_new_one_no_more)
{
	ASSERT_LE(0, connect_to(&self->path));
	ASSERT_EQ(0, unlink(self->path.sun_path));
	ASSERT_EQ(0, close(self->listener));
	EXPECT_EQ(-ENOENT, connect_to(&self->path));
	EXPECT_LE(0, agent_accept(&self->target, self->fd, 0));
}

TEST_F(local, path_that_was_linked_before_and_renamed_back_leads_to_the_new_one)
{
	ASSERT_EQ(0, link(self->path.sun_path, self->second.sun_path));
	ASSERT_EQ(0, unlink(self->path.sun_path));
	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(0, rename(self->second.sun_path, self->path.sun_path));
	ASSERT_LE(0, connect_to(&self->path));
	EXPECT_LE(0, agent_accept(&self->target, self->fd, 0));
}

TEST_F(local, peer_of_a_new_client_is_the_old_server)
{
	struct sockdup_protocol_info info;
	int client = connect_to(&self->path);

	EXPECT_EQ(getpid(), peer_of(client));
	ASSERT_EQ(0, try_export(tcp_listener(AF_INET), client,
				SOCKDUP_EXPORT_TO_PEER, 0, &info));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &info, 0));
}

TEST_F(local, peer_of_a_new_client_is_the_new_server_once_it_listens)
{
	struct sockdup_protocol_info info;
	int client;

	ASSERT_EQ(0, agent_listen(&self->target, self->fd, 4));
	client = connect_to(&self->path);
	EXPECT_EQ(self->target.pid, peer_of(client));
	ASSERT_EQ(0, try_export(tcp_listener(AF_INET), client,
				SOCKDUP_EXPORT_TO_PEER, 0, &info));
	EXPECT_LE(0, agent_import(&self->target, &info, 0));
}

TEST(TLS_in_the_kernel_comes_along)
{
	struct agent target;
	char text[8] = { 0 };
	int fds[2], fd, error;

	ASSERT_EQ(0, agent_spawn(&target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	error = speak_tls(fds[0]);
	if (error == -EOPNOTSUPP)
		SKIP(return, "no TLS in this kernel");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, speak_tls(fds[1]));
	ASSERT_EQ(5, send(fds[0], "early", 5, 0));
	fd = agent_give(&target, fds[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(5, agent_recv(&target, fd, text, sizeof(text), 0));
	EXPECT_STREQ("early", text);
	ASSERT_EQ(4, send(fds[0], "late", 4, 0));
	memset(text, 0, sizeof(text));
	EXPECT_EQ(4, agent_recv(&target, fd, text, sizeof(text), 0));
	EXPECT_STREQ("late", text);
	EXPECT_EQ(5, agent_send(&target, fd, "reply", 5, 0));
	memset(text, 0, sizeof(text));
	EXPECT_EQ(5, recv(fds[0], text, sizeof(text), 0));
	EXPECT_STREQ("reply", text);
	EXPECT_EQ(0, agent_stop(&target));
}

SOCKDUP_TEST_MAIN
