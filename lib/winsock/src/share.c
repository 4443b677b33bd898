// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sharing: a token in the bytes of a WSAPROTOCOL_INFO.
 *
 * Its id stands in ProviderId, its secret in dwServiceFlags2 to 4 and
 * dwProviderReserved, which belong to the provider. An entry of the catalogue
 * has zeros there.
 */

#include "posix.h"

#include <sockdup.h>

#include "catalogue.h"
#include "descriptor.h"
#include "error.h"
#include "memory.h"
#include "share.h"
#include "socket.h"
#include "startup.h"

struct token {
	__u8 id[8];
	DWORD secret[4];
};

_Static_assert(sizeof(struct token) == SOCKDUP_OPAQUE_SIZE, "the token fits");
_Static_assert(sizeof(ws_provider.Data4) == 8, "the id fits");

static void token_put(WSAPROTOCOL_INFOW *info,
		      const struct sockdup_protocol_info *native)
{
	struct token token;

	memcpy(&token, native->opaque, sizeof(token));
	memcpy(info->ProviderId.Data4, token.id, sizeof(token.id));
	info->dwServiceFlags2 = token.secret[0];
	info->dwServiceFlags3 = token.secret[1];
	info->dwServiceFlags4 = token.secret[2];
	info->dwProviderReserved = token.secret[3];
}

static void token_get(const WSAPROTOCOL_INFOW *info,
		      struct sockdup_protocol_info *native)
{
	struct token token = {
		.secret = {
			info->dwServiceFlags2,
			info->dwServiceFlags3,
			info->dwServiceFlags4,
			info->dwProviderReserved,
		},
	};

	memcpy(token.id, info->ProviderId.Data4, sizeof(token.id));
	*native = (struct sockdup_protocol_info){ .size = sizeof(*native) };
	memcpy(native->opaque, &token, sizeof(token));
}

static bool is_ours(const WSAPROTOCOL_INFOW *info)
{
	return !memcmp(&info->ProviderId, &ws_provider, offsetof(GUID, Data4));
}

static bool is_entry(const WSAPROTOCOL_INFOW *info)
{
	return !memcmp(&info->ProviderId, &ws_provider, sizeof(GUID)) &&
	       !info->dwServiceFlags2 && !info->dwServiceFlags3 &&
	       !info->dwServiceFlags4 && !info->dwProviderReserved;
}

static const struct ws_translation duplicate_errors[] = {
	{ ESRCH, WSAEINVAL },
	{ }
};

int ws_duplicate(SOCKET s, DWORD process, void *info, bool wide)
{
	struct sockdup_protocol_info native;
	WSAPROTOCOL_INFOA narrow_form;
	WSAPROTOCOL_INFOW wide_form;
	int fd = ws_fd(s);

	if (!ws_is_socket(fd))
		return WSAENOTSOCK;
	/* The kernel looks at the struct last, as Windows does. */
	if (sockdup_duplicate(fd, process, info ? &native : NULL))
		return ws_error_of(errno, duplicate_errors);
	ws_describe(&wide_form, native.address_family, native.socket_type,
		    native.protocol);
	token_put(&wide_form, &native);
	ws_narrow(&narrow_form, &wide_form);
	if (wide ? ws_copy_out(info, &wide_form, sizeof(wide_form)) :
		   ws_copy_out(info, &narrow_form, sizeof(narrow_form)))
		return 0;
	sockdup_revoke(&native);
	return WSAEFAULT;
}

static const struct ws_translation import_errors[] = {
	{ ENOENT, WSAEINVAL },
	{ EPERM, WSAEINVAL },
	{ }
};

static int import(const WSAPROTOCOL_INFOW *info, bool inheritable, SOCKET *s)
{
	struct sockdup_protocol_info native;
	int fd, spare;

	token_get(info, &native);
	/* The token is spent with the import. */
	spare = ws_spare();
	if (spare < 0)
		return ws_error_of(errno, import_errors);
	fd = ws_keep_at(sockdup_socket(&native,
				       inheritable ?
				       SOCKDUP_IMPORT_INHERITABLE : 0), spare);
	if (fd < 0)
		return ws_error_of(errno, import_errors);
	*s = fd;
	return 0;
}

/* What the caller says, or leaves to the info. */
static int chosen(int said, int from_info)
{
	return said == FROM_PROTOCOL_INFO || !said ? from_info : said;
}

#define FLAGS_C		(WSA_FLAG_MULTIPOINT_C_ROOT | WSA_FLAG_MULTIPOINT_C_LEAF)
#define FLAGS_D		(WSA_FLAG_MULTIPOINT_D_ROOT | WSA_FLAG_MULTIPOINT_D_LEAF)
#define FLAGS_KNOWN	(WSA_FLAG_OVERLAPPED | WSA_FLAG_ACCESS_SYSTEM_SECURITY | \
			 WSA_FLAG_NO_HANDLE_INHERIT | FLAGS_C | FLAGS_D)

static bool flags_are_valid(DWORD flags)
{
	return !(flags & ~FLAGS_KNOWN) && (flags & FLAGS_C) != FLAGS_C &&
	       (flags & FLAGS_D) != FLAGS_D;
}

int ws_open(int family, int type, int protocol, const void *info, GROUP group,
	    DWORD flags, SOCKET *s)
{
	bool inheritable = !(flags & WSA_FLAG_NO_HANDLE_INHERIT);
	WSAPROTOCOL_INFOW given;

	if (group || !flags_are_valid(flags))
		return WSAEINVAL;
	/* It would let the caller see who looks at the socket, on Windows. */
	if (flags & WSA_FLAG_ACCESS_SYSTEM_SECURITY)
		return WSAEACCES;
	if (!info && (family == FROM_PROTOCOL_INFO ||
		      type == FROM_PROTOCOL_INFO ||
		      protocol == FROM_PROTOCOL_INFO))
		return WSAEINVAL;
	if (!info)
		return ws_create(family, type, protocol, inheritable, s);
	if (!ws_copy_in(&given, info, WS_INFO_COMMON))
		return WSAEFAULT;
	if (!is_ours(&given))
		return WSAEINVAL;
	if (!is_entry(&given))
		return import(&given, inheritable, s);
	return ws_create(chosen(family, given.iAddressFamily),
			 chosen(type, given.iSocketType),
			 chosen(protocol, given.iProtocol), inheritable, s);
}

static int duplicate(SOCKET s, DWORD process, void *info, bool wide)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	error = ws_duplicate(s, process, info, wide);
	return error ? ws_fail(error) : 0;
}

int WSADuplicateSocketA(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOA info)
{
	return duplicate(s, process, info, false);
}

int WSADuplicateSocketW(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOW info)
{
	return duplicate(s, process, info, true);
}

SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info,
		  GROUP group, DWORD flags)
{
	SOCKET s;
	int error;

	if (!ws_ready())
		return INVALID_SOCKET;
	error = ws_open(family, type, protocol, info, group, flags, &s);
	if (!error)
		return s;
	ws_fail(error);
	return INVALID_SOCKET;
}

/* What is read of the info has both forms in common. */
SOCKET WSASocketA(int family, int type, int protocol, LPWSAPROTOCOL_INFOA info,
		  GROUP group, DWORD flags)
{
	return WSASocketW(family, type, protocol, (LPWSAPROTOCOL_INFOW)info,
			  group, flags);
}
