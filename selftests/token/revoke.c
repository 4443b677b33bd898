// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a token by those who may decide it: whose right it is, and that
 * nobody who revokes has to wait for the socket to close. W58.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "harness.h"

/*
 * Three processes of three users. Real and effective user of the source can
 * differ.
 */
struct users {
	struct agent source;
	struct agent target;
	struct agent other;
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE(user) {
	struct users users;
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, agent_spawn(&self->users.source));
	ASSERT_EQ(0, agent_spawn(&self->users.target));
	ASSERT_EQ(0, agent_spawn(&self->users.other));
	ASSERT_EQ(0, agent_setuid(&self->users.target, TARGET_UID));
	self->users.fd =
		agent_socket(&self->users.source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->users.fd);
}

FIXTURE_TEARDOWN(user)
{
	agent_stop(&self->users.source);
	EXPECT_EQ(0, agent_stop(&self->users.target));
	EXPECT_EQ(0, agent_stop(&self->users.other));
}

static int export_as(struct users *users, uid_t real, uid_t effective)
{
	int error = agent_setresuid(&users->source, real, effective, real);

	return error ? error :
	       agent_duplicate(&users->source, users->fd, users->target.pid,
			       &users->info);
}

static int revoke_as(struct users *users, uid_t uid)
{
	int error = agent_setuid(&users->other, uid);

	return error ? error : agent_revoke(&users->other, &users->info);
}

TEST_F(user, W58_of_the_source_may_revoke_from_another_process)
{
	ASSERT_EQ(0, export_as(&self->users, SOURCE_UID, SOURCE_UID));
	EXPECT_EQ(0, revoke_as(&self->users, SOURCE_UID));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_of_the_source_may_revoke_when_the_source_has_ended)
{
	ASSERT_EQ(0, export_as(&self->users, SOURCE_UID, SOURCE_UID));
	ASSERT_EQ(0, agent_stop(&self->users.source));
	EXPECT_EQ(0, revoke_as(&self->users, SOURCE_UID));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_that_the_source_took_effect_as_may_revoke)
{
	ASSERT_EQ(0, export_as(&self->users, SOURCE_UID, OTHER_UID));
	EXPECT_EQ(0, revoke_as(&self->users, OTHER_UID));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_that_the_source_really_was_may_not_revoke)
{
	ASSERT_EQ(0, export_as(&self->users, SOURCE_UID, OTHER_UID));
	EXPECT_EQ(-EPERM, revoke_as(&self->users, SOURCE_UID));
	EXPECT_LE(0, agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_whom_the_source_became_may_not_revoke)
{
	ASSERT_EQ(0, agent_setresuid(&self->users.source, SOURCE_UID,
				     SOURCE_UID, OTHER_UID));
	ASSERT_EQ(0,
		  agent_duplicate(&self->users.source, self->users.fd,
				  self->users.target.pid, &self->users.info));
	ASSERT_EQ(0, agent_setresuid(&self->users.source, OTHER_UID, OTHER_UID,
				     OTHER_UID));
	EXPECT_EQ(-EPERM, agent_revoke(&self->users.source, &self->users.info));
	EXPECT_LE(0, agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_of_the_target_may_not_revoke_from_another_process)
{
	ASSERT_EQ(0, export_as(&self->users, SOURCE_UID, SOURCE_UID));
	EXPECT_EQ(-EPERM, revoke_as(&self->users, TARGET_UID));
	EXPECT_LE(0, agent_import(&self->users.target, &self->users.info, 0));
}

TEST_F(user, W58_target_may_decline_whatever_user_it_becomes)
{
	ASSERT_EQ(0, agent_setuid(&self->users.source, SOURCE_UID));
	ASSERT_EQ(0, agent_duplicate(&self->users.source, self->users.fd,
				     self->users.other.pid, &self->users.info));
	ASSERT_EQ(0, agent_setuid(&self->users.other, TARGET_UID));
	EXPECT_EQ(0, agent_revoke(&self->users.other, &self->users.info));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->users.other, &self->users.info, 0));
}

/* Revocations that race, by threads of the test. */

#define REVOKERS	8

struct revoker {
	pthread_t thread;
	const struct sockdup_protocol_info *info;
	atomic_uint *ready;
	int value;
};

static void *revoke_in_thread(void *arg)
{
	struct revoker *revoker = arg;

	atomic_fetch_add(revoker->ready, 1);
	while (atomic_load(revoker->ready) < REVOKERS)
		sched_yield();
	revoker->value = try_revoke(revoker->info);
	return NULL;
}

/* How many of the revokers succeeded; -EPROTO where one failed oddly. */
static int race_revokers(const struct sockdup_protocol_info *info)
{
	struct revoker revokers[REVOKERS];
	atomic_uint ready = 0;
	int i, won = 0;

	for (i = 0; i < REVOKERS; i++) {
		revokers[i].info = info;
		revokers[i].ready = &ready;
		if (pthread_create(&revokers[i].thread, NULL,
				   revoke_in_thread, &revokers[i]))
			abort();
	}
	for (i = 0; i < REVOKERS; i++)
		pthread_join(revokers[i].thread, NULL);
	for (i = 0; i < REVOKERS; i++) {
		if (!revokers[i].value)
			won++;
		else if (revokers[i].value != -ENOENT)
			return -EPROTO;
	}
	return won;
}

TEST(W58_one_of_many_racing_revocations_ends_the_token)
{
	struct sockdup_protocol_info info;
	const unsigned int rounds = stress(30);
	unsigned int i;
	int fds[2];

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, tcp_pair(AF_INET, fds));
		ASSERT_EQ(0, try_export(fds[0], getpid(), 0, LONG_TTL_MS,
					&info));
		ASSERT_EQ(0, close(fds[0]));
		EXPECT_EQ(1, race_revokers(&info));
		EXPECT_EQ(0, wait_for_end(fds[1]));
		ASSERT_EQ(0, close(fds[1]));
	}
}

/*
 * A socket whose last close takes an hour, unless the peer ends it. A token
 * alone holds it.
 */
struct parties {
	struct agent source;
	struct agent target;
	int peer;
	struct address address;
	struct sockdup_protocol_info info;
};

FIXTURE(lingering) {
	struct parties parties;
};

FIXTURE_VARIANT(lingering) {
	enum { BY_SOURCE, BY_TARGET, BY_ROOT } who;
};

FIXTURE_VARIANT_ADD(lingering, revoked_by_source) { BY_SOURCE };
FIXTURE_VARIANT_ADD(lingering, declined_by_target) { BY_TARGET };
FIXTURE_VARIANT_ADD(lingering, revoked_by_root) { BY_ROOT };

static int fill_source(struct parties *parties)
{
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	parties->peer = fds[1];
	parties->address = bound_address(fds[0]);
	error = make_linger(fds[0], fds[1]);
	if (error)
		return error;
	return agent_entrust(&parties->source, fds[0], parties->target.pid, 0,
			     LONG_TTL_MS, &parties->info);
}

FIXTURE_SETUP(lingering)
{
	ASSERT_EQ(0, agent_spawn(&self->parties.source));
	ASSERT_EQ(0, agent_spawn(&self->parties.target));
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	ASSERT_EQ(0, agent_setuid(&self->parties.target, SOURCE_UID));
	ASSERT_EQ(0, fill_source(&self->parties));
}

FIXTURE_TEARDOWN(lingering)
{
	/* With data unread, that is a reset, and the lingering is over. */
	close(self->parties.peer);
	EXPECT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, agent_stop(&self->parties.target));
}

static int revoke_by(struct parties *parties, int who)
{
	switch (who) {
	case BY_SOURCE:
		return agent_revoke(&parties->source, &parties->info);
	case BY_TARGET:
		return agent_revoke(&parties->target, &parties->info);
	default:
		return try_revoke(&parties->info);
	}
}

TEST_F(lingering, W58_does_not_keep_the_one_who_revokes)
{
	ASSERT_EQ(0, revoke_by(&self->parties, variant->who));
	/* It was the last close, and the close is not over. */
	EXPECT_EQ(0, wait_for_closing(&self->parties.address));
	EXPECT_EQ(-ENOENT,
		  agent_import(&self->parties.target, &self->parties.info, 0));
}

TEST_F(lingering, W58_keeps_neither_party_from_its_end)
{
	ASSERT_EQ(0, revoke_by(&self->parties, variant->who));
	ASSERT_EQ(0, wait_for_closing(&self->parties.address));
	EXPECT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, agent_stop(&self->parties.target));
	EXPECT_EQ(0, wait_for_closing(&self->parties.address));
}

TEST_F(lingering, W58_does_not_keep_the_one_who_revokes_another_token)
{
	struct sockdup_protocol_info info;
	int fd;

	fd = agent_socket(&self->parties.source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&self->parties.source, fd,
				     self->parties.target.pid, &info));
	ASSERT_EQ(0, revoke_by(&self->parties, variant->who));
	ASSERT_EQ(0, wait_for_closing(&self->parties.address));
	self->parties.info = info;
	EXPECT_EQ(0, revoke_by(&self->parties, variant->who));
	EXPECT_EQ(-ENOENT, agent_import(&self->parties.target, &info, 0));
}

SOCKDUP_TEST_MAIN
