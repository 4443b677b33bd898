/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network events by way of the library's handle, or that of an agent.
 *
 * A function that can fail gives -errno unless it says otherwise.
 */
#ifndef SELFTESTS_NETWORK_EVENTS_H
#define SELFTESTS_NETWORK_EVENTS_H

#include <sockdup.h>

#include "agent.h"

#define READ	SOCKDUP_FD_READ
#define WRITE	SOCKDUP_FD_WRITE
#define OOB	SOCKDUP_FD_OOB
#define ACCEPT	SOCKDUP_FD_ACCEPT
#define CONNECT	SOCKDUP_FD_CONNECT
#define CLOSE	SOCKDUP_FD_CLOSE
#define ALL	(READ | WRITE | OOB | ACCEPT | CONNECT | CLOSE)

#define EVENT	SOCKDUP_EVENT_KIND_EVENT
#define MESSAGE	SOCKDUP_EVENT_KIND_MESSAGE

/* Registers @fd for those in @mask. */
int ask(int fd, int event, unsigned int mask);
/* The same with SOCKDUP_EVENT_ONCE. */
int ask_once(int fd, int event, unsigned int mask);

/* The mask that @fd is registered for. */
int mask_of(int fd);

/* Enumerates: the network events. */
int take(int fd);

/*
 * Waits until all the @wanted network events have come: those that came
 * meanwhile, with their errors in @all.
 */
int come(int fd, int event, __u32 wanted);
int come_with(int fd, int event, __u32 wanted,
	      struct sockdup_network_events *all);

/* The error that stands in the place of one network event. */
int *error_of(struct sockdup_network_events *happened, __u32 event);

/* The same by an agent. */
int agent_ask_for(struct agent *agent, int fd, int event, unsigned int mask);
int agent_take(struct agent *agent, int fd);
int agent_come(struct agent *agent, int fd, int event, __u32 wanted);
/* Whether the agent's eventfd is set. */
int agent_event_is_set(struct agent *agent, int event);

#endif /* SELFTESTS_NETWORK_EVENTS_H */
