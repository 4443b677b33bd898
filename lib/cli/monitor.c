// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>

#include "cli.h"

struct happening {
	const char *word;
	enum colour colour;
};

static const struct happening happenings[] = {
	[SOCKDUP_HAPPENING_EXPORTED] = { "exported", GREEN },
	[SOCKDUP_HAPPENING_IMPORTED] = { "imported", CYAN },
	[SOCKDUP_HAPPENING_REVOKED] = { "revoked", YELLOW },
	[SOCKDUP_HAPPENING_EXPIRED] = { "expired", RED },
	[SOCKDUP_HAPPENING_HANDLE_CLOSED] = { "handle-closed", YELLOW },
	[SOCKDUP_HAPPENING_TARGET_DIED] = { "target-died", RED },
};

static void event_print(const struct sockdup_token_event *event, bool visible)
{
	const struct happening *happening = &happenings[event->what];
	char id[20];

	id_format(id, event->id);
	record_begin();
	cell(happening->colour, "EVENT        ", "%s", happening->word);
	field_text("event", happening->word);
	cell(YELLOW, "ID", "%s", id);
	field_text("id", id);
	user_cell(event->uid);
	field_number("uid", event->uid);
	process_cells("SOURCE              ", event->source, visible);
	process_fields("source", event->source, visible);
	process_cells("TARGET", event->target, visible);
	process_fields("target", event->target, visible);
	record_end();
}

/* @left is how many events to wait for, or 0 for all. */
static int watch(struct sockdup_subscription *subscription, long left)
{
	bool visible = process_numbers_are_initial();
	struct sockdup_token_event event;

	output_begin(SHAPE_STREAM);
	do {
		if (!sockdup_next_event(subscription, &event)) {
			event_print(&event, visible);
		} else if (errno == ENOBUFS) {
			complain("events were lost: there were too many at once");
			left += !!left;
		} else {
			return failed_to(NULL, "wait for events");
		}
	} while (!ferror(stdout) && (!left || --left));
	return output_end();
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ }
	};
	struct sockdup_subscription *subscription;
	int option, status;
	long count = 0;

	while ((option = option_next(argc, argv, options)) != -1)
		if (option == 'n')
			count = number_parse(optarg, 1, LONG_MAX, "a count");
	if (optind != argc)
		usage_error("'%s' is one argument too many", argv[optind]);
	if (sockdup_subscribe(&subscription))
		return failed_to(sockdup_error_text(), "subscribe to events");
	status = watch(subscription, count);
	sockdup_unsubscribe(subscription);
	return status;
}

const struct verb verb_monitor = {
	.name = "monitor",
	.summary = "show what happens to tokens, as it happens",
	.help =
	"monitor [-j|-o] [--count N]\n"
	"\n"
	"Shows what happens to the tokens of this network namespace, until it is\n"
	"interrupted. Takes CAP_NET_ADMIN. With -j each event is an object on a line.\n"
	"\n"
	"  --count N       end after N events\n",
	.run = run,
};
