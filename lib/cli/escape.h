/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of processes and of AF_UNIX sockets are somebody else's choice, and so are
 * messages and the lines of a file of tokens: no byte of them may steer a terminal or
 * break a format. Characters of UTF-8 stay.
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include <stddef.h>

/* Fresh strings. */
char *escape_for_line(const char *text);
char *escape_for_json(const char *text);
char *escape_bytes_for_line(const char *text, size_t size);
char *escape_bytes_for_json(const char *text, size_t size);

#endif /* CLI_ESCAPE_H */
