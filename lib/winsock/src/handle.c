// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: those of event objects, and sockets taken for handles.
 */

#include "posix.h"

#include <sys/stat.h>

#include "descriptor.h"
#include "handle.h"

/* The descriptor of an event object, or -1. */
int ws_event_fd(HANDLE handle)
{
	UINT_PTR value = (UINT_PTR)handle;
	struct stat status;
	int fd;

	if (!(value & WS_EVENT) ||
	    value & ~(UINT_PTR)(WS_EVENT | (WS_EVENT - 1)))
		return -1;
	fd = value & ~(UINT_PTR)(WS_EVENT | WS_EVENT_AUTO_RESET);
	/* Anonymous inodes, such as an eventfd's, have no type. */
	return !fstat(fd, &status) && !(status.st_mode & S_IFMT) ? fd : -1;
}

/* The descriptor of an event object or a socket, or -1. */
int ws_handle_fd(HANDLE handle)
{
	int fd = ws_event_fd(handle);

	if (fd >= 0)
		return fd;
	fd = ws_fd((SOCKET)handle);
	return ws_is_socket(fd) ? fd : -1;
}

static BOOL handle_fail(DWORD error)
{
	SetLastError(error);
	return FALSE;
}

DWORD GetCurrentProcessId(void)
{
	return getpid();
}

BOOL CloseHandle(HANDLE handle)
{
	int fd = ws_handle_fd(handle);

	if (fd < 0)
		return handle_fail(ERROR_INVALID_HANDLE);
	close(fd);
	return TRUE;
}

BOOL GetHandleInformation(HANDLE handle, LPDWORD flags)
{
	int fd = ws_handle_fd(handle), bits = fd < 0 ? -1 : fcntl(fd, F_GETFD);

	if (bits < 0)
		return handle_fail(ERROR_INVALID_HANDLE);
	if (!flags)
		return handle_fail(ERROR_INVALID_PARAMETER);
	*flags = bits & FD_CLOEXEC ? 0 : HANDLE_FLAG_INHERIT;
	return TRUE;
}

#define FLAGS	(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE)

/* Linux protects no descriptor from close(). */
BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
{
	int fd = ws_handle_fd(handle);

	if (fd < 0)
		return handle_fail(ERROR_INVALID_HANDLE);
	if (mask & ~FLAGS || mask & flags & HANDLE_FLAG_PROTECT_FROM_CLOSE)
		return handle_fail(ERROR_INVALID_PARAMETER);
	if (mask & HANDLE_FLAG_INHERIT &&
	    fcntl(fd, F_SETFD, flags & HANDLE_FLAG_INHERIT ? 0 : FD_CLOEXEC))
		return handle_fail(ERROR_INVALID_HANDLE);
	return TRUE;
}
