// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Addresses as text, and numbers in a network's order of bytes.
 */

#include "posix.h"

#include <ws2tcpip.h>

#include <stdio.h>
#include <stdlib.h>

#include "descriptor.h"
#include "error.h"
#include "startup.h"

/* The form "[address%scope]:port" with its final NUL. */
#define LONGEST	(INET6_ADDRSTRLEN + sizeof("[%4294967295]:65535"))

#define HIGHEST_PORT	65535

static void format_v4(char *text, const struct sockaddr_in *name)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &name->sin_addr, address, sizeof(address));
	if (name->sin_port)
		snprintf(text, LONGEST, "%s:%u", address, ntohs(name->sin_port));
	else
		snprintf(text, LONGEST, "%s", address);
}

static void format_v6(char *text, const struct sockaddr_in6 *name)
{
	char address[INET6_ADDRSTRLEN], scope[sizeof("%4294967295")] = "";

	inet_ntop(AF_INET6, &name->sin6_addr, address, sizeof(address));
	if (name->sin6_scope_id)
		snprintf(scope, sizeof(scope), "%%%u", name->sin6_scope_id);
	if (name->sin6_port)
		snprintf(text, LONGEST, "[%s%s]:%u", address, scope,
			 ntohs(name->sin6_port));
	else
		snprintf(text, LONGEST, "%s%s", address, scope);
}

/* 0 or an error of Winsock's. */
static int format(char *text, const struct sockaddr *name, DWORD size)
{
	if (!name || size < sizeof(struct sockaddr_in))
		return WSAEINVAL;
	switch (name->sa_family) {
	case AF_INET:
		format_v4(text, (const struct sockaddr_in *)name);
		return 0;
	case AF_INET6:
		if (size < sizeof(struct sockaddr_in6))
			return WSAEINVAL;
		format_v6(text, (const struct sockaddr_in6 *)name);
		return 0;
	default:
		return WSAEINVAL;
	}
}

/* ASCII becomes what it is in UTF-16. */
static void widen(WCHAR *to, const char *from)
{
	size_t i, size = strlen(from) + 1;

	for (i = 0; i < size; i++)
		to[i] = from[i];
}

/* False where @from is not ASCII, or has no room. */
static bool narrow(char *to, const WCHAR *from, size_t size)
{
	size_t i;

	for (i = 0; i < size && from[i] < 0x80; i++) {
		to[i] = from[i];
		if (!from[i])
			return true;
	}
	return false;
}

static int tell_text(const struct sockaddr *name, DWORD size, char *text,
		     const void *room, DWORD *length)
{
	int error = length ? format(text, name, size) : WSAEINVAL;
	DWORD given;

	if (error)
		return ws_fail(error);
	given = *length;
	*length = strlen(text) + 1;
	return room && given >= *length ? 0 : ws_fail(WSAEFAULT);
}

int WSAAddressToStringA(LPSOCKADDR name, DWORD size, LPWSAPROTOCOL_INFOA info,
			LPSTR room, LPDWORD length)
{
	char text[LONGEST];

	if (!ws_ready() || tell_text(name, size, text, room, length))
		return SOCKET_ERROR;
	memcpy(room, text, *length);
	return 0;
}

int WSAAddressToStringW(LPSOCKADDR name, DWORD size, LPWSAPROTOCOL_INFOW info,
			LPWSTR room, LPDWORD length)
{
	char text[LONGEST];

	if (!ws_ready() || tell_text(name, size, text, room, length))
		return SOCKET_ERROR;
	widen(room, text);
	return 0;
}

/* A decimal number that is all of @text. */
static bool parse_number(const char *text, unsigned long highest,
			 unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return !*end && !errno && *number <= highest;
}

/* Cuts @text at @separator, and reads the number behind it, if there is one. */
static bool parse_tail(char *text, char separator, unsigned long highest,
		       unsigned long *number)
{
	char *tail = strchr(text, separator);

	*number = 0;
	if (!tail)
		return true;
	*tail = '\0';
	return parse_number(tail + 1, highest, number);
}

static bool parse_v4(char *text, struct sockaddr_in *name)
{
	unsigned long port;

	if (!parse_tail(text, ':', HIGHEST_PORT, &port) ||
	    inet_pton(AF_INET, text, &name->sin_addr) != 1)
		return false;
	name->sin_family = AF_INET;
	name->sin_port = htons(port);
	return true;
}

/* Cuts "[address]:port" to its address. */
static bool parse_brackets(char **text, unsigned long *port)
{
	char *close;

	*port = 0;
	if (**text != '[')
		return true;
	close = strchr(++*text, ']');
	if (!close)
		return false;
	*close++ = '\0';
	return !*close ||
	       (*close == ':' && parse_number(close + 1, HIGHEST_PORT, port));
}

static bool parse_v6(char *text, struct sockaddr_in6 *name)
{
	unsigned long port, scope;

	if (!parse_brackets(&text, &port) ||
	    !parse_tail(text, '%', UINT32_MAX, &scope) ||
	    inet_pton(AF_INET6, text, &name->sin6_addr) != 1)
		return false;
	name->sin6_family = AF_INET6;
	name->sin6_port = htons(port);
	name->sin6_scope_id = scope;
	return true;
}

static int parse(char *text, int family, struct sockaddr *name, int *length)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} found;
	bool is_right = false;
	int needed;

	memset(&found, 0, sizeof(found));
	needed = family == AF_INET6 ? sizeof(found.v6) : sizeof(found.v4);
	if (!name || !length)
		return ws_fail(WSAEFAULT);
	if (family == AF_INET)
		is_right = parse_v4(text, &found.v4);
	else if (family == AF_INET6)
		is_right = parse_v6(text, &found.v6);
	if (!is_right)
		return ws_fail(WSAEINVAL);
	if (*length < needed) {
		*length = needed;
		return ws_fail(WSAEFAULT);
	}
	memcpy(name, &found, needed);
	*length = needed;
	return 0;
}

int WSAStringToAddressA(LPSTR text, INT family, LPWSAPROTOCOL_INFOA info,
			LPSOCKADDR name, LPINT length)
{
	char copy[LONGEST];

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!text || strlen(text) >= sizeof(copy))
		return ws_fail(WSAEINVAL);
	return parse(strcpy(copy, text), family, name, length);
}

int WSAStringToAddressW(LPWSTR text, INT family, LPWSAPROTOCOL_INFOW info,
			LPSOCKADDR name, LPINT length)
{
	char copy[LONGEST];

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!text || !narrow(copy, text, sizeof(copy)))
		return ws_fail(WSAEINVAL);
	return parse(copy, family, name, length);
}

/* The forms for UTF-16 of inet_pton() and inet_ntop(), which need no startup. */

INT InetPtonW(INT family, LPCWSTR text, PVOID address)
{
	char copy[LONGEST];

	if (family != AF_INET && family != AF_INET6)
		return ws_fail(WSAEAFNOSUPPORT);
	if (!text || !address)
		return ws_fail(WSAEFAULT);
	return narrow(copy, text, sizeof(copy)) &&
	       inet_pton(family, copy, address) == 1;
}

LPCWSTR InetNtopW(INT family, const void *address, LPWSTR room, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (family != AF_INET && family != AF_INET6) {
		ws_fail(WSAEAFNOSUPPORT);
		return NULL;
	}
	if (!address || !room ||
	    !inet_ntop(family, address, text, sizeof(text)) ||
	    strlen(text) >= size) {
		ws_fail(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	widen(room, text);
	return room;
}

/* All protocols here use the network's order of bytes; a number is swapped for each. */
static int swap_for(SOCKET s, const void *to)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	return to && ws_is_socket(ws_fd(s)) ? 0 : ws_fail_on(s, WSAEFAULT);
}

int WSAHtonl(SOCKET s, u_long number, u_long *swapped)
{
	if (swap_for(s, swapped))
		return SOCKET_ERROR;
	*swapped = htonl(number);
	return 0;
}

int WSAHtons(SOCKET s, u_short number, u_short *swapped)
{
	if (swap_for(s, swapped))
		return SOCKET_ERROR;
	*swapped = htons(number);
	return 0;
}

int WSANtohl(SOCKET s, u_long number, u_long *swapped)
{
	return WSAHtonl(s, number, swapped);
}

int WSANtohs(SOCKET s, u_short number, u_short *swapped)
{
	return WSAHtons(s, number, swapped);
}
