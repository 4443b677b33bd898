// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of a registration: what goes into it at once, when it comes and after
 * a re-arm, and what an enumeration takes from it. W69-W74, W83-W88, X2-X4.
 *
 * Most network events are told by workers in their own time. That one does not come
 * is seen by another, made to come later, that comes alone.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

#include "harness.h"
#include "network_events.h"
#include "page.h"
#include "registration.h"
#include "tcp.h"
#include "traffic.h"

/* Enumerations that meet a record. */
#define ROUNDS	20000

TEST_F(tcp, W69_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W69_room_is_told_at_once)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(WRITE, take(self->fd));
}

TEST_F(tcp, W69_urgent_data_already_there_is_told_at_once)
{
	ASSERT_EQ(0, arrive_urgent(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, OOB));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(OOB, take(self->fd));
}

TEST_F(tcp, W69_end_already_there_is_told_at_once)
{
	ASSERT_EQ(0, finish(self->peer, self->fd));
	ASSERT_EQ(0, ask(self->fd, self->event, CLOSE));
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(CLOSE, take(self->fd));
}

TEST_F(tcp, W69_nothing_is_told_that_does_not_hold)
{
	ASSERT_EQ(0, ask(self->fd, self->event, ALL & ~WRITE));
	EXPECT_FALSE(event_is_set(self->event));
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
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(READ, take(self->fd));
}

TEST_F(tcp, W70_rearm_tells_nothing_where_nothing_is_left)
{
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(READ, come(self->fd, self->event, READ));
	ASSERT_EQ(1, receive(self->fd, 1));
	ASSERT_EQ(0, try_event_rearm(self->fd, READ));
	EXPECT_FALSE(event_is_set(self->event));
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
	EXPECT_FALSE(event_is_set(self->event));
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
	EXPECT_FALSE(event_is_set(self->event));
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

TEST_F(tcp, W83_enumeration_clears_the_record_and_resets_the_event)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, ask(self->fd, self->event, READ));
	ASSERT_TRUE(event_is_set(self->event));
	ASSERT_EQ(READ, take(self->fd));
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

/* One byte a round, sent while the test enumerates. */
struct sender {
	int peer;
	unsigned int rounds;
	atomic_uint begun;	/* by the test */
	atomic_uint sent;
};

static void *send_bytes(void *argument)
{
	struct sender *sender = argument;
	unsigned int round;

	for (round = 1; round <= sender->rounds; round++) {
		while (atomic_load(&sender->begun) < round)
			sched_yield();
		if (send(sender->peer, "x", 1, 0) != 1)
			break;
		atomic_store(&sender->sent, round);
	}
	return NULL;
}

/*
 * The record and the event object change together: whoever finds nothing is woken by
 * what comes, and whoever has it all is not woken again.
 */
TEST_F_TIMEOUT(tcp, W83_record_and_event_change_in_one_step, 300)
{
	struct sender sender = { .peer = self->peer, .rounds = stress(ROUNDS) };
	pthread_t thread;
	unsigned int round;
	int found;

	ASSERT_EQ(0, ask_once(self->fd, self->event, READ));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_bytes, &sender));
	for (round = 1; round <= sender.rounds; round++) {
		atomic_store(&sender.begun, round);
		while (!(found = take(self->fd)) &&
		       atomic_load(&sender.sent) < round)
			sched_yield();
		if (!found) {
			ASSERT_EQ(0, wait_for_event(self->event));
			found = take(self->fd);
		}
		ASSERT_EQ(READ, found);
		ASSERT_FALSE(event_is_set(self->event));
		ASSERT_EQ(1, receive(self->fd, 1));
		ASSERT_EQ(0, try_event_rearm(self->fd, READ));
		ASSERT_EQ(0, take(self->fd));
	}
	pthread_join(thread, NULL);
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
	EXPECT_FALSE(event_is_set(self->event));
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
	EXPECT_TRUE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_FALSE(event_is_set(self->event));
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
	EXPECT_TRUE(event_is_set(self->event));
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
	EXPECT_TRUE(event_is_set(self->event));
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
	ASSERT_FALSE(event_is_set(self->event));
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_EQ(0, wait_for_poll(self->event, POLLIN));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(event_is_set(self->event));
	ASSERT_EQ(1, receive(self->fd, 1));
	EXPECT_TRUE(event_is_set(self->event));
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
	EXPECT_TRUE(event_is_set(self->event));
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
	EXPECT_FALSE(event_is_set(self->event));
	EXPECT_EQ(0, take(self->fd));
}

TEST_F(tcp, W88_waiting_for_the_socket_registers_nothing)
{
	ASSERT_EQ(0, arrive(self->peer, self->fd, "x"));
	ASSERT_TRUE(is_polled(self->fd, POLLIN));
	EXPECT_EQ(0, mask_of(self->fd));
	EXPECT_EQ(-ENOENT, take(self->fd));
}

TEST_F(tcp, X3_send_leaves_the_record)
{
	ASSERT_EQ(0, ask(self->fd, self->event, WRITE));
	ASSERT_EQ(0, arrive(self->fd, self->peer, "x"));
	EXPECT_TRUE(event_is_set(self->event));
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

SOCKDUP_TEST_MAIN
