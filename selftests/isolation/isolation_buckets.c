// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users see the ids of their tokens, and may keep those that they like. So an
 * id must not tell where the kernel keeps its token: else a user could collect
 * tokens that lie together, and whoever looks up another one there walks past
 * them. Nor does a list of a user's tokens cost more where others have many.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "attack.h"
#include "genl.h"
#include "harness.h"

#define ALICE_UID	VICTIM_UID
#define BOB_UID		ATTACKER_UID

/* Tokens in whose order a pattern would show. */
#define SOME		200

/*
 * By chance a correlation of SOME pairs is 0.07 or so. It exceeds this bound
 * less than once in 10^12 times.
 */
#define CORRELATION	0.5

/* Of Alice and of Bob where the cost of a list counts. */
#define FEW		100
#define MANY		20000
#define VERY_MANY	50000

/* Lists that are measured together. */
#define LISTS		10

/* What a list may cost more in any case, in nanoseconds. */
#define FLOOR_NS	(1 * MS)

/* How long a processor is watched. */
#define WATCH_MS	1500
/* The least time after which it says that somebody else ran. */
#define GAP_NS		(1 * MS)

FIXTURE(lists) {
	struct genl genl;
	pid_t alice;		/* targets of tokens, */
	pid_t bob;		/* each of its exporter's user */
	pid_t lister;
};

FIXTURE_SETUP(lists)
{
	const struct rlimit limit = {
		.rlim_cur = 4 * VERY_MANY,
		.rlim_max = 4 * VERY_MANY,
	};

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	self->alice = start_sleeper(ALICE_UID);
	self->bob = start_sleeper(BOB_UID);
	ASSERT_LT(0, self->alice);
	ASSERT_LT(0, self->bob);
}

FIXTURE_TEARDOWN(lists)
{
	act_as(0);
	genl_close(&self->genl);
	stop_sleeper(self->lister);
	stop_sleeper(self->alice);
	stop_sleeper(self->bob);
}

/*
 * @count tokens of @uid for @target, which is of the same user where the life is
 * long, or default for 0; the test is root after that.
 */
static int export_as(uid_t uid, pid_t target, unsigned int count,
		     unsigned int ttl_ms)
{
	struct sockdup_protocol_info info;
	int device, fd, error;

	error = act_as(uid);
	if (error)
		return error;
	device = device_open();
	fd = tcp_listener(AF_INET);
	if (device < 0 || fd < 0)
		error = -ENODEV;
	while (count-- && !error)
		error = raw_export(device, fd, target, ttl_ms, &info);
	close(fd);
	close(device);
	return act_as(0) ?: error;
}

/* The order of ids in a list. */

struct ranked {
	__u64 key;
	unsigned int place;
};

static int by_key(const void *one, const void *other)
{
	const struct ranked *a = one, *b = other;

	return a->key < b->key ? -1 : a->key > b->key;
}

/* Spearman's: 1 where the keys rise from place to place, -1 where they fall. */
static double correlation(const struct genl_token *tokens, unsigned int count,
			  unsigned int turn)
{
	struct ranked ranked[SOME];
	double sum = 0, distance;
	unsigned int i;

	for (i = 0; i < count; i++) {
		ranked[i].place = i;
		ranked[i].key = tokens[i].id << turn |
				tokens[i].id >> ((64 - turn) % 64);
	}
	qsort(ranked, count, sizeof(ranked[0]), by_key);
	for (i = 0; i < count; i++) {
		distance = (double)ranked[i].place - i;
		sum += distance * distance;
	}
	return 1 - 6 * sum / ((double)count * ((double)count * count - 1));
}

/* No group of bits is what the list is sorted by: each has its turn on top. */
static void expect_no_order(struct __test_metadata *_metadata,
			    const struct genl_token *tokens,
			    unsigned int count)
{
	double found, strongest = 0;
	unsigned int turn, at = 0;

	for (turn = 0; turn < 64; turn++) {
		found = fabs(correlation(tokens, count, turn));
		if (found > strongest) {
			strongest = found;
			at = turn;
		}
	}
	TH_LOG("strongest correlation of place and id %.2f, with bit %u on top",
	       strongest, 63 - at);
	EXPECT_GT(CORRELATION, strongest);
}

TEST_F(lists, of_a_user_tell_nothing_by_their_order)
{
	struct genl_token tokens[SOME];

	ASSERT_EQ(0, export_as(ALICE_UID, self->alice, SOME, 0));
	ASSERT_EQ(0, act_as(ALICE_UID));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(SOME, genl_list(&self->genl, NULL, tokens, SOME));
	expect_no_order(_metadata, tokens, SOME);
}

TEST_F(lists, of_root_tell_nothing_by_their_order)
{
	const struct genl_filter filter = { .target = self->alice };
	struct genl_token tokens[SOME];

	ASSERT_EQ(0, export_as(ALICE_UID, self->alice, SOME / 2, 0));
	ASSERT_EQ(0, export_as(BOB_UID, self->alice, SOME / 2, 0));
	ASSERT_EQ(0, genl_open(&self->genl));
	ASSERT_EQ(SOME, genl_list(&self->genl, &filter, tokens, SOME));
	expect_no_order(_metadata, tokens, SOME);
}

/* What a list costs. */

/* This process' processor time for one list, or -errno. */
static long long cost_of_list(struct genl *genl, int expected)
{
	struct timespec before, after;
	int i;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	for (i = 0; i < LISTS; i++)
		if (genl_list(genl, NULL, NULL, 0) != expected)
			return -EPROTO;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	return ((after.tv_sec - before.tv_sec) * 1000000000LL +
		after.tv_nsec - before.tv_nsec) / LISTS;
}

/* The least of some attempts, as other work only adds to it. */
static long long least_cost_of_list(struct genl *genl, int expected)
{
	long long cost, least = LLONG_MAX;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		cost = cost_of_list(genl, expected);
		if (cost < least)
			least = cost;
	}
	return least;
}

TEST_F(lists, of_a_user_cost_what_the_user_has)
{
	long long alone, beside;

	ASSERT_EQ(0, export_as(ALICE_UID, self->alice, FEW, LONG_TTL_MS));
	ASSERT_EQ(0, act_as(ALICE_UID));
	ASSERT_EQ(0, genl_open(&self->genl));
	alone = least_cost_of_list(&self->genl, FEW);
	ASSERT_LT(0, alone);
	ASSERT_EQ(0, export_as(BOB_UID, self->bob, stress(MANY), LONG_TTL_MS));
	ASSERT_EQ(0, act_as(ALICE_UID));
	beside = least_cost_of_list(&self->genl, FEW);
	ASSERT_LT(0, beside);
	TH_LOG("%lld us, and %lld beside %u tokens of another user: ratio %.2f",
	       alone / 1000, beside / 1000, stress(MANY),
	       (double)beside / alone);
	EXPECT_GE(2 * alone + FLOOR_NS, beside);
}

/* Most of the cost of a list is that of its tokens. */
TEST_F(lists, of_a_user_who_has_little_cost_little)
{
	long long few, more;

	ASSERT_EQ(0, export_as(ALICE_UID, self->alice, 1, LONG_TTL_MS));
	ASSERT_EQ(0, act_as(ALICE_UID));
	ASSERT_EQ(0, genl_open(&self->genl));
	few = least_cost_of_list(&self->genl, 1);
	ASSERT_LT(0, few);
	ASSERT_EQ(0, export_as(ALICE_UID, self->alice, 10 * FEW, LONG_TTL_MS));
	ASSERT_EQ(0, act_as(ALICE_UID));
	more = least_cost_of_list(&self->genl, 10 * FEW + 1);
	ASSERT_LT(0, more);
	TH_LOG("%lld us for one token, %lld us for %d: ratio %.2f", few / 1000,
	       more / 1000, 10 * FEW + 1, (double)few / more);
	EXPECT_LT(few, more / 10);
}

/* A processor that a list is made on. */

static void pin(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Lists by a filter that leaves nothing, so that all is done in one call. */
static void list_on(int processor)
{
	const struct genl_filter filter = { .by_uid = true, .uid = 4999 };
	static struct genl genl;

	pin(processor);
	if (genl_open(&genl))
		_exit(EXIT_FAILURE);
	while (!genl_list(&genl, &filter, NULL, 0))
		;
	_exit(EXIT_FAILURE);
}

static void spin_on(int processor)
{
	pin(processor);
	for (;;)
		;
}

/* Runs beside the test on its processor; pid or -errno. */
static pid_t start_beside(void (*live)(int processor))
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		live(0);
	}
	return pid < 0 ? -errno : pid;
}

/*
 * For how long the test did not run while others did: the median of the gaps,
 * as a busy host makes some of them longer.
 */
static long long usual_gap(struct samples *gaps)
{
	const long long end = now_ns() + WATCH_MS * MS;
	long long last = now_ns(), now;

	gaps->count = 0;
	do {
		now = now_ns();
		if (now - last >= GAP_NS)
			samples_add(gaps, now - last);
		last = now;
	} while (now < end);
	return samples_rank(gaps, 50);
}

TEST_F(lists, of_very_many_leave_the_processor_to_others)
{
	long long beside_loop, beside_list;
	struct samples *gaps = samples_new(WATCH_MS);
	bool good = false;
	int i, status;

	ASSERT_NE(NULL, gaps);
	ASSERT_EQ(0, export_as(BOB_UID, self->bob, stress(VERY_MANY),
			       LONG_TTL_MS));
	pin(0);
	for (i = 0; i < ATTEMPTS && !good; i++) {
		self->lister = start_beside(spin_on);
		ASSERT_LT(0, self->lister);
		beside_loop = usual_gap(gaps);
		stop_sleeper(self->lister);
		self->lister = start_beside(list_on);
		ASSERT_LT(0, self->lister);
		beside_list = usual_gap(gaps);
		ASSERT_EQ(0, waitpid(self->lister, &status, WNOHANG));
		stop_sleeper(self->lister);
		self->lister = 0;
		TH_LOG("usual gap %lld us, %lld beside a busy loop: ratio %.2f",
		       beside_list / 1000, beside_loop / 1000,
		       (double)beside_list / beside_loop);
		good = beside_list <= 2 * beside_loop + 10 * MS;
	}
	EXPECT_TRUE(good);
}

SOCKDUP_TEST_MAIN
