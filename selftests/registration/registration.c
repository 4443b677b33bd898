// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket's registration: there is one, whoever made it. What may be asked for,
 * whom a second one takes it from, and who may look at it, take from it and cancel
 * it. W62-W68, W71, W80, W93, W94, X1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "connection.h"
#include "harness.h"
#include "network_events.h"
#include "registration.h"
#include "tcp.h"
#include "traffic.h"

TEST_F(tcp, data_is_told)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W62_second_registration_of_process_cancels_the_first)
{
	int other = new_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(tcp, W62_registration_through_another_descriptor_cancels)
{
	int other = new_event();
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(copy, other, READ | CLOSE));
	EXPECT_EQ(READ | CLOSE, mask_of(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(tcp, W64_two_events_cannot_have_two_event_objects)
{
	int other = new_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, other, WRITE));
	EXPECT_EQ(WRITE, mask_of(self->fd));
	EXPECT_EQ(WRITE, come(self->fd, other, WRITE));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | WRITE));
	EXPECT_EQ(WRITE, come(self->fd, other, WRITE));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(tcp, W65_empty_mask_cancels)
{
	int other = new_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, 0));
	EXPECT_EQ(0, mask_of(self->fd));
	EXPECT_EQ(-ENOENT, take(self->fd));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(tcp, W65_empty_mask_looks_at_no_event_object)
{
	static const int events[] = { -1, STDIN_FILENO, 1 << 20 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		ASSERT_EQ(0, ask(self->fd, self->event, READ));
		EXPECT_EQ(0, ask(self->fd, events[i], 0));
		EXPECT_EQ(0, mask_of(self->fd));
	}
}

TEST_F(tcp, W65_empty_mask_is_no_error_where_there_is_no_registration)
{
	EXPECT_EQ(0, ask(self->fd, -1, 0));
	EXPECT_EQ(0, mask_of(self->fd));
}

/* Winsock would make it non-blocking. */
TEST_F(tcp, W66_blocking_socket_stays_blocking)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_FALSE(fcntl(self->fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, ask(self->fd, self->event, 0));
	EXPECT_FALSE(fcntl(self->fd, F_GETFL) & O_NONBLOCK);
}

/* By which a wrapper can refuse to make it blocking. */
TEST_F(tcp, W67_registration_in_force_can_be_asked_for)
{
	EXPECT_EQ(0, mask_of(self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | OOB));
	EXPECT_EQ(READ | OOB, mask_of(self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, 0));
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(tcp, W93_events_that_are_not_here_are_EINVAL)
{
	static const unsigned int events[] = { 0x40, 0x80, 0x100, 0x200 };
	unsigned int i;

	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		EXPECT_EQ(-EINVAL, ask(self->fd, self->event, events[i]));
		EXPECT_EQ(-EINVAL, ask(self->fd, self->event,
				       events[i] | READ));
		EXPECT_EQ(-EINVAL, try_event_rearm(self->fd, events[i]));
	}
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(tcp, unknown_events_are_EINVAL)
{
	unsigned int bit;

	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	for (bit = 6; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, ask(self->fd, self->event, 1U << bit)) {
			TH_LOG("bit %u", bit);
		}
		EXPECT_EQ(-EINVAL, try_event_rearm(self->fd, 1U << bit)) {
			TH_LOG("bit %u", bit);
		}
	}
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(tcp, unknown_kinds_are_EINVAL)
{
	unsigned int kind;

	for (kind = MESSAGE + 1; kind; kind <<= 1) {
		EXPECT_EQ(-EINVAL, try_event_select(self->fd, self->event,
						    READ, kind)) {
			TH_LOG("kind %u", kind);
		}
	}
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(tcp, X1_registration_anew_tells_what_was_told_and_holds)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, X1_registration_anew_forgets_what_no_longer_holds)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_EQ(0, take(self->fd));
}

/* A connection that the test and an agent hold both, with an event each. */
FIXTURE(shared) {
	struct agent agent;
	int fd;
	int peer;
	int event;
	int agent_fd;
	int agent_event;
};

FIXTURE_SETUP(shared)
{
	struct connection connection;

	ASSERT_EQ(0, agent_spawn(&self->agent));
	connection_set_up(_metadata, &connection, AF_INET);
	self->fd = connection.fd;
	self->peer = connection.peer;
	self->event = connection.event;
	self->agent_fd = agent_give(&self->agent, dup(self->fd));
	ASSERT_LE(0, self->agent_fd);
	self->agent_event = agent_eventfd(&self->agent, 0, EFD_NONBLOCK);
	ASSERT_LE(0, self->agent_event);
}

FIXTURE_TEARDOWN(shared)
{
	agent_stop(&self->agent);
}

TEST_F(shared, W62_registration_of_the_target_cancels_that_of_the_source)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, agent_come(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(-EPERM, take(self->fd));
}

TEST_F(shared, W62_registration_of_the_source_cancels_that_of_the_target)
{
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	EXPECT_EQ(0, agent_event_is_set(&self->agent, self->agent_event));
	EXPECT_EQ(-EPERM, agent_take(&self->agent, self->agent_fd));
}

TEST_F(shared, W62_what_was_recorded_for_the_first_is_not_told_to_it)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, CLOSE));
	EXPECT_EQ(-EPERM, take(self->fd));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd, -1, 0));
	EXPECT_EQ(-ENOENT, take(self->fd));
}

TEST_F(shared, W63_the_second_is_told_of_its_event_and_the_first_of_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, WRITE));
	EXPECT_EQ(WRITE, agent_come(&self->agent, self->agent_fd,
				    self->agent_event, WRITE));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, agent_event_rearm(&self->agent, self->agent_fd,
				       READ | WRITE));
	EXPECT_EQ(WRITE, agent_come(&self->agent, self->agent_fd,
				    self->agent_event, WRITE));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(shared, W65_any_holder_cancels)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_setuid(&self->agent, NOBODY));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd, -1, 0));
	EXPECT_EQ(0, mask_of(self->fd));
	EXPECT_EQ(-ENOENT, take(self->fd));
}

TEST_F(shared, W71_receive_by_another_holder_leaves_the_record)
{
	char byte;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(1, agent_recv(&self->agent, self->agent_fd, &byte, 1, 0));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(shared, W80_close_by_a_holder_is_not_told_and_ends_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, agent_close(&self->agent, self->agent_fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

/* 0 once closed sockets have been looked for since the call. */
static int wait_for_a_sweep(int device, int event)
{
	long count = count_registrations(device);
	int fd = udp_bound(AF_INET);
	int error;

	error = raw_event_select(device, fd, event, READ);
	close(fd);
	return error ? error : wait_for_registrations(device, count);
}

TEST_F(shared, W80_close_by_who_registered_ends_nothing_and_the_last_one_does)
{
	struct sockdup_registration registration;
	int device = device_open();
	char byte;

	ASSERT_EQ(0, raw_event_select(device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, wait_for_a_sweep(device, new_event()));
	EXPECT_EQ(1, count_registrations(device));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_EQ(READ | CLOSE, registration.mask);
	EXPECT_EQ(getpid(), registration.source.pid);
	ASSERT_EQ(1, send(self->peer, "x", 1, 0));
	EXPECT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(1, agent_recv(&self->agent, self->agent_fd, &byte, 1, 0));

	ASSERT_EQ(0, agent_close(&self->agent, self->agent_fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(0, wait_for_no_registration(device));
}

TEST_F(shared, survives_the_exit_of_one_who_only_held_the_socket)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	/* It has the device open, too. */
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->agent));
	EXPECT_EQ(READ | CLOSE, mask_of(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(shared, ends_with_the_process_that_registered)
{
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	ASSERT_EQ(READ, mask_of(self->fd));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->agent));
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(shared, enumeration_by_another_is_EPERM_and_clears_nothing)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_EQ(-EPERM, agent_take(&self->agent, self->agent_fd));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(shared, query_tells_any_holder_who_registered_and_for_what)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, try_event_select(self->fd, self->event, READ | OOB,
				      MESSAGE));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_EQ(READ | OOB, registration.mask);
	EXPECT_EQ(MESSAGE, registration.kind);
	EXPECT_FALSE(registration.own);
	EXPECT_EQ(getpid(), registration.source.pid);
	EXPECT_EQ(geteuid(), registration.source.uid);
	EXPECT_EQ(getegid(), registration.source.gid);
}

TEST_F(shared, query_tells_who_registered_that_it_is_theirs)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(WRITE, registration.mask);
	EXPECT_EQ(EVENT, registration.kind);
	EXPECT_TRUE(registration.own);
	EXPECT_EQ(getpid(), registration.source.pid);
}

TEST_F(shared, query_tells_the_user_who_registered)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, agent_setuid(&self->agent, NOBODY));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(self->agent.pid, registration.source.pid);
	EXPECT_EQ(NOBODY, registration.source.uid);
	EXPECT_EQ(NOBODY, registration.source.gid);
}

TEST_F(shared, query_where_there_is_no_registration_tells_of_none)
{
	struct sockdup_registration registration;

	memset(&registration, 0xff, sizeof(registration));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(0, registration.mask);
	EXPECT_EQ(0, registration.kind);
	EXPECT_FALSE(registration.own);
	EXPECT_EQ(0, registration.source.pid);
}

TEST_F(shared, query_clears_nothing)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(shared, W94_event_kind_is_cancelled_by_message_kind)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_event_select(&self->agent, self->agent_fd,
					self->agent_event, READ, MESSAGE));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(MESSAGE, registration.kind);
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, agent_come(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	EXPECT_FALSE(event_is_set(self->event));
}

TEST_F(shared, W94_message_kind_is_cancelled_by_event_kind)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, agent_event_select(&self->agent, self->agent_fd,
					self->agent_event, READ, MESSAGE));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(EVENT, registration.kind);
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	EXPECT_EQ(0, agent_event_is_set(&self->agent, self->agent_event));
}

TEST_F(shared, W94_empty_mask_of_one_kind_cancels_the_other)
{
	ASSERT_EQ(0, try_event_select(self->fd, self->event, READ, MESSAGE));
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd, -1, 0));
	EXPECT_EQ(0, mask_of(self->fd));
	ASSERT_EQ(0, try_event_select(self->fd, self->event, READ, EVENT));
	ASSERT_EQ(0, agent_event_select(&self->agent, self->agent_fd, -1, 0,
					MESSAGE));
	EXPECT_EQ(0, mask_of(self->fd));
}

/* A reader that is the first process of its pid namespace. */
TEST_F(shared, query_does_not_name_a_process_that_the_reader_cannot_see)
{
	struct sockdup_registration registration;
	struct agent reader;
	int fd;

	ASSERT_EQ(0, agent_spawn_isolated(&reader));
	fd = agent_give(&reader, dup(self->fd));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_event_query(&reader, fd, &registration));
	EXPECT_EQ(READ, registration.mask);
	EXPECT_EQ(0, registration.source.pid);
	EXPECT_EQ(0, agent_stop(&reader));
}

TEST_F(shared, query_shows_users_as_the_reader_sees_them)
{
	long overflow = read_number("/proc/sys/kernel/overflowuid");
	struct sockdup_registration registration;

	ASSERT_LT(0, overflow);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, agent_unshare(&self->agent, CLONE_NEWUSER));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_EQ(overflow, registration.source.uid);
}

SOCKDUP_TEST_MAIN
