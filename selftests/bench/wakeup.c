// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a process learns that a byte has come: by the registration of the socket
 * and its eventfd, or by epoll. Both wait in one call, and then receive.
 *
 * In one process the whole round counts, and nobody sleeps. With the peer in
 * another, what counts is the time from just before the send until the sleeper
 * knows which socket has what; it receives after that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../harness/common.h"
#include "../harness/result.h"
#include "part.h"
#include "process.h"

/* Microseconds after which who asked is asleep. */
#define ASLEEP	200

/**
 * struct watch - a socket that is watched
 * @fds: of a TCP connection: the watched end, and the peer's
 * @device: sockdup's
 * @event: an eventfd, or an epoll
 * @go: asks the peer to send
 * @sent: when it did
 * @method: how it is watched
 */
struct watch {
	int fds[2];
	int device;
	int event;
	int go[2];
	long long *sent;
	const struct method *method;
};

/**
 * struct method - how to watch
 * @name: in tables
 * @begin: makes @event
 * @wait: until there is something to receive
 */
struct method {
	const char *name;
	int (*begin)(struct watch *watch);
	int (*wait)(const struct watch *watch);
};

static int begin_registration(struct watch *watch)
{
	watch->event = result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (watch->event < 0)
		return watch->event;
	return raw_event_select(watch->device, watch->fds[0], watch->event,
				SOCKDUP_FD_READ | SOCKDUP_FD_CLOSE);
}

static int wait_for_registration(const struct watch *watch)
{
	struct pollfd entry = { .fd = watch->event, .events = POLLIN };
	struct sockdup_event_enumerate arg = {
		.size = sizeof(arg),
		.fd = watch->fds[0],
	};
	int error;

	if (poll(&entry, 1, -1) != 1)
		return -errno;
	error = device_ioctl(watch->device, SOCKDUP_IOC_EVENT_ENUMERATE, &arg);
	if (error)
		return error;
	return arg.events == SOCKDUP_FD_READ ? 0 : -EPROTO;
}

static int begin_epoll(struct watch *watch)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data.fd = watch->fds[0],
	};

	watch->event = result(epoll_create1(EPOLL_CLOEXEC));
	if (watch->event < 0)
		return watch->event;
	return result(epoll_ctl(watch->event, EPOLL_CTL_ADD, watch->fds[0],
				&event));
}

static int wait_for_epoll(const struct watch *watch)
{
	struct epoll_event event;

	if (epoll_wait(watch->event, &event, 1, -1) != 1)
		return -errno;
	return event.events == EPOLLIN ? 0 : -EPROTO;
}

static const struct method methods[] = {
	{ "wake_epoll", begin_epoll, wait_for_epoll },
	{ "wake_sockdup", begin_registration, wait_for_registration },
};

static int send_byte(const struct watch *watch)
{
	return send(watch->fds[1], "", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int receive_byte(const struct watch *watch)
{
	char byte;

	return recv(watch->fds[0], &byte, 1, MSG_DONTWAIT) == 1 ? 0 : -errno;
}

static int repeat_in_one(void *context, unsigned int rounds, long long *ns)
{
	const struct watch *watch = context;
	long long start = now_ns();
	int error = 0;

	while (rounds-- && !error) {
		error = send_byte(watch);
		if (!error)
			error = watch->method->wait(watch);
		if (!error)
			error = receive_byte(watch);
	}
	*ns = now_ns() - start;
	return error;
}

/* The other process: the peer. */
static int send_when_asked(void *context)
{
	const struct watch *watch = context;
	char byte;
	int error;

	do {
		error = pipe_read(watch->go[0], &byte, 1);
		if (error)
			return error;
		usleep(ASLEEP);
		*watch->sent = now_ns();
		error = send_byte(watch);
	} while (!error);
	return error;
}

static int repeat_in_two(void *context, unsigned int rounds, long long *ns)
{
	const struct watch *watch = context;
	long long sum = 0;
	int error = 0;

	while (rounds-- && !error) {
		error = pipe_write(watch->go[1], "", 1);
		if (!error)
			error = watch->method->wait(watch);
		sum += now_ns() - *watch->sent;
		if (!error)
			error = receive_byte(watch);
	}
	*ns = sum;
	return error;
}

static int watch_open(struct watch *watch, const struct method *method)
{
	int error;

	*watch = (struct watch) {
		.device = device_open(),
		.method = method,
	};
	if (watch->device < 0)
		return watch->device;
	watch->sent = mmap(NULL, sizeof(*watch->sent), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (watch->sent == MAP_FAILED || pipe2(watch->go, O_CLOEXEC))
		return -errno;
	error = tcp_pair(AF_INET, watch->fds);
	return error ? error : method->begin(watch);
}

static int measure_watch(const struct effort *effort,
			 const struct method *method)
{
	struct watch watch;
	struct subject subject = {
		.name = method->name,
		.processes = 1,
		.repeat = repeat_in_one,
		.context = &watch,
	};
	int error = watch_open(&watch, method);
	pid_t peer;

	if (!error)
		error = measure(effort, &subject);
	if (error)
		return error;
	peer = process_start(send_when_asked, &watch);
	if (peer < 0)
		return peer;
	subject.processes = 2;
	subject.repeat = repeat_in_two;
	error = measure(effort, &subject);
	process_end(peer);
	return error;
}

int part_wakeup(const struct effort *effort)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < sizeof(methods) / sizeof(*methods) && !error; i++)
		error = measure_watch(effort, methods + i);
	return error;
}
