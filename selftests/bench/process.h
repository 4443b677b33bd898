/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another process, and pipes or connections to it. What can fail gives -errno.
 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A process that does that, and is ended by process_end() or with its parent.
 * An error that it gives is said.
 */
pid_t process_start(int (*live)(void *context), void *context);
void process_end(pid_t pid);

/* All of it, or none where @size is 0. */
int pipe_read(int fd, void *bytes, size_t size);
int pipe_write(int fd, const void *bytes, size_t size);

#endif /* BENCH_PROCESS_H */
