// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A worker of the acceptor. It reads an invitation from its standard input, joins the inbox
 * that this is to, and serves the connections that it accepts from there, one after the
 * other. Only where it has none, it looks whether SIGTERM has come, and ends.
 * A client that says nothing is given up, so that it has no worker for ever.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sockdup.h>

/* What the answer to a client takes, in microseconds. */
#define WORK_US	5000

/* How long a client may take to say what it wants, in seconds. */
#define PATIENCE_S	5

/* Several workers are told of one post, and all but one of them find none. */
static int join(void)
{
	struct sockdup_protocol_info info;
	int inbox;

	if (read(STDIN_FILENO, &info, sizeof(info)) != sizeof(info))
		errx(1, "there is no invitation on the standard input");
	inbox = sockdup_inbox_join(&info, NULL);
	if (inbox < 0)
		err(1, "sockdup_inbox_join");
	fcntl(inbox, F_SETFL, fcntl(inbox, F_GETFL) | O_NONBLOCK);
	return inbox;
}

/* A client that has gone, or says nothing, is its own affair. */
static void serve(int connection, __u64 number)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	char request[64];
	ssize_t size;

	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	size = read(connection, request, sizeof(request) - 1);
	if (size <= 0)
		return;
	request[size] = '\0';
	usleep(WORK_US);
	dprintf(connection, "connection %llu: worker %d answers %s",
		(unsigned long long)number, getpid(), request);
}

static void accept_one(int inbox)
{
	__u64 number;
	int connection = sockdup_accept(inbox, &number, NULL, SOCK_CLOEXEC);

	/* What a security module refuses has ended, and nothing else has. */
	if (connection < 0 && (errno == EAGAIN || errno == EACCES))
		return;
	if (connection < 0)
		err(1, "sockdup_accept");
	serve(connection, number);
	close(connection);
}

int main(void)
{
	struct pollfd polled[2] = { { .events = POLLIN }, { .events = POLLIN } };
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Its work is at an end with the acceptor's. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);

	polled[0].fd = signalfd(-1, &end, SFD_CLOEXEC);
	if (polled[0].fd < 0)
		err(1, "signalfd");
	polled[1].fd = join();
	while (poll(polled, 2, -1) > 0 && !polled[0].revents) {
		if (polled[1].revents)
			accept_one(polled[1].fd);
	}
	return 0;
}
