// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary interface of the device: the layout of its structs, every way in
 * which an argument can be wrong while the rest of it is right, and what the
 * commands promise to whom. Each failure is also looked at from outside:
 * nothing may have changed by it.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "harness.h"

/* The layout. */

#define PIN_SIZE(type, bytes) \
	static_assert(sizeof(struct type) == (bytes), "size of " #type)
#define PIN(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), \
		      "offset of " #type "." #member)

PIN_SIZE(sockdup_protocol_info, 128);
PIN(sockdup_protocol_info, size, 0);
PIN(sockdup_protocol_info, socket_count, 4);
PIN(sockdup_protocol_info, service_flags, 8);
PIN(sockdup_protocol_info, address_family, 12);
PIN(sockdup_protocol_info, socket_type, 16);
PIN(sockdup_protocol_info, protocol, 20);
PIN(sockdup_protocol_info, min_address_size, 24);
PIN(sockdup_protocol_info, max_address_size, 28);
PIN(sockdup_protocol_info, message_size, 32);
PIN(sockdup_protocol_info, __reserved0, 36);
PIN(sockdup_protocol_info, opaque, 40);
PIN(sockdup_protocol_info, protocol_name, 64);
PIN(sockdup_protocol_info, __reserved, 96);

PIN_SIZE(sockdup_identity, 16);
PIN(sockdup_identity, pid, 0);
PIN(sockdup_identity, uid, 4);
PIN(sockdup_identity, gid, 8);
PIN(sockdup_identity, __reserved, 12);

PIN_SIZE(sockdup_info, 40);
PIN(sockdup_info, size, 0);
PIN(sockdup_info, flags, 4);
PIN(sockdup_info, abi_version, 8);
PIN(sockdup_info, protocol_info_size, 12);
PIN(sockdup_info, features, 16);
PIN(sockdup_info, default_ttl_ms, 24);
PIN(sockdup_info, max_ttl_ms, 28);
PIN(sockdup_info, max_sockets, 32);
PIN(sockdup_info, __reserved, 36);

PIN_SIZE(sockdup_export, 32);
PIN(sockdup_export, size, 0);
PIN(sockdup_export, flags, 4);
PIN(sockdup_export, fd, 8);
PIN(sockdup_export, target, 12);
PIN(sockdup_export, ttl_ms, 16);
PIN(sockdup_export, info_size, 20);
PIN(sockdup_export, info, 24);

PIN_SIZE(sockdup_import, 40);
PIN(sockdup_import, size, 0);
PIN(sockdup_import, flags, 4);
PIN(sockdup_import, info_size, 8);
PIN(sockdup_import, __reserved, 12);
PIN(sockdup_import, info, 16);
PIN(sockdup_import, source, 24);

PIN_SIZE(sockdup_query, 56);
PIN(sockdup_query, size, 0);
PIN(sockdup_query, flags, 4);
PIN(sockdup_query, info_size, 8);
PIN(sockdup_query, target_pid, 12);
PIN(sockdup_query, info, 16);
PIN(sockdup_query, source, 24);
PIN(sockdup_query, age_ms, 40);
PIN(sockdup_query, left_ms, 48);

PIN_SIZE(sockdup_revoke, 24);
PIN(sockdup_revoke, size, 0);
PIN(sockdup_revoke, flags, 4);
PIN(sockdup_revoke, info_size, 8);
PIN(sockdup_revoke, __reserved, 12);
PIN(sockdup_revoke, info, 16);

PIN_SIZE(sockdup_event_select, 24);
PIN(sockdup_event_select, size, 0);
PIN(sockdup_event_select, flags, 4);
PIN(sockdup_event_select, fd, 8);
PIN(sockdup_event_select, event, 12);
PIN(sockdup_event_select, mask, 16);
PIN(sockdup_event_select, kind, 20);

PIN_SIZE(sockdup_event_enumerate, 56);
PIN(sockdup_event_enumerate, size, 0);
PIN(sockdup_event_enumerate, flags, 4);
PIN(sockdup_event_enumerate, fd, 8);
PIN(sockdup_event_enumerate, events, 12);
PIN(sockdup_event_enumerate, errors, 16);
static_assert(SOCKDUP_EVENT_ERRORS == 10, "places for errors");

PIN_SIZE(sockdup_event_rearm, 16);
PIN(sockdup_event_rearm, size, 0);
PIN(sockdup_event_rearm, flags, 4);
PIN(sockdup_event_rearm, fd, 8);
PIN(sockdup_event_rearm, events, 12);

PIN_SIZE(sockdup_event_inherit, 16);
PIN(sockdup_event_inherit, size, 0);
PIN(sockdup_event_inherit, flags, 4);
PIN(sockdup_event_inherit, fd, 8);
PIN(sockdup_event_inherit, listener, 12);

PIN_SIZE(sockdup_event_query, 40);
PIN(sockdup_event_query, size, 0);
PIN(sockdup_event_query, flags, 4);
PIN(sockdup_event_query, fd, 8);
PIN(sockdup_event_query, mask, 12);
PIN(sockdup_event_query, kind, 16);
PIN(sockdup_event_query, own, 20);
PIN(sockdup_event_query, source, 24);

/* Winsock's values. */
static_assert(SOCKDUP_FD_READ == 0x01, "SOCKDUP_FD_READ");
static_assert(SOCKDUP_FD_WRITE == 0x02, "SOCKDUP_FD_WRITE");
static_assert(SOCKDUP_FD_OOB == 0x04, "SOCKDUP_FD_OOB");
static_assert(SOCKDUP_FD_ACCEPT == 0x08, "SOCKDUP_FD_ACCEPT");
static_assert(SOCKDUP_FD_CONNECT == 0x10, "SOCKDUP_FD_CONNECT");
static_assert(SOCKDUP_FD_CLOSE == 0x20, "SOCKDUP_FD_CLOSE");
static_assert(SOCKDUP_EVENT_KIND_EVENT == 0, "SOCKDUP_EVENT_KIND_EVENT");
static_assert(SOCKDUP_EVENT_KIND_MESSAGE == 1, "SOCKDUP_EVENT_KIND_MESSAGE");
static_assert(SOCKDUP_EVENT_KEEP_SET == 1, "SOCKDUP_EVENT_KEEP_SET");

static_assert(SOCKDUP_INFO_SIZE_VER0 == 40, "first version of info");
static_assert(SOCKDUP_IOC_INFO == 0xde00, "number of SOCKDUP_IOC_INFO");
static_assert(SOCKDUP_EXPORT_SIZE_VER0 == 32, "first version of export");
static_assert(SOCKDUP_IOC_EXPORT == 0xde01, "number of SOCKDUP_IOC_EXPORT");
static_assert(SOCKDUP_IMPORT_SIZE_VER0 == 40, "first version of import");
static_assert(SOCKDUP_IOC_IMPORT == 0xde02, "number of SOCKDUP_IOC_IMPORT");
static_assert(SOCKDUP_QUERY_SIZE_VER0 == 56, "first version of query");
static_assert(SOCKDUP_IOC_QUERY == 0xde03, "number of SOCKDUP_IOC_QUERY");
static_assert(SOCKDUP_REVOKE_SIZE_VER0 == 24, "first version of revoke");
static_assert(SOCKDUP_IOC_REVOKE == 0xde04, "number of SOCKDUP_IOC_REVOKE");
static_assert(SOCKDUP_EVENT_SELECT_SIZE_VER0 == 24,
	      "first version of event select");
static_assert(SOCKDUP_IOC_EVENT_SELECT == 0xde05,
	      "number of SOCKDUP_IOC_EVENT_SELECT");
static_assert(SOCKDUP_EVENT_ENUMERATE_SIZE_VER0 == 56,
	      "first version of event enumerate");
static_assert(SOCKDUP_IOC_EVENT_ENUMERATE == 0xde06,
	      "number of SOCKDUP_IOC_EVENT_ENUMERATE");
static_assert(SOCKDUP_EVENT_REARM_SIZE_VER0 == 16,
	      "first version of event rearm");
static_assert(SOCKDUP_IOC_EVENT_REARM == 0xde07,
	      "number of SOCKDUP_IOC_EVENT_REARM");
static_assert(SOCKDUP_EVENT_INHERIT_SIZE_VER0 == 16,
	      "first version of event inherit");
static_assert(SOCKDUP_IOC_EVENT_INHERIT == 0xde08,
	      "number of SOCKDUP_IOC_EVENT_INHERIT");
static_assert(SOCKDUP_EVENT_QUERY_SIZE_VER0 == 40,
	      "first version of event query");
static_assert(SOCKDUP_IOC_EVENT_QUERY == 0xde09,
	      "number of SOCKDUP_IOC_EVENT_QUERY");

#define LAST_COMMAND	SOCKDUP_IOC_EVENT_QUERY

/* Users without any right. */
#define SOURCE_UID	1001
#define TARGET_UID	1002
#define STRANGER_UID	1003

/* For tokens that have to outlive a test on a slow machine. */
#define LONG_TTL_MS	600000

/*
 * What the tests have to know of a command. Offsets are 0 where the argument
 * has no such field, sizes 0 where there is no such range.
 */
struct command {
	unsigned int number;
	size_t size;
	size_t first_size;	/* in the first version */
	__u32 flags;		/* known ones */
	size_t reserved;	/* offset of the reserved field */
	size_t info_size;	/* offset of info_size */
	size_t info;		/* offset of the pointer to the info */
	size_t fd;		/* offset of the socket, in the event commands */
	unsigned int registered;	/* REGISTERED_* before it */
	bool names_token;	/* by what the info holds */
	bool writes_info;
	struct {
		size_t offset;
		size_t size;
	} outputs[2];
};

static const struct command info_command = {
	.number = SOCKDUP_IOC_INFO,
	.size = sizeof(struct sockdup_info),
	.first_size = SOCKDUP_INFO_SIZE_VER0,
	.reserved = offsetof(struct sockdup_info, __reserved),
	.outputs = {
		{ offsetof(struct sockdup_info, abi_version), 28 },
	},
};

static const struct command export_command = {
	.number = SOCKDUP_IOC_EXPORT,
	.size = sizeof(struct sockdup_export),
	.first_size = SOCKDUP_EXPORT_SIZE_VER0,
	.flags = SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_END_ON_CLOSE,
	.info_size = offsetof(struct sockdup_export, info_size),
	.info = offsetof(struct sockdup_export, info),
	.writes_info = true,
};

static const struct command import_command = {
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

static const struct command query_command = {
	.number = SOCKDUP_IOC_QUERY,
	.size = sizeof(struct sockdup_query),
	.first_size = SOCKDUP_QUERY_SIZE_VER0,
	.info_size = offsetof(struct sockdup_query, info_size),
	.info = offsetof(struct sockdup_query, info),
	.names_token = true,
	.writes_info = true,
	.outputs = {
		{ offsetof(struct sockdup_query, target_pid), 4 },
		{ offsetof(struct sockdup_query, source), 32 },
	},
};

static const struct command revoke_command = {
	.number = SOCKDUP_IOC_REVOKE,
	.size = sizeof(struct sockdup_revoke),
	.first_size = SOCKDUP_REVOKE_SIZE_VER0,
	.reserved = offsetof(struct sockdup_revoke, __reserved),
	.info_size = offsetof(struct sockdup_revoke, info_size),
	.info = offsetof(struct sockdup_revoke, info),
	.names_token = true,
};

/* The ends of the pair that are registered before the command is given. */
#define REGISTERED_FD	0x1
#define REGISTERED_PEER	0x2

static const struct command select_command = {
	.number = SOCKDUP_IOC_EVENT_SELECT,
	.size = sizeof(struct sockdup_event_select),
	.first_size = SOCKDUP_EVENT_SELECT_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_select, fd),
};

static const struct command enumerate_command = {
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

static const struct command rearm_command = {
	.number = SOCKDUP_IOC_EVENT_REARM,
	.size = sizeof(struct sockdup_event_rearm),
	.first_size = SOCKDUP_EVENT_REARM_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_rearm, fd),
	.registered = REGISTERED_FD,
};

static const struct command inherit_command = {
	.number = SOCKDUP_IOC_EVENT_INHERIT,
	.size = sizeof(struct sockdup_event_inherit),
	.first_size = SOCKDUP_EVENT_INHERIT_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_inherit, fd),
	.registered = REGISTERED_PEER,
};

static const struct command event_query_command = {
	.number = SOCKDUP_IOC_EVENT_QUERY,
	.size = sizeof(struct sockdup_event_query),
	.first_size = SOCKDUP_EVENT_QUERY_SIZE_VER0,
	.fd = offsetof(struct sockdup_event_query, fd),
	.registered = REGISTERED_FD,
	.outputs = {
		{ offsetof(struct sockdup_event_query, mask), 28 },
	},
};

static const struct command *const event_commands[] = {
	&select_command, &enumerate_command, &rearm_command,
	&inherit_command, &event_query_command,
};

/* @start and the following bytes up to @end may be used, none around them. */
struct arena {
	size_t page;
	unsigned char *start;
	unsigned char *end;
};

/*
 * A command about to be given: one end of a socket pair is exported by it, or
 * is in a token already where the command names one. The target is the test
 * itself. An event command is given for that end.
 */
struct scene {
	const struct command *command;
	int device;
	int event;
	int fd;
	int peer;		/* sees the end of @fd's socket */
	int descriptors;	/* open ones before the command */
	struct arena arena;
	struct sockdup_protocol_info token;
	struct sockdup_protocol_info info;	/* that the command is given */
};

static int arena_map(struct arena *arena)
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

static void arena_make_readonly(struct arena *arena)
{
	mprotect(arena->start, arena->end - arena->start, PROT_READ);
}

static void arena_make_writable(struct arena *arena)
{
	mprotect(arena->start, arena->end - arena->start,
		 PROT_READ | PROT_WRITE);
}

static void *unmapped_page(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	munmap(map, page);
	return map;
}

#define BAD_POINTERS	8

/*
 * Addresses that nothing can be read from or written to. The last ones are
 * @valid with what a careless 32-bit caller leaves in the upper half.
 */
static void bad_pointers(const struct arena *arena, void *valid,
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

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static __u64 boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void put_u32(void *argument, size_t offset, __u32 value)
{
	memcpy((unsigned char *)argument + offset, &value, sizeof(value));
}

static void put_u64(void *argument, size_t offset, __u64 value)
{
	memcpy((unsigned char *)argument + offset, &value, sizeof(value));
}

static void put_pointer(void *argument, size_t offset, const void *pointer)
{
	put_u64(argument, offset, (uintptr_t)pointer);
}

static struct sockdup_export valid_export(struct scene *scene)
{
	return (struct sockdup_export) {
		.size = sizeof(struct sockdup_export),
		.fd = scene->fd,
		.target = getpid(),
		.ttl_ms = LONG_TTL_MS,
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
	};
}

/* For SOCKDUP_FD_CLOSE alone, which holds of no end of the pair. */
static void put_event_fields(const struct scene *scene, void *argument)
{
	struct sockdup_event_inherit *inherit = argument;
	struct sockdup_event_select *select = argument;
	struct sockdup_event_rearm *rearm = argument;

	put_u32(argument, scene->command->fd, scene->fd);
	switch (scene->command->number) {
	case SOCKDUP_IOC_EVENT_SELECT:
		select->event = scene->event;
		select->mask = SOCKDUP_FD_CLOSE;
		break;
	case SOCKDUP_IOC_EVENT_REARM:
		rearm->events = SOCKDUP_FD_CLOSE;
		break;
	case SOCKDUP_IOC_EVENT_INHERIT:
		inherit->listener = scene->peer;
	}
}

/* An argument with which the command succeeds, poison in its outputs. */
static void put_valid_argument(struct scene *scene, void *argument)
{
	const struct command *command = scene->command;
	struct sockdup_export export = valid_export(scene);
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
		put_event_fields(scene, argument);
	if (command->info) {
		put_u32(argument, command->info_size, sizeof(scene->info));
		put_pointer(argument, command->info, &scene->info);
	}
	if (command->names_token)
		scene->info = scene->token;
	else
		memset(&scene->info, POISON, sizeof(scene->info));
}

/* A valid argument that nothing readable follows. */
static unsigned char *valid_argument(struct scene *scene)
{
	unsigned char *argument = scene->arena.end - scene->command->size;

	put_valid_argument(scene, argument);
	return argument;
}

/* A valid argument that says to be @size bytes, zero in what is beyond it. */
static unsigned char *grown_argument(struct scene *scene, size_t size)
{
	unsigned char *argument = scene->arena.end - size;

	memset(argument, 0, size);
	put_valid_argument(scene, argument);
	put_u32(argument, 0, size);
	return argument;
}

static int read_limits(int device, struct sockdup_info *limits)
{
	memset(limits, 0, sizeof(*limits));
	limits->size = sizeof(*limits);
	return device_ioctl(device, SOCKDUP_IOC_INFO, limits);
}

static int give(struct scene *scene, void *argument)
{
	return device_ioctl(scene->device, scene->command->number, argument);
}

static int scene_export(struct scene *scene)
{
	return raw_export(scene->device, scene->fd, getpid(), LONG_TTL_MS,
			  &scene->token);
}

static int registered_mask(const struct scene *scene, int fd)
{
	struct sockdup_event_query query = { .size = sizeof(query), .fd = fd };
	int value = device_ioctl(scene->device, SOCKDUP_IOC_EVENT_QUERY,
				 &query);

	return value ? value : (int)query.mask;
}

static int scene_register(struct scene *scene)
{
	unsigned int registered = scene->command->registered;
	int error = 0;

	if (registered & REGISTERED_FD)
		error = raw_event_select(scene->device, scene->fd,
					 scene->event, SOCKDUP_FD_CLOSE);
	if (!error && registered & REGISTERED_PEER)
		error = raw_event_select(scene->device, scene->peer,
					 scene->event, SOCKDUP_FD_CLOSE);
	return error;
}

/* As scene_register() has left them. */
static void expect_registrations(struct __test_metadata *_metadata,
				 const struct scene *scene)
{
	unsigned int registered = scene->command->registered;

	EXPECT_EQ(registered & REGISTERED_FD ? SOCKDUP_FD_CLOSE : 0,
		  registered_mask(scene, scene->fd));
	EXPECT_EQ(registered & REGISTERED_PEER ? SOCKDUP_FD_CLOSE : 0,
		  registered_mask(scene, scene->peer));
}

static void scene_setup(struct __test_metadata *_metadata,
			struct scene *scene, const struct command *command)
{
	int pair[2];

	scene->command = command;
	scene->device = device_open();
	ASSERT_LE(0, scene->device);
	ASSERT_EQ(0, arena_map(&scene->arena));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	scene->fd = pair[0];
	scene->peer = pair[1];
	scene->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, scene->event);
	ASSERT_EQ(0, scene_register(scene));
	if (command->names_token)
		ASSERT_EQ(0, scene_export(scene));
	scene->descriptors = count_descriptors();
}

/*
 * Nothing is held that was not held before: the socket ends with the test's
 * own descriptor of it, and with its token where there was one before.
 */
static void scene_end(struct __test_metadata *_metadata, struct scene *scene)
{
	int fd;

	EXPECT_EQ(scene->descriptors, count_descriptors());
	if (scene->command->names_token) {
		fd = raw_import(scene->device, &scene->token, 0, NULL);
		EXPECT_LE(0, fd);
		EXPECT_EQ(1, same_file(0, fd, 0, scene->fd));
		close(fd);
	}
	expect_registrations(_metadata, scene);
	EXPECT_EQ(0, recv_nothing(scene->peer));
	close(scene->fd);
	EXPECT_EQ(0, wait_for_end(scene->peer));
	close(scene->event);
}

/* Looks at what a command that succeeded did, and undoes it. */
static void undo(struct __test_metadata *_metadata, struct scene *scene,
		 int value)
{
	switch (scene->command->number) {
	case SOCKDUP_IOC_EXPORT:
		ASSERT_EQ(0, value);
		ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
		break;
	case SOCKDUP_IOC_IMPORT:
		ASSERT_LE(0, value);
		ASSERT_EQ(1, same_file(0, value, 0, scene->fd));
		ASSERT_EQ(0, close(value));
		ASSERT_EQ(0, scene_export(scene));
		break;
	case SOCKDUP_IOC_REVOKE:
		ASSERT_EQ(0, value);
		ASSERT_EQ(-ENOENT, raw_query(scene->device, &scene->token));
		ASSERT_EQ(0, scene_export(scene));
		break;
	case SOCKDUP_IOC_EVENT_SELECT:
	case SOCKDUP_IOC_EVENT_INHERIT:
		ASSERT_EQ(0, value);
		ASSERT_EQ(SOCKDUP_FD_CLOSE, registered_mask(scene, scene->fd));
		ASSERT_EQ(0, raw_event_select(scene->device, scene->fd, -1, 0));
		break;
	default:
		ASSERT_EQ(0, value);
	}
}

/* Arguments of all commands. */

FIXTURE(argument) {
	struct scene scene;
};

FIXTURE_VARIANT(argument) {
	const struct command *command;
};

FIXTURE_VARIANT_ADD(argument, info) { &info_command };
FIXTURE_VARIANT_ADD(argument, export) { &export_command };
FIXTURE_VARIANT_ADD(argument, import) { &import_command };
FIXTURE_VARIANT_ADD(argument, query) { &query_command };
FIXTURE_VARIANT_ADD(argument, revoke) { &revoke_command };
FIXTURE_VARIANT_ADD(argument, event_select) { &select_command };
FIXTURE_VARIANT_ADD(argument, event_enumerate) { &enumerate_command };
FIXTURE_VARIANT_ADD(argument, event_rearm) { &rearm_command };
FIXTURE_VARIANT_ADD(argument, event_inherit) { &inherit_command };
FIXTURE_VARIANT_ADD(argument, event_query) { &event_query_command };

FIXTURE_SETUP(argument)
{
	scene_setup(_metadata, &self->scene, variant->command);
}

FIXTURE_TEARDOWN(argument)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(argument, that_is_valid_is_accepted)
{
	undo(_metadata, &self->scene,
	     give(&self->scene, valid_argument(&self->scene)));
}

TEST_F(argument, smaller_than_the_first_version_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->scene);
	size_t size;

	for (size = 0; size < variant->command->first_size; size++) {
		put_u32(argument, 0, size);
		ASSERT_EQ(-EINVAL, give(&self->scene, argument)) {
			TH_LOG("size %zu", size);
		}
	}
}

TEST_F(argument, larger_with_zero_tail_is_accepted)
{
	const size_t sizes[] = {
		variant->command->size + 1,
		variant->command->size + 4,
		variant->command->size + 8,
		self->scene.arena.page,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		undo(_metadata, &self->scene,
		     give(&self->scene,
			  grown_argument(&self->scene, sizes[i])));
}

TEST_F(argument, larger_with_a_byte_set_in_its_tail_is_E2BIG)
{
	size_t known = variant->command->size;
	size_t size = known + 16;
	unsigned char *argument;
	size_t at;

	for (at = known; at < size; at++) {
		argument = grown_argument(&self->scene, size);
		argument[at] = 1;
		EXPECT_EQ(-E2BIG, give(&self->scene, argument)) {
			TH_LOG("byte %zu", at);
		}
	}
	size = self->scene.arena.page;
	argument = grown_argument(&self->scene, size);
	argument[size - 1] = 0x80;
	EXPECT_EQ(-E2BIG, give(&self->scene, argument));
}

TEST_F(argument, larger_than_a_page_is_E2BIG)
{
	size_t size = self->scene.arena.page + 1;
	unsigned char *argument = grown_argument(&self->scene, size);

	EXPECT_EQ(-E2BIG, give(&self->scene, argument));
	put_u32(argument, 0, ~0U);
	EXPECT_EQ(-E2BIG, give(&self->scene, argument));
}

TEST_F(argument, with_unreadable_tail_is_EFAULT)
{
	unsigned char *argument = valid_argument(&self->scene);

	put_u32(argument, 0, variant->command->size + 8);
	EXPECT_EQ(-EFAULT, give(&self->scene, argument));
}

TEST_F(argument, cut_by_the_end_of_a_page_is_EFAULT)
{
	unsigned char valid[sizeof(struct sockdup_query)];
	size_t readable;

	put_valid_argument(&self->scene, valid);
	for (readable = 1; readable < variant->command->size; readable++) {
		unsigned char *argument = self->scene.arena.end - readable;

		memcpy(argument, valid, readable);
		ASSERT_EQ(-EFAULT, give(&self->scene, argument)) {
			TH_LOG("%zu bytes readable", readable);
		}
	}
}

TEST_F(argument, W39_bad_pointer_is_EFAULT)
{
	void *valid = valid_argument(&self->scene);
	__u64 bad[BAD_POINTERS];
	unsigned int i;

	bad_pointers(&self->scene.arena, valid, bad);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		void *argument = (void *)(uintptr_t)bad[i];

		/* The pointer of a 32-bit caller has no upper half. */
		if (argument == valid)
			continue;
		EXPECT_EQ(-EFAULT, give(&self->scene, argument)) {
			TH_LOG("address %llx", (unsigned long long)bad[i]);
		}
	}
}

TEST_F(argument, read_only_is_EFAULT_where_it_has_outputs)
{
	unsigned char *argument = valid_argument(&self->scene);
	int value;

	arena_make_readonly(&self->scene.arena);
	value = give(&self->scene, argument);
	arena_make_writable(&self->scene.arena);
	if (!variant->command->outputs[0].size)
		return undo(_metadata, &self->scene, value);
	EXPECT_EQ(-EFAULT, value);
}

TEST_F(argument, W45_unknown_flag_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->scene);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->command->flags & 1U << bit)
			continue;
		put_u32(argument, 4, 1U << bit);
		ASSERT_EQ(-EINVAL, give(&self->scene, argument)) {
			TH_LOG("bit %u", bit);
		}
		put_u32(argument, 4, variant->command->flags | 1U << bit);
		ASSERT_EQ(-EINVAL, give(&self->scene, argument)) {
			TH_LOG("bit %u and the known ones", bit);
		}
	}
}

TEST_F(argument, under_a_number_with_direction_or_size_is_ENOTTY)
{
	static const unsigned int directions[] = {
		_IOC_NONE, _IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE,
	};
	const size_t sizes[] = { 0, 1, 4, variant->command->size };
	unsigned char *argument = valid_argument(&self->scene);
	unsigned int number;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(directions) * ARRAY_SIZE(sizes); i++) {
		number = _IOC(directions[i / ARRAY_SIZE(sizes)],
			      SOCKDUP_IOC_TYPE,
			      _IOC_NR(variant->command->number),
			      sizes[i % ARRAY_SIZE(sizes)]);
		if (number == variant->command->number)
			continue;
		ASSERT_EQ(-ENOTTY, device_ioctl(self->scene.device, number,
						argument)) {
			TH_LOG("number %x", number);
		}
	}
}

TEST_F(argument, under_the_number_of_another_type_is_ENOTTY)
{
	unsigned char *argument = valid_argument(&self->scene);
	unsigned int number = _IOC_NR(variant->command->number);

	EXPECT_EQ(-ENOTTY, device_ioctl(self->scene.device,
					_IO(SOCKDUP_IOC_TYPE - 1, number),
					argument));
	EXPECT_EQ(-ENOTTY, device_ioctl(self->scene.device,
					_IO(SOCKDUP_IOC_TYPE + 1, number),
					argument));
}

TEST_F(argument, under_a_number_of_no_command_is_ENOTTY)
{
	unsigned char *argument = valid_argument(&self->scene);
	unsigned int number;

	for (number = _IOC_NR(LAST_COMMAND) + 1; number < 256; number++) {
		ASSERT_EQ(-ENOTTY, device_ioctl(self->scene.device,
						_IO(SOCKDUP_IOC_TYPE, number),
						argument)) {
			TH_LOG("number %u", number);
		}
	}
}

#ifdef __x86_64__
/* The system call as a 32-bit program makes it. */
static int ioctl_32(int fd, unsigned int number, const void *argument)
{
	long value = 54;

	asm volatile("int $0x80"
		     : "+a" (value)
		     : "b" (fd), "c" (number), "d" (argument)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)value;
}
#else
/* A program that is one itself makes no other. */
static int ioctl_32(int fd, unsigned int number, void *argument)
{
	return sizeof(void *) == 4 ? device_ioctl(fd, number, argument) :
				     -EOPNOTSUPP;
}
#endif

#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif

/* The call is a fault where the kernel runs no 32-bit programs. */
static bool serves_32_bits(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(ioctl_32(-1, 0, NULL) != -EBADF);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

TEST_F(argument, of_a_32_bit_caller_is_accepted)
{
	struct scene *low;
	unsigned char *argument;

	if (!serves_32_bits())
		SKIP(return, "no 32-bit system calls here");
	low = mmap(NULL, 2 * self->scene.arena.page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, low);
	*low = self->scene;
	argument = (unsigned char *)low + self->scene.arena.page;
	put_valid_argument(low, argument);
	undo(_metadata, low,
	     ioctl_32(low->device, variant->command->number, argument));
	self->scene.token = low->token;
}

/* Reserved fields. */

FIXTURE(reserved) {
	struct scene scene;
};

FIXTURE_VARIANT(reserved) {
	const struct command *command;
};

FIXTURE_VARIANT_ADD(reserved, info) { &info_command };
FIXTURE_VARIANT_ADD(reserved, import) { &import_command };
FIXTURE_VARIANT_ADD(reserved, revoke) { &revoke_command };

FIXTURE_SETUP(reserved)
{
	scene_setup(_metadata, &self->scene, variant->command);
}

FIXTURE_TEARDOWN(reserved)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(reserved, field_that_is_not_zero_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->scene);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		put_u32(argument, variant->command->reserved, 1U << bit);
		ASSERT_EQ(-EINVAL, give(&self->scene, argument)) {
			TH_LOG("bit %u", bit);
		}
	}
}

/* The pointer to a protocol info. */

FIXTURE(pointer) {
	struct scene scene;
	unsigned char argument[sizeof(struct sockdup_query)];
};

FIXTURE_VARIANT(pointer) {
	const struct command *command;
};

FIXTURE_VARIANT_ADD(pointer, export) { &export_command };
FIXTURE_VARIANT_ADD(pointer, import) { &import_command };
FIXTURE_VARIANT_ADD(pointer, query) { &query_command };
FIXTURE_VARIANT_ADD(pointer, revoke) { &revoke_command };

FIXTURE_SETUP(pointer)
{
	scene_setup(_metadata, &self->scene, variant->command);
	put_valid_argument(&self->scene, self->argument);
}

FIXTURE_TEARDOWN(pointer)
{
	scene_end(_metadata, &self->scene);
}

/* Copies the info to the end of the arena, where @readable bytes fit. */
static unsigned char *info_at_end(struct scene *scene, size_t readable)
{
	unsigned char *info = scene->arena.end - readable;

	memcpy(info, &scene->info, readable);
	return info;
}

TEST_F(pointer, W38_other_info_size_is_EINVAL)
{
	static const __u32 sizes[] = { 0, 1, 127, 129, 131, 256, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		put_u32(self->argument, variant->command->info_size, sizes[i]);
		EXPECT_EQ(-EINVAL, give(&self->scene, self->argument)) {
			TH_LOG("info_size %u", sizes[i]);
		}
	}
}

TEST_F(pointer, W39_bad_address_is_EFAULT)
{
	__u64 bad[BAD_POINTERS];
	unsigned int i;

	bad_pointers(&self->scene.arena, &self->scene.info, bad);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put_u64(self->argument, variant->command->info, bad[i]);
		EXPECT_EQ(-EFAULT, give(&self->scene, self->argument)) {
			TH_LOG("address %llx", (unsigned long long)bad[i]);
		}
	}
}

/* Nothing of an info but its size and its opaque bytes has to be there. */
TEST_F(pointer, W39_to_an_info_cut_by_the_end_of_a_page_is_EFAULT)
{
	size_t needed = variant->command->writes_info ?
			sizeof(struct sockdup_protocol_info) :
			offsetof(struct sockdup_protocol_info, protocol_name);
	size_t readable;

	for (readable = 1; readable < needed; readable++) {
		put_pointer(self->argument, variant->command->info,
			    info_at_end(&self->scene, readable));
		ASSERT_EQ(-EFAULT, give(&self->scene, self->argument)) {
			TH_LOG("%zu bytes readable", readable);
		}
	}
}

TEST_F(pointer, to_an_info_at_the_end_of_a_page_is_accepted)
{
	unsigned char *info = info_at_end(&self->scene,
					  sizeof(self->scene.info));
	int value;

	put_pointer(self->argument, variant->command->info, info);
	value = give(&self->scene, self->argument);
	memcpy(&self->scene.info, info, sizeof(self->scene.info));
	undo(_metadata, &self->scene, value);
}

TEST_F(pointer, W39_to_a_read_only_info_is_EFAULT_where_it_is_written)
{
	unsigned char *info = info_at_end(&self->scene,
					  sizeof(self->scene.info));
	int value;

	put_pointer(self->argument, variant->command->info, info);
	arena_make_readonly(&self->scene.arena);
	value = give(&self->scene, self->argument);
	arena_make_writable(&self->scene.arena);
	if (!variant->command->writes_info)
		return undo(_metadata, &self->scene, value);
	EXPECT_EQ(-EFAULT, value);
}

/* Protocol infos that name a token. */

FIXTURE(token) {
	struct scene scene;
	unsigned char argument[sizeof(struct sockdup_query)];
};

FIXTURE_VARIANT(token) {
	const struct command *command;
};

FIXTURE_VARIANT_ADD(token, import) { &import_command };
FIXTURE_VARIANT_ADD(token, query) { &query_command };
FIXTURE_VARIANT_ADD(token, revoke) { &revoke_command };

FIXTURE_SETUP(token)
{
	scene_setup(_metadata, &self->scene, variant->command);
	put_valid_argument(&self->scene, self->argument);
}

FIXTURE_TEARDOWN(token)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(token, W38_with_another_size_within_is_EINVAL)
{
	static const __u32 sizes[] = { 0, 1, 127, 129, 131, 256, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->scene.info.size = sizes[i];
		EXPECT_EQ(-EINVAL, give(&self->scene, self->argument)) {
			TH_LOG("size %u", sizes[i]);
		}
	}
}

TEST_F(token, W37_with_one_bit_of_the_opaque_bytes_flipped_is_ENOENT)
{
	unsigned int bit;

	for (bit = 0; bit < 8 * SOCKDUP_OPAQUE_SIZE; bit++) {
		self->scene.info.opaque[bit / 8] ^= 1 << bit % 8;
		ASSERT_EQ(-ENOENT, give(&self->scene, self->argument)) {
			TH_LOG("bit %u", bit);
		}
		self->scene.info = self->scene.token;
	}
}

TEST_F(token, W37_with_all_opaque_bytes_alike_is_ENOENT)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		memset(self->scene.info.opaque, bytes[i],
		       sizeof(self->scene.info.opaque));
		EXPECT_EQ(-ENOENT, give(&self->scene, self->argument)) {
			TH_LOG("byte %x", bytes[i]);
		}
	}
}

TEST_F(token, W37_of_zeros_alone_is_EINVAL)
{
	memset(&self->scene.info, 0, sizeof(self->scene.info));
	EXPECT_EQ(-EINVAL, give(&self->scene, self->argument));
}

/* Sets all that its holder may read, and nothing else, to @byte. */
static void scribble(struct sockdup_protocol_info *info, int byte)
{
	struct sockdup_protocol_info before = *info;

	memset(info, byte, sizeof(*info));
	info->size = before.size;
	memcpy(info->opaque, before.opaque, sizeof(info->opaque));
}

TEST_F(token, with_an_altered_description_is_accepted)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		put_valid_argument(&self->scene, self->argument);
		scribble(&self->scene.info, bytes[i]);
		undo(_metadata, &self->scene,
		     give(&self->scene, self->argument));
	}
}

TEST_F(token, W33_that_was_imported_is_ENOENT)
{
	int fd = raw_import(self->scene.device, &self->scene.token, 0, NULL);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(-ENOENT, give(&self->scene, self->argument));
	ASSERT_EQ(0, scene_export(&self->scene));
}

TEST_F(token, W58_that_was_revoked_is_ENOENT)
{
	ASSERT_EQ(0, raw_revoke(self->scene.device, &self->scene.token));
	EXPECT_EQ(-ENOENT, give(&self->scene, self->argument));
	ASSERT_EQ(0, scene_export(&self->scene));
}

/* What an export is asked to do. */

FIXTURE(export) {
	struct scene scene;
	struct agent agent;
	struct sockdup_export argument;
};

FIXTURE_SETUP(export)
{
	ASSERT_EQ(0, agent_spawn(&self->agent));
	scene_setup(_metadata, &self->scene, &export_command);
	self->argument = valid_export(&self->scene);
}

FIXTURE_TEARDOWN(export)
{
	scene_end(_metadata, &self->scene);
	agent_stop(&self->agent);
}

TEST_F(export, W6_negative_pid_is_EINVAL)
{
	static const pid_t pids[] = { -1, -2, INT_MIN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		self->argument.target = pids[i];
		EXPECT_EQ(-EINVAL, give(&self->scene, &self->argument)) {
			TH_LOG("pid %d", pids[i]);
		}
	}
	self->argument.target = -self->agent.pid;
	EXPECT_EQ(-EINVAL, give(&self->scene, &self->argument));
}

TEST_F(export, to_a_number_that_no_process_has_is_ESRCH)
{
	long pid_max = read_number("/proc/sys/kernel/pid_max");

	ASSERT_LT(0, pid_max);
	self->argument.target = pid_max;
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
	self->argument.target = INT_MAX;
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
}

TEST_F(export, to_a_kernel_thread_is_ESRCH)
{
	char name[16] = "";
	int fd;

	fd = open("/proc/2/comm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no process 2 in this pid namespace");
	ASSERT_LT(0, read(fd, name, sizeof(name) - 1));
	ASSERT_EQ(0, close(fd));
	if (strcmp(name, "kthreadd\n"))
		SKIP(return, "process 2 is no kernel thread here");

	self->argument.target = 2;
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
}

TEST_F(export, to_a_process_that_is_dead_but_not_reaped_is_ESRCH)
{
	ASSERT_EQ(0, agent_exit(&self->agent, 0));
	self->argument.target = self->agent.pid;
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
}

TEST_F(export, to_a_process_that_died_with_a_token_waiting_is_ESRCH)
{
	self->argument.target = self->agent.pid;
	ASSERT_EQ(0, give(&self->scene, &self->argument));
	ASSERT_EQ(0, agent_exit(&self->agent, 0));
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
}

TEST_F(export, to_a_process_that_is_gone_is_ESRCH)
{
	self->argument.target = self->agent.pid;
	ASSERT_EQ(0, agent_stop(&self->agent));
	self->scene.descriptors = count_descriptors();
	EXPECT_EQ(-ESRCH, give(&self->scene, &self->argument));
}

TEST_F(export, for_longer_than_the_limit_is_EINVAL)
{
	struct sockdup_info limits;
	__u32 ttls[] = { 0, 1U << 31, ~0U };
	unsigned int i;

	ASSERT_EQ(0, read_limits(self->scene.device, &limits));
	ttls[0] = limits.max_ttl_ms + 1;
	for (i = 0; i < ARRAY_SIZE(ttls); i++) {
		self->argument.ttl_ms = ttls[i];
		EXPECT_EQ(-EINVAL, give(&self->scene, &self->argument)) {
			TH_LOG("ttl_ms %u", ttls[i]);
		}
	}
}

TEST_F(export, for_just_the_limit_is_accepted)
{
	struct sockdup_info limits;

	ASSERT_EQ(0, read_limits(self->scene.device, &limits));
	self->argument.ttl_ms = limits.max_ttl_ms;
	undo(_metadata, &self->scene, give(&self->scene, &self->argument));
}

/*
 * Ways in which an export is wrong, in the order in which the header says
 * that they are noticed. Those of one stage are not ordered.
 */
static const struct defect {
	const char *name;
	int stage;
	int error;
	size_t offset;
	__s32 value;
} defects[] = {
#define DEFECT(stage, error, member, value) \
	{ #member " " #value, stage, error, \
	  offsetof(struct sockdup_export, member), value }
	DEFECT(0, -EINVAL, flags, 1 << 30),
	DEFECT(0, -EINVAL, info_size, 127),
	DEFECT(1, -EBADF, fd, -1),
	DEFECT(1, -ENOTSOCK, fd, STDIN_FILENO),
	DEFECT(2, -EINVAL, target, 0),
	DEFECT(2, -ESRCH, target, INT_MAX),
	DEFECT(3, -EINVAL, ttl_ms, -1),
	DEFECT(4, -EFAULT, info, 0),
#undef DEFECT
};

static void put_defect(struct sockdup_export *argument,
		       const struct defect *defect)
{
	if (defect->offset == offsetof(struct sockdup_export, info))
		put_u64(argument, defect->offset, defect->value);
	else
		put_u32(argument, defect->offset, defect->value);
}

TEST_F(export, W4_W5_of_two_defects_the_first_by_the_header_is_told)
{
	const struct defect *first;
	const struct defect *second;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(STDIN_FILENO, dup2(null, STDIN_FILENO));
	ASSERT_EQ(0, close(null));
	for (first = defects; first < defects + ARRAY_SIZE(defects); first++) {
		for (second = first; second < defects + ARRAY_SIZE(defects);
		     second++) {
			if (second->stage == first->stage && second != first)
				continue;
			self->argument = valid_export(&self->scene);
			put_defect(&self->argument, second);
			put_defect(&self->argument, first);
			EXPECT_EQ(first->error,
				  give(&self->scene, &self->argument)) {
				TH_LOG("%s with %s", first->name, second->name);
			}
		}
	}
}

TEST_F(export, fills_the_whole_info)
{
	struct sockdup_protocol_info infos[2];
	unsigned int i;
	unsigned int j;

	for (i = 0; i < ARRAY_SIZE(infos); i++) {
		memset(&infos[i], i ? 0xff : 0, sizeof(infos[i]));
		self->argument.info = (uintptr_t)&infos[i];
		ASSERT_EQ(0, give(&self->scene, &self->argument));
		ASSERT_EQ(0, raw_revoke(self->scene.device, &infos[i]));

		EXPECT_EQ(sizeof(infos[i]), infos[i].size);
		EXPECT_EQ(1, infos[i].socket_count);
		EXPECT_EQ(0, infos[i].__reserved0);
		for (j = 0; j < sizeof(infos[i].__reserved); j++)
			EXPECT_EQ(0, infos[i].__reserved[j]);
	}
	EXPECT_NE(0, memcmp(infos[0].opaque, infos[1].opaque,
			    SOCKDUP_OPAQUE_SIZE));
	memset(infos[0].opaque, 0, SOCKDUP_OPAQUE_SIZE);
	memset(infos[1].opaque, 0, SOCKDUP_OPAQUE_SIZE);
	EXPECT_EQ(0, memcmp(&infos[0], &infos[1], sizeof(infos[0])));
}

/* Descriptors that are not of a socket, or of nothing. */

static int make_closed(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static int make_path_of_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[64];
	int path;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = open(name, O_PATH | O_CLOEXEC);
	close(fd);
	return path;
}

static int make_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	close(fds[1]);
	return fds[0];
}

static int make_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int make_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

struct number {
	const char *path;	/* to be opened, */
	int flags;
	int (*make)(void);	/* or else what it gives, */
	int fixed;		/* or else this */
};

static int make_number(const struct number *number)
{
	if (number->path)
		return open(number->path, number->flags | O_CLOEXEC);
	return number->make ? number->make() : number->fixed;
}

FIXTURE(descriptor) {
	struct scene scene;
};

FIXTURE_VARIANT(descriptor) {
	int error;
	struct number number;
};

FIXTURE_VARIANT_ADD(descriptor, minus_one) { -EBADF, { .fixed = -1 } };
FIXTURE_VARIANT_ADD(descriptor, least) { -EBADF, { .fixed = INT_MIN } };
FIXTURE_VARIANT_ADD(descriptor, largest) { -EBADF, { .fixed = INT_MAX } };
FIXTURE_VARIANT_ADD(descriptor, closed) { -EBADF, { .make = make_closed } };
FIXTURE_VARIANT_ADD(descriptor, path) { -EBADF, { .path = "/dev/null", .flags = O_PATH } };
FIXTURE_VARIANT_ADD(descriptor, path_of_socket) { -EBADF, { .make = make_path_of_socket } };
FIXTURE_VARIANT_ADD(descriptor, file) { -ENOTSOCK, { .path = "/proc/self/exe" } };
FIXTURE_VARIANT_ADD(descriptor, directory) { -ENOTSOCK, { .path = "/", .flags = O_DIRECTORY } };
FIXTURE_VARIANT_ADD(descriptor, device) { -ENOTSOCK, { .path = DEVICE_PATH, .flags = O_RDWR } };
FIXTURE_VARIANT_ADD(descriptor, pipe) { -ENOTSOCK, { .make = make_pipe } };
FIXTURE_VARIANT_ADD(descriptor, epoll) { -ENOTSOCK, { .make = make_epoll } };
FIXTURE_VARIANT_ADD(descriptor, eventfd) { -ENOTSOCK, { .make = make_eventfd } };
FIXTURE_VARIANT_ADD(descriptor, pidfd) { -ENOTSOCK, { .make = make_pidfd } };

FIXTURE_SETUP(descriptor)
{
	scene_setup(_metadata, &self->scene, &export_command);
}

FIXTURE_TEARDOWN(descriptor)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(descriptor, W3_W4_that_is_of_no_socket_is_refused)
{
	struct sockdup_export argument = valid_export(&self->scene);

	argument.fd = make_number(&variant->number);
	EXPECT_EQ(variant->error, give(&self->scene, &argument));
	close(argument.fd);
}

TEST_F(descriptor, that_is_of_no_socket_names_no_peer)
{
	struct sockdup_export argument = valid_export(&self->scene);

	argument.flags = SOCKDUP_EXPORT_TO_PEER;
	argument.target = make_number(&variant->number);
	EXPECT_EQ(variant->error, give(&self->scene, &argument));
	close(argument.target);
}

TEST_F(descriptor, W68_that_is_of_no_socket_has_no_events)
{
	unsigned char argument[sizeof(struct sockdup_event_enumerate)];
	int fd = make_number(&variant->number);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(event_commands); i++) {
		self->scene.command = event_commands[i];
		put_valid_argument(&self->scene, argument);
		put_u32(argument, self->scene.command->fd, fd);
		EXPECT_EQ(variant->error, give(&self->scene, argument)) {
			TH_LOG("command %x", self->scene.command->number);
		}
	}
	self->scene.command = &export_command;
	close(fd);
}

TEST_F(descriptor, that_is_of_no_socket_is_no_listener)
{
	struct sockdup_event_inherit argument = {
		.size = sizeof(argument),
		.fd = self->scene.fd,
		.listener = make_number(&variant->number),
	};

	EXPECT_EQ(variant->error, device_ioctl(self->scene.device,
					       SOCKDUP_IOC_EVENT_INHERIT,
					       &argument));
	close(argument.listener);
}

/* Targets that are named by a socket whose peer they are. */

FIXTURE(peer) {
	struct scene scene;
	struct sockdup_export argument;
};

FIXTURE_SETUP(peer)
{
	scene_setup(_metadata, &self->scene, &export_command);
	self->argument = valid_export(&self->scene);
	self->argument.flags = SOCKDUP_EXPORT_TO_PEER;
	self->argument.target = -1;
}

FIXTURE_TEARDOWN(peer)
{
	close(self->argument.target);
	scene_end(_metadata, &self->scene);
}

TEST_F(peer, W90_of_a_socket_pair_is_its_creator)
{
	int pair[2];
	int fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	self->argument.target = pair[0];
	ASSERT_EQ(0, give(&self->scene, &self->argument));
	fd = raw_import(self->scene.device, &self->scene.info, 0, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, fd, 0, self->scene.fd));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, close(pair[1]));
}

TEST_F(peer, of_a_socket_that_is_not_connected_is_ENOTCONN)
{
	self->argument.target = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->argument.target);
	EXPECT_EQ(-ENOTCONN, give(&self->scene, &self->argument));
}

TEST_F(peer, of_a_socket_that_listens_is_ENOTCONN)
{
	/* No more than the family: the kernel chooses a name. */
	static const struct sockaddr_un any = { .sun_family = AF_UNIX };

	self->argument.target = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->argument.target);
	ASSERT_EQ(0, bind(self->argument.target, (const void *)&any,
			  sizeof(sa_family_t)));
	ASSERT_EQ(0, listen(self->argument.target, 1));
	EXPECT_EQ(-ENOTCONN, give(&self->scene, &self->argument));
}

TEST_F(peer, of_a_socket_of_another_family_is_EINVAL)
{
	self->argument.target = tcp_listener(AF_INET);
	ASSERT_LE(0, self->argument.target);
	EXPECT_EQ(-EINVAL, give(&self->scene, &self->argument));
}

/*
 * An export by a process that is forked for it alone and has gone when the
 * outcome is known.
 */
struct order {
	uid_t uid;		/* the real one */
	uid_t euid;
	gid_t egid;
	int fd;
	pid_t pid;
	unsigned int ttl_ms;
	/* The outcome: */
	pid_t by;
	int value;
	struct sockdup_protocol_info info;
};

static int carry_out(struct order *order)
{
	int device;
	int value;

	if (setresgid(order->egid, order->egid, order->egid) ||
	    setresuid(order->uid, order->euid, order->euid))
		return -errno;
	device = device_open();
	if (device < 0)
		return device;
	value = raw_export(device, order->fd, order->pid, order->ttl_ms,
			   &order->info);
	close(device);
	return value;
}

static int place_order(struct order *order)
{
	int fds[2];
	int error;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	order->by = fork();
	if (!order->by) {
		order->by = getpid();
		order->value = carry_out(order);
		_exit(write_exactly(fds[1], order, sizeof(*order)) != 0);
	}
	close(fds[1]);
	error = order->by < 0 ? -EAGAIN :
				read_exactly(fds[0], order, sizeof(*order));
	close(fds[0]);
	if (order->by > 0)
		waitpid(order->by, NULL, 0);
	return error ? error : order->value;
}

/* Longer lives than the default, for the processes of other users. */

FIXTURE(long_life) {
	struct agent target;
	struct order order;
	int peer;
	__u32 default_ttl_ms;
};

/* Only the target may have the device open, and only where a test wants so. */
FIXTURE_SETUP(long_life)
{
	struct sockdup_info limits;
	int device;
	int pair[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	self->peer = pair[1];
	device = device_open();
	ASSERT_LE(0, device);
	ASSERT_EQ(0, read_limits(device, &limits));
	ASSERT_EQ(0, close(device));
	ASSERT_LT(limits.default_ttl_ms, limits.max_ttl_ms);
	self->default_ttl_ms = limits.default_ttl_ms;
	self->order = (struct order) {
		.uid = SOURCE_UID,
		.euid = SOURCE_UID,
		.egid = SOURCE_UID,
		.fd = pair[0],
		.pid = self->target.pid,
		.ttl_ms = limits.default_ttl_ms + 1,
	};
}

/* The end of the target is the end of what was exported to it. */
FIXTURE_TEARDOWN(long_life)
{
	EXPECT_EQ(0, agent_stop(&self->target));
	close(self->order.fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(long_life, for_another_users_process_is_EPERM)
{
	EXPECT_EQ(-EPERM, place_order(&self->order));
	self->order.ttl_ms = LONG_TTL_MS;
	EXPECT_EQ(-EPERM, place_order(&self->order));

	/* Nothing is left that only the target's end would let go of. */
	ASSERT_EQ(0, close(self->order.fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(long_life, asked_for_by_root_takes_CAP_SYS_RESOURCE)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	self->order.uid = 0;
	self->order.euid = 0;
	EXPECT_EQ(0, place_order(&self->order));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, place_order(&self->order));
}

TEST_F(long_life, with_bad_info_is_EPERM)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.fd = self->order.fd,
		.target = self->target.pid,
		.ttl_ms = self->order.ttl_ms,
		.info_size = sizeof(struct sockdup_protocol_info),
	};
	int device = device_open();

	ASSERT_LE(0, device);
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument));
}

TEST_F(long_life, that_is_just_the_default_is_accepted)
{
	self->order.ttl_ms = self->default_ttl_ms;
	EXPECT_EQ(0, place_order(&self->order));
	self->order.ttl_ms = 0;
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_of_the_same_user_is_accepted)
{
	ASSERT_EQ(0, agent_setuid(&self->target, SOURCE_UID));
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_that_has_the_device_open_is_accepted)
{
	ASSERT_LE(0, agent_open(&self->target, DEVICE_PATH, O_RDWR));
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_that_had_the_device_open_is_EPERM)
{
	int device = agent_open(&self->target, DEVICE_PATH, O_RDWR);

	ASSERT_LE(0, device);
	ASSERT_EQ(0, agent_close(&self->target, device));
	EXPECT_EQ(-EPERM, place_order(&self->order));
}

/* Who may ask about a token, and end it. */

struct parties {
	struct agent source;
	struct agent target;
	struct agent other;
	int fd;			/* in the source */
	struct sockdup_protocol_info info;
};

static void expect_live(struct __test_metadata *_metadata,
			struct parties *parties)
{
	int fd = agent_import(&parties->target, &parties->info, 0);

	EXPECT_LE(0, fd);
	EXPECT_EQ(1, same_file(parties->source.pid, parties->fd,
			       parties->target.pid, fd));
}

static void expect_ended(struct __test_metadata *_metadata,
			 struct parties *parties)
{
	EXPECT_EQ(-ENOENT, agent_import(&parties->target, &parties->info, 0));
}

static void spoil_secret(struct sockdup_protocol_info *info)
{
	info->opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
}

/* Lets the user @outside of the initial namespace be @inside of an agent's. */
static int map_user(const struct agent *agent, uid_t inside, uid_t outside)
{
	static const char *const names[] = { "uid_map", "gid_map" };
	char path[64];
	unsigned int i;
	int fd;
	int error;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", agent->pid,
			 names[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		error = dprintf(fd, "%u %u 1\n", inside, outside) < 0 ?
			-errno : 0;
		close(fd);
		if (error)
			return error;
	}
	return 0;
}

static int just_query(struct agent *agent,
		      const struct sockdup_protocol_info *info)
{
	struct sockdup_description description;

	return agent_query(agent, info, &description);
}

FIXTURE(permission) {
	struct parties parties;
};

FIXTURE_VARIANT(permission) {
	int (*ask)(struct agent *agent,
		   const struct sockdup_protocol_info *info);
	void (*expect)(struct __test_metadata *_metadata,
		       struct parties *parties);
};

FIXTURE_VARIANT_ADD(permission, query) { just_query, expect_live };
FIXTURE_VARIANT_ADD(permission, revoke) { agent_revoke, expect_ended };

FIXTURE_SETUP(permission)
{
	struct parties *parties = &self->parties;

	ASSERT_EQ(0, agent_spawn(&parties->source));
	ASSERT_EQ(0, agent_spawn(&parties->target));
	ASSERT_EQ(0, agent_spawn(&parties->other));
	ASSERT_EQ(0, agent_setuid(&parties->source, SOURCE_UID));
	ASSERT_EQ(0, agent_setuid(&parties->target, TARGET_UID));
	parties->fd = agent_socket(&parties->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, parties->fd);
	ASSERT_EQ(0, agent_duplicate(&parties->source, parties->fd,
				     parties->target.pid, &parties->info));
}

FIXTURE_TEARDOWN(permission)
{
	agent_stop(&self->parties.other);
	agent_stop(&self->parties.target);
	agent_stop(&self->parties.source);
}

TEST_F(permission, of_the_source_is_given)
{
	EXPECT_EQ(0, variant->ask(&self->parties.source, &self->parties.info));
	variant->expect(_metadata, &self->parties);
}

TEST_F(permission, of_the_target_is_given)
{
	EXPECT_EQ(0, variant->ask(&self->parties.target, &self->parties.info));
	variant->expect(_metadata, &self->parties);
}

TEST_F(permission, of_another_process_of_the_sources_user_is_given)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, SOURCE_UID));
	EXPECT_EQ(0, variant->ask(&self->parties.other, &self->parties.info));
	variant->expect(_metadata, &self->parties);
}

TEST_F(permission, of_the_sources_user_in_another_user_namespace_is_given)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, SOURCE_UID));
	if (agent_unshare(&self->parties.other, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	EXPECT_EQ(0, variant->ask(&self->parties.other, &self->parties.info));
	variant->expect(_metadata, &self->parties);
}

TEST_F(permission, of_root_is_given)
{
	EXPECT_EQ(0, variant->ask(&self->parties.other, &self->parties.info));
	variant->expect(_metadata, &self->parties);
}

TEST_F(permission, of_another_process_of_the_targets_user_is_EPERM)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, TARGET_UID));
	EXPECT_EQ(-EPERM, variant->ask(&self->parties.other,
				       &self->parties.info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_a_stranger_is_EPERM)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, STRANGER_UID));
	EXPECT_EQ(-EPERM, variant->ask(&self->parties.other,
				       &self->parties.info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_a_stranger_without_the_secret_is_ENOENT)
{
	struct sockdup_protocol_info info = self->parties.info;

	spoil_secret(&info);
	ASSERT_EQ(0, agent_setuid(&self->parties.other, STRANGER_UID));
	EXPECT_EQ(-ENOENT, variant->ask(&self->parties.other, &info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_a_stranger_who_is_root_in_a_user_namespace_is_EPERM)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, STRANGER_UID));
	if (agent_unshare(&self->parties.other, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, map_user(&self->parties.other, 0, STRANGER_UID));
	EXPECT_EQ(-EPERM, variant->ask(&self->parties.other,
				       &self->parties.info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_root_who_left_the_initial_user_namespace_is_EPERM)
{
	ASSERT_EQ(0, agent_unshare(&self->parties.other, CLONE_NEWUSER));
	ASSERT_EQ(0, map_user(&self->parties.other, 0, 0));
	EXPECT_EQ(-EPERM, variant->ask(&self->parties.other,
				       &self->parties.info));
	expect_live(_metadata, &self->parties);
}

/* Who exported, as the reader may see it. */

FIXTURE(identity) {
	int device;
	struct order order;	/* the test is the target */
	struct sockdup_identity source;
};

FIXTURE_SETUP(identity)
{
	self->device = device_open();
	ASSERT_LE(0, self->device);
	self->order = (struct order) {
		.uid = SOURCE_UID,
		.euid = SOURCE_UID,
		.egid = SOURCE_UID,
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.pid = getpid(),
	};
	ASSERT_LE(0, self->order.fd);
	memset(&self->source, POISON, sizeof(self->source));
}

FIXTURE_TEARDOWN(identity)
{
	close(self->order.fd);
	close(self->device);
}

TEST_F(identity, of_a_source_that_has_ended_is_told)
{
	ASSERT_EQ(0, place_order(&self->order));
	ASSERT_LE(0, raw_import(self->device, &self->order.info, 0,
				&self->source));
	EXPECT_EQ(self->order.by, self->source.pid);
	EXPECT_EQ(SOURCE_UID, self->source.uid);
	EXPECT_EQ(SOURCE_UID, self->source.gid);
	EXPECT_EQ(0, self->source.__reserved);
}

TEST_F(identity, of_a_source_that_lives_is_told)
{
	ASSERT_EQ(0, raw_export(self->device, self->order.fd, getpid(), 0,
				&self->order.info));
	ASSERT_LE(0, raw_import(self->device, &self->order.info, 0,
				&self->source));
	EXPECT_EQ(getpid(), self->source.pid);
	EXPECT_EQ(geteuid(), self->source.uid);
	EXPECT_EQ(getegid(), self->source.gid);
	EXPECT_EQ(0, self->source.__reserved);
}

TEST_F(identity, is_the_effective_one)
{
	self->order.euid = STRANGER_UID;
	self->order.egid = TARGET_UID;
	ASSERT_EQ(0, place_order(&self->order));
	ASSERT_LE(0, raw_import(self->device, &self->order.info, 0,
				&self->source));
	EXPECT_EQ(STRANGER_UID, self->source.uid);
	EXPECT_EQ(TARGET_UID, self->source.gid);
}

TEST_F(identity, of_users_unknown_to_the_namespace_is_the_overflow_one)
{
	long overflow_uid = read_number("/proc/sys/kernel/overflowuid");
	long overflow_gid = read_number("/proc/sys/kernel/overflowgid");

	ASSERT_LT(0, overflow_uid);
	ASSERT_LT(0, overflow_gid);
	ASSERT_EQ(0, place_order(&self->order));
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	ASSERT_LE(0, raw_import(self->device, &self->order.info, 0,
				&self->source));
	EXPECT_EQ(overflow_uid, self->source.uid);
	EXPECT_EQ(overflow_gid, self->source.gid);
	EXPECT_EQ(self->order.by, self->source.pid);
}

TEST_F(identity, of_users_known_to_the_namespace_is_mapped)
{
	struct sockdup_description description;
	struct agent reader;

	ASSERT_EQ(0, agent_spawn(&reader));
	ASSERT_EQ(0, agent_unshare(&reader, CLONE_NEWUSER));
	ASSERT_EQ(0, map_user(&reader, 77, SOURCE_UID));
	self->order.pid = reader.pid;
	ASSERT_EQ(0, place_order(&self->order));
	ASSERT_EQ(0, agent_query(&reader, &self->order.info, &description));
	EXPECT_EQ(77, description.source.uid);
	EXPECT_EQ(77, description.source.gid);
	EXPECT_EQ(reader.pid, description.target_pid);
	EXPECT_EQ(0, agent_stop(&reader));
}

/* A reader that is the first process of its pid namespace. */

FIXTURE(namespace) {
	int device;
	int fd;
	struct agent reader;
	struct sockdup_protocol_info info;
	struct sockdup_description description;
};

FIXTURE_SETUP(namespace)
{
	self->device = device_open();
	ASSERT_LE(0, self->device);
	self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&self->reader));
}

FIXTURE_TEARDOWN(namespace)
{
	agent_stop(&self->reader);
	close(self->fd);
	close(self->device);
}

TEST_F(namespace, hides_a_source_outside)
{
	ASSERT_EQ(0, raw_export(self->device, self->fd, self->reader.pid, 0,
				&self->info));
	ASSERT_EQ(0, agent_query(&self->reader, &self->info,
				 &self->description));
	EXPECT_EQ(0, self->description.source.pid);
	EXPECT_EQ(geteuid(), self->description.source.uid);
	EXPECT_EQ(1, self->description.target_pid);
}

TEST_F(namespace, hides_a_target_outside)
{
	ASSERT_EQ(0, raw_export(self->device, self->fd, getpid(), 0,
				&self->info));
	ASSERT_EQ(0, agent_query(&self->reader, &self->info,
				 &self->description));
	EXPECT_EQ(0, self->description.target_pid);
}

TEST_F(namespace, hides_nothing_inside_from_outside)
{
	struct sockdup_protocol_info info;
	struct sockdup_query query = {
		.size = sizeof(query),
		.info_size = sizeof(info),
		.info = (uintptr_t)&info,
	};
	int fd = agent_socket(&self->reader, AF_INET, SOCK_STREAM, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&self->reader, fd, 1, &info));
	ASSERT_EQ(0, device_ioctl(self->device, SOCKDUP_IOC_QUERY, &query));
	EXPECT_EQ(self->reader.pid, query.source.pid);
	EXPECT_EQ(self->reader.pid, query.target_pid);
}

/* What a query tells. */

FIXTURE(query) {
	struct scene scene;
	struct sockdup_query argument;
};

FIXTURE_SETUP(query)
{
	scene_setup(_metadata, &self->scene, &query_command);
	put_valid_argument(&self->scene, &self->argument);
}

FIXTURE_TEARDOWN(query)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(query, writes_the_true_description_over_an_altered_one)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		scribble(&self->scene.info, bytes[i]);
		ASSERT_EQ(0, give(&self->scene, &self->argument));
		EXPECT_EQ(0, memcmp(&self->scene.info, &self->scene.token,
				    sizeof(self->scene.info)));
	}
}

TEST_F(query, tells_of_source_and_target)
{
	ASSERT_EQ(0, give(&self->scene, &self->argument));
	EXPECT_EQ(getpid(), self->argument.target_pid);
	EXPECT_EQ(getpid(), self->argument.source.pid);
	EXPECT_EQ(geteuid(), self->argument.source.uid);
	EXPECT_EQ(getegid(), self->argument.source.gid);
	EXPECT_EQ(0, self->argument.source.__reserved);
}

TEST_F(query, leaves_what_it_was_given)
{
	struct sockdup_query before = self->argument;

	ASSERT_EQ(0, give(&self->scene, &self->argument));
	EXPECT_EQ(before.size, self->argument.size);
	EXPECT_EQ(before.flags, self->argument.flags);
	EXPECT_EQ(before.info_size, self->argument.info_size);
	EXPECT_EQ(before.info, self->argument.info);
}

/* What the event commands write. */

FIXTURE(event) {
	struct scene scene;
};

FIXTURE_SETUP(event)
{
	scene_setup(_metadata, &self->scene, &event_query_command);
}

FIXTURE_TEARDOWN(event)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(event, query_tells_of_the_registration_and_leaves_the_rest)
{
	struct sockdup_event_query query;

	put_valid_argument(&self->scene, &query);
	ASSERT_EQ(0, give(&self->scene, &query));
	EXPECT_EQ(sizeof(query), query.size);
	EXPECT_EQ(0, query.flags);
	EXPECT_EQ(self->scene.fd, query.fd);
	EXPECT_EQ(SOCKDUP_FD_CLOSE, query.mask);
	EXPECT_EQ(SOCKDUP_EVENT_KIND_EVENT, query.kind);
	EXPECT_EQ(1, query.own);
	EXPECT_EQ(getpid(), query.source.pid);
	EXPECT_EQ(geteuid(), query.source.uid);
	EXPECT_EQ(getegid(), query.source.gid);
	EXPECT_EQ(0, query.source.__reserved);
}

TEST_F(event, query_of_no_registration_writes_zeros)
{
	static const struct sockdup_identity nobody;
	struct sockdup_event_query query;

	put_valid_argument(&self->scene, &query);
	query.fd = self->scene.peer;
	ASSERT_EQ(0, give(&self->scene, &query));
	EXPECT_EQ(0, query.mask);
	EXPECT_EQ(0, query.kind);
	EXPECT_EQ(0, query.own);
	EXPECT_EQ(0, memcmp(&nobody, &query.source, sizeof(nobody)));
}

TEST_F(event, W83_enumeration_of_nothing_writes_no_error)
{
	struct sockdup_event_enumerate enumerate, before;

	memset(&before, POISON, sizeof(before));
	before.size = sizeof(before);
	before.flags = 0;
	before.fd = self->scene.fd;
	enumerate = before;
	before.events = 0;
	ASSERT_EQ(0, device_ioctl(self->scene.device,
				  SOCKDUP_IOC_EVENT_ENUMERATE, &enumerate));
	EXPECT_EQ(0, memcmp(&before, &enumerate, sizeof(before)));
}

/* One clock and one rounding more or less on either side. */
#define ROUNDING_MS	2

struct span {
	__s64 least;
	__s64 most;
};

/* Exports and queries; gives how long the token must have and can have lived. */
static struct span export_and_query(struct __test_metadata *_metadata,
				    struct scene *scene,
				    struct sockdup_query *argument,
				    unsigned int ttl_ms)
{
	struct timespec pause = { .tv_nsec = 50000000 };
	__s64 before[2];
	__s64 after[2];

	before[0] = boottime_ms();
	ASSERT_EQ(0, raw_export(scene->device, scene->fd, getpid(), ttl_ms,
				&scene->info));
	after[0] = boottime_ms();
	nanosleep(&pause, NULL);
	before[1] = boottime_ms();
	ASSERT_EQ(0, give(scene, argument));
	after[1] = boottime_ms();
	ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
	return (struct span) {
		.least = before[1] - after[0] - ROUNDING_MS,
		.most = after[1] - before[0] + ROUNDING_MS,
	};
}

TEST_F(query, tells_the_age)
{
	struct span age = export_and_query(_metadata, &self->scene,
					   &self->argument, LONG_TTL_MS);

	EXPECT_LT(0, age.least);
	EXPECT_LE(age.least, (__s64)self->argument.age_ms);
	EXPECT_GE(age.most, (__s64)self->argument.age_ms);
}

TEST_F(query, tells_what_is_left_of_a_life_asked_for)
{
	struct span age = export_and_query(_metadata, &self->scene,
					   &self->argument, LONG_TTL_MS);

	EXPECT_LE(LONG_TTL_MS - age.most, (__s64)self->argument.left_ms);
	EXPECT_GE(LONG_TTL_MS - age.least, (__s64)self->argument.left_ms);
}

TEST_F(query, tells_what_is_left_of_the_default_life)
{
	struct span age = export_and_query(_metadata, &self->scene,
					   &self->argument, 0);
	struct sockdup_info limits;

	ASSERT_EQ(0, read_limits(self->scene.device, &limits));
	EXPECT_LE(limits.default_ttl_ms - age.most,
		  (__s64)self->argument.left_ms);
	EXPECT_GE(limits.default_ttl_ms - age.least,
		  (__s64)self->argument.left_ms);
}

/* The end of a life. */

struct life {
	int device;
	int fd;
	int peer;
	unsigned int ttl_ms;
	__u64 before;		/* the export, and after it */
	__u64 after;
	struct sockdup_protocol_info info;
};

FIXTURE(deadline) {
	struct life life;
};

FIXTURE_VARIANT(deadline) {
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(deadline, after_1_ms) { 1 };
FIXTURE_VARIANT_ADD(deadline, after_20_ms) { 20 };
FIXTURE_VARIANT_ADD(deadline, after_200_ms) { 200 };

FIXTURE_SETUP(deadline)
{
	int pair[2];

	self->life.device = device_open();
	ASSERT_LE(0, self->life.device);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	self->life.fd = pair[0];
	self->life.peer = pair[1];
	self->life.ttl_ms = variant->ttl_ms;
}

FIXTURE_TEARDOWN(deadline)
{
	close(self->life.peer);
	close(self->life.fd);
	close(self->life.device);
}

static int begin(struct life *life)
{
	int value;

	life->before = boottime_ms();
	value = raw_export(life->device, life->fd, getpid(), life->ttl_ms,
			   &life->info);
	life->after = boottime_ms();
	return value;
}

/* Returns as soon as the deadline must be over, before the sweeper comes. */
static void outwait(const struct life *life)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (boottime_ms() <= life->after + life->ttl_ms + 1)
		nanosleep(&pause, NULL);
}

TEST_F(deadline, closes_the_socket_without_any_call)
{
	ASSERT_EQ(0, begin(&self->life));
	ASSERT_EQ(0, close(self->life.fd));
	EXPECT_EQ(0, wait_for_end(self->life.peer));
	EXPECT_LE(variant->ttl_ms, boottime_ms() - self->life.before);
	EXPECT_EQ(-ENOENT, raw_import(self->life.device, &self->life.info, 0, NULL));
}

TEST_F(deadline, ends_import)
{
	ASSERT_EQ(0, begin(&self->life));
	outwait(&self->life);
	EXPECT_EQ(-ENOENT, raw_import(self->life.device, &self->life.info, 0, NULL));
}

TEST_F(deadline, ends_query)
{
	ASSERT_EQ(0, begin(&self->life));
	outwait(&self->life);
	EXPECT_EQ(-ENOENT, raw_query(self->life.device, &self->life.info));
}

TEST_F(deadline, ends_revoke)
{
	ASSERT_EQ(0, begin(&self->life));
	outwait(&self->life);
	EXPECT_EQ(-ENOENT, raw_revoke(self->life.device, &self->life.info));
}

TEST_F(deadline, is_not_before_its_time)
{
	int value;

	ASSERT_EQ(0, begin(&self->life));
	do {
		value = raw_query(self->life.device, &self->life.info);
	} while (!value);
	EXPECT_EQ(-ENOENT, value);
	EXPECT_LE(variant->ttl_ms, boottime_ms() - self->life.before);
}

TEST_F(deadline, is_the_same_for_a_stranger)
{
	struct agent stranger;

	ASSERT_EQ(0, agent_spawn(&stranger));
	ASSERT_EQ(0, agent_setuid(&stranger, STRANGER_UID));
	/* Opens the device, so that the next calls are quick. */
	memset(&self->life.info, 0, sizeof(self->life.info));
	self->life.info.size = sizeof(self->life.info);
	ASSERT_EQ(-ENOENT, just_query(&stranger, &self->life.info));

	ASSERT_EQ(0, begin(&self->life));
	outwait(&self->life);
	EXPECT_EQ(-ENOENT, agent_import(&stranger, &self->life.info, 0));
	EXPECT_EQ(-ENOENT, just_query(&stranger, &self->life.info));
	EXPECT_EQ(-ENOENT, agent_revoke(&stranger, &self->life.info));
	EXPECT_EQ(0, agent_stop(&stranger));
}

/* What the module says of itself. */

#define DAY_MS	(24 * 60 * 60 * 1000)

#define PARAMETERS	"/sys/module/" SOCKDUP_DEVICE_NAME "/parameters/"

FIXTURE(limits) {
	int device;
	struct sockdup_info info;
	long default_ttl_ms;
	long max_ttl_ms;
};

FIXTURE_SETUP(limits)
{
	self->device = device_open();
	ASSERT_LE(0, self->device);
	memset(&self->info, POISON, sizeof(self->info));
	self->info.size = sizeof(self->info);
	self->info.flags = 0;
	self->info.__reserved = 0;
	self->default_ttl_ms = read_number(PARAMETERS "default_ttl_ms");
	self->max_ttl_ms = read_number(PARAMETERS "max_ttl_ms");
	ASSERT_LT(0, self->default_ttl_ms);
	ASSERT_LT(0, self->max_ttl_ms);
}

FIXTURE_TEARDOWN(limits)
{
	EXPECT_EQ(0, write_number(PARAMETERS "default_ttl_ms",
				  self->default_ttl_ms));
	EXPECT_EQ(0, write_number(PARAMETERS "max_ttl_ms", self->max_ttl_ms));
	close(self->device);
}

TEST_F(limits, are_told)
{
	ASSERT_EQ(0, device_ioctl(self->device, SOCKDUP_IOC_INFO, &self->info));
	EXPECT_EQ(sizeof(self->info), self->info.size);
	EXPECT_EQ(0, self->info.flags);
	EXPECT_EQ(SOCKDUP_ABI_VERSION, self->info.abi_version);
	EXPECT_EQ(sizeof(struct sockdup_protocol_info),
		  self->info.protocol_info_size);
	EXPECT_EQ(SOCKDUP_FEATURE_EVENTS, self->info.features);
	EXPECT_LT(0, self->info.default_ttl_ms);
	EXPECT_LE(self->info.default_ttl_ms, self->info.max_ttl_ms);
	EXPECT_LE(self->info.max_ttl_ms, DAY_MS);
	EXPECT_EQ(1, self->info.max_sockets);
	EXPECT_EQ(0, self->info.__reserved);
}

TEST_F(limits, are_a_day_at_most_whatever_the_parameters)
{
	ASSERT_EQ(0, write_number(PARAMETERS "max_ttl_ms", UINT_MAX));
	ASSERT_EQ(0, write_number(PARAMETERS "default_ttl_ms", UINT_MAX));
	ASSERT_EQ(0, device_ioctl(self->device, SOCKDUP_IOC_INFO, &self->info));
	EXPECT_EQ(DAY_MS, self->info.max_ttl_ms);
	EXPECT_EQ(DAY_MS, self->info.default_ttl_ms);
}

TEST_F(limits, follow_the_parameters)
{
	ASSERT_EQ(0, write_number(PARAMETERS "max_ttl_ms", 7000));
	ASSERT_EQ(0, write_number(PARAMETERS "default_ttl_ms", 8000));
	ASSERT_EQ(0, device_ioctl(self->device, SOCKDUP_IOC_INFO, &self->info));
	EXPECT_EQ(7000, self->info.max_ttl_ms);
	EXPECT_EQ(7000, self->info.default_ttl_ms);

	ASSERT_EQ(0, write_number(PARAMETERS "default_ttl_ms", 3000));
	ASSERT_EQ(0, device_ioctl(self->device, SOCKDUP_IOC_INFO, &self->info));
	EXPECT_EQ(7000, self->info.max_ttl_ms);
	EXPECT_EQ(3000, self->info.default_ttl_ms);
}

/* The device itself. */

FIXTURE(device) {
	struct scene scene;
};

FIXTURE_SETUP(device)
{
	scene_setup(_metadata, &self->scene, &import_command);
}

FIXTURE_TEARDOWN(device)
{
	scene_end(_metadata, &self->scene);
}

TEST_F(device, is_open_to_everybody)
{
	struct stat status;

	ASSERT_EQ(0, stat(DEVICE_PATH, &status));
	EXPECT_TRUE(S_ISCHR(status.st_mode));
	EXPECT_EQ(0666, status.st_mode & 07777);
}

TEST_F(device, cannot_be_read)
{
	char byte;

	EXPECT_EQ(-1, read(self->scene.device, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, cannot_be_written)
{
	EXPECT_EQ(-1, write(self->scene.device, "", 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, cannot_be_mapped)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->scene.arena.page, PROT_READ,
				   MAP_SHARED, self->scene.device, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(device, can_be_polled)
{
	struct pollfd entry = {
		.fd = self->scene.device,
		.events = POLLIN | POLLOUT,
	};

	EXPECT_LE(0, poll(&entry, 1, 0));
	EXPECT_EQ(0, entry.revents & (POLLERR | POLLHUP | POLLNVAL));
}

TEST_F(device, can_be_closed_without_an_end_to_tokens)
{
	ASSERT_EQ(0, close(self->scene.device));
	self->scene.device = device_open();
	ASSERT_LE(0, self->scene.device);
	EXPECT_EQ(0, raw_query(self->scene.device, &self->scene.token));
}

/* A token that ends with the handle in place of the one that does not. */
static int export_until_close(struct scene *scene)
{
	struct sockdup_export argument = valid_export(scene);
	int value = raw_revoke(scene->device, &scene->token);

	if (value)
		return value;
	argument.flags = SOCKDUP_EXPORT_END_ON_CLOSE;
	argument.info = (uintptr_t)&scene->token;
	return device_ioctl(scene->device, SOCKDUP_IOC_EXPORT, &argument);
}

/* The scene is set anew, as its token has ended with its handle. */
static void expect_end_on_close(struct __test_metadata *_metadata,
				struct scene *scene, int device)
{
	struct scene next = *scene;

	ASSERT_EQ(0, close(scene->fd));
	EXPECT_EQ(0, recv_nothing(scene->peer));
	ASSERT_EQ(0, close(device));
	EXPECT_EQ(0, wait_for_end(scene->peer));
	ASSERT_EQ(0, close(scene->peer));
	ASSERT_EQ(0, close(scene->event));
	scene_setup(_metadata, scene, scene->command);
	EXPECT_EQ(-ENOENT, raw_import(scene->device, &next.token, 0, NULL));
	EXPECT_EQ(next.descriptors, scene->descriptors);
}

TEST_F(device, ends_with_its_close_the_tokens_that_ask_for_it)
{
	ASSERT_EQ(0, export_until_close(&self->scene));
	expect_end_on_close(_metadata, &self->scene, self->scene.device);
}

TEST_F(device, ends_such_tokens_with_the_last_close_alone)
{
	int other = dup(self->scene.device);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, export_until_close(&self->scene));
	ASSERT_EQ(0, close(self->scene.device));
	EXPECT_EQ(0, raw_query(other, &self->scene.token));
	expect_end_on_close(_metadata, &self->scene, other);
}

TEST_F(device, ends_no_import_with_its_close)
{
	int device = device_open();
	int fd;

	ASSERT_LE(0, device);
	ASSERT_EQ(0, export_until_close(&self->scene));
	fd = raw_import(device, &self->scene.token, 0, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->scene.device));
	EXPECT_EQ(1, same_file(0, fd, 0, self->scene.fd));
	EXPECT_EQ(0, recv_nothing(self->scene.peer));
	ASSERT_EQ(0, close(fd));
	self->scene.device = device;
	ASSERT_EQ(0, scene_export(&self->scene));
}

/* In a child: to itself, by the handle that it has inherited. */
static int export_and_import(const struct scene *scene)
{
	struct sockdup_protocol_info info;
	int value;

	value = raw_export(scene->device, scene->fd, getpid(), 0, &info);
	if (value)
		return value;
	value = raw_import(scene->device, &info, 0, NULL);
	if (value < 0)
		return value;
	value = same_file(0, value, 0, scene->fd);
	if (value != 1)
		return -EBADF;
	return raw_revoke(scene->device, &info) == -ENOENT ? 0 : -EEXIST;
}

TEST_F(device, serves_a_child_that_inherited_it)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-export_and_import(&self->scene));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

SOCKDUP_TEST_MAIN
