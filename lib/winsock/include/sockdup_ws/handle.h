/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles, event objects and waits.
 */
#ifndef SOCKDUP_WS_HANDLE_H
#define SOCKDUP_WS_HANDLE_H

#include "base.h"

#define INVALID_HANDLE_VALUE		((HANDLE)(LONG_PTR)-1)

#define HANDLE_FLAG_INHERIT		0x1
#define HANDLE_FLAG_PROTECT_FROM_CLOSE	0x2

#define INFINITE			0xffffffffU
#define MAXIMUM_WAIT_OBJECTS		64

#define STATUS_WAIT_0			0U
#define WAIT_OBJECT_0			0U
#define WAIT_ABANDONED			0x80U
#define WAIT_ABANDONED_0		0x80U
#define WAIT_IO_COMPLETION		0xc0U
#define WAIT_TIMEOUT			258U
#define WAIT_FAILED			0xffffffffU

typedef struct _SECURITY_ATTRIBUTES {
	DWORD nLength;
	LPVOID lpSecurityDescriptor;
	BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _OVERLAPPED {
	ULONG_PTR Internal;
	ULONG_PTR InternalHigh;
	__extension__ union {
		__extension__ struct {
			DWORD Offset;
			DWORD OffsetHigh;
		};
		PVOID Pointer;
	};
	HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

SOCKDUP_WS_BEGIN

DWORD GetCurrentProcessId(void) SOCKDUP_WS_SYMBOL(GetCurrentProcessId);

BOOL CloseHandle(HANDLE handle) SOCKDUP_WS_SYMBOL(CloseHandle);
BOOL GetHandleInformation(HANDLE handle, LPDWORD flags)
	SOCKDUP_WS_SYMBOL(GetHandleInformation);
BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
	SOCKDUP_WS_SYMBOL(SetHandleInformation);

/* An event object has no name here: a name is ERROR_NOT_SUPPORTED. */
HANDLE CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
		    BOOL initial_state, LPCSTR name)
	SOCKDUP_WS_SYMBOL(CreateEventA);
HANDLE CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
		    BOOL initial_state, LPCWSTR name)
	SOCKDUP_WS_SYMBOL(CreateEventW);
HANDLE CreateEvent(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
		   BOOL initial_state, LPCTSTR name)
	SOCKDUP_WS_SYMBOL_AW(CreateEvent);
BOOL SetEvent(HANDLE event) SOCKDUP_WS_SYMBOL(SetEvent);
BOOL ResetEvent(HANDLE event) SOCKDUP_WS_SYMBOL(ResetEvent);

/* Nothing makes a wait alertable here: @alertable changes nothing. */
DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
	SOCKDUP_WS_SYMBOL(WaitForSingleObject);
DWORD WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable)
	SOCKDUP_WS_SYMBOL(WaitForSingleObjectEx);
DWORD WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all,
			     DWORD milliseconds)
	SOCKDUP_WS_SYMBOL(WaitForMultipleObjects);
DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all,
			       DWORD milliseconds, BOOL alertable)
	SOCKDUP_WS_SYMBOL(WaitForMultipleObjectsEx);

void Sleep(DWORD milliseconds) SOCKDUP_WS_SYMBOL(Sleep);

SOCKDUP_WS_END

#endif /* SOCKDUP_WS_HANDLE_H */
