/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_DEADLINE_H
#define WS_DEADLINE_H

#include <poll.h>

/*
 * A deadline is a time of the monotonic clock in nanoseconds, so that a call
 * which a signal interrupts goes on and ends when it would have ended.
 */
#define WS_NEVER	(-1LL)

#define WS_SECOND	1000000000LL
#define WS_MILLISECOND	1000000LL

long long ws_now(void);
long long ws_deadline_in(long long nanoseconds);
bool ws_is_over(long long deadline);
long long ws_sooner(long long a, long long b);

/* poll() until @deadline, whatever signals come. */
int ws_poll(struct pollfd *pollers, unsigned int count, long long deadline);
/* What has happened of @events, POLLERR or POLLHUP; 0 at the deadline. */
short ws_wait_for(int fd, short events, long long deadline);
/*
 * The same for a call that may find nothing though poll() said so: another holder was
 * faster, or what poll() told is none of the call's. The second and each further wait
 * comes after a pause. *@pause is 0 at first.
 */
short ws_wait_again(int fd, short events, long long deadline, long long *pause);

#endif /* WS_DEADLINE_H */
