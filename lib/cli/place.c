// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The sockets of exec: out of their tokens, to the numbers where the program
 * shall find them, and into its environment.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "plan.h"

/* The first number of systemd's socket activation. */
#define LISTEN_FDS_START	3

static int sockets_import(struct plan *plan)
{
	struct socket *socket;
	int i;

	for (i = 0; i < plan->socket_count; i++) {
		socket = &plan->sockets[i];
		socket->fd = sockdup_socket(&socket->info, 0);
		if (socket->fd >= 0)
			continue;
		if (errno == ENOENT)
			return failed_to("these bytes name no live token",
				      "import token %d", i + 1);
		if (errno == EPERM)
			return failed_to("it is bound to another process",
				      "import token %d", i + 1);
		return failed_to(NULL, "import token %d", i + 1);
	}
	return EXIT_OK;
}

static int number_of(const struct plan *plan, int i)
{
	return plan->number_count ? plan->numbers[i] : LISTEN_FDS_START + i;
}

/* First out of the way of each other, then to where they shall be. */
static int sockets_place(struct plan *plan)
{
	int i, above = 0;

	for (i = 0; i < plan->socket_count; i++)
		if (number_of(plan, i) >= above)
			above = number_of(plan, i) + 1;
	for (i = 0; i < plan->socket_count; i++) {
		plan->sockets[i].fd = fcntl(plan->sockets[i].fd,
					    F_DUPFD_CLOEXEC, above);
		if (plan->sockets[i].fd < 0)
			return failed_to(NULL, "place socket %d", i + 1);
	}
	for (i = 0; i < plan->socket_count; i++)
		if (dup2(plan->sockets[i].fd, number_of(plan, i)) < 0)
			return failed_to(NULL, "place socket %d", i + 1);
	return EXIT_OK;
}

static int put_variable(const char *name, const char *format, long value)
{
	char text[32];

	snprintf(text, sizeof(text), format, value);
	return setenv(name, text, 1);
}

/* With numbers of the caller's choice it is not socket activation. */
static int environment_set(const struct plan *plan)
{
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (plan->number_count)
		return 0;
	if (put_variable("LISTEN_FDS", "%ld", plan->socket_count) ||
	    put_variable("LISTEN_PID", "%ld", getpid()))
		return -1;
	return plan->names ? setenv("LISTEN_FDNAMES", plan->names, 1) : 0;
}

/* The tokens are spent, whatever comes of it. */
int plan_carry_out(struct plan *plan)
{
	int status = sockets_import(plan);

	status = status ? : sockets_place(plan);
	if (status)
		return status;
	if (environment_set(plan))
		return failed_to(NULL, "set the environment");
	return EXIT_OK;
}
