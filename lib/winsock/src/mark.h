/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_MARK_H
#define WS_MARK_H

/**
 * enum ws_mark - what the layer has to know of a stream later
 * @WS_MARK_REUSE: the layer has set Linux' SO_REUSEADDR, and the program has not
 * @WS_MARK_EXCLUSIVE: the program has set SO_EXCLUSIVEADDRUSE
 * @WS_MARK_SENDING_ENDED: shutdown() has ended its sending
 */
enum ws_mark {
	WS_MARK_REUSE = LINUX_SO_RXQ_OVFL,
	WS_MARK_EXCLUSIVE = LINUX_SO_WIFI_STATUS,
	WS_MARK_SENDING_ENDED = LINUX_SO_SELECT_ERR_QUEUE,
};

void ws_mark(int fd, enum ws_mark mark, bool on);
/* False as well where @fd is no stream. */
bool ws_is_marked(int fd, enum ws_mark mark);

#endif /* WS_MARK_H */
