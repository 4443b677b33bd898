/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong, in a sentence on standard error.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdnoreturn.h>

void message_verb(const char *name);
[[gnu::format(printf, 1, 2)]]
noreturn void usage_error(const char *format, ...);
noreturn void usage_hint(void);
[[gnu::format(printf, 1, 2)]]
int complain(const char *format, ...);
[[gnu::format(printf, 2, 3)]]
int failed_to(const char *reason, const char *format, ...);
const char *kernel_reason(void);
void *checked(void *memory);

#endif /* CLI_MESSAGE_H */
