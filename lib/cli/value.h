/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values on the command line. Each function ends the command where a value is
 * not of its kind.
 */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdbool.h>
#include <sys/types.h>

long number_parse(const char *text, long min, long max, const char *kind);
unsigned long long cookie_parse(const char *text);
pid_t pid_parse(const char *text);
unsigned int duration_parse(const char *text);
bool duration_has_unit(const char *text);
uid_t user_parse(const char *text);
int family_parse(const char *text);
void no_arguments(int count, char **arguments);

#endif /* CLI_VALUE_H */
