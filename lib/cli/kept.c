// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include <sockdup.h>

#include "kept.h"
#include "message.h"
#include "output.h"
#include "store.h"
#include "token.h"
#include "value.h"
#include "verb.h"

static const char **forgotten;
static int forgotten_count;

enum {
	OPTION_FORGET = OPTION_LONG,
};

static const struct option options[] = {
	{ "forget", required_argument, NULL, OPTION_FORGET },
	{ "no-header", no_argument, NULL, 'H' },
	{ }
};

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_FORGET:
		store_name_check(argument);
		forgotten = checked(reallocarray(forgotten, forgotten_count + 1,
						 sizeof(*forgotten)));
		forgotten[forgotten_count++] = argument;
		break;
	case 'H':
		output_no_titles();
		break;
	}
}

static const char * const states[] = {
	[KEPT_NOTHING] = "nothing",
	[KEPT_LIVE] = "live",
	[KEPT_ENDED] = "ended",
	[KEPT_INVALID] = "invalid",
};

static void kept_cells(const struct kept *kept)
{
	const struct sockdup_description *description = &kept->description;
	bool live = kept->state == KEPT_LIVE;
	char text[32];

	cell(PLAIN, "%s", kept->name);
	cell(live ? GREEN : RED, "%s", states[kept->state]);
	if (live) {
		cell(PLAIN, "%u", description->info.socket_count);
		duration_format(text, sizeof(text), description->left_ms);
		cell(PLAIN, "%s", text);
	} else {
		cell(PLAIN, "-");
		cell(PLAIN, "-");
	}
	if (kept->state == KEPT_INVALID) {
		cell(PLAIN, "-");
		return;
	}
	id_format(text, sockdup_info_id(&kept->info));
	cell(YELLOW, "%s", text);
}

/* What is not known of the token is null. */
static void kept_fields(const struct kept *kept)
{
	const struct sockdup_description *description = &kept->description;
	char id[20];

	field_text("name", kept->name);
	field_text("state", states[kept->state]);
	if (kept->state == KEPT_INVALID) {
		field_null("id");
	} else {
		id_format(id, sockdup_info_id(&kept->info));
		field_text("id", id);
	}
	if (kept->state == KEPT_LIVE) {
		field_number("socket_count", description->info.socket_count);
		field_number("payload_size", description->payload_size);
		field_number("left_ms", description->left_ms);
	} else {
		field_null("socket_count");
		field_null("payload_size");
		field_null("left_ms");
	}
}

void kept_print(const struct kept *kept)
{
	record_begin();
	if (output_for_people())
		kept_cells(kept);
	else
		kept_fields(kept);
	record_end();
}

static int kept_show(const struct kept *kept)
{
	kept_print(kept);
	return EXIT_OK;
}

static int list(const struct store *store)
{
	static const char * const titles[] = {
		"NAME", "STATE", "SOCKETS", "LEFT", "ID", NULL
	};
	int status, written;

	output_begin(SHAPE_LIST);
	output_titles(titles, NULL);
	status = store_each(store, kept_show);
	written = output_end();
	return status ? : written;
}

static const char busy[] =
	"its token is being imported right now; if that fails it is revoked";

/* The file stays until the token has ended: then nobody can import any more. */
static int token_forget(const struct store *store, const char *name)
{
	struct kept kept;
	int status = store_read(store, name, &kept);

	if (status)
		return status;
	if (kept.state == KEPT_NOTHING)
		return complain("nothing is kept as %s in %s", name, store->path);
	if (kept.state == KEPT_LIVE && sockdup_revoke(&kept.info) && errno != ENOENT)
		return failed_to(errno == EBUSY ? busy : NULL, "forget %s", name);
	return store_remove(store, &kept);
}

static int run(int count, char **arguments)
{
	int i, status, worst = EXIT_OK;
	struct store store;

	no_arguments(count, arguments);
	if (sockdup_open() < 0)
		return failed_to(NULL, "ask about tokens");
	status = store_open(&store, false);
	if (status)
		return status;
	if (!forgotten_count)
		worst = list(&store);
	for (i = 0; i < forgotten_count; i++) {
		status = token_forget(&store, forgotten[i]);
		worst = status ? : worst;
	}
	store_close(&store);
	return worst;
}

const struct verb verb_kept = {
	.name = "kept",
	.summary = "list what keep has kept, or forget it",
	.usage =
	"kept [-H] [-j|-o]\n"
	"       sockdup kept --forget NAME [--forget NAME ...]\n"
	"\n"
	"Lists the names under which sockdup keep has kept tokens of this user: whether\n"
	"the token is live or has ended, how many sockets it holds, how long it will live\n"
	"and its id.\n"
	"\n"
	"  --forget NAME        revoke the token, which lets go of its sockets, and remove\n"
	"                       the name; may be repeated\n"
	"  -H, --no-header      leave out the line of titles\n",
	.options = options,
	.option = option,
	.run = run,
};
