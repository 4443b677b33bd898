// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of tokens by netlink: what a filter leaves, who reads on where another
 * began, very many tokens, and a module that is to go meanwhile.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"
#include "module.h"

#ifndef AF_SMC
#define AF_SMC		43
#endif

/* More tokens than the kernel lists in one go. */
#define SOME		1000
#define MANY		100000

/* Two sources, of users of their own, with a token for each of two targets. */
FIXTURE(filter) {
	struct genl genl;
	struct agent sources[2];
	struct agent targets[2];
	uid_t uid;
	struct sockdup_protocol_info infos[2][2];
};

FIXTURE_SETUP(filter)
{
	int i, j, fd;

	self->uid = 100000 + 2 * getpid();
	ASSERT_EQ(0, genl_open(&self->genl));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, agent_spawn(&self->targets[i]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_spawn(&self->sources[i]));
		ASSERT_EQ(0, agent_setuid(&self->sources[i], self->uid + i));
		fd = agent_socket(&self->sources[i], AF_INET, SOCK_STREAM, 0);
		ASSERT_LE(0, fd);
		for (j = 0; j < 2; j++)
			ASSERT_EQ(0, agent_duplicate(&self->sources[i], fd,
						     self->targets[j].pid,
						     &self->infos[i][j]));
	}
}

FIXTURE_TEARDOWN(filter)
{
	int i;

	genl_close(&self->genl);
	for (i = 0; i < 2; i++) {
		agent_kill(&self->sources[i]);
		agent_kill(&self->targets[i]);
	}
}

/* Bit 2 * i + j where the token of source i for target j is among them. */
static unsigned int which(const struct genl_token *tokens, int count,
			  struct sockdup_protocol_info infos[2][2])
{
	unsigned int found = 0;
	int i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < 4; j++)
			found |= (tokens[i].id == id_of(&infos[j / 2][j % 2]))
				 << j;
	}
	return found;
}

/* Each by the bits that it is made of: source, target, user. */
TEST_F(filter, leaves_what_matches_all_of_it)
{
	struct genl_token tokens[8];
	struct genl_filter filter;
	unsigned int bits, expected;
	int count;

	for (bits = 1; bits < 8; bits++) {
		filter = (struct genl_filter){
			.source = bits & 1 ? self->sources[0].pid : 0,
			.target = bits & 2 ? self->targets[1].pid : 0,
			.by_uid = bits & 4,
			.uid = self->uid,
		};
		expected = (bits & 5 ? 0x3 : 0xf) & (bits & 2 ? 0xa : 0xf);
		count = genl_list(&self->genl, &filter, tokens, 8);
		EXPECT_EQ(__builtin_popcount(expected), count);
		ASSERT_LE(0, count);
		EXPECT_EQ(expected, which(tokens, count, self->infos))
			TH_LOG("filters %x", bits);
	}
}

TEST_F(filter, leaves_nothing_where_its_parts_exclude_each_other)
{
	const struct genl_filter filter = {
		.source = self->sources[0].pid,
		.by_uid = true,
		.uid = self->uid + 1,
	};

	EXPECT_EQ(0, genl_list(&self->genl, &filter, NULL, 0));
}

TEST_F(filter, leaves_nothing_where_nothing_is)
{
	const struct genl_filter filter = {
		.target = self->sources[0].pid,
	};

	EXPECT_EQ(0, genl_list(&self->genl, &filter, NULL, 0));
	EXPECT_FALSE(self->genl.interrupted);
}

TEST_F(filter, finds_the_tokens_of_a_source_that_is_gone)
{
	const struct genl_filter filter = {
		.source = self->sources[0].pid,
	};
	struct genl_token tokens[4];

	ASSERT_EQ(-SIGKILL, agent_kill(&self->sources[0]));
	ASSERT_EQ(2, genl_list(&self->genl, &filter, tokens, 4));
	EXPECT_EQ(0x3, which(tokens, 2, self->infos));
}

TEST_F(filter, is_not_needed)
{
	struct genl_token *tokens = calloc(MANY, sizeof(*tokens));
	int count = genl_list(&self->genl, NULL, tokens, MANY);

	ASSERT_LE(4, count);
	EXPECT_EQ(0xf, which(tokens, count, self->infos));
	free(tokens);
}

TEST_F(filter, changes_nothing_of_what_is_told)
{
	const struct genl_filter filter = {
		.source = self->sources[1].pid,
		.target = self->targets[0].pid,
	};
	struct genl_token listed, got;

	self->genl.secret = &self->infos[1][0];
	ASSERT_EQ(1, genl_list(&self->genl, &filter, &listed, 1));
	ASSERT_EQ(0, genl_get(&self->genl, listed.id, &got));
	EXPECT_FALSE(self->genl.leaked);
	EXPECT_LE(listed.age_ms, got.age_ms);
	EXPECT_GE(listed.left_ms, got.left_ms);
	listed.command = got.command;
	listed.age_ms = got.age_ms;
	listed.left_ms = got.left_ms;
	EXPECT_EQ(0, memcmp(&listed, &got, sizeof(got)));
}

/* A list that one process begins, and another reads on. */

struct reading {
	struct genl *genl;
	int error;
	unsigned int mine;	/* tokens of the user's */
	unsigned int theirs;	/* and of root's */
	unsigned int strange;	/* with other numbers than the beginner's */
	pid_t source;
};

static void sort_out(const struct genl_token *token, void *context)
{
	struct reading *reading = context;

	if (token->source != reading->source)
		reading->strange++;
	if (token->uid == SOURCE_UID)
		reading->mine++;
	else
		reading->theirs++;
}

static void read_on(struct reading *reading)
{
	do {
		reading->error = genl_list_step(reading->genl, sort_out,
						reading);
	} while (reading->error > 0);
}

FIXTURE(handover) {
	struct genl genl;
	struct agent target;
	struct genl_filter filter;
	struct reading *reading;	/* shared with who reads on */
	unsigned int count;
};

static int export_some(struct genl *genl, int target)
{
	int i, fd = tcp_listener(AF_INET), error = 0;
	struct sockdup_protocol_info info;

	for (i = 0; i < SOME && !error; i++)
		error = genl_export(genl, fd, target, 0, &info);
	close(fd);
	return error;
}

FIXTURE_SETUP(handover)
{
	const struct rlimit limit = {
		.rlim_cur = 4 * SOME,
		.rlim_max = 4 * SOME,
	};
	struct genl genl;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->filter.target = self->target.pid;
	self->reading = mmap(NULL, sizeof(*self->reading),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->reading);
	self->reading->genl = &self->genl;
	self->reading->source = getpid();
	ASSERT_EQ(0, genl_open(&genl));
	ASSERT_EQ(0, export_some(&genl, self->target.pid));
	genl_close(&genl);
	ASSERT_EQ(0, seteuid(SOURCE_UID));
	ASSERT_EQ(0, genl_open(&genl));
	ASSERT_EQ(0, export_some(&genl, self->target.pid));
	genl_close(&genl);
	ASSERT_EQ(0, seteuid(0));
}

FIXTURE_TEARDOWN(handover)
{
	genl_close(&self->genl);
	agent_kill(&self->target);
}

TEST_F(handover, to_root_of_a_users_list_shows_the_users)
{
	ASSERT_EQ(0, seteuid(SOURCE_UID));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, genl_list_begin(&self->genl, &self->filter));
	ASSERT_EQ(1, genl_list_step(&self->genl, sort_out, self->reading));
	ASSERT_GT(SOME, self->reading->mine);
	ASSERT_EQ(0, seteuid(0));
	read_on(self->reading);
	EXPECT_EQ(0, self->reading->error);
	EXPECT_EQ(SOME, self->reading->mine);
	EXPECT_EQ(0, self->reading->theirs);
}

/* Reads on in a process that @flags and @uid set apart. */
static int read_on_elsewhere(struct reading *reading, int flags, uid_t uid)
{
	int status;
	pid_t pid;

	if (flags & CLONE_NEWPID && unshare(CLONE_NEWPID))
		return -errno;
	pid = fork();
	if (!pid) {
		if (setresuid(uid, uid, uid) ||
		    unshare(flags & CLONE_NEWUSER))
			_exit(errno);
		read_on(reading);
		_exit(-reading->error);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static void begin_as_root(struct __test_metadata *_metadata, struct genl *genl,
			  const struct genl_filter *filter,
			  struct reading *reading)
{
	ASSERT_EQ(0, genl_open(genl));
	ASSERT_EQ(0, genl_list_begin(genl, filter));
	ASSERT_EQ(1, genl_list_step(genl, sort_out, reading));
	ASSERT_GT(2 * SOME, reading->mine + reading->theirs);
}

TEST_F(handover, to_a_user_of_roots_list_shows_all)
{
	begin_as_root(_metadata, &self->genl, &self->filter, self->reading);
	ASSERT_EQ(0, read_on_elsewhere(self->reading, 0, SOURCE_UID));
	EXPECT_EQ(SOME, self->reading->mine);
	EXPECT_EQ(SOME, self->reading->theirs);
}

TEST_F(handover, to_a_pid_namespace_keeps_the_numbers)
{
	begin_as_root(_metadata, &self->genl, &self->filter, self->reading);
	ASSERT_EQ(0, read_on_elsewhere(self->reading, CLONE_NEWPID, 0));
	EXPECT_EQ(2 * SOME, self->reading->mine + self->reading->theirs);
	EXPECT_EQ(0, self->reading->strange);
}

TEST_F(handover, to_a_user_namespace_keeps_the_numbers)
{
	begin_as_root(_metadata, &self->genl, &self->filter, self->reading);
	ASSERT_EQ(0, read_on_elsewhere(self->reading, CLONE_NEWUSER, 0));
	EXPECT_EQ(SOME, self->reading->mine);
	EXPECT_EQ(SOME, self->reading->theirs);
}

/* More tokens than it looks at before it lets go of what other requests wait for. */
TEST_F(handover, comes_in_steps_where_nothing_matches_too)
{
	const struct genl_filter nothing = { .target = getpid() };
	struct genl *genl = &self->genl;
	int more, steps = 0;

	ASSERT_EQ(0, genl_open(genl));
	ASSERT_EQ(0, genl_list_begin(genl, &nothing));
	while ((more = genl_list_step(genl, sort_out, self->reading)) > 0)
		steps++;
	EXPECT_EQ(0, more);
	EXPECT_LE(2 * SOME / 500, steps);
	EXPECT_EQ(0, self->reading->mine + self->reading->theirs);
}

/* Very many tokens, while others come and go. */

/**
 * struct traffic - tokens that come and go all the time
 * @pid: the process, whose memory this is as well
 * @count: tokens that came and went
 * @error: why no more do
 */
struct traffic {
	pid_t pid;
	atomic_uint count;
	atomic_int error;
};

static void come_and_go(struct traffic *traffic)
{
	int device = device_open(), fd = tcp_listener(AF_INET), error = 0;
	struct sockdup_protocol_info info;

	while (!error) {
		error = raw_export(device, fd, getpid(), 0, &info);
		if (!error)
			error = raw_revoke(device, &info);
		atomic_fetch_add(&traffic->count, 1);
	}
	atomic_store(&traffic->error, error);
}

FIXTURE(mass) {
	struct genl genl;
	struct agent target;
	struct traffic *traffic;
	__u64 *ids;		/* sorted */
	__u32 *seen;		/* how often each was listed */
	unsigned int count;
	unsigned int others;
};

FIXTURE_SETUP(mass)
{
	struct traffic *traffic;
	pid_t pid;

	self->count = stress(MANY);
	self->ids = calloc(self->count, sizeof(*self->ids));
	self->seen = calloc(self->count, sizeof(*self->seen));
	ASSERT_NE(NULL, self->ids);
	ASSERT_NE(NULL, self->seen);
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, agent_spawn(&self->target));
	traffic = mmap(NULL, sizeof(*traffic), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, traffic);
	self->traffic = traffic;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		come_and_go(traffic);
		_exit(EXIT_FAILURE);
	}
	ASSERT_LT(0, pid);
	traffic->pid = pid;
}

FIXTURE_TEARDOWN(mass)
{
	kill(self->traffic->pid, SIGKILL);
	waitpid(self->traffic->pid, NULL, 0);
	genl_close(&self->genl);
	agent_kill(&self->target);
}

static int by_number(const void *one, const void *other)
{
	const __u64 *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

static int export_lasting(int target, __u64 *ids, unsigned int count)
{
	int device = device_open(), fd = tcp_listener(AF_INET), error = 0;
	struct sockdup_protocol_info info;
	unsigned int i;

	for (i = 0; i < count && !error; i++) {
		error = raw_export(device, fd, target, LONG_TTL_MS, &info);
		ids[i] = id_of(&info);
	}
	qsort(ids, count, sizeof(*ids), by_number);
	close(fd);
	close(device);
	return error;
}

struct tally {
	const __u64 *ids;
	__u32 *seen;
	unsigned int count;
	unsigned int others;
};

static void tick_off(const struct genl_token *token, void *context)
{
	struct tally *tally = context;
	const __u64 *id = bsearch(&token->id, tally->ids, tally->count,
				  sizeof(*id), by_number);

	if (id)
		tally->seen[id - tally->ids]++;
	else
		tally->others++;
}

static bool is_moving(void *context)
{
	struct traffic *traffic = context;

	return atomic_load(&traffic->count) > 1;
}

TEST_F_TIMEOUT(mass, shows_each_that_lives_throughout_once, 900)
{
	struct tally tally = {
		.ids = self->ids,
		.seen = self->seen,
		.count = self->count,
	};
	unsigned int i, amiss = 0;
	int more;

	ASSERT_EQ(0, export_lasting(self->target.pid, self->ids, self->count));
	ASSERT_EQ(0, genl_list_begin(&self->genl, NULL));
	atomic_store(&self->traffic->count, 0);
	do {
		more = genl_list_step(&self->genl, tick_off, &tally);
		/* Others do come and go while the list is under way. */
		if (more > 0 && !is_moving(self->traffic))
			ASSERT_EQ(0, wait_until(is_moving, self->traffic));
	} while (more > 0);
	ASSERT_EQ(0, more);
	TH_LOG("%u tokens, %u others seen, %u came and went", self->count,
	       tally.others, atomic_load(&self->traffic->count));
	EXPECT_EQ(0, atomic_load(&self->traffic->error));
	EXPECT_FALSE(self->genl.interrupted);
	for (i = 0; i < self->count; i++)
		amiss += self->seen[i] != 1;
	EXPECT_EQ(0, amiss);
}

/* The module is to go, and comes back. */

FIXTURE(removal) {
	struct genl genl;
	struct agent target;
	pid_t lister;
};

static bool is_removed(void *error)
{
	*(int *)error = module_remove();
	return *(int *)error != -EWOULDBLOCK;
}

static int remove_module_in_time(void)
{
	int error, late = wait_until(is_removed, &error);

	return late ? late : error;
}

FIXTURE_SETUP(removal)
{
	if (access(module_path(), R_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	ASSERT_EQ(0, module_wait_until_unused());
}

FIXTURE_TEARDOWN(removal)
{
	if (self->lister) {
		kill(self->lister, SIGKILL);
		waitpid(self->lister, NULL, 0);
	}
	genl_close(&self->genl);
	agent_kill(&self->target);
	EXPECT_EQ(0, module_insert());
}

static void ignore(const struct genl_token *token, void *context)
{
}

/* The tokens end, and what is left is a list that nobody has read. */
TEST_F(removal, is_refused_while_a_list_is_under_way)
{
	struct genl_stats stats;

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(0, export_some(&self->genl, self->target.pid));
	ASSERT_EQ(0, genl_list_begin(&self->genl, NULL));
	ASSERT_EQ(1, genl_list_step(&self->genl, ignore, NULL));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->target));
	EXPECT_EQ(-ETIME, remove_module_in_time());
	genl_close(&self->genl);
	ASSERT_EQ(0, remove_module_in_time());
	EXPECT_EQ(-ENOENT, genl_open(&self->genl));
	ASSERT_EQ(0, module_insert());
	ASSERT_EQ(0, genl_open(&self->genl));
	EXPECT_EQ(0, genl_list(&self->genl, NULL, NULL, 0));
	ASSERT_EQ(0, genl_stats(&self->genl, NULL, &stats));
	EXPECT_EQ(0, stats.counts[SOCKDUP_A_STATS_EXPORTED]);
}

/* Errors are those of a family that is not there. */
static void list_on(void)
{
	struct genl genl;

	for (;;) {
		if (genl_open(&genl))
			continue;
		genl_list(&genl, NULL, NULL, 0);
		genl_join(&genl);
		genl_close(&genl);
	}
}

TEST_F(removal, goes_through_while_others_list)
{
	const unsigned int rounds = stress(50);
	unsigned int i;

	self->lister = fork();
	if (!self->lister) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		list_on();
	}
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, remove_module_in_time());
		ASSERT_EQ(0, module_insert());
	}
}

/* A socket whose file has come to stand for another, as AF_SMC has it. */

static void expect_inode_of_file(struct __test_metadata *_metadata, int fd)
{
	struct sockdup_protocol_info info;
	struct genl_token token;
	struct stat status;
	char path[64], link[64] = { 0 }, expected[64];
	struct genl genl;

	ASSERT_EQ(0, fstat(fd, &status));
	ASSERT_EQ(0, genl_open(&genl));
	ASSERT_EQ(0, genl_export(&genl, fd, getpid(), 0, &info));
	ASSERT_EQ(0, genl_get(&genl, id_of(&info), &token));
	EXPECT_EQ(status.st_ino, token.socket.inode);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_LT(0, readlink(path, link, sizeof(link) - 1));
	snprintf(expected, sizeof(expected), "socket:[%llu]",
		 (unsigned long long)token.socket.inode);
	EXPECT_STREQ(link, expected);
	EXPECT_EQ(0, genl_revoke(&genl, &info));
	genl_close(&genl);
}

TEST(inode_is_that_of_the_file_that_fell_back_to_tcp)
{
	struct address address = loopback(AF_INET, 0);
	const int type = SOCK_STREAM | SOCK_CLOEXEC;
	int listener = socket(AF_SMC, type, 0);
	int fd, peer;

	if (listener < 0)
		SKIP(return, "no AF_SMC here");
	ASSERT_EQ(0, bind(listener, (const void *)&address.storage,
			  address.size));
	ASSERT_EQ(0, listen(listener, 1));
	address = bound_address(listener);
	fd = socket(AF_SMC, type, 0);
	ASSERT_LE(0, fd);
	expect_inode_of_file(_metadata, fd);
	ASSERT_EQ(0, connect(fd, (const void *)&address.storage,
			     address.size));
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, peer);
	expect_inode_of_file(_metadata, fd);
	expect_inode_of_file(_metadata, peer);
	expect_inode_of_file(_metadata, listener);
	close(peer);
	close(fd);
	close(listener);
}

SOCKDUP_TEST_MAIN
