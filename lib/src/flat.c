// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory in pieces, which the kernel takes and gives in one.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flat.h"

/*
 * One piece is used where it lies. Of @largest or more bytes no more than one byte above
 * that is counted, which the kernel refuses. Fails with ENOMEM.
 */
int flat_make(struct flat *flat, const struct iovec *pieces, unsigned int count,
	      size_t largest)
{
	unsigned int i;

	*flat = (struct flat){ .pieces = pieces, .count = count };
	for (i = 0; i < count; i++) {
		if (pieces[i].iov_len > largest - flat->size) {
			flat->size = largest + 1;
			break;
		}
		flat->size += pieces[i].iov_len;
	}
	if (count == 1) {
		flat->bytes = pieces->iov_base;
	} else if (flat->size) {
		flat->owned = malloc(flat->size);
		flat->bytes = flat->owned;
		if (!flat->owned)
			return -1;
	}
	return 0;
}

/* From the caller's memory, as far as there is room. */
void flat_gather(const struct flat *flat)
{
	size_t left = flat->size, size;
	char *to = flat->owned;
	unsigned int i;

	for (i = 0; to && i < flat->count && left; i++) {
		size = flat->pieces[i].iov_len < left ? flat->pieces[i].iov_len : left;
		if (size)
			memcpy(to, flat->pieces[i].iov_base, size);
		to += size;
		left -= size;
	}
}

/* The first @size bytes, to the caller's memory. */
void flat_scatter(const struct flat *flat, size_t size)
{
	const char *from = flat->owned;
	size_t left = size, part;
	unsigned int i;

	for (i = 0; from && i < flat->count && left; i++) {
		part = flat->pieces[i].iov_len < left ? flat->pieces[i].iov_len : left;
		if (part)
			memcpy(flat->pieces[i].iov_base, from, part);
		from += part;
		left -= part;
	}
}

void flat_free(struct flat *flat)
{
	int saved = errno;

	free(flat->owned);
	errno = saved;
}
