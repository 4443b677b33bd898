/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_EVENT_H
#define WS_EVENT_H

/* Of the descriptor of an event object. */
void ws_event_set(int fd);
bool ws_event_reset(int fd);

#endif /* WS_EVENT_H */
