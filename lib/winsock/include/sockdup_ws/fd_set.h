/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winsock's fd_set: a list of sockets, whatever their numbers.
 *
 * It has another tag than glibc's, which may have been declared by <stdlib.h>.
 * After <stdlib.h>, and only then, select() is a macro in C and an overload in C++.
 */
#ifndef SOCKDUP_WS_FD_SET_H
#define SOCKDUP_WS_FD_SET_H

#include "base.h"
#include "types.h"

#if !defined(FD_SETSIZE) && defined(SOCKDUP_WS_FD_SETSIZE)
#define FD_SETSIZE	SOCKDUP_WS_FD_SETSIZE
#elif !defined(FD_SETSIZE)
#define FD_SETSIZE	64
#endif

typedef struct sockdup_ws_fd_set {
	u_int fd_count;
	SOCKET fd_array[FD_SETSIZE];
} sockdup_ws_fd_set, FD_SET, *PFD_SET, *LPFD_SET;

#ifdef SOCKDUP_WS_POSIX_SELECT
typedef fd_set sockdup_ws_posix_fd_set;
#endif
#define fd_set	sockdup_ws_fd_set

/* In a program of 32 bits, struct timeval depends on _TIME_BITS. */
#if __SIZEOF_LONG__ == 4 && defined(__USE_TIME_BITS64)
#define SOCKDUP_WS_SELECT	SOCKDUP_WS_SYMBOL(select_time64)
#define SOCKDUP_WS_SELECT_REDIRECTED
#else
#define SOCKDUP_WS_SELECT	SOCKDUP_WS_SYMBOL(select)
#endif

SOCKDUP_WS_BEGIN

#ifdef SOCKDUP_WS_POSIX_SELECT
int sockdup_ws_select(int unused, fd_set *read, fd_set *write, fd_set *except,
		      const struct timeval *timeout) SOCKDUP_WS_SELECT;
#else
int select(int unused, fd_set *read, fd_set *write, fd_set *except,
	   const struct timeval *timeout) SOCKDUP_WS_SELECT;
#endif

#if defined(SOCKDUP_WS_POSIX_SELECT) && !defined(__cplusplus)
#define select(unused, read, write, except, timeout) \
	sockdup_ws_select(unused, read, write, except, timeout)
#elif defined(SOCKDUP_WS_POSIX_SELECT)
/*
 * A call with null pointers alone also matches glibc's select(). C++ prefers that one,
 * as it is no template. So glibc's declaration gets Winsock's symbol, unless glibc has
 * given it another already.
 */
#ifndef SOCKDUP_WS_SELECT_REDIRECTED
int select(int unused, sockdup_ws_posix_fd_set *read,
	   sockdup_ws_posix_fd_set *write, sockdup_ws_posix_fd_set *except,
	   struct timeval *timeout) SOCKDUP_WS_SELECT;
#endif

extern "C++" {
template <typename = void>
static inline int select(int unused, fd_set *read, fd_set *write,
			 fd_set *except, const struct timeval *timeout)
{
	return sockdup_ws_select(unused, read, write, except, timeout);
}
}
#endif

int __WSAFDIsSet(SOCKET s, fd_set *set) SOCKDUP_WS_SYMBOL(__WSAFDIsSet);

/* FD_SETSIZE is each file's own, so these are, too. */
static inline void sockdup_ws_fd_set_add(SOCKET s, fd_set *set)
{
	if (set->fd_count < FD_SETSIZE && !__WSAFDIsSet(s, set))
		set->fd_array[set->fd_count++] = s;
}

static inline void sockdup_ws_fd_set_remove(SOCKET s, fd_set *set)
{
	u_int i, kept = 0;

	for (i = 0; i < set->fd_count; i++)
		if (set->fd_array[i] != s)
			set->fd_array[kept++] = set->fd_array[i];
	set->fd_count = kept;
}

SOCKDUP_WS_END

#define FD_SET(s, set)		sockdup_ws_fd_set_add(s, set)
#define FD_CLR(s, set)		sockdup_ws_fd_set_remove(s, set)
#define FD_ISSET(s, set)	__WSAFDIsSet(s, set)
#define FD_ZERO(set)		((void)((set)->fd_count = 0))

#endif /* SOCKDUP_WS_FD_SET_H */
