// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A token as a record.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cli.h"

#define SOON_MS		10000

void id_format(char text[20], __u64 id)
{
	snprintf(text, 20, "%016llx", id);
}

void duration_format(char *text, size_t size, __u64 milliseconds)
{
	__u64 seconds = milliseconds / 1000;

	if (seconds < 10)
		snprintf(text, size, "%llu.%llus", seconds,
			 milliseconds % 1000 / 100);
	else if (seconds < 60)
		snprintf(text, size, "%llus", seconds);
	else if (seconds < 3600)
		snprintf(text, size, "%llum%02llus", seconds / 60,
			 seconds % 60);
	else
		snprintf(text, size, "%lluh%02llum", seconds / 3600,
			 seconds / 60 % 60);
}

static void token_cells(const struct sockdup_token_info *token,
			const struct address_text *local,
			const struct address_text *remote)
{
	char joined[sizeof(*local) + 4], time[32], id[20];

	cell(CYAN, "PROTO", "%s", protocol_format(&token->socket));
	address_join(joined, sizeof(joined), local);
	cell(MAGENTA, "LOCAL", "%s", joined);
	address_join(joined, sizeof(joined), remote);
	cell(MAGENTA, "REMOTE", "%s", joined);
	process_cells("SOURCE", token->source);
	process_cells("TARGET", token->target);
	user_cell(token->uid);
	duration_format(time, sizeof(time), token->age_ms);
	cell(PLAIN, "AGE", "%s", time);
	duration_format(time, sizeof(time), token->left_ms);
	cell(token->left_ms < SOON_MS ? RED : PLAIN, "LEFT", "%s", time);
	id_format(id, token->id);
	cell(YELLOW, "ID", "%s", id);
}

static void address_fields(const char *which, const struct address_text *text)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_address", which);
	if (*text->address)
		field_text(key, text->address);
	else
		field_null(key);
	snprintf(key, sizeof(key), "%s_port", which);
	if (*text->port >= '0' && *text->port <= '9')
		field_number(key, strtoul(text->port, NULL, 10));
	else
		field_null(key);
}

static void token_fields(const struct sockdup_token_info *token,
			 const struct address_text *local,
			 const struct address_text *remote)
{
	char id[20];

	id_format(id, token->id);
	field_text("id", id);
	field_text("protocol", protocol_format(&token->socket));
	address_fields("local", local);
	address_fields("remote", remote);
	process_fields("source", token->source);
	process_fields("target", token->target);
	field_number("uid", token->uid);
	field_number("gid", token->gid);
	field_number("age_ms", token->age_ms);
	field_number("left_ms", token->left_ms);
	field_number("socket_family", token->socket.family);
	field_number("socket_type", token->socket.type);
	field_number("socket_protocol", token->socket.protocol);
	field_text("protocol_name", token->socket.protocol_name);
	if (token->socket.family == AF_INET6)
		field_number("ipv6_only", token->socket.ipv6_only);
	field_number("socket_count", token->socket_count);
	field_number("inode", token->socket.inode);
}

void token_print(const struct sockdup_token_info *token)
{
	const struct sockdup_socket_info *socket = &token->socket;
	struct address_text local, remote;

	address_format(&local, socket, &socket->local, socket->local_size);
	address_format(&remote, socket, &socket->remote, socket->remote_size);
	record_begin();
	if (output_for_people())
		token_cells(token, &local, &remote);
	else
		token_fields(token, &local, &remote);
	record_end();
}
