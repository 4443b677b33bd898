/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes, where Linux and Windows have different calls for them:
 * process_posix.c and process_windows.c. Another process is this program once
 * more, which shares nothing with the first but two pipes.
 */
#ifndef SELFTESTS_WINSOCK_PROCESS_H
#define SELFTESTS_WINSOCK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process;

/* NULL on failure. main() sees @argument as its first one. */
struct process *process_start(const char *argument);
unsigned int process_id(const struct process *process);

/* To its standard input and from its standard output: exactly @size bytes. */
bool process_write(struct process *process, const void *data, size_t size);
bool process_read(struct process *process, void *data, size_t size);

/* Closes the pipes, which asks it to end; its exit status, -1 where it crashed. */
int process_end(struct process *process);

/* In the other process: its own standard streams. */
bool process_read_input(void *data, size_t size);
bool process_write_output(const void *data, size_t size);

/* Standard output without conversion of line ends, first of all in main(). */
void process_prepare(void);

/* Whether sockets can be shared. */
bool process_module_is_there(void);

/* read() and write() on what a SOCKET is to the system; bytes, or -1. */
int process_read_socket(uintptr_t socket, void *data, size_t size);
int process_write_socket(uintptr_t socket, const void *data, size_t size);

#endif /* SELFTESTS_WINSOCK_PROCESS_H */
