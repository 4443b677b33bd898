// SPDX-License-Identifier: GPL-2.0-only
#include "native_share_linux.h"

#include "test.h"
#include "world.h"

/* The id stands in ProviderId, the secret in four fields. */
void native_token_of(const WSAPROTOCOL_INFOW *info, char token[NATIVE_TOKEN_SIZE])
{
	DWORD secret[] = {
		info->dwServiceFlags2,
		info->dwServiceFlags3,
		info->dwServiceFlags4,
		info->dwProviderReserved,
	};

	memcpy(token, info->ProviderId.Data4, NATIVE_ID_SIZE);
	memcpy(token + NATIVE_ID_SIZE, secret, NATIVE_SECRET_SIZE);
}

/* Any entry of the catalogue is the frame of it. */
WSAPROTOCOL_INFOW native_info_of(const char token[NATIVE_TOKEN_SIZE])
{
	WSAPROTOCOL_INFOW info = protocol_info(new_socket(AF_INET, SOCK_STREAM));
	DWORD secret[4];

	memcpy(secret, token + NATIVE_ID_SIZE, NATIVE_SECRET_SIZE);
	memcpy(info.ProviderId.Data4, token, NATIVE_ID_SIZE);
	info.dwServiceFlags2 = secret[0];
	info.dwServiceFlags3 = secret[1];
	info.dwServiceFlags4 = secret[2];
	info.dwProviderReserved = secret[3];
	return info;
}

int native_begin_with(SOCKET s)
{
	WSAPROTOCOL_INFOW info;
	char token[NATIVE_TOKEN_SIZE];
	int theirs;

	ASSERT_EQ(0, native_begin());
	ASSERT_WORKS(WSADuplicateSocketW(s, native_pid(), &info));
	native_token_of(&info, token);
	theirs = native_import(token);
	ASSERT(theirs >= 0);
	return theirs;
}

int native_connection(SOCKET ends[2])
{
	stream_pair(ends);
	return native_begin_with(ends[0]);
}
