/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs share beside the harness: sockets to export, and
 * ways to look at them from outside.
 *
 * A function that can fail gives -errno unless it says otherwise. Every
 * descriptor made here is close-on-exec.
 */
#ifndef SELFTESTS_COMMON_H
#define SELFTESTS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <sockdup.h>

#include "agent.h"

#define DEVICE_PATH	"/dev/" SOCKDUP_DEVICE_NAME

/* The longest that anything waits for what must happen. */
#define WAIT_MS		60000

/* The life of a token that no deadline is to end during a test. */
#define LONG_TTL_MS	3600000

/* Users and groups without any right. */
#define SOURCE_UID	1001
#define TARGET_UID	1002
#define OTHER_UID	1003
#define NOBODY		65534

/* Room that an error test fills to see that nobody wrote there. */
#define POISON		0xcc

/* A socket address with its size. */
struct address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/*
 * The witness: 1 where both descriptors are one open file, else 0. A pid of 0
 * is the caller.
 */
int same_file(pid_t pid1, int fd1, pid_t pid2, int fd2);

/* The number of a process's network namespace, or the caller's; 0 is a failure. */
__u64 network_namespace_of(pid_t pid);
__u64 network_namespace(void);

/* The loopback address of AF_INET or AF_INET6, on @port or on any for 0. */
struct address loopback(int family, unsigned int port);
struct address bound_address(int fd);
/* Of size 0 where the socket has no peer. */
struct address peer_address(int fd);
bool same_address(const struct address *one, const struct address *other);

/* A socket bound to loopback(@family, 0); a TCP one also listens. */
int tcp_listener(int family);
int udp_bound(int family);

/* Two ends of a TCP connection over loopback, fds[0] the one that connected. */
int tcp_pair(int family, int fds[2]);

/*
 * For what another process or the kernel's workers do in their own time:
 * each waits until it is so, WAIT_MS at most, and gives -ETIME after that.
 */
int wait_until(bool (*is_so)(void *context), void *context);
int wait_for_poll(int fd, short events);
/* The same, @ms at most. */
int wait_for_poll_within(int fd, short events, int ms);

/* 0 once reading @fd tells of the peer's end: FIN is 0, RST -ECONNRESET. */
int wait_for_end(int fd);

/* 0 once a new socket of @type binds @address, without SO_REUSEADDR. */
int wait_for_free_address(int type, const struct address *address);

/* 0 once the process is dead, a zombie counts as that. */
int wait_for_death(pid_t pid);

/* 0 where nothing is to be read and no end is told: the peer is still there. */
int recv_nothing(int fd);

/* TCP_ESTABLISHED and so on, from TCP_INFO. */
int tcp_state(int fd);

/* @size bytes sent on @from arrive at @to, as they are: 0. */
int pass_bytes(int from, int to);

/*
 * Gives @fd of a tcp_pair() over IPv4 more to send than @peer, which does not
 * read, has room for: the last close of @fd lingers until @peer is closed.
 */
int make_linger(int fd, int peer);

/* 0 once the last close of the TCP socket at @address has begun. */
int wait_for_closing(const struct address *address);

/* The number that the next descriptor gets. */
int next_descriptor(void);

/* Sends @fd along an AF_UNIX socket, to whoever receives at its other end. */
int send_descriptor(int channel, int fd);

/* The device itself, for what the library does not let through. */
int device_open(void);
int device_ioctl(int device, unsigned int command, void *arg);
int raw_export_with(int device, int fd, pid_t pid, unsigned int flags,
		    unsigned int ttl_ms, struct sockdup_protocol_info *info);
int raw_export(int device, int fd, pid_t pid, unsigned int ttl_ms,
	       struct sockdup_protocol_info *info);
int raw_import(int device, const struct sockdup_protocol_info *info,
	       unsigned int flags, struct sockdup_identity *source);
int raw_query(int device, const struct sockdup_protocol_info *info);
int raw_revoke(int device, const struct sockdup_protocol_info *info);
int raw_event_select(int device, int fd, int event, unsigned int mask);

/* The library's calls with -errno in place of -1, as ASSERT_EQ() likes it. */
int try_duplicate(int fd, pid_t pid, struct sockdup_protocol_info *info);
int try_export(int fd, int target, unsigned int flags, unsigned int ttl_ms,
	       struct sockdup_protocol_info *info);
int try_duplicate_pidfd(int fd, int pidfd, struct sockdup_protocol_info *info);
int try_socket(const struct sockdup_protocol_info *info, unsigned int flags);
int try_query(const struct sockdup_protocol_info *info,
	      struct sockdup_description *description);
int try_revoke(const struct sockdup_protocol_info *info);
int try_event_select(int fd, int event, unsigned int mask, unsigned int kind);
int try_event_register(int fd, int event, unsigned int mask, unsigned int kind,
		       unsigned int flags);
int try_event_enumerate(int fd, unsigned int flags,
			struct sockdup_network_events *happened);
int try_event_rearm(int fd, unsigned int events);
int try_event_inherit(int fd, int listener);
int try_event_query(int fd, struct sockdup_registration *registration);

/* The public name that a protocol info has inside. */
__u64 id_of(const struct sockdup_protocol_info *info);

/* A number of rounds, in the measure that SOCKDUP_STRESS asks for (%). */
unsigned int stress(unsigned int rounds);

/* A file as a string, to be freed; NULL where it cannot be read. */
char *read_text(const char *path);
/* How often a string has a part, none of which overlap. */
int count_in(const char *text, const char *part);

/* Reads one number from a file such as /proc/sys/kernel/pid_max. */
long read_number(const char *path);
int write_number(const char *path, long long number);
int write_string(const char *path, const char *text);

/* The test itself, which is root, gives up one capability, or all for good. */
int drop_capability(unsigned int capability);
int become_user(uid_t uid);
/* What unshare -Ur does, with more namespaces as @flags ask for. */
int become_root_inside(int flags);

/* Waits for a child: what it exited with, negative. */
int outcome_of(pid_t pid);

#endif /* SELFTESTS_COMMON_H */
