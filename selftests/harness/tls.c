// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tls.h"

int speak_tls(int fd)
{
	struct tls12_crypto_info_aes_gcm_128 keys = {
		.info = {
			.version = TLS_1_2_VERSION,
			.cipher_type = TLS_CIPHER_AES_GCM_128,
		},
		.iv = "initial",
		.key = "fixed test key.",
		.salt = "sal",
	};

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	if (setsockopt(fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)) ||
	    setsockopt(fd, SOL_TLS, TLS_RX, &keys, sizeof(keys)))
		return -errno;
	return 0;
}
