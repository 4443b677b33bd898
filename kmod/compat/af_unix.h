/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_AF_UNIX_H
#define SOCKDUP_COMPAT_AF_UNIX_H

#include <net/af_unix.h>

/* The header that has UNIXCB declares this, too. Later kernels keep it to themselves. */
#ifndef UNIXCB
int unix_inq_len(struct sock *sk);
#endif

#endif /* SOCKDUP_COMPAT_AF_UNIX_H */
