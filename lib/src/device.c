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

/* Written under the lock, which fork() takes, too: no child inherits a half. */
static pthread_mutex_t device_lock = PTHREAD_MUTEX_INITIALIZER;
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

/*
 * The process's descriptor, opened anew if it is @unusable. Another thread may
 * have done so already, under the same number even.
 */
static int device_reopen(int unusable)
{
	int fd;

	pthread_mutex_lock(&device_lock);
	fd = atomic_load(&device);
	if (fd == unusable && !device_is(fd)) {
		fd = device_open();
		atomic_store(&device, fd < 0 ? DEVICE_NONE : fd);
	}
	pthread_mutex_unlock(&device_lock);
	return fd;
}

static void device_close(void)
{
	int fd = atomic_exchange(&device, DEVICE_NONE);

	if (fd != DEVICE_NONE && device_is(fd))
		close(fd);
}

static void device_before_fork(void)
{
	pthread_mutex_lock(&device_lock);
}

static void device_after_fork(void)
{
	pthread_mutex_unlock(&device_lock);
}

static void device_child(void)
{
	int saved = errno;

	device_close();
	pthread_mutex_unlock(&device_lock);
	errno = saved;
}

static void __attribute__((constructor)) device_init(void)
{
	pthread_atfork(device_before_fork, device_after_fork, device_child);
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

	fd = atomic_load(&device);
	if (fd == DEVICE_NONE)
		fd = device_reopen(DEVICE_NONE);
	if (fd < 0)
		return -1;
	result = ioctl(fd, command, argument);
	if (result >= 0)
		return result;

	/* The command's own answer, or not our descriptor any more. */
	error = errno;
	if (device_is(fd)) {
		errno = error;
		return -1;
	}
	fd = device_reopen(fd);
	return fd < 0 ? -1 : ioctl(fd, command, argument);
}
