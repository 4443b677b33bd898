// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>

#include "cli.h"

static int show(const struct sockdup_token_info *token, void *context)
{
	(void)context;
	token_print(token);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "target", required_argument, NULL, 't' },
		{ "source", required_argument, NULL, 's' },
		{ "user", required_argument, NULL, 'u' },
		{ }
	};
	struct sockdup_filter filter = { };
	int option, status = EXIT_OK, written;

	while ((option = option_next(argc, argv, options)) != -1) {
		switch (option) {
		case 't':
			filter.target = number_parse(optarg, 1, INT_MAX,
						     "a process id");
			break;
		case 's':
			filter.source = number_parse(optarg, 1, INT_MAX,
						     "a process id");
			break;
		case 'u':
			filter.by_uid = true;
			filter.uid = user_parse(optarg);
			break;
		}
	}
	if (optind != argc)
		usage_error("'%s' is one argument too many", argv[optind]);
	output_begin(SHAPE_LIST);
	if (sockdup_list(&filter, show, NULL)) {
		if (errno == EINTR)
			status = complain("the list is not whole: tokens came and went");
		else
			status = failed_to(sockdup_error_text(), "list tokens");
	}
	written = output_end();
	return status ? : written;
}

const struct verb verb_list = {
	.name = "list",
	.summary = "list live tokens",
	.help =
	"list [-j|-o] [--target PID] [--source PID] [--user USER]\n"
	"\n"
	"Lists your live tokens, or those of all users for administrators.\n"
	"\n"
	"  --target PID    those that this process may import\n"
	"  --source PID    those that this process exported\n"
	"  --user USER     those that this user exported, by name or number\n",
	.run = run,
};
