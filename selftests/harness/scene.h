/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A token by way of a device of its own, and the ways in which it can end.
 *
 * A function that can fail gives -errno.
 */
#ifndef SELFTESTS_SCENE_H
#define SELFTESTS_SCENE_H

#include <sockdup.h>

#include "agent.h"

/**
 * struct scene - who and what there is to a token
 * @target: bound to it
 * @device: exports
 * @fd: of a listening socket
 * @info: of the last export
 */
struct scene {
	struct agent target;
	int device;
	int fd;
	struct sockdup_protocol_info info;
};

int scene_open(struct scene *scene);
/* What is left of it. */
void scene_close(struct scene *scene);

int scene_export(struct scene *scene, unsigned int flags, unsigned int ttl_ms);
/* Exports and revokes faster than a crowd of listeners is told. */
int scene_export_many(struct scene *scene);

/* The deadline is to be a short one, and the handle's end one that ends. */
int end_by_import(struct scene *scene);
int end_by_revocation(struct scene *scene);
int end_by_decline(struct scene *scene);
int end_by_deadline(struct scene *scene);
int end_with_handle(struct scene *scene);
int end_with_target(struct scene *scene);

#endif /* SELFTESTS_SCENE_H */
