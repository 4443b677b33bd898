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

#include "keeper.h"
#include "message.h"
#include "payload.h"
#include "plan.h"
#include "store.h"
#include "verb.h"

/* What is at @number of those that have no place yet moves on. */
static int make_way(int *fds, int count, int number)
{
	int i;

	for (i = 0; i < count; i++) {
		if (fds[i] != number)
			continue;
		fds[i] = dup(number);
		return fds[i] < 0 ? -1 : 0;
	}
	return 0;
}

/*
 * Moves the sockets of a token to their numbers. Those of tokens before it are at
 * theirs already, so what else is at such a number is the caller's, and gives way.
 */
static int sockets_place(const struct plan *plan, struct plan_token *token)
{
	int *fds = token->fds;
	int i, number;

	for (i = 0; i < token->socket_count; i++) {
		number = plan_number_of(plan, token->first + i);
		if (fds[i] == number)
			continue;
		if (make_way(fds + i + 1, token->socket_count - i - 1, number) ||
		    dup2(fds[i], number) < 0)
			return -1;
		close(fds[i]);
		fds[i] = number;
	}
	return 0;
}

static int token_import(const struct plan *plan, struct plan_token *token,
			struct payload *payload)
{
	struct sockdup_set set = {
		.fds = token->fds,
		.socket_count = token->socket_count,
		.payload = &payload->room,
		.payload_count = token->payload_size ? 1 : 0,
	};

	if (token->socket_count > 1 || token->payload_size) {
		if (sockdup_import_set(&token->info, SOCKDUP_IMPORT_INHERITABLE, &set,
				       NULL))
			return -1;
	} else {
		token->fds[0] = sockdup_socket(&token->info,
					       SOCKDUP_IMPORT_INHERITABLE);
		if (token->fds[0] < 0)
			return -1;
	}
	return sockets_place(plan, token);
}

/* The program runs all the same: the token has ended, and its file tells nobody else. */
static void token_forget(const struct plan_token *token)
{
	const struct kept kept = {
		.name = token->kept,
		.state = KEPT_ENDED,
		.has_token = true,
		.info = token->info,
	};
	struct store store;

	if (store_open(&store, false))
		return;
	store_remove(&store, &kept);
	store_close(&store);
}

/* The first tokens of the plan. */
void plan_tell_spent(const struct plan *plan, int count)
{
	int i;

	for (i = 0; i < count; i++)
		complain("%s is spent: what it held was imported, and is closed again",
			 plan->tokens[i].shown);
}

/* Each token by itself: its user wants to know what is left. */
static int tell_losses(const struct plan *plan, int failed)
{
	int i, status;

	status = failed_to(errno == ENOENT ? "it has just ended" : NULL,
			   "import %s", plan->tokens[failed].shown);
	plan_tell_spent(plan, failed);
	for (i = failed + 1; i < plan->token_count; i++)
		complain("%s was not touched", plan->tokens[i].shown);
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
	if (put_variable("LISTEN_FDS", plan->socket_count) ||
	    put_variable("LISTEN_PID", getpid()))
		return -1;
	return plan->names ? setenv("LISTEN_FDNAMES", plan->names, 1) : 0;
}

int plan_environment(const struct plan *plan)
{
	return environment_set(plan) ? failed_to(NULL, "set the environment") : EXIT_OK;
}

/* The flag belongs to the open file, so this changes it for all descriptors. */
static int socket_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	return flags & O_NONBLOCK ? fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) : 0;
}

static int sockets_block(const struct plan *plan)
{
	int i;

	for (i = 0; i < plan->socket_count; i++)
		if (socket_block(plan_number_of(plan, i)))
			return failed_to(NULL, "make socket %d blocking", i + 1);
	return EXIT_OK;
}

/* Of sockets that the command has already, as those of posts. An exit code. */
int plan_place(const struct plan *plan)
{
	int i;

	for (i = 0; i < plan->token_count; i++)
		if (sockets_place(plan, &plan->tokens[i]))
			return failed_to(NULL, "place the sockets for the program");
	return plan->blocking ? sockets_block(plan) : EXIT_OK;
}

/* From the first import on, no way leads back. */
int plan_carry_out(struct plan *plan)
{
	struct payload *payloads = checked(calloc(plan->token_count, sizeof(*payloads)));
	int i, status = EXIT_OK;

	if (payloads_open(plan, payloads))
		return failed_to(NULL, "make room for a payload");
	for (i = 0; i < plan->token_count; i++) {
		if (token_import(plan, &plan->tokens[i], &payloads[i]))
			return tell_losses(plan, i);
		if (plan->tokens[i].kept)
			token_forget(&plan->tokens[i]);
	}
	if (payloads_place(plan, payloads))
		status = failed_to(NULL, "hand a payload to the program");
	/* A failure of this one leaves the old server's sockets as they were. */
	if (!status && plan->take_path)
		status = names_keep(plan);
	if (!status && plan->blocking)
		status = sockets_block(plan);
	if (status)
		plan_tell_spent(plan, plan->token_count);
	return status;
}
