// SPDX-License-Identifier: GPL-2.0-only
/*
 * What registrations cost their user, and when the charge is returned. W9.
 */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "harness.h"
#include "network_events.h"
#include "registration.h"

/* What registrations cost: as many sockets as a user may register, twice. */
#define LIMIT	8

struct user {
	struct agent agent;
	int fds[2 * LIMIT];
	int event;
};

/*
 * Each test has a user of its own, who owes nothing for what another test let
 * go of a moment ago. The limit comes last: descriptors count towards it.
 */
static void user_set_up(struct __test_metadata *_metadata, struct user *user,
			uid_t uid)
{
	struct sockdup_registration registration;
	int i;

	ASSERT_EQ(0, agent_spawn(&user->agent));
	for (i = 0; i < 2 * LIMIT; i++) {
		user->fds[i] = agent_socket(&user->agent, AF_INET, SOCK_DGRAM,
					    0);
		ASSERT_LE(0, user->fds[i]);
	}
	user->event = agent_eventfd(&user->agent, 0, EFD_NONBLOCK);
	ASSERT_LE(0, user->event);
	ASSERT_EQ(0, agent_setuid(&user->agent, uid));
	ASSERT_EQ(0, agent_event_query(&user->agent, user->fds[0],
				       &registration));
	ASSERT_EQ(0, agent_setrlimit(&user->agent, RLIMIT_NOFILE, LIMIT));
}

FIXTURE(quota) {
	struct user user;
	uid_t uid;
};

FIXTURE_SETUP(quota)
{
	self->uid = 200000 + 2 * getpid();
	user_set_up(_metadata, &self->user, self->uid);
}

FIXTURE_TEARDOWN(quota)
{
	agent_kill(&self->user.agent);
}

static int register_one(struct user *user, int i)
{
	return agent_ask_for(&user->agent, user->fds[i], user->event, READ);
}

/* Registers from the one on: how many until ENOBUFS, or the other error. */
static int register_all(struct user *user, int first)
{
	int error, i;

	for (i = first; i < 2 * LIMIT; i++) {
		error = register_one(user, i);
		if (error)
			return error == -ENOBUFS ? i - first : error;
	}
	return i - first;
}

TEST_F(quota, W9_registrations_of_a_user_are_bounded)
{
	EXPECT_EQ(LIMIT, register_all(&self->user, 0));
	EXPECT_EQ(-ENOBUFS, register_one(&self->user, LIMIT));
}

TEST_F(quota, W9_registrations_of_all_processes_of_a_user_count_together)
{
	struct user other;

	user_set_up(_metadata, &other, self->uid);
	EXPECT_EQ(LIMIT, register_all(&self->user, 0));
	EXPECT_EQ(-ENOBUFS, register_one(&other, 0));
	EXPECT_EQ(0, agent_stop(&other.agent));
}

TEST_F(quota, W9_registrations_of_one_user_are_not_anothers)
{
	struct user other;

	user_set_up(_metadata, &other, self->uid + 1);
	EXPECT_EQ(LIMIT, register_all(&self->user, 0));
	EXPECT_EQ(LIMIT, register_all(&other, 0));
	EXPECT_EQ(0, agent_stop(&other.agent));
}

TEST_F(quota, W9_charge_is_returned_when_it_is_cancelled)
{
	struct agent *agent = &self->user.agent;

	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	ASSERT_EQ(0, agent_ask_for(agent, self->user.fds[0], -1, 0));
	EXPECT_EQ(1, register_all(&self->user, LIMIT));
}

TEST_F(quota, W9_charge_is_returned_when_another_takes_its_place)
{
	int event = new_event();
	int fd = udp_bound(AF_INET);
	int given = self->user.fds[0];
	int taken;

	/* In the place of one that the agent has closed. */
	ASSERT_EQ(0, agent_close(&self->user.agent, given));
	taken = agent_give(&self->user.agent, dup(fd));
	ASSERT_EQ(given, taken);
	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	ASSERT_EQ(0, ask(fd, event, READ));
	EXPECT_EQ(1, register_all(&self->user, LIMIT));
}

TEST_F(quota, W9_refused_registration_leaves_the_one_there_is)
{
	int event = new_event();
	int fd = udp_bound(AF_INET);
	int taken;

	ASSERT_EQ(0, agent_close(&self->user.agent, self->user.fds[0]));
	taken = agent_give(&self->user.agent, dup(fd));
	ASSERT_EQ(self->user.fds[0], taken);
	ASSERT_EQ(0, ask(fd, event, READ | WRITE));
	ASSERT_EQ(LIMIT, register_all(&self->user, 1));
	EXPECT_EQ(-ENOBUFS, register_one(&self->user, 0));
	EXPECT_EQ(READ | WRITE, mask_of(fd));
	EXPECT_EQ(WRITE, take(fd));
}

TEST_F(quota, W9_registration_anew_costs_nothing_more)
{
	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	EXPECT_EQ(0, register_one(&self->user, 0));
	EXPECT_EQ(-ENOBUFS, register_one(&self->user, LIMIT));
}

TEST_F(quota, W9_closed_sockets_are_swept_before_ENOBUFS)
{
	int i;

	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, agent_close(&self->user.agent,
					 self->user.fds[i]));
	EXPECT_EQ(LIMIT, register_all(&self->user, LIMIT));
}

TEST_F(quota, W9_charge_is_returned_after_SIGKILL)
{
	struct user next;

	user_set_up(_metadata, &next, self->uid);
	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	ASSERT_EQ(-ENOBUFS, register_one(&next, 0));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->user.agent));
	EXPECT_EQ(LIMIT, register_all(&next, 0));
	EXPECT_EQ(0, agent_stop(&next.agent));
}

TEST_F(quota, W9_registrations_and_tokens_are_counted_apart)
{
	struct sockdup_protocol_info info;
	int i;

	ASSERT_EQ(LIMIT, register_all(&self->user, 0));
	for (i = 0; i < LIMIT; i++)
		EXPECT_EQ(0, agent_duplicate(&self->user.agent,
					     self->user.fds[i], getpid(),
					     &info));
}

SOCKDUP_TEST_MAIN
