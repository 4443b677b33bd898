// SPDX-License-Identifier: LGPL-2.1-or-later
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"

#define SIGNALS	4

static const int signals[SIGNALS] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static struct sigaction before[SIGNALS], pipe_before, child_before;
static sigset_t mask_before, mask_of_waits;
static volatile sig_atomic_t caught;

static void interrupted(int number)
{
	caught = number;
}

static void child_ended([[maybe_unused]] int number)
{
}

/* A pipe that nobody reads is an error from here on, and no signal. */
void interrupt_defer(void)
{
	struct sigaction wake = { .sa_handler = interrupted };
	sigset_t mask;
	int i;

	sigemptyset(&mask);
	for (i = 0; i < SIGNALS; i++)
		sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	for (i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &wake, NULL);
	}
	sigaction(SIGCHLD, NULL, &child_before);
	sigaction(SIGPIPE, NULL, &pipe_before);
	signal(SIGPIPE, SIG_IGN);
	mask_of_waits = mask_before;
}

/* The end of a child ends a wait from here on, as the other signals do. */
void interrupt_by_children(void)
{
	struct sigaction wake = { .sa_handler = child_ended };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sigaction(SIGCHLD, &wake, NULL);
	sigdelset(&mask_of_waits, SIGCHLD);
}

static bool await(struct pollfd *files, unsigned int count, const struct timespec *most)
{
	if (!caught)
		ppoll(files, count, most, &mask_of_waits);
	return !caught;
}

/* Waits for files or a signal; false after one that is to end the command. */
bool interrupt_await(struct pollfd *files, unsigned int count)
{
	return await(files, count, NULL);
}

/* The same, for a second or a signal. */
bool interrupt_await_second(void)
{
	return await(NULL, 0, &(struct timespec){ .tv_sec = 1 });
}

/*
 * Waits until standard output takes a write, of what fits into a pipe, or a
 * signal comes. False for the latter.
 */
bool interrupt_output_ready(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return interrupt_await(&output, 1);
}

static void handlers_restore(void)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	sigaction(SIGCHLD, &child_before, NULL);
}

/* Signals have their way again, those that came meanwhile first. */
void interrupt_allow(void)
{
	handlers_restore();
	if (caught)
		raise(caught);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* For a child that executes a program, which is to find signals as the command did. */
void interrupt_forget(void)
{
	handlers_restore();
	sigaction(SIGPIPE, &pipe_before, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}
