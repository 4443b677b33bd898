// SPDX-License-Identifier: LGPL-2.1-or-later
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "address.h"
#include "output.h"
#include "process.h"
#include "state.h"
#include "token.h"
#include "verb.h"

#define SOON_MS		10000

/* Columns that are there where a token needs them. */
enum {
	COLUMN_NAME	= 0x1,
	COLUMN_NETNS	= 0x2,
	COLUMN_PAYLOAD	= 0x4,
};

static const struct {
	const char *title;
	unsigned int column;	/* 0 where it is always there */
} all_titles[] = {
	{ "PROTO", 0 }, { "STATE", 0 }, { "LOCAL", 0 }, { "REMOTE", 0 },
	{ "NAME", COLUMN_NAME }, { "NETNS", COLUMN_NETNS },
	{ "SOURCE", 0 }, { "TARGET", 0 }, { "USER", 0 }, { "AGE", 0 }, { "LEFT", 0 },
	{ "PAYLOAD", COLUMN_PAYLOAD }, { "ID", 0 },
};

/* Those of them that are shown. */
static unsigned int columns_shown;

/* The number of our own network namespace, 0 where there is no /proc. */
static __u64 own_netns(void)
{
	static struct stat status;

	if (!status.st_ino && stat("/proc/self/ns/net", &status))
		return 0;
	return status.st_ino;
}

/*
 * Whether the token's socket is known to be in another network namespace than
 * the command. The kernel does not tell every user the number of another
 * namespace. Then there is only a state, if the socket has one. An older module
 * tells neither.
 */
static bool token_is_elsewhere(const struct sockdup_token_info *token)
{
	const struct sockdup_socket_info *socket = &token->socket;
	const __u64 own = own_netns();

	if (!own)
		return false;
	return socket->netns ? socket->netns != own : socket->state;
}

/* Which of the columns that not all need the token does. */
unsigned int token_columns(const struct sockdup_token_info *token)
{
	return (*token->socket.name ? COLUMN_NAME : 0) |
	       (token_is_elsewhere(token) ? COLUMN_NETNS : 0) |
	       (token->payload_size ? COLUMN_PAYLOAD : 0);
}

/* Of the tokens that follow, with the columns that they need. */
void token_titles(unsigned int columns)
{
	static const char *titles[ARRAY_SIZE(all_titles) + 1];
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(all_titles); i++)
		if (!all_titles[i].column || all_titles[i].column & columns)
			titles[count++] = all_titles[i].title;
	titles[count] = NULL;
	columns_shown = columns;
	output_titles(titles, NULL);
}

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

static void address_cells(const struct sockdup_socket_info *socket)
{
	address_cell(socket, &socket->local, socket->local_size);
	address_cell(socket, &socket->remote, socket->remote_size);
}

/* What a token without a socket invites to; NULL of others. */
const char *invitation_format(unsigned int target_flags)
{
	if (target_flags & SOCKDUP_EXPORT_INVITE_TO_POST)
		return "post";
	return target_flags & SOCKDUP_EXPORT_INVITE_TO_ACCEPT ? "accept" : NULL;
}

void invitation_field(unsigned int target_flags)
{
	const char *word = invitation_format(target_flags);

	if (word)
		field_text("invites_to", word);
	else
		field_null("invites_to");
}

static void protocol_cell(const struct sockdup_token_info *token)
{
	const char *invites = invitation_format(token->target_flags);

	if (invites)
		cell(CYAN, "invite:%s", invites);
	else
		cell(CYAN, "%s", protocol_format(&token->socket));
}

/* Its protocol, its own address, and its peer's: what stays as it is. */
void socket_cells(const struct sockdup_token_info *token)
{
	const struct sockdup_socket_info *socket = &token->socket;

	protocol_cell(token);
	address_cells(socket);
}

static void netns_cell(__u64 netns)
{
	if (netns)
		cell(PLAIN, "%llu", netns);
	else
		cell(PLAIN, "-");
}

void target_cell(const struct sockdup_token_info *token)
{
	const struct passwd *user;

	const bool cgroup = token->target_flags & SOCKDUP_EXPORT_TO_CGROUP;
	char group[32] = "";

	if (token->target_cgroup)
		snprintf(group, sizeof(group), "cgroup:%llu", token->target_cgroup);
	else if (cgroup)
		strcpy(group, "cgroup:-");
	if (!(token->target_flags & SOCKDUP_EXPORT_TO_USER)) {
		if (cgroup)
			cell(PLAIN, "%s", group);
		else
			process_cell(token->target);
		return;
	}
	user = getpwuid(token->target_uid);
	if (user)
		cell(PLAIN, "user:%s%s%s", user->pw_name, cgroup ? " " : "", group);
	else
		cell(PLAIN, "user:%u%s%s", token->target_uid, cgroup ? " " : "", group);
}

/* What is not known of the target, or does not fit its kind, is null. */
void target_fields(const struct sockdup_token_info *token)
{
	const struct passwd *user = NULL;

	process_fields("target", token->target);
	if (token->target_flags & SOCKDUP_EXPORT_TO_USER) {
		field_number("target_uid", token->target_uid);
		user = getpwuid(token->target_uid);
	} else {
		field_null("target_uid");
	}
	if (user)
		field_text("target_user", user->pw_name);
	else
		field_null("target_user");
	if (token->target_cgroup)
		field_number("target_cgroup", token->target_cgroup);
	else
		field_null("target_cgroup");
}

static void token_cells(const struct sockdup_token_info *token)
{
	const struct sockdup_socket_info *socket = &token->socket;
	char time[32], id[20];

	protocol_cell(token);
	cell(PLAIN, "%s", state_format(socket->state) ? : "-");
	address_cells(socket);
	if (columns_shown & COLUMN_NAME)
		cell(PLAIN, "%s", *socket->name ? socket->name : "-");
	if (columns_shown & COLUMN_NETNS)
		netns_cell(socket->netns);
	process_cell(token->source);
	target_cell(token);
	user_cell(token->uid);
	duration_format(time, sizeof(time), token->age_ms);
	cell(PLAIN, "%s", time);
	duration_format(time, sizeof(time), token->left_ms);
	cell(token->left_ms < SOON_MS ? RED : PLAIN, "%s", time);
	if (columns_shown & COLUMN_PAYLOAD)
		cell(PLAIN, "%u", token->payload_size);
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
	if (socket->family)
		field_text("protocol", protocol_format(socket));
	else
		field_null("protocol");
	address_fields("local", socket, &socket->local, socket->local_size);
	address_fields("remote", socket, &socket->remote, socket->remote_size);
}

void state_field(int state)
{
	const char *word = state_format(state);

	if (word)
		field_text("state", word);
	else
		field_null("state");
}

static void number_field(const char *key, bool known, __u64 number)
{
	if (known)
		field_number(key, number);
	else
		field_null(key);
}

static void numbers_fields(const struct sockdup_socket_info *socket)
{
	const bool known = socket->family;

	number_field("socket_family", known, socket->family);
	number_field("socket_type", known, socket->type);
	number_field("socket_protocol", known, socket->protocol);
	if (known)
		field_text("protocol_name", socket->protocol_name);
	else
		field_null("protocol_name");
	if (socket->family == AF_INET6)
		field_boolean("ipv6_only", socket->ipv6_only);
}

static void token_fields(const struct sockdup_token_info *token)
{
	char id[20];

	id_format(id, token->id);
	field_text("id", id);
	socket_fields(&token->socket);
	process_fields("source", token->source);
	target_fields(token);
	user_fields(token->uid);
	field_number("gid", token->gid);
	field_number("age_ms", token->age_ms);
	field_number("left_ms", token->left_ms);
	numbers_fields(&token->socket);
	field_text("name", token->socket.name);
	field_number("socket_count", token->socket_count);
	field_number("payload_size", token->payload_size);
	number_field("inode", token->socket.inode, token->socket.inode);
	state_field(token->socket.state);
	number_field("netns", token->socket.netns, token->socket.netns);
	invitation_field(token->target_flags);
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
