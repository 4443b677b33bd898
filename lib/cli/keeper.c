// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The names of AF_UNIX sockets in the file system, for exec --take-path. A
 * process in the background, the keeper, puts a name back when the old server
 * unlinks it. The program that exec becomes knows nothing of it, and is not its
 * parent. The keeper holds no socket.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptor.h"
#include "escape.h"
#include "holders.h"
#include "keeper.h"
#include "message.h"
#include "verb.h"

/* How often the keeper looks where it may not watch. */
#define LOOK_MS	200

/**
 * struct name - the name of a socket
 * @path: by which it is kept; NULL once it is not any more
 * @text: for people
 * @socket: the socket's inode number
 * @listed: the kernel's list of sockets shows whether it is open
 * @watch: a descriptor, or -1
 * @restored: it was put back
 */
struct name {
	struct sockdup_unix_path *path;
	char *text;
	ino_t socket;
	bool listed;
	int watch;
	bool restored;
};

/**
 * struct keeper - what the process in the background has
 * @names: that it keeps
 * @count: of them
 * @program: a pidfd of the process that becomes the program
 * @pid: of it
 * @answer: the pipe that tells it how the start went
 * @signals: a signalfd
 */
struct keeper {
	struct name *names;
	int count;
	int program;
	pid_t pid;
	int answer;
	int signals;
};

/* The name as the socket has it, which ends in no NUL at its greatest length. */
static char *name_text(int fd)
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr_un local;
	} address = { };
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return escape_for_line((const char *)&address +
			       offsetof(struct sockaddr_un, sun_path));
}

/**
 * struct reason - what an errno means to somebody who wants a name kept
 * @error: the errno
 * @words: what happened, and what to do
 */
struct reason {
	int error;
	const char *words;
};

static const struct reason take_reasons[] = {
	{
		ENOENT,
		"there is no such file. The old server has unlinked it, or bound it in another mount namespace, root or working directory: start the program there, and before the old server ends",
	}, {
		ENOTDIR,
		"there is no such directory. The old server bound it in another mount namespace, root or working directory: start the program there",
	}, {
		ESTALE,
		"another file has that name. Somebody has replaced the socket's, or the old server bound it in another mount namespace, root or working directory: start the program there",
	}, {
		EOPNOTSUPP,
		"the kernel does not tell which file the socket is bound to: become root, or enter the socket's network namespace; the kernel needs its module unix_diag",
	}, {
		EACCES,
		"this user may not write to the directory, or not reach it",
	}, {
		EPERM,
		"this user may not link the file, which is another user's (see fs.protected_hardlinks), or the file system has no hard links: become its owner or root",
	}, {
		EXDEV,
		"it is a mount point: start the program where the socket was bound",
	}, { }
};

static const struct reason change_reasons[] = {
	{ EEXIST, "another file has it" },
	{ ESTALE, "the second link beside it was removed or replaced" },
	{ EACCES, "this user may not write to the directory" },
	{ EPERM, "this user may not change the directory" },
	{ }
};

/* NULL where errno says all. */
static const char *reason_of(const struct reason *reason, int error)
{
	while (reason->error && reason->error != error)
		reason++;
	return reason->words;
}

/* What has no name of its own that somebody could unlink. */
static bool is_nameless(int error)
{
	return error == EAFNOSUPPORT || error == EINVAL || error == EISCONN;
}

static int name_take(struct keeper *keeper, int fd, int socket)
{
	struct name *name = &keeper->names[keeper->count];
	struct stat status;
	int result, error;

	result = sockdup_unix_path_take(fd, &name->path);
	if (!result || (result < 0 && is_nameless(errno)))
		return EXIT_OK;
	error = errno;
	name->text = name_text(fd);
	errno = error;
	if (result < 0)
		return failed_to(reason_of(take_reasons, errno),
				 "keep the name %s of socket %d",
				 name->text, socket);
	name->watch = sockdup_unix_path_watch(name->path);
	if (!fstat(fd, &status))
		name->socket = status.st_ino;
	name->listed = socket_is_listed(name->socket);
	keeper->count++;
	return EXIT_OK;
}

static void name_drop(struct name *name)
{
	if (sockdup_unix_path_release(name->path))
		failed_to(reason_of(change_reasons, errno),
			  "remove the second link of %s", name->text);
	name->path = NULL;
	name->watch = -1;
}

static void name_restore(struct name *name)
{
	int result;

	if (!name->path)
		return;
	/* A socket that nobody has open needs no name. */
	if (name->listed && !socket_is_listed(name->socket)) {
		name_drop(name);
		return;
	}
	result = sockdup_unix_path_restore(name->path);
	if (result > 0)
		name->restored = true;
	if (result < 0) {
		failed_to(reason_of(change_reasons, errno),
			  "put the name %s back", name->text);
		name_drop(name);
	}
}

/* Whether there is a name left to keep; @again: one that was restored, too. */
static bool keeper_has_names(const struct keeper *keeper, bool again)
{
	int i;

	for (i = 0; i < keeper->count; i++)
		if (keeper->names[i].path && (again || !keeper->names[i].restored))
			return true;
	return false;
}

static int compare(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

/* Closes all descriptors but those in @kept, which it sorts. */
static void close_others(int *kept, int count)
{
	unsigned int from = 0;
	int i;

	qsort(kept, count, sizeof(*kept), compare);
	for (i = 0; i < count; i++) {
		if ((unsigned int)kept[i] > from)
			close_range(from, kept[i] - 1, 0);
		from = kept[i] + 1;
	}
	close_range(from, ~0U, 0);
}

/* Away from the program's terminal, directory and descriptors. */
static void keeper_detach(const struct keeper *keeper, const struct plan *plan)
{
	const int own[] = { STDERR_FILENO, keeper->program, keeper->answer };
	int *kept = checked(calloc(ARRAY_SIZE(own) + plan->socket_count,
				   sizeof(*kept)));
	int i, count = 0;

	for (; count < (int)ARRAY_SIZE(own); count++)
		kept[count] = own[count];
	for (i = 0; i < plan->socket_count; i++)
		kept[count++] = plan_number_of(plan, i);
	close_others(kept, count);
	free(kept);
	descriptors_guard();
	setsid();
}

/* SIGTERM and its like end the keeper, not without removing the second links. */
static void signals_open(struct keeper *keeper)
{
	const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&mask, numbers[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	keeper->signals = signalfd(-1, &mask, SFD_CLOEXEC);
}

static int names_take(struct keeper *keeper, const struct plan *plan)
{
	int i, status = EXIT_OK;

	keeper->names = checked(calloc(plan->socket_count, sizeof(*keeper->names)));
	for (i = 0; !status && i < plan->socket_count; i++)
		status = name_take(keeper, plan_number_of(plan, i), i + 1);
	return status;
}

static void sockets_close(const struct plan *plan)
{
	int i;

	for (i = 0; i < plan->socket_count; i++)
		close(plan_number_of(plan, i));
	descriptors_guard();
}

/* Those that had the sockets before the program: the old server. */
static void old_server_find(const struct keeper *keeper, struct holders *holders)
{
	ino_t *sockets = checked(calloc(keeper->count, sizeof(*sockets)));
	int i;

	for (i = 0; i < keeper->count; i++)
		sockets[i] = keeper->names[i].socket;
	holders_find(holders, sockets, keeper->count, keeper->pid);
	free(sockets);
}

/* What the keeper waits for, before the names' watches and the processes. */
enum {
	ENTRY_SIGNALS,
	ENTRY_PROGRAM,
	ENTRY_NAMES,
};

/*
 * Restores names until the processes have ended, or the program has. Where no process is
 * known, each name once: the next to unlink it may be the program.
 */
static void keeper_watch(struct keeper *keeper, const struct holders *holders)
{
	const int names = keeper->count, first = ENTRY_NAMES + names;
	int i, left = holders->count, count = first + left, timeout = -1;
	struct pollfd *entries;

	entries = checked(calloc(count, sizeof(*entries)));
	entries[ENTRY_SIGNALS].fd = keeper->signals;
	entries[ENTRY_PROGRAM].fd = keeper->program;
	for (i = 0; i < holders->count; i++)
		entries[first + i].fd = holders->pidfds[i];
	for (i = 0; i < count; i++)
		entries[i].events = POLLIN;
	while ((left || !holders->count) && keeper_has_names(keeper, holders->count)) {
		for (i = 0; i < names; i++) {
			name_restore(&keeper->names[i]);
			entries[ENTRY_NAMES + i].fd = keeper->names[i].watch;
			if (keeper->names[i].path && keeper->names[i].watch < 0)
				timeout = LOOK_MS;
		}
		if (poll(entries, count, timeout) < 0 ||
		    entries[ENTRY_SIGNALS].revents || entries[ENTRY_PROGRAM].revents)
			break;
		for (i = first; i < count; i++)
			if (entries[i].fd >= 0 && entries[i].revents) {
				entries[i].fd = -1;
				left--;
			}
	}
	/* It may have unlinked the name and ended at once. */
	for (i = 0; !left && holders->count && i < names; i++)
		name_restore(&keeper->names[i]);
	free(entries);
}

/* It has the sockets open until it has ended, and is no old server. */
static void wait_for_parent(pid_t parent)
{
	while (getppid() == parent)
		usleep(1000);
}

static void answer(struct keeper *keeper, unsigned char status)
{
	/* Without a reader there is no program, and nothing to tell. */
	if (write(keeper->answer, &status, sizeof(status)) < 0)
		complain("nobody waits for the process that keeps names");
	close(keeper->answer);
}

static void keeper_run(struct keeper *keeper, const struct plan *plan, pid_t parent)
{
	struct holders holders = { };
	int i, status;

	wait_for_parent(parent);
	keeper_detach(keeper, plan);
	signals_open(keeper);
	status = names_take(keeper, plan);
	if (!status && keeper->count)
		old_server_find(keeper, &holders);
	sockets_close(plan);
	answer(keeper, status);
	/* The names were taken by the directory that they are in. */
	if (!status && keeper->count && !chdir("/"))
		keeper_watch(keeper, &holders);
	for (i = 0; i < keeper->count; i++)
		name_drop(&keeper->names[i]);
	_exit(status);
}

static int keeper_start(struct keeper *keeper, const struct plan *plan)
{
	unsigned char status = EXIT_FAILED;
	int ends[2], child;
	ssize_t size;
	pid_t own;

	if (pipe2(ends, O_CLOEXEC))
		return failed_to(NULL, "keep names");
	keeper->answer = ends[1];
	child = fork();
	if (!child) {
		/* The program is to have no child that it did not make. */
		own = getpid();
		if (fork())
			_exit(EXIT_OK);
		keeper_run(keeper, plan, own);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return failed_to(NULL, "keep names");
	}
	waitpid(child, NULL, 0);
	size = read(ends[0], &status, sizeof(status));
	close(ends[0]);
	if (size != sizeof(status))
		return complain("cannot keep names: the process for it could not be started, or was killed");
	return status;
}

int names_keep(const struct plan *plan)
{
	struct keeper keeper = { .pid = getpid() };
	int status;

	keeper.program = pidfd_open(keeper.pid, 0);
	if (keeper.program < 0)
		return failed_to(NULL, "keep names");
	status = keeper_start(&keeper, plan);
	close(keeper.program);
	return status;
}
