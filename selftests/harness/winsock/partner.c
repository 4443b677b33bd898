// SPDX-License-Identifier: GPL-2.0-only
#include "partner.h"

#include <pthread.h>

#include "test.h"
#include "world.h"

#define PARTNERS	8
#define DATA_SIZE	1024

enum call {
	DO_DUPLICATE,
	DO_DUPLICATE_AT,
	DO_IMPORT,
	DO_IMPORT_BY_THREAD,
	DO_IMPORT_AT,
	DO_SOCKET_NEW,
	DO_CLOSE,
	DO_BIND,
	DO_LISTEN,
	DO_ACCEPT,
	DO_CONNECT,
	DO_SEND,
	DO_RECV,
	DO_SHUTDOWN,
	DO_SETSOCKOPT,
	DO_GETSOCKOPT,
	DO_SET_NONBLOCKING,
	DO_WAIT_READABLE,
	DO_EVENT_SELECT,
	DO_ENUM_EVENTS,
	DO_ENUM_EVENTS_AT,
	DO_WAIT_EVENT,
};

struct request {
	enum call call;
	int size;
	SOCKET socket;
	int arguments[3];
	DWORD flags;
	char data[DATA_SIZE];
};

/* A partner that crashes may write other things. */
#define REPLY_MAGIC	0x7265706c

struct reply {
	unsigned int magic;
	SOCKET value;
	int error;
	int size;
	char data[DATA_SIZE];
};

static struct partner partners[PARTNERS];

static SOCKET import(const struct request *request)
{
	WSAPROTOCOL_INFOW info;

	memcpy(&info, request->data, sizeof(info));
	return WSASocketW(request->arguments[0], request->arguments[1],
			  request->arguments[2], &info, 0, request->flags);
}

struct thread_import {
	const struct request *request;
	SOCKET socket;
	int error;
};

static void *import_in_thread(void *argument)
{
	struct thread_import *thread = argument;

	thread->socket = import(thread->request);
	thread->error = WSAGetLastError();
	return NULL;
}

static SOCKET import_by_thread(const struct request *request)
{
	struct thread_import thread = { .request = request };
	pthread_t id;

	pthread_create(&id, NULL, import_in_thread, &thread);
	pthread_join(id, NULL);
	WSASetLastError(thread.error);
	return thread.socket;
}

static int wait_readable(SOCKET s)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(s, &readable);
	return select(0, &readable, NULL, NULL, NULL);
}

static SOCKET serve(const struct request *request, struct reply *reply, WSAEVENT event)
{
	const int *argument = request->arguments;
	u_long nonblocking = argument[0];
	SOCKET s = request->socket;
	int size = sizeof(int);

	switch (request->call) {
	case DO_DUPLICATE:
		reply->size = sizeof(WSAPROTOCOL_INFOW);
		return WSADuplicateSocketW(s, request->flags,
					   (WSAPROTOCOL_INFOW *)reply->data);
	case DO_DUPLICATE_AT:
		return WSADuplicateSocketW(s, request->flags,
					   (WSAPROTOCOL_INFOW *)(intptr_t)argument[0]);
	case DO_IMPORT:
		return import(request);
	case DO_IMPORT_BY_THREAD:
		return import_by_thread(request);
	case DO_IMPORT_AT:
		return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
				  FROM_PROTOCOL_INFO,
				  (WSAPROTOCOL_INFOW *)(intptr_t)argument[0], 0, 0);
	case DO_SOCKET_NEW:
		return socket(argument[0], argument[1], argument[2]);
	case DO_CLOSE:
		return closesocket(s);
	case DO_BIND:
		return bind_to(s, argument[0]);
	case DO_LISTEN:
		return listen(s, SOMAXCONN);
	case DO_ACCEPT:
		return accept(s, NULL, NULL);
	case DO_CONNECT:
		return connect_socket(s, argument[0]);
	case DO_SEND:
		return send(s, request->data, request->size, 0);
	case DO_RECV:
		reply->size = argument[0];
		return recv(s, reply->data, argument[0], argument[1]);
	case DO_SHUTDOWN:
		return shutdown(s, argument[0]);
	case DO_SETSOCKOPT:
		return setsockopt(s, argument[0], argument[1],
				  (const char *)&argument[2], sizeof(int));
	case DO_GETSOCKOPT:
		reply->size = sizeof(int);
		return getsockopt(s, argument[0], argument[1], reply->data, &size);
	case DO_SET_NONBLOCKING:
		return ioctlsocket(s, FIONBIO, &nonblocking);
	case DO_WAIT_READABLE:
		return wait_readable(s);
	case DO_EVENT_SELECT:
		return WSAEventSelect(s, event, argument[0]);
	case DO_ENUM_EVENTS:
		reply->size = sizeof(WSANETWORKEVENTS);
		return WSAEnumNetworkEvents(s, event, (WSANETWORKEVENTS *)reply->data);
	case DO_ENUM_EVENTS_AT:
		return WSAEnumNetworkEvents(s, event,
					    (WSANETWORKEVENTS *)(intptr_t)argument[0]);
	case DO_WAIT_EVENT:
		return WSAWaitForMultipleEvents(1, &event, TRUE, request->flags, FALSE);
	}
	return INVALID_SOCKET;
}

int partner_main(void)
{
	struct request request;
	struct reply reply;
	WSAEVENT event;
	WSADATA data;

	if (WSAStartup(MAKEWORD(2, 2), &data))
		return 1;
	event = WSACreateEvent();
	while (process_read_input(&request, sizeof(request))) {
		memset(&reply, 0, sizeof(reply));
		WSASetLastError(0);
		reply.value = serve(&request, &reply, event);
		reply.error = WSAGetLastError();
		reply.magic = REPLY_MAGIC;
		if (!process_write_output(&reply, sizeof(reply)))
			return 1;
	}
	return 0;
}

struct partner *partner_adopt(struct process *process)
{
	struct partner *partner = partners;

	ASSERT(process);
	while (partner->process)
		partner++;
	partner->process = process;
	partner->pid = process_id(process);
	return partner;
}

struct partner *partner_start(void)
{
	return partner_adopt(process_start("partner"));
}

void partner_exit(struct partner *partner)
{
	process_end(partner->process);
	partner->process = NULL;
}

void partner_end_all(void)
{
	int i;

	for (i = 0; i < PARTNERS; i++)
		if (partners[i].process)
			partner_exit(&partners[i]);
}

/* What the reply brings is for @data, of at most @size bytes. */
static SOCKET ask(struct partner *partner, const struct request *request, void *data,
		  int size)
{
	struct reply reply;

	ASSERT(process_write(partner->process, request, sizeof(*request)));
	ASSERT(process_read(partner->process, &reply, sizeof(reply)));
	ASSERT_EQ(REPLY_MAGIC, reply.magic);
	if (data && reply.value != INVALID_SOCKET)
		memcpy(data, reply.data, size < reply.size ? size : reply.size);
	WSASetLastError(reply.error);
	return reply.value;
}

static int ask_simply(struct partner *partner, enum call call, SOCKET s, int first,
		      int second, int third)
{
	struct request request = {
		.call = call,
		.socket = s,
		.arguments = { first, second, third },
	};

	return ask(partner, &request, NULL, 0);
}

int partner_duplicate(struct partner *partner, SOCKET s, DWORD pid,
		      WSAPROTOCOL_INFOW *info)
{
	struct request request = { .call = DO_DUPLICATE, .socket = s, .flags = pid };

	return ask(partner, &request, info, sizeof(*info));
}

int partner_duplicate_at(struct partner *partner, SOCKET s, DWORD pid, int address)
{
	struct request request = {
		.call = DO_DUPLICATE_AT,
		.socket = s,
		.flags = pid,
		.arguments = { address },
	};

	return ask(partner, &request, NULL, 0);
}

SOCKET partner_import_as(struct partner *partner, int family, int type, int protocol,
			 const WSAPROTOCOL_INFOW *info, DWORD flags)
{
	struct request request = {
		.call = DO_IMPORT,
		.arguments = { family, type, protocol },
		.flags = flags,
	};

	memcpy(request.data, info, sizeof(*info));
	return ask(partner, &request, NULL, 0);
}

SOCKET partner_import(struct partner *partner, const WSAPROTOCOL_INFOW *info,
		      DWORD flags)
{
	return partner_import_as(partner, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
				 FROM_PROTOCOL_INFO, info, flags);
}

SOCKET partner_import_by_thread(struct partner *partner, const WSAPROTOCOL_INFOW *info)
{
	struct request request = { .call = DO_IMPORT_BY_THREAD };

	memcpy(request.data, info, sizeof(*info));
	return ask(partner, &request, NULL, 0);
}

SOCKET partner_import_at(struct partner *partner, int address)
{
	struct request request = { .call = DO_IMPORT_AT, .arguments = { address } };

	return ask(partner, &request, NULL, 0);
}

SOCKET partner_give(struct partner *partner, SOCKET s)
{
	WSAPROTOCOL_INFOW info;
	SOCKET there;

	ASSERT_WORKS(WSADuplicateSocketW(s, partner->pid, &info));
	there = partner_import(partner, &info, 0);
	ASSERT_WORKS(there);
	return there;
}

SOCKET partner_socket(struct partner *partner, int family, int type, int protocol)
{
	struct request request = {
		.call = DO_SOCKET_NEW,
		.arguments = { family, type, protocol },
	};

	return ask(partner, &request, NULL, 0);
}

int partner_close(struct partner *partner, SOCKET s)
{
	return ask_simply(partner, DO_CLOSE, s, 0, 0, 0);
}

int partner_bind(struct partner *partner, SOCKET s)
{
	return ask_simply(partner, DO_BIND, s, 0, 0, 0);
}

int partner_listen(struct partner *partner, SOCKET s)
{
	return ask_simply(partner, DO_LISTEN, s, 0, 0, 0);
}

SOCKET partner_accept(struct partner *partner, SOCKET s)
{
	struct request request = { .call = DO_ACCEPT, .socket = s };

	return ask(partner, &request, NULL, 0);
}

int partner_connect(struct partner *partner, SOCKET s, unsigned short port)
{
	return ask_simply(partner, DO_CONNECT, s, port, 0, 0);
}

int partner_send(struct partner *partner, SOCKET s, const void *data, int size)
{
	struct request request = { .call = DO_SEND, .socket = s, .size = size };

	memcpy(request.data, data, size);
	return ask(partner, &request, NULL, 0);
}

int partner_recv(struct partner *partner, SOCKET s, void *data, int size, int flags)
{
	struct request request = {
		.call = DO_RECV,
		.socket = s,
		.arguments = { size, flags },
	};

	return ask(partner, &request, data, size);
}

int partner_shutdown(struct partner *partner, SOCKET s, int how)
{
	return ask_simply(partner, DO_SHUTDOWN, s, how, 0, 0);
}

int partner_setsockopt(struct partner *partner, SOCKET s, int level, int name, int value)
{
	return ask_simply(partner, DO_SETSOCKOPT, s, level, name, value);
}

int partner_getsockopt(struct partner *partner, SOCKET s, int level, int name,
		       int *value)
{
	struct request request = {
		.call = DO_GETSOCKOPT,
		.socket = s,
		.arguments = { level, name },
	};

	return ask(partner, &request, value, sizeof(*value));
}

int partner_set_nonblocking(struct partner *partner, SOCKET s, int nonblocking)
{
	return ask_simply(partner, DO_SET_NONBLOCKING, s, nonblocking, 0, 0);
}

int partner_wait_readable(struct partner *partner, SOCKET s)
{
	return ask_simply(partner, DO_WAIT_READABLE, s, 0, 0, 0);
}

int partner_event_select(struct partner *partner, SOCKET s, long mask)
{
	return ask_simply(partner, DO_EVENT_SELECT, s, mask, 0, 0);
}

int partner_enum_events(struct partner *partner, SOCKET s, WSANETWORKEVENTS *happened)
{
	struct request request = { .call = DO_ENUM_EVENTS, .socket = s };

	return ask(partner, &request, happened, sizeof(*happened));
}

int partner_enum_events_at(struct partner *partner, SOCKET s, int address)
{
	return ask_simply(partner, DO_ENUM_EVENTS_AT, s, address, 0, 0);
}

int partner_wait_event(struct partner *partner, unsigned int milliseconds)
{
	struct request request = { .call = DO_WAIT_EVENT, .flags = milliseconds };

	return ask(partner, &request, NULL, 0);
}
