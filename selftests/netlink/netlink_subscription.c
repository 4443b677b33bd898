// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions of the library: what a subscriber is told, and what becomes of one
 * that does not keep up or whose module goes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "genl.h"
#include "harness.h"
#include "module.h"
#include "result.h"
#include "scene.h"

/* Subscribers. */

FIXTURE(subscriber) {
	struct scene scene;
	struct sockdup_subscription *subscription;
	struct sockdup_token_event event;
};

FIXTURE_SETUP(subscriber)
{
	ASSERT_EQ(0, scene_open(&self->scene));
	ASSERT_EQ(0, sockdup_subscribe(&self->subscription));
}

FIXTURE_TEARDOWN(subscriber)
{
	sockdup_unsubscribe(self->subscription);
	scene_close(&self->scene);
}

/* The next on the scene's token, within WAIT_MS; 0 or -errno. */
static int next_on(struct sockdup_subscription *subscription,
		   const struct scene *scene, struct sockdup_token_event *event)
{
	int error;

	do {
		error = wait_for_poll(sockdup_subscription_fd(subscription),
				      POLLIN);
		if (!error)
			error = result(sockdup_next_event(subscription, event));
	} while (!error && event->id != id_of(&scene->info));
	return error;
}

FIXTURE(happening) {
	struct scene scene;
	struct sockdup_subscription *subscription;
	struct sockdup_token_event event;
};

FIXTURE_VARIANT(happening) {
	enum sockdup_token_happening what;
	int (*come)(struct scene *scene);
	unsigned int flags;
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(happening, import) {
	SOCKDUP_HAPPENING_IMPORTED, end_by_import, 0, 0
};

FIXTURE_VARIANT_ADD(happening, revocation) {
	SOCKDUP_HAPPENING_REVOKED, end_by_revocation, 0, 0
};

FIXTURE_VARIANT_ADD(happening, deadline) {
	SOCKDUP_HAPPENING_EXPIRED, end_by_deadline, 0, 300
};

FIXTURE_VARIANT_ADD(happening, end_of_handle) {
	SOCKDUP_HAPPENING_HANDLE_CLOSED, end_with_handle,
	SOCKDUP_EXPORT_END_ON_CLOSE, 0
};

FIXTURE_VARIANT_ADD(happening, death_of_target) {
	SOCKDUP_HAPPENING_TARGET_DIED, end_with_target, 0, 0
};

FIXTURE_SETUP(happening)
{
	ASSERT_EQ(0, scene_open(&self->scene));
	ASSERT_EQ(0, sockdup_subscribe(&self->subscription));
}

FIXTURE_TEARDOWN(happening)
{
	sockdup_unsubscribe(self->subscription);
	scene_close(&self->scene);
}

TEST_F(happening, is_told_to_a_subscriber)
{
	const struct scene *scene = &self->scene;
	const struct sockdup_token_event *event = &self->event;

	ASSERT_EQ(0, scene_export(&self->scene, variant->flags,
				  variant->ttl_ms));
	ASSERT_EQ(0, next_on(self->subscription, scene, &self->event));
	EXPECT_EQ(SOCKDUP_HAPPENING_EXPORTED, event->what);
	EXPECT_EQ(geteuid(), event->uid);
	ASSERT_EQ(0, variant->come(&self->scene));
	memset(&self->event, POISON, sizeof(self->event));
	ASSERT_EQ(0, next_on(self->subscription, scene, &self->event));
	EXPECT_EQ(variant->what, event->what);
	EXPECT_EQ(geteuid(), event->uid);
}

TEST_F(subscriber, is_told_the_user_that_a_token_is_for)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, raw_export_with(scene->device, scene->fd, TARGET_UID,
				     SOCKDUP_EXPORT_TO_USER, 0, &scene->info));
	ASSERT_EQ(0, next_on(self->subscription, scene, &self->event));
	EXPECT_EQ(SOCKDUP_HAPPENING_EXPORTED, self->event.what);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER, self->event.target_flags);
	EXPECT_EQ(TARGET_UID, self->event.target_uid);
	ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
	ASSERT_EQ(0, next_on(self->subscription, scene, &self->event));
	EXPECT_EQ(SOCKDUP_HAPPENING_REVOKED, self->event.what);
	EXPECT_EQ(TARGET_UID, self->event.target_uid);
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(0, next_on(self->subscription, scene, &self->event));
	EXPECT_EQ(0, self->event.target_flags);
	EXPECT_EQ(0, self->event.target_uid);
}

/* Takes what comes, until nothing has come for a second. */
static void take_all(struct sockdup_subscription *subscription)
{
	struct pollfd poll_fd = {
		.fd = sockdup_subscription_fd(subscription),
		.events = POLLIN,
	};
	struct sockdup_token_event event;

	while (poll(&poll_fd, 1, 1000) > 0)
		sockdup_next_event(subscription, &event);
}

/* With those that were kept, and with what comes, after a loss; 0 or -errno. */
static int goes_on(struct sockdup_subscription *subscription,
		   struct scene *scene, struct sockdup_token_event *event)
{
	int i, error = -ENOBUFS;

	for (i = 0; i < 5 && error == -ENOBUFS; i++) {
		take_all(subscription);
		error = scene_export(scene, 0, 0) ?:
			next_on(subscription, scene, event);
	}
	return error;
}

TEST_F(subscriber, that_does_not_keep_up_is_told_of_it)
{
	const int fd = sockdup_subscription_fd(self->subscription);
	struct scene *scene = &self->scene;
	const int room = 1;
	int i;

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room,
				sizeof(room)));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, scene_export(scene, 0, 0));
		ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
	}
	/* The last is not among those that there was room for. */
	EXPECT_EQ(-ENOBUFS, next_on(self->subscription, scene, &self->event));
	EXPECT_STREQ("", sockdup_error_text());
	EXPECT_EQ(0, goes_on(self->subscription, scene, &self->event));
	EXPECT_EQ(SOCKDUP_HAPPENING_EXPORTED, self->event.what);
}

/* Whatever of other tests comes first is told. */
static int next_error(struct sockdup_subscription *subscription)
{
	struct sockdup_token_event event;
	int error;

	do {
		error = result(sockdup_next_event(subscription, &event));
	} while (!error);
	return error;
}

TEST_F(subscriber, that_does_not_block_is_told_of_nothing)
{
	const int fd = sockdup_subscription_fd(self->subscription);

	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, next_error(self->subscription));
	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	EXPECT_EQ(0, next_on(self->subscription, &self->scene, &self->event));
}

static void do_nothing(int number)
{
}

TEST_F(subscriber, that_waits_is_woken_by_a_signal)
{
	const struct itimerval time = {
		.it_interval.tv_usec = 100000,
		.it_value.tv_usec = 100000,
	};
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval never = { 0 };

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &time, NULL));
	EXPECT_EQ(-EINTR, next_error(self->subscription));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	EXPECT_EQ(0, next_on(self->subscription, &self->scene, &self->event));
}

TEST_F(subscriber, has_a_descriptor_of_its_own_until_the_end)
{
	const int fd = sockdup_subscription_fd(self->subscription);

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	sockdup_unsubscribe(self->subscription);
	self->subscription = NULL;
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(EBADF, errno);
	sockdup_unsubscribe(NULL);
}

/* A subscription that the module's end comes to. */

TEST_F(subscriber, is_told_of_what_exceeds_a_users_backlog)
{
	const int fd = sockdup_subscription_fd(self->subscription);
	const int room = 64 << 20;
	struct scene *scene = &self->scene;
	struct genl *crowd = genl_crowd();
	int error;

	ASSERT_NE(NULL, crowd);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
				sizeof(room)));
	ASSERT_EQ(0, scene_export_many(scene));
	do {
		error = next_error(self->subscription);
	} while (!error);
	EXPECT_EQ(-ENOBUFS, error);
	genl_crowd_close(crowd);
	EXPECT_EQ(0, goes_on(self->subscription, scene, &self->event));
}

FIXTURE(end_of_module) {
	struct agent target;
	struct sockdup_subscription *subscription;
	int fd;
};

FIXTURE_SETUP(end_of_module)
{
	if (access(module_path(), R_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, sockdup_subscribe(&self->subscription));
	self->fd = sockdup_subscription_fd(self->subscription);
	/* What is missing would be waited for. */
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
}

FIXTURE_TEARDOWN(end_of_module)
{
	sockdup_unsubscribe(self->subscription);
	EXPECT_EQ(0, module_insert());
	agent_kill(&self->target);
}

/* Export to the target and revoke; 0 or -errno. */
static int happen(const struct agent *target)
{
	struct sockdup_protocol_info info;
	int socket = tcp_listener(AF_INET);
	__u64 id;
	int error;

	error = result(sockdup_netlink_export(socket, target->pid, 0, 0, &info,
					      &id));
	if (!error)
		error = result(sockdup_revoke_id(id));
	close(socket);
	return error;
}

/* 0 or -errno. */
static int reload_module(void)
{
	int error = module_wait_until_unused();

	if (!error)
		error = module_remove();
	return error ? error : module_insert();
}

TEST_F(end_of_module, is_the_end_of_a_subscription)
{
	struct sockdup_subscription *next;

	EXPECT_EQ(-EAGAIN, next_error(self->subscription));
	ASSERT_EQ(0, reload_module());
	EXPECT_EQ(0, wait_for_poll(self->fd, POLLIN));
	EXPECT_EQ(-ENODEV, next_error(self->subscription));
	EXPECT_STREQ("", sockdup_error_text());
	/* And stays so, whatever happens under the module that came after. */
	ASSERT_EQ(0, sockdup_subscribe(&next));
	ASSERT_EQ(0, happen(&self->target));
	EXPECT_EQ(-ENODEV, next_error(self->subscription));
	EXPECT_EQ(0, wait_for_poll(sockdup_subscription_fd(next), POLLIN));
	sockdup_unsubscribe(next);
}

/*
 * The module's end, at a subscriber who has no room for the last of a thousand
 * events, nor for what comes after; 0 or -errno.
 */
static int reload_unheard(int subscription, const struct agent *target)
{
	const int room = 1;
	int error, i;

	if (setsockopt(subscription, SOL_SOCKET, SO_RCVBUF, &room,
		       sizeof(room)))
		return -errno;
	for (i = 0; i < 500; i++) {
		error = happen(target);
		if (error)
			return error;
	}
	return reload_module();
}

TEST_F(end_of_module, is_told_to_a_subscriber_who_lost_the_word_of_it)
{
	ASSERT_EQ(0, reload_unheard(self->fd, &self->target));
	EXPECT_EQ(-ENOBUFS, next_error(self->subscription));
	EXPECT_EQ(0, wait_for_poll(self->fd, POLLIN));
	EXPECT_EQ(-ENODEV, next_error(self->subscription));
	EXPECT_EQ(-ENODEV, next_error(self->subscription));
}

/* Whether it is the end cannot be asked without a descriptor. */
TEST_F(end_of_module, is_looked_for_again_after_a_failure_to_ask)
{
	struct rlimit limit, none;

	ASSERT_EQ(0, reload_unheard(self->fd, &self->target));
	EXPECT_EQ(-ENOBUFS, next_error(self->subscription));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, next_error(self->subscription));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-ENODEV, next_error(self->subscription));
}

SOCKDUP_TEST_MAIN
