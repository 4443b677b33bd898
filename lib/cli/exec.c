// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The tokens are all read before the first is spent, and the program looked
 * for: a mistake costs no socket.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* The first number of systemd's socket activation. */
#define LISTEN_FDS_START	3

struct socket {
	struct sockdup_protocol_info info;
	int fd;
};

/**
 * struct plan - what the command line asks for
 * @sockets: the tokens, in their order, and what they were imported as
 * @numbers: where --fd wants them
 * @names: what --name calls them, by a colon between each two
 * @file: where tokens are read from, NULL for none
 * @wait: the process id is printed first
 * @count: of tokens to read, 0 for all of the file
 */
struct plan {
	struct socket *sockets;
	int socket_count;
	int *numbers;
	int number_count;
	char *names;
	int name_count;
	const char *file;
	bool wait;
	long count;
};

static int plan_token(struct plan *plan, const char *text)
{
	struct name name;
	int status = name_parse(text, &name);

	if (status)
		return status;
	if (!name.by_info)
		return complain("an id imports nothing: want the text that export printed");
	plan->sockets = checked(reallocarray(plan->sockets,
					     plan->socket_count + 1,
					     sizeof(*plan->sockets)));
	plan->sockets[plan->socket_count++].info = name.info;
	return EXIT_OK;
}

static void plan_number(struct plan *plan, const char *text)
{
	int number = number_parse(text, 0, 65535, "a descriptor's number");
	int i;

	for (i = 0; i < plan->number_count; i++)
		if (plan->numbers[i] == number)
			usage_error("two sockets cannot both be number %d",
				    number);
	plan->numbers = checked(reallocarray(plan->numbers,
					     plan->number_count + 1,
					     sizeof(*plan->numbers)));
	plan->numbers[plan->number_count++] = number;
}

/* What systemd allows as a name. */
static void plan_name(struct plan *plan, const char *name)
{
	const char *c;
	char *names;

	for (c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ':')
			break;
	if (*c || c == name || c - name > 255)
		usage_error("'%s' cannot be the name of a descriptor", name);
	if (asprintf(&names, "%s%s%s", plan->names ? : "",
		     plan->names ? ":" : "", name) < 0)
		names = checked(NULL);
	free(plan->names);
	plan->names = names;
	plan->name_count++;
}

/* A byte at a time: what follows the last token is for the program. */
static FILE *tokens_open(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (file)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

static int tokens_read(struct plan *plan)
{
	FILE *file = tokens_open(plan->file);
	int status = EXIT_OK;
	long read = 0;
	char *text;

	if (!file)
		return failed_to(NULL, "open %s", plan->file);
	while (!status && (!plan->count || read < plan->count)) {
		text = name_read(file);
		if (!text)
			break;
		status = plan_token(plan, text);
		free(text);
		read++;
	}
	if (file != stdin)
		fclose(file);
	if (!status && read < plan->count)
		return complain("%s ended after %ld of %ld tokens", plan->file,
				read, plan->count);
	return status;
}

/* Numbers and names are for all sockets or for none. */
static int plan_check(const struct plan *plan)
{
	if (!plan->socket_count)
		return complain("there is no token to import");
	if (plan->number_count && plan->number_count != plan->socket_count)
		return complain("%d tokens do not fit %d numbers",
				plan->socket_count, plan->number_count);
	if (plan->name_count && plan->name_count != plan->socket_count)
		return complain("%d tokens do not fit %d names",
				plan->socket_count, plan->name_count);
	return EXIT_OK;
}

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

static int plan_run(struct plan *plan, char **argv)
{
	char *program = program_find(argv[0]);
	int status;

	if (!program)
		return program_failed(argv[0]);
	if (plan->wait) {
		printf("%d\n", getpid());
		if (fflush(stdout))
			return failed_to(NULL, "write to standard output");
	}
	status = plan->file ? tokens_read(plan) : EXIT_OK;
	status = status ? : plan_check(plan);
	status = status ? : sockets_import(plan);
	status = status ? : sockets_place(plan);
	if (status)
		return status;
	if (environment_set(plan))
		return failed_to(NULL, "set the environment");
	execv(program, argv);
	return program_failed(program);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "token", required_argument, NULL, 't' },
		{ "file", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'n' },
		{ "wait", no_argument, NULL, 'w' },
		{ "fd", required_argument, NULL, 'd' },
		{ "name", required_argument, NULL, 'N' },
		{ }
	};
	struct plan plan = { };
	int option, status = EXIT_OK;

	while ((option = option_next(argc, argv, options)) != -1) {
		switch (option) {
		case 't':
			status = status ? : plan_token(&plan, optarg);
			break;
		case 'f':
			plan.file = optarg;
			break;
		case 'n':
			plan.count = number_parse(optarg, 1, INT_MAX,
						  "a count");
			break;
		case 'w':
			plan.wait = true;
			break;
		case 'd':
			plan_number(&plan, optarg);
			break;
		case 'N':
			plan_name(&plan, optarg);
			break;
		}
	}
	if (optind == argc)
		usage_error("want a program to execute");
	if (plan.number_count && plan.name_count)
		usage_error("--fd and --name exclude each other");
	if (!plan.file && !plan.socket_count)
		plan.file = "-";
	return status ? : plan_run(&plan, argv + optind);
}

const struct verb verb_exec = {
	.name = "exec",
	.summary = "import tokens and execute a program with the sockets",
	.help =
	"exec [OPTION ...] [--] PROGRAM [ARGUMENT ...]\n"
	"\n"
	"Imports tokens and executes PROGRAM with the sockets, as systemd's socket\n"
	"activation does: from descriptor 3 on, their number in LISTEN_FDS, the process\n"
	"id in LISTEN_PID. Tokens are read from standard input to its end, one a line,\n"
	"unless an option says otherwise.\n"
	"\n"
	"  --wait          print the process id, for export, before tokens are read\n"
	"  --file FILE     read tokens from FILE, - for standard input\n"
	"  --count N       read N tokens and leave the rest to PROGRAM\n"
	"  --token TEXT    a token; may be repeated\n"
	"  --fd N          the socket's number in place of the convention; one for each\n"
	"                  token\n"
	"  --name NAME     its name in LISTEN_FDNAMES; one for each token\n",
	.run = run,
};
