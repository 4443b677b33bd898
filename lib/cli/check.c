// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What can be known of a plan before it is carried out: numbers, names, room for
 * descriptors, and whether each token can be imported.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "message.h"
#include "plan.h"
#include "verb.h"

static bool is_free(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

static const char *plural(int count)
{
	return count == 1 ? "" : "s";
}

/* Numbers and names are for all sockets or for none. */
static int counts_check(const struct plan *plan)
{
	int tokens = plan->info_count;

	if (!tokens)
		return complain("there is no token to import");
	if (plan->number_count && plan->number_count != tokens)
		return complain("%d token%s, but --fd was given %d time%s",
				tokens, plural(tokens), plan->number_count,
				plural(plan->number_count));
	if (plan->name_count && plan->name_count != tokens)
		return complain("%d token%s, but --name was given %d time%s",
				tokens, plural(tokens), plan->name_count,
				plural(plan->name_count));
	return EXIT_OK;
}

/*
 * Each socket has one descriptor, but for the one that is being moved to its
 * number; and the library may want one. The process that keeps the name of a
 * socket has three more of it, and some of its own.
 */
static int room_check(const struct plan *plan)
{
	int i, fd, number, needed = 2, found = 0;
	struct rlimit limit;

	if (plan->take_path)
		needed += 3 * plan->info_count + 4;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < plan->info_count; i++) {
		number = plan_number_of(plan, i);
		if ((rlim_t)number >= limit.rlim_cur)
			return complain("token %d cannot become descriptor %d: the limit of open files is %llu (ulimit -n)",
					i + 1, number,
					(unsigned long long)limit.rlim_cur);
		needed += is_free(number);
	}
	for (fd = 0; (rlim_t)fd < limit.rlim_cur && found < needed; fd++)
		found += is_free(fd);
	if (found < needed)
		return complain("%d token%s and the descriptors that are open do not fit into the limit of open files, %llu (ulimit -n)",
				plan->info_count, plural(plan->info_count),
				(unsigned long long)limit.rlim_cur);
	return EXIT_OK;
}

/* Whether a token that we may query is for us. */
static bool is_for_us(const struct sockdup_description *description)
{
	const uid_t user = description->target_uid;
	uid_t real, effective, saved;

	if (!(description->target_flags & SOCKDUP_EXPORT_TO_USER))
		return description->target_pid == getpid();
	return !getresuid(&real, &effective, &saved) && real == user &&
	       effective == user && saved == user;
}

/* Whether the kernel would let us import it; @i counts from 0. */
static int token_check(const struct plan *plan, int i)
{
	const struct sockdup_protocol_info *info = &plan->infos[i];
	struct sockdup_description description;
	int other;

	for (other = 0; other < i; other++)
		if (!memcmp(info->opaque, plan->infos[other].opaque,
			    sizeof(info->opaque)))
			return complain("token %d is the same as token %d",
					i + 1, other + 1);
	if (!sockdup_query(info, &description))
		return is_for_us(&description) ? EXIT_OK :
			complain("token %d is for another process or user", i + 1);
	if (errno == EPERM)
		return complain("token %d is for another process or user", i + 1);
	if (errno == ENOENT)
		return complain("token %d is not live: it was imported or revoked, or has expired",
				i + 1);
	return failed_to(NULL, "ask about token %d", i + 1);
}

static int tokens_check(const struct plan *plan)
{
	int i, status, worst = EXIT_OK;

	for (i = 0; i < plan->info_count && worst != EXIT_ABSENT; i++) {
		status = token_check(plan, i);
		worst = status ? : worst;
	}
	return worst;
}

int plan_check(const struct plan *plan)
{
	int status = counts_check(plan);

	/* The library opens the device before room is looked for. */
	status = status ? : tokens_check(plan);
	return status ? : room_check(plan);
}
