// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inboxes by the library: what the functions make of their arguments, and what they tell.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "census.h"
#include "own_inbox.h"

/* fork() of a child that ends with the test, and exits with 99 where it cannot be that user. */
static pid_t child_of(uid_t uid)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (uid && become_user(uid))
			_exit(99);
	}
	return pid;
}

/* An errno as an exit code. */
static int code(long value)
{
	return value < 0 ? errno : 0;
}

/* What there is to an inbox. */

TEST(inbox_without_options_has_64_slots_for_one_socket)
{
	const struct sockdup_inbox_options zeroes = { };
	const struct sockdup_inbox_options *const usual[] = { NULL, &zeroes };
	struct sockdup_inbox_options options;
	int inbox, sender, fd = udp_bound(AF_INET);
	unsigned int i, posts;

	for (i = 0; i < ARRAY_SIZE(usual); i++) {
		inbox = sockdup_inbox_open(usual[i]);
		ASSERT_LE(0, inbox);
		memset(&options, POISON, sizeof(options));
		sender = sockdup_inbox_bind(getpid(), 0, &options);
		ASSERT_LE(0, sender);
		EXPECT_EQ(64, options.slots);
		EXPECT_EQ(0, options.message_size);
		EXPECT_EQ(1, options.max_sockets);
		EXPECT_EQ(0, options.flags);
		EXPECT_EQ(0, options.user_count);
		EXPECT_EQ(FD_CLOEXEC, fcntl(inbox, F_GETFD));
		EXPECT_EQ(FD_CLOEXEC, fcntl(sender, F_GETFD));
		EXPECT_EQ(0, fcntl(inbox, F_GETFL) & O_NONBLOCK);
		EXPECT_EQ(0, fcntl(sender, F_GETFL) & O_NONBLOCK);
		make_nonblocking(sender);
		for (posts = 0; !sockdup_post(sender, fd, 0, 0); posts++)
			;
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(64, posts);
		close(sender);
		close(inbox);
	}
}

TEST_F(inbox, is_as_its_options_say)
{
	struct sockdup_inbox_options options;
	int sender = sockdup_inbox_bind(getpid(), 0, &options);

	ASSERT_LE(0, sender);
	EXPECT_EQ(SLOTS, options.slots);
	EXPECT_EQ(MESSAGE_SIZE, options.message_size);
	EXPECT_EQ(MAX_SOCKETS, options.max_sockets);
	close(sender);
}

TEST(options_that_are_wrong_open_nothing)
{
	static uid_t users[SOCKDUP_MAX_USERS + 1];
	const uid_t twice[] = { SOURCE_UID, SOURCE_UID };
	const struct sockdup_inbox_options wrong[] = {
		{ .flags = 0x10 },
		{ .flags = SOCKDUP_INBOX_JOIN },
		{ .slots = SOCKDUP_MAX_SLOTS + 1 },
		{ .message_size = SOCKDUP_MAX_MESSAGE + 1 },
		{ .max_sockets = SOCKDUP_MAX_SOCKETS + 1 },
		{ .flags = SOCKDUP_INBOX_ANYBODY, .users = twice, .user_count = 1 },
		{ .users = twice, .user_count = 2 },
		{ .users = users },
		{ .slots = 1, .users = users, .user_count = 2 },
		{ .slots = 2000, .users = users, .user_count = SOCKDUP_MAX_USERS + 1 },
		{ .__reserved = { 1 } },
		{ .__reserved = { [6] = 1 } },
	};
	const struct sockdup_inbox_options nowhere = { .user_count = 1 };
	const long before = count_descriptors();
	unsigned int i;
	int inbox;

	for (i = 0; i < ARRAY_SIZE(users); i++)
		users[i] = i;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, result(sockdup_inbox_open(&wrong[i])))
			TH_LOG("options %u", i);
	}
	EXPECT_EQ(-EFAULT, result(sockdup_inbox_open(&nowhere)));
	EXPECT_EQ(before, count_descriptors());
	inbox = sockdup_inbox_open(NULL);
	EXPECT_LE(0, inbox);
	close(inbox);
}

TEST_F(inbox, is_the_only_one_of_its_process)
{
	const long before = count_descriptors();

	EXPECT_EQ(-EBUSY, result(sockdup_inbox_open(NULL)));
	EXPECT_EQ(before, count_descriptors());
	close(self->inbox);
	self->inbox = sockdup_inbox_open(NULL);
	EXPECT_LE(0, self->inbox);
}

TEST_F(inbox, needs_a_free_number)
{
	struct rlimit usual, few;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &usual));
	few = usual;
	few.rlim_cur = next_descriptor();
	close(self->inbox);
	self->inbox = fcntl(self->peer, F_DUPFD, self->inbox);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, result(sockdup_inbox_open(NULL)));
	EXPECT_EQ(-EMFILE, result(sockdup_inbox_bind(getpid(), 0, NULL)));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &usual));
}

/* How a user's child finds the test's inbox: an errno, or 100 and how often it can post. */
static int posts_of(uid_t uid)
{
	pid_t receiver = getpid(), pid = child_of(uid);
	int sender, fd, posts = 0;

	if (pid)
		return -outcome_of(pid);
	sender = sockdup_inbox_bind(receiver, 0, NULL);
	if (sender < 0)
		_exit(errno);
	make_nonblocking(sender);
	fd = udp_bound(AF_INET);
	while (!sockdup_post(sender, fd, 0, 0))
		posts++;
	_exit(errno == EAGAIN ? 100 + posts : errno);
}

TEST(inbox_is_for_the_callers_user)
{
	int inbox = sockdup_inbox_open(NULL);

	ASSERT_LE(0, inbox);
	EXPECT_EQ(ECONNREFUSED, posts_of(OTHER_UID));
	EXPECT_EQ(100 + 64, posts_of(0));
	close(inbox);
}

TEST(inbox_is_for_listed_users_a_part_each)
{
	const uid_t users[] = { SOURCE_UID, TARGET_UID };
	const struct sockdup_inbox_options options = {
		.slots = 9,
		.users = users,
		.user_count = 2,
	};
	int inbox = sockdup_inbox_open(&options);

	ASSERT_LE(0, inbox);
	EXPECT_EQ(100 + 5, posts_of(SOURCE_UID));
	EXPECT_EQ(100 + 4, posts_of(TARGET_UID));
	EXPECT_EQ(ECONNREFUSED, posts_of(OTHER_UID));
	EXPECT_EQ(ECONNREFUSED, posts_of(0));
	close(inbox);
}

TEST(inbox_is_for_anybody)
{
	const struct sockdup_inbox_options options = {
		.flags = SOCKDUP_INBOX_ANYBODY,
		.slots = 8,
	};
	int inbox = sockdup_inbox_open(&options);

	ASSERT_LE(0, inbox);
	EXPECT_EQ(100 + 2, posts_of(SOURCE_UID));
	EXPECT_EQ(100 + 2, posts_of(TARGET_UID));
	EXPECT_EQ(100 + 4, posts_of(0));
	close(inbox);
}

/* Who is bound. */

TEST_F(inbox, is_found_by_pidfd_and_by_peer)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), fds[2], sender, fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	sender = sockdup_inbox_bind(pidfd, SOCKDUP_BIND_TO_PIDFD, NULL);
	EXPECT_EQ(0, result(sockdup_post(sender, self->fd, 0, 0)));
	close(sender);
	sender = sockdup_inbox_bind(fds[0], SOCKDUP_BIND_TO_PEER, NULL);
	EXPECT_EQ(0, result(sockdup_post(sender, self->peer, 0, 0)));
	close(sender);
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	close(fd);
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->peer));
	close(fd);
	close(pidfd);
	close(fds[0]);
	close(fds[1]);
}

/* The library's new descriptor would have the number that the caller means. */
TEST_F(inbox, is_not_found_by_a_descriptor_that_is_closed)
{
	int closed = next_descriptor();

	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(closed, SOCKDUP_BIND_TO_PIDFD, NULL)));
	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(closed, SOCKDUP_BIND_TO_PEER, NULL)));
	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(-1, SOCKDUP_BIND_TO_PIDFD, NULL)));
	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(-1, SOCKDUP_BIND_TO_PEER, NULL)));
	/* Nobody means the library's own. */
	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(sockdup_open(), SOCKDUP_BIND_TO_PEER,
						    NULL)));
	EXPECT_EQ(closed, next_descriptor());
}

TEST_F(inbox, is_not_found_by_what_is_wrong)
{
	int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const long before = count_descriptors();
	pid_t dead = child_of(0);

	if (!dead)
		_exit(0);
	outcome_of(dead);
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(0, 0, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(-1, 0, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(getpid(), 0x10, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(getpid(), SOCKDUP_BIND_BY_INVITATION,
						     NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(self->fd, SOCKDUP_BIND_TO_PEER |
						     SOCKDUP_BIND_TO_PIDFD, NULL)));
	EXPECT_EQ(-EINVAL, result(sockdup_inbox_bind(self->fd, SOCKDUP_BIND_TO_PEER, NULL)));
	EXPECT_EQ(-EBADF, result(sockdup_inbox_bind(self->fd, SOCKDUP_BIND_TO_PIDFD, NULL)));
	EXPECT_EQ(-ENOTSOCK, result(sockdup_inbox_bind(STDIN_FILENO, SOCKDUP_BIND_TO_PEER,
						       NULL)));
	EXPECT_EQ(-ENOTCONN, result(sockdup_inbox_bind(one, SOCKDUP_BIND_TO_PEER, NULL)));
	EXPECT_EQ(-ESRCH, result(sockdup_inbox_bind(dead, 0, NULL)));
	EXPECT_EQ(-ECONNREFUSED, result(sockdup_inbox_bind(1, 0, NULL)));
	EXPECT_EQ(before, count_descriptors());
	close(one);
}

TEST_F(inbox, does_not_need_the_librarys_handle)
{
	int fd;

	sockdup_release();
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 3, 0)));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	close(fd);
}

/* One socket. */

TEST_F(inbox, tells_cookie_and_source)
{
	struct sockdup_identity source;
	__u64 cookie;
	int fd;

	memset(&source, POISON, sizeof(source));
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0x1122334455667788, 0)));
	fd = sockdup_accept(self->inbox, &cookie, &source, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(0x1122334455667788, cookie);
	EXPECT_EQ(getpid(), source.pid);
	EXPECT_EQ(0, source.uid);
	EXPECT_EQ(0, source.gid);
	EXPECT_EQ(0, source.__reserved);
	close(fd);
}

TEST_F(inbox, gives_descriptors_the_flags_that_the_caller_wants)
{
	int fd;

	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	EXPECT_EQ(-EINVAL, result(sockdup_accept(self->inbox, NULL, NULL, 1)));
	EXPECT_EQ(-EINVAL, result(sockdup_accept(self->inbox, NULL, NULL, ~0)));
	fd = sockdup_accept(self->inbox, NULL, NULL, 0);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_NONBLOCK);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	/* It is the open socket's. */
	EXPECT_EQ(O_NONBLOCK, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

TEST_F(inbox, closes_what_is_posted_so)
{
	int fd, posted = self->fd;

	EXPECT_EQ(-EINVAL, result(sockdup_post(self->sender, self->fd, 0, 2)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, SOCKDUP_POST_CLOSE)));
	EXPECT_EQ(-EBADF, result(fcntl(posted, F_GETFD)));
	self->fd = -1;
	EXPECT_EQ(0, recv_nothing(self->peer));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(0, pass_bytes(fd, self->peer));
	close(fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(inbox, that_is_nonblocking_does_not_wait)
{
	struct sockdup_posting posting;
	char message[MESSAGE_SIZE];
	int fds[MAX_SOCKETS], i;

	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
	EXPECT_EQ(-EAGAIN, accept_all(self->inbox, &posting, fds, message));
	EXPECT_EQ(0, poll_now(self->inbox));
	EXPECT_EQ(POLLOUT, poll_now(self->sender));
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, 0, 0)));
	EXPECT_EQ(-EAGAIN, result(sockdup_post(self->sender, self->fd, 0, 0)));
	EXPECT_EQ(0, poll_now(self->sender));
	EXPECT_EQ(POLLIN, poll_now(self->inbox));
}

TEST_F(inbox, that_has_ended_takes_nothing)
{
	struct sockdup_posting posting = { .fds = &self->fd, .socket_count = 1 };
	int closed = self->inbox;

	close(self->inbox);
	self->inbox = -1;
	EXPECT_EQ(-EPIPE, result(sockdup_post(self->sender, self->fd, 0, 0)));
	EXPECT_EQ(-EPIPE, result(sockdup_post_set(self->sender, &posting, 0)));
	EXPECT_EQ(-EBADF, result(sockdup_accept(closed, NULL, NULL, 0)));
	EXPECT_EQ(-ECONNREFUSED, result(sockdup_inbox_bind(getpid(), 0, NULL)));
}

TEST_F(inbox, refuses_what_is_no_socket)
{
	int fds[] = { self->fd, STDIN_FILENO };
	struct sockdup_posting posting = { .fds = fds, .socket_count = 2 };

	EXPECT_EQ(-ENOTSOCK, result(sockdup_post(self->sender, STDIN_FILENO, 0, 0)));
	EXPECT_EQ(-EBADF, result(sockdup_post(self->sender, next_descriptor(), 0, 0)));
	EXPECT_EQ(-ENOTSOCK, result(sockdup_post_set(self->sender, &posting, 0)));
	fds[1] = next_descriptor();
	EXPECT_EQ(-EBADF, result(sockdup_post_set(self->sender, &posting, 0)));
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
}

/* No room for the descriptors leaves the post. */
TEST_F(inbox, keeps_a_post_for_which_there_is_no_number)
{
	int fds[] = { self->fd, self->peer, self->fd }, got[MAX_SOCKETS], fd;
	struct sockdup_posting posting = { .fds = fds, .socket_count = 3 };
	struct rlimit usual, few;
	char message[MESSAGE_SIZE];

	ASSERT_EQ(0, result(sockdup_post(self->sender, self->fd, 1, 0)));
	ASSERT_EQ(0, result(sockdup_post_set(self->sender, &posting, 0)));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &usual));
	/* All below are taken. */
	while (dup(self->fd) < self->peer)
		;
	few = usual;
	few.rlim_cur = next_descriptor();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
	few.rlim_cur += 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	fd = sockdup_accept(self->inbox, NULL, NULL, 0);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	close(fd);
	EXPECT_EQ(-EMFILE, accept_all(self->inbox, &posting, got, message));
	EXPECT_EQ(fd, next_descriptor());
	few.rlim_cur++;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(0, accept_all(self->inbox, &posting, got, message));
	EXPECT_EQ(1, same_file(0, got[1], 0, self->peer));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &usual));
}

/* Whose they are. */

static void use_them(int inbox, int sender, int fd, int *errors)
{
	struct sockdup_posting post = { .fds = &fd, .socket_count = 1 };

	errors[0] = code(sockdup_accept(inbox, NULL, NULL, 0));
	errors[1] = code(sockdup_accept_set(inbox, &post, 0));
	errors[2] = code(sockdup_post_revoke(inbox, 1));
	errors[3] = code(sockdup_post(sender, fd, 0, 0));
	errors[4] = code(sockdup_post_set(sender, &post, 0));
	errors[5] = code(sockdup_post_revoke(sender, 1));
}

/* Which of the calls through the wrong handles did not fail with @error, or 0. */
static int first_other_than(int error, const int *errors)
{
	int i;

	for (i = 0; i < 6; i++)
		if (errors[i] != error)
			return i + 1;
	return 0;
}

TEST_F(inbox, is_not_for_a_child)
{
	pid_t pid = child_of(0);
	int errors[6];

	if (!pid) {
		use_them(self->inbox, self->sender, self->fd, errors);
		_exit(first_other_than(EPERM, errors));
	}
	EXPECT_EQ(0, outcome_of(pid));
	EXPECT_EQ(-EAGAIN, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
}

TEST_F(inbox, is_not_for_another_user_that_the_process_becomes)
{
	pid_t receiver = getpid(), pid = child_of(0);
	int sender;

	if (!pid) {
		sender = sockdup_inbox_bind(receiver, 0, NULL);
		if (become_user(OTHER_UID) ||
		    code(sockdup_post(sender, self->fd, 0, 0)) != EPERM)
			_exit(1);
		_exit(code(sockdup_post_revoke(sender, 1)) == EPERM ? 0 : 2);
	}
	EXPECT_EQ(0, outcome_of(pid));
}

static int enter_jail(void)
{
	return chroot("/usr/lib") || chdir("/");
}

TEST_F(inbox, is_posted_to_from_a_jail)
{
	pid_t receiver = getpid(), pid = child_of(0);
	int sender, fd;

	if (!pid) {
		sender = sockdup_inbox_bind(receiver, 0, NULL);
		if (enter_jail() ||
		    code(sockdup_inbox_bind(receiver, 0, NULL)) != ENODEV)
			_exit(1);
		_exit(code(sockdup_post(sender, self->fd, 0, 0)));
	}
	EXPECT_EQ(0, outcome_of(pid));
	fd = sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	close(fd);
}

/* The user is asked for at a post, and not where a process accepts or declines. */
TEST_F(inbox, is_accepted_from_in_a_jail_by_another_user)
{
	int said[2], inbox, sender;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(said, O_CLOEXEC));
	pid = child_of(0);
	if (!pid) {
		inbox = sockdup_inbox_open(NULL);
		if (enter_jail() || become_user(OTHER_UID) || write(said[1], "", 1) != 1)
			_exit(1);
		if (sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC) < 0)
			_exit(2);
		_exit(code(sockdup_post_revoke(inbox, 1)) == ENOENT ? 0 : 3);
	}
	ASSERT_EQ(1, read(said[0], &byte, 1));
	sender = sockdup_inbox_bind(pid, 0, NULL);
	EXPECT_EQ(0, result(sockdup_post(sender, self->fd, 0, 0)));
	EXPECT_EQ(0, outcome_of(pid));
	close(sender);
	close(said[0]);
	close(said[1]);
}

TEST_F(inbox, is_no_other_descriptor)
{
	const int foreign[] = { STDIN_FILENO, self->fd };
	int errors[6];
	unsigned int i;

	use_them(next_descriptor(), next_descriptor(), self->fd, errors);
	EXPECT_EQ(0, first_other_than(EBADF, errors));
	use_them(-1, -1, self->fd, errors);
	EXPECT_EQ(0, first_other_than(EBADF, errors));
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		use_them(foreign[i], foreign[i], self->fd, errors);
		EXPECT_EQ(0, first_other_than(ENOTTY, errors));
	}
	use_them(sockdup_open(), sockdup_open(), self->fd, errors);
	EXPECT_EQ(EINVAL, errors[0]);
	EXPECT_EQ(EINVAL, errors[1]);
	EXPECT_EQ(ENOTCONN, errors[2]);
	EXPECT_EQ(ENOTCONN, errors[3]);
	EXPECT_EQ(ENOTCONN, errors[4]);
	EXPECT_EQ(ENOTCONN, errors[5]);
	/* Each in the place of the other. */
	EXPECT_EQ(-EINVAL, result(sockdup_accept(self->sender, NULL, NULL, 0)));
	EXPECT_EQ(-ENOTCONN, result(sockdup_post(self->inbox, self->fd, 0, 0)));
}

/* Signals. */

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	alarms++;
}

/* Alarms keep coming, so one comes while the caller waits. */
static void ring(int flags)
{
	const struct sigaction action = { .sa_handler = count_alarm, .sa_flags = flags };
	const struct itimerval often = { { 0, 50000 }, { 0, 50000 } };

	alarms = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void ring_no_more(void)
{
	const struct itimerval never = { };

	setitimer(ITIMER_REAL, &never, NULL);
}

static void be_blocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

static int fill_all(int sender, int fd)
{
	int i, error = 0;

	for (i = 0; i < SLOTS && !error; i++)
		error = result(sockdup_post(sender, fd, i, 0));
	return error;
}

TEST_F(inbox, is_left_at_a_signal)
{
	ASSERT_EQ(0, fill_all(self->sender, self->fd));
	be_blocking(self->sender);
	ring(0);
	EXPECT_EQ(-EINTR, result(sockdup_post(self->sender, self->fd, 0, 0)));
	ring_no_more();
	while (sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC) >= 0)
		;
	be_blocking(self->inbox);
	ring(0);
	EXPECT_EQ(-EINTR, result(sockdup_accept(self->inbox, NULL, NULL, 0)));
	ring_no_more();
}

/* Does the one thing that the test waits for, once signals have come. */
struct helper {
	int inbox;
	int sender;
	int fd;
};

static void after_some_alarms(void)
{
	while (alarms < 3)
		usleep(10000);
}

static void *post_later(void *context)
{
	struct helper *self = context;

	after_some_alarms();
	return (void *)(long)result(sockdup_post(self->sender, self->fd, 9, 0));
}

static void *accept_later(void *context)
{
	struct helper *self = context;

	after_some_alarms();
	return (void *)(long)result(sockdup_accept(self->inbox, NULL, NULL, SOCK_CLOEXEC));
}

static void help(pthread_t *thread, void *(*run)(void *), struct helper *helper)
{
	sigset_t alarm;

	/* The signals are for the thread that waits. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	pthread_create(thread, NULL, run, helper);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
}

TEST_F(inbox, is_waited_for_across_a_signal_with_restart)
{
	struct helper helper = { self->inbox, self->sender, self->fd };
	pthread_t thread;
	__u64 cookie;
	void *value;
	int i, fd;

	be_blocking(self->inbox);
	be_blocking(self->sender);
	ring(SA_RESTART);
	help(&thread, post_later, &helper);
	fd = sockdup_accept(self->inbox, &cookie, NULL, SOCK_CLOEXEC);
	EXPECT_EQ(1, same_file(0, fd, 0, self->fd));
	EXPECT_EQ(9, cookie);
	ASSERT_EQ(0, pthread_join(thread, &value));
	EXPECT_EQ(0, (long)value);
	ASSERT_EQ(0, fill_all(self->sender, self->fd));
	ring(SA_RESTART);
	help(&thread, accept_later, &helper);
	EXPECT_EQ(0, result(sockdup_post(self->sender, self->fd, SLOTS, 0)));
	ring_no_more();
	ASSERT_EQ(0, pthread_join(thread, &value));
	EXPECT_LE(0, (long)value);
	for (i = 1; i <= SLOTS; i++) {
		EXPECT_LE(0, sockdup_accept(self->inbox, &cookie, NULL, SOCK_CLOEXEC));
		EXPECT_EQ(i, cookie);
	}
}

SOCKDUP_TEST_MAIN
