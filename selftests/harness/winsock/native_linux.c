// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sockdup.h>

#include "agent.h"
#include "census.h"
#include "common.h"
#include "native_linux.h"

static struct agent agent;
static int event;

_Static_assert(NATIVE_TOKEN_SIZE == SOCKDUP_OPAQUE_SIZE, "all of it");

static struct sockdup_protocol_info info_of(const void *token)
{
	struct sockdup_protocol_info info = { .size = sizeof(info) };

	memcpy(info.opaque, token, sizeof(info.opaque));
	return info;
}

static int keep_token(int result, const struct sockdup_protocol_info *info, void *token)
{
	if (!result)
		memcpy(token, info->opaque, sizeof(info->opaque));
	return result;
}

int native_begin(void)
{
	int error = agent_spawn(&agent);

	if (error)
		return error;
	event = agent_eventfd(&agent, 0, O_NONBLOCK);
	return event < 0 ? event : 0;
}

void native_end(void)
{
	agent_stop(&agent);
}

unsigned int native_pid(void)
{
	return agent.pid;
}

int native_import(const void *token)
{
	struct sockdup_protocol_info info = info_of(token);

	return agent_import(&agent, &info, 0);
}

int native_export(int fd, unsigned int pid, void *token)
{
	struct sockdup_protocol_info info;

	return keep_token(agent_duplicate(&agent, fd, pid, &info), &info, token);
}

int native_close(int fd)
{
	return agent_close(&agent, fd);
}

int native_send(int fd, const char *text)
{
	return agent_send(&agent, fd, text, strlen(text), 0);
}

int native_receive(int fd, char *text, unsigned int size)
{
	return agent_recv(&agent, fd, text, size, 0);
}

int native_select(int fd, unsigned int mask)
{
	return agent_event_select(&agent, fd, event, mask, SOCKDUP_EVENT_KIND_EVENT);
}

int native_select_once(int fd, unsigned int mask)
{
	return agent_event_register(&agent, fd, event, mask, SOCKDUP_EVENT_KIND_EVENT,
				    SOCKDUP_EVENT_ONCE);
}

int native_take(int fd)
{
	struct sockdup_network_events happened = { 0 };
	int error = agent_poll(&agent, event, POLLIN, WAIT_MS / 2);

	if (error <= 0)
		return error ? error : -ETIME;
	error = agent_event_enumerate(&agent, fd, 0, &happened);
	return error ? error : (int)happened.events;
}

int native_export_here(uintptr_t socket, unsigned int pid, void *token)
{
	struct sockdup_protocol_info info;

	return keep_token(try_duplicate(socket, pid, &info), &info, token);
}

int native_export_to_pidfd(uintptr_t socket, unsigned int pid, void *token)
{
	struct sockdup_protocol_info info;
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int error = keep_token(try_duplicate_pidfd(socket, pidfd, &info), &info, token);

	close(pidfd);
	return error;
}

int native_import_here(const void *token)
{
	struct sockdup_protocol_info info = info_of(token);

	return try_socket(&info, 0);
}

int native_registered(uintptr_t socket)
{
	struct sockdup_registration registration;
	int error = try_event_query(socket, &registration);

	return error ? error : (int)registration.mask;
}

int native_is_nonblocking(uintptr_t socket)
{
	return !!(fcntl(socket, F_GETFL) & O_NONBLOCK);
}

void native_release_here(void)
{
	sockdup_release();
}

long native_registrations_here(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", sockdup_open());
	return read_field(path, "registrations:");
}

static bool there_is_none(void *unused)
{
	(void)unused;
	return native_registrations_here() == 0;
}

int native_wait_for_no_registration_here(void)
{
	return wait_until(there_is_none, NULL);
}
