// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: the token that is imported as the SPOIL-th, counted from 1, is
 * revoked just before. The first accept of posts fails with the errno SPOIL_ACCEPT.
 */
#include <dlfcn.h>
#include <errno.h>
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

int sockdup_accept_set(int inbox, struct sockdup_posting *posting, int flags)
{
	static int calls;
	int (*accept)(int inbox, struct sockdup_posting *posting, int flags) =
		dlsym(RTLD_NEXT, "sockdup_accept_set");

	if (calls++)
		return accept(inbox, posting, flags);
	errno = atoi(getenv("SPOIL_ACCEPT"));
	return -1;
}
