// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* FD, or PID:FD, which is taken out of that process. */
static int socket_open(const char *text)
{
	const char *colon = strchr(text, ':');
	char *pid;
	int fd;

	if (!colon)
		return number_parse(text, 0, INT_MAX, "a descriptor");
	pid = checked(strndup(text, colon - text));
	fd = process_take_fd(number_parse(pid, 1, INT_MAX, "a process id"),
			     number_parse(colon + 1, 0, INT_MAX,
					  "a descriptor"));
	free(pid);
	return fd;
}

/**
 * struct target - the process that the token is for
 * @number: names it
 * @flags: how, as sockdup_export() wants to know it; 0 by its process id
 * @kind: the same in words
 */
struct target {
	int number;
	unsigned int flags;
	const char *kind;
};

static void target_parse(struct target *target, const char *text,
			 unsigned int flags, const char *kind)
{
	if (target->kind)
		usage_error("a token has one target");
	target->number = number_parse(text, flags ? 0 : 1, INT_MAX,
				      flags ? "a descriptor" : "a process id");
	target->flags = flags;
	target->kind = kind;
}

/*
 * By netlink, which has words for its errors, and else by the device. @socket: what
 * the user calls @fd.
 */
static int token_make(const char *socket, int fd, const struct target *target,
		      unsigned int ttl_ms, struct sockdup_protocol_info *info)
{
	const char *said = NULL;

	if (!sockdup_netlink_export(fd, target->number, target->flags, ttl_ms,
				    info, NULL))
		return EXIT_OK;
	if (errno != EOPNOTSUPP)
		said = sockdup_error_text();
	else if (!sockdup_export(fd, target->number, target->flags, ttl_ms,
				 info))
		return EXIT_OK;
	return failed_to(said, "export socket %s to %s %d", socket, target->kind,
			 target->number);
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

static int export_print(const struct sockdup_protocol_info *info)
{
	char text[SOCKDUP_TEXT_SIZE];
	int status;

	sockdup_info_to_text(info, text);
	output_begin(SHAPE_ONE);
	if (output_for_people())
		puts(text);
	else
		token_fields(info, text);
	status = output_end();
	/* What nobody has read nobody can import. */
	if (status)
		sockdup_revoke(info);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ttl", required_argument, NULL, 't' },
		{ "pidfd", required_argument, NULL, 'p' },
		{ "peer", required_argument, NULL, 'P' },
		{ }
	};
	struct sockdup_protocol_info info;
	struct target target = { };
	unsigned int ttl_ms = 0;
	int option, fd, status;

	while ((option = option_next(argc, argv, options)) != -1) {
		switch (option) {
		case 't':
			ttl_ms = duration_parse(optarg);
			break;
		case 'p':
			target_parse(&target, optarg, SOCKDUP_EXPORT_TO_PIDFD,
				     "the process of pidfd");
			break;
		case 'P':
			target_parse(&target, optarg, SOCKDUP_EXPORT_TO_PEER,
				     "the peer of descriptor");
			break;
		}
	}
	if (argc - optind == 2)
		target_parse(&target, argv[optind + 1], 0, "process");
	else if (argc - optind != 1 || !target.kind)
		usage_error("want a socket and a target");
	fd = socket_open(argv[optind]);
	if (fd < 0)
		return failed_to(NULL, "take %s", argv[optind]);
	status = token_make(argv[optind], fd, &target, ttl_ms, &info);
	return status ? : export_print(&info);
}

const struct verb verb_export = {
	.name = "export",
	.summary = "make a token of a socket, and print it",
	.help =
	"export [-j|-o] [--ttl TIME] FD|PID:FD TARGET|--pidfd FD|--peer FD\n"
	"\n"
	"Makes a token of a socket for the process TARGET, and prints it as text. The\n"
	"socket is the command's own descriptor FD, as the shell passed it in, or the\n"
	"descriptor FD of the process PID, which takes the right to trace that process.\n"
	"\n"
	"  --pidfd FD      in place of TARGET, the process of a pidfd that was passed in\n"
	"  --peer FD       in place of TARGET, the peer of a connected AF_UNIX socket that\n"
	"                  was passed in\n"
	"  --ttl TIME      life of the token, such as 500ms, 30s or 5m\n",
	.run = run,
};
