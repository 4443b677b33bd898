/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every file of the layer reads first. It speaks Winsock, as its callers
 * do; Linux' calls and numbers have names of their own here.
 */
#ifndef WS_POSIX_H
#define WS_POSIX_H

#define _GNU_SOURCE
#define SOCKDUP_WINSOCK_BUILD

#include <winsock2.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

int posix_socket(int family, int type, int protocol) __asm__("socket");
int posix_bind(int fd, const void *name, unsigned int size) __asm__("bind");
int posix_listen(int fd, int backlog) __asm__("listen");
int posix_connect(int fd, const void *name, unsigned int size)
	__asm__("connect");
int posix_shutdown(int fd, int how) __asm__("shutdown");
int posix_getsockname(int fd, void *name, unsigned int *size)
	__asm__("getsockname");
int posix_getpeername(int fd, void *name, unsigned int *size)
	__asm__("getpeername");
int posix_getsockopt(int fd, int level, int option, void *value,
		     unsigned int *size) __asm__("getsockopt");
int posix_setsockopt(int fd, int level, int option, const void *value,
		     unsigned int size) __asm__("setsockopt");
int posix_ioctl(int fd, unsigned long request, ...) __asm__("ioctl");

#endif /* WS_POSIX_H */
