// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hands a socket to a child: with sockdup, or with SCM_RIGHTS where there is no
 * module. The channel is an AF_UNIX socket of type SOCK_SEQPACKET, which keeps
 * messages whole. Each message is a protocol info; one of zeros says that the
 * descriptor itself comes along.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sockdup.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* Whether the library says that this process cannot use the device. */
static int device_is_missing(int error)
{
	return error == ENODEV || error == EACCES || error == EPERM;
}

static void attach(struct msghdr *message, union control *control, int fd)
{
	struct cmsghdr *rights;

	message->msg_control = control;
	message->msg_controllen = sizeof(*control);
	rights = CMSG_FIRSTHDR(message);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
}

/* Returns 0, or -1 with errno. */
int socket_send(int channel, int fd, pid_t target, int target_has_device)
{
	struct sockdup_protocol_info info = { 0 };
	union control control = { 0 };
	struct iovec data = { &info, sizeof(info) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	int saved;

	if (!target_has_device || sockdup_duplicate(fd, target, &info)) {
		if (target_has_device && !device_is_missing(errno))
			return -1;
		memset(&info, 0, sizeof(info));
		attach(&message, &control, fd);
	}
	if (sendmsg(channel, &message, MSG_NOSIGNAL) == sizeof(info))
		return 0;
	saved = errno;
	if (info.size)
		sockdup_revoke(&info);
	errno = saved;
	return -1;
}

/* Returns a descriptor, or -1 with errno. */
int socket_receive(int channel)
{
	struct sockdup_protocol_info info = { 0 };
	union control control = { 0 };
	struct iovec data = { &info, sizeof(info) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights;
	ssize_t size;
	int fd = -1;

	size = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
	if (size < 0)
		return -1;
	rights = CMSG_FIRSTHDR(&message);
	if (rights && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS &&
	    rights->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
	if (size == sizeof(info) && info.size && fd < 0)
		return sockdup_socket(&info, 0);
	if (fd < 0)
		/* Dropped on the way for want of a free number, or not sent. */
		errno = message.msg_flags & MSG_CTRUNC ? EMFILE : EPROTO;
	return fd;
}

static int child(int channel)
{
	struct sockdup_info limits = { .size = sizeof(limits) };
	char has_device = !sockdup_info(&limits);
	int fd;

	if (write(channel, &has_device, 1) != 1)
		err(1, "channel");
	fd = socket_receive(channel);
	if (fd < 0)
		err(1, "socket_receive");
	if (dprintf(fd, "process %d\n", getpid()) < 0)
		err(1, "socket");
	return 0;
}

int main(void)
{
	int channel[2], given[2], status;
	char has_device, text[64];
	ssize_t size;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, given))
		err(1, "socketpair");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(channel[0]);
		close(given[0]);
		close(given[1]);
		return child(channel[1]);
	}
	close(channel[1]);

	if (read(channel[0], &has_device, 1) != 1)
		errx(1, "the child said nothing");
	printf("%s\n", has_device ? "sockdup" : "SCM_RIGHTS");
	if (socket_send(channel[0], given[1], pid, has_device))
		err(1, "socket_send");
	close(given[1]);
	size = read(given[0], text, sizeof(text));
	if (size <= 0)
		errx(1, "nothing came");
	printf("on the socket: %.*s", (int)size, text);
	return waitpid(pid, &status, 0) != pid || status;
}
