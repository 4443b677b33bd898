// SPDX-License-Identifier: GPL-2.0-only
/*
 * A token by way of a device of its own, and the ways in which it can end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "scene.h"

int scene_open(struct scene *scene)
{
	int error = agent_spawn(&scene->target);

	if (error)
		return error;
	scene->device = device_open();
	if (scene->device < 0)
		return scene->device;
	scene->fd = tcp_listener(AF_INET);
	return scene->fd < 0 ? scene->fd : 0;
}

void scene_close(struct scene *scene)
{
	agent_kill(&scene->target);
}

int scene_export(struct scene *scene, unsigned int flags, unsigned int ttl_ms)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = flags,
		.fd = scene->fd,
		.target = scene->target.pid,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EXPORT, &argument);
}

int scene_export_many(struct scene *scene)
{
	int i, error = 0;

	for (i = 0; i < 10000 && !error; i++) {
		error = scene_export(scene, 0, 0);
		if (!error)
			error = raw_revoke(scene->device, &scene->info);
	}
	return error;
}

int end_by_import(struct scene *scene)
{
	int fd = agent_import(&scene->target, &scene->info, 0);

	return fd < 0 ? fd : 0;
}

int end_by_revocation(struct scene *scene)
{
	return raw_revoke(scene->device, &scene->info);
}

int end_by_decline(struct scene *scene)
{
	return agent_revoke(&scene->target, &scene->info);
}

int end_by_deadline(struct scene *scene)
{
	return 0;
}

int end_with_handle(struct scene *scene)
{
	return close(scene->device) ? -errno : 0;
}

int end_with_target(struct scene *scene)
{
	return kill(scene->target.pid, SIGKILL) ? -errno : 0;
}
