// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Error codes: a thread's last one, and what an errno becomes.
 */

#include "posix.h"

#include "descriptor.h"
#include "error.h"

static __thread DWORD last_error;

DWORD GetLastError(void)
{
	return last_error;
}

void SetLastError(DWORD error)
{
	last_error = error;
}

int WSAGetLastError(void)
{
	return last_error;
}

void WSASetLastError(int error)
{
	last_error = error;
}

/* For calls that have nothing else to say of it. */
static const struct ws_translation common[] = {
	{ EACCES, WSAEACCES },
	{ EADDRINUSE, WSAEADDRINUSE },
	{ EADDRNOTAVAIL, WSAEADDRNOTAVAIL },
	{ EAFNOSUPPORT, WSAEAFNOSUPPORT },
	{ EAGAIN, WSAEWOULDBLOCK },
	{ EALREADY, WSAEALREADY },
	{ EBADF, WSAENOTSOCK },
	{ ECONNABORTED, WSAECONNABORTED },
	{ ECONNREFUSED, WSAECONNREFUSED },
	{ ECONNRESET, WSAECONNRESET },
	{ EDESTADDRREQ, WSAEDESTADDRREQ },
	{ EDQUOT, WSAEDQUOT },
	{ EFAULT, WSAEFAULT },
	{ EHOSTDOWN, WSAEHOSTDOWN },
	{ EHOSTUNREACH, WSAEHOSTUNREACH },
	{ EINPROGRESS, WSAEINPROGRESS },
	{ EINTR, WSAEINTR },
	{ EINVAL, WSAEINVAL },
	{ EISCONN, WSAEISCONN },
	{ ELOOP, WSAELOOP },
	{ EMFILE, WSAEMFILE },
	{ EMSGSIZE, WSAEMSGSIZE },
	{ ENAMETOOLONG, WSAENAMETOOLONG },
	{ ENETDOWN, WSAENETDOWN },
	{ ENETRESET, WSAENETRESET },
	{ ENETUNREACH, WSAENETUNREACH },
	{ ENFILE, WSAEMFILE },
	{ ENOBUFS, WSAENOBUFS },
	{ ENODEV, WSAENETDOWN },
	{ ENOMEM, WSAENOBUFS },
	{ ENOPROTOOPT, WSAENOPROTOOPT },
	{ ENOTCONN, WSAENOTCONN },
	{ ENOTSOCK, WSAENOTSOCK },
	{ EOPNOTSUPP, WSAEOPNOTSUPP },
	{ EPERM, WSAEACCES },
	{ EPFNOSUPPORT, WSAEPFNOSUPPORT },
	{ EPIPE, WSAECONNRESET },
	{ EPROTONOSUPPORT, WSAEPROTONOSUPPORT },
	{ EPROTOTYPE, WSAEPROTOTYPE },
	{ ESHUTDOWN, WSAESHUTDOWN },
	{ ESOCKTNOSUPPORT, WSAESOCKTNOSUPPORT },
	{ ETIMEDOUT, WSAETIMEDOUT },
	{ ETOOMANYREFS, WSAETOOMANYREFS },
	{ EUSERS, WSAEUSERS },
	{ }
};

static int look_up(int number, const struct ws_translation *list)
{
	for (; list->number; list++)
		if (list->number == number)
			return list->error;
	return 0;
}

/* @own: what is particular to a call, before what all have in common; or NULL */
int ws_error_of(int number, const struct ws_translation *own)
{
	int error = own ? look_up(number, own) : 0;

	if (!error)
		error = look_up(number, common);
	return error ? error : WSASYSCALLFAILURE;
}

int ws_fail(int error)
{
	last_error = error;
	return SOCKET_ERROR;
}

/* Of what is wrong beside the socket: one that is none is told first. */
int ws_fail_on(SOCKET s, int error)
{
	return ws_fail(ws_is_socket(ws_fd(s)) ? error : WSAENOTSOCK);
}

int ws_fail_errno(const struct ws_translation *own)
{
	return ws_fail(ws_error_of(errno, own));
}
