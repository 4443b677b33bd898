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

int WSPStartup(WORD version, LPWSPDATA data,
	       LPWSAPROTOCOL_INFOW info __attribute__((unused)),
	       WSPUPCALLTABLE upcalls __attribute__((unused)),
	       LPWSPPROC_TABLE procedures)
{
	static const WCHAR description[] = {
		's', 'o', 'c', 'k', 'd', 'u', 'p', 0
	};

	if (LOBYTE(version) < 2 ||
	    (LOBYTE(version) == 2 && HIBYTE(version) < 2))
		return WSAVERNOTSUPPORTED;
	if (!data || !procedures)
		return WSAEFAULT;
	*data = (WSPDATA){
		.wVersion = SPI_VERSION,
		.wHighVersion = SPI_VERSION,
	};
	memcpy(data->szDescription, description, sizeof(description));
	*procedures = (WSPPROC_TABLE){
		.lpWSPDuplicateSocket = spi_duplicate,
		.lpWSPSocket = spi_socket,
	};
	return 0;
}
