/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the samples share: an end with the reason, and whole structs over the standard
 * streams. It is Winsock and C alone, so it also compiles for Windows.
 */
#ifndef SAMPLES_TALK_H
#define SAMPLES_TALK_H

#include <winsock2.h>

/* Starts Winsock for a program that says its name and role before each line. */
void talk_begin(const char *name);

/* A line for the person who watches. */
void talk_say(const char *format, ...);

/* Ends the program with the call's name and Winsock's error. */
_Noreturn void talk_fail(const char *call);

/* Through standard input and output, all of it or the end of the program. */
void talk_read(void *data, size_t size);
void talk_write(const void *data, size_t size);

/* A stream socket that listens on a port of the loopback address, 0 for any. */
SOCKET talk_listen(u_short *port);
SOCKET talk_connect(u_short port);

#endif /* SAMPLES_TALK_H */
