/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_TLS_H
#define SELFTESTS_TLS_H

/*
 * TLS in the kernel at one end of a TCP connection, with the same keys both
 * ways and at every end: 0, or -errno; -EOPNOTSUPP where the kernel has none.
 */
int speak_tls(int fd);

#endif /* SELFTESTS_TLS_H */
