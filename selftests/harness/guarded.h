/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A struct as a caller has it that knows its reserve as something else: filled
 * with poison, and with memory behind it that is not the library's.
 */
#ifndef SELFTESTS_GUARDED_H
#define SELFTESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define GUARD_SIZE	64

#define GUARDED(type)							\
	struct {							\
		struct type it;						\
		unsigned char guard[GUARD_SIZE];			\
	}

#define GUARDED_POISON(guarded)						\
	({								\
		typeof(guarded) _guarded = (guarded);			\
									\
		memset(_guarded, POISON, sizeof(*_guarded));		\
	})

static inline bool bytes_are(const void *bytes, int value, size_t size)
{
	const unsigned char *byte = bytes;

	while (size--)
		if (*byte++ != value)
			return false;
	return true;
}

/* Whether a call has cleared the reserve of a struct, and written no further. */
#define GUARDED_FITS(guarded)						\
	({								\
		typeof(guarded) _guarded = (guarded);			\
									\
		bytes_are(_guarded->it.__reserved, 0,			\
			  sizeof(_guarded->it.__reserved)) &&		\
		bytes_are(_guarded->guard, POISON, GUARD_SIZE);		\
	})

#endif /* SELFTESTS_GUARDED_H */
