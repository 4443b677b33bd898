// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets to export, and ways to look at them from outside.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "common.h"
#include "result.h"

/* The longest file that is read whole. */
#define TEXT_SIZE	1048576

/* Gives @error and lets go of @fd. */
static int give_up(int fd, int error)
{
	close(fd);
	return error;
}

int same_file(pid_t pid1, int fd1, pid_t pid2, int fd2)
{
	int order = syscall(SYS_kcmp, pid1 ? pid1 : getpid(),
			    pid2 ? pid2 : getpid(), KCMP_FILE,
			    (unsigned long)fd1, (unsigned long)fd2);

	return order < 0 ? -errno : !order;
}

__u64 network_namespace_of(pid_t pid)
{
	struct stat status;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return stat(path, &status) ? 0 : status.st_ino;
}

__u64 network_namespace(void)
{
	return network_namespace_of(getpid());
}

struct address loopback(int family, unsigned int port)
{
	struct address address = { 0 };
	struct sockaddr_in6 *in6 = (void *)&address.storage;
	struct sockaddr_in *in = (void *)&address.storage;

	if (family == AF_INET6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		in6->sin6_port = htons(port);
		address.size = sizeof(*in6);
	} else {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons(port);
		address.size = sizeof(*in);
	}
	return address;
}

struct address bound_address(int fd)
{
	struct address address = { .size = sizeof(address.storage) };

	if (getsockname(fd, (void *)&address.storage, &address.size))
		address.size = 0;
	return address;
}

struct address peer_address(int fd)
{
	struct address address = { .size = sizeof(address.storage) };

	if (getpeername(fd, (void *)&address.storage, &address.size))
		address.size = 0;
	return address;
}

bool same_address(const struct address *one, const struct address *other)
{
	return one->size == other->size &&
	       !memcmp(&one->storage, &other->storage, one->size);
}

static int bound_socket(int type, const struct address *address)
{
	int fd = socket(address->storage.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const void *)&address->storage, address->size))
		return give_up(fd, -errno);
	return fd;
}

int tcp_listener(int family)
{
	struct address address = loopback(family, 0);
	int fd = bound_socket(SOCK_STREAM, &address);

	if (fd >= 0 && listen(fd, SOMAXCONN))
		return give_up(fd, -errno);
	return fd;
}

int udp_bound(int family)
{
	struct address address = loopback(family, 0);

	return bound_socket(SOCK_DGRAM, &address);
}

static int connect_to(const struct address *address)
{
	int fd = socket(address->storage.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const void *)&address->storage, address->size))
		return give_up(fd, -errno);
	return fd;
}

int tcp_pair(int family, int fds[2])
{
	struct address address;
	int listener, error = 0;

	listener = tcp_listener(family);
	if (listener < 0)
		return listener;
	address = bound_address(listener);
	fds[0] = connect_to(&address);
	if (fds[0] < 0)
		return give_up(listener, fds[0]);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fds[1] < 0)
		error = give_up(fds[0], -errno);
	return give_up(listener, error);
}

int wait_until(bool (*is_so)(void *context), void *context)
{
	long long end = now_ms() + WAIT_MS;
	long pause = 1;

	while (!is_so(context)) {
		if (now_ms() >= end)
			return -ETIME;
		sleep_ms(pause);
		if (pause < 50)
			pause *= 2;
	}
	return 0;
}

int wait_for_poll_within(int fd, short events, int ms)
{
	struct pollfd entry = { .fd = fd, .events = events };
	long long end = now_ms() + ms;
	long long left;
	int ready;

	for (;;) {
		left = end - now_ms();
		ready = poll(&entry, 1, left > 0 ? left : 0);
		if (ready > 0)
			return entry.revents & POLLNVAL ? -EBADF : 0;
		if (!ready)
			return -ETIME;
		if (errno != EINTR)
			return -errno;
	}
}

int wait_for_poll(int fd, short events)
{
	return wait_for_poll_within(fd, events, WAIT_MS);
}

int wait_for_end(int fd)
{
	int error = wait_for_poll(fd, POLLIN);
	ssize_t size;
	char byte;

	if (error)
		return error;
	size = recv(fd, &byte, sizeof(byte), MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	return size ? -EPROTO : 0;
}

struct binding {
	int type;
	const struct address *address;
	int error;
};

static bool address_is_free(void *context)
{
	struct binding *binding = context;
	int fd = bound_socket(binding->type, binding->address);

	if (fd >= 0)
		close(fd);
	binding->error = fd < 0 ? fd : 0;
	return binding->error != -EADDRINUSE;
}

int wait_for_free_address(int type, const struct address *address)
{
	struct binding binding = { .type = type, .address = address };
	int error = wait_until(address_is_free, &binding);

	return error ? error : binding.error;
}

int wait_for_death(pid_t pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int error;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	error = wait_for_poll(pidfd, POLLIN);
	return give_up(pidfd, error);
}

int recv_nothing(int fd)
{
	char byte;
	ssize_t size = recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK);

	if (size < 0)
		return errno == EAGAIN ? 0 : -errno;
	return size ? -EPROTO : -ENOTCONN;
}

int tcp_state(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return -errno;
	return info.tcpi_state;
}

int pass_bytes(int from, int to)
{
	static unsigned int round;
	char sent[64], seen[64] = { 0 };
	size_t done = 0;
	ssize_t step;
	int error;

	memset(sent, 0, sizeof(sent));
	snprintf(sent, sizeof(sent), "round %u by %d", round++, getpid());
	if (send(from, sent, sizeof(sent), MSG_NOSIGNAL) != sizeof(sent))
		return errno ? -errno : -EIO;
	while (done < sizeof(seen)) {
		error = wait_for_poll(to, POLLIN);
		if (error)
			return error;
		step = recv(to, seen + done, sizeof(seen) - done, 0);
		if (step <= 0)
			return step ? -errno : -EPIPE;
		done += step;
	}
	return memcmp(sent, seen, sizeof(sent)) ? -EBADMSG : 0;
}

int next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int send_descriptor(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, 0) == 1 ? 0 : -errno;
}

int make_linger(int fd, int peer)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 3600 };
	const char bytes[4096] = { 0 };
	const int room = sizeof(bytes);

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) ||
	    setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)))
		return -errno;
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN ? 0 : -errno;
}

static bool is_closing(void *context)
{
	const struct sockaddr_in *address = context;
	unsigned int port, state;
	bool closing = false;
	char line[256];
	FILE *file;

	file = fopen("/proc/net/tcp", "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*d: %*8x:%x %*8x:%*x %x", &port,
			   &state) == 2 &&
		    port == ntohs(address->sin_port))
			closing = state == TCP_FIN_WAIT1;
	}
	fclose(file);
	return closing;
}

int wait_for_closing(const struct address *address)
{
	return wait_until(is_closing, (void *)&address->storage);
}

int device_open(void)
{
	return result(open(DEVICE_PATH, O_RDWR | O_CLOEXEC));
}

int device_ioctl(int device, unsigned int command, void *arg)
{
	return result(ioctl(device, command, arg));
}

int raw_export_with(int device, int fd, pid_t pid, unsigned int flags,
		    unsigned int ttl_ms, struct sockdup_protocol_info *info)
{
	struct sockdup_export arg = {
		.size = SOCKDUP_EXPORT_SIZE_VER0,
		.flags = flags,
		.fd = fd,
		.target = pid,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};

	return device_ioctl(device, SOCKDUP_IOC_EXPORT, &arg);
}

int raw_export(int device, int fd, pid_t pid, unsigned int ttl_ms,
	       struct sockdup_protocol_info *info)
{
	return raw_export_with(device, fd, pid, 0, ttl_ms, info);
}

int raw_import(int device, const struct sockdup_protocol_info *info,
	       unsigned int flags, struct sockdup_identity *source)
{
	struct sockdup_import arg = {
		.size = SOCKDUP_IMPORT_SIZE_VER0,
		.flags = flags,
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};
	int fd = device_ioctl(device, SOCKDUP_IOC_IMPORT, &arg);

	if (fd >= 0 && source)
		*source = arg.source;
	return fd;
}

int raw_query(int device, const struct sockdup_protocol_info *info)
{
	struct sockdup_protocol_info copy = *info;
	struct sockdup_query arg = {
		.size = sizeof(arg),
		.info_size = sizeof(copy),
		.info = (uintptr_t)&copy,
	};

	return device_ioctl(device, SOCKDUP_IOC_QUERY, &arg);
}

int raw_revoke(int device, const struct sockdup_protocol_info *info)
{
	struct sockdup_revoke arg = {
		.size = sizeof(arg),
		.info_size = sizeof(*info),
		.info = (uintptr_t)info,
	};

	return device_ioctl(device, SOCKDUP_IOC_REVOKE, &arg);
}

int raw_event_select(int device, int fd, int event, unsigned int mask)
{
	struct sockdup_event_select arg = {
		.size = sizeof(arg),
		.fd = fd,
		.event = event,
		.mask = mask,
	};

	return device_ioctl(device, SOCKDUP_IOC_EVENT_SELECT, &arg);
}

int try_duplicate(int fd, pid_t pid, struct sockdup_protocol_info *info)
{
	return result(sockdup_duplicate(fd, pid, info));
}

int try_export(int fd, int target, unsigned int flags, unsigned int ttl_ms,
	       struct sockdup_protocol_info *info)
{
	return result(sockdup_export(fd, target, flags, ttl_ms, info));
}

int try_duplicate_pidfd(int fd, int pidfd, struct sockdup_protocol_info *info)
{
	return result(sockdup_duplicate_pidfd(fd, pidfd, info));
}

int try_socket(const struct sockdup_protocol_info *info, unsigned int flags)
{
	return result(sockdup_socket(info, flags));
}

int try_query(const struct sockdup_protocol_info *info,
	      struct sockdup_description *description)
{
	return result(sockdup_query(info, description));
}

int try_revoke(const struct sockdup_protocol_info *info)
{
	return result(sockdup_revoke(info));
}

int try_event_select(int fd, int event, unsigned int mask, unsigned int kind)
{
	return result(sockdup_event_select(fd, event, mask, kind));
}

int try_event_register(int fd, int event, unsigned int mask, unsigned int kind,
		       unsigned int flags)
{
	return result(sockdup_event_register(fd, event, mask, kind, flags));
}

int try_event_enumerate(int fd, unsigned int flags,
			struct sockdup_network_events *happened)
{
	return result(sockdup_event_enumerate(fd, flags, happened));
}

int try_event_rearm(int fd, unsigned int events)
{
	return result(sockdup_event_rearm(fd, events));
}

int try_event_inherit(int fd, int listener)
{
	return result(sockdup_event_inherit(fd, listener));
}

int try_event_query(int fd, struct sockdup_registration *registration)
{
	return result(sockdup_event_query(fd, registration));
}

__u64 id_of(const struct sockdup_protocol_info *info)
{
	__u64 id;

	memcpy(&id, info->opaque, sizeof(id));
	return id;
}

unsigned int stress(unsigned int rounds)
{
	const char *percentage = getenv("SOCKDUP_STRESS");
	unsigned long long scaled = rounds;

	if (percentage && *percentage)
		scaled = scaled * strtoul(percentage, NULL, 10) / 100;
	return scaled ? scaled : 1;
}

char *read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t step = 1;
	char *text;

	if (fd < 0)
		return NULL;
	text = malloc(TEXT_SIZE);
	while (text && step > 0 && size < TEXT_SIZE - 1) {
		step = read(fd, text + size, TEXT_SIZE - 1 - size);
		size += step > 0 ? step : 0;
	}
	close(fd);
	if (text)
		text[size] = '\0';
	return text;
}

int count_in(const char *text, const char *part)
{
	int found = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		found++;
	}
	return found;
}

long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number;
	int count;

	if (!file)
		return -errno;
	count = fscanf(file, "%ld", &number);
	fclose(file);
	return count == 1 ? number : -EPROTO;
}

int write_number(const char *path, long long number)
{
	FILE *file = fopen(path, "we");
	int error = 0;

	if (!file)
		return -errno;
	if (fprintf(file, "%lld\n", number) < 0)
		error = -errno;
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int write_string(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

int drop_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[capability / 32].effective &= ~(1U << capability % 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int become_user(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return 0;
}

int become_root_inside(int flags)
{
	const uid_t uid = geteuid();
	char map[32];
	int error;

	if (unshare(CLONE_NEWUSER | flags))
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	error = write_string("/proc/self/setgroups", "deny");
	if (!error)
		error = write_string("/proc/self/uid_map", map);
	if (!error)
		error = write_string("/proc/self/gid_map", map);
	return error;
}

int outcome_of(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}
