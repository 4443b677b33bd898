/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_SHARE_H
#define WS_SHARE_H

/* Each returns 0 or an error of Winsock's. */
int ws_duplicate(SOCKET s, DWORD process, void *info, bool wide);
int ws_open(int family, int type, int protocol, const void *info, GROUP group,
	    DWORD flags, SOCKET *s);

#endif /* WS_SHARE_H */
