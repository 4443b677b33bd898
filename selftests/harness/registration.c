// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event registration of a socket, by way of a handle of the test's choice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "census.h"
#include "common.h"
#include "registration.h"

int new_event(void)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return event < 0 ? -errno : event;
}

bool event_is_set(int event)
{
	struct pollfd entry = { .fd = event, .events = POLLIN };

	return poll(&entry, 1, 0) == 1;
}

void reset_event(int event)
{
	__u64 count;

	if (read(event, &count, sizeof(count)) < 0)
		return;
}

int wait_for_event(int event)
{
	return wait_for_poll(event, POLLIN);
}

int register_events(int device, int fd, int event, unsigned int mask)
{
	struct sockdup_event_select argument = {
		.size = sizeof(argument),
		.fd = fd,
		.event = event,
		.mask = mask,
	};

	return device_ioctl(device, SOCKDUP_IOC_EVENT_SELECT, &argument);
}

int cancel_events(int device, int fd)
{
	return register_events(device, fd, -1, 0);
}

int rearm_events(int device, int fd, unsigned int events)
{
	struct sockdup_event_rearm argument = {
		.size = sizeof(argument),
		.fd = fd,
		.events = events,
	};

	return device_ioctl(device, SOCKDUP_IOC_EVENT_REARM, &argument);
}

int inherit_events(int device, int fd, int listener)
{
	struct sockdup_event_inherit argument = {
		.size = sizeof(argument),
		.fd = fd,
		.listener = listener,
	};

	return device_ioctl(device, SOCKDUP_IOC_EVENT_INHERIT, &argument);
}

int enumerate_events(int device, int fd, int errors[SOCKDUP_EVENT_ERRORS])
{
	struct sockdup_event_enumerate argument = {
		.size = sizeof(argument),
		.fd = fd,
	};
	int error;

	error = device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE, &argument);
	if (error)
		return error;
	if (errors)
		memcpy(errors, argument.errors, sizeof(argument.errors));
	return argument.events;
}

int registered_events(int device, int fd, bool *own)
{
	struct sockdup_event_query argument = {
		.size = sizeof(argument),
		.fd = fd,
	};
	int error;

	error = device_ioctl(device, SOCKDUP_IOC_EVENT_QUERY, &argument);
	if (error)
		return error;
	*own = argument.own;
	return argument.mask;
}

long count_registrations(int device)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	return read_field(path, "registrations:");
}

struct registrations {
	int device;
	long most;
};

static bool registrations_are_no_more(void *context)
{
	const struct registrations *registrations = context;
	long count = count_registrations(registrations->device);

	return count >= 0 && count <= registrations->most;
}

int wait_for_registrations(int device, long most)
{
	struct registrations registrations = { device, most };

	return wait_until(registrations_are_no_more, &registrations);
}

int wait_for_no_registration(int device)
{
	return wait_for_registrations(device, 0);
}

/* Where one is all that is allowed, the first succeeds and the second fails. */
static int register_first_and_second(void)
{
	const struct rlimit one = { 1, 1 };
	int fds[2], device, event, error;

	device = device_open();
	event = new_event();
	if (device < 0 || event < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return -EMFILE;
	if (setrlimit(RLIMIT_NOFILE, &one))
		return -errno;
	error = drop_capability(CAP_SYS_RESOURCE);
	if (!error)
		error = register_events(device, fds[0], event, SOCKDUP_FD_READ);
	if (error)
		return error;
	error = register_events(device, fds[1], event, SOCKDUP_FD_READ);
	return error == -ENOBUFS ? 0 : -EPROTO;
}

static bool user_has_no_registration(void *context)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(-register_first_and_second());
	return waitpid(child, &status, 0) == child && !status;
}

int wait_for_no_registration_of_user(void)
{
	return wait_until(user_has_no_registration, NULL);
}
