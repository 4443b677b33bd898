// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notifications as they come. They name no processes, so those of a token are
 * asked for while it lives, and remembered until its end.
 */

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>

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

/**
 * struct parties - the processes of a live token
 * @id: the token's
 * @source: the process that exported, 0 where it is not visible
 * @target: the process that may import, likewise
 */
struct parties {
	__u64 id;
	pid_t source;
	pid_t target;
};

/* A tree of struct parties by id, for tsearch(3). */
static void *known;

static int compare_ids(const void *one, const void *other)
{
	const struct parties *a = one, *b = other;

	return (a->id > b->id) - (a->id < b->id);
}

static int remember(const struct sockdup_token_info *token,
		    [[maybe_unused]] void *context)
{
	struct parties *parties = checked(malloc(sizeof(*parties)));
	struct parties **place;

	parties->id = token->id;
	parties->source = token->source;
	parties->target = token->target;
	place = checked(tsearch(parties, &known, compare_ids));
	if (*place != parties)
		free(parties);
	return 0;
}

/* Remembers the tokens that live now. One that cannot be listed is not known. */
static void remember_all(void)
{
	sockdup_list(NULL, remember, NULL);
}

static void forget_all(void)
{
	struct parties *parties;

	while (known) {
		parties = *(struct parties **)known;
		tdelete(parties, &known, compare_ids);
		free(parties);
	}
}

/* The processes of a notification's token; 0 for each that is not known. */
static struct parties parties_of(const struct sockdup_token_event *event)
{
	struct parties parties = { .id = event->id };
	struct sockdup_token_info token;
	struct parties **place, *ended;

	if (event->what == SOCKDUP_HAPPENING_EXPORTED &&
	    !sockdup_find_by_id(event->id, &token))
		remember(&token, NULL);
	place = tfind(&parties, &known, compare_ids);
	if (!place)
		return parties;
	parties = **place;
	if (event->what != SOCKDUP_HAPPENING_EXPORTED) {
		ended = *place;
		tdelete(ended, &known, compare_ids);
		free(ended);
	}
	return parties;
}

static void event_print(const struct sockdup_token_event *event)
{
	const struct happening *happening = &happenings[event->what];
	const struct parties parties = parties_of(event);
	char id[20];

	id_format(id, event->id);
	record_begin();
	cell(happening->colour, "EVENT        ", "%s", happening->word);
	field_text("event", happening->word);
	cell(YELLOW, "ID", "%s", id);
	field_text("id", id);
	user_cell(event->uid);
	field_number("uid", event->uid);
	process_cells("SOURCE              ", parties.source);
	process_fields("source", parties.source);
	process_cells("TARGET", parties.target);
	process_fields("target", parties.target);
	record_end();
}

/* @left is how many notifications to wait for, or 0 for all. */
static int watch(struct sockdup_subscription *subscription, long left)
{
	struct sockdup_token_event event;

	remember_all();
	output_begin(SHAPE_STREAM);
	do {
		if (!sockdup_next_event(subscription, &event)) {
			event_print(&event);
		} else if (errno == ENOBUFS) {
			complain("notifications were lost: there were too many at once");
			/* Among them may be the ends of tokens that are known. */
			forget_all();
			remember_all();
			left += !!left;
		} else {
			return failed_to(NULL, "wait for notifications");
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
		return failed_to(sockdup_error_text(),
				 "subscribe to notifications");
	status = watch(subscription, count);
	forget_all();
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
	"interrupted. Takes CAP_NET_ADMIN. With -j each notification is an object on a\n"
	"line. Processes are shown of the tokens that list would show you.\n"
	"\n"
	"  --count N       end after N notifications\n",
	.run = run,
};
