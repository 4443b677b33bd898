// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source and target share one socket: options, flags, input and output, who is
 * signalled, its end of life by shutdown, and its network namespace. W48-W52,
 * W59, W91.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* A connection that source and target hold both, and the peer's end of it. */
FIXTURE(shared) {
	struct agent target;
	int source;
	int peer;
	int fd;		/* the target's */
};

FIXTURE_SETUP(shared)
{
	struct sockdup_protocol_info info;
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid, &info));
	self->fd = agent_import(&self->target, &info, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(shared)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

static int get_option(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) ? -errno : value;
}

static int agent_get_option(struct agent *agent, int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);
	int error = agent_getsockopt(agent, fd, level, name, &value, &size);

	return error ? error : value;
}

TEST_F(shared, W48_socket_option_set_by_source_is_seen_by_target)
{
	const int on = 1;

	ASSERT_EQ(0, agent_get_option(&self->target, self->fd, SOL_SOCKET,
				      SO_KEEPALIVE));
	ASSERT_EQ(0, setsockopt(self->source, SOL_SOCKET, SO_KEEPALIVE, &on,
				sizeof(on)));
	EXPECT_EQ(1, agent_get_option(&self->target, self->fd, SOL_SOCKET,
				      SO_KEEPALIVE));
}

TEST_F(shared, W48_socket_option_set_by_target_is_seen_by_source)
{
	const int on = 1;

	ASSERT_EQ(0, get_option(self->source, SOL_SOCKET, SO_KEEPALIVE));
	ASSERT_EQ(0, agent_setsockopt(&self->target, self->fd, SOL_SOCKET,
				      SO_KEEPALIVE, &on, sizeof(on)));
	EXPECT_EQ(1, get_option(self->source, SOL_SOCKET, SO_KEEPALIVE));
}

TEST_F(shared, W48_protocol_option_set_by_source_is_seen_by_target)
{
	const int seconds = 1234;

	ASSERT_EQ(0, setsockopt(self->source, IPPROTO_TCP, TCP_KEEPIDLE,
				&seconds, sizeof(seconds)));
	EXPECT_EQ(seconds, agent_get_option(&self->target, self->fd,
					    IPPROTO_TCP, TCP_KEEPIDLE));
}

TEST_F(shared, W48_protocol_option_set_by_target_is_seen_by_source)
{
	const int seconds = 1234;

	ASSERT_EQ(0, agent_setsockopt(&self->target, self->fd, IPPROTO_TCP,
				      TCP_KEEPIDLE, &seconds,
				      sizeof(seconds)));
	EXPECT_EQ(seconds, get_option(self->source, IPPROTO_TCP,
				      TCP_KEEPIDLE));
}

TEST_F(shared, W48_option_set_between_export_and_import_is_seen)
{
	const int on = 1;
	struct sockdup_protocol_info info;
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid, &info));
	ASSERT_EQ(0, setsockopt(self->source, SOL_SOCKET, SO_KEEPALIVE, &on,
				sizeof(on)));
	fd = agent_import(&self->target, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, agent_get_option(&self->target, fd, SOL_SOCKET,
				      SO_KEEPALIVE));
}

TEST_F(shared, W49_nonblock_set_by_source_is_seen_by_target)
{
	ASSERT_FALSE(agent_fcntl(&self->target, self->fd, F_GETFL, 0) &
		     O_NONBLOCK);
	ASSERT_EQ(0, fcntl(self->source, F_SETFL, O_NONBLOCK));
	EXPECT_TRUE(agent_fcntl(&self->target, self->fd, F_GETFL, 0) &
		    O_NONBLOCK);
}

TEST_F(shared, W49_nonblock_set_by_target_is_seen_by_source)
{
	ASSERT_FALSE(fcntl(self->source, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, agent_fcntl(&self->target, self->fd, F_SETFL,
				 O_NONBLOCK));
	EXPECT_TRUE(fcntl(self->source, F_GETFL) & O_NONBLOCK);
}

TEST_F(shared, W49_nonblock_set_by_source_is_obeyed_in_target)
{
	char byte;

	ASSERT_EQ(0, fcntl(self->source, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, agent_recv(&self->target, self->fd, &byte, 1, 0));
}

TEST_F(shared, W49_nonblock_set_before_export_arrives)
{
	struct sockdup_protocol_info info;
	int source = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int fd;

	ASSERT_LE(0, source);
	ASSERT_EQ(0, try_duplicate(source, self->target.pid, &info));
	fd = agent_import(&self->target, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(agent_fcntl(&self->target, fd, F_GETFL, 0) & O_NONBLOCK);
}

TEST_F(shared, W49_close_on_exec_is_not_shared)
{
	ASSERT_EQ(FD_CLOEXEC, agent_fcntl(&self->target, self->fd, F_GETFD,
					  0));
	ASSERT_EQ(0, fcntl(self->source, F_SETFD, 0));
	EXPECT_EQ(FD_CLOEXEC, agent_fcntl(&self->target, self->fd, F_GETFD,
					  0));
	ASSERT_EQ(0, fcntl(self->source, F_SETFD, FD_CLOEXEC));
	ASSERT_EQ(0, agent_fcntl(&self->target, self->fd, F_SETFD, 0));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->source, F_GETFD));
}

TEST_F(shared, W50_both_send_on_one_stream)
{
	char seen[8] = { 0 };

	ASSERT_EQ(2, send(self->source, "ab", 2, 0));
	ASSERT_EQ(2, agent_send(&self->target, self->fd, "cd", 2, 0));
	ASSERT_EQ(2, send(self->source, "ef", 2, 0));
	EXPECT_EQ(6, recv(self->peer, seen, 6, MSG_WAITALL));
	EXPECT_STREQ("abcdef", seen);
}

TEST_F(shared, W50_both_receive_from_one_stream)
{
	char seen[8] = { 0 };

	ASSERT_EQ(6, send(self->peer, "abcdef", 6, 0));
	EXPECT_EQ(2, recv(self->source, seen, 2, MSG_WAITALL));
	EXPECT_EQ(2, agent_recv(&self->target, self->fd, seen + 2, 2,
				MSG_WAITALL));
	EXPECT_EQ(2, recv(self->source, seen + 4, 2, MSG_WAITALL));
	EXPECT_STREQ("abcdef", seen);
}

TEST_F(shared, W50_what_one_received_the_other_does_not)
{
	char seen[8] = { 0 };

	ASSERT_EQ(4, send(self->peer, "once", 4, 0));
	ASSERT_EQ(4, agent_recv(&self->target, self->fd, seen, 4,
				MSG_WAITALL));
	EXPECT_EQ(0, recv_nothing(self->source));
}

TEST_F(shared, W50_send_goes_on_while_the_other_waits_in_recv)
{
	struct agent_request request;
	struct agent_reply reply;

	agent_prepare(&request, AGENT_RECVFROM, self->fd);
	request.size = 4;
	request.args[0] = MSG_WAITALL;
	ASSERT_EQ(0, agent_post(&self->target, &request));
	ASSERT_EQ(4, send(self->source, "ping", 4, 0));
	ASSERT_EQ(0, wait_for_poll(self->peer, POLLIN));
	ASSERT_EQ(4, send(self->peer, "pong", 4, 0));
	EXPECT_EQ(4, agent_wait(&self->target, &reply));
	EXPECT_EQ(0, memcmp("pong", reply.data, 4));
}

TEST_F(shared, W50_a_holder_of_another_user_has_full_access)
{
	const int on = 1;
	char seen[8] = { 0 };

	ASSERT_EQ(0, agent_setuid(&self->target, NOBODY));
	EXPECT_EQ(4, agent_send(&self->target, self->fd, "ping", 4, 0));
	EXPECT_EQ(4, recv(self->peer, seen, 4, MSG_WAITALL));
	ASSERT_EQ(4, send(self->peer, "pong", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, self->fd, seen, 4,
				MSG_WAITALL));
	EXPECT_EQ(0, agent_setsockopt(&self->target, self->fd, SOL_SOCKET,
				      SO_KEEPALIVE, &on, sizeof(on)));
	EXPECT_EQ(0, agent_shutdown(&self->target, self->fd, SHUT_WR));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(shared, W59_shutdown_of_sending_by_target_binds_source)
{
	ASSERT_EQ(0, agent_shutdown(&self->target, self->fd, SHUT_WR));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-1, send(self->source, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F(shared, W59_shutdown_of_sending_by_source_binds_target)
{
	ASSERT_EQ(0, shutdown(self->source, SHUT_WR));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-EPIPE, agent_send(&self->target, self->fd, "x", 1, 0));
}

TEST_F(shared, W59_shutdown_of_receiving_by_target_ends_sources_reading)
{
	char byte;

	ASSERT_EQ(0, recv_nothing(self->source));
	ASSERT_EQ(0, agent_shutdown(&self->target, self->fd, SHUT_RD));
	EXPECT_EQ(0, recv(self->source, &byte, 1, MSG_DONTWAIT));
}

TEST_F(shared, W59_shutdown_by_source_wakes_target_in_recv)
{
	struct agent_request request;
	struct agent_reply reply;

	agent_prepare(&request, AGENT_RECVFROM, self->fd);
	request.size = 1;
	ASSERT_EQ(0, agent_post(&self->target, &request));
	ASSERT_EQ(0, shutdown(self->source, SHUT_RDWR));
	EXPECT_EQ(0, agent_wait(&self->target, &reply));
}

TEST_F(shared, W59_shutdown_leaves_the_other_direction)
{
	char seen[8] = { 0 };

	ASSERT_EQ(0, agent_shutdown(&self->target, self->fd, SHUT_WR));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	EXPECT_EQ(4, recv(self->source, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("text", seen);
}

TEST_F(shared, W59_shutdown_binds_a_later_import_too)
{
	struct sockdup_protocol_info info;
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid, &info));
	ASSERT_EQ(0, shutdown(self->source, SHUT_WR));
	fd = agent_import(&self->target, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPIPE, agent_send(&self->target, fd, "x", 1, 0));
}

/* Waits for SIGIO, which is blocked: 0 or -errno. */
static int wait_for_signal(void)
{
	const struct timespec limit = { .tv_sec = WAIT_MS / 1000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	return sigtimedwait(&set, NULL, &limit) == SIGIO ? 0 : -errno;
}

static int block_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static bool is_pending(int signal)
{
	sigset_t set;

	return !sigpending(&set) && sigismember(&set, signal) == 1;
}

TEST_F(shared, owner_set_by_target_is_signalled)
{
	ASSERT_EQ(0, block_signal());
	ASSERT_EQ(0, agent_fcntl(&self->target, self->fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, agent_fcntl(&self->target, self->fd, F_SETFL, O_ASYNC));
	EXPECT_EQ(getpid(), fcntl(self->source, F_GETOWN));
	EXPECT_TRUE(fcntl(self->source, F_GETFL) & O_ASYNC);
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	EXPECT_EQ(0, wait_for_signal());
}

/* SIGIO ends whoever does not expect it. */
TEST_F(shared, owner_that_was_set_last_alone_is_signalled)
{
	ASSERT_EQ(0, block_signal());
	ASSERT_EQ(0, fcntl(self->source, F_SETOWN, getpid()));
	ASSERT_EQ(0, agent_fcntl(&self->target, self->fd, F_SETOWN,
				 self->target.pid));
	ASSERT_EQ(0, fcntl(self->source, F_SETFL, O_ASYNC));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	ASSERT_EQ(0, wait_for_death(self->target.pid));
	EXPECT_EQ(-SIGIO, agent_stop(&self->target));
	EXPECT_FALSE(is_pending(SIGIO));
}

static int watch(int fd)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable))
		return -errno;
	return epoll;
}

TEST_F(shared, epoll_tells_of_a_socket_whose_descriptor_was_closed)
{
	int epoll = watch(self->source);
	struct epoll_event seen;

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	EXPECT_EQ(1, epoll_wait(epoll, &seen, 1, WAIT_MS));
}

TEST_F(shared, epoll_that_was_told_before_the_close_is_silent)
{
	int epoll = watch(self->source);
	struct epoll_event seen;

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_DEL, self->source, NULL));
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	ASSERT_LT(0, agent_poll(&self->target, self->fd, POLLIN, WAIT_MS / 2));
	EXPECT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
}

/* Datagrams, over IPv4 and IPv6. */
FIXTURE(udp) {
	struct agent target;
	int source;
	int peer;
	struct address peer_address;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(udp) {
	int family;
};

FIXTURE_VARIANT_ADD(udp, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(udp, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(udp)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->source = socket(variant->family, SOCK_DGRAM, 0);
	ASSERT_LE(0, self->source);
	self->peer = udp_bound(variant->family);
	ASSERT_LE(0, self->peer);
	self->peer_address = bound_address(self->peer);
}

FIXTURE_TEARDOWN(udp)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

static int bind_to_loopback(int fd, int family)
{
	const struct address address = loopback(family, 0);

	return bind(fd, (const void *)&address.storage, address.size);
}

static int send_to(int fd, const char *text, const struct address *address)
{
	return sendto(fd, text, strlen(text), 0,
		      (const void *)&address->storage, address->size);
}

TEST_F(udp, W51_source_binds_and_sends_and_target_receives)
{
	struct sockaddr_storage from = { 0 };
	socklen_t size = sizeof(from);
	struct address address;
	char seen[8] = { 0 };
	int fd;

	ASSERT_EQ(0, bind_to_loopback(self->source, variant->family));
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);

	ASSERT_EQ(3, send_to(self->source, "req", &self->peer_address));
	ASSERT_EQ(0, wait_for_poll(self->peer, POLLIN));
	ASSERT_EQ(3, recvfrom(self->peer, seen, sizeof(seen), 0, (void *)&from,
			      &size));
	address = (struct address){ .storage = from, .size = size };
	ASSERT_EQ(5, send_to(self->peer, "reply", &address));

	size = sizeof(from);
	EXPECT_EQ(5, agent_recvfrom(&self->target, fd, seen, sizeof(seen), 0,
				    &from, &size));
	EXPECT_STREQ("reply", seen);
	ASSERT_EQ(self->peer_address.size, size);
	EXPECT_EQ(0, memcmp(&self->peer_address.storage, &from, size));
}

TEST_F(udp, W51_target_sends_from_the_sources_address)
{
	struct address bound, from = { .size = sizeof(from.storage) };
	char seen[8] = { 0 };
	int fd;

	ASSERT_EQ(0, bind_to_loopback(self->source, variant->family));
	bound = bound_address(self->source);
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, agent_sendto(&self->target, fd, "text", 4, 0,
				  &self->peer_address.storage,
				  self->peer_address.size));
	ASSERT_EQ(0, wait_for_poll(self->peer, POLLIN));
	EXPECT_EQ(4, recvfrom(self->peer, seen, sizeof(seen), 0,
			      (void *)&from.storage, &from.size));
	EXPECT_STREQ("text", seen);
	ASSERT_EQ(bound.size, from.size);
	EXPECT_EQ(0, memcmp(&bound.storage, &from.storage, from.size));
}

/* Windows refuses this recvfrom() with WSAEINVAL. */
TEST_F(udp, W52_import_before_bind_receives)
{
	struct address address;
	char seen[8] = { 0 };
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind_to_loopback(self->source, variant->family));
	address = bound_address(self->source);
	ASSERT_EQ(4, send_to(self->peer, "text", &address));
	EXPECT_EQ(4, agent_recv(&self->target, fd, seen, sizeof(seen), 0));
	EXPECT_STREQ("text", seen);
}

TEST_F(udp, W52_bind_by_target_is_seen_by_source)
{
	const struct address any = loopback(variant->family, 0);
	struct address seen_by_source, seen_by_target;
	int fd;

	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_bind(&self->target, fd, &any.storage, any.size));
	seen_by_source = bound_address(self->source);
	seen_by_target.size = sizeof(seen_by_target.storage);
	ASSERT_EQ(0, agent_getsockname(&self->target, fd,
				       &seen_by_target.storage,
				       &seen_by_target.size));
	ASSERT_EQ(seen_by_source.size, seen_by_target.size);
	EXPECT_EQ(0, memcmp(&seen_by_source.storage, &seen_by_target.storage,
			    seen_by_source.size));
	EXPECT_NE(0, memcmp(&any.storage, &seen_by_source.storage, any.size));
}

/* A target in a network namespace of its own. */
FIXTURE(network) {
	struct agent target;
	int source;
	int peer;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(network)
{
	int fds[2];

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
	ASSERT_EQ(0, agent_unshare(&self->target, CLONE_NEWNET));
}

FIXTURE_TEARDOWN(network)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

static __u64 cookie_of(int fd)
{
	__u64 cookie = 0;
	socklen_t size = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
	return cookie;
}

static __u64 agent_cookie_of(struct agent *agent, int fd)
{
	__u64 cookie = 0;
	socklen_t size = sizeof(cookie);

	agent_getsockopt(agent, fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
			 &size);
	return cookie;
}

TEST_F(network, W91_import_stays_in_its_network_namespace)
{
	__u64 here = cookie_of(self->source);
	int fd, other;

	ASSERT_NE(0, here);
	other = agent_socket(&self->target, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, other);
	ASSERT_NE(here, agent_cookie_of(&self->target, other));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(here, agent_cookie_of(&self->target, fd));
}

/* Identifies the namespace behind a descriptor of it. */
static ino_t inode_of(pid_t pid, int fd)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return stat(path, &status) ? 0 : status.st_ino;
}

TEST_F(network, W91_import_names_its_network_namespace)
{
	int fd, imported_net, source_net;

	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	imported_net = agent_ioctl(&self->target, fd, SIOCGSKNS, NULL, 0);
	ASSERT_LE(0, imported_net);
	source_net = ioctl(self->source, SIOCGSKNS);
	ASSERT_LE(0, source_net);
	ASSERT_NE(0, inode_of(getpid(), source_net));
	EXPECT_EQ(inode_of(getpid(), source_net),
		  inode_of(self->target.pid, imported_net));
}

TEST_F(network, W91_import_reaches_its_peer)
{
	char seen[8] = { 0 };
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(4, agent_send(&self->target, fd, "ping", 4, 0));
	EXPECT_EQ(4, recv(self->peer, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("ping", seen);
	ASSERT_EQ(4, send(self->peer, "pong", 4, 0));
	EXPECT_EQ(4, agent_recv(&self->target, fd, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("pong", seen);
}

TEST_F(network, W91_imported_listener_accepts_where_it_came_from)
{
	int listener = tcp_listener(AF_INET);
	const struct address address = bound_address(listener);
	int fd, client, accepted;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, try_duplicate(listener, self->target.pid, &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	client = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, (void *)&address.storage, address.size));
	accepted = agent_accept(&self->target, fd, 0);
	ASSERT_LE(0, accepted);
	EXPECT_EQ(cookie_of(client), agent_cookie_of(&self->target, accepted));
}

SOCKDUP_TEST_MAIN
