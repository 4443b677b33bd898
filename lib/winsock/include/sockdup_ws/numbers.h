/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winsock's numbers for what only travels through the layer's calls. Numbers in
 * memory that POSIX code shares, such as address families, stay Linux'.
 *
 * Linux' options and flags that Winsock lacks are undefined, so that source
 * with "#ifdef SO_REUSEPORT" becomes what it is on Windows.
 */
#ifndef SOCKDUP_WS_NUMBERS_H
#define SOCKDUP_WS_NUMBERS_H

#undef SOL_SOCKET
#define SOL_SOCKET		0xffff

#undef SO_DEBUG
#undef SO_ACCEPTCONN
#undef SO_REUSEADDR
#undef SO_KEEPALIVE
#undef SO_DONTROUTE
#undef SO_BROADCAST
#undef SO_LINGER
#undef SO_OOBINLINE
#undef SO_SNDBUF
#undef SO_RCVBUF
#undef SO_SNDLOWAT
#undef SO_RCVLOWAT
#undef SO_SNDTIMEO
#undef SO_RCVTIMEO
#undef SO_ERROR
#undef SO_TYPE
#define SO_DEBUG		0x0001
#define SO_ACCEPTCONN		0x0002
#define SO_REUSEADDR		0x0004
#define SO_KEEPALIVE		0x0008
#define SO_DONTROUTE		0x0010
#define SO_BROADCAST		0x0020
#define SO_USELOOPBACK		0x0040
#define SO_LINGER		0x0080
#define SO_OOBINLINE		0x0100
#define SO_DONTLINGER		((int)~SO_LINGER)
#define SO_EXCLUSIVEADDRUSE	((int)~SO_REUSEADDR)
#define SO_SNDBUF		0x1001
#define SO_RCVBUF		0x1002
#define SO_SNDLOWAT		0x1003
#define SO_RCVLOWAT		0x1004
#define SO_SNDTIMEO		0x1005
#define SO_RCVTIMEO		0x1006
#define SO_ERROR		0x1007
#define SO_TYPE			0x1008
#define SO_BSP_STATE		0x1009
#define SO_GROUP_ID		0x2001
#define SO_GROUP_PRIORITY	0x2002
#define SO_MAX_MSG_SIZE		0x2003
#define SO_PROTOCOL_INFOA	0x2004
#define SO_PROTOCOL_INFOW	0x2005
#ifdef UNICODE
#define SO_PROTOCOL_INFO	SO_PROTOCOL_INFOW
#else
#define SO_PROTOCOL_INFO	SO_PROTOCOL_INFOA
#endif
#define SO_CONDITIONAL_ACCEPT	0x3002

#undef SO_ATTACH_BPF
#undef SO_ATTACH_FILTER
#undef SO_ATTACH_REUSEPORT_CBPF
#undef SO_ATTACH_REUSEPORT_EBPF
#undef SO_BINDTODEVICE
#undef SO_BINDTOIFINDEX
#undef SO_BUSY_POLL
#undef SO_COOKIE
#undef SO_DETACH_BPF
#undef SO_DETACH_FILTER
#undef SO_DOMAIN
#undef SO_GET_FILTER
#undef SO_INCOMING_CPU
#undef SO_INCOMING_NAPI_ID
#undef SO_LOCK_FILTER
#undef SO_MARK
#undef SO_MAX_PACING_RATE
#undef SO_MEMINFO
#undef SO_NO_CHECK
#undef SO_PASSCRED
#undef SO_PASSSEC
#undef SO_PEEK_OFF
#undef SO_PEERCRED
#undef SO_PEERGROUPS
#undef SO_PEERNAME
#undef SO_PEERSEC
#undef SO_PRIORITY
#undef SO_PROTOCOL
#undef SO_RCVBUFFORCE
#undef SO_REUSEPORT
#undef SO_RXQ_OVFL
#undef SO_SNDBUFFORCE
#undef SO_TIMESTAMP
#undef SO_TIMESTAMPING
#undef SO_TIMESTAMPNS
#undef SO_TXTIME
#undef SO_ZEROCOPY

#undef MSG_OOB
#undef MSG_PEEK
#undef MSG_DONTROUTE
#undef MSG_WAITALL
#undef MSG_TRUNC
#undef MSG_CTRUNC
#define MSG_OOB			0x0001
#define MSG_PEEK		0x0002
#define MSG_DONTROUTE		0x0004
#define MSG_WAITALL		0x0008
#define MSG_PUSH_IMMEDIATE	0x0020
#define MSG_TRUNC		0x0100
#define MSG_CTRUNC		0x0200
#define MSG_BCAST		0x0400
#define MSG_MCAST		0x0800
#define MSG_PARTIAL		0x8000
#define MSG_INTERRUPT		0x0010

#undef MSG_BATCH
#undef MSG_CMSG_CLOEXEC
#undef MSG_CONFIRM
#undef MSG_DONTWAIT
#undef MSG_EOR
#undef MSG_ERRQUEUE
#undef MSG_FASTOPEN
#undef MSG_FIN
#undef MSG_MORE
#undef MSG_NOSIGNAL
#undef MSG_PROXY
#undef MSG_RST
#undef MSG_SYN
#undef MSG_TRYHARD
#undef MSG_WAITFORONE
#undef MSG_ZEROCOPY

#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK

#undef SOMAXCONN
#define SOMAXCONN		0x7fffffff
#define SOMAXCONN_HINT(backlog)	(-(backlog))

#define SD_RECEIVE		0
#define SD_SEND			1
#define SD_BOTH			2

#undef IOC_IN
#undef IOC_OUT
#undef IOC_INOUT
#define IOC_UNIX		0x00000000
#define IOC_WS2			0x08000000
#define IOC_PROTOCOL		0x10000000
#define IOC_VENDOR		0x18000000
#define IOC_VOID		0x20000000
#define IOC_OUT			0x40000000
#define IOC_IN			0x80000000U
#define IOC_INOUT		(IOC_IN | IOC_OUT)
#define _WSAIO(family, code)	(IOC_VOID | (family) | (code))
#define _WSAIOR(family, code)	(IOC_OUT | (family) | (code))
#define _WSAIOW(family, code)	(IOC_IN | (family) | (code))
#define _WSAIORW(family, code)	(IOC_INOUT | (family) | (code))

#undef FIONREAD
#undef FIONBIO
#undef FIOASYNC
#undef SIOCATMARK
#define FIONREAD		0x4004667f
#define FIONBIO			((int)0x8004667e)
#define FIOASYNC		((int)0x8004667d)
#define SIOCATMARK		0x40047307

#define SIO_GET_EXTENSION_FUNCTION_POINTER	_WSAIORW(IOC_WS2, 6)

/*
 * Those of WSAPoll() are Linux', as a file may call poll() of it, too. What tells
 * POLLIN tells POLLRDNORM or POLLRDBAND beside it, and POLLOUT POLLWRNORM: on
 * Windows the one is the two, and the other is the same.
 */
#ifndef POLLRDNORM
#define POLLRDNORM		0x040
#define POLLRDBAND		0x080
#define POLLWRNORM		0x100
#define POLLWRBAND		0x200
#endif

#define FD_READ_BIT			0
#define FD_WRITE_BIT			1
#define FD_OOB_BIT			2
#define FD_ACCEPT_BIT			3
#define FD_CONNECT_BIT			4
#define FD_CLOSE_BIT			5
#define FD_QOS_BIT			6
#define FD_GROUP_QOS_BIT		7
#define FD_ROUTING_INTERFACE_CHANGE_BIT	8
#define FD_ADDRESS_LIST_CHANGE_BIT	9
#define FD_MAX_EVENTS			10
#define FD_READ				(1 << FD_READ_BIT)
#define FD_WRITE			(1 << FD_WRITE_BIT)
#define FD_OOB				(1 << FD_OOB_BIT)
#define FD_ACCEPT			(1 << FD_ACCEPT_BIT)
#define FD_CONNECT			(1 << FD_CONNECT_BIT)
#define FD_CLOSE			(1 << FD_CLOSE_BIT)
#define FD_QOS				(1 << FD_QOS_BIT)
#define FD_GROUP_QOS			(1 << FD_GROUP_QOS_BIT)
#define FD_ROUTING_INTERFACE_CHANGE	(1 << FD_ROUTING_INTERFACE_CHANGE_BIT)
#define FD_ADDRESS_LIST_CHANGE		(1 << FD_ADDRESS_LIST_CHANGE_BIT)
#define FD_ALL_EVENTS			((1 << FD_MAX_EVENTS) - 1)

#define XP1_CONNECTIONLESS		0x00000001
#define XP1_GUARANTEED_DELIVERY		0x00000002
#define XP1_GUARANTEED_ORDER		0x00000004
#define XP1_MESSAGE_ORIENTED		0x00000008
#define XP1_PSEUDO_STREAM		0x00000010
#define XP1_GRACEFUL_CLOSE		0x00000020
#define XP1_EXPEDITED_DATA		0x00000040
#define XP1_CONNECT_DATA		0x00000080
#define XP1_DISCONNECT_DATA		0x00000100
#define XP1_SUPPORT_BROADCAST		0x00000200
#define XP1_SUPPORT_MULTIPOINT		0x00000400
#define XP1_MULTIPOINT_CONTROL_PLANE	0x00000800
#define XP1_MULTIPOINT_DATA_PLANE	0x00001000
#define XP1_QOS_SUPPORTED		0x00002000
#define XP1_INTERRUPT			0x00004000
#define XP1_UNI_SEND			0x00008000
#define XP1_UNI_RECV			0x00010000
#define XP1_IFS_HANDLES			0x00020000
#define XP1_PARTIAL_MESSAGE		0x00040000
#define XP1_SAN_SUPPORT_SDP		0x00080000

#define PFL_MULTIPLE_PROTO_ENTRIES	0x1
#define PFL_RECOMMENDED_PROTO_ENTRY	0x2
#define PFL_HIDDEN			0x4
#define PFL_MATCHES_PROTOCOL_ZERO	0x8
#define PFL_NETWORKDIRECT_PROVIDER	0x10

#define FROM_PROTOCOL_INFO		(-1)

#define WSA_FLAG_OVERLAPPED		0x01
#define WSA_FLAG_MULTIPOINT_C_ROOT	0x02
#define WSA_FLAG_MULTIPOINT_C_LEAF	0x04
#define WSA_FLAG_MULTIPOINT_D_ROOT	0x08
#define WSA_FLAG_MULTIPOINT_D_LEAF	0x10
#define WSA_FLAG_ACCESS_SYSTEM_SECURITY	0x40
#define WSA_FLAG_NO_HANDLE_INHERIT	0x80

#endif /* SOCKDUP_WS_NUMBERS_H */
