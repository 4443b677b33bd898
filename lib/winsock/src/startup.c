// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * WSAStartup() and its counterpart: a count, and nothing else. The last
 * WSACleanup() closes no socket, since the layer keeps no list of them.
 */

#include "posix.h"

#include <stdatomic.h>

#include "error.h"
#include "startup.h"

#define LOWEST	0x0100
#define HIGHEST	0x0202

static atomic_uint startups;

/* False, with the error, before WSAStartup(). */
bool ws_ready(void)
{
	if (atomic_load_explicit(&startups, memory_order_relaxed))
		return true;
	ws_fail(WSANOTINITIALISED);
	return false;
}

/* The major version stands in a version's low byte. */
static unsigned int comparable(WORD version)
{
	return LOBYTE(version) << 8 | HIBYTE(version);
}

/* The highest version that is known and not above the one asked for. */
static unsigned int version_for(unsigned int asked)
{
	if (asked >= HIGHEST)
		return HIGHEST;
	if (asked >= 0x0200)
		return asked;
	return asked > 0x0101 ? 0x0101 : asked;
}

int WSAStartup(WORD version, LPWSADATA data)
{
	unsigned int chosen = version_for(comparable(version));

	if (chosen < LOWEST)
		return WSAVERNOTSUPPORTED;
	if (!data)
		return WSAEFAULT;
	memset(data, 0, sizeof(*data));
	data->wVersion = MAKEWORD(chosen >> 8, chosen);
	data->wHighVersion = MAKEWORD(HIGHEST >> 8, HIGHEST);
	strcpy(data->szDescription, "sockdup");
	strcpy(data->szSystemStatus, "Running");
	/* Of no meaning from version 2 on. */
	if (chosen < 0x0200) {
		data->iMaxSockets = 32767;
		data->iMaxUdpDg = 65507;
	}
	atomic_fetch_add(&startups, 1);
	return 0;
}

int WSACleanup(void)
{
	unsigned int count = atomic_load(&startups);

	do {
		if (!count)
			return ws_fail(WSANOTINITIALISED);
	} while (!atomic_compare_exchange_weak(&startups, &count, count - 1));
	return 0;
}
