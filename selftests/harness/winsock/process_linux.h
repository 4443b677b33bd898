/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only tests of Linux do with processes and descriptors. A SOCKET is a uintptr_t
 * here, as this header is read by files that speak Winsock and by files that do not.
 */
#ifndef SELFTESTS_WINSOCK_PROCESS_LINUX_H
#define SELFTESTS_WINSOCK_PROCESS_LINUX_H

#include "process.h"

/**
 * struct process_options - how another process starts
 * @id: the process id that it gets, any if it is 0; for root alone
 * @other_network: it is in a network namespace of its own; for root alone
 * @held: it executes the program only at process_release()
 */
struct process_options {
	unsigned int id;
	bool other_network;
	bool held;
};

struct process *process_start_with(const char *argument,
				   const struct process_options *options);
void process_release(struct process *process);

/* What @run gives, from 0 to 255, in a child that is forked for it. */
int process_fork(int (*run)(void *context), void *context);

unsigned int process_thread_id(void);
/* For good: a user without any right. */
bool process_become_user(void);

/* No descriptor can be made until process_allow_descriptors(). */
void process_deny_descriptors(void);
void process_allow_descriptors(void);
/* The soft limit, which counts a user's live tokens, too. */
void process_limit_descriptors(unsigned int limit);

/* The same socket under another number, @least or more; the first one is closed. */
uintptr_t process_renumber(uintptr_t socket, int least);
/* Standard input, which is put aside, leaves its number free. */
void process_free_zero(void);
void process_restore_zero(void);
/* The same, and no other number is free. */
void process_free_zero_alone(void);
void process_allow_others(void);
/* No path leads to a file until process_show_files(); false where that fails. */
bool process_hide_files(void);
bool process_show_files(void);
/* A descriptor that is no socket. */
int process_open_null(void);
void process_close(int fd);

/* Linux's own SO_REUSEADDR of a SOCKET. */
int process_reuses_address(uintptr_t socket);

/* Linux's own SO_RCVTIMEO of a SOCKET, in centuries; false where that fails. */
bool process_limit_receive(uintptr_t socket, unsigned int centuries);

/* A signal every few milliseconds, whose handler restarts no call. */
void process_signals_begin(void);
void process_signals_end(void);

/* -errno of an attempt to remove the module. */
int process_remove_module(void);

#endif /* SELFTESTS_WINSOCK_PROCESS_LINUX_H */
