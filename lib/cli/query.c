// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli.h"

static int show(const struct name *name)
{
	struct sockdup_token_info token;
	int result;

	if (name->by_info)
		result = sockdup_find_by_info(&name->info, &token);
	else
		result = sockdup_find_by_id(name->id, &token);
	if (result)
		return failed_to(sockdup_error_text(), "query %s", name->shown);
	token_print(&token);
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = { { } };
	int status, written;

	option_next(argc, argv, options);
	output_begin(SHAPE_DETAILS);
	status = names_each(argc - optind, argv + optind, show);
	written = output_end();
	return status ? : written;
}

const struct verb verb_query = {
	.name = "query",
	.summary = "show what the kernel knows of tokens",
	.help =
	"query [-j|-o] TOKEN ...\n"
	"\n"
	"Shows what the kernel knows of tokens. A TOKEN is the text that export printed,\n"
	"or an id from list; - stands for the lines of standard input.\n",
	.run = run,
};
