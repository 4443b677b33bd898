// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a handed-over socket costs, in each of the ways there are, side by side.
 * Prints a line for each figure, see print_line(); the runner makes tables of
 * them.
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "part.h"

/*
 * In the order in which they run: the first takes the module out, which nobody
 * may use then, and the last leaves its tokens behind.
 */
static const struct part {
	const char *name;
	int (*run)(const struct effort *effort);
} parts[] = {
	{ "memory", part_memory },
	{ "one", part_one },
	{ "away", part_away },
	{ "two", part_two },
	{ "flight", part_flight },
	{ "sets", part_sets },
	{ "server", part_server },
	{ "alone", part_alone },
	{ "wakeup", part_wakeup },
	{ "alive", part_alive },
};

static const struct option options[] = {
	{ "rounds", required_argument, NULL, 'n' },
	{ "repetitions", required_argument, NULL, 'r' },
	{ "alive", required_argument, NULL, 'a' },
	{ "settle", required_argument, NULL, 's' },
	{ }
};

static void refuse(void)
{
	unsigned int i;

	fputs("usage: bench [OPTION ...] [PART ...]\n\n"
	      "  --rounds N        in a repetition (5000)\n"
	      "  --repetitions N   of which the median counts (7)\n"
	      "  --alive N         most tokens of others that are alive (1000000)\n"
	      "  --settle SECONDS  before anything is measured (30)\n\n"
	      "parts:", stderr);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		fprintf(stderr, " %s", parts[i].name);
	fputs("\n", stderr);
	exit(2);
}

static bool is_part(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!strcmp(name, parts[i].name))
			return true;
	}
	return false;
}

static bool is_wanted(const struct part *part, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, part->name))
		names++;
	return *names;
}

static void run(const struct part *part, const struct effort *effort)
{
	int error;

	fprintf(stderr, "# %s\n", part->name);
	error = part->run(effort);
	if (error)
		errx(1, "part %s: %s", part->name, strerror(-error));
}

/* What follows is of this kernel: its release, and the processors. */
static void print_kernel(void)
{
	struct utsname system;

	if (uname(&system))
		err(1, "uname");
	printf("kernel\t%s\t%ld\n", system.release,
	       sysconf(_SC_NPROCESSORS_ONLN));
}

static void parse(int argc, char **argv, struct effort *effort)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			effort->rounds = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			effort->repetitions = strtoul(optarg, NULL, 10);
			break;
		case 'a':
			effort->alive = strtoul(optarg, NULL, 10);
			break;
		case 's':
			effort->settle = strtoul(optarg, NULL, 10);
			break;
		default:
			refuse();
		}
	}
	if (!effort->rounds || !effort->repetitions)
		refuse();
}

int main(int argc, char **argv)
{
	struct effort effort = {
		.rounds = 5000,
		.repetitions = 7,
		.alive = 1000000,
		.settle = 30,
	};
	unsigned int i;

	parse(argc, argv, &effort);
	argv += optind;
	for (i = 0; argv[i]; i++) {
		if (!is_part(argv[i]))
			refuse();
	}
	print_kernel();
	sleep(effort.settle);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (is_wanted(&parts[i], argv))
			run(&parts[i], &effort);
	}
	return 0;
}
