/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_COMPAT_UDP_H
#define SOCKDUP_COMPAT_UDP_H

#include <linux/udp.h>

/* Whether the last close of a UDP socket switches a static key. */
static inline bool sockdup_udp_has_key(const struct sock *sk)
{
#ifdef udp_test_bit
	return udp_test_bit(ENCAP_ENABLED, sk);
#else
	return udp_sk(sk)->encap_enabled;
#endif
}

#endif /* SOCKDUP_COMPAT_UDP_H */
