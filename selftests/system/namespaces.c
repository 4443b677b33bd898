// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sources, targets and readers in namespaces of their own: whose numbers are
 * meant, what each side is told of the other, and that neither namespaces nor
 * their end take anything from a token.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "harness.h"

/* A connection that a token alone keeps open. */
static int export_held(struct agent *source, int target, unsigned int flags,
		       struct sockdup_protocol_info *info, int *peer)
{
	int fds[2], error;

	error = tcp_pair(AF_INET, fds);
	if (error)
		return error;
	*peer = fds[1];
	return agent_entrust(source, fds[0], target, flags, 0, info);
}

/* An abstract name that the kernel chooses. */
static const struct sockaddr_un any_name = { .sun_family = AF_UNIX };

/* A socket of @from whose peer, by listen(), is @to. */
static int channel_between(struct agent *from, struct agent *to)
{
	struct address name = { .size = sizeof(name.storage) };
	int listener = agent_socket(to, AF_UNIX, SOCK_STREAM, 0);
	int fd = agent_socket(from, AF_UNIX, SOCK_STREAM, 0);
	int error;

	error = agent_bind(to, listener, &any_name, sizeof(sa_family_t));
	if (!error)
		error = agent_listen(to, listener, 1);
	if (!error)
		error = agent_getsockname(to, listener, &name.storage,
					  &name.size);
	if (!error)
		error = agent_connect(from, fd, &name.storage, name.size);
	return error ? error : fd;
}

/*
 * Two processes in the outer pid namespace, and two in an inner one, of which
 * the first is its init.
 */
FIXTURE(pid) {
	struct agent outer;
	struct agent outer_target;
	struct agent inner;
	struct agent inner_target;
	int peer;
	struct sockdup_protocol_info info;
	struct sockdup_identity source;
};

FIXTURE_SETUP(pid)
{
	ASSERT_EQ(0, agent_spawn(&self->outer));
	ASSERT_EQ(0, agent_spawn(&self->outer_target));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, agent_spawn(&self->inner));
	ASSERT_EQ(0, agent_spawn(&self->inner_target));
	ASSERT_EQ(1, agent_getpid(&self->inner));
	ASSERT_EQ(2, agent_getpid(&self->inner_target));
}

FIXTURE_TEARDOWN(pid)
{
	agent_kill(&self->inner_target);
	agent_kill(&self->inner);
	EXPECT_EQ(0, agent_stop(&self->outer_target));
	EXPECT_EQ(0, agent_stop(&self->outer));
}

TEST_F(pid, of_the_source_is_the_inner_one_for_its_neighbour)
{
	ASSERT_EQ(0, export_held(&self->inner, 2, 0, &self->info,
				 &self->peer));
	ASSERT_LE(0, agent_import_source(&self->inner_target, &self->info,
					 &self->source));
	EXPECT_EQ(1, self->source.pid);
}

TEST_F(pid, of_the_source_is_the_outer_one_outside)
{
	int channel = channel_between(&self->inner, &self->outer_target);

	ASSERT_LE(0, channel);
	ASSERT_EQ(0, export_held(&self->inner, channel, SOCKDUP_EXPORT_TO_PEER,
				 &self->info, &self->peer));
	ASSERT_LE(0, agent_import_source(&self->outer_target, &self->info,
					 &self->source));
	EXPECT_EQ(self->inner.pid, self->source.pid);
}

TEST_F(pid, of_an_outer_source_is_zero_inside)
{
	ASSERT_EQ(0, export_held(&self->outer, self->inner_target.pid, 0,
				 &self->info, &self->peer));
	ASSERT_LE(0, agent_import_source(&self->inner_target, &self->info,
					 &self->source));
	EXPECT_EQ(0, self->source.pid);
	EXPECT_EQ(geteuid(), self->source.uid);
}

TEST_F(pid, of_an_outer_source_is_its_own_outside)
{
	ASSERT_EQ(0, export_held(&self->outer, self->outer_target.pid, 0,
				 &self->info, &self->peer));
	ASSERT_LE(0, agent_import_source(&self->outer_target, &self->info,
					 &self->source));
	EXPECT_EQ(self->outer.pid, self->source.pid);
}

TEST_F(pid, W17_of_an_outer_process_names_nobody_inside)
{
	EXPECT_EQ(-ESRCH, export_held(&self->inner, self->outer_target.pid, 0,
				      &self->info, &self->peer));
	/* What the source gave back was the last. */
	ASSERT_EQ(0, agent_stop(&self->inner_target));
	agent_kill(&self->inner);
	EXPECT_EQ(0, wait_for_end(self->peer));
}

/* A handle that has just been used for somebody outside is inherited. */
TEST_F(pid, W17_handle_from_outside_names_nobody_outside)
{
	int fd = tcp_listener(AF_INET), device = device_open();
	pid_t target = self->outer_target.pid;
	int status;
	pid_t child;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, device);
	ASSERT_EQ(0, raw_export(device, fd, target, 0, &self->info));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(raw_export(device, fd, 0, 0, &self->info) != -EINVAL ||
		      raw_export(device, fd, target, 0, &self->info) != -ESRCH);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(pid, W17_number_inside_names_no_process_outside)
{
	/* The outer process of that number is not meant. */
	ASSERT_EQ(0, export_held(&self->inner, 1, 0, &self->info,
				 &self->peer));
	EXPECT_EQ(-EPERM, agent_import(&self->inner_target, &self->info, 0));
	EXPECT_EQ(-EPERM, agent_import(&self->outer_target, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->inner, &self->info, 0));
}

TEST_F(pid, W90_cannot_name_an_outer_target_but_a_socket_can)
{
	int channel = channel_between(&self->inner, &self->outer_target);
	struct sockdup_description description;

	ASSERT_LE(0, channel);
	ASSERT_EQ(0, export_held(&self->inner, channel, SOCKDUP_EXPORT_TO_PEER,
				 &self->info, &self->peer));
	/* The source may ask, and is told that it cannot see the target. */
	ASSERT_EQ(0, agent_query(&self->inner, &self->info, &description));
	EXPECT_EQ(0, description.target_pid);
	EXPECT_EQ(1, description.source.pid);
	EXPECT_EQ(-EPERM, agent_import(&self->inner_target, &self->info, 0));
	EXPECT_LE(0, agent_import(&self->outer_target, &self->info, 0));
}

TEST_F(pid, namespace_that_ended_leaves_the_tokens_that_came_from_it)
{
	int channel = channel_between(&self->inner, &self->outer_target);
	const pid_t pid = self->inner.pid;

	ASSERT_LE(0, channel);
	ASSERT_EQ(0, export_held(&self->inner, channel, SOCKDUP_EXPORT_TO_PEER,
				 &self->info, &self->peer));
	ASSERT_EQ(0, agent_stop(&self->inner_target));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->inner));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_LE(0, agent_import_source(&self->outer_target, &self->info,
					 &self->source));
	EXPECT_EQ(pid, self->source.pid);
}

/* Users, as an import tells of them. */
struct parties {
	struct agent source;
	struct agent target;
	int peer;
	struct sockdup_protocol_info info;
	struct sockdup_identity identity;
};

FIXTURE(user) {
	struct parties parties;
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, agent_spawn(&self->parties.source));
	ASSERT_EQ(0, agent_spawn(&self->parties.target));
}

FIXTURE_TEARDOWN(user)
{
	EXPECT_EQ(0, agent_stop(&self->parties.source));
	EXPECT_EQ(0, agent_stop(&self->parties.target));
}

static int pass(struct parties *parties)
{
	int error = export_held(&parties->source, parties->target.pid, 0,
				&parties->info, &parties->peer);

	memset(&parties->identity, POISON, sizeof(parties->identity));
	if (error)
		return error;
	return agent_import_source(&parties->target, &parties->info,
				   &parties->identity);
}

TEST_F(user, who_has_a_name_in_the_targets_namespace_goes_by_that)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	ASSERT_EQ(0, agent_enter_user_namespace(&self->parties.target, 77,
						SOURCE_UID));
	ASSERT_LE(0, pass(&self->parties));
	EXPECT_EQ(77, self->parties.identity.uid);
	EXPECT_EQ(77, self->parties.identity.gid);
	EXPECT_EQ(self->parties.source.pid, self->parties.identity.pid);
}

TEST_F(user, who_has_no_name_in_the_targets_namespace_is_the_overflow_user)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	ASSERT_EQ(0, agent_enter_user_namespace(&self->parties.target, 0,
						TARGET_UID));
	ASSERT_LE(0, pass(&self->parties));
	EXPECT_EQ(read_number("/proc/sys/kernel/overflowuid"),
		  self->parties.identity.uid);
	EXPECT_EQ(read_number("/proc/sys/kernel/overflowgid"),
		  self->parties.identity.gid);
}

TEST_F(user, who_is_root_in_a_namespace_is_nobody_special_outside)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	if (agent_unshare(&self->parties.source, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->parties.source, 0, SOURCE_UID));
	ASSERT_EQ(0, agent_map_groups(&self->parties.source, 0, SOURCE_UID));
	ASSERT_LE(0, pass(&self->parties));
	EXPECT_EQ(SOURCE_UID, self->parties.identity.uid);
	EXPECT_EQ(SOURCE_UID, self->parties.identity.gid);
}

TEST_F(user, who_is_another_in_each_namespace_is_the_same_user)
{
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	if (agent_unshare(&self->parties.source, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->parties.source, 5, SOURCE_UID));
	ASSERT_EQ(0, agent_map_groups(&self->parties.source, 5, SOURCE_UID));
	ASSERT_EQ(0, agent_enter_user_namespace(&self->parties.target, 77,
						SOURCE_UID));
	ASSERT_LE(0, pass(&self->parties));
	EXPECT_EQ(77, self->parties.identity.uid);
	EXPECT_EQ(77, self->parties.identity.gid);
}

TEST_F(user, whose_life_is_long_is_the_same_in_a_namespace)
{
	int fd;

	/* Root's number inside is not root, and the target has no handle. */
	ASSERT_EQ(0, agent_setuid(&self->parties.source, SOURCE_UID));
	if (agent_unshare(&self->parties.source, CLONE_NEWUSER))
		SKIP(return, "users may make no user namespaces here");
	ASSERT_EQ(0, agent_map_users(&self->parties.source, 0, SOURCE_UID));
	fd = agent_socket(&self->parties.source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, agent_export(&self->parties.source, fd,
				       self->parties.target.pid, 0, LONG_TTL_MS,
				       &self->parties.info));
	ASSERT_EQ(0, agent_setuid(&self->parties.target, SOURCE_UID));
	EXPECT_EQ(0, agent_export(&self->parties.source, fd,
				  self->parties.target.pid, 0, LONG_TTL_MS,
				  &self->parties.info));
}

/* A source alone in its network namespace. */
FIXTURE(network) {
	struct agent source;
	struct agent target;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(network)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_unshare(&self->source, CLONE_NEWNET));
}

FIXTURE_TEARDOWN(network)
{
	agent_kill(&self->source);
	EXPECT_EQ(0, agent_stop(&self->target));
}

static int raise_loopback(struct agent *agent, int fd)
{
	struct ifreq request = {
		.ifr_name = "lo",
		.ifr_flags = IFF_UP,
	};

	return agent_ioctl(agent, fd, SIOCSIFFLAGS, &request,
			   sizeof(request));
}

static __u64 cookie_of(struct agent *agent, int fd)
{
	__u64 cookie = 0;
	socklen_t size = sizeof(cookie);

	agent_getsockopt(agent, fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
			 &size);
	return cookie;
}

TEST_F(network, W91_namespace_lives_on_in_a_token_alone)
{
	struct address address = loopback(AF_INET, 0);
	char seen[8] = { 0 };
	__u64 cookie;
	int fd;

	fd = agent_socket(&self->source, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, fd);
	cookie = cookie_of(&self->source, fd);
	ASSERT_NE(0, cookie);
	ASSERT_EQ(0, raise_loopback(&self->source, fd));
	ASSERT_EQ(0, agent_bind(&self->source, fd, &address.storage,
				address.size));
	ASSERT_EQ(0, agent_getsockname(&self->source, fd, &address.storage,
				       &address.size));
	ASSERT_EQ(0, agent_duplicate(&self->source, fd, self->target.pid,
				     &self->info));
	ASSERT_EQ(0, agent_stop(&self->source));

	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(cookie, cookie_of(&self->target, fd));
	/* It reaches itself, as before, and over that namespace's loopback. */
	EXPECT_EQ(4, agent_sendto(&self->target, fd, "text", 4, 0,
				  &address.storage, address.size));
	EXPECT_EQ(4, agent_recv(&self->target, fd, seen, 4, 0));
	EXPECT_STREQ("text", seen);
}

TEST_F(network, W91_of_a_user_namespace_is_left_by_import)
{
	int fd, other;
	__u64 cookie;

	agent_kill(&self->source);
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_setuid(&self->source, SOURCE_UID));
	if (agent_unshare(&self->source, CLONE_NEWUSER | CLONE_NEWNET))
		SKIP(return, "users may make no user namespaces here");
	fd = agent_socket(&self->source, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, fd);
	cookie = cookie_of(&self->source, fd);
	ASSERT_NE(0, cookie);
	ASSERT_EQ(0, agent_duplicate(&self->source, fd, self->target.pid,
				     &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(cookie, cookie_of(&self->target, fd));
	other = agent_socket(&self->target, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, other);
	EXPECT_NE(cookie, cookie_of(&self->target, other));
}

/* A source whose CLOCK_BOOTTIME reads a day more. */
FIXTURE(time) {
	struct agent target;
	struct agent source;
	int peer;
	struct sockdup_protocol_info info;
};

static int shift_boottime(long seconds)
{
	char line[64];
	int fd, size, error = 0;

	if (unshare(CLONE_NEWTIME))
		return -errno;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = snprintf(line, sizeof(line), "boottime %ld 0\n", seconds);
	if (write(fd, line, size) != size)
		error = -errno;
	close(fd);
	return error;
}

FIXTURE_SETUP(time)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	if (shift_boottime(24 * 60 * 60)) {
		agent_stop(&self->target);
		SKIP(longjmp(_metadata->env, 1), "no time namespaces here");
	}
	ASSERT_EQ(0, agent_spawn(&self->source));
}

FIXTURE_TEARDOWN(time)
{
	EXPECT_EQ(0, agent_stop(&self->source));
	EXPECT_EQ(0, agent_stop(&self->target));
}

TEST_F(time, namespace_does_not_move_a_deadline)
{
	struct sockdup_description here, there;

	ASSERT_EQ(0, export_held(&self->source, self->target.pid, 0,
				 &self->info, &self->peer));
	ASSERT_EQ(0, agent_query(&self->source, &self->info, &there));
	ASSERT_EQ(0, try_query(&self->info, &here));
	EXPECT_GE(WAIT_MS, there.age_ms);
	EXPECT_LE(there.age_ms, here.age_ms);
	EXPECT_GE(there.left_ms, here.left_ms);
	EXPECT_LE(0, agent_import(&self->target, &self->info, 0));
}

SOCKDUP_TEST_MAIN
