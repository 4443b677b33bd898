// SPDX-License-Identifier: LGPL-2.1-or-later
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "state.h"
#include "verb.h"

#define STATE(number)	(1U << (number))
#define CONNECTED	(STATE(TCP_ESTABLISHED) | STATE(TCP_SYN_SENT) | \
			 STATE(TCP_SYN_RECV) | STATE(TCP_FIN_WAIT1) | \
			 STATE(TCP_FIN_WAIT2) | STATE(TCP_TIME_WAIT) | \
			 STATE(TCP_CLOSE_WAIT) | STATE(TCP_LAST_ACK) | \
			 STATE(TCP_CLOSING))

/* As ss(8) shows them. */
static const char * const shown[] = {
	[TCP_ESTABLISHED] = "ESTAB",
	[TCP_SYN_SENT] = "SYN-SENT",
	[TCP_SYN_RECV] = "SYN-RECV",
	[TCP_FIN_WAIT1] = "FIN-WAIT-1",
	[TCP_FIN_WAIT2] = "FIN-WAIT-2",
	[TCP_TIME_WAIT] = "TIME-WAIT",
	[TCP_CLOSE] = "UNCONN",
	[TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_LAST_ACK] = "LAST-ACK",
	[TCP_LISTEN] = "LISTEN",
	[TCP_CLOSING] = "CLOSING",
};

/* Its filter has other words for some, and words for several. */
static const struct word {
	const char *text;
	unsigned int states;
} words[] = {
	{ "established", STATE(TCP_ESTABLISHED) },
	{ "syn-sent", STATE(TCP_SYN_SENT) },
	{ "syn-recv", STATE(TCP_SYN_RECV) },
	{ "fin-wait-1", STATE(TCP_FIN_WAIT1) },
	{ "fin-wait-2", STATE(TCP_FIN_WAIT2) },
	{ "time-wait", STATE(TCP_TIME_WAIT) },
	{ "unconnected", STATE(TCP_CLOSE) },
	{ "closed", STATE(TCP_CLOSE) },
	{ "close-wait", STATE(TCP_CLOSE_WAIT) },
	{ "last-ack", STATE(TCP_LAST_ACK) },
	{ "listening", STATE(TCP_LISTEN) },
	{ "closing", STATE(TCP_CLOSING) },
	{ "connected", CONNECTED },
	{ "synchronized", CONNECTED & ~STATE(TCP_SYN_SENT) },
};

/* NULL where the kernel tells none, or one that is not known here. */
const char *state_format(int state)
{
	if (state < 0 || (size_t)state >= ARRAY_SIZE(shown))
		return NULL;
	return shown[state];
}

bool state_is_among(int state, unsigned int states)
{
	return state_format(state) && states & STATE(state);
}

static noreturn void state_unknown(const char *text)
{
	char *all = checked(strdup(words[0].text)), *more;
	size_t i;

	for (i = 1; i < ARRAY_SIZE(words); i++) {
		if (asprintf(&more, "%s, %s", all, words[i].text) < 0)
			more = checked(NULL);
		free(all);
		all = more;
	}
	usage_error("'%s' is not a state: these are %s", text, all);
}

/* A bit for each state that the word stands for; words of either kind will do. */
unsigned int state_parse(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(words[i].text, text))
			return words[i].states;
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (shown[i] && !strcasecmp(shown[i], text))
			return STATE(i);
	state_unknown(text);
}
