/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a socket that the command has itself says of it.
 */
#ifndef CLI_SOCKET_H
#define CLI_SOCKET_H

#include <sockdup.h>

void socket_describe(struct sockdup_socket_info *socket, int fd);

#endif /* CLI_SOCKET_H */
