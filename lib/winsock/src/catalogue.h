/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_CATALOGUE_H
#define WS_CATALOGUE_H

/* The bytes that both forms of a protocol info have in common. */
#define WS_INFO_COMMON	offsetof(WSAPROTOCOL_INFOW, szProtocol)

extern const GUID ws_provider;

bool ws_resolve(int *family, int *type, int *protocol);
void ws_describe(WSAPROTOCOL_INFOW *info, int family, int type, int protocol);
int ws_describe_socket(WSAPROTOCOL_INFOW *info, int fd);
void ws_narrow(WSAPROTOCOL_INFOA *narrow, const WSAPROTOCOL_INFOW *wide);

#endif /* WS_CATALOGUE_H */
