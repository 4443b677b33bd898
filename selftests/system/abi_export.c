// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary interface of exports: which sockets, targets and lives are accepted, and
 * which error is told of those that are not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "trial_test.h"
#include "harness.h"
#include "order.h"

/* What an export is asked to do. */

FIXTURE(export) {
	struct trial trial;
	struct agent agent;
	struct sockdup_export argument;
};

FIXTURE_SETUP(export)
{
	ASSERT_EQ(0, agent_spawn(&self->agent));
	trial_set_up(_metadata, &self->trial, &export_command);
	self->argument = valid_export(&self->trial);
}

FIXTURE_TEARDOWN(export)
{
	trial_end(_metadata, &self->trial);
	agent_stop(&self->agent);
}

TEST_F(export, W6_negative_pid_is_EINVAL)
{
	static const pid_t pids[] = { -1, -2, INT_MIN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		self->argument.target = pids[i];
		EXPECT_EQ(-EINVAL, trial_give(&self->trial, &self->argument)) {
			TH_LOG("pid %d", pids[i]);
		}
	}
	self->argument.target = -self->agent.pid;
	EXPECT_EQ(-EINVAL, trial_give(&self->trial, &self->argument));
}

TEST_F(export, to_a_number_that_no_process_has_is_ESRCH)
{
	long pid_max = read_number("/proc/sys/kernel/pid_max");

	ASSERT_LT(0, pid_max);
	self->argument.target = pid_max;
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
	self->argument.target = INT_MAX;
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
}

TEST_F(export, to_a_kernel_thread_is_ESRCH)
{
	char name[16] = "";
	int fd;

	fd = open("/proc/2/comm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no process 2 in this pid namespace");
	ASSERT_LT(0, read(fd, name, sizeof(name) - 1));
	ASSERT_EQ(0, close(fd));
	if (strcmp(name, "kthreadd\n"))
		SKIP(return, "process 2 is no kernel thread here");

	self->argument.target = 2;
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
}

TEST_F(export, to_a_process_that_is_dead_but_not_reaped_is_ESRCH)
{
	ASSERT_EQ(0, agent_exit(&self->agent, 0));
	self->argument.target = self->agent.pid;
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
}

TEST_F(export, to_a_process_that_died_with_a_token_waiting_is_ESRCH)
{
	self->argument.target = self->agent.pid;
	ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
	ASSERT_EQ(0, agent_exit(&self->agent, 0));
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
}

TEST_F(export, to_a_process_that_is_gone_is_ESRCH)
{
	self->argument.target = self->agent.pid;
	ASSERT_EQ(0, agent_stop(&self->agent));
	self->trial.descriptors = count_descriptors();
	EXPECT_EQ(-ESRCH, trial_give(&self->trial, &self->argument));
}

TEST_F(export, for_longer_than_the_limit_is_EINVAL)
{
	struct sockdup_info limits;
	__u32 ttls[] = { 0, 1U << 31, ~0U };
	unsigned int i;

	ASSERT_EQ(0, device_limits(self->trial.device, &limits));
	ttls[0] = limits.max_ttl_ms + 1;
	for (i = 0; i < ARRAY_SIZE(ttls); i++) {
		self->argument.ttl_ms = ttls[i];
		EXPECT_EQ(-EINVAL, trial_give(&self->trial, &self->argument)) {
			TH_LOG("ttl_ms %u", ttls[i]);
		}
	}
}

TEST_F(export, for_just_the_limit_is_accepted)
{
	struct sockdup_info limits;

	ASSERT_EQ(0, device_limits(self->trial.device, &limits));
	self->argument.ttl_ms = limits.max_ttl_ms;
	trial_undo(_metadata, &self->trial, trial_give(&self->trial, &self->argument));
}

/*
 * Ways in which an export is wrong, in the order in which the header says
 * that they are noticed. Those of one stage are not ordered.
 */
static const struct defect {
	const char *name;
	int stage;
	int error;
	size_t offset;
	__s32 value;
} defects[] = {
#define DEFECT(stage, error, member, value) \
	{ #member " " #value, stage, error, \
	  offsetof(struct sockdup_export, member), value }
	DEFECT(0, -EINVAL, flags, 1 << 30),
	DEFECT(0, -EINVAL, info_size, 127),
	DEFECT(1, -EBADF, fd, -1),
	DEFECT(1, -ENOTSOCK, fd, STDIN_FILENO),
	DEFECT(2, -EINVAL, target, 0),
	DEFECT(2, -ESRCH, target, INT_MAX),
	DEFECT(3, -EINVAL, ttl_ms, -1),
	DEFECT(4, -EFAULT, info, 0),
#undef DEFECT
};

static void put_defect(struct sockdup_export *argument,
		       const struct defect *defect)
{
	if (defect->offset == offsetof(struct sockdup_export, info))
		put_u64(argument, defect->offset, defect->value);
	else
		put_u32(argument, defect->offset, defect->value);
}

TEST_F(export, W4_W5_of_two_defects_the_first_by_the_header_is_told)
{
	const struct defect *first;
	const struct defect *second;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(STDIN_FILENO, dup2(null, STDIN_FILENO));
	ASSERT_EQ(0, close(null));
	for (first = defects; first < defects + ARRAY_SIZE(defects); first++) {
		for (second = first; second < defects + ARRAY_SIZE(defects);
		     second++) {
			if (second->stage == first->stage && second != first)
				continue;
			self->argument = valid_export(&self->trial);
			put_defect(&self->argument, second);
			put_defect(&self->argument, first);
			EXPECT_EQ(first->error,
				  trial_give(&self->trial, &self->argument)) {
				TH_LOG("%s with %s", first->name, second->name);
			}
		}
	}
}

TEST_F(export, fills_the_whole_info)
{
	struct sockdup_protocol_info infos[2];
	unsigned int i;
	unsigned int j;

	for (i = 0; i < ARRAY_SIZE(infos); i++) {
		memset(&infos[i], i ? 0xff : 0, sizeof(infos[i]));
		self->argument.info = (uintptr_t)&infos[i];
		ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
		ASSERT_EQ(0, raw_revoke(self->trial.device, &infos[i]));

		EXPECT_EQ(sizeof(infos[i]), infos[i].size);
		EXPECT_EQ(1, infos[i].socket_count);
		EXPECT_EQ(0, infos[i].__reserved0);
		for (j = 0; j < sizeof(infos[i].__reserved); j++)
			EXPECT_EQ(0, infos[i].__reserved[j]);
	}
	EXPECT_NE(0, memcmp(infos[0].opaque, infos[1].opaque,
			    SOCKDUP_OPAQUE_SIZE));
	memset(infos[0].opaque, 0, SOCKDUP_OPAQUE_SIZE);
	memset(infos[1].opaque, 0, SOCKDUP_OPAQUE_SIZE);
	EXPECT_EQ(0, memcmp(&infos[0], &infos[1], sizeof(infos[0])));
}

/* Descriptors that are not of a socket, or of nothing. */

static int make_closed(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static int make_path_of_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[64];
	int path;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = open(name, O_PATH | O_CLOEXEC);
	close(fd);
	return path;
}

static int make_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	close(fds[1]);
	return fds[0];
}

static int make_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int make_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

struct number {
	const char *path;	/* to be opened, */
	int flags;
	int (*make)(void);	/* or else what it gives, */
	int fixed;		/* or else this */
};

static int make_number(const struct number *number)
{
	if (number->path)
		return open(number->path, number->flags | O_CLOEXEC);
	return number->make ? number->make() : number->fixed;
}

FIXTURE(descriptor) {
	struct trial trial;
};

FIXTURE_VARIANT(descriptor) {
	int error;
	struct number number;
};

FIXTURE_VARIANT_ADD(descriptor, minus_one) { -EBADF, { .fixed = -1 } };
FIXTURE_VARIANT_ADD(descriptor, least) { -EBADF, { .fixed = INT_MIN } };
FIXTURE_VARIANT_ADD(descriptor, largest) { -EBADF, { .fixed = INT_MAX } };
FIXTURE_VARIANT_ADD(descriptor, closed) { -EBADF, { .make = make_closed } };
FIXTURE_VARIANT_ADD(descriptor, path) { -EBADF, { .path = "/dev/null", .flags = O_PATH } };
FIXTURE_VARIANT_ADD(descriptor, path_of_socket) { -EBADF, { .make = make_path_of_socket } };
FIXTURE_VARIANT_ADD(descriptor, file) { -ENOTSOCK, { .path = "/proc/self/exe" } };
FIXTURE_VARIANT_ADD(descriptor, directory) { -ENOTSOCK, { .path = "/", .flags = O_DIRECTORY } };
FIXTURE_VARIANT_ADD(descriptor, device) { -ENOTSOCK, { .path = DEVICE_PATH, .flags = O_RDWR } };
FIXTURE_VARIANT_ADD(descriptor, pipe) { -ENOTSOCK, { .make = make_pipe } };
FIXTURE_VARIANT_ADD(descriptor, epoll) { -ENOTSOCK, { .make = make_epoll } };
FIXTURE_VARIANT_ADD(descriptor, eventfd) { -ENOTSOCK, { .make = make_eventfd } };
FIXTURE_VARIANT_ADD(descriptor, pidfd) { -ENOTSOCK, { .make = make_pidfd } };

FIXTURE_SETUP(descriptor)
{
	trial_set_up(_metadata, &self->trial, &export_command);
}

FIXTURE_TEARDOWN(descriptor)
{
	trial_end(_metadata, &self->trial);
}

TEST_F(descriptor, W3_W4_that_is_of_no_socket_is_refused)
{
	struct sockdup_export argument = valid_export(&self->trial);

	argument.fd = make_number(&variant->number);
	EXPECT_EQ(variant->error, trial_give(&self->trial, &argument));
	close(argument.fd);
}

TEST_F(descriptor, that_is_of_no_socket_names_no_peer)
{
	struct sockdup_export argument = valid_export(&self->trial);

	argument.flags = SOCKDUP_EXPORT_TO_PEER;
	argument.target = make_number(&variant->number);
	EXPECT_EQ(variant->error, trial_give(&self->trial, &argument));
	close(argument.target);
}

TEST(target_is_named_in_one_way)
{
	const unsigned int two_ways[] = {
		SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD,
		SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_USER,
		SOCKDUP_EXPORT_TO_PIDFD | SOCKDUP_EXPORT_TO_USER,
		SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD |
		SOCKDUP_EXPORT_TO_USER,
	};
	struct sockdup_export argument;
	struct trial trial;
	unsigned int i;

	trial_set_up(_metadata, &trial, &export_command);
	argument = valid_export(&trial);
	argument.target = make_pidfd();
	for (i = 0; i < ARRAY_SIZE(two_ways); i++) {
		argument.flags = two_ways[i];
		EXPECT_EQ(-EINVAL, trial_give(&trial, &argument)) {
			TH_LOG("flags %x", two_ways[i]);
		}
	}
	argument.flags = SOCKDUP_EXPORT_TO_PIDFD;
	trial_undo(_metadata, &trial, trial_give(&trial, &argument));
	close(argument.target);
	trial_end(_metadata, &trial);
}

TEST_F(descriptor, W68_that_is_of_no_socket_has_no_events)
{
	unsigned char argument[sizeof(struct sockdup_event_enumerate)];
	int fd = make_number(&variant->number);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(event_commands); i++) {
		self->trial.command = event_commands[i];
		put_valid_argument(&self->trial, argument);
		put_u32(argument, self->trial.command->fd, fd);
		EXPECT_EQ(variant->error, trial_give(&self->trial, argument)) {
			TH_LOG("command %x", self->trial.command->number);
		}
	}
	self->trial.command = &export_command;
	close(fd);
}

TEST_F(descriptor, that_is_of_no_socket_is_no_listener)
{
	struct sockdup_event_inherit argument = {
		.size = sizeof(argument),
		.fd = self->trial.fd,
		.listener = make_number(&variant->number),
	};

	EXPECT_EQ(variant->error, device_ioctl(self->trial.device,
					       SOCKDUP_IOC_EVENT_INHERIT,
					       &argument));
	close(argument.listener);
}

/* Targets that are named by a socket whose peer they are. */

FIXTURE(peer) {
	struct trial trial;
	struct sockdup_export argument;
};

FIXTURE_SETUP(peer)
{
	trial_set_up(_metadata, &self->trial, &export_command);
	self->argument = valid_export(&self->trial);
	self->argument.flags = SOCKDUP_EXPORT_TO_PEER;
	self->argument.target = -1;
}

FIXTURE_TEARDOWN(peer)
{
	close(self->argument.target);
	trial_end(_metadata, &self->trial);
}

TEST_F(peer, W90_of_a_socket_pair_is_its_creator)
{
	int pair[2];
	int fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	self->argument.target = pair[0];
	ASSERT_EQ(0, trial_give(&self->trial, &self->argument));
	fd = raw_import(self->trial.device, &self->trial.info, 0, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, fd, 0, self->trial.fd));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, close(pair[1]));
}

TEST_F(peer, of_a_socket_that_is_not_connected_is_ENOTCONN)
{
	self->argument.target = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->argument.target);
	EXPECT_EQ(-ENOTCONN, trial_give(&self->trial, &self->argument));
}

TEST_F(peer, of_a_socket_that_listens_is_ENOTCONN)
{
	/* No more than the family: the kernel chooses a name. */
	static const struct sockaddr_un any = { .sun_family = AF_UNIX };

	self->argument.target = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->argument.target);
	ASSERT_EQ(0, bind(self->argument.target, (const void *)&any,
			  sizeof(sa_family_t)));
	ASSERT_EQ(0, listen(self->argument.target, 1));
	EXPECT_EQ(-ENOTCONN, trial_give(&self->trial, &self->argument));
}

TEST_F(peer, of_a_socket_of_another_family_is_EINVAL)
{
	self->argument.target = tcp_listener(AF_INET);
	ASSERT_LE(0, self->argument.target);
	EXPECT_EQ(-EINVAL, trial_give(&self->trial, &self->argument));
}

/* Longer lives than the default, for the processes of other users. */

FIXTURE(long_life) {
	struct agent target;
	struct order order;
	int peer;
	__u32 default_ttl_ms;
};

/* Only the target may have the device open, and only where a test wants so. */
FIXTURE_SETUP(long_life)
{
	struct sockdup_info limits;
	int device;
	int pair[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	self->peer = pair[1];
	device = device_open();
	ASSERT_LE(0, device);
	ASSERT_EQ(0, device_limits(device, &limits));
	ASSERT_EQ(0, close(device));
	ASSERT_LT(limits.default_ttl_ms, limits.max_ttl_ms);
	self->default_ttl_ms = limits.default_ttl_ms;
	self->order = (struct order) {
		.uid = SOURCE_UID,
		.euid = SOURCE_UID,
		.egid = SOURCE_UID,
		.fd = pair[0],
		.pid = self->target.pid,
		.ttl_ms = limits.default_ttl_ms + 1,
	};
}

/* The end of the target is the end of what was exported to it. */
FIXTURE_TEARDOWN(long_life)
{
	EXPECT_EQ(0, agent_stop(&self->target));
	close(self->order.fd);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(long_life, for_another_users_process_is_EPERM)
{
	EXPECT_EQ(-EPERM, place_order(&self->order));
	self->order.ttl_ms = LONG_TTL_MS;
	EXPECT_EQ(-EPERM, place_order(&self->order));

	/* Nothing is left that only the target's end would let go of. */
	ASSERT_EQ(0, close(self->order.fd));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(long_life, asked_for_by_root_takes_CAP_SYS_RESOURCE)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	self->order.uid = 0;
	self->order.euid = 0;
	EXPECT_EQ(0, place_order(&self->order));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, place_order(&self->order));
}

TEST_F(long_life, with_bad_info_is_EPERM)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.fd = self->order.fd,
		.target = self->target.pid,
		.ttl_ms = self->order.ttl_ms,
		.info_size = sizeof(struct sockdup_protocol_info),
	};
	int device = device_open();

	ASSERT_LE(0, device);
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	EXPECT_EQ(-EPERM, device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument));
}

TEST_F(long_life, that_is_just_the_default_is_accepted)
{
	self->order.ttl_ms = self->default_ttl_ms;
	EXPECT_EQ(0, place_order(&self->order));
	self->order.ttl_ms = 0;
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_of_the_same_user_is_accepted)
{
	ASSERT_EQ(0, agent_setuid(&self->target, SOURCE_UID));
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_that_has_the_device_open_is_accepted)
{
	ASSERT_LE(0, agent_open(&self->target, DEVICE_PATH, O_RDWR));
	EXPECT_EQ(0, place_order(&self->order));
}

TEST_F(long_life, for_a_process_that_had_the_device_open_is_EPERM)
{
	int device = agent_open(&self->target, DEVICE_PATH, O_RDWR);

	ASSERT_LE(0, device);
	ASSERT_EQ(0, agent_close(&self->target, device));
	EXPECT_EQ(-EPERM, place_order(&self->order));
}

SOCKDUP_TEST_MAIN
