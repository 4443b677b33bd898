// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The sockets of exec: out of their tokens, to the numbers where the program
 * shall find them, and into its environment.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keep.h"
#include "message.h"
#include "plan.h"
#include "verb.h"

/*
 * Imports token @i to its number. Those before it are at theirs already, so what
 * is at this one is the caller's, and gives way.
 */
static int socket_place(const struct plan *plan, int i)
{
	int number = plan_number_of(plan, i);
	int fd = sockdup_socket(&plan->infos[i], SOCKDUP_IMPORT_INHERITABLE);
	int result = 0;

	if (fd < 0)
		return -1;
	if (fd != number) {
		result = dup2(fd, number);
		close(fd);
	}
	return result < 0 ? -1 : 0;
}

static void tell_spent(int count)
{
	int i;

	for (i = 0; i < count; i++)
		complain("token %d is spent: its socket was imported, and is closed again",
			 i + 1);
}

/* Each token by itself: its user wants to know what is left. */
static int tell_losses(const struct plan *plan, int failed)
{
	int i, status;

	status = failed_to(errno == ENOENT ? "it has just ended" : NULL,
			   "import token %d", failed + 1);
	tell_spent(failed);
	for (i = failed + 1; i < plan->info_count; i++)
		complain("token %d was not touched", i + 1);
	return status;
}

static int put_variable(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return setenv(name, text, 1);
}

/*
 * All of the protocol, as older and newer systemd have it: what was meant for us
 * is not passed on. With numbers of the caller's choice it is not socket
 * activation.
 */
static int environment_set(const struct plan *plan)
{
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_PIDFDID");
	unsetenv("LISTEN_FDNAMES");
	if (plan->number_count)
		return 0;
	if (put_variable("LISTEN_FDS", plan->info_count) ||
	    put_variable("LISTEN_PID", getpid()))
		return -1;
	return plan->names ? setenv("LISTEN_FDNAMES", plan->names, 1) : 0;
}

/* The flag belongs to the open file, so this changes it for all descriptors. */
static int socket_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	return flags & O_NONBLOCK ? fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) : 0;
}

/* From the first import on, no way leads back. */
int plan_carry_out(const struct plan *plan)
{
	int i, status = EXIT_OK;

	if (environment_set(plan))
		return failed_to(NULL, "set the environment");
	for (i = 0; i < plan->info_count; i++)
		if (socket_place(plan, i))
			return tell_losses(plan, i);
	/* A failure of this one leaves the old server's sockets as they were. */
	if (plan->take_path)
		status = names_keep(plan);
	for (i = 0; !status && plan->blocking && i < plan->info_count; i++)
		if (socket_block(plan_number_of(plan, i)))
			status = failed_to(NULL, "make the socket of token %d blocking",
					   i + 1);
	if (status)
		tell_spent(plan->info_count);
	return status;
}
