// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli.h"

static void count(const char *title, const char *key, __u64 value)
{
	cell(PLAIN, title, "%llu", value);
	field_number(key, value);
}

static void stats_print(const struct sockdup_stats *stats)
{
	record_begin();
	user_cell(stats->uid);
	field_number("uid", stats->uid);
	count("HELD", "held", stats->held);
	if (stats->counted) {
		count("EXPORTED", "exported", stats->exported);
		count("IMPORTED", "imported", stats->imported);
		count("REVOKED", "revoked", stats->revoked);
		count("EXPIRED", "expired", stats->expired);
		count("HANDLE-CLOSED", "handle_closed", stats->handle_closed);
		count("TARGET-DIED", "target_died", stats->target_died);
	}
	record_end();
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "user", required_argument, NULL, 'u' },
		{ }
	};
	const char *user = NULL;
	struct sockdup_stats stats;
	int option, result;

	while ((option = option_next(argc, argv, options)) != -1)
		if (option == 'u')
			user = optarg;
	if (optind != argc)
		usage_error("'%s' is one argument too many", argv[optind]);
	if (user)
		result = sockdup_stats_of(user_parse(user), &stats);
	else
		result = sockdup_stats(&stats);
	if (result)
		return failed_to(sockdup_error_text(), "tell the figures");
	output_begin(SHAPE_ONE);
	stats_print(&stats);
	return output_end();
}

const struct verb verb_stats = {
	.name = "stats",
	.summary = "show how many sockets tokens hold",
	.help =
	"stats [-j|-o] [--user USER]\n"
	"\n"
	"Shows how many sockets your tokens hold; to administrators also what became of\n"
	"all users' tokens since the module was loaded.\n"
	"\n"
	"  --user USER     another user, by name or number\n",
	.run = run,
};
