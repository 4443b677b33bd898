/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_DESCRIPTORS_H
#define SOCKDUP_DESCRIPTORS_H

#include <linux/compiler.h>
#include <linux/types.h>

struct sockdup_token;

int __must_check sockdup_descriptors_check(unsigned int count);
int __must_check sockdup_descriptors_receive(const struct sockdup_token *token, int *fds,
					     unsigned int flags);

#endif /* SOCKDUP_DESCRIPTORS_H */
