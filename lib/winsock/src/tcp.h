/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_TCP_H
#define WS_TCP_H

/**
 * enum ws_tcp - what the state of a TCP socket means to a caller
 * @WS_TCP_NONE: the socket is not a TCP socket
 * @WS_TCP_UNCONNECTED: it has never been connected, or its attempt has failed
 * @WS_TCP_CONNECTING: its attempt is under way
 * @WS_TCP_LISTENING: it listens
 * @WS_TCP_CONNECTED: neither end has ended
 * @WS_TCP_ENDED_HERE: this end has, by shutdown(), and the other has not
 * @WS_TCP_ENDED_THERE: the other end has, and this one has not
 * @WS_TCP_ENDED_BOTH: this end has, and the other as well
 * @WS_TCP_OVER: the connection is over, in order or by a reset
 */
enum ws_tcp {
	WS_TCP_NONE,
	WS_TCP_UNCONNECTED,
	WS_TCP_CONNECTING,
	WS_TCP_LISTENING,
	WS_TCP_CONNECTED,
	WS_TCP_ENDED_HERE,
	WS_TCP_ENDED_THERE,
	WS_TCP_ENDED_BOTH,
	WS_TCP_OVER,
};

enum ws_tcp ws_tcp_state(int fd);

#endif /* WS_TCP_H */
