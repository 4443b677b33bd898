// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "address.h"
#include "output.h"
#include "process.h"
#include "token.h"

#define SOON_MS		10000

const char * const token_titles[] = {
	"PROTO", "LOCAL", "REMOTE", "SOURCE", "TARGET", "USER", "AGE", "LEFT",
	"ID", NULL
};

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

static void address_cell(const struct sockdup_socket_info *socket,
			 const struct sockaddr_storage *address, socklen_t size)
{
	struct address_text text;
	char joined[sizeof(text) + 4];

	address_format(&text, socket, address, size);
	address_join(joined, sizeof(joined), &text);
	cell(MAGENTA, "%s", joined);
}

/* Its protocol, its own address, and its peer's. */
void socket_cells(const struct sockdup_socket_info *socket)
{
	cell(CYAN, "%s", protocol_format(socket));
	address_cell(socket, &socket->local, socket->local_size);
	address_cell(socket, &socket->remote, socket->remote_size);
}

static void token_cells(const struct sockdup_token_info *token)
{
	char time[32], id[20];

	socket_cells(&token->socket);
	process_cell(token->source);
	process_cell(token->target);
	user_cell(token->uid);
	duration_format(time, sizeof(time), token->age_ms);
	cell(PLAIN, "%s", time);
	duration_format(time, sizeof(time), token->left_ms);
	cell(token->left_ms < SOON_MS ? RED : PLAIN, "%s", time);
	id_format(id, token->id);
	cell(YELLOW, "%s", id);
}

static void address_fields(const char *which,
			   const struct sockdup_socket_info *socket,
			   const struct sockaddr_storage *address,
			   socklen_t size)
{
	struct address_text text;
	char key[32];

	address_format(&text, socket, address, size);
	snprintf(key, sizeof(key), "%s_address", which);
	if (*text.address)
		field_text(key, text.address);
	else
		field_null(key);
	snprintf(key, sizeof(key), "%s_port", which);
	if (*text.port >= '0' && *text.port <= '9')
		field_number(key, strtoul(text.port, NULL, 10));
	else
		field_null(key);
}

void socket_fields(const struct sockdup_socket_info *socket)
{
	field_text("protocol", protocol_format(socket));
	address_fields("local", socket, &socket->local, socket->local_size);
	address_fields("remote", socket, &socket->remote, socket->remote_size);
}

static void token_fields(const struct sockdup_token_info *token)
{
	char id[20];

	id_format(id, token->id);
	field_text("id", id);
	socket_fields(&token->socket);
	process_fields("source", token->source);
	process_fields("target", token->target);
	user_fields(token->uid);
	field_number("gid", token->gid);
	field_number("age_ms", token->age_ms);
	field_number("left_ms", token->left_ms);
	field_number("socket_family", token->socket.family);
	field_number("socket_type", token->socket.type);
	field_number("socket_protocol", token->socket.protocol);
	field_text("protocol_name", token->socket.protocol_name);
	if (token->socket.family == AF_INET6)
		field_boolean("ipv6_only", token->socket.ipv6_only);
	field_number("socket_count", token->socket_count);
	field_number("inode", token->socket.inode);
}

void token_print(const struct sockdup_token_info *token)
{
	record_begin();
	if (output_for_people())
		token_cells(token);
	else
		token_fields(token);
	record_end();
}
