/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system call on a descriptor in a thread of its own, which blocks there.
 */
#ifndef SELFTESTS_CALL_H
#define SELFTESTS_CALL_H

#include <pthread.h>
#include <sys/types.h>

/**
 * struct call - a call under way
 * @thread: makes it
 * @tid: its id, 0 before it is about to make the call
 * @fd: the descriptor
 * @buffer: for a read
 * @size: bytes of it
 * @value: what the call returned, or -errno
 */
struct call {
	pthread_t thread;
	pid_t tid;
	int fd;
	void *buffer;
	size_t size;
	int value;
};

/* 0 once the thread sleeps in the call. */
int call_accept(struct call *call, int fd);
/* Receives one byte. */
int call_recv(struct call *call, int fd);
int call_read(struct call *call, int fd, void *buffer, size_t size);

/* What the call gives in the end, or -errno. */
int call_wait(struct call *call);
/* The same, for a call that a signal ends. */
int call_interrupt(struct call *call);

#endif /* SELFTESTS_CALL_H */
