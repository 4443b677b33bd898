/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data, ends and connections on stream sockets. Each function that sends waits
 * until the other end has what was sent.
 *
 * A function that can fail gives -errno unless it says otherwise.
 */
#ifndef SELFTESTS_TRAFFIC_H
#define SELFTESTS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

#include "common.h"

/* Whether one of @events holds of @fd now. */
bool is_polled(int fd, short events);

int arrive(int from, int to, const char *text);
int arrive_urgent(int from, int to);

/* Ends sending at one side. */
int finish(int from, int to);
int close_with_reset(int fd);

/* How many bytes there were, of @size at most; neither waits. */
int receive(int fd, size_t size);
int receive_urgent(int fd);

/* Sends until there is no room. */
int fill(int fd);
/* Receives whatever comes until @fd, at the other side, has room again. */
int drain(int from, int fd);

/* A socket that is connected to @address, or being connected. */
int connect_to(const struct address *address, int flags);
int begin_to_connect(int fd, const struct address *address);

#endif /* SELFTESTS_TRAFFIC_H */
