// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a socket's state says: the network events that hold at this moment. The
 * state is read without the socket's lock, as poll() reads it.
 */

#include <linux/bitops.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/skbuff.h>
#include <linux/skmsg.h>
#include <linux/sockdup.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "compat/af_unix.h"
#include "level.h"

static void level_add(struct sockdup_level *level, u32 event, int error)
{
	level->events |= event;
	level->errors[__ffs(event)] = error;
}

/* How many bytes a TCP socket has to read, without the urgent byte. */
static u32 level_tcp_data(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 next = READ_ONCE(tp->copied_seq);
	u32 left = READ_ONCE(tp->rcv_nxt) - next;
	u32 urgent = READ_ONCE(tp->urg_seq) - next;

	/* The peer's FIN takes a sequence number. */
	if (left && sock_flag(sk, SOCK_DONE))
		left--;
	if (READ_ONCE(tp->urg_data) && !sock_flag(sk, SOCK_URGINLINE) &&
	    urgent < left)
		left--;
	return left;
}

/* Whether this family tells unread data from the peer's end that follows it. */
static bool level_knows_data(const struct sock *sk)
{
	return sk_is_tcp(sk) || sk->sk_family == AF_UNIX;
}

/*
 * A sockmap queues the peer's end as a message without bytes. Tell whether that
 * message is the next one.
 */
static bool level_is_end_in_sockmap(const struct sock *sk)
{
	const struct sk_msg *next;
	struct sk_psock *psock;
	bool end = false;

	rcu_read_lock();
	psock = sk_psock(sk);
	if (psock) {
		spin_lock_bh(&psock->ingress_lock);
		next = list_first_entry_or_null(&psock->ingress_msg,
						struct sk_msg, list);
		end = next && !next->sg.size;
		spin_unlock_bh(&psock->ingress_lock);
	}
	rcu_read_unlock();
	return end;
}

/*
 * The queue may hold no more than the place of an urgent byte that was received
 * already. Some kernels count that byte, so both the queue and the count are read.
 */
static bool level_has_unix_data(struct sock *sk)
{
	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return false;
	return sk->sk_type != SOCK_STREAM || unix_inq_len(sk) > 0;
}

static bool level_has_data(struct sock *sk)
{
	if (level_is_end_in_sockmap(sk))
		return false;
	if (sk_is_readable(sk))
		return true;
	return sk_is_tcp(sk) ? level_tcp_data(sk) > 0 : level_has_unix_data(sk);
}

/*
 * The socket's error. A system call may have taken it since the wake-up; then use
 * the error that the wake-up noted. Ignore the noted error unless the connection,
 * or the attempt to connect, has ended.
 */
static int level_error(const struct sock *sk, int noted)
{
	int error = READ_ONCE(sk->sk_err);

	return READ_ONCE(sk->sk_state) == TCP_CLOSE ? error ?: noted : error;
}

/*
 * Whether the peer has ended its side. A local shutdown(SHUT_RD) raises
 * EPOLLRDHUP as well; only TCP's state tells the two apart.
 */
static bool level_peer_has_ended(const struct sock *sk, __poll_t poll)
{
	if (!(poll & EPOLLRDHUP))
		return false;
	return !sk_is_tcp(sk) || sock_flag(sk, SOCK_DONE) ||
	       READ_ONCE(sk->sk_state) == TCP_CLOSE;
}

/*
 * TCP reports a reset after the peer's FIN as EPIPE and has no other error then:
 * any other noted error belongs to an earlier attempt to connect.
 */
static int level_close_error(const struct sock *sk, int noted)
{
	int error = READ_ONCE(sk->sk_err);

	if (sk->sk_family == AF_UNIX)
		return error ?: noted;
	if (!sk_is_tcp(sk))
		return error;
	if (!sock_flag(sk, SOCK_DONE))
		error = level_error(sk, noted) ?: ECONNRESET;
	else if (noted == EPIPE)
		error = error ?: noted;
	return error == EPIPE ? ECONNRESET : error;
}

static void level_of_connection(struct sockdup_level *level,
				struct socket *sock, __poll_t poll, int noted)
{
	struct sock *sk = sock->sk;
	bool readable = poll & EPOLLIN;
	bool ended = level_peer_has_ended(sk, poll);

	level_add(level, SOCKDUP_FD_CONNECT, 0);
	if (poll & EPOLLOUT && !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		level_add(level, SOCKDUP_FD_WRITE, 0);
	if (poll & EPOLLPRI && !sock_flag(sk, SOCK_URGINLINE))
		level_add(level, SOCKDUP_FD_OOB, 0);

	if (poll & EPOLLRDHUP && level_knows_data(sk)) {
		readable = level_has_data(sk);
		ended = ended && !readable;
	}
	if (readable)
		level_add(level, SOCKDUP_FD_READ, 0);
	if (ended)
		level_add(level, SOCKDUP_FD_CLOSE, level_close_error(sk, noted));
}

/*
 * A failed attempt to connect leaves an error. If a system call has taken it, the
 * socket's state still tells that there was an attempt.
 */
static void level_of_unconnected(struct sockdup_level *level,
				 const struct socket *sock, int noted)
{
	int error = level_error(sock->sk, noted);

	if (!error && READ_ONCE(sock->sk->sk_state) == TCP_CLOSE &&
	    READ_ONCE(sock->state) == SS_CONNECTING)
		error = ECONNABORTED;
	if (error)
		level_add(level, SOCKDUP_FD_CONNECT, error);
}

static void level_of_datagrams(struct sockdup_level *level,
			       const struct sock *sk, __poll_t poll)
{
	int error = READ_ONCE(sk->sk_err);

	if (error || poll & EPOLLIN)
		level_add(level, SOCKDUP_FD_READ, error);
	if (poll & EPOLLOUT && !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		level_add(level, SOCKDUP_FD_WRITE, 0);
}

/* Whether a TCP socket in TCP_CLOSE was connected, and did not merely try to be. */
static bool level_tcp_was_connected(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	/* connect(AF_UNSPEC) makes the socket as good as new. */
	if (!(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		return false;
	return sock_flag(sk, SOCK_DONE) || READ_ONCE(tcp_sk(sk)->bytes_acked) ||
	       READ_ONCE(sock->state) == SS_CONNECTED;
}

static bool level_is_connected(const struct socket *sock, bool before)
{
	switch (READ_ONCE(sock->sk->sk_state)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
	case TCP_LISTEN:
		return false;
	case TCP_CLOSE:
		if (sk_is_tcp(sock->sk))
			return level_tcp_was_connected(sock);
		return before || READ_ONCE(sock->state) == SS_CONNECTED;
	default:
		return true;
	}
}

/**
 * sockdup_level_knows_connections - whether sk_state tells about connections
 * @sock: the socket
 *
 * For other sockets only poll() tells: readable, writable.
 */
bool sockdup_level_knows_connections(const struct socket *sock)
{
	switch (sock->sk->sk_family) {
	case AF_INET:
	case AF_INET6:
	case AF_SMC:
		return sock->type == SOCK_STREAM;
	case AF_UNIX:
		return sock->type == SOCK_STREAM ||
		       sock->type == SOCK_SEQPACKET;
	default:
		return false;
	}
}

/**
 * sockdup_level_of - look at a socket
 * @sock: the socket
 * @connected: the last look found it connected
 * @noted: the error that a wake-up saw since the last look, or 0
 *
 * The caller holds the socket's file, or holds the inode's lock and has seen that
 * sock->sk is set. Both keep sock->file valid.
 *
 * Return: the network events that hold.
 */
struct sockdup_level sockdup_level_of(struct socket *sock, bool connected,
				      int noted)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);
	struct sockdup_level level = { };
	struct sock *sk = sock->sk;
	__poll_t poll;

	/* State that changes between the reads below brings a wake-up. */
	poll = ops->poll ? ops->poll(sock->file, sock, NULL) : 0;
	if (!sockdup_level_knows_connections(sock)) {
		level_of_datagrams(&level, sk, poll);
		return level;
	}
	level.connected = level_is_connected(sock, connected);
	if (level.connected) {
		level_of_connection(&level, sock, poll, noted);
	} else if (READ_ONCE(sk->sk_state) == TCP_LISTEN) {
		if (poll & EPOLLIN)
			level_add(&level, SOCKDUP_FD_ACCEPT, 0);
	} else {
		level_of_unconnected(&level, sock, noted);
	}
	return level;
}

/**
 * sockdup_level_is_plain_data - whether READ holds, and nothing else needs a look
 * @sk: of the socket
 *
 * True only for an established TCP connection without TLS or a sockmap, whose
 * poll() would say EPOLLIN and nothing but that and EPOLLOUT.
 *
 * Context: any.
 */
bool sockdup_level_is_plain_data(const struct sock *sk)
{
	return sk_is_tcp(sk) &&
	       READ_ONCE(sk->sk_prot) == sk->sk_prot_creator &&
	       inet_sk_state_load(sk) == TCP_ESTABLISHED &&
	       !READ_ONCE(sk->sk_shutdown) && !READ_ONCE(sk->sk_err) &&
	       !READ_ONCE(tcp_sk(sk)->urg_data) &&
	       level_tcp_data(sk) >= max(READ_ONCE(sk->sk_rcvlowat), 1);
}
