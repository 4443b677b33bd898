/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets for the tests, and ways to wait for what must happen. Each fails the test
 * where it cannot do what it says.
 */
#ifndef SELFTESTS_WINSOCK_WORLD_H
#define SELFTESTS_WINSOCK_WORLD_H

#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>

/* The longest that anything waits for what must happen. */
#define WAIT_MS		30000

/* How long nothing must happen. */
#define QUIET_MS	150

/* A number that no socket has. */
#define NO_SOCKET	((SOCKET)0xdead0)

/* An address of IPv4 on the loopback interface. */
struct sockaddr_in loopback_address(unsigned short port);
unsigned short port_of(SOCKET s);

SOCKET new_socket(int family, int type);
/* Bound to loopback_address(0); the listener listens. */
SOCKET stream_listener(void);
SOCKET datagram_bound(void);
/* Not connected, though the port answers: see connect_to(). */
SOCKET stream_bound(void);
SOCKET connect_to(unsigned short port);
/* What bind() and connect() give, with loopback_address(@port). */
int bind_to(SOCKET s, unsigned short port);
int connect_socket(SOCKET s, unsigned short port);
/* An attempt that is under way; @s is non-blocking then. */
void connect_without_waiting(SOCKET s, unsigned short port);
/* In the thread that is returned, after QUIET_MS. */
pthread_t connect_later(SOCKET s, unsigned short port);
/* A connection; ends[0] is the side that connected. */
void stream_pair(SOCKET ends[2]);
/* Two that are connected to each other. */
void datagram_pair(SOCKET ends[2]);
/* A port of TCP on which nobody listens. */
unsigned short dead_port(void);

void close_socket(SOCKET s);
/* A second descriptor of @s in this process. */
SOCKET duplicate_here(SOCKET s);
void set_nonblocking(SOCKET s);
void set_option(SOCKET s, int level, int name, int value);
int get_option(SOCKET s, int level, int name);
WSAPROTOCOL_INFOW protocol_info(SOCKET s);

/* select() on one socket; whether it was so within the time. */
int readable_within(SOCKET s, long milliseconds);
int writable_within(SOCKET s, long milliseconds);
void wait_readable_here(SOCKET s);

/* Text sent on one socket arrives at the other. */
void send_text(SOCKET s, const char *text);
void receive_text(SOCKET s, const char *text);
void pass_text(SOCKET from, SOCKET to);
/* Nothing to read and no end: the other side is still there. */
void assert_open(SOCKET s);
/* The peer's end. */
void assert_end(SOCKET s);
/* The last close of @s resets the connection. */
void reset(SOCKET s);
/* Sends until it would block; bytes. */
int fill(SOCKET s);
/* Takes all of what fill() sent. */
void drain(SOCKET s, int bytes);

/* Network events. */
WSAEVENT new_event(void);
void select_events(SOCKET s, WSAEVENT event, long mask);
/* A connection whose first end has @mask at @event; FD_WRITE has been taken. */
void registered_pair(SOCKET ends[2], WSAEVENT *event, long mask);
int is_set(WSAEVENT event);
void wait_for(WSAEVENT event);
void assert_quiet(WSAEVENT event);
/* Waits for @event and takes what was recorded. */
WSANETWORKEVENTS take_events(SOCKET s, WSAEVENT event);
/* The same until all of @wanted has come; what else has come is in it, too. */
WSANETWORKEVENTS wait_for_events(SOCKET s, WSAEVENT event, long wanted);
/* What is recorded now, the event object left as it is. */
long recorded(SOCKET s);

#endif /* SELFTESTS_WINSOCK_WORLD_H */
