// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "message.h"
#include "names.h"
#include "verb.h"

static const char *file;

static const char busy[] =
	"the token is being imported right now; if that fails it is revoked";

static int end(const struct name *name)
{
	if (!(name->by_info ? sockdup_revoke(&name->info) :
			      sockdup_revoke_id(name->id)))
		return EXIT_OK;
	if (errno == EBUSY)
		return failed_to(busy, "revoke %s", name->shown);
	return failed_to(name_reason(name), "revoke %s", name->shown);
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
	return names_each(file, count, arguments, end);
}

const struct verb verb_revoke = {
	.name = "revoke",
	.summary = "end tokens and let go of their sockets",
	.usage =
	"revoke [-f FILE] [TOKEN ...]\n"
	"\n"
	"Ends tokens and lets go of their sockets. A TOKEN is the text that export\n"
	"printed, or an id from list; - stands for the lines of standard input. Other\n"
	"users can see arguments in the list of processes: give the text, which is a\n"
	"secret, in a file or by standard input.\n"
	"\n"
	"  -f, --file FILE      tokens, one a line; - for standard input\n",
	.options = options,
	.option = option,
	.run = run,
};
