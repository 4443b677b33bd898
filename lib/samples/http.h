/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HTTP_H
#define HTTP_H

#include <sys/types.h>

int http_listen(unsigned short *port);
void http_read_request(int connection);
int http_accept(int listener);
void http_send_header(int connection, off_t length);
void http_send_range(int connection, const char *path, off_t from, off_t to);
off_t http_file_size(const char *path);

#endif /* HTTP_H */
