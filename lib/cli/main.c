// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sockdup: the command.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const struct verb *verb;

static const struct verb * const verbs[] = {
	&verb_export, &verb_exec, &verb_query, &verb_list, &verb_revoke,
	&verb_monitor, &verb_stats, NULL
};

static const char usage_head[] =
	"usage: sockdup [OPTION ...] VERB [ARGUMENT ...]\n"
	"\n"
	"Hands sockets from process to process, and shows and ends the tokens that\n"
	"hold them on their way.\n"
	"\n";

static const char usage_tail[] =
	"\n"
	"  -j, --json           JSON\n"
	"  -o, --oneline        a record is a line of KEY=VALUE words\n"
	"  -c, --color[=WHEN]   auto (the default), always or never\n"
	"  -h, --help           this, or the help of a verb\n"
	"  -V, --version        the version\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 wrong usage, 3 the sockdup module is not\n"
	"loaded; of exec also 126 the program cannot be executed, 127 there is none.\n";

void usage_print(FILE *file)
{
	const struct verb * const *each;

	if (verb) {
		fprintf(file, "usage: sockdup %s", verb->help);
		return;
	}
	fputs(usage_head, file);
	for (each = verbs; *each; each++)
		fprintf(file, "  %-20s %s\n", (*each)->name, (*each)->summary);
	fputs(usage_tail, file);
}

static const struct verb *verb_find(const char *name)
{
	const struct verb * const *each;

	for (each = verbs; *each; each++)
		if (!strcmp((*each)->name, name))
			break;
	return *each;
}

static int help(const char *name)
{
	if (name) {
		verb = verb_find(name);
		if (!verb)
			usage_error("'%s' is not a verb", name);
	}
	usage_print(stdout);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { } };
	int first;

	option_next(argc, argv, options);
	first = optind;
	if (first == argc)
		usage_error("a verb is missing");
	if (!strcmp(argv[first], "help"))
		return help(argv[first + 1]);
	verb = verb_find(argv[first]);
	if (!verb)
		usage_error("'%s' is not a verb", argv[first]);
	optind = 0;
	return verb->run(argc - first, argv + first);
}
