/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows' base types and words, and how the layer names its calls.
 */
#ifndef SOCKDUP_WS_BASE_H
#define SOCKDUP_WS_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A call is declared under its own name and has another symbol, so that a
 * program can have Winsock's recv() in one file and POSIX's in another. No
 * macro is named like a call: a method send(), a variable recv and #undef recv
 * do no harm.
 */
#define SOCKDUP_WS_SYMBOL(name)	__asm__("sockdup_ws_" #name)

/* The call whose name in the source lacks the suffix A or W. */
#ifdef UNICODE
#define SOCKDUP_WS_SYMBOL_AW(name)	SOCKDUP_WS_SYMBOL(name##W)
#define SOCKDUP_WS_TYPE_AW(name)	name##W
#else
#define SOCKDUP_WS_SYMBOL_AW(name)	SOCKDUP_WS_SYMBOL(name##A)
#define SOCKDUP_WS_TYPE_AW(name)	name##A
#endif

#ifdef __cplusplus
#define SOCKDUP_WS_BEGIN	extern "C" {
#define SOCKDUP_WS_END		}
#else
#define SOCKDUP_WS_BEGIN
#define SOCKDUP_WS_END
#endif

/* Linux has one calling convention. */
#define WINAPI
#define WINAPIV
#define APIENTRY
#define CALLBACK
#define PASCAL
#define FAR
#define NEAR
#ifndef __cdecl
#define __cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif

#ifndef CONST
#define CONST	const
#endif
#ifndef VOID
#define VOID	void
#endif
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif

#ifndef FALSE
#define FALSE	0
#endif
#ifndef TRUE
#define TRUE	1
#endif

/* LONG, ULONG and DWORD have 32 bits, as on Windows; Linux' long may have 64. */
typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned char UCHAR, *PUCHAR;
typedef unsigned char BOOLEAN;
typedef char CHAR, *PCHAR;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;
typedef int32_t LONG, *PLONG, *LPLONG;
typedef uint32_t ULONG, *PULONG;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef int32_t INT32;
typedef uint32_t UINT32, DWORD32;
typedef int64_t INT64, LONGLONG, LONG64;
typedef uint64_t UINT64, ULONGLONG, ULONG64, DWORD64;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID;

typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, *PULONG_PTR, DWORD_PTR, *PDWORD_PTR;
typedef size_t SIZE_T;

typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;

typedef void *HANDLE, **PHANDLE, **LPHANDLE;
typedef struct sockdup_ws_window *HWND;

/*
 * 16 bits, whatever the size of wchar_t. With -fshort-wchar that is 16 bits, too,
 * and glibc does not know it.
 */
#if __SIZEOF_WCHAR_T__ == 2
#ifdef __cplusplus
typedef wchar_t WCHAR;
#else
typedef __WCHAR_TYPE__ WCHAR;
#endif
#define SOCKDUP_WS_WIDE(text)	L##text
#else
#ifdef __cplusplus
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif
#define SOCKDUP_WS_WIDE(text)	u##text
#endif

typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef CHAR *PSTR, *LPSTR;
typedef const CHAR *PCSTR, *LPCSTR;

#ifdef UNICODE
typedef WCHAR TCHAR;
#define TEXT(text)	SOCKDUP_WS_WIDE(text)
#else
typedef CHAR TCHAR;
#define TEXT(text)	text
#endif
typedef TCHAR *PTSTR, *LPTSTR;
typedef const TCHAR *PCTSTR, *LPCTSTR;

typedef struct _GUID {
	DWORD Data1;
	WORD Data2;
	WORD Data3;
	BYTE Data4[8];
} GUID, *LPGUID;

typedef const GUID *LPCGUID;

#define MAKEWORD(low, high) \
	((WORD)(((DWORD_PTR)(low) & 0xff) | (((DWORD_PTR)(high) & 0xff) << 8)))
#define MAKELONG(low, high) \
	((LONG)(((DWORD_PTR)(low) & 0xffff) | \
		(((DWORD_PTR)(high) & 0xffff) << 16)))
#define LOBYTE(word)	((BYTE)((DWORD_PTR)(word) & 0xff))
#define HIBYTE(word)	((BYTE)(((DWORD_PTR)(word) >> 8) & 0xff))
#define LOWORD(both)	((WORD)((DWORD_PTR)(both) & 0xffff))
#define HIWORD(both)	((WORD)(((DWORD_PTR)(both) >> 16) & 0xffff))

#define ZeroMemory(to, size)		memset(to, 0, size)
#define FillMemory(to, size, byte)	memset(to, byte, size)
#define CopyMemory(to, from, size)	memcpy(to, from, size)
#define MoveMemory(to, from, size)	memmove(to, from, size)

#endif /* SOCKDUP_WS_BASE_H */
