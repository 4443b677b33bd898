// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notifications as they come. They name neither processes nor the socket, so a
 * token is asked about while it lives, and remembered until its end.
 */

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sockdup.h>

#include "message.h"
#include "output.h"
#include "process.h"
#include "token.h"
#include "value.h"
#include "verb.h"

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

/* A newer library may tell of more than is known here. */
static const struct happening *happening(unsigned int what)
{
	static const struct happening other = { "other", PLAIN };

	return what <= SOCKDUP_HAPPENING_TARGET_DIED ? &happenings[what] : &other;
}

/* A tree of struct sockdup_token_info by id, for tsearch(3). */
static void *known;

static bool times;
static long count;

static const struct option options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "timestamp", no_argument, NULL, 't' },
	{ }
};

static void option(int value, char *argument)
{
	switch (value) {
	case 'n':
		count = number_parse(argument, 1, LONG_MAX, "a count");
		break;
	case 'H':
		output_no_titles();
		break;
	case 't':
		times = true;
		break;
	}
}

static int compare_ids(const void *one, const void *other)
{
	const struct sockdup_token_info *a = one, *b = other;

	return (a->id > b->id) - (a->id < b->id);
}

static int remember(const struct sockdup_token_info *token,
		    [[maybe_unused]] void *context)
{
	struct sockdup_token_info *copy = checked(malloc(sizeof(*copy)));
	struct sockdup_token_info **place;

	*copy = *token;
	place = checked(tsearch(copy, &known, compare_ids));
	if (*place != copy)
		free(copy);
	return 0;
}

/* Remembers the tokens that live now. One that cannot be listed is not known. */
static void remember_all(void)
{
	sockdup_list(NULL, remember, NULL);
}

static void forget(struct sockdup_token_info *token)
{
	tdelete(token, &known, compare_ids);
	free(token);
}

static void forget_all(void)
{
	while (known)
		forget(*(struct sockdup_token_info **)known);
}

/* A notification's token, NULL where it is not known. */
static struct sockdup_token_info *
token_of(const struct sockdup_token_event *event)
{
	struct sockdup_token_info token = { .id = event->id };
	struct sockdup_token_info **place;

	if (event->what == SOCKDUP_HAPPENING_EXPORTED &&
	    !sockdup_find_by_id(event->id, &token))
		remember(&token, NULL);
	place = tfind(&token, &known, compare_ids);
	return place ? *place : NULL;
}

/* Now, by ISO 8601, to the millisecond. */
static void time_format(char *text, size_t size)
{
	char seconds[32], zone[8];
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(seconds, sizeof(seconds), "%FT%T", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	snprintf(text, size, "%s.%03ld%.3s:%s", seconds,
		 now.tv_nsec / 1000000, zone, zone + 3);
}

static void event_cells(const struct sockdup_token_event *event,
			const struct sockdup_token_info *token,
			const char *time, const char *id)
{
	if (times)
		cell(PLAIN, "%s", time);
	cell(happening(event->what)->colour, "%s",
	     happening(event->what)->word);
	cell(YELLOW, "%s", id);
	user_cell(event->uid);
	process_cell(token->source);
	target_cell(token);
	if (token->id || invitation_format(token->target_flags))
		socket_cells(token);
}

static void event_fields(const struct sockdup_token_event *event,
			 const struct sockdup_token_info *token,
			 const char *time, const char *id)
{
	field_text("time", time);
	field_text("event", happening(event->what)->word);
	field_text("id", id);
	user_fields(event->uid);
	process_fields("source", token->source);
	target_fields(token);
	invitation_field(event->target_flags);
	if (token->id)
		socket_fields(&token->socket);
}

static void event_print(const struct sockdup_token_event *event)
{
	struct sockdup_token_info *token = token_of(event);
	/* Of a token that is not known, what the notification tells. */
	const struct sockdup_token_info told = {
		.target_flags = event->target_flags,
		.target_uid = event->target_uid,
		.target_cgroup = event->target_cgroup,
	};
	char id[20], time[64];

	id_format(id, event->id);
	time_format(time, sizeof(time));
	record_begin();
	event_cells(event, token ? : &told, time, id);
	event_fields(event, token ? : &told, time, id);
	record_end();
	if (token && event->what != SOCKDUP_HAPPENING_EXPORTED)
		forget(token);
}

static void titles_show(void)
{
	static const char * const titles[] = {
		"TIME", "EVENT", "ID", "USER", "SOURCE", "TARGET", "PROTO",
		"LOCAL", "REMOTE", NULL
	};
	static const int widths[] = { 29, 13, 16, 8, 20, 20, 5, 21, 0 };
	int first = times ? 0 : 1;

	output_titles(titles + first, widths + first);
}

/* @left is how many notifications to wait for, or 0 for all. */
static int watch(struct sockdup_subscription *subscription, long left)
{
	struct sockdup_token_event event;

	remember_all();
	output_begin(SHAPE_STREAM);
	titles_show();
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
	static const char no_right[] = "this needs CAP_NET_ADMIN";
	struct sockdup_subscription *subscription;
	int status;

	no_arguments(argc, argv);
	if (sockdup_subscribe(&subscription))
		return failed_to(errno == EPERM ? no_right : kernel_reason(),
				 "subscribe to notifications");
	status = watch(subscription, count);
	forget_all();
	sockdup_unsubscribe(subscription);
	return status;
}

const struct verb verb_monitor = {
	.name = "monitor",
	.summary = "show what happens to tokens, as it happens",
	.usage =
	"monitor [-H] [-t] [-j|-o] [-n N]\n"
	"\n"
	"Shows what happens to the tokens of this network namespace, until it is\n"
	"interrupted. Needs CAP_NET_ADMIN. With -j each notification is an object on a\n"
	"line. Names the processes and the socket only of tokens that list shows you.\n"
	"\n"
	"  -n, --count N        end after N notifications\n"
	"  -t, --timestamp      show when the notification came; -j and -o always do\n"
	"  -H, --no-header      leave out the line of titles\n",
	.options = options,
	.option = option,
	.run = run,
};
