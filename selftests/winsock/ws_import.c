// SPDX-License-Identifier: GPL-2.0-only
/*
 * WSASocket() with a token: what may stand beside it, and who gets the socket.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>

#include "partner.h"
#include "test.h"
#include "world.h"

#define RACERS	8

static WSAPROTOCOL_INFOW token_for(SOCKET s, DWORD pid)
{
	WSAPROTOCOL_INFOW info;

	ASSERT_WORKS(WSADuplicateSocketW(s, pid, &info));
	return info;
}

static WSAPROTOCOL_INFOW token_for_me(SOCKET s)
{
	return token_for(s, GetCurrentProcessId());
}

static SOCKET import_with(const WSAPROTOCOL_INFOW *info, GROUP group, DWORD flags)
{
	WSAPROTOCOL_INFOW copy = *info;

	return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			  &copy, group, flags);
}

static SOCKET import(const WSAPROTOCOL_INFOW *info)
{
	return import_with(info, 0, 0);
}

static DWORD inheritable(SOCKET s)
{
	DWORD flags = 0;

	ASSERT(GetHandleInformation((HANDLE)s, &flags));
	return flags & HANDLE_FLAG_INHERIT;
}

TEST_SHARED(W31_the_triple_comes_from_the_info)
{
	WSAPROTOCOL_INFOA narrow;
	SOCKET s = stream_listener(), other;
	WSAPROTOCOL_INFOW info = token_for_me(s);

	other = import(&info);
	ASSERT_WORKS(other);
	ASSERT_EQ(port_of(s), port_of(other));
	ASSERT_WORKS(WSADuplicateSocketA(s, GetCurrentProcessId(), &narrow));
	other = WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			   &narrow, 0, 0);
	ASSERT_WORKS(other);
	ASSERT_EQ(port_of(s), port_of(other));
}

TEST_SHARED(W32_zeros_will_do)
{
	SOCKET s = stream_listener(), other;
	WSAPROTOCOL_INFOW info = token_for_me(s);

	other = WSASocketW(0, 0, 0, &info, 0, 0);
	ASSERT_WORKS(other);
	ASSERT_EQ(port_of(s), port_of(other));
}

TEST_SHARED(W98_the_triple_beside_a_token_is_not_looked_at)
{
	SOCKET s = stream_listener(), other;
	WSAPROTOCOL_INFOW info = token_for_me(s);

	other = WSASocketW(AF_INET6, SOCK_DGRAM, IPPROTO_UDP, &info, 0, 0);
	ASSERT_WORKS(other);
	ASSERT_EQ(port_of(s), port_of(other));
	ASSERT_EQ(SOCK_STREAM, get_option(other, SOL_SOCKET, SO_TYPE));
}

TEST_SHARED(W33_a_token_is_used_once)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());

	ASSERT_WORKS(import(&info));
	ASSERT_FAILS(WSAEINVAL, import(&info));
}

static void *race(void *argument)
{
	const WSAPROTOCOL_INFOW *info = argument;
	SOCKET s = import(info);

	if (s != INVALID_SOCKET)
		return (void *)0;
	return (void *)(size_t)WSAGetLastError();
}

TEST_SHARED(W34_one_of_many_wins)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());
	pthread_t threads[RACERS];
	int i, won = 0;

	for (i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race, &info));
	for (i = 0; i < RACERS; i++) {
		void *error;

		pthread_join(threads[i], &error);
		if (error)
			ASSERT_EQ(WSAEINVAL, (size_t)error);
		else
			won++;
	}
	ASSERT_EQ(1, won);
}

TEST_SHARED(W35_another_process_gets_nothing_and_spoils_nothing)
{
	struct partner *target = partner_start(), *other = partner_start();
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), target->pid);

	ASSERT_FAILS(WSAEINVAL, partner_import(other, &info, 0));
	ASSERT_FAILS(WSAEINVAL, import(&info));
	ASSERT_WORKS(partner_import(target, &info, 0));
}

TEST_SHARED(W36_any_thread_of_the_target_imports)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), partner->pid);
	SOCKET theirs = partner_import_by_thread(partner, &info);

	ASSERT_WORKS(theirs);
	/* The thread has gone, and the socket is the process's. */
	ASSERT_WORKS(partner_close(partner, theirs));
}

TEST_SHARED(W37_zeros_are_no_token)
{
	WSAPROTOCOL_INFOW info;

	memset(&info, 0, sizeof(info));
	ASSERT_FAILS(WSAEINVAL, import(&info));
}

TEST_SHARED(W37_changed_bytes_are_no_token)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());
	WSAPROTOCOL_INFOW changed = info;

	changed.dwServiceFlags2 ^= 0x5a5a5a5a;
	changed.dwServiceFlags3 ^= 0x5a5a5a5a;
	changed.dwServiceFlags4 ^= 0x5a5a5a5a;
	changed.dwProviderReserved ^= 0x5a5a5a5a;
	ASSERT_FAILS(WSAEINVAL, import(&changed));
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W39_a_bad_pointer)
{
	struct partner *partner = partner_start();

	ASSERT_FAILS(WSAEFAULT, partner_import_at(partner, NOBODYS_ADDRESS));
}

TEST(W39_no_info_at_all)
{
	ASSERT(WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			  NULL, 0, 0) == INVALID_SOCKET);
}

TEST_SHARED(W41_no_group_but_zero)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());

	ASSERT_FAILS(WSAEINVAL, import_with(&info, 12345, 0));
	ASSERT_FAILS(WSAEINVAL,
		     WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 12345, 0));
	ASSERT_WORKS(import_with(&info, 0, 0));
}

TEST_SHARED(W42_root_and_leaf_exclude_each_other)
{
	WSAPROTOCOL_INFOW info = token_for_me(new_socket(AF_INET, SOCK_DGRAM));

	ASSERT_FAILS(WSAEINVAL, import_with(&info, 0, WSA_FLAG_MULTIPOINT_C_ROOT |
						      WSA_FLAG_MULTIPOINT_C_LEAF));
	ASSERT_FAILS(WSAEINVAL, import_with(&info, 0, WSA_FLAG_MULTIPOINT_D_ROOT |
						      WSA_FLAG_MULTIPOINT_D_LEAF));
	ASSERT_FAILS(WSAEINVAL, WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0,
					   WSA_FLAG_MULTIPOINT_C_ROOT |
					   WSA_FLAG_MULTIPOINT_C_LEAF));
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W43_overlapped_is_accepted)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());

	ASSERT_WORKS(import_with(&info, 0, WSA_FLAG_OVERLAPPED));
	ASSERT_WORKS(WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED));
}

TEST_SHARED(W44_W103_inheritance_by_the_flag)
{
	SOCKET s = stream_listener(), kept, passed;
	WSAPROTOCOL_INFOW first = token_for_me(s), second = token_for_me(s);

	kept = import_with(&first, 0, WSA_FLAG_NO_HANDLE_INHERIT);
	passed = import(&second);
	ASSERT_WORKS(kept);
	ASSERT_WORKS(passed);
	ASSERT_EQ(0, inheritable(kept));
	ASSERT_EQ(HANDLE_FLAG_INHERIT, inheritable(passed));
}

TEST(W44_W103_a_new_socket_is_inheritable)
{
	SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0);

	ASSERT_WORKS(s);
	ASSERT_EQ(HANDLE_FLAG_INHERIT, inheritable(s));
	ASSERT_EQ(HANDLE_FLAG_INHERIT, inheritable(new_socket(AF_INET, SOCK_STREAM)));
	s = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_NO_HANDLE_INHERIT);
	ASSERT_WORKS(s);
	ASSERT_EQ(0, inheritable(s));
}

TEST(W103_inheritance_can_be_taken_away)
{
	SOCKET s = new_socket(AF_INET, SOCK_STREAM);

	ASSERT(SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0));
	ASSERT_EQ(0, inheritable(s));
	ASSERT(SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
	ASSERT_EQ(HANDLE_FLAG_INHERIT, inheritable(s));
}

TEST_SHARED(W45_unknown_flags)
{
	WSAPROTOCOL_INFOW info = token_for_me(stream_listener());

	ASSERT_FAILS(WSAEINVAL, import_with(&info, 0, 0x80000000));
	ASSERT_FAILS(WSAEINVAL, WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0x8000));
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W46_the_flags_need_not_match)
{
	SOCKET overlapped = new_socket(AF_INET, SOCK_STREAM);
	SOCKET plain = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0);
	WSAPROTOCOL_INFOW first, second, third;

	ASSERT_WORKS(plain);
	first = token_for_me(overlapped);
	second = token_for_me(plain);
	third = token_for_me(plain);
	ASSERT_WORKS(import_with(&first, 0, 0));
	ASSERT_WORKS(import_with(&second, 0, WSA_FLAG_OVERLAPPED));
	ASSERT_WORKS(import_with(&third, 0,
				 WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

TEST_SHARED(W92_tokens_of_one_target_in_any_order)
{
	struct partner *partner = partner_start();
	SOCKET sockets[3], theirs;
	WSAPROTOCOL_INFOW infos[3];
	int i, size, type;

	for (i = 0; i < 3; i++) {
		sockets[i] = i == 1 ? datagram_bound() : stream_listener();
		infos[i] = token_for(sockets[i], partner->pid);
	}
	for (i = 2; i >= 0; i--) {
		theirs = partner_import(partner, &infos[i], 0);
		ASSERT_WORKS(theirs);
		size = partner_getsockopt(partner, theirs, SOL_SOCKET, SO_TYPE, &type);
		ASSERT_EQ(0, size);
		ASSERT_EQ(i == 1 ? SOCK_DGRAM : SOCK_STREAM, type);
	}
}
