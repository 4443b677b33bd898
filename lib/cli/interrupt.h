/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that end the command, put off while something would be left behind.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>

void interrupt_defer(void);
bool interrupt_output_ready(void);
void interrupt_by_children(void);
bool interrupt_await(struct pollfd *files, unsigned int count);
bool interrupt_await_second(void);
void interrupt_allow(void);
void interrupt_forget(void);

#endif /* CLI_INTERRUPT_H */
