// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol info: plain bytes that travel any way, what they tell of the
 * socket, and what they must not tell. W18-W30.
 */
#include "harness.h"

#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>

static_assert(sizeof(struct sockdup_protocol_info) == 128,
	      "the size is part of the ABI");

FIXTURE(travel) {
	struct agent target;
	int source;
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(travel)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->source = tcp_listener(AF_INET);
	ASSERT_LE(0, self->source);
	ASSERT_EQ(0, try_duplicate(self->source, self->target.pid,
				   &self->info));
}

FIXTURE_TEARDOWN(travel)
{
	EXPECT_EQ(0, agent_stop(&self->target));
}

/* Has the agent open one of the test's own descriptors. */
static int agent_open_mine(struct agent *agent, int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	return agent_open(agent, path, flags);
}

/* A file without a name that the test and the agent can reach. */
static int shared_file(const void *data, size_t size)
{
	int fd = memfd_create("sockdup-test", MFD_CLOEXEC);

	if (fd >= 0 && write_exactly(fd, data, size)) {
		close(fd);
		return -1;
	}
	return fd;
}

TEST_F(travel, W18_bytes_travel_over_a_pipe)
{
	int fds[2], end, fd;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	end = agent_open_mine(&self->target, fds[0], O_RDONLY);
	ASSERT_LE(0, end);
	ASSERT_EQ(0, write_exactly(fds[1], &self->info, sizeof(self->info)));
	fd = agent_import_from(&self->target, end, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W18_bytes_travel_over_a_pipe_one_by_one)
{
	const __u8 *bytes = (const __u8 *)&self->info;
	struct agent_request request;
	struct agent_reply reply;
	int fds[2], end, fd;
	unsigned int i;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	end = agent_open_mine(&self->target, fds[0], O_RDONLY);
	ASSERT_LE(0, end);
	agent_prepare(&request, AGENT_IMPORT_FROM, end);
	ASSERT_EQ(0, agent_post(&self->target, &request));
	for (i = 0; i < sizeof(self->info); i++)
		ASSERT_EQ(1, write(fds[1], &bytes[i], 1));
	fd = agent_wait(&self->target, &reply);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W18_bytes_travel_in_a_regular_file)
{
	char path[] = "/tmp/sockdup-test-XXXXXX";
	int file = mkstemp(path);
	int end, fd;

	ASSERT_LE(0, file);
	EXPECT_EQ(0, write_exactly(file, &self->info, sizeof(self->info)));
	EXPECT_EQ(0, close(file));
	end = agent_open(&self->target, path, O_RDONLY);
	EXPECT_EQ(0, unlink(path));
	ASSERT_LE(0, end);
	fd = agent_import_from(&self->target, end, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W18_bytes_travel_over_tcp)
{
	int listener = tcp_listener(AF_INET);
	const struct address address = bound_address(listener);
	int end, channel, fd;

	end = agent_socket(&self->target, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, end);
	ASSERT_EQ(0, agent_connect(&self->target, end, &address.storage,
				   address.size));
	channel = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, channel);
	ASSERT_EQ(0, write_exactly(channel, &self->info, sizeof(self->info)));
	fd = agent_import_from(&self->target, end, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W18_bytes_travel_over_the_exported_connection_itself)
{
	int fds[2], fd, again;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, try_duplicate(fds[0], self->target.pid, &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_duplicate(fds[0], self->target.pid, &self->info));
	ASSERT_EQ(0, write_exactly(fds[1], &self->info, sizeof(self->info)));
	again = agent_import_from(&self->target, fd, 0);
	ASSERT_LE(0, again);
	EXPECT_EQ(1, same_file(0, fds[0], self->target.pid, again));
}

TEST_F(travel, W18_bytes_travel_in_shared_memory)
{
	struct sockdup_protocol_info *shared;
	int memory, end, fd;

	memory = memfd_create("sockdup-test", MFD_CLOEXEC);
	ASSERT_LE(0, memory);
	ASSERT_EQ(0, ftruncate(memory, sizeof(*shared)));
	end = agent_open_mine(&self->target, memory, O_RDONLY);
	ASSERT_LE(0, end);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED, memory, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	*shared = self->info;
	fd = agent_import_mapped(&self->target, end, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W19_memcpy_preserves_it)
{
	struct sockdup_protocol_info copy;
	char bytes[sizeof(copy)];
	int fd;

	memcpy(bytes, &self->info, sizeof(bytes));
	memset(&self->info, 0, sizeof(self->info));
	memcpy(&copy, bytes, sizeof(copy));
	fd = agent_import(&self->target, &copy, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W19_fwrite_and_fread_preserve_it)
{
	struct sockdup_protocol_info copy;
	FILE *file = tmpfile();
	int fd;

	ASSERT_NE(NULL, file);
	ASSERT_EQ(1, fwrite(&self->info, sizeof(self->info), 1, file));
	rewind(file);
	ASSERT_EQ(1, fread(&copy, sizeof(copy), 1, file));
	fclose(file);
	fd = agent_import(&self->target, &copy, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W19_mmap_of_a_file_preserves_it)
{
	int file = shared_file(&self->info, sizeof(self->info));
	int end, fd;

	ASSERT_LE(0, file);
	end = agent_open_mine(&self->target, file, O_RDONLY);
	ASSERT_LE(0, end);
	fd = agent_import_mapped(&self->target, end, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(travel, W19_text_preserves_it)
{
	struct sockdup_protocol_info copy;
	__u8 *bytes = (__u8 *)&copy;
	char text[2 * sizeof(copy) + 1];
	unsigned int i;
	int fields, fd;

	memcpy(&copy, &self->info, sizeof(copy));
	for (i = 0; i < sizeof(copy); i++)
		sprintf(&text[2 * i], "%02x", bytes[i]);
	memset(&copy, 0, sizeof(copy));
	for (i = 0; i < sizeof(copy); i++) {
		fields = sscanf(&text[2 * i], "%2hhx", &bytes[i]);
		ASSERT_EQ(1, fields);
	}
	fd = agent_import(&self->target, &copy, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST(W19_neither_side_needs_alignment)
{
	char buffer[sizeof(struct sockdup_protocol_info) + 1];
	struct sockdup_protocol_info *odd = (void *)&buffer[1];
	int fd = tcp_listener(AF_INET);
	int imported;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_duplicate(fd, getpid(), odd));
	imported = try_socket(odd, 0);
	ASSERT_LE(0, imported);
	EXPECT_EQ(1, same_file(0, fd, 0, imported));
}

/* What an info tells, for every kind of socket that Winsock knows. */
FIXTURE(description) {
	int fd;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(description) {
	int family;
	int type;
	int protocol;		/* as it is asked for */
	int real_protocol;
	__u32 address_size;
};

FIXTURE_VARIANT_ADD(description, tcp4) {
	.family = AF_INET, .type = SOCK_STREAM,
	.real_protocol = IPPROTO_TCP,
	.address_size = sizeof(struct sockaddr_in),
};

FIXTURE_VARIANT_ADD(description, tcp6) {
	.family = AF_INET6, .type = SOCK_STREAM,
	.real_protocol = IPPROTO_TCP,
	.address_size = sizeof(struct sockaddr_in6),
};

FIXTURE_VARIANT_ADD(description, udp4) {
	.family = AF_INET, .type = SOCK_DGRAM,
	.real_protocol = IPPROTO_UDP,
	.address_size = sizeof(struct sockaddr_in),
};

FIXTURE_VARIANT_ADD(description, udp6) {
	.family = AF_INET6, .type = SOCK_DGRAM,
	.real_protocol = IPPROTO_UDP,
	.address_size = sizeof(struct sockaddr_in6),
};

FIXTURE_VARIANT_ADD(description, tcp4_by_number) {
	.family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
	.real_protocol = IPPROTO_TCP,
	.address_size = sizeof(struct sockaddr_in),
};

FIXTURE_VARIANT_ADD(description, udp4_by_number) {
	.family = AF_INET, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP,
	.real_protocol = IPPROTO_UDP,
	.address_size = sizeof(struct sockaddr_in),
};

FIXTURE_VARIANT_ADD(description, raw4) {
	.family = AF_INET, .type = SOCK_RAW, .protocol = IPPROTO_ICMP,
	.real_protocol = IPPROTO_ICMP,
	.address_size = sizeof(struct sockaddr_in),
};

FIXTURE_VARIANT_ADD(description, raw6) {
	.family = AF_INET6, .type = SOCK_RAW, .protocol = IPPROTO_ICMPV6,
	.real_protocol = IPPROTO_ICMPV6,
	.address_size = sizeof(struct sockaddr_in6),
};

FIXTURE_SETUP(description)
{
	self->fd = socket(variant->family,
			  variant->type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  variant->protocol);
	ASSERT_LE(0, self->fd);
	memset(&self->info, POISON, sizeof(self->info));
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &self->info));
}

FIXTURE_TEARDOWN(description)
{
}

static int socket_option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

TEST_F(description, W20_family_is_the_sockets)
{
	EXPECT_EQ(variant->family, self->info.address_family);
	EXPECT_EQ(socket_option(self->fd, SO_DOMAIN),
		  self->info.address_family);
}

TEST_F(description, W20_type_is_the_sockets_without_flags)
{
	EXPECT_EQ(variant->type, self->info.socket_type);
	EXPECT_EQ(socket_option(self->fd, SO_TYPE), self->info.socket_type);
}

TEST_F(description, W20_protocol_is_the_real_one)
{
	EXPECT_EQ(variant->real_protocol, self->info.protocol);
	EXPECT_EQ(socket_option(self->fd, SO_PROTOCOL), self->info.protocol);
}

TEST_F(description, W23_datagram_sockets_alone_are_connectionless)
{
	bool connectionless = self->info.service_flags &
			      SOCKDUP_XP1_CONNECTIONLESS;

	EXPECT_EQ(variant->type != SOCK_STREAM, connectionless);
}

TEST_F(description, W24_never_send_only_and_receive_only_at_once)
{
	const __u32 both = SOCKDUP_XP1_UNI_SEND | SOCKDUP_XP1_UNI_RECV;

	EXPECT_NE(both, self->info.service_flags & both);
}

TEST_F(description, W25_read_and_write_are_promised)
{
	EXPECT_TRUE(self->info.service_flags & SOCKDUP_XP1_IFS_HANDLES);
}

TEST_F(description, W26_message_size_is_zero_for_streams_alone)
{
	EXPECT_EQ(variant->type == SOCK_STREAM,
		  self->info.message_size == SOCKDUP_MESSAGE_SIZE_STREAM);
}

TEST_F(description, W27_address_sizes_are_those_of_the_family)
{
	EXPECT_EQ(variant->address_size, self->info.min_address_size);
	EXPECT_EQ(variant->address_size, self->info.max_address_size);
}

TEST_F(description, W27_info_names_one_socket)
{
	EXPECT_EQ(1, self->info.socket_count);
}

TEST_F(description, W28_name_is_terminated_printable_text)
{
	const char *name = self->info.protocol_name;
	size_t length = strnlen(name, sizeof(self->info.protocol_name));
	size_t i;

	EXPECT_LT(0, length);
	ASSERT_LT(length, sizeof(self->info.protocol_name));
	for (i = 0; i < length; i++)
		EXPECT_TRUE(name[i] >= ' ' && name[i] <= '~');
}

TEST_F(description, W30_name_is_zero_padded)
{
	const char *name = self->info.protocol_name;
	size_t length = strnlen(name, sizeof(self->info.protocol_name));
	size_t i;

	for (i = length; i < sizeof(self->info.protocol_name); i++)
		EXPECT_EQ(0, name[i]);
}

TEST_F(description, W30_reserved_bytes_are_zero)
{
	size_t i;

	EXPECT_EQ(0, self->info.__reserved0);
	for (i = 0; i < sizeof(self->info.__reserved); i++)
		EXPECT_EQ(0, self->info.__reserved[i]);
}

/* What an info says of a new socket's services, 0 where there is none. */
static __u32 service_flags_of(int family, int type, int protocol)
{
	struct sockdup_protocol_info info = { 0 };
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 || try_duplicate(fd, getpid(), &info))
		info.service_flags = 0;
	close(fd);
	return info.service_flags;
}

TEST(W21_tcp_service_flags_are_exact)
{
	EXPECT_EQ(0x20066, service_flags_of(AF_INET, SOCK_STREAM, 0));
	EXPECT_EQ(0x20066, service_flags_of(AF_INET6, SOCK_STREAM, 0));
}

TEST(W22_raw_service_flags_are_exact)
{
	EXPECT_EQ(0x20609, service_flags_of(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	EXPECT_EQ(0x20609, service_flags_of(AF_INET6, SOCK_RAW,
					    IPPROTO_ICMPV6));
}

TEST(W23_udp_service_flags_are_exact)
{
	EXPECT_EQ(0x20609, service_flags_of(AF_INET, SOCK_DGRAM, 0));
	EXPECT_EQ(0x20609, service_flags_of(AF_INET6, SOCK_DGRAM, 0));
}

/* The largest datagram is one that goes, and one more byte does not. */
FIXTURE(datagram) {
	int fd;
	char *message;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(datagram) {
	int family;
};

FIXTURE_VARIANT_ADD(datagram, ipv4) { .family = AF_INET };
FIXTURE_VARIANT_ADD(datagram, ipv6) { .family = AF_INET6 };

FIXTURE_SETUP(datagram)
{
	struct address address;

	self->fd = udp_bound(variant->family);
	ASSERT_LE(0, self->fd);
	address = bound_address(self->fd);
	ASSERT_EQ(0, connect(self->fd, (void *)&address.storage,
			     address.size));
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &self->info));
	self->message = calloc(1, self->info.message_size + 1);
	ASSERT_NE(NULL, self->message);
}

FIXTURE_TEARDOWN(datagram)
{
	free(self->message);
}

TEST_F(datagram, W26_message_of_the_largest_size_goes)
{
	const ssize_t size = self->info.message_size;

	EXPECT_EQ(size, send(self->fd, self->message, size, 0));
}

TEST_F(datagram, W26_message_above_the_largest_size_does_not)
{
	EXPECT_EQ(-1, send(self->fd, self->message,
			   self->info.message_size + 1, 0));
	EXPECT_EQ(EMSGSIZE, errno);
}

TEST_F(travel, W25_read_and_write_work_on_the_import)
{
	char seen[8] = { 0 };
	int fds[2], fd;

	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	ASSERT_EQ(0, try_duplicate(fds[0], self->target.pid, &self->info));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, agent_write(&self->target, fd, "ping", 4));
	ASSERT_EQ(0, wait_for_poll(fds[1], POLLIN));
	EXPECT_EQ(4, read(fds[1], seen, sizeof(seen)));
	EXPECT_STREQ("ping", seen);
	ASSERT_EQ(4, write(fds[1], "pong", 4));
	EXPECT_EQ(4, agent_read(&self->target, fd, seen, 4));
	EXPECT_STREQ("pong", seen);
}

/* The opaque bytes of many exports of one socket to one target. */
#define SAMPLES	256

FIXTURE(opaque) {
	struct sockdup_protocol_info infos[SAMPLES];
};

FIXTURE_SETUP(opaque)
{
	int fd = tcp_listener(AF_INET);
	int imported;
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < SAMPLES; i++) {
		memset(&self->infos[i], POISON, sizeof(self->infos[i]));
		ASSERT_EQ(0, try_duplicate(fd, getpid(), &self->infos[i]));
		/* Spent at once: a target's tokens are limited. */
		imported = try_socket(&self->infos[i], 0);
		ASSERT_LE(0, imported);
		close(imported);
	}
}

FIXTURE_TEARDOWN(opaque)
{
}

TEST_F(opaque, W30_no_two_exports_are_alike)
{
	size_t i, j;

	for (i = 0; i < SAMPLES; i++)
		for (j = 0; j < i; j++)
			ASSERT_NE(0, memcmp(self->infos[i].opaque,
					    self->infos[j].opaque,
					    SOCKDUP_OPAQUE_SIZE));
}

/*
 * Each bit is set in about half of the samples. 64 and 192 of 256 are eight
 * standard deviations away: chance does not get there.
 */
TEST_F(opaque, W30_every_bit_is_random)
{
	unsigned int bit, set;
	size_t i;

	for (bit = 0; bit < 8 * SOCKDUP_OPAQUE_SIZE; bit++) {
		set = 0;
		for (i = 0; i < SAMPLES; i++)
			set += self->infos[i].opaque[bit / 8] >> bit % 8 & 1;
		EXPECT_TRUE(set > SAMPLES / 4 && set < SAMPLES / 4 * 3)
			TH_LOG("bit %u is set in %u of %u", bit, set, SAMPLES);
	}
}

/*
 * An address of the kernel has its upper 16 bits set. By chance one word in
 * 65536 has; at one place in eight of the samples it is none.
 */
TEST_F(opaque, W30_no_word_is_a_kernel_pointer)
{
	unsigned int alike;
	size_t i, at;
	__u64 word;

	for (at = 0; at + sizeof(word) <= sizeof(self->infos[0]); at++) {
		alike = 0;
		for (i = 0; i < SAMPLES; i++) {
			memcpy(&word, (char *)&self->infos[i] + at,
			       sizeof(word));
			alike += word >> 48 == 0xffff;
		}
		EXPECT_LT(alike, 8)
			TH_LOG("byte %zu starts an address in %u of %u", at,
			       alike, SAMPLES);
	}
}

TEST_F(opaque, W30_nothing_but_the_opaque_bytes_differs)
{
	size_t i;

	for (i = 1; i < SAMPLES; i++) {
		memcpy(self->infos[i].opaque, self->infos[0].opaque,
		       SOCKDUP_OPAQUE_SIZE);
		ASSERT_EQ(0, memcmp(&self->infos[i], &self->infos[0],
				    sizeof(self->infos[0])));
	}
}

SOCKDUP_TEST_MAIN
