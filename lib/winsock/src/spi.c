// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The provider's form of sharing: the same, with the error by a pointer.
 */

#include "posix.h"

#include <ws2spi.h>

#include "share.h"

#define SPI_VERSION	MAKEWORD(2, 2)

static int tell(int error, LPINT where)
{
	if (!error)
		return 0;
	if (where)
		*where = error;
	return SOCKET_ERROR;
}

static int spi_duplicate(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOW info,
			 LPINT error)
{
	return tell(ws_duplicate(s, process, info, true), error);
}

static SOCKET spi_socket(int family, int type, int protocol,
			 LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags,
			 LPINT error)
{
	SOCKET s;

	if (tell(ws_open(family, type, protocol, info, group, flags, &s), error))
		return INVALID_SOCKET;
	return s;
}

int WSPStartup(WORD version, LPWSPDATA data, LPWSAPROTOCOL_INFOW info,
	       WSPUPCALLTABLE upcalls, LPWSPPROC_TABLE procedures)
{
	static const WCHAR description[] = {
		's', 'o', 'c', 'k', 'd', 'u', 'p', 0
	};
	static const WSPPROC_TABLE entries = {
		.lpWSPDuplicateSocket = spi_duplicate,
		.lpWSPSocket = spi_socket,
	};

	if (LOBYTE(version) < 2 ||
	    (LOBYTE(version) == 2 && HIBYTE(version) < 2))
		return WSAVERNOTSUPPORTED;
	if (!data || !procedures)
		return WSAEFAULT;
	memset(data, 0, sizeof(*data));
	data->wVersion = SPI_VERSION;
	data->wHighVersion = SPI_VERSION;
	memcpy(data->szDescription, description, sizeof(description));
	*procedures = entries;
	return 0;
}
