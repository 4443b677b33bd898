/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WS_MEMORY_H
#define WS_MEMORY_H

/* @size: at least 8, and no more than a page. */
bool ws_is_readable(const void *from, size_t size);
bool ws_copy_in(void *to, const void *from, size_t size);
bool ws_copy_out(void *to, const void *from, size_t size);

#endif /* WS_MEMORY_H */
