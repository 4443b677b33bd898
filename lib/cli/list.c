// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sockdup.h>

#include "message.h"
#include "output.h"
#include "state.h"
#include "token.h"
#include "value.h"
#include "verb.h"

enum {
	OPTION_TARGET = OPTION_LONG,
	OPTION_SOURCE,
	OPTION_USER,
	OPTION_FAMILY,
	OPTION_PORT,
	OPTION_STATE,
};

static const struct option options[] = {
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "source", required_argument, NULL, OPTION_SOURCE },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "family", required_argument, NULL, OPTION_FAMILY },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "no-header", no_argument, NULL, 'H' },
	{ }
};

/* What the kernel looks for, and what is left to us; 0 is any. */
static struct sockdup_filter filter;
static int family;
static int port;
static unsigned int states;

static struct sockdup_token_info *tokens;
static size_t token_count;

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_TARGET:
		filter.target = pid_parse(argument);
		break;
	case OPTION_SOURCE:
		filter.source = pid_parse(argument);
		break;
	case OPTION_USER:
		filter.by_uid = true;
		filter.uid = user_parse(argument);
		break;
	case OPTION_FAMILY:
		family = family_parse(argument);
		break;
	case OPTION_PORT:
		port = number_parse(argument, 1, USHRT_MAX, "a port");
		break;
	case OPTION_STATE:
		states |= state_parse(argument);
		break;
	case 'H':
		output_no_titles();
		break;
	}
}

/* 0 where the address has none. IPv4 and IPv6 have it in the same place. */
static int port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
		return 0;
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

static bool is_wanted(const struct sockdup_socket_info *socket)
{
	return (!family || family == socket->family) &&
	       (!states || state_is_among(socket->state, states)) &&
	       (!port || port == port_of(&socket->local) ||
		port == port_of(&socket->remote));
}

static int keep(const struct sockdup_token_info *token,
		[[maybe_unused]] void *context)
{
	tokens = checked(reallocarray(tokens, token_count + 1, sizeof(*tokens)));
	tokens[token_count++] = *token;
	return 0;
}

/* By protocol, then local and remote address, then age. */
static int compare(const void *one, const void *other)
{
	const struct sockdup_token_info *a = one, *b = other;
	const struct sockdup_socket_info *s = &a->socket, *t = &b->socket;
	int order = s->family - t->family;

	order = order ? : s->type - t->type;
	order = order ? : s->protocol - t->protocol;
	order = order ? : port_of(&s->local) - port_of(&t->local);
	order = order ? : memcmp(&s->local, &t->local, sizeof(s->local));
	order = order ? : memcmp(&s->remote, &t->remote, sizeof(s->remote));
	return order ? : (a->age_ms < b->age_ms) - (a->age_ms > b->age_ms);
}

/* Behind the tokens, all sockets of those that hold several; they take their places. */
static int expand(void)
{
	size_t i, listed = token_count;

	for (i = 0; i < listed; i++) {
		if (tokens[i].socket_count < 2)
			continue;
		/* One that has just ended is not there any more. */
		if (sockdup_list_sockets(tokens[i].id, keep, NULL) && errno != ENOENT)
			return -1;
		tokens[i].id = 0;
	}
	return 0;
}

/* Leave those that the filters want. */
static void sift(void)
{
	size_t i, kept = 0;

	for (i = 0; i < token_count; i++)
		if (tokens[i].id && is_wanted(&tokens[i].socket))
			tokens[kept++] = tokens[i];
	token_count = kept;
}

static unsigned int columns(void)
{
	unsigned int needed = 0;
	size_t i;

	for (i = 0; i < token_count; i++)
		needed |= token_columns(&tokens[i]);
	return needed;
}

static int run(int count, char **arguments)
{
	int status = EXIT_OK, written;
	size_t i;

	no_arguments(count, arguments);
	if (sockdup_list(&filter, keep, NULL) || expand()) {
		if (errno != EINTR)
			return failed_to(kernel_reason(), "list tokens");
		status = complain("the list is incomplete: tokens came and went");
	}
	sift();
	qsort(tokens, token_count, sizeof(*tokens), compare);
	output_begin(SHAPE_LIST);
	token_titles(columns());
	for (i = 0; i < token_count; i++)
		token_print(&tokens[i]);
	written = output_end();
	return status ? : written;
}

const struct verb verb_list = {
	.name = "list",
	.summary = "list live tokens",
	.usage =
	"list [-H] [-j|-o] [FILTER ...]\n"
	"\n"
	"Lists the sockets of your live tokens, or of all users' for administrators,\n"
	"sorted by protocol and address. A socket is listed if it fits every FILTER:\n"
	"\n"
	"  --target PID         this process may import it\n"
	"  --source PID         this process exported it\n"
	"  --user USER          this user exported it, by name or number\n"
	"  --family FAMILY      it is of this family: inet, inet6, unix, netlink, link,\n"
	"                       vsock or a number\n"
	"  --port PORT          it has this port, at either end\n"
	"  --state STATE        it is in this state, by a word of ss: listening,\n"
	"                       established, unconnected, ...; may be repeated\n"
	"\n"
	"  -H, --no-header      leave out the line of titles\n",
	.options = options,
	.option = option,
	.run = run,
};
