/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSOCKDUP_FLAT_H
#define LIBSOCKDUP_FLAT_H

#include <stddef.h>
#include <sys/uio.h>

/*
 * struct flat - bytes in one piece, as the kernel takes them
 * @bytes: where
 * @size: of the bytes, or of the room for some: no more than one byte above the largest
 * @owned: what @bytes was allocated as, or NULL
 * @pieces: of the caller's memory
 * @count: of @pieces
 */
struct flat {
	void *bytes;
	size_t size;
	void *owned;
	const struct iovec *pieces;
	unsigned int count;
};

int flat_make(struct flat *flat, const struct iovec *pieces, unsigned int count,
	      size_t largest);
void flat_gather(const struct flat *flat);
void flat_scatter(const struct flat *flat, size_t size);
void flat_free(struct flat *flat);

#endif /* LIBSOCKDUP_FLAT_H */
