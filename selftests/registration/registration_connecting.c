// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that wait at a listener, that were accepted and that are being made.
 * W69-W71, W74, W75, W77, W81, W82, W84, W86, X4.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>

#include "harness.h"
#include "network_events.h"
#include "page.h"
#include "registration.h"
#include "traffic.h"

/* Sockets that listen, and one that connects to them. */
static struct address unix_name(void)
{
	/* No more than the family: the kernel chooses a name. */
	return (struct address) {
		.storage.ss_family = AF_UNIX,
		.size = sizeof(sa_family_t),
	};
}

static int listener_of(int family, int type)
{
	const struct address address = family == AF_UNIX ? unix_name() :
							   loopback(family, 0);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const void *)&address.storage, address.size) ||
	    listen(fd, SOMAXCONN)) {
		close(fd);
		return -errno;
	}
	return fd;
}

FIXTURE(listener) {
	int fd;
	int event;
	int type;
	struct address address;
};

FIXTURE_VARIANT(listener) {
	int family;
	int type;
};

FIXTURE_VARIANT_ADD(listener, ipv4) { AF_INET, SOCK_STREAM };
FIXTURE_VARIANT_ADD(listener, ipv6) { AF_INET6, SOCK_STREAM };
FIXTURE_VARIANT_ADD(listener, unix_stream) { AF_UNIX, SOCK_STREAM };
FIXTURE_VARIANT_ADD(listener, unix_seqpacket) { AF_UNIX, SOCK_SEQPACKET };

FIXTURE_SETUP(listener)
{
	self->event = new_event();
	ASSERT_LE(0, self->event);
	self->fd = listener_of(variant->family, variant->type);
	ASSERT_LE(0, self->fd);
	self->address = bound_address(self->fd);
	self->type = variant->type;
}

FIXTURE_TEARDOWN(listener)
{
	close(self->fd);
	close(self->event);
}

/* A client whose connection waits to be accepted. */
static int call_listener(int listener, int type, const struct address *address)
{
	int fd = socket(address->storage.ss_family, type | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const void *)&address->storage, address->size))
		return -errno;
	error = wait_for_poll(listener, POLLIN);
	return error ? error : fd;
}

TEST_F(listener, waiting_connection_is_told)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	ASSERT_EQ(0, take(self->fd));
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	EXPECT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
}

TEST_F(listener, W69_connection_already_waiting_is_told_at_once)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(ACCEPT, take(self->fd));
}

TEST_F(listener, W70_rearm_tells_of_connections_that_are_left)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, accept4(self->fd, NULL, NULL, SOCK_CLOEXEC));
	ASSERT_EQ(0, try_event_rearm(self->fd, ACCEPT));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(ACCEPT, take(self->fd));
}

TEST_F(listener, W70_rearm_tells_nothing_where_no_connection_is_left)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, accept4(self->fd, NULL, NULL, SOCK_CLOEXEC));
	ASSERT_EQ(0, try_event_rearm(self->fd, ACCEPT));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(listener, W71_waiting_connection_is_not_told_again)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(listener, X4_new_connection_is_told_without_a_rearm)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	EXPECT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
}

/* A listener that is registered, and what it has accepted. */
FIXTURE(accepted) {
	int listener;
	int event;
	int client;
	int fd;
};

FIXTURE_VARIANT(accepted) {
	int family;
	int type;
};

FIXTURE_VARIANT_ADD(accepted, ipv4) { AF_INET, SOCK_STREAM };
FIXTURE_VARIANT_ADD(accepted, ipv6) { AF_INET6, SOCK_STREAM };
FIXTURE_VARIANT_ADD(accepted, unix_stream) { AF_UNIX, SOCK_STREAM };

FIXTURE_SETUP(accepted)
{
	struct address address;

	self->event = new_event();
	ASSERT_LE(0, self->event);
	self->listener = listener_of(variant->family, variant->type);
	ASSERT_LE(0, self->listener);
	address = bound_address(self->listener);
	ASSERT_EQ(0, try_event_select(self->listener, self->event,
				      ACCEPT | READ | WRITE, MESSAGE));
	self->client = call_listener(self->listener, variant->type, &address);
	ASSERT_LE(0, self->client);
	ASSERT_EQ(ACCEPT, come(self->listener, self->event, ACCEPT));
	self->fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(accepted)
{
	close(self->client);
	close(self->fd);
	close(self->listener);
	close(self->event);
}

TEST_F(accepted, W81_has_no_registration_of_its_own)
{
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(accepted, W81_inherits_what_its_listener_is_registered_for)
{
	struct sockdup_registration registration;

	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	ASSERT_EQ(0, try_event_query(self->fd, &registration));
	EXPECT_EQ(ACCEPT | READ | WRITE, registration.mask);
	EXPECT_EQ(MESSAGE, registration.kind);
	EXPECT_TRUE(registration.own);
	EXPECT_EQ(getpid(), registration.source.pid);
	EXPECT_EQ(ACCEPT | READ | WRITE, mask_of(self->listener));
}

TEST_F(accepted, W81_inherits_the_event)
{
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, arrive(self->client, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(accepted, W81_registration_anew_changes_the_one_socket_alone)
{
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_EQ(READ, mask_of(self->fd));
	EXPECT_EQ(ACCEPT | READ | WRITE, mask_of(self->listener));
	ASSERT_EQ(0, ask(self->listener, -1, 0));
	EXPECT_EQ(READ, mask_of(self->fd));
}

TEST_F(accepted, W81_inheritance_takes_the_place_of_a_registration)
{
	int other = new_event();

	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	ASSERT_EQ(0, arrive(self->client, self->fd, "x"));
	EXPECT_EQ(READ | WRITE, come(self->fd, self->event, READ | WRITE));
	EXPECT_FALSE(event_is_set(other));
}

TEST_F(accepted, W82_inherited_room_is_told_at_once)
{
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST_F(accepted, inherits_nothing_from_a_listener_without_a_registration)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->listener, -1, 0));
	EXPECT_EQ(-ENOENT, try_event_inherit(self->fd, self->listener));
	EXPECT_EQ(READ, mask_of(self->fd));
}

TEST_F(accepted, inherits_nothing_from_what_another_has_registered)
{
	int device = device_open();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, raw_event_select(device, self->listener, self->event,
				      ACCEPT));
	EXPECT_EQ(-EPERM, try_event_inherit(self->fd, self->listener));
	EXPECT_EQ(READ, mask_of(self->fd));
}

TEST_F(accepted, inherits_nothing_from_what_is_no_socket)
{
	EXPECT_EQ(-ENOTSOCK, try_event_inherit(self->fd, self->event));
	EXPECT_EQ(-EBADF, try_event_inherit(self->fd, -1));
	EXPECT_EQ(-ENOTSOCK, try_event_inherit(self->event, self->listener));
	EXPECT_EQ(-EBADF, try_event_inherit(-1, self->listener));
	EXPECT_EQ(0, mask_of(self->fd));
}

/* A TCP socket about to connect. */
FIXTURE(connecting) {
	int fd;
	int event;
	int listener;
	struct address address;
};

FIXTURE_VARIANT(connecting) {
	int family;
};

FIXTURE_VARIANT_ADD(connecting, ipv4) { AF_INET };
FIXTURE_VARIANT_ADD(connecting, ipv6) { AF_INET6 };

FIXTURE_SETUP(connecting)
{
	self->event = new_event();
	ASSERT_LE(0, self->event);
	self->listener = tcp_listener(variant->family);
	ASSERT_LE(0, self->listener);
	self->address = bound_address(self->listener);
	self->fd = socket(variant->family,
			  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(connecting)
{
	close(self->fd);
	close(self->listener);
	close(self->event);
}

TEST_F(connecting, W75_success_is_told_without_error)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(0, *error_of(&happened, CONNECT));
}

TEST_F(connecting, W75_refusal_is_told_with_its_error_and_nothing_else_is)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(ECONNREFUSED, *error_of(&happened, CONNECT));
}

/* The peer sends before anybody is likely to have looked at the connection. */
TEST_F(connecting, data_is_told_with_its_connection_or_after_it)
{
	int events, fd, peer, round;

	for (round = 0; round < 200; round++) {
		fd = socket(variant->family,
			    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ask(fd, self->event, CONNECT | READ));
		ASSERT_EQ(-EINPROGRESS, begin_to_connect(fd, &self->address));
		peer = accept(self->listener, NULL, NULL);
		ASSERT_LE(0, peer);
		ASSERT_EQ(1, send(peer, "x", 1, MSG_NOSIGNAL));
		/* It may have been set by the last socket's data. */
		do {
			ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
			events = take(fd);
		} while (!events);
		ASSERT_NE(0, events & CONNECT);
		ASSERT_EQ(0, close(peer));
		ASSERT_EQ(0, close(fd));
	}
}

/* One end of a connection that is made without a packet, and without a word. */
struct end {
	int fd;
	struct address address;
	unsigned int sequence;
};

static int set_tcp(int fd, int option, unsigned int value)
{
	return setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value)) ?
	       -errno : 0;
}

static int set_sequence(int fd, int queue, unsigned int sequence)
{
	int error = set_tcp(fd, TCP_REPAIR_QUEUE, queue);

	return error ? error : set_tcp(fd, TCP_QUEUE_SEQ, sequence);
}

static int end_open(struct end *end, int family, unsigned int sequence)
{
	struct address any = { .size = sizeof(struct sockaddr_in6) };
	int error;

	any.storage.ss_family = family;
	end->sequence = sequence;
	end->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (end->fd < 0)
		return -errno;
	if (family == AF_INET) {
		struct sockaddr_in *in = (void *)&any.storage;

		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		any.size = sizeof(*in);
	} else {
		((struct sockaddr_in6 *)&any.storage)->sin6_addr =
			in6addr_loopback;
	}
	error = set_tcp(end->fd, TCP_REPAIR, TCP_REPAIR_ON);
	if (!error && bind(end->fd, (const void *)&any.storage, any.size))
		error = -errno;
	if (!error)
		end->address = bound_address(end->fd);
	return error;
}

static int end_join(const struct end *end, const struct end *peer)
{
	int error = set_sequence(end->fd, TCP_SEND_QUEUE, end->sequence);

	if (!error)
		error = set_sequence(end->fd, TCP_RECV_QUEUE, peer->sequence);
	if (!error)
		error = begin_to_connect(end->fd, &peer->address);
	return error;
}

/* Nothing but the data wakes anybody, and it says more than that it is there. */
TEST_F(connecting, room_is_told_with_the_first_data_of_a_silent_connection)
{
	struct end end, peer;

	ASSERT_EQ(0, end_open(&end, variant->family, 1000));
	ASSERT_EQ(0, end_open(&peer, variant->family, 2000));
	ASSERT_EQ(0, ask(end.fd, self->event, READ | WRITE));
	ASSERT_EQ(0, end_join(&end, &peer));
	ASSERT_EQ(0, end_join(&peer, &end));
	ASSERT_EQ(0, set_tcp(end.fd, TCP_REPAIR, TCP_REPAIR_OFF));
	ASSERT_EQ(0, set_tcp(peer.fd, TCP_REPAIR, TCP_REPAIR_OFF));
	ASSERT_EQ(0, arrive(peer.fd, end.fd, "x"));
	EXPECT_EQ(READ | WRITE, come(end.fd, self->event, READ | WRITE));
	close(peer.fd);
	close(end.fd);
}

/* The caller takes the error as soon as it wakes, often before the events. */
TEST_F(connecting, W75_refusal_is_told_though_the_call_that_waited_has_taken_it)
{
	struct sockdup_network_events happened;
	int fd, round;

	ASSERT_EQ(0, close(self->listener));
	for (round = 0; round < 40; round++) {
		fd = socket(variant->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ask(fd, self->event, CONNECT));
		ASSERT_EQ(-ECONNREFUSED, begin_to_connect(fd, &self->address));
		ASSERT_EQ(CONNECT, come_with(fd, self->event, CONNECT,
					     &happened));
		ASSERT_EQ(ECONNREFUSED, *error_of(&happened, CONNECT));
		ASSERT_EQ(0, close(fd));
	}
}

TEST_F(connecting, W75_refusal_before_registration_is_told_at_once)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLERR));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(ECONNREFUSED, *error_of(&happened, CONNECT));
}

TEST_F(connecting, W75_second_attempt_is_told_after_a_rearm)
{
	struct sockdup_network_events happened;

	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(CONNECT, come(self->fd, self->event, CONNECT));
	ASSERT_EQ(-ECONNREFUSED, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, try_event_rearm(self->fd, CONNECT));
	EXPECT_EQ(0, take(self->fd));

	self->listener = tcp_listener(variant->family);
	ASSERT_LE(0, self->listener);
	self->address = bound_address(self->listener);
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(0, *error_of(&happened, CONNECT));
}

TEST_F(connecting, W75_connection_that_another_holder_makes_is_told)
{
	struct agent agent;
	int fd;

	ASSERT_EQ(0, agent_spawn(&agent));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	fd = agent_give(&agent, dup(self->fd));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT | WRITE));
	ASSERT_EQ(0, agent_connect(&agent, fd, &self->address.storage,
				   self->address.size));
	EXPECT_EQ(CONNECT | WRITE, come(self->fd, self->event,
					CONNECT | WRITE));
	EXPECT_EQ(0, agent_stop(&agent));
}

TEST_F(connecting, W74_room_is_told_with_the_connection)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_FALSE(event_is_set(self->event));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(WRITE, come(self->fd, self->event, WRITE));
}

TEST_F(connecting, W86_unconnected_socket_tells_of_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT | WRITE, come(self->fd, self->event,
					CONNECT | WRITE));
}

TEST_F(connecting, known_connection_is_no_event)
{
	int fd = connect_to(&self->address, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(fd, self->event, CONNECT | WRITE));
	EXPECT_EQ(WRITE, take(fd));
	EXPECT_EQ(0, take(fd));
}

TEST_F(connecting, W77_orderly_end_has_no_error_of_an_attempt_before)
{
	struct sockdup_network_events happened;
	int peer;

	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLERR));
	ASSERT_EQ(-ECONNREFUSED, begin_to_connect(self->fd, &self->address));

	self->listener = tcp_listener(variant->family);
	ASSERT_LE(0, self->listener);
	self->address = bound_address(self->listener);
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	peer = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLOUT));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	ASSERT_EQ(0, close(peer));
	memset(&happened, 0xab, sizeof(happened));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

/* Who looked at the socket for others has told nobody. */
TEST_F(connecting, W69_connection_that_was_not_asked_for_is_told_to_who_asks)
{
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLOUT));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	EXPECT_EQ(CONNECT, take(self->fd));
}

TEST_F(connecting, W69_connection_that_was_not_enumerated_is_told_to_the_next)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT | WRITE));
	EXPECT_EQ(CONNECT | WRITE, take(self->fd));
}

TEST_F(connecting, connection_that_was_enumerated_is_no_event_to_the_next)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(CONNECT, come(self->fd, self->event, CONNECT));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT | WRITE));
	EXPECT_EQ(WRITE, take(self->fd));
	/* Unless it is asked for by name. */
	ASSERT_EQ(0, try_event_rearm(self->fd, CONNECT));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	EXPECT_EQ(CONNECT, take(self->fd));
}

/**
 * struct slow - an enumeration whose answer waits for memory
 * @device: that registered
 * @page: where the answer is to go
 * @thread: which enumerates
 * @value: what that gives
 */
struct slow {
	int device;
	struct page page;
	pthread_t thread;
	int value;
};

static void *enumerate_slowly(void *arg)
{
	struct slow *slow = arg;

	slow->value = device_ioctl(slow->device, SOCKDUP_IOC_EVENT_ENUMERATE,
				   slow->page.memory);
	return NULL;
}

/* The answer of the first attempt is on its way when that of the second comes. */
TEST_F(connecting, W84_record_that_comes_meanwhile_is_not_cleared_with_the_one_before)
{
	struct sockdup_event_rearm rearm = {
		.size = sizeof(rearm),
		.fd = self->fd,
		.events = CONNECT,
	};
	struct sockdup_event_enumerate *answer;
	struct slow slow;

	if (page_open(&slow.page))
		SKIP(return, "no userfaultfd with write protection here");
	slow.device = device_open();
	answer = slow.page.memory;
	answer->size = sizeof(*answer);
	answer->fd = self->fd;
	ASSERT_EQ(0, close(self->listener));
	ASSERT_EQ(0, raw_event_select(slow.device, self->fd, self->event,
				      CONNECT));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(0, page_protect(&slow.page, true));
	ASSERT_EQ(0, pthread_create(&slow.thread, NULL, enumerate_slowly,
				    &slow));
	EXPECT_EQ(0, page_wait_for_user(&slow.page));

	self->listener = tcp_listener(variant->family);
	self->address = bound_address(self->listener);
	EXPECT_EQ(-ECONNREFUSED, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(0, device_ioctl(slow.device, SOCKDUP_IOC_EVENT_REARM,
				  &rearm));
	EXPECT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(0, wait_for_poll(self->fd, POLLOUT));
	/* Which looks at once, should no worker have looked. */
	EXPECT_EQ(0, device_ioctl(slow.device, SOCKDUP_IOC_EVENT_REARM,
				  &rearm));

	EXPECT_EQ(0, page_protect(&slow.page, false));
	ASSERT_EQ(0, pthread_join(slow.thread, NULL));
	EXPECT_EQ(0, slow.value);
	EXPECT_EQ(CONNECT, answer->events);
	EXPECT_EQ(0, answer->errors[__builtin_ctz(CONNECT)]);
	EXPECT_FALSE(event_is_set(self->event));
	page_close(&slow.page);
	close(slow.device);
}

/* AF_UNIX makes a connection within connect(), and wakes nobody here. */
TEST(rearm_tells_of_the_connection_of_a_unix_socket)
{
	struct address address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int listener = listener_of(AF_UNIX, SOCK_STREAM);
	int event = new_event();

	ASSERT_LE(0, listener);
	address = bound_address(listener);
	ASSERT_EQ(0, ask(fd, event, CONNECT | WRITE));
	ASSERT_EQ(0, take(fd));
	ASSERT_EQ(0, begin_to_connect(fd, &address));
	ASSERT_EQ(0, try_event_rearm(fd, CONNECT | WRITE));
	EXPECT_EQ(CONNECT | WRITE, come(fd, event, CONNECT | WRITE));
}

SOCKDUP_TEST_MAIN
