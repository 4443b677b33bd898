/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A way to hand a socket over, in two halves: what the side does that has the
 * socket, and what the other side does to get a descriptor of its own.
 *
 * A function that can fail gives -errno.
 */
#ifndef BENCH_WAY_H
#define BENCH_WAY_H

#include <sys/types.h>

#include "../harness/common.h"

struct netlink;
struct ring;

/**
 * struct side - one of the two, or both in one process
 * @device: sockdup's, opened by this process
 * @socket: what is handed over; the giving side's number for it
 * @source: the process that gives
 * @target: the process that takes
 * @channel: an AF_UNIX socketpair, to send on and to receive from
 * @kept_pidfd: of @source
 * @netlink: the family as this process speaks to it
 * @binding: the device once more, bound to the inbox of @target
 * @rings: to send on and to receive from, which both processes have
 */
struct side {
	int device;
	int socket;
	pid_t source;
	pid_t target;
	int channel[2];
	int kept_pidfd;
	struct netlink *netlink;
	int binding;
	struct ring *rings[2];
};

/* What has to reach the other side, by whatever road. */
union parcel {
	struct sockdup_protocol_info info;
	struct {
		pid_t pid;
		int fd;
	} number;
	char nothing;
};

/**
 * struct way - how a socket is handed over
 * @name: in tables
 * @size: bytes of the parcel that must travel, 0 where @take waits by itself
 * @closes: @give closes the socket
 * @open: what is made before there are two processes; -EOPNOTSUPP where the kernel does not
 *        have this way; or NULL
 * @begin: what each side does once, before the first time; or NULL
 * @give: fills the parcel
 * @take: gives the new descriptor
 * @drop: ends what @take gave, where close() does not; or NULL
 * @end: undoes @begin and @open; or NULL
 */
struct way {
	const char *name;
	size_t size;
	bool closes;
	int (*open)(struct side *side);
	int (*begin)(struct side *side);
	int (*give)(const struct side *side, union parcel *parcel);
	int (*take)(const struct side *side, const union parcel *parcel);
	int (*drop)(const struct side *side, int fd);
	void (*end)(const struct side *side);
};

extern const struct way way_floor;
extern const struct way way_scm_rights;
extern const struct way way_pidfd;
extern const struct way way_kept_pidfd;
extern const struct way way_sockdup;
extern const struct way way_to_user;
extern const struct way way_netlink;
extern const struct way way_inbox;
extern const struct way way_inbox_close;
extern const struct way way_ring;

/* All of them, up to a NULL. */
extern const struct way *const ways[];

/* A process that hands over to itself, unless another target is set. */
int side_open(struct side *side, const struct way *way);

/* Opens the device and does what the way wants, in the process that uses them. */
int side_begin(struct side *side, const struct way *way);

/* What a way that the kernel does not have makes of a part: nothing. */
int unless_absent(int error);

void side_close(const struct side *side, const struct way *way);

/* What a process does with what it has taken. */
int drop(const struct side *side, const struct way *way, int fd);

/* Over to the same process. */
int hand_over(const struct side *side, const struct way *way);

#endif /* BENCH_WAY_H */
