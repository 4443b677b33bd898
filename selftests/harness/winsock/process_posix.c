// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sockdup.h>

#include "process_linux.h"

#define DEVICE_PATH	"/dev/" SOCKDUP_DEVICE_NAME

struct process {
	pid_t pid;
	int to;
	int from;
};

static bool write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n <= 0)
			return false;
		data += n;
		size -= n;
	}
	return true;
}

static bool read_all(int fd, char *data, size_t size)
{
	while (size) {
		ssize_t n = read(fd, data, size);

		if (n <= 0)
			return false;
		data += n;
		size -= n;
	}
	return true;
}

/* Winsock's sockets are inheritable, but this child is to get none. */
static void become(const char *argument, const struct process_options *options, int in,
		   int out)
{
	char release;

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (options->other_network && unshare(CLONE_NEWNET))
		_exit(126);
	if (options->held && read(STDIN_FILENO, &release, 1) != 1)
		_exit(125);
	execl("/proc/self/exe", "partner", argument, NULL);
	_exit(127);
}

static pid_t fork_as(pid_t id)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&id,
		.set_tid_size = 1,
	};

	return id ? syscall(SYS_clone3, &arguments, sizeof(arguments)) : fork();
}

struct process *process_start_with(const char *argument,
				   const struct process_options *options)
{
	struct process *process = malloc(sizeof(*process));
	int in[2], out[2];

	if (!process || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return NULL;
	process->pid = fork_as(options->id);
	if (process->pid < 0)
		return NULL;
	if (!process->pid)
		become(argument, options, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	process->to = in[1];
	process->from = out[0];
	return process;
}

struct process *process_start(const char *argument)
{
	static const struct process_options none;

	return process_start_with(argument, &none);
}

void process_release(struct process *process)
{
	process_write(process, "", 1);
}

unsigned int process_id(const struct process *process)
{
	return process->pid;
}

bool process_write(struct process *process, const void *data, size_t size)
{
	return write_all(process->to, data, size);
}

bool process_read(struct process *process, void *data, size_t size)
{
	return read_all(process->from, data, size);
}

int process_end(struct process *process)
{
	int status;

	close(process->to);
	close(process->from);
	if (waitpid(process->pid, &status, 0) < 0 || !WIFEXITED(status))
		status = -1;
	else
		status = WEXITSTATUS(status);
	free(process);
	return status;
}

bool process_read_input(void *data, size_t size)
{
	return read_all(STDIN_FILENO, data, size);
}

bool process_write_output(const void *data, size_t size)
{
	return write_all(STDOUT_FILENO, data, size);
}

void process_prepare(void)
{
}

bool process_module_is_there(void)
{
	return !access(DEVICE_PATH, F_OK);
}

int process_read_socket(uintptr_t socket, void *data, size_t size)
{
	return read(socket, data, size);
}

int process_write_socket(uintptr_t socket, const void *data, size_t size)
{
	return write(socket, data, size);
}
