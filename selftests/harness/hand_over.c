// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket of the test's that an agent gets.
 */
#include <errno.h>

#include "common.h"
#include "hand_over.h"

int hand_over(struct agent *target, int fd)
{
	struct sockdup_protocol_info info;
	int error, imported;

	error = try_duplicate(fd, target->pid, &info);
	if (error)
		return error;
	imported = agent_import(target, &info, 0);
	if (imported >= 0 && same_file(0, fd, target->pid, imported) != 1)
		return -EXDEV;
	return imported;
}

int imports_well(struct agent *target, int source,
		 const struct sockdup_protocol_info *info)
{
	int fd = agent_import(target, info, 0);

	return fd < 0 ? fd : same_file(0, source, target->pid, fd);
}
