// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event registration of a socket: one, whoever made it; what it tells and
 * what it does not; what it costs, and when it ends. W62-W88, W93, W94, X1-X6.
 *
 * Most events are told by workers in their own time. That one does not come is seen
 * by another, made to come later, that comes alone.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/un.h>
#include <time.h>

#include "census.h"
#include "page.h"

#define READ	SOCKDUP_FD_READ
#define WRITE	SOCKDUP_FD_WRITE
#define OOB	SOCKDUP_FD_OOB
#define ACCEPT	SOCKDUP_FD_ACCEPT
#define CONNECT	SOCKDUP_FD_CONNECT
#define CLOSE	SOCKDUP_FD_CLOSE
#define ALL	(READ | WRITE | OOB | ACCEPT | CONNECT | CLOSE)

#define EVENT	SOCKDUP_EVENT_KIND_EVENT
#define MESSAGE	SOCKDUP_EVENT_KIND_MESSAGE

#define NOBODY	65534

static int make_event(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static bool is_polled(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	return poll(&entry, 1, 0) == 1 && entry.revents & events;
}

static bool is_set(int event)
{
	return is_polled(event, POLLIN);
}

static int ask(int fd, int event, unsigned int mask)
{
	return try_event_select(fd, event, mask, EVENT);
}

/* The error that stands in the place of one event. */
static int *error_of(struct sockdup_network_events *happened, __u32 event)
{
	return &happened->errors[__builtin_ctz(event)];
}

/* Enumerates: the events, or -errno. */
static int take(int fd)
{
	struct sockdup_network_events happened = { 0 };
	int error = try_event_enumerate(fd, 0, &happened);

	return error ? error : (int)happened.events;
}

/* The mask that a socket is registered for, or -errno. */
static int mask_of(int fd)
{
	struct sockdup_registration registration;
	int error = try_event_query(fd, &registration);

	return error ? error : (int)registration.mask;
}

/*
 * Waits until all the @wanted events have come: those that came meanwhile, with
 * their errors in @all, or -errno.
 */
static int come_with(int fd, int event, __u32 wanted,
		     struct sockdup_network_events *all)
{
	__u32 events = 0;
	int error;

	while (wanted & ~events) {
		error = wait_for_poll(event, POLLIN);
		if (!error)
			error = try_event_enumerate(fd, 0, all);
		if (error)
			return error;
		events |= all->events;
	}
	return events;
}

static int come(int fd, int event, __u32 wanted)
{
	struct sockdup_network_events all;

	memset(&all, 0, sizeof(all));
	return come_with(fd, event, wanted, &all);
}

/* The same in an agent. */
static int agent_come(struct agent *agent, int fd, int event, __u32 wanted)
{
	struct sockdup_network_events happened = { 0 };
	__u32 events = 0;
	int value;

	while (wanted & ~events) {
		value = agent_poll(agent, event, POLLIN, WAIT_MS / 2);
		if (value <= 0)
			return value ? value : -ETIME;
		value = agent_event_enumerate(agent, fd, 0, &happened);
		if (value)
			return value;
		events |= happened.events;
	}
	return events;
}

static int agent_take(struct agent *agent, int fd)
{
	struct sockdup_network_events happened = { 0 };
	int error = agent_event_enumerate(agent, fd, 0, &happened);

	return error ? error : (int)happened.events;
}

static int agent_ask_for(struct agent *agent, int fd, int event,
			 unsigned int mask)
{
	return agent_event_select(agent, fd, event, mask, EVENT);
}

static int agent_is_set(struct agent *agent, int event)
{
	return agent_poll(agent, event, POLLIN, 0);
}

/* Sends, and waits until it has arrived. */
static int arrive(int from, int to, const char *text)
{
	size_t size = strlen(text);

	if (send(from, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		return -errno;
	return wait_for_poll(to, POLLIN);
}

static int arrive_urgent(int from, int to)
{
	if (send(from, "!", 1, MSG_OOB) != 1)
		return -errno;
	return wait_for_poll(to, POLLPRI);
}

/* Ends sending at one side, and waits until the other knows. */
static int finish(int from, int to)
{
	if (shutdown(from, SHUT_WR))
		return -errno;
	return wait_for_poll(to, POLLRDHUP);
}

static int close_with_reset(int fd)
{
	const struct linger none = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)))
		return -errno;
	return close(fd);
}

static int receive(int fd, size_t size)
{
	char bytes[64];
	ssize_t got = recv(fd, bytes, size, MSG_DONTWAIT);

	return got < 0 ? -errno : got;
}

static int receive_urgent(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_OOB);

	return got < 0 ? -errno : got;
}

/* Sends until there is no room. */
static int fill(int fd)
{
	static const char bytes[65536];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN ? 0 : -errno;
}

/* Receives whatever comes until @fd, at the other side, has room again. */
static int drain(int from, int fd)
{
	static char bytes[65536];
	int error = 0;

	while (!error && !is_polled(fd, POLLOUT)) {
		error = wait_for_poll(from, POLLIN);
		if (!error && recv(from, bytes, sizeof(bytes), MSG_DONTWAIT) < 0)
			error = -errno;
	}
	return error;
}

/* How many registrations a handle of the test's has made. */
static long registrations_of(int device)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	return read_field(path, "registrations:");
}

struct registrations {
	int device;
	long most;
};

static bool registrations_are_no_more(void *context)
{
	const struct registrations *registrations = context;
	long count = registrations_of(registrations->device);

	return count >= 0 && count <= registrations->most;
}

static int wait_for_registrations(int device, long most)
{
	struct registrations registrations = { device, most };

	return wait_until(registrations_are_no_more, &registrations);
}

static int wait_for_no_registrations(int device)
{
	return wait_for_registrations(device, 0);
}

/* The address of a listener, and connections to it. */
static int connect_to(const struct address *address, int flags)
{
	int fd = socket(address->storage.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const void *)&address->storage, address->size) ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -errno;
}

/* A connection, its peer, and an event. */
struct connection {
	int fd;
	int peer;
	int event;
};

static void connection_set_up(struct __test_metadata *_metadata,
			      struct connection *connection, int family)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(family, fds));
	connection->fd = fds[0];
	connection->peer = fds[1];
	connection->event = make_event();
	ASSERT_LE(0, connection->event);
}

FIXTURE(tcp) {
	struct connection connection;
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(tcp) {
	int family;
};

FIXTURE_VARIANT_ADD(tcp, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(tcp, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(tcp)
{
	connection_set_up(_metadata, &self->connection, variant->family);
	self->fd = self->connection.fd;
	self->peer = self->connection.peer;
	self->event = self->connection.event;
}

FIXTURE_TEARDOWN(tcp)
{
	close(self->event);
	close(self->peer);
	close(self->fd);
}

TEST_F(tcp, data_is_told)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W62_second_registration_of_process_cancels_the_first)
{
	int other = make_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(tcp, W62_registration_through_another_descriptor_cancels)
{
	int other = make_event();
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(copy, other, READ | CLOSE));
	EXPECT_EQ(READ | CLOSE, mask_of(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(tcp, W64_two_events_cannot_have_two_event_objects)
{
	int other = make_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, other, WRITE));
	EXPECT_EQ(WRITE, mask_of(self->fd));
	EXPECT_EQ(WRITE, come(self->fd, other, WRITE));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | WRITE));
	EXPECT_EQ(WRITE, come(self->fd, other, WRITE));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(tcp, W65_empty_mask_cancels)
{
	int other = make_event();

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, 0));
	EXPECT_EQ(0, mask_of(self->fd));
	EXPECT_EQ(-ENOENT, take(self->fd));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(is_set(self->event));
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

TEST_F(tcp, W69_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W69_room_is_told_at_once)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST_F(tcp, W69_urgent_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, OOB));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(OOB, take(self->fd));
}

TEST_F(tcp, W69_end_already_there_is_told_at_once)
{
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(tcp, W69_nothing_is_told_that_does_not_hold)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W70_rearm_tells_of_data_that_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "xy"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W70_rearm_tells_nothing_where_nothing_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W70_rearm_tells_of_urgent_data_that_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, OOB));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(OOB, come(self->fd, self->event, OOB));
	ASSERT_EQ(0, try_event_rearm(self->fd, OOB));
	EXPECT_EQ(OOB, take(self->fd));
}

TEST_F(tcp, W71_data_that_was_told_is_not_told_again)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W71_rearm_is_for_the_named_events_alone)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | WRITE));
	ASSERT_EQ(READ | WRITE, come(self->fd, self->event, READ | WRITE));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, WRITE));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST_F(tcp, W71_rearm_is_for_registered_events_alone)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, ALL & ~READ));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W71_end_is_told_once)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(tcp, W72_X2_rearm_after_a_receive_that_failed_tells)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(-1, recv(self->fd, NULL, 1, MSG_DONTWAIT));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W73_rearm_after_a_receive_that_peeked_tells)
{
	char byte;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, recv(self->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W74_room_is_told_after_a_rearm_that_found_none)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, fill(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, WRITE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, drain(self->peer, self->fd));
	EXPECT_EQ(WRITE, come(self->fd, self->event, WRITE));
}

TEST_F(tcp, W74_room_is_not_told_again_without_a_rearm)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | WRITE));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, fill(self->fd));
	ASSERT_EQ(0, drain(self->peer, self->fd));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W76_urgent_data_is_told_as_such)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	EXPECT_EQ(OOB, come(self->fd, self->event, OOB));
}

TEST_F(tcp, W76_urgent_data_inline_is_told_as_data)
{
	const int on = 1;

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_OOBINLINE, &on,
				sizeof(on)));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, W77_orderly_end_is_told_without_error_and_not_as_data)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(tcp, W77_X6_reset_is_told_with_its_error_and_not_as_data)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	ASSERT_EQ(0, close_with_reset(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

TEST_F(tcp, W77_reset_that_a_call_has_told_of_has_its_error_still)
{
	struct sockdup_network_events happened;

	ASSERT_EQ(0, close_with_reset(self->peer));
	ASSERT_EQ(0, wait_for_poll(self->fd, POLLHUP));
	ASSERT_EQ(-ECONNRESET, receive(self->fd, 1));
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

/*
 * A reset after the peer's data and end, for which TCP has another error than for one
 * that comes at once; 0 or -errno.
 */
static int reset_after_data(int peer, int fd)
{
	int error = arrive(peer, fd, "x");

	if (!error)
		error = finish(peer, fd);
	if (!error)
		error = close_with_reset(peer);
	return error ? error : wait_for_poll(fd, POLLHUP);
}

/* The error that comes with CLOSE once the data has been received. */
static int error_after_data(int fd, int event)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	if (receive(fd, 8) != 1 || try_event_rearm(fd, CLOSE) ||
	    come_with(fd, event, CLOSE, &happened) != CLOSE)
		return -EPROTO;
	return *error_of(&happened, CLOSE);
}

TEST_F(tcp, W77_reset_after_the_peers_data_is_told_as_a_reset)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, reset_after_data(self->peer, self->fd));
	EXPECT_EQ(ECONNRESET, error_after_data(self->fd, self->event));
}

TEST_F(tcp, W77_reset_after_the_peers_data_is_told_though_a_call_has_taken_it)
{
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, reset_after_data(self->peer, self->fd));
	ASSERT_EQ(-1, send(self->fd, "x", 1, MSG_NOSIGNAL));
	ASSERT_EQ(EPIPE, errno);
	EXPECT_EQ(ECONNRESET, error_after_data(self->fd, self->event));
}

TEST_F(tcp, W78_X5_end_is_not_told_while_data_is_unread)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W78_end_after_data_is_told_by_a_rearm_once_it_is_read)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_sending_here_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, finish(self->fd, self->peer));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_receiving_here_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

TEST_F(tcp, W79_shutdown_of_receiving_there_is_no_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, CLOSE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W79_shutdown_of_sending_there_is_an_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

TEST_F(tcp, W83_enumeration_clears_the_record_and_resets_the_event)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_TRUE(is_set(self->event));
	ASSERT_EQ(READ, take(self->fd));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W83_errors_of_other_events_stay_as_they_are)
{
	struct sockdup_network_events happened, before;
	int i;

	memset(&before, 0xab, sizeof(before));
	happened = before;
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	ASSERT_EQ(0, try_event_enumerate(self->fd, 0, &happened));
	EXPECT_EQ(READ | WRITE, happened.events);
	for (i = 0; i < SOCKDUP_EVENT_ERRORS; i++) {
		EXPECT_EQ(happened.events & 1U << i ? 0 : before.errors[i],
			  happened.errors[i]) {
			TH_LOG("place %d", i);
		}
	}
}

TEST_F(tcp, W83_reset_takes_the_whole_counter)
{
	const __u64 count = 1000;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(8, write(self->event, &count, sizeof(count)));
	ASSERT_EQ(0, take(self->fd));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(tcp, W83_reset_wakes_who_waits_to_write_the_event)
{
	struct epoll_event writable = { .events = EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	const __u64 most = UINT64_MAX - 1;
	struct epoll_event seen;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(8, write(self->event, &most, sizeof(most)));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->event, &writable));
	ASSERT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
	ASSERT_EQ(0, take(self->fd));
	EXPECT_EQ(1, epoll_wait(epoll, &seen, 1, 0));
}

TEST_F(tcp, KEEP_SET_clears_the_record_and_leaves_the_event_set)
{
	struct sockdup_network_events happened;

	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_enumerate(self->fd, SOCKDUP_EVENT_KEEP_SET,
					 &happened));
	EXPECT_EQ(READ, happened.events);
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(tcp, W84_enumeration_that_fails_clears_nothing)
{
	struct sockdup_event_enumerate *argument;
	int device = device_open();
	int value;

	argument = mmap(NULL, sizeof(*argument), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, argument);
	argument->size = sizeof(*argument);
	argument->fd = self->fd;
	ASSERT_EQ(0, mprotect(argument, sizeof(*argument), PROT_READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, raw_event_select(device, self->fd, self->event, READ));

	EXPECT_EQ(-EFAULT, device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE,
					argument));
	EXPECT_TRUE(is_set(self->event));
	ASSERT_EQ(0, mprotect(argument, sizeof(*argument),
			      PROT_READ | PROT_WRITE));
	value = device_ioctl(device, SOCKDUP_IOC_EVENT_ENUMERATE, argument);
	ASSERT_EQ(0, value);
	EXPECT_EQ(READ, argument->events);
}

TEST_F(tcp, W85_event_that_was_not_selected_is_told_when_it_is)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_EQ(WRITE, take(self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W86_idle_connection_tells_of_room_alone)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_EQ(WRITE, take(self->fd));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W87_event_stays_set_until_it_is_reset)
{
	int i;

	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_FALSE(is_set(self->event));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_set(self->event));
	ASSERT_EQ(1, receive(self->fd, 1));
	EXPECT_TRUE(is_set(self->event));
}

TEST_F(tcp, W88_waiting_for_the_socket_takes_nothing_from_the_record)
{
	struct timeval none = { 0 };
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(self->fd, &readable);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(1, select(self->fd + 1, &readable, NULL, NULL, &none));
	ASSERT_TRUE(is_polled(self->fd, POLLIN));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W88_waiting_for_the_socket_records_nothing)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event seen;

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &readable));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, epoll_wait(epoll, &seen, 1, 0));
	ASSERT_TRUE(is_polled(self->fd, POLLIN));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W88_waiting_for_the_socket_registers_nothing)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_TRUE(is_polled(self->fd, POLLIN));
	EXPECT_EQ(0, mask_of(self->fd));
	EXPECT_EQ(-ENOENT, take(self->fd));
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
	EXPECT_TRUE(is_set(self->event));
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

TEST_F(tcp, X3_send_leaves_the_record)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_EQ(0, arrive(self->fd, self->peer, "x"));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST_F(tcp, X4_new_data_is_told_without_a_rearm)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "y"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(tcp, record_that_was_not_taken_stays)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | OOB));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(0, try_event_rearm(self->fd, OOB));
	EXPECT_EQ(READ | OOB, take(self->fd));
}

TEST_F(tcp, one_event_serves_many_sockets)
{
	struct connection other;

	connection_set_up(_metadata, &other, variant->family);
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, ask(other.fd, self->event, READ));
	ASSERT_EQ(0, arrive(other.peer, other.fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_EQ(READ, take(other.fd));
}

/* The loop that the library's header shows, on a stream that ends. */
TEST_F(tcp, loop_of_the_library_misses_nothing)
{
	static char bytes[65536];
	struct sockdup_network_events happened;
	size_t sent = stress(4000000), got = 0;
	int status;
	ssize_t size;
	pid_t pid;

	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		static char chunk[1999];

		for (; sent > sizeof(chunk); sent -= sizeof(chunk))
			if (write_exactly(self->peer, chunk, sizeof(chunk)))
				_exit(1);
		if (write_exactly(self->peer, chunk, sent))
			_exit(1);
		_exit(shutdown(self->peer, SHUT_WR) != 0);
	}
	for (;;) {
		ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
		ASSERT_EQ(0, try_event_enumerate(self->fd, 0, &happened));
		do {
			size = recv(self->fd, bytes, sizeof(bytes),
				    MSG_DONTWAIT);
			got += size > 0 ? size : 0;
		} while (size > 0);
		if (!size || errno != EAGAIN)
			break;
	}
	EXPECT_EQ(0, size);
	EXPECT_EQ(sent, got);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
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
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(-EPERM, take(self->fd));
}

TEST_F(shared, W62_registration_of_the_source_cancels_that_of_the_target)
{
	ASSERT_EQ(0, agent_ask_for(&self->agent, self->agent_fd,
				   self->agent_event, READ));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	EXPECT_EQ(0, agent_is_set(&self->agent, self->agent_event));
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
	EXPECT_FALSE(is_set(self->event));
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
	long count = registrations_of(device);
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
	ASSERT_EQ(0, wait_for_a_sweep(device, make_event()));
	EXPECT_EQ(1, registrations_of(device));
	ASSERT_EQ(0, agent_event_query(&self->agent, self->agent_fd,
				       &registration));
	EXPECT_EQ(READ | CLOSE, registration.mask);
	EXPECT_EQ(getpid(), registration.source.pid);
	ASSERT_EQ(1, send(self->peer, "x", 1, 0));
	EXPECT_EQ(0, wait_for_poll(self->event, POLLIN));
	ASSERT_EQ(1, agent_recv(&self->agent, self->agent_fd, &byte, 1, 0));

	ASSERT_EQ(0, agent_close(&self->agent, self->agent_fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(0, wait_for_no_registrations(device));
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
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(shared, rearm_by_another_is_EPERM_and_tells_nothing)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(READ, take(self->fd));
	EXPECT_EQ(-EPERM, agent_event_rearm(&self->agent, self->agent_fd,
					    READ));
	EXPECT_EQ(0, take(self->fd));
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
	EXPECT_TRUE(is_set(self->event));
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
	EXPECT_FALSE(is_set(self->event));
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
	EXPECT_EQ(0, agent_is_set(&self->agent, self->agent_event));
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
	self->event = make_event();
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
	EXPECT_TRUE(is_set(self->event));
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
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(ACCEPT, take(self->fd));
}

TEST_F(listener, W70_rearm_tells_nothing_where_no_connection_is_left)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	ASSERT_LE(0, accept4(self->fd, NULL, NULL, SOCK_CLOEXEC));
	ASSERT_EQ(0, try_event_rearm(self->fd, ACCEPT));
	EXPECT_FALSE(is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(listener, W71_waiting_connection_is_not_told_again)
{
	ASSERT_LE(0, call_listener(self->fd, self->type, &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ACCEPT));
	ASSERT_EQ(ACCEPT, come(self->fd, self->event, ACCEPT));
	EXPECT_FALSE(is_set(self->event));
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

	self->event = make_event();
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
	int other = make_event();

	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	ASSERT_EQ(0, arrive(self->client, self->fd, "x"));
	EXPECT_EQ(READ | WRITE, come(self->fd, self->event, READ | WRITE));
	EXPECT_FALSE(is_set(other));
}

TEST_F(accepted, W82_inherited_room_is_told_at_once)
{
	ASSERT_EQ(0, try_event_inherit(self->fd, self->listener));
	EXPECT_TRUE(is_set(self->event));
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
	self->event = make_event();
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

static int begin_to_connect(int fd, const struct address *address)
{
	return connect(fd, (const void *)&address->storage, address->size) ?
	       -errno : 0;
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
	EXPECT_TRUE(is_set(self->event));
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
	ASSERT_FALSE(is_set(self->event));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(WRITE, come(self->fd, self->event, WRITE));
}

TEST_F(connecting, W86_unconnected_socket_tells_of_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_FALSE(is_set(self->event));
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
	EXPECT_FALSE(is_set(self->event));
	page_close(&slow.page);
	close(slow.device);
}

/* AF_UNIX makes a connection within connect(), and wakes nobody here. */
TEST(rearm_tells_of_the_connection_of_a_unix_socket)
{
	struct address address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int listener = listener_of(AF_UNIX, SOCK_STREAM);
	int event = make_event();

	ASSERT_LE(0, listener);
	address = bound_address(listener);
	ASSERT_EQ(0, ask(fd, event, CONNECT | WRITE));
	ASSERT_EQ(0, take(fd));
	ASSERT_EQ(0, begin_to_connect(fd, &address));
	ASSERT_EQ(0, try_event_rearm(fd, CONNECT | WRITE));
	EXPECT_EQ(CONNECT | WRITE, come(fd, event, CONNECT | WRITE));
}

/* Two sockets that are connected to each other, of any family. */
FIXTURE(pair) {
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(pair) {
	int family;
	int type;
};

FIXTURE_VARIANT_ADD(pair, unix_stream) { AF_UNIX, SOCK_STREAM };
FIXTURE_VARIANT_ADD(pair, unix_seqpacket) { AF_UNIX, SOCK_SEQPACKET };
FIXTURE_VARIANT_ADD(pair, unix_dgram) { AF_UNIX, SOCK_DGRAM };
FIXTURE_VARIANT_ADD(pair, udp_ipv4) { AF_INET, SOCK_DGRAM };
FIXTURE_VARIANT_ADD(pair, udp_ipv6) { AF_INET6, SOCK_DGRAM };

static int udp_pair(int family, int fds[2])
{
	struct address addresses[2];
	int i;

	for (i = 0; i < 2; i++) {
		fds[i] = udp_bound(family);
		if (fds[i] < 0)
			return fds[i];
		addresses[i] = bound_address(fds[i]);
	}
	for (i = 0; i < 2; i++)
		if (begin_to_connect(fds[i], &addresses[!i]))
			return -errno;
	return 0;
}

static int make_pair(int family, int type, int fds[2])
{
	if (family != AF_UNIX)
		return udp_pair(family, fds);
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds);
}

FIXTURE_SETUP(pair)
{
	int fds[2];

	ASSERT_EQ(0, make_pair(variant->family, variant->type, fds));
	self->fd = fds[0];
	self->peer = fds[1];
	self->event = make_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(pair)
{
	close(self->fd);
	close(self->peer);
	close(self->event);
}

TEST_F(pair, data_is_told)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_FALSE(is_set(self->event));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
}

TEST_F(pair, W69_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(pair, W70_rearm_tells_of_data_that_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(pair, W86_idle_socket_tells_of_room_alone)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL));
	EXPECT_TRUE(is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
	EXPECT_EQ(0, take(self->fd));
}

/* AF_UNIX connections. */
FIXTURE(unix_pair) {
	int fd;
	int peer;
	int event;
};

FIXTURE_VARIANT(unix_pair) {
	int type;
};

FIXTURE_VARIANT_ADD(unix_pair, stream) { SOCK_STREAM };
FIXTURE_VARIANT_ADD(unix_pair, seqpacket) { SOCK_SEQPACKET };

FIXTURE_SETUP(unix_pair)
{
	int fds[2];

	ASSERT_EQ(0, make_pair(AF_UNIX, variant->type, fds));
	self->fd = fds[0];
	self->peer = fds[1];
	self->event = make_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(unix_pair)
{
	close(self->fd);
	close(self->peer);
	close(self->event);
}

TEST_F(unix_pair, W77_end_of_the_peer_is_told)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(unix_pair, W77_end_of_a_peer_with_unread_data_is_a_reset)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, arrive(self->fd, self->peer, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_EQ(CLOSE, come_with(self->fd, self->event, CLOSE, &happened));
	EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
}

/*
 * The peer's close wakes the registration, and the call takes the error at once, as a
 * rule before a worker has looked.
 */
TEST_F(unix_pair, W77_reset_that_a_call_has_told_of_has_its_error_still)
{
	struct sockdup_network_events happened;
	int fds[2];
	int round;

	for (round = 0; round < 50; round++) {
		ASSERT_EQ(0, make_pair(AF_UNIX, variant->type, fds));
		ASSERT_EQ(0, arrive(fds[0], fds[1], "x"));
		ASSERT_EQ(0, ask(fds[0], self->event, CLOSE));
		ASSERT_EQ(0, close(fds[1]));
		ASSERT_EQ(-ECONNRESET, receive(fds[0], 1));
		memset(&happened, 0xab, sizeof(happened));
		EXPECT_EQ(CLOSE, come_with(fds[0], self->event, CLOSE,
					   &happened));
		EXPECT_EQ(ECONNRESET, *error_of(&happened, CLOSE));
		ASSERT_EQ(0, close(fds[0]));
	}
}

TEST_F(unix_pair, W78_end_after_data_is_told_by_a_rearm_once_it_is_read)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, close(self->peer));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(READ, take(self->fd));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ | CLOSE));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(unix_pair, W79_shutdown_of_sending_there_is_an_end)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
}

/* It is passed over, as the program receives what comes in its turn alone. */
TEST(W77_end_of_a_peer_is_told_after_an_urgent_byte_that_is_not_wanted)
{
	int event = make_event();
	int fds[2];

	ASSERT_EQ(0, make_pair(AF_UNIX, SOCK_STREAM, fds));
	ASSERT_EQ(0, ask(fds[0], event, CLOSE));
	ASSERT_EQ(0, arrive_urgent(fds[1], fds[0]));
	ASSERT_EQ(-EAGAIN, receive(fds[0], 1));
	ASSERT_EQ(0, close(fds[1]));
	EXPECT_EQ(CLOSE, come(fds[0], event, CLOSE));
}

/* The byte is received, and its place in the queue is not. */
TEST(W77_end_of_a_peer_is_told_after_an_urgent_byte)
{
	int event = make_event();
	int fds[2];

	ASSERT_EQ(0, make_pair(AF_UNIX, SOCK_STREAM, fds));
	ASSERT_EQ(0, ask(fds[0], event, OOB | CLOSE));
	ASSERT_EQ(0, arrive_urgent(fds[1], fds[0]));
	ASSERT_EQ(OOB, come(fds[0], event, OOB));
	ASSERT_EQ(1, receive_urgent(fds[0]));
	ASSERT_EQ(0, close(fds[1]));
	EXPECT_EQ(CLOSE, come(fds[0], event, CLOSE));
}

/*
 * Connections that protocols make over TCP. A socket that has not connected, and
 * a listener.
 */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef AF_SMC
#define AF_SMC		43
#endif

FIXTURE(stacked) {
	int fd;
	int event;
	int listener;
	struct address address;
};

FIXTURE_VARIANT(stacked) {
	int family;
	int protocol;
};

FIXTURE_VARIANT_ADD(stacked, mptcp) { AF_INET, IPPROTO_MPTCP };
FIXTURE_VARIANT_ADD(stacked, smc) { AF_SMC, 0 };

FIXTURE_SETUP(stacked)
{
	const struct address any = loopback(AF_INET, 0);
	const int type = SOCK_STREAM | SOCK_CLOEXEC;

	self->listener = socket(variant->family, type, variant->protocol);
	if (self->listener < 0)
		SKIP(longjmp(_metadata->env, 1), "no such sockets: %s",
		     strerror(errno));
	ASSERT_EQ(0, bind(self->listener, (const void *)&any.storage,
			  any.size));
	ASSERT_EQ(0, listen(self->listener, SOMAXCONN));
	self->address = bound_address(self->listener);
	self->fd = socket(variant->family, type, variant->protocol);
	ASSERT_LE(0, self->fd);
	self->event = make_event();
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(stacked)
{
	close(self->fd);
	close(self->listener);
	close(self->event);
}

/*
 * The other end of a connection, or -errno. Each is accepted: a listener that closes
 * with one that waits makes some kernels warn of locks of AF_SMC's own.
 */
static int accept_from(int listener)
{
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	return peer < 0 ? -errno : peer;
}

static int connect_to_listener(int fd, int listener,
			       const struct address *address)
{
	int error = begin_to_connect(fd, address);

	return error ? error : accept_from(listener);
}

TEST_F(stacked, waiting_connection_is_told)
{
	ASSERT_EQ(0, ask(self->listener, self->event, ACCEPT));
	EXPECT_EQ(0, take(self->listener));
	ASSERT_EQ(0, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(ACCEPT, come(self->listener, self->event, ACCEPT));
	EXPECT_LE(0, accept_from(self->listener));
}

TEST_F(stacked, W75_success_is_told_without_error)
{
	struct sockdup_network_events happened;

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, ask(self->fd, self->event, CONNECT));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(-EINPROGRESS, begin_to_connect(self->fd, &self->address));
	EXPECT_EQ(CONNECT, come_with(self->fd, self->event, CONNECT,
				     &happened));
	EXPECT_EQ(0, *error_of(&happened, CONNECT));
	EXPECT_LE(0, accept_from(self->listener));
}

TEST_F(stacked, W86_idle_connection_tells_of_room_alone)
{
	ASSERT_LE(0, connect_to_listener(self->fd, self->listener,
					 &self->address));
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~CONNECT));
	EXPECT_EQ(WRITE, come(self->fd, self->event, WRITE));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(stacked, data_is_told)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, arrive(peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 8));
	ASSERT_EQ(0, arrive(peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, self->event, READ));
	close(peer);
}

/* There is something to receive, too, which the end is. */
TEST_F(stacked, W77_end_of_the_peer_is_told_as_data_as_well)
{
	struct sockdup_network_events happened;
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	memset(&happened, 0xab, sizeof(happened));
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, close(peer));
	EXPECT_EQ(READ | CLOSE, come_with(self->fd, self->event, READ | CLOSE,
					  &happened));
	EXPECT_EQ(0, *error_of(&happened, CLOSE));
}

TEST_F(stacked, W79_shutdown_of_sending_there_is_an_end)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, shutdown(peer, SHUT_WR));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
	close(peer);
}

/* These cannot tell whose it is. */
TEST_F(stacked, W79_shutdown_of_receiving_here_counts_as_an_end)
{
	int peer = connect_to_listener(self->fd, self->listener,
				       &self->address);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_EQ(0, take(self->fd));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	EXPECT_EQ(CLOSE, come(self->fd, self->event, CLOSE));
	close(peer);
}

/* UDP. */
TEST(W86_bound_udp_socket_tells_of_room_alone)
{
	int fd = udp_bound(AF_INET);
	int event = make_event();

	ASSERT_EQ(0, ask(fd, event, ALL));
	EXPECT_EQ(WRITE, take(fd));
	EXPECT_EQ(0, take(fd));
}

TEST(registration_of_a_socket_whose_users_can_hold_up_a_look_is_refused)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		SKIP(return, "the kernel has no AF_VSOCK");
	EXPECT_EQ(-EOPNOTSUPP, ask(fd, make_event(), ALL));
	EXPECT_EQ(0, close(fd));
}

TEST(registration_of_a_socket_that_transmits_when_looked_at_is_refused)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		SKIP(return, "the kernel has no AF_XDP");
	EXPECT_EQ(-EOPNOTSUPP, ask(fd, make_event(), ALL));
	EXPECT_EQ(0, close(fd));
}

TEST(error_of_a_datagram_is_told_with_its_data)
{
	struct sockdup_network_events happened;
	int event = make_event();
	int fds[2];

	ASSERT_EQ(0, udp_pair(AF_INET, fds));
	ASSERT_EQ(0, close(fds[1]));
	memset(&happened, 0xab, sizeof(happened));
	ASSERT_EQ(0, ask(fds[0], event, READ));
	ASSERT_EQ(1, send(fds[0], "x", 1, 0));
	EXPECT_EQ(READ, come_with(fds[0], event, READ, &happened));
	EXPECT_EQ(ECONNREFUSED, *error_of(&happened, READ));
}

/* Event objects. */
FIXTURE(object) {
	struct connection connection;
	int fd;
};

FIXTURE_SETUP(object)
{
	connection_set_up(_metadata, &self->connection, AF_INET);
	self->fd = self->connection.fd;
}

FIXTURE_TEARDOWN(object)
{
	close(self->fd);
}

/* Each error leaves the registration that there was. */
TEST_F(object, W68_that_is_no_eventfd_is_EINVAL)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, CLOSE));
	EXPECT_EQ(-EINVAL, ask(self->fd, pipes[0], READ));
	EXPECT_EQ(-EINVAL, ask(self->fd, self->fd, READ));
	EXPECT_EQ(-EINVAL, ask(self->fd, epoll_create1(EPOLL_CLOEXEC), READ));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(object, W68_that_is_not_open_is_EBADF)
{
	ASSERT_EQ(0, ask(self->fd, self->connection.event, CLOSE));
	EXPECT_EQ(-EBADF, ask(self->fd, -1, READ));
	EXPECT_EQ(-EBADF, ask(self->fd, 1 << 20, READ));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
}

TEST_F(object, W68_for_what_is_no_socket_is_ENOTSOCK)
{
	int event = self->connection.event;
	struct sockdup_registration registration;

	EXPECT_EQ(-ENOTSOCK, ask(event, event, READ));
	EXPECT_EQ(-ENOTSOCK, ask(event, event, 0));
	EXPECT_EQ(-ENOTSOCK, take(event));
	EXPECT_EQ(-ENOTSOCK, try_event_rearm(event, READ));
	EXPECT_EQ(-ENOTSOCK, try_event_query(event, &registration));
}

TEST_F(object, W68_for_what_is_not_open_is_EBADF)
{
	struct sockdup_registration registration;

	EXPECT_EQ(-EBADF, ask(-1, self->connection.event, READ));
	EXPECT_EQ(-EBADF, ask(-1, self->connection.event, 0));
	EXPECT_EQ(-EBADF, take(-1));
	EXPECT_EQ(-EBADF, try_event_rearm(-1, READ));
	EXPECT_EQ(-EBADF, try_event_query(-1, &registration));
}

TEST_F(object, that_is_set_stays_set)
{
	const __u64 count = 5;

	ASSERT_EQ(8, write(self->connection.event, &count, sizeof(count)));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_TRUE(is_set(self->connection.event));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_FALSE(is_set(self->connection.event));
}

TEST_F(object, that_is_full_stays_set)
{
	const __u64 count = UINT64_MAX - 1;

	ASSERT_EQ(8, write(self->connection.event, &count, sizeof(count)));
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_TRUE(is_set(self->connection.event));
}

TEST_F(object, that_is_not_set_stays_so)
{
	__u64 count;

	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	EXPECT_EQ(-1, read(self->connection.event, &count, sizeof(count)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(object, whose_descriptor_was_closed_is_set_for_its_other_holders)
{
	int copy = dup(self->connection.event);

	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	ASSERT_EQ(0, close(self->connection.event));
	ASSERT_EQ(0, arrive(self->connection.peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, copy, READ));
}

TEST_F(object, that_all_have_closed_harms_nothing)
{
	ASSERT_EQ(0, ask(self->fd, self->connection.event, READ));
	ASSERT_EQ(0, close(self->connection.event));
	ASSERT_EQ(0, arrive(self->connection.peer, self->fd, "x"));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_EQ(READ, take(self->fd));
}

FIXTURE(semaphore) {
	int fd;
	int event;
	int epoll;
};

FIXTURE_VARIANT(semaphore) {
	unsigned int count;
};

FIXTURE_VARIANT_ADD(semaphore, of_0) { 0 };
FIXTURE_VARIANT_ADD(semaphore, of_1) { 1 };
FIXTURE_VARIANT_ADD(semaphore, of_5) { 5 };

/* Whoever is woken finds it writable, so that no wake-up goes unseen. */
FIXTURE_SETUP(semaphore)
{
	struct epoll_event any = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	self->fd = udp_bound(AF_INET);
	ASSERT_LE(0, self->fd);
	self->event = eventfd(variant->count,
			      EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	ASSERT_LE(0, self->event);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->event, &any));
	ASSERT_EQ(1, epoll_wait(self->epoll, &any, 1, 0));
}

FIXTURE_TEARDOWN(semaphore)
{
	close(self->epoll);
	close(self->event);
	close(self->fd);
}

static unsigned int count_reads(int event)
{
	unsigned int count = 0;
	__u64 one;

	while (read(event, &one, sizeof(one)) == sizeof(one))
		count++;
	return count;
}

TEST_F(semaphore, is_EINVAL_and_keeps_its_count)
{
	EXPECT_EQ(-EINVAL, ask(self->fd, self->event, READ));
	EXPECT_EQ(variant->count, count_reads(self->event));
	EXPECT_EQ(0, mask_of(self->fd));
}

TEST_F(semaphore, is_EINVAL_and_wakes_nobody)
{
	const __u64 one = 1;
	struct epoll_event seen;

	EXPECT_EQ(-EINVAL, ask(self->fd, self->event, READ));
	EXPECT_EQ(0, epoll_wait(self->epoll, &seen, 1, 0));
	ASSERT_EQ(8, write(self->event, &one, sizeof(one)));
	EXPECT_EQ(1, epoll_wait(self->epoll, &seen, 1, 0));
}

/* The end of a registration. One handle, apart from the library's. */
FIXTURE(handle) {
	struct connection connection;
	int device;
	int fd;
	int peer;
	int event;
};

FIXTURE_SETUP(handle)
{
	connection_set_up(_metadata, &self->connection, AF_INET);
	self->fd = self->connection.fd;
	self->peer = self->connection.peer;
	self->event = self->connection.event;
	self->device = device_open();
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(handle)
{
	close(self->device);
	close(self->event);
}

TEST_F(handle, counts_its_registrations)
{
	int other = udp_bound(AF_INET);

	ASSERT_EQ(0, registrations_of(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	EXPECT_EQ(1, registrations_of(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      CLOSE));
	EXPECT_EQ(1, registrations_of(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, other, self->event, READ));
	EXPECT_EQ(2, registrations_of(self->device));
	ASSERT_EQ(0, ask(other, self->event, READ));
	EXPECT_EQ(1, registrations_of(self->device));
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, -1, 0));
	EXPECT_EQ(0, registrations_of(self->device));
}

TEST_F(handle, closed_ends_its_registrations)
{
	int other = make_event();

	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	ASSERT_EQ(READ, mask_of(self->fd));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, mask_of(self->fd));
	ASSERT_EQ(0, ask(self->fd, other, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	EXPECT_EQ(READ, come(self->fd, other, READ));
	EXPECT_FALSE(is_set(self->event));
	self->device = device_open();
}

TEST_F(handle, closed_leaves_what_others_registered_since)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(CLOSE, mask_of(self->fd));
	self->device = device_open();
}

TEST_F(handle, of_another_is_EPERM_in_the_same_process)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ));
	EXPECT_EQ(-EPERM, take(self->fd));
	EXPECT_EQ(-EPERM, try_event_rearm(self->fd, READ));
}

TEST_F(handle, W80_last_close_sends_the_peer_its_end)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(handle, W80_last_close_is_not_told_and_ends_the_registration)
{
	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, wait_for_no_registrations(self->device));
	EXPECT_FALSE(is_set(self->event));
}

TEST_F(handle, W80_last_close_of_a_listener_frees_its_address)
{
	int listener = tcp_listener(AF_INET);
	struct address address = bound_address(listener);

	ASSERT_EQ(0, raw_event_select(self->device, listener, self->event,
				      ACCEPT));
	ASSERT_EQ(0, close(listener));
	EXPECT_EQ(0, wait_for_free_address(SOCK_STREAM, &address));
	EXPECT_EQ(0, wait_for_no_registrations(self->device));
}

TEST_F(handle, W80_close_of_one_descriptor_ends_nothing)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, raw_event_select(self->device, self->fd, self->event,
				      READ | CLOSE));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, arrive(self->peer, copy, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	EXPECT_EQ(1, registrations_of(self->device));
	ASSERT_EQ(0, close(copy));
	EXPECT_EQ(0, wait_for_no_registrations(self->device));
}

/* Datagrams that are told of one by one. */
#define DATAGRAMS	51

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int compare(const void *first, const void *second)
{
	const long long *a = first, *b = second;

	return (*a > *b) - (*a < *b);
}

/* How long it takes until a datagram is told of: the median, or -errno. */
static long long time_datagrams(int fd, int peer, int event)
{
	long long times[DATAGRAMS];
	int i, events;

	for (i = 0; i < DATAGRAMS; i++) {
		times[i] = -now_ns();
		if (send(peer, "x", 1, 0) != 1)
			return -errno;
		events = come(fd, event, READ);
		times[i] += now_ns();
		if (events != READ || receive(fd, 1) != 1)
			return events < 0 ? events : -EPROTO;
	}
	qsort(times, DATAGRAMS, sizeof(times[0]), compare);
	return times[DATAGRAMS / 2];
}

static void *close_lingering(void *fd)
{
	close(*(int *)fd);
	return NULL;
}

/* What is slower than this, for a datagram, has waited for a clock. */
#define SLOW_NS		10000000

/*
 * Its close keeps it locked, so that the look which its wake-up asks for is tried
 * again and again, every 20 ms. A datagram is told of in a part of that.
 */
TEST_F(handle, W80_last_close_that_lingers_delays_no_other_event)
{
	struct address address = bound_address(self->fd);
	int event = make_event();
	long long before, meanwhile;
	pthread_t closer;
	int fds[2];

	ASSERT_EQ(0, make_pair(AF_UNIX, SOCK_DGRAM, fds));
	ASSERT_EQ(0, ask(fds[0], event, READ));
	before = time_datagrams(fds[0], fds[1], event);
	ASSERT_LT(0, before);

	ASSERT_EQ(0, make_linger(self->fd, self->peer));
	ASSERT_EQ(0, ask(self->fd, self->event, READ | CLOSE));
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_lingering, &self->fd));
	ASSERT_EQ(0, wait_for_closing(&address));
	/* The end of the peer wakes it, and does not end the lingering. */
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	meanwhile = time_datagrams(fds[0], fds[1], event);
	EXPECT_LT(0, meanwhile);
	EXPECT_GT(4 * before > SLOW_NS ? 4 * before : SLOW_NS, meanwhile) {
		TH_LOG("%lld ns, and %lld before", meanwhile, before);
	}
	ASSERT_EQ(0, close(self->peer));
	ASSERT_EQ(0, pthread_join(closer, NULL));
}

/* A few that others have in the meantime, be it for what /proc shows. */
#define OTHER_INODES	64

struct inodes {
	long most;
	long now;
};

static bool inodes_are_no_more(void *context)
{
	struct inodes *inodes = context;

	inodes->now = read_number("/proc/sys/fs/inode-nr");
	return inodes->now >= 0 && inodes->now <= inodes->most;
}

TEST_F(handle, keeps_nothing_of_sockets_that_were_closed)
{
	long rounds = stress(100000);
	struct inodes inodes;
	struct census before;
	long i;
	int fd;

	ASSERT_EQ(0, take_census(&before));
	inodes.most = read_number("/proc/sys/fs/inode-nr") + OTHER_INODES;
	for (i = 0; i < rounds; i++) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, raw_event_select(self->device, fd, self->event,
					      READ));
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_EQ(0, wait_for_no_registrations(self->device));
	EXPECT_EQ(0, wait_until(inodes_are_no_more, &inodes)) {
		TH_LOG("%ld inodes, %ld at most", inodes.now, inodes.most);
	}
	EXPECT_EQ(0, wait_for_census(&before));
}

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
	int event = make_event();
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
	int event = make_event();
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

/* The test is root, and may exceed its own limit. */
TEST_F(handle, of_root_is_not_bounded)
{
	struct rlimit limit;
	int fds[64];
	int i;

	for (i = 0; i < 64; i++)
		fds[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = LIMIT;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0, raw_event_select(self->device, fds[i],
					      self->event, READ));
}

SOCKDUP_TEST_MAIN
