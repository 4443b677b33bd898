// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posts by netlink: which are listed to whom, what is told of them, and who ends them.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "genl.h"
#include "guarded.h"
#include "harness.h"
#include "inbox_call.h"
#include "result.h"

#define ROOM		16
#define MESSAGE		"the sender's own words"
#define COOKIE		0x5ec2e7c00c1e5ec2ULL

/* More posts than a message has room for, and than one step looks at. */
#define MANY		4000

/* What a list has shown: all counts, the first ones are kept. */
struct seen {
	unsigned int count;
	struct sockdup_post_info posts[ROOM];
};

/* What the test and its children share. */
static struct shared {
	int (*todo)(void);
	pid_t owner;
	__u64 inbox;
	__u64 id;
	struct seen seen;
	struct sockdup_protocol_info info;
	atomic_uint moves;
} *shared;

static int see(const struct sockdup_post_info *post, void *context)
{
	struct seen *seen = context;

	if (seen->count < ROOM)
		seen->posts[seen->count] = *post;
	seen->count++;
	return 0;
}

/* How many there are, or -errno. */
static int list_into(struct seen *seen)
{
	int error;

	seen->count = 0;
	error = result(sockdup_list_posts(see, seen));
	return error ? error : (int)seen->count;
}

static int count_posts(void)
{
	return list_into(&shared->seen);
}

/* By the caller, of the post that the test names. */
static int revoke_it(void)
{
	return result(sockdup_post_revoke_id(shared->inbox, shared->id));
}

static int end_post(const struct sockdup_post_info *post)
{
	return result(sockdup_post_revoke_id(post->inbox, post->id));
}

/* An inbox for every user. */
static int open_to_all(unsigned int slots)
{
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = SOCKDUP_INBOX_ANYBODY,
		.slots = slots,
		.message_size = 256,
		.max_sockets = 4,
	};
	int device = device_open(), error;

	if (device < 0)
		return device;
	fcntl(device, F_SETFL, O_NONBLOCK);
	error = device_ioctl(device, SOCKDUP_IOC_INBOX, &open);
	return error ?: device;
}

/* What children do, each with handles of its own. */

static int own_inbox, own_sender;

static int child_opens(void)
{
	own_inbox = open_to_all(ROOM);
	return own_inbox < 0 ? own_inbox : 0;
}

static int child_joins(void)
{
	own_inbox = device_open();
	return join_with(own_inbox, &shared->info);
}

static int child_binds(void)
{
	own_sender = bound_to(shared->owner);
	return own_sender < 0 ? own_sender : 0;
}

static int child_posts(void)
{
	int fd = udp_bound(AF_INET);
	int error = post_with(own_sender, fd, 0, COOKIE, &shared->id);

	close(fd);
	return error;
}

static void follow(int channel, int unused)
{
	int (*todo)(void) = NULL;

	(void)unused;
	for (;;) {
		say(channel, todo ? todo() : 0);
		todo = shared->todo;
	}
}

static int child_follows(struct child *child, uid_t uid)
{
	int error = child_start(child, uid, follow, 0);

	return error ?: child_answer(child);
}

static int child_does(const struct child *child, int (*todo)(void))
{
	shared->todo = todo;
	return child_go_on(child);
}

/* The test owns an inbox for every user, and posts to it, too. */
FIXTURE(posts) {
	int inbox;
	int sender;
	int fd;
	int peer;
	struct child user;
	struct child stranger;
	struct seen seen;
};

FIXTURE_SETUP(posts)
{
	int fds[2];

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	shared->owner = getpid();
	ASSERT_EQ(0, child_follows(&self->user, SOURCE_UID));
	ASSERT_EQ(0, child_follows(&self->stranger, OTHER_UID));
	self->inbox = open_to_all(ROOM);
	ASSERT_LE(0, self->inbox);
	self->sender = bound_to(getpid());
	ASSERT_LE(0, self->sender);
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->fd = fds[0];
	self->peer = fds[1];
}

FIXTURE_TEARDOWN(posts)
{
	child_end(&self->user);
	child_end(&self->stranger);
	close(self->sender);
	close(self->inbox);
	close(self->fd);
	close(self->peer);
}

static int post_message(int sender, const int *fds, unsigned int count, __u64 *id)
{
	struct sockdup_post post = {
		.fd = -1,
		.cookie = COOKIE,
		.ttl_ms = LONG_TTL_MS,
		.message = (uintptr_t)MESSAGE,
		.message_size = sizeof(MESSAGE),
		.fds = (uintptr_t)fds,
		.socket_count = count,
	};
	int error = device_ioctl(sender, SOCKDUP_IOC_POST, &post);

	*id = post.id;
	return error;
}

TEST_F(posts, are_told_of)
{
	const struct address local = bound_address(self->fd);
	const struct address remote = peer_address(self->fd);
	const struct sockdup_post_info *post = self->seen.posts;
	int fds[3] = { self->fd, udp_bound(AF_INET), udp_bound(AF_INET) };
	__u64 id;

	EXPECT_EQ(0, list_into(&self->seen));
	ASSERT_EQ(0, post_message(self->sender, fds, 3, &id));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(id, post->id);
	EXPECT_EQ(getpid(), post->target);
	EXPECT_EQ(getpid(), post->source);
	EXPECT_EQ(0, post->uid);
	EXPECT_EQ(0, post->gid);
	EXPECT_LE(post->left_ms, LONG_TTL_MS);
	EXPECT_GT(post->left_ms, LONG_TTL_MS / 2);
	EXPECT_EQ(3, post->socket_count);
	EXPECT_EQ(sizeof(MESSAGE), post->message_size);
	EXPECT_EQ(AF_INET, post->socket.family);
	EXPECT_EQ(SOCK_STREAM, post->socket.type);
	EXPECT_EQ(IPPROTO_TCP, post->socket.protocol);
	EXPECT_STREQ("TCP", post->socket.protocol_name);
	EXPECT_EQ(TCP_ESTABLISHED, post->socket.state);
	EXPECT_EQ(local.size, post->socket.local_size);
	EXPECT_EQ(0, memcmp(&local.storage, &post->socket.local, local.size));
	EXPECT_EQ(remote.size, post->socket.remote_size);
	EXPECT_EQ(0, memcmp(&remote.storage, &post->socket.remote, remote.size));
	EXPECT_NE(0, post->socket.inode);
	EXPECT_EQ(network_namespace(), post->socket.netns);
	EXPECT_STREQ("", post->socket.name);
	close(fds[1]);
	close(fds[2]);
}

TEST_F(posts, are_told_with_a_reserve_of_zeroes)
{
	struct sockdup_post_info *post = &self->seen.posts[0];

	memset(&self->seen, POISON, sizeof(self->seen));
	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(0, post->message_size);
	EXPECT_TRUE(bytes_are(post->__reserved, 0, sizeof(post->__reserved)));
	EXPECT_TRUE(bytes_are(post->socket.__reserved, 0, sizeof(post->socket.__reserved)));
	EXPECT_EQ(-EFAULT, result(sockdup_list_posts(NULL, NULL)));
}

/* What comes of a request, in one go. */
static ssize_t whole_answer(struct genl *genl)
{
	int error = genl_send(genl);

	if (!error)
		error = wait_for_poll(genl_fd(genl), POLLIN);
	return error ? error : result(recv(genl_fd(genl), genl->reply, sizeof(genl->reply), 0));
}

TEST_F(posts, are_told_without_cookie_and_message)
{
	const __u64 cookie = COOKIE;
	struct genl genl;
	ssize_t size;
	__u64 id;

	ASSERT_EQ(0, genl_open(&genl));
	ASSERT_EQ(0, post_message(self->sender, &self->fd, 1, &id));
	genl_begin(&genl, SOCKDUP_CMD_POST_GET)->nlmsg_flags |= NLM_F_DUMP;
	size = whole_answer(&genl);
	ASSERT_LT(0, size);
	EXPECT_NE(NULL, memmem(genl.reply, size, &id, sizeof(id)));
	EXPECT_EQ(NULL, memmem(genl.reply, size, &cookie, sizeof(cookie)));
	EXPECT_EQ(NULL, memmem(genl.reply, size, MESSAGE, strlen(MESSAGE)));
	genl_close(&genl);
}

TEST_F(posts, are_listed_while_they_wait)
{
	struct sockdup_accept accept;
	unsigned int i, j;

	for (i = 0; i < ROOM; i++)
		ASSERT_EQ(0, post_fd(self->sender, self->fd, i));
	EXPECT_EQ(ROOM, list_into(&self->seen));
	for (i = 1; i <= ROOM; i++) {
		close(accept_post(self->inbox, &accept));
		EXPECT_EQ(ROOM - i, list_into(&self->seen));
		for (j = 0; j < ROOM - i; j++)
			EXPECT_NE(accept.id, self->seen.posts[j].id);
	}
}

static bool are_none(void *seen)
{
	return list_into(seen) == 0;
}

TEST_F(posts, are_gone_after_their_time)
{
	struct sockdup_post post = { .fd = self->fd, .ttl_ms = 1 };

	ASSERT_EQ(0, device_ioctl(self->sender, SOCKDUP_IOC_POST, &post));
	EXPECT_EQ(0, wait_until(are_none, &self->seen));
}

/* Until they are swept, too. */
TEST_F(posts, are_gone_with_the_inbox)
{
	struct sockdup_post_info post;

	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(1, list_into(&self->seen));
	post = self->seen.posts[0];
	close(self->inbox);
	EXPECT_EQ(0, list_into(&self->seen));
	EXPECT_EQ(-ENOENT, end_post(&post));
	self->inbox = open_to_all(ROOM);
	ASSERT_LE(0, self->inbox);
	close(self->sender);
	self->sender = bound_to(getpid());
	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(post.id, self->seen.posts[0].id);
	EXPECT_NE(post.inbox, self->seen.posts[0].inbox);
	EXPECT_EQ(-ENOENT, end_post(&post));
	EXPECT_EQ(1, list_into(&self->seen));
}

TEST_F(posts, outlive_their_sender)
{
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	kill(self->user.pid, SIGKILL);
	ASSERT_EQ(0, wait_for_death(self->user.pid));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(self->user.pid, self->seen.posts[0].source);
	EXPECT_EQ(SOURCE_UID, self->seen.posts[0].uid);
	EXPECT_EQ(0, end_post(&self->seen.posts[0]));
}

/* Who sees what. */

TEST_F(posts, of_a_user_are_seen_by_that_user)
{
	const struct sockdup_post_info *post = &shared->seen.posts[0];

	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	EXPECT_EQ(0, child_does(&self->user, count_posts));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(1, child_does(&self->user, count_posts));
	EXPECT_EQ(shared->id, post->id);
	EXPECT_EQ(getpid(), post->target);
	EXPECT_EQ(self->user.pid, post->source);
	EXPECT_EQ(SOURCE_UID, post->uid);
	EXPECT_EQ(SOURCE_UID, post->gid);
	shared->inbox = post->inbox;
	/* Neither by who may post there, nor by who does not. */
	EXPECT_EQ(0, child_does(&self->stranger, count_posts));
	EXPECT_EQ(-ENOENT, child_does(&self->stranger, revoke_it));
	ASSERT_EQ(0, child_does(&self->stranger, child_binds));
	EXPECT_EQ(0, child_does(&self->stranger, count_posts));
	EXPECT_EQ(-ENOENT, child_does(&self->stranger, revoke_it));
	EXPECT_EQ(2, list_into(&self->seen));
}

TEST_F(posts, of_others_are_not_shown_beside_ones_own)
{
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->stranger, child_binds));
	ASSERT_EQ(0, child_does(&self->stranger, child_posts));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(0, child_does(&self->stranger, child_posts));
	EXPECT_EQ(1, child_does(&self->user, count_posts));
	EXPECT_EQ(2, child_does(&self->stranger, count_posts));
	EXPECT_EQ(OTHER_UID, shared->seen.posts[0].uid);
	EXPECT_EQ(OTHER_UID, shared->seen.posts[1].uid);
	EXPECT_EQ(3, list_into(&self->seen));
}

static int bind_to_user(const struct child *user)
{
	return bound_to(user->pid);
}

TEST_F(posts, are_seen_by_the_user_who_opened_the_inbox)
{
	const struct sockdup_post_info *post = &shared->seen.posts[0];
	int sender;

	ASSERT_EQ(0, child_does(&self->user, child_opens));
	sender = bind_to_user(&self->user);
	ASSERT_LE(0, sender);
	ASSERT_EQ(0, post_with(sender, self->fd, 0, 0, &shared->id));
	ASSERT_EQ(1, child_does(&self->user, count_posts));
	EXPECT_EQ(shared->id, post->id);
	EXPECT_EQ(getpid(), post->source);
	EXPECT_EQ(0, post->uid);
	EXPECT_EQ(self->user.pid, post->target);
	EXPECT_EQ(0, child_does(&self->stranger, count_posts));
	shared->inbox = post->inbox;
	EXPECT_EQ(0, child_does(&self->user, revoke_it));
	EXPECT_EQ(0, list_into(&self->seen));
	close(sender);
}

static int become_others_inside(void)
{
	return become_root_inside(CLONE_NEWNET);
}

TEST_F(posts, are_seen_in_the_network_namespace_alone)
{
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(1, child_does(&self->user, count_posts));
	shared->inbox = shared->seen.posts[0].inbox;
	ASSERT_EQ(0, child_does(&self->user, become_others_inside));
	EXPECT_EQ(0, child_does(&self->user, count_posts));
	EXPECT_EQ(-ENOENT, child_does(&self->user, revoke_it));
}

/* In a pid namespace of its own. */
static int count_far_away(void)
{
	pid_t pid;

	if (become_root_inside(CLONE_NEWPID))
		return -EIO;
	pid = fork();
	if (!pid)
		_exit(count_posts() ? 1 : 0);
	return outcome_of(pid);
}

TEST_F(posts, are_seen_where_the_process_is)
{
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(1, child_does(&self->user, count_posts));
	EXPECT_EQ(0, child_does(&self->user, count_far_away));
}

static int change_effective_user(void)
{
	return result(setresuid(SOURCE_UID, TARGET_UID, -1));
}

static void as_root_of_two(int channel, int unused)
{
	(void)unused;
	say(channel, change_effective_user());
	for (;;)
		say(channel, count_posts());
}

/* The real user alone is not enough. */
TEST_F(posts, are_seen_with_both_ids)
{
	struct child half;

	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(0, child_start(&half, 0, as_root_of_two, 0));
	ASSERT_EQ(0, child_answer(&half));
	EXPECT_EQ(0, child_go_on(&half));
	child_end(&half);
}

TEST_F(posts, show_an_owner_that_is_left)
{
	ASSERT_EQ(0, invite(self->inbox, self->user.pid, SOCKDUP_EXPORT_INVITE_TO_ACCEPT, 0,
			    &shared->info));
	ASSERT_EQ(0, child_does(&self->user, child_joins));
	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(getpid(), self->seen.posts[0].target);
	close(self->inbox);
	self->inbox = -1;
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(self->user.pid, self->seen.posts[0].target);
	/* Who joins owns it with others, and has not opened it. */
	EXPECT_EQ(0, child_does(&self->user, count_posts));
}

/* Ends. */

TEST_F(posts, let_go_of_the_socket_when_revoked)
{
	ASSERT_EQ(0, post_with(self->sender, self->fd, SOCKDUP_POST_CLOSE, 0, NULL));
	ASSERT_EQ(1, list_into(&self->seen));
	EXPECT_EQ(0, recv_nothing(self->peer));
	EXPECT_EQ(0, end_post(&self->seen.posts[0]));
	EXPECT_EQ(0, wait_for_end(self->peer));
	EXPECT_EQ(-ENOENT, end_post(&self->seen.posts[0]));
	EXPECT_STREQ("id", sockdup_error_attribute());
	EXPECT_STRNE("", sockdup_error_text());
	EXPECT_EQ(0, list_into(&self->seen));
	self->fd = -1;
}

TEST_F(posts, are_revoked_by_their_user)
{
	ASSERT_EQ(0, child_does(&self->user, child_binds));
	ASSERT_EQ(0, child_does(&self->user, child_posts));
	ASSERT_EQ(1, list_into(&self->seen));
	shared->inbox = self->seen.posts[0].inbox;
	EXPECT_EQ(0, child_does(&self->user, revoke_it));
	EXPECT_EQ(-ENOENT, child_does(&self->user, revoke_it));
	EXPECT_EQ(0, list_into(&self->seen));
}

TEST_F(posts, that_are_revoked_leave_the_others_in_their_order)
{
	struct sockdup_accept accept;
	__u64 ids[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, post_with(self->sender, self->fd, 0, i, &ids[i]));
	ASSERT_EQ(3, list_into(&self->seen));
	EXPECT_EQ(0, result(sockdup_post_revoke_id(self->seen.posts[0].inbox, ids[1])));
	for (i = 0; i < 3; i += 2) {
		close(accept_post(self->inbox, &accept));
		EXPECT_EQ(i, accept.cookie);
	}
	EXPECT_EQ(-EAGAIN, accept_post(self->inbox, &accept));
}

struct meeting {
	pthread_barrier_t barrier;
	int inbox;
	unsigned int rounds;
	int accepted;
};

static void *accept_rounds(void *context)
{
	struct meeting *meeting = context;
	struct sockdup_accept accept;
	unsigned int i;

	for (i = 0; i < meeting->rounds; i++) {
		pthread_barrier_wait(&meeting->barrier);
		meeting->accepted = accept_post(meeting->inbox, &accept);
		if (meeting->accepted >= 0)
			close(meeting->accepted);
		pthread_barrier_wait(&meeting->barrier);
	}
	return NULL;
}

TEST_F(posts, revoked_and_accepted_at_once_have_one_end)
{
	struct meeting meeting = { .inbox = self->inbox, .rounds = stress(20000) };
	unsigned int i, revoked = 0, busy = 0, amiss = 0;
	pthread_t thread;
	__u64 inbox, id;
	int error;

	ASSERT_EQ(0, post_fd(self->sender, self->fd, 0));
	ASSERT_EQ(1, list_into(&self->seen));
	inbox = self->seen.posts[0].inbox;
	ASSERT_EQ(0, end_post(&self->seen.posts[0]));
	pthread_barrier_init(&meeting.barrier, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, accept_rounds, &meeting));
	for (i = 0; i < meeting.rounds; i++) {
		error = post_with(self->sender, self->fd, 0, 0, &id);
		pthread_barrier_wait(&meeting.barrier);
		if (!error)
			error = result(sockdup_post_revoke_id(inbox, id));
		pthread_barrier_wait(&meeting.barrier);
		revoked += !error;
		busy += error == -EBUSY;
		amiss += error ? (error != -EBUSY && error != -ENOENT) || meeting.accepted < 0 :
				 meeting.accepted != -EAGAIN;
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
	TH_LOG("%u rounds, %u revoked, %u while they were accepted", meeting.rounds, revoked,
	       busy);
	EXPECT_EQ(0, amiss);
	EXPECT_EQ(0, list_into(&self->seen));
}

/* Requests for one post, and those that are refused. */

FIXTURE(request) {
	struct genl genl;
	int inbox;
	int sender;
	int fd;
	__u64 id;
	struct seen seen;
};

FIXTURE_SETUP(request)
{
	ASSERT_EQ(0, genl_open(&self->genl));
	self->inbox = inbox_of_slots(ROOM);
	ASSERT_LE(0, self->inbox);
	self->sender = bound_to(getpid());
	self->fd = udp_bound(AF_INET);
	ASSERT_EQ(0, post_with(self->sender, self->fd, 0, 0, &self->id));
	ASSERT_EQ(1, list_into(&self->seen));
}

FIXTURE_TEARDOWN(request)
{
	close(self->sender);
	close(self->inbox);
	close(self->fd);
	genl_close(&self->genl);
}

/* With what is not zero. */
static int ask(struct genl *genl, int command, __u64 inbox, __u64 id)
{
	struct nlmsghdr *request = genl_begin(genl, command);

	if (inbox)
		mnl_attr_put_u64(request, SOCKDUP_A_POST_INBOX, inbox);
	if (id)
		mnl_attr_put_u64(request, SOCKDUP_A_POST_ID, id);
	return genl_call(genl);
}

TEST_F(request, gets_the_post_that_it_names)
{
	const __u64 inbox = self->seen.posts[0].inbox;

	ASSERT_EQ(0, ask(&self->genl, SOCKDUP_CMD_POST_GET, inbox, self->id));
	ASSERT_NE(NULL, self->genl.answer);
	EXPECT_EQ(inbox, mnl_attr_get_u64(self->genl.attributes[SOCKDUP_A_POST_INBOX]));
	EXPECT_EQ(self->id, mnl_attr_get_u64(self->genl.attributes[SOCKDUP_A_POST_ID]));
	EXPECT_NE(NULL, self->genl.attributes[SOCKDUP_A_POST_SOCKET]);
	EXPECT_EQ(0, ask(&self->genl, SOCKDUP_CMD_POST_REVOKE, inbox, self->id));
	EXPECT_EQ(-ENOENT, ask(&self->genl, SOCKDUP_CMD_POST_GET, inbox, self->id));
	EXPECT_EQ(SOCKDUP_A_POST_ID, self->genl.blamed);
	EXPECT_STRNE("", self->genl.message);
}

TEST_F(request, names_both_inbox_and_post)
{
	static const int commands[] = { SOCKDUP_CMD_POST_GET, SOCKDUP_CMD_POST_REVOKE };
	const __u64 inbox = self->seen.posts[0].inbox;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EINVAL, ask(&self->genl, commands[i], 0, self->id));
		EXPECT_EQ(SOCKDUP_A_POST_INBOX, self->genl.missing);
		EXPECT_STRNE("", self->genl.message);
		EXPECT_EQ(-EINVAL, ask(&self->genl, commands[i], inbox, 0));
		EXPECT_EQ(SOCKDUP_A_POST_ID, self->genl.missing);
		EXPECT_STRNE("", self->genl.message);
		EXPECT_EQ(-ENOENT, ask(&self->genl, commands[i], inbox + 1, self->id));
		EXPECT_EQ(-ENOENT, ask(&self->genl, commands[i], inbox, self->id + 1));
		EXPECT_EQ(-ENOENT, ask(&self->genl, commands[i], inbox,
				       self->id + (1 << 16)));
		EXPECT_EQ(-ENOENT, ask(&self->genl, commands[i], ~0ULL, ~0ULL));
		EXPECT_EQ(SOCKDUP_A_POST_ID, self->genl.blamed);
		EXPECT_STRNE("", self->genl.message);
	}
	EXPECT_EQ(1, list_into(&self->seen));
}

TEST_F(request, has_no_attribute_of_a_token)
{
	mnl_attr_put_u32(genl_begin(&self->genl, SOCKDUP_CMD_POST_GET),
			 SOCKDUP_A_TOKEN_TARGET, 1);
	EXPECT_EQ(-EINVAL, genl_call(&self->genl));
	mnl_attr_put_u64(genl_begin(&self->genl, SOCKDUP_CMD_POST_REVOKE),
			 SOCKDUP_A_TOKEN_UID, 1);
	EXPECT_EQ(-EINVAL, genl_call(&self->genl));
}

/* The error of a list, or how many messages with an inbox it has. */
static int list_with(struct genl *genl, int attribute, __u64 value)
{
	struct nlmsghdr *request = genl_begin(genl, SOCKDUP_CMD_POST_GET);
	const struct nlmsghdr *message;
	ssize_t size;
	int left, count = 0;

	request->nlmsg_flags |= NLM_F_DUMP;
	mnl_attr_put_u64(request, attribute, value);
	size = whole_answer(genl);
	if (size < 0)
		return size;
	left = size;
	for (message = (const void *)genl->reply; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
			return *(int *)mnl_nlmsg_get_payload(message) ?: count;
		count++;
	}
	/* The end comes by itself where there are posts. */
	return recv(genl_fd(genl), genl->reply, sizeof(genl->reply), 0) < 0 ? -errno : count;
}

TEST_F(request, lists_one_inbox)
{
	const __u64 inbox = self->seen.posts[0].inbox;

	EXPECT_EQ(1, list_with(&self->genl, SOCKDUP_A_POST_INBOX, inbox));
	EXPECT_EQ(0, list_with(&self->genl, SOCKDUP_A_POST_INBOX, inbox - 1));
	EXPECT_EQ(0, list_with(&self->genl, SOCKDUP_A_POST_INBOX, inbox + 1));
	EXPECT_EQ(0, list_with(&self->genl, SOCKDUP_A_POST_INBOX, 0));
	EXPECT_EQ(0, list_with(&self->genl, SOCKDUP_A_POST_INBOX, ~0ULL));
	EXPECT_EQ(-EINVAL, list_with(&self->genl, SOCKDUP_A_POST_ID, self->id));
}

/* Very many posts, of which some come and go. */

FIXTURE(mass) {
	int inbox;
	int sender;
	int fd;
	unsigned int count;
	__u64 *ids;
	unsigned int *seen;
	pid_t pid;
};

FIXTURE_SETUP(mass)
{
	const struct rlimit limit = { 4096, 4096 };

	setrlimit(RLIMIT_NOFILE, &limit);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	shared->owner = getpid();
	self->count = stress(MANY) + 600;
	self->ids = calloc(self->count, sizeof(*self->ids));
	self->seen = calloc(self->count, sizeof(*self->seen));
	/* Some slots are free, here and there. */
	self->inbox = open_to_all(3 * self->count);
	ASSERT_LE(0, self->inbox);
	self->sender = bound_to(getpid());
	ASSERT_LE(0, self->sender);
	self->fd = udp_bound(AF_INET);
}

FIXTURE_TEARDOWN(mass)
{
	if (self->pid) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	close(self->sender);
	close(self->inbox);
	close(self->fd);
}

static int by_number(const void *one, const void *other)
{
	const __u64 *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

/* Every third slot is one that becomes free again. */
static int post_lasting(int sender, int fd, __u64 *ids, unsigned int count)
{
	unsigned int i;
	int error = 0;
	__u64 passing;

	for (i = 0; i < count && !error; i++) {
		error = post_with(sender, fd, 0, 0, &passing);
		if (!error)
			error = post_with(sender, fd, 0, 0, &ids[i]);
		if (!error)
			error = revoke_post(sender, passing);
	}
	qsort(ids, count, sizeof(*ids), by_number);
	return error;
}

struct tally {
	const __u64 *ids;
	unsigned int *seen;
	unsigned int count;
	unsigned int others;
	unsigned int since;
	bool moving;
};

static bool has_moved(void *since)
{
	return shared->moves > *(unsigned int *)since;
}

/* Others come and go while the list is under way. */
static int tick_off(const struct sockdup_post_info *post, void *context)
{
	struct tally *tally = context;
	const __u64 *id = bsearch(&post->id, tally->ids, tally->count, sizeof(*id), by_number);

	if (id && post->source == shared->owner)
		tally->seen[id - tally->ids]++;
	else
		tally->others++;
	if (!tally->moving || ++tally->since % 32)
		return 0;
	tally->since = shared->moves + 2;
	return wait_until(has_moved, &tally->since) ? -1 : 0;
}

static unsigned int amiss_in(const struct tally *tally)
{
	unsigned int i, amiss = 0;

	for (i = 0; i < tally->count; i++)
		amiss += tally->seen[i] != 1;
	return amiss;
}

TEST_F(mass, is_shown_over_several_messages)
{
	struct tally tally = { .ids = self->ids, .seen = self->seen, .count = self->count };

	ASSERT_EQ(0, post_lasting(self->sender, self->fd, self->ids, self->count));
	ASSERT_EQ(0, result(sockdup_list_posts(tick_off, &tally)));
	EXPECT_EQ(0, amiss_in(&tally));
	EXPECT_EQ(0, tally.others);
}

/* To the inbox of the test, and to one that is opened and closed. */
static void come_and_go(void)
{
	int sender = bound_to(shared->owner), fd = udp_bound(AF_INET), inbox, own, i;
	__u64 ids[8];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		inbox = open_to_all(8);
		own = bound_to(getpid());
		for (i = 0; i < 8; i++)
			if (post_with(i % 2 ? own : sender, fd, 0, 0, &ids[i]))
				_exit(1);
		shared->moves++;
		for (i = 0; i < 8; i += 2)
			if (revoke_post(sender, ids[i]))
				_exit(2);
		close(inbox);
		close(own);
		shared->moves++;
	}
}

TEST_F(mass, shows_each_that_stays_once)
{
	struct tally tally = {
		.ids = self->ids, .seen = self->seen, .count = self->count, .moving = true,
	};

	ASSERT_EQ(0, post_lasting(self->sender, self->fd, self->ids, self->count));
	self->pid = fork();
	if (!self->pid)
		come_and_go();
	ASSERT_EQ(0, result(sockdup_list_posts(tick_off, &tally)));
	TH_LOG("%u posts, %u others seen, %u moves", self->count, tally.others, shared->moves);
	EXPECT_EQ(0, amiss_in(&tally));
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
}

/* Strangers have many inboxes, with posts of their own, and the user has some. */

#define INBOXES		600

/* How many of these inboxes there are to one of the user's. */
#define TO_ONE		16

static void open_and_post(uid_t uid)
{
	int inbox, sender;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (uid && become_user(uid))
		_exit(2);
	inbox = open_to_all(1);
	sender = bound_to(getpid());
	if (inbox < 0 || sender < 0 || post_fd(sender, udp_bound(AF_INET), 0))
		_exit(1);
	shared->moves++;
	pause();
}

static int list_as_the_user(unsigned int count)
{
	struct seen seen;

	if (become_user(SOURCE_UID))
		return 1;
	return list_into(&seen) == (int)count ? 0 : 2;
}

TEST_F(mass, of_strangers_is_passed_to_the_end)
{
	unsigned int count = (stress(INBOXES) + 300) / TO_ONE * TO_ONE, i;
	pid_t *pids = calloc(count, sizeof(*pids)), pid;
	struct seen seen;

	for (i = 0; i < count; i++) {
		pids[i] = fork();
		if (!pids[i])
			open_and_post(i % TO_ONE ? 0 : SOURCE_UID);
	}
	i = count - 1;
	EXPECT_EQ(0, wait_until(has_moved, &i));
	EXPECT_EQ(count, list_into(&seen));
	pid = fork();
	if (!pid)
		_exit(list_as_the_user(count / TO_ONE));
	EXPECT_EQ(0, outcome_of(pid));
	for (i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	free(pids);
}

SOCKDUP_TEST_MAIN
