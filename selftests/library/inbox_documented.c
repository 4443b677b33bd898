// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loops that <sockdup.h> shows for inboxes, as they stand there: each runs in a
 * process of its own, and the test is at the other end.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "harness.h"
#include "result.h"

#define CLIENTS		100
#define DESCRIPTORS	32
#define SILENT		40

/* How many accepts are still to be refused; of all processes. */
static int *refusals;

/* As where a security module refuses: the post has ended. */
static int accept_unless_refused(int inbox, __u64 *cookie, struct sockdup_identity *source,
				 int flags)
{
	int fd = sockdup_accept(inbox, cookie, source, flags);

	if (fd < 0 || !*refusals)
		return fd;
	--*refusals;
	close(fd);
	errno = EACCES;
	return -1;
}

#define sockdup_accept accept_unless_refused

/* Answers a byte with the next one. */
static void serve(int client)
{
	char byte;

	if (read(client, &byte, 1) == 1) {
		byte++;
		write(client, &byte, 1);
	}
	close(client);
}

/* Has the client wait for its turn. */
static void begin(int epoll, int client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = client };

	if (!(fcntl(client, F_GETFL) & O_NONBLOCK))
		errx(1, "no O_NONBLOCK");
	epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
}

static void receive_and_serve(int said)
{
	int inbox = sockdup_inbox_open(NULL);

	write(said, "", 1);
	for (;;) {
		int client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0 && errno == EACCES)
			continue;
		if (client < 0)
			err(1, "sockdup_accept");
		serve(client);
		close(client);
	}
}

static void receive_by_epoll(int said)
{
	int inbox = sockdup_inbox_open(NULL), epoll = epoll_create1(EPOLL_CLOEXEC);

	write(said, "", 1);
	struct epoll_event event, posts = { .events = EPOLLIN, .data.fd = inbox };
	struct epoll_event nothing = { .data.fd = inbox };
	int client, count;

	fcntl(inbox, F_SETFL, fcntl(inbox, F_GETFL) | O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, inbox, &posts);
	while ((count = epoll_wait(epoll, &event, 1, 1000)) >= 0) {
		if (!count || event.data.fd != inbox) {
			if (count)
				serve(event.data.fd);
			epoll_ctl(epoll, EPOLL_CTL_MOD, inbox, &posts);
			continue;
		}
		client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client >= 0)
			begin(epoll, client);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			epoll_ctl(epoll, EPOLL_CTL_MOD, inbox, &nothing);
		else if (errno != EAGAIN && errno != EACCES)
			err(1, "sockdup_accept");
	}
	err(1, "epoll_wait");
}

/* Until the listener has no more. */
static void post_all(int listener, pid_t receiver)
{
	int client, binding = sockdup_inbox_bind(receiver, 0, NULL);

	while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (sockdup_post(binding, client, 0, SOCKDUP_POST_CLOSE))
			err(1, "sockdup_post");
}

FIXTURE(loop) {
	pid_t receiver;
	int listener;
	int clients[CLIENTS];
};

FIXTURE_VARIANT(loop) {
	void (*receive)(int said);
};

FIXTURE_VARIANT_ADD(loop, one_by_one) { .receive = receive_and_serve };
FIXTURE_VARIANT_ADD(loop, by_epoll) { .receive = receive_by_epoll };

FIXTURE_SETUP(loop)
{
	int said[2];
	char byte;

	self->listener = tcp_listener(AF_INET);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, listen(self->listener, CLIENTS));
	ASSERT_EQ(0, fcntl(self->listener, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, pipe2(said, O_CLOEXEC));
	refusals = mmap(NULL, sizeof(*refusals), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, refusals);
	self->receiver = fork();
	if (!self->receiver) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		variant->receive(said[1]);
	}
	ASSERT_EQ(1, read(said[0], &byte, 1));
}

FIXTURE_TEARDOWN(loop)
{
	kill(self->receiver, SIGKILL);
}

/* Clients answer in the order in which they came, as one that is served waits for no other. */
TEST_F(loop, serves_every_client_that_is_posted)
{
	const struct address address = bound_address(self->listener);
	char byte;
	int i;

	for (i = 0; i < CLIENTS; i++) {
		self->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ASSERT_EQ(0, connect(self->clients[i], (const void *)&address.storage,
				     address.size));
		byte = i;
		ASSERT_EQ(1, write(self->clients[i], &byte, 1));
	}
	post_all(self->listener, self->receiver);
	EXPECT_EQ(EAGAIN, errno);
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(1, read(self->clients[i], &byte, 1));
		EXPECT_EQ((char)(i + 1), byte);
		EXPECT_EQ(0, wait_for_end(self->clients[i]));
		close(self->clients[i]);
	}
}

/* The receiver serves a client that is slow to speak after one that is not. */
TEST_F(loop, takes_posts_one_after_the_other)
{
	int fds[2], binding = sockdup_inbox_bind(self->receiver, 0, NULL), i;
	char byte = 'a';

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, tcp_pair(AF_INET, fds));
		ASSERT_EQ(0, result(sockdup_post(binding, fds[1], 0, SOCKDUP_POST_CLOSE)));
		byte = 'a' + i;
		ASSERT_EQ(1, write(fds[0], &byte, 1));
		ASSERT_EQ(1, read(fds[0], &byte, 1));
		EXPECT_EQ('b' + i, byte);
		EXPECT_EQ(0, wait_for_end(fds[0]));
		close(fds[0]);
	}
}

TEST_F(loop, goes_on_where_a_security_module_refuses)
{
	int fds[2], binding = sockdup_inbox_bind(self->receiver, 0, NULL);
	char byte = 'a';

	*refusals = 1;
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, result(sockdup_post(binding, fds[1], 0, SOCKDUP_POST_CLOSE)));
	EXPECT_EQ(0, wait_for_end(fds[0]));
	close(fds[0]);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, result(sockdup_post(binding, fds[1], 0, SOCKDUP_POST_CLOSE)));
	ASSERT_EQ(1, write(fds[0], &byte, 1));
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	EXPECT_EQ('b', byte);
}

static long cpu_ms(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		return -1;
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* More clients than it has descriptors for; then each of them speaks. */
TEST_F(loop, rests_without_descriptors)
{
	const struct rlimit few = { DESCRIPTORS, DESCRIPTORS };
	int fds[2], binding = sockdup_inbox_bind(self->receiver, 0, NULL), i;
	char byte = 'a';
	long before;

	ASSERT_EQ(0, prlimit(self->receiver, RLIMIT_NOFILE, &few, NULL));
	for (i = 0; i < SILENT; i++) {
		ASSERT_EQ(0, tcp_pair(AF_INET, fds));
		ASSERT_EQ(0, result(sockdup_post(binding, fds[1], 0, SOCKDUP_POST_CLOSE)));
		self->clients[i] = fds[0];
	}
	usleep(500000);
	before = cpu_ms(self->receiver);
	ASSERT_LE(0, before);
	usleep(2000000);
	EXPECT_GT(500, cpu_ms(self->receiver) - before);
	for (i = 0; i < SILENT; i++) {
		ASSERT_EQ(1, write(self->clients[i], &byte, 1));
		ASSERT_EQ(1, read(self->clients[i], &byte, 1));
		EXPECT_EQ('b', byte);
		byte = 'a';
		close(self->clients[i]);
	}
}

SOCKDUP_TEST_MAIN
