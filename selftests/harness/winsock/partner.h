/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A partner is another process that makes Winsock's calls for the test. It starts
 * with WSAStartup() done and one event object, and ends with the test at the latest.
 *
 * Each partner_*() call does there what it is named after, gives what the call gave,
 * and leaves its error code as this thread's, for WSAGetLastError(). A partner that
 * is lost fails the test.
 */
#ifndef SELFTESTS_WINSOCK_PARTNER_H
#define SELFTESTS_WINSOCK_PARTNER_H

#include <winsock2.h>

#include "process.h"

/* Where no process has memory, whatever its width: in the kernel's part. */
#define NOBODYS_ADDRESS	(-4096)

struct partner {
	struct process *process;
	DWORD pid;
};

/* What main() calls in the other process, and where it begins for a test. */
int partner_main(void);
struct partner *partner_start(void);
/* Takes one that was started otherwise. */
struct partner *partner_adopt(struct process *process);
/* It ends as a process does that returns from main(), all its sockets open. */
void partner_exit(struct partner *partner);
void partner_end_all(void);

int partner_duplicate(struct partner *partner, SOCKET s, DWORD pid,
		      WSAPROTOCOL_INFOW *info);
/* To an address that may be bad, as in partner_import_at() and the like. */
int partner_duplicate_at(struct partner *partner, SOCKET s, DWORD pid, int address);
/* With FROM_PROTOCOL_INFO, or by whatever is said beside the info. */
SOCKET partner_import(struct partner *partner, const WSAPROTOCOL_INFOW *info,
		      DWORD flags);
SOCKET partner_import_as(struct partner *partner, int family, int type,
			 int protocol, const WSAPROTOCOL_INFOW *info,
			 DWORD flags);
/* By a thread of it that ends then. */
SOCKET partner_import_by_thread(struct partner *partner,
				const WSAPROTOCOL_INFOW *info);
SOCKET partner_import_at(struct partner *partner, int address);
/* WSADuplicateSocket() to it and WSASocket() there; fails the test otherwise. */
SOCKET partner_give(struct partner *partner, SOCKET s);

SOCKET partner_socket(struct partner *partner, int family, int type, int protocol);
int partner_close(struct partner *partner, SOCKET s);
/* To the loopback address of IPv4, on a port of the system's choice. */
int partner_bind(struct partner *partner, SOCKET s);
int partner_listen(struct partner *partner, SOCKET s);
SOCKET partner_accept(struct partner *partner, SOCKET s);
int partner_connect(struct partner *partner, SOCKET s, unsigned short port);
int partner_send(struct partner *partner, SOCKET s, const void *data, int size);
int partner_recv(struct partner *partner, SOCKET s, void *data, int size, int flags);
int partner_shutdown(struct partner *partner, SOCKET s, int how);
int partner_setsockopt(struct partner *partner, SOCKET s, int level, int name,
		       int value);
int partner_getsockopt(struct partner *partner, SOCKET s, int level, int name,
		       int *value);
int partner_set_nonblocking(struct partner *partner, SOCKET s, int nonblocking);
/* Blocks until it can receive without blocking, as select() tells. */
int partner_wait_readable(struct partner *partner, SOCKET s);

/* Network events, with the event object that it has. */
int partner_event_select(struct partner *partner, SOCKET s, long mask);
int partner_enum_events(struct partner *partner, SOCKET s,
			WSANETWORKEVENTS *happened);
int partner_enum_events_at(struct partner *partner, SOCKET s, int address);
int partner_wait_event(struct partner *partner, unsigned int milliseconds);

#endif /* SELFTESTS_WINSOCK_PARTNER_H */
