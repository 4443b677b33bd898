// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sockdup.h>

#include "arrival.h"
#include "delivery.h"
#include "invitation.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "value.h"
#include "verb.h"

/* Posts that can wait, and programs that may run at once, where nobody says otherwise. */
#define SLOTS		64
#define CHILDREN	64

enum {
	OPTION_SLOTS = OPTION_LONG,
	OPTION_MESSAGE_SIZE,
	OPTION_SOCKETS,
	OPTION_ANYBODY,
	OPTION_USER,
	OPTION_JOIN,
	OPTION_INVITE_TO_POST,
	OPTION_INVITE_TO_ACCEPT,
	OPTION_TTL,
	OPTION_PID_FILE,
	OPTION_EXEC,
	OPTION_MAX_CHILDREN,
	OPTION_MESSAGE_FD,
	OPTION_NAME,
	OPTION_BLOCKING,
};

static const struct option options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "slots", required_argument, NULL, OPTION_SLOTS },
	{ "message-size", required_argument, NULL, OPTION_MESSAGE_SIZE },
	{ "sockets", required_argument, NULL, OPTION_SOCKETS },
	{ "anybody", no_argument, NULL, OPTION_ANYBODY },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "join", required_argument, NULL, OPTION_JOIN },
	{ "invite-to-post", required_argument, NULL, OPTION_INVITE_TO_POST },
	{ "invite-to-accept", required_argument, NULL, OPTION_INVITE_TO_ACCEPT },
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "pid-file", required_argument, NULL, OPTION_PID_FILE },
	{ "exec", no_argument, NULL, OPTION_EXEC },
	{ "max-children", required_argument, NULL, OPTION_MAX_CHILDREN },
	{ "message-fd", required_argument, NULL, OPTION_MESSAGE_FD },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "blocking", no_argument, NULL, OPTION_BLOCKING },
	{ }
};

static struct sockdup_inbox_options wanted;
static uid_t *users;
static bool message_size_given;
static const char *join_file;
static const char *pid_file;
static bool becomes_program;
static struct delivery delivery;

static void user_add(const char *text)
{
	uid_t user = user_parse(text);
	unsigned int i;

	for (i = 0; i < wanted.user_count; i++)
		if (users[i] == user)
			usage_error("user %s is named twice", text);
	if (wanted.user_count == SOCKDUP_MAX_USERS)
		usage_error("--user may be given %d times at most", SOCKDUP_MAX_USERS);
	users = checked(reallocarray(users, wanted.user_count + 1, sizeof(*users)));
	users[wanted.user_count++] = user;
	wanted.users = users;
}

static unsigned int limited_parse(const char *text, int least, int most, const char *what)
{
	char *kind;

	if (asprintf(&kind, "a number of %s from %d to %d", what, least, most) < 0)
		kind = checked(NULL);
	return number_parse(text, least, most, kind);
}

/* What the inbox is like. False for other options. */
static bool option_of_inbox(int value, char *argument)
{
	switch (value) {
	case OPTION_SLOTS:
		wanted.slots = limited_parse(argument, 1, SOCKDUP_MAX_SLOTS, "slots");
		break;
	case OPTION_MESSAGE_SIZE:
		wanted.message_size = limited_parse(argument, 0, SOCKDUP_MAX_MESSAGE,
						    "bytes");
		message_size_given = true;
		break;
	case OPTION_SOCKETS:
		wanted.max_sockets = limited_parse(argument, 1, SOCKDUP_MAX_SOCKETS,
						   "sockets");
		break;
	case OPTION_ANYBODY:
		wanted.flags = SOCKDUP_INBOX_ANYBODY;
		break;
	case OPTION_USER:
		user_add(argument);
		break;
	default:
		return false;
	}
	return true;
}

/* What the program gets. False for other options. */
static bool option_of_program(int value, char *argument)
{
	switch (value) {
	case OPTION_EXEC:
		becomes_program = true;
		break;
	case OPTION_MAX_CHILDREN:
		delivery.most_children = limited_parse(argument, 1, SOCKDUP_MAX_SLOTS,
						       "children");
		break;
	case OPTION_MESSAGE_FD:
		plan_payload_number(&delivery.plan, argument, "messages");
		break;
	case OPTION_NAME:
		plan_name(&delivery.plan, argument);
		break;
	case OPTION_BLOCKING:
		delivery.plan.blocking = true;
		break;
	default:
		return false;
	}
	return true;
}

static void option(int value, char *argument)
{
	if (option_of_inbox(value, argument) || option_of_program(value, argument))
		return;
	switch (value) {
	case 'n':
		delivery.count = number_parse(argument, 1, INT_MAX, "a count");
		break;
	case 'H':
		output_no_titles();
		break;
	case OPTION_JOIN:
		join_file = argument;
		break;
	case OPTION_INVITE_TO_POST:
		invitation_add(argument, SOCKDUP_EXPORT_INVITE_TO_POST);
		break;
	case OPTION_INVITE_TO_ACCEPT:
		invitation_add(argument, SOCKDUP_EXPORT_INVITE_TO_ACCEPT);
		break;
	case OPTION_TTL:
		invitation_ttl(argument);
		break;
	case OPTION_PID_FILE:
		pid_file = argument;
		break;
	}
}

static void check_of_program(bool has_program)
{
	const struct plan *plan = &delivery.plan;

	if (!has_program) {
		if (becomes_program || delivery.most_children || plan->payload_number_count ||
		    plan->name_count || plan->blocking)
			usage_error("--exec, --max-children, --message-fd, --name and --blocking are for a program, and there is none");
		return;
	}
	if (becomes_program && delivery.most_children)
		usage_error("--exec and --max-children exclude each other");
	if (becomes_program && !delivery.count)
		delivery.count = 1;
	if (becomes_program && delivery.count > SOCKDUP_MAX_SOCKETS)
		usage_error("--exec accepts %d posts at most", SOCKDUP_MAX_SOCKETS);
	if (plan->payload_number_count &&
	    plan->payload_number_count != (becomes_program ? delivery.count : 1))
		usage_error("--message-fd is to be given once for each post that a program gets");
	if (wanted.message_size && !plan->payload_number_count)
		usage_error("a program gets messages by --message-fd, and --message-size says that there are some");
	delivery.most_children = delivery.most_children ? : CHILDREN;
}

static void check_of_inbox(bool has_program)
{
	if (join_file && (wanted.slots || message_size_given || wanted.max_sockets ||
			  wanted.flags || wanted.user_count))
		usage_error("an inbox that is joined is as it was opened: leave --slots, --message-size, --sockets, --anybody and --user out");
	if (wanted.flags && wanted.user_count)
		usage_error("--anybody and --user exclude each other");
	wanted.slots = wanted.slots ? : SLOTS;
	if (wanted.user_count > wanted.slots)
		usage_error("%u users may post, and there are %u slots; see --slots",
			    wanted.user_count, wanted.slots);
	/* A message needs a place to go. */
	if (!message_size_given && (!has_program || delivery.plan.payload_number_count))
		wanted.message_size = SOCKDUP_MAX_MESSAGE;
	wanted.max_sockets = wanted.max_sockets ? : 1;
}

static const char *open_reason(void)
{
	switch (errno) {
	case ENOTTY:
		return "the loaded module has no inboxes";
	case EINVAL:
		return "one of the users is not in this user namespace";
	case ENOBUFS:
		return "it takes more bytes than max_user_bytes; see --slots, --message-size";
	default:
		return NULL;
	}
}

static const char *join_reason(void)
{
	switch (errno) {
	case ENOTTY:
		return "the loaded module has no inboxes";
	case EINVAL:
		return "the token does not invite to accept";
	case ENOENT:
		return "no live invitation has these bytes: it was used or revoked, or has expired";
	case EPERM:
		return "the invitation is not for this process";
	case ECONNREFUSED:
		return "the inbox has ended";
	default:
		return NULL;
	}
}

static int inbox_join(int *inbox)
{
	struct name invitation;
	int status = name_of_file(join_file, &invitation);

	if (status)
		return status;
	*inbox = sockdup_inbox_join(&invitation.info, &wanted);
	if (*inbox < 0)
		return failed_to(join_reason(), "join the inbox of the invitation in %s",
				 join_file);
	return EXIT_OK;
}

static int inbox_open(int *inbox)
{
	*inbox = sockdup_inbox_open(&wanted);
	return *inbox < 0 ? failed_to(open_reason(), "open an inbox") : EXIT_OK;
}

static int pid_tell(void)
{
	FILE *file;

	if (!pid_file)
		return EXIT_OK;
	file = strcmp(pid_file, "-") ? fopen(pid_file, "we") : stdout;
	if (!file)
		return failed_to(NULL, "open %s", pid_file);
	fprintf(file, "%d\n", getpid());
	if (file == stdout ? fflush(file) : fclose(file))
		return failed_to(NULL, "write to %s", file == stdout ? "standard output" :
				 pid_file);
	return EXIT_OK;
}

static int posts_show(int inbox)
{
	struct arrival arrival;
	long left = delivery.count;
	int worst = EXIT_OK;

	arrival_prepare(&arrival, &wanted);
	output_begin(SHAPE_STREAM);
	arrival_titles();
	do {
		if (!arrival_await(&arrival, inbox, true, &worst))
			return worst;
		arrival_print(&arrival);
		arrival_close(&arrival);
	} while (!ferror(stdout) && (!left || --left));
	return output_end() ? : worst;
}

static int posts_execute(int inbox)
{
	struct arrival *arrivals = checked(calloc(delivery.count, sizeof(*arrivals)));
	int i, worst = EXIT_OK;

	for (i = 0; i < delivery.count; i++) {
		arrival_prepare(&arrivals[i], &wanted);
		if (!arrival_await(&arrivals[i], inbox, false, &worst))
			return worst;
	}
	return delivery_execute(&delivery, arrivals, delivery.count);
}

static int posts_serve(int inbox)
{
	struct arrival arrival;

	arrival_prepare(&arrival, &wanted);
	return serve(&delivery, inbox, &arrival);
}

/* Of an inbox that is joined, this is known once it is, and the invitation spent. */
static int program_check_room(void)
{
	if (wanted.message_size && !delivery.plan.payload_number_count)
		return complain("the inbox takes messages: say by --message-fd where they are to go");
	return delivery_check(&delivery, wanted.max_sockets *
			      (becomes_program ? delivery.count : 1));
}

static int run(int count, char **arguments)
{
	int inbox = -1, status = EXIT_OK;

	check_of_program(count);
	check_of_inbox(count);
	invitations_check(&wanted);
	if (count)
		status = program_find(&delivery.program, arguments) ? :
			 plan_payload_numbers_check(&delivery.plan, "message");
	if (!status && count && !join_file)
		status = program_check_room();
	status = status ? : join_file ? inbox_join(&inbox) : inbox_open(&inbox);
	if (!status && count && join_file)
		status = program_check_room();
	status = status ? : invitations_show(inbox);
	status = status ? : pid_tell();
	if (status)
		return status;
	if (!count)
		return posts_show(inbox);
	return becomes_program ? posts_execute(inbox) : posts_serve(inbox);
}

const struct verb verb_inbox = {
	.name = "inbox",
	.summary = "open an inbox, and show its posts or execute a program with them",
	.usage =
	"inbox [-H] [-j|-o] [OPTION ...] [[--] PROGRAM [ARGUMENT ...]]\n"
	"\n"
	"Opens an inbox, to which sockdup post and other senders post sockets. Shows the\n"
	"posts as they come, and closes the sockets. Or starts PROGRAM for each post with\n"
	"its sockets, as exec does: from descriptor 3 on, their number in LISTEN_FDS. What\n"
	"the kernel tells of the post is in SOCKDUP_COOKIE, SOCKDUP_SOCKETS,\n"
	"SOCKDUP_SOURCE and SOCKDUP_UID. The inbox ends with the command.\n"
	"\n"
	"  -n, --count N        end after N posts; with --exec accept N, by default 1\n"
	"  --slots N            how many posts can wait (64)\n"
	"  --sockets N          most sockets of a post (1)\n"
	"  --message-size N     most bytes of a message; by default 4096, and 0 for a\n"
	"                       program without --message-fd\n"
	"  --user USER          who may post, by name or number; may be repeated. By\n"
	"                       default the command's own user\n"
	"  --anybody            every user may post\n"
	"  --join FILE          accept from an inbox of another process: the invitation is\n"
	"                       in FILE, - for standard input\n"
	"  --pid-file FILE      write the process id, for post, once the inbox is open; -\n"
	"                       for standard output\n"
	"  --invite-to-post TARGET, --invite-to-accept TARGET\n"
	"                       print an invitation for a process, or for any process of\n"
	"                       a user: user:USER; may be repeated\n"
	"  --ttl TIME           life of the invitations, such as 30s or 5m\n"
	"\n"
	"With PROGRAM:\n"
	"\n"
	"  --exec               accept the posts, and become PROGRAM with the sockets of\n"
	"                       all\n"
	"  --max-children N     how many run at once; other posts wait (64)\n"
	"  --message-fd N       give the program the message as a file at this descriptor;\n"
	"                       with --exec one for each post\n"
	"  --name NAME          the next socket's name in LISTEN_FDNAMES\n"
	"  --blocking           clear O_NONBLOCK of the sockets, for all processes that\n"
	"                       have them open\n"
	"  -H, --no-header      without PROGRAM: leave out the line of titles\n",
	.options = options,
	.program_follows = true,
	.option = option,
	.run = run,
};
