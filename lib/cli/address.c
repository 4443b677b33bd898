// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "address.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static void port_format(struct address_text *text, in_port_t port)
{
	if (port)
		snprintf(text->port, sizeof(text->port), "%u", ntohs(port));
	else
		strcpy(text->port, "*");
}

static void format_inet(struct address_text *text,
			const struct sockaddr_in *address)
{
	inet_ntop(AF_INET, &address->sin_addr, text->address,
		  sizeof(text->address));
	port_format(text, address->sin_port);
}

static void format_inet6(struct address_text *text,
			 const struct sockaddr_in6 *address, bool only)
{
	char number[INET6_ADDRSTRLEN], name[IF_NAMESIZE];
	unsigned int scope = address->sin6_scope_id;

	inet_ntop(AF_INET6, &address->sin6_addr, number, sizeof(number));
	if (!scope)
		name[0] = '\0';
	else if (!if_indextoname(scope, name))
		snprintf(name, sizeof(name), "%u", scope);
	snprintf(text->address, sizeof(text->address), "%s%s%s", number,
		 scope ? "%" : "", name);
	port_format(text, address->sin6_port);
	text->any_version = !only &&
			    IN6_IS_ADDR_UNSPECIFIED(&address->sin6_addr);
}

/* An abstract name starts with a zero byte and may have more of them. */
static void format_unix(struct address_text *text,
			const struct sockaddr_un *address, size_t size)
{
	size_t length = size - offsetof(struct sockaddr_un, sun_path);
	size_t i;

	if (address->sun_path[0])
		length = strnlen(address->sun_path, length);
	for (i = 0; i < length; i++)
		text->address[i] = address->sun_path[i] ? : '@';
	text->address[length] = '\0';
}

void address_format(struct address_text *text,
		    const struct sockdup_socket_info *socket,
		    const struct sockaddr_storage *address, socklen_t size)
{
	struct sockaddr_storage nowhere = { };
	int family = socket->family;

	memset(text, 0, sizeof(*text));
	text->absent = family == AF_UNIX ? "*" : "-";
	/* ss(8) shows the peer of an unconnected socket as any. */
	if (!size && (family == AF_INET || family == AF_INET6))
		address = &nowhere;
	else if (size <= sizeof(sa_family_t))
		return;
	switch (family) {
	case AF_INET:
		format_inet(text, (const struct sockaddr_in *)address);
		break;
	case AF_INET6:
		format_inet6(text, (const struct sockaddr_in6 *)address,
			     socket->ipv6_only);
		break;
	case AF_UNIX:
		format_unix(text, (const struct sockaddr_un *)address, size);
		break;
	}
}

/* An IPv6 address is put in brackets, its interface behind them. */
void address_join(char *joined, size_t size, const struct address_text *text)
{
	size_t length = strcspn(text->address, "%");

	if (!*text->address)
		snprintf(joined, size, "%s", text->absent);
	else if (text->any_version)
		snprintf(joined, size, "*:%s", text->port);
	else if (!*text->port)
		snprintf(joined, size, "%s", text->address);
	else if (strchr(text->address, ':'))
		snprintf(joined, size, "[%.*s]%s:%s", (int)length,
			 text->address, text->address + length, text->port);
	else
		snprintf(joined, size, "%s:%s", text->address, text->port);
}

static const char *by_type(int type, const char *stream, const char *datagram,
			   const char *packet)
{
	switch (type) {
	case SOCK_STREAM:
		return stream;
	case SOCK_SEQPACKET:
		return packet;
	default:
		return datagram;
	}
}

static const char *protocol_inet(const struct sockdup_socket_info *socket)
{
	if (socket->type == SOCK_RAW)
		return "raw";
	switch (socket->protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_MPTCP:
		return "mptcp";
	default:
		return NULL;
	}
}

/* The short name that ss(8) has for it, or else the kernel's own. */
const char *protocol_format(const struct sockdup_socket_info *socket)
{
	static char lower[SOCKDUP_PROTOCOL_NAME_SIZE];
	const char *name = NULL;
	int i;

	switch (socket->family) {
	case AF_INET:
	case AF_INET6:
		name = protocol_inet(socket);
		break;
	case AF_UNIX:
		name = by_type(socket->type, "u_str", "u_dgr", "u_seq");
		break;
	case AF_VSOCK:
		name = by_type(socket->type, "v_str", "v_dgr", "v_seq");
		break;
	case AF_NETLINK:
		name = "nl";
		break;
	case AF_PACKET:
		name = socket->type == SOCK_RAW ? "p_raw" : "p_dgr";
		break;
	}
	if (name)
		return name;
	for (i = 0; i < SOCKDUP_PROTOCOL_NAME_SIZE - 1; i++)
		lower[i] = tolower(socket->protocol_name[i]);
	return lower;
}
