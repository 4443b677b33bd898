// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <unistd.h>

#include <sockdup.h>

#include "interrupt.h"
#include "kept.h"
#include "message.h"
#include "output.h"
#include "parcel.h"
#include "store.h"
#include "verb.h"

static struct parcel parcel;
static struct life life;
static bool replace;

enum {
	OPTION_TTL = OPTION_LONG,
	OPTION_PAYLOAD,
	OPTION_REPLACE,
};

static const struct option options[] = {
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "payload", required_argument, NULL, OPTION_PAYLOAD },
	{ "replace", no_argument, NULL, OPTION_REPLACE },
	{ }
};

static void option(int value, char *argument)
{
	switch (value) {
	case OPTION_TTL:
		life_parse(&life, argument);
		break;
	case OPTION_PAYLOAD:
		parcel.payload_file = argument;
		break;
	case OPTION_REPLACE:
		replace = true;
		break;
	}
}

/* What the module can do; without --ttl the token is to live as long as it allows. */
static int module_check(void)
{
	struct sockdup_info info = { .size = sizeof(info) };

	if (sockdup_info(&info))
		return failed_to(NULL, "keep a token");
	if (!(info.features & SOCKDUP_FEATURE_EXPORT_TO_USER))
		return complain("this sockdup module makes no tokens for a user: keep needs a newer one");
	if (!life.ms)
		life.ms = info.max_ttl_ms;
	return EXIT_OK;
}

static const char *reason(void)
{
	switch (errno) {
	case EINVAL:
		return life_reason(&life, "a");
	case ESRCH:
		return "this pid namespace is ending";
	default:
		return parcel_reason(&parcel);
	}
}

static int token_make(const char *name, struct sockdup_protocol_info *info)
{
	if (parcel_export(&parcel, geteuid(), SOCKDUP_EXPORT_TO_USER, life.ms, info))
		return failed_to(reason(), "keep %u socket%s as %s", parcel.count,
				 parcel.count == 1 ? "" : "s", name);
	return EXIT_OK;
}

/* Whether what has the name may go. */
static int place_check(const struct store *store, const struct kept *kept)
{
	if (replace)
		return EXIT_OK;
	switch (kept->state) {
	case KEPT_LIVE:
		return complain("a live token is kept as %s already; see --replace, and sockdup kept --forget",
				kept->name);
	case KEPT_INVALID:
		return complain("%s/%s is in the way: %s; see --replace", store->path,
				kept->name, kept->reason);
	default:
		return EXIT_OK;
	}
}

/* With the lock held. @old: what had the name. */
static int token_keep(const struct store *store, const char *name, struct kept *old,
		      struct sockdup_protocol_info *info)
{
	int status;

	status = store_read(store, name, old) ? : place_check(store, old);
	if (status)
		return status;
	store_tidy(store, name);
	status = token_make(name, info);
	if (status)
		return status;
	status = store_put(store, name, info);
	/* Nobody could import it. */
	if (status)
		sockdup_revoke(info);
	return status;
}

/* An import that is under way has it, or else it is revoked. */
static int old_revoke(const struct kept *old)
{
	if (old->state != KEPT_LIVE || !sockdup_revoke(&old->info) || errno == ENOENT ||
	    errno == EBUSY)
		return EXIT_OK;
	return failed_to(NULL, "revoke the token that was kept as %s", old->name);
}

/* People want to know of failures alone. */
static int show(const char *name, const struct sockdup_protocol_info *info)
{
	struct kept kept = { .name = name, .state = KEPT_ENDED, .info = *info };

	if (output_for_people())
		return EXIT_OK;
	if (!sockdup_query(info, &kept.description))
		kept.state = KEPT_LIVE;
	output_begin(SHAPE_ONE);
	kept_print(&kept);
	return output_end();
}

static int run(int count, char **arguments)
{
	struct sockdup_protocol_info info;
	struct store store;
	const char *name;
	struct kept old;
	int status;

	if (count < 2)
		usage_error("give a name and a socket");
	name = arguments[0];
	store_name_check(name);
	if (--count > SOCKDUP_MAX_SOCKETS)
		usage_error("a token holds %d sockets at most", SOCKDUP_MAX_SOCKETS);
	parcel_parse(&parcel, count, arguments + 1);
	status = parcel_open(&parcel) ? : module_check();
	status = status ? : store_open(&store, true);
	if (status)
		return status;
	interrupt_defer();
	status = store_lock(&store);
	if (!status) {
		status = token_keep(&store, name, &old, &info);
		store_unlock(&store);
		status = status ? : old_revoke(&old);
	}
	interrupt_allow();
	status = status ? : show(name, &info);
	store_close(&store);
	return status;
}

const struct verb verb_keep = {
	.name = "keep",
	.summary = "keep sockets under a name, for a later exec",
	.usage =
	"keep [-j|-o] [--ttl TIME] [--payload FILE] [--replace] NAME\n"
	"                    [NAME=]FD|[NAME=]PID:FD ...\n"
	"\n"
	"Makes a token of sockets for any process of the user, and keeps its text in the\n"
	"file NAME in $XDG_RUNTIME_DIR/sockdup, or in /run/sockdup for root where that\n"
	"variable is not set. sockdup exec imports it by its NAME; sockdup kept lists and\n"
	"forgets. Sockets are given as to sockdup export. The token holds them open even\n"
	"if no process does, until it is imported, revoked or expires.\n"
	"\n"
	"  --ttl TIME           life of the token, such as 30s or 5m; by default as long\n"
	"                       as the administrator allows (sockdup info)\n"
	"  --payload FILE       bytes that travel with the token, up to 64 KiB; - for\n"
	"                       standard input\n"
	"  --replace            replace a live token of that name: the new one is there\n"
	"                       before the old one is revoked\n",
	.options = options,
	.option = option,
	.run = run,
};
