/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_DEVICE_H
#define LIBSOCKDUP_DEVICE_H

int device_call(unsigned long command, void *argument);

#endif /* LIBSOCKDUP_DEVICE_H */
