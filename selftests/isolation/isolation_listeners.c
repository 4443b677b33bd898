// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user has thousands of netlink sockets listen for notifications in a network
 * namespace of its own, each with a long filter. Every notification there costs
 * a walk of all of them. Nobody else pays for it: calls of other users take as
 * long as they do beside busy loops, and their sockets close in time.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "attack.h"
#include "bpf.h"
#include "genl.h"
#include "harness.h"

/* Processes of the attack, and what they have all together. */
#define PROCESSES	4
#define LISTENERS	2000
#define TARGETS		400
/* Tokens for each target. */
#define TOKENS_EACH	2

/* Instructions of a filter: about as many as a user's may have. */
#define FILTER_LENGTH	2000

/* Never so few that their 99th percentile is the worst of all. */
#define ROUNDS		1000
#define ROUNDS_MIN	200
#define ROUNDS_MS	8000

#define VICTIMS		16

/* From the deadline on this is what the sockets may take; it is the promise. */
#define PROMISE_NS	(1000 * MS)

/* Lives that end after the test. */
#define LASTING_MS	60000

/* What a process of the attack has: listeners, and targets it exports to. */
struct hoard {
	__u32 group;
	unsigned int listeners;
	int fds[LISTENERS];
	unsigned int count;
	pid_t targets[TARGETS];
	int device;
	int source;
};

/*
 * A filter of long arithmetic that lets nothing through, so that nobody has to
 * read. A user makes as long a one with SO_ATTACH_FILTER, but the kernel compiles
 * that anew for each socket. All listeners share this one, which root loads: an
 * emulated machine is slow to run code for the first time.
 */
static int load_filter(void)
{
	static struct bpf_insn code[FILTER_LENGTH];
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };
	unsigned int i;

	/* The length of the message: a number that the compiler does not know. */
	code[0] = (struct bpf_insn){
		.code = BPF_LDX | BPF_W | BPF_MEM,
		.dst_reg = BPF_REG_2,
		.src_reg = BPF_REG_1,
	};
	for (i = 1; i < FILTER_LENGTH - 2; i++)
		code[i] = (struct bpf_insn){
			.code = BPF_ALU | BPF_XOR | BPF_K,
			.dst_reg = BPF_REG_2,
			.imm = i,
		};
	code[i++] = (struct bpf_insn){
		.code = BPF_ALU64 | BPF_MOV | BPF_K,
		.dst_reg = BPF_REG_0,
	};
	code[i] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return bpf_load(&attr, code, FILTER_LENGTH);
}

/* Bound, as a notification passes by those that have no address. */
static int make_listener(int filter)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (const void *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof(filter)))
		return -errno;
	return fd;
}

static int find_group(__u32 *group)
{
	static struct genl genl;
	int error = genl_open(&genl);

	if (error)
		return error;
	*group = genl.group;
	genl_close(&genl);
	return 0;
}

/* NETLINK_ADD_MEMBERSHIP, or NETLINK_DROP_MEMBERSHIP. */
static int change_membership(struct hoard *hoard, int option)
{
	unsigned int i;

	for (i = 0; i < hoard->listeners; i++)
		if (setsockopt(hoard->fds[i], SOL_NETLINK, option,
			       &hoard->group, sizeof(hoard->group)))
			return -errno;
	return 0;
}

static int join(struct hoard *hoard)
{
	return change_membership(hoard, NETLINK_ADD_MEMBERSHIP);
}

static int leave(struct hoard *hoard)
{
	return change_membership(hoard, NETLINK_DROP_MEMBERSHIP);
}

static int make_listeners(struct hoard *hoard, int filter)
{
	unsigned int wanted = stress(LISTENERS) / PROCESSES;

	if (find_group(&hoard->group))
		return -ENOENT;
	if (wanted > LISTENERS)
		wanted = LISTENERS;
	while (hoard->listeners < wanted) {
		int fd = make_listener(filter);

		if (fd < 0)
			return fd;
		hoard->fds[hoard->listeners++] = fd;
	}
	return 0;
}

/* Processes of the attack's namespaces that do nothing. */
static int make_targets(struct hoard *hoard)
{
	while (hoard->count < TARGETS / PROCESSES) {
		pid_t pid = start_sleeper(-1);

		if (pid < 0)
			return pid;
		hoard->targets[hoard->count++] = pid;
	}
	return 0;
}

static int prepare_hoard(struct attacker *self)
{
	struct hoard *hoard = calloc(1, sizeof(*hoard));
	int error;

	if (!hoard)
		return -ENOMEM;
	self->state = hoard;
	/* The targets first: they inherit what there is. */
	error = make_targets(hoard);
	if (!error)
		error = make_listeners(hoard,
				       *(int *)self->attack->context);
	hoard->device = device_open();
	hoard->source = tcp_listener(AF_INET);
	if (hoard->device < 0 || hoard->source < 0)
		error = error ?: -ENODEV;
	return error;
}

static int export_to_targets(struct hoard *hoard, long long end_ns)
{
	struct sockdup_protocol_info info;
	unsigned int i;
	int error = 0;

	for (i = 0; i < hoard->count * TOKENS_EACH && !error; i++)
		error = raw_export(hoard->device, hoard->source,
				   hoard->targets[i % hoard->count],
				   ms_before(end_ns), &info);
	return error;
}

/* Tokens that expire at once, as many as the processor allows. */
static void let_expire(struct attacker *self)
{
	struct hoard *hoard = self->state;
	struct sockdup_protocol_info info;
	unsigned int i = 0;

	attacker_wait(self);
	attacker_report(self, join(hoard));
	for (;;) {
		raw_export(hoard->device, hoard->source,
			   hoard->targets[i++ % hoard->count], 1, &info);
	}
}

/* Tokens that are due at the time that the test tells. */
static void be_due(struct attacker *self)
{
	struct hoard *hoard = self->state;
	int error = 0;

	for (;;) {
		long long end_ns = attacker_wait(self);

		/* Exports would notify all of these. */
		error = error ?: leave(hoard);
		attacker_report(self, error);
		attacker_wait(self);
		error = error ?: export_to_targets(hoard, end_ns);
		attacker_report(self, error);
		attacker_wait(self);
		error = error ?: join(hoard);
		attacker_report(self, error);
	}
}

/* Targets that die when the test says so. */
static void die(struct attacker *self)
{
	struct hoard *hoard = self->state;
	unsigned int i;
	int error;

	attacker_wait(self);
	error = export_to_targets(hoard, now_ns() + LASTING_MS * MS);
	attacker_report(self, error);
	attacker_wait(self);
	attacker_report(self, error ?: join(hoard));
	attacker_wait(self);
	for (i = 0; i < hoard->count; i++)
		kill(hoard->targets[i], SIGKILL);
	attacker_report(self, 0);
	pause();
}

FIXTURE(listeners) {
	struct attack attack;
	struct attackers attackers;
	int filter;
	int device;
	pid_t targets[VICTIMS];
	int peers[VICTIMS];
};

FIXTURE_SETUP(listeners)
{
	self->filter = load_filter();
	ASSERT_LE(0, self->filter);
	self->attack = (struct attack){
		.uid = ATTACKER_UID,
		.processes = PROCESSES,
		.files = LISTENERS + 1000,
		.namespaces = CLONE_NEWUSER | CLONE_NEWNET,
		.prepare = prepare_hoard,
		.context = &self->filter,
	};
	ASSERT_EQ(0, act_as(VICTIM_UID));
	self->device = device_open();
	ASSERT_EQ(0, act_as(0));
	ASSERT_LE(0, self->device);
}

static void stop_targets(pid_t *targets)
{
	int i;

	for (i = 0; i < VICTIMS; i++) {
		stop_sleeper(targets[i]);
		targets[i] = 0;
	}
}

/* Targets of the victim's, so that none has a lucky place among all. */
static int start_targets(pid_t *targets)
{
	int i;

	for (i = 0; i < VICTIMS; i++) {
		targets[i] = start_sleeper(VICTIM_UID);
		if (targets[i] < 0)
			return targets[i];
	}
	return 0;
}

FIXTURE_TEARDOWN(listeners)
{
	attack_stop(&self->attackers);
	stop_targets(self->targets);
}

TEST_F(listeners, cost_no_other_user_a_call)
{
	unsigned int rounds = stress(ROUNDS);
	long long median[2], late[2];
	struct samples *samples;
	bool good = false, far = false;
	int i;

	if (rounds < ROUNDS_MIN)
		rounds = ROUNDS_MIN;
	self->attack.run = let_expire;
	/* A borderline measurement is repeated, and the best attempt counts. */
	for (i = 0; i < ATTEMPTS && !good && !far; i++) {
		ASSERT_EQ(0, attack_start_busy(&self->attackers,
					       &self->attack));
		samples = measure_victim(rounds, ROUNDS_MS);
		ASSERT_NE(NULL, samples);
		median[0] = samples_rank(samples, 50);
		late[0] = samples_rank(samples, 99);
		attack_stop(&self->attackers);

		ASSERT_EQ(0, attack_start(&self->attackers, &self->attack));
		ASSERT_EQ(0, attack_tell(&self->attackers, 0));
		ASSERT_EQ(0, attack_hear(&self->attackers));
		samples = measure_victim(rounds, ROUNDS_MS);
		ASSERT_NE(NULL, samples);
		median[1] = samples_rank(samples, 50);
		late[1] = samples_rank(samples, 99);
		attack_stop(&self->attackers);

		TH_LOG("median %lld us, %lld beside busy loops: ratio %.2f",
		       median[1] / 1000, median[0] / 1000,
		       (double)median[1] / median[0]);
		TH_LOG("99th percentile %lld us, %lld beside busy loops: ratio %.2f, %u samples",
		       late[1] / 1000, late[0] / 1000,
		       (double)late[1] / late[0], samples->count);
		good = median[1] <= 2 * median[0] &&
		       late[1] <= 2 * late[0] + 10 * MS;
		/* The other may be a single stop of the whole machine. */
		far = median[1] > FAR_BEYOND * 2 * median[0];
	}
	EXPECT_TRUE(good);
}

/* Sockets that tokens alone hold, one for each of the victim's targets. */
static int make_victims(int device, const pid_t *targets, int *peers,
			long long end_ns)
{
	struct sockdup_protocol_info info;
	int fds[2], error, i;

	error = act_as(VICTIM_UID);
	for (i = 0; i < VICTIMS && !error; i++) {
		error = tcp_pair(AF_INET, fds);
		if (error)
			break;
		peers[i] = fds[1];
		error = raw_export(device, fds[0], targets[i],
				   ms_before(end_ns), &info);
		close(fds[0]);
	}
	return act_as(0) ?: error;
}

/* All processes of the attack do the next thing; 0 once all have done it. */
static int next_step(struct attackers *attackers, long long number)
{
	int error = attack_tell(attackers, number);
	long long heard = error ? error : attack_hear(attackers);

	return heard < 0 ? heard : 0;
}

/* The longest time from @end_ns to the end of a socket. */
static long long watch_victims(int *peers, long long end_ns)
{
	long long at_ns[VICTIMS], longest = 0;
	int i;

	watch_ends(peers, at_ns, VICTIMS);
	for (i = 0; i < VICTIMS; i++) {
		if (at_ns[i] != LLONG_MAX)
			at_ns[i] -= end_ns;
		if (at_ns[i] > longest)
			longest = at_ns[i];
		close(peers[i]);
	}
	return longest;
}

/* How late they close, or -errno; with an attack its tokens are due as well. */
static long long lateness_of_deadline(struct _test_data_listeners *self,
				      bool attack)
{
	long long lead_ns, end_ns;
	int error = 0;

	/* Again with more time, unless all were ready in time. */
	for (lead_ns = 2000 * MS; lead_ns < LASTING_MS * MS; lead_ns *= 2) {
		end_ns = now_ns() + lead_ns;
		if (attack)
			error = next_step(&self->attackers, end_ns) ?:
				next_step(&self->attackers, 0);
		error = error ?: make_victims(self->device, self->targets,
					      self->peers, end_ns);
		if (attack)
			error = error ?: next_step(&self->attackers, 0);
		if (error)
			return error;
		if (now_ns() < end_ns)
			return watch_victims(self->peers, end_ns);
		watch_victims(self->peers, end_ns);
	}
	return -ETIME;
}

TEST_F(listeners, delay_no_deadline_of_other_users)
{
	long long control, lateness;
	bool good = false, far = false;
	int i;

	self->attack.run = be_due;
	ASSERT_EQ(0, start_targets(self->targets));
	for (i = 0; i < ATTEMPTS && !good && !far; i++) {
		ASSERT_EQ(0, attack_start_busy(&self->attackers,
					       &self->attack));
		control = lateness_of_deadline(self, false);
		ASSERT_LE(0, control);
		attack_stop(&self->attackers);

		ASSERT_EQ(0, attack_start(&self->attackers, &self->attack));
		lateness = lateness_of_deadline(self, true);
		ASSERT_LE(0, lateness);
		attack_stop(&self->attackers);
		TH_LOG("%lld ms after the deadline, %lld beside busy loops: ratio %.1f",
		       lateness / MS, control / MS,
		       (double)lateness / (control + 1));
		good = lateness <= control + PROMISE_NS;
		far = lateness > FAR_BEYOND * (control + PROMISE_NS);
	}
	EXPECT_TRUE(good);
}

/* How late they close after their target's death, or -errno. */
static long long lateness_of_death(struct _test_data_listeners *self,
				   bool attack)
{
	long long end_ns;
	int error;

	error = start_targets(self->targets) ?:
		make_victims(self->device, self->targets, self->peers,
			     now_ns() + LASTING_MS * MS);
	if (attack)
		error = next_step(&self->attackers, 0) ?:
			next_step(&self->attackers, 0) ?:
			next_step(&self->attackers, 0);
	if (error)
		return error;
	stop_targets(self->targets);
	end_ns = now_ns();
	return watch_victims(self->peers, end_ns);
}

TEST_F(listeners, delay_no_death_of_other_users_targets)
{
	long long control, lateness;
	bool good = false, far = false;
	int i;

	self->attack.run = die;
	for (i = 0; i < ATTEMPTS && !good && !far; i++) {
		ASSERT_EQ(0, attack_start_busy(&self->attackers,
					       &self->attack));
		control = lateness_of_death(self, false);
		ASSERT_LE(0, control);
		attack_stop(&self->attackers);

		ASSERT_EQ(0, attack_start(&self->attackers, &self->attack));
		lateness = lateness_of_death(self, true);
		ASSERT_LE(0, lateness);
		attack_stop(&self->attackers);
		TH_LOG("%lld ms after the death, %lld beside busy loops: ratio %.1f",
		       lateness / MS, control / MS,
		       (double)lateness / (control + 1));
		good = lateness <= control + PROMISE_NS;
		far = lateness > FAR_BEYOND * (control + PROMISE_NS);
	}
	EXPECT_TRUE(good);
}

#define MAX_USER_BYTES	"/sys/module/sockdup/parameters/max_user_bytes"
#define PAYLOAD		60000
/* Far more than the limit below has room for at a time. */
#define SETS		200

/* As a user of its own: how many of its sets there was no room for, or 255. */
static int hand_over_sets(int fd)
{
	static char bytes[PAYLOAD];
	struct iovec payload = { bytes, sizeof(bytes) };
	const struct sockdup_set set = {
		.fds = &fd,
		.socket_count = 1,
		.payload = &payload,
		.payload_count = 1,
	};
	struct sockdup_protocol_info info;
	int i, refused = 0;

	if (become_user(VICTIM_UID))
		return 255;
	for (i = 0; i < SETS; i++) {
		if (!sockdup_export_set(&set, getpid(), 0, 0, &info))
			refused += sockdup_revoke(&info) ? 1 : 0;
		else
			refused++;
	}
	return refused;
}

/* A notification that waits keeps no payload, and none of the bytes that a user may have. */
TEST_F(listeners, keep_no_payload)
{
	long limit = read_number(MAX_USER_BYTES);
	pid_t child;

	self->attack.run = let_expire;
	ASSERT_EQ(0, attack_start(&self->attackers, &self->attack));
	ASSERT_EQ(0, attack_tell(&self->attackers, 0));
	ASSERT_EQ(0, attack_hear(&self->attackers));
	ASSERT_EQ(0, write_number(MAX_USER_BYTES, 4 * PAYLOAD));
	child = fork();
	if (!child)
		_exit(hand_over_sets(tcp_listener(AF_INET)));
	EXPECT_EQ(0, outcome_of(child));
	EXPECT_EQ(0, write_number(MAX_USER_BYTES, limit));
}

SOCKDUP_TEST_MAIN
