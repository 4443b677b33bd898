// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module as a file, and its coming and going.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common.h"
#include "module.h"

const char *module_path(void)
{
	static char path[2 * PATH_MAX];
	const char *named = getenv("SOCKDUP_MODULE");
	char program[PATH_MAX] = { 0 };
	struct utsname system;
	int i;

	if (named && *named)
		return named;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0 ||
	    uname(&system))
		return "";
	for (i = 0; i < 2; i++)
		*(strrchr(program, '/') ?: program) = '\0';
	snprintf(path, sizeof(path), "%s/%s/" SOCKDUP_DEVICE_NAME ".ko",
		 program, system.release);
	return path;
}

int module_copy(void)
{
	int from = open(module_path(), O_RDONLY | O_CLOEXEC);
	int to = memfd_create("module", MFD_CLOEXEC);
	ssize_t size = 1;

	while (from >= 0 && to >= 0 && size > 0)
		size = sendfile(to, from, NULL, 1 << 20);
	if (from < 0 || to < 0 || size < 0)
		return -errno;
	close(from);
	return to;
}

int module_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

int module_remove(void)
{
	return syscall(SYS_delete_module, SOCKDUP_DEVICE_NAME, O_NONBLOCK) ?
		       -errno : 0;
}

int module_insert(void)
{
	int fd = open(module_path(), O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = module_load(fd);
	close(fd);
	return error == -EEXIST ? 0 : error;
}

static bool is_unused(void *context)
{
	return !read_number("/sys/module/" SOCKDUP_DEVICE_NAME "/refcnt");
}

int module_wait_until_unused(void)
{
	return wait_until(is_unused, NULL);
}
