/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the command can do: a verb brings its options, its usage and its work.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Exit codes, as --help and the man page state them. */
enum {
	EXIT_OK		= 0,
	EXIT_FAILED	= 1,
	EXIT_USAGE	= 2,
	EXIT_ABSENT	= 3,	/* the module is not there */
	EXIT_UNTAKEN	= 4,	/* nobody imported the socket, or there was no room */
	EXIT_UNFIT	= 126,	/* the program cannot be executed */
	EXIT_UNFOUND	= 127,	/* there is no such program */
};

/* Values of options that have no short form. */
enum {
	OPTION_LONG = UCHAR_MAX + 1,
};

/**
 * struct verb - one of the things that the command does
 * @name: its word on the command line
 * @summary: what it does, in a few words
 * @usage: what --help says, from the usage line on
 * @options: its own, up to a zeroed one; a value up to UCHAR_MAX is the short
 *           form, too
 * @program_follows: options after the first argument are another program's
 * @option: takes one of @options with its argument
 * @run: does it with what follows the options; returns an exit code
 */
struct verb {
	const char *name;
	const char *summary;
	const char *usage;
	const struct option *options;
	bool program_follows;
	void (*option)(int value, char *argument);
	int (*run)(int count, char **arguments);
};

extern const struct verb verb_exec, verb_export, verb_inbox, verb_info, verb_keep,
	verb_kept, verb_list, verb_monitor, verb_post, verb_query, verb_revoke, verb_stats;

#endif /* CLI_VERB_H */
