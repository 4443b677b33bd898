// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sockdup: the command. Reads options, the verb's and those that all verbs have,
 * and has the verb do the rest.
 */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "message.h"
#include "output.h"
#include "value.h"
#include "verb.h"

static const struct verb * const verbs[] = {
	&verb_export, &verb_exec, &verb_query, &verb_list, &verb_revoke, &verb_keep,
	&verb_kept, &verb_inbox, &verb_post, &verb_monitor, &verb_stats, &verb_info, NULL
};

static const struct option common_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "oneline", no_argument, NULL, 'o' },
	{ "color", optional_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

#define OPTIONS_MAX	20

static const char usage_head[] =
	"usage: sockdup [OPTION ...] VERB [ARGUMENT ...]\n"
	"\n"
	"Hands sockets from process to process. A token holds a socket until the other\n"
	"process imports it; sockdup makes, shows and ends tokens. It also opens inboxes,\n"
	"and posts sockets to them.\n"
	"\n";

static const char usage_tail[] =
	"\n"
	"  -j, --json           JSON\n"
	"  -o, --oneline        each record as a line of KEY=VALUE words\n"
	"  -c, --color[=WHEN]   auto (the default), always or never\n"
	"  -h, --help           this help, or that of a verb\n"
	"  -V, --version        the version\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 wrong usage, 3 the sockdup module is not\n"
	"loaded or there is no /dev/sockdup. For an export that waits also: 4 nobody\n"
	"imported the socket. For post also: 4 there was no room. For exec and inbox also:\n"
	"126 the program cannot be executed, 127 it was not found.\n";

static void usage_print(const struct verb *verb)
{
	const struct verb * const *each;

	if (verb) {
		printf("usage: sockdup %s", verb->usage);
		return;
	}
	fputs(usage_head, stdout);
	for (each = verbs; *each; each++)
		printf("  %-20s %s\n", (*each)->name, (*each)->summary);
	fputs(usage_tail, stdout);
}

static void format_choose(enum format wanted)
{
	static enum format chosen;

	if (chosen && chosen != wanted)
		usage_error("--json and --oneline exclude each other");
	chosen = wanted;
	output_format(wanted);
}

static void option_common(const struct verb *verb, int option)
{
	switch (option) {
	case 'j':
		format_choose(FORMAT_JSON);
		break;
	case 'o':
		format_choose(FORMAT_LINES);
		break;
	case 'c':
		if (!output_colour(optarg ? : "always"))
			usage_error("'%s' is not auto, always or never", optarg);
		break;
	case 'h':
		usage_print(verb);
		exit(EXIT_OK);
	case 'V':
		puts("sockdup " VERSION);
		exit(EXIT_OK);
	default:
		usage_hint();
	}
}

/* The short forms, as getopt_long() wants them. */
static void letters_of(const struct option *options, char *letters)
{
	for (; options->name; options++) {
		if (options->val >= OPTION_LONG)
			continue;
		*letters++ = options->val;
		if (options->has_arg != no_argument)
			*letters++ = ':';
		if (options->has_arg == optional_argument)
			*letters++ = ':';
	}
	*letters = '\0';
}

static bool option_is_own(const struct verb *verb, int option)
{
	const struct option *own;

	for (own = verb ? verb->options : NULL; own && own->name; own++)
		if (own->val == option)
			return true;
	return false;
}

/*
 * Reads the options of a verb, or without one those before it; sets optind. What
 * is wrong with an option, getopt_long() says.
 */
static void options_read(const struct verb *verb, int argc, char **argv)
{
	bool ordered = !verb || verb->program_follows;
	struct option options[ARRAY_SIZE(common_options) + OPTIONS_MAX] = { };
	char letters[1 + 3 * ARRAY_SIZE(options) + 1] = "+";
	size_t count = 0;
	int option;

	while (verb && verb->options && verb->options[count].name) {
		options[count] = verb->options[count];
		count++;
	}
	memcpy(options + count, common_options, sizeof(common_options));
	letters_of(options, letters + ordered);
	optind = 0;
	while ((option = getopt_long(argc, argv, letters, options,
				     NULL)) != -1) {
		if (option_is_own(verb, option))
			verb->option(option, optarg);
		else
			option_common(verb, option);
	}
}

static const struct verb *verb_find(const char *name)
{
	const struct verb * const *each;

	for (each = verbs; *each; each++)
		if (!strcmp((*each)->name, name))
			return *each;
	usage_error("'%s' is not a verb", name);
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	descriptors_guard();
	/* Characters, but messages are in English. */
	setlocale(LC_CTYPE, "");
	options_read(NULL, argc, argv);
	argc -= optind;
	argv += optind;
	if (!argc)
		usage_error("a verb is missing");
	if (!strcmp(argv[0], "help")) {
		if (argc > 2)
			no_arguments(argc - 2, argv + 2);
		usage_print(argc > 1 ? verb_find(argv[1]) : NULL);
		return EXIT_OK;
	}
	verb = verb_find(argv[0]);
	message_verb(verb->name);
	/* The name that getopt_long() complains by. */
	argv[0] = "sockdup";
	options_read(verb, argc, argv);
	return verb->run(argc - optind, argv + optind);
}
