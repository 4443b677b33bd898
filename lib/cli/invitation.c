// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sockdup.h>

#include "invitation.h"
#include "message.h"
#include "output.h"
#include "parcel.h"
#include "process.h"
#include "token.h"
#include "value.h"
#include "verb.h"

#define USER_PREFIX	"user:"

/**
 * struct invitation - to be made
 * @shown: whom it is for, as the user and lists call it
 * @target: names it
 * @flags: how, and to what it invites
 */
static struct invitation {
	const char *shown;
	int target;
	unsigned int flags;
} *invitations;

static int invitation_count;
static struct life life;

void invitation_add(const char *text, unsigned int flags)
{
	const size_t prefix = strlen(USER_PREFIX);
	const bool user = !strncmp(text, USER_PREFIX, prefix);

	invitations = checked(reallocarray(invitations, invitation_count + 1,
					   sizeof(*invitations)));
	invitations[invitation_count++] = (struct invitation){
		.shown = text,
		.target = user ? (int)user_parse(text + prefix) : pid_parse(text),
		.flags = flags | (user ? SOCKDUP_EXPORT_TO_USER : 0),
	};
}

void invitation_ttl(const char *text)
{
	life_parse(&life, text);
}

static const char *ttl_reason(bool user)
{
	return life_reason(&life, user ? "the target is another user, so its" :
		"the target is another user's and does not have the device open, so its");
}

/* Why there is no invitation, by errno; NULL where that says all. */
static const char *reason(const struct invitation *invitation)
{
	const bool user = invitation->flags & SOCKDUP_EXPORT_TO_USER;

	switch (errno) {
	case ESRCH:
		return "there is no such process";
	case EINVAL:
		return ttl_reason(user) ? :
		       user ? "there is no such user in this user namespace" :
			      "that is a thread's id, not a process's";
	case EPERM:
	case ERANGE:
		return ttl_reason(user);
	case ENOBUFS:
		return quota_reason(false);
	default:
		return NULL;
	}
}

static void invitation_print(const struct invitation *invitation,
			     const struct sockdup_protocol_info *info)
{
	char text[SOCKDUP_TEXT_SIZE];

	sockdup_info_to_text(info, text);
	if (output_for_people()) {
		puts(text);
		return;
	}
	record_begin();
	field_text("token", text);
	invitation_field(invitation->flags);
	field_text("target", invitation->shown);
	record_end();
}

/* Whether a user may post, as far as we know. */
static bool is_listed(const struct sockdup_inbox_options *inbox, uid_t user)
{
	unsigned int i;

	for (i = 0; i < inbox->user_count; i++)
		if (inbox->users[i] == user)
			return true;
	return false;
}

/* The listed users have all slots, so another one can have none. */
static void slot_check_user(const struct sockdup_inbox_options *inbox,
			    const struct invitation *invitation)
{
	const char *whom = invitation->shown;

	if (is_listed(inbox, invitation->target))
		return;
	if (inbox->user_count == 1)
		usage_error("--user reserves all %u slots, and leaves none to %s: name that user by --user, too",
			    inbox->slots, whom);
	usage_error("--user reserves all %u slots, and leaves none to %s: name that user by --user, too, or say by --slots a number that %u does not divide",
		    inbox->slots, whom, inbox->user_count);
}

/* The process may become another user yet. */
static void slot_check_process(const struct sockdup_inbox_options *inbox,
			       const struct invitation *invitation)
{
	uid_t user;

	if (process_user(invitation->target, &user) && !is_listed(inbox, user))
		complain("--user reserves all %u slots, and leaves none to process %d: its user is not named by --user",
			 inbox->slots, invitation->target);
}

static void slots_check(const struct sockdup_inbox_options *inbox)
{
	const struct invitation *invitation = invitations;
	const struct invitation *end = invitation + invitation_count;

	for (; invitation < end; invitation++) {
		if (!(invitation->flags & SOCKDUP_EXPORT_INVITE_TO_POST))
			continue;
		if (invitation->flags & SOCKDUP_EXPORT_TO_USER)
			slot_check_user(inbox, invitation);
		else
			slot_check_process(inbox, invitation);
	}
}

/* Before the inbox, which is to be like @inbox, is there. */
void invitations_check(const struct sockdup_inbox_options *inbox)
{
	if (life.shown && !invitation_count)
		usage_error("--ttl is for invitations, and there is none");
	/* Each user has an equal part, and others have the rest. */
	if (inbox->user_count && !(inbox->slots % inbox->user_count))
		slots_check(inbox);
}

/* Each on a line, or an object, in the order of the command line; an exit code. */
int invitations_show(int inbox)
{
	const struct invitation *invitation = invitations;
	const struct invitation *end = invitation + invitation_count;
	struct sockdup_protocol_info info;

	if (!output_for_people())
		output_begin(SHAPE_STREAM);
	for (; invitation < end; invitation++) {
		if (sockdup_inbox_invite(inbox, invitation->target,
					 invitation->flags | SOCKDUP_EXPORT_END_ON_CLOSE,
					 life.ms, &info))
			return failed_to(reason(invitation), "invite %s", invitation->shown);
		invitation_print(invitation, &info);
	}
	if (fflush(stdout))
		return failed_to(NULL, "write to standard output");
	return EXIT_OK;
}
