/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Includes glibc's headers so that Winsock's names stay free: this file renames
 * what they declare under such a name. Structs keep their names, so that POSIX
 * code of the same program shares them.
 */
#ifndef SOCKDUP_WS_GLIBC_H
#define SOCKDUP_WS_GLIBC_H

#if defined(_SYS_SOCKET_H) || defined(_NETINET_IN_H)
#error "include <winsock2.h> before <sys/socket.h>, <netinet/in.h> and what reads them; a file speaks Winsock or POSIX"
/* Not there, which ends the compilation: more errors would only hide this one. */
#include "winsock2.h-comes-first"
#endif

/* <stdlib.h> reads it, too, and so may have been first. */
#ifdef _SYS_SELECT_H
#define SOCKDUP_WS_POSIX_SELECT
#endif

/* A program may have its own. */
#pragma push_macro("FD_SETSIZE")
#undef FD_SETSIZE

#define accept		sockdup_ws_posix_accept
#define bind		sockdup_ws_posix_bind
#define connect		sockdup_ws_posix_connect
#define getpeername	sockdup_ws_posix_getpeername
#define getsockname	sockdup_ws_posix_getsockname
#define getsockopt	sockdup_ws_posix_getsockopt
#define listen		sockdup_ws_posix_listen
#define recv		sockdup_ws_posix_recv
#define recvfrom	sockdup_ws_posix_recvfrom
#define send		sockdup_ws_posix_send
#define sendto		sockdup_ws_posix_sendto
#define setsockopt	sockdup_ws_posix_setsockopt
#define shutdown	sockdup_ws_posix_shutdown
#define socket		sockdup_ws_posix_socket
#ifndef SOCKDUP_WS_POSIX_SELECT
#define fd_set		sockdup_ws_posix_fd_set
#define select		sockdup_ws_posix_select
#endif

/*
 * The one member of glibc's struct in_addr becomes Windows' union. What is left
 * of its own declaration is a bit-field without a name, which takes no room.
 */
#define s_addr								\
	:0;								\
	union {								\
		struct {						\
			unsigned char s_b1, s_b2, s_b3, s_b4;		\
		} S_un_b;						\
		struct {						\
			unsigned short s_w1, s_w2;			\
		} S_un_w;						\
		__UINT32_TYPE__ S_addr;					\
	} S_un

/* Never undefined again: macros of <netinet/in.h> use the names of in6_addr's members. */
#define __in6_u		u
#define __u6_addr8	Byte
#define __u6_addr16	Word

#include <sys/types.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <netinet/in.h>

#undef accept
#undef bind
#undef connect
#undef getpeername
#undef getsockname
#undef getsockopt
#undef listen
#undef recv
#undef recvfrom
#undef send
#undef sendto
#undef setsockopt
#undef shutdown
#undef socket
#ifndef SOCKDUP_WS_POSIX_SELECT
#undef fd_set
#undef select
#endif
#undef s_addr
#define s_addr		S_un.S_addr
#define s_host		S_un.S_un_b.s_b2
#define s_net		S_un.S_un_b.s_b1
#define s_imp		S_un.S_un_w.s_w2
#define s_impno		S_un.S_un_b.s_b4
#define s_lh		S_un.S_un_b.s_b3

/* It only defines macros. Included later, it would define Linux' FIONBIO. */
#include <asm/ioctls.h>
#include <poll.h>
#include <arpa/inet.h>
#include <netdb.h>

/* <unistd.h> has it, and much that is none of Winsock's. */
__BEGIN_DECLS
int gethostname(char *name, size_t size) __THROW;
__END_DECLS

/* Of these, FD_SET and its like are glibc's in any case. */
#undef FD_SET
#undef FD_CLR
#undef FD_ISSET
#undef FD_ZERO

/*
 * The program's FD_SETSIZE, or none: glibc's, if that was read before, is
 * defined by __FD_SETSIZE.
 */
#pragma pop_macro("FD_SETSIZE")
#ifdef FD_SETSIZE
#pragma push_macro("__FD_SETSIZE")
#undef __FD_SETSIZE
#define __FD_SETSIZE	0
#if FD_SETSIZE == 0
#undef FD_SETSIZE
#endif
#pragma pop_macro("__FD_SETSIZE")
#endif

/* With -std=c11, <sys/types.h> leaves them out. */
#ifndef __u_char_defined
#define __u_char_defined
typedef __u_char u_char;
typedef __u_short u_short;
typedef __u_int u_int;
typedef __u_long u_long;
#endif

#endif /* SOCKDUP_WS_GLIBC_H */
