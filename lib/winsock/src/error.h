/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_ERROR_H
#define WS_ERROR_H

/**
 * struct ws_translation - what an errno means to a call
 * @number: the errno; 0 ends a list
 * @error: Winsock's
 */
struct ws_translation {
	int number;
	int error;
};

int ws_error_of(int number, const struct ws_translation *own);
int ws_fail(int error);
int ws_fail_on(SOCKET s, int error);
int ws_fail_errno(const struct ws_translation *own);

#endif /* WS_ERROR_H */
