// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>

#include <sockdup.h>

#include "descriptor.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "parcel.h"
#include "token.h"
#include "value.h"
#include "verb.h"

enum {
	OPTION_PIDFD = OPTION_LONG,
	OPTION_PEER,
	OPTION_INVITATION,
	OPTION_MESSAGE,
	OPTION_TEXT,
	OPTION_COOKIE,
	OPTION_TTL,
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
};

static const struct option options[] = {
	{ "pidfd", required_argument, NULL, OPTION_PIDFD },
	{ "peer", required_argument, NULL, OPTION_PEER },
	{ "invitation", required_argument, NULL, OPTION_INVITATION },
	{ "message", required_argument, NULL, OPTION_MESSAGE },
	{ "text", required_argument, NULL, OPTION_TEXT },
	{ "cookie", required_argument, NULL, OPTION_COOKIE },
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "no-wait", no_argument, NULL, OPTION_NO_WAIT },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ }
};

/**
 * struct recipient - whose inbox it is
 * @number: names it, where there is no invitation
 * @flags: how, as sockdup_inbox_bind() wants to know it; SOCKDUP_BIND_BY_INVITATION
 *         for a file
 * @kind: the same in words, NULL where it is not known yet
 * @shown: what the user calls it
 */
static struct recipient {
	int number;
	unsigned int flags;
	const char *kind;
	const char *shown;
} recipient;

static struct parcel parcel;
static struct life life;
static struct iovec message;
static const char *message_file;
static __u64 cookie;
static bool waits = true;
static unsigned int timeout_ms;
static const char *timeout_shown;

static void recipient_parse(const char *text, unsigned int flags, const char *kind)
{
	if (recipient.kind)
		usage_error("a post has one target");
	if (flags != SOCKDUP_BIND_BY_INVITATION)
		recipient.number = flags ? descriptor_parse(text, NULL) : pid_parse(text);
	recipient.flags = flags;
	recipient.kind = kind;
	recipient.shown = text;
}

static void option_of_message(int value, char *argument)
{
	if (message.iov_base || message_file)
		usage_error("a post has one message");
	if (value == OPTION_MESSAGE)
		message_file = argument;
	else
		message = (struct iovec){ argument, strlen(argument) };
}

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_PIDFD:
		recipient_parse(argument, SOCKDUP_BIND_TO_PIDFD, "the process of pidfd");
		break;
	case OPTION_PEER:
		recipient_parse(argument, SOCKDUP_BIND_TO_PEER, "the peer of descriptor");
		break;
	case OPTION_INVITATION:
		recipient_parse(argument, SOCKDUP_BIND_BY_INVITATION, "the invitation in");
		break;
	case OPTION_MESSAGE:
	case OPTION_TEXT:
		option_of_message(value, argument);
		break;
	case OPTION_COOKIE:
		cookie = cookie_parse(argument);
		break;
	case OPTION_TTL:
		life_parse(&life, argument);
		break;
	case OPTION_NO_WAIT:
		waits = false;
		break;
	case OPTION_TIMEOUT:
		timeout_ms = duration_parse(argument);
		timeout_shown = argument;
		break;
	}
}

static const char *pid_reason(void)
{
	switch (errno) {
	case ESRCH:
		return recipient.flags == SOCKDUP_BIND_TO_PIDFD ?
		       "that process has ended, or is a kernel thread" :
		       "there is no such process";
	case EBADF:
		return "that descriptor is not a pidfd";
	case ENOTCONN:
		return "that descriptor is not connected, so it has no peer";
	case EINVAL:
		return "that is a thread's id, not a process's";
	case ECONNREFUSED:
		return "that process has no inbox to which this user may post";
	default:
		return NULL;
	}
}

static const char *invitation_reason(void)
{
	switch (errno) {
	case EINVAL:
		return "the token does not invite to post";
	case ENOENT:
		return "no live invitation has these bytes: it was used or revoked, or has expired";
	case EPERM:
		return "the invitation is not for this process";
	case ECONNREFUSED:
		return "the inbox has ended, or its listed users are sure to have all slots";
	default:
		return NULL;
	}
}

/* Why the inbox is closed to us, by errno; NULL where that says all. */
static const char *bind_reason(void)
{
	if (errno == ENOTTY)
		return "the loaded module has no inboxes";
	return recipient.flags == SOCKDUP_BIND_BY_INVITATION ? invitation_reason() :
							       pid_reason();
}

static int inbox_bind(int *binding, struct sockdup_inbox_options *inbox)
{
	struct name invitation;
	int status;

	if (recipient.flags == SOCKDUP_BIND_BY_INVITATION) {
		status = name_of_file(recipient.shown, &invitation);
		if (status)
			return status;
		*binding = sockdup_inbox_bind_invited(&invitation.info, inbox);
	} else {
		*binding = sockdup_inbox_bind(recipient.number, recipient.flags, inbox);
	}
	return *binding >= 0 ? EXIT_OK :
	       failed_to(bind_reason(), "bind to the inbox of %s %s", recipient.kind,
			 recipient.shown);
}

/* Whether the post fits. */
static int room_check(const struct sockdup_inbox_options *inbox)
{
	if (parcel.count > inbox->max_sockets)
		return complain("the post has %u sockets, and the inbox of %s %s takes %u at most (see sockdup inbox --sockets)",
				parcel.count, recipient.kind, recipient.shown,
				inbox->max_sockets);
	if (message.iov_len > inbox->message_size)
		return complain("the message has %zu bytes, and the inbox of %s %s takes %u at most (see sockdup inbox --message-size)",
				message.iov_len, recipient.kind, recipient.shown,
				inbox->message_size);
	return EXIT_OK;
}

static const char *ttl_reason(void)
{
	static char reason[128];
	struct sockdup_info info = { .size = sizeof(info) };
	char limit[32];

	if (!life.ms || sockdup_info(&info) || life.ms <= info.max_ttl_ms)
		return NULL;
	duration_format(limit, sizeof(limit), info.max_ttl_ms);
	snprintf(reason, sizeof(reason),
		 "a post may wait %s at most (asked: %s); see --ttl", limit, life.shown);
	return reason;
}

/* Why it is not posted, by errno; NULL where that says all. */
static const char *post_reason(void)
{
	switch (errno) {
	case EPIPE:
		return "the inbox has ended";
	case EINVAL:
		return ttl_reason();
	case ENOBUFS:
		return quota_reason(false);
	default:
		return parcel_reason(&parcel);
	}
}

static int post_failed(void)
{
	if (errno == EAGAIN) {
		if (waits)
			complain("the inbox of %s %s had no room within %s", recipient.kind,
				 recipient.shown, timeout_shown);
		else
			complain("the inbox of %s %s has no room", recipient.kind,
				 recipient.shown);
		return EXIT_UNTAKEN;
	}
	if (parcel.count == 1)
		return failed_to(post_reason(), "post socket %s to %s %s",
				 parcel.sources->shown, recipient.kind, recipient.shown);
	return failed_to(post_reason(), "post %u sockets to %s %s", parcel.count,
			 recipient.kind, recipient.shown);
}

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Waits for room until the time is over; -1 with EAGAIN then. */
static int post_in_time(int binding, struct sockdup_posting *posting)
{
	const unsigned long long end = now_ms() + timeout_ms;
	struct pollfd room = { .fd = binding, .events = POLLOUT };
	unsigned long long now;

	fcntl(binding, F_SETFL, O_NONBLOCK);
	while (sockdup_post_set(binding, posting, 0)) {
		now = now_ms();
		if (errno != EAGAIN || now >= end)
			return -1;
		poll(&room, 1, MIN(end - now, (unsigned long long)INT_MAX));
	}
	return 0;
}

static int post(int binding, struct sockdup_posting *posting)
{
	int result = waits && !timeout_ms ? sockdup_post_set(binding, posting, 0) :
					    post_in_time(binding, posting);

	return result ? post_failed() : EXIT_OK;
}

static int show(const struct sockdup_posting *posting)
{
	char id[20];

	if (output_for_people())
		return EXIT_OK;
	output_begin(SHAPE_ONE);
	record_begin();
	id_format(id, posting->id);
	field_text("id", id);
	record_end();
	return output_end();
}

/* Takes the target off the arguments where no option names it; how many sockets are left. */
static int arguments_check(int count, char **arguments)
{
	if (recipient.kind)
		parcel.hint = " (an option names the target, so this is a socket)";
	if (!count)
		usage_error("a socket%s missing", recipient.kind ? " is" : " and a target are");
	if (recipient.kind)
		return count;
	if (count == 1)
		usage_error("there is a socket, '%s', and no target", arguments[0]);
	recipient_parse(arguments[count - 1], 0, "process");
	return count - 1;
}

static void options_check(void)
{
	if (!waits && timeout_ms)
		usage_error("--no-wait and --timeout exclude each other");
	if (recipient.flags == SOCKDUP_BIND_BY_INVITATION && !strcmp(recipient.shown, "-") &&
	    message_file && !strcmp(message_file, "-"))
		usage_error("standard input cannot have both the invitation and the message");
}

static int run(int count, char **arguments)
{
	struct sockdup_inbox_options inbox;
	struct sockdup_posting posting;
	int binding, status;

	options_check();
	count = arguments_check(count, arguments);
	if (count > SOCKDUP_MAX_SOCKETS)
		usage_error("a post has %d sockets at most", SOCKDUP_MAX_SOCKETS);
	parcel_parse(&parcel, count, arguments);
	if (parcel.names)
		usage_error("the sockets of a post have no names");
	if (recipient.flags == SOCKDUP_BIND_TO_PEER && !descriptor_is_unix(recipient.number))
		return complain("descriptor %d is not an AF_UNIX socket", recipient.number);
	status = parcel_open(&parcel);
	if (!status && message_file)
		status = bytes_read(message_file, "a message", SOCKDUP_MAX_MESSAGE, &message);
	status = status ? : inbox_bind(&binding, &inbox);
	status = status ? : room_check(&inbox);
	if (status)
		return status;
	posting = (struct sockdup_posting){
		.fds = parcel.fds,
		.socket_count = parcel.count,
		.message = &message,
		.message_count = message.iov_len ? 1 : 0,
		.cookie = cookie,
		.ttl_ms = life.ms,
	};
	return post(binding, &posting) ? : show(&posting);
}

const struct verb verb_post = {
	.name = "post",
	.summary = "post sockets to the inbox of a process",
	.usage =
	"post [-j|-o] [--text TEXT|--message FILE] [--cookie N] [--ttl TIME]\n"
	"                    [--no-wait|--timeout TIME] FD|PID:FD ...\n"
	"                    TARGET|--pidfd FD|--peer FD|--invitation FILE\n"
	"\n"
	"Posts sockets to the inbox of the process TARGET, in one post. Waits for room in\n"
	"it, and not until they are accepted. Sockets are given as to sockdup export; they\n"
	"have no names. With -j or -o prints the id of the post.\n"
	"\n"
	"  --pidfd FD           in place of TARGET, the process of a pidfd that was\n"
	"                       passed in\n"
	"  --peer FD            in place of TARGET, the peer of a connected AF_UNIX\n"
	"                       socket that was passed in\n"
	"  --invitation FILE    in place of TARGET, the invitation in FILE, - for standard\n"
	"                       input\n"
	"  --text TEXT          a message\n"
	"  --message FILE       bytes of a file as the message; - for standard input\n"
	"  --cookie N           a number that the receiver is told (0)\n"
	"  --ttl TIME           how long the post may wait to be accepted, such as 500ms,\n"
	"                       30s or 5m\n"
	"  --no-wait            status 4 if there is no room\n"
	"  --timeout TIME       status 4 if there is no room within TIME\n",
	.options = options,
	.option = option,
	.run = run,
};
