/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What names tokens on the command line or in a file: their text, or their id.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stdio.h>

#include <sockdup.h>

/**
 * struct name - of a token
 * @by_info: it is the text, and else the id
 * @id: where it is the id
 * @info: where it is the text
 * @shown: in messages, which do not give the secret away
 */
struct name {
	bool by_info;
	__u64 id;
	struct sockdup_protocol_info info;
	char shown[32];
};

int name_parse_text(const char *text, struct name *name);
int name_parse(const char *text, struct name *name);
const char *name_reason(const struct name *name);
FILE *names_open(const char *path);
FILE *names_open_sparing(const char *path);
int name_of_file(const char *path, struct name *name);
char *name_read(FILE *file);
int names_each(const char *path, int count, char **names,
	       int (*act)(const struct name *name));

#endif /* CLI_NAMES_H */
