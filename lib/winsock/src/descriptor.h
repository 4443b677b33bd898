/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_DESCRIPTOR_H
#define WS_DESCRIPTOR_H

int ws_fd(SOCKET s);
bool ws_is_socket(int fd);
bool ws_is_non_blocking(int fd);
/* 0, or -1 with errno. */
int ws_set_non_blocking(int fd, bool on);
int ws_keep(int fd);
int ws_spare(void);
int ws_keep_at(int fd, int spare);
int ws_int_option(int fd, int level, int option);
bool ws_is_unix(int fd);
bool ws_is_stream(int fd);
bool ws_is_datagram(int fd);

#endif /* WS_DESCRIPTOR_H */
