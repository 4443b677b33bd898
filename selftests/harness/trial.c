// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trial of one of the device's commands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trial.h"
#include "common.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

const struct command info_command = {
	.number = SOCKDUP_IOC_INFO,
	.size = sizeof(struct sockdup_info),
	.first_size = SOCKDUP_INFO_SIZE_VER0,
	.reserved = offsetof(struct sockdup_info, __reserved),
	.outputs = {
		{ offsetof(struct sockdup_info, abi_version), 28 },
	},
};

const struct command export_command = {
	.number = SOCKDUP_IOC_EXPORT,
	.size = sizeof(struct sockdup_export),
	.first_size = SOCKDUP_EXPORT_SIZE_VER0,
	.flags = SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_END_ON_CLOSE |
		 SOCKDUP_EXPORT_TO_PIDFD | SOCKDUP_EXPORT_TO_USER |
		 SOCKDUP_EXPORT_REPORT,
	.info_size = offsetof(struct sockdup_export, info_size),
	.info = offsetof(struct sockdup_export, info),
	.writes_info = true,
};

const struct command import_command = {
	.number = SOCKDUP_IOC_IMPORT,
	.size = sizeof(struct sockdup_import),
	.first_size = SOCKDUP_IMPORT_SIZE_VER0,
	.flags = SOCKDUP_IMPORT_INHERITABLE,
	.reserved = offsetof(struct sockdup_import, __reserved),
	.info_size = offsetof(struct sockdup_import, info_size),
	.info = offsetof(struct sockdup_import, info),
	.names_token = true,
	.outputs = {
		{ offsetof(struct sockdup_import, source), 16 },
	},
};

const struct command query_command = {
	.number = SOCKDUP_IOC_QUERY,
	.size = sizeof(struct sockdup_query),
	.first_size = SOCKDUP_QUERY_SIZE_VER0,
	.info_size = offsetof(struct sockdup_query, info_size),
	.info = offsetof(struct sockdup_query, info),
	.names_token = true,
	.writes_info = true,
	.outputs = {
		{ offsetof(struct sockdup_query, target_pid), 4 },
		{ offsetof(struct sockdup_query, source), 40 },
	},
};

const struct command revoke_command = {
	.number = SOCKDUP_IOC_REVOKE,
	.size = sizeof(struct sockdup_revoke),
	.first_size = SOCKDUP_REVOKE_SIZE_VER0,
	.reserved = offsetof(struct sockdup_revoke, __reserved),
	.info_size = offsetof(struct sockdup_revoke, info_size),
	.info = offsetof(struct sockdup_revoke, info),
	.names_token = true,
};

const struct command select_command = {
	.number = SOCKDUP_IOC_EVENT_SELECT,
	.size = sizeof(struct sockdup_event_select),
	.first_size = SOCKDUP_EVENT_SELECT_SIZE_VER0,
	.flags = SOCKDUP_EVENT_ONCE,
	.fd = offsetof(struct sockdup_event_select, fd),
};

const struct command enumerate_command = {
	.number = SOCKDUP_IOC_EVENT_ENUMERATE,
	.size = sizeof(struct sockdup_event_enumerate),
	.first_size = SOCKDUP_EVENT_ENUMERATE_SIZE_VER0,
	.flags = SOCKDUP_EVENT_KEEP_SET,
	.fd = offsetof(struct sockdup_event_enumerate, fd),
	.registered = REGISTERED_FD,
	.outputs = {
		{ offsetof(struct sockdup_event_enumerate, events), 44 },
	},
};

const struct command rearm_command = {
	.number = SOCKDUP_IOC_EVENT_REARM,
	.size = sizeof(struct sockdup_event_rearm),
	.first_size = SOCKDUP_EVENT_REARM_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_rearm, fd),
	.registered = REGISTERED_FD,
};

const struct command inherit_command = {
	.number = SOCKDUP_IOC_EVENT_INHERIT,
	.size = sizeof(struct sockdup_event_inherit),
	.first_size = SOCKDUP_EVENT_INHERIT_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_inherit, fd),
	.registered = REGISTERED_PEER,
};

const struct command event_query_command = {
	.number = SOCKDUP_IOC_EVENT_QUERY,
	.size = sizeof(struct sockdup_event_query),
	.first_size = SOCKDUP_EVENT_QUERY_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_query, fd),
	.registered = REGISTERED_FD,
	.outputs = {
		{ offsetof(struct sockdup_event_query, mask), 28 },
	},
};

const struct command *const event_commands[EVENT_COMMANDS] = {
	&select_command, &enumerate_command, &rearm_command,
	&inherit_command, &event_query_command,
};

int arena_map(struct arena *arena)
{
	unsigned char *map;

	arena->page = sysconf(_SC_PAGESIZE);
	map = mmap(NULL, 4 * arena->page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	arena->start = map + arena->page;
	arena->end = map + 3 * arena->page;
	if (mprotect(arena->start, 2 * arena->page, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

void arena_make_readonly(struct arena *arena)
{
	mprotect(arena->start, arena->end - arena->start, PROT_READ);
}

void arena_make_writable(struct arena *arena)
{
	mprotect(arena->start, arena->end - arena->start,
		 PROT_READ | PROT_WRITE);
}

void *unmapped_page(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	munmap(map, page);
	return map;
}

void bad_pointers(const struct arena *arena, void *valid,
		  __u64 bad[BAD_POINTERS])
{
	const __u64 pointers[BAD_POINTERS] = {
		0,
		(__u64)(uintptr_t)unmapped_page(),
		(__u64)(uintptr_t)arena->end,
		~0ULL,
		~0ULL << 12,
		~0ULL << 47,
		(__u64)(uintptr_t)valid | 0xdead000000000000,
		(__u64)(uintptr_t)valid | 1ULL << 63,
	};

	memcpy(bad, pointers, sizeof(pointers));
}

void put_u32(void *argument, size_t offset, __u32 value)
{
	memcpy((unsigned char *)argument + offset, &value, sizeof(value));
}

void put_u64(void *argument, size_t offset, __u64 value)
{
	memcpy((unsigned char *)argument + offset, &value, sizeof(value));
}

void put_pointer(void *argument, size_t offset, const void *pointer)
{
	put_u64(argument, offset, (uintptr_t)pointer);
}

struct sockdup_export valid_export(struct trial *trial)
{
	return (struct sockdup_export) {
		.size = sizeof(struct sockdup_export),
		.fd = trial->fd,
		.target = getpid(),
		.ttl_ms = LONG_TTL_MS,
		.info_size = sizeof(trial->info),
		.info = (uintptr_t)&trial->info,
	};
}

/* For SOCKDUP_FD_CLOSE alone, which holds of no end of the pair. */
static void put_event_fields(const struct trial *trial, void *argument)
{
	struct sockdup_event_inherit *inherit = argument;
	struct sockdup_event_select *select = argument;
	struct sockdup_event_rearm *rearm = argument;

	put_u32(argument, trial->command->fd, trial->fd);
	switch (trial->command->number) {
	case SOCKDUP_IOC_EVENT_SELECT:
		select->event = trial->event;
		select->mask = SOCKDUP_FD_CLOSE;
		break;
	case SOCKDUP_IOC_EVENT_REARM:
		rearm->events = SOCKDUP_FD_CLOSE;
		break;
	case SOCKDUP_IOC_EVENT_INHERIT:
		inherit->listener = trial->peer;
	}
}

void put_valid_argument(struct trial *trial, void *argument)
{
	const struct command *command = trial->command;
	struct sockdup_export export = valid_export(trial);
	unsigned int i;

	if (command == &export_command) {
		memcpy(argument, &export, sizeof(export));
	} else {
		memset(argument, 0, command->size);
		put_u32(argument, 0, command->size);
		for (i = 0; i < ARRAY_SIZE(command->outputs); i++)
			memset((char *)argument + command->outputs[i].offset,
			       POISON, command->outputs[i].size);
	}
	if (command->fd)
		put_event_fields(trial, argument);
	if (command->info) {
		put_u32(argument, command->info_size, sizeof(trial->info));
		put_pointer(argument, command->info, &trial->info);
	}
	if (command->names_token)
		trial->info = trial->token;
	else
		memset(&trial->info, POISON, sizeof(trial->info));
}

unsigned char *valid_argument(struct trial *trial)
{
	unsigned char *argument = trial->arena.end - trial->command->size;

	put_valid_argument(trial, argument);
	return argument;
}

unsigned char *grown_argument(struct trial *trial, size_t size)
{
	unsigned char *argument = trial->arena.end - size;

	memset(argument, 0, size);
	put_valid_argument(trial, argument);
	put_u32(argument, 0, size);
	return argument;
}

int device_limits(int device, struct sockdup_info *limits)
{
	memset(limits, 0, sizeof(*limits));
	limits->size = sizeof(*limits);
	return device_ioctl(device, SOCKDUP_IOC_INFO, limits);
}

int trial_give(struct trial *trial, void *argument)
{
	return device_ioctl(trial->device, trial->command->number, argument);
}

int trial_export(struct trial *trial)
{
	return raw_export(trial->device, trial->fd, getpid(), LONG_TTL_MS,
			  &trial->token);
}

int trial_registered_mask(const struct trial *trial, int fd)
{
	struct sockdup_event_query query = { .size = sizeof(query), .fd = fd };
	int value = device_ioctl(trial->device, SOCKDUP_IOC_EVENT_QUERY,
				 &query);

	return value ? value : (int)query.mask;
}

int trial_register(struct trial *trial)
{
	unsigned int registered = trial->command->registered;
	int error = 0;

	if (registered & REGISTERED_FD)
		error = raw_event_select(trial->device, trial->fd,
					 trial->event, SOCKDUP_FD_CLOSE);
	if (!error && registered & REGISTERED_PEER)
		error = raw_event_select(trial->device, trial->peer,
					 trial->event, SOCKDUP_FD_CLOSE);
	return error;
}

void scribble(struct sockdup_protocol_info *info, int byte)
{
	struct sockdup_protocol_info before = *info;

	memset(info, byte, sizeof(*info));
	info->size = before.size;
	memcpy(info->opaque, before.opaque, sizeof(info->opaque));
}
