/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_DESCRIPTOR_H
#define LIBSOCKDUP_DESCRIPTOR_H

#include <stdbool.h>

bool descriptor_is_open(int fd);
int descriptor_raise(int fd);
int descriptor_copy(int fd);

#endif /* LIBSOCKDUP_DESCRIPTOR_H */
