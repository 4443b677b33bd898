// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user can do to those with whom it shares no more than a target: it exports very
 * many tokens to that process, which did not ask for them.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "attack.h"
#include "harness.h"

#define TOKENS		100000

/* The longest that a put of a quick socket may take, in milliseconds. */
#define PUT_MS		1000

static int export_many(struct attacker *self)
{
	const pid_t target = *(pid_t *)self->attack->context;
	int device = device_open(), fd = udp_bound(AF_INET), error = 0;
	struct sockdup_protocol_info info;
	unsigned int i;

	for (i = 0; i < TOKENS && !error; i++)
		error = raw_export(device, fd, target, 0, &info);
	return error;
}

static void be_idle(struct attacker *self)
{
	for (;;)
		pause();
}

/* A socket that only a token of the victim's holds: its peer, or -errno. */
static int entrust(pid_t target)
{
	struct sockdup_protocol_info info;
	int device = device_open(), fds[2];
	int error = tcp_pair(AF_INET, fds);

	if (!error)
		error = act_as(VICTIM_UID);
	if (!error)
		error = raw_export(device, fds[0], target, 0, &info);
	if (!error)
		error = act_as(0);
	close(fds[0]);
	close(device);
	return error ? error : fds[1];
}

/* How long after the death of the target the socket is put, in ms, or -errno. */
static long long put_ms(pid_t target)
{
	int peer = entrust(target);
	long long begun, at;

	if (peer < 0)
		return peer;
	begun = now_ns();
	stop_sleeper(target);
	watch_ends(&peer, &at, 1);
	close(peer);
	return (at - begun) / MS;
}

TEST(death_of_a_target_of_very_many_tokens_puts_a_strangers_socket_in_time)
{
	pid_t target;
	const struct attack attack = {
		.uid = ATTACKER_UID,
		.processes = 1,
		.files = TOKENS + 100,
		.prepare = export_many,
		.run = be_idle,
		.context = &target,
	};
	struct attackers attackers;
	long long took = -1;
	int i;

	for (i = 0; i < ATTEMPTS && (took < 0 || took > PUT_MS); i++) {
		target = start_sleeper(VICTIM_UID);
		ASSERT_LT(0, target);
		ASSERT_EQ(0, attack_start(&attackers, &attack));
		took = put_ms(target);
		attack_stop(&attackers);
		ASSERT_LE(0, took);
		TH_LOG("%lld ms", took);
	}
	EXPECT_GE(PUT_MS, took);
}

SOCKDUP_TEST_MAIN
