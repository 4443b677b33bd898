// SPDX-License-Identifier: GPL-2.0-only
/*
 * Outcomes: the handle that exported with SOCKDUP_EXPORT_REPORT is told how each
 * token ended, by read() and poll().
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "call.h"
#include "clock.h"
#include "harness.h"

#define REPORT		SOCKDUP_EXPORT_REPORT
#define ONE		sizeof(struct sockdup_outcome)

/* Reports of one handle. */
#define REPORTS_MAX	4096

/* The test is the source. */
FIXTURE(outcome) {
	struct agent target;
	int device;
	int fd;
	struct sockdup_protocol_info info;
	struct sockdup_outcome outcome;
};

FIXTURE_SETUP(outcome)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->device = device_open();
	ASSERT_LE(0, self->device);
	ASSERT_EQ(0, fcntl(self->device, F_SETFL, O_NONBLOCK));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	memset(&self->outcome, POISON, sizeof(self->outcome));
}

FIXTURE_TEARDOWN(outcome)
{
	agent_kill(&self->target);
	close(self->fd);
	close(self->device);
}

static int export_to(int device, int fd, const struct agent *target,
		     unsigned int flags, struct sockdup_protocol_info *info)
{
	return raw_export_with(device, fd, target->pid, flags, LONG_TTL_MS, info);
}

/* The size, or -errno. */
static int take(int device, struct sockdup_outcome *outcome, size_t size)
{
	ssize_t result = read(device, outcome, size);

	return result < 0 ? -errno : result;
}

static int poll_now(int device)
{
	struct pollfd entry = { .fd = device, .events = POLLIN };

	return poll(&entry, 1, 0) < 0 ? -errno : entry.revents;
}

static __u64 boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The outcome of @info's token, which nobody has imported. */
static bool is_end(const struct sockdup_outcome *outcome, enum sockdup_outcome_kind kind,
		   const struct sockdup_protocol_info *info)
{
	return outcome->kind == kind && outcome->id == id_of(info) &&
	       !outcome->pid && !outcome->uid && !outcome->__reserved;
}

TEST_F(outcome, tells_of_an_import)
{
	__u64 before, after;

	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	EXPECT_EQ(0, poll_now(self->device));
	EXPECT_EQ(-EAGAIN, take(self->device, &self->outcome, ONE));
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	before = boottime_ns();
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	after = boottime_ns();
	EXPECT_EQ(POLLIN, poll_now(self->device));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(SOCKDUP_OUTCOME_IMPORTED, self->outcome.kind);
	EXPECT_EQ(id_of(&self->info), self->outcome.id);
	EXPECT_EQ(self->target.pid, self->outcome.pid);
	EXPECT_EQ(TARGET_UID, self->outcome.uid);
	EXPECT_EQ(0, self->outcome.__reserved);
	EXPECT_LE(before, self->outcome.when_ns);
	EXPECT_GE(after, self->outcome.when_ns);
	EXPECT_EQ(0, poll_now(self->device));
	EXPECT_EQ(0, take(self->device, &self->outcome, ONE));
}

TEST_F(outcome, tells_who_revoked)
{
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, raw_revoke(self->device, &self->info));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_TRUE(is_end(&self->outcome, SOCKDUP_OUTCOME_REVOKED,
			   &self->info));

	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, agent_revoke(&self->target, &self->info));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_TRUE(is_end(&self->outcome, SOCKDUP_OUTCOME_DECLINED,
			   &self->info));
}

TEST_F(outcome, tells_of_the_deadline)
{
	ASSERT_EQ(0, raw_export_with(self->device, self->fd, self->target.pid,
				     REPORT, 100, &self->info));
	ASSERT_EQ(0, wait_for_poll(self->device, POLLIN));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_TRUE(is_end(&self->outcome, SOCKDUP_OUTCOME_EXPIRED,
			   &self->info));
}

TEST_F(outcome, tells_of_the_targets_death)
{
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	ASSERT_EQ(0, wait_for_poll(self->device, POLLIN));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_TRUE(is_end(&self->outcome, SOCKDUP_OUTCOME_TARGET_DIED,
			   &self->info));
}

TEST_F(outcome, is_told_of_tokens_that_ask_for_it_alone)
{
	struct sockdup_protocol_info other;

	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, 0,
			       &other));
	EXPECT_EQ(0, take(self->device, &self->outcome, ONE));
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_LE(0, agent_import(&self->target, &other, 0));
	EXPECT_EQ(-EAGAIN, take(self->device, &self->outcome, ONE));
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(id_of(&self->info), self->outcome.id);
}

TEST_F(outcome, is_told_to_the_exporting_handle_alone)
{
	int other = device_open();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, raw_revoke(other, &self->info));
	EXPECT_EQ(0, take(other, &self->outcome, ONE));
	EXPECT_EQ(ONE, take(self->device, &self->outcome, ONE));
}

#define TOKENS	5

TEST_F(outcome, comes_in_the_order_of_the_ends)
{
	static const int order[TOKENS] = { 3, 0, 4, 1, 2 };
	struct sockdup_protocol_info infos[TOKENS];
	struct sockdup_outcome outcomes[2 * TOKENS];
	int i;

	for (i = 0; i < TOKENS; i++)
		ASSERT_EQ(0, export_to(self->device, self->fd, &self->target,
				       REPORT, &infos[i]));
	for (i = 0; i < TOKENS; i++)
		ASSERT_EQ(0, raw_revoke(self->device, &infos[order[i]]));
	/* As many as have room, and never a part of one. */
	ASSERT_EQ(2 * ONE, take(self->device, outcomes, 3 * ONE - 1));
	ASSERT_EQ(3 * ONE, take(self->device, outcomes + 2, 4 * ONE));
	for (i = 0; i < TOKENS; i++)
		EXPECT_EQ(id_of(&infos[order[i]]), outcomes[i].id);
}

TEST_F(outcome, wants_room_for_one)
{
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, raw_revoke(self->device, &self->info));
	EXPECT_EQ(-EINVAL, take(self->device, &self->outcome, 0));
	EXPECT_EQ(-EINVAL, take(self->device, &self->outcome, ONE - 1));
	EXPECT_EQ(ONE, take(self->device, &self->outcome, ONE));
}

TEST_F(outcome, is_not_lost_by_a_fault)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct sockdup_protocol_info infos[2];
	struct sockdup_outcome *last;
	char *pages;
	int i;

	pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, mprotect(pages + page, page, PROT_NONE));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, export_to(self->device, self->fd, &self->target,
				       REPORT, &infos[i]));
		ASSERT_EQ(0, raw_revoke(self->device, &infos[i]));
	}
	last = (void *)(pages + page - ONE);
	EXPECT_EQ(-EFAULT, take(self->device, (void *)(pages + page), ONE));
	EXPECT_EQ(-EFAULT, take(self->device, (void *)(pages + page - 1), ONE));
	ASSERT_EQ(ONE, take(self->device, last, 2 * ONE));
	EXPECT_EQ(id_of(&infos[0]), last->id);
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(id_of(&infos[1]), self->outcome.id);
	munmap(pages, 2 * page);
}

TEST_F(outcome, is_for_the_process_that_opened)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, raw_revoke(self->device, &self->info));
	pid = fork();
	if (!pid)
		_exit(take(self->device, &self->outcome, ONE) != -EPERM);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(ONE, take(self->device, &self->outcome, ONE));
}

/* One that another process exports by it included. */
TEST_F(outcome, of_a_childs_export_is_its_parents)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(export_to(self->device, self->fd, &self->target, REPORT,
				&self->info) ||
		      raw_revoke(self->device, &self->info));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(SOCKDUP_OUTCOME_REVOKED, self->outcome.kind);
}

TEST_F(outcome, is_waited_for)
{
	struct call call;

	ASSERT_EQ(0, fcntl(self->device, F_SETFL, 0));
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, call_read(&call, self->device, &self->outcome, ONE));
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(ONE, call_wait(&call));
	EXPECT_EQ(SOCKDUP_OUTCOME_IMPORTED, self->outcome.kind);
}

TEST_F(outcome, is_waited_for_until_a_signal)
{
	struct call call;

	ASSERT_EQ(0, fcntl(self->device, F_SETFL, 0));
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, call_read(&call, self->device, &self->outcome, ONE));
	EXPECT_EQ(-EINTR, call_interrupt(&call));
	ASSERT_EQ(0, raw_revoke(self->device, &self->info));
	EXPECT_EQ(ONE, take(self->device, &self->outcome, ONE));
}

/* Of two that wait for one outcome, the other learns that there will be none. */
TEST_F(outcome, that_another_thread_took_is_not_waited_for)
{
	struct sockdup_outcome other;
	struct call calls[2];
	int sizes[2];

	ASSERT_EQ(0, fcntl(self->device, F_SETFL, 0));
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, call_read(&calls[0], self->device, &self->outcome, ONE));
	ASSERT_EQ(0, call_read(&calls[1], self->device, &other, ONE));
	ASSERT_EQ(0, raw_revoke(self->device, &self->info));
	sizes[0] = call_wait(&calls[0]);
	sizes[1] = call_wait(&calls[1]);
	EXPECT_EQ(ONE, sizes[0] + sizes[1]);
	EXPECT_EQ(0, sizes[0] * sizes[1]);
}

/* Each end wakes a waiter: the target ends the tokens in its own time. */
TEST_F(outcome, wakes_every_time)
{
	const unsigned int rounds = stress(2000);
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i;

	ASSERT_EQ(0, fcntl(self->device, F_SETFL, 0));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, export_to(self->device, self->fd, &self->target,
				       REPORT, &self->info));
		agent_prepare(&request, AGENT_REVOKE, -1);
		request.info = self->info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		if (i % 2)
			ASSERT_EQ(0, wait_for_poll(self->device, POLLIN));
		ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
		ASSERT_EQ(id_of(&self->info), self->outcome.id);
		ASSERT_EQ(0, agent_wait(&self->target, &reply));
	}
}

/* The socket does not wait for its source to read. */
TEST_F(outcome, unread_holds_no_socket)
{
	int pair[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	ASSERT_EQ(0, export_to(self->device, pair[0], &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, close(pair[0]));
	ASSERT_EQ(0, recv_nothing(pair[1]));
	ASSERT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(0, wait_for_end(pair[1]));
	EXPECT_EQ(ONE, take(self->device, &self->outcome, ONE));
}

TEST_F(outcome, is_of_the_attempt_that_worked)
{
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE, 0));
	ASSERT_EQ(-EMFILE, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-EAGAIN, take(self->device, &self->outcome, ONE));
	ASSERT_EQ(0, agent_setrlimit(&self->target, RLIMIT_NOFILE, 64));
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(SOCKDUP_OUTCOME_IMPORTED, self->outcome.kind);
}

TEST_F(outcome, of_an_export_that_failed_is_not_waited_for)
{
	EXPECT_EQ(-EFAULT, export_to(self->device, self->fd, &self->target,
				     REPORT, NULL));
	EXPECT_EQ(0, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(-EINVAL, raw_export_with(self->device, self->fd,
					   self->target.pid, REPORT, UINT32_MAX,
					   &self->info));
	EXPECT_EQ(0, take(self->device, &self->outcome, ONE));
}

TEST_F(outcome, closed_leaves_the_token)
{
	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	ASSERT_EQ(0, close(self->device));
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

TEST_F(outcome, closed_ends_a_token_that_asks_for_both)
{
	int pair[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, pair));
	ASSERT_EQ(0, export_to(self->device, pair[0], &self->target,
			       REPORT | SOCKDUP_EXPORT_END_ON_CLOSE, &self->info));
	ASSERT_EQ(0, close(pair[0]));
	ASSERT_EQ(0, close(self->device));
	EXPECT_EQ(0, wait_for_end(pair[1]));
}

TEST_F(outcome, is_one_of_4096)
{
	struct sockdup_outcome *outcomes = calloc(REPORTS_MAX, ONE);
	struct sockdup_protocol_info *infos = calloc(REPORTS_MAX, sizeof(*infos));
	int i;

	ASSERT_NE(NULL, outcomes);
	ASSERT_NE(NULL, infos);
	for (i = 0; i < REPORTS_MAX; i++)
		ASSERT_EQ(0, export_to(self->device, self->fd, &self->target,
				       REPORT, &infos[i]));
	EXPECT_EQ(-ENOBUFS, export_to(self->device, self->fd, &self->target,
				      REPORT, &self->info));
	/* Without a report there is room. */
	EXPECT_EQ(0, export_to(self->device, self->fd, &self->target, 0,
			       &self->info));
	for (i = 0; i < REPORTS_MAX; i++)
		ASSERT_EQ(0, raw_revoke(self->device, &infos[i]));
	EXPECT_EQ(-ENOBUFS, export_to(self->device, self->fd, &self->target,
				      REPORT, &self->info));
	ASSERT_EQ(ONE, take(self->device, &self->outcome, ONE));
	EXPECT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	EXPECT_EQ((REPORTS_MAX - 1) * (int)ONE,
		  take(self->device, outcomes, REPORTS_MAX * ONE));
	for (i = 1; i < REPORTS_MAX; i++)
		ASSERT_EQ(id_of(&infos[i]), outcomes[i - 1].id);
	free(outcomes);
	free(infos);
}

TEST_F(outcome, is_counted_in_fdinfo)
{
	char path[64], *text;

	ASSERT_EQ(0, export_to(self->device, self->fd, &self->target, REPORT,
			       &self->info));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->device);
	text = read_text(path);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(1, count_in(text, "\nreports:\t1\n"));
	free(text);
}

/* Of its own namespaces, in which the target's user has no number. */
TEST_F(outcome, has_the_numbers_that_its_reader_may_see)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	pid = fork();
	if (!pid) {
		int device = device_open();

		if (export_to(device, self->fd, &self->target, REPORT, &self->info) ||
		    become_root_inside(0))
			_exit(1);
		if (agent_import(&self->target, &self->info, 0) < 0)
			_exit(2);
		if (take(device, &self->outcome, ONE) != ONE)
			_exit(3);
		_exit(self->outcome.pid != self->target.pid ||
		      self->outcome.uid != NOBODY);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/*
 * Reports that nobody reads any more go with the handle, in whichever order it and the
 * tokens end.
 */
TEST_F(outcome, closed_against_import_leaves_the_import)
{
	const unsigned int rounds = stress(1000);
	struct agent_request request;
	struct agent_reply reply;
	unsigned int i;
	int value;

	for (i = 0; i < rounds; i++) {
		int device = device_open();

		ASSERT_LE(0, device);
		ASSERT_EQ(0, export_to(device, self->fd, &self->target, REPORT,
				       &self->info));
		agent_prepare(&request, AGENT_IMPORT, -1);
		request.info = self->info;
		ASSERT_EQ(0, agent_post(&self->target, &request));
		usleep(i % 20 * 20);
		ASSERT_EQ(0, close(device));
		value = agent_wait(&self->target, &reply);
		ASSERT_LE(0, value);
		ASSERT_EQ(0, agent_close(&self->target, value));
	}
}

SOCKDUP_TEST_MAIN
