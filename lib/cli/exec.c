// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The tokens are all read before the first is spent, and the program looked
 * for: a mistake costs no socket.
 */

#include <limits.h>
#include <unistd.h>

#include "plan.h"

static int exec_run(struct plan *plan, char **argv)
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
	status = plan->file ? plan_read(plan) : EXIT_OK;
	status = status ? : plan_check(plan);
	status = status ? : plan_carry_out(plan);
	if (status)
		return status;
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
	return status ? : exec_run(&plan, argv + optind);
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
