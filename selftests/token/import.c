// SPDX-License-Identifier: GPL-2.0-only
/*
 * Import: who may, once, and that a refusal loses nothing. W33-W40, W44, W89, W92.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "hand_over.h"
#include "harness.h"

/* A token of a connection, for a target. */
FIXTURE(import) {
	struct agent target;
	int source;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(import)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
}

FIXTURE_TEARDOWN(import)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(import, W33_second_import_is_enoent)
{
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(import, W33_second_import_is_enoent_after_the_first_was_closed)
{
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_close(&self->target, fd));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
}

TEST_F(import, W33_second_import_does_not_disturb_the_first)
{
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(import, W34_one_of_many_racing_imports_wins)
{
	const unsigned int threads = 8, rounds = stress(25);
	struct sockdup_protocol_info info;
	struct agent_race race;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
					   &info));
		ASSERT_EQ(0, agent_import_race(&self->target, &info, threads,
					       &race));
		ASSERT_EQ(1, race.won);
		ASSERT_EQ(threads - 1, race.enoent);
		ASSERT_EQ(0, race.other);
		ASSERT_EQ(1, same_file(0, self->source, self->target.pid,
				       race.fd));
		ASSERT_EQ(0, agent_close(&self->target, race.fd));
	}
}

TEST_F(import, W34_racing_imports_leave_one_descriptor)
{
	struct agent_race race;

	ASSERT_EQ(0, agent_import_race(&self->target, &self->info, 16, &race));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_close(&self->target, race.fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(import, W34_import_against_revoke_has_one_winner)
{
	const unsigned int rounds = stress(50);
	struct sockdup_protocol_info info;
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i;
	int revoked, fd;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
					   &info));
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		revoked = try_revoke(&info);
		fd = agent_wait(&self->target, &reply);
		if (fd >= 0) {
			ASSERT_EQ(-ENOENT, revoked);
			ASSERT_EQ(0, agent_close(&self->target, fd));
		} else {
			ASSERT_EQ(-ENOENT, fd);
			ASSERT_EQ(0, revoked);
		}
	}
}

TEST_F(import, W35_another_process_is_eperm)
{
	struct agent stranger;

	ASSERT_EQ(0, agent_spawn(&stranger));
	EXPECT_EQ(-EPERM, agent_import(&stranger, &self->info, 0));
	EXPECT_EQ(0, agent_stop(&stranger));
}

TEST_F(import, W35_the_source_is_another_process_too)
{
	EXPECT_EQ(-EPERM, try_socket(&self->info, 0));
}

TEST_F(import, W35_token_survives_another_process)
{
	ASSERT_EQ(-EPERM, try_socket(&self->info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W35_a_spent_token_is_enoent_to_another_process)
{
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-ENOENT, try_socket(&self->info, 0));
}

TEST_F(import, W35_another_process_without_the_secret_learns_nothing)
{
	self->info.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_EQ(-ENOENT, try_socket(&self->info, 0));
}

TEST_F(import, W36_another_thread_of_the_target_imports)
{
	int fd = agent_import_by(&self->target, AGENT_THREAD, &self->info, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(import, W36_forked_child_of_the_target_is_eperm)
{
	EXPECT_EQ(-EPERM, agent_import_by(&self->target, AGENT_CHILD,
					  &self->info, 0));
}

TEST_F(import, W36_token_survives_a_forked_child)
{
	ASSERT_EQ(-EPERM, agent_import_by(&self->target, AGENT_CHILD,
					  &self->info, 0));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W37_zero_filled_info_is_einval)
{
	struct sockdup_protocol_info info = { 0 };

	EXPECT_EQ(-EINVAL, agent_import(&self->target, &info, 0));
}

TEST_F(import, W37_zero_filled_opaque_is_enoent)
{
	struct sockdup_protocol_info info = { .size = sizeof(info) };

	EXPECT_EQ(-ENOENT, agent_import(&self->target, &info, 0));
}

TEST_F(import, W37_each_altered_opaque_byte_is_enoent)
{
	static const __u8 masks[] = { 0x01, 0x80, 0xff };
	struct sockdup_protocol_info info;
	unsigned int i, j;

	for (i = 0; i < SOCKDUP_OPAQUE_SIZE; i++) {
		for (j = 0; j < ARRAY_SIZE(masks); j++) {
			info = self->info;
			info.opaque[i] ^= masks[j];
			EXPECT_EQ(-ENOENT, agent_import(&self->target, &info,
							0));
		}
	}
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W37_altered_size_is_einval)
{
	static const __u32 sizes[] = { 0, 1, 64, 127, 129, 256, ~0U };
	struct sockdup_protocol_info info = self->info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		info.size = sizes[i];
		EXPECT_EQ(-EINVAL, agent_import(&self->target, &info, 0));
	}
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W37_altered_description_does_not_matter)
{
	struct sockdup_protocol_info info;

	memset(&info, 0xff, sizeof(info));
	info.size = self->info.size;
	memcpy(info.opaque, self->info.opaque, sizeof(info.opaque));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &info));
}

TEST_F(import, W37_random_bytes_are_enoent)
{
	struct sockdup_protocol_info info = self->info;
	unsigned int rounds = stress(200), i, j;

	srandom(getpid());
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < sizeof(info.opaque); j++)
			info.opaque[j] = random() >> 8;
		ASSERT_EQ(-ENOENT, try_socket(&info, 0));
	}
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

/* A token for the test itself, for what the library does not let through. */
FIXTURE(raw) {
	int device;
	int source;
	struct sockdup_protocol_info info;
	struct sockdup_import arg;
};

FIXTURE_SETUP(raw)
{
	self->device = device_open();
	ASSERT_LE(0, self->device);
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
	ASSERT_EQ(0, try_duplicate(self->source, getpid(), &self->info));
	self->arg.size = sizeof(self->arg);
	self->arg.info_size = sizeof(self->info);
	self->arg.info = (uintptr_t)&self->info;
}

FIXTURE_TEARDOWN(raw)
{
	int fd;

	if (_metadata->aborted)
		return;
	/* Whatever was tried, the token is there and good. */
	fd = raw_import(self->device, &self->info, 0, NULL);
	EXPECT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, 0, fd));
}

/* The library would give the child a device of its own. */
TEST_F(raw, W36_forked_child_with_its_parents_device_is_eperm)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-raw_import(self->device, &self->info, 0, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
}

/* 0 or -errno of an import of @pipe's info through @device. */
static int import_in_child(int device, int pipe)
{
	struct sockdup_protocol_info info;
	int fd;

	if (read_exactly(pipe, &info, sizeof(info)))
		return -EPIPE;
	fd = raw_import(device, &info, 0, NULL);
	return fd < 0 ? fd : 0;
}

TEST_F(raw, W36_target_imports_with_a_device_that_another_opened)
{
	struct sockdup_protocol_info info;
	int pipe_fds[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	if (!pid)
		_exit(-import_in_child(self->device, pipe_fds[0]));
	ASSERT_EQ(0, try_duplicate(self->source, pid, &info));
	ASSERT_EQ(0, write_exactly(pipe_fds[1], &info, sizeof(info)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(raw, W38_length_one_byte_short_is_einval)
{
	self->arg.info_size = sizeof(self->info) - 1;
	EXPECT_EQ(-EINVAL, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
}

TEST_F(raw, W38_length_three_bytes_over_is_einval)
{
	struct {
		struct sockdup_protocol_info info;
		__u8 more[3];
	} longer = { .info = self->info };

	self->arg.info = (uintptr_t)&longer;
	self->arg.info_size = sizeof(self->info) + 3;
	EXPECT_EQ(-EINVAL, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
}

TEST_F(raw, W38_length_zero_is_einval)
{
	self->arg.info_size = 0;
	EXPECT_EQ(-EINVAL, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
}

TEST_F(raw, W38_length_is_checked_before_the_bytes_are_read)
{
	self->arg.info = 0;
	self->arg.info_size = sizeof(self->info) - 1;
	EXPECT_EQ(-EINVAL, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
	self->arg.info_size = sizeof(self->info) + 3;
	EXPECT_EQ(-EINVAL, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
}

TEST_F(raw, W39_null_info_is_efault)
{
	EXPECT_EQ(-EFAULT, try_socket(NULL, 0));
}

TEST_F(raw, W39_info_of_the_kernels_memory_is_efault)
{
	self->arg.info = -(__u64)sizeof(self->info);
	EXPECT_EQ(-EFAULT, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					&self->arg));
}

/* No need to read more of it than the kernel trusts. */
TEST_F(raw, W39_info_that_leaves_memory_early_is_efault)
{
	const size_t good = offsetof(struct sockdup_protocol_info, opaque) +
			    SOCKDUP_OPAQUE_SIZE - 1;
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *edge;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, munmap(memory + page, page));
	edge = memory + page - good;
	memcpy(edge, &self->info, good);
	EXPECT_EQ(-EFAULT, try_socket(edge, 0));
}

TEST_F(raw, W39_null_argument_is_efault)
{
	EXPECT_EQ(-EFAULT, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					NULL));
}

TEST_F(raw, W39_unwritable_argument_is_efault_and_makes_no_descriptor)
{
	int next = next_descriptor();
	struct sockdup_import *page;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)page);
	*page = self->arg;
	ASSERT_EQ(0, mprotect(page, sizeof(*page), PROT_READ));
	EXPECT_EQ(-EFAULT, device_ioctl(self->device, SOCKDUP_IOC_IMPORT,
					page));
	EXPECT_EQ(next, next_descriptor());
}

/* A target that has no number free for a descriptor. */
FIXTURE(full) {
	struct agent target;
	int source;
	int peer;
	int limit;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(full)
{
	struct sockdup_protocol_info none = { .size = sizeof(none) };
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));

	/* Has the library open the device while it can. */
	ASSERT_EQ(-ENOENT, agent_import(&self->target, &none, 0));
	self->limit = agent_dup(&self->target, STDIN_FILENO);
	ASSERT_LT(STDERR_FILENO, self->limit);
	ASSERT_EQ(0, agent_close(&self->target, self->limit));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE,
				     self->limit));
	ASSERT_EQ(-EMFILE, agent_dup(&self->target, STDIN_FILENO));
}

FIXTURE_TEARDOWN(full)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(full, W40_full_table_is_emfile)
{
	EXPECT_EQ(-EMFILE, agent_import(&self->target, &self->info, 0));
}

TEST_F(full, W40_import_works_once_there_is_room)
{
	unsigned int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(-EMFILE, agent_import(&self->target, &self->info,
						0));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE,
				     self->limit + 1));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(full, W40_token_keeps_the_connection_open)
{
	ASSERT_EQ(-EMFILE, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE,
				     self->limit + 1));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(full, W40_failed_import_keeps_no_reference)
{
	ASSERT_EQ(-EMFILE, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, try_revoke(&self->info));
	ASSERT_EQ(0, close(self->source));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* W44 in the device's own terms: a flag asks for what is not the default. */
TEST_F(import, W44_import_closes_on_exec)
{
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, agent_fcntl(&self->target, fd, F_GETFD, 0));
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_MAIN));
	EXPECT_EQ(-EBADF, agent_fcntl(&self->target, fd, F_GETFD, 0));
}

TEST_F(import, W44_inheritable_import_stays_open_across_exec)
{
	int fd = agent_import(&self->target, &self->info, SOCKDUP_IMPORT_INHERITABLE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_fcntl(&self->target, fd, F_GETFD, 0));
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_MAIN));
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(import, W89_token_survives_exec_by_the_leader)
{
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_MAIN));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W89_token_survives_exec_by_another_thread)
{
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_THREAD));
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

TEST_F(import, W89_token_survives_exec_when_nobody_else_holds_the_socket)
{
	int fd;

	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(0, agent_exec(&self->target, AGENT_THREAD));
	ASSERT_EQ(0, recv_nothing(self->peer));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, agent_send(&self->target, fd, "text", 4, 0));
	EXPECT_EQ(0, wait_for_poll(self->peer, POLLIN));
}

/* Copies the agent program to @path, owned by root and set-user-id. */
static int make_privileged_agent(char *path)
{
	char command[PATH_MAX + 64];
	struct stat status;
	int fd = mkstemp(path);

	if (fd < 0)
		return -errno;
	close(fd);
	snprintf(command, sizeof(command),
		 "cp \"$(dirname \"$(readlink /proc/%d/exe)\")/agent\" %s",
		 getpid(), path);
	if (system(command) || chown(path, 0, 0) || chmod(path, 04755) ||
	    stat(path, &status))
		return -EIO;
	return status.st_uid || !(status.st_mode & S_ISUID) ? -EPERM : 0;
}

/* A line of /proc/PID/status that starts so, or an empty one. */
static void read_status(pid_t pid, const char *name, char *line, int size)
{
	char path[64];
	FILE *file;

	line[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, size, file)) {
		if (!strncmp(line, name, strlen(name)))
			break;
		line[0] = '\0';
	}
	if (file)
		fclose(file);
}

TEST_F(import, W89_token_survives_a_privileged_exec)
{
	char path[] = "/tmp/sockdup-agent-XXXXXX";
	unsigned int uid, euid;
	struct statvfs mount;
	char line[128];
	int fields, error;

	ASSERT_EQ(0, statvfs("/tmp", &mount));
	if (mount.f_flag & ST_NOSUID)
		SKIP(return, "/tmp does not honour set-user-id programs");
	ASSERT_EQ(0, make_privileged_agent(path));
	ASSERT_EQ(0, agent_setuid(&self->target, NOBODY));
	error = agent_exec_path(&self->target, AGENT_MAIN, path);
	EXPECT_EQ(0, unlink(path));
	ASSERT_EQ(0, error);
	read_status(self->target.pid, "Uid:", line, sizeof(line));
	fields = sscanf(line, "Uid: %u %u", &uid, &euid);
	ASSERT_EQ(2, fields);
	ASSERT_EQ(NOBODY, uid);
	ASSERT_EQ(0, euid);
	EXPECT_EQ(1, imports_well(&self->target, self->source, &self->info));
}

/* Many tokens wait for one target at once. */
#define TOKENS	16

FIXTURE(many) {
	struct agent target;
	int sources[TOKENS];
	struct sockdup_protocol_info infos[TOKENS];
};

FIXTURE_SETUP(many)
{
	int i;

	ASSERT_EQ(0, agent_spawn(&self->target));
	for (i = 0; i < TOKENS; i++) {
		self->sources[i] = tcp_listener(AF_INET);
		ASSERT_LE(0, self->sources[i]);
		ASSERT_EQ(0, try_duplicate(self->sources[i], self->target.pid,
					   &self->infos[i]));
	}
}

FIXTURE_TEARDOWN(many)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(many, W92_tokens_import_in_reverse_order)
{
	int i;

	for (i = TOKENS - 1; i >= 0; i--)
		EXPECT_EQ(1, imports_well(&self->target, self->sources[i],
					  &self->infos[i]));
}

TEST_F(many, W92_tokens_import_in_their_order)
{
	int i;

	for (i = 0; i < TOKENS; i++)
		EXPECT_EQ(1, imports_well(&self->target, self->sources[i],
					  &self->infos[i]));
}

TEST_F(many, W92_the_end_of_one_token_leaves_the_others)
{
	int i;

	for (i = 0; i < TOKENS; i += 2)
		ASSERT_EQ(0, try_revoke(&self->infos[i]));
	for (i = 1; i < TOKENS; i += 2)
		EXPECT_EQ(1, imports_well(&self->target, self->sources[i],
					  &self->infos[i]));
}

TEST_F(many, W92_one_socket_under_many_tokens)
{
	struct sockdup_protocol_info infos[TOKENS];
	int i;

	for (i = 0; i < TOKENS; i++)
		ASSERT_EQ(0, try_duplicate(self->sources[0], self->target.pid,
					   &infos[i]));
	for (i = TOKENS - 1; i >= 0; i--)
		EXPECT_EQ(1, imports_well(&self->target, self->sources[0],
					  &infos[i]));
}

SOCKDUP_TEST_MAIN
