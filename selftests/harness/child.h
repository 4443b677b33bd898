/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child of a test, of another user where that matters, which goes step by step.
 */
#ifndef SELFTESTS_CHILD_H
#define SELFTESTS_CHILD_H

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

/* A child that does a step, answers with a number, and waits; it ends with the test. */
struct child {
	pid_t pid;
	int channel;
};

static inline int child_start(struct child *child, uid_t uid,
			      void (*run)(int channel, int number), int number)
{
	int ends[2];

	*child = (struct child){ .pid = -1, .channel = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	child->pid = fork();
	if (!child->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		if (uid && become_user(uid))
			_exit(1);
		run(ends[1], number);
		_exit(0);
	}
	close(ends[1]);
	child->channel = ends[0];
	return child->pid < 0 ? -errno : 0;
}

static inline int child_answer(const struct child *child)
{
	int answer = -EPIPE;

	return read(child->channel, &answer, sizeof(answer)) < 0 ? -errno : answer;
}

static inline int child_go_on(const struct child *child)
{
	int word = 0;

	write(child->channel, &word, sizeof(word));
	return child_answer(child);
}

static inline void child_end(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->channel);
}

/* The child's: answers, and waits to be told to go on. */
static inline void say(int channel, int answer)
{
	int word;

	write(channel, &answer, sizeof(answer));
	if (read(channel, &word, sizeof(word)) <= 0)
		pause();
}

#endif /* SELFTESTS_CHILD_H */
