// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may ask about a token and end it, and what a query tells.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#include "trial_test.h"
#include "clock.h"
#include "harness.h"
#include "order.h"

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
	ASSERT_EQ(0, agent_setuid(&self->parties.other, OTHER_UID));
	EXPECT_EQ(-EPERM, variant->ask(&self->parties.other,
				       &self->parties.info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_a_stranger_without_the_secret_is_ENOENT)
{
	struct sockdup_protocol_info info = self->parties.info;

	spoil_secret(&info);
	ASSERT_EQ(0, agent_setuid(&self->parties.other, OTHER_UID));
	EXPECT_EQ(-ENOENT, variant->ask(&self->parties.other, &info));
	expect_live(_metadata, &self->parties);
}

TEST_F(permission, of_a_stranger_who_is_root_in_a_user_namespace_is_EPERM)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.other, OTHER_UID));
	if (agent_unshare(&self->parties.other, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, map_user(&self->parties.other, 0, OTHER_UID));
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
	self->order.euid = OTHER_UID;
	self->order.egid = TARGET_UID;
	ASSERT_EQ(0, place_order(&self->order));
	ASSERT_LE(0, raw_import(self->device, &self->order.info, 0,
				&self->source));
	EXPECT_EQ(OTHER_UID, self->source.uid);
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
	struct trial trial;
	struct sockdup_query argument;
};

FIXTURE_SETUP(query)
{
	trial_set_up(_metadata, &self->trial, &query_command);
	put_valid_argument(&self->trial, &self->argument);
}

FIXTURE_TEARDOWN(query)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(query, writes_the_true_description_over_an_altered_one)
{
	static const unsigned char bytes[] = { 0, POISON, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		scribble(&self->trial.info, bytes[i]);
		ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
		EXPECT_EQ(0, memcmp(&self->trial.info, &self->trial.token,
				    sizeof(self->trial.info)));
	}
}

TEST_F(query, tells_of_source_and_target)
{
	ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
	EXPECT_EQ(getpid(), self->argument.target_pid);
	EXPECT_EQ(getpid(), self->argument.source.pid);
	EXPECT_EQ(geteuid(), self->argument.source.uid);
	EXPECT_EQ(getegid(), self->argument.source.gid);
	EXPECT_EQ(0, self->argument.source.__reserved);
	EXPECT_EQ(1, self->argument.for_caller);
}

TEST_F(query, of_the_first_version_is_served)
{
	struct sockdup_query whole = self->argument;

	self->argument.size = SOCKDUP_QUERY_SIZE_VER0;
	self->argument.target_flags = 5;
	self->argument.target_uid = 6;
	ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
	EXPECT_EQ(getpid(), self->argument.target_pid);
	EXPECT_EQ(5, self->argument.target_flags);
	EXPECT_EQ(6, self->argument.target_uid);
	self->argument = whole;
}

TEST_F(query, leaves_what_it_was_given)
{
	struct sockdup_query before = self->argument;

	ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
	EXPECT_EQ(before.size, self->argument.size);
	EXPECT_EQ(before.flags, self->argument.flags);
	EXPECT_EQ(before.info_size, self->argument.info_size);
	EXPECT_EQ(before.info, self->argument.info);
}

/* One clock and one rounding more or less on either side. */
#define ROUNDING_MS	2

struct span {
	__s64 least;
	__s64 most;
};

/* Exports and queries; gives how long the token must have and can have lived. */
static struct span export_and_query(struct __test_metadata *_metadata,
				    struct trial *trial,
				    struct sockdup_query *argument,
				    unsigned int ttl_ms)
{
	struct timespec pause = { .tv_nsec = 50000000 };
	__s64 before[2];
	__s64 after[2];

	before[0] = now_ms();
	ASSERT_EQ(0, raw_export(trial->device, trial->fd, getpid(), ttl_ms,
				&trial->info));
	after[0] = now_ms();
	nanosleep(&pause, NULL);
	before[1] = now_ms();
	ASSERT_EQ(0, trial_give(trial, argument));
	after[1] = now_ms();
	ASSERT_EQ(0, raw_revoke(trial->device, &trial->info));
	return (struct span) {
		.least = before[1] - after[0] - ROUNDING_MS,
		.most = after[1] - before[0] + ROUNDING_MS,
	};
}

TEST_F(query, tells_the_age)
{
	struct span age = export_and_query(_metadata, &self->trial,
					   &self->argument, LONG_TTL_MS);

	EXPECT_LT(0, age.least);
	EXPECT_LE(age.least, (__s64)self->argument.age_ms);
	EXPECT_GE(age.most, (__s64)self->argument.age_ms);
}

TEST_F(query, tells_what_is_left_of_a_life_asked_for)
{
	struct span age = export_and_query(_metadata, &self->trial,
					   &self->argument, LONG_TTL_MS);

	EXPECT_LE(LONG_TTL_MS - age.most, (__s64)self->argument.left_ms);
	EXPECT_GE(LONG_TTL_MS - age.least, (__s64)self->argument.left_ms);
}

TEST_F(query, tells_what_is_left_of_the_default_life)
{
	struct span age = export_and_query(_metadata, &self->trial,
					   &self->argument, 0);
	struct sockdup_info limits;

	ASSERT_EQ(0, device_limits(self->trial.device, &limits));
	EXPECT_LE(limits.default_ttl_ms - age.most,
		  (__s64)self->argument.left_ms);
	EXPECT_GE(limits.default_ttl_ms - age.least,
		  (__s64)self->argument.left_ms);
}

SOCKDUP_TEST_MAIN
