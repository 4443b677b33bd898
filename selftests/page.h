/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page of memory whose writers wait, the kernel among them, for as long as a
 * test likes.
 */
#ifndef SELFTESTS_PAGE_H
#define SELFTESTS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct page - one page, of zeroes at first
 * @memory: it
 * @size: bytes
 * @faults: readable while somebody waits to write
 */
struct page {
	void *memory;
	size_t size;
	int faults;
};

/* 0 or -errno: not every kernel has userfaultfd with write protection. */
int page_open(struct page *page);
void page_close(const struct page *page);

/* Whoever waits goes on when it ends; 0 or -errno. */
int page_protect(const struct page *page, bool protect);

/* 0 once somebody waits, or -errno. */
int page_wait_for_writer(const struct page *page);

#endif /* SELFTESTS_PAGE_H */
