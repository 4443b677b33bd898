// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: the token that is imported as the SPOIL-th, counted from 1, is
 * revoked just before.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include <sockdup.h>

int sockdup_socket(const struct sockdup_protocol_info *info,
		   unsigned int flags)
{
	static int calls;
	int (*import)(const struct sockdup_protocol_info *info,
		      unsigned int flags) = dlsym(RTLD_NEXT, "sockdup_socket");

	if (++calls == atoi(getenv("SPOIL")))
		sockdup_revoke(info);
	return import(info, flags);
}
