// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>

#include <sockdup.h>

#include "descriptor.h"
#include "interrupt.h"
#include "message.h"
#include "outcome.h"
#include "output.h"
#include "process.h"
#include "token.h"
#include "value.h"
#include "verb.h"

/**
 * struct source - the socket that is exported
 * @shown: what the user calls it
 * @pid: the process that it is taken out of, 0 for a descriptor passed in
 * @fd: its descriptor there
 */
struct source {
	const char *shown;
	pid_t pid;
	int fd;
};

/**
 * struct target - the process or user that the token is for
 * @number: names it
 * @flags: how, as sockdup_export() wants to know it; 0 by its process id
 * @kind: the same in words
 * @shown: what the user calls it
 */
struct target {
	int number;
	unsigned int flags;
	const char *kind;
	const char *shown;
};

static struct target target;
static unsigned int ttl_ms;
static const char *ttl_shown;
static bool wait_for_end;
static int wait_ms;
static const char *wait_shown;

enum {
	OPTION_TTL = OPTION_LONG,
	OPTION_PIDFD,
	OPTION_PEER,
	OPTION_USER,
	OPTION_WAIT,
};

static const struct option options[] = {
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "pidfd", required_argument, NULL, OPTION_PIDFD },
	{ "peer", required_argument, NULL, OPTION_PEER },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "wait", optional_argument, NULL, OPTION_WAIT },
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
		return descriptor_parse(text);
	}
}

static void target_parse(const char *text, unsigned int flags, const char *kind)
{
	if (target.kind)
		usage_error("a token has one target");
	target.number = target_number(text, flags);
	target.flags = flags;
	target.kind = kind;
	target.shown = text;
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
		ttl_ms = duration_parse(argument);
		ttl_shown = argument;
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
	case OPTION_WAIT:
		wait_parse(argument);
		break;
	}
}

/* FD, or PID:FD. */
static void source_parse(struct source *source, char *text)
{
	const char *colon = strchr(text, ':');
	char *pid;

	source->shown = text;
	if (!colon) {
		source->fd = descriptor_parse(text);
		return;
	}
	pid = checked(strndup(text, colon - text));
	source->pid = pid_parse(pid);
	source->fd = number_parse(colon + 1, 0, INT_MAX, "a descriptor");
	free(pid);
}

static int source_open(const struct source *source)
{
	return source->pid ? process_take_fd(source->pid, source->fd) :
			     source->fd;
}

/* Why the descriptor of another process cannot be taken; NULL where errno says all. */
static const char *take_reason(void)
{
	switch (errno) {
	case EBADF:
		return "that process has no such descriptor";
	case EPERM:
		return "this needs the right to trace that process";
	default:
		return NULL;
	}
}

/* Why the token may not live as long as was asked for; NULL where it may. */
static const char *ttl_reason(void)
{
	static char reason[192];
	struct sockdup_info info = { .size = sizeof(info) };
	const char *whose = "a";
	char limit[32];
	bool too_long;

	if (!ttl_ms || sockdup_info(&info) || ttl_ms <= info.default_ttl_ms)
		return NULL;
	too_long = ttl_ms > info.max_ttl_ms;
	duration_format(limit, sizeof(limit),
			too_long ? info.max_ttl_ms : info.default_ttl_ms);
	if (!too_long)
		whose = target.flags == SOCKDUP_EXPORT_TO_USER ?
			"the target is another user, so its" :
			"the target is another user's and does not have the device open, so its";
	snprintf(reason, sizeof(reason),
		 "%s token may live %s at most (asked: %s); see --ttl", whose,
		 limit, ttl_shown);
	return reason;
}

static const char *quota_reason(void)
{
	static char reason[160];
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(reason, sizeof(reason),
		 "live tokens of this user hold as many sockets as the limit of open files allows (ulimit -n: %llu)",
		 (unsigned long long)limit.rlim_cur);
	return reason;
}

/* Why there is no token, by errno; NULL where that says all. */
static const char *reason(void)
{
	bool pidfd = target.flags == SOCKDUP_EXPORT_TO_PIDFD;

	switch (errno) {
	case EBADF:
		return pidfd ? "that descriptor is not a pidfd" : NULL;
	case ENOTSOCK:
		return "it is not a socket";
	case ESRCH:
		return pidfd ? "that process has ended, or is a kernel thread" :
			       "there is no such process";
	case ENOTCONN:
		return "that descriptor is not connected, so it has no peer";
	case ENOBUFS:
		return quota_reason();
	case EINVAL:
		return ttl_reason() ? :
		       target.flags == SOCKDUP_EXPORT_TO_USER ?
		       "there is no such user in this user namespace" :
		       "that is a thread's id, not a process's";
	case EPERM:
	case ERANGE:
		return ttl_reason();
	default:
		return NULL;
	}
}

/*
 * By netlink, and where that is switched off by the device, which tells no @id. Only
 * the device tells what becomes of a token, and ends it if we do not live to see that.
 */
static int token_make(const struct source *source, int fd,
		      struct sockdup_protocol_info *info, __u64 *id)
{
	unsigned int flags = target.flags;
	int result = -1;

	if (wait_for_end)
		flags |= SOCKDUP_EXPORT_REPORT | SOCKDUP_EXPORT_END_ON_CLOSE;
	else
		result = sockdup_netlink_export(fd, target.number, flags, ttl_ms,
						info, id);
	if (wait_for_end || (result && errno == EOPNOTSUPP))
		result = sockdup_export(fd, target.number, flags, ttl_ms, info);
	if (!result)
		return EXIT_OK;
	return failed_to(reason(), "export socket %s to %s %s", source->shown,
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

static bool is_unix_socket(int fd)
{
	socklen_t size = sizeof(int);
	int family;

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) &&
	       family == AF_UNIX;
}

static int run(int count, char **arguments)
{
	struct sockdup_protocol_info info;
	struct source source = { };
	int fd, status;
	__u64 id = 0;

	if (count == 2)
		target_parse(arguments[1], 0, "process");
	else if (count != 1 || !target.kind)
		usage_error("give one socket and one target");
	source_parse(&source, arguments[0]);
	if (target.flags == SOCKDUP_EXPORT_TO_PEER &&
	    !is_unix_socket(target.number))
		return complain("descriptor %d is not an AF_UNIX socket",
				target.number);
	status = wait_for_end ? outcome_check() : EXIT_OK;
	if (status)
		return status;
	fd = source_open(&source);
	if (fd < 0)
		return failed_to(take_reason(), "take socket %s", source.shown);
	interrupt_defer();
	status = token_make(&source, fd, &info, &id);
	if (!status) {
		status = token_show(&info);
		/* What nobody has read nobody can import. */
		if (status)
			token_take_back(&info, id);
	}
	interrupt_allow();
	if (status || !wait_for_end)
		return status;
	return outcome_await(&info, wait_ms, wait_shown);
}

const struct verb verb_export = {
	.name = "export",
	.summary = "make a token of a socket, and print it",
	.usage =
	"export [-j|-o] [--ttl TIME] [--wait[=TIME]] FD|PID:FD\n"
	"                      TARGET|--pidfd FD|--peer FD|--user USER\n"
	"\n"
	"Makes a token of a socket for the process TARGET, and prints it as text. FD is\n"
	"the command's own descriptor, as the shell passed it in. PID:FD is the\n"
	"descriptor of another process; this needs the right to trace that process.\n"
	"\n"
	"  --pidfd FD           in place of TARGET, the process of a pidfd that was\n"
	"                       passed in\n"
	"  --peer FD            in place of TARGET, the peer of a connected AF_UNIX\n"
	"                       socket that was passed in\n"
	"  --user USER          in place of TARGET, any process of this user, by name or\n"
	"                       number\n"
	"  --ttl TIME           life of the token, such as 500ms, 30s or 5m\n"
	"  --wait[=TIME]        wait until the target has imported the socket; status 4\n"
	"                       if it ends without that. After TIME, or if the command\n"
	"                       is killed, the token ends\n",
	.options = options,
	.option = option,
	.run = run,
};
