// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "token_race.h"

int race_export_one(struct race *race, int device, int fd,
		    unsigned int flags, unsigned int i)
{
	struct sockdup_export argument = {
		.size = sizeof(argument),
		.flags = flags,
		.fd = fd,
		.target = race->target,
		.ttl_ms = race->ttl_ms,
		.info_size = sizeof(race->infos[i]),
		.info = (uintptr_t)&race->infos[i],
	};

	return device_ioctl(device, SOCKDUP_IOC_EXPORT, &argument);
}

static int export_file(struct race *race, int fd)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = race_export_one(race, race->device, fd, 0, i);
	return error;
}

int race_export(struct race *race)
{
	return export_file(race, race->source);
}

int race_open_handle(struct race *race)
{
	race->handle = device_open();
	return race->handle < 0 ? race->handle : 0;
}

int race_export_by_handle(struct race *race)
{
	int error = race_open_handle(race);
	unsigned int i;

	for (i = 0; i < race->duel.batch && !error; i++)
		error = race_export_one(race, race->handle, race->source,
					SOCKDUP_EXPORT_END_ON_CLOSE, i);
	return error;
}

int race_make_pair(int *fd, int *peer)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*fd = fds[0];
	*peer = fds[1];
	return 0;
}

int race_export_abandoned(struct race *race)
{
	int error = race_make_pair(&race->sources[0], &race->peers[0]);

	if (!error) {
		error = export_file(race, race->sources[0]);
		close(race->sources[0]);
	}
	return error;
}

void race_import_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_import(race->device,
							&race->infos[i], 0, NULL);
	}
}

void race_revoke_all(struct race *race, int side)
{
	unsigned int i;

	for (i = 0; i < race->duel.batch; i++) {
		duel_dither(&race->duel, side);
		race->duel.values[side][i] = raw_revoke(race->device,
							&race->infos[i]);
	}
}

void race_close_handle(struct race *race, int side)
{
	race->duel.values[side][0] = close(race->handle) ? -errno : 0;
}

int race_settle(struct race *race, int value)
{
	int same;

	if (value <= 0)
		return value;
	same = same_file(0, race->source, 0, value);
	close(value);
	return same == 1 ? 0 : -EBADF;
}

int race_second_takes_the_rest(struct race *race)
{
	unsigned int i;
	int value;

	if (race->duel.values[1][0])
		return race->duel.values[1][0];
	for (i = 0; i < race->duel.batch; i++) {
		value = race_settle(race, race->duel.values[0][i]);
		if (value && value != -ENOENT)
			return value;
		race->duel.first[!!value]++;
	}
	return 0;
}

int race_first_peer_sees_end(struct race *race)
{
	int error = wait_for_end(race->peers[0]);

	close(race->peers[0]);
	return error;
}

struct race *race_open(const struct game *game)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (race == MAP_FAILED || take_census(&race->before) ||
	    race_make_pair(&race->source, &race->peer) ||
	    pipe2(race->wake, O_CLOEXEC))
		return NULL;
	race->device = device_open();
	if (race->device < 0)
		return NULL;
	race->target = getpid();
	race->ttl_ms = LONG_TTL_MS;
	duel_init(&race->duel, game, race);
	return race;
}

int race_close(struct race *race)
{
	int error = pass_bytes(race->source, race->peer);

	close(race->source);
	error = error ?: wait_for_end(race->peer);
	close(race->peer);
	close(race->device);
	close(race->wake[0]);
	close(race->wake[1]);
	return error ?: wait_for_census(&race->before);
}
