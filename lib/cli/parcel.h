/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets and the payload that one token is to hold, from the command line of
 * export and keep, or a post, from that of post.
 */
#ifndef CLI_PARCEL_H
#define CLI_PARCEL_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <sockdup.h>

/**
 * struct source - a socket that is exported
 * @shown: what the user calls it
 * @name: what the importer shall call it, or NULL
 * @pid: the process that it is taken out of, 0 for a descriptor passed in
 * @fd: its descriptor there
 */
struct source {
	const char *shown;
	char *name;
	pid_t pid;
	int fd;
};

/**
 * struct parcel - what one token is to hold
 * @sources: where its sockets come from
 * @fds: they themselves
 * @names: theirs, or NULL where none has one
 * @count: how many
 * @payload: read from @payload_file
 * @payload_file: or NULL
 * @hint: what a descriptor that is no open socket may have been meant as, or NULL
 * @cgroup: a descriptor of a control group that an importer must be in as well, or 0
 */
struct parcel {
	struct source *sources;
	int *fds;
	char (*names)[SOCKDUP_NAME_SIZE];
	unsigned int count;
	struct iovec payload;
	const char *payload_file;
	const char *hint;
	int cgroup;
};

/**
 * struct life - of a token
 * @ms: milliseconds, 0 for the default
 * @shown: what the user calls it
 */
struct life {
	unsigned int ms;
	const char *shown;
};

void parcel_parse(struct parcel *parcel, int count, char **arguments);
bool parcel_is_set(const struct parcel *parcel);
int parcel_open(struct parcel *parcel);
int parcel_export(const struct parcel *parcel, int target, unsigned int flags,
		  unsigned int ttl_ms, struct sockdup_protocol_info *info);
const char *parcel_reason(const struct parcel *parcel);
const char *quota_reason(bool bytes);
int bytes_read(const char *path, const char *kind, size_t most, struct iovec *bytes);

void life_parse(struct life *life, const char *text);
const char *life_reason(const struct life *life, const char *whose);

#endif /* CLI_PARCEL_H */
