/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_STARTUP_H
#define WS_STARTUP_H

bool ws_ready(void);

#endif /* WS_STARTUP_H */
