// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What becomes of the token that export has made, where it waits for that.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "message.h"
#include "outcome.h"
#include "verb.h"

/* Whether the kernel tells; 0, or an exit code after a complaint. */
int outcome_check(void)
{
	struct sockdup_info info = { .size = sizeof(info) };

	if (sockdup_info(&info))
		return failed_to(NULL, "wait for an import");
	if (info.features & SOCKDUP_FEATURE_EXPORT_REPORT)
		return EXIT_OK;
	return complain("this sockdup module does not tell how tokens end: --wait needs a newer one");
}

static int tell(const struct sockdup_outcome *outcome, bool shared)
{
	switch (outcome->kind) {
	case SOCKDUP_OUTCOME_IMPORTED:
		return EXIT_OK;
	case SOCKDUP_OUTCOME_DECLINED:
		complain("nobody imported the socket: %s", shared ?
			 "the token was revoked or declined" : "the target declined it");
		break;
	case SOCKDUP_OUTCOME_EXPIRED:
		complain("nobody imported the socket during the token's life");
		break;
	case SOCKDUP_OUTCOME_TARGET_DIED:
		complain("nobody imported the socket: the target has ended");
		break;
	default:
		complain("nobody imported the socket: the token was revoked");
	}
	return EXIT_UNTAKEN;
}

/*
 * An exit code. After the time, which the user calls @shown, the token is revoked; an
 * import that is under way then is waited for. @shared: several processes are the target,
 * and whoever exported may be one of them: then its revoking is a declining as well.
 */
int outcome_await(const struct sockdup_protocol_info *info, int timeout_ms,
		  const char *shown, bool shared)
{
	struct sockdup_outcome outcome;
	bool late = false;
	int result;

	result = sockdup_outcome_next(&outcome, timeout_ms);
	if (result < 0 && errno == EAGAIN) {
		late = true;
		sockdup_revoke(info);
		result = sockdup_outcome_next(&outcome, -1);
	}
	if (result < 0)
		return failed_to(NULL, "wait for an import");
	if (!late || outcome.kind == SOCKDUP_OUTCOME_IMPORTED)
		return tell(&outcome, shared);
	complain("nobody imported the socket within %s", shown);
	return EXIT_UNTAKEN;
}
