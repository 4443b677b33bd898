/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * sockdup: hand a socket to another process as plain bytes.
 *
 * A source process exports a socket, or several, to a target: a process, a
 * user or a control group. It gets a struct sockdup_protocol_info. The bytes
 * travel by any means. The target imports them and has one more descriptor of
 * the same open socket.
 *
 * One open of the device is a handle. Commands for tokens and registrations act for the
 * process that calls, also through a handle that it inherited over fork() or received;
 * those for inboxes are for the process that opened it. Tokens made
 * with SOCKDUP_EXPORT_END_ON_CLOSE and registrations belong to the handle: they
 * end when its last descriptor in any process is closed. The handle is also
 * where outcomes of tokens made with SOCKDUP_EXPORT_REPORT are read. Only the process that
 * opened the device counts as having it open.
 *
 * Every command is an ioctl on /dev/sockdup. Its argument is a struct that
 * starts with its own size in bytes:
 *
 *  - a size below that of the first version, its _SIZE_VER0, is EINVAL;
 *  - a size above the one that the kernel knows is accepted if all bytes that
 *    the kernel does not know are zero, and E2BIG otherwise; a size above a
 *    page is E2BIG, too;
 *  - reserved fields must be zero and unknown flags clear, else EINVAL.
 *
 * SOCKDUP_IOC_POST and SOCKDUP_IOC_ACCEPT have structs of one size, without that word.
 *
 * Errors that every command can return:
 *
 *  ENOTTY  the ioctl number is unknown
 *  EINVAL  size, flags, a reserved field or another value is wrong
 *  E2BIG   a field that this kernel does not know is not zero
 *  EFAULT  a pointer is wrong
 *
 * Each command lists its further errors. A command that fails has changed
 * nothing: no token, reference or descriptor is left behind or lost. There are
 * three exceptions: the counter of an eventfd, see struct sockdup_event_select;
 * an import or an accept that answers EFAULT for @fds, which may have spent the token
 * or the post and closed the sockets, see struct sockdup_import; and an accept that a
 * security module refuses. What a failed command leaves in
 * its output fields has no meaning, except for the counts and sizes, and the id of a
 * post, after EMSGSIZE. A caller that repeats an import sets both to its room again,
 * and one that repeats a query @socket_count.
 *
 * Layouts are the same for 32-bit and 64-bit callers.
 */
#ifndef _UAPI_LINUX_SOCKDUP_H
#define _UAPI_LINUX_SOCKDUP_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SOCKDUP_DEVICE_NAME	"sockdup"
#define SOCKDUP_ABI_VERSION	1

/**
 * enum sockdup_service - what a socket can do, Winsock's XP1_* values
 * @SOCKDUP_XP1_CONNECTIONLESS: datagrams; set for datagram sockets only
 * @SOCKDUP_XP1_GUARANTEED_DELIVERY: what was sent arrives
 * @SOCKDUP_XP1_GUARANTEED_ORDER: and arrives in order, once
 * @SOCKDUP_XP1_MESSAGE_ORIENTED: message boundaries are kept
 * @SOCKDUP_XP1_PSEUDO_STREAM: messages that can be read as a stream
 * @SOCKDUP_XP1_GRACEFUL_CLOSE: a peer's orderly end differs from its failure
 * @SOCKDUP_XP1_EXPEDITED_DATA: urgent data, MSG_OOB
 * @SOCKDUP_XP1_CONNECT_DATA: data can travel with a connect
 * @SOCKDUP_XP1_DISCONNECT_DATA: data can travel with a disconnect
 * @SOCKDUP_XP1_SUPPORT_BROADCAST: can send to all
 * @SOCKDUP_XP1_SUPPORT_MULTIPOINT: can send to a group
 * @SOCKDUP_XP1_MULTIPOINT_CONTROL_PLANE: the group has a root
 * @SOCKDUP_XP1_MULTIPOINT_DATA_PLANE: the group's data has a root
 * @SOCKDUP_XP1_QOS_SUPPORTED: never set on Linux
 * @SOCKDUP_XP1_UNI_SEND: sends only; never together with UNI_RECV
 * @SOCKDUP_XP1_UNI_RECV: receives only
 * @SOCKDUP_XP1_IFS_HANDLES: read() and write() work on the descriptor
 * @SOCKDUP_XP1_PARTIAL_MESSAGE: a message can arrive in parts
 * @SOCKDUP_XP1_SAN_SUPPORT_SDP: never set on Linux
 *
 * Values are those of the XP1_ flags of WSAPROTOCOL_INFO.dwServiceFlags1.
 */
enum sockdup_service {
	SOCKDUP_XP1_CONNECTIONLESS		= 0x00001,
	SOCKDUP_XP1_GUARANTEED_DELIVERY		= 0x00002,
	SOCKDUP_XP1_GUARANTEED_ORDER		= 0x00004,
	SOCKDUP_XP1_MESSAGE_ORIENTED		= 0x00008,
	SOCKDUP_XP1_PSEUDO_STREAM		= 0x00010,
	SOCKDUP_XP1_GRACEFUL_CLOSE		= 0x00020,
	SOCKDUP_XP1_EXPEDITED_DATA		= 0x00040,
	SOCKDUP_XP1_CONNECT_DATA		= 0x00080,
	SOCKDUP_XP1_DISCONNECT_DATA		= 0x00100,
	SOCKDUP_XP1_SUPPORT_BROADCAST		= 0x00200,
	SOCKDUP_XP1_SUPPORT_MULTIPOINT		= 0x00400,
	SOCKDUP_XP1_MULTIPOINT_CONTROL_PLANE	= 0x00800,
	SOCKDUP_XP1_MULTIPOINT_DATA_PLANE	= 0x01000,
	SOCKDUP_XP1_QOS_SUPPORTED		= 0x02000,
	SOCKDUP_XP1_UNI_SEND			= 0x08000,
	SOCKDUP_XP1_UNI_RECV			= 0x10000,
	SOCKDUP_XP1_IFS_HANDLES			= 0x20000,
	SOCKDUP_XP1_PARTIAL_MESSAGE		= 0x40000,
	SOCKDUP_XP1_SAN_SUPPORT_SDP		= 0x80000,
};

/* In message_size of a protocol info: the socket keeps no message boundaries. */
#define SOCKDUP_MESSAGE_SIZE_STREAM	0
/* In message_size of a protocol info: the device or the buffers set the limit. */
#define SOCKDUP_MESSAGE_SIZE_VARIES	1

#define SOCKDUP_OPAQUE_SIZE	24
#define SOCKDUP_PROTOCOL_NAME_SIZE	32

/**
 * struct sockdup_protocol_info - an exported socket as plain bytes
 * @size: bytes in this struct, 128
 * @socket_count: number of sockets that the token holds, 1 to
 *                SOCKDUP_MAX_SOCKETS; the rest describes the first one
 * @service_flags: what the socket can do, an OR of &enum sockdup_service
 * @address_family: AF_* of the socket
 * @socket_type: SOCK_* of the socket, without SOCK_NONBLOCK or SOCK_CLOEXEC
 * @protocol: the protocol that the socket really speaks: IPPROTO_TCP where
 *            socket() was given 0
 * @min_address_size: bytes in the family's smallest socket address
 * @max_address_size: bytes in the family's largest socket address
 * @message_size: largest message that can be sent, in bytes, or
 *                SOCKDUP_MESSAGE_SIZE_STREAM, SOCKDUP_MESSAGE_SIZE_VARIES
 * @__reserved0: zero
 * @opaque: names the token and proves that the holder was given these bytes;
 *          the target can import with them
 * @protocol_name: the protocol, as the kernel names it, NUL terminated
 * @__reserved: zero
 *
 * The counterpart of WSAPROTOCOL_INFO. It may be copied, stored and sent like
 * any 128 bytes. An import reads @size and @opaque alone. Everything else is
 * for the holder. SOCKDUP_IOC_QUERY describes the socket as it is now.
 */
struct sockdup_protocol_info {
	__u32 size;
	__u32 socket_count;
	__u32 service_flags;
	__s32 address_family;
	__s32 socket_type;
	__s32 protocol;
	__u32 min_address_size;
	__u32 max_address_size;
	__u32 message_size;
	__u32 __reserved0;
	__u8 opaque[SOCKDUP_OPAQUE_SIZE];
	char protocol_name[SOCKDUP_PROTOCOL_NAME_SIZE];
	__u8 __reserved[32];
};

/**
 * struct sockdup_identity - the process that exported or registered
 * @pid: its number in the reader's pid namespace, 0 if it is not visible there
 * @uid: its effective user id in the reader's user namespace, the overflow
 *       id if it is not mapped there
 * @gid: its effective group id, likewise
 * @__reserved: zero
 *
 * The kernel records it at the time. The process may have ended since.
 */
struct sockdup_identity {
	__s32 pid;
	__u32 uid;
	__u32 gid;
	__u32 __reserved;
};

/* The module has the commands SOCKDUP_IOC_EVENT_*. */
#define SOCKDUP_FEATURE_EVENTS	0x1
/* The module knows SOCKDUP_EVENT_ONCE, and lets every holder of a socket re-arm. */
#define SOCKDUP_FEATURE_EVENT_ONCE	0x2
/* The module knows SOCKDUP_EXPORT_TO_PIDFD, and netlink the attribute pidfd. */
#define SOCKDUP_FEATURE_EXPORT_TO_PIDFD	0x4
/* The module knows SOCKDUP_EXPORT_TO_USER, and netlink the attribute target-uid. */
#define SOCKDUP_FEATURE_EXPORT_TO_USER	0x8
/* The module knows SOCKDUP_EXPORT_TO_CGROUP, and netlink the attribute cgroup-fd. */
#define SOCKDUP_FEATURE_EXPORT_TO_CGROUP	0x10
/* The module knows SOCKDUP_EXPORT_REPORT. */
#define SOCKDUP_FEATURE_EXPORT_REPORT	0x20
/* A token can hold several sockets, their names, and a payload. */
#define SOCKDUP_FEATURE_SETS	0x40
/* The module has the commands from SOCKDUP_IOC_INBOX to SOCKDUP_IOC_POST_REVOKE. */
#define SOCKDUP_FEATURE_INBOX	0x80

#define SOCKDUP_INFO_SIZE_VER0	40

/**
 * struct sockdup_info - argument of SOCKDUP_IOC_INFO
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @abi_version: out: SOCKDUP_ABI_VERSION of the module
 * @protocol_info_size: out: bytes in struct sockdup_protocol_info
 * @features: out: what the module can do beyond tokens, SOCKDUP_FEATURE_*
 * @default_ttl_ms: out: life of a token whose source asks for none, in
 *                  milliseconds
 * @max_ttl_ms: out: longest life that a caller can ask for, in milliseconds
 * @max_sockets: out: most sockets under one token
 * @__reserved: zero
 * @max_payload: out: most bytes of a payload
 * @max_slots: out: most slots of an inbox
 * @max_message: out: most bytes of a message
 * @max_users: out: most users who are listed for an inbox
 *
 * No further errors.
 */
struct sockdup_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 protocol_info_size;
	__aligned_u64 features;
	__u32 default_ttl_ms;
	__u32 max_ttl_ms;
	__u32 max_sockets;
	__u32 __reserved;
	__u32 max_payload;
	__u32 max_slots;
	__u32 max_message;
	__u32 max_users;
};

/* Most sockets under one token. */
#define SOCKDUP_MAX_SOCKETS	1024
/* Most bytes of a payload. */
#define SOCKDUP_MAX_PAYLOAD	65536
/*
 * Bytes of a socket's name: none, or up to 63 that are not NUL, and zeroes behind. Names
 * lie one behind the other, without gaps.
 */
#define SOCKDUP_NAME_SIZE	64

/* Flags of an export. */

/* @target is not a process id, but a socket whose peer is the target. */
#define SOCKDUP_EXPORT_TO_PEER		0x1
/* The token ends when the last descriptor of the exporting handle is closed. */
#define SOCKDUP_EXPORT_END_ON_CLOSE	0x2
/* @target is not a process id, but a pidfd of the target. Not with TO_PEER. */
#define SOCKDUP_EXPORT_TO_PIDFD		0x4
/* @target is a user id: any process of that user. */
#define SOCKDUP_EXPORT_TO_USER		0x8
/*
 * Any process in the control group @cgroup or below it; with SOCKDUP_EXPORT_TO_USER, any
 * of that user's there. With no other TO_ flag.
 */
#define SOCKDUP_EXPORT_TO_CGROUP	0x10
/* The exporting handle is told how the token ends, see struct sockdup_outcome. */
#define SOCKDUP_EXPORT_REPORT		0x20
/*
 * The token holds no socket, but an invitation to bind to the inbox that the handle is, see
 * struct sockdup_bind; or to accept from it, too, see struct sockdup_inbox_open. @fd is -1.
 */
#define SOCKDUP_EXPORT_INVITE_TO_POST	0x40
#define SOCKDUP_EXPORT_INVITE_TO_ACCEPT	0x80

#define SOCKDUP_EXPORT_SIZE_VER0	32

/**
 * struct sockdup_export - argument of SOCKDUP_IOC_EXPORT
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_EXPORT_* or zero
 * @fd: in: a descriptor of the socket; -1 where @socket_count is not 0
 * @target: in: the target process, by its number in the caller's pid
 *          namespace; with SOCKDUP_EXPORT_TO_PEER, a descriptor of a connected
 *          AF_UNIX socket; with SOCKDUP_EXPORT_TO_PIDFD, a pidfd of the process,
 *          which need not be visible in that namespace; with
 *          SOCKDUP_EXPORT_TO_USER, a user id in the caller's user namespace;
 *          with SOCKDUP_EXPORT_TO_CGROUP alone, zero
 * @ttl_ms: in: life of the token in milliseconds, 0 for the default
 * @info_size: in: bytes at @info, sizeof(struct sockdup_protocol_info)
 * @info: out: pointer to a struct sockdup_protocol_info
 * @socket_count: in: how many there are at @fds, or 0 for the socket @fd alone
 * @payload_size: in: bytes at @payload
 * @fds: in: pointer to an array of __s32, a descriptor of each socket; ignored where
 *       @socket_count is 0
 * @names: in: pointer to as many names of SOCKDUP_NAME_SIZE bytes, or to one for the
 *         socket @fd; or 0, and no socket has one
 * @payload: in: pointer to bytes that travel with the token; ignored where
 *           @payload_size is 0
 * @cgroup: in: with SOCKDUP_EXPORT_TO_CGROUP, a descriptor of the directory of a control
 *          group of version 2, else zero
 * @__reserved: zero
 *
 * Makes a token that holds the sockets open until it is imported or revoked,
 * its target ends, or its deadline passes. It outlives the caller, unless
 * SOCKDUP_EXPORT_END_ON_CLOSE is set. The values are checked in the order flags
 * and sizes, names, payload, descriptors of sockets, target, ttl_ms, the quota, info.
 *
 * What @info points to overlaps none of the other memory. A socket may be there several
 * times, and so may a name. Only an import reads the payload, also one that then fails.
 *
 * The peer of an AF_UNIX socket is the process that called connect() or
 * listen() at the other end. For a socketpair it is the creator, whichever
 * process holds the ends now.
 *
 * With SOCKDUP_EXPORT_TO_USER the target is every process whose real, effective
 * and saved user id all are @target, and which is in the exporter's own user and
 * pid namespace, now or later. The first of them to import has the socket. Such
 * a token ends with that pid namespace, and not with any process of the user.
 *
 * With SOCKDUP_EXPORT_TO_CGROUP the target is every process that has its importing
 * thread in that control group or below it at the import, in whichever namespaces. Such
 * a token ends with the removal of the control group: nobody imports it from then on,
 * and within a second it lets go of its sockets.
 *
 *  EBADF    a socket's descriptor is not open, or an O_PATH one; or @target is
 *           not, where it is a descriptor; or it should be a pidfd and is none; or
 *           @cgroup is not the directory of a control group of version 2
 *  ENOTSOCK a socket's descriptor is of something else; or @target, with
 *           SOCKDUP_EXPORT_TO_PEER
 *  EINVAL   @target is not above zero, names a thread that does not lead its
 *           process, or is a socket of another family than AF_UNIX; @flags name
 *           it in two ways; the caller's user namespace has no user @target;
 *           @cgroup is the root, or not zero without its flag; @target is not zero
 *           where a control group alone is the target;
 *           @ttl_ms exceeds the limit; @info_size is wrong; @socket_count exceeds
 *           SOCKDUP_MAX_SOCKETS, or is not 0 and @fd not -1; a name has no NUL, or
 *           something behind it
 *  EMSGSIZE @payload_size exceeds SOCKDUP_MAX_PAYLOAD
 *  ENOTCONN @target is a socket without a peer that the kernel knows
 *  ESRCH    there is no such process, it has ended, or it is a kernel thread; the
 *           control group has been removed
 *  EPERM    @ttl_ms exceeds the default, the target neither is or runs as the
 *           caller's user nor has the device open, it is no control group whose
 *           directory the caller may write to, and the caller lacks CAP_SYS_RESOURCE in
 *           the initial user namespace
 *  ENOBUFS  the caller's user would hold more sockets in tokens than
 *           RLIMIT_NOFILE allows, or more bytes of sets (names, payload and about 40
 *           bytes a socket) than the module's parameter max_user_bytes; or, with
 *           SOCKDUP_EXPORT_REPORT, the handle has 4096 reports in live tokens and
 *           unread outcomes
 *  EBUSY    with SOCKDUP_EXPORT_REPORT, the handle is an inbox or bound to one
 *  ENOMEM   no memory
 *
 * and for an invitation
 *
 *  EINVAL   there are sockets, names or a payload, or both flags
 *  ENOTCONN the handle is not an inbox
 *  EPERM    the caller did not open the handle, or no longer runs as the same user
 *  EPIPE    the inbox has ended
 *  ENFILE   the system has no more open files
 */
struct sockdup_export {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__s32 target;
	__u32 ttl_ms;
	__u32 info_size;
	__aligned_u64 info;
	__u32 socket_count;
	__u32 payload_size;
	__aligned_u64 fds;
	__aligned_u64 names;
	__aligned_u64 payload;
	__s32 cgroup;
	__u32 __reserved;
};

/**
 * enum sockdup_outcome_kind - how a token ended
 * @SOCKDUP_OUTCOME_IMPORTED: its target has the sockets
 * @SOCKDUP_OUTCOME_REVOKED: the exporting process revoked it, or another of the exporter's
 *                           user or a privileged one, which may not import it
 * @SOCKDUP_OUTCOME_DECLINED: a process that may import it, other than the exporting one,
 *                            revoked it. This wins where the process is of the exporter's
 *                            user, too, or privileged
 * @SOCKDUP_OUTCOME_EXPIRED: its deadline passed
 * @SOCKDUP_OUTCOME_TARGET_DIED: its target ended
 */
enum sockdup_outcome_kind {
	SOCKDUP_OUTCOME_IMPORTED	= 1,
	SOCKDUP_OUTCOME_REVOKED		= 2,
	SOCKDUP_OUTCOME_DECLINED	= 3,
	SOCKDUP_OUTCOME_EXPIRED		= 4,
	SOCKDUP_OUTCOME_TARGET_DIED	= 5,
};

/**
 * struct sockdup_outcome - the end of a token exported with SOCKDUP_EXPORT_REPORT
 * @id: the token's public name, the first eight bytes of its @opaque
 * @when_ns: when it ended, in nanoseconds of the reader's CLOCK_BOOTTIME
 * @kind: an &enum sockdup_outcome_kind
 * @pid: the process that imported, in the reader's pid namespace; 0 if it is not
 *       visible there, or nobody imported
 * @uid: its effective user id in the reader's user namespace, or 0
 * @__reserved: zero
 *
 * read() on the exporting handle takes one or more of these, in the order in
 * which tokens ended. It waits for the first, unless the handle has O_NONBLOCK,
 * and returns 0 where no outcome is unread and no live token of the handle
 * reports. poll() gives POLLIN where an outcome is unread, and POLLRDHUP, to
 * those who ask for it, where read() would return 0. The socket does not wait for
 * the reader: the token holds nothing any more. Closing the handle drops what is
 * unread.
 *
 *  EINVAL  the buffer has no room for one
 *  EPERM   another process opened the handle
 *  EAGAIN  there is none yet, and the handle has O_NONBLOCK
 *  EFAULT  the buffer's address is wrong; the outcome is still unread
 *  EINTR   a signal came
 */
struct sockdup_outcome {
	__aligned_u64 id;
	__aligned_u64 when_ns;
	__u32 kind;
	__s32 pid;
	__u32 uid;
	__u32 __reserved;
};

/* The new descriptor stays open across execve(). */
#define SOCKDUP_IMPORT_INHERITABLE	0x1

#define SOCKDUP_IMPORT_SIZE_VER0	40

/**
 * struct sockdup_import - argument of SOCKDUP_IOC_IMPORT
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_IMPORT_INHERITABLE or zero
 * @info_size: in: bytes at @info, sizeof(struct sockdup_protocol_info)
 * @__reserved: zero
 * @info: in: pointer to the struct sockdup_protocol_info
 * @source: out: the exporter
 * @socket_count: in: how many there is room for at @fds, and at @names; out: how many
 *                the token holds
 * @payload_size: in: bytes of room at @payload; out: bytes of the token's payload.
 *                EMSGSIZE writes this and @socket_count, too
 * @fds: out: pointer to an array of __s32; ignored where @socket_count is 0
 * @names: out: pointer to room for as many names of SOCKDUP_NAME_SIZE bytes, or 0;
 *         likewise
 * @payload: out: pointer to room for the payload
 *
 * Spends the token. Where @socket_count is 0, the ioctl returns a new descriptor of
 * the same open file that was exported. Otherwise it returns 0, and has written
 * the new descriptors to @fds and the names to @names, in the exporter's order.
 * Descriptors are close-on-exec unless the flag says otherwise.
 *
 * All sockets are imported, or none. An import that fails may have used numbers of
 * descriptors for a moment, if others took some at the same time, or a security
 * module refused one of several sockets: they are free again, but what other
 * threads did with such a number meanwhile is not undone. If @fds can be written
 * before the import and no longer after it, EFAULT has closed the descriptors, by
 * their numbers, and the token is spent. An import that fails may have filled
 * @fds, @names and @payload.
 *
 *  EINVAL  @info_size or the size within the info is wrong; or the token is an invitation
 *  EMSGSIZE  there is less room than the token needs: for several sockets, or for
 *          the payload. Then @socket_count and @payload_size tell what it holds, and
 *          the token lives on
 *  ENOENT  no live token has these opaque bytes: they were altered, or the
 *          token was imported or revoked, or has expired
 *  EPERM   the token is for another process; or for a user, and the caller is not
 *          wholly that user's, or in another user or pid namespace; or for a control
 *          group, and the calling thread is not in it or below it, or was moved out
 *          before the kernel handed the sockets over
 *  EMFILE  not enough descriptors are free; the token lives on
 *  ENOMEM  no memory for a larger descriptor table; the token lives on
 *  EINTR   killed while another import of the same token was under way
 *
 * A security module may refuse with an error of its own, EACCES as a rule;
 * the token lives on then, too.
 */
struct sockdup_import {
	__u32 size;
	__u32 flags;
	__u32 info_size;
	__u32 __reserved;
	__aligned_u64 info;
	struct sockdup_identity source;
	__u32 socket_count;
	__u32 payload_size;
	__aligned_u64 fds;
	__aligned_u64 names;
	__aligned_u64 payload;
};

#define SOCKDUP_QUERY_SIZE_VER0	56

/**
 * struct sockdup_query - argument of SOCKDUP_IOC_QUERY
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @info_size: in: bytes at @info, sizeof(struct sockdup_protocol_info)
 * @target_pid: out: the target in the caller's pid namespace, 0 if it is not
 *              visible there, or is not a process
 * @info: in and out: pointer to a struct sockdup_protocol_info; the command
 *        reads the opaque bytes and writes the description of the socket
 * @source: out: the exporter
 * @age_ms: out: milliseconds since the export
 * @left_ms: out: milliseconds until the end of the token's life
 * @target_flags: out: SOCKDUP_EXPORT_TO_USER and SOCKDUP_EXPORT_TO_CGROUP as the
 *                token is for a user, a control group, or both; neither for a process;
 *                and SOCKDUP_EXPORT_INVITE_TO_POST or SOCKDUP_EXPORT_INVITE_TO_ACCEPT for
 *                an invitation, which has no socket
 * @target_uid: out: with the first, the user in the caller's user namespace
 * @socket_count: in: how many there is room for at @names and @descriptions; out:
 *                how many the token holds
 * @payload_size: out: bytes of the token's payload
 * @names: out: pointer to room for as many names of SOCKDUP_NAME_SIZE bytes, or 0
 * @descriptions: out: pointer to an array of struct sockdup_protocol_info, one for
 *                each socket, without opaque bytes, or 0
 * @target_cgroup: out: with SOCKDUP_EXPORT_TO_CGROUP, the inode number of the control
 *                 group's directory, which names it, unless the caller's cgroup
 *                 namespace does not have that group; else 0
 * @for_caller: out: 1 where the caller is the target, or one of those whom the target
 *              names, and may import; else 0
 * @__reserved: zero
 *
 * The target, the exporter's effective user, and CAP_SYS_ADMIN in the initial
 * user namespace may query. The token stays as it is.
 *
 *  EINVAL  @info_size or the size within the info is wrong
 *  EMSGSIZE  there is room for some sockets, but not for all; @socket_count tells
 *          how many there are
 *  ENOENT  no live token has these opaque bytes
 *  EPERM   the caller is not the target, does not run as the exporter's user,
 *          and lacks CAP_SYS_ADMIN
 */
struct sockdup_query {
	__u32 size;
	__u32 flags;
	__u32 info_size;
	__s32 target_pid;
	__aligned_u64 info;
	struct sockdup_identity source;
	__aligned_u64 age_ms;
	__aligned_u64 left_ms;
	__u32 target_flags;
	__u32 target_uid;
	__u32 socket_count;
	__u32 payload_size;
	__aligned_u64 names;
	__aligned_u64 descriptions;
	__aligned_u64 target_cgroup;
	__u32 for_caller;
	__u32 __reserved;
};

#define SOCKDUP_REVOKE_SIZE_VER0	24

/**
 * struct sockdup_revoke - argument of SOCKDUP_IOC_REVOKE
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @info_size: in: bytes at @info, sizeof(struct sockdup_protocol_info)
 * @__reserved: zero
 * @info: in: pointer to the struct sockdup_protocol_info
 *
 * Ends the token and lets go of its socket. The callers of SOCKDUP_IOC_QUERY
 * may revoke. The command waits for no import.
 *
 *  EINVAL, ENOENT, EPERM  as for SOCKDUP_IOC_QUERY
 *  EBUSY   an import of the token is under way; the token ends with that, as
 *          revoked if the import fails
 */
struct sockdup_revoke {
	__u32 size;
	__u32 flags;
	__u32 info_size;
	__u32 __reserved;
	__aligned_u64 info;
};

/**
 * enum sockdup_network_event - what a registration can be for, Winsock's FD_*
 * @SOCKDUP_FD_READ: there is something to receive; on a socket without
 *                   connections also an error, with its errno
 * @SOCKDUP_FD_WRITE: there is room to send and, if the socket needs one, a
 *                    connection
 * @SOCKDUP_FD_OOB: there is urgent data; not with SO_OOBINLINE
 * @SOCKDUP_FD_ACCEPT: there is a connection to accept
 * @SOCKDUP_FD_CONNECT: an attempt to connect has ended; the error tells how
 * @SOCKDUP_FD_CLOSE: the peer has ended, and what it sent has been received;
 *                    the error is 0 for an orderly end, or ECONNRESET and such
 *
 * Where the peer ends behind unread data, reading the data brings no CLOSE: a
 * caller that waits for CLOSE alone re-arms it after receiving; others see the
 * end of the data themselves. connect() of an AF_UNIX socket ends at once and
 * brings no CONNECT.
 *
 * ACCEPT, CONNECT, OOB and CLOSE are for TCP, MPTCP, AF_UNIX and AF_SMC. With
 * MPTCP and AF_SMC, READ and CLOSE come together when the peer ends. Only with
 * TCP does a local shutdown() of reading not count as the peer's end.
 *
 * FD_QOS, FD_GROUP_QOS, FD_ROUTING_INTERFACE_CHANGE and FD_ADDRESS_LIST_CHANGE
 * do not exist here.
 */
enum sockdup_network_event {
	SOCKDUP_FD_READ		= 0x01,
	SOCKDUP_FD_WRITE	= 0x02,
	SOCKDUP_FD_OOB		= 0x04,
	SOCKDUP_FD_ACCEPT	= 0x08,
	SOCKDUP_FD_CONNECT	= 0x10,
	SOCKDUP_FD_CLOSE	= 0x20,
};

/* Room for errors, as in Winsock's WSANETWORKEVENTS. */
#define SOCKDUP_EVENT_ERRORS	10

/**
 * enum sockdup_event_kind - how a program learns of network events
 * @SOCKDUP_EVENT_KIND_EVENT: by the event object, as with WSAEventSelect()
 * @SOCKDUP_EVENT_KIND_MESSAGE: by messages that user space makes of them, as
 *                              with WSAAsyncSelect()
 *
 * The kernel keeps the kind for SOCKDUP_IOC_EVENT_QUERY. Both kinds take the
 * one registration of a socket, and cancel each other.
 */
enum sockdup_event_kind {
	SOCKDUP_EVENT_KIND_EVENT,
	SOCKDUP_EVENT_KIND_MESSAGE,
};

/* READ, OOB and ACCEPT are recorded once, until they are re-armed, as WRITE is. */
#define SOCKDUP_EVENT_ONCE		0x2

#define SOCKDUP_EVENT_SELECT_SIZE_VER0	24

/**
 * struct sockdup_event_select - argument of SOCKDUP_IOC_EVENT_SELECT
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_EVENT_ONCE or zero
 * @fd: in: a descriptor of the socket
 * @event: in: an eventfd, not one with EFD_SEMAPHORE; ignored where @mask is 0
 * @mask: in: an OR of &enum sockdup_network_event, or 0 to cancel
 * @kind: in: an &enum sockdup_event_kind
 *
 * A socket has one registration, whichever descriptor in whichever process made
 * it. This cancels it, and unless @mask is 0 makes a new one: from now on, when
 * one of the network events happens, the kernel records it and raises the
 * eventfd's counter. It records at once what holds already, except CONNECT of a
 * connection that the caller knows of: its connect() has returned 0, or an
 * enumeration has reported it.
 *
 * Network events are edges: one that was enumerated is recorded again when it
 * happens again, such as when the next data arrives, and not because it still
 * holds. After a wake-up that does not say what it is for, the kernel may
 * record once more whatever holds. WRITE, CONNECT and CLOSE are recorded once,
 * until SOCKDUP_IOC_EVENT_REARM arms them again. With SOCKDUP_EVENT_ONCE all
 * network events are: after READ nothing is recorded of further data, and the
 * re-arm that follows a receive records READ if data is left.
 *
 * A network event is a hint: a call that follows it may find nothing to do.
 *
 * A registration keeps no socket open. It ends with the handle that made it,
 * and with the socket. The command may change the eventfd's counter, even if it
 * fails: a counter above zero becomes zero for an instant and then above zero
 * again, perhaps with another value. A reader that comes during the call may
 * get one more or find nothing.
 *
 *  EBADF    @fd or @event is not an open descriptor
 *  ENOTSOCK @fd is not a socket
 *  EINVAL   @mask or @kind has an unknown value; @event is not an eventfd, or
 *           has EFD_SEMAPHORE, or raises interrupts in a virtual machine
 *  EOPNOTSUPP  @fd is a socket of AF_VSOCK or AF_XDP: to look at one, the
 *           kernel would wait for its users, or transmit
 *  EBUSY    others read @event at the same time, again and again, so that the
 *           kernel could not find out whether it has EFD_SEMAPHORE
 *  ENOBUFS  the caller's user has as many registrations, in all processes, as
 *           RLIMIT_NOFILE allows
 *  EINTR    killed while others registered the socket again and again
 *  ENOMEM   no memory
 */
struct sockdup_event_select {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__s32 event;
	__u32 mask;
	__u32 kind;
};

/* The event object stays set. */
#define SOCKDUP_EVENT_KEEP_SET		0x1

#define SOCKDUP_EVENT_ENUMERATE_SIZE_VER0	56

/**
 * struct sockdup_event_enumerate - argument of SOCKDUP_IOC_EVENT_ENUMERATE
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_EVENT_KEEP_SET or zero
 * @fd: in: a descriptor of the socket
 * @events: out: what was recorded since the last call, an OR of
 *          &enum sockdup_network_event
 * @errors: out: for each of @events, in the place of its bit, 0 or a positive
 *          errno; other places stay as they are
 *
 * Hands out the record, clears it, and resets the eventfd's counter to zero, in
 * one step. Where sockets share an eventfd, enumerate all of them when it is
 * set. Only the handle that registered may enumerate.
 *
 *  EBADF    @fd is not an open descriptor
 *  ENOTSOCK @fd is not a socket
 *  ENOENT   the socket has no registration, or it ended meanwhile
 *  EPERM    another handle made it
 *  EINTR    killed while the record changed again and again
 */
struct sockdup_event_enumerate {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 events;
	__s32 errors[SOCKDUP_EVENT_ERRORS];
};

#define SOCKDUP_EVENT_REARM_SIZE_VER0	16

/**
 * struct sockdup_event_rearm - argument of SOCKDUP_IOC_EVENT_REARM
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @fd: in: a descriptor of the socket
 * @events: in: an OR of &enum sockdup_network_event; the registration's mask
 *          limits them
 *
 * Records those of @events that hold now. Those of @events that are recorded
 * once can then be recorded once more. A re-arm of READ also records CLOSE, if
 * it holds and was not recorded yet: nothing else tells the kernel that the data
 * before the end has been read.
 *
 * Every process that has a descriptor of the socket may re-arm, as each may
 * receive what was recorded. It learns no more than from
 * SOCKDUP_IOC_EVENT_QUERY.
 *
 *  EBADF    @fd is not an open descriptor
 *  ENOTSOCK @fd is not a socket
 *  EINVAL   @events has an unknown value
 *  ENOENT   the socket has no registration
 */
struct sockdup_event_rearm {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 events;
};

#define SOCKDUP_EVENT_INHERIT_SIZE_VER0	16

/**
 * struct sockdup_event_inherit - argument of SOCKDUP_IOC_EVENT_INHERIT
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @fd: in: a descriptor of a socket that was accepted
 * @listener: in: a descriptor of the socket that it was accepted from
 *
 * Registers the accepted socket for what its listener is registered for: the
 * same network events, eventfd, kind and flags. Only the handle that registered
 * the listener may do so.
 *
 *  EBADF    @fd or @listener is not an open descriptor
 *  ENOTSOCK @fd or @listener is not a socket
 *  ENOENT   the listener has no registration
 *  EPERM    another handle made it
 *  EOPNOTSUPP, ENOBUFS, EINTR, ENOMEM  as for SOCKDUP_IOC_EVENT_SELECT
 */
struct sockdup_event_inherit {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__s32 listener;
};

#define SOCKDUP_EVENT_QUERY_SIZE_VER0	40

/**
 * struct sockdup_event_query - argument of SOCKDUP_IOC_EVENT_QUERY
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @fd: in: a descriptor of the socket
 * @mask: out: the network events that the socket is registered for, 0 where it
 *        has no registration
 * @kind: out: its &enum sockdup_event_kind
 * @own: out: 1 where this handle made it, else 0
 * @source: out: the process that made it
 *
 * Every process that has a descriptor of the socket may query, re-arm and
 * cancel.
 *
 *  EBADF    @fd is not an open descriptor
 *  ENOTSOCK @fd is not a socket
 */
struct sockdup_event_query {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 mask;
	__u32 kind;
	__u32 own;
	struct sockdup_identity source;
};

/* Most slots of an inbox, most bytes of a message, and most users who are listed. */
#define SOCKDUP_MAX_SLOTS	65536
#define SOCKDUP_MAX_MESSAGE	4096
#define SOCKDUP_MAX_USERS	1024

/* Every user may post. */
#define SOCKDUP_INBOX_ANYBODY	0x1
/* Join the inbox that an invitation is to. */
#define SOCKDUP_INBOX_JOIN	0x2

#define SOCKDUP_INBOX_SIZE_VER0	48

/**
 * struct sockdup_inbox_open - argument of SOCKDUP_IOC_INBOX
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_INBOX_* or zero
 * @slots: in: how many posts can wait, 1 to SOCKDUP_MAX_SLOTS; with SOCKDUP_INBOX_JOIN,
 *         out: of the inbox
 * @message_size: in: bytes of the largest message, at most SOCKDUP_MAX_MESSAGE; likewise
 * @max_sockets: in: most sockets of one post, at most SOCKDUP_MAX_SOCKETS; 0 for 1; likewise
 * @user_count: in: how many there are at @users, at most SOCKDUP_MAX_USERS and @slots; 0
 *              for the caller's own user alone
 * @users: in: pointer to an array of __u32, the users who may post, by their ids in the
 *         caller's user namespace; ignored where @user_count is 0
 * @info_size: in: with SOCKDUP_INBOX_JOIN, bytes at @info,
 *             sizeof(struct sockdup_protocol_info); else zero
 * @__reserved: zero
 * @info: in: with SOCKDUP_INBOX_JOIN, pointer to the struct sockdup_protocol_info of an
 *        invitation to accept; else zero
 *
 * Makes the handle an inbox: other processes bind to it, and post sockets, which the
 * caller accepts. The caller's user pays for the slots, as for the bytes of sets: each is
 * about 100 bytes, 40 more for each socket, and those of the message; and for about 100
 * bytes for each listed user. It pays as long as the inbox is there, also for those who
 * join.
 *
 * With SOCKDUP_INBOX_JOIN there is no new inbox: the handle becomes one more of the inbox
 * that the invitation is to, and spends it. Each post goes to one of the processes that
 * have a handle of the inbox and accept. An inbox ends when the last of its handles is
 * closed, or the last of their processes has ended.
 *
 * Of listed users each can have @slots / @user_count at any time, and more where nobody
 * else needs them. Of an inbox for everybody a user other than the owner's has at most a
 * quarter, and at least one. So has one who is not listed, and was invited, of what listed
 * users are not sure to have. Give @slots above a multiple of @user_count where there are to
 * be such.
 *
 * poll() of the handle tells of posts by POLLIN, and of the end by POLLHUP. An epoll set
 * that the handle was in before hears of neither.
 *
 *  EINVAL  a limit is exceeded; @slots is 0; SOCKDUP_INBOX_ANYBODY comes with users; a user
 *          is listed twice, or the caller's user namespace has no such user; with
 *          SOCKDUP_INBOX_JOIN, another field says something, or the token is no invitation
 *          to accept
 *  EPERM   the caller did not open the device, or no longer runs as the same user; or the
 *          invitation is not for the caller
 *  EBUSY   the handle is an inbox or bound to one, or has exported tokens that report; or
 *          the process has an inbox
 *  ENOBUFS the slots and the sets of the caller's user would take more bytes than the
 *          module's parameter max_user_bytes
 *  ENOENT  no live token has these opaque bytes
 *  ECONNREFUSED  the inbox that the invitation is to has ended
 *  EINTR   killed while another process tried the same invitation
 *  ESRCH   the caller is being killed
 *  ENOMEM  no memory
 */
struct sockdup_inbox_open {
	__u32 size;
	__u32 flags;
	__u32 slots;
	__u32 message_size;
	__u32 max_sockets;
	__u32 user_count;
	__aligned_u64 users;
	__u32 info_size;
	__u32 __reserved;
	__aligned_u64 info;
};

/* @target is not a process id, but a socket whose peer is the target. */
#define SOCKDUP_BIND_TO_PEER	0x1
/* @target is not a process id, but a pidfd of the target. */
#define SOCKDUP_BIND_TO_PIDFD	0x2
/* To the inbox that an invitation to post is to. @target is zero. */
#define SOCKDUP_BIND_BY_INVITATION	0x4

#define SOCKDUP_BIND_SIZE_VER0	40

/**
 * struct sockdup_bind - argument of SOCKDUP_IOC_BIND
 * @size: in: bytes in this struct
 * @flags: in: SOCKDUP_BIND_TO_PEER, SOCKDUP_BIND_TO_PIDFD, SOCKDUP_BIND_BY_INVITATION or zero
 * @target: in: a process that has the inbox, as for SOCKDUP_IOC_EXPORT
 * @info_size: in: with SOCKDUP_BIND_BY_INVITATION, bytes at @info,
 *             sizeof(struct sockdup_protocol_info); else zero
 * @info: in: with SOCKDUP_BIND_BY_INVITATION, pointer to the struct sockdup_protocol_info of
 *        the invitation; else zero
 * @slots: out: of the inbox
 * @message_size: out: bytes of the largest message
 * @max_sockets: out: most sockets of one post
 * @__reserved: zero
 *
 * Binds the handle to the inbox of a process. What the caller posts through it goes there.
 * The handle stays bound until it is closed, also where the inbox has ended. An invitation
 * lets a user in whom the inbox's owner did not list, and is spent.
 *
 * poll() of the handle tells of room for a post by POLLOUT, and of the inbox's end by
 * POLLERR. An epoll set that the handle was in before hears of neither.
 *
 *  EBADF, ENOTSOCK, EINVAL, ENOTCONN, ESRCH  for @target, as for SOCKDUP_IOC_EXPORT
 *  EINVAL  the token is no invitation to post
 *  ENOENT  no live token has these opaque bytes
 *  ECONNREFUSED  the process has no inbox, or the caller's user may not post to it; or the
 *          inbox that the invitation is to has ended, or listed users are sure to have all
 *          its slots
 *  EPERM   as for SOCKDUP_IOC_INBOX
 *  EBUSY   the handle is an inbox or bound to one, or has exported tokens that report
 *  EINTR   as for SOCKDUP_IOC_INBOX
 *  ENOMEM  no memory
 */
struct sockdup_bind {
	__u32 size;
	__u32 flags;
	__s32 target;
	__u32 info_size;
	__aligned_u64 info;
	__u32 slots;
	__u32 message_size;
	__u32 max_sockets;
	__u32 __reserved;
};

/* The caller's descriptors are closed once the sockets are posted. */
#define SOCKDUP_POST_CLOSE	0x1

/**
 * struct sockdup_post - argument of SOCKDUP_IOC_POST
 * @fd: in: a descriptor of the socket; -1 where @socket_count is not 0
 * @flags: in: SOCKDUP_POST_CLOSE or zero
 * @cookie: in: any 8 bytes, which whoever accepts is given
 * @ttl_ms: in: how long the post may wait to be accepted, in milliseconds, 0 for the
 *          default
 * @message_size: in: bytes at @message
 * @message: in: pointer to bytes that whoever accepts is given
 * @fds: in: pointer to an array of __s32, a descriptor of each socket; ignored where
 *       @socket_count is 0
 * @socket_count: in: how many there are at @fds, or 0 for the socket @fd alone
 * @__reserved: zero
 * @id: out: names the post for SOCKDUP_IOC_POST_REVOKE, and has no other meaning and no
 *      order; stays where it cannot be written
 *
 * Posts sockets to the inbox that the handle is bound to. They stay open until the post is
 * accepted or revoked, the inbox ends, or the time is over. Where there is no room, the
 * call waits for it, unless the handle is O_NONBLOCK.
 *
 * This command and SOCKDUP_IOC_ACCEPT have their struct's size in their number: another
 * size will be another command.
 *
 * With SOCKDUP_POST_CLOSE a descriptor that another thread closes meanwhile, or uses for
 * something else, is let alone.
 *
 *  EBADF    a socket's descriptor is not open, or an O_PATH one
 *  ENOTSOCK a socket's descriptor is of something else
 *  EINVAL   @ttl_ms exceeds the limit; @socket_count is not 0, and @fd not -1
 *  ENOTCONN the handle is not bound
 *  EPERM    the caller is not the process that bound, or no longer runs as the same user
 *  EMSGSIZE the message is larger than the inbox has room for, or the sockets are more
 *  EAGAIN   there is no room, and the handle is O_NONBLOCK
 *  EPIPE    the inbox has ended
 *  EINTR    a signal came while the call waited for room
 *  ENOBUFS  as for SOCKDUP_IOC_EXPORT
 *  ENOMEM   no memory, for several sockets or a message
 */
struct sockdup_post {
	__s32 fd;
	__u32 flags;
	__aligned_u64 cookie;
	__u32 ttl_ms;
	__u32 message_size;
	__aligned_u64 message;
	__aligned_u64 fds;
	__u32 socket_count;
	__u32 __reserved;
	__aligned_u64 id;
};

/* The new descriptors are not close-on-exec. */
#define SOCKDUP_ACCEPT_INHERITABLE	0x1

/**
 * struct sockdup_accept - argument of SOCKDUP_IOC_ACCEPT
 * @flags: in: SOCKDUP_ACCEPT_INHERITABLE or zero
 * @message_room: in: bytes at @message
 * @message: out: pointer to room for the message
 * @fds: out: pointer to an array of __s32 for the new descriptors; ignored where
 *       @socket_room is 0
 * @socket_room: in: how many there is room for at @fds, or 0 for one socket, whose
 *               descriptor the ioctl returns
 * @__reserved: zero
 * @cookie: out: the sender's
 * @id: out: names the post
 * @source: out: the process that posted
 * @socket_count: out: how many sockets the post has
 * @message_size: out: bytes of its message
 *
 * Takes the first post. Where there is none, the call waits, unless the handle is
 * O_NONBLOCK. Of several callers that wait, each post wakes one.
 *
 * The sockets are the caller's, as after SOCKDUP_IOC_IMPORT. Where @socket_room is 0, the
 * ioctl returns the new descriptor, and otherwise 0. A call that fails may have filled what
 * is an output. EFAULT for @fds after the sockets were handed out has closed them, as for
 * struct sockdup_import.
 *
 *  EINVAL   the handle is no inbox
 *  EPERM    the caller is not the process that opened it
 *  EMSGSIZE there is less room than the first post needs: for several sockets, or for its
 *           message; @socket_count and @message_size tell what it has, and it stays. To
 *           decline it, see struct sockdup_post_revoke
 *  ESRCH    the inbox has ended with its process
 *  EAGAIN   there is no post, and the handle is O_NONBLOCK
 *  EINTR    a signal came while the call waited for a post
 *  EMFILE, ENFILE, ENOMEM  no more descriptors; the post stays
 *
 * A security module may refuse with an error of its own, EACCES as a rule; the post has
 * ended then.
 */
struct sockdup_accept {
	__u32 flags;
	__u32 message_room;
	__aligned_u64 message;
	__aligned_u64 fds;
	__u32 socket_room;
	__u32 __reserved;
	__aligned_u64 cookie;
	__aligned_u64 id;
	struct sockdup_identity source;
	__u32 socket_count;
	__u32 message_size;
};

#define SOCKDUP_POST_REVOKE_SIZE_VER0	16

/**
 * struct sockdup_post_revoke - argument of SOCKDUP_IOC_POST_REVOKE
 * @size: in: bytes in this struct
 * @flags: in: zero
 * @id: in: of a post that came through this handle; on an inbox, of any post there
 *
 * Ends a post that waits, and lets go of its sockets. The sender revokes so, and the inbox's
 * owner declines. A sender puts the files as its close() would, unless a close would linger.
 *
 *  ENOTCONN the handle is neither bound nor an inbox
 *  EPERM    the caller is not the process that opened the handle; or no longer runs as the
 *           same user, where the handle is bound
 *  ENOENT  no such post waits
 *  EBUSY   it is being accepted; it ends with that, one way or the other
 */
struct sockdup_post_revoke {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

/*
 * The numbers carry no size, but for two: the structs may grow, and say how large they are.
 */
#define SOCKDUP_IOC_TYPE	0xDE

#define SOCKDUP_IOC_INFO	_IO(SOCKDUP_IOC_TYPE, 0x00)
#define SOCKDUP_IOC_EXPORT	_IO(SOCKDUP_IOC_TYPE, 0x01)
#define SOCKDUP_IOC_IMPORT	_IO(SOCKDUP_IOC_TYPE, 0x02)
#define SOCKDUP_IOC_QUERY	_IO(SOCKDUP_IOC_TYPE, 0x03)
#define SOCKDUP_IOC_REVOKE	_IO(SOCKDUP_IOC_TYPE, 0x04)

#define SOCKDUP_IOC_EVENT_SELECT	_IO(SOCKDUP_IOC_TYPE, 0x05)
#define SOCKDUP_IOC_EVENT_ENUMERATE	_IO(SOCKDUP_IOC_TYPE, 0x06)
#define SOCKDUP_IOC_EVENT_REARM		_IO(SOCKDUP_IOC_TYPE, 0x07)
#define SOCKDUP_IOC_EVENT_INHERIT	_IO(SOCKDUP_IOC_TYPE, 0x08)
#define SOCKDUP_IOC_EVENT_QUERY		_IO(SOCKDUP_IOC_TYPE, 0x09)

#define SOCKDUP_IOC_INBOX	_IO(SOCKDUP_IOC_TYPE, 0x0a)
#define SOCKDUP_IOC_BIND	_IO(SOCKDUP_IOC_TYPE, 0x0b)
#define SOCKDUP_IOC_POST_REVOKE	_IO(SOCKDUP_IOC_TYPE, 0x0c)
#define SOCKDUP_IOC_POST	_IOWR(SOCKDUP_IOC_TYPE, 0x0d, struct sockdup_post)
#define SOCKDUP_IOC_ACCEPT	_IOWR(SOCKDUP_IOC_TYPE, 0x0e, struct sockdup_accept)

#endif /* _UAPI_LINUX_SOCKDUP_H */
