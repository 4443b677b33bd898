// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees of an inbox: each post and its end by a tracepoint, each command
 * that failed, and in fdinfo what waits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "child.h"
#include "harness.h"
#include "inbox_call.h"
#include "trace_log.h"

#define SLOTS		80

/* What fdinfo shows at most. */
#define SHOWN		64

struct way {
	int inbox;
	int sender;
	int fd;
	__u64 id;
};

static void way_open(struct __test_metadata *_metadata, struct way *way)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(longjmp(_metadata->env, 1), "no tracefs here");
	ASSERT_EQ(0, error);
	way->inbox = inbox_of_slots(SLOTS);
	ASSERT_LE(0, way->inbox);
	way->sender = bound_to(getpid());
	ASSERT_LE(0, way->sender);
	way->fd = udp_bound(AF_INET);
	ASSERT_LE(0, way->fd);
}

static void way_close(struct __test_metadata *_metadata, struct way *way)
{
	EXPECT_EQ(0, trace_log_close());
	close(way->fd);
	close(way->sender);
	close(way->inbox);
}

FIXTURE(observed) {
	struct way way;
};

FIXTURE_SETUP(observed)
{
	way_open(_metadata, &self->way);
}

FIXTURE_TEARDOWN(observed)
{
	way_close(_metadata, &self->way);
}

static struct trace_line post_line(const char *event, __u64 id, const char *how)
{
	struct trace_line line = { .times = 1 };

	snprintf(line.text, sizeof(line.text),
		 ": sockdup_%s: id=%016llx source=%d uid=0 sockets=1 message_size=0%s\n",
		 event, id, getpid(), how);
	return line;
}

TEST_F(observed, post_and_accept_are_told)
{
	struct sockdup_accept accept;

	ASSERT_EQ(0, post_with(self->way.sender, self->way.fd, 0, 0, &self->way.id));
	EXPECT_EQ(0, trace_log_wait(post_line("post", self->way.id, "")));
	EXPECT_EQ(0, trace_log_count("sockdup_accept"));
	close(accept_post(self->way.inbox, &accept));
	EXPECT_EQ(0, trace_log_wait(post_line("accept", self->way.id, "")));
	EXPECT_EQ(0, trace_log_count("sockdup_post_end"));
}

TEST_F(observed, message_is_counted_and_not_told)
{
	struct sockdup_post post = {
		.fd = self->way.fd,
		.message_size = 6,
		.message = (uintptr_t)"secret",
		.cookie = 0x5ec2e7c00c1e0001,
	};

	ASSERT_EQ(0, device_ioctl(self->way.sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(1, trace_log_count("sockets=1 message_size=6\n"));
	EXPECT_EQ(0, trace_log_count("secret"));
	EXPECT_EQ(0, trace_log_count("5ec2e7c0"));
}

static int end_revoked(int inbox, int sender, __u64 id)
{
	(void)inbox;
	return revoke_post(sender, id);
}

/* A worker puts its file. */
static int end_revoked_lingering(int inbox, int sender, __u64 id)
{
	struct sockdup_accept accept;
	struct linger linger = { .l_onoff = 1, .l_linger = 1 };
	int fd = accept_post(inbox, &accept), error;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	/* In the same slot, so the next number. */
	error = post_with(sender, fd, 0, 0, &accept.id);
	close(fd);
	return error ?: accept.id != id + (1 << 16) ? -EPROTO : revoke_post(sender, accept.id);
}

static int end_declined(int inbox, int sender, __u64 id)
{
	(void)sender;
	return revoke_post(inbox, id);
}

static int end_inbox(int inbox, int sender, __u64 id)
{
	(void)sender;
	(void)id;
	return close(inbox);
}

FIXTURE(ended) {
	struct way way;
};

FIXTURE_VARIANT(ended) {
	int (*end)(int inbox, int sender, __u64 id);
	const char *how;
	int step;
};

FIXTURE_VARIANT_ADD(ended, by_revocation) { end_revoked, " how=revoked", 0 };
FIXTURE_VARIANT_ADD(ended, by_linger) { end_revoked_lingering, " how=revoked", 1 << 16 };
FIXTURE_VARIANT_ADD(ended, by_decline) { end_declined, " how=declined", 0 };
FIXTURE_VARIANT_ADD(ended, with_the_inbox) { end_inbox, " how=inbox_ended", 0 };

FIXTURE_SETUP(ended)
{
	way_open(_metadata, &self->way);
}

FIXTURE_TEARDOWN(ended)
{
	way_close(_metadata, &self->way);
}

TEST_F(ended, is_told_with_the_reason)
{
	ASSERT_EQ(0, post_with(self->way.sender, self->way.fd, 0, 0, &self->way.id));
	ASSERT_EQ(0, variant->end(self->way.inbox, self->way.sender, self->way.id));
	EXPECT_EQ(0, trace_log_wait(post_line("post_end", self->way.id + variant->step,
					      variant->how)));
	EXPECT_EQ(1, trace_log_count("sockdup_post_end"));
}

TEST_F(observed, deadline_is_told)
{
	struct sockdup_post post = { .fd = self->way.fd, .ttl_ms = 1 };

	ASSERT_EQ(0, device_ioctl(self->way.sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(0, trace_log_wait(post_line("post_end", post.id, " how=expired")));
}

TEST_F(observed, refused_commands_are_told)
{
	static const char *const told[] = {
		"command=inbox error=-16\n", "command=bind error=-16\n",
		"command=post error=-9\n", "command=accept error=-11\n",
		"command=post_revoke error=-2\n",
	};
	struct sockdup_inbox_open open = { .size = sizeof(open), .slots = 1 };
	struct sockdup_accept accept;
	unsigned int i;

	EXPECT_EQ(-EBUSY, device_ioctl(self->way.sender, SOCKDUP_IOC_INBOX, &open));
	EXPECT_EQ(-EBUSY, bind_with(self->way.inbox, getpid(), 0));
	EXPECT_EQ(-EBADF, post_fd(self->way.sender, -1, 0));
	EXPECT_EQ(-EAGAIN, accept_post(self->way.inbox, &accept));
	EXPECT_EQ(-ENOENT, revoke_post(self->way.sender, 1));
	for (i = 0; i < ARRAY_SIZE(told); i++)
		EXPECT_EQ(1, trace_log_count(told[i]));
}

static void do_nothing(int signal)
{
	(void)signal;
}

TEST_F(observed, call_that_a_signal_ends_is_not_refused)
{
	struct sigaction action = { .sa_handler = do_nothing };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { };
	struct sockdup_accept accept;

	fcntl(self->way.inbox, F_SETFL, 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	EXPECT_EQ(-EINTR, accept_post(self->way.inbox, &accept));
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(0, trace_log_count("sockdup_refuse"));
}

static char *fdinfo_of(int device)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	return read_text(path);
}

static int fdinfo_count(int device, const char *part)
{
	char *text = fdinfo_of(device);
	int found = text ? count_in(text, part) : -1;

	free(text);
	return found;
}

TEST_F(observed, fdinfo_shows_what_waits)
{
	struct sockdup_accept accept;
	char line[128];
	int i;

	EXPECT_EQ(1, fdinfo_count(self->way.inbox, "\nslots:\t80\nposts:\t0\n"));
	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(0, post_with(self->way.sender, self->way.fd, 0, 0, &self->way.id));
	EXPECT_EQ(1, fdinfo_count(self->way.inbox, "\nslots:\t80\nposts:\t80\n"));
	EXPECT_EQ(SHOWN, fdinfo_count(self->way.inbox, "\npost:\t"));
	for (i = 1; i < SLOTS; i++)
		close(accept_post(self->way.inbox, &accept));
	snprintf(line, sizeof(line), "\npost:\tid=%016llx source=%d uid=0 left_ms=", self->way.id,
		 getpid());
	EXPECT_EQ(1, fdinfo_count(self->way.inbox, line));
	EXPECT_EQ(1, fdinfo_count(self->way.inbox, " sockets=1 message=0\n"));
	EXPECT_EQ(0, fdinfo_count(self->way.sender, "posts:"));
}

static void read_as_child(int channel, int device)
{
	say(channel, fdinfo_count(device, "posts:"));
	pause();
}

TEST_F(observed, fdinfo_shows_strangers_nothing)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child, OTHER_UID, read_as_child, self->way.inbox));
	EXPECT_EQ(0, child_answer(&child));
	child_end(&child);
	ASSERT_EQ(0, child_start(&child, 0, read_as_child, self->way.inbox));
	EXPECT_EQ(1, child_answer(&child));
	child_end(&child);
}

SOCKDUP_TEST_MAIN
