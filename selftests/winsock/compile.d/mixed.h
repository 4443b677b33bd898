/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_MIXED_H
#define COMPILE_MIXED_H

/* A program of two files; its socket goes from one to the other by its number. */
int posix_pair(int ends[2]);
int posix_receive(int fd, char *bytes, int size);
int posix_port(const void *name);

#endif /* COMPILE_MIXED_H */
