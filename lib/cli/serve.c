// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program for each post, as inetd(8) has one for each connection.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delivery.h"
#include "interrupt.h"
#include "message.h"
#include "verb.h"

/**
 * struct child - a program that runs
 * @pid: of it
 * @cookie: of its post
 */
struct child {
	pid_t pid;
	unsigned long long cookie;
};

static struct child *children;
static long child_count;

/* False where it failed. */
static bool child_tell(const struct delivery *delivery, const struct child *child, int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFEXITED(status))
		complain("%s (process %d, cookie %llu) ended with status %d",
			 delivery->program.name, child->pid, child->cookie,
			 WEXITSTATUS(status));
	else
		complain("%s (process %d, cookie %llu) was ended by signal %d (%s)",
			 delivery->program.name, child->pid, child->cookie,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	return false;
}

/* An exit code: whether one of those that have ended failed. */
static int children_reap(const struct delivery *delivery)
{
	int status, worst = EXIT_OK;
	long i = 0;

	while (i < child_count) {
		if (waitpid(children[i].pid, &status, WNOHANG) != children[i].pid) {
			i++;
			continue;
		}
		if (!child_tell(delivery, &children[i], status))
			worst = EXIT_FAILED;
		children[i] = children[--child_count];
	}
	return worst;
}

static int child_start(struct delivery *delivery, const struct arrival *arrival)
{
	pid_t pid = fork();

	if (pid < 0)
		return failed_to(NULL, "start %s for the post with cookie %llu",
				 delivery->program.name, arrival->posting.cookie);
	if (!pid) {
		interrupt_forget();
		_exit(delivery_execute(delivery, arrival, 1));
	}
	children[child_count++] = (struct child){ pid, arrival->posting.cookie };
	return EXIT_OK;
}

/*
 * Accepts a post, if one is there, and starts the program with it. False where no other
 * can be accepted; @worst is an exit code.
 */
static bool post_serve(struct delivery *delivery, int inbox, struct arrival *arrival,
		       int *worst)
{
	const enum accepted accepted = arrival_accept(arrival, inbox, true);
	int status;

	if (accepted == ACCEPTED_REFUSED || accepted == ACCEPTED_NEVER)
		*worst = EXIT_FAILED;
	if (accepted != ACCEPTED_POST)
		return accepted != ACCEPTED_NEVER;
	status = child_start(delivery, arrival);
	arrival_close(arrival);
	*worst = status ? : *worst;
	return !delivery->count || --delivery->count;
}

/* At the limit of children, posts wait. False after a signal that is to end the command. */
static bool wait_for_any(const struct delivery *delivery, int inbox,
			 const struct arrival *arrival)
{
	struct pollfd posts = { .fd = inbox, .events = POLLIN };

	if (arrival->lacks)
		return interrupt_await_second();
	return interrupt_await(&posts, child_count < delivery->most_children ? 1 : 0);
}

int serve(struct delivery *delivery, int inbox, struct arrival *arrival)
{
	int worst = EXIT_OK;
	bool more = true, go_on;

	children = checked(calloc(delivery->most_children, sizeof(*children)));
	fcntl(inbox, F_SETFL, O_NONBLOCK);
	interrupt_defer();
	interrupt_by_children();
	do {
		go_on = more ? wait_for_any(delivery, inbox, arrival) : interrupt_await(NULL, 0);
		worst = children_reap(delivery) ? : worst;
		if (go_on && more && child_count < delivery->most_children)
			more = post_serve(delivery, inbox, arrival, &worst);
		/* Who still waits for room is to know that there will be none. */
		if (!more && inbox >= 0) {
			close(inbox);
			inbox = -1;
		}
	} while (go_on && (more || child_count));
	interrupt_allow();
	return worst;
}
