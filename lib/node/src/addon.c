// SPDX-License-Identifier: LGPL-2.1-or-later
/* The addon: what index.js calls. Each thread may load it. */

#include "binding.h"
#include "inbox.h"
#include "outcome.h"
#include "set.h"
#include "socket.h"
#include "subscription.h"
#include "token.h"
#include "unix_path.h"
#include "value.h"

static const struct {
	const char *name;
	napi_callback function;
} functions[] = {
	{ "export", token_export },
	{ "import", token_import },
	{ "exportSet", set_export },
	{ "importSet", set_import },
	{ "querySet", set_query },
	{ "query", token_query },
	{ "revoke", token_revoke },
	{ "revokeId", token_revoke_id },
	{ "list", token_list },
	{ "listSockets", token_list_sockets },
	{ "info", token_module_info },
	{ "toText", token_to_text },
	{ "fromText", token_from_text },
	{ "describe", socket_describe },
	{ "tokenId", outcome_token_id },
};

NAPI_MODULE_INIT()
{
	napi_value function = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH,
				     functions[i].function, NULL, &function);
		value_set(env, exports, functions[i].name, function);
	}
	value_set(env, exports, "Subscription", subscription_class(env));
	value_set(env, exports, "Outcomes", outcome_class(env));
	value_set(env, exports, "UnixPath", unix_path_class(env));
	value_set(env, exports, "Inbox", inbox_class(env));
	value_set(env, exports, "Binding", binding_class(env));
	value_set_number(env, exports, "TO_PEER", SOCKDUP_EXPORT_TO_PEER);
	value_set_number(env, exports, "TO_USER", SOCKDUP_EXPORT_TO_USER);
	value_set_number(env, exports, "TO_CGROUP", SOCKDUP_EXPORT_TO_CGROUP);
	value_set_number(env, exports, "END_ON_CLOSE",
			 SOCKDUP_EXPORT_END_ON_CLOSE);
	value_set_number(env, exports, "REPORT", SOCKDUP_EXPORT_REPORT);
	value_set_number(env, exports, "INVITE_TO_POST", SOCKDUP_EXPORT_INVITE_TO_POST);
	value_set_number(env, exports, "INVITE_TO_ACCEPT", SOCKDUP_EXPORT_INVITE_TO_ACCEPT);
	value_set_number(env, exports, "INBOX_ANYBODY", SOCKDUP_INBOX_ANYBODY);
	value_set_number(env, exports, "BIND_TO_PEER", SOCKDUP_BIND_TO_PEER);
	value_set_number(env, exports, "BIND_TO_PIDFD", SOCKDUP_BIND_TO_PIDFD);
	value_set_number(env, exports, "AF_UNIX", AF_UNIX);
	value_set_number(env, exports, "AF_INET", AF_INET);
	value_set_number(env, exports, "AF_INET6", AF_INET6);
	value_set_number(env, exports, "SOCK_STREAM", SOCK_STREAM);
	value_set_number(env, exports, "SOCK_DGRAM", SOCK_DGRAM);
	return exports;
}
