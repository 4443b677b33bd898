// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one open descriptor of the device that the process has.
 *
 * A handle belongs to the process that opened it, so a child of fork() drops
 * its parent's and opens its own. A child that fork handlers do not see, of
 * vfork() or a bare clone(), may use its parent's: commands act for the caller.
 *
 * A program may close descriptors that it does not know, and their numbers
 * come to mean other files. Before the library gives up or closes a number it
 * therefore makes sure whose it is.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockdup.h>

#include "device.h"

#define DEVICE_PATH	"/dev/" SOCKDUP_DEVICE_NAME
#define DEVICE_NONE	(-1)

static atomic_int device = DEVICE_NONE;

static bool device_is(int fd)
{
	struct sockdup_info info = { .size = sizeof(info) };

	return ioctl(fd, SOCKDUP_IOC_INFO, &info) == 0;
}

static int device_open(void)
{
	int fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);

	/* No node, or a node with nothing behind it. */
	if (fd < 0 && (errno == ENOENT || errno == ENXIO))
		errno = ENODEV;
	return fd;
}

/* The process's descriptor, opened if need be. */
static int device_get(void)
{
	int known = DEVICE_NONE;
	int fd = atomic_load(&device);

	if (fd != DEVICE_NONE)
		return fd;
	fd = device_open();
	if (fd < 0)
		return -1;
	if (atomic_compare_exchange_strong(&device, &known, fd))
		return fd;
	/* Another thread was first. */
	close(fd);
	return known;
}

static void device_close(void)
{
	int fd = atomic_exchange(&device, DEVICE_NONE);

	if (fd != DEVICE_NONE && device_is(fd))
		close(fd);
}

static void device_child(void)
{
	int saved = errno;

	device_close();
	errno = saved;
}

static void __attribute__((constructor)) device_init(void)
{
	pthread_atfork(NULL, NULL, device_child);
}

static void __attribute__((destructor)) device_exit(void)
{
	device_close();
}

/*
 * Issue a command. Returns what ioctl() returns; errno is ENODEV where there
 * is no device.
 */
int device_call(unsigned long command, void *argument)
{
	int fd, result, error;

	fd = device_get();
	if (fd < 0)
		return -1;
	result = ioctl(fd, command, argument);
	if (result >= 0 || (errno != ENOTTY && errno != EBADF))
		return result;

	/* The command's own answer, or not our descriptor any more. */
	error = errno;
	if (device_is(fd)) {
		errno = error;
		return -1;
	}
	atomic_compare_exchange_strong(&device, &fd, DEVICE_NONE);
	fd = device_get();
	return fd < 0 ? -1 : ioctl(fd, command, argument);
}
