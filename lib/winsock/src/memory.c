// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copies from and to memory of a caller who may have given a wrong pointer,
 * which is WSAEFAULT and no signal.
 */

#include "posix.h"

#include <sys/uio.h>

#include "memory.h"

/* @theirs is copied to @ours by process_vm_readv(), or by its counterpart. */
static bool copy(ssize_t (*call)(pid_t, const struct iovec *, unsigned long,
				 const struct iovec *, unsigned long,
				 unsigned long),
		 void *ours, void *theirs, size_t size)
{
	struct iovec local = { ours, size };
	struct iovec remote = { theirs, size };
	ssize_t copied = call(getpid(), &local, 1, &remote, 1, 0);

	/* Not in this kernel or sandbox: a wrong pointer is a signal. */
	if (copied < 0 && errno != EFAULT) {
		if (!theirs)
			return false;
		if (call == process_vm_readv)
			memcpy(ours, theirs, size);
		else
			memcpy(theirs, ours, size);
		return true;
	}
	return copied == (ssize_t)size;
}

bool ws_copy_in(void *to, const void *from, size_t size)
{
	return copy(process_vm_readv, to, (void *)from, size);
}

bool ws_copy_out(void *to, const void *from, size_t size)
{
	return copy(process_vm_writev, (void *)from, to, size);
}
