// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whatever can fail is tried before the first token is spent: a mistake spends none.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "message.h"
#include "plan.h"
#include "program.h"
#include "value.h"
#include "verb.h"

enum {
	OPTION_TOKEN = OPTION_LONG,
	OPTION_KEPT,
	OPTION_WAIT,
	OPTION_FD,
	OPTION_PAYLOAD_FD,
	OPTION_NAME,
	OPTION_BLOCKING,
	OPTION_TAKE_PATH,
};

static const struct option options[] = {
	{ "token", required_argument, NULL, OPTION_TOKEN },
	{ "kept", required_argument, NULL, OPTION_KEPT },
	{ "file", required_argument, NULL, 'f' },
	{ "count", required_argument, NULL, 'n' },
	{ "wait", no_argument, NULL, OPTION_WAIT },
	{ "fd", required_argument, NULL, OPTION_FD },
	{ "payload-fd", required_argument, NULL, OPTION_PAYLOAD_FD },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "blocking", no_argument, NULL, OPTION_BLOCKING },
	{ "take-path", no_argument, NULL, OPTION_TAKE_PATH },
	{ }
};

static struct plan plan;
static bool wait_for_tokens;

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_TOKEN:
		plan_text(&plan, argument);
		break;
	case OPTION_KEPT:
		plan_kept(&plan, argument);
		break;
	case 'f':
		plan.file = argument;
		break;
	case 'n':
		plan.count = number_parse(argument, 1, INT_MAX, "a count");
		break;
	case OPTION_WAIT:
		wait_for_tokens = true;
		break;
	case OPTION_FD:
		plan_number(&plan, argument);
		break;
	case OPTION_PAYLOAD_FD:
		plan_payload_number(&plan, argument, "payloads");
		break;
	case OPTION_NAME:
		plan_name(&plan, argument);
		break;
	case OPTION_BLOCKING:
		plan.blocking = true;
		break;
	case OPTION_TAKE_PATH:
		plan.take_path = true;
		break;
	}
}

static int announce(void)
{
	printf("%d\n", getpid());
	if (fflush(stdout))
		return failed_to(NULL, "write to standard output");
	return EXIT_OK;
}

static int run(int count, char **arguments)
{
	struct program program;
	int status;

	if (!count)
		usage_error("a program to execute is missing");
	if (plan.number_count && plan.name_count)
		usage_error("--fd and --name exclude each other");
	if (plan.count && plan.text_count && !plan.file)
		usage_error("--count is for tokens that are read: add --file FILE, or - for standard input");
	status = program_find(&program, arguments);
	/* Before we wait, so that a token for us may live long. */
	if (!status && sockdup_open() < 0)
		status = failed_to(NULL, "import tokens");
	if (!status && wait_for_tokens)
		status = announce();
	status = status ? : plan_read(&plan);
	status = status ? : plan_check(&plan);
	status = status ? : plan_environment(&plan);
	/* Once more, with names in the environment that may be too long. */
	status = status ? : program_check(&program);
	status = status ? : plan_carry_out(&plan);
	if (status)
		return status;
	status = program_execute(&program);
	plan_tell_spent(&plan, plan.token_count);
	return status;
}

const struct verb verb_exec = {
	.name = "exec",
	.summary = "import tokens and execute a program with the sockets",
	.usage =
	"exec [OPTION ...] [--] PROGRAM [ARGUMENT ...]\n"
	"\n"
	"Imports tokens and executes PROGRAM with the sockets, as systemd's socket\n"
	"activation does: from descriptor 3 on, their number in LISTEN_FDS, the process\n"
	"id in LISTEN_PID. Tokens are read from standard input to its end, one a line,\n"
	"unless an option says otherwise.\n"
	"\n"
	"  --wait               print the process id, for export, before tokens are read.\n"
	"                       (export --wait does something else: it waits for the\n"
	"                       import)\n"
	"  -f, --file FILE      read tokens from FILE, - for standard input\n"
	"  -n, --count N        read N tokens and leave the rest to PROGRAM; needs --file\n"
	"                       beside --token or --kept\n"
	"  --token TEXT         a token; may be repeated. Other users can see it in the\n"
	"                       list of processes: a file or standard input is safer\n"
	"  --kept NAME          the token that sockdup keep has kept as NAME; may be\n"
	"                       repeated. The name is removed once the token is imported\n"
	"  --fd N               give the socket this descriptor, and set no variables; one\n"
	"                       for each socket\n"
	"  --name NAME          the socket's name in LISTEN_FDNAMES, in place of the\n"
	"                       exporter's; one for each socket\n"
	"  --payload-fd N       give the program the payload as a file at this descriptor;\n"
	"                       one for each token with a payload\n"
	"  --blocking           clear O_NONBLOCK of the sockets, for all processes that\n"
	"                       have them open\n"
	"  --take-path          put the path of an AF_UNIX socket back when the old server\n"
	"                       unlinks it\n",
	.options = options,
	.program_follows = true,
	.option = option,
	.run = run,
};
