/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsockdup: hand a socket to another process as plain bytes.
 *
 * Every function that can fail returns zero or more for success, and -1 with
 * errno for failure. The errno values are those of <linux/sockdup.h>, and
 * these, which every function that uses the device shares:
 *
 *  ENODEV  the sockdup module is not loaded, or there is no device here: fall
 *          back to SCM_RIGHTS over an AF_UNIX socket
 *  EACCES, EPERM  the device exists, and this user, or this container, may not
 *          open it
 *  EMFILE, ENFILE, ENOMEM  no descriptor or no memory was free to open the
 *          device
 *
 * Any thread may call any function at any time. So may a child of fork(),
 * unless its parent had several threads: the functions are not
 * async-signal-safe.
 *
 * The library keeps one handle, a close-on-exec descriptor of the device. It
 * opens it at first use, at a number of 64 or above; below that where
 * RLIMIT_NOFILE is smaller, and never at 0, 1 or 2. A child of fork() closes it
 * and opens its own; see sockdup_use() for one that it keeps. If a program
 * closes the handle, the library opens another. What belonged to the first has
 * ended then: tokens made with SOCKDUP_EXPORT_END_ON_CLOSE and registrations
 * for network events.
 *
 * Structs that functions fill keep their size for ever. They end in a reserve,
 * which is zero. A later version takes fields from it, in which zero means that
 * nothing is known. So a program works with an older and with a newer library.
 * In a struct that a function reads the caller must leave the reserve zero;
 * otherwise the function fails with EINVAL, as it would ignore a field that it
 * does not know. One struct is the kernel's own and may grow, struct
 * sockdup_info: its caller sets its size.
 */
#ifndef SOCKDUP_H
#define SOCKDUP_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linux/sockdup.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: The handle
 */

/**
 * sockdup_open - open the handle now
 *
 * Other functions do this by themselves. Call it in a process that
 *
 *  - waits to be a target: another user may give a token of more than the
 *    default life to a process that has opened the device;
 *  - is about to lose the device, by chroot(), seccomp or a change of user: an
 *    open handle works on. With an open handle, the functions that use the
 *    device make one kind of system call, ioctl(). sockdup_release(), exit()
 *    and a child of fork() also call close();
 *  - gives the handle to another process, which then calls sockdup_use().
 *
 * Return: the handle's descriptor, or -1 with errno: ENODEV, EACCES, EPERM,
 * EMFILE, ENFILE, ENOMEM. The descriptor remains the library's: duplicate it to
 * pass it on, and do not close it.
 */
int sockdup_open(void);

/**
 * sockdup_use - use a handle that was inherited or received
 * @fd: a descriptor of the device, which another process opened
 *
 * For a process that cannot open the device itself. The library makes a
 * descriptor of its own of @fd, which stays the caller's to close. It closes
 * the handle that it had, as sockdup_release() does. Children of fork() keep
 * using the new one. So sockdup_use(sockdup_open()) hands a process's own
 * handle on to its children.
 *
 * Exports, imports, queries and revocations act for the process that calls, as
 * through a handle of its own. The handle owns the rest, whichever processes
 * share it:
 *
 *  - tokens made with SOCKDUP_EXPORT_END_ON_CLOSE and registrations for network
 *    events end when its last descriptor in any process is closed;
 *  - each process that shares it may enumerate and inherit its registrations;
 *  - only the process that opened it counts as having the device open, for a
 *    token of more than the default life.
 *
 * Return: 0, or -1 with errno: EMFILE,
 *
 *  EBADF   @fd is not open
 *  EINVAL  @fd is not a handle
 */
int sockdup_use(int fd);

/**
 * sockdup_release - close the handle
 *
 * For unloading the module, or checkpointing the process. Ends tokens made with
 * SOCKDUP_EXPORT_END_ON_CLOSE and registrations for network events, unless
 * another process shares the handle. Other tokens live on, and hold the module;
 * how they end is not told.
 * A subscription holds nothing; sockdup_unsubscribe() ends it.
 *
 * Calls under way in other threads finish with the old handle. The next call
 * opens the device again.
 */
void sockdup_release(void);

/**
 * DOC: Tokens
 */

/**
 * sockdup_duplicate - export a socket to a process
 * @fd: a descriptor of the socket; it stays open and works on
 * @pid: the target process, which must exist
 * @info: filled with the bytes to send to the target
 *
 * The counterpart of WSADuplicateSocket(). The token holds the socket open,
 * so @fd may be closed at once, and the caller may exit.
 *
 * Return: 0, or -1 with errno: ESRCH, EFAULT, ENOBUFS, ENOMEM,
 *
 *  EBADF     @fd is not an open descriptor, or an O_PATH one
 *  ENOTSOCK  @fd is not a socket
 *  EINVAL    @pid is not above zero, or is the id of a thread that does not lead
 *            its process
 */
int sockdup_duplicate(int fd, pid_t pid, struct sockdup_protocol_info *info);

/**
 * sockdup_duplicate_pidfd - export a socket to the process behind a pidfd
 * @fd: a descriptor of the socket
 * @pidfd: a descriptor from pidfd_open() or clone()
 * @info: filled with the bytes to send to the target
 *
 * Like sockdup_duplicate(), but the target's number cannot pass to another
 * process before the export, and the target need not be visible in the caller's
 * pid namespace.
 *
 * Return: 0, or -1 with errno: EFAULT, ENOBUFS, ENOMEM,
 *
 *  EBADF       @fd is not an open descriptor, or an O_PATH one; or @pidfd is not
 *              a pidfd
 *  ENOTSOCK    @fd is not a socket
 *  EINVAL      @pidfd is of a thread that does not lead its process
 *  ESRCH       the process of @pidfd has ended, or is a kernel thread
 */
int sockdup_duplicate_pidfd(int fd, int pidfd,
			    struct sockdup_protocol_info *info);

/**
 * sockdup_duplicate_user - export a socket to any process of a user
 * @fd: a descriptor of the socket
 * @uid: the user, by the number in the caller's user namespace
 * @info: filled with the bytes to send
 *
 * Like sockdup_duplicate(), but the target is every process whose real,
 * effective and saved user id all are @uid, and which is in the caller's own
 * user and pid namespace. None needs to exist yet. The first to import has the
 * socket. The token outlives the caller's session. It ends with the caller's
 * pid namespace.
 *
 * A module without SOCKDUP_FEATURE_EXPORT_TO_USER answers EINVAL.
 *
 * Return: 0, or -1 with errno: EFAULT, ENOBUFS, ENOMEM,
 *
 *  EBADF     @fd is not an open descriptor, or an O_PATH one
 *  ENOTSOCK  @fd is not a socket
 *  EINVAL    the caller's user namespace has no such user
 *  ESRCH     the caller's pid namespace is ending
 */
int sockdup_duplicate_user(int fd, uid_t uid,
			   struct sockdup_protocol_info *info);

/**
 * sockdup_duplicate_cgroup - export a socket to any process in a control group
 * @fd: a descriptor of the socket
 * @cgroup: a descriptor of the directory of a control group of version 2
 * @info: filled with the bytes to send
 *
 * Like sockdup_duplicate(), but the target is every process whose importing thread is
 * in that group or below it at the import, in whichever namespaces and of whichever
 * user. None needs to exist yet. The first to import has the socket. The token ends
 * with the removal of the group.
 *
 * A module without SOCKDUP_FEATURE_EXPORT_TO_CGROUP answers EINVAL or E2BIG.
 *
 * Return: 0, or -1 with errno: EFAULT, ENOBUFS, ENOMEM,
 *
 *  EBADF     @fd or @cgroup is not an open descriptor; or @fd is an O_PATH one; or
 *            @cgroup is not the directory of a control group of version 2
 *  ENOTSOCK  @fd is not a socket
 *  EINVAL    @cgroup is the root, which has every process below it
 *  ESRCH     the group has been removed
 */
int sockdup_duplicate_cgroup(int fd, int cgroup,
			     struct sockdup_protocol_info *info);

/**
 * sockdup_export - export a socket, with every choice
 * @fd: a descriptor of the socket
 * @target: the target's process id; with SOCKDUP_EXPORT_TO_PIDFD a pidfd, as
 *          for sockdup_duplicate_pidfd(); with SOCKDUP_EXPORT_TO_PEER a
 *          connected AF_UNIX socket whose peer it is; with
 *          SOCKDUP_EXPORT_TO_USER a user id, as for sockdup_duplicate_user(); with
 *          SOCKDUP_EXPORT_TO_CGROUP a descriptor of a control group's directory, as
 *          for sockdup_duplicate_cgroup()
 * @flags: SOCKDUP_EXPORT_* or 0. SOCKDUP_EXPORT_END_ON_CLOSE ends the token
 *         with this process's handle; other tokens outlive the process.
 *         SOCKDUP_EXPORT_REPORT lets sockdup_outcome_next() tell how it ended
 * @ttl_ms: life of the token in milliseconds, 0 for the module's default. A
 *          longer life needs a target of the same user (with
 *          SOCKDUP_EXPORT_TO_USER, that user itself), one that has the device
 *          open (see sockdup_open()) or a control group whose directory the caller
 *          may write to, or a caller with CAP_SYS_RESOURCE in the initial user
 *          namespace
 * @info: filled with the bytes to send to the target
 *
 * Return: 0, or -1 with errno: EPERM, ENOTCONN, EFAULT, ENOMEM,
 *
 *  EBADF       @fd is not an open descriptor, or an O_PATH one; or @target is
 *              not, where it is a descriptor; or it should be a pidfd or the directory
 *              of a control group and is none
 *  ENOTSOCK    @fd is not a socket; or @target, with SOCKDUP_EXPORT_TO_PEER
 *  EINVAL      @flags has an unknown flag, or names the target in two ways; a control
 *              group is the root; a user and a control group together need
 *              sockdup_export_set();
 *              @target is not above zero, is the id of a thread that does not
 *              lead its process, is a socket of another family than AF_UNIX, or
 *              is a user that the caller's user namespace does not have;
 *              @ttl_ms exceeds the limit
 *  ESRCH       the target does not exist, has ended, or is a kernel thread; the control
 *              group has been removed
 *  ENOBUFS     the caller's user would hold more sockets in tokens than RLIMIT_NOFILE
 *              allows; or, with SOCKDUP_EXPORT_REPORT, the process has 4096 reports in
 *              live tokens and unread outcomes
 */
int sockdup_export(int fd, int target, unsigned int flags, unsigned int ttl_ms,
		   struct sockdup_protocol_info *info);

/**
 * sockdup_socket - import a socket by the bytes that its source sent
 * @info: the bytes that the source sent
 * @flags: 0 or SOCKDUP_IMPORT_INHERITABLE, which leaves the new descriptor open
 *         across execve()
 *
 * The counterpart of WSASocket() with a protocol info. Each info can be
 * imported once.
 *
 * Return: a new descriptor, close-on-exec unless @flags says otherwise, or -1
 * with errno: EFAULT, ENOENT, EPERM, EMFILE, ENOMEM, EINTR, and
 *
 *  EMSGSIZE  the token holds several sockets, or has a payload: see
 *          sockdup_import_set()
 *  EINVAL  @info has the wrong size in it, and so is not a protocol info, or is an
 *          invitation to an inbox; or @flags has an unknown flag
 *  EACCES  a security module refused; another errno where it has its own. The
 *          token lives on
 */
int sockdup_socket(const struct sockdup_protocol_info *info,
		   unsigned int flags);

/**
 * sockdup_import - import a socket and learn its exporter
 * @info: the bytes that the source sent
 * @flags: as for sockdup_socket()
 * @source: filled with the exporter's identity, or NULL
 *
 * Return: a new descriptor, or -1 with errno: those of sockdup_socket().
 */
int sockdup_import(const struct sockdup_protocol_info *info, unsigned int flags,
		   struct sockdup_identity *source);

/**
 * struct sockdup_description - a token as sockdup_query() shows it
 * @info: the protocol info, its description read from the socket
 * @source: the exporter
 * @target_pid: the process that it is bound to, 0 if not visible to the caller, or
 *              if the token is not for one process
 * @age_ms: milliseconds since the export
 * @left_ms: milliseconds until the end of its life
 * @target_flags: SOCKDUP_EXPORT_TO_USER and SOCKDUP_EXPORT_TO_CGROUP as it is for a
 *                user, a control group, or both; neither for a process; and
 *                SOCKDUP_EXPORT_INVITE_TO_* of an invitation, which has no socket
 * @target_uid: with the first, the user
 * @payload_size: bytes of its payload
 * @for_caller: 1 where the caller may import it, else 0
 * @target_cgroup: with the second, the inode number of the group's directory, 0 where
 *                 the caller's cgroup namespace does not have the group
 * @__reserved: zero
 */
struct sockdup_description {
	struct sockdup_protocol_info info;
	struct sockdup_identity source;
	pid_t target_pid;
	__u64 age_ms;
	__u64 left_ms;
	__u32 target_flags;
	uid_t target_uid;
	__u32 payload_size;
	__u32 for_caller;
	__u64 target_cgroup;
	__u64 __reserved[2];
};

/**
 * sockdup_query - ask the kernel about a token
 * @info: the bytes that name it
 * @description: filled with what the kernel knows
 *
 * For the token's target, its exporter's user, and CAP_SYS_ADMIN in the initial
 * user namespace.
 *
 * Return: 0, or -1 with errno: EFAULT, ENOENT, EPERM,
 *
 *  EINVAL  @info has the wrong size in it, and so is not a protocol info
 */
int sockdup_query(const struct sockdup_protocol_info *info,
		  struct sockdup_description *description);

/**
 * sockdup_revoke - end a token and let go of its socket
 * @info: the bytes that name it
 *
 * For the same callers as sockdup_query(). The target can decline the socket in
 * this way. If the caller is the process that exported, the call closes the
 * socket, as close() does, unless another process holds it or it has SO_LINGER.
 *
 * Return: 0, or -1 with errno: EFAULT, ENOENT, EPERM, EBUSY,
 *
 *  EINVAL  @info has the wrong size in it, and so is not a protocol info
 */
int sockdup_revoke(const struct sockdup_protocol_info *info);

/**
 * DOC: Sets and payloads
 *
 * One token can hold up to SOCKDUP_MAX_SOCKETS sockets, each with a name, and
 * carry a payload: bytes that the kernel keeps until the import, such as what a
 * server has read of a request already. All of it is imported, or none.
 *
 * A module without SOCKDUP_FEATURE_SETS answers E2BIG to a set.
 */

/**
 * struct sockdup_set - sockets and a payload
 * @fds: a descriptor of each socket; in an import the room for them
 * @names: a name of each socket, NUL terminated and zeroes behind; in an import the room
 *         for them. Or NULL, for no names
 * @socket_count: how many, 1 or more; in an import how many there is room for, and
 *                after it how many there are
 * @payload_count: pieces of memory at @payload, 0 for no payload
 * @payload: where the payload lies; in an import the room for it
 * @payload_size: after an import, bytes of the payload; else without meaning
 * @cgroup: in an export with both SOCKDUP_EXPORT_TO_USER and SOCKDUP_EXPORT_TO_CGROUP, a
 *          descriptor of the control group's directory; else 0
 * @__reserved0: zero
 * @__reserved: zero
 */
struct sockdup_set {
	int *fds;
	char (*names)[SOCKDUP_NAME_SIZE];
	unsigned int socket_count;
	unsigned int payload_count;
	const struct iovec *payload;
	size_t payload_size;
	int cgroup;
	__u32 __reserved0;
	__u64 __reserved[3];
};

/**
 * sockdup_export_set - export sockets and a payload under one token
 * @set: the sockets, whose descriptors stay open, and the payload
 * @target: as for sockdup_export()
 * @flags: as for sockdup_export()
 * @ttl_ms: as for sockdup_export()
 * @info: filled with the bytes to send to the target
 *
 * The kernel copies names and payload. A process that may import gets them, and nobody
 * else; lists show the names alone. A connection, and what was read of it already:
 *
 *	struct iovec ahead = { buffer, size };
 *	struct sockdup_set set = {
 *		.fds = &client,
 *		.socket_count = 1,
 *		.payload = &ahead,
 *		.payload_count = 1,
 *	};
 *
 *	if (sockdup_export_set(&set, pidfd, SOCKDUP_EXPORT_TO_PIDFD, 0, &info))
 *		err(1, "sockdup_export_set");
 *
 * A name has zeroes behind its end, as in an array with an initializer, or after
 * strncpy(); strcpy() into memory from malloc() leaves other bytes there, and the call
 * fails with EINVAL.
 *
 * Return: 0, or -1 with errno: those of sockdup_export(),
 *
 *  EBADF     a socket's descriptor is not open, or an O_PATH one; or @target is not,
 *            where it is a descriptor; or it should be a pidfd and is none; or @target or
 *            @cgroup of @set should be the directory of a control group of version 2 and is
 *            none
 *  ENOTSOCK  a socket's descriptor is of something else; or @target, with
 *            SOCKDUP_EXPORT_TO_PEER
 *  EINVAL    there is no socket, or more than SOCKDUP_MAX_SOCKETS; a name is not
 *            NUL terminated, or has more behind the NUL; the reserve is not zero;
 *            @cgroup of @set is not zero, and @flags are not both SOCKDUP_EXPORT_TO_USER and
 *            SOCKDUP_EXPORT_TO_CGROUP; the control group is the root; @flags has an
 *            unknown flag, or names the target in two other ways; @target is not above
 *            zero, is the id of a thread that does not lead its process, is a socket of
 *            another family than AF_UNIX, or is a user that the caller's user namespace
 *            does not have; @ttl_ms exceeds the limit
 *  EMSGSIZE  the payload is larger than SOCKDUP_MAX_PAYLOAD bytes
 *  ESRCH     the target does not exist, has ended, or is a kernel thread; the control
 *            group has been removed
 *  ENOBUFS   the caller's user would hold more sockets in tokens than RLIMIT_NOFILE
 *            allows, or more bytes of sets than the module's parameter max_user_bytes; or,
 *            with SOCKDUP_EXPORT_REPORT, the process has 4096 reports in live tokens and
 *            unread outcomes
 *  E2BIG     the module has no sets
 */
int sockdup_export_set(const struct sockdup_set *set, int target,
		       unsigned int flags, unsigned int ttl_ms,
		       struct sockdup_protocol_info *info);

/**
 * sockdup_import_set - import all sockets of a token, and its payload
 * @info: the bytes that the source sent
 * @flags: as for sockdup_socket()
 * @set: the room; filled in the exporter's order. A token of one socket is a set
 *       of one
 * @source: filled with the exporter's identity, or NULL
 *
 * The target of the example of sockdup_export_set():
 *
 *	struct iovec ahead = { buffer, sizeof(buffer) };
 *	struct sockdup_set set = {
 *		.fds = &client,
 *		.socket_count = 1,
 *		.payload = &ahead,
 *		.payload_count = 1,
 *	};
 *
 *	if (sockdup_import_set(&info, 0, &set, NULL))
 *		err(1, "sockdup_import_set");
 *	serve(client, buffer, set.payload_size);
 *
 * Return: 0, or -1 with errno: those of sockdup_socket(), and
 *
 *  EMSGSIZE  there is too little room; @socket_count and @payload_size of @set say
 *            how much it takes. The token lives on
 *  EMFILE    the process cannot have that many more descriptors. The token lives on
 *  EINVAL    there is no room for a socket; the reserve is not zero
 */
int sockdup_import_set(const struct sockdup_protocol_info *info,
		       unsigned int flags, struct sockdup_set *set,
		       struct sockdup_identity *source);

/**
 * sockdup_query_set - ask the kernel what sockets a token holds
 * @info: the bytes that name it
 * @names: filled with the name of each. Or NULL
 * @descriptions: filled with a description of each, without opaque bytes. Or NULL
 * @room: how many there is room for; 0 only asks how many there are
 *
 * For the same callers as sockdup_query(), which tells the size of the payload.
 *
 * Return: how many sockets the token holds, or -1 with errno: those of
 * sockdup_query(), and
 *
 *  EMSGSIZE  @room is not 0, and too little
 */
int sockdup_query_set(const struct sockdup_protocol_info *info,
		      char names[][SOCKDUP_NAME_SIZE],
		      struct sockdup_protocol_info *descriptions,
		      unsigned int room);

/**
 * sockdup_info_id - the name that lists and outcomes have for a token
 * @info: the bytes that name it
 *
 * Return: its id, 0 if @info has the wrong size in it.
 */
__u64 sockdup_info_id(const struct sockdup_protocol_info *info);

/**
 * sockdup_outcome_next - learn how a token ended
 * @outcome: filled
 * @timeout_ms: how long to wait for one, in milliseconds; below 0 as long as it
 *              takes
 *
 * Of the tokens that this process's handle exported with SOCKDUP_EXPORT_REPORT,
 * tells how each ended, in the order in which they did: imported, and by which
 * process; revoked; declined, which is revoked by the target; expired; or left
 * by a target that ended. A loop that calls it until it returns 0 hears of all.
 *
 * The time holds for a handle with O_NONBLOCK, as the library's own has; through
 * another one that sockdup_use() was given, the call waits as long as it takes.
 *
 * To wait for other things as well, poll() the descriptor that sockdup_open()
 * returned for POLLIN, and pass 0 for @timeout_ms.
 *
 * Return: 1; 0 if no outcome is left and no live token reports; or -1 with errno:
 * EFAULT,
 *
 *  EAGAIN  the time is over, and there is none yet
 *  EINTR   a signal came
 *  EPERM   the handle is another process's, see sockdup_use()
 *  EINVAL  the module has no outcomes
 */
int sockdup_outcome_next(struct sockdup_outcome *outcome, int timeout_ms);

/**
 * sockdup_info - ask for the module's version, features and limits
 * @info: filled with them, as far as its size goes
 *
 * The caller sets the size before the call, and all other fields to zero:
 *
 *	struct sockdup_info info = { .size = sizeof(info) };
 *
 * What the module does not know stays zero.
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  EINVAL  the size is too small
 *  E2BIG   a field that the module does not know is not zero
 */
int sockdup_info(struct sockdup_info *info);

/**
 * DOC: Inboxes
 *
 * For processes that hand over many sockets. The receiver opens an inbox once, and the
 * sender binds to it once. A post then needs no bytes on the way, and no look-up. The
 * receiver:
 *
 *	int inbox = sockdup_inbox_open(NULL);
 *
 *	for (;;) {
 *		int client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC);
 *
 *		if (client < 0 && errno == EACCES)
 *			continue;
 *		if (client < 0)
 *			err(1, "sockdup_accept");
 *		serve(client);
 *		close(client);
 *	}
 *
 * The sender:
 *
 *	int client, binding = sockdup_inbox_bind(receiver, 0, NULL);
 *
 *	while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
 *		if (sockdup_post(binding, client, 0, SOCKDUP_POST_CLOSE))
 *			err(1, "sockdup_post");
 *
 * An inbox, and a binding to one, is a descriptor, which is the caller's to close. It is
 * close-on-exec, and has nothing to do with the handle of sockdup_open(). Only the process
 * that opened it can use it, and not a child of fork(). Calls through it wait, unless
 * it has O_NONBLOCK, which fcntl() sets; then they fail with EAGAIN. poll() of an inbox
 * tells of posts by POLLIN, and of a binding of room by POLLOUT.
 *
 * EACCES of an accept tells that a security module has refused a post, which has ended. The
 * inbox goes on.
 *
 * With epoll, level-triggered, the inbox is one more descriptor to accept from. Several
 * processes of a pool can be told of one post, so it has O_NONBLOCK. Without descriptors
 * the post stays, and epoll would tell of it again and again: the loop lets the inbox rest
 * until a client has been served, or for a second.
 *
 *	struct epoll_event event, posts = { .events = EPOLLIN, .data.fd = inbox };
 *	struct epoll_event nothing = { .data.fd = inbox };
 *	int client, count;
 *
 *	fcntl(inbox, F_SETFL, fcntl(inbox, F_GETFL) | O_NONBLOCK);
 *	epoll_ctl(epoll, EPOLL_CTL_ADD, inbox, &posts);
 *	while ((count = epoll_wait(epoll, &event, 1, 1000)) >= 0) {
 *		if (!count || event.data.fd != inbox) {
 *			if (count)
 *				serve(event.data.fd);
 *			epoll_ctl(epoll, EPOLL_CTL_MOD, inbox, &posts);
 *			continue;
 *		}
 *		client = sockdup_accept(inbox, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
 *		if (client >= 0)
 *			begin(epoll, client);
 *		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
 *			epoll_ctl(epoll, EPOLL_CTL_MOD, inbox, &nothing);
 *		else if (errno != EAGAIN && errno != EACCES)
 *			err(1, "sockdup_accept");
 *	}
 *
 * A module without SOCKDUP_FEATURE_INBOX answers ENOTTY.
 */

/**
 * struct sockdup_inbox_options - what an inbox is like
 * @flags: SOCKDUP_INBOX_ANYBODY, and every user may post; or 0
 * @slots: posts that can wait, up to SOCKDUP_MAX_SLOTS; 0 for 64
 * @message_size: bytes of the largest message, up to SOCKDUP_MAX_MESSAGE
 * @max_sockets: most sockets of one post, up to SOCKDUP_MAX_SOCKETS; 0 for 1
 * @user_count: how many there are at @users, up to SOCKDUP_MAX_USERS and @slots; 0 for the
 *              caller's user alone
 * @users: the users who may post; NULL where @user_count is 0
 * @__reserved: zero
 */
struct sockdup_inbox_options {
	unsigned int flags;
	unsigned int slots;
	unsigned int message_size;
	unsigned int max_sockets;
	const uid_t *users;
	unsigned int user_count;
	__u32 __reserved[7];
};

/**
 * sockdup_inbox_open - open an inbox of this process
 * @options: what it is to be like; NULL for 64 slots, for the caller's own user, each for
 *           one socket without a message
 *
 * Return: its descriptor, or -1 with errno: ENODEV, EMFILE, ENFILE, ENOMEM,
 *
 *  EACCES, EPERM  the device exists, and this user, or this container, may not open it
 *  EINVAL   a limit is exceeded; a user is listed twice or with SOCKDUP_INBOX_ANYBODY, or
 *           is none in the caller's user namespace; @users of @options is a list of nobody;
 *           another flag is set; the reserve is not zero
 *  EFAULT   there are users, and @users of @options cannot be read
 *  EBUSY    the process has an inbox
 *  ENOBUFS  the slots and the sets of the caller's user would take more bytes than the
 *           module's parameter max_user_bytes
 */
int sockdup_inbox_open(const struct sockdup_inbox_options *options);

/**
 * sockdup_inbox_invite - make a token that invites to an inbox
 * @inbox: the inbox, which this process opened or joined
 * @target: as for sockdup_export(): who is invited
 * @flags: SOCKDUP_EXPORT_INVITE_TO_POST or SOCKDUP_EXPORT_INVITE_TO_ACCEPT, and other
 *         SOCKDUP_EXPORT_* but REPORT, and but user and control group together
 * @ttl_ms: as for sockdup_export()
 * @info: filled with the bytes to send to the target
 *
 * For a target whose number the other side does not know, for users who are not listed,
 * and for a pool of processes that accept from one inbox. The token is for one process:
 * sockdup_inbox_bind_invited() or sockdup_inbox_join() spends it. It can be listed and
 * revoked like any other, and it ends on its own when its time is over, but
 * SOCKDUP_EXPORT_END_ON_CLOSE ends it with @inbox.
 *
 * Return: 0, or -1 with errno: those of sockdup_export(),
 *
 *  EINVAL    @flags invite to nothing or to both; or as for sockdup_export()
 *  EBUSY     @flags has SOCKDUP_EXPORT_REPORT
 *  ENOTCONN  @inbox is another handle of the device
 *  ENOTTY    @inbox is no handle of the device
 *  EPERM     this process did not open @inbox; or as for sockdup_export()
 *  EBADF     @inbox is not an open descriptor; or as for sockdup_export()
 *  EPIPE     the inbox has ended
 *  ENFILE    the system has no file free
 */
int sockdup_inbox_invite(int inbox, int target, unsigned int flags, unsigned int ttl_ms,
			 struct sockdup_protocol_info *info);

/**
 * sockdup_inbox_join - accept from an inbox that another process opened, too
 * @info: of an invitation to accept
 * @options: filled with slots, message_size and max_sockets of the inbox, or NULL
 *
 * Each post goes to one of those who accept. The inbox ends when none of them is left.
 *
 * Return: a descriptor as that of an inbox which the process has opened, or -1 with errno:
 * ENODEV, EMFILE, ENFILE, ENOMEM, EFAULT,
 *
 *  EACCES   this user may not open the device
 *  EINVAL   @info has the wrong size in it, or the token is no invitation to accept
 *  ENOENT   no live token has these bytes
 *  EPERM    the invitation is not for the caller; or this container may not open the device
 *  EBUSY    the process has an inbox
 *  ECONNREFUSED  the inbox has ended
 */
int sockdup_inbox_join(const struct sockdup_protocol_info *info,
		       struct sockdup_inbox_options *options);

/**
 * sockdup_inbox_bind - bind to the inbox of a process
 * @target: the process, by its id; with SOCKDUP_BIND_TO_PIDFD by a pidfd; with
 *          SOCKDUP_BIND_TO_PEER by a connected AF_UNIX socket whose peer it is
 * @flags: one of these, or 0
 * @options: filled with slots, message_size and max_sockets of the inbox, or NULL
 *
 * Return: a descriptor to post through, or -1 with errno: ENODEV, EMFILE, ENFILE, ENOMEM,
 *
 *  EACCES, EPERM  the device exists, and this user, or this container, may not open it
 *  EBADF     @target is not an open descriptor, where it is to be one, or no pidfd
 *  ENOTSOCK  @target is to be a socket, and is none
 *  EINVAL    @target is no process id, or a socket of another family than AF_UNIX; @flags
 *            say two things, or what is not known
 *  ENOTCONN  @target is a socket without a peer that the kernel knows
 *  ESRCH     there is no such process, or it has ended
 *  ECONNREFUSED  the process has no inbox, or none for the caller's user
 */
int sockdup_inbox_bind(int target, unsigned int flags, struct sockdup_inbox_options *options);

/**
 * sockdup_inbox_bind_invited - bind to the inbox that an invitation is to
 * @info: of an invitation to post
 * @options: filled with slots, message_size and max_sockets of the inbox, or NULL
 *
 * Return: a descriptor to post through, or -1 with errno: ENODEV, EMFILE, ENFILE, ENOMEM,
 * EFAULT,
 *
 *  EACCES   this user may not open the device
 *  EINVAL   @info has the wrong size in it, or the token is no invitation to post
 *  ENOENT   no live token has these bytes
 *  EPERM    the invitation is not for the caller; or this container may not open the device
 *  ECONNREFUSED  the inbox has ended; or the caller's user is not listed, and listed users
 *           are sure to have all slots
 */
int sockdup_inbox_bind_invited(const struct sockdup_protocol_info *info,
			       struct sockdup_inbox_options *options);

/**
 * sockdup_post - post a socket
 * @binding: of sockdup_inbox_bind()
 * @fd: a descriptor of the socket
 * @cookie: any number, which the receiver is told
 * @flags: SOCKDUP_POST_CLOSE, which closes @fd once the socket is posted; or 0
 *
 * Return: 0, or -1 with errno:
 *
 *  EBADF     @binding or @fd is not an open descriptor, or @fd an O_PATH one
 *  ENOTSOCK  @fd is not a socket
 *  EINVAL    @flags has an unknown flag
 *  ENOTTY    @binding is no handle of the device
 *  ENOTCONN  @binding is another handle of the device
 *  EPERM     another process opened @binding, or the user has changed since
 *  EAGAIN    there is no room, and @binding has O_NONBLOCK
 *  EPIPE     the inbox has ended
 *  ENOBUFS   the caller's user would hold more sockets in tokens and posts than
 *            RLIMIT_NOFILE allows
 *  EINTR     a signal came, whose handler has no SA_RESTART
 */
int sockdup_post(int binding, int fd, __u64 cookie, unsigned int flags);

/**
 * struct sockdup_posting - sockets and what goes with them, to be posted or accepted
 * @fds: a descriptor of each socket; in an accept the room for them
 * @socket_count: how many, 1 or more; in an accept how many there is room for, and after
 *                it how many there are
 * @message_count: pieces of memory at @message, 0 for no message
 * @message: where the message lies; in an accept the room for it
 * @message_size: after an accept, bytes of the message; else without meaning
 * @cookie: any number of the sender's
 * @id: names the post; filled
 * @source: in an accept filled with who posted
 * @ttl_ms: of a post, how long it may wait in milliseconds, 0 for the module's default
 * @__reserved0: zero
 * @__reserved: zero
 */
struct sockdup_posting {
	int *fds;
	unsigned int socket_count;
	unsigned int message_count;
	const struct iovec *message;
	size_t message_size;
	__u64 cookie;
	__u64 id;
	struct sockdup_identity source;
	unsigned int ttl_ms;
	__u32 __reserved0;
	__u64 __reserved[3];
};

/**
 * sockdup_post_set - post sockets and a message
 * @binding: of sockdup_inbox_bind()
 * @posting: the sockets, the message, the cookie and the time; its id is filled
 * @flags: as for sockdup_post()
 *
 * Return: 0, or -1 with errno: those of sockdup_post(), EFAULT,
 *
 *  ENOMEM    no memory
 *  EINVAL    ttl_ms exceeds the limit; there is no socket; @flags has an unknown flag; the
 *            reserve is not zero
 *  EMSGSIZE  the inbox takes fewer sockets in one post, or a smaller message
 */
int sockdup_post_set(int binding, struct sockdup_posting *posting, unsigned int flags);

/**
 * sockdup_accept - accept a posted socket
 * @inbox: of sockdup_inbox_open() or sockdup_inbox_join()
 * @cookie: filled with the sender's number, or NULL
 * @source: filled with who posted, in the caller's namespaces, or NULL
 * @flags: SOCK_CLOEXEC and SOCK_NONBLOCK as for accept4(), or 0
 *
 * The first post first. O_NONBLOCK is the open socket's, and so the sender's, too, where
 * it has a descriptor yet.
 *
 * Return: the new descriptor, or -1 with errno:
 *
 *  EBADF     @inbox is not an open descriptor
 *  EINVAL    @inbox is another handle of the device; @flags has an unknown flag
 *  ENOTTY    @inbox is no handle of the device
 *  EPERM     another process opened @inbox
 *  EAGAIN    there is no post, and @inbox has O_NONBLOCK
 *  EMFILE, ENFILE, ENOMEM  no descriptor is free, or no memory; the post stays
 *  EMSGSIZE  the first post has several sockets or a message: it stays, and
 *            sockdup_accept_set() is for it, or sockdup_post_revoke()
 *  ESRCH     the inbox has ended
 *  EACCES    a security module refused; another errno where it has its own. The post has
 *            ended
 *  EINTR     a signal came, whose handler has no SA_RESTART
 */
int sockdup_accept(int inbox, __u64 *cookie, struct sockdup_identity *source, int flags);

/**
 * sockdup_accept_set - accept posted sockets and their message
 * @inbox: as for sockdup_accept()
 * @posting: the room; filled but for ttl_ms
 * @flags: as for sockdup_accept()
 *
 * Return: 0, or -1 with errno: those of sockdup_accept(),
 *
 *  EINVAL    @inbox is another handle of the device; @flags has an unknown flag; there is
 *            no room for a socket; the reserve is not zero
 *  EMSGSIZE  the first post has more sockets or a larger message; socket_count,
 *            message_size and id tell of it, and it stays
 *  EFAULT    a pointer is wrong. The post stays, but if another thread has unmapped the
 *            array of descriptors meanwhile, it has ended, and the sockets are closed
 */
int sockdup_accept_set(int inbox, struct sockdup_posting *posting, int flags);

/**
 * sockdup_post_revoke - end a post that waits
 * @handle: the binding that it came through; or the inbox, whose owner declines so
 * @id: of the post
 *
 * Return: 0, or -1 with errno:
 *
 *  EBADF     @handle is not an open descriptor
 *  ENOTTY    @handle is no handle of the device
 *  EPERM     another process opened @handle; or it is a binding, and the user has changed
 *            since
 *  ENOTCONN  @handle is another handle of the device
 *  ENOENT    no such post waits
 *  EBUSY     it is being accepted; it ends with that, one way or the other
 */
int sockdup_post_revoke(int handle, __u64 id);

/**
 * DOC: Network events
 *
 * A socket has at most one registration. A new one, through any descriptor in
 * any process, cancels the one before. A registration belongs to the handle
 * that made it. Unless processes share the handle (see sockdup_use()), the
 * registration ends with the process that made it, at the latest.
 *
 * A loop that misses nothing takes a network event as a hint, and reads until
 * the socket has no more:
 *
 *	sockdup_event_select(fd, event, SOCKDUP_FD_READ | SOCKDUP_FD_CLOSE,
 *			     SOCKDUP_EVENT_KIND_EVENT);
 *	for (;;) {
 *		poll(&(struct pollfd){ .fd = event, .events = POLLIN }, 1, -1);
 *		sockdup_event_enumerate(fd, 0, &happened);
 *		do
 *			size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
 *		while (size > 0);
 *		if (!size || errno != EAGAIN)
 *			break;
 *	}
 *
 * The enumeration comes first: what arrives after it sets the event object
 * again.
 */

/**
 * sockdup_event_select - register for the network events of a socket, or cancel
 * @fd: a descriptor of the socket
 * @event: an eventfd, which the kernel sets when it records a network event
 * @mask: an OR of &enum sockdup_network_event; 0 cancels the registration,
 *        whichever process made it
 * @kind: for sockdup_event_query(); the two kinds cancel each other
 *
 * The counterpart of WSAEventSelect(), except that a blocking socket stays
 * blocking. The kernel records at once what holds already, except CONNECT if
 * connect() has returned 0 or an enumeration has reported the connection.
 *
 * Return: 0, or -1 with errno: EBADF, ENOTSOCK, EINVAL, EOPNOTSUPP, EBUSY,
 * ENOBUFS, ENOMEM.
 */
int sockdup_event_select(int fd, int event, unsigned int mask,
			 enum sockdup_event_kind kind);

/**
 * sockdup_event_register - register for network events, with flags
 * @fd: as for sockdup_event_select()
 * @event: as for sockdup_event_select()
 * @mask: as for sockdup_event_select()
 * @kind: as for sockdup_event_select()
 * @flags: 0, or SOCKDUP_EVENT_ONCE: READ, OOB and ACCEPT are recorded once, as
 *         WRITE is, until sockdup_event_rearm() names them
 *
 * With the flag the kernel keeps Winsock's rule: it reports a network event
 * again only after the program has answered it, such as READ by a receive. The
 * program, or any holder of the socket, re-arms after each receive and accept.
 *
 * A module without SOCKDUP_FEATURE_EVENT_ONCE answers EINVAL to the flag.
 *
 * Return: 0, or -1 with errno: those of sockdup_event_select().
 */
int sockdup_event_register(int fd, int event, unsigned int mask,
			   enum sockdup_event_kind kind, unsigned int flags);

/**
 * struct sockdup_network_events - what happened
 * @events: an OR of &enum sockdup_network_event
 * @errors: of each of these, in the place of its bit, 0 or an errno
 * @__reserved: zero
 *
 * The counterpart of WSANETWORKEVENTS.
 */
struct sockdup_network_events {
	__u32 events;
	__s32 errors[SOCKDUP_EVENT_ERRORS];
	__u32 __reserved[5];
};

/**
 * sockdup_event_enumerate - take the record, and reset the event object
 * @fd: a descriptor of the socket
 * @flags: 0 or SOCKDUP_EVENT_KEEP_SET, which leaves the event object set
 * @happened: filled; errors of network events that did not happen stay as they
 *            are
 *
 * The counterpart of WSAEnumNetworkEvents(). Only the process that registered
 * may enumerate, and processes that share its handle. A failure clears nothing.
 *
 * Return: 0, or -1 with errno: EBADF, ENOTSOCK, EINVAL, ENOENT, EPERM, EFAULT,
 * EINTR.
 */
int sockdup_event_enumerate(int fd, unsigned int flags,
			    struct sockdup_network_events *happened);

/**
 * sockdup_event_rearm - make the kernel look at a socket again
 * @fd: a descriptor of the socket
 * @events: the kernel records those of them that hold now; those that are
 *          recorded once can then be recorded once more
 *
 * Winsock does this at a call of recv(), send() or accept(). Any process that
 * holds the socket may do it, whichever registered. With READ among @events
 * the kernel records CLOSE as well, if it holds and was not recorded yet.
 *
 * Return: 0, or -1 with errno: EBADF, ENOTSOCK, EINVAL, ENOENT.
 */
int sockdup_event_rearm(int fd, unsigned int events);

/**
 * sockdup_event_inherit - register an accepted socket as its listener is
 * @fd: a descriptor of the accepted socket
 * @listener: a descriptor of the listening one, registered by this process
 *
 * Winsock does this at accept().
 *
 * Return: 0, or -1 with errno: EBADF, ENOTSOCK, EOPNOTSUPP, ENOENT, EPERM,
 * ENOBUFS, ENOMEM.
 */
int sockdup_event_inherit(int fd, int listener);

/**
 * struct sockdup_registration - the registration of a socket
 * @mask: the network events that it is for, 0 where there is none
 * @kind: as given when it was made
 * @own: true where this process's handle made it
 * @source: the process that made it
 * @__reserved: zero
 */
struct sockdup_registration {
	__u32 mask;
	enum sockdup_event_kind kind;
	bool own;
	struct sockdup_identity source;
	__u32 __reserved[9];
};

/**
 * sockdup_event_query - ask for the registration of a socket
 * @fd: a descriptor of the socket
 * @registration: filled
 *
 * Return: 0, or -1 with errno: EBADF, ENOTSOCK, EFAULT.
 */
int sockdup_event_query(int fd, struct sockdup_registration *registration);

/**
 * DOC: Names of AF_UNIX sockets
 *
 * Many servers unlink the path of their socket when they end. They do so by the
 * path, and after a hand-over nobody can then connect to the new server, though
 * it listens. A new server keeps the name in this way:
 *
 *	sockdup_unix_path_take(listener, &path);
 *	watch = sockdup_unix_path_watch(path);
 *	while (the_old_server_runs()) {
 *		sockdup_unix_path_restore(path);
 *		poll(&(struct pollfd){ .fd = watch, .events = POLLIN }, 1, 1000);
 *	}
 *	sockdup_unix_path_restore(path);
 *	sockdup_unix_path_release(path);
 *
 * Between the unlink and the restore a client gets ENOENT. Linux has no way to
 * make an unlink spare a path. There is no such gap where the old server can be
 * told to leave the path alone: prefer that.
 *
 * The functions need no module and no device.
 */

struct sockdup_unix_path;

/**
 * sockdup_unix_path_take - keep the name of an AF_UNIX socket
 * @fd: a descriptor of the socket: one that listens, or is bound and not connected,
 *      or one of datagrams
 * @path: filled; sockdup_unix_path_release() ends it. NULL where there is nothing
 *        to keep
 *
 * Makes a second hard link of the socket's file, in the same directory, named
 * like the file with ".sockdup-" and eight hexadecimal digits behind it. Call this
 * while the path still leads to the socket: once the last link is gone, nobody can
 * make another.
 *
 * The function makes sure that the path leads to the socket, and replaces no
 * file. If the socket was bound by a relative path, it looks for this path in
 * the caller's working directory.
 *
 * Return: 1; 0 where the name is abstract, which nobody can unlink, so that
 * nothing is to be done; or -1 with errno:
 *
 *  EFAULT        @path is NULL
 *  EMFILE, ENFILE, ENOMEM, ENOBUFS  no descriptor or no memory is free
 *  EBADF         @fd is not an open descriptor, or an O_PATH one
 *  ENOTSOCK      @fd is not a socket
 *  EAFNOSUPPORT  the socket is of another family than AF_UNIX
 *  EINVAL        the socket is not bound
 *  EISCONN       the socket is a connection. The path leads to its listener, if it
 *                leads anywhere
 *  ENOENT, ENOTDIR  the path leads nowhere. It was removed already; or it is one
 *                of another mount namespace, root or working directory
 *  ESTALE        the path leads to another file. Somebody has replaced the
 *                socket's; or the path is one of another mount namespace, root or
 *                working directory
 *  EOPNOTSUPP    the kernel does not tell which file the socket is bound to. A
 *                caller without CAP_NET_ADMIN needs the kernel's module unix_diag,
 *                and has to be in the socket's network namespace
 *  EACCES        the caller may not write to the directory, or not search one on
 *                the way to it
 *  EPERM         the socket's file is another user's, and the sysctl
 *                fs.protected_hardlinks demands CAP_FOWNER to link it; or the file
 *                system has no hard links
 *  EXDEV         the name is a mount point, such as a socket that was mounted into
 *                a container
 *  EROFS         the file system is mounted read-only
 *  EMLINK, ENOSPC, EDQUOT  the file system has no room for another link
 */
int sockdup_unix_path_take(int fd, struct sockdup_unix_path **path);

/**
 * sockdup_unix_path_watch - a descriptor that tells when to restore the name
 * @path: from sockdup_unix_path_take()
 *
 * It becomes readable when a link of the socket's file is removed, renamed or
 * made, and also for other changes. Take it as a hint, and call
 * sockdup_unix_path_restore(), which makes it unreadable again. Call that once
 * after this function: the descriptor does not tell what happened before.
 *
 * Return: the descriptor, which remains the library's, or -1 with errno:
 *
 *  EFAULT  @path is NULL
 *  EMFILE, ENFILE, ENOMEM  no descriptor or no memory is free
 *  EACCES  the caller may not read the socket's file: call
 *          sockdup_unix_path_restore() from time to time
 *  ENOSPC  the user has as many watches as the sysctl
 *          fs.inotify.max_user_watches allows; the limit of descriptors like this,
 *          fs.inotify.max_user_instances, gives EMFILE
 *  ENOENT  /proc is not mounted
 */
int sockdup_unix_path_watch(struct sockdup_unix_path *path);

/**
 * sockdup_unix_path_restore - put the name back where it is gone
 * @path: from sockdup_unix_path_take()
 *
 * Links the path to the socket again if nothing has that name. Call it only
 * while a process has the socket open; otherwise the path leads to a file that
 * refuses connections.
 *
 * A process that has changed its user since may not make hard links of the file
 * any more. If it may write to the directory, this works all the same, but once.
 *
 * Return: 1 where the name was gone and is back; 0 where it is there; or -1 with
 * errno:
 *
 *  EFAULT  @path is NULL
 *  EEXIST  another file has the name. It stays
 *  ESTALE  somebody has removed or replaced the second link, and the name cannot
 *          be restored
 *  EACCES  the caller may not write to the directory
 *  EPERM   the caller may neither link nor rename the file
 *  ENOENT  the directory was removed
 *  EROFS   the file system is mounted read-only
 *  EMLINK, ENOSPC, EDQUOT  the file system has no room for another link
 */
int sockdup_unix_path_restore(struct sockdup_unix_path *path);

/**
 * sockdup_unix_path_release - keep the name no longer
 * @path: from sockdup_unix_path_take(), or NULL; do not use it afterwards,
 *        whatever the function returns
 *
 * Removes the second link, or fails and leaves it there. The name itself stays as
 * it is.
 *
 * Return: 0, or -1 with errno:
 *
 *  EACCES, EPERM  the caller may not write to the directory any more
 *  EROFS          the file system is mounted read-only
 */
int sockdup_unix_path_release(struct sockdup_unix_path *path);

/**
 * DOC: The text form
 *
 * A protocol info has a text form for a shell, an environment variable or a
 * configuration file: one word of printable ASCII without quotes, blanks or
 * shell characters, always of the same length, SOCKDUP_TEXT_PREFIX at its start
 * and a check at its end. It carries the opaque bytes alone, which suffice to
 * import, query and revoke. It is as secret as they are.
 */

/* The start of the text form. Another form would start with another number. */
#define SOCKDUP_TEXT_PREFIX	"sockdup1:"

/* Room for the text form with its NUL. */
#define SOCKDUP_TEXT_SIZE	46

/**
 * sockdup_info_to_text - write a protocol info as text
 * @info: the bytes
 * @text: filled, with a NUL at the end
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  EINVAL  @info has the wrong size in it, and so is not a protocol info
 */
int sockdup_info_to_text(const struct sockdup_protocol_info *info,
			 char text[SOCKDUP_TEXT_SIZE]);

/**
 * sockdup_info_from_text - read a protocol info from its text form
 * @text: the text form and its NUL, with nothing before or after it
 * @info: filled with its size and the opaque bytes. The description in it is
 *        zero; sockdup_query() tells it. A failure leaves @info as it was
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  EINVAL   @text does not have this form
 *  EBADMSG  the form is right and the check is not: characters were altered
 */
int sockdup_info_from_text(const char *text,
			   struct sockdup_protocol_info *info);

/**
 * DOC: Netlink
 *
 * These functions talk to the module's generic netlink family, not to the
 * device.
 *
 * They share these errors:
 *
 *  ENODEV  there is no such family: the module is not loaded, or it is too old
 *  EPERM   a capability is missing, or a security module refused
 *  ENOBUFS, ENOMEM  no memory. An export by netlink does not wait for memory: where the
 *           caller's control group is full, sockdup_export() may succeed
 *
 * Unprivileged users see the tokens that they exported themselves, with the
 * real and effective user ids that they have now, in the caller's network
 * namespace, from a process that is visible in the caller's pid namespace. A
 * caller with CAP_SYS_ADMIN in the initial user namespace sees all tokens.
 * Processes have the numbers of the caller's pid namespace, 0 where they are
 * not visible there, users and groups those of the caller's user namespace.
 */

/**
 * sockdup_error_text - the kernel's own words about the last failure
 *
 * Only netlink functions set it, for the calling thread's last call.
 *
 * Return: a sentence, such as "this cannot be a target", that is valid until
 * the thread's next netlink call; empty if the kernel gave only an errno.
 */
const char *sockdup_error_text(void);

/**
 * sockdup_error_attribute - the attribute that the last failure is about
 *
 * Return: the name of the request's attribute that is at fault, such as
 * "target", as the family's specification has it; empty where the kernel does
 * not tell.
 */
const char *sockdup_error_attribute(void);

/**
 * struct sockdup_socket_info - a socket that a token holds
 * @family: AF_* of it
 * @type: SOCK_* of it
 * @protocol: the protocol that it speaks, such as IPPROTO_TCP
 * @protocol_name: the protocol, as the kernel names it
 * @local: its own address
 * @local_size: bytes of it, 0 where there is none
 * @remote: the address of its peer
 * @remote_size: bytes of it, 0 where there is none, or where a connect() of an AF_UNIX
 *               socket keeps the kernel from reading it
 * @ipv6_only: true for one of AF_INET6 with IPV6_V6ONLY
 * @inode: its inode number, as in /proc
 * @netns: the inode number of its network namespace, as /proc/PID/ns/net has
 *         it; 0 where the kernel does not tell: to callers without privilege it
 *         tells that of the calling thread's own network namespace alone
 * @state: its state by the numbers of TCP_ESTABLISHED and the like, as ss(8)
 *         shows it; 0 for families other than AF_INET, AF_INET6 and AF_UNIX
 * @name: what its exporter calls it, or empty
 * @__reserved: zero
 */
struct sockdup_socket_info {
	int family;
	int type;
	int protocol;
	char protocol_name[SOCKDUP_PROTOCOL_NAME_SIZE];
	struct sockaddr_storage local;
	socklen_t local_size;
	struct sockaddr_storage remote;
	socklen_t remote_size;
	bool ipv6_only;
	__u64 inode;
	__u64 netns;
	int state;
	char name[SOCKDUP_NAME_SIZE];
	__u32 __reserved[13];
};

/**
 * struct sockdup_token_info - a live token
 * @id: names the token in lists and notifications; nobody can import with it
 * @target: the process that may import, 0 where the token is not for one process
 * @source: the process that exported
 * @uid: its effective user at that time
 * @gid: its effective group at that time
 * @age_ms: milliseconds since the export
 * @left_ms: milliseconds until the end of the token's life
 * @socket_count: sockets that the token holds
 * @socket: the first of them
 * @target_flags: SOCKDUP_EXPORT_TO_USER and SOCKDUP_EXPORT_TO_CGROUP as the token is for
 *                a user, a control group, or both; neither for a process; and
 *                SOCKDUP_EXPORT_INVITE_TO_* of an invitation
 * @target_uid: with the first, the user
 * @payload_size: bytes that travel with the token
 * @__reserved0: zero
 * @target_cgroup: with the second, the inode number of the group's directory, 0 where
 *                 the caller's cgroup namespace does not have the group
 * @__reserved: zero
 */
struct sockdup_token_info {
	__u64 id;
	pid_t target;
	pid_t source;
	uid_t uid;
	gid_t gid;
	__u64 age_ms;
	__u64 left_ms;
	__u32 socket_count;
	struct sockdup_socket_info socket;
	__u32 target_flags;
	uid_t target_uid;
	__u32 payload_size;
	__u32 __reserved0;
	__u64 target_cgroup;
	__u64 __reserved[5];
};

/**
 * struct sockdup_filter - the tokens that a list shows
 * @target: those bound to this process, or 0
 * @source: those that this process exported, or 0
 * @by_uid: true for those that the user @uid exported
 * @uid: read where @by_uid is true
 * @__reserved: must be zero
 *
 * A token must match all of them. A filter of zeroes matches all tokens.
 */
struct sockdup_filter {
	pid_t target;
	pid_t source;
	bool by_uid;
	uid_t uid;
	__u32 __reserved[12];
};

/**
 * typedef sockdup_list_callback - what sockdup_list() calls for each token
 * @token: the token, valid during the call
 * @context: as given to sockdup_list()
 *
 * Return: 0 for the next token; another value ends the list.
 */
typedef int (*sockdup_list_callback)(const struct sockdup_token_info *token,
				     void *context);

/**
 * sockdup_list - have a function called for each live token
 * @filter: which of them, or NULL for all
 * @callback: called in the calling thread
 * @context: handed to @callback
 *
 * The list has each token once that is live during the whole call. A token that
 * is made or ends during the call may be missing.
 *
 * Return: 0, or the value by which @callback ended the list, or -1 with errno:
 * EFAULT,
 *
 *  ERANGE  @filter has a process id below zero
 *  EINVAL  the caller's user namespace has no such user, or the reserve of
 *          @filter is not zero
 *  EINTR   the list is incomplete: tokens came and went
 */
int sockdup_list(const struct sockdup_filter *filter,
		 sockdup_list_callback callback, void *context);

/**
 * sockdup_list_sockets - have a function called for each socket of a token
 * @id: the token's id
 * @callback: called in the calling thread, with the same token each time and one
 *            socket after the other in it
 * @context: handed to @callback
 *
 * Return: 0, or the value by which @callback ended the list, or -1 with errno:
 * EFAULT,
 *
 *  ENOENT  the caller sees no token of this id, or it has ended meanwhile
 */
int sockdup_list_sockets(__u64 id, sockdup_list_callback callback, void *context);

/**
 * sockdup_find_by_id - ask about a token by its id
 * @id: its id
 * @token: filled
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  ENOENT  the caller sees no token of this id
 */
int sockdup_find_by_id(__u64 id, struct sockdup_token_info *token);

/**
 * sockdup_find_by_info - ask about a token by its bytes
 * @info: the bytes that name it
 * @token: filled
 *
 * For the token's target, and for callers that see the token in lists.
 *
 * Return: 0, or -1 with errno: those of sockdup_query(), of which
 *
 *  EPERM  the caller is not the target, and does not see the token in lists
 */
int sockdup_find_by_info(const struct sockdup_protocol_info *info,
			 struct sockdup_token_info *token);

/**
 * sockdup_revoke_id - end a token by its id
 * @id: its id
 *
 * For callers that see the token in lists.
 *
 * Return: 0, or -1 with errno: EBUSY,
 *
 *  ENOENT  the caller sees no token of this id
 */
int sockdup_revoke_id(__u64 id);

/**
 * struct sockdup_post_info - a post that waits in an inbox
 * @inbox: names the inbox in lists, and never another one
 * @id: names the post in its inbox, as for sockdup_post_revoke()
 * @target: the process that has owned the inbox for longest
 * @source: the process that posted
 * @uid: its effective user at that time
 * @gid: its effective group at that time
 * @left_ms: milliseconds until the post ends by itself
 * @socket_count: sockets that the post has
 * @message_size: bytes of its message
 * @socket: the first of the sockets; posts give them no names
 * @__reserved: zero
 */
struct sockdup_post_info {
	__u64 inbox;
	__u64 id;
	pid_t target;
	pid_t source;
	uid_t uid;
	gid_t gid;
	__u64 left_ms;
	__u32 socket_count;
	__u32 message_size;
	struct sockdup_socket_info socket;
	__u64 __reserved[8];
};

/**
 * typedef sockdup_post_callback - what sockdup_list_posts() calls for each post
 * @post: the post, valid during the call
 * @context: as given to sockdup_list_posts()
 *
 * Return: 0 for the next post; another value ends the list.
 */
typedef int (*sockdup_post_callback)(const struct sockdup_post_info *post, void *context);

/**
 * sockdup_list_posts - have a function called for each post that waits
 * @callback: called in the calling thread
 * @context: handed to @callback
 *
 * Callers see the posts in inboxes that their user opened, and those that their user
 * posted, under the conditions that tokens have. Nobody sees a message or a cookie.
 *
 * The list has each post once that waits during the whole call. A post that comes or ends
 * during the call may be missing, and so may one whose accept is under way.
 *
 * Return: 0, or the value by which @callback ended the list, or -1 with errno: EFAULT,
 *
 *  EOPNOTSUPP  the module has no lists of posts: it is too old
 */
int sockdup_list_posts(sockdup_post_callback callback, void *context);

/**
 * sockdup_post_revoke_id - end a post by its inbox and its id
 * @inbox: as sockdup_list_posts() shows it
 * @id: likewise
 *
 * For callers that see the post in lists.
 *
 * Return: 0, or -1 with errno:
 *
 *  EBUSY   the post is being accepted. If that fails, it is revoked
 *  ENOENT  the caller sees no post of this inbox and id, or it has ended
 *  EOPNOTSUPP  the module has no lists of posts: it is too old
 */
int sockdup_post_revoke_id(__u64 inbox, __u64 id);

/**
 * sockdup_netlink_export - export a socket without the device
 * @fd: a descriptor of the socket
 * @target: the target, as for sockdup_export()
 * @flags: 0, SOCKDUP_EXPORT_TO_PIDFD, SOCKDUP_EXPORT_TO_PEER,
 *         SOCKDUP_EXPORT_TO_USER or SOCKDUP_EXPORT_TO_CGROUP
 * @ttl_ms: life of the token in milliseconds, 0 for the module's default. With
 *          SOCKDUP_EXPORT_TO_CGROUP a longer one needs CAP_SYS_RESOURCE in the initial
 *          user namespace, even where the caller may write to the group's directory
 * @info: filled with the bytes to send to the target
 * @id: filled with the token's id, or NULL
 *
 * To import, the target needs the device.
 *
 * Return: 0, or -1 with errno: those of sockdup_export(), and
 *
 *  ERANGE      in place of EINVAL, for a number that can never be right
 *  EOPNOTSUPP  the administrator has switched exports by netlink off
 */
int sockdup_netlink_export(int fd, int target, unsigned int flags,
			   unsigned int ttl_ms,
			   struct sockdup_protocol_info *info, __u64 *id);

/**
 * struct sockdup_stats - what a user's tokens hold, and counts of all users'
 * @uid: the user
 * @held: sockets that the user's tokens hold now
 * @counted: true where the counts below are filled in, for privileged callers
 * @exported: tokens made since the module was loaded
 * @imported: those of them that were imported
 * @revoked: that were revoked
 * @expired: that were not imported in time
 * @handle_closed: that ended with the handle that exported
 * @target_died: that ended with their target
 * @bytes: bytes that the sets of the user's tokens take now: names, payload and about
 *         40 bytes a socket
 * @__reserved: zero
 */
struct sockdup_stats {
	uid_t uid;
	__u64 held;
	bool counted;
	__u64 exported;
	__u64 imported;
	__u64 revoked;
	__u64 expired;
	__u64 handle_closed;
	__u64 target_died;
	__u64 bytes;
	__u64 __reserved[15];
};

/**
 * sockdup_stats - what the tokens of the caller's real user hold
 * @stats: filled
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  EPERM  the caller is in a pid namespace other than the initial one, and is
 *         not privileged
 */
int sockdup_stats(struct sockdup_stats *stats);

/**
 * sockdup_stats_of - what the tokens of a user hold
 * @uid: the user; only privileged callers may name another than their own
 * @stats: filled
 *
 * Return: 0, or -1 with errno: EFAULT, those of sockdup_stats(), and
 *
 *  EPERM   @uid is another user, and the caller is not privileged
 *  EINVAL  the caller's user namespace has no such user
 */
int sockdup_stats_of(uid_t uid, struct sockdup_stats *stats);

/**
 * enum sockdup_token_happening - what can happen to a token
 * @SOCKDUP_HAPPENING_EXPORTED: it was made
 * @SOCKDUP_HAPPENING_IMPORTED: its target has imported it
 * @SOCKDUP_HAPPENING_REVOKED: it was revoked
 * @SOCKDUP_HAPPENING_EXPIRED: it was not imported in time
 * @SOCKDUP_HAPPENING_HANDLE_CLOSED: it ended with the handle that exported
 * @SOCKDUP_HAPPENING_TARGET_DIED: it ended with its target
 */
enum sockdup_token_happening {
	SOCKDUP_HAPPENING_EXPORTED,
	SOCKDUP_HAPPENING_IMPORTED,
	SOCKDUP_HAPPENING_REVOKED,
	SOCKDUP_HAPPENING_EXPIRED,
	SOCKDUP_HAPPENING_HANDLE_CLOSED,
	SOCKDUP_HAPPENING_TARGET_DIED,
};

/**
 * struct sockdup_token_event - a notification: something happened to a token
 * @what: what it was
 * @id: the token's
 * @uid: the exporter's effective user, as the user namespace that owns the
 *       network namespace numbers it
 * @target_flags: SOCKDUP_EXPORT_TO_USER and SOCKDUP_EXPORT_TO_CGROUP as the token is for
 *                a user, a control group, or both; 0 for a process. That it is an
 *                invitation is not told
 * @target_uid: with the first, the user, likewise
 * @target_cgroup: with the second, the inode number of the group's directory, 0 where
 *                 the network namespace is not the initial user namespace's
 * @__reserved: zero
 *
 * A notification names no process, as its readers can be in different pid
 * namespaces. sockdup_find_by_id() names those of a live token.
 */
struct sockdup_token_event {
	enum sockdup_token_happening what;
	__u64 id;
	uid_t uid;
	__u32 target_flags;
	uid_t target_uid;
	__u64 target_cgroup;
	__u64 __reserved[2];
};

struct sockdup_subscription;

/**
 * sockdup_subscribe - receive the notifications of tokens
 * @subscription: filled; sockdup_unsubscribe() ends it
 *
 * The kernel sends notifications of the tokens of all users that were exported
 * in the caller's network namespace. This needs CAP_NET_ADMIN in the user
 * namespace that owns it. A subscription is for one thread at a time.
 *
 * Return: 0, or -1 with errno: EFAULT,
 *
 *  EPERM   the caller lacks CAP_NET_ADMIN
 *  EMFILE, ENFILE  no descriptor is free
 */
int sockdup_subscribe(struct sockdup_subscription **subscription);

/**
 * sockdup_subscription_fd - the descriptor to wait on
 * @subscription: from sockdup_subscribe()
 *
 * A program may poll it for reading, and make it non-blocking. Leave the
 * reading to sockdup_next_event(), and the closing to sockdup_unsubscribe().
 *
 * Return: the descriptor, close-on-exec, or -1 with errno: EFAULT.
 */
int sockdup_subscription_fd(const struct sockdup_subscription *subscription);

/**
 * sockdup_next_event - wait for the next notification
 * @subscription: from sockdup_subscribe()
 * @event: filled
 *
 * A notification may come late. Those of one token come in their order.
 *
 * Return: 0, or -1 with errno:
 *
 *  ENOBUFS  notifications came faster than the kernel sent them or the caller
 *           took them, and some are lost; the others follow, if the module is
 *           still there
 *  EAGAIN   the descriptor is non-blocking, and there is none
 *  EINTR    a signal came
 *  ENODEV   the module has been unloaded. Subscribe again once it is loaded
 *  EMFILE, ENFILE, ENOMEM  after ENOBUFS, the library could not find out
 *           whether the module is still there: try again
 *  EFAULT   a pointer is NULL
 */
int sockdup_next_event(struct sockdup_subscription *subscription,
		       struct sockdup_token_event *event);

/**
 * sockdup_unsubscribe - end a subscription
 * @subscription: from sockdup_subscribe(), or NULL; do not use it afterwards
 */
void sockdup_unsubscribe(struct sockdup_subscription *subscription);

#ifdef __cplusplus
}
#endif

#endif /* SOCKDUP_H */
