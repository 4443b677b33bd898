/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that the caller passed in, and that what the command opens must
 * not be taken for.
 */
#ifndef CLI_DESCRIPTOR_H
#define CLI_DESCRIPTOR_H

void descriptors_guard(void);
int descriptor_parse(const char *text);

#endif /* CLI_DESCRIPTOR_H */
