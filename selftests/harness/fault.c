// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "census.h"
#include "common.h"
#include "fault.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define INJECTION	"/sys/kernel/debug/"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

bool fault_is_possible(void)
{
	return !access(FAIL_NTH, W_OK) && !access(INJECTION "failslab", F_OK) &&
	       !access(INJECTION "fail_page_alloc", F_OK);
}

/* Every allocation may fail, whether it could have waited for memory or not. */
static int allow_all(void)
{
	static const char *const settings[][2] = {
		{ INJECTION "failslab/verbose", "0" },
		{ INJECTION "failslab/cache-filter", "N" },
		{ INJECTION "failslab/ignore-gfp-wait", "N" },
		{ INJECTION "fail_page_alloc/verbose", "0" },
		{ INJECTION "fail_page_alloc/ignore-gfp-wait", "N" },
		{ INJECTION "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ INJECTION "fail_page_alloc/min-order", "0" },
		{ NULL, NULL },
	};
	unsigned int i;
	int error = 0;

	for (i = 0; settings[i][0] && !error; i++)
		error = write_string(settings[i][0], settings[i][1]);
	/* Not every kernel can fail these. */
	write_string(INJECTION "fail_usercopy/verbose", "0");
	return error;
}

int fault_open(struct fault *fault)
{
	int error = allow_all();

	if (error)
		return error;
	fault->control = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return fault->control < 0 ? -errno : 0;
}

int fault_begin(const struct fault *fault)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", fault->step);

	return pwrite(fault->control, text, size, 0) == size ? 0 : -errno;
}

/* Asking takes a step itself, and so does the end: either may be the one that fails. */
unsigned int fault_end(struct fault *fault)
{
	char text[16] = { 0 };
	ssize_t size = pread(fault->control, text, sizeof(text) - 1, 0);
	unsigned int left = size > 0 ? strtoul(text, NULL, 10) : 1;

	fault->failed = !left;
	if (pwrite(fault->control, "0", 1, 0) != 1 &&
	    pwrite(fault->control, "0", 1, 0) != 1)
		abort();
	return left;
}

bool fault_is_told_by(int error)
{
	return error == -ENOMEM || error == -EFAULT;
}

int fault_fill_descriptors(struct fault_fillers *fillers, int fd)
{
	long room = read_field("/proc/self/status", "FDSize:");
	struct rlimit limit;
	int filler;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	if (room < 0 || (rlim_t)room >= limit.rlim_cur)
		return room < 0 ? room : 0;
	do {
		filler = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (filler < 0)
			return -errno;
		if (fillers->count == ARRAY_SIZE(fillers->fds))
			return -E2BIG;
		fillers->fds[fillers->count++] = filler;
	} while (filler < room - 1);
	return 0;
}

void fault_close_fillers(struct fault_fillers *fillers)
{
	while (fillers->count)
		close(fillers->fds[--fillers->count]);
}
