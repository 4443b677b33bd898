/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The states of a socket, by the words of ss(8).
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include <stdbool.h>

const char *state_format(int state);
bool state_is_among(int state, unsigned int states);
unsigned int state_parse(const char *text);

#endif /* CLI_STATE_H */
