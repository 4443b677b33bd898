// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that attack, busy loops that replace them, and what a victim
 * measures meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* A busy kernel with checkers takes long to make some thousand sockets and threads. */
#define PREPARE_MS	(3 * WAIT_MS)

#define WATCHED_MAX	64

unsigned int ms_before(long long end_ns)
{
	const long long left_ms = (end_ns - now_ns()) / MS;

	return left_ms > 0 ? left_ms : 1;
}

struct samples *samples_new(unsigned int room)
{
	struct samples *samples;

	samples = mmap(NULL, sizeof(*samples) + room * sizeof(samples->ns[0]),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	if (samples == MAP_FAILED)
		return NULL;
	samples->room = room;
	return samples;
}

void samples_add(struct samples *samples, long long ns)
{
	if (samples->count < samples->room)
		samples->ns[samples->count++] = ns;
}

static int by_duration(const void *one, const void *other)
{
	const long long *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

long long samples_rank(struct samples *samples, unsigned int percent)
{
	unsigned int rank;

	if (!samples->count)
		return 0;
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), by_duration);
	rank = samples->count * percent / 100;
	if (rank >= samples->count)
		rank = samples->count - 1;
	return samples->ns[rank];
}

long long attacker_wait(struct attacker *self)
{
	long long number;

	if (recv(self->channel, &number, sizeof(number), 0) != sizeof(number))
		_exit(EXIT_FAILURE);
	return number;
}

void attacker_report(struct attacker *self, long long number)
{
	if (send(self->channel, &number, sizeof(number), MSG_NOSIGNAL) !=
	    sizeof(number))
		_exit(EXIT_FAILURE);
}

/* Prepares, reports that, and runs. */
static void attacker_live(struct attacker *self)
{
	const struct attack *attack = self->attack;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	attacker_report(self, attack->prepare ? attack->prepare(self) : 0);
	attack->run(self);
	_exit(EXIT_FAILURE);
}

/* The first process, which makes the others. */
static void leader_live(const struct attack *attack,
			int ends[ATTACKERS_MAX][2])
{
	const struct rlimit limit = {
		.rlim_cur = attack->files,
		.rlim_max = attack->files,
	};
	struct attacker self = { .attack = attack };
	unsigned int i;
	int error = 0;

	setpgid(0, 0);
	for (i = 0; i < attack->processes; i++)
		close(ends[i][0]);
	if (attack->files && setrlimit(RLIMIT_NOFILE, &limit))
		error = -errno;
	if (!error && attack->uid)
		error = become_user(attack->uid);
	if (!error && attack->namespaces && unshare(attack->namespaces))
		error = -errno;
	for (i = attack->processes; i-- > 0;) {
		self.index = i;
		self.channel = ends[i][1];
		if (error)
			attacker_report(&self, error);
		else if (!i || !fork())
			attacker_live(&self);
		else
			close(ends[i][1]);
	}
	_exit(EXIT_FAILURE);
}

/* The smallest number of all, each of which comes within @ms, or -errno. */
static long long hear(struct attackers *attackers, int ms)
{
	long long least = LLONG_MAX, number;
	unsigned int i;
	int error;

	for (i = 0; i < attackers->count; i++) {
		error = wait_for_poll_within(attackers->channels[i], POLLIN, ms);
		if (error)
			return error;
		if (recv(attackers->channels[i], &number, sizeof(number), 0) !=
		    sizeof(number))
			return -EPIPE;
		if (number < least)
			least = number;
	}
	return least;
}

int attack_start(struct attackers *attackers, const struct attack *attack)
{
	int ends[ATTACKERS_MAX][2];
	unsigned int i;
	long long heard;

	attackers->count = attack->processes;
	for (i = 0; i < attack->processes; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			       ends[i]))
			return -errno;
		attackers->channels[i] = ends[i][0];
	}
	attackers->leader = fork();
	if (!attackers->leader)
		leader_live(attack, ends);
	for (i = 0; i < attack->processes; i++)
		close(ends[i][1]);
	if (attackers->leader < 0)
		return -errno;
	heard = hear(attackers, PREPARE_MS);
	return heard < 0 ? heard : 0;
}

static void be_busy(struct attacker *self)
{
	for (;;)
		;
}

int attack_start_busy(struct attackers *attackers, const struct attack *attack)
{
	const struct attack busy = {
		.uid = attack->uid,
		.processes = attack->processes,
		.run = be_busy,
	};

	return attack_start(attackers, &busy);
}

void attack_stop(struct attackers *attackers)
{
	struct pollfd entry = { 0 };
	unsigned int i;

	if (attackers->leader <= 0)
		return;
	kill(-attackers->leader, SIGKILL);
	kill(attackers->leader, SIGKILL);
	waitpid(attackers->leader, NULL, 0);
	attackers->leader = 0;
	/* POLLHUP alone: the last process that had the other end is gone. */
	for (i = 0; i < attackers->count; i++) {
		entry.fd = attackers->channels[i];
		poll(&entry, 1, WAIT_MS);
		close(attackers->channels[i]);
	}
}

int attack_tell(struct attackers *attackers, long long number)
{
	unsigned int i;

	for (i = 0; i < attackers->count; i++)
		if (send(attackers->channels[i], &number, sizeof(number),
			 MSG_NOSIGNAL) != sizeof(number))
			return -errno;
	return 0;
}

long long attack_hear(struct attackers *attackers)
{
	return hear(attackers, WAIT_MS);
}

int act_as(uid_t uid)
{
	/* The saved user stays root, which is what leads back. */
	if (setresuid(-1, 0, -1))
		return -errno;
	return setresuid(uid, uid, 0) ? -errno : 0;
}

pid_t start_sleeper(uid_t uid)
{
	char byte = 0;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		if (setresuid(uid, uid, uid))
			_exit(EXIT_FAILURE);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ends[1], &byte, 1) != 1)
			_exit(EXIT_FAILURE);
		for (;;)
			pause();
	}
	/* It is its user's by now, as the kernel asks of a target. */
	close(ends[1]);
	if (pid > 0 && read(ends[0], &byte, 1) != 1)
		pid = -ECHILD;
	close(ends[0]);
	return pid;
}

void stop_sleeper(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int pass_socket(int device, int fd)
{
	struct sockdup_protocol_info info;
	int error;

	error = raw_export(device, fd, getpid(), 0, &info);
	return error ? error : raw_import(device, &info, 0, NULL);
}

static int pass_sockets(struct samples *samples, long long end_ns)
{
	int device = device_open(), fd = tcp_listener(AF_INET), passed;
	long long start;

	if (device < 0 || fd < 0)
		return -ENODEV;
	while (samples->count < samples->room && now_ns() < end_ns) {
		start = now_ns();
		passed = pass_socket(device, fd);
		if (passed < 0)
			return passed;
		samples_add(samples, now_ns() - start);
		close(passed);
	}
	return 0;
}

struct samples *measure_victim(unsigned int room, unsigned int limit_ms)
{
	struct samples *samples = samples_new(room);
	int status;
	pid_t pid;

	if (!samples)
		return NULL;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (become_user(VICTIM_UID))
			_exit(EXIT_FAILURE);
		_exit(pass_sockets(samples, now_ns() + limit_ms * MS) ?
		      EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return NULL;
	return samples;
}

void watch_ends(const int *peers, long long *at_ns, unsigned int count)
{
	const long long end_ns = now_ns() + WAIT_MS * MS;
	struct pollfd entries[WATCHED_MAX];
	unsigned int i, left = count;

	for (i = 0; i < count; i++) {
		entries[i].fd = peers[i];
		entries[i].events = POLLIN;
		at_ns[i] = LLONG_MAX;
	}
	while (left && poll(entries, count, ms_before(end_ns)) > 0) {
		for (i = 0; i < count; i++) {
			if (entries[i].fd < 0 || !entries[i].revents)
				continue;
			at_ns[i] = now_ns();
			entries[i].fd = -1;
			left--;
		}
	}
}
