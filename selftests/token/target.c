// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target named by a pidfd, or by a socket whose peer it is. W90.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "hand_over.h"
#include "harness.h"

/* Not in every libc. */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

/* A target named by a pidfd. */
FIXTURE(pidfd) {
	struct agent target;
	int pidfd;
	int source;
	struct sockdup_protocol_info info;
};

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

FIXTURE_SETUP(pidfd)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->pidfd = pidfd_of(self->target.pid);
	ASSERT_LE(0, self->pidfd);
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
}

FIXTURE_TEARDOWN(pidfd)
{
	agent_stop(&self->target);
}

TEST_F(pidfd, W90_pidfd_names_the_target)
{
	ASSERT_EQ(0, try_duplicate_pidfd(self->source, self->pidfd,
					 &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(pidfd, W90_token_of_a_pidfd_is_the_targets_alone)
{
	ASSERT_EQ(0, try_duplicate_pidfd(self->source, self->pidfd,
					 &self->info));
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
}

TEST_F(pidfd, W90_pidfd_of_a_reaped_process_is_esrch)
{
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(-ESRCH, try_duplicate_pidfd(self->source, self->pidfd,
					      &self->info));
}

TEST_F(pidfd, W90_pidfd_of_a_zombie_is_esrch)
{
	ASSERT_EQ(0, agent_exit(&self->target, 0));
	EXPECT_EQ(-ESRCH, try_duplicate_pidfd(self->source, self->pidfd,
					      &self->info));
}

TEST_F(pidfd, W90_pidfd_of_a_recycled_number_is_esrch)
{
	const pid_t pid = self->target.pid;
	struct agent second;

	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	ASSERT_EQ(0, agent_spawn_as(&second, pid));
	EXPECT_EQ(-ESRCH, try_duplicate_pidfd(self->source, self->pidfd,
					      &self->info));
	EXPECT_EQ(0, agent_stop(&second));
}

TEST_F(pidfd, W90_no_pidfd_is_ebadf)
{
	EXPECT_EQ(-EBADF, try_duplicate_pidfd(self->source, self->source,
					      &self->info));
	EXPECT_EQ(-EBADF, try_duplicate_pidfd(self->source, -1, &self->info));
	EXPECT_EQ(-EBADF, try_duplicate_pidfd(self->source, next_descriptor(),
					      &self->info));
}

TEST_F(pidfd, W90_no_socket_is_enotsock)
{
	EXPECT_EQ(-ENOTSOCK, try_duplicate_pidfd(self->pidfd, self->pidfd,
						 &self->info));
}

/* Each of these is a descriptor that only looks like one. */
static int file_of_that_name(void)
{
	return open("/tmp/[pidfd]", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
}

/* Its file has data of the kernel's, on every file system. */
static int pipe_of_that_name(void)
{
	unlink("/tmp/[pidfd]");
	if (mkfifo("/tmp/[pidfd]", 0600))
		return -1;
	return open("/tmp/[pidfd]", O_RDWR | O_CLOEXEC);
}

static int other_anonymous_file(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int directory_of_a_process(void)
{
	return open("/proc/self", O_DIRECTORY | O_CLOEXEC);
}

static int namespace_of_pids(void)
{
	return open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
}

TEST_F(pidfd, W90_what_is_like_a_pidfd_is_ebadf)
{
	int (* const make[])(void) = {
		file_of_that_name, pipe_of_that_name, other_anonymous_file,
		directory_of_a_process, namespace_of_pids,
	};
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(make); i++) {
		fd = make[i]();
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EBADF, try_duplicate_pidfd(self->source, fd,
						      &self->info))
			TH_LOG("the file of number %u", i);
		close(fd);
	}
	unlink("/tmp/[pidfd]");
}

TEST_F(pidfd, W90_pidfd_of_a_kernel_thread_is_esrch)
{
	int fd = pidfd_of(2);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ESRCH, try_duplicate_pidfd(self->source, fd, &self->info));
	close(fd);
}

static void *wait_for_ever(void *thread)
{
	*(atomic_int *)thread = gettid();
	for (;;)
		pause();
	return NULL;
}

TEST_F(pidfd, W90_pidfd_of_a_thread_is_einval)
{
	atomic_int number = 0;
	pthread_t thread;
	int fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_ever, &number));
	while (!number)
		sched_yield();
	fd = syscall(SYS_pidfd_open, number, PIDFD_THREAD);
	if (fd < 0 && errno == EINVAL)
		SKIP(return, "no pidfds of threads in this kernel");
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, try_duplicate_pidfd(self->source, fd, &self->info));
	close(fd);
}

/* Runs as a child in a pid namespace that @pidfd's process is not in. */
static int duplicate_from_inside(int source, int pidfd,
				 struct sockdup_protocol_info *info)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return -errno;
	pid = fork();
	if (!pid)
		_exit(-try_duplicate_pidfd(source, pidfd, info));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(pidfd, W90_process_outside_the_namespace_can_be_the_target)
{
	struct sockdup_protocol_info *info =
		mmap(NULL, sizeof(*info), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, info);
	ASSERT_EQ(0, duplicate_from_inside(self->source, self->pidfd, info));
	EXPECT_EQ(-EPERM, try_socket(info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->source, info));
}

/* In the outer namespace another process has the number that the target has inside. */
TEST_F(pidfd, W90_number_of_another_namespace_names_no_target)
{
	struct agent inner_init, inner, decoy;
	int pidfd, fd;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&inner_init));
	ASSERT_EQ(0, agent_spawn(&inner));
	ASSERT_EQ(0, agent_spawn_as(&decoy, inner.pid));
	ASSERT_EQ(inner.pid, agent_getpid(&decoy));

	pidfd = agent_pidfd_open(&inner_init, agent_getpid(&inner));
	ASSERT_LE(0, pidfd);
	fd = agent_socket(&inner_init, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate_pidfd(&inner_init, fd, pidfd, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&decoy, &self->info, 0));
	EXPECT_LE(0, agent_import(&inner, &self->info, 0));
	agent_stop(&decoy);
	agent_stop(&inner);
	agent_stop(&inner_init);
}

/* A target named by the socket that connects to it. */
FIXTURE(peer) {
	struct agent target;
	int channel;
	int source;
	struct sockdup_protocol_info info;
};

/* An abstract name that the kernel chooses. */
static const struct sockaddr_un any_name = { .sun_family = AF_UNIX };

#define ANY_NAME_SIZE	sizeof(sa_family_t)

static int unix_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const void *)&any_name, ANY_NAME_SIZE) || listen(fd, 1))
		return -1;
	return fd;
}

FIXTURE_SETUP(peer)
{
	int listener = unix_listener();
	const struct address name = bound_address(listener);
	int fd;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, agent_spawn(&self->target));
	fd = agent_socket(&self->target, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_connect(&self->target, fd, &name.storage,
				   name.size));
	self->channel = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->channel);
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
}

FIXTURE_TEARDOWN(peer)
{
	agent_stop(&self->target);
}

TEST_F(peer, W90_process_that_connected_is_the_target)
{
	ASSERT_EQ(0, try_export(self->source, self->channel,
				SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(peer, W90_process_that_listens_is_the_target)
{
	struct address name = { .size = sizeof(name.storage) };
	int fd, channel;

	fd = agent_socket(&self->target, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_bind(&self->target, fd, &any_name, ANY_NAME_SIZE));
	ASSERT_EQ(0, agent_listen(&self->target, fd, 1));
	ASSERT_EQ(0, agent_getsockname(&self->target, fd, &name.storage,
				       &name.size));
	channel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, connect(channel, (void *)&name.storage, name.size));
	ASSERT_EQ(0, try_export(self->source, channel, SOCKDUP_EXPORT_TO_PEER,
				0, &self->info));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(peer, W90_token_of_a_peer_is_the_targets_alone)
{
	ASSERT_EQ(0, try_export(self->source, self->channel,
				SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
}

TEST_F(peer, W90_peer_that_ended_is_esrch)
{
	ASSERT_EQ(0, agent_stop(&self->target));
	EXPECT_EQ(-ESRCH, try_export(self->source, self->channel,
				     SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
}

TEST_F(peer, W90_peer_of_a_recycled_number_is_esrch)
{
	const pid_t pid = self->target.pid;
	struct agent second;

	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	ASSERT_EQ(0, agent_spawn_as(&second, pid));
	EXPECT_EQ(-ESRCH, try_export(self->source, self->channel,
				     SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	EXPECT_EQ(0, agent_stop(&second));
}

/* Two pid namespaces beside each other: no number leads across. */
FIXTURE(siblings) {
	struct agent source;
	struct agent target;
	int channel;	/* the source's, to the target */
	int fd;		/* the source's, to export */
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(siblings)
{
	struct address name = { .size = sizeof(name.storage) };
	int fd;

	ASSERT_EQ(0, agent_spawn_isolated(&self->source));
	ASSERT_EQ(0, agent_spawn_isolated(&self->target));
	ASSERT_EQ(1, agent_getpid(&self->source));
	ASSERT_EQ(1, agent_getpid(&self->target));
	fd = agent_socket(&self->target, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_bind(&self->target, fd, &any_name, ANY_NAME_SIZE));
	ASSERT_EQ(0, agent_listen(&self->target, fd, 1));
	ASSERT_EQ(0, agent_getsockname(&self->target, fd, &name.storage,
				       &name.size));
	self->channel = agent_socket(&self->source, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, self->channel);
	ASSERT_EQ(0, agent_connect(&self->source, self->channel, &name.storage,
				   name.size));
	self->fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(siblings)
{
	EXPECT_EQ(0, agent_stop(&self->source));
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(siblings, W90_peer_leads_into_a_sibling_namespace)
{
	int fd;

	ASSERT_EQ(0, agent_export(&self->source, self->fd, self->channel,
				  SOCKDUP_EXPORT_TO_PEER, 0, &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(self->source.pid, self->fd, self->target.pid,
			       fd));
}

TEST_F(siblings, W90_same_number_in_a_sibling_namespace_is_another_process)
{
	ASSERT_EQ(0, agent_duplicate(&self->source, self->fd, 1, &self->info));
	EXPECT_EQ(-EPERM, agent_import(&self->target, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->source, &self->info, 0));
}

SOCKDUP_TEST_MAIN
