/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_OPAQUE_H
#define SOCKDUP_OPAQUE_H

#include <linux/build_bug.h>
#include <linux/sockdup.h>
#include <linux/types.h>

/**
 * struct sockdup_opaque - the opaque bytes of a protocol info
 * @id: random; finds the token
 * @secret: random; proves that the holder was given the bytes
 */
struct sockdup_opaque {
	u64 id;
	u64 secret[2];
};

static_assert(sizeof(struct sockdup_opaque) == SOCKDUP_OPAQUE_SIZE);

void sockdup_opaque_draw(struct sockdup_opaque *opaque);

int sockdup_opaque_init(void);
void sockdup_opaque_exit(void);

#endif /* SOCKDUP_OPAQUE_H */
