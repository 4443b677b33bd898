// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user whose control group holds more memory than it should. The kernel has this user
 * sleep, for seconds, before it gets more. It does not sleep inside a request of netlink,
 * which holds a lock of all generic netlink.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "attack.h"
#include "genl.h"
#include "harness.h"

#define CGROUPS		"/sys/fs/cgroup/"
#define CGROUP		CGROUPS "sockdup-isolation"

/* What the group holds, and what it should hold at most. */
#define MEMORY		(16 << 20)
#define HIGH		"4096"

/* Exports in one message. Their tokens need more memory than a processor has in stock. */
#define REQUESTS	2500
#define FILES		(2 * REQUESTS)
#define REQUEST_SIZE	64

/* For the replies, which nobody reads meanwhile. A real attacker has a thread read them. */
#define RECEIVE_LIMIT	"/proc/sys/net/core/rmem_max"
#define REPLIES		(16 << 20)
#define REPLIES_TEXT	"16777216"

/* From one look at where the process sleeps to the next. */
#define LOOK_MS		10

/**
 * struct batch - the attack's message
 * @genl: a netlink socket
 * @size: of the message
 * @message: many requests in a row
 */
struct batch {
	struct genl genl;
	size_t size;
	char message[REQUESTS * REQUEST_SIZE];
};

static int make_room(const struct genl *genl)
{
	const int size = REPLIES;

	return setsockopt(genl_fd(genl), SOL_SOCKET, SO_RCVBUF, &size,
			  sizeof(size)) ? -errno : 0;
}

static void add_request(struct batch *batch, int fd)
{
	struct nlmsghdr *request = genl_begin(&batch->genl,
					      SOCKDUP_CMD_TOKEN_EXPORT);

	request->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_FD, fd);
	mnl_attr_put_u32(request, SOCKDUP_A_TOKEN_TARGET, getpid());
	memcpy(batch->message + batch->size, request, request->nlmsg_len);
	batch->size += MNL_ALIGN(request->nlmsg_len);
}

static int prepare(struct attacker *self)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error, i;

	if (!batch || fd < 0)
		return -errno;
	self->state = batch;
	error = genl_open(&batch->genl) ?: make_room(&batch->genl);
	for (i = 0; i < REQUESTS && !error; i++)
		add_request(batch, fd);
	return error;
}

/* Takes memory once it is told to, and sends the message when it is told again. */
static void take_and_send(struct attacker *self)
{
	const struct batch *batch = self->state;
	ssize_t sent;
	void *memory;

	attacker_wait(self);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	attacker_report(self, memory == MAP_FAILED ? -errno : 0);
	attacker_wait(self);
	sent = send(genl_fd(&batch->genl), batch->message, batch->size, 0);
	attacker_report(self, sent == (ssize_t)batch->size ? 0 : -EIO);
	for (;;)
		pause();
}

static int move_into_group(pid_t pid)
{
	char text[16];

	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		return -errno;
	snprintf(text, sizeof(text), "%d", pid);
	return write_string(CGROUP "/cgroup.procs", text);
}

/**
 * struct sleeps - where a process was seen asleep for its group's memory
 * @all: how often
 * @inside: how often inside a request
 */
struct sleeps {
	unsigned int all;
	unsigned int inside;
};

static void look(struct sleeps *sleeps, pid_t pid)
{
	char path[32], *stack;

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	stack = read_text(path);
	/* Not a charge in which another task took the processor. */
	if (stack && strstr(stack, "mem_cgroup_handle_over_high")) {
		sleeps->all++;
		sleeps->inside += !!strstr(stack, "genl_rcv");
	}
	free(stack);
}

/* Looks until the message has been sent. */
static long long watch(struct attackers *attackers, struct sleeps *sleeps)
{
	struct pollfd entry = { .fd = attackers->channels[0], .events = POLLIN };
	const long long end = now_ns() + WAIT_MS * MS;

	while (!poll(&entry, 1, LOOK_MS) && now_ns() < end)
		look(sleeps, attackers->leader);
	return attack_hear(attackers);
}

static bool group_is_removed(void *context)
{
	return !rmdir(CGROUP);
}

TEST(requests_do_not_sleep_for_the_memory_of_a_control_group)
{
	const struct attack attack = {
		.uid = ATTACKER_UID,
		.processes = 1,
		.files = FILES,
		.prepare = prepare,
		.run = take_and_send,
	};
	struct attackers attackers;
	struct sleeps sleeps = { };
	char *limit;

	if (access("/proc/self/stack", R_OK))
		SKIP(return, "this kernel does not tell where a process sleeps");
	if (write_string(CGROUPS "cgroup.subtree_control", "+memory"))
		SKIP(return, "no control groups for memory here");
	limit = read_text(RECEIVE_LIMIT);
	ASSERT_NE(NULL, limit);
	ASSERT_EQ(0, write_string(RECEIVE_LIMIT, REPLIES_TEXT));
	EXPECT_EQ(0, attack_start(&attackers, &attack));
	ASSERT_EQ(0, write_string(RECEIVE_LIMIT, limit));
	free(limit);
	ASSERT_EQ(0, move_into_group(attackers.leader));
	ASSERT_EQ(0, attack_tell(&attackers, 0));
	ASSERT_EQ(0, attack_hear(&attackers));
	ASSERT_EQ(0, write_string(CGROUP "/memory.high", HIGH));
	ASSERT_EQ(0, attack_tell(&attackers, 0));
	EXPECT_EQ(0, watch(&attackers, &sleeps));
	TH_LOG("asleep in %u looks, in %u inside a request", sleeps.all,
	       sleeps.inside);
	EXPECT_LT(0, sleeps.all);
	EXPECT_EQ(0, sleeps.inside);
	attack_stop(&attackers);
	EXPECT_EQ(0, wait_until(group_is_removed, NULL));
}

SOCKDUP_TEST_MAIN
