/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_DEVICE_H
#define SOCKDUP_DEVICE_H

int sockdup_device_init(void);
void sockdup_device_exit(void);

#endif /* SOCKDUP_DEVICE_H */
