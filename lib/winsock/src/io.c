// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Data: every call is one of two, which receive into and send from buffers.
 */

#include "posix.h"

#include <limits.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "deadline.h"
#include "descriptor.h"
#include "error.h"
#include "mark.h"
#include "network_events.h"
#include "socket.h"
#include "startup.h"
#include "tcp.h"

ssize_t posix_recvmsg(int fd, struct msghdr *message, int flags)
	__asm__("recvmsg");
ssize_t posix_sendmsg(int fd, struct msghdr *message, int flags)
	__asm__("sendmsg");

/**
 * struct way - receiving or sending
 * @call: Linux' for it
 * @events: what poll() says where it need not wait
 * @limit: the option of Linux for its time
 */
struct way {
	ssize_t (*call)(int fd, struct msghdr *message, int flags);
	short events;
	int limit;
};

static const struct way receiving = { posix_recvmsg, POLLIN, LINUX_SO_RCVTIMEO };
static const struct way sending = { posix_sendmsg, POLLOUT, LINUX_SO_SNDTIMEO };

/* Winsock's flags and Linux' ones; 0 where Linux always behaves so. */
struct flag {
	DWORD winsock;
	int linux_flag;
};

static const struct flag receive_flags[] = {
	{ MSG_OOB, LINUX_MSG_OOB },
	{ MSG_PEEK, LINUX_MSG_PEEK },
	{ MSG_WAITALL, LINUX_MSG_WAITALL },
	{ MSG_PARTIAL, 0 },
	{ MSG_PUSH_IMMEDIATE, 0 },
	{ }
};

static const struct flag send_flags[] = {
	{ MSG_OOB, LINUX_MSG_OOB },
	{ MSG_DONTROUTE, LINUX_MSG_DONTROUTE },
	{ }
};

/* False where one of @flags is not in @list. */
static bool translate(DWORD flags, const struct flag *list, int *translated)
{
	*translated = 0;
	for (; list->winsock; list++) {
		if (flags & list->winsock)
			*translated |= list->linux_flag;
		flags &= ~list->winsock;
	}
	return !flags;
}

static bool is_ready_for(int fd, short events)
{
	return ws_wait_for(fd, events, 0) & events;
}

/* When a call that began at @began ends by the socket's time for such calls. */
static long long deadline_of(const struct way *way, int fd, long long began)
{
	struct timeval limit = { };
	unsigned int size = sizeof(limit);
	long long seconds;

	posix_getsockopt(fd, LINUX_SOL_SOCKET, way->limit, &limit, &size);
	seconds = limit.tv_sec;
	/* Linux' own calls set times of any length. */
	if ((!seconds && !limit.tv_usec) || seconds > LLONG_MAX / WS_SECOND / 2)
		return WS_NEVER;
	return began + seconds * WS_SECOND + limit.tv_usec * 1000LL;
}

/* Go on waiting after a signal. Linux' own call would count its time from now. */
static ssize_t go_on(const struct way *way, int fd, struct msghdr *message, int flags,
		     long long deadline)
{
	long long pause = 0;
	ssize_t size;

	if (deadline == WS_NEVER)
		return TEMP_FAILURE_RETRY(way->call(fd, message, flags));
	do {
		if (!ws_wait_again(fd, way->events, deadline, &pause)) {
			errno = EAGAIN;
			return -1;
		}
		size = way->call(fd, message, flags | LINUX_MSG_DONTWAIT);
	} while (size < 0 && errno == EAGAIN);
	return size;
}

/* What EAGAIN means to a call that was to wait. */
static int error_of_wait(int fd)
{
	return ws_is_non_blocking(fd) ? EAGAIN : ETIMEDOUT;
}

static void gather(struct iovec *parts, const WSABUF *buffers, DWORD count)
{
	DWORD i;

	for (i = 0; i < count; i++)
		parts[i] = (struct iovec){ buffers[i].buf, buffers[i].len };
}

static size_t total_of(const struct iovec *parts, size_t count)
{
	size_t i, total = 0;

	for (i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

/* Leave out the part of the buffers that has been received or sent. */
static void skip(struct msghdr *message, size_t size)
{
	while (size && size >= message->msg_iov->iov_len) {
		size -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (!size)
		return;
	message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + size;
	message->msg_iov->iov_len -= size;
}

static const struct ws_translation receive_errors[] = {
	/* An earlier datagram of this socket has met a closed port. */
	{ ECONNREFUSED, WSAECONNRESET },
	{ }
};

static int receive_error(int fd, int number, int flags)
{
	/*
	 * A receive of urgent data does not wait. EAGAIN: it is on its way. EINVAL: there
	 * is none, unless SO_OOBINLINE has it among the rest.
	 */
	if (flags & LINUX_MSG_OOB &&
	    (number == EAGAIN ||
	     (number == EINVAL &&
	      !ws_int_option(fd, LINUX_SOL_SOCKET, LINUX_SO_OOBINLINE))))
		return WSAEWOULDBLOCK;
	return ws_error_of(number, receive_errors);
}

/*
 * Whether nothing was received because receiving is shut down, by whichever
 * holder, while the peer goes on. Linux takes that for the end.
 */
static bool is_shut_down(int fd)
{
	switch (ws_tcp_state(fd)) {
	case WS_TCP_CONNECTED:
	case WS_TCP_ENDED_HERE:
		return true;
	case WS_TCP_NONE:
		return ws_is_datagram(fd) && is_ready_for(fd, POLLRDHUP);
	default:
		return false;
	}
}

/* Like recvmsg(), where nothing is there yet. */
static ssize_t wait_and_receive(int fd, struct msghdr *message, int flags,
				long long began)
{
	ssize_t size = posix_recvmsg(fd, message, flags);

	if (size < 0 && errno == EINTR)
		size = go_on(&receiving, fd, message, flags,
			     deadline_of(&receiving, fd, began));
	if (size < 0 && errno == EAGAIN)
		errno = error_of_wait(fd);
	return size;
}

/*
 * The size of what comes to the rest of the buffers, until they are full. An
 * error is left for the next call: this one has data to give.
 */
static ssize_t receive_rest(int fd, struct msghdr *message, int flags,
			    long long deadline)
{
	size_t left = total_of(message->msg_iov, message->msg_iovlen), got = 0;
	long long pause = 0;
	short happened;
	ssize_t size;

	while (got < left) {
		happened = ws_wait_again(fd, POLLIN, deadline, &pause);
		if (!happened || happened & POLLERR)
			break;
		size = posix_recvmsg(fd, message, flags | LINUX_MSG_DONTWAIT);
		if (size < 0 && errno == EAGAIN)
			continue;
		if (size <= 0)
			break;
		pause = 0;
		got += size;
		skip(message, size);
	}
	return got;
}

/* Whether a receive that has found nothing is to wait; with errno where it is not. */
static bool may_wait(int fd)
{
	/* Without a port nothing can come, and Winsock says so. */
	if (ws_is_unbound(fd)) {
		errno = EINVAL;
		return false;
	}
	if (!ws_is_non_blocking(fd))
		return true;
	errno = EAGAIN;
	return false;
}

/*
 * Like recvmsg(), but a signal neither ends it nor prolongs its time. What is
 * there is taken first: that costs no more than recvmsg() does.
 */
static ssize_t receive_patiently(int fd, struct msghdr *message, int flags)
{
	ssize_t size = posix_recvmsg(fd, message, flags | LINUX_MSG_DONTWAIT);
	long long began;

	if (size < 0 && (errno != EAGAIN || flags & LINUX_MSG_OOB || !may_wait(fd)))
		return size;
	if (size >= 0 && !(flags & LINUX_MSG_WAITALL))
		return size;
	began = ws_now();
	if (size < 0)
		size = wait_and_receive(fd, message, flags, began);
	if (size <= 0 || !(flags & LINUX_MSG_WAITALL))
		return size;
	skip(message, size);
	return size + receive_rest(fd, message, flags,
				   deadline_of(&receiving, fd, began));
}

/* The size, or -1 with the thread's error; @message may be filled even so. */
static int receive_message(int fd, struct msghdr *message, int flags)
{
	size_t room = total_of(message->msg_iov, message->msg_iovlen);
	ssize_t size = receive_patiently(fd, message, flags);

	if (size < 0)
		return ws_fail(receive_error(fd, errno, flags));
	if (!size && room && is_shut_down(fd))
		return ws_fail(WSAESHUTDOWN);
	if (message->msg_flags & LINUX_MSG_TRUNC && !ws_is_stream(fd))
		return ws_fail(WSAEMSGSIZE);
	return size;
}

/* Whether these flags, Winsock's, go together and with this socket. */
static bool is_supported(int fd, DWORD flags)
{
	/* For urgent data of a datagram socket Linux would wait for a datagram. */
	if (flags & (MSG_OOB | MSG_WAITALL) && !ws_is_stream(fd))
		return false;
	return !(flags & MSG_WAITALL) ||
	       (!(flags & (MSG_OOB | MSG_PEEK | MSG_PARTIAL)) &&
		!ws_is_non_blocking(fd));
}

/**
 * receive - what all calls that receive do
 * @s: the socket
 * @parts: where to
 * @count: number of @parts
 * @flags: MSG_*
 * @name: filled with the sender, where there are datagrams, or NULL
 * @name_size: in and out: its size, or NULL
 *
 * Return: the size, or -1.
 */
static int receive(SOCKET s, struct iovec *parts, size_t count, DWORD flags,
		   struct sockaddr *name, int *name_size)
{
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = count,
	};
	struct sockaddr_storage sender;
	int translated, size, fd = ws_fd(s);

	if (name) {
		message.msg_name = &sender;
		message.msg_namelen = sizeof(sender);
	}
	if (!translate(flags, receive_flags, &translated))
		size = ws_fail_on(s, WSAEINVAL);
	else if (!is_supported(fd, flags))
		size = ws_fail_on(s, WSAEOPNOTSUPP);
	else
		size = receive_message(fd, &message, translated);
	ws_reenable(s, FD_READ | FD_OOB);
	if (!name || !message.msg_namelen ||
	    (size < 0 && WSAGetLastError() != WSAEMSGSIZE))
		return size;
	if (!name_size || *name_size < (int)message.msg_namelen)
		return ws_fail(WSAEFAULT);
	memcpy(name, &sender, message.msg_namelen);
	*name_size = message.msg_namelen;
	return size;
}

int recvfrom(SOCKET s, char *buffer, int size, int flags,
	     struct sockaddr *name, int *name_size)
{
	struct iovec part = { buffer, size };

	if (!ws_ready())
		return SOCKET_ERROR;
	return receive(s, &part, 1, flags, name, name_size);
}

int recv(SOCKET s, char *buffer, int size, int flags)
{
	return recvfrom(s, buffer, size, flags, NULL, NULL);
}

/* @flags and @size are filled for a message that was too long, too. */
static int receive_into(SOCKET s, const WSABUF *buffers, DWORD count,
			LPDWORD size, LPDWORD flags, struct sockaddr *name,
			int *name_size)
{
	struct iovec parts[count + 1];
	int received;

	gather(parts, buffers, count);
	received = receive(s, parts, count, *flags, name, name_size);
	*flags = 0;
	if (received >= 0) {
		*size = received;
		return 0;
	}
	if (WSAGetLastError() == WSAEMSGSIZE) {
		*size = total_of(parts, count);
		*flags = MSG_PARTIAL;
	}
	return SOCKET_ERROR;
}

int WSARecvFrom(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
		LPDWORD flags, struct sockaddr *name, LPINT name_size,
		LPWSAOVERLAPPED overlapped,
		LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	if (overlapped || routine)
		return ws_fail_on(s, WSAEOPNOTSUPP);
	if (!buffers || !size || !flags)
		return ws_fail_on(s, WSAEFAULT);
	if (count > IOV_MAX)
		return ws_fail_on(s, WSAENOBUFS);
	return receive_into(s, buffers, count, size, flags, name, name_size);
}

int WSARecv(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
	    LPDWORD flags, LPWSAOVERLAPPED overlapped,
	    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return WSARecvFrom(s, buffers, count, size, flags, NULL, NULL,
			   overlapped, routine);
}

static const struct ws_translation send_errors[] = {
	{ ECONNREFUSED, WSAECONNRESET },
	{ EDESTADDRREQ, WSAENOTCONN },
	{ }
};

/* EPIPE has several causes, and Linux does not tell which end has ended the sending. */
static int broken_pipe(int fd)
{
	if (ws_is_datagram(fd) || ws_is_marked(fd, WS_MARK_SENDING_ENDED))
		return WSAESHUTDOWN;
	switch (ws_tcp_state(fd)) {
	case WS_TCP_UNCONNECTED:
	case WS_TCP_LISTENING:
		return WSAENOTCONN;
	/* A holder has ended it by Linux' own call, which sets no mark. */
	case WS_TCP_ENDED_HERE:
	case WS_TCP_ENDED_BOTH:
		return WSAESHUTDOWN;
	case WS_TCP_NONE:
		/* A peer that ends shuts down both directions. */
		return is_ready_for(fd, POLLRDHUP) ? WSAECONNRESET :
						     WSAESHUTDOWN;
	default:
		return WSAECONNRESET;
	}
}

static int send_error(int fd, int number, const struct msghdr *message)
{
	if (number == EPIPE)
		return broken_pipe(fd);
	return ws_name_error(number, message->msg_name, message->msg_namelen,
			     send_errors);
}

/* Like sendmsg(), where there is no room yet. */
static ssize_t wait_and_send(int fd, struct msghdr *message, int flags)
{
	ssize_t left = total_of(message->msg_iov, message->msg_iovlen), sent;
	long long deadline, began = ws_now();
	ssize_t size = posix_sendmsg(fd, message, flags);

	if (size < 0 ? errno != EINTR : size == left)
		return size;
	deadline = deadline_of(&sending, fd, began);
	sent = size < 0 ? 0 : size;
	do {
		if (size > 0)
			skip(message, size);
		size = go_on(&sending, fd, message, flags, deadline);
		if (size < 0)
			return sent && errno == EAGAIN ? sent : -1;
		sent += size;
	} while (sent < left);
	return sent;
}

/*
 * Like sendmsg(), but a signal neither ends it halfway nor prolongs its time.
 * What there is room for is sent first: that costs no more than sendmsg() does.
 */
static ssize_t send_patiently(int fd, struct msghdr *message, int flags)
{
	ssize_t total = total_of(message->msg_iov, message->msg_iovlen), more;
	ssize_t size = posix_sendmsg(fd, message, flags | LINUX_MSG_DONTWAIT);

	if ((size < 0 ? errno != EAGAIN : size == total) || ws_is_non_blocking(fd))
		return size;
	if (size > 0)
		skip(message, size);
	more = wait_and_send(fd, message, flags);
	if (more >= 0)
		return size > 0 ? size + more : more;
	if (errno == EAGAIN && size > 0)
		return size;
	if (errno == EAGAIN)
		errno = error_of_wait(fd);
	return -1;
}

/* The size, or -1 with the thread's error. */
static int send_message(int fd, struct msghdr *message, int flags)
{
	bool is_probe = !total_of(message->msg_iov, message->msg_iovlen);
	ssize_t size = send_patiently(fd, message, flags);

	if (size < 0)
		return ws_fail(send_error(fd, errno, message));
	/* Linux sends nothing at any time, which asks here for room. */
	if (is_probe && ws_is_non_blocking(fd) && ws_is_stream(fd) &&
	    !is_ready_for(fd, POLLOUT))
		return ws_fail(WSAEWOULDBLOCK);
	return size;
}

/* Whether a send of @total bytes has found too little room, and gave @size. */
static bool has_lacked_room(int size, size_t total)
{
	if (size >= 0)
		return (size_t)size < total;
	return WSAGetLastError() == WSAEWOULDBLOCK || WSAGetLastError() == WSAETIMEDOUT;
}

/* As receive(). */
static int transmit(SOCKET s, struct iovec *parts, size_t count, DWORD flags,
		    const struct sockaddr *name, int name_size)
{
	struct msghdr message = {
		.msg_name = (void *)name,
		.msg_namelen = name ? name_size : 0,
		.msg_iov = parts,
		.msg_iovlen = count,
	};
	int translated, size;
	size_t total;

	/* There is no transport here that has parts of a message. */
	if (flags & MSG_PARTIAL)
		return ws_fail_on(s, WSAEOPNOTSUPP);
	if (!translate(flags, send_flags, &translated))
		return ws_fail_on(s, WSAEINVAL);
	/* A stream goes where it goes. */
	if (ws_is_any_address(name, name_size) && !ws_is_stream(ws_fd(s)))
		return ws_fail_on(s, WSAEADDRNOTAVAIL);
	total = total_of(parts, count);
	if (total > INT_MAX)
		return ws_fail_on(s, WSAENOBUFS);
	size = send_message(ws_fd(s), &message, translated | LINUX_MSG_NOSIGNAL);
	if (has_lacked_room(size, total))
		ws_reenable(s, FD_WRITE);
	return size;
}

int sendto(SOCKET s, const char *buffer, int size, int flags,
	   const struct sockaddr *name, int name_size)
{
	struct iovec part = { (char *)buffer, size };

	if (!ws_ready())
		return SOCKET_ERROR;
	return transmit(s, &part, 1, flags, name, name_size);
}

int send(SOCKET s, const char *buffer, int size, int flags)
{
	return sendto(s, buffer, size, flags, NULL, 0);
}

static int send_from(SOCKET s, const WSABUF *buffers, DWORD count,
		     LPDWORD size, DWORD flags, const struct sockaddr *name,
		     int name_size)
{
	struct iovec parts[count + 1];
	int sent;

	gather(parts, buffers, count);
	sent = transmit(s, parts, count, flags, name, name_size);
	if (sent < 0)
		return SOCKET_ERROR;
	*size = sent;
	return 0;
}

int WSASendTo(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size,
	      DWORD flags, const struct sockaddr *name, int name_size,
	      LPWSAOVERLAPPED overlapped,
	      LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	if (!ws_ready())
		return SOCKET_ERROR;
	if (overlapped || routine)
		return ws_fail_on(s, WSAEOPNOTSUPP);
	if (!buffers || !size)
		return ws_fail_on(s, WSAEFAULT);
	if (count > IOV_MAX)
		return ws_fail_on(s, WSAENOBUFS);
	return send_from(s, buffers, count, size, flags, name, name_size);
}

int WSASend(SOCKET s, LPWSABUF buffers, DWORD count, LPDWORD size, DWORD flags,
	    LPWSAOVERLAPPED overlapped,
	    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return WSASendTo(s, buffers, count, size, flags, NULL, 0, overlapped,
			 routine);
}
