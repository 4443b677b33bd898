/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_DESCRIPTORS_H
#define SOCKDUP_DESCRIPTORS_H

#include <linux/compiler.h>
#include <linux/types.h>

struct file;
struct sockdup_set_socket;

int __must_check sockdup_descriptors_check(unsigned int count);
int __must_check sockdup_descriptors_receive(const struct sockdup_set_socket *sockets,
					     unsigned int count, int *fds, unsigned int flags);
void sockdup_descriptor_close(unsigned int fd, struct file *file);

#endif /* SOCKDUP_DESCRIPTORS_H */
