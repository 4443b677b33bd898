/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winsock's fd_set: a list of sockets, whatever their numbers.
 *
 * It has another tag than glibc's, which may have been declared by <stdlib.h>.
 * select() is an overload in C++. In C it is a macro after <stdlib.h>, and only
 * then.
 */
#ifndef SOCKDUP_WS_FD_SET_H
#define SOCKDUP_WS_FD_SET_H

#include "base.h"
#include "types.h"

#ifndef FD_SETSIZE
#define FD_SETSIZE	64
#endif

typedef struct sockdup_ws_fd_set {
	u_int fd_count;
	SOCKET fd_array[FD_SETSIZE];
} sockdup_ws_fd_set, FD_SET, *PFD_SET, *LPFD_SET;

#define fd_set	sockdup_ws_fd_set

/* In a program of 32 bits, struct timeval depends on _TIME_BITS. */
#if __SIZEOF_LONG__ == 4 && defined(__USE_TIME_BITS64)
#define SOCKDUP_WS_SELECT	SOCKDUP_WS_SYMBOL(select_time64)
#else
#define SOCKDUP_WS_SELECT	SOCKDUP_WS_SYMBOL(select)
#endif

#ifdef __cplusplus
extern "C++" {
int select(int unused, fd_set *read, fd_set *write, fd_set *except,
	   const struct timeval *timeout) SOCKDUP_WS_SELECT;

/*
 * Null pointers alone fit glibc's select(), which <cstdlib> declares, as well or
 * better. So there is one more that fits these exactly: nullptr, and the
 * integers that NULL and 0 are.
 */
template <typename type> struct sockdup_ws_null;
template <> struct sockdup_ws_null<decltype(nullptr)> { typedef int of; };
template <> struct sockdup_ws_null<int> { typedef int of; };
template <> struct sockdup_ws_null<long> { typedef int of; };

inline const struct timeval *sockdup_ws_fd_set_time(const struct timeval *time)
{
	return time;
}

template <typename null>
inline const struct timeval *
sockdup_ws_fd_set_time(null, typename sockdup_ws_null<null>::of = 0)
{
	return nullptr;
}

template <typename a, typename b, typename c, typename time>
inline int select(int unused, a, b, c, time timeout,
		  typename sockdup_ws_null<a>::of = 0,
		  typename sockdup_ws_null<b>::of = 0,
		  typename sockdup_ws_null<c>::of = 0)
{
	fd_set *none = nullptr;

	return select(unused, none, none, none, sockdup_ws_fd_set_time(timeout));
}
}
#elif defined(SOCKDUP_WS_POSIX_SELECT)
int sockdup_ws_select(int unused, fd_set *read, fd_set *write, fd_set *except,
		      const struct timeval *timeout) SOCKDUP_WS_SELECT;
#define select(unused, read, write, except, timeout) \
	sockdup_ws_select(unused, read, write, except, timeout)
#else
int select(int unused, fd_set *read, fd_set *write, fd_set *except,
	   const struct timeval *timeout) SOCKDUP_WS_SELECT;
#endif

SOCKDUP_WS_BEGIN

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
