/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket of a token as a record.
 */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include <sockdup.h>

unsigned int token_columns(const struct sockdup_token_info *token);
void token_titles(unsigned int columns);
void token_print(const struct sockdup_token_info *token);
void target_cell(const struct sockdup_token_info *token);
void target_fields(const struct sockdup_token_info *token);
const char *invitation_format(unsigned int target_flags);
void invitation_field(unsigned int target_flags);
void socket_cells(const struct sockdup_token_info *token);
void socket_fields(const struct sockdup_socket_info *socket);
void state_field(int state);
void duration_format(char *text, size_t size, __u64 milliseconds);
void id_format(char text[20], __u64 id);

#endif /* CLI_TOKEN_H */
