// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "delivery.h"
#include "message.h"
#include "payload.h"
#include "verb.h"

/* Whether messages have their place, beside as many sockets as the program may get. */
int delivery_check(const struct delivery *delivery, unsigned int sockets)
{
	const struct plan *plan = &delivery->plan;
	int i, number;

	for (i = 0; i < plan->payload_number_count; i++) {
		number = plan->payload_numbers[i];
		if (number >= LISTEN_FDS_START &&
		    number - LISTEN_FDS_START < (long long)sockets)
			return complain("a message cannot be number %d: up to %u sockets are there, from %d on; see --message-fd and --sockets",
					number, sockets, LISTEN_FDS_START);
	}
	return EXIT_OK;
}

static unsigned long long cookie_of(const struct arrival *arrival)
{
	return arrival->posting.cookie;
}

static unsigned long long sockets_of(const struct arrival *arrival)
{
	return arrival->posting.socket_count;
}

static unsigned long long source_of(const struct arrival *arrival)
{
	return arrival->posting.source.pid;
}

static unsigned long long uid_of(const struct arrival *arrival)
{
	return arrival->posting.source.uid;
}

static const struct variable {
	const char *name;
	unsigned long long (*value)(const struct arrival *arrival);
} variables[] = {
	{ "SOCKDUP_COOKIE", cookie_of }, { "SOCKDUP_SOCKETS", sockets_of },
	{ "SOCKDUP_SOURCE", source_of }, { "SOCKDUP_UID", uid_of }, { }
};

/* A value for each post, with a colon between each two. */
static int variable_set(const struct variable *variable, const struct arrival *arrivals,
			int count)
{
	char *text;
	size_t size;
	FILE *stream = checked(open_memstream(&text, &size));
	int i, result;

	for (i = 0; i < count; i++)
		fprintf(stream, "%s%llu", i ? ":" : "", variable->value(&arrivals[i]));
	if (fclose(stream))
		checked(NULL);
	result = setenv(variable->name, text, 1);
	free(text);
	return result;
}

static int environment_make(const struct plan *plan, const struct arrival *arrivals,
			    int count)
{
	const struct variable *variable;

	for (variable = variables; variable->name; variable++)
		if (variable_set(variable, arrivals, count))
			return failed_to(NULL, "set the environment");
	return plan_environment(plan);
}

/* As many names as there are sockets. */
static void names_fit(struct plan *plan)
{
	char *end;
	int i;

	while (plan->name_count && plan->name_count < plan->socket_count)
		plan_name(plan, "unknown");
	if (plan->name_count <= plan->socket_count)
		return;
	end = plan->names;
	for (i = 1; i < plan->socket_count; i++)
		end = strchr(end, ':') + 1;
	*strchrnul(end, ':') = '\0';
}

/* Those of all posts in a row, as one token's would be. */
static void sockets_gather(struct plan_token *token, const struct arrival *arrivals, int count)
{
	unsigned int sockets;
	int i;

	for (i = 0; i < count; i++)
		token->socket_count += arrivals[i].posting.socket_count;
	token->fds = checked(calloc(token->socket_count, sizeof(*token->fds)));
	token->socket_count = 0;
	for (i = 0; i < count; i++) {
		sockets = arrivals[i].posting.socket_count;
		memcpy(token->fds + token->socket_count, arrivals[i].fds,
		       sockets * sizeof(*token->fds));
		token->socket_count += sockets;
	}
}

/* A file in memory, at a number that nothing else is to have; -1 with errno. */
static int message_open(const struct plan *plan, const struct arrival *arrival)
{
	const size_t size = arrival->posting.message_size;
	int fd = memfd_create("sockdup-message", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, arrival->message, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		return -1;
	return file_move_aside(plan, fd);
}

static int messages_open(const struct plan *plan, const struct arrival *arrivals, int *files)
{
	int i;

	for (i = 0; i < plan->payload_number_count; i++) {
		files[i] = message_open(plan, &arrivals[i]);
		if (files[i] < 0)
			return failed_to(NULL, "hand a message to the program");
	}
	return EXIT_OK;
}

static int messages_place(const struct plan *plan, const int *files)
{
	int i;

	for (i = 0; i < plan->payload_number_count; i++)
		if (dup2(files[i], plan->payload_numbers[i]) < 0)
			return failed_to(NULL, "make a message descriptor %d",
					 plan->payload_numbers[i]);
	return EXIT_OK;
}

/* Becomes the program; an exit code if that fails. */
int delivery_execute(struct delivery *delivery, const struct arrival *arrivals, int count)
{
	struct plan *plan = &delivery->plan;
	struct plan_token sockets = { };
	int *files = checked(calloc(plan->payload_number_count + 1, sizeof(*files)));
	int status;

	sockets_gather(&sockets, arrivals, count);
	plan->tokens = &sockets;
	plan->token_count = 1;
	plan->socket_count = sockets.socket_count;
	names_fit(plan);
	status = environment_make(plan, arrivals, count);
	status = status ? : messages_open(plan, arrivals, files);
	status = status ? : plan_place(plan);
	status = status ? : messages_place(plan, files);
	return status ? : program_execute(&delivery->program);
}
