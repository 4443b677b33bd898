// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copies from and to memory of a caller who may have given a wrong pointer,
 * which is WSAEFAULT and no signal.
 */

#include "posix.h"

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "memory.h"

/* The smallest page of any machine. */
#define PAGE	4096

/*
 * For kernels and sandboxes without the calls below. A pipe has room for any size that is
 * copied here.
 */
static bool copy_by_pipe(void *to, const void *from, size_t size)
{
	int ends[2];
	bool copied;

	if (pipe2(ends, O_CLOEXEC)) {
		/* A wrong pointer is a signal then. */
		memcpy(to, from, size);
		return true;
	}
	copied = write(ends[1], from, size) == (ssize_t)size &&
		 read(ends[0], to, size) == (ssize_t)size;
	close(ends[0]);
	close(ends[1]);
	return copied;
}

static bool is_missing(ssize_t copied)
{
	return copied < 0 && errno != EFAULT;
}

/*
 * The kernel reads a mask of signals before it finds that it does not know what
 * to do with it. That costs half of a copy.
 */
static bool is_word_readable(const void *from)
{
	return !syscall(SYS_rt_sigprocmask, -1, from, NULL, _NSIG / 8) ||
	       errno != EFAULT;
}

/* Less than a page lies in two pages at most, so the first and the last word tell. */
bool ws_is_readable(const void *from, size_t size)
{
	const char *last = (const char *)from + size - _NSIG / 8;

	return is_word_readable(from) &&
	       ((uintptr_t)from / PAGE == ((uintptr_t)last + _NSIG / 8 - 1) / PAGE ||
		is_word_readable(last));
}

bool ws_copy_in(void *to, const void *from, size_t size)
{
	struct iovec ours = { to, size };
	struct iovec theirs = { (void *)from, size };
	ssize_t copied = process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0);

	if (is_missing(copied))
		return copy_by_pipe(to, from, size);
	return copied == (ssize_t)size;
}

bool ws_copy_out(void *to, const void *from, size_t size)
{
	struct iovec ours = { (void *)from, size };
	struct iovec theirs = { to, size };
	ssize_t copied = process_vm_writev(getpid(), &ours, 1, &theirs, 1, 0);

	if (is_missing(copied))
		return copy_by_pipe(to, from, size);
	return copied == (ssize_t)size;
}
