// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include <sockdup.h>

#include "message.h"
#include "output.h"
#include "token.h"
#include "value.h"
#include "verb.h"

#define MODULE_DIRECTORY	"/sys/module/sockdup/"

/* A word that the module shows; empty where it does not. */
static void module_read(const char *name, char *word, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), MODULE_DIRECTORY "%s", name);
	file = fopen(path, "re");
	if (!file || !fgets(word, size, file))
		*word = '\0';
	word[strcspn(word, "\n")] = '\0';
	if (file)
		fclose(file);
}

static void info_cells(const struct sockdup_info *info, const char *version,
		       const char *door)
{
	char time[32];

	cell(PLAIN, "%s", *version ? version : "-");
	cell(PLAIN, "%u", info->abi_version);
	cell(PLAIN, "%s", info->features & SOCKDUP_FEATURE_EVENTS ? "yes" : "no");
	duration_format(time, sizeof(time), info->default_ttl_ms);
	cell(PLAIN, "%s", time);
	duration_format(time, sizeof(time), info->max_ttl_ms);
	cell(PLAIN, "%s", time);
	cell(PLAIN, "%u", info->max_sockets);
	cell(PLAIN, "%s", *door == 'Y' ? "on" : *door ? "off" : "-");
}

static void info_fields(const struct sockdup_info *info, const char *version,
			const char *door)
{
	if (*version)
		field_text("version", version);
	else
		field_null("version");
	field_number("abi_version", info->abi_version);
	field_boolean("network_events", info->features & SOCKDUP_FEATURE_EVENTS);
	field_number("default_ttl_ms", info->default_ttl_ms);
	field_number("max_ttl_ms", info->max_ttl_ms);
	field_number("max_sockets", info->max_sockets);
	field_number("max_payload", info->max_payload);
	field_number("max_slots", info->max_slots);
	field_number("max_message", info->max_message);
	field_number("max_users", info->max_users);
	if (*door)
		field_boolean("netlink_export", *door == 'Y');
	else
		field_null("netlink_export");
}

static int run(int count, char **arguments)
{
	static const char * const titles[] = {
		"MODULE", "ABI", "NETWORK-EVENTS", "DEFAULT-TTL", "MAX-TTL",
		"MAX-SOCKETS", "NETLINK-EXPORT", NULL
	};
	struct sockdup_info info = { .size = sizeof(info) };
	char version[32], door[8];

	no_arguments(count, arguments);
	if (sockdup_info(&info))
		return failed_to(NULL, "ask the module");
	module_read("version", version, sizeof(version));
	module_read("parameters/netlink_export", door, sizeof(door));
	output_begin(SHAPE_ONE);
	output_titles(titles, NULL);
	record_begin();
	info_cells(&info, version, door);
	info_fields(&info, version, door);
	record_end();
	return output_end();
}

const struct verb verb_info = {
	.name = "info",
	.summary = "show the module's version, limits and switches",
	.usage =
	"info [-j|-o]\n"
	"\n"
	"Shows the module's version and that of its interface, whether sockets can be\n"
	"registered for network events, the default and the longest life of a token, how\n"
	"many sockets a token can hold, and whether sockets can be exported by netlink.\n"
	"With -j or -o also the limits of payloads and inboxes.\n",
	.run = run,
};
