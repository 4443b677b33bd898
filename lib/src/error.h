/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_ERROR_H
#define LIBSOCKDUP_ERROR_H

#include <stddef.h>

struct nlmsghdr;

void error_text_clear(void);
void error_text_read(const struct nlmsghdr *message, size_t offset,
		     const struct nlmsghdr *request);
int error_of_caller(int error);

#endif /* LIBSOCKDUP_ERROR_H */
