/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_SOCKET_H
#define WS_SOCKET_H

int ws_create(int family, int type, int protocol, bool inheritable, SOCKET *s);
/* Neither a name nor, for a stream or a datagram, a port: nothing can arrive. */
bool ws_is_unbound(int fd);
/* INADDR_ANY or in6addr_any. False as well where @name cannot be read. */
bool ws_is_any_address(const struct sockaddr *name, int size);
int ws_name_error(int number, const struct sockaddr *name, int size,
		  const struct ws_translation *own);

#endif /* WS_SOCKET_H */
