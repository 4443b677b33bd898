// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text of 16 bits, whatever wchar_t has.
 */
#include <winsock2.h>

#include <assert.h>

#ifdef UNICODE
static_assert(sizeof(TEXT("ab")) == 6, "wide");
static_assert(sizeof(TCHAR) == 2, "wide");
#else
static_assert(sizeof(TEXT("ab")) == 3, "narrow");
#endif

HANDLE named(void)
{
	LPCTSTR name = TEXT("name");

	return CreateEvent(NULL, TRUE, FALSE, name);
}

HANDLE named_wide(LPCWSTR name)
{
#if __SIZEOF_WCHAR_T__ == 2
	if (!name)
		name = L"name";
#else
	if (!name)
		name = u"name";
#endif
	return CreateEventW(NULL, FALSE, FALSE, name);
}
