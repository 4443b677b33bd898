// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * getsockopt() and setsockopt(): Winsock's options of SOL_SOCKET. Options of
 * protocols have Linux' numbers and meaning.
 */

#include "posix.h"

#include <sys/time.h>

#include "catalogue.h"
#include "descriptor.h"
#include "error.h"
#include "mark.h"
#include "startup.h"

/* Each of these returns 0 or an error of Winsock's. */

static int get_linux(int fd, int option, void *value, size_t size)
{
	unsigned int length = size;

	if (posix_getsockopt(fd, LINUX_SOL_SOCKET, option, value, &length))
		return ws_error_of(errno, NULL);
	return 0;
}

static int set_linux(int fd, int option, const void *value, size_t size)
{
	if (posix_setsockopt(fd, LINUX_SOL_SOCKET, option, value, size))
		return ws_error_of(errno, NULL);
	return 0;
}

/* A BOOL may come and go as its first byte. */
static int give_bool(bool is_set, char *value, int *size)
{
	BOOL whole = is_set;

	if (*size < 1)
		return WSAEFAULT;
	*size = *size < (int)sizeof(whole) ? 1 : sizeof(whole);
	memcpy(value, &whole, *size);
	return 0;
}

static int take_bool(const char *value, int size, int *is_set)
{
	BOOL whole = 0;

	if (size < 1)
		return WSAEFAULT;
	memcpy(&whole, value, size < (int)sizeof(whole) ? 1 : sizeof(whole));
	*is_set = !!whole;
	return 0;
}

static int give(const void *from, size_t needed, char *value, int *size)
{
	if (*size < (int)needed)
		return WSAEFAULT;
	memcpy(value, from, needed);
	*size = needed;
	return 0;
}

static int get_bool(int fd, int option, char *value, int *size)
{
	int number = 0, error = get_linux(fd, option, &number, sizeof(number));

	return error ? error : give_bool(number, value, size);
}

static int set_bool(int fd, int option, const char *value, int size)
{
	int is_set, error = take_bool(value, size, &is_set);

	return error ? error : set_linux(fd, option, &is_set, sizeof(is_set));
}

/* What the program has set; see bind(). */
static int get_reuse(int fd, int option, char *value, int *size)
{
	int number = 0, error = get_linux(fd, option, &number, sizeof(number));

	return error ? error :
		       give_bool(number && !ws_is_marked(fd, WS_MARK_REUSE),
				 value, size);
}

static int set_reuse(int fd, int option, const char *value, int size)
{
	int error = set_bool(fd, option, value, size);

	if (!error && ws_is_marked(fd, WS_MARK_REUSE))
		ws_mark(fd, WS_MARK_REUSE, false);
	return error;
}

static int get_int(int fd, int option, char *value, int *size)
{
	int number, error = get_linux(fd, option, &number, sizeof(number));

	return error ? error : give(&number, sizeof(number), value, size);
}

/* Linux reports twice what was set, as it counts its own needs. */
static int get_buffer(int fd, int option, char *value, int *size)
{
	int number = 0, error = get_linux(fd, option, &number, sizeof(number));

	number /= 2;
	return error ? error : give(&number, sizeof(number), value, size);
}

static int set_int(int fd, int option, const char *value, int size)
{
	int number;

	if (size < (int)sizeof(number))
		return WSAEFAULT;
	memcpy(&number, value, sizeof(number));
	return set_linux(fd, option, &number, sizeof(number));
}

static int get_error(int fd, int option, char *value, int *size)
{
	int number, error;

	if (*size < (int)sizeof(number))
		return WSAEFAULT;
	error = get_linux(fd, option, &number, sizeof(number));
	if (error)
		return error;
	number = number ? ws_error_of(number, NULL) : 0;
	return give(&number, sizeof(number), value, size);
}

/* Times: a DWORD of milliseconds, and a struct timeval for Linux. */

static int get_time(int fd, int option, char *value, int *size)
{
	struct timeval time = { };
	int error = get_linux(fd, option, &time, sizeof(time));
	DWORD milliseconds = time.tv_sec * 1000 + (time.tv_usec + 999) / 1000;

	return error ? error :
		       give(&milliseconds, sizeof(milliseconds), value, size);
}

static int set_time(int fd, int option, const char *value, int size)
{
	struct timeval time;
	DWORD milliseconds;

	if (size < (int)sizeof(milliseconds))
		return WSAEFAULT;
	memcpy(&milliseconds, value, sizeof(milliseconds));
	/* For ever. */
	if (milliseconds == INFINITE)
		milliseconds = 0;
	time = (struct timeval){
		.tv_sec = milliseconds / 1000,
		.tv_usec = milliseconds % 1000 * 1000,
	};
	return set_linux(fd, option, &time, sizeof(time));
}

/* A struct linger is as on Linux, since POSIX code shares it. */

static int get_linger(int fd, int option, char *value, int *size)
{
	struct linger linger;
	int error = get_linux(fd, option, &linger, sizeof(linger));

	return error ? error : give(&linger, sizeof(linger), value, size);
}

static int set_linger(int fd, int option, const char *value, int size)
{
	if (size < (int)sizeof(struct linger))
		return WSAEFAULT;
	return set_linux(fd, option, value, sizeof(struct linger));
}

static int get_no_linger(int fd, int option, char *value, int *size)
{
	struct linger linger;
	int error = get_linux(fd, option, &linger, sizeof(linger));

	return error ? error : give_bool(!linger.l_onoff, value, size);
}

static int set_no_linger(int fd, int option, const char *value, int size)
{
	struct linger linger = { };
	int is_set, error = take_bool(value, size, &is_set);

	if (error)
		return error;
	linger.l_onoff = !is_set;
	return set_linux(fd, option, &linger, sizeof(linger));
}

/*
 * Linux keeps others from an address that is in use, unless they and its owner
 * have SO_REUSEADDR and none of them is a stream that listens.
 */
static int get_exclusive(int fd, int option, char *value, int *size)
{
	int reuse, error = get_linux(fd, option, &reuse, sizeof(reuse));

	return error ? error :
		       give_bool(!reuse || ws_is_stream(fd), value, size);
}

static int set_exclusive(int fd, int option, const char *value, int size)
{
	int reuse, is_set, error = take_bool(value, size, &is_set);

	if (!error)
		error = get_linux(fd, option, &reuse, sizeof(reuse));
	if (error)
		return error;
	if (is_set && reuse && !ws_is_marked(fd, WS_MARK_REUSE))
		return WSAEINVAL;
	if (ws_is_stream(fd))
		ws_mark(fd, WS_MARK_EXCLUSIVE, is_set);
	return 0;
}

static int get_info(int fd, char *value, int *size, bool wide)
{
	WSAPROTOCOL_INFOA narrow_form;
	WSAPROTOCOL_INFOW wide_form;
	int needed = wide ? sizeof(wide_form) : sizeof(narrow_form);

	if (*size < needed) {
		*size = needed;
		return WSAEFAULT;
	}
	if (ws_describe_socket(&wide_form, fd))
		return ws_error_of(errno, NULL);
	if (wide)
		return give(&wide_form, needed, value, size);
	ws_narrow(&narrow_form, &wide_form);
	return give(&narrow_form, needed, value, size);
}

static int get_info_narrow(int fd, int option, char *value, int *size)
{
	return get_info(fd, value, size, false);
}

static int get_info_wide(int fd, int option, char *value, int *size)
{
	return get_info(fd, value, size, true);
}

static int get_message_size(int fd, int option, char *value, int *size)
{
	WSAPROTOCOL_INFOW info;

	if (ws_describe_socket(&info, fd))
		return ws_error_of(errno, NULL);
	return give(&info.dwMessageSize, sizeof(DWORD), value, size);
}

struct option {
	int winsock;
	int linux_option;
	int (*get)(int fd, int option, char *value, int *size);
	int (*set)(int fd, int option, const char *value, int size);
};

/* Without a function, WSAENOPROTOOPT. */
static const struct option options[] = {
	{ SO_ACCEPTCONN, LINUX_SO_ACCEPTCONN, get_bool, NULL },
	{ SO_BROADCAST, LINUX_SO_BROADCAST, get_bool, set_bool },
	{ SO_DEBUG, LINUX_SO_DEBUG, get_bool, set_bool },
	{ SO_DONTLINGER, LINUX_SO_LINGER, get_no_linger, set_no_linger },
	{ SO_DONTROUTE, LINUX_SO_DONTROUTE, get_bool, set_bool },
	{ SO_ERROR, LINUX_SO_ERROR, get_error, NULL },
	{ SO_EXCLUSIVEADDRUSE, LINUX_SO_REUSEADDR, get_exclusive,
	  set_exclusive },
	{ SO_KEEPALIVE, LINUX_SO_KEEPALIVE, get_bool, set_bool },
	{ SO_LINGER, LINUX_SO_LINGER, get_linger, set_linger },
	{ SO_MAX_MSG_SIZE, 0, get_message_size, NULL },
	{ SO_OOBINLINE, LINUX_SO_OOBINLINE, get_bool, set_bool },
	{ SO_PROTOCOL_INFOA, 0, get_info_narrow, NULL },
	{ SO_PROTOCOL_INFOW, 0, get_info_wide, NULL },
	{ SO_RCVBUF, LINUX_SO_RCVBUF, get_buffer, set_int },
	{ SO_RCVTIMEO, LINUX_SO_RCVTIMEO, get_time, set_time },
	{ SO_REUSEADDR, LINUX_SO_REUSEADDR, get_reuse, set_reuse },
	{ SO_SNDBUF, LINUX_SO_SNDBUF, get_buffer, set_int },
	{ SO_SNDTIMEO, LINUX_SO_SNDTIMEO, get_time, set_time },
	{ SO_TYPE, LINUX_SO_TYPE, get_int, NULL },
};

static const struct option *find(int winsock)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].winsock == winsock)
			return &options[i];
	return NULL;
}

/* Of an option below SOL_SOCKET's level, by errno. */
static int other_error(int level)
{
	if (errno != ENOPROTOOPT && errno != EOPNOTSUPP)
		return ws_error_of(errno, NULL);
	switch (level) {
	case IPPROTO_IP:
	case IPPROTO_IPV6:
	case IPPROTO_ICMPV6:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_RAW:
		return WSAENOPROTOOPT;
	default:
		return WSAEINVAL;
	}
}

/* Of a protocol. Linux' SOL_SOCKET is none, and Windows' IPPROTO_ICMP. */
static int get_other(int fd, int level, int name, char *value, int *size)
{
	unsigned int length = *size;

	if (level == LINUX_SOL_SOCKET)
		return WSAEINVAL;
	if (posix_getsockopt(fd, level, name, value, &length))
		return other_error(level);
	*size = length;
	return 0;
}

static int set_other(int fd, int level, int name, const char *value, int size)
{
	int number = 0;

	if (level == LINUX_SOL_SOCKET)
		return WSAEINVAL;
	/* A BOOL's first byte; most options of Linux take no less than an int. */
	if (size == 1) {
		number = *value;
		value = (const char *)&number;
		size = sizeof(number);
	}
	if (posix_setsockopt(fd, level, name, value, size))
		return other_error(level);
	return 0;
}

int getsockopt(SOCKET s, int level, int name, char *value, int *size)
{
	const struct option *option = find(name);
	int fd = ws_fd(s), error;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!value || !size || *size < 0)
		return ws_fail_on(s, WSAEFAULT);
	if (level != SOL_SOCKET)
		error = get_other(fd, level, name, value, size);
	else if (option && option->get)
		error = option->get(fd, option->linux_option, value, size);
	else
		error = WSAENOPROTOOPT;
	return error ? ws_fail_on(s, error) : 0;
}

int setsockopt(SOCKET s, int level, int name, const char *value, int size)
{
	const struct option *option = find(name);
	int fd = ws_fd(s), error;

	if (!ws_ready())
		return SOCKET_ERROR;
	if (!value || size < 1)
		return ws_fail_on(s, WSAEFAULT);
	if (level != SOL_SOCKET)
		error = set_other(fd, level, name, value, size);
	else if (option && option->set)
		error = option->set(fd, option->linux_option, value, size);
	else
		error = WSAENOPROTOOPT;
	return error ? ws_fail_on(s, error) : 0;
}
