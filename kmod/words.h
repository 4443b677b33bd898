/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small structs to and from user space, a word at a time. The general functions
 * check, call and start more than it takes to move so little. Like them these
 * can be made to fail, and complain of callers who must not sleep.
 */
#ifndef SOCKDUP_WORDS_H
#define SOCKDUP_WORDS_H

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/types.h>
#include <linux/uaccess.h>

static inline bool words_are_aligned(const void __user *address, size_t size)
{
	return IS_ALIGNED((unsigned long)address | size, sizeof(long));
}

/**
 * sockdup_words_from_user - copy a struct in
 * @to: aligned for a long
 * @from: where the caller says it lies
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
static inline int sockdup_words_from_user(void *to, const void __user *from,
					  size_t size)
{
	const unsigned long __user *source = from;
	unsigned long *word = to;

	if (!words_are_aligned(from, size))
		return copy_from_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (should_fail_usercopy() || !user_read_access_begin(source, size))
		return -EFAULT;
	for (; size; size -= sizeof(long))
		unsafe_get_user(*word++, source++, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * sockdup_words_to_user - copy a struct out
 * @to: where the caller wants it
 * @from: aligned for a long
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
static inline int sockdup_words_to_user(void __user *to, const void *from,
					size_t size)
{
	unsigned long __user *target = to;
	const unsigned long *word = from;

	if (!words_are_aligned(to, size))
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(target, size))
		return -EFAULT;
	for (; size; size -= sizeof(long))
		unsafe_put_user(*word++, target++, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* SOCKDUP_WORDS_H */
