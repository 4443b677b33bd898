// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink functions of the library, called as by any program: what they do,
 * each of their errors, and the words that come with it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "harness.h"
#include "module.h"
#include "result.h"

#define NO_PROCESS	0x3fffffff
#define CLOSED_FD	99

/* The library's descriptors have numbers from here on. */
#define OWN_LOWEST	64

/* More tokens than the kernel lists in one go. */
#define MANY		200

#define NETLINK_EXPORT	\
	"/sys/module/" SOCKDUP_DEVICE_NAME "/parameters/netlink_export"

/* A process to export to, a socket, and a token of it. */
FIXTURE(library) {
	struct agent target;
	int fd;
	struct sockdup_protocol_info info;
	__u64 id;
	struct sockdup_token_info token;
	struct sockdup_stats stats;
};

FIXTURE_SETUP(library)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->target.pid, 0, 0,
					    &self->info, &self->id));
}

FIXTURE_TEARDOWN(library)
{
	write_string(NETLINK_EXPORT, "1");
	agent_kill(&self->target);
}

/* Whether the target gets by @info what is open here as @fd. */
static int arrives(struct agent *target, int fd,
		   const struct sockdup_protocol_info *info)
{
	int there = agent_import(target, info, 0);

	return there < 0 ? there : same_file(0, fd, target->pid, there);
}

/* A callback of sockdup_list(). */
static int fail_at(const struct sockdup_token_info *token, void *id)
{
	return token->id == *(__u64 *)id;
}

TEST_F(library, exports_to_a_process)
{
	EXPECT_EQ(id_of(&self->info), self->id);
	EXPECT_EQ(1, arrives(&self->target, self->fd, &self->info));
}

TEST_F(library, exports_to_the_process_of_a_pidfd)
{
	int pidfd = syscall(SYS_pidfd_open, self->target.pid, 0);

	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, pidfd,
					    SOCKDUP_EXPORT_TO_PIDFD, 0,
					    &self->info, &self->id));
	EXPECT_EQ(id_of(&self->info), self->id);
	EXPECT_EQ(1, arrives(&self->target, self->fd, &self->info));
}

TEST_F(library, exports_to_a_user)
{
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, TARGET_UID,
					    SOCKDUP_EXPORT_TO_USER, LONG_TTL_MS,
					    &self->info, &self->id));
	EXPECT_EQ(id_of(&self->info), self->id);
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(0, self->token.target);
	EXPECT_EQ(SOCKDUP_EXPORT_TO_USER, self->token.target_flags);
	EXPECT_EQ(TARGET_UID, self->token.target_uid);
	EXPECT_EQ(1, arrives(&self->target, self->fd, &self->info));
}

TEST_F(library, exports_to_the_largest_user)
{
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, -2, SOCKDUP_EXPORT_TO_USER,
					    0, &self->info, &self->id));
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &self->token));
	EXPECT_EQ((uid_t)-2, self->token.target_uid);
	EXPECT_EQ(-EINVAL, result(sockdup_netlink_export(self->fd, -1,
							 SOCKDUP_EXPORT_TO_USER,
							 0, &self->info, NULL)));
	EXPECT_STREQ("target-uid", sockdup_error_attribute());
	EXPECT_EQ(0, sockdup_revoke_id(self->id));
}

/* One to a process has no target-uid, and one to a user no process to be listed by. */
TEST_F(library, tells_process_and_user_apart)
{
	const struct sockdup_filter filter = { .target = 1 };

	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(0, self->token.target_flags);
	EXPECT_EQ(0, self->token.target_uid);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, TARGET_UID,
					    SOCKDUP_EXPORT_TO_USER, 0,
					    &self->info, &self->id));
	/* The kernel watches process 1, but it is not the target. */
	EXPECT_EQ(0, sockdup_list(&filter, fail_at, &self->id));
	EXPECT_EQ(0, sockdup_revoke_id(self->id));
}

TEST_F(library, exports_to_the_peer_of_a_socket)
{
	int channel = agent_channel(&self->target);

	ASSERT_LE(0, channel);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, channel,
					    SOCKDUP_EXPORT_TO_PEER, 0,
					    &self->info, NULL));
	EXPECT_EQ(1, arrives(&self->target, self->fd, &self->info));
}

/* The lowest number from @lowest on that is not open. */
static int closed_number(int lowest)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD, lowest);

	close(fd);
	return fd;
}

static int try_netlink_export(int fd, int target, unsigned int flags)
{
	struct sockdup_protocol_info info;

	return result(sockdup_netlink_export(fd, target, flags, 0, &info,
					     NULL));
}

/* It could: a request's socket would take either of these numbers. */
TEST_F(library, exports_no_socket_of_its_own)
{
	const int lowest[] = { 0, OWN_LOWEST };
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(lowest); i++) {
		fd = closed_number(lowest[i]);
		EXPECT_EQ(-EBADF, try_netlink_export(fd, self->target.pid, 0));
		EXPECT_EQ(-EBADF, try_netlink_export(self->fd, fd,
						     SOCKDUP_EXPORT_TO_PEER));
	}
	/* Nor its handle. */
	fd = sockdup_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, try_netlink_export(fd, self->target.pid, 0));
}

TEST_F(library, leaves_low_numbers_to_the_program)
{
	struct sockdup_subscription *subscription;
	const int lowest = closed_number(0);

	ASSERT_EQ(0, sockdup_subscribe(&subscription));
	EXPECT_LE(OWN_LOWEST, sockdup_subscription_fd(subscription));
	EXPECT_EQ(FD_CLOEXEC,
		  fcntl(sockdup_subscription_fd(subscription), F_GETFD));
	EXPECT_EQ(lowest, closed_number(0));
	sockdup_unsubscribe(subscription);
}

TEST_F(library, exports_for_the_time_that_is_asked_for)
{
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->target.pid, 0,
					    LONG_TTL_MS, &self->info, NULL));
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &self->token));
	EXPECT_GE(LONG_TTL_MS, self->token.left_ms + self->token.age_ms);
	EXPECT_LE(LONG_TTL_MS - 2, self->token.left_ms + self->token.age_ms);
}

static bool is_address(const struct address *address,
		       const struct sockaddr_storage *storage, socklen_t size)
{
	return address->size == size &&
	       !memcmp(&address->storage, storage, size);
}

static void expect_all_told(struct __test_metadata *_metadata,
			    const struct sockdup_token_info *token,
			    const struct sockdup_protocol_info *info,
			    pid_t target, int fd)
{
	const struct sockdup_socket_info *socket = &token->socket;
	struct address local = bound_address(fd), remote = peer_address(fd);
	struct stat status;

	ASSERT_EQ(0, fstat(fd, &status));
	EXPECT_EQ(id_of(info), token->id);
	EXPECT_EQ(target, token->target);
	EXPECT_EQ(getpid(), token->source);
	EXPECT_EQ(geteuid(), token->uid);
	EXPECT_EQ(getegid(), token->gid);
	EXPECT_LT(0, token->left_ms);
	EXPECT_EQ(1, token->socket_count);
	EXPECT_EQ(AF_INET, socket->family);
	EXPECT_EQ(SOCK_STREAM, socket->type);
	EXPECT_EQ(IPPROTO_TCP, socket->protocol);
	EXPECT_STREQ(info->protocol_name, socket->protocol_name);
	EXPECT_TRUE(is_address(&local, &socket->local, socket->local_size));
	EXPECT_TRUE(is_address(&remote, &socket->remote, socket->remote_size));
	EXPECT_EQ(status.st_ino, socket->inode);
	EXPECT_FALSE(socket->ipv6_only);
	EXPECT_EQ(network_namespace(), socket->netns);
	EXPECT_EQ(remote.size ? TCP_ESTABLISHED : TCP_LISTEN, socket->state);
}

TEST_F(library, tells_whether_ipv6_is_all)
{
	int only, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sockdup_netlink_export(fd, self->target.pid, 0, 0,
					    &self->info, &self->id));
	for (only = 0; only <= 1; only++) {
		ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
					sizeof(only)));
		ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
		EXPECT_EQ(only, self->token.socket.ipv6_only);
	}
}

TEST_F(library, finds_a_token_by_either_of_its_names)
{
	int fds[2];

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, sockdup_netlink_export(fds[0], self->target.pid, 0, 0,
					    &self->info, &self->id));
	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			fds[0]);
	memset(&self->token, POISON, sizeof(self->token));
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			fds[0]);
	EXPECT_LT(0, self->token.socket.remote_size);
	EXPECT_EQ(1, arrives(&self->target, fds[0], &self->info));
}

TEST_F(library, revokes_by_id)
{
	ASSERT_EQ(0, sockdup_revoke_id(self->id));
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(-ENOENT, result(sockdup_revoke_id(self->id)));
}

TEST_F(library, tells_what_a_user_holds)
{
	struct sockdup_stats before;

	ASSERT_EQ(0, sockdup_stats(&before));
	EXPECT_EQ(0, before.uid);
	EXPECT_TRUE(before.counted);
	EXPECT_LE(1, before.held);
	ASSERT_EQ(0, sockdup_netlink_export(self->fd, self->target.pid, 0, 0,
					    &self->info, &self->id));
	ASSERT_EQ(0, sockdup_stats_of(0, &self->stats));
	EXPECT_LT(before.exported, self->stats.exported);
	ASSERT_EQ(0, sockdup_revoke_id(self->id));
	ASSERT_EQ(0, sockdup_stats(&self->stats));
	EXPECT_LT(before.revoked, self->stats.revoked);
	ASSERT_EQ(0, sockdup_stats_of(100000 + getpid(), &self->stats));
	EXPECT_EQ(100000 + getpid(), self->stats.uid);
	EXPECT_EQ(0, self->stats.held);
}

TEST_F(library, tells_a_user_no_counts)
{
	memset(&self->stats, POISON, sizeof(self->stats));
	ASSERT_EQ(0, become_user(SOURCE_UID));
	ASSERT_EQ(0, sockdup_stats(&self->stats));
	EXPECT_EQ(SOURCE_UID, self->stats.uid);
	EXPECT_FALSE(self->stats.counted);
	EXPECT_EQ(0, self->stats.exported);
}

/* The sockets of a token. */

struct sockets {
	__u64 id;
	unsigned int told;
	unsigned int wrong;	/* in another order, or under another token's id */
	unsigned int last;	/* after so many the list is to end, 0 for never */
	struct sockdup_token_info token;
};

static int read_socket(const struct sockdup_token_info *token, void *context)
{
	struct sockets *sockets = context;
	char name[SOCKDUP_NAME_SIZE];

	snprintf(name, sizeof(name), "socket %u", sockets->told);
	if (token->id != sockets->id || strcmp(token->socket.name, name) ||
	    token->socket.type != (sockets->told % 2 ? SOCK_DGRAM : SOCK_STREAM))
		sockets->wrong++;
	sockets->token = *token;
	sockets->told++;
	return sockets->told == sockets->last ? 5 : 0;
}

/* @count of them: a listener, a socket of UDP, and so on. */
static int export_sockets(struct __test_metadata *_metadata, int fd, unsigned int count,
			  pid_t target, struct sockdup_protocol_info *info)
{
	char (*names)[SOCKDUP_NAME_SIZE] = calloc(count, sizeof(*names));
	int *fds = calloc(count, sizeof(*fds));
	struct iovec payload = { "payload", 7 };
	struct sockdup_set set = {
		.fds = fds,
		.names = names,
		.socket_count = count,
		.payload = &payload,
		.payload_count = 1,
	};
	int udp = udp_bound(AF_INET);
	unsigned int i;
	int error;

	ASSERT_NE(NULL, fds) {
		return -ENOMEM;
	}
	ASSERT_NE(NULL, names) {
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		fds[i] = i % 2 ? udp : fd;
		snprintf(names[i], sizeof(names[i]), "socket %u", i);
	}
	error = result(sockdup_export_set(&set, target, 0, 0, info));
	free(fds);
	free(names);
	close(udp);
	return error;
}

TEST_F(library, lists_the_sockets_of_a_token)
{
	struct sockets sockets = { 0 };

	ASSERT_EQ(0, export_sockets(_metadata, self->fd, 2 * MANY, self->target.pid,
				    &self->info));
	sockets.id = sockdup_info_id(&self->info);
	ASSERT_EQ(0, sockdup_list_sockets(sockets.id, read_socket, &sockets));
	EXPECT_EQ(2 * MANY, sockets.told);
	EXPECT_EQ(0, sockets.wrong);
	EXPECT_EQ(2 * MANY, sockets.token.socket_count);
	EXPECT_EQ(7, sockets.token.payload_size);
	EXPECT_EQ(self->target.pid, sockets.token.target);

	ASSERT_EQ(0, sockdup_find_by_info(&self->info, &self->token));
	EXPECT_STREQ("socket 0", self->token.socket.name);
	EXPECT_EQ(2 * MANY, self->token.socket_count);
	EXPECT_EQ(7, self->token.payload_size);
}

TEST_F(library, ends_a_list_of_sockets_where_the_caller_says_so)
{
	struct sockets sockets = { .last = 3 };

	ASSERT_EQ(0, export_sockets(_metadata, self->fd, 5, self->target.pid,
				    &self->info));
	sockets.id = sockdup_info_id(&self->info);
	EXPECT_EQ(5, sockdup_list_sockets(sockets.id, read_socket, &sockets));
	EXPECT_EQ(3, sockets.told);
	EXPECT_EQ(-EFAULT, result(sockdup_list_sockets(sockets.id, NULL, NULL)));
}

TEST_F(library, lists_the_socket_of_a_single_token)
{
	struct sockets sockets = { .id = self->id };

	ASSERT_EQ(0, sockdup_list_sockets(self->id, read_socket, &sockets));
	EXPECT_EQ(1, sockets.told);
	EXPECT_STREQ("", sockets.token.socket.name);
	EXPECT_EQ(1, sockets.token.socket_count);
	EXPECT_EQ(0, sockets.token.payload_size);
}

TEST_F(library, lists_no_sockets_of_strangers)
{
	struct sockets sockets = { .id = self->id };

	EXPECT_EQ(-ENOENT, result(sockdup_list_sockets(~self->id, read_socket, &sockets)));
	EXPECT_NE(NULL, strstr(sockdup_error_text(), "no live token of yours has this id"));
	ASSERT_EQ(0, become_user(SOURCE_UID));
	EXPECT_EQ(-ENOENT, result(sockdup_list_sockets(self->id, read_socket, &sockets)));
	EXPECT_EQ(0, sockets.told);
}

/* Lists. */

struct reading {
	unsigned int told;	/* tokens that were */
	unsigned int wanted;	/* after so many the list is to end, 0 for never */
	int value;		/* with this */
	__u64 ids[2 * MANY];
};

static int read_one(const struct sockdup_token_info *token, void *context)
{
	struct reading *reading = context;

	if (reading->told < ARRAY_SIZE(reading->ids))
		reading->ids[reading->told] = token->id;
	reading->told++;
	return reading->told == reading->wanted ? reading->value : 0;
}

static int told_of(const struct reading *reading, __u64 id)
{
	unsigned int i;
	int times = 0;

	for (i = 0; i < reading->told && i < ARRAY_SIZE(reading->ids); i++)
		times += reading->ids[i] == id;
	return times;
}

TEST_F(library, lists_what_its_filter_leaves)
{
	const struct {
		struct sockdup_filter filter;
		int times;
	} rounds[] = {
		{ { 0 }, 1 },
		{ { .target = self->target.pid }, 1 },
		{ { .target = getpid() }, 0 },
		{ { .source = getpid() }, 1 },
		{ { .source = self->target.pid }, 0 },
		{ { .by_uid = true, .uid = 0 }, 1 },
		{ { .by_uid = true, .uid = SOURCE_UID }, 0 },
		{ { .uid = SOURCE_UID }, 1 },
		{ { .target = self->target.pid, .source = getpid(),
		    .by_uid = true, .uid = 0 }, 1 },
		{ { .target = self->target.pid, .by_uid = true, .uid = 1 }, 0 },
	};
	struct reading reading;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rounds); i++) {
		memset(&reading, 0, sizeof(reading));
		EXPECT_EQ(0, sockdup_list(&rounds[i].filter, read_one,
					  &reading));
		EXPECT_EQ(rounds[i].times, told_of(&reading, self->id))
			TH_LOG("filter %u", i);
	}
	memset(&reading, 0, sizeof(reading));
	EXPECT_EQ(0, sockdup_list(NULL, read_one, &reading));
	EXPECT_EQ(1, told_of(&reading, self->id));
}

static int keep_one(const struct sockdup_token_info *token, void *context)
{
	*(struct sockdup_token_info *)context = *token;
	return 0;
}

TEST_F(library, lists_all_of_a_token)
{
	const struct sockdup_filter filter = { .target = self->target.pid };

	ASSERT_EQ(0, sockdup_list(&filter, keep_one, &self->token));
	expect_all_told(_metadata, &self->token, &self->info, self->target.pid,
			self->fd);
}

static int export_many(int fd, pid_t target, __u64 ids[MANY])
{
	struct sockdup_protocol_info info;
	int i, error = 0;

	for (i = 0; i < MANY && !error; i++)
		error = result(sockdup_netlink_export(fd, target, 0, 0, &info,
						      &ids[i]));
	return error;
}

TEST_F(library, lists_many_tokens_each_once)
{
	const struct sockdup_filter filter = { .target = self->target.pid };
	struct reading reading = { 0 };
	__u64 ids[MANY];
	int i;

	ASSERT_EQ(0, export_many(self->fd, self->target.pid, ids));
	ASSERT_EQ(0, sockdup_list(&filter, read_one, &reading));
	EXPECT_EQ(MANY + 1, reading.told);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(1, told_of(&reading, ids[i]));
}

TEST_F(library, ends_a_list_where_the_callback_says)
{
	const struct sockdup_filter filter = { .target = self->target.pid };
	const struct {
		unsigned int wanted;
		int value;
	} ends[] = {
		{ 1, 7 },
		{ 1, -7 },
		{ MANY / 2, 1 },	/* the kernel has sent some, and has more */
		{ MANY + 1, 1 },	/* the last */
	};
	struct reading reading;
	unsigned int i;
	__u64 ids[MANY];

	ASSERT_EQ(0, export_many(self->fd, self->target.pid, ids));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		memset(&reading, 0, sizeof(reading));
		reading.wanted = ends[i].wanted;
		reading.value = ends[i].value;
		EXPECT_EQ(ends[i].value,
			  sockdup_list(&filter, read_one, &reading));
		EXPECT_EQ(ends[i].wanted, reading.told);
	}
	/* What was not read is in the way of nothing. */
	EXPECT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_EQ(self->id, self->token.id);
}

/* The kernel's words, which come with the name of what is at fault. */

/* An error with its attribute and the beginning of its words, or without any. */
static void expect_failure(struct __test_metadata *_metadata, int error,
			   int got, const char *attribute, const char *words)
{
	const char *said = sockdup_error_text();

	EXPECT_EQ(-1, got);
	EXPECT_EQ(error, errno)
		TH_LOG("words: %s", said);
	EXPECT_STREQ(attribute, sockdup_error_attribute());
	EXPECT_EQ(!words, !*said)
		TH_LOG("words: %s", said);
	if (words)
		EXPECT_EQ(0, strncmp(words, said, strlen(words)))
			TH_LOG("wanted words: %s; words: %s", words, said);
}

#define EXPECT_FAILURE(error, call, attribute, words)			\
	do {								\
		int got = (call);					\
									\
		expect_failure(_metadata, error, got, attribute, words); \
	} while (0)

#define EXPECT_NO_WORDS(error, call)	EXPECT_FAILURE(error, call, "", NULL)

TEST_F(library, refuses_exports_in_words)
{
	struct sockdup_protocol_info info;
	const pid_t pid = self->target.pid;
	const int unconnected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, unconnected);
	EXPECT_FAILURE(ENOTSOCK, sockdup_netlink_export(STDIN_FILENO, pid, 0, 0,
							&info, NULL),
		       "fd", "this is not a socket");
	EXPECT_FAILURE(ERANGE, sockdup_netlink_export(-1, pid, 0, 0, &info,
						      NULL),
		       "fd", "");
	EXPECT_FAILURE(ERANGE, sockdup_netlink_export(self->fd, 0, 0, 0, &info,
						      NULL),
		       "target", "");
	EXPECT_FAILURE(ESRCH, sockdup_netlink_export(self->fd, NO_PROCESS, 0, 0,
						     &info, NULL),
		       "target", "this cannot be a target");
	EXPECT_FAILURE(ENOTCONN,
		       sockdup_netlink_export(self->fd, unconnected,
					      SOCKDUP_EXPORT_TO_PEER, 0, &info,
					      NULL),
		       "peer-fd", "this cannot be a target");
	EXPECT_FAILURE(EBADF,
		       sockdup_netlink_export(self->fd, self->fd,
					      SOCKDUP_EXPORT_TO_PIDFD, 0, &info,
					      NULL),
		       "pidfd", "this cannot be a target");
	EXPECT_FAILURE(EINVAL, sockdup_netlink_export(self->fd, pid, 0, -1,
						      &info, NULL),
		       "ttl-ms", "no token may live this long");
	ASSERT_EQ(0, write_string(NETLINK_EXPORT, "0"));
	EXPECT_FAILURE(EOPNOTSUPP, sockdup_netlink_export(self->fd, pid, 0, 0,
							  &info, NULL),
		       "", "exports by netlink are switched off");
}

/* What the kernel is not asked about; there are words of an earlier failure. */
#define EXPECT_SILENCE(error, call)					\
	do {								\
		EXPECT_FAILURE(ENOENT, sockdup_revoke_id(1), "id", "");	\
		EXPECT_NO_WORDS(error, call);				\
	} while (0)

TEST_F(library, refuses_by_itself_without_words)
{
	struct sockdup_subscription *subscription;
	struct sockdup_protocol_info info;
	struct sockdup_token_event event;
	const int flags[] = {
		SOCKDUP_EXPORT_END_ON_CLOSE,
		SOCKDUP_EXPORT_TO_PEER | SOCKDUP_EXPORT_TO_PIDFD,
		0x40000000,
	};
	unsigned int i;

	ASSERT_EQ(0, sockdup_subscribe(&subscription));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_SILENCE(EINVAL,
			       sockdup_netlink_export(self->fd,
						      self->target.pid,
						      flags[i], 0, &info,
						      NULL));
	EXPECT_SILENCE(EBADF, sockdup_netlink_export(CLOSED_FD,
						     self->target.pid, 0, 0,
						     &info, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_netlink_export(self->fd,
						      self->target.pid, 0, 0,
						      NULL, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_list(NULL, NULL, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_find_by_id(self->id, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_find_by_info(&self->info, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_find_by_info(NULL, &self->token));
	EXPECT_SILENCE(EFAULT, sockdup_stats(NULL));
	EXPECT_SILENCE(EFAULT, sockdup_stats_of(0, NULL));
	EXPECT_SILENCE(EFAULT, sockdup_subscribe(NULL));
	EXPECT_SILENCE(EFAULT, sockdup_next_event(NULL, &event));
	EXPECT_SILENCE(EFAULT, sockdup_subscription_fd(NULL));
	EXPECT_SILENCE(EFAULT, sockdup_next_event(subscription, NULL));
	sockdup_unsubscribe(subscription);
}

TEST_F(library, finds_nothing_in_words)
{
	EXPECT_FAILURE(ENOENT, sockdup_find_by_id(1, &self->token),
		       "id", "no live token of yours has this id");
	self->info.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	EXPECT_FAILURE(ENOENT, sockdup_find_by_info(&self->info, &self->token),
		       "protocol-info", "these bytes name no live token");
	self->info.size++;
	EXPECT_FAILURE(EINVAL, sockdup_find_by_info(&self->info, &self->token),
		       "protocol-info", "");
	/* The two sets of attributes have different names for one number. */
	EXPECT_FAILURE(EINVAL, sockdup_stats_of(-1, &self->stats),
		       "uid", "your user namespace has no such user");
}

/* Some kernels have the words alone for a list. */
TEST_F(library, refuses_lists_in_words)
{
	const struct sockdup_filter filters[] = {
		{ .target = -1 },
		{ .source = -1 },
		{ .by_uid = true, .uid = -1 },
	};
	const int errors[] = { ERANGE, ERANGE, EINVAL };
	struct reading reading = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		EXPECT_EQ(-1, sockdup_list(&filters[i], read_one, &reading));
		EXPECT_EQ(errors[i], errno);
		EXPECT_STRNE("", sockdup_error_text());
	}
	EXPECT_EQ(0, reading.told);
}

TEST_F(library, refuses_users_in_words)
{
	struct sockdup_subscription *subscription;

	ASSERT_EQ(0, become_user(SOURCE_UID));
	EXPECT_FAILURE(ENOENT, sockdup_find_by_id(self->id, &self->token),
		       "id", "");
	EXPECT_FAILURE(ENOENT, sockdup_revoke_id(self->id), "id", "");
	EXPECT_FAILURE(EPERM, sockdup_find_by_info(&self->info, &self->token),
		       "protocol-info", "this token is not for");
	EXPECT_FAILURE(EPERM, sockdup_stats_of(0, &self->stats),
		       "uid", "only CAP_SYS_ADMIN may see what other users hold");
	EXPECT_FAILURE(EPERM, sockdup_netlink_export(self->fd, self->target.pid,
						     0, LONG_TTL_MS,
						     &self->info, NULL),
		       "ttl-ms", "the target belongs to another user");
	EXPECT_NO_WORDS(EPERM, sockdup_subscribe(&subscription));
}

TEST_F(library, has_no_words_after_a_success)
{
	EXPECT_FAILURE(ENOENT, sockdup_revoke_id(1), "id", "");
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_STREQ("", sockdup_error_text());
	EXPECT_STREQ("", sockdup_error_attribute());
}

static void *fail_elsewhere(void *arg)
{
	struct sockdup_stats stats;

	return sockdup_stats_of(-1, &stats) ? arg : NULL;
}

TEST_F(library, keeps_words_for_the_thread)
{
	pthread_t thread;
	void *failed;

	EXPECT_FAILURE(ENOENT, sockdup_revoke_id(1), "id", "");
	ASSERT_EQ(0, pthread_create(&thread, NULL, fail_elsewhere, self));
	ASSERT_EQ(0, pthread_join(thread, &failed));
	EXPECT_EQ(self, failed);
	EXPECT_STREQ("id", sockdup_error_attribute());
	EXPECT_STREQ("no live token of yours has this id",
		     sockdup_error_text());
}

TEST_F(library, says_where_there_is_no_descriptor)
{
	struct sockdup_subscription *subscription;
	struct rlimit limit;
	int lowest = dup(self->fd);

	ASSERT_LE(0, lowest);
	ASSERT_EQ(0, close(lowest));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = lowest;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_NO_WORDS(EMFILE, sockdup_subscribe(&subscription));
	EXPECT_NO_WORDS(EMFILE, sockdup_find_by_id(self->id, &self->token));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* Nor is one kept by a call. */
	ASSERT_EQ(0, sockdup_find_by_id(self->id, &self->token));
	EXPECT_FAILURE(ENOENT, sockdup_find_by_id(1, &self->token),
		       "id", "");
	EXPECT_EQ(lowest, dup(self->fd));
}

/* No module, no family. */

FIXTURE(removal) {
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(removal)
{
	if (access(module_path(), R_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	memset(&self->info, 0, sizeof(self->info));
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, module_wait_until_unused());
	ASSERT_EQ(0, module_remove());
}

FIXTURE_TEARDOWN(removal)
{
	EXPECT_EQ(0, module_insert());
}

TEST_F(removal, is_what_every_function_tells_of)
{
	struct sockdup_subscription *subscription;
	struct sockdup_token_info token;
	struct reading reading = { 0 };
	struct sockdup_stats stats;

	EXPECT_NO_WORDS(ENODEV, sockdup_netlink_export(STDIN_FILENO, getpid(),
						       0, 0, &self->info,
						       NULL));
	EXPECT_NO_WORDS(ENODEV, sockdup_list(NULL, read_one, &reading));
	EXPECT_NO_WORDS(ENODEV, sockdup_find_by_id(1, &token));
	EXPECT_NO_WORDS(ENODEV, sockdup_find_by_info(&self->info, &token));
	EXPECT_NO_WORDS(ENODEV, sockdup_revoke_id(1));
	EXPECT_NO_WORDS(ENODEV, sockdup_stats(&stats));
	EXPECT_NO_WORDS(ENODEV, sockdup_stats_of(0, &stats));
	EXPECT_NO_WORDS(ENODEV, sockdup_subscribe(&subscription));
	EXPECT_EQ(0, reading.told);
}

SOCKDUP_TEST_MAIN
