// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sockdup.h>

#include "process_linux.h"

#define SIGNAL_US	5000

/* Above what any test opens. */
#define ROOM		4096

#define USER		1001

static rlim_t usual_limit;
static int zero;
static int root;

int process_fork(int (*run)(void *context), void *context)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(run(context));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

unsigned int process_thread_id(void)
{
	return syscall(SYS_gettid);
}

bool process_become_user(void)
{
	return !setresgid(USER, USER, USER) && !setresuid(USER, USER, USER);
}

void process_limit_descriptors(unsigned int limit)
{
	struct rlimit now;

	getrlimit(RLIMIT_NOFILE, &now);
	if (!usual_limit)
		usual_limit = now.rlim_cur;
	now.rlim_cur = limit;
	if (now.rlim_max < limit)
		now.rlim_max = limit;
	setrlimit(RLIMIT_NOFILE, &now);
}

static void deny_descriptors_from(int least)
{
	int next = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, least);

	close(next);
	process_limit_descriptors(next);
}

void process_deny_descriptors(void)
{
	deny_descriptors_from(0);
}

void process_allow_descriptors(void)
{
	process_limit_descriptors(usual_limit);
}

uintptr_t process_renumber(uintptr_t socket, int least)
{
	int fd;

	process_limit_descriptors(ROOM);
	fd = fcntl(socket, F_DUPFD_CLOEXEC, least);
	close(socket);
	return fd;
}

void process_free_zero(void)
{
	zero = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(STDIN_FILENO);
}

void process_restore_zero(void)
{
	dup2(zero, STDIN_FILENO);
	close(zero);
}

void process_free_zero_alone(void)
{
	process_free_zero();
	deny_descriptors_from(1);
}

void process_allow_others(void)
{
	process_allow_descriptors();
	process_restore_zero();
}

/* The root directory moves below one where nothing is. */
bool process_hide_files(void)
{
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root >= 0 && !chroot("/proc/self/fdinfo");
}

bool process_show_files(void)
{
	bool shown = !fchdir(root) && !chroot(".");

	close(root);
	return shown;
}

int process_open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

void process_close(int fd)
{
	close(fd);
}

int process_reuses_address(uintptr_t socket)
{
	socklen_t size = sizeof(int);
	int value = -1;

	getsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &value, &size);
	return value;
}

bool process_limit_receive(uintptr_t socket, unsigned int centuries)
{
	const long long seconds = centuries * 3155760000LL;
	/* A program of 32 bits has no more than LONG_MAX, which is less than one. */
	const struct timeval limit = {
		.tv_sec = seconds > LONG_MAX ? LONG_MAX : seconds,
	};

	return !setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

static void handle(int signal)
{
	(void)signal;
}

void process_signals_begin(void)
{
	struct sigaction action = { .sa_handler = handle };
	struct itimerval often = {
		.it_interval.tv_usec = SIGNAL_US,
		.it_value.tv_usec = SIGNAL_US,
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

void process_signals_end(void)
{
	struct itimerval never = { };

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

int process_remove_module(void)
{
	return syscall(SYS_delete_module, SOCKDUP_DEVICE_NAME, O_NONBLOCK) ? -errno : 0;
}
