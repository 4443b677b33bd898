/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens that are kept under names: each a file with the token's text, in a directory
 * that is its user's alone. Whether the token lives only the kernel knows.
 */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include <stdbool.h>

#include <sockdup.h>

/* Bytes of a name. */
#define STORE_NAME_MAX	63

/**
 * struct store - the directory
 * @directory: a descriptor of it, or -1 where there is none yet
 * @path: of it
 */
struct store {
	int directory;
	char *path;
};

enum kept_state {
	KEPT_NOTHING,	/* there is no such name */
	KEPT_LIVE,
	KEPT_ENDED,
	KEPT_INVALID,	/* what has the name is no token of ours */
};

/**
 * struct kept - what a name stands for
 * @name: itself
 * @state: what is known of it
 * @has_token: there is a token in the file, be it ours or not
 * @info: the bytes of that token
 * @description: the token, if it is live
 * @reason: why it is invalid
 */
struct kept {
	const char *name;
	enum kept_state state;
	bool has_token;
	struct sockdup_protocol_info info;
	struct sockdup_description description;
	const char *reason;
};

void store_name_check(const char *name);

/* All that follow give an exit code, after a complaint unless it is EXIT_OK. */
int store_open(struct store *store, bool create);
void store_close(struct store *store);
int store_read(const struct store *store, const char *name, struct kept *kept);
int store_each(const struct store *store, int (*act)(const struct kept *kept));
int store_remove(const struct store *store, const struct kept *kept);

/* Between these two nobody else changes what is kept. */
int store_lock(const struct store *store);
void store_unlock(const struct store *store);

/* With the lock held. */
void store_tidy(const struct store *store, const char *name);
int store_put(const struct store *store, const char *name,
	      const struct sockdup_protocol_info *info);

#endif /* CLI_STORE_H */
