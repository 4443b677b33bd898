/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trial of one of the device's commands, for tests that make one thing wrong while
 * all else is right.
 *
 * A function that can fail gives -errno.
 */
#ifndef SELFTESTS_TRIAL_H
#define SELFTESTS_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include <sockdup.h>

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

/* The ends of the pair that are registered before the command is given. */
#define REGISTERED_FD	0x1
#define REGISTERED_PEER	0x2

#define EVENT_COMMANDS	5

extern const struct command info_command;
extern const struct command export_command;
extern const struct command import_command;
extern const struct command query_command;
extern const struct command revoke_command;
extern const struct command select_command;
extern const struct command enumerate_command;
extern const struct command rearm_command;
extern const struct command inherit_command;
extern const struct command event_query_command;
extern const struct command *const event_commands[EVENT_COMMANDS];

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
struct trial {
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

/* Addresses that nobody can use. */
#define BAD_POINTERS	8

int arena_map(struct arena *arena);
void arena_make_readonly(struct arena *arena);
void arena_make_writable(struct arena *arena);
void *unmapped_page(void);

/*
 * Addresses that nothing can be read from or written to. The last ones are
 * @valid with what a careless 32-bit caller leaves in the upper half.
 */
void bad_pointers(const struct arena *arena, void *valid,
		  __u64 bad[BAD_POINTERS]);
void put_u32(void *argument, size_t offset, __u32 value);
void put_u64(void *argument, size_t offset, __u64 value);
void put_pointer(void *argument, size_t offset, const void *pointer);
struct sockdup_export valid_export(struct trial *trial);

/* An argument with which the command succeeds, poison in its outputs. */
void put_valid_argument(struct trial *trial, void *argument);

/* A valid argument that nothing readable follows. */
unsigned char *valid_argument(struct trial *trial);

/* A valid argument that says to be @size bytes, zero in what is beyond it. */
unsigned char *grown_argument(struct trial *trial, size_t size);
int device_limits(int device, struct sockdup_info *limits);
int trial_give(struct trial *trial, void *argument);
int trial_export(struct trial *trial);
int trial_registered_mask(const struct trial *trial, int fd);
int trial_register(struct trial *trial);

/* Sets all that the info's holder may read, and nothing else, to @byte. */
void scribble(struct sockdup_protocol_info *info, int byte);

#endif /* SELFTESTS_TRIAL_H */
