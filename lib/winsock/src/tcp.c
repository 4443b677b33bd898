// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The state of a TCP connection, which tells apart what one errno has in common.
 * The kernel alone knows it: other processes share the socket.
 */

#include "posix.h"

/* <netinet/tcp.h> has an older struct, and the names of states. */
#include <linux/tcp.h>

#include "tcp.h"

/* As the kernel numbers them. */
enum {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_COUNT,
};

static const enum ws_tcp meanings[STATE_COUNT] = {
	[STATE_ESTABLISHED] = WS_TCP_CONNECTED,
	[STATE_SYN_SENT] = WS_TCP_CONNECTING,
	[STATE_SYN_RECV] = WS_TCP_CONNECTING,
	[STATE_FIN_WAIT1] = WS_TCP_ENDED_HERE,
	[STATE_FIN_WAIT2] = WS_TCP_ENDED_HERE,
	[STATE_TIME_WAIT] = WS_TCP_ENDED_BOTH,
	[STATE_CLOSE] = WS_TCP_OVER,
	[STATE_CLOSE_WAIT] = WS_TCP_ENDED_THERE,
	[STATE_LAST_ACK] = WS_TCP_ENDED_BOTH,
	[STATE_LISTEN] = WS_TCP_LISTENING,
	[STATE_CLOSING] = WS_TCP_ENDED_BOTH,
};

enum ws_tcp ws_tcp_state(int fd)
{
	struct tcp_info info = { };
	unsigned int size = sizeof(info);

	if (posix_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ||
	    info.tcpi_state >= STATE_COUNT)
		return WS_TCP_NONE;
	/* A handshake measures the round trip: without a measure there was no connection. */
	if (info.tcpi_state == STATE_CLOSE && info.tcpi_min_rtt == ~0U)
		return WS_TCP_UNCONNECTED;
	return meanings[info.tcpi_state];
}
