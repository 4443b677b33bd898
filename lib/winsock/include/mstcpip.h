/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a TCP connection does when it idles.
 */
#ifndef SOCKDUP_WS_MSTCPIP_H
#define SOCKDUP_WS_MSTCPIP_H

#include "winsock2.h"

/* Times are in milliseconds; Linux rounds them up to seconds. */
struct tcp_keepalive {
	ULONG onoff;
	ULONG keepalivetime;
	ULONG keepaliveinterval;
};

#define SIO_KEEPALIVE_VALS	_WSAIOW(IOC_VENDOR, 4)

#endif /* SOCKDUP_WS_MSTCPIP_H */
