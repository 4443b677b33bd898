/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page of memory whose users wait, the kernel among them, for as long as a test
 * likes.
 */
#ifndef SELFTESTS_PAGE_H
#define SELFTESTS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct page - one page, of zeroes at first
 * @memory: it
 * @size: bytes
 * @faults: readable while somebody waits
 */
struct page {
	void *memory;
	size_t size;
	int faults;
};

/*
 * A page that can be protected, or one that is missing until it is filled. 0 or
 * -errno: not every kernel has userfaultfd, and that with write protection.
 */
int page_open(struct page *page);
int page_open_missing(struct page *page);
void page_close(const struct page *page);

/* Who writes meanwhile waits until it ends; 0 or -errno. */
int page_protect(const struct page *page, bool protect);

/* Who waits for the missing page goes on; 0 or -errno. */
int page_fill(const struct page *page);

/* 0 once somebody waits, or -errno. */
int page_wait_for_user(const struct page *page);

#endif /* SELFTESTS_PAGE_H */
