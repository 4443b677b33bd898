// SPDX-License-Identifier: LGPL-2.1-or-later
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "interrupt.h"

#define SIGNALS	4

static const int signals[SIGNALS] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static struct sigaction before[SIGNALS];
static sigset_t mask_before;
static volatile sig_atomic_t caught;

static void interrupted(int number)
{
	caught = number;
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
	signal(SIGPIPE, SIG_IGN);
}

/*
 * Waits until standard output takes a write, of what fits into a pipe, or a
 * signal comes. False for the latter.
 */
bool interrupt_output_ready(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	ppoll(&output, 1, NULL, &mask_before);
	return !caught;
}

/* Signals have their way again, those that came meanwhile first. */
void interrupt_allow(void)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	if (caught)
		raise(caught);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}
