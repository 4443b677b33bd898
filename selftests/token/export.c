// SPDX-License-Identifier: GPL-2.0-only
/*
 * Export: what is accepted, in which order it is checked, and that a failure
 * leaves nothing behind. W1-W8, W12, W13, W16, W17.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "hand_over.h"
#include "harness.h"

/* Where the kernel can write @good bytes and not one more. */
static void *edge_of_memory(size_t good)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE))
		return NULL;
	return memory + page - good;
}

static struct sockdup_protocol_info poisoned_info(void)
{
	struct sockdup_protocol_info info;

	memset(&info, POISON, sizeof(info));
	return info;
}

FIXTURE(tcp) {
	struct agent target;
	int source;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(tcp)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	self->info = poisoned_info();
}

FIXTURE_TEARDOWN(tcp)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(tcp, W1_export_returns_zero)
{
	EXPECT_EQ(0, sockdup_duplicate(self->source, self->target.pid,
				       &self->info));
}

TEST_F(tcp, W1_export_fills_the_whole_info)
{
	const __u8 *bytes = (const __u8 *)&self->info;
	__u8 first[sizeof(self->info)];
	unsigned int i;

	/* What two backgrounds leave alike has been written. */
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	memcpy(first, bytes, sizeof(first));
	memset(&self->info, (__u8)~POISON, sizeof(self->info));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	for (i = 0; i < sizeof(first); i++)
		EXPECT_FALSE(first[i] == POISON && bytes[i] == (__u8)~POISON)
			TH_LOG("byte %u was not written", i);
	EXPECT_EQ(sizeof(self->info), self->info.size);
	EXPECT_EQ(1, self->info.socket_count);
}

TEST_F(tcp, W1_export_writes_nothing_beyond_the_info)
{
	struct {
		struct sockdup_protocol_info info;
		__u8 beyond[64];
	} buffer;
	unsigned int i;

	memset(&buffer, POISON, sizeof(buffer));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &buffer.info));
	for (i = 0; i < sizeof(buffer.beyond); i++)
		EXPECT_EQ(POISON, buffer.beyond[i]);
}

TEST_F(tcp, W2_own_process_gets_a_second_descriptor)
{
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, getpid(), &self->info));
	fd = try_socket(&self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_NE(self->source, fd);
	EXPECT_EQ(1, same_file(0, self->source, 0, fd));
	EXPECT_EQ(0, pass_bytes(fd, self->peer));
	EXPECT_EQ(0, pass_bytes(self->peer, fd));
}

TEST_F(tcp, W4_closed_descriptor_is_ebadf)
{
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(-EBADF, try_duplicate(self->source, self->target.pid,
					&self->info));
}

TEST_F(tcp, W4_descriptor_minus_one_is_ebadf)
{
	EXPECT_EQ(-EBADF, try_duplicate(-1, self->target.pid, &self->info));
}

TEST_F(tcp, W4_path_descriptor_is_ebadf)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, try_duplicate(fd, self->target.pid, &self->info));
}

TEST_F(tcp, W4_descriptor_is_checked_before_pid_and_buffer)
{
	EXPECT_EQ(-EBADF, try_duplicate(-1, 0, NULL));
	EXPECT_EQ(-EBADF, try_duplicate(-1, -1, NULL));
	EXPECT_EQ(-EBADF, try_duplicate(-1, INT_MAX, NULL));
}

TEST_F(tcp, W5_pid_zero_is_einval_even_without_a_buffer)
{
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, 0, NULL));
}

TEST_F(tcp, W5_pid_zero_is_einval)
{
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, 0, &self->info));
}

TEST_F(tcp, W6_pid_all_ones_is_einval)
{
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, ~0, &self->info));
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, ~0, NULL));
}

TEST_F(tcp, W6_most_negative_pid_is_einval)
{
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, INT_MIN, &self->info));
}

TEST_F(tcp, W7_null_buffer_is_efault)
{
	EXPECT_EQ(-EFAULT, try_duplicate(self->source, self->target.pid,
					 NULL));
}

TEST_F(tcp, W7_read_only_buffer_is_efault)
{
	void *page = mmap(NULL, sizeof(self->info), PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(-EFAULT, try_duplicate(self->source, self->target.pid,
					 page));
}

TEST_F(tcp, W7_buffer_one_byte_short_of_memory_is_efault)
{
	void *edge = edge_of_memory(sizeof(self->info) - 1);

	ASSERT_NE(NULL, edge);
	EXPECT_EQ(-EFAULT, try_duplicate(self->source, self->target.pid,
					 edge));
}

TEST_F(tcp, W13_flags_that_are_set_stay)
{
	ASSERT_EQ(0, fcntl(self->source, F_SETFD, FD_CLOEXEC));
	ASSERT_EQ(0, fcntl(self->source, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	EXPECT_EQ(O_RDWR | O_NONBLOCK, fcntl(self->source, F_GETFL));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->source, F_GETFD));
}

TEST_F(tcp, W13_flags_that_are_clear_stay)
{
	ASSERT_EQ(0, fcntl(self->source, F_SETFD, 0));
	ASSERT_EQ(0, fcntl(self->source, F_SETFL, 0));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	EXPECT_EQ(O_RDWR, fcntl(self->source, F_GETFL));
	EXPECT_EQ(0, fcntl(self->source, F_GETFD));
}

TEST_F(tcp, W13_unread_data_stays)
{
	char seen[8] = { 0 };

	ASSERT_EQ(6, send(self->peer, "unread", 6, 0));
	ASSERT_EQ(0, wait_for_poll(self->source, POLLIN));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	EXPECT_EQ(6, recv(self->source, seen, sizeof(seen), MSG_DONTWAIT));
	EXPECT_STREQ("unread", seen);
}

TEST_F(tcp, W13_source_works_on_after_export)
{
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	EXPECT_EQ(0, pass_bytes(self->peer, self->source));
}

TEST_F(tcp, W13_source_works_on_after_import)
{
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, pass_bytes(self->source, self->peer));
	EXPECT_EQ(0, pass_bytes(self->peer, self->source));
}

TEST_F(tcp, W12_imported_descriptor_exports_again)
{
	struct agent second;
	int first_fd, second_fd;

	ASSERT_EQ(0, agent_spawn(&second));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	first_fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, first_fd);

	ASSERT_EQ(0, agent_duplicate(&self->target, first_fd, second.pid,
				     &self->info));
	second_fd = agent_import(&second, &self->info, 0);
	ASSERT_LE(0, second_fd);
	EXPECT_EQ(1, same_file(0, self->source, second.pid, second_fd));
	EXPECT_EQ(0, agent_stop(&second));
}

TEST_F(tcp, W12_imported_descriptor_exports_back_to_the_source)
{
	int fd, back;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->source));

	ASSERT_EQ(0, agent_duplicate(&self->target, fd, getpid(),
				     &self->info));
	back = try_socket(&self->info, 0);
	ASSERT_LE(0, back);
	EXPECT_EQ(1, same_file(0, back, self->target.pid, fd));
	EXPECT_EQ(0, pass_bytes(back, self->peer));
}

/* Every way to fail that comes after the socket was found. */
FIXTURE(failure) {
	int source;
	int peer;
	pid_t pid;
	void *info;
};

FIXTURE_VARIANT(failure) {
	enum { PID_ZERO, NO_PROCESS, THREAD, NO_BUFFER, CUT_BUFFER } kind;
	int error;
};

FIXTURE_VARIANT_ADD(failure, pid_zero) {
	.kind = PID_ZERO, .error = -EINVAL,
};

FIXTURE_VARIANT_ADD(failure, no_process) {
	.kind = NO_PROCESS, .error = -ESRCH,
};

FIXTURE_VARIANT_ADD(failure, thread) {
	.kind = THREAD, .error = -EINVAL,
};

FIXTURE_VARIANT_ADD(failure, null_buffer) {
	.kind = NO_BUFFER, .error = -EFAULT,
};

FIXTURE_VARIANT_ADD(failure, cut_buffer) {
	.kind = CUT_BUFFER, .error = -EFAULT,
};

static void *park(void *arg)
{
	atomic_store((atomic_int *)arg, syscall(SYS_gettid));
	for (;;)
		pause();
	return NULL;
}

static bool is_set(void *arg)
{
	return atomic_load((atomic_int *)arg);
}

static pid_t parked_thread(void)
{
	static atomic_int tid;
	pthread_t thread;

	if (pthread_create(&thread, NULL, park, &tid) ||
	    wait_until(is_set, &tid))
		return -1;
	return tid;
}

/* The number of a process that has ended and was reaped. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid ? pid : -1;
}

FIXTURE_SETUP(failure)
{
	static struct sockdup_protocol_info info;
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	self->pid = getpid();
	self->info = &info;
	switch (variant->kind) {
	case PID_ZERO:
		self->pid = 0;
		break;
	case NO_PROCESS:
		self->pid = dead_pid();
		ASSERT_LT(0, self->pid);
		break;
	case THREAD:
		self->pid = parked_thread();
		ASSERT_LT(0, self->pid);
		break;
	case NO_BUFFER:
		self->info = NULL;
		break;
	case CUT_BUFFER:
		self->info = edge_of_memory(sizeof(info) - 1);
		ASSERT_NE(NULL, self->info);
		break;
	}
}

FIXTURE_TEARDOWN(failure)
{
}

TEST_F(failure, W8_failed_export_does_not_hold_a_connection)
{
	ASSERT_EQ(variant->error,
		  try_duplicate(self->source, self->pid, self->info));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(failure, W8_failed_export_does_not_hold_a_port)
{
	int listener = tcp_listener(AF_INET);
	struct address address;

	ASSERT_LE(0, listener);
	address = bound_address(listener);
	ASSERT_EQ(variant->error,
		  try_duplicate(listener, self->pid, self->info));
	ASSERT_EQ(0, close(listener));
	EXPECT_EQ(0, wait_for_free_address(SOCK_STREAM, &address));
}

TEST_F(failure, W8_failed_exports_are_not_charged)
{
	const struct rlimit limit = { .rlim_cur = 64, .rlim_max = 64 };
	struct sockdup_protocol_info info;
	struct sockdup_info limits = { .size = sizeof(limits) };
	unsigned int i;

	/* root's quota has no end; the library has the device open by then. */
	ASSERT_EQ(0, sockdup_info(&limits));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	for (i = 0; i < 2 * limit.rlim_cur; i++)
		ASSERT_EQ(variant->error, try_duplicate(self->source, self->pid,
							self->info));
	EXPECT_EQ(0, try_duplicate(self->source, getpid(), &info));
}

/* Descriptors of everything but a socket. */
FIXTURE(no_socket) {
	int fd;
};

FIXTURE_VARIANT(no_socket) {
	int (*open)(void);
};

static int open_file(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

static int open_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_pipe(void)
{
	int fds[2];

	return pipe(fds) ? -errno : fds[1];
}

static int open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int open_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int open_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int open_own_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

FIXTURE_VARIANT_ADD(no_socket, file) { .open = open_file };
FIXTURE_VARIANT_ADD(no_socket, directory) { .open = open_directory };
FIXTURE_VARIANT_ADD(no_socket, pipe) { .open = open_pipe };
FIXTURE_VARIANT_ADD(no_socket, null_device) { .open = open_null };
FIXTURE_VARIANT_ADD(no_socket, own_device) { .open = device_open };
FIXTURE_VARIANT_ADD(no_socket, epoll) { .open = open_epoll };
FIXTURE_VARIANT_ADD(no_socket, eventfd) { .open = open_eventfd };
FIXTURE_VARIANT_ADD(no_socket, pidfd) { .open = open_own_pidfd };

FIXTURE_SETUP(no_socket)
{
	self->fd = variant->open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(no_socket)
{
}

TEST_F(no_socket, W3_is_enotsock)
{
	struct sockdup_protocol_info info;

	EXPECT_EQ(-ENOTSOCK, try_duplicate(self->fd, getpid(), &info));
}

/* A target that ended, and another process under its number. */
FIXTURE(recycled) {
	struct agent target;
	struct agent second;
	int source;
	int peer;
	pid_t pid;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(recycled)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	self->pid = self->target.pid;
	ASSERT_EQ(0, try_duplicate(self->source, self->pid, &self->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	ASSERT_EQ(0, agent_spawn_as(&self->second, self->pid));
	ASSERT_EQ(self->pid, self->second.pid);
}

FIXTURE_TEARDOWN(recycled)
{
	EXPECT_EQ(0, agent_stop(&self->second));
}

TEST_F(recycled, W16_process_with_the_same_number_cannot_import)
{
	int value = agent_import(&self->second, &self->info, 0);

	/* EPERM until the death of the first has been dealt with. */
	EXPECT_TRUE(value == -ENOENT || value == -EPERM)
		TH_LOG("import gave %d", value);
}

TEST_F(recycled, W16_process_with_the_same_number_is_a_new_target)
{
	struct sockdup_protocol_info info;
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, self->pid, &info));
	fd = agent_import(&self->second, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->second.pid, fd));
}

TEST_F(recycled, W16_first_owner_of_the_number_keeps_nothing)
{
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* Source and target together in a pid namespace that the test is not in. */
FIXTURE(namespace) {
	struct agent source;
	struct agent target;
	int inner_pid;
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(1, agent_getpid(&self->source));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->inner_pid = agent_getpid(&self->target);
	ASSERT_LT(1, self->inner_pid);
	ASSERT_NE(self->target.pid, self->inner_pid);
	self->fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(namespace)
{
	EXPECT_EQ(0, agent_stop(&self->target));
	EXPECT_EQ(0, agent_stop(&self->source));
}

TEST_F(namespace, W17_pid_is_the_callers_own_number_of_the_target)
{
	int fd;

	ASSERT_EQ(0, agent_duplicate(&self->source, self->fd, self->inner_pid,
				     &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(self->source.pid, self->fd, self->target.pid,
			       fd));
}

TEST_F(namespace, W17_outer_number_means_nobody_inside)
{
	EXPECT_EQ(-ESRCH, agent_duplicate(&self->source, self->fd,
					  self->target.pid, &self->info));
}

TEST_F(namespace, W17_inner_number_is_not_used_for_an_outer_caller)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int error;

	/* Number 2 outside is a kernel thread. */
	ASSERT_EQ(2, self->inner_pid);
	error = try_duplicate(fd, self->inner_pid, &self->info);
	EXPECT_EQ(-ESRCH, error);
}

TEST_F(namespace, W17_outer_caller_uses_the_outer_number)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int imported;

	ASSERT_LE(0, fd);
	imported = hand_over(&self->target, fd);
	EXPECT_LE(0, imported);
}

TEST_F(tcp, W17_thread_that_does_not_lead_is_einval)
{
	pid_t tid = agent_park_thread(&self->target);

	ASSERT_LT(0, tid);
	ASSERT_NE(self->target.pid, tid);
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, tid, &self->info));
}

TEST_F(tcp, W17_own_thread_that_does_not_lead_is_einval)
{
	pid_t tid = parked_thread();

	ASSERT_LT(0, tid);
	EXPECT_EQ(-EINVAL, try_duplicate(self->source, tid, &self->info));
}

TEST_F(tcp, W17_number_of_an_ended_leader_still_names_its_process)
{
	ASSERT_LT(0, agent_park_thread(&self->target));
	ASSERT_EQ(0, agent_exit_leader(&self->target));
	EXPECT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	EXPECT_EQ(-SIGKILL, agent_kill(&self->target));
}

SOCKDUP_TEST_MAIN
