// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The catalogue of protocols, and what a WSAPROTOCOL_INFO says of a socket.
 */

#include "posix.h"

#include <sys/un.h>

#include "catalogue.h"
#include "descriptor.h"
#include "error.h"
#include "startup.h"

/* Who we are; in a token, the id stands in Data4. */
const GUID ws_provider = { 0x9e1f63d2, 0x58b4, 0x4c07, { } };

#define STREAM		(XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER | \
			 XP1_GRACEFUL_CLOSE | XP1_IFS_HANDLES)
#define DATAGRAM	(XP1_CONNECTIONLESS | XP1_MESSAGE_ORIENTED | \
			 XP1_IFS_HANDLES)
#define GROUPS		(XP1_SUPPORT_BROADCAST | XP1_SUPPORT_MULTIPOINT)

/* An entry for any protocol; then the number goes up to the highest. */
#define ANY_PROTOCOL	0
#define HIGHEST_PROTOCOL	255

/* Winsock's value where a device or the buffers limit a message. */
#define SIZE_VARIES	1

struct entry {
	int family;
	int type;
	int protocol;
	DWORD services;
	DWORD message_size;
	const char *name;
};

static const struct entry entries[] = {
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP, STREAM | XP1_EXPEDITED_DATA,
	  0, "TCP/IP" },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP, DATAGRAM | GROUPS,
	  65507, "UDP/IP" },
	{ AF_INET, SOCK_RAW, ANY_PROTOCOL, DATAGRAM | GROUPS,
	  65515, "RAW/IP" },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP, STREAM | XP1_EXPEDITED_DATA,
	  0, "TCP/IPv6" },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, DATAGRAM | GROUPS,
	  65527, "UDP/IPv6" },
	{ AF_INET6, SOCK_RAW, ANY_PROTOCOL, DATAGRAM | GROUPS,
	  65535, "RAW/IPv6" },
	{ AF_UNIX, SOCK_STREAM, ANY_PROTOCOL, STREAM, 0, "AF_UNIX" },
};

/* For sockets that the catalogue leaves out. */
static const struct entry other_stream = {
	.services = STREAM,
	.name = "stream",
};

static const struct entry other_datagram = {
	.services = DATAGRAM,
	.message_size = SIZE_VARIES,
	.name = "datagram",
};

static bool matches(const struct entry *entry, int family, int type,
		    int protocol)
{
	return (!family || family == entry->family) &&
	       (!type || type == entry->type) &&
	       (!protocol || protocol == entry->protocol ||
		entry->protocol == ANY_PROTOCOL);
}

/* The first entry that a zero does not exclude, or NULL. */
static const struct entry *find(int family, int type, int protocol)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		if (matches(&entries[i], family, type, protocol))
			return &entries[i];
	return NULL;
}

/*
 * What socket() leaves open, as 0: the catalogue's first entry that fits. False
 * where nothing is said at all, or nothing fits.
 */
bool ws_resolve(int *family, int *type, int *protocol)
{
	const struct entry *entry;

	if (*family && *type)
		return true;
	entry = *family || *type || *protocol ? find(*family, *type, *protocol) :
						NULL;
	if (!entry)
		return false;
	*family = entry->family;
	*type = entry->type;
	return true;
}

static const struct entry *entry_of(int family, int type, int protocol)
{
	const struct entry *entry = find(family, type, protocol);

	if (entry)
		return entry;
	return type == SOCK_STREAM ? &other_stream : &other_datagram;
}

static void address_sizes(int family, int *least, int *most)
{
	switch (family) {
	case AF_INET:
		*least = *most = sizeof(struct sockaddr_in);
		break;
	case AF_INET6:
		*least = *most = sizeof(struct sockaddr_in6);
		break;
	case AF_UNIX:
		*least = offsetof(struct sockaddr_un, sun_path);
		*most = sizeof(struct sockaddr_un);
		break;
	default:
		*least = sizeof(sa_family_t);
		*most = sizeof(struct sockaddr_storage);
	}
}

/* Every byte of @info is written. */
void ws_describe(WSAPROTOCOL_INFOW *info, int family, int type, int protocol)
{
	const struct entry *entry = entry_of(family, type, protocol);
	bool listed = entry->family;
	int i;

	*info = (WSAPROTOCOL_INFOW){
		.dwServiceFlags1 = entry->services,
		.dwProviderFlags = PFL_MATCHES_PROTOCOL_ZERO,
		.ProviderId = ws_provider,
		.dwCatalogEntryId = listed ? entry - entries + 1 : 0,
		.ProtocolChain.ChainLen = BASE_PROTOCOL,
		.iVersion = 2,
		.iAddressFamily = family,
		.iSocketType = type,
		.iProtocol = protocol,
		.iNetworkByteOrder = BIGENDIAN,
		.iSecurityScheme = SECURITY_PROTOCOL_NONE,
		.dwMessageSize = entry->message_size,
	};
	if (type == SOCK_RAW) {
		info->dwProviderFlags |= PFL_HIDDEN;
		info->iProtocolMaxOffset = HIGHEST_PROTOCOL - protocol;
	}
	address_sizes(family, &info->iMinSockAddr, &info->iMaxSockAddr);
	for (i = 0; entry->name[i]; i++)
		info->szProtocol[i] = entry->name[i];
}

/* Fails with errno. */
int ws_describe_socket(WSAPROTOCOL_INFOW *info, int fd)
{
	int family = ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_DOMAIN);
	int type = ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_TYPE);
	int protocol = ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_PROTOCOL);

	if (family < 0 || type < 0 || protocol < 0)
		return -1;
	ws_describe(info, family, type, protocol);
	return 0;
}

/* Names of protocols are ASCII. */
void ws_narrow(WSAPROTOCOL_INFOA *narrow, const WSAPROTOCOL_INFOW *wide)
{
	int i;

	memcpy(narrow, wide, WS_INFO_COMMON);
	for (i = 0; i <= WSAPROTOCOL_LEN; i++)
		narrow->szProtocol[i] = wide->szProtocol[i];
}

/* Whether @protocols, which a 0 ends, has it; NULL has all. */
static bool wanted(const INT *protocols, int protocol)
{
	if (!protocols)
		return true;
	for (; *protocols; protocols++)
		if (*protocols == protocol)
			return true;
	return false;
}

static int enumerate(const INT *protocols, void *infos, LPDWORD size, bool wide)
{
	DWORD each = wide ? sizeof(WSAPROTOCOL_INFOW) :
			    sizeof(WSAPROTOCOL_INFOA);
	WSAPROTOCOL_INFOW info;
	DWORD needed = 0;
	char *to = infos;
	size_t i;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!size)
		return ws_fail(WSAEFAULT);
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		if (wanted(protocols, entries[i].protocol))
			needed += each;
	if (!infos || *size < needed) {
		*size = needed;
		return ws_fail(WSAENOBUFS);
	}
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!wanted(protocols, entries[i].protocol))
			continue;
		ws_describe(&info, entries[i].family, entries[i].type,
			    entries[i].protocol);
		if (wide)
			*(WSAPROTOCOL_INFOW *)to = info;
		else
			ws_narrow((WSAPROTOCOL_INFOA *)to, &info);
		to += each;
	}
	return needed / each;
}

int WSAEnumProtocolsA(LPINT protocols, LPWSAPROTOCOL_INFOA infos, LPDWORD size)
{
	return enumerate(protocols, infos, size, false);
}

int WSAEnumProtocolsW(LPINT protocols, LPWSAPROTOCOL_INFOW infos, LPDWORD size)
{
	return enumerate(protocols, infos, size, true);
}
