// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can fail fails: in turn each allocation, and each copy from or to user
 * space, that a command makes. The command then fails with an error of its own and
 * has changed nothing; or it does without, and has succeeded.
 *
 * The kernel's fault injection counts for the calling thread alone. The test
 * runs with a real user id that has no open handle, and exports to a process
 * that has none, so that nothing the commands need is at hand already.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "census.h"
#include "fault.h"
#include "harness.h"
#include "registration.h"

/* The commands. */

/**
 * struct scene - what commands are run on
 * @agent: the process to export to, without a handle
 * @channel: a socket whose peer is the agent
 * @pidfd: the agent's
 * @device: the handle
 * @source: the socket,
 * @peer: and its other end
 * @listener: a socket that is registered,
 * @accepted: and one that can inherit that
 * @event: for registrations
 * @info: of a token
 * @fillers: take every descriptor that the process has room for
 */
struct scene {
	struct agent agent;
	int channel;
	int pidfd;
	int device;
	int source;
	int peer;
	int listener;
	int accepted;
	int event;
	struct sockdup_protocol_info info;
	struct fault_fillers fillers;
};

/**
 * struct command - a call, and what belongs to it
 * @prepare: 0 or -errno
 * @call: fails with -errno; in it the steps fail
 * @settle: 0 where what @call gave is as it should be, by what there is now;
 *          undoes it, and @prepare
 * @spends: the last step of @call writes where the sockets are, and a fault there
 *          spends the token, as it does for accept()
 */
struct command {
	int (*prepare)(struct scene *scene);
	int (*call)(struct scene *scene);
	int (*settle)(struct scene *scene, int value);
	bool spends;
};

static int prepare_nothing(struct scene *scene)
{
	return 0;
}

static int settle_nothing(struct scene *scene, int value)
{
	return 0;
}

static int call_info(struct scene *scene)
{
	struct sockdup_info argument = { .size = sizeof(argument) };

	return device_ioctl(scene->device, SOCKDUP_IOC_INFO, &argument);
}

static int export_with(struct scene *scene, unsigned int flags, int target)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = flags,
		.fd = scene->source,
		.target = target,
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EXPORT, &argument);
}

static int call_export(struct scene *scene)
{
	return export_with(scene, 0, scene->agent.pid);
}

static int call_export_by_handle(struct scene *scene)
{
	return export_with(scene, SOCKDUP_EXPORT_END_ON_CLOSE,
			   scene->agent.pid);
}

static int call_export_with_report(struct scene *scene)
{
	return export_with(scene, SOCKDUP_EXPORT_REPORT, scene->agent.pid);
}

static int call_export_to_peer(struct scene *scene)
{
	return export_with(scene, SOCKDUP_EXPORT_TO_PEER, scene->channel);
}

static int call_export_to_pidfd(struct scene *scene)
{
	return export_with(scene, SOCKDUP_EXPORT_TO_PIDFD, scene->pidfd);
}

#define SET_SIZE	3
#define SET_PAYLOAD	"payload"

static int export_set(struct scene *scene, pid_t target)
{
	static const char names[SET_SIZE][SOCKDUP_NAME_SIZE] = { "one", "", "three" };
	const int fds[SET_SIZE] = { scene->source, scene->listener, scene->source };
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.fd = -1,
		.target = target,
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
		.socket_count = SET_SIZE,
		.fds = (uintptr_t)fds,
		.names = (uintptr_t)names,
		.payload_size = sizeof(SET_PAYLOAD),
		.payload = (uintptr_t)SET_PAYLOAD,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EXPORT, &argument);
}

static int call_export_set(struct scene *scene)
{
	return export_set(scene, scene->agent.pid);
}

static int settle_export(struct scene *scene, int value)
{
	return value < 0 ? 0 : raw_revoke(scene->device, &scene->info);
}

/* An export that failed has left no report that a reader would wait for. */
static int settle_report(struct scene *scene, int value)
{
	const ssize_t wanted = value < 0 ? 0 : sizeof(struct sockdup_outcome);
	struct sockdup_outcome outcome;

	value = settle_export(scene, value);
	if (value)
		return value;
	return read(scene->device, &outcome, sizeof(outcome)) == wanted ? 0 : -EIO;
}

static int export_to_self(struct scene *scene)
{
	return export_with(scene, 0, getpid());
}

static int call_import(struct scene *scene)
{
	return raw_import(scene->device, &scene->info, 0, NULL);
}

/* A token that an import has left can be imported still. */
static int settle_import(struct scene *scene, int value)
{
	int same;

	if (value < 0)
		value = call_import(scene);
	if (value < 0)
		return value;
	same = same_file(0, scene->source, 0, value);
	close(value);
	if (same != 1)
		return -EBADF;
	return call_import(scene) == -ENOENT ? 0 : -EPROTO;
}

static int export_set_to_self(struct scene *scene)
{
	return export_set(scene, getpid());
}

static int imported[SET_SIZE];
static char imported_names[SET_SIZE][SOCKDUP_NAME_SIZE];

static int call_import_set(struct scene *scene)
{
	static char payload[sizeof(SET_PAYLOAD)];
	struct sockdup_import argument = {
		.size = sizeof(argument),
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
		.socket_count = SET_SIZE,
		.fds = (uintptr_t)imported,
		.names = (uintptr_t)imported_names,
		.payload_size = sizeof(payload),
		.payload = (uintptr_t)payload,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_IMPORT, &argument);
}

/* A set that an import has left can be imported still. */
static int settle_import_set(struct scene *scene, int value)
{
	int same, i;

	if (value < 0)
		value = call_import_set(scene);
	if (value < 0)
		return value;
	same = same_file(0, scene->listener, 0, imported[1]);
	for (i = 0; i < SET_SIZE; i++)
		close(imported[i]);
	if (same != 1)
		return -EBADF;
	return call_import_set(scene) == -ENOENT ? 0 : -EPROTO;
}

static int call_query_set(struct scene *scene)
{
	struct sockdup_protocol_info infos[SET_SIZE];
	struct sockdup_query argument = {
		.size = sizeof(argument),
		.info_size = sizeof(scene->info),
		.info = (uintptr_t)&scene->info,
		.socket_count = SET_SIZE,
		.names = (uintptr_t)imported_names,
		.descriptions = (uintptr_t)infos,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_QUERY, &argument);
}

static int call_query(struct scene *scene)
{
	return raw_query(scene->device, &scene->info);
}

static int call_revoke(struct scene *scene)
{
	return raw_revoke(scene->device, &scene->info);
}

static int settle_query(struct scene *scene, int value)
{
	return call_revoke(scene);
}

/* A token that a revocation has left can be revoked still. */
static int settle_revoke(struct scene *scene, int value)
{
	int error = call_revoke(scene);

	return error == (value < 0 ? 0 : -ENOENT) ? 0 : -EPROTO;
}

/* 0 where that is what the socket is registered for. */
static int check_registration(struct scene *scene, int fd, int wanted)
{
	bool own;
	int mask = registered_events(scene->device, fd, &own);

	if (mask < 0)
		return mask;
	return mask == wanted && own == !!wanted ? 0 : -EPROTO;
}

static int prepare_registration(struct scene *scene)
{
	return register_events(scene->device, scene->source, scene->event,
			       SOCKDUP_FD_READ);
}

static int call_select(struct scene *scene)
{
	return register_events(scene->device, scene->source, scene->event,
			       SOCKDUP_FD_WRITE);
}

static int call_cancel(struct scene *scene)
{
	return cancel_events(scene->device, scene->source);
}

static int settle_registration(struct scene *scene, int wanted)
{
	int error = check_registration(scene, scene->source, wanted);

	reset_event(scene->event);
	return error ? error : call_cancel(scene);
}

static int settle_select(struct scene *scene, int value)
{
	return settle_registration(scene, value < 0 ? 0 : SOCKDUP_FD_WRITE);
}

static int settle_select_anew(struct scene *scene, int value)
{
	return settle_registration(scene, value < 0 ? SOCKDUP_FD_READ :
						      SOCKDUP_FD_WRITE);
}

static int settle_cancel(struct scene *scene, int value)
{
	return settle_registration(scene, value < 0 ? SOCKDUP_FD_READ : 0);
}

static int settle_event_query(struct scene *scene, int value)
{
	return settle_registration(scene, SOCKDUP_FD_READ);
}

static int call_event_query(struct scene *scene)
{
	bool own;
	int mask = registered_events(scene->device, scene->source, &own);

	return mask < 0 ? mask : 0;
}

static int prepare_event(struct scene *scene)
{
	int error = prepare_registration(scene);

	if (!error && send(scene->peer, "x", 1, MSG_NOSIGNAL) != 1)
		error = -errno;
	return error ? error : wait_for_event(scene->event);
}

static int call_enumerate(struct scene *scene)
{
	return enumerate_events(scene->device, scene->source, NULL);
}

/* What an enumeration has left is told by the next. */
static int settle_enumerate(struct scene *scene, int value)
{
	char byte;

	if (value < 0 && !event_is_set(scene->event))
		return -EPROTO;
	if (value < 0)
		value = call_enumerate(scene);
	if (value != SOCKDUP_FD_READ || event_is_set(scene->event))
		return -EPROTO;
	if (recv(scene->source, &byte, 1, MSG_DONTWAIT) != 1)
		return -errno;
	return settle_registration(scene, SOCKDUP_FD_READ);
}

static int call_rearm(struct scene *scene)
{
	return rearm_events(scene->device, scene->source, SOCKDUP_FD_READ);
}

static int prepare_listener(struct scene *scene)
{
	return register_events(scene->device, scene->listener, scene->event,
			       SOCKDUP_FD_ACCEPT | SOCKDUP_FD_READ);
}

static int call_inherit(struct scene *scene)
{
	return inherit_events(scene->device, scene->accepted, scene->listener);
}

static int settle_inherit(struct scene *scene, int value)
{
	const int mask = SOCKDUP_FD_ACCEPT | SOCKDUP_FD_READ;
	int error;

	error = check_registration(scene, scene->accepted,
				   value < 0 ? 0 : mask);
	if (!error)
		error = check_registration(scene, scene->listener, mask);
	if (!error)
		error = cancel_events(scene->device, scene->accepted);
	return error ? error : cancel_events(scene->device, scene->listener);
}

/* The process has no handle then. */
static int prepare_open(struct scene *scene)
{
	return close(scene->device) ? -errno : 0;
}

/* A table of descriptors that cannot grow is a full one, says the kernel. */
static int call_open(struct scene *scene)
{
	int device = device_open();

	return device == -EMFILE ? -ENOMEM : device;
}

static int settle_open(struct scene *scene, int value)
{
	scene->device = value < 0 ? device_open() : value;
	return scene->device < 0 ? scene->device : 0;
}

/* After a failure. */

static int exports_again(struct scene *scene)
{
	struct sockdup_protocol_info info;
	int error;

	error = raw_export(scene->device, scene->source, scene->agent.pid, 0,
			   &info);
	return error ? error : raw_revoke(scene->device, &info);
}

FIXTURE(fault) {
	struct scene scene;
	struct fault fault;
	struct census before;		/* when nothing is under way */
};

FIXTURE_VARIANT(fault) {
	struct command command;
};

FIXTURE_VARIANT_ADD(fault, open) {
	.command = { prepare_open, call_open, settle_open },
};

FIXTURE_VARIANT_ADD(fault, info) {
	.command = { prepare_nothing, call_info, settle_nothing },
};

FIXTURE_VARIANT_ADD(fault, export) {
	.command = { prepare_nothing, call_export, settle_export },
};

FIXTURE_VARIANT_ADD(fault, export_by_handle) {
	.command = { prepare_nothing, call_export_by_handle, settle_export },
};

FIXTURE_VARIANT_ADD(fault, export_with_report) {
	.command = { prepare_nothing, call_export_with_report, settle_report },
};

FIXTURE_VARIANT_ADD(fault, export_to_peer) {
	.command = { prepare_nothing, call_export_to_peer, settle_export },
};

FIXTURE_VARIANT_ADD(fault, export_to_pidfd) {
	.command = { prepare_nothing, call_export_to_pidfd, settle_export },
};

FIXTURE_VARIANT_ADD(fault, export_set) {
	.command = { prepare_nothing, call_export_set, settle_export },
};

FIXTURE_VARIANT_ADD(fault, import_set) {
	.command = { export_set_to_self, call_import_set, settle_import_set, true },
};

FIXTURE_VARIANT_ADD(fault, query_set) {
	.command = { export_set_to_self, call_query_set, settle_query },
};

FIXTURE_VARIANT_ADD(fault, import) {
	.command = { export_to_self, call_import, settle_import },
};

FIXTURE_VARIANT_ADD(fault, query) {
	.command = { export_to_self, call_query, settle_query },
};

FIXTURE_VARIANT_ADD(fault, revoke) {
	.command = { export_to_self, call_revoke, settle_revoke },
};

FIXTURE_VARIANT_ADD(fault, event_select) {
	.command = { prepare_nothing, call_select, settle_select },
};

FIXTURE_VARIANT_ADD(fault, event_select_anew) {
	.command = { prepare_registration, call_select, settle_select_anew },
};

FIXTURE_VARIANT_ADD(fault, event_cancel) {
	.command = { prepare_registration, call_cancel, settle_cancel },
};

FIXTURE_VARIANT_ADD(fault, event_enumerate) {
	.command = { prepare_event, call_enumerate, settle_enumerate },
};

FIXTURE_VARIANT_ADD(fault, event_rearm) {
	.command = { prepare_registration, call_rearm, settle_event_query },
};

FIXTURE_VARIANT_ADD(fault, event_inherit) {
	.command = { prepare_listener, call_inherit, settle_inherit },
};

FIXTURE_VARIANT_ADD(fault, event_query) {
	.command = { prepare_registration, call_event_query,
		     settle_event_query },
};

static int make_streams(struct scene *scene)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	scene->source = fds[0];
	scene->peer = fds[1];
	scene->listener = tcp_listener(AF_INET);
	scene->accepted = tcp_listener(AF_INET);
	return scene->listener < 0 || scene->accepted < 0 ? -EADDRINUSE : 0;
}

FIXTURE_SETUP(fault)
{
	struct scene *scene = &self->scene;

	if (!fault_is_possible())
		SKIP(longjmp(_metadata->env, 1),
		     "no fault injection in this kernel");
	ASSERT_EQ(0, fault_open(&self->fault));
	ASSERT_EQ(0, agent_spawn(&scene->agent));
	scene->channel = agent_channel(&scene->agent);
	ASSERT_LE(0, scene->channel);
	scene->pidfd = syscall(SYS_pidfd_open, scene->agent.pid, 0);
	ASSERT_LE(0, scene->pidfd);
	ASSERT_EQ(0, make_streams(scene));
	scene->event = new_event();
	ASSERT_LE(0, scene->event);
	scene->device = device_open();
	ASSERT_LE(0, scene->device);
	ASSERT_EQ(0, setreuid(OTHER_UID, -1));
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, agent_stop(&self->scene.agent));
}

/*
 * 0 where a call in which a step fails does what it should. What was revoked in
 * the fault before may still be on its way to being put: that comes first.
 */
static int try_command(const struct command *command, struct scene *scene,
		       struct fault *fault, const struct census *idle)
{
	struct census before;
	int error;

	error = wait_for_census(idle);
	if (!error)
		error = command->prepare(scene);
	if (!error)
		error = take_census(&before);
	if (!error)
		error = fault_fill_descriptors(&scene->fillers, scene->source);
	if (!error)
		error = fault_begin(fault);
	if (error)
		return error;
	fault->value = command->call(scene);
	fault_end(fault);
	fault_close_fillers(&scene->fillers);

	if (fault->value < 0 && (!fault->failed || !fault_is_told_by(fault->value)))
		return fault->value;
	if (fault->value == -EFAULT && command->spends &&
	    call_query(scene) == -ENOENT)
		return census_is_as_before(idle);
	if (fault->value < 0)
		error = census_is_as_before(&before);
	if (!error)
		error = command->settle(scene, fault->value);
	return error ? error : exports_again(scene);
}

TEST_F(fault, of_any_step_changes_nothing)
{
	struct scene *scene = &self->scene;
	struct fault *fault = &self->fault;
	unsigned int failures = 0;

	ASSERT_EQ(0, take_census(&self->before));
	do {
		fault->step++;
		ASSERT_EQ(0, try_command(&variant->command, scene, fault,
					 &self->before)) {
			TH_LOG("at step %u, value %d", fault->step,
			       fault->value);
		}
		failures += fault->value < 0;
	} while (fault->failed && fault->step < FAULT_STEPS_MAX);
	TH_LOG("%u of %u steps are fatal", failures, fault->step - 1);
	EXPECT_FALSE(fault->failed);
	EXPECT_LE(0, fault->value);
	EXPECT_LT(0, failures);
	EXPECT_EQ(0, census_is_as_before(&self->before));

	EXPECT_EQ(0, wait_for_no_registration(scene->device));
	EXPECT_EQ(0, wait_for_no_registration_of_user());
	close(scene->source);
	EXPECT_EQ(0, wait_for_end(scene->peer));
}

SOCKDUP_TEST_MAIN
