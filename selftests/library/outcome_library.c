// SPDX-License-Identifier: GPL-2.0-only
/*
 * Outcomes by the library: of the tokens that the process's own handle exported.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#include "clock.h"
#include "harness.h"

FIXTURE(outcome) {
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
	struct sockdup_outcome outcome;
};

FIXTURE_SETUP(outcome)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, try_export(self->fd, self->target.pid, SOCKDUP_EXPORT_REPORT,
				LONG_TTL_MS, &self->info));
}

FIXTURE_TEARDOWN(outcome)
{
	agent_kill(&self->target);
}

static int try_next(struct sockdup_outcome *outcome, int timeout_ms)
{
	int value = sockdup_outcome_next(outcome, timeout_ms);

	return value < 0 ? -errno : value;
}

TEST_F(outcome, is_told_once)
{
	EXPECT_EQ(-EAGAIN, try_next(&self->outcome, 0));
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(1, try_next(&self->outcome, -1));
	EXPECT_EQ(SOCKDUP_OUTCOME_IMPORTED, self->outcome.kind);
	EXPECT_EQ(self->target.pid, self->outcome.pid);
	EXPECT_EQ(sockdup_info_id(&self->info), self->outcome.id);
	EXPECT_EQ(0, try_next(&self->outcome, -1));
	EXPECT_EQ(0, try_next(&self->outcome, 0));
}

TEST_F(outcome, is_waited_for_as_long_as_the_caller_likes)
{
	const long long before = now_ms();

	EXPECT_EQ(-EAGAIN, try_next(&self->outcome, 300));
	EXPECT_LE(before + 300, now_ms() + 1);
}

TEST_F(outcome, can_be_polled_for_by_the_handle)
{
	struct pollfd entry = { .fd = sockdup_open(), .events = POLLIN };

	EXPECT_EQ(0, poll(&entry, 1, 0));
	ASSERT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(1, poll(&entry, 1, -1));
	EXPECT_EQ(1, try_next(&self->outcome, 0));
	EXPECT_EQ(SOCKDUP_OUTCOME_DECLINED, self->outcome.kind);
	EXPECT_EQ(0, poll(&entry, 1, 0));
}

static void *next_in_thread(void *outcome)
{
	return (void *)(long)try_next(outcome, -1);
}

/* Both threads wait, and one of them hears that there is nothing left. */
TEST_F(outcome, that_another_thread_took_ends_the_wait)
{
	struct sockdup_outcome other;
	pthread_t threads[2];
	void *values[2];
	int i;

	ASSERT_EQ(0, pthread_create(&threads[0], NULL, next_in_thread,
				    &self->outcome));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, next_in_thread, &other));
	usleep(100000);
	ASSERT_EQ(0, try_revoke(&self->info));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], &values[i]));
	EXPECT_EQ(1, (long)values[0] + (long)values[1]);
}

/* The child has its parent's handle, where its parent wants that. */
TEST_F(outcome, is_not_for_a_child)
{
	pid_t pid;

	ASSERT_EQ(0, sockdup_use(sockdup_open()));
	ASSERT_EQ(0, try_revoke(&self->info));
	pid = fork();
	if (!pid)
		_exit(try_next(&self->outcome, 0) != -EPERM);
	EXPECT_EQ(0, outcome_of(pid));
	EXPECT_EQ(1, try_next(&self->outcome, 0));
}

TEST_F(outcome, ends_with_the_handle)
{
	sockdup_release();
	EXPECT_EQ(0, try_next(&self->outcome, -1));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST(id_is_that_of_a_protocol_info_alone)
{
	struct sockdup_protocol_info info = { .size = sizeof(info) };

	memset(info.opaque, 0x11, sizeof(info.opaque));
	EXPECT_EQ(0x1111111111111111, sockdup_info_id(&info));
	info.size--;
	EXPECT_EQ(0, sockdup_info_id(&info));
	EXPECT_EQ(0, sockdup_info_id(NULL));
}

SOCKDUP_TEST_MAIN
