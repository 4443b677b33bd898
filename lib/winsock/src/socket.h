/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_SOCKET_H
#define WS_SOCKET_H

int ws_create(int family, int type, int protocol, bool inheritable, SOCKET *s);
int ws_name_error(int number, const struct sockaddr *name, int size,
		  const struct ws_translation *own);

#endif /* WS_SOCKET_H */
