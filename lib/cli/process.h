/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes and users: their names, and a descriptor out of another process.
 */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#define COMMAND_SIZE	64

bool process_command(pid_t pid, char command[COMMAND_SIZE]);
bool process_user(pid_t pid, uid_t *user);
int process_take_fd(pid_t pid, int fd);
void process_cell(pid_t pid);
void process_fields(const char *key, pid_t pid);
void user_cell(uid_t uid);
void user_fields(uid_t uid);

#endif /* CLI_PROCESS_H */
