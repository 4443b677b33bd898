// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one handle of the device that the process has for tokens.
 *
 * A handle belongs to the process that opened it. So a child of fork() drops
 * its parent's handle and opens its own. It keeps a handle that the program
 * chose by sockdup_use(), as it may be unable to open another. A child of
 * vfork() or a bare clone(), which fork handlers do not see, may use its
 * parent's handle: commands act for the caller.
 *
 * A program may close descriptors that it does not know, and their numbers may
 * then mean other files. So before the library reports an error of a command,
 * or closes a number, it checks that the number still is the device.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sockdup.h"

#include "descriptor.h"
#include "device.h"

#define DEVICE_PATH	"/dev/" SOCKDUP_DEVICE_NAME
#define DEVICE_NONE	(-1)

/* Written under the lock, which fork() takes, too: no child inherits a half. */
static pthread_mutex_t device_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int device = DEVICE_NONE;
/* Counts the handles. Raised before one is closed, so that a call notices the close. */
static atomic_uint device_generation;
/* Under the lock: the program chose it by sockdup_use(). */
static bool device_chosen;

/*
 * Switches cancellation off: open() and close() are cancellation points, and a thread
 * that is cancelled there would keep the lock.
 */
static int device_take_lock(void)
{
	int cancel_state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	pthread_mutex_lock(&device_lock);
	return cancel_state;
}

static void device_drop_lock(int cancel_state)
{
	pthread_mutex_unlock(&device_lock);
	pthread_setcancelstate(cancel_state, NULL);
}

static bool device_is(int fd)
{
	struct sockdup_info info = { .size = sizeof(info) };

	return ioctl(fd, SOCKDUP_IOC_INFO, &info) == 0;
}

/* A negative number is no descriptor. Where it matters, the kernel refuses it. */
static bool is_callers(int fd)
{
	if (fd < 0)
		return true;
	if (fd != atomic_load(&device) || !device_is(fd))
		return descriptor_is_open(fd);
	errno = EBADF;
	return false;
}

/*
 * Before the library opens a descriptor, those that the caller names must be
 * open: else the new one could take the number of one that is closed. Fails
 * with EBADF.
 */
int device_check_callers(int fd, int other)
{
	return is_callers(fd) && is_callers(other) ? 0 : -1;
}

static int check_named(const struct device_named *named)
{
	unsigned int i;

	for (i = 0; i < named->count; i++)
		if (!is_callers(named->fds[i]))
			return -1;
	return device_check_callers(named->fd, named->other);
}

static bool is_named(int handle, const struct device_named *named)
{
	unsigned int i;

	for (i = 0; i < named->count; i++)
		if (handle == named->fds[i])
			return true;
	return handle == named->fd || handle == named->other;
}

static int device_open(int flags)
{
	int fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC | flags);

	/* No node, or a node with nothing behind it. */
	if (fd < 0 && (errno == ENOENT || errno == ENXIO))
		errno = ENODEV;
	return fd;
}

/* A handle that will be the caller's. Calls through it wait. */
int device_open_another(void)
{
	return device_open(0);
}

/*
 * The process's handle, opened anew if it is @unusable. Another thread may have
 * done so already, under the same number even.
 */
static int device_reopen(int unusable)
{
	int cancel_state = device_take_lock();
	int fd = atomic_load(&device);

	if (fd == unusable && !device_is(fd)) {
		atomic_fetch_add(&device_generation, 1);
		fd = descriptor_raise(device_open(O_NONBLOCK));
		atomic_store(&device, fd < 0 ? DEVICE_NONE : fd);
		device_chosen = false;
	}
	device_drop_lock(cancel_state);
	return fd;
}

/* Put another in the place of the process's handle, which is closed. */
static void device_replace(int by)
{
	int fd = atomic_exchange(&device, by);

	atomic_fetch_add(&device_generation, 1);
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

	if (!device_chosen)
		device_replace(DEVICE_NONE);
	pthread_mutex_unlock(&device_lock);
	errno = saved;
}

/* Runs before the constructors of libraries that use this one and have locks of their own. */
static void __attribute__((constructor(101))) device_init(void)
{
	pthread_atfork(device_before_fork, device_after_fork, device_child);
}

static void __attribute__((destructor)) device_exit(void)
{
	device_replace(DEVICE_NONE);
}

/*
 * No other file answers so to a command that it does not know, so this is the device's
 * word. After ENOENT that makes it cheap to ask many sockets for a registration. After the
 * others the struct may hold what the token has in place of the caller's room, and must
 * not be issued again.
 */
static bool device_has_said(int error)
{
	return error == ENOENT || error == EMSGSIZE || error == EFAULT;
}

/*
 * Issue a command, which names descriptors. Returns what ioctl() returns; errno is
 * ENODEV where there is no device.
 */
int device_call_named(unsigned long command, void *argument,
		      const struct device_named *named)
{
	bool reopened = false;
	unsigned int generation;
	int handle, result, error;

	for (;;) {
		generation = atomic_load(&device_generation);
		handle = atomic_load(&device);
		if (handle != DEVICE_NONE) {
			result = ioctl(handle, command, argument);
			if (result >= 0)
				return result;
			error = errno;
			if (device_has_said(error))
				break;
			/* Another thread has closed it, or was about to. */
			if (generation != atomic_load(&device_generation))
				continue;
			if (reopened || device_is(handle))
				break;
		}
		/* There is none, or the program has closed it. */
		if (check_named(named) || device_reopen(handle) < 0)
			return -1;
		reopened = true;
	}
	/* The command's own answer. Nobody means our handle by a descriptor. */
	errno = is_named(handle, named) ? EBADF : error;
	return -1;
}

/* The same, for a command that names one or two descriptors or NO_DESCRIPTOR. */
int device_call(unsigned long command, void *argument, int fd, int other)
{
	const struct device_named named = { .fd = fd, .other = other };

	return device_call_named(command, argument, &named);
}

int sockdup_open(void)
{
	return device_reopen(atomic_load(&device));
}

int sockdup_use(int fd)
{
	int cancel_state, copy;

	if (!descriptor_is_open(fd))
		return -1;
	if (!device_is(fd)) {
		errno = EINVAL;
		return -1;
	}
	copy = descriptor_copy(fd);
	if (copy < 0)
		return -1;
	cancel_state = device_take_lock();
	device_replace(copy);
	device_chosen = true;
	device_drop_lock(cancel_state);
	return 0;
}

void sockdup_release(void)
{
	int cancel_state = device_take_lock();

	device_replace(DEVICE_NONE);
	device_chosen = false;
	device_drop_lock(cancel_state);
}
