// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two at once, of those that change the registration of a socket or make network
 * events happen: one registration is in force afterwards or none, no network event
 * is lost or told twice, and nothing is left over.
 */
#define _GNU_SOURCE
#include "census.h"
#include "harness.h"
#include "registration.h"
#include "registration_race.h"

/* Sockets that are raced for in each game. */
#define SOCKETS		20000

/* Sockets and registrations. */

/* With little room, so that it is soon full. */
static int make_stream(int fds[2])
{
	const int room = 4096;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ||
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)))
		return -errno;
	return 0;
}

static int make_tcp(int fds[2])
{
	return tcp_pair(AF_INET, fds);
}

static int make_sockets(struct race *race)
{
	int fds[2], error = 0;
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++) {
		error = race->make(fds);
		race->fds[i] = fds[0];
		race->peers[i] = fds[1];
	}
	return error;
}

static int register_one(struct race *race, int side, unsigned int i,
			unsigned int mask)
{
	return register_events(race->devices[side], race->fds[i],
			       race->events[side][i], mask);
}

static int register_each(struct race *race, unsigned int mask)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = register_one(race, 0, i, mask);
	return error;
}

/* 0 where an event is told to a side, and is what it should be. */
static int take_event(struct race *race, int side, unsigned int i,
		      unsigned int wanted)
{
	int error = wait_for_event(race->events[side][i]);
	int events;

	if (error)
		return error;
	events = enumerate_events(race->devices[side], race->fds[i], NULL);
	if (events < 0)
		return events;
	return events == (int)wanted ? 0 : -EPROTO;
}

/* How rounds begin. */

static int do_nothing(struct race *race)
{
	return 0;
}

/* For the first side, once and for all. */
static int register_once(struct race *race)
{
	return race->duel.round ? 0 : register_each(race, SOCKDUP_FD_READ);
}

static int register_and_make_events(struct race *race)
{
	int error = register_once(race);
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++) {
		error = race_make_event_happen(race, i);
		if (!error)
			error = wait_for_event(race->events[0][i]);
	}
	return error;
}

static int make_and_register(struct race *race)
{
	int error = make_sockets(race);

	return error ? error :
		       register_each(race, SOCKDUP_FD_READ | SOCKDUP_FD_CLOSE);
}

static int open_and_register(struct race *race)
{
	if (race->devices[0] >= 0)
		close(race->devices[0]);
	race->devices[0] = device_open();
	return race->devices[0] < 0 ? race->devices[0] :
				      register_each(race, SOCKDUP_FD_READ);
}

/* The sockets are full, and that they once were not has been told. */
static int register_and_fill(struct race *race)
{
	const char bytes[512] = { 0 };
	unsigned int i;
	int error;

	error = race->duel.round ? 0 : register_each(race, SOCKDUP_FD_WRITE);
	for (i = 0; i < race->duel.batch && !error; i++) {
		while (send(race->fds[i], bytes, sizeof(bytes),
			    MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			;
		if (!race->duel.round)
			error = take_event(race, 0, i, SOCKDUP_FD_WRITE);
	}
	return error;
}

/* What sides do. */

static void register_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = register_one(race, side, i,
							  SOCKDUP_FD_READ);
	}
}

static void cancel_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = cancel_events(race->devices[side],
							   race->fds[i]);
	}
}

/* Those of the first side, whichever side asks. */
static void enumerate_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = enumerate_events(race->devices[0],
							      race->fds[i],
							      NULL);
	}
}

static void rearm_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = rearm_events(race->devices[side],
							  race->fds[i],
							  SOCKDUP_FD_READ |
							  SOCKDUP_FD_WRITE);
	}
}

/* Each again and again, until the other side is through with it. */
static void register_all_on(struct race *race, int side)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->duel.batch; i++) {
		do {
			error = register_one(race, side, i, SOCKDUP_FD_READ);
		} while (!error && atomic_load(&race->through) <= i);
		race->duel.values[side][i] = error;
	}
}

/* The event of the other side, as whoever shares it could. */
static void read_and_set_all(struct race *race, int side)
{
	const __u64 one = 1;
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		reset_event(race->events[0][i]);
		race->duel.values[side][i] =
			write(race->events[0][i], &one, sizeof(one)) < 0 ?
			-errno : 0;
		atomic_store(&race->through, i + 1);
	}
}

static void make_all_happen(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = race_make_event_happen(race, i);
	}
}

static void make_room_in_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		receive_all(race->peers[i]);
		race->duel.values[side][i] = 0;
	}
}

static void close_sockets(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = close(race->fds[i]) ? -errno : 0;
	}
}

static void close_handle(struct race *race, int side)
{
	race->duel.values[side][0] = close(race->devices[0]) ? -errno : 0;
	race->devices[0] = -1;
}

/* As a program does: wait, enumerate, receive until there is no more. */
static int receive_after_event(struct race *race)
{
	int error = wait_for_event(race->events[0][0]);
	int count = 0, events;
	char byte;

	if (error)
		return error;
	events = enumerate_events(race->devices[0], race->fds[0], NULL);
	if (events < 0)
		return events;
	while (recv(race->fds[0], &byte, 1, MSG_DONTWAIT) == 1)
		count++;
	return count;
}

static void receive_batch(struct race *race, int side)
{
	unsigned int received = 0;
	int count = 0;

	while (received < race->duel.batch && count >= 0) {
		count = receive_after_event(race);
		received += count > 0 ? count : 0;
		race->duel.first[0]++;
	}
	race->duel.values[side][0] = count < 0 ? count : 0;
}

/* The queue has room for fewer than all. */
static void send_batch(struct race *race, int side)
{
	unsigned int i;
	int error;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		do {
			error = send(race->peers[0], "x", 1, MSG_DONTWAIT) == 1 ?
				0 : -errno;
		} while (error == -EAGAIN && !atomic_load(&race->duel.done));
		race->duel.values[side][i] = error;
	}
	race->duel.first[1]++;
}

/* How rounds end. */

/* 0 where all moves of a side have succeeded. */
static int all_succeeded(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		if (race->duel.values[side][i])
			return race->duel.values[side][i];
	}
	return 0;
}

static int handle_was_closed_and_all_happened(struct race *race)
{
	return race->duel.values[1][0] ? race->duel.values[1][0] :
					 all_succeeded(race, 0);
}

/* Whose registration of a socket is in force, or -errno where not one's. */
static int find_winner(struct race *race, unsigned int i)
{
	bool own[2];
	int side, mask;

	for (side = 0; side < 2; side++) {
		mask = registered_events(race->devices[side], race->fds[i],
					 &own[side]);
		if (mask != SOCKDUP_FD_READ)
			return mask < 0 ? mask : -ENOENT;
	}
	return own[0] == own[1] ? -EPROTO : own[1];
}

/* The one in force is told of what happens, and the other is not. */
static int only_winner_is_told(struct race *race, unsigned int i, int winner)
{
	int error;

	error = race_make_event_happen(race, i);
	if (!error)
		error = take_event(race, winner, i, SOCKDUP_FD_READ);
	if (error)
		return error;
	receive_all(race->fds[i]);
	return event_is_set(race->events[!winner][i]) ? -EPROTO : 0;
}

static int last_registration_is_in_force(struct race *race)
{
	long count = count_registrations(race->devices[0]) +
		     count_registrations(race->devices[1]);
	unsigned int i;
	int winner, error;

	if (count != (long)race->duel.batch)
		return -EPROTO;
	for (i = 0; i < race->duel.batch; i++) {
		winner = find_winner(race, i);
		if (winner < 0)
			return winner;
		error = only_winner_is_told(race, i, winner);
		if (!error && enumerate_events(race->devices[!winner],
					       race->fds[i], NULL) != -EPERM)
			error = -EPROTO;
		if (error)
			return error;
		race->duel.first[!winner]++;
	}
	return all_succeeded(race, 0) ? all_succeeded(race, 0) :
					all_succeeded(race, 1);
}

/* Told where it is in force, and gone where it is not. */
static int is_whole_or_gone(struct race *race, unsigned int i)
{
	bool own;
	int mask = registered_events(race->devices[0], race->fds[i], &own);
	int error;

	if (mask < 0)
		return mask;
	race->duel.first[!!mask]++;
	if (mask) {
		error = only_winner_is_told(race, i, 0);
		return error ? error : cancel_events(race->devices[1],
						     race->fds[i]);
	}
	error = enumerate_events(race->devices[0], race->fds[i], NULL);
	return error == -ENOENT ? 0 : -EPROTO;
}

static int registrations_are_whole_or_gone(struct race *race)
{
	unsigned int i;
	int error = all_succeeded(race, 1);

	for (i = 0; i < race->duel.batch && !error; i++)
		error = race->duel.values[0][i] ? race->duel.values[0][i] :
						  is_whole_or_gone(race, i);
	if (error)
		return error;
	return count_registrations(race->devices[0]) ? -EPROTO : 0;
}

/* Whoever has read, has set since; to register may read, but sets as well. */
static int all_are_set(struct race *race)
{
	unsigned int i;
	int error;

	error = all_succeeded(race, 0);
	if (!error)
		error = all_succeeded(race, 1);
	for (i = 0; i < race->duel.batch && !error; i++)
		error = event_is_set(race->events[0][i]) ? 0 : -EPROTO;
	return error;
}

static int none_is_registered(struct race *race)
{
	unsigned int i;
	int mask;
	bool own;

	for (i = 0; i < race->duel.batch; i++) {
		mask = registered_events(race->devices[1], race->fds[i], &own);
		if (mask)
			return mask < 0 ? mask : -EPROTO;
	}
	return race->duel.values[0][0] ? race->duel.values[0][0] :
					 all_succeeded(race, 1);
}

/*
 * What a later registration is told comes after all that the earlier one could
 * have been.
 */
static int none_is_told(struct race *race, unsigned int i)
{
	int error;

	reset_event(race->events[0][i]);
	error = register_one(race, 1, i, SOCKDUP_FD_READ);
	if (!error)
		error = take_event(race, 1, i, SOCKDUP_FD_READ);
	receive_all(race->fds[i]);
	return error ? error : only_winner_is_told(race, i, 1);
}

static int none_is_told_after_close(struct race *race)
{
	unsigned int i;
	int error;

	error = handle_was_closed_and_all_happened(race);
	for (i = 0; i < race->duel.batch && !error; i++)
		error = none_is_told(race, i);
	return error;
}

/* By the enumeration, or by the event after it. */
static int datagram_is_told(struct race *race, unsigned int i)
{
	int events = race->duel.values[0][i];
	int error = 0;

	if (events < 0)
		return events;
	race->duel.first[!events]++;
	if (!events)
		error = take_event(race, 0, i, SOCKDUP_FD_READ);
	else if (events != SOCKDUP_FD_READ || event_is_set(race->events[0][i]))
		error = -EPROTO;
	receive_all(race->fds[i]);
	return error;
}

static int every_datagram_is_told_once(struct race *race)
{
	unsigned int i;
	int error = all_succeeded(race, 1);

	for (i = 0; i < race->duel.batch && !error; i++)
		error = datagram_is_told(race, i);
	return error;
}

static int one_enumeration_has_it(struct race *race)
{
	unsigned int i;
	int values[2];

	for (i = 0; i < race->duel.batch; i++) {
		values[0] = race->duel.values[0][i];
		values[1] = race->duel.values[1][i];
		if (values[0] < 0 || values[1] < 0)
			return values[0] < 0 ? values[0] : values[1];
		if (values[0] + values[1] != SOCKDUP_FD_READ ||
		    event_is_set(race->events[0][i]))
			return -EPROTO;
		race->duel.first[!values[0]]++;
		receive_all(race->fds[i]);
	}
	return 0;
}

static int all_were_received(struct race *race)
{
	int error = race->duel.values[0][0];

	return error ? error : all_succeeded(race, 1);
}

static int rearmed_and_told(struct race *race, unsigned int wanted)
{
	unsigned int i;
	int error;

	error = all_succeeded(race, 0);
	if (!error)
		error = all_succeeded(race, 1);
	for (i = 0; i < race->duel.batch && !error; i++) {
		error = take_event(race, 0, i, wanted);
		receive_all(race->fds[i]);
	}
	return error;
}

/*
 * The wake-up and the re-arming may each bring it. What comes late is undone
 * by registering again.
 */
static int data_is_told(struct race *race)
{
	int error = rearmed_and_told(race, SOCKDUP_FD_READ);
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++) {
		error = register_one(race, 0, i, SOCKDUP_FD_READ);
		reset_event(race->events[0][i]);
	}
	return error;
}

static int room_is_told_once(struct race *race)
{
	int error = rearmed_and_told(race, SOCKDUP_FD_WRITE);
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = event_is_set(race->events[0][i]) ? -EPROTO : 0;
	return error;
}

/* Whatever is unread makes the end one that is not orderly. */
static int sees_end(int peer)
{
	int error = wait_for_end(peer);

	close(peer);
	return error == -ECONNRESET ? 0 : error;
}

static int all_peers_see_end(struct race *race)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = sees_end(race->peers[i]);
	return error;
}

static int closed_or_registered_first(struct race *race)
{
	unsigned int i;
	int value;

	for (i = 0; i < race->duel.batch; i++) {
		value = race->duel.values[0][i];
		if (value && value != -EBADF)
			return value;
		race->duel.first[!!value]++;
	}
	return all_peers_see_end(race);
}

/* What was sent too late came to nobody. */
static int closed_or_sent_first(struct race *race)
{
	unsigned int i;
	int value;

	for (i = 0; i < race->duel.batch; i++) {
		value = race->duel.values[1][i];
		if (value && value != -EPIPE && value != -ECONNRESET)
			return value;
		race->duel.first[!value]++;
	}
	return all_peers_see_end(race);
}

/* What a game needs around its rounds. */

static void close_pairs(struct race *race)
{
	close_all(race->fds, race->duel.batch);
	close_all(race->peers, race->duel.batch);
}

/*
 * What there is before must be all there is afterwards. @lasting: the sockets
 * live through all rounds, and are not made and closed in each.
 */
FIXTURE(registration_race) {
	struct race *race;
	struct census before;
};

FIXTURE_VARIANT(registration_race) {
	struct game game;
	int (*make)(int fds[2]);
	bool lasting;
};

FIXTURE_VARIANT_ADD(registration_race, register_register) {
	.game = {
		.prepare = do_nothing,
		.first = register_all,
		.second = register_all,
		.judge = last_registration_is_in_force,
		.apart = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, register_cancel) {
	.game = {
		.prepare = do_nothing,
		.first = register_all,
		.second = cancel_all,
		.judge = registrations_are_whole_or_gone,
		.apart = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, register_read_and_set) {
	.game = {
		.prepare = race_begin,
		.first = register_all_on,
		.second = read_and_set_all,
		.judge = all_are_set,
		.blind = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, enumerate_wake) {
	.game = {
		.prepare = register_once,
		.first = enumerate_all,
		.second = make_all_happen,
		.judge = every_datagram_is_told_once,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, receive_send_datagrams) {
	.game = {
		.prepare = register_once,
		.first = receive_batch,
		.second = send_batch,
		.judge = all_were_received,
		.blind = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, receive_send_tcp) {
	.game = {
		.prepare = register_once,
		.first = receive_batch,
		.second = send_batch,
		.judge = all_were_received,
		.blind = true,
	},
	.make = make_tcp,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, enumerate_enumerate) {
	.game = {
		.prepare = register_and_make_events,
		.first = enumerate_all,
		.second = enumerate_all,
		.judge = one_enumeration_has_it,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, register_last_close) {
	.game = {
		.prepare = make_sockets,
		.first = register_all,
		.second = close_sockets,
		.judge = closed_or_registered_first,
	},
	.make = make_stream,
};

FIXTURE_VARIANT_ADD(registration_race, last_close_wake) {
	.game = {
		.prepare = make_and_register,
		.first = close_sockets,
		.second = make_all_happen,
		.judge = closed_or_sent_first,
	},
	.make = make_stream,
};

FIXTURE_VARIANT_ADD(registration_race, wake_close_of_handle) {
	.game = {
		.prepare = open_and_register,
		.first = make_all_happen,
		.second = close_handle,
		.judge = none_is_told_after_close,
		.blind = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, close_of_handle_cancel) {
	.game = {
		.prepare = open_and_register,
		.first = close_handle,
		.second = cancel_all,
		.judge = none_is_registered,
		.blind = true,
		.apart = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, rearm_wake_by_data) {
	.game = {
		.prepare = register_once,
		.first = rearm_all,
		.second = make_all_happen,
		.judge = data_is_told,
		.blind = true,
	},
	.make = make_datagrams,
	.lasting = true,
};

FIXTURE_VARIANT_ADD(registration_race, rearm_wake_by_room) {
	.game = {
		.prepare = register_and_fill,
		.first = rearm_all,
		.second = make_room_in_all,
		.judge = room_is_told_once,
		.blind = true,
	},
	.make = make_stream,
	.lasting = true,
};

FIXTURE_SETUP(registration_race)
{
	struct race *race = race_new(&variant->game, variant->make);

	ASSERT_NE(NULL, race);
	self->race = race;
	ASSERT_EQ(0, take_census(&self->before));
	if (variant->lasting)
		ASSERT_EQ(0, make_sockets(race));
	race->devices[0] = device_open();
	race->devices[1] = device_open();
	ASSERT_LE(0, race->devices[0]);
	ASSERT_LE(0, race->devices[1]);
}

FIXTURE_TEARDOWN(registration_race)
{
}

TEST_F_TIMEOUT(registration_race, keeps_its_promises, 600)
{
	struct race *race = self->race;

	ASSERT_EQ(0, duel_play(&race->duel, stress(SOCKETS)));
	EXPECT_TRUE(duel_was_fair(&race->duel));

	if (variant->lasting)
		close_pairs(race);
	/* Before a handle is closed, as that ends what is left. */
	if (race->devices[0] >= 0)
		EXPECT_EQ(0, wait_for_no_registration(race->devices[0]));
	EXPECT_EQ(0, wait_for_no_registration(race->devices[1]));
	close(race->devices[0]);
	close(race->devices[1]);
	EXPECT_EQ(0, wait_for_no_registration_of_user());
	EXPECT_EQ(0, wait_for_census(&self->before));
}

SOCKDUP_TEST_MAIN
