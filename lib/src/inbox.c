// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inboxes: each, and each binding to one, is a handle of the device of its own, which is
 * the caller's.
 */

#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockdup.h"

#include "device.h"
#include "flat.h"

#define INBOX_SLOTS	64

static __u64 address_of(const void *pointer)
{
	return (uintptr_t)pointer;
}

static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

/* A handle that a command has made what it is. */
static int handle_new(unsigned long command, void *argument)
{
	int fd = device_open_another();

	if (fd < 0 || !ioctl(fd, command, argument))
		return fd;
	close_quietly(fd);
	return -1;
}

static bool options_are_wrong(const struct sockdup_inbox_options *options)
{
	static const struct sockdup_inbox_options none;

	if (options->user_count && !options->users)
		errno = EFAULT;
	else if (options->users && !options->user_count)
		errno = EINVAL; /* a list of nobody, and not the caller's own user */
	else if (memcmp(options->__reserved, none.__reserved, sizeof(none.__reserved)))
		errno = EINVAL;
	else
		return false;
	return true;
}

static void options_fill(struct sockdup_inbox_options *options, unsigned int slots,
			 unsigned int message_size, unsigned int max_sockets)
{
	if (!options)
		return;
	*options = (struct sockdup_inbox_options){
		.slots = slots,
		.message_size = message_size,
		.max_sockets = max_sockets,
	};
}

static_assert(sizeof(uid_t) == sizeof(__u32), "the kernel reads an array of these");

int sockdup_inbox_open(const struct sockdup_inbox_options *options)
{
	static const struct sockdup_inbox_options usual;
	const struct sockdup_inbox_options *given = options ? options : &usual;
	struct sockdup_inbox_open open = {
		.size = sizeof(open),
		.flags = given->flags,
		.slots = given->slots ? given->slots : INBOX_SLOTS,
		.message_size = given->message_size,
		.max_sockets = given->max_sockets,
		.user_count = given->user_count,
		.users = address_of(given->users),
	};

	if (options_are_wrong(given))
		return -1;
	return handle_new(SOCKDUP_IOC_INBOX, &open);
}

int sockdup_inbox_invite(int inbox, int target, unsigned int flags, unsigned int ttl_ms,
			 struct sockdup_protocol_info *info)
{
	bool cgroup = flags & SOCKDUP_EXPORT_TO_CGROUP;
	struct sockdup_export export = {
		.size = sizeof(export),
		.flags = flags,
		.fd = -1,
		.target = cgroup ? 0 : target,
		.cgroup = cgroup ? target : 0,
		.ttl_ms = ttl_ms,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	if (!(flags & (SOCKDUP_EXPORT_INVITE_TO_POST | SOCKDUP_EXPORT_INVITE_TO_ACCEPT)) ||
	    (cgroup && flags & SOCKDUP_EXPORT_TO_USER)) {
		errno = EINVAL;
		return -1;
	}
	return ioctl(inbox, SOCKDUP_IOC_EXPORT, &export);
}

int sockdup_inbox_join(const struct sockdup_protocol_info *info,
		       struct sockdup_inbox_options *options)
{
	struct sockdup_inbox_open join = {
		.size = sizeof(join),
		.flags = SOCKDUP_INBOX_JOIN,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};
	int fd = handle_new(SOCKDUP_IOC_INBOX, &join);

	if (fd >= 0)
		options_fill(options, join.slots, join.message_size, join.max_sockets);
	return fd;
}

static int inbox_bind(struct sockdup_bind *bind, struct sockdup_inbox_options *options)
{
	int fd = handle_new(SOCKDUP_IOC_BIND, bind);

	if (fd >= 0)
		options_fill(options, bind->slots, bind->message_size, bind->max_sockets);
	return fd;
}

int sockdup_inbox_bind(int target, unsigned int flags, struct sockdup_inbox_options *options)
{
	bool descriptor = flags & (SOCKDUP_BIND_TO_PEER | SOCKDUP_BIND_TO_PIDFD);
	struct sockdup_bind bind = {
		.size = sizeof(bind),
		.flags = flags,
		.target = target,
	};

	if (descriptor && device_check_callers(target, NO_DESCRIPTOR))
		return -1;
	return inbox_bind(&bind, options);
}

int sockdup_inbox_bind_invited(const struct sockdup_protocol_info *info,
			       struct sockdup_inbox_options *options)
{
	struct sockdup_bind bind = {
		.size = sizeof(bind),
		.flags = SOCKDUP_BIND_BY_INVITATION,
		.info_size = sizeof(*info),
		.info = address_of(info),
	};

	return inbox_bind(&bind, options);
}

int sockdup_post(int binding, int fd, __u64 cookie, unsigned int flags)
{
	struct sockdup_post post = {
		.fd = fd,
		.flags = flags,
		.cookie = cookie,
	};

	return ioctl(binding, SOCKDUP_IOC_POST, &post);
}

static bool posting_is_wrong(const struct sockdup_posting *posting)
{
	static const struct sockdup_posting none;

	if (!posting || !posting->fds || (posting->message_count && !posting->message))
		errno = EFAULT;
	else if (!posting->socket_count || posting->__reserved0 ||
		 memcmp(posting->__reserved, none.__reserved, sizeof(none.__reserved)))
		errno = EINVAL;
	else
		return false;
	return true;
}

static int posting_flatten(const struct sockdup_posting *posting, struct flat *message)
{
	return flat_make(message, posting->message, posting->message_count,
			 SOCKDUP_MAX_MESSAGE);
}

int sockdup_post_set(int binding, struct sockdup_posting *posting, unsigned int flags)
{
	struct flat message;
	int result;

	if (posting_is_wrong(posting) || posting_flatten(posting, &message))
		return -1;
	struct sockdup_post post = {
		.fd = -1,
		.flags = flags,
		.cookie = posting->cookie,
		.ttl_ms = posting->ttl_ms,
		.message_size = message.size,
		.message = address_of(message.bytes),
		.fds = address_of(posting->fds),
		.socket_count = posting->socket_count,
	};
	flat_gather(&message);
	result = ioctl(binding, SOCKDUP_IOC_POST, &post);
	if (!result)
		posting->id = post.id;
	flat_free(&message);
	return result;
}

static unsigned int accept_flags(int flags)
{
	return flags & SOCK_CLOEXEC ? 0 : SOCKDUP_ACCEPT_INHERITABLE;
}

static bool accept_is_wrong(int flags)
{
	if (!(flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)))
		return false;
	errno = EINVAL;
	return true;
}

/* Nobody can be told that this fails, and it does not. */
static void set_nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int sockdup_accept(int inbox, __u64 *cookie, struct sockdup_identity *source, int flags)
{
	struct sockdup_accept accept = { .flags = accept_flags(flags) };
	int fd;

	if (accept_is_wrong(flags))
		return -1;
	fd = ioctl(inbox, SOCKDUP_IOC_ACCEPT, &accept);
	if (fd < 0)
		return -1;
	if (flags & SOCK_NONBLOCK)
		set_nonblock(fd);
	if (cookie)
		*cookie = accept.cookie;
	if (source)
		*source = accept.source;
	return fd;
}

/* What there is to say of the first post, whether it was accepted or not. */
static void posting_fill(struct sockdup_posting *posting, const struct sockdup_accept *accept)
{
	posting->socket_count = accept->socket_count;
	posting->message_size = accept->message_size;
	posting->cookie = accept->cookie;
	posting->id = accept->id;
	posting->source = accept->source;
}

int sockdup_accept_set(int inbox, struct sockdup_posting *posting, int flags)
{
	struct flat message;
	unsigned int i;
	int result;

	if (accept_is_wrong(flags) || posting_is_wrong(posting) ||
	    posting_flatten(posting, &message))
		return -1;
	struct sockdup_accept accept = {
		.flags = accept_flags(flags),
		.message_room = message.size,
		.message = address_of(message.bytes),
		.fds = address_of(posting->fds),
		.socket_room = posting->socket_count,
	};
	result = ioctl(inbox, SOCKDUP_IOC_ACCEPT, &accept);
	if (!result || errno == EMSGSIZE)
		posting_fill(posting, &accept);
	if (!result) {
		flat_scatter(&message, posting->message_size);
		for (i = 0; flags & SOCK_NONBLOCK && i < posting->socket_count; i++)
			set_nonblock(posting->fds[i]);
	}
	flat_free(&message);
	return result;
}

int sockdup_post_revoke(int handle, __u64 id)
{
	struct sockdup_post_revoke revoke = {
		.size = sizeof(revoke),
		.id = id,
	};

	return ioctl(handle, SOCKDUP_IOC_POST_REVOKE, &revoke);
}
