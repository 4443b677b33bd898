// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call.h"
#include "common.h"

static void *run_accept(void *context)
{
	struct call *call = context;
	int fd;

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	fd = accept4(call->fd, NULL, NULL, SOCK_CLOEXEC);
	call->value = fd < 0 ? -errno : fd;
	return NULL;
}

static void *run_recv(void *context)
{
	struct call *call = context;
	ssize_t size;
	char byte;

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	size = recv(call->fd, &byte, sizeof(byte), 0);
	call->value = size < 0 ? -errno : size;
	return NULL;
}

static void *run_read(void *context)
{
	struct call *call = context;
	ssize_t size;

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	size = read(call->fd, call->buffer, call->size);
	call->value = size < 0 ? -errno : size;
	return NULL;
}

/* The file has the call's number then; of a thread that runs it says so. */
static bool is_in_call(void *context)
{
	struct call *call = context;
	char path[64], *text;
	bool is_so;

	if (!__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", call->tid);
	text = read_text(path);
	is_so = text && isdigit(text[0]);
	free(text);
	return is_so;
}

static void do_nothing(int number)
{
}

static int call_start(struct call *call, int fd, void *(*run)(void *context))
{
	struct sigaction action = { .sa_handler = do_nothing };
	int error;

	sigaction(SIGUSR1, &action, NULL);
	call->fd = fd;
	call->tid = 0;
	error = pthread_create(&call->thread, NULL, run, call);
	return error ? -error : wait_until(is_in_call, call);
}

int call_accept(struct call *call, int fd)
{
	return call_start(call, fd, run_accept);
}

int call_recv(struct call *call, int fd)
{
	return call_start(call, fd, run_recv);
}

int call_read(struct call *call, int fd, void *buffer, size_t size)
{
	call->buffer = buffer;
	call->size = size;
	return call_start(call, fd, run_read);
}

int call_wait(struct call *call)
{
	int error = pthread_join(call->thread, NULL);

	return error ? -error : call->value;
}

int call_interrupt(struct call *call)
{
	pthread_kill(call->thread, SIGUSR1);
	return call_wait(call);
}
