// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary interface of the device: every way in which an argument can be wrong while
 * the rest of it is right. Each failure is also looked at from outside: nothing may have
 * changed by it. Its numbers and layouts are in uapi/sockdup.abi.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "trial_test.h"
#include "harness.h"

#define LAST_COMMAND	SOCKDUP_IOC_ACCEPT

FIXTURE(argument) {
	struct trial trial;
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
	trial_set_up(_metadata, &self->trial, variant->command);
}

FIXTURE_TEARDOWN(argument)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(argument, that_is_valid_is_accepted)
{
	trial_undo(_metadata, &self->trial,
		   trial_give(&self->trial, valid_argument(&self->trial)));
}

TEST_F(argument, smaller_than_the_first_version_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->trial);
	size_t size;

	for (size = 0; size < variant->command->first_size; size++) {
		put_u32(argument, 0, size);
		ASSERT_EQ(-EINVAL, trial_give(&self->trial, argument)) {
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
		self->trial.arena.page,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		trial_undo(_metadata, &self->trial,
			   trial_give(&self->trial,
				      grown_argument(&self->trial, sizes[i])));
}

TEST_F(argument, larger_with_a_byte_set_in_its_tail_is_E2BIG)
{
	size_t known = variant->command->size;
	size_t size = known + 16;
	unsigned char *argument;
	size_t at;

	for (at = known; at < size; at++) {
		argument = grown_argument(&self->trial, size);
		argument[at] = 1;
		EXPECT_EQ(-E2BIG, trial_give(&self->trial, argument)) {
			TH_LOG("byte %zu", at);
		}
	}
	size = self->trial.arena.page;
	argument = grown_argument(&self->trial, size);
	argument[size - 1] = 0x80;
	EXPECT_EQ(-E2BIG, trial_give(&self->trial, argument));
}

TEST_F(argument, larger_than_a_page_is_E2BIG)
{
	size_t size = self->trial.arena.page + 1;
	unsigned char *argument = grown_argument(&self->trial, size);

	EXPECT_EQ(-E2BIG, trial_give(&self->trial, argument));
	put_u32(argument, 0, ~0U);
	EXPECT_EQ(-E2BIG, trial_give(&self->trial, argument));
}

TEST_F(argument, with_unreadable_tail_is_EFAULT)
{
	unsigned char *argument = valid_argument(&self->trial);

	put_u32(argument, 0, variant->command->size + 8);
	EXPECT_EQ(-EFAULT, trial_give(&self->trial, argument));
}

TEST_F(argument, cut_by_the_end_of_a_page_is_EFAULT)
{
	unsigned char valid[sizeof(struct sockdup_query)];
	size_t readable;

	put_valid_argument(&self->trial, valid);
	for (readable = 1; readable < variant->command->size; readable++) {
		unsigned char *argument = self->trial.arena.end - readable;

		memcpy(argument, valid, readable);
		ASSERT_EQ(-EFAULT, trial_give(&self->trial, argument)) {
			TH_LOG("%zu bytes readable", readable);
		}
	}
}

TEST_F(argument, W39_bad_pointer_is_EFAULT)
{
	void *valid = valid_argument(&self->trial);
	__u64 bad[BAD_POINTERS];
	unsigned int i;

	bad_pointers(&self->trial.arena, valid, bad);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		void *argument = (void *)(uintptr_t)bad[i];

		/* The pointer of a 32-bit caller has no upper half. */
		if (argument == valid)
			continue;
		EXPECT_EQ(-EFAULT, trial_give(&self->trial, argument)) {
			TH_LOG("address %llx", (unsigned long long)bad[i]);
		}
	}
}

TEST_F(argument, read_only_is_EFAULT_where_it_has_outputs)
{
	unsigned char *argument = valid_argument(&self->trial);
	int value;

	arena_make_readonly(&self->trial.arena);
	value = trial_give(&self->trial, argument);
	arena_make_writable(&self->trial.arena);
	if (!variant->command->outputs[0].size)
		return trial_undo(_metadata, &self->trial, value);
	EXPECT_EQ(-EFAULT, value);
}

TEST_F(argument, W45_unknown_flag_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->trial);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->command->flags & 1U << bit)
			continue;
		put_u32(argument, 4, 1U << bit);
		ASSERT_EQ(-EINVAL, trial_give(&self->trial, argument)) {
			TH_LOG("bit %u", bit);
		}
		put_u32(argument, 4, variant->command->flags | 1U << bit);
		ASSERT_EQ(-EINVAL, trial_give(&self->trial, argument)) {
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
	unsigned char *argument = valid_argument(&self->trial);
	unsigned int number;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(directions) * ARRAY_SIZE(sizes); i++) {
		number = _IOC(directions[i / ARRAY_SIZE(sizes)],
			      SOCKDUP_IOC_TYPE,
			      _IOC_NR(variant->command->number),
			      sizes[i % ARRAY_SIZE(sizes)]);
		if (number == variant->command->number)
			continue;
		ASSERT_EQ(-ENOTTY, device_ioctl(self->trial.device, number,
						argument)) {
			TH_LOG("number %x", number);
		}
	}
}

TEST_F(argument, under_the_number_of_another_type_is_ENOTTY)
{
	unsigned char *argument = valid_argument(&self->trial);
	unsigned int number = _IOC_NR(variant->command->number);

	EXPECT_EQ(-ENOTTY, device_ioctl(self->trial.device,
					_IO(SOCKDUP_IOC_TYPE - 1, number),
					argument));
	EXPECT_EQ(-ENOTTY, device_ioctl(self->trial.device,
					_IO(SOCKDUP_IOC_TYPE + 1, number),
					argument));
}

TEST_F(argument, under_a_number_of_no_command_is_ENOTTY)
{
	unsigned char *argument = valid_argument(&self->trial);
	unsigned int number;

	for (number = _IOC_NR(LAST_COMMAND) + 1; number < 256; number++) {
		ASSERT_EQ(-ENOTTY, device_ioctl(self->trial.device,
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
	struct trial *low;
	unsigned char *argument;

	if (!serves_32_bits())
		SKIP(return, "no 32-bit system calls here");
	low = mmap(NULL, 2 * self->trial.arena.page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, low);
	*low = self->trial;
	argument = (unsigned char *)low + self->trial.arena.page;
	put_valid_argument(low, argument);
	trial_undo(_metadata, low,
		   ioctl_32(low->device, variant->command->number, argument));
	self->trial.token = low->token;
}

/* Reserved fields. */

FIXTURE(reserved) {
	struct trial trial;
};

FIXTURE_VARIANT(reserved) {
	const struct command *command;
};

FIXTURE_VARIANT_ADD(reserved, info) { &info_command };
FIXTURE_VARIANT_ADD(reserved, import) { &import_command };
FIXTURE_VARIANT_ADD(reserved, revoke) { &revoke_command };

FIXTURE_SETUP(reserved)
{
	trial_set_up(_metadata, &self->trial, variant->command);
}

FIXTURE_TEARDOWN(reserved)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(reserved, field_that_is_not_zero_is_EINVAL)
{
	unsigned char *argument = valid_argument(&self->trial);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		put_u32(argument, variant->command->reserved, 1U << bit);
		ASSERT_EQ(-EINVAL, trial_give(&self->trial, argument)) {
			TH_LOG("bit %u", bit);
		}
	}
}

/* The pointer to a protocol info. */

FIXTURE(pointer) {
	struct trial trial;
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
	trial_set_up(_metadata, &self->trial, variant->command);
	put_valid_argument(&self->trial, self->argument);
}

FIXTURE_TEARDOWN(pointer)
{
	trial_end(_metadata, &self->trial);
}

/* Copies the info to the end of the arena, where @readable bytes fit. */
static unsigned char *info_at_end(struct trial *trial, size_t readable)
{
	unsigned char *info = trial->arena.end - readable;

	memcpy(info, &trial->info, readable);
	return info;
}

TEST_F(pointer, W38_other_info_size_is_EINVAL)
{
	static const __u32 sizes[] = { 0, 1, 127, 129, 131, 256, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		put_u32(self->argument, variant->command->info_size, sizes[i]);
		EXPECT_EQ(-EINVAL, trial_give(&self->trial, self->argument)) {
			TH_LOG("info_size %u", sizes[i]);
		}
	}
}

TEST_F(pointer, W39_bad_address_is_EFAULT)
{
	__u64 bad[BAD_POINTERS];
	unsigned int i;

	bad_pointers(&self->trial.arena, &self->trial.info, bad);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put_u64(self->argument, variant->command->info, bad[i]);
		EXPECT_EQ(-EFAULT, trial_give(&self->trial, self->argument)) {
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
			    info_at_end(&self->trial, readable));
		ASSERT_EQ(-EFAULT, trial_give(&self->trial, self->argument)) {
			TH_LOG("%zu bytes readable", readable);
		}
	}
}

TEST_F(pointer, to_an_info_at_the_end_of_a_page_is_accepted)
{
	unsigned char *info = info_at_end(&self->trial,
					  sizeof(self->trial.info));
	int value;

	put_pointer(self->argument, variant->command->info, info);
	value = trial_give(&self->trial, self->argument);
	memcpy(&self->trial.info, info, sizeof(self->trial.info));
	trial_undo(_metadata, &self->trial, value);
}

TEST_F(pointer, W39_to_a_read_only_info_is_EFAULT_where_it_is_written)
{
	unsigned char *info = info_at_end(&self->trial,
					  sizeof(self->trial.info));
	int value;

	put_pointer(self->argument, variant->command->info, info);
	arena_make_readonly(&self->trial.arena);
	value = trial_give(&self->trial, self->argument);
	arena_make_writable(&self->trial.arena);
	if (!variant->command->writes_info)
		return trial_undo(_metadata, &self->trial, value);
	EXPECT_EQ(-EFAULT, value);
}

/* Protocol infos that name a token. */

FIXTURE(token) {
	struct trial trial;
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
	trial_set_up(_metadata, &self->trial, variant->command);
	put_valid_argument(&self->trial, self->argument);
}

FIXTURE_TEARDOWN(token)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(token, W38_with_another_size_within_is_EINVAL)
{
	static const __u32 sizes[] = { 0, 1, 127, 129, 131, 256, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->trial.info.size = sizes[i];
		EXPECT_EQ(-EINVAL, trial_give(&self->trial, self->argument)) {
			TH_LOG("size %u", sizes[i]);
		}
	}
}

TEST_F(token, W37_with_one_bit_of_the_opaque_bytes_flipped_is_ENOENT)
{
	unsigned int bit;

	for (bit = 0; bit < 8 * SOCKDUP_OPAQUE_SIZE; bit++) {
		self->trial.info.opaque[bit / 8] ^= 1 << bit % 8;
		ASSERT_EQ(-ENOENT, trial_give(&self->trial, self->argument)) {
			TH_LOG("bit %u", bit);
		}
		self->trial.info = self->trial.token;
	}
}

TEST_F(token, W37_with_all_opaque_bytes_alike_is_ENOENT)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		memset(self->trial.info.opaque, bytes[i],
		       sizeof(self->trial.info.opaque));
		EXPECT_EQ(-ENOENT, trial_give(&self->trial, self->argument)) {
			TH_LOG("byte %x", bytes[i]);
		}
	}
}

TEST_F(token, W37_of_zeros_alone_is_EINVAL)
{
	memset(&self->trial.info, 0, sizeof(self->trial.info));
	EXPECT_EQ(-EINVAL, trial_give(&self->trial, self->argument));
}

TEST_F(token, with_an_altered_description_is_accepted)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		put_valid_argument(&self->trial, self->argument);
		scribble(&self->trial.info, bytes[i]);
		trial_undo(_metadata, &self->trial,
			   trial_give(&self->trial, self->argument));
	}
}

TEST_F(token, W33_that_was_imported_is_ENOENT)
{
	int fd = raw_import(self->trial.device, &self->trial.token, 0, NULL);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(-ENOENT, trial_give(&self->trial, self->argument));
	ASSERT_EQ(0, trial_export(&self->trial));
}

TEST_F(token, W58_that_was_revoked_is_ENOENT)
{
	ASSERT_EQ(0, raw_revoke(self->trial.device, &self->trial.token));
	EXPECT_EQ(-ENOENT, trial_give(&self->trial, self->argument));
	ASSERT_EQ(0, trial_export(&self->trial));
}

SOCKDUP_TEST_MAIN
