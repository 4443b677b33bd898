// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "cli.h"

static const char busy[] =
	"the token is being imported right now; if that fails it is revoked";

static int end(const struct name *name)
{
	if (!(name->by_info ? sockdup_revoke(&name->info) :
			      sockdup_revoke_id(name->id)))
		return EXIT_OK;
	if (errno == EBUSY)
		return failed_to(busy, "revoke %s", name->shown);
	if (!name->by_info)
		return failed_to(sockdup_error_text(), "revoke %s", name->shown);
	if (errno == ENOENT)
		return failed_to("these bytes name no live token", "revoke %s",
			      name->shown);
	if (errno == EPERM)
		return failed_to("this token is for its target and its exporter",
			      "revoke %s", name->shown);
	return failed_to(NULL, "revoke %s", name->shown);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = { { } };

	option_next(argc, argv, options);
	return names_each(argc - optind, argv + optind, end);
}

const struct verb verb_revoke = {
	.name = "revoke",
	.summary = "end tokens and let go of their sockets",
	.help =
	"revoke TOKEN ...\n"
	"\n"
	"Ends tokens and lets go of their sockets. A TOKEN is the text that export\n"
	"printed, or an id from list; - stands for the lines of standard input.\n",
	.run = run,
};
