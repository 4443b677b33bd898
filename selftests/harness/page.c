// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"
#include "page.h"

static struct uffdio_range range_of(const struct page *page)
{
	return (struct uffdio_range){
		.start = (uintptr_t)page->memory,
		.len = page->size,
	};
}

static int map(struct page *page)
{
	page->size = sysconf(_SC_PAGESIZE);
	page->memory = mmap(NULL, page->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page->memory == MAP_FAILED ? -errno : 0;
}

static int watch(struct page *page, __u64 features, __u64 mode)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = features,
	};
	struct uffdio_register registration = {
		.range = range_of(page),
		.mode = mode,
	};

	page->faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (page->faults < 0)
		return -errno;
	if (!ioctl(page->faults, UFFDIO_API, &api) &&
	    !ioctl(page->faults, UFFDIO_REGISTER, &registration))
		return 0;
	return -errno;
}

int page_open(struct page *page)
{
	int error = map(page);

	if (error)
		return error;
	/* What is missing cannot be protected. */
	memset(page->memory, 0, page->size);
	return watch(page, UFFD_FEATURE_PAGEFAULT_FLAG_WP,
		     UFFDIO_REGISTER_MODE_WP);
}

int page_open_missing(struct page *page)
{
	int error = map(page);

	return error ? error : watch(page, 0, UFFDIO_REGISTER_MODE_MISSING);
}

void page_close(const struct page *page)
{
	close(page->faults);
	munmap(page->memory, page->size);
}

int page_protect(const struct page *page, bool protect)
{
	struct uffdio_writeprotect protection = {
		.range = range_of(page),
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(page->faults, UFFDIO_WRITEPROTECT, &protection) ?
	       -errno : 0;
}

int page_fill(const struct page *page)
{
	struct uffdio_zeropage zeroes = { .range = range_of(page) };

	return ioctl(page->faults, UFFDIO_ZEROPAGE, &zeroes) ? -errno : 0;
}

int page_wait_for_user(const struct page *page)
{
	return wait_for_poll(page->faults, POLLIN);
}
