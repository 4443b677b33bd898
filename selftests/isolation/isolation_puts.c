// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hundreds of user ids, as one user's range of subordinate ids has them, let
 * tokens end at the same moment whose sockets take long to close. The sockets
 * of a stranger's tokens, which end meanwhile, are let go of all the same: quick
 * ones and those that are open elsewhere at once, and slow ones as soon as close(2)
 * would.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "attack.h"
#include "genl.h"
#include "harness.h"
#include "page.h"

#ifndef AF_TIPC
#define AF_TIPC		30
#endif

/* Processes of the attack, and the user ids that they take, one by one. */
#define PROCESSES	2
#define USERS		600
#define FIRST_UID	100000

/* On each socket: memory allows no more. */
#define LOCKS		6000

/* Each victim's token is another user's. */
#define FIRST_VICTIM	5000

/* What a storm is given to get ready, and what busy loops are, which have nothing to do. */
#define LEAD_NS		(2000 * MS)
#define BUSY_LEAD_NS	(500 * MS)

/* From the storm's beginning to the victims' ends: it has filled each queue. */
#define INTO_STORM_NS	(700 * MS)

/* From its end on this is what a socket may take; it is the promise. */
#define PROMISE_NS	(1000 * MS)

/* Lives that end after the test. */
#define LASTING_MS	60000

/* How the victims' tokens end. */
enum ending {
	BY_DEADLINE,
	BY_DEATH,
	BY_TARGET,		/* which revokes it */
	BY_SOURCE,		/* which does, too */
	BY_HANDLE,		/* which is closed */
	ENDINGS,
};

static const char *const ending_names[ENDINGS] = {
	"deadline", "target's death", "target's revocation",
	"source's revocation", "handle's close",
};

/**
 * struct storm - what a process of the attack has
 * @device: exports
 * @fds: the sockets, until tokens alone hold them
 * @peers: of those that have some
 * @set: an epoll set of the sockets,
 * @page: and a page that is missing
 */
struct storm {
	int device;
	int fds[USERS / PROCESSES];
	int peers[USERS / PROCESSES];
	int set;
	struct page page;
};

static int new_storm(struct attacker *self)
{
	struct storm *storm = calloc(1, sizeof(*storm));

	if (!storm)
		return -ENOMEM;
	self->state = storm;
	storm->device = device_open();
	return storm->device < 0 ? storm->device : 0;
}

/* Sends until the other end has no more room: the last close waits for it. */
static int congest(int fd)
{
	static const char bytes[16384];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN ? 0 : -errno;
}

static int prepare_congestion(struct attacker *self)
{
	int fds[2], error = new_storm(self);
	struct storm *storm = self->state;
	unsigned int i;

	for (i = 0; i < USERS / PROCESSES && !error; i++) {
		if (socketpair(AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
			return -errno;
		storm->fds[i] = fds[0];
		storm->peers[i] = fds[1];
		error = congest(fds[0]);
	}
	return error;
}

static int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* Each close waits for a grace period of the network. */
static int prepare_packets(struct attacker *self)
{
	int error = new_storm(self);
	struct storm *storm = self->state;
	unsigned int i;

	for (i = 0; i < USERS / PROCESSES && !error; i++) {
		storm->fds[i] = packet_socket();
		if (storm->fds[i] < 0)
			error = storm->fds[i];
	}
	return error;
}

/*
 * Locks byte after byte, none beside another, by punching holes into one big lock from
 * its end: the last put of the socket has to undo all of them.
 */
static int lock_bytes(int fd)
{
	struct flock lock = { .l_type = F_RDLCK };
	off_t byte;

	if (fcntl(fd, F_OFD_SETLK, &lock))
		return -errno;
	lock.l_type = F_UNLCK;
	lock.l_len = 1;
	for (byte = 2 * LOCKS; byte > 0; byte -= 2) {
		lock.l_start = byte;
		if (fcntl(fd, F_OFD_SETLK, &lock))
			return -errno;
	}
	return 0;
}

static int prepare_locks(struct attacker *self)
{
	int fds[2], error = new_storm(self);
	struct storm *storm = self->state;
	unsigned int i;

	for (i = 0; i < USERS / PROCESSES && !error; i++) {
		error = tcp_pair(AF_INET, fds);
		if (error)
			return error;
		storm->fds[i] = fds[0];
		storm->peers[i] = fds[1];
		error = lock_bytes(fds[0]);
	}
	return error;
}

static int entrust(int device, int fd, pid_t target, unsigned int flags,
		   long long end_ns, struct sockdup_protocol_info *info)
{
	int error;

	if (fd < 0)
		return fd;
	error = raw_export_with(device, fd, target, flags, ms_before(end_ns),
				info);
	close(fd);
	return error;
}

/* Waits for ever for the page that the events are to be in, with the set locked. */
static void *hold_set(void *arg)
{
	struct storm *storm = arg;

	epoll_wait(storm->set, storm->page.memory, 1, -1);
	return NULL;
}

/* Sockets in an epoll set that is busy: a close waits for it. */
static int prepare_watched(struct attacker *self)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int fds[2], error = new_storm(self);
	struct storm *storm = self->state;
	pthread_t holder;
	unsigned int i;

	storm->set = epoll_create1(EPOLL_CLOEXEC);
	error = error ?: page_open_missing(&storm->page);
	for (i = 0; i < USERS / PROCESSES && !error; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ||
		    epoll_ctl(storm->set, EPOLL_CTL_ADD, fds[0], &event))
			return -errno;
		storm->fds[i] = fds[0];
		storm->peers[i] = fds[1];
	}
	return error ?: -pthread_create(&holder, NULL, hold_set, storm) ?:
			page_wait_for_user(&storm->page);
}

/*
 * The real user pays, so that is all that changes, and of this thread alone: the C
 * library would ask one that waits for ever.
 */
static int entrust_storm(struct attacker *self, long long end_ns)
{
	struct sockdup_protocol_info info;
	struct storm *storm = self->state;
	unsigned int i;
	int error = 0;

	for (i = 0; i < USERS / PROCESSES && !error; i++) {
		if (syscall(SYS_setresuid,
			    FIRST_UID + i * PROCESSES + self->index, 0, 0))
			return -errno;
		error = entrust(storm->device, storm->fds[i], getpid(), 0,
				end_ns, &info);
	}
	return error;
}

/* Reports when it is ready. */
static void storm(struct attacker *self)
{
	long long end_ns = attacker_wait(self);

	attacker_report(self, entrust_storm(self, end_ns) ?: now_ns());
	pause();
}

/* One stranger's token, or more, for each way in which it can end. */
struct victims {
	struct agent agents[ENDINGS];
	struct sockdup_protocol_info infos[ENDINGS];
	int devices[ENDINGS];
	int peers[ENDINGS];
	bool has_peers;
	int others[ENDINGS];	/* descriptors of the sockets that stay open, or -1 */
	struct genl genl;
	long long end_ns[ENDINGS];	/* when the token ended, */
	long long gone_ns[ENDINGS];	/* and when the socket was let go of */
	long long close_ns;		/* what close(2) took meanwhile */
};

FIXTURE(storm) {
	struct attack attack;
	struct attackers attackers;
	struct victims victims;
};

FIXTURE_VARIANT(storm) {
	int (*prepare)(struct attacker *self);
	const char *module;
	bool is_long;	/* to prepare: it is for one kind of victim */
};

FIXTURE_VARIANT_ADD(storm, congested) {
	.prepare = prepare_congestion,
	.module = "tipc",
};

FIXTURE_VARIANT_ADD(storm, watched) {
	.prepare = prepare_watched,
	.module = "unix",
};

FIXTURE_VARIANT_ADD(storm, locked) {
	.prepare = prepare_locks,
	.module = "unix",
	.is_long = true,
};

FIXTURE_VARIANT_ADD(storm, packets) {
	.prepare = prepare_packets,
	.module = "af_packet",
};

FIXTURE_SETUP(storm)
{
	char command[32];

	self->attack = (struct attack){
		.processes = PROCESSES,
		.files = 2 * USERS / PROCESSES + 1000,
		.prepare = variant->prepare,
		.run = storm,
	};
	snprintf(command, sizeof(command), "modprobe -q %s", variant->module);
	if (system(command))
		SKIP(longjmp(_metadata->env, 1), "no %s", variant->module);
	ASSERT_EQ(0, genl_open(&self->victims.genl));
}

static void stop_victims(struct victims *victims)
{
	int i;

	for (i = 0; i < ENDINGS; i++)
		agent_kill(&victims->agents[i]);
}

FIXTURE_TEARDOWN(storm)
{
	attack_stop(&self->attackers);
	stop_victims(&self->victims);
	genl_close(&self->victims.genl);
}

/* A socket, and a peer that sees its end unless it is of AF_PACKET. */
static int make_socket(int family, int *peer)
{
	int fds[2], error;

	if (family == AF_PACKET)
		return packet_socket();
	if (family == AF_UNIX)
		error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				   fds) ? -errno : 0;
	else
		error = tcp_pair(family, fds);
	if (error)
		return error;
	*peer = fds[1];
	return fds[0];
}

static int make_victim(struct victims *victims, enum ending ending, int family,
		       bool elsewhere, long long end_ns)
{
	const unsigned int flags = ending == BY_HANDLE ?
				   SOCKDUP_EXPORT_END_ON_CLOSE : 0;
	int error, fd = make_socket(family, &victims->peers[ending]);

	victims->others[ending] = elsewhere ? dup(fd) : -1;

	if (ending != BY_DEADLINE)
		end_ns = now_ns() + LASTING_MS * MS;
	error = agent_spawn(&victims->agents[ending]) ?:
		agent_setuid(&victims->agents[ending], FIRST_VICTIM + ending) ?:
		act_as(FIRST_VICTIM + ending);
	if (error)
		return error;
	victims->devices[ending] = device_open();
	error = entrust(victims->devices[ending], fd,
			victims->agents[ending].pid, flags, end_ns,
			&victims->infos[ending]);
	return act_as(0) ?: error;
}

static int make_victims(struct victims *victims, int family, bool elsewhere,
			long long end_ns)
{
	int i, error = 0;

	victims->has_peers = family != AF_PACKET;
	for (i = 0; i < ENDINGS && !error; i++)
		error = make_victim(victims, i, family, elsewhere, end_ns);
	return error;
}

/* Where no peer sees an end it is the count of what the user holds that tells. */
static void watch_counts(struct victims *victims)
{
	const long long end_ns = now_ns() + WAIT_MS * MS;
	struct genl_stats stats;
	unsigned int left = ENDINGS;
	__u32 uid;
	int i;

	for (i = 0; i < ENDINGS; i++)
		victims->gone_ns[i] = LLONG_MAX;
	while (left && now_ns() < end_ns) {
		for (i = 0; i < ENDINGS; i++) {
			uid = FIRST_VICTIM + i;
			if (victims->gone_ns[i] != LLONG_MAX ||
			    genl_stats(&victims->genl, &uid, &stats) ||
			    stats.held)
				continue;
			victims->gone_ns[i] = now_ns();
			left--;
		}
		/* The pace of the measurement, far below what is promised. */
		usleep(5000);
	}
}

static void *watch(void *arg)
{
	struct victims *victims = arg;

	if (victims->has_peers && victims->others[0] < 0)
		watch_ends(victims->peers, victims->gone_ns, ENDINGS);
	else
		watch_counts(victims);
	return NULL;
}

/* What close(2) takes now, for a socket like the victims'. */
static long long time_of_close(int family)
{
	int peer = -1, fd = make_socket(family, &peer);
	const long long start_ns = now_ns();
	long long ns;

	close(fd);
	ns = now_ns() - start_ns;
	close(peer);
	return ns;
}

static int end_victim(struct victims *victims, enum ending ending)
{
	struct agent *agent = &victims->agents[ending];

	victims->end_ns[ending] = now_ns();
	switch (ending) {
	case BY_DEATH:
		kill(agent->pid, SIGKILL);
		return 0;
	case BY_TARGET:
		return agent_revoke(agent, &victims->infos[ending]);
	case BY_SOURCE:
		return raw_revoke(victims->devices[ending],
				  &victims->infos[ending]);
	case BY_HANDLE:
		return close(victims->devices[ending]) ? -errno : 0;
	default:
		return 0;
	}
}

/* Ends all of them, the first at @end_ns by itself; 0 once they are gone. */
static int end_victims(struct victims *victims, int family, long long end_ns)
{
	long long ns;
	pthread_t watcher;
	int i, error;

	error = -pthread_create(&watcher, NULL, watch, victims);
	if (error)
		return error;
	sleep_until_ns(end_ns);
	victims->close_ns = 0;
	for (i = BY_DEATH; i < ENDINGS && !error; i++)
		error = end_victim(victims, i);
	victims->end_ns[BY_DEADLINE] = end_ns;
	for (i = 0; i < ATTEMPTS; i++) {
		ns = time_of_close(family);
		if (ns > victims->close_ns)
			victims->close_ns = ns;
	}
	return -pthread_join(watcher, NULL) ?: error;
}

static void forget_victims(struct victims *victims)
{
	int i;

	stop_victims(victims);
	for (i = 0; i < ENDINGS; i++) {
		if (i != BY_HANDLE)
			close(victims->devices[i]);
		if (victims->has_peers)
			close(victims->peers[i]);
		close(victims->others[i]);
	}
}

/*
 * How late each victim is let go of, and what close(2) took; beside busy loops,
 * or in the storm, which begins at a time at which all are ready.
 */
static int measure(struct _test_data_storm *self, int family, bool elsewhere,
		   bool in_storm, long long late_ns[ENDINGS])
{
	long long lead_ns = in_storm ? LEAD_NS : BUSY_LEAD_NS;
	long long begin_ns, ready_ns;
	int i, error;

	/* A storm that was not ready in time is started anew, with more. */
	do {
		attack_stop(&self->attackers);
		error = in_storm ?
			attack_start(&self->attackers, &self->attack) :
			attack_start_busy(&self->attackers, &self->attack);
		begin_ns = now_ns() + lead_ns;
		lead_ns *= 2;
		if (!error && in_storm)
			error = attack_tell(&self->attackers, begin_ns);
		if (!error)
			error = make_victims(&self->victims, family, elsewhere,
					     begin_ns + INTO_STORM_NS);
		if (error)
			return error;
		ready_ns = in_storm ? attack_hear(&self->attackers) : now_ns();
		if (ready_ns < 0)
			return ready_ns;
		if (now_ns() >= begin_ns)
			forget_victims(&self->victims);
	} while (now_ns() >= begin_ns && lead_ns < 40000 * MS);
	error = end_victims(&self->victims, family, begin_ns + INTO_STORM_NS);
	for (i = 0; i < ENDINGS; i++)
		late_ns[i] = self->victims.gone_ns[i] - self->victims.end_ns[i];
	forget_victims(&self->victims);
	attack_stop(&self->attackers);
	return error;
}

/*
 * The control, the storm, and what is allowed. A borderline measurement is
 * repeated, and the best attempt counts for each ending.
 */
static void expect_in_time(struct __test_metadata *_metadata,
			   struct _test_data_storm *self, int family,
			   bool elsewhere)
{
	long long control[ENDINGS], late[ENDINGS], allowed;
	bool good[ENDINGS] = { false }, all = false, far = false;
	int attempt, i;

	for (attempt = 0; attempt < ATTEMPTS && !all && !far; attempt++) {
		ASSERT_EQ(0, measure(self, family, elsewhere, false, control));
		ASSERT_EQ(0, measure(self, family, elsewhere, true, late));
		all = true;
		for (i = 0; i < ENDINGS; i++) {
			allowed = control[i] + PROMISE_NS;
			if (family == AF_PACKET)
				allowed += self->victims.close_ns;
			TH_LOG("%s: %lld ms, %lld beside busy loops, ratio %.1f; close took %lld",
			       ending_names[i], late[i] / MS, control[i] / MS,
			       (double)late[i] / (control[i] + 1),
			       self->victims.close_ns / MS);
			good[i] |= late[i] <= allowed;
			all &= good[i];
			far |= late[i] > FAR_BEYOND * allowed;
		}
	}
	for (i = 0; i < ENDINGS; i++) {
		EXPECT_TRUE(good[i])
			TH_LOG("too late after the %s", ending_names[i]);
	}
}

TEST_F(storm, delays_no_connection)
{
	expect_in_time(_metadata, self, AF_INET, false);
}

TEST_F(storm, delays_no_local_socket)
{
	if (variant->is_long)
		SKIP(return, "its sockets are connections");
	expect_in_time(_metadata, self, AF_UNIX, false);
}

TEST_F(storm, delays_no_socket_that_is_open_elsewhere)
{
	if (variant->is_long)
		SKIP(return, "its sockets are open nowhere else");
	expect_in_time(_metadata, self, AF_INET, true);
}

TEST_F(storm, delays_no_packet_socket_more_than_close)
{
	if (variant->is_long)
		SKIP(return, "its sockets are no packet sockets");
	expect_in_time(_metadata, self, AF_PACKET, false);
}

SOCKDUP_TEST_MAIN
