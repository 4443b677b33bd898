// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can fail fails, as in faults.c: in turn each allocation, and each copy from or to
 * user space, that a command for inboxes makes. A post that fails has posted nothing, an
 * accept that fails has left the first post where it was, and an invitation is as good as
 * before.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "census.h"
#include "child.h"
#include "fault.h"
#include "harness.h"
#include "inbox_call.h"
#include "module.h"

/* More than the kernel has room for on its stack. */
#define MANY		40

#define MESSAGE		"message"
#define COOKIE		0x1122334455667788
#define NEXT_COOKIE	2

/**
 * struct scene - what commands are run on
 * @device: a handle without a role
 * @inbox: the test's own, or -1 where the test is to have none
 * @sender: bound to that
 * @source: the socket,
 * @copy: a descriptor of it that a post closes,
 * @peer: and its other end
 * @channel: a socket of the test's, whose peer is the test, too
 * @pidfd: the test's
 * @host: a process that has an inbox for everybody, and invites the test
 * @id: of the first post
 * @fds: what an accept gives
 * @fillers: take every descriptor that the process has room for
 */
struct scene {
	int device;
	int inbox;
	int sender;
	int source;
	int copy;
	int peer;
	int channel[2];
	int pidfd;
	struct child host;
	__u64 id;
	int fds[MANY];
	struct fault_fillers fillers;
};

/**
 * struct command - a call, and what belongs to it
 * @prepare: 0 or -errno
 * @call: fails with -errno; in it the steps fail
 * @settle: 0 where what @call gave is as it should be, by what there is now;
 *          undoes it, and @prepare
 * @homeless: the test has no inbox
 * @spends: the last step of @call writes where the sockets are, and a fault there
 *          spends the post, as it does for accept()
 * @steady: no step can fail
 */
struct command {
	int (*prepare)(struct scene *scene);
	int (*call)(struct scene *scene);
	int (*settle)(struct scene *scene, int value);
	bool homeless;
	bool spends;
	bool steady;
};

static int prepare_nothing(struct scene *scene)
{
	return 0;
}

static int renew_device(struct scene *scene)
{
	close(scene->device);
	scene->device = device_open();
	return scene->device < 0 ? scene->device : 0;
}

/* A call that failed is made again; one that succeeds leaves a handle with a role. */
static int settle_role(struct scene *scene, int value, int (*call)(struct scene *scene))
{
	return (value < 0 ? call(scene) : 0) ?: renew_device(scene);
}

/* To have an inbox. */

static int call_open(struct scene *scene)
{
	const __u32 users[] = { getuid(), NOBODY };
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = 8,
		.message_size = 64,
		.max_sockets = 4,
		.user_count = 2,
		.users = (uintptr_t)users,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_INBOX, &open);
}

static int settle_open(struct scene *scene, int value)
{
	return settle_role(scene, value, call_open);
}

/* So many slots that they take pages. */
static int call_open_large(struct scene *scene)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = 1024,
		.message_size = 64,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_INBOX, &open);
}

static int settle_open_large(struct scene *scene, int value)
{
	return settle_role(scene, value, call_open_large);
}

/* Invitations of the host. */

static struct sockdup_protocol_info *shared_info;

/* The host: has an inbox, and invites the test to what it is told. */
static void be_host(int channel, int test)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = SOCKDUP_INBOX_ANYBODY,
		.slots = 8,
	};
	int device = device_open();
	int answer = device_ioctl(device, SOCKDUP_IOC_INBOX, &open);
	int flags;

	while (write(channel, &answer, sizeof(answer)) == sizeof(answer) &&
	       read(channel, &flags, sizeof(flags)) == sizeof(flags))
		answer = invite(device, test, flags, 0, shared_info);
}

static int be_invited(struct scene *scene, int flags)
{
	write(scene->host.channel, &flags, sizeof(flags));
	return child_answer(&scene->host);
}

static int prepare_join(struct scene *scene)
{
	return be_invited(scene, SOCKDUP_EXPORT_INVITE_TO_ACCEPT);
}

static int prepare_bind_invited(struct scene *scene)
{
	return be_invited(scene, SOCKDUP_EXPORT_INVITE_TO_POST);
}

static int call_join(struct scene *scene)
{
	return join_with(scene->device, shared_info);
}

static int call_bind_invited(struct scene *scene)
{
	return bind_invited(scene->device, shared_info);
}

/* An invitation that a call has left is there, and good. */
static int settle_invited(struct scene *scene, int value, int (*call)(struct scene *scene))
{
	int other = device_open(), error = 0;

	if (value < 0)
		error = raw_query(other, shared_info);
	error = error ?: settle_role(scene, value, call);
	if (!error && raw_query(other, shared_info) != -ENOENT)
		error = -EPROTO;
	close(other);
	return error;
}

static int settle_join(struct scene *scene, int value)
{
	return settle_invited(scene, value, call_join);
}

static int settle_bind_invited(struct scene *scene, int value)
{
	return settle_invited(scene, value, call_bind_invited);
}

static int call_invite(struct scene *scene)
{
	return invite(scene->inbox, scene->host.pid, SOCKDUP_EXPORT_INVITE_TO_POST, 0,
		      shared_info);
}

static int settle_invite(struct scene *scene, int value)
{
	return value < 0 ? 0 : raw_revoke(scene->device, shared_info);
}

/* To bind. */

static int call_bind(struct scene *scene)
{
	return bind_with(scene->device, getpid(), 0);
}

static int settle_bind(struct scene *scene, int value)
{
	return settle_role(scene, value, call_bind);
}

static int call_bind_as_guest(struct scene *scene)
{
	return bind_with(scene->device, scene->host.pid, 0);
}

static int settle_bind_as_guest(struct scene *scene, int value)
{
	return settle_role(scene, value, call_bind_as_guest);
}

static int call_bind_to_peer(struct scene *scene)
{
	return bind_with(scene->device, scene->channel[0], SOCKDUP_BIND_TO_PEER);
}

static int settle_bind_to_peer(struct scene *scene, int value)
{
	return settle_role(scene, value, call_bind_to_peer);
}

static int call_bind_to_pidfd(struct scene *scene)
{
	return bind_with(scene->device, scene->pidfd, SOCKDUP_BIND_TO_PIDFD);
}

static int settle_bind_to_pidfd(struct scene *scene, int value)
{
	return settle_role(scene, value, call_bind_to_pidfd);
}

/* To post. */

static int prepare_copy(struct scene *scene)
{
	scene->copy = fcntl(scene->source, F_DUPFD_CLOEXEC, 0);
	return scene->copy < 0 ? -errno : 0;
}

static int call_post(struct scene *scene)
{
	return post_with(scene->sender, scene->copy, SOCKDUP_POST_CLOSE, COOKIE, &scene->id);
}

static int post_several(struct scene *scene, unsigned int count, __u64 cookie)
{
	struct sockdup_post post = {
		.fd = -1,
		.cookie = cookie,
		.message_size = sizeof(MESSAGE),
		.message = (uintptr_t)MESSAGE,
		.fds = (uintptr_t)scene->fds,
		.socket_count = count,
	};
	unsigned int i;
	int error;

	for (i = 0; i < count; i++)
		scene->fds[i] = scene->source;
	error = device_ioctl(scene->sender, SOCKDUP_IOC_POST, &post);
	scene->id = post.id;
	return error;
}

static int call_post_many(struct scene *scene)
{
	return post_several(scene, MANY, COOKIE);
}

static int call_post_message(struct scene *scene)
{
	struct sockdup_post post = {
		.fd = scene->copy,
		.flags = SOCKDUP_POST_CLOSE,
		.cookie = COOKIE,
		.message_size = sizeof(MESSAGE),
		.message = (uintptr_t)MESSAGE,
	};

	return device_ioctl(scene->sender, SOCKDUP_IOC_POST, &post);
}

/* The first post, whatever it has. */
static int accept_first(struct scene *scene, struct sockdup_accept *accept)
{
	static char message[64];

	*accept = (struct sockdup_accept){
		.message_room = sizeof(message),
		.message = (uintptr_t)message,
		.fds = (uintptr_t)scene->fds,
		.socket_room = MANY,
	};
	return device_ioctl(scene->inbox, SOCKDUP_IOC_ACCEPT, accept);
}

static int close_accepted(struct scene *scene, unsigned int count)
{
	int error = 0;

	while (count--) {
		if (same_file(0, scene->source, 0, scene->fds[count]) != 1)
			error = -EBADF;
		close(scene->fds[count]);
	}
	return error;
}

/* 0 where that is the first post. */
static int first_post_is(struct scene *scene, __u64 cookie, unsigned int count)
{
	struct sockdup_accept accept;
	int error = accept_first(scene, &accept);

	if (error)
		return error;
	error = close_accepted(scene, accept.socket_count);
	if (accept.cookie != cookie || accept.socket_count != count)
		return -EPROTO;
	return error;
}

static int inbox_is_empty(struct scene *scene)
{
	struct sockdup_accept accept;

	return accept_first(scene, &accept) == -EAGAIN ? 0 : -EEXIST;
}

static int settle_post_of(struct scene *scene, int value, int (*call)(struct scene *scene),
			  unsigned int count)
{
	int error = 0;

	if (value < 0)
		error = inbox_is_empty(scene) ?: call(scene);
	error = error ?: first_post_is(scene, COOKIE, count);
	return error ?: inbox_is_empty(scene);
}

/* The descriptor is closed where the post has succeeded, and not before. */
static int settle_copy(struct scene *scene, int value, int (*call)(struct scene *scene))
{
	if (value < 0 ? fcntl(scene->copy, F_GETFD) < 0 : fcntl(scene->copy, F_GETFD) >= 0)
		return -EBADF;
	return settle_post_of(scene, value, call, 1);
}

static int settle_post(struct scene *scene, int value)
{
	return settle_copy(scene, value, call_post);
}

static int settle_post_message(struct scene *scene, int value)
{
	return settle_copy(scene, value, call_post_message);
}

static int settle_post_many(struct scene *scene, int value)
{
	return settle_post_of(scene, value, call_post_many, MANY);
}

/* To accept: there is another post behind the first one. */

static int post_next(struct scene *scene)
{
	__u64 id = scene->id;
	int error = post_several(scene, 1, NEXT_COOKIE);

	scene->id = id;
	return error;
}

static int prepare_post(struct scene *scene)
{
	return prepare_copy(scene) ?: call_post(scene) ?: post_next(scene);
}

static int prepare_post_message(struct scene *scene)
{
	return prepare_copy(scene) ?: call_post_message(scene) ?: post_next(scene);
}

static int prepare_post_many(struct scene *scene)
{
	return call_post_many(scene) ?: post_next(scene);
}

static int call_accept(struct scene *scene)
{
	struct sockdup_accept accept = { };
	int fd = device_ioctl(scene->inbox, SOCKDUP_IOC_ACCEPT, &accept);

	scene->fds[0] = fd;
	/* A table of descriptors that cannot grow is a full one, says the kernel. */
	return fd == -EMFILE ? -ENOMEM : fd;
}

static int call_accept_message(struct scene *scene)
{
	char message[sizeof(MESSAGE)] = "";
	struct sockdup_accept accept = {
		.message_room = sizeof(message),
		.message = (uintptr_t)message,
	};
	int fd = device_ioctl(scene->inbox, SOCKDUP_IOC_ACCEPT, &accept);

	scene->fds[0] = fd;
	if (fd >= 0 && strcmp(message, MESSAGE))
		return -EPROTO;
	return fd == -EMFILE ? -ENOMEM : fd;
}

static int call_accept_many(struct scene *scene)
{
	struct sockdup_accept accept;
	int error = accept_first(scene, &accept);

	return error == -EMFILE ? -ENOMEM : error;
}

static int settle_accept_of(struct scene *scene, int value, unsigned int count)
{
	int error = value < 0 ? first_post_is(scene, COOKIE, count) :
				close_accepted(scene, count);

	error = error ?: first_post_is(scene, NEXT_COOKIE, 1);
	return error ?: inbox_is_empty(scene);
}

static int settle_accept(struct scene *scene, int value)
{
	return settle_accept_of(scene, value, 1);
}

static int settle_accept_many(struct scene *scene, int value)
{
	return settle_accept_of(scene, value, MANY);
}

/* To revoke and to decline. */

static int call_revoke(struct scene *scene)
{
	return revoke_post(scene->sender, scene->id);
}

static int call_decline(struct scene *scene)
{
	return revoke_post(scene->inbox, scene->id);
}

static int settle_revoke(struct scene *scene, int value)
{
	int error = value < 0 ? first_post_is(scene, COOKIE, 1) : 0;

	error = error ?: first_post_is(scene, NEXT_COOKIE, 1);
	return error ?: inbox_is_empty(scene);
}

FIXTURE(fault_inbox) {
	struct scene scene;
	struct fault fault;
	struct census before;		/* when nothing is under way */
};

FIXTURE_VARIANT(fault_inbox) {
	struct command command;
};

FIXTURE_VARIANT_ADD(fault_inbox, open) {
	.command = { prepare_nothing, call_open, settle_open, .homeless = true },
};

FIXTURE_VARIANT_ADD(fault_inbox, open_large) {
	.command = { prepare_nothing, call_open_large, settle_open_large, .homeless = true },
};

FIXTURE_VARIANT_ADD(fault_inbox, join) {
	.command = { prepare_join, call_join, settle_join, .homeless = true },
};

FIXTURE_VARIANT_ADD(fault_inbox, bind) {
	.command = { prepare_nothing, call_bind, settle_bind },
};

FIXTURE_VARIANT_ADD(fault_inbox, bind_as_guest) {
	.command = { prepare_nothing, call_bind_as_guest, settle_bind_as_guest },
};

FIXTURE_VARIANT_ADD(fault_inbox, bind_to_peer) {
	.command = { prepare_nothing, call_bind_to_peer, settle_bind_to_peer },
};

FIXTURE_VARIANT_ADD(fault_inbox, bind_to_pidfd) {
	.command = { prepare_nothing, call_bind_to_pidfd, settle_bind_to_pidfd },
};

FIXTURE_VARIANT_ADD(fault_inbox, bind_by_invitation) {
	.command = { prepare_bind_invited, call_bind_invited, settle_bind_invited },
};

FIXTURE_VARIANT_ADD(fault_inbox, invite) {
	.command = { prepare_nothing, call_invite, settle_invite },
};

FIXTURE_VARIANT_ADD(fault_inbox, post) {
	.command = { prepare_copy, call_post, settle_post, .steady = true },
};

FIXTURE_VARIANT_ADD(fault_inbox, post_message) {
	.command = { prepare_copy, call_post_message, settle_post_message },
};

FIXTURE_VARIANT_ADD(fault_inbox, post_many) {
	.command = { prepare_nothing, call_post_many, settle_post_many },
};

FIXTURE_VARIANT_ADD(fault_inbox, accept) {
	.command = { prepare_post, call_accept, settle_accept },
};

FIXTURE_VARIANT_ADD(fault_inbox, accept_message) {
	.command = { prepare_post_message, call_accept_message, settle_accept },
};

FIXTURE_VARIANT_ADD(fault_inbox, accept_many) {
	.command = { prepare_post_many, call_accept_many, settle_accept_many,
		     .spends = true },
};

FIXTURE_VARIANT_ADD(fault_inbox, revoke) {
	.command = { prepare_post, call_revoke, settle_revoke },
};

FIXTURE_VARIANT_ADD(fault_inbox, decline) {
	.command = { prepare_post, call_decline, settle_revoke },
};

/* Of the test's user, with room for many sockets. */
static int open_own_inbox(struct scene *scene)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.slots = 4,
		.message_size = 64,
		.max_sockets = MANY,
	};

	scene->inbox = device_open();
	if (scene->inbox < 0)
		return scene->inbox;
	fcntl(scene->inbox, F_SETFL, O_NONBLOCK);
	return device_ioctl(scene->inbox, SOCKDUP_IOC_INBOX, &open);
}

FIXTURE_SETUP(fault_inbox)
{
	struct scene *scene = &self->scene;
	int fds[2];

	if (!fault_is_possible())
		SKIP(longjmp(_metadata->env, 1),
		     "no fault injection in this kernel");
	ASSERT_EQ(0, module_wait_until_unused());
	ASSERT_EQ(0, fault_open(&self->fault));
	ASSERT_EQ(0, setreuid(OTHER_UID, -1));
	shared_info = mmap(NULL, sizeof(*shared_info), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared_info);
	ASSERT_EQ(0, child_start(&scene->host, 0, be_host, getpid()));
	ASSERT_EQ(0, child_answer(&scene->host));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scene->channel));
	scene->pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	ASSERT_LE(0, scene->pidfd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	scene->source = fds[0];
	scene->peer = fds[1];
	scene->device = device_open();
	ASSERT_LE(0, scene->device);
	scene->inbox = -1;
	if (variant->command.homeless)
		return;
	ASSERT_EQ(0, open_own_inbox(scene));
	scene->sender = bound_to(getpid());
	ASSERT_LE(0, scene->sender);
}

/* What a failure has left behind would hold the module. */
FIXTURE_TEARDOWN(fault_inbox)
{
	struct scene *scene = &self->scene;

	child_end(&scene->host);
	close(scene->device);
	if (!variant->command.homeless) {
		close(scene->sender);
		close(scene->inbox);
	}
	EXPECT_EQ(0, module_wait_until_unused());
}

/*
 * 0 where a call in which a step fails does what it should. What ended in the fault before
 * may still be on its way to being put: that comes first.
 */
static int try_command(const struct command *command, struct scene *scene,
		       struct fault *fault, const struct census *idle)
{
	struct census before;
	int error;

	error = wait_for_census(idle) ?: command->prepare(scene) ?: take_census(&before) ?:
		fault_fill_descriptors(&scene->fillers, scene->source) ?:
		fault_begin(fault);
	if (error)
		return error;
	fault->value = command->call(scene);
	fault_end(fault);
	fault_close_fillers(&scene->fillers);

	if (fault->value < 0 && (!fault->failed || !fault_is_told_by(fault->value)))
		return fault->value;
	/* Then the next post is the first one. */
	if (fault->value == -EFAULT && command->spends &&
	    revoke_post(scene->sender, scene->id) == -ENOENT)
		return first_post_is(scene, NEXT_COOKIE, 1) ?: inbox_is_empty(scene) ?:
		       census_is_as_before(idle);
	if (fault->value < 0)
		error = census_is_as_before(&before);
	return error ?: command->settle(scene, fault->value);
}

TEST_F(fault_inbox, of_any_step_changes_nothing)
{
	struct scene *scene = &self->scene;
	struct fault *fault = &self->fault;
	unsigned int failures = 0;

	ASSERT_EQ(0, take_census(&self->before));
	do {
		fault->step++;
		ASSERT_EQ(0, try_command(&variant->command, scene, fault, &self->before)) {
			TH_LOG("at step %u, value %d", fault->step, fault->value);
		}
		failures += fault->value < 0;
	} while (fault->failed && fault->step < FAULT_STEPS_MAX);
	TH_LOG("%u of %u steps are fatal", failures, fault->step - 1);
	EXPECT_FALSE(fault->failed);
	EXPECT_LE(0, fault->value);
	EXPECT_EQ(variant->command.steady, !failures);
	EXPECT_EQ(0, census_is_as_before(&self->before));
	close(scene->source);
	EXPECT_EQ(0, wait_for_end(scene->peer));
}

SOCKDUP_TEST_MAIN
