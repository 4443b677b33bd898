/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_AF_UNIX_H
#define SOCKDUP_COMPAT_AF_UNIX_H

#include <linux/compiler.h>
#include <net/af_unix.h>

/**
 * sockdup_unix_inq_len - how many bytes an AF_UNIX stream has yet to give
 * @sk: a connected socket
 *
 * The header that has UNIXCB declares the function, too. Later ones have neither,
 * and the number at hand.
 */
static inline long sockdup_unix_inq_len(struct sock *sk)
{
#ifdef UNIXCB
	return unix_inq_len(sk);
#else
	return READ_ONCE(unix_sk(sk)->inq_len);
#endif
}

#endif /* SOCKDUP_COMPAT_AF_UNIX_H */
