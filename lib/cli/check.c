// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What can be known of a plan before it is carried out: numbers, names, room for
 * descriptors, and whether each token can be imported.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "escape.h"
#include "message.h"
#include "plan.h"
#include "token.h"
#include "verb.h"

/* MAX_ARG_STRLEN, which the kernel's header makes of a PAGE_SIZE that it does not have. */
#define STRING_PAGES	32

static bool is_free(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

static const char *plural(int count)
{
	return count == 1 ? "" : "s";
}

/* Numbers and names are for all sockets or for none. */
static int count_check(const struct plan *plan, const char *option, int given)
{
	if (!given || given == plan->socket_count)
		return EXIT_OK;
	return complain("%d socket%s, but %s was given %d time%s", plan->socket_count,
			plural(plan->socket_count), option, given, plural(given));
}

/* Each payload has its number, as nothing is to be lost. */
static int payloads_check(const struct plan *plan)
{
	int i, number, other, found = 0;

	for (i = 0; i < plan->token_count; i++) {
		if (!plan->tokens[i].payload_size)
			continue;
		if (found == plan->payload_number_count)
			return complain("%s has a payload of %u bytes: say by --payload-fd where it is to go",
					plan->tokens[i].shown, plan->tokens[i].payload_size);
		number = plan->payload_numbers[found++];
		for (other = 0; other < plan->socket_count; other++)
			if (plan_number_of(plan, other) == number)
				return complain("a socket and a payload cannot both be number %d",
						number);
	}
	return found == plan->payload_number_count ? EXIT_OK :
	       complain("%d payload%s, but --payload-fd was given %d time%s", found,
			plural(found), plan->payload_number_count,
			plural(plan->payload_number_count));
}

static rlim_t limit_of_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

static int number_check(int number, rlim_t limit, const char *what, int i)
{
	return (rlim_t)number < limit ? EXIT_OK :
	       complain("%s %d cannot become descriptor %d: the limit of open files is %llu (ulimit -n)",
			what, i + 1, number, (unsigned long long)limit);
}

/* Whether the process can have them. @what: one of what is to be there. */
int plan_payload_numbers_check(const struct plan *plan, const char *what)
{
	const rlim_t limit = limit_of_files();
	int i, status = EXIT_OK;

	for (i = 0; !status && i < plan->payload_number_count; i++)
		status = number_check(plan->payload_numbers[i], limit, what, i);
	return status;
}

static int numbers_check(const struct plan *plan, rlim_t limit)
{
	int i, status = EXIT_OK;

	for (i = 0; !status && i < plan->socket_count; i++)
		status = number_check(plan_number_of(plan, i), limit, "socket", i);
	return status ? : plan_payload_numbers_check(plan, "payload");
}

/* How many more descriptors there are at once, at the worst. */
static int descriptors_needed(const struct plan *plan)
{
	const struct plan_token *token;
	int i, j, now, most = 0, placed = 0, kept = 0;

	for (i = 0; i < plan->token_count; i++) {
		token = &plan->tokens[i];
		now = placed + token->socket_count;
		most = now > most ? now : most;
		for (j = 0; j < token->socket_count; j++)
			placed += is_free(plan_number_of(plan, token->first + j));
		kept += token->kept ? 1 : 0;
	}
	/*
	 * One to move what is in the way, and the library may want one. Two directories
	 * and a file are open at once to remove what was kept.
	 */
	return most + 2 + (kept ? 3 : 0) + 2 * plan->payload_number_count +
	       (plan->take_path ? 3 * plan->socket_count + 4 : 0);
}

static int room_check(const struct plan *plan)
{
	int fd, status, found = 0, needed = descriptors_needed(plan);
	const rlim_t limit = limit_of_files();

	status = numbers_check(plan, limit);
	if (status)
		return status;
	for (fd = 0; (rlim_t)fd < limit && found < needed; fd++)
		found += is_free(fd);
	return found == needed ? EXIT_OK :
	       complain("%d socket%s and the descriptors that are open do not fit into the limit of open files, %llu (ulimit -n)",
			plan->socket_count, plural(plan->socket_count),
			(unsigned long long)limit);
}

static bool any_has_name(const struct plan *plan)
{
	int i, j;

	for (i = 0; i < plan->token_count; i++)
		for (j = 0; j < plan->tokens[i].socket_count; j++)
			if (*plan->tokens[i].names[j])
				return true;
	return false;
}

/* systemd calls a nameless one so. */
static int names_take(struct plan *plan)
{
	const char *name;
	int i, j;

	for (i = 0; i < plan->token_count; i++) {
		for (j = 0; j < plan->tokens[i].socket_count; j++) {
			name = plan->tokens[i].names[j];
			name = *name ? name : "unknown";
			if (!plan_name_fits(name))
				return complain("socket %d has the name '%s', which has no place in LISTEN_FDNAMES; see --name",
						plan->tokens[i].first + j + 1,
						escape_for_line(name));
			plan_name(plan, name);
		}
	}
	plan->name_count = 0;
	return EXIT_OK;
}

/* The kernel limits each string that a program is executed with. */
static int names_size_check(const struct plan *plan)
{
	const size_t most = STRING_PAGES * sysconf(_SC_PAGESIZE) - sizeof("LISTEN_FDNAMES=");
	const size_t size = plan->names ? strlen(plan->names) : 0;

	return size <= most ? EXIT_OK :
	       complain("the names of the sockets have %zu bytes, and LISTEN_FDNAMES takes %zu at most; see --name and --fd",
			size, most);
}

/* The exporters' names, where --name gives none. */
static int names_check(struct plan *plan)
{
	int status = EXIT_OK;

	if (!plan->name_count && !plan->number_count && any_has_name(plan))
		status = names_take(plan);
	return status ? : names_size_check(plan);
}

/* What the token holds. A module that has no sets knows no names. */
static int token_read(struct plan *plan, struct plan_token *token,
		      const struct sockdup_description *description)
{
	int count = description->info.socket_count;

	token->fds = checked(calloc(count, sizeof(*token->fds)));
	token->names = checked(calloc(count, sizeof(*token->names)));
	token->socket_count = count;
	token->payload_size = description->payload_size;
	token->first = plan->socket_count;
	plan->socket_count += count;
	if (sockdup_query_set(&token->info, token->names, NULL, count) < 0 &&
	    errno != E2BIG)
		return -1;
	return 0;
}

static int token_ask(struct plan *plan, struct plan_token *token)
{
	struct sockdup_description description;
	bool known = !sockdup_query(&token->info, &description);

	if (known && invitation_format(description.target_flags))
		return complain("%s invites to an inbox, and has no socket: see sockdup %s",
				token->shown,
				description.target_flags & SOCKDUP_EXPORT_INVITE_TO_POST ?
				"post --invitation" : "inbox --join");
	if (known && description.for_caller) {
		if (!token_read(plan, token, &description))
			return EXIT_OK;
	} else if (known || errno == EPERM) {
		return complain("%s is not for this process", token->shown);
	}
	if (errno == ENOENT)
		return complain("%s is not live: it was imported or revoked, or has expired",
				token->shown);
	return failed_to(NULL, "ask about %s", token->shown);
}

/* Whether the kernel would let us import it; @i counts from 0. */
static int token_check(struct plan *plan, int i)
{
	struct plan_token *token = &plan->tokens[i];
	int other;

	for (other = 0; other < i; other++)
		if (!memcmp(token->info.opaque, plan->tokens[other].info.opaque,
			    sizeof(token->info.opaque)))
			return complain("%s is the same as token %d", token->shown,
					other + 1);
	return token_ask(plan, token);
}

static int tokens_check(struct plan *plan)
{
	int i, status, worst = EXIT_OK;

	if (!plan->token_count)
		return complain("there is no token to import");
	for (i = 0; i < plan->token_count && worst != EXIT_ABSENT; i++) {
		status = token_check(plan, i);
		worst = status ? : worst;
	}
	return worst;
}

int plan_check(struct plan *plan)
{
	/* The library opens the device before room is looked for. */
	return tokens_check(plan) ? :
	       count_check(plan, "--fd", plan->number_count) ? :
	       count_check(plan, "--name", plan->name_count) ? :
	       payloads_check(plan) ? :
	       names_check(plan) ? :
	       room_check(plan);
}
