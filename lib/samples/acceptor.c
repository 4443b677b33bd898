// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * acceptor WORKER N: accepts connections on a free port of the loopback interface, and
 * hands each to one of N workers, by an inbox that all of them accept from. A new worker
 * takes the place of one that ends. It prints its port and its workers. SIGTERM ends all.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sockdup.h>

#include "http.h"

/**
 * struct pool - the acceptor, and those who work for it
 * @program: what a worker runs
 * @inbox: which nobody here accepts from: it lasts as long as the acceptor, so that what
 *         waits in it outlives each worker
 * @binding: to that; a post through it does not wait, as this process has workers to replace
 * @signals: tells of SIGCHLD and SIGTERM
 * @count: workers
 * @workers: their pids, 0 for one that is not replaced
 * @waiting: a connection for which there was no room, or -1; no other is accepted meanwhile
 * @handed_over: connections
 */
struct pool {
	const char *program;
	int inbox;
	int binding;
	int signals;
	int count;
	pid_t *workers;
	int waiting;
	unsigned long handed_over;
};

static void worker_run(const struct pool *pool, int invitation)
{
	dup2(invitation, STDIN_FILENO);
	execl(pool->program, pool->program, NULL);
	err(1, "%s", pool->program);
}

/* Its invitation is for that process alone, and comes by its standard input. */
static pid_t worker_start(const struct pool *pool)
{
	struct sockdup_protocol_info info;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		worker_run(pool, ends[0]);
	close(ends[0]);
	if (sockdup_inbox_invite(pool->inbox, pid, SOCKDUP_EXPORT_INVITE_TO_ACCEPT, 0, &info))
		err(1, "sockdup_inbox_invite");
	if (write(ends[1], &info, sizeof(info)) != sizeof(info))
		err(1, "write");
	close(ends[1]);
	printf("worker %d begins\n", pid);
	return pid;
}

static void worker_ended(struct pool *pool, pid_t pid, bool replace)
{
	int i;

	printf("worker %d has ended\n", pid);
	for (i = 0; i < pool->count; i++) {
		if (pool->workers[i] == pid)
			pool->workers[i] = replace ? worker_start(pool) : 0;
	}
}

static void reap(struct pool *pool)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* One that could not begin would be replaced for ever. */
		if (WIFEXITED(status) && WEXITSTATUS(status))
			errx(1, "worker %d failed", pid);
		worker_ended(pool, pid, true);
	}
}

/* Each finishes the connection that it has. */
static void end_workers(struct pool *pool)
{
	pid_t pid;
	int i;

	for (i = 0; i < pool->count; i++)
		kill(pool->workers[i], SIGTERM);
	while ((pid = wait(NULL)) > 0)
		worker_ended(pool, pid, false);
}

static void hand_over(struct pool *pool)
{
	if (!sockdup_post(pool->binding, pool->waiting, pool->handed_over,
			  SOCKDUP_POST_CLOSE)) {
		pool->handed_over++;
		pool->waiting = -1;
	} else if (errno != EAGAIN) {
		err(1, "sockdup_post");
	}
}

static void accept_one(struct pool *pool, int listener)
{
	pool->waiting = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (pool->waiting < 0)
		err(1, "accept");
	hand_over(pool);
}

/* False for SIGTERM. */
static bool goes_on_after_signal(struct pool *pool)
{
	struct signalfd_siginfo signal;

	if (read(pool->signals, &signal, sizeof(signal)) != sizeof(signal))
		err(1, "signalfd");
	if (signal.ssi_signo == SIGTERM)
		return false;
	reap(pool);
	return true;
}

/* For a client, or where one waits, for room in the inbox. */
static struct pollfd next_step(const struct pool *pool, int listener)
{
	if (pool->waiting >= 0)
		return (struct pollfd) { .fd = pool->binding, .events = POLLOUT };
	return (struct pollfd) { .fd = listener, .events = POLLIN };
}

/* Until SIGTERM comes. */
static void work(struct pool *pool, int listener)
{
	struct pollfd polled[2] = { { .fd = pool->signals, .events = POLLIN } };

	for (;;) {
		polled[1] = next_step(pool, listener);
		if (poll(polled, 2, -1) < 0)
			err(1, "poll");
		if (polled[0].revents && !goes_on_after_signal(pool))
			return;
		if (polled[1].revents && pool->waiting >= 0)
			hand_over(pool);
		else if (polled[1].revents)
			accept_one(pool, listener);
	}
}

static void pool_open(struct pool *pool, const char *program, int count)
{
	sigset_t signals;

	/* The workers inherit this, so a signal is not lost on one that has just begun. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	*pool = (struct pool) {
		.program = program,
		.inbox = sockdup_inbox_open(NULL),
		.binding = sockdup_inbox_bind(getpid(), 0, NULL),
		.signals = signalfd(-1, &signals, SFD_CLOEXEC),
		.count = count,
		.workers = calloc(count, sizeof(*pool->workers)),
		.waiting = -1,
	};
	if (pool->inbox < 0)
		err(1, "sockdup_inbox_open");
	if (pool->binding < 0)
		err(1, "sockdup_inbox_bind");
	fcntl(pool->binding, F_SETFL, fcntl(pool->binding, F_GETFL) | O_NONBLOCK);
	if (pool->signals < 0 || !pool->workers)
		err(1, "signalfd");
}

int main(int argc, char **argv)
{
	int i, listener, count = argc == 3 ? atoi(argv[2]) : 0;
	unsigned short port;
	struct pool pool;

	if (count < 1)
		errx(2, "usage: acceptor WORKER N");
	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = http_listen(&port);
	printf("port %u\n", port);
	pool_open(&pool, argv[1], count);
	for (i = 0; i < count; i++)
		pool.workers[i] = worker_start(&pool);
	work(&pool, listener);
	end_workers(&pool);
	printf("%lu connections handed over\n", pool.handed_over);
	return 0;
}
