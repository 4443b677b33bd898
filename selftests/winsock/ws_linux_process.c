// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Linux adds to shared sockets, or has otherwise than Windows: fork() and execve(),
 * process ids, namespaces, limits, signals.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <errno.h>
#include <pthread.h>

#include "hook.h"
#include "partner.h"
#include "process_linux.h"
#include "test.h"
#include "world.h"

/* No other test comes near it. */
#define CHOSEN_ID	30123

static WSAPROTOCOL_INFOW token_for(SOCKET s, DWORD pid)
{
	WSAPROTOCOL_INFOW info;

	ASSERT_WORKS(WSADuplicateSocketW(s, pid, &info));
	return info;
}

static SOCKET import(const WSAPROTOCOL_INFOW *info)
{
	WSAPROTOCOL_INFOW copy = *info;

	return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
			  &copy, 0, 0);
}

static struct partner *partner_with(const struct process_options *options)
{
	return partner_adopt(process_start_with("partner", options));
}

TEST_SHARED(W3_a_descriptor_of_something_else)
{
	int null = process_open_null();
	WSAPROTOCOL_INFOW info;

	ASSERT(null >= 0);
	ASSERT_FAILS(WSAENOTSOCK, WSADuplicateSocketW(null, GetCurrentProcessId(), &info));
	ASSERT_FAILS(WSAENOTSOCK, closesocket(null));
	ASSERT_FAILS(WSAENOTSOCK, WSAEventSelect(null, NULL, 0));
	process_close(null);
}

enum { LIMIT = 32 };

/* 0 where so many exports and no more succeed; root's own have no such limit. */
static int export_up_to_limit(void *s)
{
	WSAPROTOCOL_INFOW info;
	int count = 0;

	if (!process_become_user())
		return 1;
	process_limit_descriptors(LIMIT);
	while (!WSADuplicateSocketW(*(SOCKET *)s, GetCurrentProcessId(), &info))
		count++;
	if (WSAGetLastError() != WSAENOBUFS)
		return 2;
	return count != LIMIT;
}

TEST_SHARED(W9_tokens_of_a_user_have_a_limit)
{
	SOCKET s = stream_listener();

	ASSERT_EQ(0, process_fork(export_up_to_limit, &s));
}

TEST_SHARED(W16_a_number_that_is_used_again)
{
	struct process_options options = { .id = CHOSEN_ID };
	struct partner *first = partner_with(&options), *second;
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), first->pid);

	ASSERT_EQ(CHOSEN_ID, first->pid);
	partner_exit(first);
	second = partner_with(&options);
	ASSERT_EQ(CHOSEN_ID, second->pid);
	ASSERT_FAILS(WSAEINVAL, partner_import(second, &info, 0));
}

static void *tell_id(void *argument)
{
	pthread_mutex_t *both = argument;

	pthread_mutex_lock(&both[0]);
	pthread_mutex_unlock(&both[0]);
	return NULL;
}

static unsigned int other_thread;

static void *keep_thread(void *argument)
{
	other_thread = process_thread_id();
	pthread_mutex_unlock((pthread_mutex_t *)argument + 1);
	return tell_id(argument);
}

TEST_SHARED(W17_a_thread_is_no_target)
{
	pthread_mutex_t both[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
	SOCKET s = stream_listener();
	WSAPROTOCOL_INFOW info;
	pthread_t thread;
	int result, error;

	pthread_mutex_lock(&both[0]);
	pthread_mutex_lock(&both[1]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, keep_thread, both));
	pthread_mutex_lock(&both[1]);
	result = WSADuplicateSocketW(s, other_thread, &info);
	error = WSAGetLastError();
	pthread_mutex_unlock(&both[0]);
	pthread_join(thread, NULL);
	ASSERT_EQ(SOCKET_ERROR, result);
	ASSERT_EQ(WSAEINVAL, error);
}

static int import_error(void *info)
{
	return import(info) == INVALID_SOCKET ? WSAGetLastError() - WSABASEERR : 0;
}

TEST_SHARED(W36_a_forked_child_gets_nothing)
{
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), GetCurrentProcessId());

	ASSERT_EQ(WSAEINVAL - WSABASEERR, process_fork(import_error, &info));
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W40_without_a_free_descriptor)
{
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), GetCurrentProcessId());
	SOCKET s, made;
	int error;

	process_deny_descriptors();
	s = import(&info);
	error = WSAGetLastError();
	made = socket(AF_INET, SOCK_STREAM, 0);
	process_allow_descriptors();
	ASSERT_EQ(INVALID_SOCKET, s);
	ASSERT_EQ(WSAEMFILE, error);
	ASSERT_EQ(INVALID_SOCKET, made);
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W47_a_security_module_refuses)
{
	struct partner *partner = partner_start();
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), partner->pid);
	int hook;

	if (!hook_is_there())
		test_skip("the kernel has no BPF security module");
	hook = hook_refuse(partner->pid, -EACCES);
	ASSERT(hook >= 0);
	ASSERT_FAILS(WSAEACCES, partner_import(partner, &info, 0));
	process_close(hook);
	ASSERT_WORKS(partner_import(partner, &info, 0));
}

TEST_SHARED(W61_the_module_stays_while_a_token_lives)
{
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), GetCurrentProcessId());

	ASSERT(process_remove_module() != 0);
	ASSERT_WORKS(import(&info));
}

TEST_SHARED(W89_the_target_executes_a_program_before_the_import)
{
	struct process_options options = { .held = true };
	struct partner *partner = partner_with(&options);
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), partner->pid);

	process_release(partner->process);
	ASSERT_WORKS(partner_import(partner, &info, 0));
}

TEST_SHARED(W91_the_socket_stays_in_its_network)
{
	struct process_options options = { .other_network = true };
	struct partner *partner = partner_with(&options);
	SOCKET listener = stream_listener(), theirs, s;
	char byte = 0;

	/* Its own network has no loopback interface that is up. */
	s = partner_socket(partner, AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(SOCKET_ERROR, partner_connect(partner, s, port_of(listener)));
	theirs = partner_give(partner, listener);
	s = connect_to(port_of(listener));
	theirs = partner_accept(partner, theirs);
	ASSERT_WORKS(theirs);
	send_text(s, "x");
	ASSERT_EQ(1, partner_recv(partner, theirs, &byte, 1, 0));
	ASSERT_EQ('x', byte);
}

TEST_SHARED(W95_the_last_cleanup_closes_no_socket)
{
	struct partner *partner = partner_start();
	SOCKET ends[2], theirs;
	WSADATA data;

	stream_pair(ends);
	theirs = partner_give(partner, ends[0]);
	ASSERT_WORKS(WSACleanup());
	ASSERT_EQ(0, WSAStartup(MAKEWORD(2, 2), &data));
	pass_text(ends[0], ends[1]);
	ASSERT_EQ(4, partner_send(partner, theirs, "text", 4));
	receive_text(ends[1], "text");
}

TEST_SHARED(W105_a_socket_accepted_elsewhere_has_no_registration)
{
	struct partner *partner = partner_start();
	SOCKET listener = stream_listener(), theirs = partner_give(partner, listener), s;
	WSAEVENT event = new_event();
	WSANETWORKEVENTS happened;

	select_events(listener, event, FD_ACCEPT | FD_READ | FD_WRITE);
	s = connect_to(port_of(listener));
	ASSERT_EQ(FD_ACCEPT, take_events(listener, event).lNetworkEvents);
	theirs = partner_accept(partner, theirs);
	ASSERT_WORKS(theirs);
	send_text(s, "x");
	ASSERT_WORKS(partner_wait_readable(partner, theirs));
	assert_quiet(event);
	ASSERT_WORKS(partner_enum_events(partner, theirs, &happened));
	ASSERT_EQ(0, happened.lNetworkEvents);
	ASSERT_WORKS(partner_set_nonblocking(partner, theirs, 0));
}

static int receive_byte(void *s)
{
	char byte;

	return recv(*(SOCKET *)s, &byte, 1, 0) != 1;
}

TEST_SHARED(W104_a_receive_in_a_forked_child_counts)
{
	WSAEVENT event = new_event();
	SOCKET ends[2];

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	send_text(ends[1], "ab");
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
	ASSERT_EQ(0, process_fork(receive_byte, &ends[0]));
	ASSERT_EQ(FD_READ, take_events(ends[0], event).lNetworkEvents);
}

TEST_SHARED(W67_W80_a_sockets_number_remembers_nothing)
{
	WSAEVENT event = new_event();
	SOCKET ends[2], second;
	u_long off = 0;

	stream_pair(ends);
	select_events(ends[0], event, FD_READ);
	close_socket(ends[0]);
	/* Lower numbers may be free, too. */
	do
		second = new_socket(AF_INET, SOCK_STREAM);
	while (second < ends[0]);
	ASSERT_EQ(ends[0], second);
	ASSERT_WORKS(ioctlsocket(second, FIONBIO, &off));
	ASSERT_EQ(0, recorded(second));
}

TEST(W103_a_child_inherits_by_default)
{
	SOCKET ends[2];

	stream_pair(ends);
	send_text(ends[1], "x");
	ASSERT_EQ(0, process_fork(receive_byte, &ends[0]));
}

TEST(W116_a_free_number_zero_is_passed_over)
{
	WSAEVENT event;
	BOOL closed;
	SOCKET s;

	process_free_zero();
	s = socket(AF_INET, SOCK_STREAM, 0);
	event = WSACreateEvent();
	closed = WSACloseEvent(event);
	process_restore_zero();
	ASSERT_WORKS(s);
	ASSERT(s != 0);
	ASSERT(event);
	ASSERT(closed);
	close_socket(s);
}

TEST_SHARED(W116_no_imported_socket_is_zero)
{
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), GetCurrentProcessId());
	SOCKET s;

	process_free_zero();
	s = import(&info);
	process_restore_zero();
	ASSERT_WORKS(s);
	ASSERT(s != 0);
	close_socket(s);
}

TEST_SHARED(W40_W116_with_number_zero_alone)
{
	WSAPROTOCOL_INFOW info = token_for(stream_listener(), GetCurrentProcessId());
	SOCKET s;
	int error;

	process_free_zero_alone();
	s = import(&info);
	error = WSAGetLastError();
	process_allow_others();
	ASSERT_EQ(INVALID_SOCKET, s);
	ASSERT_EQ(WSAEMFILE, error);
	ASSERT_WORKS(import(&info));
}

TEST(W116_no_connection_is_lost_for_number_zero)
{
	SOCKET listener = stream_listener(), s;
	int error;

	connect_to(port_of(listener));
	process_free_zero_alone();
	s = accept(listener, NULL, NULL);
	error = WSAGetLastError();
	process_allow_others();
	ASSERT_EQ(INVALID_SOCKET, s);
	ASSERT_EQ(WSAEMFILE, error);
	set_nonblocking(listener);
	ASSERT_WORKS(accept(listener, NULL, NULL));
}
