// SPDX-License-Identifier: GPL-2.0-only
/*
 * A race for the registrations of sockets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "registration.h"
#include "registration_race.h"

int make_datagrams(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) ? -errno :
									0;
}

void close_all(const int *fds, unsigned int count)
{
	while (count--)
		close(fds[count]);
}

int race_make_event_happen(struct race *race, unsigned int i)
{
	return send(race->peers[i], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

void receive_all(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

int race_begin(struct race *race)
{
	atomic_store(&race->through, 0);
	return 0;
}

struct race *race_new(const struct game *game, int (*make)(int fds[2]))
{
	struct race *race;
	unsigned int i;
	int side;

	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (race == MAP_FAILED)
		return NULL;
	duel_init(&race->duel, game, race);
	race->make = make;
	race->devices[0] = -1;
	race->devices[1] = -1;
	for (side = 0; side < 2; side++)
		for (i = 0; i < DUEL_BATCH; i++)
			race->events[side][i] = new_event();
	return race;
}

void race_close_events(struct race *race)
{
	close_all(race->events[0], DUEL_BATCH);
	close_all(race->events[1], DUEL_BATCH);
}
