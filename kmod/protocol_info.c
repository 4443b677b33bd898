// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a socket says of itself: the description in a protocol info.
 */

#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/processor.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "protocol_info.h"
#include "token.h"

static_assert(sizeof(struct sockdup_protocol_info) == 128);

#define STREAM		(SOCKDUP_XP1_GUARANTEED_DELIVERY | \
			 SOCKDUP_XP1_GUARANTEED_ORDER | \
			 SOCKDUP_XP1_GRACEFUL_CLOSE)
#define SEQPACKET	(STREAM | SOCKDUP_XP1_MESSAGE_ORIENTED)
#define DATAGRAM	(SOCKDUP_XP1_CONNECTIONLESS | \
			 SOCKDUP_XP1_MESSAGE_ORIENTED)
#define LOCAL_DATAGRAM	(DATAGRAM | SOCKDUP_XP1_GUARANTEED_DELIVERY | \
			 SOCKDUP_XP1_GUARANTEED_ORDER)
#define GROUPS		(SOCKDUP_XP1_SUPPORT_BROADCAST | \
			 SOCKDUP_XP1_SUPPORT_MULTIPOINT)

/* Largest payload of one datagram; IPv6's length leaves out its own header. */
#define RAW4_MESSAGE	(IP_MAX_MTU - sizeof(struct iphdr))
#define UDP4_MESSAGE	(RAW4_MESSAGE - sizeof(struct udphdr))
#define UDP6_MESSAGE	(U16_MAX - sizeof(struct udphdr))

/* How often the lock of an AF_UNIX socket's peer is tried: for about a microsecond. */
#define ADDRESS_TRIES	10

/* Matches any protocol of the family and type. */
#define ANY_PROTOCOL	-1

struct service {
	int family;
	int type;
	int protocol;
	u32 flags;
	u32 message_size;
};

/* The first match counts; SOCKDUP_XP1_IFS_HANDLES goes without saying. */
static const struct service services[] = {
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP,
	  STREAM | SOCKDUP_XP1_EXPEDITED_DATA },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP,
	  STREAM | SOCKDUP_XP1_EXPEDITED_DATA },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP, DATAGRAM | GROUPS, UDP4_MESSAGE },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, DATAGRAM | GROUPS, UDP6_MESSAGE },
	{ AF_INET, SOCK_RAW, ANY_PROTOCOL, DATAGRAM | GROUPS, RAW4_MESSAGE },
	{ AF_INET6, SOCK_RAW, ANY_PROTOCOL, DATAGRAM | GROUPS, U16_MAX },
	{ AF_UNIX, SOCK_DGRAM, ANY_PROTOCOL, LOCAL_DATAGRAM,
	  SOCKDUP_MESSAGE_SIZE_VARIES },
	{ AF_PACKET, SOCK_RAW, ANY_PROTOCOL, DATAGRAM | GROUPS,
	  SOCKDUP_MESSAGE_SIZE_VARIES },
	{ AF_PACKET, SOCK_DGRAM, ANY_PROTOCOL, DATAGRAM | GROUPS,
	  SOCKDUP_MESSAGE_SIZE_VARIES },
	{ AF_NETLINK, SOCK_RAW, ANY_PROTOCOL,
	  DATAGRAM | SOCKDUP_XP1_SUPPORT_MULTIPOINT,
	  SOCKDUP_MESSAGE_SIZE_VARIES },
	{ AF_NETLINK, SOCK_DGRAM, ANY_PROTOCOL,
	  DATAGRAM | SOCKDUP_XP1_SUPPORT_MULTIPOINT,
	  SOCKDUP_MESSAGE_SIZE_VARIES },
};

/* What the type alone promises, for families that the table leaves out. */
static struct service service_of_type(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return (struct service){ .flags = STREAM };
	case SOCK_SEQPACKET:
		return (struct service){
			.flags = SEQPACKET,
			.message_size = SOCKDUP_MESSAGE_SIZE_VARIES,
		};
	default:
		return (struct service){
			.flags = DATAGRAM,
			.message_size = SOCKDUP_MESSAGE_SIZE_VARIES,
		};
	}
}

static struct service service_of(int family, int type, int protocol)
{
	const struct service *service;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(services); i++) {
		service = &services[i];
		if (service->family == family && service->type == type &&
		    (service->protocol == ANY_PROTOCOL ||
		     service->protocol == protocol))
			return *service;
	}
	return service_of_type(type);
}

static void address_sizes(int family, u32 *min, u32 *max)
{
	switch (family) {
	case AF_INET:
		*min = *max = sizeof(struct sockaddr_in);
		break;
	case AF_INET6:
		*min = *max = sizeof(struct sockaddr_in6);
		break;
	case AF_NETLINK:
		*min = *max = sizeof(struct sockaddr_nl);
		break;
	case AF_VSOCK:
		*min = *max = sizeof(struct sockaddr_vm);
		break;
	case AF_PACKET:
		*min = *max = sizeof(struct sockaddr_ll);
		break;
	case AF_UNIX:
		*min = offsetof(struct sockaddr_un, sun_path);
		*max = sizeof(struct sockaddr_un);
		break;
	default:
		*min = sizeof(sa_family_t);
		*max = sizeof(struct sockaddr_storage);
	}
}

/**
 * sockdup_protocol_info_fill - describe a socket
 * @info: every byte of it is written
 * @sock: kept open by the caller; NULL for an invitation, which has none
 * @opaque: the token's
 */
void sockdup_protocol_info_fill(struct sockdup_protocol_info *info,
				const struct socket *sock,
				const struct sockdup_opaque *opaque)
{
	const struct sock *sk;
	struct service service;

	*info = (struct sockdup_protocol_info){ .size = sizeof(*info) };
	memcpy(info->opaque, opaque, sizeof(info->opaque));
	if (unlikely(!sock))
		return;
	info->socket_count = 1;
	sk = sock->sk;
	/* IPV6_ADDRFORM may change the family while we look. */
	info->address_family = READ_ONCE(sk->sk_family);
	info->socket_type = READ_ONCE(sk->sk_type);
	info->protocol = READ_ONCE(sk->sk_protocol);

	service = service_of(info->address_family, info->socket_type,
			     info->protocol);
	info->service_flags = service.flags | SOCKDUP_XP1_IFS_HANDLES;
	info->message_size = service.message_size;
	address_sizes(info->address_family, &info->min_address_size,
		      &info->max_address_size);
	/*
	 * The creator's name stays when TLS or a map takes over. It is part of
	 * a static struct, with zeroes behind it.
	 */
	static_assert(sizeof(sk->sk_prot_creator->name) ==
		      sizeof(info->protocol_name));
	memcpy(info->protocol_name, sk->sk_prot_creator->name,
	       sizeof(info->protocol_name) - 1);
}

/**
 * sockdup_protocol_info_state - the state that socket diagnostics show
 * @sk: kept open by the caller
 *
 * Return: TCP_ESTABLISHED or the like, with which AF_UNIX and the protocols of
 * IP number their states, too; 0 for other families.
 */
int sockdup_protocol_info_state(const struct sock *sk)
{
	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
	case AF_INET6:
	case AF_UNIX:
		return READ_ONCE(sk->sk_state);
	default:
		return 0;
	}
}

static int address_v4(__be32 ip, __be16 port, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = ip;
	in->sin_port = port;
	return sizeof(*in);
}

#if IS_ENABLED(CONFIG_IPV6)
static int address_v6(const struct in6_addr *ip, __be16 port, int scope,
		      struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)address;

	in->sin6_family = AF_INET6;
	in->sin6_addr = *ip;
	in->sin6_port = port;
	in->sin6_scope_id = ipv6_iface_scope_id(ip, scope);
	return sizeof(*in);
}

static int address_of_inet6(const struct sock *sk, bool peer,
			    struct sockaddr_storage *address)
{
	return peer ? address_v6(&sk->sk_v6_daddr, inet_sk(sk)->inet_dport,
				 sk->sk_bound_dev_if, address) :
		      address_v6(&sk->sk_v6_rcv_saddr, inet_sk(sk)->inet_sport,
				 sk->sk_bound_dev_if, address);
}
#else
static int address_of_inet6(const struct sock *sk, bool peer,
			    struct sockaddr_storage *address)
{
	return 0;
}
#endif

static int address_of_inet(const struct sock *sk, bool peer,
			   struct sockaddr_storage *address)
{
	const struct inet_sock *inet = inet_sk(sk);

	return peer ? address_v4(inet->inet_daddr, inet->inet_dport, address) :
		      address_v4(inet->inet_rcv_saddr, inet->inet_sport,
				 address);
}

/* A name stays as it is as long as its socket. */
static int address_of_unix(const struct sock *sk,
			   struct sockaddr_storage *address)
{
	/* Pairs with the release in the kernel's bind(). */
	const struct unix_address *name = smp_load_acquire(&unix_sk(sk)->addr);

	if (!name) {
		address->ss_family = AF_UNIX;
		return offsetof(struct sockaddr_un, sun_path);
	}
	memcpy(address, name->name, name->len);
	return name->len;
}

/*
 * The peer may go unless one holds the lock that covers it. connect() of datagrams
 * holds it while it wakes all who wait for the socket, as many as its user likes. So
 * do not wait for it, as the caller may hold locks that others wait for. Others
 * hold it for some instructions: try for a moment.
 */
static int address_of_unix_peer(struct sock *sk,
				struct sockaddr_storage *address)
{
	const struct sock *peer;
	int size = 0;
	int i;

	for (i = 0; !spin_trylock(&unix_sk(sk)->lock); i++) {
		if (i == ADDRESS_TRIES)
			return 0;
		cpu_relax();
	}
	peer = unix_peer(sk);
	if (peer)
		size = address_of_unix(peer, address);
	spin_unlock(&unix_sk(sk)->lock);
	return size;
}

/**
 * sockdup_protocol_info_address - a name of a socket
 * @sock: kept open by the caller
 * @peer: the peer's name, and else its own
 * @address: filled, what is not used with zeroes
 *
 * Read without waiting for any lock of the socket, which its users can hold as long as
 * they like: a name of IP that changes meanwhile may be half of each.
 *
 * Context: any process, also under a spinlock.
 *
 * Return: bytes of the name; 0 where there is none, or it takes such a lock to know.
 */
int sockdup_protocol_info_address(struct socket *sock, bool peer,
				  struct sockaddr_storage *address)
{
	struct sock *sk = sock->sk;

	memset(address, 0, sizeof(*address));
	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
		if (peer && !inet_sk(sk)->inet_dport)
			return 0;
		return address_of_inet(sk, peer, address);
	case AF_INET6:
		if (peer && !inet_sk(sk)->inet_dport)
			return 0;
		return address_of_inet6(sk, peer, address);
	case AF_UNIX:
		return peer ? address_of_unix_peer(sk, address) :
			      address_of_unix(sk, address);
	default:
		return 0;
	}
}
