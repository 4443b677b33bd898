// SPDX-License-Identifier: GPL-2.0-only
/*
 * A security module that refuses an import: the target is told so, and the
 * token is none the worse for it. W47.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "harness.h"
#include "hook.h"
#include "page.h"

FIXTURE(refused) {
	struct agent target;
	int source;
	int peer;
	int refusal;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(refused) {
	int error;
};

FIXTURE_VARIANT_ADD(refused, with_EACCES) { -EACCES };
FIXTURE_VARIANT_ADD(refused, with_EPERM) { -EPERM };

FIXTURE_SETUP(refused)
{
	int fds[2];

	if (!hook_is_there())
		SKIP(longjmp(_metadata->env, 1),
		     "no security module \"bpf\" here, or no types");
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_export(self->source, self->target.pid, 0, LONG_TTL_MS,
				&self->info));
	self->refusal = hook_refuse(self->target.pid, variant->error);
	ASSERT_LE(0, self->refusal);
}

FIXTURE_TEARDOWN(refused)
{
	agent_kill(&self->target);
}

TEST_F(refused, W47_import_tells_the_error)
{
	EXPECT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
}

TEST_F(refused, W47_import_works_when_it_is_allowed)
{
	int i, fd;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(variant->error,
			  agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(refused, W47_import_leaves_the_connection)
{
	char seen[8] = { 0 };
	int fd;

	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, agent_recv(&self->target, fd, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("text", seen);
}

TEST_F(refused, W47_import_leaves_no_descriptor)
{
	int before, after;

	/* The first has the library open the device. */
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	before = agent_dup(&self->target, STDIN_FILENO);
	ASSERT_LE(0, before);
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	after = agent_dup(&self->target, STDIN_FILENO);
	EXPECT_EQ(before + 1, after);
}

TEST_F(refused, W47_import_leaves_no_reference)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(refused, W47_import_leaves_the_right_to_decline)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(refused, W47_import_leaves_those_of_others)
{
	struct sockdup_protocol_info info;
	struct agent other;
	int fd;

	ASSERT_EQ(0, agent_spawn(&other));
	ASSERT_EQ(0, try_duplicate(self->source, other.pid, &info));
	fd = agent_import(&other, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, other.pid, fd));
	EXPECT_EQ(0, agent_stop(&other));
}

TEST_F(refused, W47_threads_win_no_race)
{
	struct agent_race race;
	int fd;

	ASSERT_EQ(0, agent_import_race(&self->target, &self->info, 8, &race));
	EXPECT_EQ(0, race.won);
	EXPECT_EQ(8, race.other);
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	EXPECT_LE(0, fd);
}

/*
 * A token that its target is importing, for as long as it takes, while the handle
 * closes that it ends with. The test is the target, too.
 */

struct importer {
	struct sockdup_protocol_info info;
	struct page *page;	/* what the import waits for */
	pthread_t thread;
	int device;
	int peer;		/* of the socket */
	int fd;			/* what came of it */
};

FIXTURE(importing) {
	struct importer importer;
	struct page page;
	int exporting;
	int hook;
};

FIXTURE_VARIANT(importing) {
	int error;
};

FIXTURE_VARIANT_ADD(importing, in_the_end_allowed) { 0 };
FIXTURE_VARIANT_ADD(importing, in_the_end_refused) { -EACCES };

static void *import_in_thread(void *arg)
{
	struct importer *importer = arg;

	importer->fd = raw_import(importer->device, &importer->info, 0, NULL);
	return NULL;
}

FIXTURE_SETUP(importing)
{
	int fds[2];

	if (!hook_is_there())
		SKIP(longjmp(_metadata->env, 1),
		     "no security module \"bpf\" here, or no types");
	if (page_open_missing(&self->page))
		SKIP(longjmp(_metadata->env, 1), "no userfaultfd here");
	self->importer.page = &self->page;
	self->exporting = device_open();
	self->importer.device = device_open();
	ASSERT_LE(0, self->importer.device);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	self->importer.peer = fds[1];
	ASSERT_EQ(0, raw_export_with(self->exporting, fds[0], getpid(),
				     SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS,
				     &self->importer.info));
	ASSERT_EQ(0, close(fds[0]));
	self->hook = hook_hold(getpid(), self->page.memory, variant->error);
	ASSERT_LE(0, self->hook);
	ASSERT_EQ(0, pthread_create(&self->importer.thread, NULL,
				    import_in_thread, &self->importer));
	ASSERT_EQ(0, page_wait_for_user(&self->page));
}

FIXTURE_TEARDOWN(importing)
{
	close(self->hook);
	close(self->importer.device);
	page_close(&self->page);
}

/* The import goes on, and all is over with it. */
static void expect_last_import(struct __test_metadata *_metadata,
			       struct importer *importer, int error)
{
	EXPECT_EQ(0, page_fill(importer->page));
	ASSERT_EQ(0, pthread_join(importer->thread, NULL));
	if (error) {
		EXPECT_EQ(error, importer->fd);
	} else {
		EXPECT_LE(0, importer->fd);
		EXPECT_EQ(0, recv_nothing(importer->peer));
		EXPECT_EQ(0, close(importer->fd));
	}
	EXPECT_EQ(-ENOENT, raw_import(importer->device, &importer->info, 0,
				      NULL));
	EXPECT_EQ(0, wait_for_end(importer->peer));
}

static void *close_in_thread(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

TEST_F(importing, does_not_keep_the_handle_from_closing)
{
	struct timespec limit;
	pthread_t closer;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_MS / 1000;
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_in_thread,
				    &self->exporting));
	EXPECT_EQ(0, pthread_timedjoin_np(closer, NULL, &limit));
	expect_last_import(_metadata, &self->importer, variant->error);
}

TEST_F(importing, is_what_a_revocation_does_not_wait_for)
{
	EXPECT_EQ(-EBUSY, raw_revoke(self->exporting, &self->importer.info));
	/* It is revoked already, should the import fail. */
	EXPECT_EQ(-ENOENT, raw_revoke(self->exporting, &self->importer.info));
	expect_last_import(_metadata, &self->importer, variant->error);
}

TEST_F(importing, is_what_a_query_does_not_wait_for)
{
	struct sockdup_description description;

	EXPECT_EQ(0, sockdup_query(&self->importer.info, &description));
	EXPECT_EQ(AF_UNIX, description.info.address_family);
	EXPECT_EQ(getpid(), description.target_pid);
	ASSERT_EQ(0, close(self->exporting));
	expect_last_import(_metadata, &self->importer, variant->error);
}

SOCKDUP_TEST_MAIN
