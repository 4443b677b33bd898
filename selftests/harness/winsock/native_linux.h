/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The native side: a process that knows nothing of Winsock and makes sockdup's own
 * calls, and these calls on a SOCKET of the test's own. A result below 0 is -errno.
 */
#ifndef SELFTESTS_WINSOCK_NATIVE_LINUX_H
#define SELFTESTS_WINSOCK_NATIVE_LINUX_H

#include <stdint.h>

/* The bytes by which a token is known: its id, then its secret. */
#define NATIVE_ID_SIZE		8
#define NATIVE_SECRET_SIZE	16
#define NATIVE_TOKEN_SIZE	(NATIVE_ID_SIZE + NATIVE_SECRET_SIZE)

int native_begin(void);
void native_end(void);
unsigned int native_pid(void);

/* Its own socket of a token, and a token of its socket. */
int native_import(const void *token);
int native_export(int fd, unsigned int pid, void *token);
int native_close(int fd);
int native_send(int fd, const char *text);
int native_receive(int fd, char *text, unsigned int size);

/* Its registration, at an eventfd of its own. */
int native_select(int fd, unsigned int mask);
/* The same with SOCKDUP_EVENT_ONCE. */
int native_select_once(int fd, unsigned int mask);
/* What has been recorded, once the eventfd is set. */
int native_take(int fd);

/* The test's own calls. */
int native_export_here(uintptr_t socket, unsigned int pid, void *token);
int native_export_to_pidfd(uintptr_t socket, unsigned int pid, void *token);
int native_import_here(const void *token);
int native_registered(uintptr_t socket);
int native_is_nonblocking(uintptr_t socket);
/* How many there are through this process's device; 0 once there is none. */
long native_registrations_here(void);
int native_wait_for_no_registration_here(void);
/* The process has no device then, until a call opens it. */
void native_release_here(void);

#endif /* SELFTESTS_WINSOCK_NATIVE_LINUX_H */
