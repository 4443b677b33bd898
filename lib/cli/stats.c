// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>

#include <sockdup.h>

#include "message.h"
#include "output.h"
#include "process.h"
#include "value.h"
#include "verb.h"

static const char *user;

static void count(const char *key, __u64 value)
{
	cell(PLAIN, "%llu", value);
	field_number(key, value);
}

static void user_print(const struct sockdup_stats *stats)
{
	static const char * const titles[] = { "USER", "HELD", "BYTES", NULL };

	output_titles(titles, NULL);
	group_begin("user");
	user_cell(stats->uid);
	user_fields(stats->uid);
	count("held", stats->held);
	count("bytes", stats->bytes);
	group_end();
}

static void machine_print(const struct sockdup_stats *stats)
{
	static const char * const titles[] = {
		"ALL USERS", "EXPORTED", "IMPORTED", "REVOKED", "EXPIRED",
		"HANDLE-CLOSED", "TARGET-DIED", NULL
	};

	output_titles(titles, NULL);
	group_begin("all_users");
	cell(PLAIN, "since the module was loaded");
	count("exported", stats->exported);
	count("imported", stats->imported);
	count("revoked", stats->revoked);
	count("expired", stats->expired);
	count("handle_closed", stats->handle_closed);
	count("target_died", stats->target_died);
	group_end();
}

static const struct option options[] = {
	{ "user", required_argument, NULL, OPTION_LONG },
	{ }
};

static void option(int value, char *argument)
{
	if (value == OPTION_LONG)
		user = argument;
}

static int run(int argc, char **argv)
{
	struct sockdup_stats stats;
	int result;

	no_arguments(argc, argv);
	result = user ? sockdup_stats_of(user_parse(user), &stats) :
			sockdup_stats(&stats);
	if (result)
		return failed_to(kernel_reason(), "get the counts");
	output_begin(SHAPE_ONE);
	record_begin();
	user_print(&stats);
	if (stats.counted)
		machine_print(&stats);
	else
		field_null("all_users");
	record_end();
	return output_end();
}

const struct verb verb_stats = {
	.name = "stats",
	.summary = "show what your tokens hold",
	.usage =
	"stats [-j|-o] [--user USER]\n"
	"\n"
	"Shows how many sockets your tokens hold, and the bytes of their names and\n"
	"payloads; to administrators also what became of all users' tokens since the\n"
	"module was loaded.\n"
	"\n"
	"  --user USER          another user, by name or number\n",
	.options = options,
	.option = option,
	.run = run,
};
