// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "message.h"
#include "names.h"
#include "output.h"
#include "token.h"
#include "verb.h"

static const char *file;

static int show_socket(const struct sockdup_token_info *token,
		       [[maybe_unused]] void *context)
{
	token_titles(token_columns(token));
	token_print(token);
	return 0;
}

/* What the device tells of a socket: a target of another user sees no more. */
static void socket_read(struct sockdup_socket_info *socket, const char *name,
			const struct sockdup_protocol_info *info)
{
	*socket = (struct sockdup_socket_info){
		.family = info->address_family,
		.type = info->socket_type,
		.protocol = info->protocol,
	};
	memcpy(socket->protocol_name, info->protocol_name,
	       sizeof(socket->protocol_name));
	memcpy(socket->name, name, sizeof(socket->name));
}

static int show_as_target(const struct sockdup_protocol_info *info,
			  struct sockdup_token_info *token)
{
	struct sockdup_protocol_info infos[SOCKDUP_MAX_SOCKETS];
	char names[SOCKDUP_MAX_SOCKETS][SOCKDUP_NAME_SIZE];
	int i, count;

	count = sockdup_query_set(info, names, infos, SOCKDUP_MAX_SOCKETS);
	for (i = 0; i < count; i++) {
		socket_read(&token->socket, names[i], &infos[i]);
		show_socket(token, NULL);
	}
	return count < 0 ? -1 : 0;
}

static int show_sockets(const struct name *name, struct sockdup_token_info *token)
{
	if (token->socket_count < 2)
		return show_socket(token, NULL);
	if (!sockdup_list_sockets(token->id, show_socket, NULL))
		return 0;
	return name->by_info && errno == ENOENT ?
	       show_as_target(&name->info, token) : -1;
}

static int show(const struct name *name)
{
	struct sockdup_token_info token;
	int result;

	if (name->by_info)
		result = sockdup_find_by_info(&name->info, &token);
	else
		result = sockdup_find_by_id(name->id, &token);
	if (!result)
		result = show_sockets(name, &token);
	return result ? failed_to(name_reason(name), "query %s", name->shown) : EXIT_OK;
}

static const struct option options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ }
};

static void option(int value, char *argument)
{
	if (value == 'f')
		file = argument;
}

static int run(int count, char **arguments)
{
	int status, written;

	output_begin(SHAPE_DETAILS);
	status = names_each(file, count, arguments, show);
	if (status == EXIT_ABSENT)
		return status;
	written = output_end();
	return status ? : written;
}

const struct verb verb_query = {
	.name = "query",
	.summary = "show what the kernel knows of tokens",
	.usage =
	"query [-j|-o] [-f FILE] [TOKEN ...]\n"
	"\n"
	"Shows what the kernel knows of tokens, socket by socket. A TOKEN is the text\n"
	"that export printed, or an id from list; - stands for the lines of standard\n"
	"input. Other users can see arguments in the list of processes: give the text,\n"
	"which is a secret, in a file or by standard input.\n"
	"\n"
	"  -f, --file FILE      tokens, one a line; - for standard input\n",
	.options = options,
	.option = option,
	.run = run,
};
