// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of every family: each is exported, imported by another process and
 * used there, and its protocol info is true. A family that the kernel lacks is
 * skipped.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/un.h>

#include "harness.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

/* The Ethernet protocol that is set aside for experiments. */
#define ETHERTYPE	0x88b5

#define TEXT_SIZE	32

struct kind;

/* The socket that is exported, and another that hears it and is heard. */
struct ends {
	int fd;
	int peer;
};

/**
 * struct kind - a kind of socket
 * @domain: what socket() is given
 * @type: likewise
 * @protocol: likewise
 * @spoken: the protocol that such a socket really speaks
 * @open: makes both ends; -errno where it cannot
 * @module: has to be loaded first, may be NULL
 * @frame: puts what has to go before a text into a message, and gives its
 *         size; NULL where nothing has to
 * @flags: service flags that it has
 * @other_flags: that it may have, too
 * @min_address_size: as the info is to tell
 * @max_address_size: likewise
 */
struct kind {
	int domain;
	int type;
	int protocol;
	int spoken;
	int (*open)(const struct kind *kind, struct ends *ends);
	const char *module;
	size_t (*frame)(void *message);
	__u32 flags;
	__u32 other_flags;
	__u32 min_address_size;
	__u32 max_address_size;
};

static int new_socket(const struct kind *kind)
{
	int fd = socket(kind->domain, kind->type | SOCK_CLOEXEC,
			kind->protocol);

	return fd < 0 ? -errno : fd;
}

static int open_both(const struct kind *kind, struct ends *ends)
{
	ends->fd = new_socket(kind);
	if (ends->fd < 0)
		return ends->fd;
	ends->peer = new_socket(kind);
	return ends->peer < 0 ? ends->peer : 0;
}

static int open_pair(const struct kind *kind, struct ends *ends)
{
	int pair[2];

	if (socketpair(kind->domain, kind->type | SOCK_CLOEXEC,
		       kind->protocol, pair))
		return -errno;
	ends->fd = pair[0];
	ends->peer = pair[1];
	return 0;
}

/* The address of this machine on which a socket of @domain can listen. */
static struct address here(int domain)
{
	struct address address = { 0 };
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};

	if (domain != AF_VSOCK)
		return loopback(domain, 0);
	memcpy(&address.storage, &vm, sizeof(vm));
	address.size = sizeof(vm);
	return address;
}

static int bind_here(int fd, int domain)
{
	struct address address = here(domain);

	return bind(fd, (void *)&address.storage, address.size) ? -errno : 0;
}

static int connect_to(int fd, int other)
{
	struct address address = bound_address(other);

	return connect(fd, (void *)&address.storage, address.size) ?
	       -errno : 0;
}

static int open_connection(const struct kind *kind, struct ends *ends)
{
	int listener = new_socket(kind);
	int error;

	if (listener < 0)
		return listener;
	error = bind_here(listener, kind->domain);
	if (!error && listen(listener, 1))
		error = -errno;
	if (!error)
		ends->fd = new_socket(kind);
	if (!error && ends->fd < 0)
		error = ends->fd;
	if (!error)
		error = connect_to(ends->fd, listener);
	if (!error) {
		ends->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		error = ends->peer < 0 ? -errno : 0;
	}
	close(listener);
	return error;
}

/* Each is bound, and connected to the other. */
static int open_datagrams(const struct kind *kind, struct ends *ends)
{
	int error = open_both(kind, ends);

	if (!error)
		error = bind_here(ends->fd, kind->domain);
	if (!error)
		error = bind_here(ends->peer, kind->domain);
	if (!error)
		error = connect_to(ends->fd, ends->peer);
	if (!error)
		error = connect_to(ends->peer, ends->fd);
	return error;
}

/* Both hear all that is sent over the loopback interface. */
static int open_packets(const struct kind *kind, struct ends *ends)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = if_nametoindex("lo"),
	};
	int error = open_both(kind, ends);

	if (error)
		return error;
	if (bind(ends->fd, (void *)&address, sizeof(address)) ||
	    bind(ends->peer, (void *)&address, sizeof(address)))
		return -errno;
	return 0;
}

/* The other end is the kernel. */
static int open_alone(const struct kind *kind, struct ends *ends)
{
	ends->fd = new_socket(kind);
	ends->peer = -1;
	return ends->fd < 0 ? ends->fd : 0;
}

/* Raw sockets hear a request whose checksum nobody has computed, too. */
static size_t frame_icmp(void *message)
{
	struct icmphdr header = { .type = ICMP_ECHO };

	memcpy(message, &header, sizeof(header));
	return sizeof(header);
}

static size_t frame_icmp6(void *message)
{
	struct icmp6_hdr header = { .icmp6_type = ICMP6_ECHO_REQUEST };

	memcpy(message, &header, sizeof(header));
	return sizeof(header);
}

static size_t frame_ethernet(void *message)
{
	struct ethhdr header = { .h_proto = htons(ETHERTYPE) };

	memcpy(message, &header, sizeof(header));
	return sizeof(header);
}

#define DATAGRAM	(SOCKDUP_XP1_CONNECTIONLESS | \
			 SOCKDUP_XP1_MESSAGE_ORIENTED | \
			 SOCKDUP_XP1_IFS_HANDLES)
#define INET_DATAGRAM	(DATAGRAM | SOCKDUP_XP1_SUPPORT_BROADCAST | \
			 SOCKDUP_XP1_SUPPORT_MULTIPOINT)
#define RELIABLE	(SOCKDUP_XP1_GUARANTEED_DELIVERY | \
			 SOCKDUP_XP1_GUARANTEED_ORDER)
#define STREAM		(RELIABLE | SOCKDUP_XP1_GRACEFUL_CLOSE | \
			 SOCKDUP_XP1_IFS_HANDLES)

/* The numbers that the documentation of these rows names. */
static_assert((STREAM | SOCKDUP_XP1_EXPEDITED_DATA) == 0x20066, "W21");
static_assert(INET_DATAGRAM == 0x20609, "W22");

#define ADDRESS_SIZE(type) \
	.min_address_size = sizeof(struct type), \
	.max_address_size = sizeof(struct type)
#define UNIX_ADDRESS_SIZE \
	.min_address_size = offsetof(struct sockaddr_un, sun_path), \
	.max_address_size = sizeof(struct sockaddr_un)

FIXTURE(family) {
	struct agent target;
	struct ends ends;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(family) {
	struct kind kind;
};

FIXTURE_VARIANT_ADD(family, tcp4) {{
	AF_INET, SOCK_STREAM, 0, IPPROTO_TCP, open_connection,
	.flags = STREAM | SOCKDUP_XP1_EXPEDITED_DATA,
	ADDRESS_SIZE(sockaddr_in),
}};

FIXTURE_VARIANT_ADD(family, tcp6) {{
	AF_INET6, SOCK_STREAM, 0, IPPROTO_TCP, open_connection,
	.flags = STREAM | SOCKDUP_XP1_EXPEDITED_DATA,
	ADDRESS_SIZE(sockaddr_in6),
}};

FIXTURE_VARIANT_ADD(family, udp4) {{
	AF_INET, SOCK_DGRAM, 0, IPPROTO_UDP, open_datagrams,
	.flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_in),
}};

FIXTURE_VARIANT_ADD(family, udp6) {{
	AF_INET6, SOCK_DGRAM, 0, IPPROTO_UDP, open_datagrams,
	.flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_in6),
}};

FIXTURE_VARIANT_ADD(family, raw4) {{
	AF_INET, SOCK_RAW, IPPROTO_ICMP, IPPROTO_ICMP, open_datagrams,
	.frame = frame_icmp,
	.flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_in),
}};

FIXTURE_VARIANT_ADD(family, raw6) {{
	AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, IPPROTO_ICMPV6, open_datagrams,
	.frame = frame_icmp6,
	.flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_in6),
}};

FIXTURE_VARIANT_ADD(family, packet_dgram) {{
	AF_PACKET, SOCK_DGRAM, 0, 0, open_packets,
	.flags = DATAGRAM,
	.other_flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_ll),
}};

FIXTURE_VARIANT_ADD(family, packet_raw) {{
	AF_PACKET, SOCK_RAW, 0, 0, open_packets,
	.frame = frame_ethernet,
	.flags = DATAGRAM,
	.other_flags = INET_DATAGRAM,
	ADDRESS_SIZE(sockaddr_ll),
}};

FIXTURE_VARIANT_ADD(family, netlink) {{
	AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, NETLINK_ROUTE, open_alone,
	.flags = DATAGRAM,
	.other_flags = SOCKDUP_XP1_SUPPORT_MULTIPOINT,
	ADDRESS_SIZE(sockaddr_nl),
}};

FIXTURE_VARIANT_ADD(family, unix_stream) {{
	AF_UNIX, SOCK_STREAM, 0, 0, open_pair,
	.flags = STREAM,
	.other_flags = SOCKDUP_XP1_EXPEDITED_DATA,
	UNIX_ADDRESS_SIZE,
}};

FIXTURE_VARIANT_ADD(family, unix_dgram) {{
	AF_UNIX, SOCK_DGRAM, 0, 0, open_pair,
	.flags = DATAGRAM,
	.other_flags = RELIABLE,
	UNIX_ADDRESS_SIZE,
}};

FIXTURE_VARIANT_ADD(family, unix_seqpacket) {{
	AF_UNIX, SOCK_SEQPACKET, 0, 0, open_pair,
	.flags = RELIABLE | SOCKDUP_XP1_MESSAGE_ORIENTED |
		 SOCKDUP_XP1_IFS_HANDLES,
	.other_flags = SOCKDUP_XP1_GRACEFUL_CLOSE,
	UNIX_ADDRESS_SIZE,
}};

FIXTURE_VARIANT_ADD(family, vsock) {{
	AF_VSOCK, SOCK_STREAM, 0, 0, open_connection,
	.module = "vsock_loopback",
	.flags = STREAM,
	ADDRESS_SIZE(sockaddr_vm),
}};

FIXTURE_VARIANT_ADD(family, sctp4) {{
	AF_INET, SOCK_STREAM, IPPROTO_SCTP, IPPROTO_SCTP, open_connection,
	.module = "sctp",
	.flags = STREAM,
	ADDRESS_SIZE(sockaddr_in),
}};

FIXTURE_VARIANT_ADD(family, mptcp4) {{
	AF_INET, SOCK_STREAM, IPPROTO_MPTCP, IPPROTO_MPTCP, open_connection,
	.flags = STREAM,
	ADDRESS_SIZE(sockaddr_in),
}};

static void load_module(const char *module)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe -q %s", module);
	if (system(command))
		fprintf(stderr, "# no module %s\n", module);
}

static bool means_absent(int error)
{
	return error == -EAFNOSUPPORT || error == -EPROTONOSUPPORT ||
	       error == -ESOCKTNOSUPPORT || error == -ENOPROTOOPT ||
	       error == -EADDRNOTAVAIL;
}

FIXTURE_SETUP(family)
{
	const struct kind *kind = &variant->kind;
	int error;

	ASSERT_EQ(0, agent_spawn(&self->target));
	if (kind->module)
		load_module(kind->module);
	error = kind->open(kind, &self->ends);
	/* To the end of the test: SKIP() alone would run it after all. */
	if (means_absent(error))
		SKIP(longjmp(_metadata->env, 1), "the kernel has no %s: %s",
		     kind->module ? kind->module : "such sockets",
		     strerror(-error));
	ASSERT_EQ(0, error);
	memset(&self->info, POISON, sizeof(self->info));
	ASSERT_EQ(0, try_duplicate(self->ends.fd, self->target.pid,
				   &self->info));
}

FIXTURE_TEARDOWN(family)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

/* The agent's descriptor, or the test's own where @agent is NULL. */
static int put_bytes(struct agent *agent, int fd, const void *bytes,
		     size_t size)
{
	ssize_t done;

	if (agent)
		return agent_write(agent, fd, bytes, size);
	done = write(fd, bytes, size);
	return done < 0 ? -errno : done;
}

static int get_bytes(struct agent *agent, int fd, void *bytes, size_t size)
{
	ssize_t done;
	int error;

	if (agent)
		return agent_read(agent, fd, bytes, size);
	error = wait_for_poll(fd, POLLIN);
	if (error)
		return error;
	done = read(fd, bytes, size);
	return done < 0 ? -errno : done;
}

static int put_text(struct agent *agent, int fd, const struct kind *kind,
		    const char *text)
{
	char message[TEXT_SIZE + ETH_HLEN] = "";
	size_t size = kind->frame ? kind->frame(message) : 0;
	int done;

	strcpy(message + size, text);
	size += TEXT_SIZE;
	done = put_bytes(agent, fd, message, size);
	if (done < 0)
		return done;
	return (size_t)done == size ? 0 : -EMSGSIZE;
}

/* Whatever else comes before: some sockets hear what they say themselves. */
static int await_text(struct agent *agent, int fd, const char *text)
{
	char seen[4 * AGENT_DATA_SIZE];
	size_t size = 0;
	int done;

	while (!memmem(seen, size, text, strlen(text))) {
		if (size + AGENT_DATA_SIZE > sizeof(seen))
			return -EMSGSIZE;
		done = get_bytes(agent, fd, seen + size, AGENT_DATA_SIZE);
		if (done <= 0)
			return done ? done : -EPIPE;
		size += done;
	}
	return 0;
}

/* Asks the kernel about the loopback interface. */
static int ask_for_link(struct agent *agent, int fd)
{
	const int index = if_nametoindex("lo");
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		char attributes[AGENT_DATA_SIZE - 32];
	} message = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = 4711,
		},
		.link = { .ifi_index = index },
	};
	int done = agent_write(agent, fd, &message, message.header.nlmsg_len);

	if (done < 0)
		return done;
	memset(&message, 0, sizeof(message));
	done = agent_read(agent, fd, &message, sizeof(message));
	if (done < 0)
		return done;
	return message.header.nlmsg_type == RTM_NEWLINK &&
	       message.header.nlmsg_seq == 4711 &&
	       message.link.ifi_index == index ? 0 : -EBADMSG;
}

static int socket_option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -errno : value;
}

TEST_F(family, W11_is_one_open_file_in_the_target)
{
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->ends.fd, self->target.pid, fd));
}

TEST_F(family, W10_is_one_open_file_even_if_never_used)
{
	int fresh = new_socket(&variant->kind);
	int fd;

	ASSERT_LE(0, fresh);
	ASSERT_EQ(0, try_duplicate(fresh, self->target.pid, &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, fresh, self->target.pid, fd));
}

TEST_F(family, W25_is_written_and_read_by_the_target)
{
	const struct kind *kind = &variant->kind;
	int fd = agent_import(&self->target, &self->info, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->ends.fd));
	if (kind->open == open_alone) {
		EXPECT_EQ(0, ask_for_link(&self->target, fd));
		return;
	}
	EXPECT_EQ(0, put_text(&self->target, fd, kind, "from the target"));
	EXPECT_EQ(0, await_text(NULL, self->ends.peer, "from the target"));
	EXPECT_EQ(0, put_text(NULL, self->ends.peer, kind, "to the target"));
	EXPECT_EQ(0, await_text(&self->target, fd, "to the target"));
}

TEST_F(family, W20_family_type_and_protocol_are_the_real_ones)
{
	EXPECT_EQ(variant->kind.domain, self->info.address_family);
	EXPECT_EQ(variant->kind.type, self->info.socket_type);
	EXPECT_EQ(variant->kind.spoken, self->info.protocol);
	EXPECT_EQ(socket_option(self->ends.fd, SO_DOMAIN),
		  self->info.address_family);
	EXPECT_EQ(socket_option(self->ends.fd, SO_TYPE),
		  self->info.socket_type);
	EXPECT_EQ(socket_option(self->ends.fd, SO_PROTOCOL),
		  self->info.protocol);
}

TEST_F(family, W21_W22_services_are_those_of_the_kind)
{
	__u32 extra = self->info.service_flags & ~variant->kind.flags;

	EXPECT_EQ(variant->kind.flags,
		  self->info.service_flags & variant->kind.flags);
	EXPECT_EQ(0, extra & ~variant->kind.other_flags);
}

TEST_F(family, W23_is_connectionless_if_of_datagrams_alone)
{
	bool datagrams = variant->kind.type == SOCK_DGRAM ||
			 variant->kind.type == SOCK_RAW;
	bool connectionless = self->info.service_flags &
			      SOCKDUP_XP1_CONNECTIONLESS;

	EXPECT_EQ(datagrams, connectionless);
}

TEST_F(family, W24_is_never_of_one_direction_twice)
{
	const __u32 both = SOCKDUP_XP1_UNI_SEND | SOCKDUP_XP1_UNI_RECV;

	EXPECT_NE(both, self->info.service_flags & both);
}

TEST_F(family, W26_has_a_message_size_unless_it_is_a_stream)
{
	bool has_messages = self->info.service_flags &
			    SOCKDUP_XP1_MESSAGE_ORIENTED;

	EXPECT_EQ(variant->kind.type != SOCK_STREAM, has_messages);
	EXPECT_EQ(has_messages,
		  self->info.message_size != SOCKDUP_MESSAGE_SIZE_STREAM);
}

TEST_F(family, W27_address_sizes_are_those_of_the_family)
{
	EXPECT_EQ(variant->kind.min_address_size, self->info.min_address_size);
	EXPECT_EQ(variant->kind.max_address_size, self->info.max_address_size);
	EXPECT_GE(self->info.max_address_size,
		  bound_address(self->ends.fd).size);
}

TEST_F(family, W28_protocol_has_a_printable_name)
{
	const char *name = self->info.protocol_name;
	size_t length = strnlen(name, SOCKDUP_PROTOCOL_NAME_SIZE);
	size_t i;

	EXPECT_LT(0, length);
	ASSERT_LT(length, SOCKDUP_PROTOCOL_NAME_SIZE);
	for (i = 0; i < length; i++)
		EXPECT_TRUE(name[i] >= ' ' && name[i] <= '~');
}

TEST_F(family, query_tells_the_same)
{
	struct sockdup_description description;

	ASSERT_EQ(0, agent_query(&self->target, &self->info, &description));
	EXPECT_EQ(0, memcmp(&self->info, &description.info,
			    sizeof(self->info)));
}

/* The largest message of a raw socket is one that can be sent. */

FIXTURE(raw) {
	struct ends ends;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(raw) {
	struct kind kind;
};

FIXTURE_VARIANT_ADD(raw, ipv4) {{
	.domain = AF_INET, .type = SOCK_RAW, .protocol = IPPROTO_ICMP,
}};

FIXTURE_VARIANT_ADD(raw, ipv6) {{
	.domain = AF_INET6, .type = SOCK_RAW, .protocol = IPPROTO_ICMPV6,
}};

FIXTURE_SETUP(raw)
{
	ASSERT_EQ(0, open_datagrams(&variant->kind, &self->ends));
	ASSERT_EQ(0, try_duplicate(self->ends.fd, getpid(), &self->info));
}

FIXTURE_TEARDOWN(raw)
{
	close(self->ends.fd);
	close(self->ends.peer);
}

TEST_F(raw, W26_message_of_the_largest_size_goes)
{
	void *message = calloc(1, self->info.message_size);

	ASSERT_NE(NULL, message);
	EXPECT_EQ(self->info.message_size,
		  send(self->ends.fd, message, self->info.message_size, 0));
}

TEST_F(raw, W26_message_above_the_largest_size_does_not)
{
	void *message = calloc(1, self->info.message_size + 1);

	ASSERT_NE(NULL, message);
	EXPECT_EQ(-1, send(self->ends.fd, message,
			   self->info.message_size + 1, 0));
	EXPECT_EQ(EMSGSIZE, errno);
}

SOCKDUP_TEST_MAIN
