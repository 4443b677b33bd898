// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device: what it promises of deadlines, what it says of itself and of a
 * registration, and what can be done with a handle.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include "trial_test.h"
#include "clock.h"
#include "harness.h"

/* What the event commands write. */

FIXTURE(event) {
	struct trial trial;
};

FIXTURE_SETUP(event)
{
	trial_set_up(_metadata, &self->trial, &event_query_command);
}

FIXTURE_TEARDOWN(event)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(event, query_tells_of_the_registration_and_leaves_the_rest)
{
	struct sockdup_event_query query;

	put_valid_argument(&self->trial, &query);
	ASSERT_EQ(0, trial_give(&self->trial, &query));
	EXPECT_EQ(sizeof(query), query.size);
	EXPECT_EQ(0, query.flags);
	EXPECT_EQ(self->trial.fd, query.fd);
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

	put_valid_argument(&self->trial, &query);
	query.fd = self->trial.peer;
	ASSERT_EQ(0, trial_give(&self->trial, &query));
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
	before.fd = self->trial.fd;
	enumerate = before;
	before.events = 0;
	ASSERT_EQ(0, device_ioctl(self->trial.device,
				  SOCKDUP_IOC_EVENT_ENUMERATE, &enumerate));
	EXPECT_EQ(0, memcmp(&before, &enumerate, sizeof(before)));
}

/* The end of a life. */

struct life {
	int device;
	int fd;
	int peer;
	unsigned int ttl_ms;
	long long before;		/* the export, and after it */
	long long after;
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

	life->before = now_ms();
	value = raw_export(life->device, life->fd, getpid(), life->ttl_ms,
			   &life->info);
	life->after = now_ms();
	return value;
}

/* Returns as soon as the deadline must be over, before the sweeper comes. */
static void outwait(const struct life *life)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (now_ms() <= life->after + life->ttl_ms + 1)
		nanosleep(&pause, NULL);
}

TEST_F(deadline, closes_the_socket_without_any_call)
{
	ASSERT_EQ(0, begin(&self->life));
	ASSERT_EQ(0, close(self->life.fd));
	EXPECT_EQ(0, wait_for_end(self->life.peer));
	EXPECT_LE(variant->ttl_ms, now_ms() - self->life.before);
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
	EXPECT_LE(variant->ttl_ms, now_ms() - self->life.before);
}

TEST_F(deadline, is_the_same_for_a_stranger)
{
	struct sockdup_description description;
	struct agent stranger;

	ASSERT_EQ(0, agent_spawn(&stranger));
	ASSERT_EQ(0, agent_setuid(&stranger, OTHER_UID));
	/* Opens the device, so that the next calls are quick. */
	memset(&self->life.info, 0, sizeof(self->life.info));
	self->life.info.size = sizeof(self->life.info);
	ASSERT_EQ(-ENOENT, agent_query(&stranger, &self->life.info,
				       &description));

	ASSERT_EQ(0, begin(&self->life));
	outwait(&self->life);
	EXPECT_EQ(-ENOENT, agent_import(&stranger, &self->life.info, 0));
	EXPECT_EQ(-ENOENT, agent_query(&stranger, &self->life.info,
				       &description));
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
	EXPECT_EQ(SOCKDUP_FEATURE_EVENTS | SOCKDUP_FEATURE_EVENT_ONCE |
		  SOCKDUP_FEATURE_EXPORT_TO_PIDFD |
		  SOCKDUP_FEATURE_EXPORT_TO_USER |
		  SOCKDUP_FEATURE_EXPORT_TO_CGROUP |
		  SOCKDUP_FEATURE_EXPORT_REPORT | SOCKDUP_FEATURE_SETS |
		  SOCKDUP_FEATURE_INBOX,
		  self->info.features);
	EXPECT_LT(0, self->info.default_ttl_ms);
	EXPECT_LE(self->info.default_ttl_ms, self->info.max_ttl_ms);
	EXPECT_LE(self->info.max_ttl_ms, DAY_MS);
	EXPECT_EQ(1024, self->info.max_sockets);
	EXPECT_EQ(0, self->info.__reserved);
}

TEST_F(limits, are_a_day_at_most)
{
	ASSERT_EQ(0, write_number(PARAMETERS "max_ttl_ms", DAY_MS));
	ASSERT_EQ(0, write_number(PARAMETERS "default_ttl_ms", DAY_MS));
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
	struct trial trial;
};

FIXTURE_SETUP(device)
{
	trial_set_up(_metadata, &self->trial, &import_command);
}

FIXTURE_TEARDOWN(device)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(device, is_open_to_everybody)
{
	struct stat status;

	ASSERT_EQ(0, stat(DEVICE_PATH, &status));
	EXPECT_TRUE(S_ISCHR(status.st_mode));
	EXPECT_EQ(0666, status.st_mode & 07777);
}

TEST_F(device, has_nothing_to_read_at_first)
{
	struct sockdup_outcome outcome;
	char byte;

	EXPECT_EQ(-1, read(self->trial.device, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, read(self->trial.device, &outcome, sizeof(outcome)));
}

TEST_F(device, cannot_be_written)
{
	EXPECT_EQ(-1, write(self->trial.device, "", 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, cannot_be_mapped)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->trial.arena.page, PROT_READ,
				   MAP_SHARED, self->trial.device, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(device, can_be_polled)
{
	struct pollfd entry = {
		.fd = self->trial.device,
		.events = POLLIN | POLLOUT,
	};

	EXPECT_LE(0, poll(&entry, 1, 0));
	EXPECT_EQ(0, entry.revents & (POLLERR | POLLHUP | POLLNVAL));
}

TEST_F(device, can_be_closed_without_an_end_to_tokens)
{
	ASSERT_EQ(0, close(self->trial.device));
	self->trial.device = device_open();
	ASSERT_LE(0, self->trial.device);
	EXPECT_EQ(0, raw_query(self->trial.device, &self->trial.token));
}

/* A token that ends with the handle in place of the one that does not. */
static int export_until_close(struct trial *trial)
{
	struct sockdup_export argument = valid_export(trial);
	int value = raw_revoke(trial->device, &trial->token);

	if (value)
		return value;
	argument.flags = SOCKDUP_EXPORT_END_ON_CLOSE;
	argument.info = (uintptr_t)&trial->token;
	return device_ioctl(trial->device, SOCKDUP_IOC_EXPORT, &argument);
}

/* The trial is set up anew, as its token has ended with its handle. */
static void expect_end_on_close(struct __test_metadata *_metadata,
				struct trial *trial, int device)
{
	struct trial next = *trial;

	ASSERT_EQ(0, close(trial->fd));
	EXPECT_EQ(0, recv_nothing(trial->peer));
	ASSERT_EQ(0, close(device));
	EXPECT_EQ(0, wait_for_end(trial->peer));
	ASSERT_EQ(0, close(trial->peer));
	ASSERT_EQ(0, close(trial->event));
	trial_set_up(_metadata, trial, trial->command);
	EXPECT_EQ(-ENOENT, raw_import(trial->device, &next.token, 0, NULL));
	EXPECT_EQ(next.descriptors, trial->descriptors);
}

TEST_F(device, ends_with_its_close_the_tokens_that_ask_for_it)
{
	ASSERT_EQ(0, export_until_close(&self->trial));
	expect_end_on_close(_metadata, &self->trial, self->trial.device);
}

TEST_F(device, ends_such_tokens_with_the_last_close_alone)
{
	int other = dup(self->trial.device);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, export_until_close(&self->trial));
	ASSERT_EQ(0, close(self->trial.device));
	EXPECT_EQ(0, raw_query(other, &self->trial.token));
	expect_end_on_close(_metadata, &self->trial, other);
}

TEST_F(device, ends_no_import_with_its_close)
{
	int device = device_open();
	int fd;

	ASSERT_LE(0, device);
	ASSERT_EQ(0, export_until_close(&self->trial));
	fd = raw_import(device, &self->trial.token, 0, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->trial.device));
	EXPECT_EQ(1, same_file(0, fd, 0, self->trial.fd));
	EXPECT_EQ(0, recv_nothing(self->trial.peer));
	ASSERT_EQ(0, close(fd));
	self->trial.device = device;
	ASSERT_EQ(0, trial_export(&self->trial));
}

/* In a child: to itself, by the handle that it has inherited. */
static int export_and_import(const struct trial *trial)
{
	struct sockdup_protocol_info info;
	int value;

	value = raw_export(trial->device, trial->fd, getpid(), 0, &info);
	if (value)
		return value;
	value = raw_import(trial->device, &info, 0, NULL);
	if (value < 0)
		return value;
	value = same_file(0, value, 0, trial->fd);
	if (value != 1)
		return -EBADF;
	return raw_revoke(trial->device, &info) == -ENOENT ? 0 : -EEXIST;
}

TEST_F(device, serves_a_child_that_inherited_it)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-export_and_import(&self->trial));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

SOCKDUP_TEST_MAIN
