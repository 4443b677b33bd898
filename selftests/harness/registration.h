/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event registration of a socket, by way of a handle of the test's choice.
 *
 * A function that can fail gives -errno unless it says otherwise.
 */
#ifndef SELFTESTS_REGISTRATION_H
#define SELFTESTS_REGISTRATION_H

#include <stdbool.h>

#include <sockdup.h>

/* An eventfd that is not set. */
int new_event(void);
bool event_is_set(int event);
void reset_event(int event);

/* 0 once it is set. */
int wait_for_event(int event);

int register_events(int device, int fd, int event, unsigned int mask);
int cancel_events(int device, int fd);
int rearm_events(int device, int fd, unsigned int events);
int inherit_events(int device, int fd, int listener);

/* The events that are handed out; @errors of them unless it is NULL. */
int enumerate_events(int device, int fd, int errors[SOCKDUP_EVENT_ERRORS]);

/* What the socket is registered for, and whether through @device. */
int registered_events(int device, int fd, bool *own);

/* How many registrations the handle has, as its fdinfo tells. */
long count_registrations(int device);
/* 0 once it has @most at most, or none. */
int wait_for_registrations(int device, long most);
int wait_for_no_registration(int device);

/*
 * 0 once no registration is at the expense of the test's user. For root, whose
 * registrations are counted, too, though not bounded.
 */
int wait_for_no_registration_of_user(void);

#endif /* SELFTESTS_REGISTRATION_H */
