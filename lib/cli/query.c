// SPDX-License-Identifier: LGPL-2.1-or-later
#include "message.h"
#include "names.h"
#include "output.h"
#include "token.h"
#include "verb.h"

static const char *file;

static int show(const struct name *name)
{
	struct sockdup_token_info token;
	int result;

	if (name->by_info)
		result = sockdup_find_by_info(&name->info, &token);
	else
		result = sockdup_find_by_id(name->id, &token);
	if (result)
		return failed_to(name_reason(name), "query %s", name->shown);
	token_titles(token_is_elsewhere(&token));
	token_print(&token);
	return EXIT_OK;
}

static const struct option options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ }
};

static void option(int value, char *argument)
{
	if (value == 'f')
		file = argument;
}

static int run(int count, char **arguments)
{
	int status, written;

	output_begin(SHAPE_DETAILS);
	status = names_each(file, count, arguments, show);
	if (status == EXIT_ABSENT)
		return status;
	written = output_end();
	return status ? : written;
}

const struct verb verb_query = {
	.name = "query",
	.summary = "show what the kernel knows of tokens",
	.usage =
	"query [-j|-o] [-f FILE] [TOKEN ...]\n"
	"\n"
	"Shows what the kernel knows of tokens. A TOKEN is the text that export printed,\n"
	"or an id from list; - stands for the lines of standard input. Other users can\n"
	"see arguments in the list of processes: give the text, which is a secret, in a\n"
	"file or by standard input.\n"
	"\n"
	"  -f, --file FILE      tokens, one a line; - for standard input\n",
	.options = options,
	.option = option,
	.run = run,
};
