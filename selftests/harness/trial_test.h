/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test of one command begins with, expects of it, and ends with.
 */
#ifndef SELFTESTS_TRIAL_TEST_H
#define SELFTESTS_TRIAL_TEST_H

#include <sys/eventfd.h>

#include "trial.h"
#include "census.h"
#include "harness.h"

/* As trial_register() has left them. */
static inline void trial_expect_registrations(struct __test_metadata *_metadata,
					      const struct trial *trial)
{
	unsigned int registered = trial->command->registered;

	EXPECT_EQ(registered & REGISTERED_FD ? SOCKDUP_FD_CLOSE : 0,
		  trial_registered_mask(trial, trial->fd));
	EXPECT_EQ(registered & REGISTERED_PEER ? SOCKDUP_FD_CLOSE : 0,
		  trial_registered_mask(trial, trial->peer));
}

static inline void trial_set_up(struct __test_metadata *_metadata,
				struct trial *trial, const struct command *command)
{
	int pair[2];

	trial->command = command;
	trial->device = device_open();
	ASSERT_LE(0, trial->device);
	ASSERT_EQ(0, arena_map(&trial->arena));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	trial->fd = pair[0];
	trial->peer = pair[1];
	trial->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, trial->event);
	ASSERT_EQ(0, trial_register(trial));
	if (command->names_token)
		ASSERT_EQ(0, trial_export(trial));
	trial->descriptors = count_descriptors();
}

/*
 * Nothing is held that was not held before: the socket ends with the test's
 * own descriptor of it, and with its token where there was one before.
 */
static inline void trial_end(struct __test_metadata *_metadata, struct trial *trial)
{
	int fd;

	EXPECT_EQ(trial->descriptors, count_descriptors());
	if (trial->command->names_token) {
		fd = raw_import(trial->device, &trial->token, 0, NULL);
		EXPECT_LE(0, fd);
		EXPECT_EQ(1, same_file(0, fd, 0, trial->fd));
		close(fd);
	}
	trial_expect_registrations(_metadata, trial);
	EXPECT_EQ(0, recv_nothing(trial->peer));
	close(trial->fd);
	EXPECT_EQ(0, wait_for_end(trial->peer));
	close(trial->event);
}

/* Looks at what a command that succeeded did, and undoes it. */
static inline void trial_undo(struct __test_metadata *_metadata, struct trial *trial,
			      int value)
{
	switch (trial->command->number) {
	case SOCKDUP_IOC_EXPORT:
		ASSERT_EQ(0, value);
		ASSERT_EQ(0, raw_revoke(trial->device, &trial->info));
		break;
	case SOCKDUP_IOC_IMPORT:
		ASSERT_LE(0, value);
		ASSERT_EQ(1, same_file(0, value, 0, trial->fd));
		ASSERT_EQ(0, close(value));
		ASSERT_EQ(0, trial_export(trial));
		break;
	case SOCKDUP_IOC_REVOKE:
		ASSERT_EQ(0, value);
		ASSERT_EQ(-ENOENT, raw_query(trial->device, &trial->token));
		ASSERT_EQ(0, trial_export(trial));
		break;
	case SOCKDUP_IOC_EVENT_SELECT:
	case SOCKDUP_IOC_EVENT_INHERIT:
		ASSERT_EQ(0, value);
		ASSERT_EQ(SOCKDUP_FD_CLOSE, trial_registered_mask(trial, trial->fd));
		ASSERT_EQ(0, raw_event_select(trial->device, trial->fd, -1, 0));
		break;
	default:
		ASSERT_EQ(0, value);
	}
}

#endif /* SELFTESTS_TRIAL_TEST_H */
