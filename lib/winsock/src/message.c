// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages. Linux has no windows: a queue stands for one. Its descriptor is the
 * event object of all sockets whose messages go there. The thread that takes
 * messages asks the kernel what was recorded of each of them.
 *
 * A queue knows its sockets by the kernel's own number of each, which no other
 * socket ever has: a descriptor may be closed and be another socket by now.
 */

#include "posix.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include <sockdup.h>

#include "descriptor.h"
#include "error.h"
#include "event.h"
#include "message.h"
#include "network_events.h"
#include "startup.h"

/* A socket whose messages go to a queue. */
struct source {
	struct source *next;
	SOCKET s;
	__u64 cookie;
	UINT message;
};

/* What was recorded of a socket: a message for each of the events. */
struct record {
	struct record *next;
	SOCKET s;
	UINT message;
	DWORD time;
	struct sockdup_network_events happened;
};

/**
 * struct sockdup_ws_window - a queue
 * @next: in the list of all
 * @thread: made it, and alone takes messages from it; the queue ends with this thread
 * @event: an eventfd
 * @sources: where messages come from
 * @first: the oldest record that is not used up
 * @last: where the next record goes
 */
struct sockdup_ws_window {
	struct sockdup_ws_window *next;
	pid_t thread;
	int event;
	struct source *sources;
	struct record *first;
	struct record **last;
};

/* The order of messages that were recorded together. */
static const long order[] = {
	FD_CONNECT, FD_ACCEPT, FD_WRITE, FD_OOB, FD_READ, FD_CLOSE,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sockdup_ws_window *windows;	/* @lock covers all of it */
static int cancel_state;			/* of who holds it */
/* A thread that has made a queue has a value under this key. */
static pthread_key_t queues_key;

/* A thread that is cancelled while it holds the lock would keep it. */
void ws_messages_lock(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&lock);
	cancel_state = state;
}

void ws_messages_unlock(void)
{
	int state = cancel_state;

	pthread_mutex_unlock(&lock);
	pthread_setcancelstate(state, NULL);
}

/* The queues of its parent are of no use to a child, and none of its threads has one. */
static void after_fork(void)
{
	windows = NULL;
	ws_messages_unlock();
}

static void destroy_queues(void *unused);

/*
 * A child gets the lock free. It is taken before that of the library below, which a
 * holder may call: what is registered last is called first.
 */
static void __attribute__((constructor)) messages_init(void)
{
	pthread_atfork(ws_messages_lock, ws_messages_unlock, after_fork);
	pthread_key_create(&queues_key, destroy_queues);
}

static void __attribute__((destructor)) messages_exit(void)
{
	pthread_key_delete(queues_key);
}

static __u64 cookie_of(SOCKET s)
{
	__u64 cookie;
	unsigned int size = sizeof(cookie);

	return posix_getsockopt(ws_fd(s), LINUX_SOL_SOCKET, LINUX_SO_COOKIE,
				&cookie, &size) ? 0 : cookie;
}

static DWORD milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (DWORD)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Queue what was recorded; false where the source has no registration now. */
static bool collect(struct sockdup_ws_window *window,
		    const struct source *source)
{
	struct record *record;

	if (cookie_of(source->s) != source->cookie)
		return false;
	/* Before the kernel clears it: without memory it stays there. */
	record = calloc(1, sizeof(*record));
	if (!record)
		return true;
	if (sockdup_event_enumerate(ws_fd(source->s), SOCKDUP_EVENT_KEEP_SET,
				    &record->happened)) {
		free(record);
		return false;
	}
	if (!record->happened.events) {
		free(record);
		return true;
	}
	record->s = source->s;
	record->message = source->message;
	record->time = milliseconds_now();
	*window->last = record;
	window->last = &record->next;
	return true;
}

static void remove_source(struct source **link)
{
	struct source *source = *link;

	*link = source->next;
	free(source);
}

/* First reset, then look: what comes meanwhile sets it again. */
static void collect_all(struct sockdup_ws_window *window)
{
	struct source **link = &window->sources;

	ws_event_reset(window->event);
	while (*link) {
		if (collect(window, *link))
			link = &(*link)->next;
		else
			remove_source(link);
	}
}

/* Where the socket's messages go, and @window, whose they are; or NULL. */
static struct source **find_source(SOCKET s, struct sockdup_ws_window **window)
{
	struct source **link;
	__u64 cookie;

	if (!windows)
		return NULL;
	cookie = cookie_of(s);
	for (*window = windows; *window; *window = (*window)->next)
		for (link = &(*window)->sources; *link; link = &(*link)->next)
			if ((*link)->cookie == cookie)
				return link;
	return NULL;
}

void ws_messages_collect(SOCKET s)
{
	struct sockdup_ws_window *window;
	struct source **link = find_source(s, &window);

	if (link)
		collect(window, *link);
}

void ws_messages_forget(SOCKET s)
{
	struct sockdup_ws_window *window;
	struct source **link = find_source(s, &window);

	if (link)
		remove_source(link);
}

/* The registration is cancelled, if it still is the one for this queue. */
static void cancel(struct source *source)
{
	struct sockdup_registration registration;

	if (cookie_of(source->s) == source->cookie &&
	    !sockdup_event_query(ws_fd(source->s), &registration) &&
	    registration.own)
		sockdup_event_select(ws_fd(source->s), -1, 0,
				     SOCKDUP_EVENT_KIND_MESSAGE);
}

/*
 * A message names its socket by the descriptor, which is another socket's at once.
 * Nobody has asked for messages under another number, so these end with it.
 */
void ws_messages_end(SOCKET s)
{
	struct sockdup_ws_window *window;
	struct source **link;

	ws_messages_lock();
	link = find_source(s, &window);
	if (link && (*link)->s == s) {
		cancel(*link);
		remove_source(link);
	}
	ws_messages_unlock();
}

static struct source *new_source(SOCKET s, UINT message)
{
	struct source *source = malloc(sizeof(*source));

	if (source)
		*source = (struct source){ NULL, s, cookie_of(s), message };
	return source;
}

static void add_source(struct sockdup_ws_window *window, struct source *source)
{
	source->next = window->sources;
	window->sources = source;
}

bool ws_messages_inherit(SOCKET listener, SOCKET s)
{
	struct sockdup_ws_window *window;
	struct source **link = find_source(listener, &window), *source;

	if (!link)
		return true;
	source = new_source(s, (*link)->message);
	if (source)
		add_source(window, source);
	return source;
}

static struct sockdup_ws_window *find_window(HWND window)
{
	struct sockdup_ws_window *found;

	for (found = windows; found && found != window;)
		found = found->next;
	return found;
}

/* 0 or an error of Winsock's. The caller holds the lock. */
static int select_messages(SOCKET s, HWND name, UINT message, long events)
{
	struct sockdup_ws_window *window = find_window(name);
	struct source *source = NULL;
	int error;

	if (events && !window)
		return WSAEINVAL;
	if (events) {
		source = new_source(s, message);
		if (!source)
			return WSAENOBUFS;
	}
	ws_messages_collect(s);
	error = ws_register(s, events ? window->event : -1, events,
			    SOCKDUP_EVENT_KIND_MESSAGE);
	if (error) {
		free(source);
		return error;
	}
	ws_messages_forget(s);
	if (source)
		add_source(window, source);
	return 0;
}

int WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events)
{
	int error;

	if (!ws_ready())
		return SOCKET_ERROR;
	error = ws_check_events(s, events);
	if (!error) {
		ws_messages_lock();
		error = select_messages(s, window, message, events);
		ws_messages_unlock();
	}
	return error ? ws_fail(error) : 0;
}

static long first_of(const struct record *record)
{
	size_t i = 0;

	while (!(record->happened.events & order[i]))
		i++;
	return order[i];
}

static void fill(MSG *message, struct sockdup_ws_window *window,
		 const struct record *record, long event)
{
	int number = record->happened.errors[__builtin_ctzl(event)];

	*message = (MSG){
		.hwnd = window,
		.message = record->message,
		.wParam = record->s,
		.lParam = WSAMAKESELECTREPLY(event,
					     ws_happened_error(event, number)),
		.time = record->time,
	};
}

static void use_up(struct sockdup_ws_window *window, struct record **link,
		   long event)
{
	struct record *record = *link;

	record->happened.events &= ~event;
	if (record->happened.events)
		return;
	*link = record->next;
	if (!*link)
		window->last = link;
	free(record);
}

/**
 * struct wish - which messages a caller takes
 * @window: one queue, or NULL for all of the thread
 * @first: of the message's number
 * @last: likewise; 0 and 0 is all
 * @remove: takes it out of the queue
 */
struct wish {
	HWND window;
	UINT first;
	UINT last;
	bool remove;
};

static bool is_wished(const struct wish *wish, UINT message)
{
	if (!wish->first && !wish->last)
		return true;
	return message >= wish->first && message <= wish->last;
}

static bool take_from(struct sockdup_ws_window *window, const struct wish *wish,
		      MSG *message)
{
	struct record **link = &window->first;
	long event;

	while (*link && !is_wished(wish, (*link)->message))
		link = &(*link)->next;
	if (!*link)
		return false;
	event = first_of(*link);
	fill(message, window, *link, event);
	if (wish->remove)
		use_up(window, link, event);
	return true;
}

/* The next queue that the caller may take from, after @window. */
static struct sockdup_ws_window *
next_window(const struct wish *wish, struct sockdup_ws_window *window)
{
	pid_t thread = gettid();

	for (window = window ? window->next : windows; window;
	     window = window->next)
		if (window->thread == thread &&
		    (!wish->window || wish->window == window))
			return window;
	return NULL;
}

static bool take(const struct wish *wish, MSG *message)
{
	struct sockdup_ws_window *window = NULL;

	while ((window = next_window(wish, window))) {
		if (take_from(window, wish, message))
			return true;
		collect_all(window);
		if (take_from(window, wish, message))
			return true;
	}
	return false;
}

/* As far as they have messages, after collect_all() has reset them. */
static void set_events(const struct wish *wish)
{
	struct sockdup_ws_window *window = NULL;

	while ((window = next_window(wish, window)))
		if (window->first)
			ws_event_set(window->event);
}

/* Until something happens that collect_all() has not seen. */
static void wait_for_queues(const struct wish *wish)
{
	struct sockdup_ws_window *window = NULL;
	nfds_t count = 0;

	ws_messages_lock();
	while ((window = next_window(wish, window)))
		count++;

	struct pollfd pollers[count + 1];

	for (count = 0; (window = next_window(wish, window)); count++)
		pollers[count] = (struct pollfd){
			.fd = window->event,
			.events = POLLIN,
		};
	ws_messages_unlock();
	poll(pollers, count, -1);
}

static bool is_bad(const struct wish *wish, const MSG *message)
{
	bool unknown;

	ws_messages_lock();
	unknown = wish->window && !next_window(wish, NULL);
	ws_messages_unlock();
	if (unknown)
		SetLastError(ERROR_INVALID_WINDOW_HANDLE);
	else if (!message)
		SetLastError(ERROR_INVALID_PARAMETER);
	return unknown || !message;
}

BOOL GetMessageA(LPMSG message, HWND window, UINT first, UINT last)
{
	const struct wish wish = { window, first, last, true };
	bool taken;

	if (is_bad(&wish, message))
		return -1;
	for (;;) {
		ws_messages_lock();
		taken = take(&wish, message);
		if (taken)
			set_events(&wish);
		ws_messages_unlock();
		if (taken)
			return message->message != WM_QUIT;
		wait_for_queues(&wish);
	}
}

BOOL GetMessageW(LPMSG message, HWND window, UINT first, UINT last)
{
	return GetMessageA(message, window, first, last);
}

BOOL PeekMessageA(LPMSG message, HWND window, UINT first, UINT last,
		  UINT remove)
{
	const struct wish wish = { window, first, last, remove & PM_REMOVE };
	bool taken;

	if (is_bad(&wish, message))
		return FALSE;
	ws_messages_lock();
	taken = take(&wish, message);
	set_events(&wish);
	ws_messages_unlock();
	return taken;
}

BOOL PeekMessageW(LPMSG message, HWND window, UINT first, UINT last,
		  UINT remove)
{
	return PeekMessageA(message, window, first, last, remove);
}

static struct sockdup_ws_window *new_window(void)
{
	struct sockdup_ws_window *window = calloc(1, sizeof(*window));

	if (!window)
		return NULL;
	window->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (window->event < 0) {
		free(window);
		return NULL;
	}
	window->thread = gettid();
	window->last = &window->first;
	return window;
}

HWND sockdup_ws_make_queue(void)
{
	struct sockdup_ws_window *window = new_window();

	if (!window) {
		SetLastError(errno == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY :
					       ERROR_TOO_MANY_OPEN_FILES);
		return NULL;
	}
	pthread_setspecific(queues_key, window);
	ws_messages_lock();
	window->next = windows;
	windows = window;
	ws_messages_unlock();
	return window;
}

int sockdup_ws_queue_fd(HWND name)
{
	struct sockdup_ws_window *window;

	ws_messages_lock();
	window = find_window(name);
	ws_messages_unlock();
	if (window)
		return window->event;
	SetLastError(ERROR_INVALID_WINDOW_HANDLE);
	return -1;
}

static void destroy(struct sockdup_ws_window *window)
{
	struct record *record;

	while (window->sources) {
		cancel(window->sources);
		remove_source(&window->sources);
	}
	while ((record = window->first)) {
		window->first = record->next;
		free(record);
	}
	close(window->event);
	free(window);
}

/* One that @wish names; false where there is none. The caller holds the lock. */
static bool destroy_next(const struct wish *wish)
{
	struct sockdup_ws_window *found = next_window(wish, NULL), **link = &windows;

	if (!found)
		return false;
	while (*link != found)
		link = &(*link)->next;
	*link = found->next;
	destroy(found);
	return true;
}

/* At the end of a thread. */
static void destroy_queues(void *unused)
{
	const struct wish all = { };

	ws_messages_lock();
	while (destroy_next(&all))
		;
	ws_messages_unlock();
}

BOOL DestroyWindow(HWND window)
{
	const struct wish wish = { .window = window };
	bool destroyed;

	ws_messages_lock();
	destroyed = window && destroy_next(&wish);
	ws_messages_unlock();
	if (!destroyed)
		SetLastError(ERROR_INVALID_WINDOW_HANDLE);
	return destroyed;
}
