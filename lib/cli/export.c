// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

#include <sockdup.h>

#include "cgroup.h"
#include "descriptor.h"
#include "interrupt.h"
#include "message.h"
#include "outcome.h"
#include "output.h"
#include "parcel.h"
#include "token.h"
#include "value.h"
#include "verb.h"

/**
 * struct target - the process, user or control group that the token is for
 * @number: names it
 * @flags: how, as sockdup_export() wants to know it; 0 by its process id
 * @kind: the same in words
 * @shown: what the user calls it
 * @group: what the user calls the control group, where there is one
 * @by_unit: whether that is the name of a unit, and no path
 */
struct target {
	int number;
	unsigned int flags;
	const char *kind;
	const char *shown;
	const char *group;
	bool by_unit;
};

static struct target target;
static struct parcel parcel;
static struct life life;
static bool wait_for_end;
static int wait_ms;
static const char *wait_shown;

enum {
	OPTION_TTL = OPTION_LONG,
	OPTION_PIDFD,
	OPTION_PEER,
	OPTION_USER,
	OPTION_CGROUP,
	OPTION_UNIT,
	OPTION_WAIT,
	OPTION_PAYLOAD,
};

static const struct option options[] = {
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "pidfd", required_argument, NULL, OPTION_PIDFD },
	{ "peer", required_argument, NULL, OPTION_PEER },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "cgroup", required_argument, NULL, OPTION_CGROUP },
	{ "unit", required_argument, NULL, OPTION_UNIT },
	{ "wait", optional_argument, NULL, OPTION_WAIT },
	{ "payload", required_argument, NULL, OPTION_PAYLOAD },
	{ }
};

static int target_number(const char *text, unsigned int flags)
{
	switch (flags) {
	case 0:
		return pid_parse(text);
	case SOCKDUP_EXPORT_TO_USER:
		return user_parse(text);
	default:
		return descriptor_parse(text, NULL);
	}
}

static void target_parse(const char *text, unsigned int flags, const char *kind)
{
	if (target.kind || (target.group && flags != SOCKDUP_EXPORT_TO_USER))
		usage_error("a token has one target");
	target.number = target_number(text, flags);
	target.flags = flags;
	target.kind = kind;
	target.shown = text;
}

/* A user may be named beside it, and nothing else. */
static void group_parse(const char *text, bool by_unit)
{
	if (target.group || (target.kind && target.flags != SOCKDUP_EXPORT_TO_USER))
		usage_error("a token has one target");
	target.group = text;
	target.by_unit = by_unit;
}

static int group_open(void)
{
	int fd, status;
	char *both;

	if (!target.group)
		return EXIT_OK;
	status = target.by_unit ? cgroup_open_unit(target.group, &fd) :
				  cgroup_open(target.group, &fd);
	if (status)
		return status;
	if (target.kind) {
		parcel.cgroup = fd;
		if (asprintf(&both, "%s in control group %s", target.shown,
			     target.group) < 0)
			both = checked(NULL);
		target.shown = both;
	} else {
		target.number = fd;
		target.kind = "control group";
		target.shown = target.group;
	}
	target.flags |= SOCKDUP_EXPORT_TO_CGROUP;
	return EXIT_OK;
}

/* @text is NULL for a wait without end. */
static void wait_parse(const char *text)
{
	unsigned int milliseconds;

	wait_for_end = true;
	wait_shown = text;
	wait_ms = -1;
	if (!text)
		return;
	milliseconds = duration_parse(text);
	wait_ms = MIN(milliseconds, INT_MAX);
}

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_TTL:
		life_parse(&life, argument);
		break;
	case OPTION_PIDFD:
		target_parse(argument, SOCKDUP_EXPORT_TO_PIDFD,
			     "the process of pidfd");
		break;
	case OPTION_PEER:
		target_parse(argument, SOCKDUP_EXPORT_TO_PEER,
			     "the peer of descriptor");
		break;
	case OPTION_USER:
		target_parse(argument, SOCKDUP_EXPORT_TO_USER, "user");
		break;
	case OPTION_CGROUP:
		group_parse(argument, false);
		break;
	case OPTION_UNIT:
		group_parse(argument, true);
		break;
	case OPTION_WAIT:
		wait_parse(argument);
		break;
	case OPTION_PAYLOAD:
		parcel.payload_file = argument;
		break;
	}
}

static const char *ttl_reason(void)
{
	if (target.flags & SOCKDUP_EXPORT_TO_CGROUP)
		return life_reason(&life,
			"this user may not write to the control group's directory, so its");
	return life_reason(&life, target.flags & SOCKDUP_EXPORT_TO_USER ?
		"the target is another user, so its" :
		"the target is another user's and does not have the device open, so its");
}

/* Why there is no token, by errno; NULL where that says all. */
static const char *reason(void)
{
	bool pidfd = target.flags == SOCKDUP_EXPORT_TO_PIDFD;
	bool user = target.flags & SOCKDUP_EXPORT_TO_USER;
	bool cgroup = target.flags & SOCKDUP_EXPORT_TO_CGROUP;

	switch (errno) {
	case EBADF:
		return pidfd ? "that descriptor is not a pidfd" : NULL;
	case E2BIG:
		return cgroup ? "the loaded module takes no control groups" :
				parcel_reason(&parcel);
	case ESRCH:
		return cgroup ? "that control group has been removed" :
		       pidfd ? "that process has ended, or is a kernel thread" :
			       "there is no such process";
	case ENOTCONN:
		return "that descriptor is not connected, so it has no peer";
	case EINVAL:
		return ttl_reason() ? :
		       user ? "there is no such user in this user namespace" :
		       cgroup ? "that is the root of all control groups" :
		       "that is a thread's id, not a process's";
	case EPERM:
	case ERANGE:
		return ttl_reason();
	default:
		return parcel_reason(&parcel);
	}
}

/*
 * By netlink, and where that is switched off by the device, which tells no @id. Only
 * the device tells what becomes of a token, ends it if we do not live to see that, has
 * sets, and looks whether we may write to a control group.
 */
static int token_make(struct sockdup_protocol_info *info, __u64 *id)
{
	bool by_device = wait_for_end || parcel_is_set(&parcel) || target.group;
	unsigned int flags = target.flags;
	int result = -1;

	if (wait_for_end)
		flags |= SOCKDUP_EXPORT_REPORT | SOCKDUP_EXPORT_END_ON_CLOSE;
	if (!by_device)
		result = sockdup_netlink_export(parcel.fds[0], target.number, flags,
						life.ms, info, id);
	if (by_device || (result && errno == EOPNOTSUPP))
		result = parcel_export(&parcel, target.number, flags, life.ms, info);
	if (!result)
		return EXIT_OK;
	if (parcel.count == 1)
		return failed_to(reason(), "export socket %s to %s %s",
				 parcel.sources->shown, target.kind, target.shown);
	return failed_to(reason(), "export %u sockets to %s %s", parcel.count,
			 target.kind, target.shown);
}

static void token_fields(const struct sockdup_protocol_info *info,
			 const char *text)
{
	struct sockdup_token_info token;
	char id[20];

	record_begin();
	field_text("token", text);
	if (!sockdup_find_by_info(info, &token)) {
		id_format(id, token.id);
		field_text("id", id);
		field_number("left_ms", token.left_ms);
	}
	record_end();
}

static int token_show(const struct sockdup_protocol_info *info)
{
	char text[SOCKDUP_TEXT_SIZE];

	sockdup_info_to_text(info, text);
	output_begin(SHAPE_ONE);
	if (output_for_people())
		puts(text);
	else
		token_fields(info, text);
	return interrupt_output_ready() ? output_end() : EXIT_FAILED;
}

/* The way that it was made: there may be no device here. */
static void token_take_back(const struct sockdup_protocol_info *info, __u64 id)
{
	if (id)
		sockdup_revoke_id(id);
	else
		sockdup_revoke(info);
}

/* A number alone: a process id, a time or a descriptor. */
static bool is_bare(const char *text)
{
	return !strpbrk(text, "=:");
}

/*
 * An option names the target. A process id beside it is not to become one more socket
 * unnoticed.
 */
static void numbers_check_target(int count, char **arguments)
{
	int i;

	for (i = count - 1; i >= 0; i--) {
		if (!is_bare(arguments[i]))
			continue;
		if (count > 1)
			usage_error("an option names the target, so '%s' is a socket: name it as in web=%s",
				    arguments[i], arguments[i]);
		parcel.hint = " (an option names the target, so this is a socket)";
	}
}

/* --wait has no time. One behind a blank is not to become a socket, either. */
static void numbers_check_time(int count, char **arguments)
{
	static char hint[96];
	int i;

	for (i = 0; i < count; i++) {
		if (!is_bare(arguments[i]))
			continue;
		if (count > 1)
			usage_error("a time for --wait follows a =, as in --wait=%s; if '%s' is a socket, name it as in web=%s",
				    arguments[i], arguments[i], arguments[i]);
		snprintf(hint, sizeof(hint),
			 " (a time for --wait follows a =, as in --wait=%s)",
			 arguments[i]);
		parcel.hint = hint;
	}
}

/* Takes the target off the arguments where no option names it; how many sockets are left. */
static int arguments_check(int count, char **arguments)
{
	bool option_names_target = target.kind || target.group;
	bool lacks_time = wait_for_end && !wait_shown;
	const char *last;
	int i;

	for (i = 0; lacks_time && i < count; i++)
		if (duration_has_unit(arguments[i]))
			usage_error("a time for --wait follows a =, as in --wait=%s",
				    arguments[i]);
	if (!count)
		usage_error("a socket%s missing",
			    option_names_target ? " is" : " and a target are");
	if (option_names_target) {
		numbers_check_target(count, arguments);
		return count;
	}
	last = arguments[--count];
	if (!count || !is_bare(last))
		usage_error("there is a socket, '%s', and no target", last);
	target_parse(last, 0, "process");
	if (lacks_time)
		numbers_check_time(count, arguments);
	return count;
}

static int run(int count, char **arguments)
{
	struct sockdup_protocol_info info;
	__u64 id = 0;
	int status;

	count = arguments_check(count, arguments);
	if (count > SOCKDUP_MAX_SOCKETS)
		usage_error("a token holds %d sockets at most", SOCKDUP_MAX_SOCKETS);
	parcel_parse(&parcel, count, arguments);
	if (target.flags == SOCKDUP_EXPORT_TO_PEER &&
	    !descriptor_is_unix(target.number))
		return complain("descriptor %d is not an AF_UNIX socket",
				target.number);
	status = wait_for_end ? outcome_check() : EXIT_OK;
	status = status ? : group_open();
	status = status ? : parcel_open(&parcel);
	if (status)
		return status;
	interrupt_defer();
	status = token_make(&info, &id);
	if (!status) {
		status = token_show(&info);
		/* What nobody has read nobody can import. */
		if (status)
			token_take_back(&info, id);
	}
	interrupt_allow();
	if (status || !wait_for_end)
		return status;
	/* The importer may read tokens to the end of a pipe. */
	standard_output_end();
	return outcome_await(&info, wait_ms, wait_shown,
			     target.flags & (SOCKDUP_EXPORT_TO_USER |
					     SOCKDUP_EXPORT_TO_CGROUP));
}

const struct verb verb_export = {
	.name = "export",
	.summary = "make a token of sockets, and print it",
	.usage =
	"export [-j|-o] [--ttl TIME] [--wait[=TIME]] [--payload FILE]\n"
	"                      [NAME=]FD|[NAME=]PID:FD ...\n"
	"                      TARGET|--pidfd FD|--peer FD|\n"
	"                      [--user USER] [--cgroup PATH|--unit UNIT]\n"
	"\n"
	"Makes a token of sockets for the process TARGET, and prints it as text. FD is\n"
	"the command's own descriptor, as the shell passed it in. PID:FD is the\n"
	"descriptor of another process; this needs the right to trace that process.\n"
	"The importer gets all sockets or none, and their NAMEs. Each of several FDs must\n"
	"have a NAME where an option names the target, or --wait has no TIME.\n"
	"\n"
	"  --payload FILE       bytes that travel with the token, up to 64 KiB; - for\n"
	"                       standard input\n"
	"  --pidfd FD           in place of TARGET, the process of a pidfd that was\n"
	"                       passed in\n"
	"  --peer FD            in place of TARGET, the peer of a connected AF_UNIX\n"
	"                       socket that was passed in\n"
	"  --user USER          in place of TARGET, any process of this user, by name or\n"
	"                       number\n"
	"  --cgroup PATH        in place of TARGET, any process in this control group or\n"
	"                       below it; with --user, any of that user's there\n"
	"  --unit UNIT          the same, by the systemd unit that it is of; units of\n"
	"                       systemctl --user are not looked up\n"
	"  --ttl TIME           life of the token, such as 500ms, 30s or 5m\n"
	"  --wait[=TIME]        wait until the target has imported the socket; status 4\n"
	"                       if it ends without that. After TIME, or if the command\n"
	"                       is killed, the token ends. (exec --wait does something\n"
	"                       else: it prints its process id)\n",
	.options = options,
	.option = option,
	.run = run,
};
