/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that the caller passed in. A file that the command itself opens
 * must not be mistaken for one of them.
 */
#ifndef CLI_DESCRIPTOR_H
#define CLI_DESCRIPTOR_H

#include <stdbool.h>

void descriptors_guard(void);
int descriptor_parse(const char *text, const char *hint);
bool descriptor_is_unix(int fd);
void standard_output_end(void);

#endif /* CLI_DESCRIPTOR_H */
