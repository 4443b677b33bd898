// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The command line: options that all verbs have, numbers, times and users.
 */

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define OWN_OPTIONS_MAX	8

void usage_error(const char *format, ...)
{
	va_list arguments;

	fputs("sockdup: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "; see: sockdup %s%s--help\n", verb ? verb->name : "",
		verb ? " " : "");
	exit(EXIT_USAGE);
}

static bool option_common(int option)
{
	switch (option) {
	case 'j':
		output_format(FORMAT_JSON);
		return true;
	case 'o':
		output_format(FORMAT_LINES);
		return true;
	case 'c':
		output_colour(optarg ? optarg : "always");
		return true;
	case 'h':
		usage_print(stdout);
		exit(EXIT_OK);
	case 'V':
		puts("sockdup " VERSION);
		exit(EXIT_OK);
	default:
		return false;
	}
}

static const struct option common_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "oneline", no_argument, NULL, 'o' },
	{ "color", optional_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/* The next of the verb's own options, -1 after the last. */
int option_next(int argc, char **argv, const struct option *own)
{
	/* What follows another verb or a program is theirs. */
	bool ordered = !verb || verb == &verb_exec;
	struct option options[ARRAY_SIZE(common_options) + OWN_OPTIONS_MAX] = { };
	size_t i;
	int option;

	for (i = 0; own[i].name; i++)
		options[i] = own[i];
	memcpy(options + i, common_options, sizeof(common_options));
	opterr = 0;
	do
		option = getopt_long(argc, argv,
				     ordered ? "+:joc::hV" : ":joc::hV",
				     options, NULL);
	while (option_common(option));
	if (option == ':')
		usage_error("%s needs a value", argv[optind - 1]);
	if (option == '?')
		usage_error("there is no option %s", argv[optind - 1]);
	return option;
}

/* Decimal digits and nothing else; @what it is to be, for the message. */
long number_parse(const char *text, long min, long max, const char *what)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		usage_error("'%s' is not %s", text, what);
	return value;
}

/* Milliseconds of a number with one of the units ms, s, m and h. */
unsigned int duration_parse(const char *text)
{
	static const struct unit {
		const char *name;
		unsigned int milliseconds;
	} units[] = {
		{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { }
	};
	const struct unit *unit;
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	for (unit = units; unit->name; unit++)
		if (!strcmp(unit->name, end))
			break;
	if (*text < '0' || *text > '9' || errno || !unit->name || !value ||
	    value > UINT_MAX / unit->milliseconds)
		usage_error("'%s' is not a time, such as 500ms, 30s or 5m",
			    text);
	return value * unit->milliseconds;
}

uid_t user_parse(const char *text)
{
	const struct passwd *user = getpwnam(text);

	if (user)
		return user->pw_uid;
	return number_parse(text, 0, UINT_MAX - 1, "a user");
}
