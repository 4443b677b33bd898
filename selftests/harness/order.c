// SPDX-License-Identifier: GPL-2.0-only
/*
 * An export by a process of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "order.h"

static int carry_out(struct order *order)
{
	int device;
	int value;

	if (setresgid(order->egid, order->egid, order->egid) ||
	    setresuid(order->uid, order->euid, order->euid))
		return -errno;
	device = device_open();
	if (device < 0)
		return device;
	value = raw_export(device, order->fd, order->pid, order->ttl_ms,
			   &order->info);
	close(device);
	return value;
}

int place_order(struct order *order)
{
	int fds[2];
	int error;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	order->by = fork();
	if (!order->by) {
		order->by = getpid();
		order->value = carry_out(order);
		_exit(write_exactly(fds[1], order, sizeof(*order)) != 0);
	}
	close(fds[1]);
	error = order->by < 0 ? -EAGAIN :
				read_exactly(fds[0], order, sizeof(*order));
	close(fds[0]);
	if (order->by > 0)
		waitpid(order->by, NULL, 0);
	return error ? error : order->value;
}
