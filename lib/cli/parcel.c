// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "descriptor.h"
#include "message.h"
#include "names.h"
#include "parcel.h"
#include "process.h"
#include "token.h"
#include "value.h"
#include "verb.h"

/* [NAME=]FD, or [NAME=]PID:FD. A name may have anything in it, so its end is the last =. */
static void source_parse(struct source *source, char *text, const char *hint)
{
	char *equals = strrchr(text, '='), *pid;
	const char *colon;

	source->shown = text;
	if (equals) {
		source->name = checked(strndup(text, equals - text));
		if (strlen(source->name) >= SOCKDUP_NAME_SIZE)
			usage_error("the name '%s' has more than %d bytes",
				    source->name, SOCKDUP_NAME_SIZE - 1);
		text = equals + 1;
	}
	colon = strchr(text, ':');
	if (!colon) {
		source->fd = descriptor_parse(text, hint);
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

void parcel_parse(struct parcel *parcel, int count, char **arguments)
{
	bool named = false;
	int i;

	parcel->sources = checked(calloc(count, sizeof(*parcel->sources)));
	parcel->fds = checked(calloc(count, sizeof(*parcel->fds)));
	parcel->count = count;
	for (i = 0; i < count; i++) {
		source_parse(&parcel->sources[i], arguments[i], parcel->hint);
		named = named || parcel->sources[i].name;
	}
	if (named)
		parcel->names = checked(calloc(count, sizeof(*parcel->names)));
}

/* Whether it takes more than a single export, which netlink has, too. */
bool parcel_is_set(const struct parcel *parcel)
{
	return parcel->count > 1 || parcel->names || parcel->payload_file;
}

/* All of a file, or of standard input, which is to be @kind; an exit code. */
int bytes_read(const char *path, const char *kind, size_t most, struct iovec *bytes)
{
	FILE *file = names_open(path);

	if (!file)
		return failed_to(NULL, "open %s", path);
	bytes->iov_base = checked(malloc(most + 1));
	bytes->iov_len = fread(bytes->iov_base, 1, most + 1, file);
	if (ferror(file))
		return failed_to(NULL, "read %s", path);
	if (file != stdin)
		fclose(file);
	return bytes->iov_len <= most ? EXIT_OK :
	       complain("%s is larger than %s may be, %zu bytes", path, kind, most);
}

/* Takes the sockets and reads the payload; an exit code. */
int parcel_open(struct parcel *parcel)
{
	struct source *source;
	unsigned int i;
	int fd;

	for (i = 0; i < parcel->count; i++) {
		source = &parcel->sources[i];
		fd = source_open(source);
		if (fd < 0)
			return failed_to(take_reason(), "take socket %s", source->shown);
		parcel->fds[i] = fd;
		if (source->name)
			strcpy(parcel->names[i], source->name);
	}
	return parcel->payload_file ?
	       bytes_read(parcel->payload_file, "a payload", SOCKDUP_MAX_PAYLOAD,
			  &parcel->payload) : EXIT_OK;
}

/* @bytes: the user can hold too many of them, too. */
const char *quota_reason(bool bytes)
{
	static char reason[240];
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(reason, sizeof(reason),
		 "live tokens and posts of this user hold as many sockets as the limit of open files allows (ulimit -n: %llu)%s",
		 (unsigned long long)limit.rlim_cur,
		 bytes ? ", or as many bytes as the module's max_user_bytes" : "");
	return reason;
}

/* Which of them is no socket. */
static const char *socket_reason(const struct parcel *parcel)
{
	static char reason[192];
	unsigned int i;
	int kind;
	socklen_t size = sizeof(kind);

	if (parcel->count == 1) {
		snprintf(reason, sizeof(reason), "it is not a socket%s",
			 parcel->hint ? : "");
		return reason;
	}
	for (i = 0; i < parcel->count; i++) {
		if (!getsockopt(parcel->fds[i], SOL_SOCKET, SO_TYPE, &kind, &size))
			continue;
		snprintf(reason, sizeof(reason), "%.40s is not a socket",
			 parcel->sources[i].shown);
		return reason;
	}
	return "one of them is not a socket";
}

/* Why its sockets are not exported, by errno; NULL where that says all, or is not theirs. */
const char *parcel_reason(const struct parcel *parcel)
{
	switch (errno) {
	case ENOTSOCK:
		return socket_reason(parcel);
	case E2BIG:
		return "the loaded module has no sets of sockets and no payloads";
	case ENOBUFS:
		return quota_reason(parcel_is_set(parcel));
	default:
		return NULL;
	}
}

/* By the device. A module without sets does what it can. */
int parcel_export(const struct parcel *parcel, int target, unsigned int flags,
		  unsigned int ttl_ms, struct sockdup_protocol_info *info)
{
	const struct sockdup_set set = {
		.fds = parcel->fds,
		.names = parcel->names,
		.socket_count = parcel->count,
		.payload = &parcel->payload,
		.payload_count = parcel->payload_file ? 1 : 0,
		.cgroup = parcel->cgroup,
	};

	return parcel_is_set(parcel) || parcel->cgroup ?
	       sockdup_export_set(&set, target, flags, ttl_ms, info) :
	       sockdup_export(parcel->fds[0], target, flags, ttl_ms, info);
}

void life_parse(struct life *life, const char *text)
{
	life->ms = duration_parse(text);
	life->shown = text;
}

/*
 * Why the token may not live as long as was asked for; NULL where it may. @whose: the
 * beginning of a sentence that says why it has the default life at most.
 */
const char *life_reason(const struct life *life, const char *whose)
{
	static char reason[192];
	struct sockdup_info info = { .size = sizeof(info) };
	char limit[32];
	bool too_long;

	if (!life->ms || sockdup_info(&info) || life->ms <= info.default_ttl_ms)
		return NULL;
	too_long = life->ms > info.max_ttl_ms;
	duration_format(limit, sizeof(limit),
			too_long ? info.max_ttl_ms : info.default_ttl_ms);
	snprintf(reason, sizeof(reason),
		 "%s token may live %s at most (asked: %s); see --ttl",
		 too_long ? "a" : whose, limit, life->shown);
	return reason;
}
